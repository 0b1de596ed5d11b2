"""The table of duties. The database itself refuses a done continuing duty and a done one without day and proof."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from jieli.duties.types import DutyState, Side
from jieli.ledger.tables import Kind, Row, sealed

_SIDES = [s.value for s in Side]
_DONE, _OPEN = Q(state=DutyState.DONE.value), Q(state=DutyState.OPEN.value)
_DROPPED, _BINDING = Q(state=DutyState.DROPPED.value), Q(state=DutyState.CONTINUING.value)


class Duty(Row):
    """Who owes what to whom, by when, under which article; and the proof that it was done, or why it fell away."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    name = sealed(models.TextField())
    owed_by = sealed(models.TextField())
    owed_to = sealed(models.TextField())
    articles = sealed(ArrayField(models.TextField()))
    text = sealed(models.TextField(), personal=True)
    matter = sealed(models.UUIDField(null=True))
    person = sealed(models.UUIDField(null=True))
    subject = sealed(models.UUIDField(null=True))
    starts_on = sealed(models.DateField(null=True))
    due_on = sealed(models.DateField(null=True))
    counted_on = sealed(models.DateField(null=True))
    provisional = sealed(models.BooleanField())
    continuing = sealed(models.BooleanField())
    state = sealed(models.TextField())
    done_on = sealed(models.DateField(null=True))
    paper = sealed(models.UUIDField(null=True))
    note = sealed(models.TextField(null=True), personal=True)
    reason = sealed(models.TextField(null=True), personal=True)
    laid_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "duties_duty"
        constraints = [
            models.CheckConstraint(
                condition=Q(owed_by__in=_SIDES, owed_to__in=_SIDES) & ~Q(owed_by=models.F("owed_to")),
                name="duties_duty_sides",
            ),
            models.CheckConstraint(
                condition=Q(continuing=True) & (_BINDING | _DROPPED)
                | Q(continuing=False) & (_OPEN | _DONE | _DROPPED),
                name="duties_duty_continuing",
            ),
            models.CheckConstraint(
                condition=Q(due_on__isnull=False, counted_on__isnull=False)
                | Q(due_on__isnull=True, counted_on__isnull=True, provisional=False),
                name="duties_duty_due",
            ),
            models.CheckConstraint(
                condition=_DONE
                & Q(done_on__isnull=False)
                & (Q(paper__isnull=False) | Q(note__isnull=False) & ~Q(note=""))
                | ~_DONE & Q(done_on__isnull=True, paper__isnull=True, note__isnull=True),
                name="duties_duty_done_with_proof",
            ),
            models.CheckConstraint(
                condition=_DROPPED & Q(reason__isnull=False) | ~_DROPPED & Q(reason__isnull=True),
                name="duties_duty_dropped_with_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["matter"], name="duties_duty_matter"),
            models.Index(fields=["person"], name="duties_duty_person"),
            models.Index(fields=["subject"], name="duties_duty_subject"),
            models.Index(fields=["due_on"], condition=_OPEN, name="duties_duty_open_by_day"),
        ]
