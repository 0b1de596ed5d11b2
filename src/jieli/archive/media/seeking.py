"""A stretch of a file for a screen: every block that goes out was checked under its key and place, no other is read.

Where blocks are alike in length (64 KiB, a second of WAV) the store is read from the one that is wanted; AMR's differ,
and are read from the first. The root over the whole file is held by `opening.pieces` alone: whoever needs the file as
evidence takes it whole or as an excerpt.
"""

from collections.abc import Iterator

from jieli.archive.media import ports
from jieli.archive.media.opening import pieces
from jieli.archive.media.sealing import HEAD, TAG_BYTES, Place, decrypted_from, keys_of, seed_of
from jieli.archive.media.types import MediaRef, Unit
from jieli.archive.types import OpenedItem
from jieli.ledger import queries as ledger
from seal.media import TABLE, Piece

_BLOCK = 64 * 1024
_LENGTH = 4


def whole(opened: OpenedItem, ref: MediaRef) -> Iterator[bytes]:
    """The file, block by block; the last one only when the whole was found to be what was sealed.

    Whoever receives it has a file that is cut short, or a whole and checked one.
    """
    held = b""
    for piece in pieces(opened, ref):
        if held:
            yield held
        held = piece.data
    yield held


def stretch(opened: OpenedItem, ref: MediaRef, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` up to `stop` (exclusive) of a file whose item was opened. Memory: a block.

    MediaAltered, MediaObjectMissing, MediaStoreAway.
    """
    for at, piece in blocks_from(opened, ref, start):
        if at >= stop:
            return
        yield piece.data[max(0, start - at) : stop - at]


def blocks_from(opened: OpenedItem, ref: MediaRef, start: int) -> Iterator[tuple[int, Piece]]:
    """The blocks of a file from the one that holds byte `start` on, each with the place of its first byte."""
    origin = ledger.origins_of(TABLE, [ref.id])[str(ref.id)]
    place, store = Place(origin, ref.item, ref.n), ports.store()
    first, at = _where(ref, start)
    seed = seed_of(place, store.read(ref.address))
    chunks = store.read(ref.address, HEAD + at + first * (_LENGTH + TAG_BYTES))
    keys = keys_of(opened.secret, ref.n, seed)
    for piece in decrypted_from(place, keys, chunks, first=first, blocks=ref.blocks):
        if at + len(piece.data) > start:
            yield at, piece
        at += len(piece.data)


def _where(ref: MediaRef, start: int) -> tuple[int, int]:
    """A block that can be found without those before it, at or before the one with byte `start`, and its first byte."""
    if ref.unit is Unit.BYTES:
        return start // _BLOCK, start // _BLOCK * _BLOCK
    if ref.format != "wav" or not start:
        return 0, 0
    head = _length_at(ref, HEAD)
    if start < head or ref.blocks < 2:
        return 0, 0
    second = _length_at(ref, HEAD + _LENGTH + head + TAG_BYTES)
    # Lengths are not secret and not checked here: at a wrong place no block opens under its number.
    number = min((start - head) // max(second, 1), max(ref.seconds - 1, 0))
    return number + 1, head + number * second


def _length_at(ref: MediaRef, place: int) -> int:
    found = b""
    for chunk in ports.store().read(ref.address, place):
        found += chunk
        if len(found) >= _LENGTH:
            break
    return int.from_bytes(found[:_LENGTH], "big")
