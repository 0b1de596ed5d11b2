"""Keyed tokens of folded texts, in bulk: nothing is hashed, or looked at, one by one.

Grams: every two neighbouring code points, and every four neighbouring characters of 0-9 a-z. A text that
holds a query holds every gram of the query, so intersecting the postings of a query's tokens loses no match;
four-grams are there because the 100 digit pairs alone would make a telephone number meet half the archive.

Token block, 16 bytes: kind (number of code points, 2 or 4) · fold version · two zero bytes · four code points
of three bytes each, big-endian, absent = 0. The token is the first eight bytes of AES-256(index key, block),
little-endian.

Why AES block by block (ECB) is right here: it is not used to encrypt a message but as a keyed function. AES
under a secret key cannot be told from a random permutation, every *distinct* block is passed once, and equal
grams have to give equal tokens, which is what an index is. What this leaks (how often each gram occurs) is
said in ADR 8. Should two grams ever meet in one token, cut to 64 bits, the check after decryption tells them
apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from jieli.archive.index.errors import QueryTooShort
from jieli.archive.index.fold import CODE_POINTS, FOLD_VERSION, Folded, fold_points, fold_texts

KEY_BYTES = 32
BLOCK_BYTES = 16
MAX_TEXTS = 1 << 22  # texts in one call: a gram takes 42 bits of a sort key, the text's number the other 22

_TEXT_BITS = np.uint64(22)
_TEXT_MASK = np.uint64(MAX_TEXTS - 1)
_POINT_BITS = np.uint64(21)
_POINT_MASK = np.uint64((1 << 21) - 1)
_FOURS = CODE_POINTS << 21  # gram numbers from here on are four-grams: base 36, below 2^42
_RANKS = 1 << 16
_NOT_ALNUM = 36
_ALNUM = np.full(128, _NOT_ALNUM, np.uint8)
_ALNUM[ord("0") : ord("9") + 1] = np.arange(10)
_ALNUM[ord("a") : ord("z") + 1] = np.arange(10, 36)
_ALNUM_VALUES: list[int] = _ALNUM.tolist()
_DIGIT_CODES = np.array([ord(one) for one in "0123456789abcdefghijklmnopqrstuvwxyz"], np.uint64)

Tokens = NDArray[np.uint64]


@dataclass(frozen=True)
class TextTokens:
    """Which texts hold which token: token k stands in texts `texts[starts[k]:starts[k + 1]]`, ascending, each
    once.

    `tokens` are in no order, and (2^-64 a pair) might hold one value twice: `segment` sorts and joins them.
    """

    count: int
    tokens: Tokens
    starts: NDArray[np.int64]
    texts: NDArray[np.uint32]


def tokens_of_texts(texts: Sequence[str], key: bytes) -> TextTokens:
    """Fold the texts and give their tokens under the index key (32 bytes)."""
    return tokens_of_folded(fold_texts(texts), key)


def tokens_of_folded(folded: Folded, key: bytes) -> TextTokens:
    """The tokens of at most MAX_TEXTS folded texts; ValueError for more."""
    if len(folded) > MAX_TEXTS:
        raise ValueError(f"at most {MAX_TEXTS} texts in one call")
    pairs, pair_starts, pair_texts = _grouped_pairs(folded)
    fours, four_starts, four_texts = _grouped(_fours(folded))
    return TextTokens(
        count=len(folded),
        tokens=_keyed(np.concatenate([pairs, fours]), key),
        starts=np.concatenate([pair_starts[:-1], four_starts + len(pair_texts)]),
        texts=np.concatenate([pair_texts, four_texts]),
    )


#: Distinct grams, where the texts of each begin (and where the last ones end), and these, ascending and each once.
_Grams = tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint32]]


def _grouped(keys: NDArray[np.uint64]) -> _Grams:
    """Sort keys (gram, text) in any order, taken apart."""
    keys.sort()
    keys = keys[begins_run(keys)]
    grams = keys >> _TEXT_BITS
    first = np.flatnonzero(begins_run(grams))
    starts = np.append(first, len(keys)).astype(np.int64)
    return grams[first], starts, (keys & _TEXT_MASK).astype(np.uint32)


def _grouped_pairs(folded: Folded) -> _Grams:
    """`_grouped(_pairs(folded))` at a third of its cost.

    Pairs are met text by text, so two stable sorts of 16 bits put them in order; numpy does these by counting, and
    a sort of the whole keys by comparing. 16 bits hold the rank of a code point among those that occur.
    """
    occurs = np.zeros(CODE_POINTS, np.bool_)
    occurs[folded.points] = True
    points = np.flatnonzero(occurs).astype(np.uint64)
    if len(points) > _RANKS or len(folded.points) < 2:
        return _grouped(_pairs(folded))
    rank = np.zeros(CODE_POINTS, np.uint16)
    rank[points] = np.arange(len(points), dtype=np.uint16)
    ranks, inside = rank[folded.points], _inside(folded)
    one, two = ranks[:-1][inside], ranks[1:][inside]
    order = np.argsort(two, kind="stable")
    order = order[np.argsort(one[order], kind="stable")]
    codes = (one.astype(np.uint32) << np.uint32(16) | two)[order]
    texts = _text_numbers(folded, np.uint32)[:-1][inside][order]
    begins = begins_run(codes)
    once = begins | begins_run(texts)
    first = np.flatnonzero(begins[once])
    texts, found = texts[once], codes[begins]
    grams = points[found >> np.uint32(16)] << _POINT_BITS | points[found & np.uint32(_RANKS - 1)]
    return grams, np.append(first, len(texts)), texts


@dataclass(frozen=True)
class Query:
    """The grams of a query, folded and laid out once; `tokens` under the key of each month that is looked through."""

    blocks: bytes

    def tokens(self, key: bytes) -> Tokens:
        """The tokens whose postings must be intersected, in the query's own order under every key."""
        return _encrypted(self.blocks, key)


def query_of(text: str) -> Query:
    """A query made ready; QueryTooShort below two characters after folding.

    A pair inside a four-gram says nothing that the four-gram does not, so it is left out.
    """
    points = fold_points(text)
    if len(points) < 2:
        raise QueryTooShort
    # Written out one by one: a query is a few characters, and arrays of so few cost more than all the rest of it.
    values = [_ALNUM_VALUES[point] if point < len(_ALNUM_VALUES) else _NOT_ALNUM for point in points]
    grams, covered = set(), set()
    for at in range(len(points) - 3):
        run = values[at : at + 4]
        if _NOT_ALNUM not in run:
            covered |= {at, at + 1, at + 2}
            number = ((run[0] * 36 + run[1]) * 36 + run[2]) * 36 + run[3]
            grams.add((_FOURS + number, tuple(points[at : at + 4])))
    grams |= {
        ((one << 21) + two, (one, two)) for at, (one, two) in enumerate(pairwise(points)) if at not in covered
    }
    return Query(b"".join(_block(some) for _, some in sorted(grams)))


def _block(points: Sequence[int]) -> bytes:
    """The token block of one gram, by its code points."""
    head = bytes((len(points), FOLD_VERSION, 0, 0))
    return (head + b"".join(point.to_bytes(3, "big") for point in points)).ljust(BLOCK_BYTES, b"\0")


def tokens_of_query(text: str, key: bytes) -> Tokens:
    """The tokens of a query under one key; QueryTooShort as `query_of`."""
    return query_of(text).tokens(key)


def begins_run(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a value differs from the one before it; the first always does."""
    begins = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=begins[1:])
    return begins


def _text_numbers(folded: Folded, kind: type[np.unsignedinteger[Any]]) -> NDArray[Any]:
    return np.repeat(np.arange(len(folded), dtype=kind), np.diff(folded.starts))


def _inside(folded: Folded) -> NDArray[np.bool_]:
    """For each code point but the last: whether it and the next one belong to the same text."""
    inside = np.ones(len(folded.points) + 1, np.bool_)
    inside[folded.starts] = False  # a pair may not begin before a text's start and end after it
    return inside[1:-1]


def _pairs(folded: Folded) -> NDArray[np.uint64]:
    """Sort keys (gram, text) of neighbouring code points; none reaches over the end of a text."""
    points = folded.points.astype(np.uint64)
    if len(points) < 2:
        return np.zeros(0, np.uint64)
    keys: NDArray[np.uint64] = (points[:-1] << _POINT_BITS | points[1:]) << _TEXT_BITS
    keys |= _text_numbers(folded, np.uint64)[:-1]
    return keys[_inside(folded)]


def _alnum(points: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return _ALNUM[np.minimum(points, 127)]


def _fours(folded: Folded) -> NDArray[np.uint64]:
    """Sort keys (gram, text) of four neighbouring characters of 0-9 a-z within one text."""
    values = _alnum(folded.points)
    at = np.flatnonzero(values < _NOT_ALNUM)
    if len(at) < 4:
        return np.zeros(0, np.uint64)
    text = np.searchsorted(folded.starts, at, side="right") - 1
    whole = (at[3:] - at[:-3] == 3) & (text[3:] == text[:-3])
    start = at[:-3][whole]
    gram = np.zeros(len(start), np.uint64)
    for step in range(4):
        gram = gram * np.uint64(36) + values[start + step]
    keys: NDArray[np.uint64] = (gram + np.uint64(_FOURS)) << _TEXT_BITS
    keys |= text[:-3][whole].astype(np.uint64)
    return keys


def _keyed(grams: NDArray[np.uint64], key: bytes) -> Tokens:
    """Distinct grams → tokens, in one call of AES for all of them."""
    return _encrypted(_blocks(grams).tobytes(), key)


def _encrypted(blocks: bytes, key: bytes) -> Tokens:
    if len(key) != KEY_BYTES:
        raise ValueError("the index key has 32 bytes")
    # Sound on distinct blocks: see the head of this module. Not an encryption of a message.
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305
    keyed = np.frombuffer(cipher.update(blocks) + cipher.finalize(), "<u8")
    return keyed[::2].astype(np.uint64)


def _blocks(grams: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The 16-byte token block of each gram number, one a row."""
    blocks = np.zeros((len(grams), BLOCK_BYTES), np.uint8)
    blocks[:, 1] = FOLD_VERSION
    is_pair = grams < np.uint64(_FOURS)
    pairs = np.flatnonzero(is_pair)
    blocks[pairs, 0] = 2
    _write_points(blocks, pairs, 0, grams[pairs] >> _POINT_BITS)
    _write_points(blocks, pairs, 1, grams[pairs] & _POINT_MASK)
    fours = np.flatnonzero(~is_pair)
    blocks[fours, 0] = 4
    number = grams[fours] - np.uint64(_FOURS)
    for place in (3, 2, 1, 0):
        _write_points(blocks, fours, place, _DIGIT_CODES[number % np.uint64(36)])
        number //= np.uint64(36)
    return blocks


def _write_points(
    blocks: NDArray[np.uint8], rows: NDArray[np.int64], place: int, points: NDArray[np.uint64]
) -> None:
    column = 4 + 3 * place
    for byte, shift in enumerate((16, 8, 0)):
        blocks[rows, column + byte] = (points >> np.uint64(shift) & np.uint64(255)).astype(np.uint8)
