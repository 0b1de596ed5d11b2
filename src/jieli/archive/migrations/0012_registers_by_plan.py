from django.db import migrations

from jieli.archive.migrations._functions_0012 import CREATED, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0011_bounded_months"),
        ("approvals", "0002_deferred_applicant"),
        ("assets", "0003_emptied"),
        ("duties", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CREATED, UNDO, hints={"store": "default"})]
