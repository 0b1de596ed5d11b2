"""Signatures by name that no verifier may accept, most of them right but for the one thing that the name says."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import Any

from seal import mldsa, sm2
from tests.seal import mldsa_reference as reference
from tests.seal.packages import sm2_signer

SEED = sha256(b"key of the reference").digest()  # of the ML-DSA-44 key
MakesBad = Callable[[bytes], bytes]  # from the message

_HINTS = reference.CHALLENGE + 4 * 576
_ENDS = _HINTS + reference.OMEGA
_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


@cache
def _key() -> reference.Key:
    return reference.key_of(SEED)


@cache
def right_mldsa(message: bytes) -> bytes:
    """The signature that the bad ones are made from."""
    return reference.sign(_key(), message)


def _with(message: bytes, *changes: tuple[int, int]) -> bytes:
    made = bytearray(right_mldsa(message))
    for at, value in changes:
        made[at] = value
    return bytes(made)


def _flipped(at: int) -> MakesBad:
    return lambda message: _with(message, (at, right_mldsa(message)[at] ^ 1))


def _largest(message: bytes) -> bytes:
    """The first coefficient of z is 2^17, written as 18 zero bits."""
    at = reference.CHALLENGE
    return _with(message, (at, 0), (at + 1, 0), (at + 2, right_mldsa(message)[at + 2] & 0xFC))


def _row_of_two(good: bytes) -> tuple[int, int]:
    """A row with two hints or more: its number, and where its first hint stands."""
    ends = [0, *good[_ENDS:]]
    row = next(n for n in range(4) if ends[n + 1] - ends[n] >= 2)
    return row, _HINTS + ends[row]


def _out_of_order(message: bytes) -> bytes:
    good = right_mldsa(message)
    _row, at = _row_of_two(good)
    return _with(message, (at, good[at + 1]), (at + 1, good[at]))


def _hint_twice(message: bytes) -> bytes:
    """A place given twice in its row: the set of hints is the same."""
    good = right_mldsa(message)
    row, at = _row_of_two(good)
    assert good[-1] < reference.OMEGA
    ends = bytes(end + (n >= row) for n, end in enumerate(good[_ENDS:]))
    return good[:at] + good[at : at + 1] + good[at : _ENDS - 1] + ends


def _behind_the_hints(message: bytes) -> bytes:
    good = right_mldsa(message)
    assert good[-1] < reference.OMEGA
    return _with(message, (_ENDS - 1, 1))


def _signed_with(context: bytes) -> MakesBad:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

    return lambda message: MLDSA44PrivateKey.from_seed_bytes(SEED).sign(message, context)


BAD_MLDSA: dict[str, MakesBad] = {
    "nothing": lambda message: b"",
    "a byte short": lambda message: right_mldsa(message)[:-1],
    "a byte long": lambda message: right_mldsa(message) + b"\0",
    "zeros": lambda message: bytes(mldsa.SIGNATURE_LENGTH),
    "z out of range": lambda message: reference.sign(_key(), message, large=True),
    "z at its largest": _largest,
    "hints out of order": _out_of_order,
    "a hint twice": _hint_twice,
    "a byte behind the last hint": _behind_the_hints,
    "rows that end before they begin": lambda message: _with(message, (_ENDS, right_mldsa(message)[-1] + 1)),
    "more hints than there is room for": lambda message: _with(message, (_ENDS + 3, reference.OMEGA + 1)),
    "a bit of the challenge": _flipped(0),
    "a bit of z": _flipped(700),
    "a bit of the hints": _flipped(_HINTS),
    "over another message": lambda message: right_mldsa(message + b"."),
    "by another key": lambda message: mldsa.sign(bytes(32), message),
    "in another context": _signed_with(b"jieli"),
    "without the mark of the pure form": lambda message: reference.sign(_key(), message, prefix=b""),
    "marked as hashed before": lambda message: reference.sign(_key(), message, prefix=b"\1\0"),
}


def _library() -> Any:
    return sm2._library()


@cache
def right_sm2(message: bytes) -> bytes:
    """The signature that the bad ones are made from."""
    return sm2_signer().sign(message)


def _halves(message: bytes) -> tuple[int, int]:
    good = right_sm2(message)
    return int.from_bytes(good[:32], "big"), int.from_bytes(good[32:], "big")


def _pair(r: int, s: int) -> bytes:
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _at_infinity(message: bytes) -> bytes:
    """Both parts of the sum cancel out: a verifier that takes the x of what is left for 0 accepts it."""
    signer = sm2_signer()
    secret, r = int.from_bytes(signer.seed[:32], "big"), sm2._digest(signer.vkey.public, message) % _ORDER
    return _pair(r, -r * secret * pow(1 + secret, -1, _ORDER) % _ORDER)


def _identified(identity: bytes | None) -> MakesBad:
    seed = sm2_signer().seed
    return lambda message: sm2._raw(_library().sm2_sign(seed[:32], seed[32:], message, identity))


BAD_SM2: dict[str, MakesBad] = {
    "nothing": lambda message: b"",
    "a byte short": lambda message: right_sm2(message)[:-1],
    "a byte long": lambda message: right_sm2(message) + b"\0",
    "as DER": lambda message: sm2._der(*_halves(message)),
    "r is zero": lambda message: _pair(0, _halves(message)[1]),
    "s is zero": lambda message: _pair(_halves(message)[0], 0),
    "r is the order": lambda message: _pair(_ORDER, _halves(message)[1]),
    "s is the order": lambda message: _pair(_halves(message)[0], _ORDER),
    "all ones": lambda message: b"\xff" * 64,
    "r and s add up to the order": lambda message: _pair(_halves(message)[0], _ORDER - _halves(message)[0]),
    "the sum is the point at infinity": _at_infinity,
    "s of the other sign": lambda message: _pair(_halves(message)[0], _ORDER - _halves(message)[1]),
    "r and s changed over": lambda message: right_sm2(message)[32:] + right_sm2(message)[:32],
    "over another message": lambda message: right_sm2(message + b"."),
    "under another identity": _identified(b"jieli"),
    "without the signer's digest": _identified(None),
}
