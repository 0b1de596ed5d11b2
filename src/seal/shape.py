"""Reading fields out of a decoded canonical value: every key expected, every type checked."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from seal.canonical import Value, decode
from seal.encoding import from_hex
from seal.errors import SealError


class Shape:
    """One object of a file, read key by key; every complaint carries the file's ``code``."""

    def __init__(self, value: Value, *, code: str) -> None:
        if type(value) is not dict:
            raise SealError(code, "A JSON object is expected here.")
        self._value = value
        self._code = code

    @classmethod
    def of(cls, data: bytes, *, code: str) -> Shape:
        """Decode canonical bytes that must be an object."""
        return cls(decode(data), code=code)

    def only(self, required: AbstractSet[str], optional: AbstractSet[str] = frozenset()) -> Shape:
        """Exactly these keys, the ``optional`` ones left out or not; gives itself back."""
        keys = self._value.keys()
        if not (required <= keys and keys <= required | optional):
            raise SealError(self._code, "An object lacks a key or has one that the format does not know.")
        return self

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._value

    def raw(self, key: str) -> Value:
        """The value as it stands."""
        return self._value[key]

    def text(self, key: str) -> str:
        """A string."""
        value = self._value[key]
        if type(value) is not str:
            raise SealError(self._code, f"The key {key} must be a string.")
        return value

    def integer(self, key: str, *, least: int = 0) -> int:
        """An integer, ``least`` or more."""
        value = self._value[key]
        if type(value) is not int or value < least:
            raise SealError(self._code, f"The key {key} must be an integer of at least {least}.")
        return value

    def array(self, key: str) -> list[Value]:
        """An array."""
        value = self._value[key]
        if type(value) is not list:
            raise SealError(self._code, f"The key {key} must be an array.")
        return value

    def texts(self, key: str) -> list[str]:
        """An array of strings."""
        items = self.array(key)
        for item in items:
            if type(item) is not str:
                raise SealError(self._code, f"The key {key} must be an array of strings.")
        return [str(item) for item in items]

    def object(self, key: str) -> dict[str, Value]:
        """An object."""
        value = self._value[key]
        if type(value) is not dict:
            raise SealError(self._code, f"The key {key} must be an object.")
        return value

    def hex(self, key: str, length: int | None) -> bytes:
        """Bytes in lower-case hex."""
        return from_hex(self._value[key], length=length, code=self._code)

    def hashes(self, key: str) -> list[bytes]:
        """An array of 32-byte hashes in hex, at most 64 of them."""
        items = self.array(key)
        if len(items) > 64:
            raise SealError(self._code, f"The key {key} holds more hashes than a tree is high.")
        return [from_hex(item, length=32, code=self._code) for item in items]
