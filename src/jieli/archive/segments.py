"""The search index in the database: segments written with their batch, merged later, rewritten without the dead."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from django.db import connections, transaction
from numpy.typing import NDArray

from jieli.archive import locks
from jieli.archive.index import segment as codec
from jieli.archive.index import tiers
from jieli.archive.index.merging import Merging, documents
from jieli.archive.index.rows import Manifest
from jieli.archive.index.search import Wanted
from jieli.archive.keys.ring import Keyring
from jieli.archive.keys.store import index_keys
from jieli.archive.models import Segment, SegmentRow
from jieli.kernel.failpoints import reach
from jieli.ledger.bulk import copy_rows
from jieli.ledger.plain import Asked, array, prepared

Int64s = NDArray[np.int64]
_IDS_AT_ONCE = 10_000
#: So often a merge is begun anew when an erasure was quicker; then the worker's next turn has it.
_TRIES = 3


class _OvertakenError(Exception):
    """What is being merged was rewritten meanwhile, or more of it was tombstoned."""


def add(ring: Keyring, ids: Int64s, times: Int64s, texts: Sequence[str]) -> None:
    """Index documents, in the caller's transaction: one small segment for each event month."""
    keys = index_keys(ring, np.unique(codec.month_of(times)).tolist())
    write(codec.build_segments(ids, times, texts, keys.__getitem__))


def write(built: Sequence[codec.Segment]) -> list[int]:
    """Store segments; their numbers."""
    numbers = new_numbers(len(built))
    copy_rows([stored(number, one.manifest) for number, one in zip(numbers, built, strict=True)])
    write_rows(
        (row, number, data)
        for number, one in zip(numbers, built, strict=True)
        for row, data in one.rows.items()
    )
    return numbers


def new_numbers(count: int) -> list[int]:
    """Numbers for so many segments, ascending."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT nextval('archive_segment_id_seq') FROM generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]


def write_rows(rows: Iterable[tuple[int, int, bytes]]) -> None:
    """Store (row, segment, bytes) in binary: they are the most bytes of a deposit, and as text would double."""
    connection = connections["default"]
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.copy("COPY archive_segment_row (row, segment, data) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.set_types(["int4", "int8", "bytea"])
        for row in rows:
            copy.write_row(row)


def stored(number: int, m: Manifest) -> Segment:
    """The row of a segment that is searched."""
    return Segment(
        id=number, month=m.month, documents=m.documents, first_ms=m.first_ms, last_ms=m.last_ms,
        shard_bits=m.shard_bits, mark=m.mark,
    )  # fmt: skip


def manifest(row: Segment) -> Manifest:
    """What the index wants to know of a stored segment."""
    return Manifest(row.month, row.documents, row.first_ms, row.last_ms, row.shard_bits, row.mark)


def live(*, from_ms: int | None = None, to_ms: int | None = None) -> list[tuple[int, Manifest]]:
    """(number, manifest) of the segments that are searched and touch the window."""
    return live_within(from_ms=from_ms, to_ms=to_ms).answer()


def live_within(*, from_ms: int | None = None, to_ms: int | None = None) -> Asked[list[tuple[int, Manifest]]]:
    """`live`, to be asked along with something else."""
    return _live(
        "last_ms >= $1::bigint AND first_ms < $2::bigint",
        [-(2**63) if from_ms is None else from_ms, 2**63 - 1 if to_ms is None else to_ms],
    )


def live_of_month(month: int) -> list[tuple[int, Manifest]]:
    """(number, manifest) of a month's segments, oldest first."""
    return sorted(_live("month = $1::int", [month]).answer(), key=lambda one: one[0])


def _live(where: str, args: Sequence[int]) -> Asked[list[tuple[int, Manifest]]]:
    # Bare rows: a search reads some hundred of them, and a model each would take longer than all the rest.
    asked = (
        "SELECT id, month, documents, first_ms, last_ms, shard_bits, mark FROM archive_segment"  # noqa: S608
        f" WHERE replaced_by IS NULL AND {where}"
    )
    return Asked((asked, args), lambda found: [(number, Manifest(*rest)) for number, *rest in found])


#: Rows are up to 32 KiB, and as text they would double.
_FETCH = (
    "SELECT r.segment, r.row, r.data FROM unnest($1::int[], $2::bigint[]) AS w(row, segment)"
    " JOIN archive_segment_row r ON r.row = w.row AND r.segment = w.segment"
)


def fetch(wanted: Sequence[Wanted]) -> Mapping[Wanted, bytes]:
    """The bytes of index rows, in one query; a row that is not there is absent."""
    found = prepared(_FETCH, [array(w.row for w in wanted), array(w.segment for w in wanted)])
    return {Wanted(number, row): data for number, row, data in found}


def load(row: Segment) -> codec.Segment:
    """A whole segment."""
    found = SegmentRow.objects.filter(segment=row.id).values_list("row", "data")
    return codec.Segment(manifest(row), {number: bytes(data) for number, data in found})


def merge_month(month: int, *, at: int | None = None) -> int:
    """Merge a month's segments tier by tier until no tier is full; how many were replaced. With `at`, settled months
    are merged to the end.

    One merge is one transaction. It reads and writes without holding up anybody and takes the month's lock only to
    put its result in place, if meanwhile no source was rewritten and nothing more was tombstoned: else it begins
    anew. Crash before COMMIT: the old segments still serve.
    """
    replaced, tries = 0, 0
    while tries < _TRIES:
        try:
            done = _merge_once(month, settled=tiers.settled(month, at=at))
        except _OvertakenError:
            tries += 1
            continue
        if not done:
            break
        replaced += done
    return replaced


def months_to_merge(*, at: int | None = None) -> list[int]:
    """Months in which some tier is full, or which are settled and still in pieces."""
    sizes: dict[int, list[tuple[int, int]]] = {}
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT month, id, documents FROM archive_segment WHERE replaced_by IS NULL")
        for month, number, count in cursor.fetchall():
            sizes.setdefault(month, []).append((number, count))
    found = (m for m, each in sizes.items() if tiers.next_merge(each, settled=tiers.settled(m, at=at)))
    return sorted(found)


def _merge_once(month: int, *, settled: bool) -> int:
    with transaction.atomic(using="default", durable=True):
        if not locks.merge_alone(month):
            return 0
        sources = dict(live_of_month(month))
        chosen = tiers.next_merge([(n, m.documents) for n, m in sources.items()], settled=settled)
        if chosen:
            merging, number = _written([(n, sources[n]) for n in chosen])
            reach("index.before_swap")
            locks.change_segments(month)
            if (
                not set(chosen) <= dict(live_of_month(month)).keys()
                or tombstoned(merging.ids) != merging.dead
            ):
                raise _OvertakenError
            _swap(chosen, number, merging)
        return len(chosen)


def _written(sources: Sequence[tuple[int, Manifest]]) -> tuple[Merging, int]:
    """A merge of these, with its rows stored under a number that nobody looks for yet."""
    merging = Merging(sources, fetch, size=shard_bytes([n for n, _ in sources]), dead=tombstoned)
    [number] = new_numbers(1)
    for block in merging.blocks():
        write_rows((row, number, data) for row, data in block)
        reach("index.merge_rows")
    return merging, number


def _swap(old: Sequence[int], number: int, merging: Merging) -> None:
    """Put the merged segment in the place of these, in the caller's transaction and under the month's lock."""
    if merging.manifest is not None:
        copy_rows([stored(number, merging.manifest)])
    Segment.objects.filter(id__in=old).update(replaced_by=number if merging.manifest is not None else 0)
    reach("index.after_swap")


def shard_bytes(numbers: Sequence[int]) -> int:
    """The bytes of the postings of segments, as they are stored."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(octet_length(data)), 0) FROM archive_segment_row WHERE segment = ANY(%s) AND row >= 0",
            [list(numbers)],
        )
        return int(cursor.fetchone()[0])


def tombstoned(ids: Int64s) -> frozenset[int]:
    """Which of these items are being destroyed, or were."""
    found: set[int] = set()
    with connections["default"].cursor() as cursor:
        for some in _chunks(ids):
            cursor.execute("SELECT item_id FROM archive_tombstone WHERE item_id = ANY(%s)", [some])
            found.update(row[0] for row in cursor.fetchall())
    return frozenset(found)


def _chunks(ids: Int64s) -> Iterator[list[int]]:
    for first in range(0, len(ids), _IDS_AT_ONCE):
        yield ids[first : first + _IDS_AT_ONCE].tolist()


def rewrite_without(events: Mapping[int, int]) -> int:
    """Rewrite every live segment that holds one of these items (id → event ms) without the tombstoned ones.

    One transaction a month; idempotent. Returns how many segments were rewritten; the old ones are swept by
    `sweep`.
    """
    by_month: dict[int, list[int]] = {}
    times = np.array(list(events.values()), np.int64)
    for item, month in zip(events, codec.month_of(times).tolist(), strict=True):
        by_month.setdefault(month, []).append(item)
    return sum(_rewrite_month(month, items, events) for month, items in sorted(by_month.items()))


def _rewrite_month(month: int, items: Sequence[int], events: Mapping[int, int]) -> int:
    """Under the month's lock from beginning to end: a merge that is under way will find its sources gone."""
    first, last = min(events[i] for i in items), max(events[i] for i in items)
    wanted = np.array(items, np.int64)
    rewritten = 0
    with transaction.atomic(using="default", durable=True):
        locks.change_segments(month)
        for number, known in live_of_month(month):
            if known.first_ms > last or known.last_ms < first:
                continue
            if np.isin(documents(number, known, fetch)[0], wanted).any():
                merging, fresh = _written([(number, known)])
                _swap([number], fresh, merging)
                rewritten += 1
    return rewritten


def sweep() -> None:
    """Delete replaced segments: the right of the shred role, whose function this calls."""
    with connections["shred"].cursor() as cursor:
        cursor.execute("SELECT archive_sweep_segments()")
