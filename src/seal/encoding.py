"""Strict text encodings: each value has exactly one spelling, every other one is refused."""

from __future__ import annotations

import base64
import binascii

from seal.errors import SealError

MAX_SIZE = 2**63 - 1
_HEX = frozenset("0123456789abcdef")


def to_base64(data: bytes) -> str:
    """Standard base64 (RFC 4648 section 4) with padding."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, *, code: str) -> bytes:
    """The bytes of standard padded base64; ``SealError(code)`` for any other spelling of them."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        raise SealError(code, "Not standard base64; take the value from its source again.") from None
    # b64decode accepts set trailing bits, so two texts could mean the same bytes.
    if to_base64(data) != text:
        raise SealError(
            code, "Base64 in a form that is not the canonical one; take it from its source again."
        )
    return data


def from_base64_hash(text: str, *, code: str) -> bytes:
    """As :func:`from_base64`, and the value must be 32 bytes long."""
    data = from_base64(text, code=code)
    if len(data) != 32:
        raise SealError(code, "A hash must be 32 bytes long; take the value from its source again.")
    return data


def from_hex(text: object, *, length: int | None, code: str) -> bytes:
    """The bytes of lower-case hex; ``length`` in bytes if it is fixed."""
    if type(text) is not str or len(text) % 2 or not _HEX.issuperset(text):
        raise SealError(code, "Not lower-case hex; take the value from its source again.")
    if length is not None and len(text) != 2 * length:
        raise SealError(code, f"The value must be {length} bytes of hex.")
    return bytes.fromhex(text)


def from_decimal(text: str, *, code: str, limit: int = MAX_SIZE) -> int:
    """An ASCII decimal without sign or leading zeros, 0 to ``limit``."""
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or (text[0] == "0" and text != "0"):
        raise SealError(code, "Not a plain decimal number without leading zeros.")
    value = int(text)
    if value > limit:
        raise SealError(code, f"The number is above its limit of {limit}.")
    return value
