from django.db import migrations

from jieli.evidence.migrations._functions_0004 import CITED, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0003_packages_of_matters"),
        ("duties", "0001_initial"),
        ("matters", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CITED, UNDO, hints={"store": "default"})]
