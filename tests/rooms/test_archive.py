"""Depositing and opening: what goes in comes out, is proved by its batch's entry, and is kept once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive import deposits, keys, opening, operations, ports, queries, rows
from jieli.archive.errors import AlreadyKept, ItemAltered, ItemUnknown, NotOpened, PortEmpty
from jieli.archive.index.errors import QueryTooShort
from jieli.archive.index.fold import matches
from jieli.archive.models import Batch, Conversation, Item, ItemBasis, Segment
from jieli.archive.types import POSITIONS, ConversationKey, NewItem
from jieli.kernel.times import DAY, SHANGHAI, to_ms
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.tables import sealed_fields
from jieli.ledger.values import sealed_row
from seal import canonical
from seal.item import fields_digest_of, leaf_data, row_digest
from seal.part import parse_entry
from seal.tree import leaf_hash, verify_inclusion
from tests.conftest import NOW
from tests.rooms.test_archive_samples import (
    ACCOUNT,
    CUSTOMER,
    LATER,
    OPENING,
    OTHER_ACCOUNT,
    OTHER_CUSTOMER,
    SCOPES,
    SOURCE,
    STAFF,
    codes,
    extract,
    keep,
    ring,
    sample,
)

__all__ = ["ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
pytestmark = pytest.mark.usefixtures("ring")


def found(query: str, **wanted: Any) -> list[int]:
    return [ref.item_id for ref in queries.search_candidates(query, **wanted).items]


def test_what_is_deposited_opens_unchanged() -> None:
    items = [sample(n) for n in range(12)]
    ids = keep(items)
    opened = opening.open_items(ids, receipt=OPENING)
    assert [one.raw for one in opened] == [item.raw for item in items]
    assert [(one.text, one.sender, one.receivers, one.media) for one in opened] == [
        (item.text, item.sender, item.receivers, item.media) for item in items
    ]
    assert [one.item.speaker for one in opened[:2]] == [CUSTOMER, STAFF]
    assert opened[0].item.basis_rows == items[0].basis_rows
    assert opened[0].item.scopes == SCOPES
    assert codes() == set()


def test_a_batch_is_one_entry_and_each_item_proves_by_two_paths() -> None:
    before = ledger.head(1).size
    ids = keep([sample(n) for n in range(7)])
    assert ledger.head(1).size == before + 1
    entry = ledger.entries([before])[before]
    for proof in queries.proofs(ids).values():
        assert proof.entry == before
        assert leaf_hash(leaf_data(proof.fields_digest or b"", row_digest(proof.row or b""))) == proof.leaf
        verify_inclusion(
            leaf=proof.leaf, index=proof.n, size=parse_entry(entry.data).count, path=proof.path,
            root=entry.commitment,
        )  # fmt: skip


def test_a_proof_of_an_unknown_item_is_refused() -> None:
    with pytest.raises(ItemUnknown):
        queries.proofs([keep([sample(0)])[0] + 1])


def test_the_row_written_out_equals_the_canonical_form_of_its_sealed_columns() -> None:
    keep([sample(0), sample(1, recalls=bytes(range(16)))])
    stored = list(Item.objects.order_by("item_id"))
    assert [queries.row_bytes(row) for row in stored] == [canonical.encode(sealed_row(row)) for row in stored]
    assert len(sealed_fields(Item)) == 10


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.binary(min_size=16, max_size=16),
    st.none() | st.binary(min_size=16, max_size=16),
)
def test_any_words_of_a_platform_are_spelt_canonically(words: str, key: bytes, recalls: bytes | None) -> None:
    columns = {
        "basis_id": 7, "channel": words, "cipher_sha256": bytes(32), "conversation": 2**40, "event_at": 5,
        "item_id": 9, "message_key": key, "msgtype": words, "recalls": recalls, "source": words,
    }  # fmt: skip
    written = rows.row_json(
        **{**columns, **{n: rows.quoted(words) for n in ("channel", "msgtype", "source")}}
    )  # type: ignore[arg-type]
    shown = {n: v.hex() if isinstance(v, bytes) else v for n, v in columns.items() if v is not None}
    assert written == canonical.encode(shown)


@given(
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=80),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=2),
    st.integers(0, 2**53 - 1),
    st.integers(0, 2),
)
def test_field_digests_written_out_equal_those_of_the_seal(
    secret: bytes, raw: bytes, text: str, sender: str, heard: list[str], event_ms: int, media: int
) -> None:
    receivers, claims = rows.receivers_json(heard), [{"kind": "image", "size": n} for n in range(media)]
    fields = rows.fields_of(
        raw=raw, text=text, sender=sender, receivers=receivers, event_ms=event_ms, media=claims
    )
    found = rows.digest_and_key(secret, raw, text, sender, receivers, event_ms, claims)
    assert found == fields_digest_of(secret, fields)


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=400))
def test_a_leaf_written_out_equals_that_of_the_seal(digest: bytes, row: bytes) -> None:
    assert rows.leaf_of(digest, row) == leaf_hash(leaf_data(digest, row_digest(row)))


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text('ab\x7f"\\\n', max_size=6))
def test_a_quoted_word_is_what_the_canonical_form_spells(word: str) -> None:
    assert rows.quoted(word) == canonical.encode(word).decode()


def test_an_item_is_unpacked_in_the_order_of_its_fields() -> None:
    assert NewItem._fields[:18] == (
        "source", "message_key", "conversation", "event_ms", "raw", "text", "sender", "receivers", "media",
        "channel", "msgtype", "speaker_kind", "speaker", "account", "holder", "basis_rows", "documented_later",
        "scopes",
    )  # fmt: skip


def test_a_message_key_has_sixteen_bytes() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        keep([sample(0, message_key=b"short")])


def test_what_fails_beside_the_copy_leaves_nothing_and_the_connection_serves_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("stop")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="stop"):
        patched.setattr(deposits, "_indexed", broken)
        keep([sample(n) for n in range(3)])
    assert Item.objects.count() == 0
    with monkeypatch.context() as patched, pytest.raises(RuntimeError, match="stop"):
        patched.setattr(deposits, "_words", broken)
        keep([sample(n) for n in range(3)])
    assert Item.objects.count() == 0
    assert len(keep([sample(n) for n in range(3)])) == 3
    assert codes() == set()


def test_a_message_is_kept_once() -> None:
    first = keep([sample(0), sample(1), sample(0)])
    assert len(first) == 2
    asked = [(sample(n).conversation, sample(n).message_key) for n in range(3)]
    assert queries.known(asked) == set(asked[:2])
    talks, rest = [talk for talk, _ in asked], iter(asked)
    assert queries.known(rest, among=talks, destroyed_only=True) == set()
    assert queries.known(rest, among=talks) == set(asked[:2])  # before, nothing of it had been looked through
    with pytest.raises(AlreadyKept):
        keep([sample(2), sample(1)])
    assert Item.objects.count() == 2
    assert codes() == set()


def test_a_conversation_survives_a_change_of_holder_and_is_found_by_its_account() -> None:
    keep([sample(0)])
    keep([sample(2, holder=OTHER_CUSTOMER)], at=NOW + 1)
    keep([sample(4, room="room-1"), sample(6, account=OTHER_ACCOUNT)], at=NOW + 2)
    assert Conversation.objects.count() == 3
    [talk] = queries.conversations_of_account(ACCOUNT)
    assert (talk.counterparty, len(queries.items_of_conversation(talk.id))) == ("wm-li", 2)
    room = queries.conversation(ConversationKey(SOURCE, "room-1"))
    assert room is not None and room.room == "room-1"


def test_items_with_the_same_footing_share_one_basis_row() -> None:
    keep([*(sample(n) for n in range(10)), sample(10, basis_rows=LATER, documented_later=True)])
    assert ItemBasis.objects.count() == 3
    late = [ref for ref in queries.items_of_batch(Batch.objects.get().id) if ref.documented_later]
    assert [ref.basis_rows for ref in late] == [LATER]


def test_items_of_a_person_are_those_he_said_or_held() -> None:
    ids = keep([sample(0), sample(1), sample(2, customer=OTHER_CUSTOMER, person="wm-wu")])
    assert [ref.item_id for ref in queries.items_of_person(OTHER_CUSTOMER)] == [ids[2]]
    assert [ref.item_id for ref in queries.items_of_person(STAFF)] == ids


def test_deposit_joins_the_callers_book() -> None:
    with pytest.raises(RuntimeError, match="stop"), book(at=NOW):
        operations.deposit(source=SOURCE, items=[sample(0)], extractor=1, by="system:capture", at=NOW)
        raise RuntimeError("stop")
    assert Item.objects.count() == Batch.objects.count() == Segment.objects.count() == 0
    with book(at=NOW) as outer:
        outer.entry("capture.run", by="system:capture")
        batch = operations.deposit(source=SOURCE, items=[sample(0)], extractor=1, by="system:capture", at=NOW)
        assert batch.entry is None
    assert batch.entry == 1
    assert queries.batch_entries([batch.id]) == {batch.id: 1}


@pytest.mark.parametrize("items", [[], [None] * 5_001])
def test_a_batch_has_bounds(items: list[Any]) -> None:
    with pytest.raises(ValueError, match="1 to 5000"):
        operations.deposit(source=SOURCE, items=items, extractor=1, by="system:capture", at=NOW)


def test_a_conversation_is_a_room_or_a_pair() -> None:
    with pytest.raises(ValueError, match="a room, or an account"):
        keep([sample(0, conversation=ConversationKey(SOURCE))])
    with pytest.raises(ValueError, match="come from its source"):
        keep([sample(0, source="wecom:another")])


def test_an_item_opens_only_under_a_committed_opening_that_names_it() -> None:
    ids = keep([sample(0), sample(1)])
    ports.use(confirm_opening=lambda receipt, items: receipt == OPENING and list(items) == ids[:1])
    assert opening.open_items(ids[:1], receipt=OPENING)[0].text == sample(0).text
    with pytest.raises(NotOpened):
        opening.open_items(ids, receipt=OPENING)
    with pytest.raises(NotOpened):
        opening.open_items(ids[:1], receipt=ACCOUNT)
    with pytest.raises(NotOpened), book(at=NOW) as b:
        b.entry("reading.open", by="system:test")
        opening.open_items(ids[:1], receipt=OPENING)


def test_a_process_without_a_keyring_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_ports", ports._Ports())
    with pytest.raises(PortEmpty):
        ports.keyring()
    with pytest.raises(PortEmpty):
        ports.extract(SOURCE, 1, b"{}")
    assert not ports.opening_is_committed(OPENING, [1])


def test_content_never_shows_in_what_prints_an_opened_item(ring: keys.Keyring) -> None:
    [one] = opening.open_items(keep([sample(0)]), receipt=OPENING)
    assert sample(0).text not in repr(one)
    assert ring.root.hex() not in repr(ring)


def test_no_content_stands_in_the_database_in_the_clear(owner_sql: Sql) -> None:
    keep([sample(n) for n in range(5)])
    tables = [row[0] for row in owner_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    dump = "".join(str(owner_sql(f'SELECT t::text FROM "{table}" t')) for table in tables)
    assert "ledger_part" in tables
    assert sample(0).text not in dump
    assert sample(0).text.encode().hex() not in dump
    assert sample(0).raw.hex() not in dump


def test_search_finds_newest_first_what_folds_to_the_query() -> None:
    ids = keep([sample(n) for n in range(10)])
    assert found("试听课") == [ids[5], ids[0]]
    assert found("試聽課") == [ids[5], ids[0]]
    assert found("13800001234") == [ids[8], ids[3]]
    assert found("不存在的话") == []
    texts = {one.item.item_id: one.text for one in opening.open_items(found("周六"), receipt=OPENING)}
    assert all(matches(text, "周六") for text in texts.values())
    assert set(texts) == {ids[n] for n in (0, 4, 5, 9)}
    with pytest.raises(QueryTooShort):
        found("课")


def test_search_pages_go_on_where_the_last_one_ended() -> None:
    ids = keep([sample(n, text=f"第 {n} 次提醒续费", event_ms=NOW - DAY + n // 3) for n in range(25)])
    seen, after = [], None
    for _ in range(4):
        page = queries.search_candidates("提醒续费", limit=7, after=after)
        seen += [ref.item_id for ref in page.items]
        after = page.following
    assert seen == ids[::-1]
    assert after is None


def test_search_filters_by_window_conversation_account_and_party() -> None:
    a = keep([sample(n) for n in range(4)])
    b = keep(
        [
            sample(n, text="试听课改期", person="wm-wu", customer=OTHER_CUSTOMER, account=OTHER_ACCOUNT)
            for n in (20, 21)
        ]
    )
    assert found("试听课") == [b[1], b[0], a[0]]
    assert found("试听课", account=ACCOUNT) == [a[0]]
    assert found("试听课", party=OTHER_CUSTOMER) == [b[0]]
    assert found("试听课", conversation=queries.items(b)[b[0]].conversation) == [b[1], b[0]]
    start = NOW - DAY + 20_000
    assert found("试听课", from_ms=start, to_ms=start + 1) == [b[0]]
    assert found("试听课", to_ms=start) == [a[0]]


def test_each_event_month_has_its_own_segment_and_key(ring: keys.Keyring) -> None:
    moments = [
        (2025, 1, 31, 23, 59),
        (2025, 2, 1, 0, 0),
        (2025, 2, 28, 12, 0),
        (2025, 3, 1, 0, 0),
        (2025, 1, 1, 0, 0),
    ]
    ids = keep([sample(n, event_ms=to_ms(datetime(*m, tzinfo=SHANGHAI))) for n, m in enumerate(moments)])
    assert dict(Segment.objects.values_list("month", "documents")) == {202501: 2, 202502: 2, 202503: 1}
    assert len({ring.index_keys[month] for month in (202501, 202502, 202503)}) == 3
    assert found("周六") == [ids[0], ids[4]]


def test_a_late_message_makes_a_small_segment_in_its_old_month_and_merging_loses_nothing() -> None:
    ids = [keep([sample(n, text=f"续费提醒 {n}")], at=NOW + n)[0] for n in range(9)]
    assert Segment.objects.filter(replaced_by__isnull=True).count() == 9
    [month] = set(Segment.objects.values_list("month", flat=True))
    assert operations.merge_month(month) == 9
    assert Segment.objects.filter(replaced_by__isnull=True).count() == 1
    assert found("续费提醒") == ids[::-1]
    operations.sweep()
    assert Segment.objects.count() == 1
    assert found("续费提醒") == ids[::-1]
    assert codes() == set()


def test_an_extractor_that_derives_something_else_is_noticed() -> None:
    ids = keep([sample(0)])
    ports.use(extract=lambda source, version, raw: extract(source, version, raw)._replace(text="改过的话"))
    with pytest.raises(ItemAltered, match="内容"):
        opening.open_items(ids, receipt=OPENING)


def test_item_ids_say_batch_and_position() -> None:
    ids = keep([sample(0), sample(1)])
    batch = Batch.objects.get()
    assert [divmod(i, POSITIONS) for i in ids] == [(batch.id, 0), (batch.id, 1)]
    assert queries.items(ids)[ids[1]].batch == batch.id
