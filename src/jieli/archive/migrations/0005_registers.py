from django.db import migrations

from jieli.archive.migrations._functions_0005 import KEPT, NAMED, OPENINGS, PARTS, REGISTERS, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0004_what_stays"),
        ("access", "0002_sign_in_links"),
        ("assets", "0002_sign_by_is_a_duty"),
        ("matters", "0001_initial"),
        ("parties", "0002_erasure"),
        ("reading", "0001_initial"),
    ]

    operations = [
        migrations.RunSQL(
            "\n".join((KEPT, NAMED, PARTS, REGISTERS, OPENINGS)), UNDO, hints={"store": "default"}
        ),
    ]
