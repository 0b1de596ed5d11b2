from django.db import migrations

from jieli.archive.migrations._functions_0005 import (
    HELD_BY_DEFAULT,
    KEPT,
    NAMED,
    PARTS,
    REGISTERS,
    RIGHTS,
    UNDO,
)


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0004_what_stays"),
        ("access", "0002_sign_in_links"),
        ("assets", "0002_sign_by_is_a_duty"),
        ("matters", "0001_initial"),
        ("parties", "0002_erasure"),
    ]

    operations = [
        migrations.RunSQL(
            "\n".join((KEPT, NAMED, PARTS, REGISTERS, HELD_BY_DEFAULT, RIGHTS)), UNDO, hints={"store": "default"}
        ),
    ]
