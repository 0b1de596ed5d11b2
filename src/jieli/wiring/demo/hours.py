"""Who is at work when: rosters with evenings and weekends, overtime with its own form, leave."""

from collections.abc import Iterator
from datetime import date, timedelta

from jieli.wiring.demo.days import HOLIDAYS, days
from jieli.wiring.demo.people import Case, Employee

Span = tuple[str, date, str, str]  # staff number, day, from, to

#: Which weekdays (Monday 0) and hours: week-ends are when customers have time.
_SALES = (
    ({1, 2, 3, 4, 5}, "10:00", "19:00"),
    ({2, 3, 4, 5, 6}, "12:00", "21:00"),
    ({4, 5, 6, 0, 1}, "10:30", "19:30"),
)
_SERVICE = (({0, 1, 2, 3, 4}, "08:30", "17:30"), ({3, 4, 5, 6, 0}, "13:00", "21:30"))
#: Service people from this number on keep no roster: the policy's standing hours are theirs.
STANDING_FROM = "E0025"
STANDING = (9 * 60, 18 * 60)

#: Overtime that the person asked for and that was allowed, known before it begins.
OVERTIME: tuple[Span, ...] = (
    ("E0002", date(2026, 9, 11), "21:00", "22:30"),
    ("E0004", date(2026, 9, 7), "10:00", "16:00"),
    ("E0005", date(2026, 9, 26), "09:00", "18:00"),
    ("E0021", date(2026, 9, 26), "09:00", "18:00"),
)
#: On a public holiday a roster alone opens nothing.
ROSTERED_ON_HOLIDAY: Span = ("E0001", date(2026, 9, 26), "10:00", "19:00")
#: Told in the month: a shift taken back, and overtime that evening.
CANCELLED: Span = ("E0011", date(2026, 9, 23), "12:00", "21:00")
LATE_OVERTIME: Span = ("E0013", date(2026, 9, 21), "10:00", "16:00")

LEAVE = (
    ("E0023", "2026-09-08", "2026-09-11", "年假"),
    ("E0024", "2026-09-10 14:00", "2026-09-10 16:30", "离岗"),
    ("E0005", "2026-09-17", "2026-09-18", "病假"),
    ("E0027", "2026-09-22", "2026-09-24", "调休"),
)
LEAVE_ENDED = (("E0005", "2026-09-17 14:00", "2026-09-18", "销假"),)


def rostered(e: Employee) -> Iterator[Span]:
    """The shifts of somebody who keeps a roster, but for public holidays."""
    patterns = {"销售": _SALES, "客服": _SERVICE if e.no < STANDING_FROM else ()}.get(e.post, ())
    if not patterns:
        return
    weekdays, begins, ends = patterns[int(e.no[1:]) % len(patterns) - 1]
    for on in days():
        gone = e.left is not None and on > e.left
        if on.weekday() in weekdays and on not in HOLIDAYS and on >= e.joined and not gone:
            yield (e.no, on, begins, ends)


def at_work(e: Employee) -> list[Span]:
    """When somebody is to be found at work, by roster or by standing hours."""
    found = list(rostered(e))
    if found or e.case is Case.NO_ACCOUNT:
        return found
    return [(e.no, on, "09:00", "18:00") for on in days() if on.weekday() < 5 and on not in HOLIDAYS]


def shift_rows(staff: list[Employee]) -> list[tuple[str, ...]]:
    """班次.csv"""
    rows = [_row(span, "班次") for e in staff for span in rostered(e)]
    rows.append(_row(ROSTERED_ON_HOLIDAY, "班次"))
    return rows + [_row(span, "加班") for span in OVERTIME]


def late_shift_rows() -> list[tuple[str, ...]]:
    """班次.csv as it is sent in once more in the month."""
    return [_row(CANCELLED, "取消"), _row(LATE_OVERTIME, "加班")]


def _row(span: Span, kind: str) -> tuple[str, ...]:
    who, on, begins, ends = span
    until = on + timedelta(days=1) if ends <= begins else on
    return (who, f"{on} {begins}", f"{until} {ends}", kind)
