"""Tiles derived anew from the entries, where they differ; what `fsck` names `ledger.tile` and `ledger.tile_missing`.

The application may not change a tile, so this acts as the tables' owner, like a migration, in one transaction under
the log's lock. It never makes tiles of entries that the last checkpoint does not vouch for: then something else than
a tile is wrong, and that is a matter for `jieli restore`.
Crash before COMMIT: nothing happened. Crash before the entry: the tiles are right, and nobody said that they were not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import psycopg
from django.db import connections, transaction

from jieli.kernel.errors import JieliError
from jieli.ledger import locks, queries
from jieli.ledger.operations import book
from jieli.ledger.types import ENTRY_VERSION, TILE
from seal.part import entry_bytes
from seal.tree import Frontier, fold, leaf_hash, root

OWNER = "owner"
#: So many tiles are held against the stored ones at a time; each covers 256 entries.
AT_ONCE = 64


class EntriesDiffer(JieliError):
    """The entries are not those that were signed, so no tiles are made of them."""

    code = "ledger.entries_differ"


@dataclass(frozen=True, slots=True)
class Retiled:
    """How many tiles there are, which were not right (level, n), and how many stood there that belong to nothing."""

    tiles: int
    made: tuple[tuple[int, int], ...]
    removed: int
    checkpoint: int
    entry: int | None


@dataclass(slots=True)
class _Log:
    """What is known of the log while it passes: the roots of its leaf tiles, and what was not right."""

    log: int
    signed: int
    roots: list[bytes] = field(default_factory=list)
    made: list[tuple[int, int]] = field(default_factory=list)
    tiles: int = 0
    signed_root: bytes = b""


def retile(*, by: str, at: int) -> Retiled:
    """Put every tile right, of every log, that is not the one its entries give; writes an entry where there was one.

    Raises EntriesDiffer where an entry is not the one its leaf was made of, or the root at the last checkpoint is
    another, or nothing was ever signed: nothing is changed then.
    """
    logs, removed = list[_Log](), 0
    with transaction.atomic(OWNER, durable=True):
        for log in queries.logs() or [queries.live_log()]:
            found, last = _Log(log, 0), queries.last_checkpoint(log)
            if last is None:
                raise _differ("账本还没有已签的检查点，无从核对条目。")
            found.signed = last.size
            _take_lock(log)
            for leaves in _leaf_tiles(log):
                _pass_by(found, leaves)
            if found.signed_root != last.root:
                raise _differ(f"由条目算出的根与检查点 {last.size} 不符。")
            _upper(found)
            removed += _remove(found)
            logs.append(found)
    made, signed, entry = tuple(tile for one in logs for tile in one.made), logs[-1].signed, None
    if made or removed:
        with book(at=at) as b:
            facts = {"made": len(made), "removed": removed, "checkpoint": signed}
            staged = b.entry("ledger.retiled", by=by, facts=facts)
        entry = staged.index
    return Retiled(sum(one.tiles for one in logs), made, removed, signed, entry)


def _differ(sentence: str) -> EntriesDiffer:
    return EntriesDiffer(sentence, remedy="哈希块未改动。请运行 jieli fsck 查明，必要时由备份恢复。")


def _take_lock(log: int) -> None:
    """No entry comes in while the tiles are held against the log."""
    with connections[OWNER].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [locks._HOUSE, locks.LOG + log])


def _leaf_tiles(log: int) -> Iterator[list[bytes]]:
    """The leaves, as the entries spell them, 64 tiles at a time; the last piece may end within a tile."""
    connection = connections[OWNER]
    index = 0
    with psycopg.ServerCursor(connection.connection, "retiling") as cursor:
        cursor.execute(
            "SELECT index, v, kind, time, count, commitment, leaf FROM ledger_entry WHERE log = %s ORDER BY index",
            [log], binary=True,
        )  # fmt: skip
        while rows := cursor.fetchmany(AT_ONCE * TILE):
            leaves = []
            for at, version, kind, time, count, commitment, leaf in rows:
                spelled = entry_bytes(kind=kind, time=time, count=count, commitment=commitment)
                leaves.append(leaf_hash(spelled))
                if at != index or version != ENTRY_VERSION or leaf != leaves[-1]:
                    raise _differ(f"条目 {index} 缺失或被改动。")
                index += 1
            yield leaves


def _pass_by(found: _Log, leaves: Sequence[bytes]) -> None:
    """Hold the tiles of these leaves against the stored ones; note the root when the signed size passes by."""
    first = len(found.roots)
    full = [leaves[at : at + TILE] for at in range(0, len(leaves) - TILE + 1, TILE)]
    begins = first * TILE
    if begins <= found.signed <= begins + len(leaves):
        whole, rest = divmod(found.signed - begins, TILE)
        tops = [*found.roots, *(root(tile) for tile in full[:whole])]
        tail = leaves[whole * TILE : whole * TILE + rest]
        found.signed_root = fold([*_peaks(tops), *_peaks(tail)])
    tops = [root(tile) for tile in full]
    _mend(found, 0, first, [(b"".join(tile), top) for tile, top in zip(full, tops, strict=True)])
    found.roots += tops


def _peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the complete subtrees over these, the largest first."""
    frontier = Frontier()
    frontier.extend(hashes)
    return frontier.peaks


def _upper(found: _Log) -> None:
    level, below = 1, found.roots
    while len(below) >= TILE:
        tops: list[bytes] = []
        for first in range(0, len(below) // TILE, AT_ONCE):
            some = range(first, min(first + AT_ONCE, len(below) // TILE))
            parts = [below[n * TILE : (n + 1) * TILE] for n in some]
            made = [root(part) for part in parts]
            _mend(found, level, first, [(b"".join(p), top) for p, top in zip(parts, made, strict=True)])
            tops += made
        level, below = level + 1, tops


def _mend(found: _Log, level: int, first: int, wanted: Sequence[tuple[bytes, bytes]]) -> None:
    """Write those of these tiles that do not stand as they should."""
    found.tiles += len(wanted)
    with connections[OWNER].cursor() as cursor:
        cursor.execute(
            "SELECT n, data, root FROM ledger_tile WHERE log = %s AND level = %s AND n >= %s AND n < %s",
            [found.log, level, first, first + len(wanted)],
        )
        stored = {n: (bytes(data), bytes(top)) for n, data, top in cursor.fetchall()}
        wrong = [n for n, tile in enumerate(wanted, first) if stored.get(n) != tile]
        cursor.executemany(
            "INSERT INTO ledger_tile (log, level, n, data, root) VALUES (%s, %s, %s, %s, %s)"
            " ON CONFLICT (log, level, n) DO UPDATE SET data = excluded.data, root = excluded.root",
            [(found.log, level, n, *wanted[n - first]) for n in wrong],
        )
    found.made += [(level, n) for n in wrong]


def _remove(found: _Log) -> int:
    """Take away tiles beyond the log's end, above its top, or of no log."""
    level, width, removed = 0, len(found.roots), 0
    with connections[OWNER].cursor() as cursor:
        while width:
            cursor.execute("DELETE FROM ledger_tile WHERE log = %s AND level = %s AND (n >= %s OR n < 0)",
                           [found.log, level, width])  # fmt: skip
            removed += cursor.rowcount
            level, width = level + 1, width // TILE
        cursor.execute(
            "DELETE FROM ledger_tile WHERE NOT EXISTS (SELECT FROM ledger_log l WHERE l.id = log)"
            " OR (log = %s AND (level >= %s OR level < 0))",
            [found.log, level],
        )
        return removed + int(cursor.rowcount)
