"""Named keys of signed notes: verifier keys (vkeys) and the signing keys that belong to them.

A vkey is ``name+hex(id)+base64(type || public key)``. A signing key is kept in the form that Go's sumdb
tools use, ``PRIVATE+KEY+name+hex(id)+base64(type || seed)``: one line that names itself. Type 0xff is followed by
an identifier that says which algorithm of our own it is (ADR 16).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from seal import ed25519, mldsa, sm2
from seal.encoding import from_base64, from_hex, to_base64
from seal.errors import SealError

ED25519 = 0x01
COSIGNATURE = 0x04
MLDSA = 0x06
SM2 = 0xFF  # together with its identifier: other identifiers of type 0xff are not understood
SM2_IDENTIFIER = b"jieli.sm2.v1\n"
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
    """A verifier key. ``kind`` is the signature type; ``material`` what follows it: the public key in that type's
    encoding, for type 0xff after its identifier.

    Types 0x01, 0x04, 0x06 and our SM2 are understood; a key of another type is kept, but verifies nothing.
    """

    name: str
    id: bytes
    kind: int
    material: bytes

    @property
    def understood(self) -> bool:
        """Whether this program knows the key's type, at hand or not."""
        return self.kind in (ED25519, COSIGNATURE, MLDSA) or self._is_sm2()

    @property
    def public(self) -> bytes:
        """The bare public key."""
        return self.material.removeprefix(SM2_IDENTIFIER) if self._is_sm2() else self.material

    @property
    def label(self) -> str:
        """The name of the algorithm, for people."""
        if self._is_sm2():
            return "SM2"
        named = {ED25519: "Ed25519", COSIGNATURE: "Ed25519", MLDSA: "ML-DSA-44"}
        return named.get(self.kind, f"0x{self.kind:02x}")

    def checkable(self) -> bool:
        """Whether signatures of this key can be checked here. Ed25519 always counts as such: without it nothing
        is vouched for at all, and that must be said."""
        if self.kind == MLDSA:
            return mldsa.at_hand()
        return sm2.at_hand() if self._is_sm2() else self.understood

    def format(self) -> str:
        """The vkey as one line of text, without a newline."""
        return f"{self.name}+{self.id.hex()}+{to_base64(bytes([self.kind]) + self.material)}"

    def check(self) -> None:
        """Refuse key material that is not a public key of its type, and an id that is not the key's."""
        if not self.understood:
            return
        algorithm = {MLDSA: mldsa.check_public, SM2: sm2.check_public}.get(self.kind, ed25519.check_public)
        algorithm(self.public)
        if key_id(self.name, self.kind, self.material) != self.id:
            raise SealError(
                "keys.id", "The id in the verifier key is not the key's; ask its owner for it again."
            )

    def _is_sm2(self) -> bool:
        return self.kind == SM2 and self.material.startswith(SM2_IDENTIFIER)


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
    key.check()
    return key


@dataclass(frozen=True, slots=True)
class Signer:
    """A signing key of type 0x01 or 0xff (log), 0x04 (witness) or 0x06 (either). Its seed shows in no text but
    :meth:`secret`."""

    name: str
    kind: int
    seed: bytes = field(repr=False)
    vkey: Vkey

    def sign(self, message: bytes) -> bytes:
        """The bare signature over ``message``: 64 bytes, or 2,420 by ML-DSA-44."""
        return _ALGORITHMS[self.kind].sign(self.seed, message)

    def secret(self) -> str:
        """The line to keep: whoever reads it can sign."""
        data = _prefix(self.kind) + self.seed
        return f"{_PRIVATE}{self.name}+{self.vkey.id.hex()}+{to_base64(data)}"


@dataclass(frozen=True, slots=True)
class _Algorithm:
    length: int
    public_of: Callable[[bytes], bytes]
    sign: Callable[[bytes, bytes], bytes]


_ED25519 = _Algorithm(ed25519.SEED_LENGTH, ed25519.public_of, ed25519.sign)
_ALGORITHMS = {
    ED25519: _ED25519,
    COSIGNATURE: _ED25519,
    MLDSA: _Algorithm(mldsa.SEED_LENGTH, mldsa.public_of, mldsa.sign),
    SM2: _Algorithm(sm2.SECRET_LENGTH, sm2.public_of, sm2.sign),
}


def _prefix(kind: int) -> bytes:
    return bytes([kind]) + (SM2_IDENTIFIER if kind == SM2 else b"")


def signer_of(name: str, seed: bytes, *, kind: int = ED25519) -> Signer:
    """The signer with this seed (32 bytes; for SM2 the 96 of :func:`seal.sm2.generate`).

    :class:`NoCryptoError` where the algorithm is not at hand.
    """
    check_name(name)
    algorithm = _ALGORITHMS.get(kind)
    if algorithm is None or len(seed) != algorithm.length:
        raise SealError("keys.secret", "A signing key needs a seed of its length and a type that can sign.")
    material = _prefix(kind)[1:] + algorithm.public_of(seed)
    return Signer(name, kind, seed, Vkey(name, key_id(name, kind, material), kind, material))


def generate(name: str, *, kind: int = ED25519) -> Signer:
    """A new random signing key."""
    return signer_of(name, sm2.generate() if kind == SM2 else ed25519.generate_seed(), kind=kind)


def parse_signer(text: str) -> Signer:
    """Read a kept signing key; no part of it appears in an error."""
    parts = text.removeprefix(_PRIVATE).split("+", 2)
    if not text.startswith(_PRIVATE) or len(parts) != 3 or len(text) > _MAX_TEXT:
        raise SealError("keys.secret", "Not a signing key line; restore it from its backup.")
    data = from_base64(parts[2], code="keys.secret")
    kind = data[0] if data else 0
    if not data.startswith(_prefix(kind)):
        raise SealError("keys.secret", "Not a signing key line; restore it from its backup.")
    signer = signer_of(parts[0], data[len(_prefix(kind)) :], kind=kind)
    if signer.vkey.id.hex() != parts[1]:
        raise SealError("keys.id", "The id in the signing key is not the key's; restore it from its backup.")
    return signer
