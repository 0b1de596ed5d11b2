"""Calls to the platform and what came of them; notices, links, choices, scans, complaints.

Customers and staff stand here by the ids of the parties' register. What a customer said himself is append-only.
"""

from django.db import models
from django.db.models import F, Q

from jieli.ledger.tables import Kind, Row, one_of, sealed
from jieli.succession.outcomes import MAX_RETRIES, Outcome, Subject, SubmissionState
from jieli.succession.spoken import MAX_CHOICES, Channel, ChoiceWord, ClosedWhy
from jieli.succession.types import Phase

_PROTECT = models.PROTECT
_PLAN, _ASSIGNMENT = "succession.Plan", "succession.Assignment"


class Submission(Row):
    """One call: committed before it is made, never made twice. No approval, no row (R2.30)."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    plan = sealed(models.ForeignKey(_PLAN, on_delete=_PROTECT))
    subject = sealed(models.TextField())
    phase = sealed(models.TextField())
    handover = sealed(models.TextField(), personal=True)
    takeover = sealed(models.TextField(), personal=True)
    message = sealed(models.TextField(null=True), personal=True)
    approval = sealed(models.UUIDField())
    number = sealed(models.IntegerField())  # place among the calls of one preparation
    attempt = sealed(models.SmallIntegerField())
    not_before = sealed(models.BigIntegerField())
    state = sealed(models.TextField())
    intended_at = sealed(models.BigIntegerField())
    called_at = sealed(models.BigIntegerField(null=True))
    answered_at = sealed(models.BigIntegerField(null=True))
    errcode = sealed(models.IntegerField(null=True))

    class Meta:
        db_table = "succession_submission"
        constraints = [
            one_of("succession_submission_subject", "subject", Subject),
            one_of("succession_submission_phase", "phase", Phase),
            one_of("succession_submission_state", "state", SubmissionState),
            models.CheckConstraint(
                condition=~Q(approval="00000000-0000-0000-0000-000000000000"),
                name="succession_submission_approved",
            ),
            models.CheckConstraint(
                condition=Q(attempt__gte=1, attempt__lte=1 + MAX_RETRIES),
                name="succession_submission_attempts",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[SubmissionState.READY.value, SubmissionState.WITHDRAWN.value])
                | Q(called_at__gte=F("intended_at")),
                name="succession_submission_intended_first",
            ),
            models.CheckConstraint(
                condition=Q(message__isnull=True)
                | Q(phase=Phase.NOTICE.value, message__regex=r"^[\s\S]{1,200}$"),
                name="succession_submission_message",
            ),
        ]
        indexes = [models.Index(fields=["plan", "state", "not_before"], name="succession_submission_due")]


class SubmissionItem(Row):
    """A customer or group in one call. `running` while the platform may be working on the pair."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    submission = sealed(models.ForeignKey(Submission, on_delete=_PROTECT))
    plan = sealed(models.ForeignKey(_PLAN, on_delete=_PROTECT))
    assignment = sealed(models.ForeignKey(_ASSIGNMENT, null=True, on_delete=_PROTECT))
    phase = sealed(models.TextField())
    handover = sealed(models.TextField(), personal=True)
    takeover = sealed(models.TextField(), personal=True)
    external = sealed(models.TextField(), personal=True)
    running = sealed(models.BooleanField())
    outcome = sealed(models.TextField(null=True))
    errcode = sealed(models.IntegerField(null=True))
    #: ms from which the house may ask again, where the platform's rules say so
    not_before = sealed(models.BigIntegerField(null=True))
    answered_at = sealed(models.BigIntegerField(null=True))
    platform_status = sealed(models.IntegerField(null=True))
    takeover_at = sealed(models.BigIntegerField(null=True))

    class Meta:
        db_table = "succession_submission_item"
        constraints = [
            one_of("succession_item_outcome", "outcome", Outcome, null=True),
            models.UniqueConstraint(
                fields=["phase", "handover", "takeover", "external"],
                condition=Q(running=True),
                name="succession_item_running_once",
            ),
            models.UniqueConstraint(
                fields=["plan", "phase", "handover", "takeover", "external"],
                condition=Q(outcome__in=[Outcome.ACCEPTED.value, Outcome.RUNNING.value, Outcome.DONE.value]),
                name="succession_item_accepted_once",
            ),
        ]
        indexes = [models.Index(fields=["plan", "running"], name="succession_item_running")]


class Contact(Row):
    """What the house has said to one customer about one plan, over all channels together, and why it stopped.

    The table itself counts: one notice, one reminder after it, neither once `closed_at` is set.
    """

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    plan = sealed(models.ForeignKey(_PLAN, on_delete=_PROTECT))
    assignment = sealed(models.ForeignKey(_ASSIGNMENT, on_delete=_PROTECT))
    customer = sealed(models.UUIDField())
    farewell_at = sealed(models.BigIntegerField(null=True))
    farewell_by = sealed(models.UUIDField(null=True))
    farewell_channel = sealed(models.TextField(null=True))
    notice_at = sealed(models.BigIntegerField(null=True))
    notice_channel = sealed(models.TextField(null=True))
    notice_outcome = sealed(models.TextField(null=True))
    reminder_at = sealed(models.BigIntegerField(null=True))
    reminder_channel = sealed(models.TextField(null=True))
    reminder_outcome = sealed(models.TextField(null=True))
    closed_at = sealed(models.BigIntegerField(null=True))
    closed_why = sealed(models.TextField(null=True))

    class Meta:
        db_table = "succession_contact"
        constraints = [
            models.UniqueConstraint(fields=["plan", "customer"], name="succession_contact_once"),
            *(
                one_of(f"succession_contact_{moment}", f"{moment}_channel", Channel, null=True)
                for moment in ("farewell", "notice", "reminder")
            ),
            one_of("succession_contact_why", "closed_why", ClosedWhy, null=True),
            models.CheckConstraint(
                condition=Q(reminder_at__isnull=True) | Q(notice_at__lt=F("reminder_at")),
                name="succession_contact_reminder_second",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True)
                | (Q(notice_at__isnull=True) | Q(notice_at__lte=F("closed_at")))
                & (Q(reminder_at__isnull=True) | Q(reminder_at__lte=F("closed_at"))),
                name="succession_contact_then_silence",
            ),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_why__isnull=True)
                | Q(closed_at__isnull=False, closed_why__isnull=False),
                name="succession_contact_closed_with_reason",
            ),
        ]


class ChoiceLink(Row):
    """A link for one customer and one plan. Only the SHA-256 of its 32 random bytes is kept."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    digest = sealed(models.BinaryField(unique=True))
    plan = sealed(models.ForeignKey(_PLAN, on_delete=_PROTECT))
    assignment = sealed(models.ForeignKey(_ASSIGNMENT, on_delete=_PROTECT))
    customer = sealed(models.UUIDField())
    made_at = sealed(models.BigIntegerField())
    expires_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "succession_choice_link"
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="succession_choice_link_expires"
            ),
        ]


class Choice(Row):
    """What a customer chose, each time he chose. The last one counts; all stay."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    plan = sealed(models.ForeignKey(_PLAN, on_delete=_PROTECT))
    assignment = sealed(models.ForeignKey(_ASSIGNMENT, on_delete=_PROTECT))
    customer = sealed(models.UUIDField())
    ordinal = sealed(models.SmallIntegerField())
    choice = sealed(models.TextField())
    channel = sealed(models.TextField())
    link = sealed(models.ForeignKey(ChoiceLink, null=True, on_delete=_PROTECT))
    chosen_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "succession_choice"
        constraints = [
            models.UniqueConstraint(fields=["plan", "customer", "ordinal"], name="succession_choice_ordinal"),
            models.CheckConstraint(
                condition=Q(ordinal__gte=1, ordinal__lte=MAX_CHOICES), name="succession_choice_limited"
            ),
            one_of("succession_choice_word", "choice", ChoiceWord),
            one_of("succession_choice_channel", "channel", Channel),
        ]


class VoluntaryChoice(Row):
    """自愿选择: a customer said unasked that he goes on with the former employee. Nobody can delete it (TSI-2)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    plan = sealed(models.ForeignKey(_PLAN, on_delete=_PROTECT))
    customer = sealed(models.UUIDField())
    former = sealed(models.UUIDField())
    channel = sealed(models.TextField())
    words = sealed(models.TextField(null=True), personal=True)
    paper = sealed(models.UUIDField(null=True))
    stated_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "succession_voluntary_choice"
        constraints = [one_of("succession_voluntary_channel", "channel", Channel)]


class Scan(Row):
    """The customer himself scanned a member's 联系我: the only way back after a refusal."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    plan = sealed(models.ForeignKey(_PLAN, on_delete=_PROTECT))
    assignment = sealed(models.ForeignKey(_ASSIGNMENT, on_delete=_PROTECT))
    customer = sealed(models.UUIDField())
    staff = sealed(models.UUIDField())
    scanned_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "succession_scan"
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "customer", "staff", "scanned_at"], name="succession_scan_once"
            ),
        ]


class Complaint(Row):
    """A customer's complaint about a plan, and the matter in which it is dealt with (R2.21, R2.22)."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    plan = sealed(models.ForeignKey(_PLAN, on_delete=_PROTECT))
    customer = sealed(models.UUIDField())
    matter = sealed(models.UUIDField(unique=True))
    channel = sealed(models.TextField())
    words = sealed(models.TextField(null=True), personal=True)
    made_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "succession_complaint"
        constraints = [one_of("succession_complaint_channel", "channel", Channel)]


class Proposal(Row):
    """换一位顾问: the one other receiver that a person proposes to a customer who asked for it."""

    table_kind = Kind.APPEND
    id = sealed(models.UUIDField(primary_key=True))
    plan = sealed(models.ForeignKey(_PLAN, on_delete=_PROTECT))
    assignment = sealed(models.OneToOneField(_ASSIGNMENT, on_delete=_PROTECT))
    customer = sealed(models.UUIDField())
    receiver = sealed(models.UUIDField())
    reason = sealed(models.TextField())
    proposed_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "succession_proposal"


class ContactWay(Row):
    """The address of a member's 联系我 code as the platform gave it."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    staff = sealed(models.UUIDField(unique=True))
    url = sealed(models.TextField())
    fetched_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "succession_contact_way"


class ServiceContact(Row):
    """Where a company's customers reach it, printed on every card: telephone, mail and desk for complaints (R2.21)."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    entity = sealed(models.UUIDField(unique=True))
    uscc = sealed(models.TextField())
    phone = sealed(models.TextField())
    mail = sealed(models.TextField())
    desk = sealed(models.TextField())

    class Meta:
        db_table = "succession_service_contact"
