"""Time inside the house is an integer: milliseconds since 1970 in UTC. Only doors read the clock."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


def to_ms(moment: datetime) -> int:
    """Milliseconds of an aware datetime; a naive one is refused, for nobody could say what it means."""
    if moment.tzinfo is None:
        raise ValueError("a naive datetime has no instant")
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return delta.days * DAY + delta.seconds * SECOND + delta.microseconds // 1_000


def from_ms(ms: int) -> datetime:
    """The aware UTC datetime of milliseconds."""
    return datetime.fromtimestamp(ms // SECOND, UTC).replace(microsecond=ms % SECOND * 1_000)


def local(ms: int) -> datetime:
    """The instant on a wall clock in China."""
    return from_ms(ms).astimezone(SHANGHAI)


def local_day(ms: int) -> date:
    """The calendar day in China that holds the instant."""
    return local(ms).date()


def start_of_day(day: date) -> int:
    """Milliseconds at which a day begins in China."""
    return to_ms(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI))
