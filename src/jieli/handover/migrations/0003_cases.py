from django.db import migrations

from jieli.handover.migrations._functions_0003 import CREATED, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("handover", "0002_cited_papers"),
        ("archive", "0009_cases"),
        ("matters", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CREATED, UNDO, hints={"store": "default"})]
