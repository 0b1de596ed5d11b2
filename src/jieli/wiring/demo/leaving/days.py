"""The second act's November."""

from datetime import date

from jieli.wiring.demo.days import moment


def november(number: int, clock: str) -> int:
    """A moment of November 2026."""
    return moment(date(2026, 11, number), clock)
