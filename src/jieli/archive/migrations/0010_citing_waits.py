from django.db import migrations

from jieli.archive.migrations._functions_0010 import BELOW, SHRED, UNDO
from jieli.papers.migrations._functions_0004 import unwatch, watch


class Migration(migrations.Migration):
    dependencies = [("archive", "0009_cases"), ("papers", "0004_citing_waits")]

    operations = [
        migrations.RunSQL(SHRED + watch(BELOW), unwatch(BELOW) + UNDO, hints={"store": "default"}),
    ]
