"""Making the search index anew from the items, a month at a time, beside the one that serves.

A house has one rebuilding at a time, and no merge meanwhile; deposits, searches and destructions go on. What lives is
noted once at the start, in a passing table of this connection; pieces of a month lie in another one until the month
is whole. Then, under the month's lock, they are merged into place without what was tombstoned meanwhile, and every
segment that they cover goes. Crash anywhere: months that are done are done, the others serve as before.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import psycopg
from django.db import connections, transaction

from jieli.archive import locks, ports, segments
from jieli.archive.index import segment as codec
from jieli.archive.index import tiers
from jieli.archive.index.merging import Merging, documents
from jieli.archive.index.rows import Manifest
from jieli.archive.index.search import Wanted
from jieli.archive.keys.store import index_keys
from jieli.archive.models import Segment
from jieli.kernel.failpoints import reach
from jieli.kernel.times import SHANGHAI, to_ms
from jieli.ledger.bulk import copy_rows

#: So many documents make a piece; an opening names them all.
PIECE = 5_000

_NOTE_ITEMS = (
    "CREATE TEMPORARY TABLE rebuilt_item AS SELECT i.item_id, i.event_at,"
    " to_char(to_timestamp(i.event_at / 1000) AT TIME ZONE 'Asia/Shanghai', 'YYYYMM')::int AS month"
    " FROM archive_item i WHERE i.shredded_in IS NULL"
    " AND NOT EXISTS (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id)",
    "CREATE INDEX ON rebuilt_item (month, item_id)",
    "CREATE TEMPORARY TABLE rebuilt_row (segment bigint, row int, data bytea, PRIMARY KEY (segment, row))",
    "ALTER TABLE rebuilt_row ALTER COLUMN data SET STORAGE EXTERNAL",
)


@dataclass
class Rebuilding:
    """A rebuilding under way: which months there are, and which segments served when it began."""

    old: dict[int, Manifest]
    months: list[int] = field(default_factory=list)

    def pieces(self, month: int) -> Iterator[list[int]]:
        """The living items of a month as noted, PIECE at a time."""
        last = -1
        while found := [row[0] for row in _rows(_NEXT, [month, last, PIECE])]:
            yield found
            last = found[-1]

    def put_in_place(self, month: int, pieces: "Pieces") -> int:
        """The pieces of a month in the place of what served; how many segments it has now. One transaction."""
        with transaction.atomic(using="default", durable=True):
            locks.change_segments(month)
            reach("rebuild.before_swap")
            gone = list(self._covered(month))
            made = 0
            for group in pieces.groups():
                made += _merged(group, pieces)
            Segment.objects.filter(id__in=gone, replaced_by__isnull=True).update(replaced_by=0)
        segments.sweep()
        return made

    def _covered(self, month: int) -> Iterator[int]:
        """Segments of what was noted: those that served then, and rewritten ones. A deposit's since then stays."""
        noted = np.array([row[0] for row in _rows(_ALL, [month])], np.int64)
        for number, manifest in segments.live_of_month(month):
            if number in self.old or np.isin(documents(number, manifest, segments.fetch)[0], noted).any():
                yield number


_NEXT = "SELECT item_id FROM rebuilt_item WHERE month = %s AND item_id > %s ORDER BY item_id LIMIT %s"
_ALL = "SELECT item_id FROM rebuilt_item WHERE month = %s"
_TIMES = "SELECT item_id, event_at FROM rebuilt_item WHERE month = %s AND item_id = ANY(%s)"


def first_ms(month: int) -> int:
    """When a month (202403) begins in Shanghai, ms UTC."""
    return to_ms(datetime(month // 100, month % 100, 1, tzinfo=SHANGHAI))


@contextmanager
def begin() -> Iterator[Rebuilding]:
    """Note what lives now; no segment is merged until this ends. One at a time: a second one waits."""
    with locks.no_merges():
        # First the segments, then the items: every item of a segment that is listed here is among those noted.
        old = dict(segments.live())
        _drop()
        with connections["default"].cursor() as cursor:
            for statement in _NOTE_ITEMS:
                cursor.execute(statement)
        months = {row[0] for row in _rows("SELECT DISTINCT month FROM rebuilt_item")}
        try:
            yield Rebuilding(old, sorted(months | {manifest.month for manifest in old.values()}))
        finally:
            _drop()


def _drop() -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.rebuilt_item, pg_temp.rebuilt_row")


@dataclass
class Pieces:
    """The pieces of one month, built and waiting in a passing table."""

    month: int
    made: list[tuple[int, Manifest, int]] = field(
        default_factory=list
    )  # number, manifest, bytes of its shards

    def add(self, texts: Mapping[int, str]) -> None:
        """Build a piece of these items' texts."""
        times: dict[int, int] = {row[0]: row[1] for row in _rows(_TIMES, [self.month, list(texts)])}
        keys = index_keys(ports.keyring(), [self.month])
        built = codec.build_segments(
            np.array(list(texts), np.int64), np.array([times[i] for i in texts], np.int64), list(texts.values()),
            keys.__getitem__,
        )  # fmt: skip
        for one in built:
            number = len(self.made)
            with (
                connections["default"].cursor() as cursor,
                cursor.copy("COPY rebuilt_row (segment, row, data) FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.set_types(["int8", "int4", "bytea"])
                for row, data in one.rows.items():
                    copy.write_row((number, row, data))
            self.made.append((number, one.manifest, sum(len(d) for row, d in one.rows.items() if row >= 0)))

    def groups(self) -> Iterator[list[tuple[int, Manifest, int]]]:
        """The pieces in runs that a segment may hold."""
        group: list[tuple[int, Manifest, int]] = []
        for one in self.made:
            if group and sum(m.documents for _, m, _ in group) + one[1].documents > tiers.MOST_DOCUMENTS:
                yield group
                group = []
            group.append(one)
        if group:
            yield group

    def fetch(self, wanted: Sequence[Wanted]) -> Mapping[Wanted, bytes]:
        """Rows of the pieces."""
        connection = connections["default"]
        with psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(
                "SELECT r.segment, r.row, r.data FROM unnest(%s::int[], %s::bigint[]) AS w(row, segment)"
                " JOIN rebuilt_row r ON r.row = w.row AND r.segment = w.segment",
                [[w.row for w in wanted], [w.segment for w in wanted]],
                binary=True,
            )
            return {Wanted(number, row): data for number, row, data in cursor.fetchall()}

    def forget(self) -> None:
        """Empty the passing table for the next month."""
        with connections["default"].cursor() as cursor:
            cursor.execute("TRUNCATE rebuilt_row")


def _merged(group: Sequence[tuple[int, Manifest, int]], pieces: Pieces) -> int:
    """Store these pieces as one segment without the tombstoned; 0 where nothing is left."""
    merging = Merging(
        [(number, manifest) for number, manifest, _ in group], pieces.fetch, size=sum(size for *_, size in group),
        dead=segments.tombstoned,
    )  # fmt: skip
    if merging.manifest is None:
        return 0
    [number] = segments.new_numbers(1)
    for block in merging.blocks():
        segments.write_rows((row, number, data) for row, data in block)
    copy_rows([segments.stored(number, merging.manifest)])
    return 1


def _rows(query: str, args: Sequence[Any] = ()) -> list[tuple[int, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(query, args)
        return list(cursor.fetchall())
