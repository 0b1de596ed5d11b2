"""An item's commitment (ADR 1): salted digests of its fields, so that any subset can be opened later.

Written lean: an archive calls these once for each of millions of messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256, shake_256

from seal.canonical import decode
from seal.encoding import from_decimal
from seal.errors import SealError

TAG = b"jieli.item.v1\n"
SECRET_LENGTH = 32
NONCE = bytes(12)  # the content key is used once
MAX_MEDIA = 1024
_NAMES = ("raw", "text", "sender", "receivers", "time")
_AT = {name: 32 * (1 + at) for at, name in enumerate(_NAMES)}
_MEDIA_AT = 32 * (1 + len(_NAMES))
#: A hash begun: copying it costs less than beginning one for each item.
_BEGUN = shake_256(TAG).copy
_PREFIX = {name: name.encode() + b"\x00" for name in _NAMES}


def expand(secret: bytes, media_count: int = 0) -> bytes:
    """SHAKE-256(tag || secret): 32 bytes of content key, then 32 of salt for each field in its order."""
    if len(secret) != SECRET_LENGTH or not 0 <= media_count <= MAX_MEDIA:
        raise SealError("item.secret", "An item's secret has 32 bytes, and an item at most 1,024 media.")
    drawn = _BEGUN()
    drawn.update(secret)
    return drawn.digest(_MEDIA_AT + 32 * media_count)


def salt_offset(name: str) -> int:
    """Where the salt of the field ``name`` stands in :func:`expand`; it also gives the order of fields."""
    at = _AT.get(name)
    if at is not None:
        return at
    number = name[6:] if name.startswith("media.") else ""
    if not number:
        raise SealError("item.field", "Fields are raw, text, sender, receivers, time and media.N.")
    return _MEDIA_AT + 32 * from_decimal(number, code="item.field", limit=MAX_MEDIA - 1)


def field_salt(expanded: bytes, name: str) -> bytes:
    """The salt of one field."""
    at = salt_offset(name)
    salt = expanded[at : at + 32]
    if len(salt) != 32:
        raise SealError("item.secret", "The secret was expanded for fewer media than are asked for.")
    return salt


def field_digest(name: str, salt: bytes, data: bytes) -> bytes:
    """SHA-256(name || 0x00 || salt || bytes)."""
    return sha256((_PREFIX.get(name) or name.encode() + b"\x00") + salt + data).digest()


def fields_digest(digests: Iterable[tuple[str, bytes]]) -> bytes:
    """SHA-256 over lines ``name hex``, in the fixed order of fields; an absent field has no line."""
    last, lines = 0, []
    for name, digest in digests:
        at = salt_offset(name)
        if at <= last or len(digest) != 32:
            raise SealError(
                "item.order", "Fields stand in their fixed order, each once, with 32-byte digests."
            )
        last = at
        lines.append(f"{name} {digest.hex()}\n")
    return sha256("".join(lines).encode("ascii")).digest()


def fields_digest_of(secret: bytes, fields: Sequence[tuple[str, bytes]]) -> tuple[bytes, bytes]:
    """From an item's secret and its fields in order: (fields digest, content key)."""
    last, lines = 0, []
    top = fields[-1][0] if fields else ""
    expanded = expand(secret, 0 if top in _AT or not top else (salt_offset(top) - _MEDIA_AT) // 32 + 1)
    for name, data in fields:
        at = _AT.get(name) or salt_offset(name)
        if at <= last:
            raise SealError("item.order", "Fields stand in their fixed order, each once.")
        last = at
        prefix = _PREFIX.get(name) or name.encode() + b"\x00"
        lines.append(f"{name} {sha256(prefix + expanded[at : at + 32] + data).hexdigest()}\n")
    return sha256("".join(lines).encode("ascii")).digest(), expanded[:32]


def row_digest(columns: bytes) -> bytes:
    """SHA-256 of the canonical JSON of the row's sealed columns."""
    return sha256(columns).digest()


def leaf_data(fields: bytes, row: bytes) -> bytes:
    """Tag, fields digest and row digest: 78 bytes."""
    return TAG + fields + row


def item_leaf(fields: bytes, row: bytes) -> bytes:
    """The item's leaf hash: SHA-256(0x00 || leaf data)."""
    return sha256(b"\x00" + TAG + fields + row).digest()


def associated_data(origin: str, batch: int, position: int) -> bytes:
    """What AES-256-GCM binds a ciphertext to: origin, 0x00, batch, position (8 bytes each, big-endian)."""
    return origin.encode("utf-8") + b"\x00" + batch.to_bytes(8, "big") + position.to_bytes(8, "big")


def check_field(name: str, data: bytes) -> None:
    """Refuse opened bytes that are not of the field's kind, so that every reader shows the same."""
    salt_offset(name)
    if name == "raw":
        if b"\n" in data:
            raise SealError("item.value", "The raw line of an item holds a newline.")
        return
    if name == "receivers" or name.startswith("media."):
        value = decode(data)
        wanted = list if name == "receivers" else dict
        if type(value) is not wanted:
            raise SealError("item.value", "An item's receivers are an array and its media objects.")
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise SealError("item.value", "A text field of an item is not UTF-8.") from None
    if name == "time":
        from_decimal(text, code="item.value")
    elif not text:
        raise SealError("item.value", "An empty field of an item must be left out.")
