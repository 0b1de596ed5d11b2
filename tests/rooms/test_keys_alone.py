"""Secrets read one by one, without their pages: the same secrets, and worth no more than the items they open."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive import opening, operations
from jieli.archive.errors import ItemAltered, ItemDestroyed, PageDamaged
from jieli.archive.keys import pages, store
from jieli.archive.keys.ring import Keyring
from jieli.archive.keys.store import SealedPages
from jieli.archive.types import OpenedItem
from tests.conftest import NOW
from tests.rooms.test_archive_samples import OPENING, keep, ring, sample

__all__ = ["ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
OTHER_BYTE = "UPDATE archive_key_page SET sealed = set_byte(sealed, %s, get_byte(sealed, %s) # 1)"


def sealed(ring: Keyring, items: Sequence[int]) -> SealedPages:
    """What is read of these items' pages while a search commits its opening."""
    with store.sealed_pages(ring, items) as found:
        pass
    return found


def opened(items: Sequence[int], read: SealedPages) -> list[OpenedItem]:
    """As a search opens what it has found."""
    known = opening.look_up(items)
    return opening.open_found([known[item] for item in items], receipt=OPENING, pages=read)


@given(st.binary(min_size=320, max_size=320), st.lists(st.integers(0, 9)))
def test_a_secret_opened_alone_is_the_one_in_its_page(secrets: bytes, places: list[int]) -> None:
    key = bytes(range(32))
    nonce, page = pages.seal_page(key, page=7, epoch=1, revision=0, secrets=secrets)
    alone = pages.open_alone(key, [(nonce, n, page[n * 32 : n * 32 + 32]) for n in places])
    assert alone == [secrets[n * 32 : n * 32 + 32] for n in places]


def test_few_items_of_many_pages_are_read_alone_and_many_of_one_with_their_page(ring: Keyring) -> None:
    ids = [keep([sample(10 * b + n) for n in range(10)])[b] for b in range(6)]
    few, many = sealed(ring, ids), sealed(ring, range(ids[5] - 5, ids[5] + 5))
    assert (few.pages, set(few.alone)) == ({}, set(ids))
    assert (len(many.pages), many.alone) == (1, {})
    assert store.read_secrets(ring, ids, read=few) == store.read_secrets(ring, ids)
    assert store.read_secrets(ring, ids[:2], read=few).keys() == set(ids[:2])
    assert [one.text for one in opened(ids, few)] == [sample(10 * b + b).text for b in range(6)]


def test_a_secret_that_was_destroyed_is_none_and_an_altered_page_does_not_make_one(
    ring: Keyring, owner_sql: Sql
) -> None:
    [gone, stays] = keep([sample(0), sample(1)])
    before = sealed(ring, [gone, stays])
    operations.shred_items(items=[gone], reason="试验", by="system:test", at=NOW + 1)
    read = sealed(ring, [gone, stays])
    assert store.read_secrets(ring, [gone, stays], read=read)[gone] is None
    with pytest.raises(ItemDestroyed):
        opened([gone, stays], before)
    # Not zeros any more, but nobody's secret either: its page says that it was tampered with.
    owner_sql(OTHER_BYTE, [3, 3], store="keys")
    with pytest.raises(PageDamaged):
        store.read_secrets(ring, [gone])


def test_altered_secrets_and_those_of_another_page_open_nothing_and_the_page_says_so(
    ring: Keyring, owner_sql: Sql
) -> None:
    [first], [second] = keep([sample(0)]), keep([sample(1)])
    owner_sql(OTHER_BYTE, [9, 9], store="keys")
    with pytest.raises(PageDamaged):
        opened([first], sealed(ring, [first]))
    owner_sql(OTHER_BYTE, [9, 9], store="keys")
    swap = "SELECT id, nonce, sealed FROM archive_key_page ORDER BY id"
    [(here, _, _), (_, nonce, other)] = owner_sql(swap, store="keys")
    owner_sql(
        "UPDATE archive_key_page SET nonce = %s, sealed = %s WHERE id = %s",
        [nonce, other, here],
        store="keys",
    )
    with pytest.raises(PageDamaged):
        opened([first], sealed(ring, [first]))
    assert [one.text for one in opened([second], sealed(ring, [second]))] == [sample(1).text]


def test_an_altered_item_is_still_told_from_an_altered_page(ring: Keyring, owner_sql: Sql) -> None:
    [item] = keep([sample(0)])
    owner_sql(
        "UPDATE archive_item SET ciphertext = set_byte(ciphertext, 0, get_byte(ciphertext, 0) # 1)",
    )
    with pytest.raises(ItemAltered):
        opened([item], sealed(ring, [item]))
