from django.db import migrations

from jieli.archive.migrations._functions_0005 import PARTS as _BEFORE
from jieli.archive.migrations._functions_0007 import CREATED, PARTS, UNDO

_UNDO_PARTS = _BEFORE[_BEFORE.index("CREATE FUNCTION archive_shred_parts") :].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0006_places"),
        ("access", "0002_sign_in_links"),
        ("approvals", "0001_initial"),
        ("assets", "0002_sign_by_is_a_duty"),
        ("consent", "0001_initial"),
        ("duties", "0001_initial"),
        ("matters", "0001_initial"),
        ("papers", "0003_emptying"),
        ("parties", "0002_erasure"),
    ]

    operations = [
        migrations.RunSQL(CREATED + PARTS, _UNDO_PARTS + UNDO, hints={"store": "default"}),
    ]
