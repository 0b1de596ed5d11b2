"""A period that was stored before there was a bound counts as a hundred years, instead of stopping every reader."""

from django.db import migrations

from jieli.archive.migrations._functions_0007 import MONTHS as _BEFORE
from jieli.archive.migrations._functions_0011 import MONTHS


class Migration(migrations.Migration):
    dependencies = [("archive", "0010_citing_waits")]

    operations = [
        migrations.RunSQL(
            MONTHS, _BEFORE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"), hints={"store": "default"}
        ),
    ]
