"""Stretches of time in memory: overlaps before the database is asked, and gaps that a history must show. Pure."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange, Range

from jieli.assets.types import NOBODY_KNOWN, HistoryStep, HoldingSpan
from jieli.kernel.times import from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Span:
    """Half open, ms UTC; no end means still so. `key` says whose periods must not overlap each other."""

    key: Hashable
    begin: int
    end: int | None


def to_range(begin: int, end: int | None) -> DateTimeTZRange:
    """The span as the database keeps it."""
    return DateTimeTZRange(from_ms(begin), None if end is None else from_ms(end))


def of_range(during: "Range") -> tuple[int, int | None]:
    """Begin and end of a range that has a beginning."""
    return to_ms(during.lower), None if during.upper is None else to_ms(during.upper)


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans share an instant."""
    return (one.end is None or other.begin < one.end) and (other.end is None or one.begin < other.end)


def refused(wanted: Sequence[Span], standing: Iterable[Span]) -> dict[int, int | None]:
    """Which of the wanted spans cannot stand, by position; with the position of another wanted one, or None.

    A wanted span with the key and beginning of a standing one takes its place. Two wanted ones that overlap are
    both refused, for nobody here knows which is right; one that overlaps a standing span which stays is refused
    (None). A refused one leaves its standing span in place, which may refuse a further one: repeated until
    nothing changes, so the answer does not depend on the order of the rows.
    """
    found = _clashes(dict(enumerate(wanted)))
    stands = list(standing)
    while True:
        kept = {n: span for n, span in enumerate(wanted) if n not in found}
        replaced = {(span.key, span.begin) for span in kept.values()}
        stays = {-1 - n: s for n, s in enumerate(stands) if (s.key, s.begin) not in replaced}
        against = {n for n in _clashes({**kept, **stays}) if n >= 0}
        if not against:
            return found
        found.update(dict.fromkeys(against))


def _clashes(spans: dict[int, Span]) -> dict[int, int | None]:
    """Every span that shares an instant with another of its key, and one that it clashes with."""
    found: dict[int, int | None] = {}
    by_key: dict[Hashable, list[int]] = {}
    for n, span in spans.items():
        by_key.setdefault(span.key, []).append(n)
    for numbers in by_key.values():
        numbers.sort(key=lambda n: spans[n].begin)
        for i, first in enumerate(numbers):
            for second in numbers[i + 1 :]:
                if not overlap(spans[first], spans[second]):
                    break  # sorted by beginning: nothing later begins within the first one
                found.setdefault(first, second)
                found.setdefault(second, first)
    return found


def steps(spans: Iterable[HoldingSpan], *, until: int) -> list[HistoryStep]:
    """The history of an asset from its first holding to `until`, every gap shown as 不明, none of it filled in.

    Steps follow each other without a hole. The last one has no end if the last holding has none; after a last
    holding that ended before `until`, 不明 runs on without end.
    """
    found: list[HistoryStep] = []
    at: int | None = None
    for span in sorted(spans, key=lambda s: s.from_ms):
        if at is not None and at < span.from_ms:
            found.append(HistoryStep(NOBODY_KNOWN, at, span.from_ms))
        found.append(
            HistoryStep(str(span.holder_kind), span.from_ms, span.to_ms, span.staff_id, span.id, span.paper)
        )
        at = span.to_ms
    if found and at is not None and at < until:
        found.append(HistoryStep(NOBODY_KNOWN, at, None))
    return found
