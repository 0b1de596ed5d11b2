"""The bytes of a stored object: blocks encrypted under keys of the item's own secret (ADR 17). Pure, and streaming."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import shake_256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jieli.archive.media.errors import MediaAltered
from seal.media import MAX_BLOCK, TAG, Piece
from seal.part import SALT_LENGTH

SEED_BYTES = 32
TAG_BYTES = 16
_LENGTH = 4
HEAD = len(TAG) + SEED_BYTES


@dataclass(frozen=True, slots=True)
class Place:
    """Which file of which item, in which log: what every block is bound to."""

    origin: str
    item: int
    n: int

    def bound(self, block: int, *, last: bool) -> bytes:
        """The associated data of a block."""
        numbers = b"".join(number.to_bytes(8, "big") for number in (self.item, self.n, block))
        return self.origin.encode() + b"\0" + numbers + bytes([last])


@dataclass(frozen=True, slots=True)
class Keys:
    """The content key and the salt key of one upload."""

    content: bytes
    salts: bytes

    def __repr__(self) -> str:
        return "Keys()"

    def salt(self, block: int) -> bytes:
        """The salt of a block's leaf."""
        return shake_256(TAG + self.salts + block.to_bytes(8, "big")).digest(SALT_LENGTH)


def keys_of(secret: bytes, n: int, seed: bytes) -> Keys:
    """The keys of one upload of file n of the item with this secret."""
    found = shake_256(TAG + n.to_bytes(8, "big") + seed + secret).digest(64)
    return Keys(found[:32], found[32:])


def encrypted(place: Place, keys: Keys, seed: bytes, blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The object's bytes, block by block. A block is held back until it is known whether another one follows."""
    yield TAG + seed
    cipher = AESGCM(keys.content)
    held, number = b"", -1
    for block in blocks:
        if number >= 0:
            yield _sealed(cipher, place, number, held, last=False)
        held, number = block, number + 1
    if number >= 0:
        yield _sealed(cipher, place, number, held, last=True)


def _sealed(cipher: AESGCM, place: Place, number: int, block: bytes, *, last: bool) -> bytes:
    length = len(block).to_bytes(_LENGTH, "big")
    return length + cipher.encrypt(number.to_bytes(12, "big"), block, place.bound(number, last=last))


def decrypted(place: Place, secret: bytes, chunks: Iterable[bytes], *, blocks: int) -> Iterator[Piece]:
    """The blocks of an object, each checked under its key and place; MediaAltered at the first that is not right.

    Memory: a chunk and a block.
    """
    stream = _Stream(chunks)
    head = stream.take(HEAD)
    if head is None or not head.startswith(TAG):
        raise MediaAltered(place.item, place.n)
    keys = keys_of(secret, place.n, head[len(TAG) :])
    yield from _blocks(stream, place, keys, range(blocks))


def seed_of(place: Place, chunks: Iterable[bytes]) -> bytes:
    """The seed at an object's head; MediaAltered where there is none."""
    head = _Stream(chunks).take(HEAD)
    if head is None or not head.startswith(TAG):
        raise MediaAltered(place.item, place.n)
    return head[len(TAG) :]


def decrypted_from(
    place: Place, keys: Keys, chunks: Iterable[bytes], *, first: int, blocks: int
) -> Iterator[Piece]:
    """As `decrypted`, of chunks that begin with block `first` of so many: what stands before is not looked at."""
    yield from _blocks(_Stream(chunks), place, keys, range(first, blocks))


def lengths(place: Place, chunks: Iterable[bytes], *, blocks: int) -> Iterator[int]:
    """How long each of so many blocks is, out of chunks that begin with the first one; nothing is opened.

    MediaAltered where no such blocks stand. Memory: a chunk and a block.
    """
    stream = _Stream(chunks)
    for _ in range(blocks):
        length = int.from_bytes(stream.take(_LENGTH) or b"", "big")
        if not 0 < length <= MAX_BLOCK or stream.take(length + TAG_BYTES) is None:
            raise MediaAltered(place.item, place.n)
        yield length


def _blocks(stream: "_Stream", place: Place, keys: Keys, numbers: range) -> Iterator[Piece]:
    cipher, blocks = AESGCM(keys.content), numbers.stop
    for number in numbers:
        length = int.from_bytes(stream.take(_LENGTH) or b"", "big")
        sealed = stream.take(length + TAG_BYTES) if 0 < length <= MAX_BLOCK else None
        if sealed is None:
            raise MediaAltered(place.item, place.n)
        try:
            bound = place.bound(number, last=number == blocks - 1)
            data = cipher.decrypt(number.to_bytes(12, "big"), sealed, bound)
        except InvalidTag:
            raise MediaAltered(place.item, place.n) from None
        yield Piece(number, keys.salt(number), data)
    if stream.take(1) is not None:
        raise MediaAltered(place.item, place.n)


class _Stream:
    """Bytes by the count that is asked for, out of chunks of any size."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._kept = bytearray()

    def take(self, count: int) -> bytes | None:
        """The next `count` bytes; None where the stream ends before."""
        while len(self._kept) < count:
            chunk = next(self._chunks, None)
            if chunk is None:
                return None
            self._kept += chunk
        found = bytes(self._kept[:count])
        del self._kept[:count]
        return found
