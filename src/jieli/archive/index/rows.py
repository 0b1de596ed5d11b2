"""The bytes of an index row: one shard of postings, or one page of documents. All numbers little-endian.

Header, 40 bytes: magic `JLIX` · format · fold version · shard bits · 0 · row (i32) · month (u32) · documents
(u32) · mark of the segment (u64) · count (u32) · size of the body (u32) · CRC-32 of all the rest. Row n ≥ 0 is
shard n; row -1 - p is page p.

- shard: `count` tokens (u64, ascending) · count + 1 offsets (u32) · posting lists. A list is its ordinals,
  ascending, each as the gap to the one before less one, in varints: 7 bits a byte, low first, the high bit
  says that more follow.
- page of up to 512 documents in order of time, then id: smallest id (i64) · bytes an id takes (u64, 4 or
  8) · times as ms after the segment's first (u32: a month has fewer than 2^32) · ids as differences from the
  smallest. Fixed widths, because a search reads a few documents of a page, not all.

Reading is strict: bytes that the writer would not write raise `IndexCorrupt`, and a row that belongs to
another segment is one. The CRC is against chance: whoever changes a posting list and its CRC too is found when
`fsck` compares the index with the items.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jieli.archive.index.errors import IndexCorrupt
from jieli.archive.index.fold import FOLD_VERSION

FORMAT = 3  # ADR 23: 1 had pages of 4,096 documents, 2 four zero bytes in place of the CRC
_WITHOUT_CRC = 2
PAGE_DOCUMENTS = 512
MAX_SHARD_BITS = 12
ORDINAL_WIDTH = 5  # varint bytes of an ordinal below 2^32

_HEADER = struct.Struct("<4sBBBxiIIQIII")
_CRC_AT = _HEADER.size - 4
_IDS = struct.Struct("<qQ")

Ordinals = NDArray[np.int64]
Int64s = NDArray[np.int64]


@dataclass(frozen=True)
class Manifest:
    """What the archive keeps of a segment beside its rows. Times are ms UTC, both included.

    `mark` (below 2^63) is a digest of the documents: equal marks of one month are the same documents.
    """

    month: int
    documents: int
    first_ms: int
    last_ms: int
    shard_bits: int
    mark: int

    def __post_init__(self) -> None:
        """Refuse what no writer writes: a manifest comes back from a table as the rows do."""
        span = self.last_ms - self.first_ms
        if not (
            0 < self.month < 2**32
            and 0 < self.documents < 2**32
            and 0 <= span < 2**32
            and abs(self.first_ms) < 2**62
            and 0 <= self.shard_bits <= MAX_SHARD_BITS
            and 0 <= self.mark < 2**63
        ):
            raise IndexCorrupt("分段登记不合规")

    @property
    def shards(self) -> int:
        return 1 << self.shard_bits

    @property
    def pages(self) -> int:
        return -(-self.documents // PAGE_DOCUMENTS)

    def shard_of(self, token: int) -> int:
        """The row that holds a token: its top bits."""
        return token >> (64 - self.shard_bits)


def page_row(page: int) -> int:
    """The row number of a page of documents."""
    return -1 - page


def pack_varints(values: NDArray[np.unsignedinteger[Any]]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The bytes of all values, and how many each took."""
    bits = int(values.max()).bit_length() if len(values) else 0
    longest = max(1, -(-bits // 7))
    # Each value gets as many bytes as the longest takes, and then those that nobody needs are left out.
    wide = np.empty((len(values), longest), np.uint8)
    needed = np.ones((len(values), longest), np.bool_)
    widths = np.ones(len(values), np.uint8)
    rest, kind = values, values.dtype.type
    for place in range(longest):
        wide[:, place] = rest
        if place + 1 < longest:
            rest = rest >> kind(7)
            more = rest != 0
            needed[:, place + 1] = more
            widths += more
            wide[:, place] = (wide[:, place] & np.uint8(127)) | (more.view(np.uint8) << np.uint8(7))
    return wide[needed] if longest > 1 else wide.ravel(), widths


def unpack_varints(packed: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The values of whole varints of at most five bytes; IndexCorrupt for anything else."""
    more = packed >= 128
    follows = np.flatnonzero(more)
    if not len(follows):
        return packed.astype(np.uint64)
    if more[-1]:
        raise IndexCorrupt("数字残缺")
    begins = np.ones(len(packed), np.bool_)
    np.logical_not(more[:-1], out=begins[1:])
    values = (packed & np.uint8(127)).astype(np.uint64)
    # Most take one byte: only the others' first bytes are gone through again, once for each further byte.
    long, place = follows[begins[follows]], 0
    while len(long):
        place += 1
        part = packed[long + place]
        if place == ORDINAL_WIDTH or not part.all():
            raise IndexCorrupt("数字写法不合规")
        values[long] |= (part & np.uint8(127)).astype(np.uint64) << np.uint64(7 * place)
        long = long[part >= 128]
    return values[begins]


def write_row(manifest: Manifest, row: int, count: int, body: bytes) -> bytes:
    """Header and body."""
    m = manifest
    head = _HEADER.pack(
        b"JLIX", FORMAT, FOLD_VERSION, m.shard_bits, row, m.month, m.documents, m.mark, count, len(body), 0
    )[:_CRC_AT]
    return head + zlib.crc32(body, zlib.crc32(head)).to_bytes(4, "little") + body


def _read_row(manifest: Manifest, row: int, data: bytes) -> int:
    """Check the header of a row and give its count; the body starts at _HEADER.size."""
    if len(data) < _HEADER.size:
        raise IndexCorrupt("索引行残缺")
    magic, version, *said, count, size, crc = _HEADER.unpack_from(data)
    m = manifest
    known = magic == b"JLIX" and version in (FORMAT, _WITHOUT_CRC) and not data[7]
    if not known or said != [FOLD_VERSION, m.shard_bits, row, m.month, m.documents, m.mark]:
        raise IndexCorrupt("索引行的抬头不属于该分段，或版本不同")
    if size != len(data) - _HEADER.size:
        raise IndexCorrupt("索引行长度不符")
    if crc != (_crc(data) if version == FORMAT else 0):
        raise IndexCorrupt("索引行的校验和不符")
    return int(count)


def _crc(data: bytes) -> int:
    whole = memoryview(data)
    return zlib.crc32(whole[_HEADER.size :], zlib.crc32(whole[:_CRC_AT]))


class Shard:
    """One shard's row, checked in its frame; posting lists are decoded one by one, on demand."""

    def __init__(self, manifest: Manifest, number: int, data: bytes) -> None:
        count = _read_row(manifest, number, data)
        lists_at = _HEADER.size + 8 * count + 4 * (count + 1)
        if lists_at > len(data):
            raise IndexCorrupt("索引行长度不符")
        self.documents = manifest.documents
        self.tokens = np.frombuffer(data, "<u8", count, _HEADER.size)
        offsets = np.frombuffer(data, "<u4", count + 1, _HEADER.size + 8 * count)
        self.lists = (
            np.frombuffer(data, np.uint8, -1, lists_at) if lists_at < len(data) else np.zeros(0, np.uint8)
        )
        self.offsets = offsets.astype(np.int64)
        rising = 0
        if count:
            # Both must rise, or a search would look past what is there; counting is quicker than reducing.
            rising += int(np.count_nonzero(offsets[1:] > offsets[:-1]))
            rising += int(np.count_nonzero(self.tokens[1:] > self.tokens[:-1]))
        if rising != max(2 * count - 1, 0) or offsets[0] != 0 or offsets[-1] != len(self.lists):
            raise IndexCorrupt("词目次序不符")
        if count:
            first, last = self.tokens[[0, -1]].tolist()
            if manifest.shard_of(first) != number or manifest.shard_of(last) != number:
                raise IndexCorrupt("词目不属于该分片")

    def span(self, token: int) -> tuple[int, int] | None:
        """Where the token's posting list stands, without decoding it; None if no document holds the token."""
        at = int(self.tokens.searchsorted(np.uint64(token)))
        if at == len(self.tokens) or int(self.tokens[at]) != token:
            return None
        return int(self.offsets[at]), int(self.offsets[at + 1])

    def postings(self, span: tuple[int, int]) -> Ordinals:
        """The ordinals of one list, ascending."""
        gaps = unpack_varints(self.lists[span[0] : span[1]])
        gaps += np.uint64(1)
        ordinals: Ordinals = np.cumsum(gaps.view(np.int64))
        ordinals -= 1
        if ordinals[-1] >= self.documents:
            raise IndexCorrupt("文档序号越界")
        return ordinals

    def everything(self) -> tuple[Int64s, Ordinals]:
        """How many ordinals each token has, and all of them end to end."""
        return self.part(0, len(self.tokens))

    def part(self, first: int, last: int) -> tuple[Int64s, Ordinals]:
        """The same of tokens first … last - 1."""
        if first >= last:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        offsets = self.offsets[first : last + 1] - self.offsets[first]
        lists = self.lists[self.offsets[first] : self.offsets[last]]
        if (lists[offsets[1:] - 1] >= 128).any():
            raise IndexCorrupt("数字残缺")
        totals = np.cumsum(unpack_varints(lists).astype(np.int64) + 1)
        starts = np.searchsorted(np.flatnonzero(lists < 128), offsets)
        counts: Int64s = np.diff(starts)
        before = np.where(starts[:-1] > 0, totals[starts[:-1] - 1], 0)
        ordinals: Ordinals = totals - np.repeat(before, counts) - 1
        if ordinals.max() >= self.documents:
            raise IndexCorrupt("文档序号越界")
        return counts, ordinals


def write_page(manifest: Manifest, page: int, ids: Int64s, times: Int64s) -> bytes:
    """One page of documents, in order of time, then id."""
    smallest = int(ids.min())
    width = _id_width(int(ids.max()) - smallest)
    body = (
        _IDS.pack(smallest, width)
        + (times - manifest.first_ms).astype("<u4").tobytes()
        + (ids - smallest).astype(f"<u{width}").tobytes()
    )
    return write_row(manifest, page_row(page), len(ids), body)


def read_page(manifest: Manifest, page: int, data: bytes) -> tuple[Int64s, Int64s]:
    """(ids, times) of one page."""
    return read_pages(manifest, [page], [data])


def read_pages(manifest: Manifest, pages: Sequence[int], rows: Sequence[bytes]) -> tuple[Int64s, Int64s]:
    """(ids, times) of pages, end to end, the n-th from n · PAGE_DOCUMENTS on. `pages` ascend, each once; a rare word
    has one for each hit, so all that look alike are read in one go."""
    frames = [_page_frame(manifest, page, data) for page, data in zip(pages, rows, strict=True)]
    found = []
    for (count, width), alike in groupby(zip(frames, rows, strict=True), key=lambda one: one[0][:2]):
        some = list(alike)
        smallest = [frame[2] for frame, _ in some]
        found.append(_documents(manifest, count, width, smallest, [row for _, row in some]))
    ids, times = zip(*found, strict=True)
    return (ids[0], times[0]) if len(found) == 1 else (np.concatenate(ids), np.concatenate(times))


def _page_frame(manifest: Manifest, page: int, data: bytes) -> tuple[int, int, int]:
    """(documents, bytes an id takes, smallest id) of a page's row, whose length fits them."""
    count = _read_row(manifest, page_row(page), data)
    if count != min(PAGE_DOCUMENTS, manifest.documents - page * PAGE_DOCUMENTS) or count < 1:
        raise IndexCorrupt("文档数目不符")
    if len(data) < _HEADER.size + _IDS.size:
        raise IndexCorrupt("索引行残缺")
    smallest, width = _IDS.unpack_from(data, _HEADER.size)
    if width not in (4, 8) or len(data) != _HEADER.size + _IDS.size + count * (4 + width):
        raise IndexCorrupt("文档数目不符")
    return count, width, smallest


def _documents(
    manifest: Manifest, count: int, width: int, smallest: Sequence[int], rows: Sequence[bytes]
) -> tuple[Int64s, Int64s]:
    """(ids, times) of pages of so many documents each and of one width, end to end."""
    whole = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)
    times_at = _HEADER.size + _IDS.size
    after = whole[:, times_at : times_at + 4 * count].view("<u4")
    steps = whole[:, times_at + 4 * count :].view(f"<u{width}")
    for low, least, most in zip(
        smallest, steps.min(axis=1).tolist(), steps.max(axis=1).tolist(), strict=True
    ):
        if low < 0 or low + most >= 2**63 or least != 0 or width != _id_width(most):
            raise IndexCorrupt("文档编号写法不合规")
    ids: Int64s = steps.astype(np.int64)
    ids += np.array(smallest, np.int64)[:, None]
    times: Int64s = after.astype(np.int64)
    times += manifest.first_ms
    # Mostly no two are of one time, and then one look is enough.
    later = after[:, 1:] > after[:, :-1]
    if np.count_nonzero(later) != later.size:
        later |= (after[:, 1:] == after[:, :-1]) & (ids[:, 1:] > ids[:, :-1])
    if not later.all() or (times[:, -1] > manifest.last_ms).any():
        raise IndexCorrupt("文档次序不符")
    return ids.ravel(), times.ravel()


def _id_width(largest: int) -> int:
    return 4 if largest < 2**32 else 8
