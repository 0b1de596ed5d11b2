"""Numbers and pure rules of the archive that a site or counsel may look at."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from jieli.kernel.times import DAY, HOUR
from jieli.law.deadlines import due_after_years

#: Backups of the key store and of the keyring live no longer than this after a key went out of use.
KEY_BACKUP_DAYS = 30
#: At the latest after so many days a new wrap epoch is opened.
EPOCH_DAYS = 30
#: Backups of the main database live no longer than this.
MAIN_BACKUP_DAYS = 35
#: A page without a batch for so long was left by a crash.
ORPHAN_AFTER = HOUR


def backups_gone_by(live_gone_at: int) -> int:
    """The day after which no backup holds what was destroyed at `live_gone_at` (ms UTC): the certificate's second date.

    For secrets: the epoch ends within EPOCH_DAYS and its key is destroyed KEY_BACKUP_DAYS later; for plain
    columns: the main database's backups run out. Whichever is later (ADR 3).
    """
    return live_gone_at + max(EPOCH_DAYS + KEY_BACKUP_DAYS, MAIN_BACKUP_DAYS) * DAY


#: After the limitation has run out a claim raised on its last day may still be on its way to the company.
LATE_NEWS_DAYS = 30
#: So many items go with one plan at most: what is left is due for the next one.
MOST_IN_A_PLAN = 50_000
#: No class is kept longer than a hundred years; `archive_class_months` has the same number.
MOST_MONTHS = 1_200


@dataclass(frozen=True, slots=True)
class Limit:
    """Why somebody's records outlive their class; `until` is the last day, None while a matter is open."""

    until: date | None
    ground: str
    articles: tuple[str, ...]


def limit_of(left_on: date | None, open_matters: Sequence[str]) -> Limit | None:
    """The limit of a person who left on a day, or of a party to open matters (their numbers); None for no limit.

    A year from the end of employment (LDMA-27), its last day rolled (CC-203), and LATE_NEWS_DAYS for news of a
    claim. An open matter has no last day: it outlasts every date.
    """
    if open_matters:
        return Limit(None, f"事项 {'、'.join(open_matters)} 尚未办结", ("LDMA-6", "LDMA-39"))
    if left_on is None:
        return None
    until = due_after_years(left_on, 1).day + timedelta(days=LATE_NEWS_DAYS)
    return Limit(until, f"仲裁时效内，保留至 {until:%Y-%m-%d}", ("LDMA-6", "LDMA-27", "LDMA-39"))


def limited(limit: Limit | None, today: date) -> bool:
    """Whether a limit still stands on a day."""
    return limit is not None and (limit.until is None or today <= limit.until)


def kept_until(start: date, months: int) -> date:
    """The last day of keeping what began on a day (CC-201, CC-202: not the day itself; the day of the same number).

    Total: beyond the calendar it is the calendar's last day, or its first.
    """
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        return date.max if months > 0 else date.min
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def due_before(today: date, months: int) -> date:
    """The first day that is not due yet: what began before it has been kept for `months`, and its last day is over.

    Total: nothing is due of what is kept beyond the calendar's first day.
    """
    if kept_until(date.min, months) >= today:
        return date.min
    day = kept_until(today, -months) + timedelta(days=3)  # months differ by three days at most
    while kept_until(day - timedelta(days=1), months) >= today:
        day -= timedelta(days=1)
    return day
