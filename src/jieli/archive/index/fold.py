"""The fold: what two texts must share to be a match, whatever their script, width or case.

Per code point, by one committed table with its own version (`fold_table.py`): compatibility form, case fold,
Traditional → Simplified one to one, invisible characters dropped. So it commutes with cutting, `fold(a + b)
== fold(a) + fold(b)`, and a folded text folds to itself; every claim of the index rests on these two. An
unpaired surrogate, which a JSON line can carry, folds to itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jieli.archive.index import fold_table
from jieli.archive.index.fold_table import FOLD_VERSION

__all__ = [
    "FOLD_VERSION",
    "Folded",
    "fold",
    "fold_each",
    "fold_points",
    "fold_texts",
    "folded_starts",
    "matches",
]

CODE_POINTS = 0x110000  # table values from here on name a code point that becomes none or several

Points = NDArray[np.uint32]
Offsets = NDArray[np.int64]


@dataclass(frozen=True)
class Folded:
    """Folded texts end to end: text n is `points[starts[n]:starts[n + 1]]`, code points as uint32."""

    points: Points
    starts: Offsets

    def __len__(self) -> int:
        return len(self.starts) - 1

    def part(self, first: int, last: int) -> "Folded":
        """Texts first … last - 1, without a copy of their code points."""
        low, high = int(self.starts[first]), int(self.starts[last])
        return Folded(self.points[low:high], self.starts[first : last + 1] - low)


@dataclass(frozen=True)
class _Table:
    """`to[c]` is what c folds to, or CODE_POINTS + k for the k-th spread: `flat[at[k]:at[k + 1]]`."""

    to: Points
    at: Offsets
    flat: Points


@cache
def _table() -> _Table:
    """The committed table as arrays; about 4 MB, built once in a process in some 10 ms."""
    to = np.arange(CODE_POINTS, dtype=np.uint32)
    to[_points(fold_table.TRADITIONAL)] = _points(fold_table.SIMPLIFIED)
    for word in fold_table.MOVED.split():
        first, count, stride, shift = word.split(",")
        start, step = int(first, 16), int(stride)
        to[start : start + int(count) * step : step] += np.uint32(int(shift, 16) % 2**32)
    for word in fold_table.DROPPED.split():
        first, count = word.split(",")
        to[int(first, 16) : int(first, 16) + int(count)] = CODE_POINTS
    flat: list[int] = []
    at = [0, 0]  # spread 0 is the empty one
    for number, word in enumerate(fold_table.SPREAD.split(), 1):
        source, targets = word.split("=")
        to[int(source, 16)] = CODE_POINTS + number
        flat.extend(int(target, 16) for target in targets.split("."))
        at.append(len(flat))
    return _Table(to, np.array(at, np.int64), np.array(flat, np.uint32))


def _points(text: str) -> Points:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def fold_texts(texts: Sequence[str]) -> Folded:
    """Fold many texts in one go; the order and number of texts stay."""
    table = _table()
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=starts[1:])
    points = table.to[_points("".join(texts))]
    odd = np.flatnonzero(points >= CODE_POINTS)
    if len(odd):
        return _spread(points, starts, odd, table)
    return Folded(points, starts)


def _spread(points: Points, starts: Offsets, odd: Offsets, table: _Table) -> Folded:
    """Put in place what becomes none or several code points, and move the starts accordingly."""
    which = points[odd].astype(np.int64) - CODE_POINTS
    widths = table.at[which + 1] - table.at[which]
    grown = np.concatenate([np.zeros(1, np.int64), np.cumsum(widths - 1)])
    repeats = np.ones(len(points), np.int64)
    repeats[odd] = widths
    result = np.repeat(points, repeats)
    first = odd + grown[:-1]  # where each spread begins in the result
    step = np.arange(int(widths.sum())) - np.repeat(np.cumsum(widths) - widths, widths)
    result[np.repeat(first, widths) + step] = table.flat[np.repeat(table.at[which], widths) + step]
    return Folded(result, starts + grown[np.searchsorted(odd, starts)])


def fold_each(texts: Sequence[str]) -> list[tuple[str, bool]]:
    """Each folded text, and whether each of its characters folds to exactly one: then places in both are the same."""
    folded = fold_texts(texts)
    every = folded.points.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")
    ends = folded.starts.tolist()
    if (
        len(every) == len(joined := "".join(texts))
        and not (_table().to[_points(joined)] >= CODE_POINTS).any()
    ):
        return [(every[low:high], True) for low, high in pairwise(ends)]
    odd = [bool((_table().to[_points(text)] >= CODE_POINTS).any()) for text in texts]
    return [(every[low:high], not one) for (low, high), one in zip(pairwise(ends), odd, strict=True)]


def folded_starts(text: str) -> list[int]:
    """Where each character of a text begins in its folded text, and where the last one ends."""
    table = _table()
    which = table.to[_points(text)].astype(np.int64) - CODE_POINTS
    odd = which >= 0
    widths = np.ones(len(which), np.int64)
    widths[odd] = table.at[which[odd] + 1] - table.at[which[odd]]
    return [0, *np.cumsum(widths).tolist()]


def fold(text: str) -> str:
    """The folded text."""
    return fold_texts([text]).points.astype("<u4", copy=False).tobytes().decode("utf-32-le", "surrogatepass")


def fold_points(text: str) -> list[int]:
    """The code points of the folded text; quicker than `fold_texts` where it is but a few."""
    table = _table()
    found: list[int] = []
    for point in table.to[_points(text)].tolist():
        spread = point - CODE_POINTS
        found += [point] if spread < 0 else table.flat[table.at[spread] : table.at[spread + 1]].tolist()
    return found


def matches(text: str, query: str) -> bool:
    """Whether the folded text holds the folded query: the exact check after decryption."""
    return fold(query) in fold(text)
