"""The tail of every transaction: take the log's lock, read the head, number the entries, insert, fill tiles."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from jieli.kernel.failpoints import reach
from jieli.kernel.times import MINUTE
from jieli.ledger import locks
from jieli.ledger.bulk import copy_records, copy_rows
from jieli.ledger.errors import ClockWentBack, NoLog
from jieli.ledger.models import Entry, Log, Tile
from seal.part import commitment, entry_bytes
from seal.tree import leaf_hash, root

TILE = 256
ENTRY_VERSION = 1
#: A clock behind the last entry by less is taken as the usual drift between machines, and the entry
#: takes the time of the one before it; a larger step back is refused.
CLOCK_DRIFT = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class StagedPart:
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
        raise NoLog("账本尚未建立。", remedy="请先运行 jieli keys init。")
    return found


def head(log: int) -> Head:
    """Size and last time of a log as committed (or as locked by this transaction)."""
    last = Entry.objects.filter(log=log).order_by("-index").values_list("index", "time").first()
    return Head(log, last[0] + 1, last[1]) if last else Head(log, 0, 0)


def append(staged: Sequence[Appendable]) -> None:
    """Number and insert the staged entries. Must be the last act of a transaction."""
    log = _newest_log()  # not from memory: an entry must never go to a log that another one has followed
    prepared = [(s, commitment([p.leaf for p in s.parts] + s.foreign)) for s in staged]
    reach("ledger.before_lock")
    locks.append_to(log)
    before = head(log)
    entries = []
    time = before.time
    for index, (s, committed) in enumerate(prepared, before.size):
        if s.at + CLOCK_DRIFT < time:
            raise ClockWentBack(
                "本机时钟比账本最后一条记录早十分钟以上，拒绝写入。", remedy="请校准时钟后重试。"
            )
        time = max(time, s.at)
        s.index, s.time = index, time
        count = len(s.parts) + len(s.foreign)
        leaf = leaf_hash(entry_bytes(kind=s.kind, time=time, count=count, commitment=committed))
        entries.append(
            Entry(
                log=log, index=index, v=ENTRY_VERSION, kind=s.kind, time=time, count=count,
                commitment=committed, leaf=leaf,
            )
        )  # fmt: skip
    copy_rows(entries)
    copy_records(
        "ledger_part",
        ["log", "entry", "n", "leaf", "salt", "body", "row_table", "row_id", "shredded_in"],
        (
            (log, s.index, n, p.leaf, p.salt, p.body, p.table, p.row, None)
            for s in staged
            for n, p in enumerate(s.parts)
        ),
    )
    _fill_tiles(log, before.size, before.size + len(entries))
    reach("ledger.before_commit")


def _fill_tiles(log: int, old: int, new: int) -> None:
    """Store every tile that these entries completed, level by level; most transactions complete none."""
    level = 0
    while new // TILE > old // TILE:
        first, last = old // TILE, new // TILE
        hashes = _hashes(log, level, first * TILE, last * TILE)
        tiles = []
        for n in range(first, last):
            part = hashes[(n - first) * TILE : (n - first + 1) * TILE]
            tiles.append(Tile(log=log, level=level, n=n, data=b"".join(part), root=root(part)))
        copy_rows(tiles)
        level, old, new = level + 1, first, last


def _hashes(log: int, level: int, start: int, stop: int) -> list[bytes]:
    if level:
        below = Tile.objects.filter(log=log, level=level - 1, n__gte=start, n__lt=stop).order_by("n")
        return [bytes(root) for root in below.values_list("root", flat=True)]
    entries = Entry.objects.filter(log=log, index__gte=start, index__lt=stop).order_by("index")
    return [bytes(leaf) for leaf in entries.values_list("leaf", flat=True)]
