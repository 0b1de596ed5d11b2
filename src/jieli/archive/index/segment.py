"""Segments: what one event month's batch says about which documents hold which token.

A segment never changes; it is replaced by a merge. The same documents and tokens give the same bytes
whichever way they came together, so `fsck` may compare a segment with one built anew.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from jieli.archive.index.errors import IndexCorrupt
from jieli.archive.index.fold import fold_texts
from jieli.archive.index.rows import (
    MAX_SHARD_BITS,
    PAGE_DOCUMENTS,
    Int64s,
    Manifest,
    Ordinals,
    pack_varints,
    page_row,
    read_page,
    write_page,
    write_row,
)
from jieli.archive.index.tokens import MAX_TEXTS, TextTokens, Tokens, begins_run, tokens_of_folded

# A shard grows to this before a segment gets twice as many: a search reads one for each token and segment, so it
# is small; some 2,000 rows for a million messages.
ROW_BYTES = 32 * 1024
_CHINA_MS = 8 * 3_600_000  # Asia/Shanghai has had no summer time since 1991; events before 2011 are refused


@dataclass(frozen=True)
class Segment:
    """A manifest and its rows: shards 0 … 2^bits - 1, pages of documents -1, -2, …"""

    manifest: Manifest
    rows: Mapping[int, bytes]


def month_of(times: Int64s) -> Int64s:
    """The event month in Asia/Shanghai of each time (ms UTC), as the number 202403; good from 1992 on."""
    months = (times + _CHINA_MS).view("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    return (1970 + months // 12) * 100 + months % 12 + 1


def build_segments(
    ids: Int64s, times: Int64s, texts: Sequence[str], key_of_month: Callable[[int], bytes]
) -> list[Segment]:
    """The segments of a batch, one per event month, oldest first; `key_of_month(202403)` is its index key.

    Ids are unique and not negative, times ms UTC, text n belongs to id n; ValueError otherwise.
    """
    ids, times = _checked(ids, times, len(texts))
    return numbered(_listed(times, texts, np.lexsort((ids, times)), key_of_month), ids)


@dataclass(frozen=True)
class Listed:
    """The postings of a batch whose documents have no ids yet: which document stands where, and lists by month."""

    order: Int64s
    times: Int64s  # in that order
    months: Sequence[tuple[int, int, int, "Lists"]]  # month, first document, behind the last, lists


def list_texts(times: Int64s, texts: Sequence[str], key_of_month: Callable[[int], bytes]) -> Listed:
    """What `build_segments` makes of texts whose ids will rise in the order of the texts; `numbered` does the rest."""
    times = np.asarray(times, np.int64)
    if len(times) != len(texts) or len(texts) > MAX_TEXTS:
        raise ValueError(f"times and texts must be as many, and at most {MAX_TEXTS}")
    return _listed(times, texts, np.argsort(times, kind="stable"), key_of_month)


def numbered(listed: Listed, ids: Int64s) -> list[Segment]:
    """The segments of listed texts, now that each has its id; ValueError for ids that are not unique or not as many."""
    ids, _ = _checked(ids, listed.times, len(listed.times))
    ids = ids[listed.order]
    return [
        _segment(month, ids[low:high], listed.times[low:high], lists, shard_bits=None)
        for month, low, high, lists in listed.months
    ]


def _listed(
    times: Int64s, texts: Sequence[str], order: Int64s, key_of_month: Callable[[int], bytes]
) -> Listed:
    times = times[order]
    folded = fold_texts([texts[n] for n in order.tolist()])
    months = month_of(times)
    cuts = [0, *(np.flatnonzero(months[1:] != months[:-1]) + 1).tolist(), len(months)]
    found = []
    for low, high in pairwise(cuts):
        if low < high:
            month = int(months[low])
            lists = _lists_of(tokens_of_folded(folded.part(low, high), key_of_month(month)))
            found.append((month, low, high, lists))
    return Listed(order, times, found)


def build(
    month: int, ids: Int64s, times: Int64s, found: TextTokens, *, shard_bits: int | None = None
) -> Segment:
    """The segment of documents of one month, given in any order; `found` numbers them in that order.

    In so many shards as its size asks for, or in 2^`shard_bits`: a merged segment has a number of its own.
    """
    ids, times = _checked(ids, times, found.count)
    if not len(ids) or (month_of(times) != month).any():
        raise ValueError("a segment holds at least one document, and documents of its month only")
    order = np.lexsort((ids, times))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    which = np.repeat(np.arange(len(found.tokens)), np.diff(found.starts))
    lists = postings_of(found.tokens, which, rank[found.texts], len(ids))
    return _segment(month, ids[order], times[order], lists, shard_bits)


def documents_of(segment: Segment) -> tuple[Int64s, Int64s]:
    """(ids, times) of a segment's documents, in their order; checked against the manifest's mark."""
    manifest = segment.manifest
    pages = [read_page(manifest, page, row_of(segment, page_row(page))) for page in range(manifest.pages)]
    if not pages:
        raise IndexCorrupt("分段没有文档")
    ids = np.concatenate([page[0] for page in pages])
    times = np.concatenate([page[1] for page in pages])
    if mark_of(manifest.month, ids, times) != manifest.mark:
        raise IndexCorrupt("分段的文档与登记不符")
    return ids, times


def row_of(segment: Segment, row: int) -> bytes:
    """A row of a segment; a missing one is corruption, for an empty shard is written too."""
    data = segment.rows.get(row)
    if data is None:
        raise IndexCorrupt("缺少索引行")
    return data


def _checked(ids: Int64s, times: Int64s, count: int) -> tuple[Int64s, Int64s]:
    ids, times = np.asarray(ids, np.int64), np.asarray(times, np.int64)
    if not len(ids) == len(times) == count or count > MAX_TEXTS:
        raise ValueError(f"ids, times and texts must be as many, and at most {MAX_TEXTS}")
    if len(np.unique(ids)) != len(ids) or (ids < 0).any():
        raise ValueError("document ids must be unique and not negative")
    return ids, times


def _segment(month: int, ids: Int64s, times: Int64s, lists: "Lists", shard_bits: int | None) -> Segment:
    """Documents in order and their posting lists → the segment's bytes."""
    bits = bits_for(lists.size) if shard_bits is None else shard_bits
    manifest = Manifest(month, len(ids), int(times[0]), int(times[-1]), bits, mark_of(month, ids, times))
    rows = dict(shard_rows(manifest, lists, 0, manifest.shards))
    rows.update(page_rows(manifest, ids, times))
    return Segment(manifest, rows)


@dataclass(frozen=True)
class Lists:
    """Posting lists packed: token k has `packed[offsets[k]:offsets[k + 1]]`; tokens ascending, each once."""

    tokens: Tokens
    offsets: Int64s
    packed: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """Bytes that they take in shards."""
        return 12 * len(self.tokens) + len(self.packed)


def bits_for(size: int) -> int:
    """How many top bits of a token name its shard in a segment of so many bytes of postings."""
    bits = 0
    while size >> bits > ROW_BYTES and bits < MAX_SHARD_BITS:
        bits += 1
    return bits


def postings_of(tokens: Tokens, which: Int64s, ordinals: Ordinals, documents: int) -> Lists:
    """Postings in any order, as (index into tokens, ordinal) → lists; a token or posting may come twice."""
    distinct, starts, ordinals = _grouped(tokens, which, ordinals, documents)
    return _packed(distinct, starts, ordinals.astype(np.uint32))


def _lists_of(found: TextTokens) -> Lists:
    """The lists of texts that stand in the order of the documents: only the tokens have still to be sorted."""
    order = _in_order(found.tokens)
    tokens, counts = found.tokens[order], np.diff(found.starts)[order]
    if not (tokens[1:] > tokens[:-1]).all():
        which = np.repeat(np.arange(len(found.tokens)), np.diff(found.starts))
        return postings_of(found.tokens, which, found.texts.astype(np.int64), found.count)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    moved = np.repeat(found.starts[:-1][order] - starts[:-1], counts)
    moved += np.arange(len(found.texts))
    return _packed(tokens, starts, found.texts[moved])


def _in_order(tokens: Tokens) -> Int64s:
    """The places of tokens, ascending by their top 48 bits, which hardly ever leave a doubt; who asks looks."""
    order = np.argsort((tokens >> np.uint64(16)).astype(np.uint16), kind="stable")
    for bits in (32, 48):  # sixteen at a time, which numpy sorts by counting and not by comparing
        order = order[np.argsort((tokens[order] >> np.uint64(bits)).astype(np.uint16), kind="stable")]
    return order


def _packed(tokens: Tokens, starts: Int64s, ordinals: NDArray[np.uint32]) -> Lists:
    """Lists of ascending ordinals, of each token those from its start on."""
    gaps = ordinals.copy()
    firsts = starts[:-1]
    if len(gaps):
        gaps[1:] -= ordinals[:-1] + np.uint32(1)  # against the posting before
        gaps[firsts] = ordinals[firsts]  # a list's first is its ordinal itself
    packed, widths = pack_varints(gaps)
    sums = np.add.reduceat(widths, firsts, dtype=np.int64) if len(firsts) else np.zeros(0, np.int64)
    return Lists(tokens, np.concatenate([np.zeros(1, np.int64), np.cumsum(sums)]), packed)


def shard_rows(manifest: Manifest, lists: Lists, first: int, last: int) -> Iterator[tuple[int, bytes]]:
    """Shards first … last - 1; `lists` hold their tokens and no others."""
    bounds = np.arange(first + 1, last, dtype=np.uint64)
    if manifest.shard_bits:
        bounds <<= np.uint64(64 - manifest.shard_bits)
    cuts = [0, *np.searchsorted(lists.tokens, bounds).tolist(), len(lists.tokens)]
    for number, (low, high) in enumerate(pairwise(cuts), first):
        start = lists.offsets[low]
        body = (
            lists.tokens[low:high].astype("<u8").tobytes()
            + (lists.offsets[low : high + 1] - start).astype("<u4").tobytes()
            + lists.packed[start : lists.offsets[high]].tobytes()
        )
        yield number, write_row(manifest, number, high - low, body)


def page_rows(manifest: Manifest, ids: Int64s, times: Int64s) -> Iterator[tuple[int, bytes]]:
    """The pages of documents in their order."""
    for page in range(manifest.pages):
        part = slice(page * PAGE_DOCUMENTS, (page + 1) * PAGE_DOCUMENTS)
        yield page_row(page), write_page(manifest, page, ids[part], times[part])


def _grouped(
    tokens: Tokens, which: Int64s, ordinals: Ordinals, documents: int
) -> tuple[Tokens, Int64s, Ordinals]:
    """Distinct tokens ascending, where each one's postings start, and the postings, ascending and once."""
    distinct, place = np.unique(tokens, return_inverse=True)
    bits = np.int64(documents.bit_length())  # 22 for four million documents: 41 are left for tokens
    keys = place[which] << bits | ordinals
    keys.sort()
    keys = keys[begins_run(keys)]
    owner = keys >> bits
    first = np.flatnonzero(begins_run(owner))
    mask = (np.int64(1) << bits) - 1
    return distinct[owner[first]], np.append(first, len(keys)), keys & mask


def mark_of(month: int, ids: Int64s, times: Int64s) -> int:
    """A digest of the documents, below 2^63, so that no row passes for another segment's."""
    digest = hashlib.sha256(b"%d" % month)
    digest.update(ids.astype("<i8").tobytes())
    digest.update(times.astype("<i8").tobytes())
    return int.from_bytes(digest.digest()[:8], "little") >> 1
