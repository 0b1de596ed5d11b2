"""When a period ends: the first day not counted, a last day that is off moved on, an unknown year called unknown."""

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.law import calendar
from jieli.law.calendar import KindOfDay, is_day_off, kind_of
from jieli.law.deadlines import (
    ARTICLES,
    Due,
    due_after,
    due_after_months,
    due_after_years,
    due_on,
    rolled,
)
from jieli.law.queries import cite_all

FIRST, LAST = min(calendar.known_years()), max(calendar.known_years())
days = st.dates(date(FIRST, 1, 1), date(LAST, 12, 31))
lengths = st.integers(1, 800)


@pytest.mark.req("R0.31")
def test_ten_days_from_the_mediation_of_20_november_end_on_30_november() -> None:
    due = due_after(date(2026, 11, 20), 10)
    assert due == Due(date(2026, 11, 30), False, date(2026, 11, 30))
    assert (due.days_late(date(2026, 11, 30)), due.days_late(date(2026, 12, 1))) == (0, 1)


@pytest.mark.req("R0.31")
def test_a_certificate_due_on_the_exit_day_is_overdue_on_the_day_after() -> None:
    due = due_on(date(2026, 11, 20))
    assert due == Due(date(2026, 11, 20), False, date(2026, 11, 20))
    assert (due.days_late(date(2026, 11, 20)), due.days_late(date(2026, 11, 21))) == (0, 1)


def test_what_falls_due_with_an_event_does_not_move_from_a_sunday() -> None:
    assert due_on(date(2026, 11, 22)).day == date(2026, 11, 22)


@pytest.mark.parametrize(
    ("counted", "day"),
    [
        ("2026-11-21", "2026-11-23"),  # a Saturday
        ("2026-10-01", "2026-10-08"),  # 国庆 1 to 7 October
        ("2026-10-10", "2026-10-10"),  # a Saturday on which people work by exchange
        ("2026-02-14", "2026-02-14"),  # the same before the spring festival
        ("2026-02-15", "2026-02-24"),  # and the festival itself
    ],
)
def test_a_last_day_that_is_off_moves_to_the_next_working_day(counted: str, day: str) -> None:
    assert rolled(date.fromisoformat(counted)).day == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("start", "months", "counted"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2025-11-30", 3, "2026-02-28"),
        ("2025-12-15", 1, "2026-01-15"),
        ("2024-02-29", 12, "2025-02-28"),
    ],
)
def test_months_end_on_the_day_of_the_same_number_or_the_last_of_the_month(
    start: str, months: int, counted: str
) -> None:
    assert due_after_months(date.fromisoformat(start), months).counted == date.fromisoformat(counted)


def test_a_year_that_nobody_entered_makes_a_deadline_provisional_and_unmoved() -> None:
    saturday = next(d for d in (date(LAST + 1, 6, n) for n in range(1, 8)) if d.weekday() == 5)
    assert is_day_off(saturday) is None
    assert rolled(saturday) == Due(saturday, True, saturday)


def test_a_holiday_that_reaches_into_an_unknown_year_is_provisional(monkeypatch: pytest.MonkeyPatch) -> None:
    # 31 December 2023 was a Sunday; the day after it, in a year not entered, might be a holiday or not.
    monkeypatch.setattr(calendar, "known_years", lambda: frozenset({2023}))
    assert rolled(date(2023, 12, 31)) == Due(date(2023, 12, 31), True, date(2023, 12, 31))
    assert rolled(date(2023, 12, 29)) == Due(date(2023, 12, 29), False, date(2023, 12, 29))


@given(days, lengths)
def test_a_period_of_days_never_ends_early_nor_on_a_day_off_and_skips_only_days_off(
    start: date, length: int
) -> None:
    due = due_after(start, length)
    assert due.counted == start + timedelta(days=length)
    skipped = [due.counted + timedelta(days=n) for n in range((due.day - due.counted).days)]
    assert all(is_day_off(day) for day in skipped)
    assert is_day_off(due.day) in ((False,), (False, None, True))[due.provisional]
    assert due.day == due.counted or not due.provisional


@given(days, lengths)
def test_a_longer_period_never_ends_before_a_shorter_one(start: date, length: int) -> None:
    shorter, longer = due_after(start, length), due_after(start, length + 1)
    assert shorter.day <= longer.day or longer.provisional


@given(days, st.integers(1, 60))
def test_months_are_counted_to_their_month(start: date, months: int) -> None:
    counted = due_after_months(start, months).counted
    assert (counted.year * 12 + counted.month) - (start.year * 12 + start.month) == months
    assert counted.day == min(start.day, monthrange(counted.year, counted.month)[1])


@given(days, st.integers(1, 5))
def test_years_are_twelve_months_each(start: date, years: int) -> None:
    assert due_after_years(start, years) == due_after_months(start, 12 * years)


@pytest.mark.parametrize("count", [due_after, due_after_months, due_after_years])
@pytest.mark.parametrize("length", [0, -1])
def test_a_period_of_nothing_is_refused(count: object, length: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        count(date(2026, 11, 20), length)  # type: ignore[operator]


@given(days)
def test_a_day_is_off_just_when_it_is_a_rest_day_or_a_holiday(day: date) -> None:
    assert is_day_off(day) is (kind_of(day) in (KindOfDay.REST, KindOfDay.HOLIDAY))


def test_the_articles_behind_the_counting_can_be_cited() -> None:
    assert [c.article for c in cite_all(ARTICLES)] == ["第二百零一条", "第二百零二条", "第二百零三条"]
