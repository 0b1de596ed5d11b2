"""Reading duties, in the order in which they fall due; those without a day come last."""

from collections.abc import Collection
from datetime import date, timedelta
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from jieli.duties.errors import NoSuchDuty
from jieli.duties.models import Duty
from jieli.duties.types import DutyRef, DutyState, Side
from jieli.law.deadlines import Due


def duty(duty_id: UUID) -> DutyRef:
    """One duty; NoSuchDuty (duties.unknown)."""
    found = Duty.objects.filter(id=duty_id).first()
    if found is None:
        raise unknown()
    return ref(found)


def duties(ids: Collection[UUID]) -> dict[UUID, DutyRef]:
    """Duties by id, those that exist."""
    return {row.id: ref(row) for row in Duty.objects.filter(id__in=ids)}


def of_matter(matter: UUID) -> list[DutyRef]:
    """Every duty of a matter, whatever its state."""
    return _refs(Q(matter=matter))


def of_matters(ids: Collection[UUID]) -> dict[UUID, list[DutyRef]]:
    """The duties of many matters; a matter without any has an empty list."""
    found: dict[UUID, list[DutyRef]] = {matter: [] for matter in ids}
    for row in _refs(Q(matter__in=ids)):
        if row.matter is not None:
            found[row.matter].append(row)
    return found


def of_person(staff: UUID) -> list[DutyRef]:
    """Every duty that concerns a staff member: what he owes, and what he is owed."""
    return _refs(Q(person=staff))


def of_subject(ids: Collection[UUID]) -> dict[UUID, list[DutyRef]]:
    """The duties of many things; a thing without any has an empty list."""
    found: dict[UUID, list[DutyRef]] = {subject: [] for subject in ids}
    for row in _refs(Q(subject__in=ids)):
        if row.subject is not None:
            found[row.subject].append(row)
    return found


def due_by(day: date) -> list[DutyRef]:
    """Open duties whose due day is this one or earlier (即将到期: ask with today + 7, 15, 30)."""
    return _refs(Q(state=DutyState.OPEN.value, due_on__lte=day))


def overdue(today: date) -> list[DutyRef]:
    """Open duties whose due day is over."""
    return due_by(today - timedelta(days=1))


def provisional() -> list[DutyRef]:
    """Open and continuing duties whose due day may still move, because a year's calendar is not entered."""
    return _refs(Q(provisional=True, state__in=[DutyState.OPEN.value, DutyState.CONTINUING.value]))


def due_day_of(column: str, *, name: str) -> Subquery:
    """For a list of a higher room that sorts by it: the due day of the open duty of this name about each row.

    `column` is the column of the outer query that holds the subject's id.
    """
    waiting = Duty.objects.filter(subject=OuterRef(column), name=name, state=DutyState.OPEN.value)
    return Subquery(waiting.order_by("due_on").values("due_on")[:1])


def _refs(which: Q) -> list[DutyRef]:
    found: QuerySet[Duty] = Duty.objects.filter(which)
    return [ref(row) for row in found.order_by(F("due_on").asc(nulls_last=True), "laid_at", "id")]


def ref(row: Duty) -> DutyRef:
    """A row as a value."""
    due = None
    if row.due_on is not None and row.counted_on is not None:
        due = Due(row.due_on, row.provisional, row.counted_on)
    return DutyRef(
        id=row.id,
        name=row.name,
        owed_by=Side(row.owed_by),
        owed_to=Side(row.owed_to),
        articles=tuple(row.articles),
        text=row.text,
        matter=row.matter,
        person=row.person,
        subject=row.subject,
        starts_on=row.starts_on,
        due=due,
        continuing=row.continuing,
        state=DutyState(row.state),
        done_on=row.done_on,
        paper=row.paper,
        note=row.note or "",
        reason=row.reason or "",
        laid_at=row.laid_at,
    )


def unknown() -> NoSuchDuty:
    """The same answer for an id that is absent and for one that is not yours."""
    return NoSuchDuty("没有这项义务。", remedy="请刷新页面后重试。")
