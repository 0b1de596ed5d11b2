"""The demo's month and its moments: September 2026, with a made-up Sunday and a public holiday in it."""

from datetime import date, datetime, time, timedelta

from jieli.kernel.times import SHANGHAI, to_ms

YEAR, MONTH = 2026, 9
FIRST, LAST = date(YEAR, MONTH, 1), date(YEAR, MONTH, 30)
HOLIDAYS = frozenset({date(2026, 9, 25), date(2026, 9, 26), date(2026, 9, 27)})  # 中秋节
MADE_UP = date(2026, 9, 20)  # a Sunday on which people work
#: When the firm's registers, notices and consents were entered: everything else comes after.
BEGIN = datetime(2026, 8, 28, 9, 0, tzinfo=SHANGHAI)


def day(number: int) -> date:
    """A day of the month."""
    return date(YEAR, MONTH, number)


def days() -> list[date]:
    """Every day of the month."""
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def moment(on: date, clock: str) -> int:
    """Milliseconds of a day and a wall clock "HH:MM" or "HH:MM:SS" in China."""
    return to_ms(datetime.combine(on, time.fromisoformat(clock), tzinfo=SHANGHAI))


def august(number: int, clock: str) -> int:
    """A moment of the days before the month."""
    return moment(date(2026, 8, number), clock)


def october(number: int, clock: str) -> int:
    """A moment of the days after the month."""
    return moment(date(2026, 10, number), clock)
