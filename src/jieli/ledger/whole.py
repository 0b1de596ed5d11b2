"""The book from its first entry to its last: entries, parts, commitments and tiles, range by range.

A range is walked by a pure function (`walking.walk`), here or in the processes of an executor; what only all
ranges together show is judged here. Everybody sees one state of the database, so that writers do not disturb.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any

import psycopg
from django.db import connections, transaction
from psycopg.conninfo import make_conninfo

from jieli.ledger import places, queries, walking
from jieli.ledger.fsck import Finding, Note
from jieli.ledger.lost import lost_ranges
from jieli.ledger.plain import rows
from jieli.ledger.types import LAST_LOG, TILE
from jieli.ledger.walking import Emptied, Span, Waiting, Walked
from seal import canonical
from seal.errors import SealError
from seal.tree import root

#: For kinds of entry whose parts after the first ones are kept by a room (items): their leaves, by the entry's place.
ForeignLeaves = Callable[[Sequence[int]], dict[int, list[bytes]]]
#: Only an entry of such a kind may have shredded a part.
SHRED_KINDS = ("archive.shred",)
#: A range is what one tile of the second level covers.
RANGE = TILE * TILE
#: So many leaves kept by rooms are in memory at a time.
LEAVES = 100_000


def check_book(foreign: dict[str, ForeignLeaves], spread: Executor | None = None) -> Iterator[Finding | Note]:
    """Entries are numbered without a gap, run forward in time, hash to their leaves and commit to exactly the parts
    that are kept; parts are whole or were shredded by an entry that names them; tiles are those of the entries.

    With `spread`, ranges are walked by its workers, each over a connection of its own to the same state; it must
    start them by `spawn`, for a forked child would share our connection. It is not used inside a transaction that
    has begun already, whose changes no other connection sees.
    """
    with _one_view() as alone:
        known, named, time = queries.logs(), _Named(), 0
        yield from _of_no_log(known)
        for log in known:
            one = _Log(log, named, time)
            for found in _check_log(one, foreign, spread if alone else None):
                yield _in_log(log, found)
            time = one.time


def _of_no_log(known: Sequence[int]) -> Iterator[Finding]:
    """Rows that belong to no log that was ever opened."""
    for (index,) in rows("SELECT index FROM ledger_entry WHERE log <> ALL($1)", [known]):
        yield Finding("ledger.entry_log", "ledger_entry", str(index), "条目属于未知的账本。")
    for (entry,) in rows("SELECT DISTINCT entry FROM ledger_part WHERE log <> ALL($1)", [known]):
        yield Finding("ledger.part_orphan", "ledger_part", f"{entry}", f"内容指向不存在的条目 {entry}。")
    for log, level, n in rows("SELECT log, level, n FROM ledger_tile WHERE log <> ALL($1)", [known]):
        yield Finding(
            "ledger.tile", "ledger_tile", f"{level}/{n}", f"哈希块 {level}/{n} 属于未知的账本 {log}。"
        )


def _in_log(log: int, found: Finding | Note) -> Finding | Note:
    """What was found in a log after the first one says in which."""
    if log == 1:
        return found
    return replace(found, id=f"{log}:{found.id}", sentence=f"账本 {log}：{found.sentence}")


@dataclass
class _Log:
    """A log that is being checked; `time` is that of the last entry seen, at first of the log before it."""

    log: int
    named: "_Named"
    time: int


def _check_log(
    one: _Log, foreign: dict[str, ForeignLeaves], spread: Executor | None
) -> Iterator[Finding | Note]:
    upper, lost = _Upper(one.log), 0
    ranges = tuple(lost_ranges(one.log))
    for walked, found in _walked(_spans(one.log, frozenset(foreign), ranges), spread):
        yield from found
        if walked.begins is not None and walked.begins < one.time:
            at = walked.span.start
            yield Finding("ledger.entry_time", "ledger_entry", f"{at}", f"条目 {at} 的时间早于前一条。")
        one.time = max(one.time, walked.ends)
        yield from one.named.judge(one.log, walked.emptied)
        yield from _further(one.log, walked.waiting, foreign)
        upper.take(walked.roots)
        lost += walked.lost
    if lost:
        where = "、".join(f"{r.start} 至 {r.stop - 1}" for r in ranges)
        sentence = f"恢复时丢失了 {lost} 条的内容（第 {where} 条之间），账本已写明；条目本身仍在。"
        yield Note("ledger.lost_by_restore", "ledger_entry", f"{ranges[0].start}", sentence)
    yield from upper.judge()


@contextmanager
def _one_view() -> Iterator[bool]:
    """A transaction that sees one state from now on; False within one that had begun, whose view we then take."""
    begun = connections["default"].in_atomic_block
    with transaction.atomic("default"):
        if not begun:
            with connections["default"].cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield not begun


def _spans(log: int, kinds: frozenset[str], lost: tuple[range, ...]) -> list[Span]:
    [(last,)] = rows("SELECT max(index) FROM ledger_entry WHERE log = $1", [log])
    # A forged index must not make ranges without number: the entries there are bound them.
    [(count,)] = rows("SELECT count(*) FROM ledger_entry WHERE log = $1", [log])
    size = min(count, 0 if last is None else last + 1)
    starts = range(0, max(size, 1), RANGE)
    return [Span(log, at, at + RANGE if at != starts[-1] else None, kinds, lost) for at in starts]


def _walked(spans: Sequence[Span], spread: Executor | None) -> Iterator[tuple[Walked, Iterable[Finding]]]:
    raw: psycopg.Connection[Any] = connections["default"].connection
    if spread is None or len(spans) == 1:
        for span in spans:
            walked = Walked(span)
            yield walked, list(walking.walk(raw, walked))
        return
    [(snapshot,)] = rows("SELECT pg_export_snapshot()", [])
    address = make_conninfo(raw.info.dsn, password=raw.info.password)
    yield from spread.map(walking.walk_alone, repeat(address), repeat(snapshot), spans)


class _Named:
    """Which parts the shred entries name in their facts: places of the shredding entry and of the part's."""

    def __init__(self) -> None:
        self._asked: set[int] = set()
        self._named: set[Emptied] = set()

    def judge(self, log: int, emptied: Iterable[Emptied]) -> Iterator[Finding]:
        """A finding for each emptied part of a log that no shred entry names."""
        for some in _pieces(emptied):
            self._ask({e.shredded_in for e in some if e.shredded_in is not None} - self._asked)
            for e in some:
                if e._replace(entry=places.place(log, e.entry)) not in self._named:
                    yield walking.lost(e.entry, e.n)

    def _ask(self, entries: set[int]) -> None:
        self._asked |= entries
        for log, indexes in places.by_log(entries).items():
            for index, body in rows(_SHREDS, [log, indexes, list(SHRED_KINDS)]) if log <= LAST_LOG else ():
                try:
                    said: Any = canonical.decode(body)
                except SealError:
                    continue  # the walk names this part
                pairs, by = said.get("facts", {}).get("parts", []), places.place(log, index)
                self._named.update(Emptied(by, entry, n) for entry, n in pairs)


_SHREDS = (
    "SELECT p.entry, p.body FROM ledger_part p JOIN ledger_entry e ON e.log = p.log AND e.index = p.entry"
    " WHERE p.log = $1 AND p.entry = ANY($2::bigint[]) AND p.n = 0 AND e.kind = ANY($3::text[])"
    " AND p.body IS NOT NULL"
)


def _pieces(emptied: Iterable[Emptied]) -> Iterator[list[Emptied]]:
    some = list(emptied)
    for at in range(0, len(some), LEAVES):
        yield some[at : at + LEAVES]


def _further(log: int, waiting: Sequence[Waiting], foreign: dict[str, ForeignLeaves]) -> Iterator[Finding]:
    """Entries that commit to leaves kept by a room, a bounded number of leaves at a time."""
    chunk: list[Waiting] = []
    held = 0
    for w in waiting:
        chunk.append(w)
        held += max(w.count, 1)
        if held >= LEAVES:
            yield from _judge_further(log, chunk, foreign)
            chunk, held = [], 0
    yield from _judge_further(log, chunk, foreign)


def _judge_further(
    log: int, chunk: Sequence[Waiting], foreign: dict[str, ForeignLeaves]
) -> Iterator[Finding]:
    for kind, provider in foreign.items():
        mine = [w for w in chunk if w.kind == kind]
        more = provider([places.place(log, w.index) for w in mine]) if mine else {}
        for w in mine:
            leaves = w.own + more.get(places.place(log, w.index), [])
            if len(leaves) != w.count or root(leaves) != w.commitment:
                yield walking.uncommitted(w.index, w.count, w.commitment, leaves)


class _Upper:
    """The tiles above those of the leaves: made of the roots below, held against the stored ones."""

    def __init__(self, log: int) -> None:
        self._log = log
        self._roots: dict[int, bytes | None] = {}

    def take(self, roots: dict[int, bytes | None]) -> None:
        self._roots.update(roots)

    def judge(self) -> Iterator[Finding]:
        expected, below, level = {}, self._roots, 1
        while len(below) >= TILE:
            above: dict[int, bytes | None] = {}
            for n in range(len(below) // TILE):
                part = [below.get(k) for k in range(n * TILE, (n + 1) * TILE)]
                hashes = [h for h in part if h is not None]
                above[n] = root(hashes) if len(hashes) == TILE else None
                expected[level, n] = (b"".join(hashes), above[n])
            below, level = above, level + 1
        stored = rows(
            "SELECT level, n, data, root FROM ledger_tile WHERE log = $1 AND level <> 0 ORDER BY level, n",
            [self._log],
        )
        for level, n, data, top in stored:
            if expected.pop((level, n), None) != (data, top):
                yield walking.wrong_tile(level, n)
        for level, n in expected:
            yield walking.missing_tile(level, n)
