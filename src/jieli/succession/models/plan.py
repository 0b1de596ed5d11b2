"""Rules, who may receive, what customers said, and plans. Nothing here decides whether something is recorded."""

from django.db import models
from django.db.models import F, Q

from jieli.ledger.tables import Kind, Row, sealed
from jieli.succession.types import (
    ConsentKind,
    ConsentStep,
    CriterionKind,
    CustomerState,
    Mode,
    Phase,
    PlanState,
    TrainingContent,
    Wish,
)

_PROTECT = models.PROTECT
_CUSTOMER, _STAFF = "parties.Customer", "parties.Staff"


def _one_of(column: str, values: type, name: str, *, null: bool = False) -> models.CheckConstraint:
    known = Q(**{f"{column}__in": [v.value for v in values]})  # type: ignore[attr-defined]
    return models.CheckConstraint(
        condition=known | Q(**{f"{column}__isnull": True}) if null else known, name=name
    )


class Rule(Row):
    """A version of the rule for handing customers on. In force once another person approved its digest (R2.16)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    version = sealed(models.IntegerField(unique=True))
    name = sealed(models.TextField())
    content = sealed(models.JSONField())
    digest = sealed(models.BinaryField())
    rationale = sealed(models.TextField())
    customer_need = sealed(models.TextField())
    effective_from = sealed(models.DateField())
    paper = sealed(models.UUIDField(null=True))
    proposed_by = sealed(models.TextField())
    proposed_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "succession_rule"
        constraints = [
            models.CheckConstraint(
                condition=~Q(rationale="") & ~Q(customer_need=""), name="succession_rule_says_why"
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="succession_rule_version"),
        ]


class Training(Row):
    """Somebody passed a training of one of the two kinds, and until when that counts (R2.20)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    staff = sealed(models.ForeignKey(_STAFF, on_delete=_PROTECT))
    content = sealed(models.TextField())
    passed_on = sealed(models.DateField())
    valid_until = sealed(models.DateField())
    score = sealed(models.IntegerField(null=True))
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "succession_training"
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "content", "passed_on"], name="succession_training_once"
            ),
            _one_of("content", TrainingContent, "succession_training_content"),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("passed_on")), name="succession_training_days"
            ),
        ]


class Commitment(Row):
    """A receiver's signed promise to keep customers' privacy (R2.12)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    staff = sealed(models.ForeignKey(_STAFF, on_delete=_PROTECT))
    paper = sealed(models.UUIDField())
    signed_on = sealed(models.DateField())

    class Meta:
        db_table = "succession_commitment"
        constraints = [
            models.UniqueConstraint(fields=["staff", "paper"], name="succession_commitment_once"),
        ]


class CustomerNeed(Row):
    """What a customer needs of whoever serves him: language, qualification (R2.19). Region and industry: parties."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    customer = sealed(models.ForeignKey(_CUSTOMER, on_delete=_PROTECT))
    kind = sealed(models.TextField())
    value = sealed(models.TextField(null=True), personal=True)

    class Meta:
        db_table = "succession_customer_need"
        constraints = [
            models.UniqueConstraint(fields=["customer", "kind"], name="succession_need_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[CriterionKind.LANGUAGE.value, CriterionKind.QUALIFICATION.value]),
                name="succession_need_kind",
            ),
        ]


class CustomerWish(Row):
    """What a customer said of being handed on. The latest word counts; no word is ever taken away (R2.9, TSI-2)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    customer = sealed(models.ForeignKey(_CUSTOMER, on_delete=_PROTECT))
    wish = sealed(models.TextField())
    stated_at = sealed(models.BigIntegerField())
    channel = sealed(models.TextField())
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "succession_customer_wish"
        constraints = [_one_of("wish", Wish, "succession_wish_words")]
        indexes = [models.Index(fields=["customer", "stated_at"], name="succession_wish_of")]


class CustomerConsent(Row):
    """A separate consent, or its withdrawal: to be given to another entity, or a guardian's for a minor."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    customer = sealed(models.ForeignKey(_CUSTOMER, on_delete=_PROTECT))
    kind = sealed(models.TextField())
    entity = sealed(models.ForeignKey("parties.LegalEntity", null=True, on_delete=_PROTECT))
    step = sealed(models.TextField())
    stated_at = sealed(models.BigIntegerField())
    paper = sealed(models.UUIDField())

    class Meta:
        db_table = "succession_customer_consent"
        constraints = [
            _one_of("kind", ConsentKind, "succession_consent_kind"),
            _one_of("step", ConsentStep, "succession_consent_step"),
            models.CheckConstraint(
                condition=Q(kind=ConsentKind.ENTITY.value, entity__isnull=False)
                | Q(kind=ConsentKind.GUARDIAN.value, entity__isnull=True),
                name="succession_consent_names_entity",
            ),
        ]
        indexes = [models.Index(fields=["customer", "stated_at"], name="succession_consent_of")]


class Plan(Row):
    """Who gets whom when somebody leaves. One living plan a matter; what was submitted is never changed."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    matter = sealed(models.ForeignKey("matters.Matter", on_delete=_PROTECT))
    leaver = sealed(models.ForeignKey(_STAFF, on_delete=_PROTECT, related_name="+"))
    rule = sealed(models.ForeignKey(Rule, null=True, on_delete=_PROTECT))
    mode = sealed(models.TextField())
    notice_on = sealed(models.DateField())
    last_minute = sealed(models.BigIntegerField())
    state = sealed(models.TextField())
    owner = sealed(models.ForeignKey(_STAFF, on_delete=_PROTECT, related_name="+"))
    due_on = sealed(models.DateField())
    privacy_impact = sealed(models.TextField())
    business_need = sealed(models.TextField())
    alternative = sealed(models.TextField())
    digest = sealed(models.BinaryField())
    request = sealed(models.UUIDField(null=True))
    made_by = sealed(models.TextField())
    made_at = sealed(models.BigIntegerField())
    solver = sealed(models.TextField())
    void_reason = sealed(models.TextField(null=True))

    class Meta:
        db_table = "succession_plan"
        constraints = [
            _one_of("mode", Mode, "succession_plan_mode"),
            _one_of("state", PlanState, "succession_plan_state"),
            models.UniqueConstraint(
                fields=["matter"],
                condition=~Q(state=PlanState.VOID.value),
                name="succession_plan_one_a_matter",
            ),
        ]


class Candidate(Row):
    """A possible receiver as the plan saw him: places, score, and what stood against him."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    plan = sealed(models.ForeignKey(Plan, on_delete=_PROTECT, related_name="candidates"))
    staff = sealed(models.ForeignKey(_STAFF, on_delete=_PROTECT, related_name="+"))
    entity = sealed(models.UUIDField(null=True))
    tenure_months = sealed(models.IntegerField())
    contribution_fen = sealed(models.BigIntegerField())
    score = sealed(models.IntegerField())
    capacity = sealed(models.IntegerField())
    load = sealed(models.IntegerField())
    reserved = sealed(models.IntegerField())
    obstacles = sealed(models.JSONField())

    class Meta:
        db_table = "succession_candidate"
        constraints = [
            models.UniqueConstraint(fields=["plan", "staff"], name="succession_candidate_once"),
        ]


class Assignment(Row):
    """One customer's line of a plan. Without a receiver it has an owner and a day: the database insists (P8)."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    plan = sealed(models.ForeignKey(Plan, on_delete=_PROTECT, related_name="assignments"))
    customer = sealed(models.ForeignKey(_CUSTOMER, on_delete=_PROTECT, related_name="+"))
    receiver = sealed(models.ForeignKey(_STAFF, null=True, on_delete=_PROTECT, related_name="+"))
    phase = sealed(models.TextField(null=True))
    state = sealed(models.TextField())
    reasons = sealed(models.JSONField())
    remedies = sealed(models.JSONField())
    owner = sealed(models.ForeignKey(_STAFF, null=True, on_delete=_PROTECT, related_name="+"))
    due_on = sealed(models.DateField(null=True))

    class Meta:
        db_table = "succession_assignment"
        constraints = [
            models.UniqueConstraint(fields=["plan", "customer"], name="succession_assignment_once"),
            # A customer is with the platform for one plan at a time, whatever two workers do at once.
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=[CustomerState.SUBMITTED.value, CustomerState.WAITING.value]),
                name="succession_assignment_one_in_flight",
            ),
            _one_of("state", CustomerState, "succession_assignment_state"),
            _one_of("phase", Phase, "succession_assignment_phase", null=True),
            models.CheckConstraint(
                condition=Q(receiver__isnull=False, phase__isnull=False)
                | Q(receiver__isnull=True, owner__isnull=False, due_on__isnull=False),
                name="succession_assignment_nobody_lost",
            ),
            models.CheckConstraint(
                condition=~Q(
                    state__in=[
                        CustomerState.REFUSED.value, CustomerState.FULL.value, CustomerState.FAILED.value,
                        CustomerState.NOBODY.value, CustomerState.NO_CONTACT.value,
                    ]
                )
                | Q(owner__isnull=False, due_on__isnull=False),
                name="succession_assignment_unfinished_owned",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["customer", "state"], name="succession_assignment_of")]


class Override(Row):
    """A line that a person changed by hand, and why (R2.18)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    assignment = sealed(models.ForeignKey(Assignment, on_delete=_PROTECT, related_name="overrides"))
    before = sealed(models.ForeignKey(_STAFF, null=True, on_delete=_PROTECT, related_name="+"))
    after = sealed(models.ForeignKey(_STAFF, null=True, on_delete=_PROTECT, related_name="+"))
    reason = sealed(models.TextField())
    made_by = sealed(models.TextField())
    made_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "succession_override"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="succession_override_says_why"),
        ]
