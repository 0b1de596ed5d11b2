from django.db import migrations

from jieli.assets.migrations._functions_0003 import STAYS, UNDO_STAYS


class Migration(migrations.Migration):
    dependencies = [("assets", "0002_sign_by_is_a_duty")]

    operations = [migrations.RunSQL(STAYS, UNDO_STAYS, hints={"store": "default"})]
