from django.db import migrations

from jieli.handover.migrations._functions_0002 import CITED, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("handover", "0001_initial"),
        ("matters", "0001_initial"),
        ("papers", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CITED, UNDO, hints={"store": "default"})]
