"""Who gets whom, drawn: bands from the leaver to each receiver, and each receiver's load before and after.

Made here as numbers and put on the page as SVG; a table behind says the same in words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: Pixels of the drawing's own grid; the page scales it.
WIDTH, POST, GAP, LEAST, TALLEST = 720, 14, 10, 8, 420
LEFT, RIGHT = 150, 480
ROW, BAR, ROOM, NAMES = 34, 16, 430, 150


@dataclass(frozen=True)
class Stream:
    """A receiver, or 待定, 客户拒绝, 不再联系; `tone` is how it is drawn: to, none, no."""

    label: str
    count: int
    tone: str = "to"


@dataclass(frozen=True)
class Band:
    label: str
    count: int
    tone: str
    path: str
    top: int
    height: int
    middle: int


@dataclass(frozen=True)
class Flow:
    source: str
    total: int
    width: int
    height: int
    left: int
    right: int
    post: int
    source_top: int
    source_height: int
    source_middle: int
    bands: tuple[Band, ...]


def flow(source: str, streams: Sequence[Stream]) -> Flow | None:
    """Bands as thick as their customers are many, in the order given; a stream of one is still seen."""
    given = [s for s in streams if s.count]
    total = sum(s.count for s in given)
    if not total:
        return None
    room = max(TALLEST - GAP * (len(given) - 1), LEAST * len(given))
    thick = [max(LEAST, s.count * room // total) for s in given]
    height = sum(thick) + GAP * (len(given) - 1)
    trunk = sum(thick)
    start = (height - trunk) // 2
    bands, out, into = [], start, 0
    for s, wide in zip(given, thick, strict=True):
        bands.append(Band(s.label, s.count, s.tone, _band(out, into, wide), into, wide, into + wide // 2))
        out, into = out + wide, into + wide + GAP
    return Flow(
        source, total, WIDTH, height, LEFT, RIGHT, POST, start, trunk, start + trunk // 2, tuple(bands)
    )


def _band(out: int, into: int, wide: int) -> str:
    begin, end = LEFT + POST, RIGHT
    half = (begin + end) // 2
    return (
        f"M{begin} {out}C{half} {out} {half} {into} {end} {into}V{into + wide}"
        f"C{half} {into + wide} {half} {out + wide} {begin} {out + wide}Z"
    )


@dataclass(frozen=True)
class Load:
    """A receiver's customers before and after the plan, and the most he may have."""

    label: str
    before: int
    after: int
    capacity: int


@dataclass(frozen=True)
class LoadBar:
    label: str
    before: int
    after: int
    capacity: int
    y: int
    middle: int
    before_width: int
    after_width: int
    limit: int
    says: int
    full: bool


@dataclass(frozen=True)
class Loads:
    width: int
    height: int
    names: int
    bar: int
    rows: tuple[LoadBar, ...]


def loads(found: Sequence[Load]) -> Loads | None:
    """One row for each receiver, all to one scale; the mark is his limit."""
    if not found:
        return None
    most = max(1, *(max(row.after, row.before, row.capacity) for row in found))
    rows = []
    for n, row in enumerate(found):
        before, after, limit = (v * ROOM // most for v in (row.before, row.after, row.capacity))
        rows.append(
            LoadBar(
                row.label, row.before, row.after, row.capacity, n * ROW + 6, n * ROW + ROW // 2, before, after,
                NAMES + limit, NAMES + max(after, before, limit) + 10, row.after >= row.capacity,
            )
        )  # fmt: skip
    return Loads(WIDTH, len(rows) * ROW + 4, NAMES, BAR, tuple(rows))
