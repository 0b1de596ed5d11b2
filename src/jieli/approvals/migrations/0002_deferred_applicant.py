"""The one foreign key written by hand is judged at the end of a transaction, as all others of the house are.

A restore fills the tables one after another in an order that knows nothing of them: judged at once, a decision that
is loaded before its request would stop it.
"""

from django.db import migrations

_DROP = "ALTER TABLE approvals_decision DROP CONSTRAINT approvals_decision_true_applicant"
_ADD = (
    "ALTER TABLE approvals_decision ADD CONSTRAINT approvals_decision_true_applicant"
    " FOREIGN KEY (request_id, applicant) REFERENCES approvals_request (id, applicant)"
)


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]

    operations = [
        migrations.RunSQL(
            [_DROP, f"{_ADD} DEFERRABLE INITIALLY DEFERRED"],
            [_DROP, _ADD],
            hints={"store": "default"},
        ),
    ]
