"""ML-DSA-44 written down from FIPS 204, slowly: a second opinion on keys, and signatures that no signer gives out.

A signer throws away attempts whose z is too large, because they tell something of its secret. Such a signature is
right in everything else, so it shows whether a verifier looks at the size of z at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import shake_128, shake_256
from itertools import count

Poly = list[int]
Vector = list[Poly]

Q, DROPPED, SIDE = 8380417, 13, 4
GAMMA1, GAMMA2, BETA, TAU, OMEGA, ETA = 1 << 17, (Q - 1) // 88, 78, 39, 80, 2
CHALLENGE = 32
_ROOTS = [pow(1753, int(f"{n:08b}"[::-1], 2), Q) for n in range(256)]


@dataclass(frozen=True)
class Key:
    """A secret key, and the public key that belongs to it."""

    public: bytes
    k: bytes
    s1: Vector
    s2: Vector
    t0: Vector

    @property
    def matrix(self) -> list[Vector]:
        """The matrix A, at the roots."""
        rho = self.public[:32]
        return [[_uniform(rho + bytes([column, row])) for column in range(SIDE)] for row in range(SIDE)]


def key_of(seed: bytes) -> Key:
    """The key of a seed of 32 bytes."""
    stream = shake_256(seed + bytes([SIDE, SIDE])).digest(128)
    rho, prime, k = stream[:32], stream[32:96], stream[96:]
    small = [_small(prime + n.to_bytes(2, "little")) for n in range(2 * SIDE)]
    s1, s2 = small[:SIDE], small[SIDE:]
    draft = Key(rho, k, s1, s2, [])
    t = [_plus(row, other) for row, other in zip(_times(draft.matrix, s1), s2, strict=True)]
    t0 = [[_centred(value, 1 << DROPPED) for value in row] for row in t]
    t1 = [
        [(v - low) >> DROPPED for v, low in zip(row, lows, strict=True)]
        for row, lows in zip(t, t0, strict=True)
    ]
    return Key(rho + b"".join(_packed(row, 10) for row in t1), k, s1, s2, t0)


def sign(key: Key, message: bytes, *, prefix: bytes = b"\0\0", large: bool = False) -> bytes:
    """A signature over ``prefix`` (no pre-hash, an empty context) and the message; the same in every run.

    ``large``: the first attempt that is right in everything but that a coefficient of z is too large.
    """
    mu = shake_256(shake_256(key.public).digest(64) + prefix + message).digest(64)
    seed, matrix = shake_256(key.k + bytes(32) + mu).digest(64), key.matrix
    for attempt in count(0, SIDE):
        y = [
            [GAMMA1 - v for v in _unpacked(shake_256(seed + (attempt + n).to_bytes(2, "little")), 18)]
            for n in range(SIDE)
        ]
        w = _times(matrix, y)
        challenge = shake_256(mu + b"".join(_packed([_high(v) for v in row], 6) for row in w))
        tilde = challenge.digest(CHALLENGE)
        c = _ball(tilde)
        z = [[_centred(v, Q) for v in _plus(a, b)] for a, b in zip(y, _scaled(c, key.s1), strict=True)]
        left = [_minus(a, b) for a, b in zip(w, _scaled(c, key.s2), strict=True)]
        ct0 = _scaled(c, key.t0)
        hints = [
            [_high(a) != _high((a + b) % Q) for a, b in zip(one, two, strict=True)]
            for one, two in zip(left, ct0, strict=True)
        ]
        fits = (
            max(abs(_low(v)) for row in left for v in row) < GAMMA2 - BETA and sum(map(sum, hints)) <= OMEGA
        )
        fits &= max(abs(_centred(v, Q)) for row in ct0 for v in row) < GAMMA2
        size = max(abs(v) for row in z for v in row)
        if fits and (GAMMA1 - BETA <= size < GAMMA1 if large else size < GAMMA1 - BETA):
            return tilde + b"".join(_packed([GAMMA1 - v for v in row], 18) for row in z) + _hints(hints)
    raise AssertionError("an endless count ended")


def _hints(rows: Sequence[Sequence[bool]]) -> bytes:
    places = [[at for at, hint in enumerate(row) if hint] for row in rows]
    ends = [sum(map(len, places[: n + 1])) for n in range(SIDE)]
    return bytes(at for row in places for at in row).ljust(OMEGA, b"\0") + bytes(ends)


def _uniform(seed: bytes) -> Poly:
    stream = shake_128(seed).digest(3 * 400)
    values = [int.from_bytes(stream[at : at + 3], "little") & 0x7FFFFF for at in range(0, len(stream), 3)]
    return [value for value in values if value < Q][:256]


def _small(seed: bytes) -> Poly:
    halves = [half for byte in shake_256(seed).digest(400) for half in (byte & 15, byte >> 4)]
    return [ETA - half % 5 for half in halves if half < 15][:256]


def _ball(tilde: bytes) -> Poly:
    stream = shake_256(tilde).digest(1000)
    signs, rest, c = int.from_bytes(stream[:8], "little"), iter(stream[8:]), [0] * 256
    for n in range(256 - TAU, 256):
        j = next(byte for byte in rest if byte <= n)
        c[n], c[j] = c[j], 1 - 2 * (signs >> (n + TAU - 256) & 1)
    return c


def _centred(value: int, modulus: int) -> int:
    rest = value % modulus
    return rest - modulus if rest > modulus // 2 else rest


def _split(value: int) -> tuple[int, int]:
    low = _centred(value % Q, 2 * GAMMA2)
    if value % Q - low == Q - 1:
        return 0, low - 1
    return (value % Q - low) // (2 * GAMMA2), low


def _high(value: int) -> int:
    return _split(value)[0]


def _low(value: int) -> int:
    return _split(value)[1]


def _packed(row: Poly, width: int) -> bytes:
    return sum(value << width * n for n, value in enumerate(row)).to_bytes(32 * width, "little")


def _unpacked(stream: object, width: int) -> Poly:
    whole = int.from_bytes(stream.digest(32 * width), "little")  # type: ignore[attr-defined]
    return [whole >> width * n & (1 << width) - 1 for n in range(256)]


def _plus(one: Poly, other: Poly) -> Poly:
    return [(a + b) % Q for a, b in zip(one, other, strict=True)]


def _minus(one: Poly, other: Poly) -> Poly:
    return [(a - b) % Q for a, b in zip(one, other, strict=True)]


def _times(matrix: list[Vector], vector: Vector) -> Vector:
    """The matrix (at the roots) times a vector (of coefficients): coefficients."""
    turned = [_ntt(row) for row in vector]
    return [
        _back([sum(row[n][at] * turned[n][at] for n in range(SIDE)) % Q for at in range(256)])
        for row in matrix
    ]


def _scaled(c: Poly, vector: Vector) -> Vector:
    turned = _ntt(c)
    return [_back([a * b % Q for a, b in zip(turned, _ntt(row), strict=True)]) for row in vector]


def _ntt(poly: Poly) -> Poly:
    out, m, length = list(poly), 1, 128
    while length:
        for start in range(0, 256, 2 * length):
            for j in range(start, start + length):
                turned = _ROOTS[m] * out[j + length] % Q
                out[j], out[j + length] = (out[j] + turned) % Q, (out[j] - turned) % Q
            m += 1
        length //= 2
    return out


def _back(poly: Poly) -> Poly:
    out, m, length = list(poly), 255, 1
    while length < 256:
        for start in range(0, 256, 2 * length):
            for j in range(start, start + length):
                first, second = out[j], out[j + length]
                out[j], out[j + length] = (first + second) % Q, _ROOTS[m] * (second - first) % Q
            m -= 1
        length *= 2
    return [value * pow(256, -1, Q) % Q for value in out]
