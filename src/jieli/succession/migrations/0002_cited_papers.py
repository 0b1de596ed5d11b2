from django.db import migrations

from jieli.succession.migrations._functions_0002 import CITED, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("succession", "0001_initial"),
        ("archive", "0007_papers"),
        ("matters", "0001_initial"),
    ]

    operations = [migrations.RunSQL(CITED, UNDO, hints={"store": "default"})]
