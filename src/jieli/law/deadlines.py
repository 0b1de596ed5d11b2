"""When a period ends, by 民法典 201–203: pure. A day ends at 24:00 in China, so overdue begins on the day after.

CC-201: the day on which a period starts is not counted. CC-202: a period of months or years ends on the day of the
same number, or on the month's last. CC-203: a last day that is off moves to the next working day; a week-end day on
which people work by exchange (调休上班) is a working day.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from jieli.law.calendar import is_day_off

ARTICLES = ("CC-201", "CC-202", "CC-203")


@dataclass(frozen=True, slots=True)
class Due:
    """The last day on which something is in time. `counted` is the last day as counted, before any rolling.

    `provisional`: a year that was needed for rolling is not entered; `day` is then `counted`, the earliest it can
    be, and may move later once the calendar is known (`rolled`).
    """

    day: date
    provisional: bool
    counted: date

    def days_late(self, today: date) -> int:
        """How many days after the last day; 0 while in time."""
        return max(0, (today - self.day).days)


def rolled(counted: date) -> Due:
    """The due day of a period whose last day as counted is known (CC-203)."""
    day = counted
    while (off := is_day_off(day)) is True:
        day += timedelta(days=1)
    return Due(counted, True, counted) if off is None else Due(day, False, counted)


def due_after(start: date, days: int) -> Due:
    """The end of a period of days that starts on a day, that day not counted. ValueError unless days ≥ 1."""
    _check(days)
    return rolled(start + timedelta(days=days))


def due_after_months(start: date, months: int) -> Due:
    """The end of a period of months. ValueError unless months ≥ 1."""
    _check(months)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return rolled(date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])))


def due_after_years(start: date, years: int) -> Due:
    """The end of a period of years. ValueError unless years ≥ 1."""
    return due_after_months(start, 12 * years)


def due_on(day: date) -> Due:
    """Due on the very day, whatever day it is: what falls due with an event is not a period, and does not roll."""
    return Due(day, False, day)


def _check(length: int) -> None:
    if length < 1:
        raise ValueError("a period is at least one day, month or year long")
