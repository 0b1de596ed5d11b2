"""Named keys of signed notes: verifier keys (vkeys) and the signing keys that belong to them.

A vkey is ``name+hex(id)+base64(type || public key)``. A signing key is kept in the form that Go's sumdb
tools use, ``PRIVATE+KEY+name+hex(id)+base64(type || seed)``: one line that names itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256

from seal import ed25519
from seal.encoding import from_base64, from_hex, to_base64
from seal.errors import SealError

ED25519 = 0x01
COSIGNATURE = 0x04
_MAX_TEXT = 8192
_MAX_NAME = 255
_PRIVATE = "PRIVATE+KEY+"


def check_name(name: str) -> None:
    """Refuse a key name that signed notes do not allow: empty, with spaces, ``+`` or control characters."""
    bad = any(char.isspace() or char == "+" or char < " " or char == "\x7f" for char in name)
    if not name or bad or len(_utf8(name)) > _MAX_NAME:
        raise SealError(
            "keys.name", "A key name is one word without spaces or plus signs, such as a host name."
        )


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The first four bytes of SHA-256(name || 0x0A || type || public key)."""
    return sha256(_utf8(name) + b"\n" + bytes([kind]) + public).digest()[:4]


def _utf8(name: str) -> bytes:
    try:
        return name.encode("utf-8")
    except UnicodeEncodeError:
        raise SealError("keys.name", "A key name holds a lone surrogate.") from None


@dataclass(frozen=True, slots=True)
class Vkey:
    """A verifier key. ``kind`` is the signature type; ``material`` the public key in that type's encoding.

    Types 0x01 and 0x04 are understood; a key of another type is kept, but verifies nothing.
    """

    name: str
    id: bytes
    kind: int
    material: bytes

    @property
    def understood(self) -> bool:
        """Whether this program can check the key's signatures."""
        return self.kind in (ED25519, COSIGNATURE)

    def format(self) -> str:
        """The vkey as one line of text, without a newline."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.material)}"


def parse_vkey(text: str) -> Vkey:
    """Read a vkey strictly; for the types understood the key id must be the one the key gives."""
    parts = text.split("+", 2)
    if len(parts) != 3 or len(text) > _MAX_TEXT:
        raise SealError(
            "keys.vkey", "A verifier key has the form name+id+base64; ask its owner for it again."
        )
    name, identifier, encoded = parts
    check_name(name)
    given = from_hex(identifier, length=4, code="keys.vkey")
    data = from_base64(encoded, code="keys.vkey")
    if len(data) < 2:
        raise SealError("keys.vkey", "A verifier key without key material; ask its owner for it again.")
    key = Vkey(name, given, data[0], data[1:])
    if key.understood:
        ed25519.check_public(key.material)
        if key_id(name, key.kind, key.material) != given:
            raise SealError(
                "keys.id", "The id in the verifier key is not the key's; ask its owner for it again."
            )
    return key


@dataclass(frozen=True, slots=True)
class Signer:
    """A signing key, of type 0x01 (log) or 0x04 (cosigner). Its seed shows in no text but :meth:`secret`."""

    name: str
    kind: int
    seed: bytes = field(repr=False)
    vkey: Vkey

    def sign(self, message: bytes) -> bytes:
        """The bare 64-byte Ed25519 signature over ``message``."""
        return ed25519.sign(self.seed, message)

    def secret(self) -> str:
        """The line to keep: whoever reads it can sign."""
        return f"{_PRIVATE}{self.name}+{self.vkey.id.hex()}+{to_base64(bytes([self.kind]) + self.seed)}"


def signer_of(name: str, seed: bytes, *, kind: int = ED25519) -> Signer:
    """The signer with this seed of 32 bytes; :class:`NoCryptoError` without ``cryptography``."""
    check_name(name)
    if len(seed) != ed25519.SEED_LENGTH or kind not in (ED25519, COSIGNATURE):
        raise SealError("keys.secret", "A signing key needs a seed of 32 bytes and the type 0x01 or 0x04.")
    public = ed25519.public_of(seed)
    return Signer(name, kind, seed, Vkey(name, key_id(name, kind, public), kind, public))


def generate(name: str, *, kind: int = ED25519) -> Signer:
    """A new random signing key."""
    return signer_of(name, ed25519.generate_seed(), kind=kind)


def parse_signer(text: str) -> Signer:
    """Read a kept signing key; no part of it appears in an error."""
    parts = text.removeprefix(_PRIVATE).split("+", 2)
    if not text.startswith(_PRIVATE) or len(parts) != 3 or len(text) > _MAX_TEXT:
        raise SealError("keys.secret", "Not a signing key line; restore it from its backup.")
    data = from_base64(parts[2], code="keys.secret")
    if len(data) != 1 + ed25519.SEED_LENGTH:
        raise SealError("keys.secret", "Not a signing key line; restore it from its backup.")
    signer = signer_of(parts[0], data[1:], kind=data[0])
    if signer.vkey.id.hex() != parts[1]:
        raise SealError("keys.id", "The id in the signing key is not the key's; restore it from its backup.")
    return signer
