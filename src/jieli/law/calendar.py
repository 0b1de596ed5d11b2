"""Which days are off in China, from a kept holiday library. A year it does not hold is unknown, never guessed."""

from datetime import date, timedelta
from enum import StrEnum
from functools import cache

import chinese_calendar
from chinese_calendar.constants import holidays, in_lieu_days, workdays

#: What a calendar day entered from here names as its source.
SOURCE = f"chinesecalendar {chinese_calendar.__version__}"


class KindOfDay(StrEnum):
    """What a day is by the State Council's yearly notice. consent stores the same words."""

    WORKDAY = "工作日"
    REST = "休息日"
    HOLIDAY = "法定节假日"
    MADE_UP = "调休上班"


OFF = frozenset({KindOfDay.REST, KindOfDay.HOLIDAY})


@cache
def known_years() -> frozenset[int]:
    """The years whose holidays the library holds."""
    return frozenset(day.year for day in holidays)


def kind_of(day: date) -> KindOfDay | None:
    """What a day is; None where its year is not entered.

    The days of a holiday count as 法定节假日 except those it gets by exchange with a week-end, which are 休息日.
    """
    if day.year not in known_years():
        return None
    weekend = day.weekday() > 4
    if day in workdays:
        return KindOfDay.MADE_UP if weekend else KindOfDay.WORKDAY
    if day in holidays:
        return KindOfDay.REST if day in in_lieu_days else KindOfDay.HOLIDAY
    return KindOfDay.REST if weekend else KindOfDay.WORKDAY


def is_day_off(day: date) -> bool | None:
    """Whether nobody need act on a day (rest day or holiday); None where its year is not entered."""
    kind = kind_of(day)
    return None if kind is None else kind in OFF


def known_days(year: int) -> dict[date, KindOfDay] | None:
    """Every day of a year; None where the year is not entered."""
    if year not in known_years():
        return None
    first = date(year, 1, 1)
    days = (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
    return {day: kind for day in days if (kind := kind_of(day)) is not None}
