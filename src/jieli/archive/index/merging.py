"""Merging segments of a month, shard by shard: whatever their size, only the documents and one block are in memory.

The documents (16 bytes each, and as much again to sort them) are read page by page and stay, for every posting names
one. Postings pass in blocks of some shards: those of all sources in one range of tokens, decoded, sorted, packed,
handed on, forgotten.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice

import numpy as np

from jieli.archive.index import segment as codec
from jieli.archive.index.errors import IndexCorrupt
from jieli.archive.index.rows import Int64s, Manifest, Ordinals, Shard, page_row, read_page
from jieli.archive.index.search import Fetch, Source, Wanted, got
from jieli.archive.index.segment import Segment
from jieli.archive.index.tokens import Tokens

#: Bytes of postings that are decoded at a time: some twenty times as much in arrays.
BLOCK_BYTES = 1 << 20
PAGES_AT_ONCE = 512

#: Which of these documents are to be left out.
Dead = Callable[[Int64s], Collection[int]]


class Merging:
    """A merge under way. `manifest` is that of the result, None where every document is dead; `dead` were left out.

    Reads every byte of its sources in the end, so a corrupt row shows here at the latest. The same sources give the
    same bytes; another number of shards than that of a fresh build is the only difference to it.
    """

    def __init__(self, sources: Sequence[Source], fetch: Fetch, *, size: int, dead: Dead) -> None:
        """`size` is the bytes of the sources' shards. ValueError for segments of several months."""
        months = {manifest.month for _, manifest in sources}
        if len(months) != 1:
            raise ValueError("only segments of one month can be merged")
        self._sources, self._fetch = list(sources), fetch
        self._shards: dict[Wanted, Shard] = {}
        ids, times = self._documents()
        self.ids = ids  # of every source, the dead ones too
        order = np.lexsort((ids, times))
        self.dead = frozenset(dead(ids))
        if self.dead:
            order = order[~np.isin(ids[order], np.fromiter(self.dead, np.int64, len(self.dead)))]
        self._rank = np.full(len(ids), -1, np.int32)
        self._rank[order] = np.arange(len(order), dtype=np.int32)
        self._ids, self._times = ids[order], times[order]
        self._size = size * len(order) // len(ids)
        self.manifest = self._described(months.pop()) if len(order) else None

    def _described(self, month: int) -> Manifest:
        ids, times = self._ids, self._times
        mark, bits = codec.mark_of(month, ids, times), codec.bits_for(self._size)
        return Manifest(month, len(ids), int(times[0]), int(times[-1]), bits, mark)

    def _documents(self) -> tuple[Int64s, Int64s]:
        """(ids, times) of all sources, one after the other; each source checked against its mark."""
        found = [documents(key, manifest, self._fetch) for key, manifest in self._sources]
        ids = np.concatenate([one[0] for one in found])
        ordered = np.sort(ids)
        if (ordered[1:] == ordered[:-1]).any():
            raise IndexCorrupt("同一条目出现在两个分段")
        return ids, np.concatenate([one[1] for one in found])

    def blocks(self) -> Iterator[list[tuple[int, bytes]]]:
        """The rows of the result, some at a time: shards in their order, then pages."""
        if self.manifest is None:
            return
        step = 1
        while (
            2 * step <= self.manifest.shards
            and (2 * step * self._size) // self.manifest.shards <= BLOCK_BYTES
        ):
            step *= 2
        for first in range(0, self.manifest.shards, step):
            tokens, which, ordinals = self._postings(first, first + step)
            lists = codec.postings_of(tokens, which, ordinals, self.manifest.documents)
            yield list(codec.shard_rows(self.manifest, lists, first, first + step))
        pages = codec.page_rows(self.manifest, self._ids, self._times)
        while block := list(islice(pages, PAGES_AT_ONCE)):
            yield block

    def _postings(self, first: int, last: int) -> tuple[Tokens, Int64s, Ordinals]:
        """Tokens of these shards in every source; for each living posting: which of these, and its new ordinal."""
        bits = 0 if self.manifest is None else self.manifest.shard_bits
        wanted = [list(self._touched(source, first, last, bits)) for source in self._sources]
        self._load([one for group in wanted for one in group])
        tokens, counts, ordinals = [], [], []
        before = 0
        for (_, manifest), group in zip(self._sources, wanted, strict=True):
            for one in group:
                shard = self._shards[one]
                low, high = _range(shard.tokens, first, last, bits)
                each, local = shard.part(low, high)
                tokens.append(shard.tokens[low:high])
                counts.append(each)
                ordinals.append(self._rank[local + before].astype(np.int64))
            before += manifest.documents
        every = np.concatenate(tokens)
        which = np.repeat(np.arange(len(every)), np.concatenate(counts))
        ranked = np.concatenate(ordinals)
        alive = ranked >= 0
        return every, which[alive], ranked[alive]

    def _touched(self, source: Source, first: int, last: int, bits: int) -> Iterator[Wanted]:
        """The shards of a source in which tokens of shards first … last - 1 of the result stand."""
        key, manifest = source
        low = (first << manifest.shard_bits) >> bits
        high = ((last << manifest.shard_bits) - 1) >> bits
        return (Wanted(key, number) for number in range(low, high + 1))

    def _load(self, wanted: Sequence[Wanted]) -> None:
        """Keep these shards and forget all others: a source's shard may reach over several blocks."""
        kept = {one: self._shards[one] for one in wanted if one in self._shards}
        rows = self._fetch([one for one in wanted if one not in kept])
        manifests = dict(self._sources)
        for one in wanted:
            if one not in kept:
                kept[one] = Shard(manifests[one.segment], one.row, got(rows, one))
        self._shards = kept


def _range(tokens: Tokens, first: int, last: int, bits: int) -> tuple[int, int]:
    """Where the tokens of shards first … last - 1 begin and end."""
    low = int(np.searchsorted(tokens, np.uint64(first << (64 - bits)))) if first else 0
    high = len(tokens)
    if last < 1 << bits:
        high = int(np.searchsorted(tokens, np.uint64(last << (64 - bits))))
    return low, high


def documents(key: int, manifest: Manifest, fetch: Fetch) -> tuple[Int64s, Int64s]:
    """(ids, times) of a segment's documents in their order, read some pages at a time; checked against its mark."""
    ids = np.empty(manifest.documents, np.int64)
    times = np.empty(manifest.documents, np.int64)
    at = 0
    for first in range(0, manifest.pages, PAGES_AT_ONCE):
        wanted = [Wanted(key, page_row(p)) for p in range(first, min(first + PAGES_AT_ONCE, manifest.pages))]
        rows = fetch(wanted)
        for page, one in enumerate(wanted, first):
            found = read_page(manifest, page, got(rows, one))
            ids[at : at + len(found[0])], times[at : at + len(found[0])] = found
            at += len(found[0])
    if codec.mark_of(manifest.month, ids, times) != manifest.mark:
        raise IndexCorrupt("分段的文档与登记不符")
    return ids, times


def merge(segments: Sequence[Segment], dead: Collection[int] = frozenset()) -> Segment | None:
    """Segments in memory as one without the dead documents; None when nothing is left."""

    def fetch(wanted: Sequence[Wanted]) -> Mapping[Wanted, bytes]:
        rows = ((one, segments[one.segment].rows.get(one.row)) for one in wanted)
        return {one: data for one, data in rows if data is not None}

    size = sum(len(data) for one in segments for row, data in one.rows.items() if row >= 0)
    merging = Merging(
        [(n, one.manifest) for n, one in enumerate(segments)],
        fetch,
        size=size,
        dead=lambda ids: dead,
    )
    if merging.manifest is None:
        return None
    return Segment(merging.manifest, {row: data for block in merging.blocks() for row, data in block})
