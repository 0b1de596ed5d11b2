from django.db import migrations

from jieli.papers.migrations._functions_0004 import unwatch, watch

CITING = {
    "evidence_dispute": ("closing_paper",),
    "evidence_exhibit": ("paper",),
    "evidence_follow_up": ("paper",),
    "evidence_outcome": ("paper",),
    "evidence_settlement": ("paper",),
}


class Migration(migrations.Migration):
    dependencies = [("evidence", "0005_cases"), ("papers", "0004_citing_waits")]

    operations = [migrations.RunSQL(watch(CITING), unwatch(CITING), hints={"store": "default"})]
