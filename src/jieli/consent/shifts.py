"""Whether somebody is at work at an instant: roster, overtime, leave, calendar. Pure.

Only what the company wrote down opens recording; default outside a shift is off (R3.9, R3.37). A rostered shift
opens rest days, for people who sell at weekends have theirs on other days; on a public holiday only overtime with
the person's own approved form does. A year without a calendar is not guessed at.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar

from jieli.consent.facts import DayFact, LeaveFact, RowName, ShiftFact
from jieli.consent.reasons import Reason
from jieli.consent.timeline import holds_from
from jieli.consent.types import LEAVE_ENDED, OFF_POST, DayKind, DefaultShift, ShiftKind
from jieli.kernel.times import MINUTE, local_day, start_of_day

S = TypeVar("S", ShiftFact, LeaveFact)

_WORKING = (DayKind.WORKDAY, DayKind.MADE_UP)


@dataclass(frozen=True, slots=True)
class Duty:
    """What stands against recording somebody at an instant, on the side of his time; both empty: he is at work."""

    off_shift: tuple[Reason, ...]
    away: tuple[Reason, ...]  # leave: stands against him as a speaker too, when a colleague is at work
    rows: tuple[RowName, ...]


class Spans(Generic[S]):
    """Half-open spans of which those that hold an instant are wanted quickly."""

    def __init__(self, spans: Iterable[S]) -> None:
        self._spans: list[S] = sorted(spans, key=lambda s: s.begins)
        self._begins: list[int] = [s.begins for s in self._spans]
        self._longest: int = max((s.ends - s.begins for s in self._spans), default=0)

    def over(self, begins: int, ends: int) -> list[S]:
        """Those that share an instant with the span, in the order of the book."""
        if not self._spans:
            return []
        low = bisect_left(self._begins, begins - self._longest)
        high = bisect_right(self._begins, ends - 1)
        return sorted((s for s in self._spans[low:high] if s.ends > begins), key=lambda s: s.order)


class Roster:
    """One person's shifts and leave."""

    def __init__(
        self,
        shifts: Sequence[ShiftFact],
        leave: Sequence[LeaveFact],
        days: Mapping[date, DayFact],
        *,
        historical: bool,
    ) -> None:
        self._shifts, self._leave, self._days = Spans(shifts), Spans(leave), days
        self._historical = historical
        #: Neither a shift nor leave of his own: he is at work when his post is.
        self.usual = not (shifts or leave)
        self.changes = {moment for s in shifts for moment in (s.begins, s.ends, s.time)}
        self.changes.update(moment for s in leave for moment in (s.begins, s.ends, s.time))

    def duty(self, ms: int, default: DefaultShift | None, policy: RowName | None) -> Duty:
        """What stands against recording at an instant. `default` is the standing shift of the person's post."""
        day = local_day(ms)
        known = self._days.get(day)
        working = known is not None and known.kind in _WORKING
        found = self._shift_at(ms)
        if found is None and working and default is not None and policy is not None:
            found = self._default_at(ms, day, default, policy)
        off: list[Reason] = []
        if known is None:
            off.append(Reason.CALENDAR_UNKNOWN)
        if found is None or found[0] is not ShiftKind.OVERTIME:
            if known is not None and known.kind is DayKind.HOLIDAY:
                off.append(Reason.PUBLIC_HOLIDAY)
            elif found is None:
                works_today = (working and default is not None) or self._works_on(day)
                off.append(Reason.OFF_SHIFT if works_today else Reason.REST_DAY)
        rows = (*([found[1]] if found else []), *([known.row] if known else []))
        return Duty(tuple(off), self._away(ms), rows)

    def _shift_at(self, ms: int) -> tuple[ShiftKind, RowName] | None:
        standing: list[ShiftFact] = []
        for s in self._shifts.over(ms, ms + 1):
            if s.kind is ShiftKind.CANCELLED:
                standing.clear()
            elif holds_from(s.begins, s.time, historical=self._historical) <= ms:
                standing.append(s)
        overtime = [s for s in standing if s.kind is ShiftKind.OVERTIME]
        return next(((s.kind, s.row) for s in overtime + standing), None)

    def _default_at(
        self, ms: int, day: date, default: DefaultShift, policy: RowName
    ) -> tuple[ShiftKind, RowName] | None:
        if any(s.kind is ShiftKind.CANCELLED for s in self._shifts.over(ms, ms + 1)):
            return None
        minute = (ms - start_of_day(day)) // MINUTE
        return (ShiftKind.REGULAR, policy) if default.begins <= minute < default.ends else None

    def _works_on(self, day: date) -> bool:
        """Whether a shift of the day is left that no later row takes back whole."""
        begins, ends = start_of_day(day), start_of_day(day + timedelta(days=1))
        standing: list[ShiftFact] = []
        for s in self._shifts.over(begins, ends):
            if s.kind is ShiftKind.CANCELLED:
                standing = [
                    t
                    for t in standing
                    if not (s.begins <= max(t.begins, begins) and min(t.ends, ends) <= s.ends)
                ]
            else:
                standing.append(s)
        return bool(standing)

    def _away(self, ms: int) -> tuple[Reason, ...]:
        away: tuple[Reason, ...] = ()
        for s in self._leave.over(ms, ms + 1):
            if s.kind != LEAVE_ENDED:
                away = (Reason.OFF_POST if s.kind == OFF_POST else Reason.ON_LEAVE,)
            elif holds_from(s.begins, s.time, historical=self._historical) <= ms:
                away = ()
        return away


def midnights(since: int, until: int) -> list[int]:
    """The beginnings of the days in China from the one that holds `since` to the one after `until`."""
    first, last = local_day(since), local_day(until)
    return [start_of_day(first + timedelta(days=n)) for n in range((last - first).days + 2)]
