"""The pure half of the search index: fold, tokens, segments, candidates."""

import hashlib
import json
import random
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jieli.archive.index import merging
from jieli.archive.index import segment as segment_module
from jieli.archive.index import tokens as tokens_module
from jieli.archive.index.errors import IndexCorrupt, QueryTooShort
from jieli.archive.index.fold import FOLD_VERSION, fold, fold_texts, matches
from jieli.archive.index.merging import merge
from jieli.archive.index.search import Candidate, Wanted, candidates
from jieli.archive.index.segment import Segment, build, build_segments, documents_of, month_of
from jieli.archive.index.tokens import TextTokens, tokens_of_query, tokens_of_texts
from tests.shared_data import shared

KEY = bytes(range(32))
MARCH = 1_709_222_400_000  # 2024-03-01 00:00 in Shanghai
DAY = 86_400_000
# Of every folded code point. Tokens in stored segments rest on it: another digest needs another FOLD_VERSION.
PINNED_FOLD = "ecc08384e3ac84c8eab6677ab9219758769ed022ab114ba71a387ee93b50159a"

any_text = st.text(st.characters(), max_size=12)  # unpaired surrogates too
chat_text = st.text(st.sampled_from("合同價格価格格价ＡaＢb1２3④45里裡裏…\u200b 👍"), max_size=14)


def key_of_month(month: int) -> bytes:
    return hashlib.sha256(b"%d" % month).digest()


class Store:
    """The rows as a database would keep them, counting the questions asked."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self.segments = segments
        self.asked: list[list[Wanted]] = []

    def fetch(self, wanted: Sequence[Wanted]) -> Mapping[Wanted, bytes]:
        self.asked.append(list(wanted))
        return {one: self.segments[one.segment].rows[one.row] for one in wanted}

    def search(self, query: str, **limits: object) -> list[Candidate]:
        return list(self.candidates(query, **limits))

    def candidates(self, query: str, **limits: object):
        manifests = [(number, one.manifest) for number, one in enumerate(self.segments)]
        return candidates(
            lambda month: tokens_of_query(query, key_of_month(month)), manifests, self.fetch, **limits
        )


def built(texts: Sequence[str], times: Sequence[int], first_id: int = 0) -> list[Segment]:
    ids = np.arange(first_id, first_id + len(texts), dtype=np.int64)
    return build_segments(ids, np.array(times, np.int64), texts, key_of_month)


def one_segment(count: int, seed: int = 1, first_id: int = 0) -> Segment:
    """Documents of March 2024 with text of many different characters."""
    rng = random.Random(seed)
    texts = ["".join(chr(rng.randrange(0x4E00, 0x9FA5)) for _ in range(12)) + "合同" for _ in range(count)]
    times = [MARCH + rng.randrange(30 * DAY) for _ in texts]
    (segment,) = built(texts, times, first_id)
    return segment


@given(any_text, any_text)
def test_the_fold_commutes_with_cutting(left: str, right: str) -> None:
    assert fold(left + right) == fold(left) + fold(right)


@given(any_text)
def test_a_folded_text_folds_to_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.lists(any_text, max_size=8))
def test_folding_in_bulk_is_folding_each(texts: list[str]) -> None:
    folded = fold_texts(texts)
    each = [folded.part(n, n + 1).points.tolist() for n in range(len(folded))]
    assert each == [fold_texts([text]).points.tolist() for text in texts]


def test_the_fold_of_every_code_point_is_idempotent_and_is_that_of_its_version() -> None:
    everything = fold_texts([chr(code) for code in range(0x110000)])
    again = fold_texts([everything.points.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")])
    assert np.array_equal(again.points, everything.points)
    digest = hashlib.sha256(everything.points.astype("<u4").tobytes() + everything.starts.tobytes())
    assert (FOLD_VERSION, digest.hexdigest()) == (1, PINNED_FOLD)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３，（ok）", "abc123,(ok)"),
        ("臺灣線上裡裏", "台湾线上里里"),
        ("看著瞭解答覆", "看着了解答复"),
        ("…①㈱℃½", "...1(株)°c1⁄2"),
        ("合\u200b同\ufe0f\u00ad", "合同"),
        ("Straße ﬁ İ", "strasse fi i\u0307"),
        ("\uf900\u3000|", "岂 |"),
    ],
)
def test_the_fold_joins_width_case_script_and_the_invisible(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_a_match_is_a_folded_part() -> None:
    assert matches("請把報價單寄給我", "报价单")
    assert matches("加我ＷｅＣｈａｔ：abc", "wechat:ABC")
    assert not matches("报价", "报价单")


def keyed_by_hand(kind: int, points: str) -> int:
    block = bytes([kind, 1, 0, 0]) + b"".join(ord(one).to_bytes(3, "big") for one in points)
    cipher = Cipher(algorithms.AES(KEY), modes.ECB()).encryptor()  # noqa: S305 - one block
    return int.from_bytes(cipher.update(block.ljust(16, b"\0"))[:8], "little")


def tokens_by_text(texts: Sequence[str]) -> list[set[int]]:
    found = tokens_of_texts(texts, KEY)
    owners = np.repeat(found.tokens, np.diff(found.starts))
    return [set(owners[found.texts == number].tolist()) for number in range(len(texts))]


def test_tokens_are_the_pairs_and_the_four_grams_under_the_key() -> None:
    pairs = {keyed_by_hand(2, pair) for pair in ("合同", "同a", "a1", "1b", "b2", "23")}
    fours = {keyed_by_hand(4, four) for four in ("a1b2", "1b23")}
    assert tokens_by_text(["合同A1b23", "合", "", "23"]) == [
        pairs | fours,
        set(),
        set(),
        {keyed_by_hand(2, "23")},
    ]


def test_no_token_reaches_from_one_text_into_the_next_and_no_four_gram_over_a_gap() -> None:
    pairs = [
        {keyed_by_hand(2, pair) for pair in each}
        for each in (["12"], ["34"], [], [], ["a1", "1 ", " b", "b2"])
    ]
    assert tokens_by_text(["12", "34", "合", "", "a1 b2"]) == pairs


@given(st.lists(chat_text, max_size=6))
def test_tokens_in_bulk_are_the_tokens_of_each(texts: list[str]) -> None:
    assert tokens_by_text(texts) == [tokens_by_text([text])[0] for text in texts]


@given(chat_text, chat_text.filter(lambda text: len(fold(text)) >= 2), chat_text)
def test_a_text_has_every_token_of_each_of_its_parts(before: str, part: str, after: str) -> None:
    assert set(tokens_of_query(part, KEY).tolist()) <= tokens_by_text([before + part + after])[0]


def test_a_number_is_searched_by_its_four_grams_alone() -> None:
    fours = {keyed_by_hand(4, four) for four in ("1380", "3800", "8001")}
    assert set(tokens_of_query("138001", KEY).tolist()) == fours
    mixed = {keyed_by_hand(4, "1380"), keyed_by_hand(2, "号1"), keyed_by_hand(2, "0元")}
    assert set(tokens_of_query("號1380元", KEY).tolist()) == mixed
    short = {keyed_by_hand(2, pair) for pair in ("号1", "13", "38", "8元")}
    assert set(tokens_of_query("号138元", KEY).tolist()) == short


@given(chat_text, any_text)
def test_a_query_written_out_has_the_grams_that_arrays_give(chat: str, other: str) -> None:
    folded = fold_texts([chat + other + "77"])
    pairs, fours = (
        tokens_module._pairs(folded) >> np.uint64(22),
        tokens_module._fours(folded) >> np.uint64(22),
    )
    digits = tokens_module._alnum(folded.points) < 36
    inside = np.zeros(len(pairs), np.bool_)
    for at in np.flatnonzero(digits[:-3] & digits[1:-2] & digits[2:-1] & digits[3:]):
        inside[at : at + 3] = True
    grams = np.unique(np.concatenate([pairs[~inside], fours]))
    assert tokens_module.query_of(chat + other + "77").blocks == tokens_module._blocks(grams).tobytes()


def test_another_key_gives_other_tokens() -> None:
    assert set(tokens_of_query("合同价格", KEY).tolist()).isdisjoint(
        tokens_of_query("合同价格", bytes(32)).tolist()
    )


@pytest.mark.parametrize("query", ["", "合", "a\u200b", "\u200b\ufe0f\u00ad"])
def test_a_query_below_two_characters_after_folding_is_refused(query: str) -> None:
    with pytest.raises(QueryTooShort) as caught:
        tokens_of_query(query, KEY)
    assert caught.value.code == "search.too_short"


def test_one_character_that_folds_to_two_may_be_searched() -> None:
    assert tokens_of_query("…", KEY).tolist() == tokens_of_query("...", KEY).tolist()


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        tokens_of_texts(["合同"], b"short")


def test_the_month_is_the_one_on_a_wall_clock_in_shanghai() -> None:
    times = np.array([MARCH - 1, MARCH, MARCH + 31 * DAY - 1, MARCH + 31 * DAY, 1_293_811_200_000])
    assert month_of(times).tolist() == [202402, 202403, 202403, 202404, 201101]


def test_a_batch_becomes_one_segment_per_month_in_order_of_time() -> None:
    late, early = built(["合同三", "合同一", "合同二"], [MARCH + 9, MARCH - 9, MARCH + 8])[::-1]
    assert (early.manifest.month, late.manifest.month) == (202402, 202403)
    assert [array.tolist() for array in documents_of(late)] == [[2, 0], [MARCH + 8, MARCH + 9]]
    assert (late.manifest.first_ms, late.manifest.last_ms, late.manifest.shards) == (MARCH + 8, MARCH + 9, 1)


def test_the_order_in_which_documents_come_does_not_show_in_the_bytes() -> None:
    texts, times = ["合同一", "合同二", "价格"], np.array([MARCH + 5, MARCH + 5, MARCH])
    straight = build(202403, np.array([7, 3, 9]), times, tokens_of_texts(texts, KEY))
    turned = build(202403, np.array([9, 3, 7]), times[::-1], tokens_of_texts(texts[::-1], KEY))
    assert straight == turned


def test_two_grams_that_meet_in_one_token_are_one_posting_list() -> None:
    def of(tokens: list[int], starts: list[int], texts: list[int]) -> Segment:
        arrays = np.array(tokens, np.uint64), np.array(starts, np.int64), np.array(texts, np.uint32)
        return build(202403, np.array([1, 2]), np.array([MARCH, MARCH]), TextTokens(2, *arrays))

    assert of([5, 5], [0, 1, 3], [0, 0, 1]) == of([5], [0, 2], [0, 1])


def test_an_empty_batch_has_no_segments() -> None:
    assert built([], []) == []


@pytest.mark.parametrize(
    ("ids", "times"), [([1, 1], [MARCH, MARCH]), ([-1, 2], [MARCH, MARCH]), ([1, 2], [MARCH]), ([1], [MARCH])]
)
def test_documents_that_do_not_fit_are_refused(ids: list[int], times: list[int]) -> None:
    with pytest.raises(ValueError, match=r"document|ids"):
        build_segments(np.array(ids), np.array(times), ["合同", "价格"], key_of_month)


def test_a_document_of_another_month_is_refused() -> None:
    with pytest.raises(ValueError, match="month"):
        build(202404, np.array([1]), np.array([MARCH]), tokens_of_texts(["合同"], KEY))


def test_a_larger_segment_has_more_shards_and_pages_and_answers_alike() -> None:
    segment = one_segment(9_000)
    assert (segment.manifest.shards, segment.manifest.pages) == (64, 18)
    assert max(len(row) for row in segment.rows.values()) < 1.2 * segment_module.ROW_BYTES
    ids, times = documents_of(segment)
    newest_first = list(zip(times[::-1].tolist(), ids[::-1].tolist(), strict=True))
    assert Store([segment]).search("合同") == newest_first


def test_ids_far_apart_survive() -> None:
    ids = np.array([2**63 - 1, 0, 2**40])
    segment = build(202403, ids, np.full(3, MARCH), tokens_of_texts(["合同", "合同", ""], KEY))
    assert documents_of(segment)[0].tolist() == [0, 2**40, 2**63 - 1]


@given(st.lists(st.tuples(chat_text, st.integers(0, 3 * DAY)), min_size=1, max_size=12), st.data())
def test_merging_gives_the_bytes_of_building_at_once_without_the_dead(documents, data) -> None:
    texts, offsets = zip(*documents, strict=True)
    times = [MARCH + offset for offset in offsets]
    cut = data.draw(st.integers(0, len(texts)))
    dead = data.draw(st.sets(st.integers(0, len(texts)), max_size=3))
    parts = built(texts[:cut], times[:cut]) + built(texts[cut:], times[cut:], cut)
    left = [number for number in range(len(texts)) if number not in dead]
    at_once = build_segments(
        np.array(left, np.int64),
        np.array([times[number] for number in left], np.int64),
        [texts[number] for number in left],
        key_of_month,
    )
    assert [one for one in [merge(parts, dead)] if one] == at_once


def test_merging_large_segments_gives_the_bytes_of_building_at_once() -> None:
    parts = [one_segment(2_500, seed, 10_000 * seed) for seed in (1, 2, 3)]
    assert merge(parts) == merge([merge(parts[:2]), parts[2]])
    assert merge(parts).manifest.documents == 7_500
    assert merge([parts[0]]) == parts[0]


def test_a_merge_in_small_blocks_gives_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [one_segment(9_000, seed, 10_000 * seed) for seed in (1, 2, 3)]
    whole = merge(parts)
    monkeypatch.setattr(merging, "BLOCK_BYTES", 1)
    monkeypatch.setattr(merging, "PAGES_AT_ONCE", 2)
    assert merge(parts) == whole
    assert sorted(whole.rows) == list(range(-whole.manifest.pages, whole.manifest.shards))


def test_segments_of_two_months_or_of_the_same_document_do_not_merge() -> None:
    february, march = built(["合同", "合同"], [MARCH - 1, MARCH])
    with pytest.raises(ValueError, match="one month"):
        merge([february, march])
    with pytest.raises(IndexCorrupt):
        merge([march, march])


@settings(max_examples=150)
@given(
    st.lists(st.tuples(chat_text, st.integers(-2 * DAY, 2 * DAY)), min_size=1, max_size=15),
    chat_text.filter(lambda text: len(fold(text)) >= 2),
    st.data(),
)
def test_candidates_hold_every_match_newest_first_and_are_exact_after_the_check(
    documents, chosen, data
) -> None:
    texts, offsets = zip(*documents, strict=True)
    times = [MARCH + offset for offset in offsets]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(texts)), max_size=3)))
    bounds = list(zip([0, *cuts], [*cuts, len(texts)], strict=True))
    dead = data.draw(st.sets(st.integers(0, len(texts)), max_size=3))
    text = data.draw(st.sampled_from(texts))
    part = text[data.draw(st.integers(0, len(text))) :]
    query = [part, chosen][len(fold(part)) < 2]
    store = Store([one for low, high in bounds for one in built(texts[low:high], times[low:high], low)])
    found = store.search(query, dead=dead, enough=data.draw(st.integers(1, 6)))
    expected = sorted(
        ((times[n], n) for n in range(len(texts)) if n not in dead and matches(texts[n], query)), reverse=True
    )
    assert [one for one in found if matches(texts[one.document], query)] == expected
    assert found == sorted(found, reverse=True)


@given(st.integers(-5, 25), st.integers(-5, 25))
def test_the_window_is_half_open_and_prunes(low: int, high: int) -> None:
    store = Store(built(["合同"] * 20, [MARCH + n - 10 for n in range(20)]))
    found = store.search("合同", from_ms=MARCH + low - 10, to_ms=MARCH + high - 10)
    assert [one.document for one in found] == [n for n in range(19, -1, -1) if low <= n < high]


def test_segments_outside_the_window_are_not_asked() -> None:
    store = Store(built(["合同", "合同"], [MARCH - 1, MARCH]))
    assert store.search("合同", from_ms=MARCH) == [(MARCH, 1)]
    assert {one.segment for asked in store.asked for one in asked} == {1}
    assert Store(store.segments).search("合同", to_ms=MARCH - 1) == []


def test_a_caller_who_stops_early_leaves_the_rest_unread() -> None:
    months = [MARCH + 31 * DAY * n for n in range(40)]
    store = Store(built(["合同"] * 40, months))
    walk = store.candidates("合同")
    assert next(walk) == (months[39], 39)
    assert store.asked == [[Wanted(39, 0), Wanted(38, 0)], [Wanted(39, -1), Wanted(38, -1)]]
    assert len(list(walk)) == 39
    assert len(store.asked) == 2 + 2 * 2  # shards and pages of groups of 2, 24 and the last 14


def test_a_caller_of_a_page_has_the_pages_of_all_segments_that_it_needs_read_together() -> None:
    store = Store(built(["合同"] * 15, [MARCH + 31 * DAY * n for n in range(15)]))
    walk = store.candidates("合同", enough=51)
    assert next(walk).document == 14
    assert [len(asked) for asked in store.asked] == [2, 13, 15]  # shards of two groups, then every page
    assert len(list(walk)) == 14
    assert len(store.asked) == 3


def test_groups_behind_what_is_enough_are_not_looked_through() -> None:
    store = Store(built(["合同"] * 40, [MARCH + 31 * DAY * n for n in range(40)]))
    walk = store.candidates("合同", enough=10)
    assert [next(walk).document for _ in range(10)] == list(range(39, 29, -1))
    assert {one.segment for asked in store.asked for one in asked} == set(range(14, 40))


def test_four_characters_are_looked_for_in_all_segments_at_once_where_their_rows_are_few() -> None:
    store = Store([one for n in range(9) for one in built(["合同价格"], [MARCH + n], first_id=n)])
    assert [one.document for one in store.search("合同价格")] == list(range(8, -1, -1))
    assert {one.segment for one in store.asked[0]} == set(range(9))
    store.asked.clear()
    assert len(store.search("合同")) == 9
    assert {one.segment for one in store.asked[0]} == {8, 7}


@pytest.mark.parametrize("hits", [999, 1_000, 1_001])
def test_posting_lists_of_any_length_are_intersected_alike(hits: int) -> None:
    texts = ["合同" if n < 200 else "合同价" if n < 200 + hits else "同价" for n in range(200 + hits + 3_000)]
    store = Store(built(texts, [MARCH + n for n in range(len(texts))]))
    assert [one.document for one in store.search("合同价")] == list(range(199 + hits, 199, -1))


def test_older_pages_of_a_segment_are_read_when_their_turn_comes() -> None:
    store = Store([one_segment(9_000)])
    walk = store.candidates("合同")
    newest = [next(walk) for _ in range(700)]
    assert len(store.asked) == 3  # the shard, the newest page, the one before it
    assert newest == sorted(newest, reverse=True)


def test_documents_of_one_time_come_in_one_order_wherever_they_stand() -> None:
    segments = [built(["合同"], [MARCH], n)[0] for n in (4, 9, 1)]
    assert [one.document for one in Store(segments).search("合同")] == [9, 4, 1]


def test_a_query_without_tokens_is_refused() -> None:
    (segment,) = built(["合同"], [MARCH])
    none = candidates(lambda month: np.zeros(0, np.uint64), [(0, segment.manifest)], Store([segment]).fetch)
    with pytest.raises(ValueError, match="token"):
        next(none)


def test_two_hundred_searches_in_real_conversations_find_what_a_scan_finds() -> None:
    files = [
        "service_crosswoz",
        "peer_chat_kdconv",
        "group_lines_zh_tw",
        "calls_synthetic",
        "calls_risk_synthetic",
    ]
    lines = [
        line for name in files for line in shared(f"dialogues/{name}.jsonl").read_text("utf-8").splitlines()
    ]
    texts = [json.loads(line)["text"] for line in lines]
    rng = random.Random(20_240_301)
    rng.shuffle(texts)
    times = [MARCH + rng.randrange(60 * DAY) for _ in texts]
    batches = [
        built(texts[low : low + 5_000], times[low : low + 5_000], low) for low in range(0, len(texts), 5_000)
    ]
    march_merged = merge([batch[0] for batch in batches[:5]])
    store = Store(
        [march_merged, *(batch[1] for batch in batches[:5]), *(one for b in batches[5:] for one in b)]
    )
    folded = [fold(text) for text in texts]
    long_enough = [text for text in texts if len(text) >= 8]
    seen = 0
    for _ in range(200):
        text, length = rng.choice(long_enough), rng.randint(2, 8)
        start = rng.randrange(len(text) - length + 1)
        query = text[start : start + length]
        wanted = fold(query)
        expected = sorted(((times[n], n) for n, one in enumerate(folded) if wanted in one), reverse=True)
        assert [one for one in store.search(query) if wanted in folded[one.document]] == expected
        seen += len(expected)
    assert len(texts) == 43_042
    assert seen > 200


def by_comparing(texts: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> TextTokens:
    with monkeypatch.context() as patched:
        patched.setattr(tokens_module, "_RANKS", 0)
        return tokens_of_texts(texts, KEY)


@given(st.lists(any_text | chat_text, max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_pairs_sorted_by_counting_are_those_sorted_by_comparing(
    monkeypatch: pytest.MonkeyPatch, texts: list[str]
) -> None:
    quick, slow = tokens_of_texts(texts, KEY), by_comparing(texts, monkeypatch)
    assert quick.count == slow.count
    assert quick.tokens.tolist() == slow.tokens.tolist()
    assert quick.starts.tolist() == slow.starts.tolist()
    assert quick.texts.tolist() == slow.texts.tolist()


def test_a_batch_with_more_code_points_than_sixteen_bits_name_is_indexed_as_well() -> None:
    points = [chr(n) for n in range(0x3400, 0x30000) if not 0xD800 <= n < 0xE000 and chr(n).isprintable()]
    text = "".join(points)
    assert len(set(fold(text))) > 1 << 16
    found = tokens_of_texts([text], KEY)
    assert set(tokens_of_query(text[-2:], KEY).tolist()) <= set(found.tokens.tolist())


def test_a_segment_in_which_two_grams_have_one_token_joins_their_texts() -> None:
    tokens = np.array([5, 9, 5], np.uint64)
    found = TextTokens(3, tokens, np.array([0, 2, 3, 5]), np.array([0, 2, 1, 1, 2], np.uint32))
    lists = segment_module._lists_of(found)
    assert lists.tokens.tolist() == [5, 9]
    assert (lists.offsets.tolist(), lists.packed.tolist()) == ([0, 3, 4], [0, 0, 0, 1])
