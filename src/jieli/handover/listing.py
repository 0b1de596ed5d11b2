"""Leavings as a list: search, filters, keyset pages, counts. A constant number of queries, however many there are."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Subquery

from jieli.access.types import Reach
from jieli.handover.completion import completions
from jieli.handover.lists import days_late
from jieli.handover.models import Case
from jieli.handover.reading import ref
from jieli.handover.types import CaseRef, Completion
from jieli.handover.views import status
from jieli.kernel.times import local_day
from jieli.parties.types import ERASED

PAGE = 50


class Shown(StrEnum):
    """Which leavings a list shows."""

    OPEN = "在办"
    PAST = "已过最后工作日"
    CLOSED = "已结案"


@dataclass(frozen=True, slots=True)
class Asked:
    """What narrows the list; an empty word narrows nothing. `after` is the last case of the page before."""

    text: str = ""
    shown: str = ""
    reason: str = ""
    after: UUID | None = None

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.text or self.shown or self.reason)


@dataclass(frozen=True, slots=True)
class Row:
    """A leaving with the person and what each side still owes; `status` as on its own page, days since the last day."""

    case: CaseRef
    name: str
    staff_no: str
    unit: str
    status: str
    days_late: int
    done: Completion


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are in reach, whatever the filters say."""

    total: int
    open: int
    past: int


@dataclass(frozen=True, slots=True)
class Found:
    rows: tuple[Row, ...]
    matching: int
    following: UUID | None


def _in_reach(reach: Reach) -> "QuerySet[Any]":
    found = Case.objects.select_related("matter", "staff", "staff__unit")
    if reach.everything:
        return found
    return found.filter(Q(staff__unit__entity_id__in=reach.entities) | Q(staff__unit_id__in=reach.units))


def _narrowed(found: "QuerySet[Any]", wanted: Asked, at: int) -> "QuerySet[Any]":
    if wanted.text:
        clauses = Q()
        for column in ("staff__name", "staff__staff_no", "matter__number"):
            clauses |= Q(**{f"{column}__icontains": wanted.text})
        found = found.filter(clauses)
    if wanted.shown:
        found = found.filter(_which(Shown(wanted.shown), at))
    if wanted.reason:
        found = found.filter(reason=wanted.reason)
    return found


def _which(shown: Shown, at: int) -> Q:
    if shown is Shown.CLOSED:
        return Q(closed_on__isnull=False)
    still = Q(closed_on__isnull=True)
    return still & Q(last_day__lt=local_day(at)) if shown is Shown.PAST else still


def counts(reach: Reach, *, at: int) -> Counts:
    """One query over everything in reach."""
    found = _in_reach(reach).aggregate(
        total=Count("id"),
        open=Count("id", filter=_which(Shown.OPEN, at)),
        past=Count("id", filter=_which(Shown.PAST, at)),
    )
    return Counts(**found)


def page(reach: Reach, wanted: Asked, *, at: int) -> Found:
    """A page, the latest last day first, beginning after the case `wanted.after`."""
    found = _narrowed(_in_reach(reach), wanted, at)
    matching = found.count()
    rows = list(_after(found, wanted.after)[: PAGE + 1])
    more = len(rows) > PAGE
    return Found(_rows(rows[:PAGE], at), matching, rows[PAGE - 1].id if more else None)


def _after(found: "QuerySet[Any]", after: UUID | None) -> "QuerySet[Any]":
    ordered = found.order_by("-last_day", "-id")
    if after is None:
        return ordered
    day = Subquery(Case.objects.filter(id=after).values("last_day"))
    return ordered.filter(Q(last_day__lt=day) | Q(last_day=day, id__lt=after))


def every(reach: Reach, wanted: Asked, *, at: int) -> Iterator[Row]:
    """Everything that matches, for an export, a page at a time."""
    after: UUID | None = None
    while True:
        found = page(reach, Asked(wanted.text, wanted.shown, wanted.reason, after), at=at)
        yield from found.rows
        if found.following is None:
            return
        after = found.following


def one(reach: Reach, number: str) -> CaseRef | None:
    """The leaving of a number, if it is in reach: absent and not yours are the same."""
    row = _in_reach(reach).filter(matter__number=number).first()
    return ref(row, number) if row is not None else None


def numbers(reach: Reach) -> frozenset[str]:
    """The numbers of every open leaving in reach."""
    found = _in_reach(reach).filter(closed_on__isnull=True)
    return frozenset(found.values_list("matter__number", flat=True))


def within(reach: Reach, staff: Collection[UUID]) -> bool:
    """Whether every one of these staff members is in reach; nobody at all is."""
    if reach.everything or not staff:
        return True
    people = Case._meta.get_field("staff").related_model._base_manager.filter(id__in=staff)
    mine = people.filter(Q(unit__entity_id__in=reach.entities) | Q(unit_id__in=reach.units))
    return mine.count() == len(set(staff))


def _rows(found: list[Any], at: int) -> tuple[Row, ...]:
    cases = [ref(row, row.matter.number) for row in found]
    done = completions(cases, at=at)
    return tuple(
        Row(
            case, row.staff.name or ERASED, row.staff.staff_no, row.staff.unit.name, status(case, done[case.id], at=at),
            days_late(case.last_day, at=at) if case.open and not done[case.id].done else 0, done[case.id],
        )
        for row, case in zip(found, cases, strict=True)
    )  # fmt: skip
