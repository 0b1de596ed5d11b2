from django.db import migrations

from jieli.papers.migrations._functions_0004 import unwatch, watch

CITING = {
    "succession_commitment": ("paper",),
    "succession_customer_consent": ("paper",),
    "succession_customer_wish": ("paper",),
    "succession_rule": ("paper",),
    "succession_training": ("paper",),
    "succession_voluntary_choice": ("paper",),
}


class Migration(migrations.Migration):
    dependencies = [("succession", "0003_cases"), ("papers", "0004_citing_waits")]

    operations = [migrations.RunSQL(watch(CITING), unwatch(CITING), hints={"store": "default"})]
