"""What of the log is read from outside, at the paths of C2SP tlog-tiles: never more than was signed (ADR 21)."""

from dataclasses import dataclass
from enum import Enum

from jieli.ledger import queries
from jieli.ledger.models import Checkpoint, Entry, Log
from jieli.ledger.types import LAST_LOG, TILE
from seal import tiles
from seal.errors import SealError
from seal.part import entry_bytes
from seal.tiles import Tile


class Media(Enum):
    """What a resource is, as HTTP names it."""

    TEXT = "text/plain; charset=utf-8"
    BYTES = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Resource:
    """What stands at a path. `fixed`: it will never be other bytes, so it may be kept for ever."""

    media: Media
    data: bytes
    fixed: bool


def checkpoint(log: int) -> Resource | None:
    """The newest signed checkpoint of a log with its cosignatures; None for a log that never was.

    A log that another one succeeded stays where it was: what it once proved, it proves for ever.
    """
    if not _opened(log):
        return None
    last = queries.last_checkpoint(log)
    return None if last is None else Resource(Media.TEXT, last.cosigned_note.encode(), fixed=False)


def tile(log: int, path: str) -> Resource | None:
    """The hash tile at `tile/<L>/<N>[.p/<W>]`; None where the signed log has none, or the path is spelt otherwise."""
    asked = _asked(log, path)
    if asked is None or asked.level == "entries":
        return None
    return Resource(Media.BYTES, queries.tile(asked.level, asked.n, asked.width, log=log), fixed=True)


def bundle(log: int, path: str) -> Resource | None:
    """The entry bundle at `tile/entries/<N>[.p/<W>]`, as `tile`. Entries hold no personal text, but kinds and times."""
    asked = _asked(log, path)
    if asked is None or asked.level != "entries":
        return None
    return Resource(Media.BYTES, entry_bundle(log, asked.n, asked.width), fixed=True)


def _opened(log: int) -> bool:
    """Whether there is such a log: the live one, or one before it."""
    return log <= LAST_LOG and Log.objects.filter(id=log).exists()


def _asked(log: int, path: str) -> Tile | None:
    """The tile that a path names, if the signed log has it in that width."""
    try:
        asked = tiles.parse_path(path)
    except SealError:
        return None
    if not _opened(log):
        return None
    size = Checkpoint.objects.filter(log=log).order_by("-size").values_list("size", flat=True).first() or 0
    hashes = size if asked.level == "entries" else size >> (tiles.HEIGHT * asked.level)
    return asked if asked.n * TILE + asked.width <= hashes else None


def entry_bundle(log: int, n: int, width: int) -> bytes:
    """The leaf data of `width` entries from number `n` · 256 on, packed as C2SP tlog-tiles says."""
    start = n * TILE
    span = Entry.objects.filter(log=log, index__gte=start, index__lt=start + width).order_by("index")
    columns = span.values_list("kind", "time", "count", "commitment")
    return tiles.pack_entries(
        entry_bytes(kind=kind, time=time, count=count, commitment=bytes(commitment))
        for kind, time, count, commitment in columns
    )
