"""Bulk loads: the four papers, shifts, leave, the calendar, the policy. What stands already is skipped.

Loading the same sheet twice writes nothing the second time. Nothing is changed or removed: a shift is taken back by
a row of kind 取消, leave by 销假. A row of the same span counts as the next revision when its kind differs from the
last one's, so an old sheet loaded again does not bring back what was cancelled in between by its own span.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Max

from jieli.consent.errors import BadSpan, CalendarUnknown, ClaimedInFuture
from jieli.consent.models import CalendarDay, Document, Leave, Policy, Shift
from jieli.consent.policy import check_rules, write_rules
from jieli.consent.types import DayKind, Loaded, NewDocument, NewLeave, NewShift, Rules
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, local_day
from jieli.law import calendar
from jieli.ledger import locks
from jieli.ledger.operations import book
from jieli.ledger.tables import Row

_BATCH = 10_000
#: Nobody works longer at a stretch; a longer "shift" is a wrong column.
_LONGEST_SHIFT = 2 * DAY

R = TypeVar("R", bound=Row)


def _put(fresh: Callable[[], Sequence[R]], total: int, kind: str, by: str, at: int) -> Loaded:
    """Write the rows that are new, asked for once without the lock and again under it."""
    if not fresh():
        return Loaded(unchanged=total)
    with book(at=at) as b:
        locks.change_bases()
        rows = fresh()
        entry = b.entry(kind, by=by, facts={"rows": len(rows)})
        if rows:  # another load may have written them while we waited
            entry.insert(*rows)
    return Loaded(len(rows), total - len(rows))


def load_documents(rows: Sequence[NewDocument], *, by: str, at: int) -> Loaded:
    """Papers of staff (R3.15). One dated after today is refused (consent.claimed_in_future)."""
    if any(r.signed_on > local_day(at) for r in rows):
        raise ClaimedInFuture("有文件的签署日期晚于今天。", remedy="请核对签署日期。")
    wanted = {(r.staff_id, r.kind.value, r.signed_on, r.title, r.paper_id): r for r in rows}

    def fresh() -> list[Document]:
        known: set[tuple[object, ...]] = set()
        for some in _batches(list({r.staff_id for r in rows})):
            found = Document.objects.filter(staff_id__in=some)
            known.update(found.values_list("staff_id", "kind", "signed_on", "title", "paper"))
        return [
            Document(
                id=new_id(at), staff_id=r.staff_id, kind=r.kind.value, signed_on=r.signed_on, title=r.title,
                paper=r.paper_id,
            )
            for key, r in wanted.items() if key not in known
        ]  # fmt: skip

    return _put(fresh, len(rows), "consent.load_documents", by, at)


def load_shifts(rows: Sequence[NewShift], *, by: str, at: int) -> Loaded:
    """Rosters, overtime with its own approved form, and cancellations. BadSpan (consent.bad_span)."""
    _check_spans(rows, _LONGEST_SHIFT)
    return _put(lambda: _spans(Shift, rows, at), len(rows), "consent.load_shifts", by, at)


def load_leave(rows: Sequence[NewLeave], *, by: str, at: int) -> Loaded:
    """Leave and its end (销假). BadSpan (consent.bad_span)."""
    _check_spans(rows, None)
    if any(not r.kind.strip() for r in rows):
        raise BadSpan("有请假没有写明类别。", remedy="请写明类别，例如年假、病假、离岗、销假。")
    return _put(lambda: _spans(Leave, rows, at), len(rows), "consent.load_leave", by, at)


def _check_spans(rows: Sequence[NewShift | NewLeave], longest: int | None) -> None:
    for place, r in enumerate(rows, 1):
        if not r.begins_ms < r.ends_ms or (longest is not None and r.ends_ms - r.begins_ms > longest):
            raise BadSpan(f"第{place}行的起止时间不对。", remedy="结束须晚于开始，一个班次不超过两天。")


def _spans(model: Any, rows: Sequence[NewShift | NewLeave], at: int) -> list[Any]:
    """Rows whose kind differs from the last revision of the same person and span."""
    last: dict[tuple[UUID, int, int], tuple[int, str]] = {}
    since, until = min(r.begins_ms for r in rows) if rows else 0, max((r.ends_ms for r in rows), default=0)
    for some in _batches(list({r.staff_id for r in rows})):
        found = model.objects.filter(staff_id__in=some, begins__gte=since, ends__lte=until).order_by(
            "revision"
        )
        for who, begins, ends, kind, revision in found.values_list(
            "staff_id", "begins", "ends", "kind", "revision"
        ):
            last[who, begins, ends] = (revision, kind)
    fresh = []
    for r in rows:
        key, kind = (r.staff_id, r.begins_ms, r.ends_ms), str(r.kind)
        revision, before = last.get(key, (0, ""))
        if before == kind:
            continue
        last[key] = (revision + 1, kind)
        fresh.append(
            model(
                id=new_id(at), staff_id=r.staff_id, begins=r.begins_ms, ends=r.ends_ms, kind=kind,
                revision=revision + 1,
            )
        )  # fmt: skip
    return fresh


def _batches(ids: list[UUID]) -> list[list[UUID]]:
    return [ids[n : n + _BATCH] for n in range(0, len(ids), _BATCH)]


def load_calendar(
    year: int, *, days: Mapping[date, DayKind] | None = None, source: str = "", by: str, at: int
) -> Loaded:
    """The days of a year in China, from the kept library, or as given (then with their source).

    CalendarUnknown (consent.calendar_unknown) for a year whose holidays nobody has published: it is never guessed.
    """
    if days is None:
        days, source = known_days(year), calendar.SOURCE
    if not source.strip() or any(day.year != year for day in days) or len(days) != _length(year):
        raise CalendarUnknown(
            f"{year}年的日历不完整，或没有写明出处。", remedy="请逐日给出全年并写明文件出处。"
        )
    given = sorted(days.items())

    def fresh() -> list[CalendarDay]:
        stored = CalendarDay.objects.filter(day__year=year).order_by("revision")
        last = {day: (kind, n) for day, kind, n in stored.values_list("day", "kind", "revision")}
        return [
            CalendarDay(
                id=new_id(at), day=day, kind=kind.value, source=source, revision=last.get(day, ("", 0))[1] + 1
            )
            for day, kind in given
            if last.get(day, ("", 0))[0] != kind.value
        ]

    return _put(fresh, len(given), "consent.load_calendar", by, at)


def _length(year: int) -> int:
    return (date(year + 1, 1, 1) - date(year, 1, 1)).days


def known_days(year: int) -> dict[date, DayKind]:
    """Every day of a year by `law.calendar`; CalendarUnknown outside the years it holds."""
    found = calendar.known_days(year)
    if found is None:
        raise CalendarUnknown(
            f"{year}年的放假安排尚未收录。", remedy="请在国务院公布后更新，或按公布的文件逐日录入。"
        )
    return {day: DayKind(kind.value) for day, kind in found.items()}


def set_policy(rules: Rules, *, starts_at: int, by: str, at: int) -> int:
    """A new version of the policy; it holds from max(`starts_at`, its entry's time). BadPolicy (consent.bad_policy)."""
    check_rules(rules)
    with book(at=at) as b:
        locks.change_bases()
        version = (Policy.objects.aggregate(last=Max("version"))["last"] or 0) + 1
        row = Policy(id=new_id(at), version=version, starts_at=starts_at, rules=write_rules(rules))
        b.entry("consent.set_policy", by=by, facts={"version": version}).insert(row)
    return version
