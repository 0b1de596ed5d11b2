"""Candidates of a query: documents holding all its tokens, newest first, as far as the caller goes."""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from jieli.archive.index.errors import IndexCorrupt
from jieli.archive.index.rows import PAGE_DOCUMENTS, Manifest, Ordinals, Shard, page_row, read_pages
from jieli.archive.index.tokens import Tokens

#: Segments are asked in groups of 2, 24, 64: ten million merged documents are some twenty.
FIRST_SEGMENTS, MORE_EACH_TIME, MOST_SEGMENTS_AT_ONCE = 2, 12, 64
#: Pages are read for as many candidates at a time as a caller wants, but for so many at least and at most.
LEAST_AHEAD, MOST_AHEAD = 32, 128
#: Up to so many rows a group is read in one go; beyond, those of the two rarest tokens first, or of the rarest alone
#: where these two are too many as well, then the next one's where that one stands, and the others' only where both
#: meet. A row is some 10 KiB: a few too many cost less than one more question to the server.
FEW_ROWS, TWO_TOKENS_ROWS = 32, 48
#: Four characters and more are seldom frequent: where all their rows are few, every segment is in the first group.
MANY_TOKENS = 3
#: From so many ordinals on they are looked up in a mark for each document, and not one by one in the other list.
MANY_ORDINALS = 1_000


class Candidate(NamedTuple):
    """A document that may match; `fold.matches` on its text decides."""

    event_ms: int
    document: int


class Wanted(NamedTuple):
    """A row of the index: the caller's own key of the segment, and the row's number."""

    segment: int
    row: int


Source = tuple[int, Manifest]
#: A shard, and where in it a posting list stands.
_Span = tuple[Shard, tuple[int, int]]
Fetch = Callable[[Sequence[Wanted]], Mapping[Wanted, bytes]]


def candidates(
    tokens_of_month: Callable[[int], Tokens],
    segments: Iterable[tuple[int, Manifest]],
    fetch: Fetch,
    *,
    dead: Collection[int] = frozenset(),
    from_ms: int | None = None,
    to_ms: int | None = None,
    enough: int = 1,
) -> Iterator[Candidate]:
    """Documents holding every token, newest first (of one time: greatest id first), without the dead.

    `tokens_of_month(202403)` is the query under that month's index key, in the same order for every month.
    `segments` are (the caller's key, manifest) in any order. The window is half open: from_ms ≤ event < to_ms.
    Rows are fetched in groups of 2, 24, 64 segments (a query of many tokens: all at once where that is few rows),
    newest first, and only as far as the caller goes on asking: one query per group or two, not per row. A caller of
    at least `enough` documents has every group looked through until so many are in sight, and their pages read
    together. Raises IndexCorrupt for a row that is missing or malformed.
    """
    low = -(2**63) if from_ms is None else from_ms
    high = 2**63 - 1 if to_ms is None else to_ms
    waiting = [one for one in segments if one[1].last_ms >= low and one[1].first_ms < high]
    waiting.sort(key=lambda one: (one[1].last_ms, one[0]))
    look, at_a_time = _Look(tokens_of_month, fetch), min(max(enough, LEAST_AHEAD), MOST_AHEAD)
    # Heap entries: (-time, 0, 0, n) = walk n has nothing newer than this time, look; (-time, 1, -id, n) = its
    # document.
    walks: list[_Walk] = []
    heap: list[tuple[int, int, int, int]] = []
    at_once, in_sight, begun = 0, 0, 0
    while waiting or heap:
        if waiting and (not heap or in_sight < enough or waiting[-1][1].last_ms >= -heap[0][0]):
            at_once = at_once or look.first(waiting)
            group = [waiting.pop() for _ in range(min(at_once, len(waiting)))]
            at_once = min(MORE_EACH_TIME * at_once, MOST_SEGMENTS_AT_ONCE)
            for one in look.intersected(group):
                walk = _Walk(*one, fetch, (low, high), at_a_time)
                heapq.heappush(heap, (-walk.manifest.last_ms, 0, 0, len(walks)))
                walks.append(walk)
                in_sight += len(walk.ordinals)
            continue
        negative_ms, is_document, negative_id, number = heapq.heappop(heap)
        if is_document and -negative_id not in dead:
            yield Candidate(-negative_ms, -negative_id)
        if number >= begun:
            # Walks are numbered from the newest back, so those behind this one are the next to be looked at.
            begun += _read_ahead(walks[begun:], fetch, at_a_time)
        following = walks[number].following()
        if following is not None:
            heapq.heappush(heap, (*following, number))


class _Walk:
    """The candidates of one segment from the newest back, some pages of documents at a time."""

    def __init__(
        self,
        key: int,
        manifest: Manifest,
        ordinals: Ordinals,
        fetch: Fetch,
        window: tuple[int, int],
        at_a_time: int,
    ) -> None:
        self.key, self.manifest, self.ordinals = key, manifest, ordinals
        self._at_a_time = at_a_time
        self.ahead: Mapping[Wanted, bytes] = {}
        self._fetch, self._window = fetch, window
        self._ready: list[tuple[int, int, int]] = []  # oldest first: the newest is popped from the end

    def following(self) -> tuple[int, int, int] | None:
        """The next heap entry without the walk's number; None at the end."""
        while not self._ready:
            if not len(self.ordinals):
                return None
            self._read_newest_pages()
        return self._ready.pop()

    def next_pages(self) -> list[Wanted]:
        """The pages of the next candidates: one for a frequent word, many small ones for a rare word."""
        return [Wanted(self.key, page_row(page)) for page in self._next()]

    def _next(self) -> list[int]:
        return sorted({ordinal // PAGE_DOCUMENTS for ordinal in self.ordinals[-self._at_a_time :].tolist()})

    def _read_newest_pages(self) -> None:
        pages = self._next()
        wanted = [Wanted(self.key, page_row(page)) for page in pages]
        if wanted[-1] not in self.ahead:
            self.ahead = self._fetch(wanted)
        ids, times = read_pages(self.manifest, pages, [got(self.ahead, one) for one in wanted])
        cut = int(self.ordinals.searchsorted(pages[0] * PAGE_DOCUMENTS))
        newest = self.ordinals[cut:]
        # Where each candidate lies among the pages that were read: these are some of the segment's, end to end.
        local = newest % PAGE_DOCUMENTS
        if len(pages) > 1:
            local += np.searchsorted(pages, newest // PAGE_DOCUMENTS) * PAGE_DOCUMENTS
        low, high = self._window
        first = int(times[0])
        self.ordinals = self.ordinals[: cut if first >= low else 0]
        if first < low or times[-1] >= high:
            local = local[(times[local] >= low) & (times[local] < high)]
        if len(self.ordinals):
            # An older page is read only when nothing newer is left anywhere.
            self._ready.append((-first, 0, 0))
        pairs = zip(times[local].tolist(), ids[local].tolist(), strict=True)
        self._ready.extend((-ms, 1, -number) for ms, number in pairs)


def _read_ahead(walks: Sequence[_Walk], fetch: Fetch, enough: int) -> int:
    """One query for the next pages of the first walks, until so many candidates are at hand; of how many walks."""
    number, at_hand = 0, 0
    while number < len(walks) and at_hand < enough:
        at_hand += len(walks[number].ordinals)
        number += 1
    rows = fetch([page for walk in walks[:number] for page in walk.next_pages()])
    for walk in walks[:number]:
        walk.ahead = rows
    return number


class _Look:
    """Looks through groups of segments, and learns on the way which of the query's tokens is the rarest."""

    def __init__(self, tokens_of_month: Callable[[int], Tokens], fetch: Fetch) -> None:
        self._tokens_of_month, self._fetch = tokens_of_month, fetch
        self._known: dict[int, list[int]] = {}
        self._seen: list[int] = []  # bytes of posting lists so far, by token of the query

    def first(self, waiting: Sequence[Source]) -> int:
        """How many segments are looked through first, the last of these being the newest."""
        width = len(self._tokens(waiting[-1][1].month))
        return len(waiting) if width >= MANY_TOKENS and width * len(waiting) <= FEW_ROWS else FIRST_SEGMENTS

    def _tokens(self, month: int) -> list[int]:
        if month not in self._known:
            self._known[month] = self._tokens_of_month(month).tolist()
        return self._known[month]

    def intersected(self, group: Sequence[Source]) -> Iterator[tuple[int, Manifest, Ordinals]]:
        """The segments of the group that hold documents with every token."""
        width = min(len(self._tokens(manifest.month)) for _, manifest in group)
        if not width:
            raise ValueError("a query has at least one token")
        self._seen = self._seen or [0] * width
        manifests = dict(group)
        if len(group) * width <= FEW_ROWS:
            for key, ordinals in self._holding(group, range(width)).items():
                yield key, manifests[key], ordinals
            return
        # The two rarest tokens alone leave little: the others' rows are read only where that little is.
        order = sorted(range(width), key=self._seen.__getitem__)
        cuts = (2, 2) if 2 * len(group) <= TWO_TOKENS_ROWS else (1, 2)
        found = self._holding(group, order[: cuts[0]])
        for some in (order[cuts[0] : cuts[1]], order[cuts[1] :]):
            if some and found:
                found = self._holding([one for one in group if one[0] in found], some, found)
        for key, ordinals in found.items():
            yield key, manifests[key], ordinals

    def _holding(
        self, group: Sequence[Source], places: Sequence[int], among: Mapping[int, Ordinals] | None = None
    ) -> dict[int, Ordinals]:
        """By segment its documents, of those `among`, with the query's tokens at these places; none: it is absent."""
        found = {}
        for key, spans in self._spans(group, places).items():
            if spans is not None:
                ordinals = _holding_all(spans, None if among is None else among[key])
                if len(ordinals):
                    found[key] = ordinals
        return found

    def _spans(self, group: Sequence[Source], places: Sequence[int]) -> dict[int, list[_Span] | None]:
        """For each segment the posting lists of the query's tokens at these places; None where one is absent."""
        tokens = {key: [self._known[manifest.month][n] for n in places] for key, manifest in group}
        wanted = {
            Wanted(key, manifest.shard_of(token)): None for key, manifest in group for token in tokens[key]
        }
        rows = self._fetch(list(wanted))
        shards: dict[Wanted, Shard] = {}
        found: dict[int, list[_Span] | None] = {}
        for key, manifest in group:
            spans: list[_Span] | None = []
            for place, token in zip(places, tokens[key], strict=True):
                at = Wanted(key, manifest.shard_of(token))
                if at not in shards:
                    shards[at] = Shard(manifest, at.row, got(rows, at))
                span = shards[at].span(token)
                if span is None:
                    spans = None
                    break
                self._seen[place] += span[1] - span[0]
                if spans is not None:
                    spans.append((shards[at], span))
            found[key] = spans
        return found


def _holding_all(spans: list[_Span], among: Ordinals | None) -> Ordinals:
    """Intersect the posting lists, shortest first, with what is known to be left."""
    spans.sort(key=lambda one: one[1][1] - one[1][0])
    rest = iter(spans)
    if among is None:
        shard, span = next(rest)
        among = shard.postings(span)
    for shard, span in rest:
        among = _in_both(among, shard.postings(span), shard.documents)
        if not len(among):
            break
    return among


def _in_both(some: Ordinals, others: Ordinals, documents: int) -> Ordinals:
    """What ascends in both, of ordinals below `documents`."""
    if len(some) < MANY_ORDINALS:
        stands = others[np.minimum(others.searchsorted(some), len(others) - 1)] == some
    else:
        marked = np.zeros(documents, np.bool_)
        marked[others] = True
        stands = marked[some]
    found: Ordinals = some[stands]
    return found


def got(rows: Mapping[Wanted, bytes], wanted: Wanted) -> bytes:
    data = rows.get(wanted)
    if data is None:
        raise IndexCorrupt("缺少索引行")
    return data
