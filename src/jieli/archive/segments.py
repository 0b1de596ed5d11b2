"""The search index in the database: segments written with their batch, merged later, rewritten without the dead."""

from collections.abc import Mapping, Sequence

import numpy as np
import psycopg
from django.db import connections, transaction
from numpy.typing import NDArray

from jieli.archive import locks
from jieli.archive.index import segment as codec
from jieli.archive.index.rows import Manifest
from jieli.archive.index.search import Wanted
from jieli.archive.keys.ring import Keyring
from jieli.archive.keys.store import index_keys
from jieli.archive.models import Segment, SegmentRow
from jieli.archive.policy import MERGE_WIDTH, tier
from jieli.ledger.bulk import copy_records, copy_rows

Int64s = NDArray[np.int64]
_ROW_COLUMNS = ("row", "segment", "data")


def add(ring: Keyring, ids: Int64s, times: Int64s, texts: Sequence[str]) -> None:
    """Index documents, in the caller's transaction: one small segment for each event month."""
    keys = index_keys(ring, np.unique(codec.month_of(times)).tolist())
    write(codec.build_segments(ids, times, texts, keys.__getitem__))


def write(built: Sequence[codec.Segment]) -> list[int]:
    """Store segments; their numbers."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT nextval('archive_segment_id_seq') FROM generate_series(1, %s)", [len(built)])
        numbers = [row[0] for row in cursor.fetchall()]
    copy_rows([_row(number, one.manifest) for number, one in zip(numbers, built, strict=True)])
    copy_records(
        "archive_segment_row",
        _ROW_COLUMNS,
        (
            (row, number, data)
            for number, one in zip(numbers, built, strict=True)
            for row, data in one.rows.items()
        ),
    )
    return numbers


def _row(number: int, m: Manifest) -> Segment:
    return Segment(
        id=number, month=m.month, documents=m.documents, first_ms=m.first_ms, last_ms=m.last_ms,
        shard_bits=m.shard_bits, mark=m.mark,
    )  # fmt: skip


def manifest(row: Segment) -> Manifest:
    """What the index wants to know of a stored segment."""
    return Manifest(row.month, row.documents, row.first_ms, row.last_ms, row.shard_bits, row.mark)


def live(*, from_ms: int | None = None, to_ms: int | None = None) -> list[tuple[int, Manifest]]:
    """(number, manifest) of the segments that are searched and touch the window."""
    found = Segment.objects.filter(replaced_by__isnull=True)
    if from_ms is not None:
        found = found.filter(last_ms__gte=from_ms)
    if to_ms is not None:
        found = found.filter(first_ms__lt=to_ms)
    return [(row.id, manifest(row)) for row in found]


def fetch(wanted: Sequence[Wanted]) -> Mapping[Wanted, bytes]:
    """The bytes of index rows, in one query; a row that is not there is absent."""
    connection = connections["default"]
    connection.ensure_connection()
    # The driver's own cursor, for it can answer in binary: rows are up to 256 KiB, and hex would double them.
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            "SELECT r.segment, r.row, r.data FROM unnest(%s::int[], %s::bigint[]) AS w(row, segment)"
            " JOIN archive_segment_row r ON r.row = w.row AND r.segment = w.segment",
            [[w.row for w in wanted], [w.segment for w in wanted]],
            binary=True,
        )
        return {Wanted(number, row): bytes(data) for number, row, data in cursor.fetchall()}


def load(row: Segment) -> codec.Segment:
    """A whole segment."""
    found = SegmentRow.objects.filter(segment=row.id).values_list("row", "data")
    return codec.Segment(manifest(row), {number: bytes(data) for number, data in found})


def merge_month(month: int) -> int:
    """Merge the segments of a month tier by tier until no tier is full; how many were replaced.

    One merge is one transaction under the month's lock. Crash before COMMIT: the old segments still serve.
    """
    replaced = 0
    while True:
        with transaction.atomic(using="default", durable=True):
            locks.change_segments(month)
            group = _full_tier(month)
            if not group:
                return replaced
            _replace(group, [load(row) for row in group])
            replaced += len(group)


def months_to_merge() -> list[int]:
    """Months in which some tier is full."""
    months = Segment.objects.filter(replaced_by__isnull=True).values_list("month", flat=True).distinct()
    return [month for month in sorted(months) if _full_tier(month)]


def _full_tier(month: int) -> list[Segment]:
    tiers: dict[int, list[Segment]] = {}
    for row in Segment.objects.filter(month=month, replaced_by__isnull=True).order_by("id"):
        tiers.setdefault(tier(row.documents), []).append(row)
    return next((group for _, group in sorted(tiers.items()) if len(group) >= MERGE_WIDTH), [])


def _replace(rows: Sequence[Segment], loaded: Sequence[codec.Segment]) -> None:
    """Put one segment without the tombstoned documents in the place of these."""
    ids = np.concatenate([codec.documents_of(one)[0] for one in loaded]).tolist()
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT item_id FROM archive_tombstone WHERE item_id = ANY(%s)", [ids])
        dead = {row[0] for row in cursor.fetchall()}
    merged = codec.merge(loaded, dead)
    number = write([merged])[0] if merged else 0
    Segment.objects.filter(id__in=[row.id for row in rows]).update(replaced_by=number)


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
    first, last = min(events[i] for i in items), max(events[i] for i in items)
    wanted = np.array(items, np.int64)
    rewritten = 0
    with transaction.atomic(using="default", durable=True):
        locks.change_segments(month)
        live_ones = Segment.objects.filter(month=month, replaced_by__isnull=True)
        for row in live_ones.filter(first_ms__lte=last, last_ms__gte=first):
            loaded = load(row)
            if np.isin(codec.documents_of(loaded)[0], wanted).any():
                _replace([row], [loaded])
                rewritten += 1
    return rewritten


def sweep() -> None:
    """Delete replaced segments: the right of the shred role, whose function this calls."""
    with connections["shred"].cursor() as cursor:
        cursor.execute("SELECT archive_sweep_segments()")
