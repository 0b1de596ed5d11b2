"""What stays of refused messages: counts by account, day and reason, and for 30 days digests of their ids (P2)."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import connections

from jieli.capture import locks
from jieli.capture.models import Refusal, Tally
from jieli.capture.policy import REFUSAL_STAYS
from jieli.kernel.ids import new_id
from jieli.ledger.bulk import copy_rows
from jieli.ledger.operations import Staged

Key = tuple[UUID | None, date, str]


@dataclass(slots=True)
class Counts:
    """Refused messages being counted; nothing of a message goes in but these three words and its id's digest."""

    count: Counter[Key] = field(default_factory=Counter)
    first: Counter[Key] = field(default_factory=Counter)
    digests: dict[bytes, None] = field(default_factory=dict)

    def add(self, digest: bytes, account: UUID | None, day: date, reasons: Sequence[str]) -> None:
        """Count a message; a digest that is counted already adds nothing."""
        if digest in self.digests:
            return
        self.digests[digest] = None
        self.first[account, day, reasons[0]] += 1
        for reason in reasons:
            self.count[account, day, reason] += 1


def refused_before(digests: Collection[bytes], *, at: int) -> set[bytes]:
    """Which of these were refused within the last 30 days."""
    found = Refusal.objects.filter(digest__in=list(digests), expires_at__gt=at)
    return {bytes(digest) for digest in found.values_list("digest", flat=True)}


def write(entry: Staged, counts: Counts, *, at: int) -> None:
    """Add the counts to the tallies, a part for each that changes, and keep the digests until they expire."""
    if not counts.digests:
        return
    # One that expired but was not swept yet would stand in the way of itself.
    sweep(at=at)
    copy_rows([Refusal(digest=digest, expires_at=at + REFUSAL_STAYS) for digest in counts.digests])
    locks.count()
    standing = _standing(counts.count)
    revised, new = [], []
    for key, number in counts.count.items():
        row = standing.get(key)
        if row is None:
            account, day, reason = key
            row = Tally(id=new_id(at), account=account, day=day, reason=reason, count=0, first=0)
            new.append(row)
        else:
            revised.append(row)
        row.count += number
        row.first += counts.first[key]
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
