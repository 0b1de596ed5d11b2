from django.db import migrations

from jieli.papers.migrations._functions_0004 import unwatch, watch

CITING = {
    "handover_attempt": ("proof",),
    "handover_case_paper": ("paper",),
    "handover_follow_up": ("paper",),
    "handover_handed": ("paper",),
    "handover_number_leave": ("paper",),
    "handover_policy": ("paper",),
    "handover_private_item": ("proof",),
    "handover_settlement": ("paper",),
    "handover_step": ("paper",),
}


class Migration(migrations.Migration):
    dependencies = [("handover", "0003_cases"), ("papers", "0004_citing_waits")]

    operations = [migrations.RunSQL(watch(CITING), unwatch(CITING), hints={"store": "default"})]
