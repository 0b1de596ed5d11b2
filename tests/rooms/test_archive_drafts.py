"""Drafts: what was made of a batch before its verdict is used for exactly its own words, once, or not at all."""

from collections.abc import Sequence

import numpy as np
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive import drafts, opening, operations, queries
from jieli.archive.drafts import Draft, Words, WordsOf
from jieli.archive.errors import AlreadyKept
from jieli.archive.index.segment import build_segments, list_texts, numbered
from jieli.archive.keys.pages import SECRET_BYTES
from jieli.archive.models import KeyPage
from jieli.archive.rows import digest_and_key, receivers_json
from jieli.archive.types import POSITIONS, NewItem
from tests.conftest import NOW
from tests.rooms.test_archive_samples import EXTRACTOR, OPENING, SOURCE, codes, keep, ring, sample

__all__ = ["ring"]
pytestmark = pytest.mark.usefixtures("ring")


def words(items: Sequence[NewItem]) -> list[WordsOf]:
    return [Words(i.event_ms, i.raw, i.text, i.sender, i.receivers, i.media) for i in items]


def made(items: Sequence[NewItem]) -> Draft:
    found = drafts.draft(words(items))
    assert found is not None
    return found


def keep_drafted(items: Sequence[NewItem], draft: Draft) -> list[int]:
    batch = operations.deposit(
        source=SOURCE, items=items, extractor=EXTRACTOR, by="system:capture", at=NOW, draft=draft
    )
    return [batch.id * POSITIONS + n for n in range(batch.count)]


def own(items: Sequence[NewItem], prepared: drafts.Prepared) -> bool:
    """Whether each digest and key is that of its item under the secret that lies at its place."""
    secrets = [
        prepared.secrets[n * SECRET_BYTES : (n + 1) * SECRET_BYTES]
        for n in range(len(prepared.secrets) // 32)
    ]
    expected = [
        digest_and_key(secret, i.raw, i.text, i.sender, receivers_json(i.receivers), i.event_ms, i.media)
        for secret, i in zip(secrets, items, strict=True)
    ]
    return list(prepared.sealed) == expected and len(set(secrets)) == len(items)


def test_a_drafted_batch_is_kept_as_one_that_was_not() -> None:
    keep([sample(20)])  # the month's index key is known from here on
    items = [sample(n) for n in range(12)]
    draft = made(items)
    assert draft.listed is not None
    ids = keep_drafted(items, draft)
    assert [one.raw for one in opening.open_items(ids, receipt=OPENING)] == [item.raw for item in items]
    assert {ref.item_id for ref in queries.search_candidates(items[3].text[:2]).items} & {ids[3]}
    assert codes() == set()


def test_of_a_draft_only_those_that_were_admitted_are_used() -> None:
    items = [sample(n) for n in range(9)]
    ids = keep_drafted(items[1::2], made(items))
    assert [one.raw for one in opening.open_items(ids, receipt=OPENING)] == [i.raw for i in items[1::2]]
    assert codes() == set()


def test_a_draft_asks_no_database() -> None:
    keep([sample(20)])
    items = words([sample(n) for n in range(3)])
    with (
        CaptureQueriesContext(connections["default"]) as main,
        CaptureQueriesContext(connections["keys"]) as keys,
    ):
        assert drafts.draft(items) is not None
    assert (len(main), len(keys)) == (0, 0)


def test_postings_are_left_to_the_deposit_while_a_month_has_no_key() -> None:
    assert made([sample(0)]).listed is None


def test_the_keys_of_a_deposit_that_failed_encrypt_nothing_else() -> None:
    keep([sample(1)])
    items = [sample(n) for n in range(4)]
    draft = made(items)
    with pytest.raises(AlreadyKept):
        keep_drafted(items, draft)
    again = drafts.prepare(draft, items)
    assert own(items, again)
    assert not {again.secrets[n : n + 32] for n in range(0, 128, 32)} & {
        draft.secrets[n : n + 32] for n in range(0, 128, 32)
    }
    left = [items[0], *items[2:]]
    ids = keep_drafted(left, draft)
    assert [one.raw for one in opening.open_items(ids, receipt=OPENING)] == [item.raw for item in left]
    assert KeyPage.objects.count() == 3  # the failed one's page waits for its sweep
    assert codes() == set()


def test_what_cannot_be_digested_has_no_draft() -> None:
    item = sample(0)
    assert drafts.draft(words([item._replace(text="\ud800")]), listed=False) is None


@given(st.lists(st.integers(0, 5), max_size=8), st.lists(st.integers(0, 7), max_size=8), st.booleans())
def test_every_item_gets_what_belongs_to_its_words_whatever_was_drafted(
    drafted: list[int], admitted: list[int], altered: bool
) -> None:
    found = drafts.draft(words([sample(n) for n in drafted]), listed=False)
    items = [sample(n) for n in admitted]
    # A line that is the same, said to mean something else: what was drafted for it is not its own.
    items[:1] = [item._replace(text="另一句话") for item in items[:1]] if altered else items[:1]
    assert own(items, drafts.prepare(found, items))


@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.sampled_from(["报价单", "报价", "2026", "", "价"])), max_size=12
    )
)
def test_listed_texts_with_their_ids_are_the_segments_of_the_batch(said: list[tuple[int, str]]) -> None:
    times = np.array([NOW - day * 86_400_000 for day, _ in said], np.int64)
    texts, ids = [text for _, text in said], np.arange(len(said)) + 7 * POSITIONS

    def key(month: int) -> bytes:
        return month.to_bytes(32, "big")

    assert numbered(list_texts(times, texts, key), ids) == build_segments(ids, times, texts, key)
