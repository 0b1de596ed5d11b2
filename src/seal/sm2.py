"""SM2 with SM3 (GB/T 32918), by ``gmssl-pyx``, the extra ``sm``; where that is absent, nothing is decided.

Signatures are r || s, 32 bytes each, and public keys 0x04 || x || y: one spelling, whatever a library takes.
"""

from __future__ import annotations

from typing import Any

from seal.errors import NoCryptoError, SealError

IDENTITY = b"1234567812345678"  # the standard's default, which other programs take too
PUBLIC_LENGTH = 65
SECRET_LENGTH = 32 + 64  # the private scalar, and x || y: the library does not compute one from the other
SIGNATURE_LENGTH = 64

_FIELD = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_BASE = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)


def at_hand() -> bool:
    """Whether signatures can be checked here."""
    try:
        _library()
    except NoCryptoError:
        return False
    return True


def check_public(public: bytes) -> None:
    """Refuse what is not an uncompressed point of the curve (its cofactor is 1: no point is of small order)."""
    x, y = int.from_bytes(public[1:33], "big"), int.from_bytes(public[33:], "big")
    right = len(public) == PUBLIC_LENGTH and public[0] == 4 and x < _FIELD and y < _FIELD
    if not right or (y * y - (x * x * x - 3 * x + _B)) % _FIELD:
        raise SealError("keys.public", "Not an SM2 public key; ask its owner for it again.")


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` over ``message`` is ``public``'s; :class:`NoCryptoError` if nothing can tell."""
    check_public(public)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    if len(signature) != SIGNATURE_LENGTH or not (0 < r < _ORDER and 0 < s < _ORDER):
        return False
    gmssl_pyx = _library()
    # The library takes the point at infinity, which has no x, for one with x = 0, and so accepts what whoever has
    # the secret can make for it: r is the digest itself. No other point whose x is 0 has a known logarithm.
    if r == _digest(public, message) % _ORDER:
        return False
    try:
        return bool(gmssl_pyx.sm2_verify(public[1:], message, _der(r, s), IDENTITY))
    except (gmssl_pyx.GmsslInnerError, gmssl_pyx.InvalidValueError):
        return False


def generate() -> bytes:
    """A new secret."""
    gmssl_pyx = _library()
    public, private = gmssl_pyx.sm2_key_generate()
    return bytes(private + public)


def public_of(secret: bytes) -> bytes:
    """The public key that stands in the secret."""
    public = b"\x04" + secret[32:]
    check_public(public)
    return public


def sign(secret: bytes, message: bytes) -> bytes:
    """The signature, 64 bytes, another one each time; checked, because the halves of a secret may not fit."""
    gmssl_pyx = _library()
    try:
        made = _raw(gmssl_pyx.sm2_sign(secret[:32], secret[32:], message, IDENTITY))
    except (gmssl_pyx.GmsslInnerError, gmssl_pyx.InvalidValueError):
        made = b""
    if not verify(public_of(secret), made, message):
        raise SealError("keys.secret", "The secret of an SM2 key is damaged; restore it from its backup.")
    return made


def _digest(public: bytes, message: bytes) -> int:
    """The number that is signed: SM3 of the signer's own digest (identity, curve, key) and the message."""
    sm3 = _library().sm3_hash
    curve = b"".join(number.to_bytes(32, "big") for number in (_FIELD - 3, _B, *_BASE))
    signer = sm3((8 * len(IDENTITY)).to_bytes(2, "big") + IDENTITY + curve + public[1:])
    return int.from_bytes(sm3(signer + message), "big")


def _der(r: int, s: int) -> bytes:
    """SEQUENCE of two INTEGERs, each in its shortest form."""
    body = b""
    for number in (r, s):
        content = number.to_bytes(number.bit_length() // 8 + 1, "big")
        body += bytes([2, len(content)]) + content
    return bytes([0x30, len(body)]) + body


def _raw(der: bytes) -> bytes:
    length = der[3]
    r, s = der[4 : 4 + length], der[6 + length :]
    return int.from_bytes(r, "big").to_bytes(32, "big") + int.from_bytes(s, "big").to_bytes(32, "big")


def _library() -> Any:
    try:
        import gmssl_pyx  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        raise NoCryptoError("keys.no_sm2", "No SM2 at hand; install the Python package gmssl-pyx.") from None
    return gmssl_pyx
