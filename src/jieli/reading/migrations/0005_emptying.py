from django.db import migrations

from jieli.archive.migrations._functions_0005 import HELD_BY_DEFAULT
from jieli.reading.migrations._functions_0005 import OPENINGS


class Migration(migrations.Migration):
    dependencies = [
        ("reading", "0004_media"),
        ("archive", "0005_registers"),
        ("matters", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(OPENINGS, HELD_BY_DEFAULT, hints={"store": "default"}),
    ]
