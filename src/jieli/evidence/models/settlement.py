"""What parties promised each other, and what a later visit found of it."""

from django.db import models
from django.db.models import F, Q

from jieli.duties.types import Side
from jieli.evidence.disputes_types import TermKind
from jieli.evidence.models.dispute import Dispute
from jieli.ledger.tables import Kind, Row, sealed

_SIDES = [s.value for s in Side]


class Settlement(Row):
    """A settlement as signed; a dispute has one."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="settlements"))
    paper = sealed(models.UUIDField())
    signed_on = sealed(models.DateField())
    mediator = sealed(models.TextField(), personal=True)

    class Meta:
        db_table = "evidence_settlement"
        constraints = [models.UniqueConstraint(fields=["dispute"], name="evidence_settlement_once")]


class Term(Row):
    """One promise and the duty it laid; its day, its fulfilment and its lateness stand with the duty."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    settlement = sealed(models.ForeignKey(Settlement, on_delete=models.PROTECT, related_name="terms"))
    ordinal = sealed(models.IntegerField())
    kind = sealed(models.TextField())
    obligor = sealed(models.TextField())
    obligee = sealed(models.TextField())
    action = sealed(models.TextField(), personal=True)
    rule = sealed(models.TextField())
    proof = sealed(models.TextField())
    duty = sealed(models.UUIDField(unique=True))

    class Meta:
        db_table = "evidence_term"
        constraints = [
            models.UniqueConstraint(fields=["settlement", "ordinal"], name="evidence_term_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in TermKind]), name="evidence_term_kind"
            ),
            models.CheckConstraint(
                condition=Q(obligor__in=_SIDES, obligee__in=_SIDES) & ~Q(obligor=F("obligee")),
                name="evidence_term_sides",
            ),
        ]


class FollowUp(Row):
    """A visit after a settlement: what was confirmed, when and to whom (R0.32)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=models.PROTECT, related_name="follow_ups"))
    visited_on = sealed(models.DateField())
    visitor = sealed(models.TextField(), personal=True)
    account_restored = sealed(models.BooleanField())
    certificate_received = sealed(models.BooleanField())
    note = sealed(models.TextField(null=True), personal=True)
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "evidence_follow_up"
