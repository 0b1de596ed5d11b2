from django.db import migrations

from jieli.succession.migrations._functions_0005 import NEEDS, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("succession", "0004_citing_waits"),
        ("archive", "0012_registers_by_plan"),
        ("parties", "0002_erasure"),
    ]

    operations = [migrations.RunSQL(NEEDS, UNDO, hints={"store": "default"})]
