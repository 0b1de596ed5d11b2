from django.db import migrations

from jieli.archive.migrations._functions_0006 import INTENT, PARTS, UNDO_INTENT, UNDO_PARTS


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0005_registers"),
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(INTENT + PARTS, UNDO_INTENT + UNDO_PARTS, hints={"store": "default"}),
    ]
