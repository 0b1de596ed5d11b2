from django.db import migrations

from jieli.evidence.migrations._functions_0005 import CREATED, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0004_cited_papers"),
        ("archive", "0009_cases"),
        ("duties", "0001_initial"),
        ("matters", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CREATED, UNDO, hints={"store": "default"})]
