"""Disputes: what is asked for, stated, shown, lost, decided and judged. Nothing stated is ever written over."""

from enum import StrEnum

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jieli.evidence.assessments.losses import Head
from jieli.evidence.disputes_types import Basis, Closing, DefenceKind, Issue, Legality, Party
from jieli.law.verdicts import Certainty, Precision, ProofState, StatedBy
from jieli.ledger.tables import Kind, Row, sealed
from jieli.parties.types import Qualifier

_PROTECT = models.PROTECT
_QUALIFIERS = [q.value for q in Qualifier]


def _one_of(column: str, values: type[StrEnum] | list[str], name: str) -> models.CheckConstraint:
    words = values if isinstance(values, list) else [v.value for v in values]
    return models.CheckConstraint(condition=Q(**{f"{column}__in": words}), name=name)


def _period(name: str) -> models.CheckConstraint:
    """All of a period or nothing; it does not end before it begins."""
    whole = Q(
        first__isnull=False,
        last__gte=models.F("first"),
        precision__in=[p.value for p in Precision],
    )
    none = Q(first__isnull=True, last__isnull=True, precision__isnull=True)
    return models.CheckConstraint(condition=whole | none, name=name)


class Dispute(Row):
    """A dispute on a matter. The person and the account may predate the system: then their labels alone say who."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    matter = sealed(models.UUIDField(unique=True))
    cause = sealed(models.TextField())
    tribunal = sealed(models.TextField())
    docket = sealed(models.TextField())
    claimant = sealed(models.TextField())
    person_label = sealed(models.TextField(), personal=True)
    account_label = sealed(models.TextField(), personal=True)
    staff = sealed(models.UUIDField(null=True))
    account = sealed(models.UUIDField(null=True))
    closed_by = sealed(models.TextField(null=True))
    closed_on = sealed(models.DateField(null=True))
    closing_paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "evidence_dispute"
        constraints = [
            _one_of("claimant", Party, "evidence_dispute_claimant"),
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True, closed_on__isnull=True)
                | Q(closed_by__in=[c.value for c in Closing], closed_on__isnull=False),
                name="evidence_dispute_closed",
            ),
        ]


class Relief(Row):
    """One line of what is asked for. Money is asked for on one basis: contract or tort (CC-186)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=_PROTECT, related_name="reliefs"))
    ordinal = sealed(models.IntegerField())
    issue = sealed(models.TextField())
    text = sealed(models.TextField(), personal=True)
    ground = sealed(models.TextField(null=True))
    amount_fen = sealed(models.BigIntegerField(null=True))
    qualifier = sealed(models.TextField(null=True))
    loss_type = sealed(models.TextField(null=True))
    stated_by = sealed(models.TextField(null=True))

    class Meta:
        db_table = "evidence_relief"
        constraints = [
            models.UniqueConstraint(fields=["dispute", "ordinal"], name="evidence_relief_once"),
            _one_of("issue", Issue, "evidence_relief_issue"),
            models.CheckConstraint(
                condition=Q(amount_fen__isnull=True, qualifier__isnull=True)
                | Q(amount_fen__gt=0, qualifier__in=_QUALIFIERS, ground__in=[b.value for b in Basis]),
                name="evidence_relief_money_has_basis",
            ),
        ]


class Exhibit(Row):
    """A paper that a party put in. A quarantined one stays on file for counsel and feeds no verdict (R3.4)."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=_PROTECT, related_name="exhibits"))
    ordinal = sealed(models.IntegerField())
    number = sealed(models.TextField())
    paper = sealed(models.UUIDField())
    party = sealed(models.TextField())
    proves = sealed(models.TextField(), personal=True)
    legality = sealed(models.TextField())
    grounds = sealed(models.TextField(null=True), personal=True)

    class Meta:
        db_table = "evidence_exhibit"
        constraints = [
            models.UniqueConstraint(fields=["dispute", "ordinal"], name="evidence_exhibit_order"),
            models.UniqueConstraint(fields=["dispute", "number"], name="evidence_exhibit_once"),
            _one_of("party", StatedBy, "evidence_exhibit_party"),
            models.CheckConstraint(
                condition=Q(legality=Legality.LAWFUL.value)
                | Q(legality=Legality.QUARANTINED.value, grounds__isnull=False),
                name="evidence_exhibit_quarantined_with_grounds",
            ),
        ]


class FactRow(Row):
    """What was stated, by whom, how it stands proved. A correction is a new row that replaces an earlier one."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=_PROTECT, related_name="facts"))
    ordinal = sealed(models.IntegerField())
    key = sealed(models.TextField())
    value = sealed(models.TextField(), personal=True)
    stated_by = sealed(models.TextField())
    proof = sealed(models.TextField())
    first = sealed(models.DateField(null=True))
    last = sealed(models.DateField(null=True))
    precision = sealed(models.TextField(null=True))
    exhibits = sealed(ArrayField(models.UUIDField()))
    note = sealed(models.TextField(null=True), personal=True)
    replaces = sealed(models.UUIDField(null=True, unique=True))

    class Meta:
        db_table = "evidence_fact"
        constraints = [
            models.UniqueConstraint(fields=["dispute", "ordinal"], name="evidence_fact_order"),
            _one_of("stated_by", StatedBy, "evidence_fact_stated_by"),
            _one_of("proof", ProofState, "evidence_fact_proof"),
            _period("evidence_fact_period"),
            models.CheckConstraint(
                condition=~Q(proof=ProofState.PROVED.value) | Q(exhibits__len__gt=0),
                name="evidence_fact_proved_by_exhibit",
            ),
        ]


class AmountStated(Row):
    """A sum that somebody states, with its qualifier (R0.5)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=_PROTECT, related_name="amounts"))
    ordinal = sealed(models.IntegerField())
    what = sealed(models.TextField(), personal=True)
    amount_fen = sealed(models.BigIntegerField())
    qualifier = sealed(models.TextField())
    loss_type = sealed(models.TextField())
    stated_by = sealed(models.TextField())

    class Meta:
        db_table = "evidence_amount"
        constraints = [
            models.UniqueConstraint(fields=["dispute", "ordinal"], name="evidence_amount_order"),
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="evidence_amount_positive"),
            _one_of("qualifier", _QUALIFIERS, "evidence_amount_qualifier"),
            _one_of("stated_by", StatedBy, "evidence_amount_stated_by"),
        ]


class DefenceRow(Row):
    """A defence as it was raised; whether it holds is for the verdict."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=_PROTECT, related_name="defences"))
    ordinal = sealed(models.IntegerField())
    kind = sealed(models.TextField())
    raised_by = sealed(models.TextField())
    text = sealed(models.TextField(), personal=True)
    raised_on = sealed(models.DateField())

    class Meta:
        db_table = "evidence_defence"
        constraints = [
            models.UniqueConstraint(fields=["dispute", "ordinal"], name="evidence_defence_order"),
            _one_of("kind", DefenceKind, "evidence_defence_kind"),
            _one_of("raised_by", Party, "evidence_defence_raised_by"),
        ]


class LostCustomer(Row):
    """A customer and a course that were lost. The database refuses the same pair twice, under any head (R0.28)."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=_PROTECT, related_name="losses"))
    ordinal = sealed(models.IntegerField())
    head = sealed(models.TextField())
    customer = sealed(models.TextField(), personal=True)
    course = sealed(models.TextField())
    first = sealed(models.DateField(null=True))
    last = sealed(models.DateField(null=True))
    precision = sealed(models.TextField(null=True))
    attempts = sealed(models.IntegerField())
    exhibits = sealed(ArrayField(models.UUIDField()))
    fen = sealed(models.BigIntegerField(null=True))
    withdrawn = sealed(models.TextField(null=True))

    class Meta:
        db_table = "evidence_lost_customer"
        constraints = [
            models.UniqueConstraint(fields=["dispute", "ordinal"], name="evidence_lost_customer_order"),
            models.UniqueConstraint(
                fields=["dispute", "customer", "course"],
                condition=Q(withdrawn__isnull=True),
                name="evidence_lost_customer_once",
            ),
            _one_of("head", Head, "evidence_lost_customer_head"),
            _period("evidence_lost_customer_period"),
            models.CheckConstraint(condition=Q(attempts__gte=0), name="evidence_lost_customer_attempts"),
        ]


class OutcomeRow(Row):
    """What was decided on one issue; a win on one implies nothing for another (R0.4)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=_PROTECT, related_name="outcomes"))
    issue = sealed(models.TextField())
    code = sealed(models.TextField())
    text = sealed(models.TextField(), personal=True)
    decided_by = sealed(models.TextField())
    decided_on = sealed(models.DateField())
    instance = sealed(models.TextField())
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "evidence_outcome"
        constraints = [
            models.UniqueConstraint(fields=["dispute", "issue", "instance"], name="evidence_outcome_once"),
            _one_of("issue", Issue, "evidence_outcome_issue"),
        ]


class AssessmentRow(Row):
    """A verdict in canonical JSON, the facts it rested on and the rules it was given by. Another one is another row."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    dispute = sealed(models.ForeignKey(Dispute, on_delete=_PROTECT, related_name="assessments"))
    issue = sealed(models.TextField())
    round = sealed(models.IntegerField())
    code = sealed(models.TextField())
    certainty = sealed(models.TextField())
    verdict = sealed(models.TextField(), personal=True)
    facts = sealed(ArrayField(models.TextField()))
    rules = sealed(models.TextField())
    assessed_at = sealed(models.BigIntegerField())
    supported_fen = sealed(models.BigIntegerField(null=True))
    qualifier = sealed(models.TextField(null=True))

    class Meta:
        db_table = "evidence_assessment"
        constraints = [
            models.UniqueConstraint(fields=["dispute", "issue", "round"], name="evidence_assessment_once"),
            _one_of("issue", Issue, "evidence_assessment_issue"),
            _one_of("certainty", Certainty, "evidence_assessment_certainty"),
        ]
