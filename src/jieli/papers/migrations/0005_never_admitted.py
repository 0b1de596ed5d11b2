from django.db import migrations

from jieli.papers.migrations._functions_0005 import JUDGE, UNDO


class Migration(migrations.Migration):
    dependencies = [("papers", "0004_citing_waits")]

    operations = [migrations.RunSQL(JUDGE, UNDO, hints={"store": "default"})]
