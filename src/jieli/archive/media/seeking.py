"""A stretch of a file for a screen: every block that goes out was checked under its key and place, no other is read.

Where blocks are alike in length (64 KiB, a second of WAV, of AMR at one rate) the store is read from the one that is
wanted. Where an AMR's differ, the lengths in its object are gone through once, unopened, and remembered for the next
range. The root over the whole file is held by `opening.pieces` alone: whoever needs the file as
evidence takes it whole or as an excerpt.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from jieli.archive.media import ports
from jieli.archive.media.opening import pieces
from jieli.archive.media.sealing import HEAD, TAG_BYTES, Place, decrypted_from, keys_of, lengths, seed_of
from jieli.archive.media.types import MediaRef, Unit
from jieli.archive.types import OpenedItem
from jieli.ledger import queries as ledger
from seal.media import TABLE, Piece

_BLOCK = 64 * 1024
_LENGTH = 4
#: Of so many files it is remembered where their blocks begin.
FILES = 32


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
    first, at = _where(ref, start)
    for piece in blocks(opened, ref, first, at):
        if at + len(piece.data) > start:
            yield piece.data[max(0, start - at) : stop - at]
        at += len(piece.data)
        if at >= stop and piece.n < ref.blocks - 1:
            return  # the next one is not opened; after the last one the object must end


def seconds(opened: OpenedItem, ref: MediaRef, first: int, stop: int) -> Iterator[bytes]:
    """The seconds from `first` up to `stop` (exclusive) of a recording of frames; no other block is opened."""
    number = first + 1  # block 0 is the file's head
    for piece in blocks(opened, ref, number, _begins(ref, number)):
        yield piece.data
        if piece.n >= stop and piece.n < ref.blocks - 1:
            return


def blocks(opened: OpenedItem, ref: MediaRef, first: int, at: int) -> Iterator[Piece]:
    """The blocks from number `first` on, which begins with byte `at` of the file. None before it is read or opened."""
    origin = ledger.origins_of(TABLE, [ref.id])[str(ref.id)]
    place, store = Place(origin, ref.item, ref.n), ports.store()
    seed = seed_of(place, store.read(ref.address))
    keys = keys_of(opened.secret, ref.n, seed)
    chunks = store.read(ref.address, _object_place(first, at))
    yield from decrypted_from(place, keys, chunks, first=first, blocks=ref.blocks)


def _where(ref: MediaRef, start: int) -> tuple[int, int]:
    """A block that can be found without those before it, at or before the one with byte `start`, and its first byte."""
    if ref.unit is Unit.BYTES:
        return start // _BLOCK, start // _BLOCK * _BLOCK
    if not start or ref.blocks < 2:
        return 0, 0
    head = _length_at(ref, HEAD)
    if start < head:
        return 0, 0
    second = _length_at(ref, _object_place(1, head))
    # Lengths are not secret and not checked here: at a wrong place no block opens under its number.
    number = min((start - head) // max(second, 1), max(ref.seconds - 1, 0))
    if ref.format == "wav" or _is_even(ref, head, second, number + 1):
        return number + 1, head + number * second
    begins = _all_begin(ref)
    found = bisect_right(begins, start) - 1
    return found, begins[found]


def _begins(ref: MediaRef, number: int) -> int:
    """Where in the file a block of frames begins: seconds are mostly alike, for a codec keeps to its rate."""
    head = _length_at(ref, HEAD)
    second = _length_at(ref, _object_place(1, head))
    return head + (number - 1) * second if _is_even(ref, head, second, number) else _all_begin(ref)[number]


def _is_even(ref: MediaRef, head: int, second: int, number: int) -> bool:
    """Whether all seconds can be as long as the first, and the block of this number stands where it then would."""
    if not head + second * (ref.seconds - 1) < ref.size <= head + second * ref.seconds:
        return False
    at = head + (number - 1) * second
    return _length_at(ref, _object_place(number, at)) == min(second, ref.size - at)


def _all_begin(ref: MediaRef) -> Sequence[int]:
    return _begin(ref.address, ref.item, ref.n, ref.blocks)


@lru_cache(maxsize=FILES)
def _begin(address: bytes, item: int, n: int, blocks: int) -> Sequence[int]:
    """Where in the file each block begins, 8 bytes a block: the object is read once to its end, nothing of it opened.

    An address is a digest, so what was found stays right; it says no more than the object's own lengths do.
    """
    found, at = array("q"), 0
    for length in lengths(Place("", item, n), ports.store().read(address, HEAD), blocks=blocks):
        found.append(at)
        at += length
    return found


def _object_place(number: int, at: int) -> int:
    """Where in the object a block stands that begins with byte `at` of the file."""
    return HEAD + at + number * (_LENGTH + TAG_BYTES)


def _length_at(ref: MediaRef, place: int) -> int:
    found = b""
    for chunk in ports.store().read(ref.address, place):
        found += chunk
        if len(found) >= _LENGTH:
            break
    return int.from_bytes(found[:_LENGTH], "big")
