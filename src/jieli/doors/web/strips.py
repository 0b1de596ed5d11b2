"""Drawings to scale, made here as numbers and put on the page as SVG; the table behind says the same in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jieli.assets.types import NOBODY_KNOWN, HistoryStep, HolderKind
from jieli.kernel.times import DAY, local_day, start_of_day

LEAST_WIDTH = 0.6  # per cent: a holding of an hour is still seen
MOST_TICKS = 6
#: Pixels: how wide the strip is at the least, and what a number and a character of a name take.
NARROWEST_DESK, NARROWEST_PHONE = 620, 270
NUMBER_ROOM, CHARACTER = 20, 15
STEPS_OF_MONTHS = (1, 2, 3, 6, 12, 24, 60, 120)


@dataclass(frozen=True)
class Bar:
    """A stretch of the strip; `left` and `width` in per cent of it."""

    n: int
    left: str
    width: str
    kind: str
    label: str
    fits: str


@dataclass(frozen=True)
class Tick:
    left: str
    label: str
    odd: bool


@dataclass(frozen=True)
class Strip:
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    now: str


def holder_strip(steps: Sequence[HistoryStep], names: Mapping[UUID, str], *, at: int) -> Strip | None:
    """Who held it when, drawn to scale from the first holding to `at`. None when there is nothing to draw."""
    if not steps:
        return None
    begin = steps[0].from_ms
    end = max([at, begin + DAY, *[s.to_ms for s in steps if s.to_ms is not None]])
    scale = 100 / (end - begin)
    bars, staff = [], 0
    for n, step in enumerate(steps, 1):
        left = (step.from_ms - begin) * scale
        right = ((step.to_ms if step.to_ms is not None else end) - begin) * scale
        staff += step.holder == HolderKind.STAFF.value
        width = max(right - left, LEAST_WIDTH)
        name = label(step, names)
        place = _per_cent(min(left, 100 - width)), _per_cent(width)
        bars.append(Bar(n, *place, _kind(step, staff), name, _fits(width, name)))
    return Strip(tuple(bars), _ticks(begin, end), _per_cent((min(at, end) - begin) * scale))


def _fits(width: float, name: str) -> str:
    """Classes that hide what a bar is too short for, on a desk's strip (w) and on a telephone's (n)."""
    hidden = []
    for view, across in (("w", NARROWEST_DESK), ("n", NARROWEST_PHONE)):
        room = width * across / 100
        if room < NUMBER_ROOM:
            hidden.append(f"no-number-{view}")
        if room < NUMBER_ROOM + 8 + CHARACTER * len(name):
            hidden.append(f"no-name-{view}")
    return " ".join(hidden)


def _kind(step: HistoryStep, staff: int) -> str:
    if step.holder == NOBODY_KNOWN:
        return "unknown"
    return f"{1 + staff % 2}" if step.holder == HolderKind.STAFF.value else "store"


def label(step: HistoryStep, names: Mapping[UUID, str]) -> str:
    """Who, in a word: the person's name, 公司库存 or 不明."""
    return names.get(step.staff_id, NOBODY_KNOWN) if step.staff_id is not None else step.holder


def _ticks(begin: int, end: int) -> tuple[Tick, ...]:
    first, last = local_day(begin), local_day(end)
    months = (last.year - first.year) * 12 + last.month - first.month
    step = next((s for s in STEPS_OF_MONTHS if months <= s * MOST_TICKS), STEPS_OF_MONTHS[-1])
    found: list[Tick] = []
    number = first.year * 12 + first.month  # the month after the first one, counted from year 0
    for month in range(number + (-number % step), last.year * 12 + last.month, step):
        day = date(month // 12, month % 12 + 1, 1)
        left = (start_of_day(day) - begin) * 100 / (end - begin)
        if 0 <= left <= 94:
            found.append(Tick(_per_cent(left), f"{day:%Y-%m}", odd=len(found) % 2 == 1 or left > 78))
    return tuple(found)


def _per_cent(value: float) -> str:
    return f"{value:.3f}%"
