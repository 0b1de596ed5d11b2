"""The tail of every transaction: take the log's lock, read the head, number the entries, insert, fill tiles."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from django.db import connections

from jieli.kernel.failpoints import reach
from jieli.kernel.times import MINUTE
from jieli.ledger import locks
from jieli.ledger.errors import ClockWentBack, NoLog
from jieli.ledger.models import Entry, Log
from jieli.ledger.plain import execute
from jieli.ledger.types import ENTRY_VERSION
from jieli.ledger.types import TILE as TILE
from seal.part import commitment, entry_bytes
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
    index: int | None
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

    What can be computed is computed before the lock; under it stand one round trip for the head, one COPY for
    the entries, one for their parts, and the commit.
    """
    prepared = [_prepare(s) for s in staged]
    reach("ledger.before_lock")
    before = _lock_and_head()
    _number(prepared, before)
    _insert(before.log, prepared)
    _fill_tiles(before.log, before.size, [p.leaf for p in prepared])
    reach("ledger.before_commit")


def _prepare(s: Appendable) -> _Prepared:
    leaves = [p.leaf for p in s.parts]
    committed = commitment(leaves + s.foreign if s.foreign else leaves)
    count = len(leaves) + len(s.foreign)
    return _Prepared(s, count, committed, _leaf(s.kind, s.at, count, committed))


def _leaf(kind: str, time: int, count: int, committed: bytes) -> bytes:
    return leaf_hash(entry_bytes(kind=kind, time=time, count=count, commitment=committed))


#: One round trip. First every constraint that Django defers to COMMIT is judged: that is work too (a look-up for
#: each row an import wrote), and nobody else's append should wait for it. Then the lock. The head is a statement
#: of its own, for in READ COMMITTED each statement sees what was committed before *it* began: after the lock.
_HEAD = f"""
SET CONSTRAINTS ALL IMMEDIATE;
{locks.LIVE_LOG};
SELECT l.id, e.index, e.time FROM (SELECT max(id) AS id FROM ledger_log) l
LEFT JOIN LATERAL (SELECT index, time FROM ledger_entry WHERE log = l.id ORDER BY index DESC LIMIT 1) e ON true
"""  # noqa: S608 - our own numbers


def _lock_and_head() -> Head:
    with connections["default"].cursor() as cursor:
        while True:
            cursor.execute(_HEAD)
            cursor.nextset()
            [(locked,)] = cursor.fetchall()
            cursor.nextset()
            [(log, last, time)] = cursor.fetchall()
            if log is None:
                raise _no_log()
            if log == locked:
                return Head(log, 0, 0) if last is None else Head(log, last + 1, time)
            # A new log was opened while we waited: an entry must never go to a log that another one has followed.


def _number(prepared: Sequence[_Prepared], before: Head) -> None:
    time = before.time
    for index, p in enumerate(prepared, before.size):
        s = p.staged
        if s.at + CLOCK_DRIFT < time:
            raise ClockWentBack(
                "本机时钟比账本最后一条记录早十分钟以上，拒绝写入。", remedy="请校准时钟后重试。"
            )
        time = max(time, s.at)
        s.index, s.time = index, time
        if time != s.at:
            p.leaf = _leaf(s.kind, time, p.count, p.commitment)


#: Entries and parts in one statement, for each round trip under the lock is one that every other writer waits for.
_INSERT = """
WITH entries AS (
  INSERT INTO ledger_entry (log, index, v, kind, time, count, commitment, leaf)
  SELECT $1::smallint, e.index, $2::smallint, e.kind, e.time, e.count, e.commitment, e.leaf
  FROM unnest($3::bigint[], $4::text[], $5::bigint[], $6::int[], $7::bytea[], $8::bytea[])
    AS e (index, kind, time, count, commitment, leaf)
)
INSERT INTO ledger_part (log, entry, n, leaf, salt, body, row_table, row_id)
SELECT $1::smallint, p.* FROM unnest(
  $9::bigint[], $10::int[], $11::bytea[], $12::bytea[], $13::bytea[], $14::text[], $15::text[]
) AS p
"""
#: Up to so many rows go in that one statement; from there on COPY is quicker, though it goes back and forth.
FEW = 200
_ENTRIES = "COPY ledger_entry (log, index, v, kind, time, count, commitment, leaf) FROM STDIN (FORMAT BINARY)"
_ENTRY_TYPES = ["int2", "int8", "int2", "text", "int8", "int4", "bytea", "bytea"]
_PARTS = "COPY ledger_part (log, entry, n, leaf, salt, body, row_table, row_id) FROM STDIN (FORMAT BINARY)"
_PART_TYPES = ["int2", "int8", "int4", "bytea", "bytea", "bytea", "text", "text"]


def _insert(log: int, numbered: Sequence[_Prepared]) -> None:
    entries = [
        (p.staged.index, p.staged.kind, p.staged.time, p.count, p.commitment, p.leaf) for p in numbered
    ]
    parts = [
        (p.staged.index, n, part.leaf, part.salt, part.body, part.table, part.row)
        for p in numbered
        for n, part in enumerate(p.staged.parts)
    ]
    if len(parts) > FEW:
        _copy(_ENTRIES, _ENTRY_TYPES, ((log, e[0], ENTRY_VERSION, *e[1:]) for e in entries))
        _copy(_PARTS, _PART_TYPES, ((log, *p) for p in parts))
        return
    index, kind, time, count, commitments, leaves = _columns(entries)
    entry, n, part_leaves, salts, bodies, tables, keys = _columns(parts)
    params = [
        log, ENTRY_VERSION, _integers(index), kind, _integers(time), _integers(count), _bytes(commitments),
        _bytes(leaves), _integers(entry), _integers(n), _bytes(part_leaves), _bytes(salts), _bytes(bodies),
        tables, keys,
    ]  # fmt: skip
    execute(_INSERT, params)


def _columns(records: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*records, strict=True)]


def _integers(values: list[int]) -> str:
    """An array as PostgreSQL reads it: a tenth of the time of having each element adapted."""
    return "{" + ",".join(map(str, values)) + "}"


def _bytes(values: list[bytes]) -> str:
    return "{" + ",".join(['"\\\\x' + value.hex() + '"' for value in values]) + "}"


_TILES = "COPY ledger_tile (log, level, n, data, root) FROM STDIN (FORMAT BINARY)"
_TILE_TYPES = ["int2", "int2", "int8", "bytea", "bytea"]


def _copy(statement: str, types: Sequence[str], records: Iterator[tuple[object, ...]]) -> None:
    connection = connections["default"]
    # Django translates errors of execute() alone; a broken constraint must look the same from COPY.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.set_types(types)
        for record in records:
            copy.write_row(record)


def _fill_tiles(log: int, size: int, leaves: list[bytes]) -> None:
    """Store every tile that these entries completed, level by level; most transactions complete none."""
    level, old, new, hashes = 0, size, size + len(leaves), leaves
    while new // TILE > old // TILE:
        first, last = old // TILE, new // TILE
        hashes = _begun(log, level, first * TILE, old) + hashes
        parts = [hashes[n * TILE : (n + 1) * TILE] for n in range(last - first)]
        roots = [root(part) for part in parts]
        _copy(
            _TILES,
            _TILE_TYPES,
            (
                (log, level, n, b"".join(part), above)
                for n, part, above in zip(range(first, last), parts, roots, strict=True)
            ),
        )
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
