"""What stays of refused messages: counts by account, day and reason, and for 30 days digests of their ids (P2)."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import connections

from jieli.capture import locks
from jieli.capture.models import Tally
from jieli.capture.policy import REFUSAL_STAYS, day_of_refusal
from jieli.kernel.ids import new_id
from jieli.kernel.times import HOUR
from jieli.ledger.bulk import copy_records
from jieli.ledger.operations import Staged

Key = tuple[UUID | None, date, str]


@dataclass(slots=True)
class Counts:
    """Refused messages being counted; nothing of a message goes in but these three words and its id's digest.

    The day is worked out for each hour, not for each message: a day in China begins with an hour.
    """

    alike: Counter[tuple[UUID | None, int, tuple[str, ...]]] = field(default_factory=Counter)
    digests: set[bytes] = field(default_factory=set)

    def add(self, digest: bytes, account: UUID | None, hour: int, reasons: tuple[str, ...]) -> None:
        """Count a message of so many whole hours since 1970; a digest that is counted already adds nothing."""
        if digest not in self.digests:
            self.digests.add(digest)
            self.alike[account, hour, reasons] += 1

    def tallied(self, *, at: int) -> tuple[Counter[Key], Counter[Key]]:
        """Messages by account, day and each reason; and by account, day and the first reason."""
        count: Counter[Key] = Counter()
        first: Counter[Key] = Counter()
        for (account, hour, reasons), number in self.alike.items():
            day = day_of_refusal(hour * HOUR, reasons, at=at)
            first[account, day, reasons[0]] += number
            for reason in reasons:
                count[account, day, reason] += number
        return count, first


def refused_before(digests: Collection[bytes], *, at: int) -> set[bytes]:
    """Which of these were refused within the last 30 days."""
    if not digests:
        return set()
    # One long string: an array of bytea costs ten times as much to send.
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT r.digest FROM string_to_array(%s, ',') AS w(all_of_them), unnest(w.all_of_them) AS u(digest)"
            " JOIN capture_refusal r ON r.digest = decode(u.digest, 'hex') WHERE r.expires_at > %s",
            [",".join(digest.hex() for digest in digests), at],
        )
        return {bytes(digest) for (digest,) in cursor.fetchall()}


def write(entry: Staged, counts: Counts, *, at: int) -> None:
    """Add the counts to the tallies, a part for each that changes, and keep the digests until they expire."""
    if not counts.digests:
        return
    # One that expired but was not swept yet would stand in the way of itself.
    sweep(at=at)
    until = at + REFUSAL_STAYS
    copy_records("capture_refusal", ("digest", "expires_at"), ((digest, until) for digest in counts.digests))
    locks.count()
    count, first = counts.tallied(at=at)
    standing = _standing(count)
    revised, new = [], []
    for key, number in count.items():
        row = standing.get(key)
        if row is None:
            account, day, reason = key
            row = Tally(id=new_id(at), account=account, day=day, reason=reason, count=0, first=0)
            new.append(row)
        else:
            revised.append(row)
        row.count += number
        row.first += first[key]
    entry.insert(*new)
    entry.revise(*revised)


def _standing(keys: Iterable[Key]) -> dict[Key, Tally]:
    wanted = set(keys)
    rows = Tally.objects.filter(day__in={k[1] for k in wanted}, reason__in={k[2] for k in wanted})
    return {key: row for row in rows if (key := (row.account, row.day, row.reason)) in wanted}


def sweep(*, at: int) -> int:
    """Delete the digests whose 30 days are over; how many. Safe at any moment, and again."""
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM capture_refusal WHERE expires_at <= %s", [at])
        return int(cursor.rowcount)
