"""How much is kept, of which account and hour, and in which order all of it is gone through. No content is read."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connections

from jieli.archive.queries import ITEM_COLUMNS, ITEM_TABLES, item_ref
from jieli.archive.types import POSITIONS, ItemRef
from jieli.kernel.times import HOUR

#: (conversation, event, item): everything that is kept stands in this order.
Place = tuple[int, int, int]
BEGINNING: Place = (0, -1, -1)


@dataclass(frozen=True, slots=True)
class Kept:
    """Items by account and whole hour since 1970; of destroyed ones only the hour is still known."""

    by_account: dict[tuple[UUID, int], int]
    destroyed: dict[int, int]


def by_hour(accounts: Iterable[UUID], *, from_ms: int, to_ms: int) -> Kept:
    """How many items of these accounts stand in each hour of a half-open window, and how many destroyed ones of any."""
    counted = _rows(
        "SELECT b.account, i.event_at / %s, count(*) FROM archive_item i JOIN archive_basis b ON b.id = i.basis_id"
        " WHERE i.event_at >= %s AND i.event_at < %s AND b.account = ANY(%s) GROUP BY 1, 2",
        [HOUR, from_ms, to_ms, list(accounts)],
    )
    gone = _rows(
        "SELECT i.event_at / %s, count(*) FROM archive_item i WHERE i.event_at >= %s AND i.event_at < %s"
        " AND i.shredded_in IS NOT NULL GROUP BY 1",
        [HOUR, from_ms, to_ms],
    )
    return Kept({(account, hour): number for account, hour, number in counted}, dict(gone))


def newest_batch() -> int:
    """The last batch that was deposited; 0 before the first."""
    [(found,)] = _rows("SELECT COALESCE(max(id), 0) FROM archive_batch", [])
    return int(found)


@dataclass(frozen=True, slots=True)
class Span:
    """The batches that one log of the book holds: what lies in them is proved by its checkpoints."""

    log: int
    from_batch: int
    upto_batch: int


def spans(*, upto_batch: int) -> list[Span]:
    """The batches up to this one by log, oldest first; nearly always one. A restore gives no number of a batch twice,
    so those of a later log are all above those of the log before it."""
    found = _rows(
        "SELECT log, min(row_id::bigint) FROM ledger_part WHERE row_table = 'archive_batch' GROUP BY log ORDER BY log",
        [],
    )
    there = [(log, first) for log, first in found if first <= upto_batch]
    ends = [*(first - 1 for _, first in there[1:]), upto_batch][: len(there)]
    return [
        Span(log, first if n else 0, last)
        for n, ((log, first), last) in enumerate(zip(there, ends, strict=True))
    ]


def walk(after: Place, *, upto_batch: int, limit: int, from_batch: int = 0) -> list[ItemRef]:
    """The next items after a place, by conversation and then in the order of their events, destroyed ones too.

    Batches after `upto_batch` are left aside, so that going on tomorrow walks the same items as today; those before
    `from_batch` too.
    """
    found = _rows(
        f"SELECT {ITEM_COLUMNS} FROM {ITEM_TABLES} WHERE (i.conversation, i.event_at, i.item_id) > (%s, %s, %s)"  # noqa: S608 - our words
        " AND i.conversation >= %s AND i.item_id < %s AND i.item_id >= %s"
        " ORDER BY i.conversation, i.event_at, i.item_id LIMIT %s",
        [*after, after[0], (upto_batch + 1) * POSITIONS, from_batch * POSITIONS, limit],
    )
    return [item_ref(row) for row in found]


def place_of(item: ItemRef) -> Place:
    """Where an item stands in that order."""
    return item.conversation, item.event_ms, item.item_id


def by_source(*, upto_batch: int) -> dict[str, int]:
    """How many items came from each source in the batches up to this one, destroyed ones too."""
    found = _rows(
        "SELECT source, count(*) FROM archive_item WHERE item_id < %s GROUP BY source ORDER BY source",
        [(upto_batch + 1) * POSITIONS],
    )
    return dict(found)


def _rows(query: str, args: list[Any]) -> list[Any]:
    with connections["default"].cursor() as cursor:
        cursor.execute(query, args)
        return list(cursor.fetchall())
