"""Canonical JSON (ADR 1): the one spelling of a value that is hashed.

Strings without lone surrogates, integers with ``|x| < 2**53``, arrays, and objects with ASCII keys. UTF-8,
keys sorted, no white space. For this subset the bytes equal RFC 8785. Null, booleans and floats are refused.
"""

from __future__ import annotations

import json
from typing import TypeAlias

from seal.errors import SealError

Value: TypeAlias = "str | int | list[Value] | dict[str, Value]"

INTEGER_LIMIT = 2**53
MAX_DEPTH = 64

_encoder = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, check_circular=False
)


def encode(value: object) -> bytes:
    """The canonical bytes of ``value``; :class:`SealError` ``canonical.*`` if it is outside the subset."""
    if type(value) is not str:
        _check(value, 0)
    try:
        return _encoder.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        raise SealError("canonical.surrogate", "A string holds a lone surrogate; repair the text.") from None


def decode(data: bytes) -> Value:
    """The value of canonical bytes; any spelling that :func:`encode` would not give is refused.

    Each reason has its own code: ``canonical.utf8``, ``.json``, ``.duplicate_key``, ``.number``, ``.type``,
    ``.key``, ``.surrogate``, ``.depth``, and ``.form`` for the right value in another spelling.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SealError("canonical.utf8", "The bytes are not UTF-8.") from None
    value = _load(text)
    if encode(value) != data:
        _find_duplicate(text)
        raise SealError(
            "canonical.form", "The JSON is not in canonical form: key order, space or escapes differ."
        )
    return value


def _load(text: str) -> Value:
    try:
        loaded: Value = json.loads(text)
    except RecursionError:
        raise SealError("canonical.depth", f"JSON nested deeper than {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError:
        raise SealError("canonical.json", "The bytes are not JSON.") from None
    except ValueError:  # Python's own limit on the digits of an integer
        raise SealError("canonical.number", "An integer is not below 2^53.") from None
    return loaded


def _find_duplicate(text: str) -> None:
    def pairs(items: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(items)
        if len(found) != len(items):
            raise SealError("canonical.duplicate_key", "An object names a key twice.")
        return found

    json.loads(text, object_pairs_hook=pairs)


def _check(value: object, depth: int) -> None:
    """Refuse what json.dumps would accept but the subset does not hold; strings show at the encoding."""
    kind = type(value)
    if kind is int:
        if not -INTEGER_LIMIT < value < INTEGER_LIMIT:  # type: ignore[operator]
            raise SealError("canonical.number", "An integer is not below 2^53.")
        return
    if kind is not dict and kind is not list:
        if kind is str:
            return
        if kind is float:
            raise SealError("canonical.number", "Numbers must be integers; write a decimal as a string.")
        raise SealError(
            "canonical.type", "Only strings, integers, arrays and objects; leave an absent key out."
        )
    if depth >= MAX_DEPTH:
        raise SealError("canonical.depth", f"JSON nested deeper than {MAX_DEPTH} levels.")
    if kind is list:
        if set(map(type, value)) == {int}:  # type: ignore[call-overload]  # thousands of ids, looked at together
            _check(min(value), depth + 1)  # type: ignore[call-overload]
            _check(max(value), depth + 1)  # type: ignore[call-overload]
            return
        for item in value:  # type: ignore[attr-defined]
            if type(item) is not str:
                _check(item, depth + 1)
        return
    for key, item in value.items():  # type: ignore[attr-defined]
        if type(key) is not str or not key.isascii():
            raise SealError("canonical.key", "Object keys must be ASCII strings.")
        if type(item) is not str:
            _check(item, depth + 1)
