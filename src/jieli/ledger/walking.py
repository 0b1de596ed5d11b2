"""One pass over a range of the book as it is stored: entries, their parts, the tiles over them, in step.

Pure functions of a connection and a range, without Django: they run in this process or in others. Memory is
that of a few thousand rows, however long the log is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import psycopg

from jieli.ledger.fsck import Finding
from jieli.ledger.lost import lost_in
from jieli.ledger.types import ENTRY_VERSION, HASH, TILE
from seal import canonical
from seal.errors import SealError
from seal.part import entry_bytes
from seal.tree import root

#: Rows that come over in one answer.
ROWS, TILES = 4_000, 64


@dataclass(frozen=True)
class Span:
    """Entries `start` ≤ index < `stop` of a log; `start` is a multiple of 256, and so is `stop` unless it is None,
    which is the end of the log. `kinds`: of these, further leaves are kept elsewhere. `lost`: here a restore lost
    the parts."""

    log: int
    start: int
    stop: int | None
    kinds: frozenset[str]
    lost: tuple[range, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry whose further leaves a room keeps; `own` are the ones kept here."""

    index: int
    kind: str
    count: int
    commitment: bytes
    own: list[bytes]


class Emptied(NamedTuple):
    """A part without salt and body, and the entry that is said to have shredded it."""

    shredded_in: int | None
    entry: int
    n: int


@dataclass
class Walked:
    """What one range leaves to be judged by who sees all ranges. `roots`: of its tiles, None for a torn one."""

    span: Span
    begins: int | None = None
    ends: int = 0
    size: int = 0
    entries: int = 0
    parts: int = 0
    lost: int = 0
    roots: dict[int, bytes | None] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)
    emptied: list[Emptied] = field(default_factory=list)


def _stream(
    connection: "psycopg.Connection[Any]", name: str, statement: str, params: Sequence[object], rows: int
) -> Iterator[Any]:
    with psycopg.ServerCursor(connection, name) as cursor:
        cursor.execute(statement, params, binary=True)
        while found := cursor.fetchmany(rows):
            yield from found


_ENTRIES = "SELECT index, v, kind, time, count, commitment, leaf FROM ledger_entry"
_PARTS = "SELECT entry, n, leaf, salt, body, row_table, row_id, shredded_in FROM ledger_part"
_LEAF_TILES = "SELECT n, data, root FROM ledger_tile"


def walk(connection: "psycopg.Connection[Any]", walked: Walked) -> Iterator[Finding]:
    """Every entry of the range is spelled right, commits to its parts, and stands in its tile. Fills `walked`.

    The connection is in a transaction: three cursors stand open on it. What was read of an entry is judged before
    the next one is read.
    """
    span = walked.span
    within = [span.log, span.start, span.stop if span.stop is not None else 2**62]
    scaled = [span.log, span.start // TILE, within[2] // TILE]
    where = "WHERE log = %s AND {0} >= %s AND {0} < %s ORDER BY {0}"
    suffix = f"_{span.start}"
    entries = _stream(connection, f"entries{suffix}", f"{_ENTRIES} {where.format('index')}", within, ROWS)
    parts = groupby(
        _stream(connection, f"parts{suffix}", f"{_PARTS} {where.format('entry')}, n", within, ROWS),
        key=itemgetter(0),
    )
    tiles = _stream(
        connection, f"tiles{suffix}", f"{_LEAF_TILES} {where.format('n').replace('WHERE', 'WHERE level = 0 AND')}",
        scaled, TILES,
    )  # fmt: skip
    yield from _walk(walked, entries, parts, _Tiles(walked, tiles))


def _finding(code: str, table: str, where: object, sentence: str) -> Finding:
    return Finding(f"ledger.{code}", f"ledger_{table}", str(where), sentence)


def _walk(walked: Walked, entries: Iterator[Any], parts: Iterator[Any], tiles: "_Tiles") -> Iterator[Finding]:
    """Entries, parts and tiles side by side."""
    span, expected, time = walked.span, walked.span.start, 0
    owner, group = next(parts, _NOTHING)
    for index, v, kind, at, count, commitment, leaf in entries:
        if walked.begins is None:
            walked.begins = time = at
        if index != expected:
            yield _finding("entry_gap", "entry", index, f"条目 {expected} 缺失。")
        if at < time:
            yield _finding("entry_time", "entry", index, f"条目 {index} 的时间早于前一条。")
        if v != ENTRY_VERSION or _leaf(kind, at, count, commitment) != leaf:
            yield _finding("entry_leaf", "entry", index, f"条目 {index} 与其叶哈希不符。")
        while owner is not None and owner < index:
            yield from _orphan(walked, owner, group)
            owner, group = next(parts, _NOTHING)
        own: list[bytes] = []
        if owner == index:
            yield from _parts(walked, group, own)
            owner, group = next(parts, _NOTHING)
        if not own and lost_in(span.lost, index):
            walked.lost += 1
        elif kind in span.kinds:
            walked.waiting.append(Waiting(index, kind, count, commitment, own))
        elif len(own) != count or (own[0] if count == 1 else root(own)) != commitment:
            yield uncommitted(index, count, commitment, own)
        if index // TILE != tiles.n:
            yield from tiles.close(index // TILE)
        tiles.leaves.append(leaf)
        expected, time = index + 1, at
        walked.entries += 1
    while owner is not None:
        yield from _orphan(walked, owner, group)
        owner, group = next(parts, _NOTHING)
    if span.stop is not None and expected != span.stop:
        yield _finding("entry_gap", "entry", span.stop, f"条目 {expected} 缺失。")
    yield from tiles.end()
    walked.ends, walked.size = time, expected


_NOTHING: tuple[int | None, Iterator[Any]] = (None, iter(()))


@cache
def _spelling(kind: str) -> str | None:
    """An entry of this kind as the seal spells it, with places for commitment, count and time; None for no kind."""
    try:
        spelled = entry_bytes(kind=kind, time=0, count=1, commitment=bytes(HASH)).decode()
    except SealError:
        return None
    return (
        spelled.replace("0" * 2 * HASH, "%s", 1)
        .replace('"count":1', '"count":%d')
        .replace('"time":0', '"time":%d')
    )


def _leaf(kind: str, time: int, count: int, commitment: bytes) -> bytes | None:
    """The hash of what an entry's columns spell; None where they spell no entry at all."""
    spelling = _spelling(kind)
    if spelling is None or len(commitment) != HASH or count < 1 or not 0 <= time < canonical.INTEGER_LIMIT:
        return None
    return sha256(b"\x00" + (spelling % (commitment.hex(), count, time)).encode()).digest()


def _orphan(walked: Walked, entry: int, group: Iterator[Any]) -> Iterator[Finding]:
    yield _finding("part_orphan", "part", entry, f"内容指向不存在的条目 {entry}。")
    yield from _parts(walked, group, [])


def uncommitted(index: int, count: int, commitment: bytes, leaves: list[bytes]) -> Finding:
    """What is wrong with an entry whose leaves are not the ones it commits to."""
    if len(leaves) != count:
        sentence = f"条目 {index} 应有 {count} 份内容，实有 {len(leaves)} 份。"
        return _finding("part_count", "entry", index, sentence)
    return _finding("commitment", "entry", index, f"条目 {index} 与其内容不符。")


def _parts(walked: Walked, group: Iterator[Any], own: list[bytes]) -> list[Finding]:
    """The parts of one entry: each whole and hashing to its leaf, or emptied; numbered from 0. Fills `own`."""
    found: list[Finding] = []
    expected = 0
    for entry, n, leaf, salt, body, table, row, shredded_in in group:
        own.append(leaf)
        if n != expected:
            found.append(_part("number", entry, n, f"条目 {entry} 的内容编号不连续。"))
        expected = n + 1
        if body is None or salt is None:
            walked.emptied.append(Emptied(shredded_in, entry, n))
            if body is not salt:  # both are None once emptied; a half is somebody's hand
                found.append(_part("half", entry, n, f"内容 {entry}/{n} 只清空了一半。"))
            continue
        if shredded_in is not None:
            found.append(_part("shredded", entry, n, f"内容 {entry}/{n} 标为已销毁，却仍在。"))
        if sha256(b"\x00" + salt + body).digest() != leaf:
            found.append(_part("leaf", entry, n, f"内容 {entry}/{n} 与其叶哈希不符。"))
        elif not _names(body, table, row):
            found.append(_part("row", entry, n, f"内容 {entry}/{n} 所指的行与正文不符。"))
    walked.parts += len(own)
    return found


def _part(code: str, entry: int, n: int, sentence: str) -> Finding:
    return _finding(f"part_{code}", "part", f"{entry}/{n}", sentence)


def lost(entry: int, n: int) -> Finding:
    """A part that was emptied without an entry that says so."""
    return _part("lost", entry, n, f"内容 {entry}/{n} 被清空，但没有销毁记录。")


def _names(body: bytes, table: str | None, row: str | None) -> bool:
    """Does the body name this row, or none where it holds facts?

    Its keys are sorted, so most bodies show it at their two ends: `{"id":"…","row":{` and `},"table":"…"}`.
    A text without quote and backslash stands there as it is; whatever is less plain is parsed.
    """
    if table is None and row is None:
        if body.startswith(b'{"facts":{') and b',"id":' not in body and b',"table":' not in body:
            return True
    elif table is not None and row is not None and '"' not in (both := table + row) and "\\" not in both:
        opening, closing = f'{{"id":"{row}","row":{{'.encode(), f'}},"table":"{table}"}}'.encode()
        if body.startswith(opening) and body.endswith(closing):
            return True
    try:
        said: Any = canonical.decode(body)
    except SealError:
        return False
    return isinstance(said, dict) and (said.get("table"), said.get("id")) == (table, row)


class _Tiles:
    """Gathers the leaves of tile `n` and, when it is complete, holds it against the stored one."""

    def __init__(self, walked: Walked, stored: Iterator[Any]) -> None:
        self.n = walked.span.start // TILE
        self.leaves: list[bytes] = []
        self._walked, self._stored = walked, stored
        self._next = next(stored, None)

    def close(self, then: int) -> Iterator[Finding]:
        """The leaves of this tile have all passed by; the next one is tile `then`."""
        n, leaves = self.n, self.leaves
        self.n, self.leaves = then, []
        top = root(leaves) if len(leaves) == TILE else None
        self._walked.roots[n] = top
        yield from self._skip(n)
        if self._next is None or self._next[0] != n:
            yield missing_tile(0, n)
            return
        _, data, above = self._next
        if above != top or data != b"".join(leaves):
            yield wrong_tile(0, n)
        self._next = next(self._stored, None)

    def end(self) -> Iterator[Finding]:
        """No more entries: the last tile counts if it is full, and whatever else is stored is too much."""
        if len(self.leaves) == TILE or self._walked.span.stop is not None:
            yield from self.close(self.n + 1)
        yield from self._skip(None)

    def _skip(self, until: int | None) -> Iterator[Finding]:
        while self._next is not None and (until is None or self._next[0] < until):
            yield wrong_tile(0, self._next[0])
            self._next = next(self._stored, None)


def wrong_tile(level: int, n: int) -> Finding:
    """A stored tile is not the one that the entries give."""
    return _finding("tile", "tile", f"{level}/{n}", f"哈希块 {level}/{n} 与条目不符。")


def missing_tile(level: int, n: int) -> Finding:
    """A tile that the entries fill is not stored."""
    return _finding("tile_missing", "tile", f"{level}/{n}", f"哈希块 {level}/{n} 缺失。")


def walk_alone(address: str, snapshot: str | None, span: Span) -> tuple[Walked, list[Finding]]:
    """`walk` in a process of its own, over its own connection, seeing what the asking process sees."""
    with psycopg.connect(address) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        if snapshot is not None:
            connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
        walked = Walked(span)
        return walked, list(walk(connection, walked))
