"""Just enough strict DER to read an RFC 3161 response: one-byte tags, definite shortest lengths."""

from __future__ import annotations

from collections.abc import Iterator

from seal.errors import SealError

INTEGER, BITS, OCTETS, OID, SEQUENCE, SET, TIME = 0x02, 0x03, 0x04, 0x06, 0x30, 0x31, 0x18


def _wrong() -> SealError:
    return SealError("timestamp.form", "The timestamp is not a well-formed RFC 3161 response.")


class Der:
    """A cursor over the elements of one DER value."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def done(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._data)

    def peek(self) -> int:
        """The next tag, or -1 at the end."""
        return -1 if self.done() else self._data[self._at]

    def next(self, tag: int) -> bytes:
        """The content of the next element, which must have this tag."""
        if self.peek() != tag:
            raise _wrong()
        start = self._at + 2
        if start > len(self._data):
            raise _wrong()
        length = self._data[start - 1]
        if length >= 0x80:
            count = length - 0x80
            if not 0 < count <= 4 or start + count > len(self._data):
                raise _wrong()
            length = int.from_bytes(self._data[start : start + count], "big")
            start += count
            if length < 0x80 or length.bit_length() <= 8 * (count - 1):
                raise _wrong()
        if start + length > len(self._data):
            raise _wrong()
        self._at = start + length
        return self._data[start : self._at]

    def inside(self, tag: int) -> Der:
        """A cursor over the next element's own elements."""
        return Der(self.next(tag))

    def integer(self, tag: int = INTEGER) -> int:
        """The next integer, not negative and of at most 20 bytes."""
        content = self.next(tag)
        if not 0 < len(content) <= 21 or content[0] & 0x80:
            raise _wrong()
        return int.from_bytes(content, "big")

    def end(self) -> None:
        """Refuse what is left over."""
        if not self.done():
            raise _wrong()

    def each(self, tag: int) -> Iterator[bytes]:
        """The contents of all that is left, each of this tag."""
        while not self.done():
            yield self.next(tag)
