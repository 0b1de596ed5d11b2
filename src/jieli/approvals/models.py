"""Tables of approvals, append-only. The database refuses a second decision and one by the applicant himself.

A decision carries its request's applicant, tied to it by a foreign key over both columns (see the migration), so
that the check that applicant and approver differ judges the true applicant.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from jieli.ledger.tables import Kind, Row, sealed


class Request(Row):
    """Somebody asks that exactly this (kind, subject, digest) be approved. `excluded` may not decide it."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    kind = sealed(models.TextField())
    subject = sealed(models.UUIDField())
    digest = sealed(models.BinaryField())
    scope = sealed(models.TextField(), personal=True)
    reason = sealed(models.TextField(), personal=True)
    applicant = sealed(models.TextField(), personal=True)
    excluded = sealed(ArrayField(models.UUIDField()))
    opened_at = sealed(models.BigIntegerField())
    expires_at = sealed(models.BigIntegerField(null=True))
    system = sealed(models.TextField(null=True))
    number = sealed(models.TextField(null=True))

    class Meta:
        db_table = "approvals_request"
        constraints = [
            models.UniqueConstraint(fields=["id", "applicant"], name="approvals_request_applicant"),
            models.UniqueConstraint(
                fields=["system", "number", "kind", "subject"], name="approvals_request_receipt"
            ),
            models.CheckConstraint(
                condition=Q(system__isnull=True, number__isnull=True)
                | Q(system__isnull=False, number__isnull=False),
                name="approvals_request_outside",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("opened_at")),
                name="approvals_request_expires",
            ),
        ]
        indexes = [models.Index(fields=["kind", "subject"], name="approvals_request_of")]


class Decision(Row):
    """The one decision on a request. Its id is the approval's id. `paper` proves one that was made elsewhere."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    request = sealed(models.OneToOneField(Request, on_delete=models.PROTECT, related_name="decision"))
    applicant = sealed(models.TextField(), personal=True)
    approver = sealed(models.TextField(), personal=True)
    agree = sealed(models.BooleanField())
    reason = sealed(models.TextField(), personal=True)
    decided_at = sealed(models.BigIntegerField())
    decided_on = sealed(models.DateField())
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "approvals_decision"
        constraints = [
            models.CheckConstraint(
                condition=~Q(applicant=F("approver")), name="approvals_decision_four_eyes"
            ),
        ]


class Enablement(Row):
    """That something may be done, from a day on, resting on papers by kind."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    what = sealed(models.TextField())
    papers = sealed(models.JSONField())
    note = sealed(models.TextField(), personal=True)
    from_day = sealed(models.DateField())
    until = sealed(models.DateField(null=True))
    enabled_by = sealed(models.TextField())
    enabled_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "approvals_enablement"
        constraints = [
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gte=F("from_day")),
                name="approvals_enablement_days",
            ),
        ]
        indexes = [models.Index(fields=["what", "enabled_at"], name="approvals_enablement_what")]


class Revocation(Row):
    """A request with its approval, or an enablement, is taken back; once and for good."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    request = sealed(
        models.OneToOneField(Request, null=True, on_delete=models.PROTECT, related_name="revocation")
    )
    enablement = sealed(
        models.OneToOneField(Enablement, null=True, on_delete=models.PROTECT, related_name="revocation")
    )
    reason = sealed(models.TextField(), personal=True)
    by = sealed(models.TextField())
    revoked_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "approvals_revocation"
        constraints = [
            models.CheckConstraint(
                condition=Q(request__isnull=False, enablement__isnull=True)
                | Q(request__isnull=True, enablement__isnull=False),
                name="approvals_revocation_of_one",
            ),
        ]
