from django.db import migrations

from jieli.succession.migrations._functions_0003 import CREATED, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("succession", "0002_cited_papers"),
        ("archive", "0009_cases"),
        ("approvals", "0001_initial"),
        ("matters", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CREATED, UNDO, hints={"store": "default"})]
