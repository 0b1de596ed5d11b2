from django.db import migrations

from jieli.archive.migrations._functions_0007 import PARTS as _BEFORE
from jieli.archive.migrations._functions_0009 import CREATED, PARTS, UNDO


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0008_media_refusal"),
        ("approvals", "0001_initial"),
        ("consent", "0001_initial"),
        ("duties", "0001_initial"),
        ("matters", "0001_initial"),
        ("parties", "0002_erasure"),
    ]

    operations = [
        migrations.RunSQL(CREATED + PARTS, _BEFORE + UNDO, hints={"store": "default"}),
    ]
