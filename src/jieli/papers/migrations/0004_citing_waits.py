from django.db import migrations

from jieli.papers.migrations._functions_0004 import JUDGE, NAMED, OWN, UNDO, unwatch, watch


class Migration(migrations.Migration):
    dependencies = [("papers", "0003_emptying")]

    operations = [
        migrations.RunSQL(NAMED + JUDGE + watch(OWN), unwatch(OWN) + UNDO, hints={"store": "default"}),
    ]
