"""Index rows are read strictly: any bytes in, only IndexCorrupt out."""

import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jieli.archive.index.errors import IndexCorrupt
from jieli.archive.index.merging import merge
from jieli.archive.index.rows import (
    Manifest,
    Shard,
    page_row,
    read_page,
    read_pages,
    unpack_varints,
    write_page,
    write_row,
)
from jieli.archive.index.search import candidates
from jieli.archive.index.segment import Segment, documents_of
from jieli.archive.index.tokens import tokens_of_query
from tests.rooms.test_archive_index import DAY, MARCH, Store, built, key_of_month


def outcome(read: Callable[[], object]) -> str:
    """ "read" or "corrupt": any other error passes through and fails the test."""
    try:
        read()
    except IndexCorrupt:
        return "corrupt"
    return "read"


def summed(row: bytes) -> bytes:
    """The row with the CRC that goes with its bytes: what lies beneath is judged then."""
    rest = row[:36] + row[40:]
    return row[:36] + zlib.crc32(rest).to_bytes(4, "little") + row[40:]


def read_shard(manifest: Manifest, data: bytes) -> object:
    shard = Shard(manifest, 0, data)
    lists = [shard.postings(shard.span(token)) for token in shard.tokens.tolist()]
    return shard.everything(), lists


def small() -> Segment:
    texts = [f"合同{number % 7}价格{number}" for number in range(400)]
    return built(texts, [MARCH + number * 1_000 for number in range(400)])[0]


SMALL = small()


@settings(max_examples=200)
@given(st.binary(max_size=80), st.booleans())
def test_random_bytes_are_corrupt_and_nothing_else(noise: bytes, with_header: bool) -> None:
    segment = SMALL
    head = segment.rows[0][: 40 * with_header], segment.rows[-1][: 40 * with_header]
    assert outcome(lambda: read_shard(segment.manifest, head[0] + noise)) == "corrupt"
    assert outcome(lambda: read_page(segment.manifest, 0, head[1] + noise)) == "corrupt"


@given(st.binary(max_size=30))
def test_random_varints_are_read_or_corrupt(noise: bytes) -> None:
    assert outcome(lambda: unpack_varints(np.frombuffer(noise, np.uint8))) in {"read", "corrupt"}


def test_every_truncation_and_every_longer_row_is_corrupt() -> None:
    shard, page = SMALL.rows[0], SMALL.rows[-1]
    cut_shards = {outcome(lambda n=n: read_shard(SMALL.manifest, shard[:n])) for n in range(0, len(shard), 7)}
    cut_pages = {outcome(lambda n=n: read_page(SMALL.manifest, 0, page[:n])) for n in range(len(page))}
    assert cut_shards | cut_pages == {"corrupt"}
    assert outcome(lambda: read_shard(SMALL.manifest, shard + b"\0")) == "corrupt"
    assert outcome(lambda: read_page(SMALL.manifest, 0, page + b"\0")) == "corrupt"


@settings(max_examples=300)
@given(st.integers(0, 10**6), st.integers(1, 255))
def test_a_changed_byte_is_corrupt_and_within_bounds_even_with_its_crc(place: int, change: int) -> None:
    shard, page = bytearray(SMALL.rows[0]), bytearray(SMALL.rows[-1])
    shard[place % len(shard)] ^= change
    page[place % len(page)] ^= change
    assert outcome(lambda: read_shard(SMALL.manifest, bytes(shard))) == "corrupt"
    assert outcome(lambda: read_page(SMALL.manifest, 0, bytes(page))) == "corrupt"
    adapted = Segment(SMALL.manifest, {0: summed(bytes(shard)), -1: SMALL.rows[-1]})
    assert outcome(lambda: merge([adapted])) in {"read", "corrupt"}
    assert outcome(lambda: read_shard(SMALL.manifest, adapted.rows[0])) in {"read", "corrupt"}
    # The mark covers the documents: no changed byte of a page passes, but one of the CRC itself, which is made anew.
    own = 36 <= place % len(page) < 40
    documents = Segment(SMALL.manifest, {-1: summed(bytes(page))})
    assert outcome(lambda: documents_of(documents)) == ("read" if own else "corrupt")


def test_a_row_of_format_two_is_read_and_has_zeros_where_the_crc_stands() -> None:
    row = SMALL.rows[0]
    older = row[:4] + b"\x02" + row[5:36] + bytes(4) + row[40:]
    assert outcome(lambda: read_shard(SMALL.manifest, older)) == "read"
    assert outcome(lambda: read_shard(SMALL.manifest, summed(older))) == "corrupt"
    assert outcome(lambda: read_shard(SMALL.manifest, row[:36] + bytes(4) + row[40:])) == "corrupt"


@settings(max_examples=200)
@given(st.integers(0, 39), st.integers(1, 255))
def test_every_byte_of_the_header_counts(place: int, change: int) -> None:
    changed = bytearray(SMALL.rows[0])
    changed[place] ^= change
    assert outcome(lambda: read_shard(SMALL.manifest, bytes(changed))) == "corrupt"


def test_an_ordinal_beyond_the_documents_is_corrupt() -> None:
    (segment,) = built(["合同"], [MARCH])
    row = bytearray(segment.rows[0])
    row[-1] = 1
    shard = Shard(segment.manifest, 0, summed(bytes(row)))
    assert outcome(lambda: shard.postings(shard.span(int(shard.tokens[0])))) == "corrupt"
    assert outcome(shard.everything) == "corrupt"


def test_a_row_of_another_segment_or_place_is_corrupt_and_so_is_a_missing_one() -> None:
    other = built(["合同"] * 400, [MARCH + number * 1_000 for number in range(400)], 1_000)[0]
    assert outcome(lambda: Store([Segment(SMALL.manifest, other.rows)]).search("合同")) == "corrupt"
    assert outcome(lambda: read_page(SMALL.manifest, 0, SMALL.rows[0])) == "corrupt"
    assert outcome(lambda: documents_of(Segment(SMALL.manifest, {}))) == "corrupt"
    tokens = tokens_of_query("合同", key_of_month(202403))
    lost = candidates(lambda month: tokens, [(0, SMALL.manifest)], lambda wanted: {})
    assert outcome(lambda: next(lost)) == "corrupt"


@pytest.mark.parametrize(
    ("name", "value"),
    [("month", 0), ("documents", 0), ("first_ms", MARCH + 31 * DAY), ("shard_bits", 13), ("mark", 2**63)],
)
def test_a_manifest_that_nobody_writes_is_corrupt(name: str, value: int) -> None:
    fields = {
        "month": 202403,
        "documents": 1,
        "first_ms": MARCH,
        "last_ms": MARCH,
        "shard_bits": 0,
        "mark": 1,
    }
    assert outcome(lambda: Manifest(**fields)) == "read"
    assert outcome(lambda: Manifest(**{**fields, name: value})) == "corrupt"


def test_the_error_names_a_code_and_a_remedy_and_no_content() -> None:
    with pytest.raises(IndexCorrupt) as caught:
        read_page(SMALL.manifest, 0, b"")
    assert caught.value.code == "archive.index_corrupt"
    assert caught.value.remedy
    assert page_row(0) == -1


PLAIN = Manifest(month=202403, documents=400, first_ms=MARCH, last_ms=MARCH + DAY, shard_bits=0, mark=1)
HALVED = Manifest(month=202403, documents=400, first_ms=MARCH, last_ms=MARCH + DAY, shard_bits=1, mark=1)


def crafted(manifest: Manifest, tokens: list[int], offsets: list[int], lists: list[int]) -> Shard:
    body = struct.pack(f"<{len(tokens)}Q{len(offsets)}I", *tokens, *offsets) + bytes(lists)
    return Shard(manifest, 0, write_row(manifest, 0, len(tokens), body))


@pytest.mark.parametrize(
    ("manifest", "tokens", "offsets", "lists", "expected"),
    [
        pytest.param(PLAIN, [1, 2], [0, 1, 3], [1, 0x81, 1], "read", id="as the writer writes"),
        pytest.param(PLAIN, [1, 2], [0, 2, 3], [1, 0x81, 1], "corrupt", id="a number over the end of a list"),
        pytest.param(PLAIN, [1, 2], [0, 1, 3], [1, 0x81, 0], "corrupt", id="an idle byte"),
        pytest.param(
            PLAIN, [1], [0, 6], [0x81, 0x81, 0x81, 0x81, 0x81, 1], "corrupt", id="a number too long"
        ),
        pytest.param(PLAIN, [1, 2], [0, 0, 1], [1], "corrupt", id="an empty list"),
        pytest.param(PLAIN, [1, 2], [1, 2, 3], [1, 1, 1], "corrupt", id="a list that nobody owns"),
        pytest.param(PLAIN, [2, 1], [0, 1, 2], [1, 1], "corrupt", id="tokens out of order"),
        pytest.param(PLAIN, [2, 2], [0, 1, 2], [1, 1], "corrupt", id="a token twice"),
        pytest.param(HALVED, [2**63 - 1], [0, 1], [1], "read", id="the last token of a shard"),
        pytest.param(HALVED, [2**63], [0, 1], [1], "corrupt", id="a token of the next shard"),
    ],
)
def test_a_shard_that_nobody_writes_is_corrupt(
    manifest: Manifest, tokens: list[int], offsets: list[int], lists: list[int], expected: str
) -> None:
    assert outcome(lambda: crafted(manifest, tokens, offsets, lists).everything()) == expected


@pytest.mark.parametrize(
    ("smallest", "width", "times", "steps", "expected"),
    [
        pytest.param(7, 4, [0, 5], [3, 0], "read", id="as the writer writes"),
        pytest.param(7, 4, [0, 5], [3, 1], "corrupt", id="smallest id is not the smallest"),
        pytest.param(-1, 4, [0, 5], [3, 0], "corrupt", id="an id below zero"),
        pytest.param(7, 8, [0, 5], [3, 0], "corrupt", id="wider than needed"),
        pytest.param(7, 8, [0, 5], [2**63 - 7, 0], "corrupt", id="an id above 63 bits"),
        pytest.param(7, 4, [5, 0], [3, 0], "corrupt", id="times out of order"),
        pytest.param(7, 4, [5, 5], [3, 0], "corrupt", id="ids of one time out of order"),
        pytest.param(7, 4, [0, DAY + 1], [3, 0], "corrupt", id="later than the segment"),
    ],
)
def test_a_page_that_nobody_writes_is_corrupt(
    smallest: int, width: int, times: list[int], steps: list[int], expected: str
) -> None:
    manifest = Manifest(202403, 2, MARCH, MARCH + DAY, 0, 1)
    letter = {4: "I", 8: "Q"}[width]
    body = struct.pack(f"<qQ2I2{letter}", smallest, width, *times, *steps)
    assert outcome(lambda: read_page(manifest, 0, write_row(manifest, -1, 2, body))) == expected


def test_pages_read_in_one_go_are_those_read_one_by_one_whatever_their_widths() -> None:
    count = 1_300  # three pages: wide ids in the second, few documents in the last
    numbers = [n + 2**40 * (n >= 700) for n in range(count)]
    times = [MARCH + n // 3 for n in range(count)]
    manifest = Manifest(202403, count, times[0], times[-1], 0, 7)
    ids, at = np.array(numbers, np.int64), np.array(times, np.int64)
    rows = [
        write_page(manifest, n, ids[512 * n : 512 * n + 512], at[512 * n : 512 * n + 512]) for n in range(3)
    ]
    for some in ([0, 1, 2], [0, 2], [1, 2], [0, 1], [2]):
        found = read_pages(manifest, some, [rows[n] for n in some])
        each = [read_page(manifest, n, rows[n]) for n in some]
        assert [one.tolist() for one in found] == [
            np.concatenate(many).tolist() for many in zip(*each, strict=True)
        ]


def test_one_bad_page_among_good_ones_is_corrupt() -> None:
    count = 1_536
    ids = np.arange(count, dtype=np.int64)
    manifest = Manifest(202403, count, MARCH, MARCH + count, 0, 7)
    rows = [
        write_page(manifest, n, ids[512 * n : 512 * n + 512], MARCH + ids[512 * n : 512 * n + 512])
        for n in range(3)
    ]
    turned = bytearray(rows[1])
    turned[56:60], turned[60:64] = turned[60:64], turned[56:60]
    late = write_page(manifest, 2, ids[1_024:], MARCH + 1 + ids[1_024:])
    assert outcome(lambda: read_pages(manifest, [0, 1, 2], rows)) == "read"
    assert (
        outcome(lambda: read_pages(manifest, [0, 1, 2], [rows[0], summed(bytes(turned)), rows[2]]))
        == "corrupt"
    )
    assert outcome(lambda: read_pages(manifest, [0, 1, 2], [*rows[:2], late])) == "read"
    later = write_page(manifest, 2, ids[1_024:], MARCH + 2 + ids[1_024:])
    assert outcome(lambda: read_pages(manifest, [0, 1, 2], [*rows[:2], later])) == "corrupt"
    assert outcome(lambda: read_pages(manifest, [0, 1, 2], [rows[0], rows[2], rows[1]])) == "corrupt"
