"""The tail of every transaction: take the log's lock, read the head, number the entries, insert, fill tiles.

Everybody else's append waits while the lock is held, so all that does not need the number of an entry is done
before. An everyday append is one message to the server: lock, head and rows; one that completes a tile sends the tile
in a second. Only where the log's clock is ahead does the head come back first, and where there are many rows these
follow by COPY.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import accumulate
from struct import Struct
from typing import NamedTuple, Protocol

from django.db import connections

from jieli.kernel.failpoints import reach
from jieli.kernel.times import MINUTE
from jieli.ledger import locks, places
from jieli.ledger.bulk import binary_value, copy_spelled
from jieli.ledger.errors import ClockWentBack, NoLog
from jieli.ledger.models import Entry, Log
from jieli.ledger.plain import Question, array, prepared, script, server_version, together
from jieli.ledger.types import ENTRY_VERSION, HASH, TILE
from seal.part import SALT_LENGTH, commitment, entry_bytes
from seal.tree import leaf_hash, root

#: A clock behind the last entry by less is taken as the usual drift between machines, and the entry
#: takes the time of the one before it; a larger step back is refused.
CLOCK_DRIFT = 10 * MINUTE


class StagedPart(NamedTuple):
    salt: bytes
    body: bytes
    leaf: bytes
    table: str | None
    row: str | None


class Appendable(Protocol):
    kind: str
    at: int
    parts: list[StagedPart]
    foreign: list[bytes]
    told: list[Question]
    index: int | None  # a place over all logs
    time: int | None


@dataclass(frozen=True)
class Head:
    log: int
    size: int
    time: int


@dataclass(slots=True)
class _Prepared:
    """What of an entry is known before the lock: its leaf too, unless the log's time is ahead of ours."""

    staged: Appendable
    count: int
    commitment: bytes
    leaf: bytes


#: The live log as the open book first saw it; a list that is empty until somebody asks.
_seen: ContextVar[list[int] | None] = ContextVar("live_log_of_book", default=None)


@contextmanager
def one_book() -> Iterator[None]:
    """Within, `live_log` asks the database once: a book's tables are read a dozen times. Nothing outlives it."""
    token = _seen.set([])
    try:
        yield
    finally:
        _seen.reset(token)


def log_opened() -> None:
    """A log was opened within this book: from now on it is the live one."""
    if (seen := _seen.get()) is not None:
        seen.clear()


def live_log() -> int:
    """The id of the live log: the newest one."""
    seen = _seen.get()
    if seen is None:
        return _newest_log()
    if not seen:
        seen.append(_newest_log())
    return seen[0]


def _newest_log() -> int:
    found = Log.objects.order_by("-id").values_list("id", flat=True).first()
    if found is None:
        raise _no_log()
    return found


def _no_log() -> NoLog:
    return NoLog("账本尚未建立。", remedy="请先运行 jieli keys init。")


def head(log: int) -> Head:
    """Size and last time of a log as committed (or as locked by this transaction)."""
    last = Entry.objects.filter(log=log).order_by("-index").values_list("index", "time").first()
    return Head(log, last[0] + 1, last[1]) if last else Head(log, 0, 0)


def append(staged: Sequence[Appendable]) -> None:
    """Number and insert the staged entries. Must be the last act of a transaction.

    Crash before COMMIT: nothing of it happened, and the lock went with the transaction.
    """
    ready = [_prepare(s) for s in staged]
    parts = _Parts.of(staged)
    if parts.many:
        _flush()
    reach("ledger.before_lock")
    before, done, begun = _lock_and_insert(ready, parts)
    _number(ready, before, as_staged=done)
    if not done:
        _copy(_ENTRIES, _ENTRY_TYPES, (_entry(before.log, p) for p in ready))
    fill_tiles(before.log, before.size, [p.leaf for p in ready], begun=begun)
    if parts.many or not done:
        parts.send(before)
    reach("ledger.before_commit")


def _entry(log: int, p: _Prepared) -> tuple[object, ...]:
    s = p.staged
    index = places.index_of(s.index or 0)
    return (log, index, ENTRY_VERSION, s.kind, s.time, p.count, p.commitment, p.leaf)


def _prepare(s: Appendable) -> _Prepared:
    leaves = [p.leaf for p in s.parts]
    committed = commitment(leaves + s.foreign if s.foreign else leaves)
    count = len(leaves) + len(s.foreign)
    return _Prepared(s, count, committed, _leaf(s.kind, s.at, count, committed))


def _leaf(kind: str, time: int, count: int, committed: bytes) -> bytes:
    return leaf_hash(entry_bytes(kind=kind, time=time, count=count, commitment=committed))


#: What the log has written so far, made durable at once: else COMMIT would do it, under the lock. The server knows
#: how from version 17; an older one does it at COMMIT, which is slower for others and as durable.
_FLUSH, _FLUSH_SINCE = "SELECT pg_logical_emit_message(false, 'jieli', '', true)", 170_000


def _flush() -> None:
    if server_version() >= _FLUSH_SINCE:
        script(_FLUSH, {})


def _nth(values: str, place: str, length: int) -> str:
    """In SQL, the value at a place counted from 1 among values of one length that lie behind each other."""
    return f"substring({values}::bytea FROM {length} * ({place}::int - 1) + 1 FOR {length})"


#: One round trip. First what is told along with an entry, then every constraint that Django defers to COMMIT is judged:
#: that is work too (a look-up for each row an import wrote), and nobody else's append should wait for it. Then the
#: lock. The head is read in a statement of its own, for in READ COMMITTED each statement sees what was committed
#: before *it* began: after the lock. The rows go in with it unless the log we locked was followed by another while we
#: waited, or its last entry is of later than ours. Where they complete a tile, its leaves that stood there come back.
#: Values of one length lie behind each other in one value: the server cuts them sooner than it reads an array of them.
_JUDGE: Question = "SET CONSTRAINTS ALL IMMEDIATE", ()
_LOCK: Question = locks.LIVE_LOG, ()
_APPEND = f"""
WITH head AS (
  SELECT l.id AS log, coalesce(e.index + 1, 0) AS size, coalesce(e.time, 0) AS time
  FROM (SELECT max(id) AS id FROM ledger_log) l
  LEFT JOIN LATERAL (SELECT index, time FROM ledger_entry WHERE log = l.id ORDER BY index DESC LIMIT 1) e ON true
), fits AS (
  SELECT log, size FROM head WHERE log::text = current_setting('{locks.LOCKED}') AND time <= $1::bigint
), entries AS (
  INSERT INTO ledger_entry (log, index, v, kind, time, count, commitment, leaf)
  SELECT f.log, f.size + e.place - 1, {ENTRY_VERSION}, e.kind, e.time, e.count,
    {_nth("$6", "e.place", HASH)}, {_nth("$7", "e.place", HASH)}
  FROM fits f, unnest($3::text[], $4::bigint[], $5::int[]) WITH ORDINALITY AS e (kind, time, count, place)
), parts AS (
  INSERT INTO ledger_part (log, entry, n, leaf, salt, body, row_table, row_id)
  SELECT f.log, f.size + p.entry, p.n, {_nth("$10", "p.place", HASH)}, {_nth("$11", "p.place", SALT_LENGTH)},
    substring($12::bytea FROM p.starts FOR p.length), p.row_table, p.row_id
  FROM fits f, unnest($8::bigint[], $9::int[], $13::int[], $14::int[],
    $15::text[], $16::text[]) WITH ORDINALITY AS p (entry, n, starts, length, row_table, row_id, place)
)
SELECT log, size, time, EXISTS (SELECT FROM fits), (
  SELECT array_agg(e.leaf ORDER BY e.index) FROM fits f
  JOIN ledger_entry e ON e.log = f.log AND e.index >= f.size / {TILE} * {TILE}
  WHERE f.size / {TILE} < (f.size + $2::bigint) / {TILE}
) FROM head
"""  # noqa: S608 - our own numbers


def _lock_and_insert(ready: Sequence[_Prepared], parts: "_Parts") -> tuple[Head, bool, list[bytes] | None]:
    """The head as it was under the lock, whether entries (and parts, unless they are many) are inserted, and the
    leaves of the tile they complete that stood there before, where they were read along."""
    rows: Question = _APPEND, [*_columns(ready), *parts.columns()]
    told = [question for p in ready for question in p.staged.told]
    while True:
        *_, [(locked, _)], [(log, size, time, done, begun)] = together([*told, _JUDGE, _LOCK, rows])
        told = []  # they stand in this transaction; only lock and rows are asked for again
        if log is None:
            raise _no_log()
        if log == locked:
            return Head(log, size, time), done, begun
        # A new log was opened while we waited: an entry must never go to a log that another one has followed.


def _number(ready: Sequence[_Prepared], before: Head, *, as_staged: bool) -> None:
    """Give each entry its place and time: the one it was staged with, or the log's where that is ahead."""
    first, time = places.place(before.log, before.size), before.time
    for place, p in enumerate(ready, first):
        s = p.staged
        s.index = place
        if as_staged:
            s.time = s.at
            continue
        if s.at + CLOCK_DRIFT < time:
            raise ClockWentBack(
                "本机时钟比账本最后一条记录早十分钟以上，拒绝写入。", remedy="请校准时钟后重试。"
            )
        s.time = time = max(time, s.at)
        if time != s.at:
            p.leaf = _leaf(s.kind, time, p.count, p.commitment)


_ENTRIES = "COPY ledger_entry (log, index, v, kind, time, count, commitment, leaf) FROM STDIN (FORMAT BINARY)"
_ENTRY_TYPES = ["int2", "int8", "int2", "text", "int8", "int4", "bytea", "bytea"]


def _columns(ready: Sequence[_Prepared]) -> list[object]:
    """Entries as columns. Too many for one message, or times that do not rise, and the head has to come first."""
    times = [p.staged.at for p in ready]
    at_once = len(ready) < TILE and times == sorted(times)
    some = ready if at_once else []
    return [
        str(times[0] if at_once else -1),
        str(len(ready)),
        array([p.staged.kind for p in some]),  # room.verb: nothing in it to be quoted
        array(times if at_once else []),
        array([p.count for p in some]),
        b"".join([p.commitment for p in some]),
        b"".join([p.leaf for p in some]),
    ]


#: Up to so many parts go in the one message; from there on COPY is quicker, though it goes back and forth.
FEW = 200
_PART_COLUMNS = ("log", "entry", "n", "leaf", "salt", "body", "row_table", "row_id")
#: How many columns, then length and value: of log and entry; of the place within the entry.
_WHERE, _PLACE = Struct("!h ih iq").pack, Struct("!ii").pack


@dataclass(slots=True)
class _Parts:
    """The parts of all entries, spelled as far as can be before the entries have their numbers."""

    staged: Sequence[Appendable]
    many: bool
    spelled: list[list[bytes]]  # of each entry, the columns behind its number as COPY takes them

    @classmethod
    def of(cls, staged: Sequence[Appendable]) -> "_Parts":
        many = sum(len(s.parts) for s in staged) > FEW
        return cls(staged, many, [_spelled(s.parts) for s in staged] if many else [])

    def columns(self) -> list[object]:
        """The parts as columns, their entries counted from the head; none if there are many."""
        rows = [(e, n, *p) for e, s in enumerate(self.staged) for n, p in enumerate(s.parts) if not self.many]
        entry, n, salts, bodies, leaves, tables, keys = zip(*rows, strict=True) if rows else ((),) * 7
        lengths = [len(body) for body in bodies]
        return [
            array(entry), array(n), b"".join(leaves), b"".join(salts), b"".join(bodies),
            array(accumulate(lengths[:-1], initial=1) if rows else []), array(lengths), _texts(tables), _texts(keys),
        ]  # fmt: skip

    def send(self, before: Head) -> None:
        """Insert them by COPY: nothing but the numbers is still to be filled in."""
        chunks = []
        for entry, rows in enumerate(self.spelled or [_spelled(s.parts) for s in self.staged], before.size):
            where = _WHERE(len(_PART_COLUMNS), 2, before.log, 8, entry)
            chunks.append(b"".join([where + row for row in rows]))
        copy_spelled("ledger_part", _PART_COLUMNS, chunks)


def _spelled(parts: Sequence[StagedPart]) -> list[bytes]:
    return [
        b"".join((
            _PLACE(4, n), binary_value(p.leaf), binary_value(p.salt), binary_value(p.body),
            _text(p.table), _text(p.row),
        ))
        for n, p in enumerate(parts)
    ]  # fmt: skip


def _text(value: str | None) -> bytes:
    return binary_value(None if value is None else value.encode())


def _texts(values: Sequence[str | None]) -> str:
    """An array as PostgreSQL reads it: a tenth of the time of having each element adapted."""
    return "{" + ",".join(["NULL" if value is None else _quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _copy(statement: str, types: Sequence[str], records: Iterator[tuple[object, ...]]) -> None:
    connection = connections["default"]
    # Django translates errors of execute() alone; a broken constraint must look the same from COPY.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.set_types(types)
        for record in records:
            copy.write_row(record)


_TILES = f"""
INSERT INTO ledger_tile (log, level, n, data, root)
SELECT $1::smallint, $2::smallint, $3::bigint + t.place - 1, {_nth("$5", "t.place", HASH * TILE)},
  {_nth("$6", "t.place", HASH)}
FROM generate_series(1, $4::int) AS t (place)
"""  # noqa: S608 - our own numbers


def fill_tiles(log: int, size: int, leaves: list[bytes], *, begun: list[bytes] | None = None) -> None:
    """Store every tile that these entries completed, level by level; most transactions complete none.

    `begun` are the leaves of the last tile that stood there before, by whoever has read them.
    """
    level, old, new, hashes = 0, size, size + len(leaves), leaves
    while new // TILE > old // TILE:
        first, last = old // TILE, new // TILE
        before = _begun(log, level, first * TILE, old) if begun is None else begun
        hashes, begun = before + hashes, None
        parts = [hashes[n * TILE : (n + 1) * TILE] for n in range(last - first)]
        roots = [root(part) for part in parts]
        data = b"".join(hashes[: len(parts) * TILE])
        prepared(_TILES, [log, level, first, len(parts), data, b"".join(roots)])
        level, old, new, hashes = level + 1, first, last, roots


def _begun(log: int, level: int, start: int, stop: int) -> list[bytes]:
    """The hashes of a level's last tile that stood there before: leaves, or roots of the tiles below."""
    if start == stop:
        return []
    source = (
        "SELECT leaf FROM ledger_entry WHERE log = %s AND index >= %s AND index < %s ORDER BY index"
        if level == 0
        else "SELECT root FROM ledger_tile WHERE log = %s AND n >= %s AND n < %s AND level = %s ORDER BY n"
    )
    with connections["default"].cursor() as cursor:
        cursor.execute(source, [log, start, stop, level - 1][: 3 if level == 0 else 4])
        return [bytes(found) for (found,) in cursor.fetchall()]
