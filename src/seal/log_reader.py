"""Reading a whole log as C2SP tlog-tiles lays it out, from a web site or a directory, and believing none of it.

What is shown: the checkpoint is signed by a key the caller names, and every tile and every entry is the one that
its root commits to. Memory: 32 bytes for each 256 entries, and one tile a level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from seal import checkpoint as checkpoints
from seal import note, tiles, tree
from seal.checkpoint import Checkpoint
from seal.errors import MismatchError, SealError, UnvouchedError
from seal.keys import COSIGNATURE, Vkey
from seal.tiles import HEIGHT, WIDTH, Tile

#: The bytes at a path below the log's prefix, or None when nothing is there.
Read = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class ReadLog:
    """A log that was read to its end and agrees with itself: its head, who signed it, how many entries were read."""

    head: Checkpoint
    signed: tuple[note.Verified, ...]
    entries: int


def read_checkpoint(read: Read, keys: Sequence[Vkey]) -> tuple[Checkpoint, tuple[note.Verified, ...]]:
    """The checkpoint at its place, signed by one of ``keys`` that bears its origin as a name."""
    head, signed = checkpoints.parse(_there(read, "checkpoint"))
    verified = note.verify(signed, keys)
    if not any(one.key.name == head.origin and one.key.kind != COSIGNATURE for one in verified):
        raise UnvouchedError("log.unsigned", "No key that you named has signed this checkpoint as its log.")
    return head, verified


def read_log(read: Read, keys: Sequence[Vkey], *, entries: bool = True) -> ReadLog:
    """Read checkpoint, tiles and (unless told not to) entry bundles, and hold each against the others."""
    head, signed = read_checkpoint(read, keys)
    peaks: list[bytes] = []
    expected: list[bytes] = []
    level = 0
    while width := head.size >> (HEIGHT * level):
        above: list[bytes] = []
        rest: list[bytes] = []
        for tile in _tiles(level, width):
            found = _hashes(read, tile)
            if level and found != expected[tile.n * WIDTH : tile.n * WIDTH + tile.width]:
                raise MismatchError("log.tile", f"{tile.path()} is not what the tiles below it give.")
            if entries and not level:
                _check_entries(read, tile, found)
            if tile.width == WIDTH:
                above.append(tree.root(found))
            else:
                rest = _peaks(found)
        peaks, expected, level = rest + peaks, above, level + 1
    if tree.fold(peaks) != head.root:
        raise MismatchError("log.root", "The tiles do not lead to the root that the checkpoint names.")
    return ReadLog(head, signed, head.size if entries else 0)


def _tiles(level: int, width: int) -> Iterator[Tile]:
    for n in range(width // WIDTH):
        yield Tile(level, n)
    if width % WIDTH:
        yield Tile(level, width // WIDTH, width % WIDTH)


def _there(read: Read, path: str) -> bytes:
    data = read(path)
    if data is None:
        raise MismatchError("log.missing", f"{path} is not there; read the log again, or make it anew.")
    return data


def _hashes(read: Read, tile: Tile) -> list[bytes]:
    data = _there(read, tile.path())
    if len(data) != 32 * tile.width:
        raise MismatchError("log.length", f"{tile.path()} has not the length of its width.")
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def _check_entries(read: Read, tile: Tile, leaves: list[bytes]) -> None:
    path = Tile("entries", tile.n, tile.width).path()
    try:
        found = tiles.unpack_entries(_there(read, path))
    except SealError as error:
        raise MismatchError("log.bundle", f"{path} is no entry bundle ({error.code}).") from None
    if [tree.leaf_hash(data) for data in found] != leaves:
        raise MismatchError("log.entries", f"The entries of {path} are not those of {tile.path()}.")


def _peaks(hashes: list[bytes]) -> list[bytes]:
    """The roots of the complete subtrees of a partial tile, the largest first."""
    peaks, at = [], 0
    for bit in reversed(range(HEIGHT)):
        if len(hashes) >> bit & 1:
            peaks.append(tree.root(hashes[at : at + (1 << bit)]))
            at += 1 << bit
    return peaks
