"""Candidates of a query: documents holding all its tokens, newest first, as far as the caller goes."""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jieli.archive.index.errors import IndexCorrupt
from jieli.archive.index.rows import PAGE_DOCUMENTS, Manifest, Ordinals, Shard, page_row, read_page
from jieli.archive.index.tokens import Tokens

MOST_SEGMENTS_AT_ONCE = 32


class Candidate(NamedTuple):
    """A document that may match; `fold.matches` on its text decides."""

    event_ms: int
    document: int


class Wanted(NamedTuple):
    """A row of the index: the caller's own key of the segment, and the row's number."""

    segment: int
    row: int


Fetch = Callable[[Sequence[Wanted]], Mapping[Wanted, bytes]]


def candidates(
    tokens_of_month: Callable[[int], Tokens],
    segments: Iterable[tuple[int, Manifest]],
    fetch: Fetch,
    *,
    dead: Collection[int] = frozenset(),
    from_ms: int | None = None,
    to_ms: int | None = None,
) -> Iterator[Candidate]:
    """Documents holding every token, newest first (of one time: greatest id first), without the dead.

    `tokens_of_month(202403)` is `tokens_of_query` under that month's index key. `segments` are (the caller's
    key, manifest) in any order. The window is half open: from_ms ≤ event < to_ms. Rows are fetched in groups,
    1, 2, 4 … segments at a time, newest first, and only as far as the caller goes on asking: one query per
    group, not per row. Raises IndexCorrupt for a row that is missing or malformed.
    """
    low = -(2**63) if from_ms is None else from_ms
    high = 2**63 - 1 if to_ms is None else to_ms
    waiting = [one for one in segments if one[1].last_ms >= low and one[1].first_ms < high]
    waiting.sort(key=lambda one: (one[1].last_ms, one[0]))
    known: dict[int, Tokens] = {}
    # Heap entries: (-time, 0, 0, n) = walk n has nothing newer than this time, look; (-time, 1, -id, n) = its
    # document.
    walks: list[_Walk] = []
    heap: list[tuple[int, int, int, int]] = []
    at_once = 1
    while waiting or heap:
        if waiting and (not heap or waiting[-1][1].last_ms >= -heap[0][0]):
            group = [waiting.pop() for _ in range(min(at_once, len(waiting)))]
            at_once = min(2 * at_once, MOST_SEGMENTS_AT_ONCE)
            for key, manifest, ordinals in _intersected(group, tokens_of_month, known, fetch):
                heapq.heappush(heap, (-manifest.last_ms, 0, 0, len(walks)))
                walks.append(_Walk(key, manifest, ordinals, fetch, (low, high)))
            continue
        negative_ms, is_document, negative_id, number = heapq.heappop(heap)
        if is_document and -negative_id not in dead:
            yield Candidate(-negative_ms, -negative_id)
        following = walks[number].following()
        if following is not None:
            heapq.heappush(heap, (*following, number))


class _Walk:
    """The candidates of one segment from the newest back, a page of documents at a time."""

    def __init__(
        self, key: int, manifest: Manifest, ordinals: Ordinals, fetch: Fetch, window: tuple[int, int]
    ) -> None:
        self._key, self._manifest, self._ordinals = key, manifest, ordinals
        self._fetch, self._window = fetch, window
        self._ready: list[tuple[int, int, int]] = []  # oldest first: the newest is popped from the end

    def following(self) -> tuple[int, int, int] | None:
        """The next heap entry without the walk's number; None at the end."""
        while not self._ready:
            if not len(self._ordinals):
                return None
            self._read_newest_page()
        return self._ready.pop()

    def _read_newest_page(self) -> None:
        page = int(self._ordinals[-1]) // PAGE_DOCUMENTS
        cut = int(np.searchsorted(self._ordinals, page * PAGE_DOCUMENTS))
        local = self._ordinals[cut:] - page * PAGE_DOCUMENTS
        wanted = Wanted(self._key, page_row(page))
        ids, times = read_page(self._manifest, page, _got(self._fetch([wanted]), wanted))
        low, high = self._window
        self._ordinals = self._ordinals[: cut if times[0] >= low else 0]
        inside = local[(times[local] >= low) & (times[local] < high)]
        if len(self._ordinals):
            # An older page is read only when nothing newer is left anywhere.
            self._ready.append((-int(times[0]), 0, 0))
        pairs = zip((-times[inside]).tolist(), (-ids[inside]).tolist(), strict=True)
        self._ready.extend((ms, 1, number) for ms, number in pairs)


def _intersected(
    group: Sequence[tuple[int, Manifest]],
    tokens_of_month: Callable[[int], Tokens],
    known: dict[int, Tokens],
    fetch: Fetch,
) -> Iterator[tuple[int, Manifest, Ordinals]]:
    """The segments of the group that hold documents with every token; their rows fetched in one go."""
    wanted: dict[Wanted, None] = {}
    for key, manifest in group:
        if manifest.month not in known:
            known[manifest.month] = tokens_of_month(manifest.month)
            if not len(known[manifest.month]):
                raise ValueError("a query has at least one token")
        wanted.update((Wanted(key, manifest.shard_of(int(one))), None) for one in known[manifest.month])
    rows = fetch(list(wanted))
    for key, manifest in group:
        ordinals = _holding_all(key, manifest, known[manifest.month], rows)
        if len(ordinals):
            yield key, manifest, ordinals


def _holding_all(key: int, manifest: Manifest, tokens: Tokens, rows: Mapping[Wanted, bytes]) -> Ordinals:
    """Intersect the posting lists, shortest first; nothing is decoded when one token is absent."""
    shards: dict[int, Shard] = {}
    spans: list[tuple[int, Shard, tuple[int, int]]] = []
    missing = False
    for token in tokens.tolist():
        number = manifest.shard_of(token)
        if number not in shards:
            shards[number] = Shard(manifest, number, _got(rows, Wanted(key, number)))
        span = shards[number].span(token)
        if span is None:
            missing = True
        else:
            spans.append((span[1] - span[0], shards[number], span))
    if missing:
        return np.zeros(0, np.int64)
    spans.sort(key=lambda one: one[0])
    ordinals = spans[0][1].postings(spans[0][2])
    for _, shard, span in spans[1:]:
        other = shard.postings(span)
        at = np.minimum(np.searchsorted(other, ordinals), len(other) - 1)
        ordinals = ordinals[other[at] == ordinals]
        if not len(ordinals):
            break
    return ordinals


def _got(rows: Mapping[Wanted, bytes], wanted: Wanted) -> bytes:
    data = rows.get(wanted)
    if data is None:
        raise IndexCorrupt("缺少索引行")
    return data
