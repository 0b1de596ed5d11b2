"""Tables of a leaving: the case, its snapshot, and what both sides say in it.

Foreign keys are named by label, so that no other room's tables are imported here.
"""

from django.db import models
from django.db.models import F, Q

from jieli.handover.types import (
    Answer,
    Confirmation,
    DataClass,
    LeavingReason,
    LineClass,
    Party,
    Source,
    Stage,
)
from jieli.ledger.tables import Kind, Row, one_of, sealed
from jieli.parties.types import EngagementKind, Qualifier

_PROTECT = models.PROTECT
CLOSED = (Stage.CLOSED.value, Stage.CLOSED_NOTED.value)


class Case(Row):
    """Somebody leaves. At most one open case a person: the database is the last judge of that."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    matter = sealed(models.OneToOneField("matters.Matter", on_delete=_PROTECT))
    staff = sealed(models.ForeignKey("parties.Staff", on_delete=_PROTECT, related_name="+"))
    engagement_kind = sealed(models.TextField())
    sender = sealed(models.TextField(null=True))
    reason = sealed(models.TextField())
    notice_on = sealed(models.DateField())
    last_day = sealed(models.DateField())
    receiver = sealed(models.ForeignKey("parties.Staff", null=True, on_delete=_PROTECT, related_name="+"))
    supervisor = sealed(models.ForeignKey("parties.Staff", null=True, on_delete=_PROTECT, related_name="+"))
    approval = sealed(models.UUIDField(null=True))
    source = sealed(models.TextField())
    stage = sealed(models.TextField())
    opened_at = sealed(models.BigIntegerField())
    digest = sealed(models.BinaryField())
    table_version = sealed(models.TextField())
    closed_on = sealed(models.DateField(null=True))
    note = sealed(models.TextField(null=True), personal=True)

    class Meta:
        db_table = "handover_case"
        constraints = [
            models.UniqueConstraint(
                fields=["staff"], condition=Q(closed_on__isnull=True), name="handover_case_one_open"
            ),
            one_of("handover_case_reason", "reason", LeavingReason),
            one_of("handover_case_stage", "stage", Stage),
            one_of("handover_case_source", "source", Source),
            one_of("handover_case_engagement", "engagement_kind", EngagementKind),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) & ~Q(stage__in=CLOSED)
                | Q(closed_on__isnull=False, stage__in=CLOSED),
                name="handover_case_closed_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(stage=Stage.CLOSED_NOTED.value) | Q(note__isnull=False),
                name="handover_case_noted_says_why",
            ),
            models.CheckConstraint(
                condition=Q(receiver__isnull=True) | ~Q(receiver=F("staff")), name="handover_case_receiver"
            ),
        ]


class SnapshotLine(Row):
    """A thing held when the case was opened; never changed, for the case's digest commits to all of them."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    cls = sealed(models.TextField())
    key = sealed(models.TextField(), personal=True)
    label = sealed(models.TextField(), personal=True)
    subject = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "handover_snapshot_line"
        constraints = [
            models.UniqueConstraint(fields=["case", "cls", "key"], name="handover_snapshot_once"),
            one_of("handover_snapshot_class", "cls", LineClass),
        ]


class DataRow(Row):
    """A class of content behind what is handed over, counted and hashed (R0.35); counted anew is a revision."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    cls = sealed(models.TextField())
    count = sealed(models.BigIntegerField())
    amount_fen = sealed(models.BigIntegerField(null=True))
    first = sealed(models.DateField(null=True))
    last = sealed(models.DateField(null=True))
    digest = sealed(models.BinaryField())
    note = sealed(models.TextField(null=True))

    class Meta:
        db_table = "handover_data_row"
        constraints = [
            models.UniqueConstraint(fields=["case", "cls"], name="handover_data_once"),
            one_of("handover_data_class", "cls", DataClass),
            models.CheckConstraint(condition=Q(count__gte=0), name="handover_data_count"),
        ]


class Handed(Row):
    """An item of a list was handed over in fact: what the assets room has no state for."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    cls = sealed(models.TextField())
    key = sealed(models.TextField(), personal=True)
    handed_on = sealed(models.DateField())
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "handover_handed"
        constraints = [models.UniqueConstraint(fields=["case", "cls", "key"], name="handover_handed_once")]


class Unable(Row):
    """Why an item cannot be handed over (无法交接原因), and who says so."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    cls = sealed(models.TextField())
    key = sealed(models.TextField(), personal=True)
    reason = sealed(models.TextField(), personal=True)
    stated_by = sealed(models.TextField())
    stated_on = sealed(models.DateField())

    class Meta:
        db_table = "handover_unable"
        constraints = [one_of("handover_unable_party", "stated_by", Party)]


class Commission(Row):
    """An order in progress and its commission, as each side states it (在途订单与提成确认单)."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    order_no = sealed(models.TextField())
    product = sealed(models.TextField())
    company_fen = sealed(models.BigIntegerField(null=True))
    company_qualifier = sealed(models.TextField(null=True))
    company_text = sealed(models.TextField(null=True), personal=True)
    staff_fen = sealed(models.BigIntegerField(null=True))
    staff_qualifier = sealed(models.TextField(null=True))
    staff_text = sealed(models.TextField(null=True), personal=True)

    class Meta:
        db_table = "handover_commission"
        constraints = [
            models.UniqueConstraint(fields=["case", "order_no"], name="handover_commission_once"),
            one_of("handover_commission_company", "company_qualifier", Qualifier, null=True),
            one_of("handover_commission_staff", "staff_qualifier", Qualifier, null=True),
        ]


class Settlement(Row):
    """A line of 工资及费用结算单, as each side states it. Nothing is ever netted against wages here."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    name = sealed(models.TextField())
    owed_by = sealed(models.TextField())
    company_fen = sealed(models.BigIntegerField(null=True))
    company_qualifier = sealed(models.TextField(null=True))
    company_text = sealed(models.TextField(null=True), personal=True)
    staff_fen = sealed(models.BigIntegerField(null=True))
    staff_qualifier = sealed(models.TextField(null=True))
    staff_text = sealed(models.TextField(null=True), personal=True)
    pay_by = sealed(models.DateField(null=True))
    paid_on = sealed(models.DateField(null=True))
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "handover_settlement"
        constraints = [
            models.UniqueConstraint(fields=["case", "name", "owed_by"], name="handover_settlement_once"),
            one_of("handover_settlement_owed_by", "owed_by", Party),
            one_of("handover_settlement_company", "company_qualifier", Qualifier, null=True),
            one_of("handover_settlement_staff", "staff_qualifier", Qualifier, null=True),
        ]


class Promise(Row):
    """A promise to a customer, listed by the leaver, confirmed or refused by the company in writing."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    customer = sealed(models.ForeignKey("parties.Customer", on_delete=_PROTECT, related_name="+"))
    text = sealed(models.TextField(), personal=True)
    promised_on = sealed(models.DateField(null=True))
    answer = sealed(models.TextField(null=True))
    answer_text = sealed(models.TextField(null=True), personal=True)
    answered_on = sealed(models.DateField(null=True))

    class Meta:
        db_table = "handover_promise"
        constraints = [
            one_of("handover_promise_answer", "answer", Answer, null=True),
            models.CheckConstraint(
                condition=Q(answer__isnull=True, answered_on__isnull=True)
                | Q(answer__isnull=False, answered_on__isnull=False),
                name="handover_promise_answered_says_when",
            ),
        ]


class Objection(Row):
    """What somebody holds against a line or a paper (异议栏), and what was answered."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    place = sealed(models.TextField())
    subject = sealed(models.UUIDField(null=True))
    party = sealed(models.TextField())
    text = sealed(models.TextField(), personal=True)
    made_on = sealed(models.DateField())
    answer = sealed(models.TextField(null=True), personal=True)
    answered_on = sealed(models.DateField(null=True))

    class Meta:
        db_table = "handover_objection"
        constraints = [one_of("handover_objection_party", "party", Party)]


class Attempt(Row):
    """One try to reach the leaver, proved by a delivery or by its own proof."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    how = sealed(models.TextField())
    tried_on = sealed(models.DateField())
    outcome = sealed(models.TextField(), personal=True)
    delivery = sealed(models.UUIDField(null=True))
    witnesses = sealed(models.JSONField(), personal=True)
    proof = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "handover_attempt"


class FollowUp(Row):
    """Somebody asked one of the two questions and was answered (R0.32)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    asked = sealed(models.TextField())
    confirmed = sealed(models.BooleanField())
    who = sealed(models.TextField(), personal=True)
    visitor = sealed(models.TextField(), personal=True)
    visited_on = sealed(models.DateField())
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "handover_follow_up"
        constraints = [one_of("handover_follow_up_asked", "asked", Confirmation)]


class CasePaper(Row):
    """A paper belongs to a leaving. `covers` names the lists that it carries."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    case = sealed(models.ForeignKey(Case, on_delete=_PROTECT))
    paper = sealed(models.UUIDField())
    covers = sealed(models.JSONField())

    class Meta:
        db_table = "handover_case_paper"
        constraints = [models.UniqueConstraint(fields=["case", "paper"], name="handover_case_paper_once")]


class Policy(Row):
    """The firm's rules for accounts (账号管理制度) and from which day they hold: the first of three checks (R0.6)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    paper = sealed(models.UUIDField(unique=True))
    from_day = sealed(models.DateField())

    class Meta:
        db_table = "handover_policy"
