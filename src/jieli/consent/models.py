"""Tables of the consent room: append only, and all of them may be a reason why recording is lawful (`basis`).

Nothing is changed afterwards: a correction, a withdrawal, a cancelled shift is a further row, and the gate reads all
of them in the order of the book.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from jieli.consent.types import DayKind, DocumentKind, Means, Scope, ShiftKind, StatedBy, Step, SubjectKind
from jieli.ledger.tables import Kind, Row, one_of, sealed
from jieli.parties.models import Staff

_PROTECT = models.PROTECT


def _forward(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(ends__gt=F("begins")), name=name)


class Notice(Row):
    """A notice as published (R3.11). A changed text is a new version; who was served the old one keeps it."""

    table_kind = Kind.APPEND
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    kind = sealed(models.TextField())
    version = sealed(models.IntegerField())
    title = sealed(models.TextField())
    text = sealed(models.TextField())
    sha256 = sealed(models.BinaryField())
    means = sealed(ArrayField(models.TextField()))
    scopes = sealed(ArrayField(models.TextField()))
    purpose = sealed(models.TextField())
    hours = sealed(models.TextField())
    use = sealed(models.TextField())
    retention = sealed(models.TextField())
    categories = sealed(models.TextField())
    contact = sealed(models.TextField())
    rights = sealed(models.TextField())
    summary = sealed(models.TextField())

    class Meta:
        db_table = "consent_notice"
        constraints = [
            models.UniqueConstraint(fields=["kind", "title", "version"], name="consent_notice_once"),
            one_of("consent_notice_kind", "kind", SubjectKind),
        ]


class Served(Row):
    """A notice reached somebody: when it is claimed to have, and by which way."""

    table_kind = Kind.APPEND
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    notice = sealed(models.ForeignKey(Notice, on_delete=_PROTECT))
    subject_kind = sealed(models.TextField())
    subject = sealed(models.UUIDField(db_index=True))
    claimed_at = sealed(models.BigIntegerField())
    how = sealed(models.TextField())
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "consent_served"
        constraints = [one_of("consent_served_kind", "subject_kind", SubjectKind)]


class ConsentStep(Row):
    """What one person said about one means and one scope.

    A platform's own statement names its id of a customer, whom we may learn to know later, and where it was said
    (`towards`: "account:<handle>", "room:<room>", "" everywhere); `exhibit` is the line that carried it.
    """

    table_kind = Kind.APPEND
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    subject_kind = sealed(models.TextField())
    subject = sealed(models.UUIDField(null=True, db_index=True))
    platform = sealed(models.TextField())
    external_id = sealed(models.TextField(), personal=True)
    means = sealed(models.TextField())
    scope = sealed(models.TextField())
    step = sealed(models.TextField())
    claimed_at = sealed(models.BigIntegerField())
    stated_by = sealed(models.TextField())
    explicit = sealed(models.BooleanField())
    guardian = sealed(models.BooleanField())
    towards = sealed(models.TextField(), personal=True)
    notice = sealed(models.ForeignKey(Notice, null=True, on_delete=_PROTECT))
    paper = sealed(models.UUIDField(null=True))
    message = sealed(models.TextField())
    exhibit = sealed(models.BinaryField(null=True), personal=True)
    reply = sealed(models.TextField(), personal=True)

    class Meta:
        db_table = "consent_step"
        constraints = [
            one_of("consent_step_kind", "subject_kind", SubjectKind),
            one_of("consent_step_means", "means", Means),
            one_of("consent_step_scope", "scope", Scope),
            one_of("consent_step_step", "step", Step),
            one_of("consent_step_stated_by", "stated_by", StatedBy),
            models.CheckConstraint(
                condition=Q(
                    subject__isnull=False, stated_by__in=[StatedBy.COMPANY.value, StatedBy.SELF.value]
                )
                | Q(subject__isnull=True, stated_by=StatedBy.PLATFORM.value),
                name="consent_step_names_somebody",
            ),
            models.UniqueConstraint(
                fields=["platform", "message", "means", "scope", "towards"],
                condition=~Q(message=""),
                name="consent_step_told_once",
            ),
        ]
        indexes = [models.Index(fields=["platform", "external_id"], name="consent_step_external")]


class Document(Row):
    """One of the four papers, signed on a day (R3.15)."""

    table_kind = Kind.APPEND
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    staff = sealed(models.ForeignKey(Staff, on_delete=_PROTECT))
    kind = sealed(models.TextField())
    signed_on = sealed(models.DateField())
    title = sealed(models.TextField())
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "consent_document"
        constraints = [
            one_of("consent_document_kind", "kind", DocumentKind),
            models.UniqueConstraint(
                fields=["staff", "kind", "signed_on", "title", "paper"],
                nulls_distinct=False,
                name="consent_document_once",
            ),
        ]


class Shift(Row):
    """Hours of work, or overtime with the person's own approved form; `revision` counts rows of the same span."""

    table_kind = Kind.APPEND
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    staff = sealed(models.ForeignKey(Staff, on_delete=_PROTECT))
    begins = sealed(models.BigIntegerField())
    ends = sealed(models.BigIntegerField())
    kind = sealed(models.TextField())
    revision = sealed(models.SmallIntegerField())

    class Meta:
        db_table = "consent_shift"
        constraints = [
            one_of("consent_shift_kind", "kind", ShiftKind),
            _forward("consent_shift_forward"),
            models.UniqueConstraint(
                fields=["staff", "begins", "ends", "revision"], name="consent_shift_once"
            ),
        ]


class Leave(Row):
    """Time off; `销假` takes back what lies in its span."""

    table_kind = Kind.APPEND
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    staff = sealed(models.ForeignKey(Staff, on_delete=_PROTECT))
    begins = sealed(models.BigIntegerField())
    ends = sealed(models.BigIntegerField())
    kind = sealed(models.TextField(), personal=True)
    revision = sealed(models.SmallIntegerField())

    class Meta:
        db_table = "consent_leave"
        constraints = [
            _forward("consent_leave_forward"),
            models.UniqueConstraint(
                fields=["staff", "begins", "ends", "revision"], name="consent_leave_once"
            ),
        ]


class CalendarDay(Row):
    """What a day is in China; the highest revision counts. A year without rows is 未录入."""

    table_kind = Kind.APPEND
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    day = sealed(models.DateField())
    kind = sealed(models.TextField())
    source = sealed(models.TextField())
    revision = sealed(models.SmallIntegerField())

    class Meta:
        db_table = "consent_calendar_day"
        constraints = [
            one_of("consent_calendar_kind", "kind", DayKind),
            models.UniqueConstraint(fields=["day", "revision"], name="consent_calendar_once"),
        ]


class Policy(Row):
    """What counsel decided: canonical JSON of `Rules`."""

    table_kind = Kind.APPEND
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    version = sealed(models.IntegerField(unique=True))
    starts_at = sealed(models.BigIntegerField())
    rules = sealed(models.TextField())

    class Meta:
        db_table = "consent_policy"
