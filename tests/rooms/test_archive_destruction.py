"""Destroying and holding: gone is gone, held is kept, a crash anywhere is finished, and the book still verifies."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from jieli.archive import destruction, keys, opening, operations, queries, segments
from jieli.archive.errors import Held, HoldUnknown, ItemDestroyed, NothingToShred, TooLate
from jieli.archive.keys.pages import SECRET_BYTES
from jieli.archive.keys.store import opened, read_secrets
from jieli.archive.models import Conversation, Item, ItemBasis, KeyPage, Tombstone
from jieli.archive.policy import EPOCH_DAYS, KEY_BACKUP_DAYS
from jieli.archive.types import ConversationKey, HoldScope
from jieli.kernel.times import DAY
from jieli.ledger import queries as ledger
from seal.tree import verify_inclusion
from tests.conftest import NOW
from tests.rooms.test_archive_samples import (
    ACCOUNT,
    CUSTOMER,
    OPENING,
    OTHER_CUSTOMER,
    SOURCE,
    STAFF,
    codes,
    keep,
    ring,
    sample,
)
from tests.waiting import until_blocked

__all__ = ["ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
pytestmark = pytest.mark.usefixtures("ring")
WHO = {"by": "person:rights-desk", "reason": "本人请求删除"}


def all_secrets(ring: keys.Keyring) -> bytes:
    """Every page of the key store under every key that still lives."""
    return b"".join(opened(ring, page) for page in KeyPage.objects.order_by("id"))


def found(query: str) -> list[int]:
    return [ref.item_id for ref in queries.search_candidates(query).items]


def test_a_destroyed_item_is_gone_and_the_others_are_not(ring: keys.Keyring, owner_sql: Sql) -> None:
    ids = keep([sample(n) for n in range(6)])
    secrets = read_secrets(ring, ids)
    [(cipher,)] = owner_sql("SELECT ciphertext FROM archive_item WHERE item_id = %s", [ids[0]])
    assert (secrets[ids[0]] or b"") in all_secrets(ring)
    certificate = operations.shred_items(items=[ids[0]], at=NOW + 1, **WHO)
    assert certificate.items == 1
    assert (secrets[ids[0]] or b"") not in all_secrets(ring)
    assert all_secrets(ring).count(bytes(SECRET_BYTES)) == 1
    with pytest.raises(ItemDestroyed):
        opening.open_items([ids[0]], receipt=OPENING)
    with pytest.raises(ItemDestroyed):
        keys.unwrap([ids[0]], receipt=OPENING)
    assert len(opening.open_items(ids[1:], receipt=OPENING)) == 5
    assert found("您好") == [ids[5]]
    dump = str(owner_sql("SELECT i::text FROM archive_item i")) + str(
        owner_sql("SELECT data FROM archive_segment_row")
    )
    assert cipher.hex() not in dump
    assert codes() == set()


def test_a_destroyed_item_still_proves_that_it_was_there() -> None:
    ids = keep([sample(n) for n in range(5)])
    before = queries.proofs(ids)[ids[2]]
    operations.shred_items(items=[ids[2]], at=NOW + 1, **WHO)
    after = queries.proofs(ids)[ids[2]]
    assert (after.fields_digest, after.row, after.leaf) == (None, None, before.leaf)
    entry = ledger.entries([after.entry])[after.entry]
    verify_inclusion(leaf=after.leaf, index=after.n, size=after.count, path=after.path, root=entry.commitment)
    ref = queries.items([ids[2]])[ids[2]]
    assert (ref.speaker, ref.account, ref.holder, ref.basis_rows) == (None, None, None, ())
    assert ref.destroyed and ref.tombstoned


def test_no_segment_holds_a_destroyed_item_not_even_a_replaced_one(owner_sql: Sql) -> None:
    ids = keep([sample(n) for n in range(5)])
    [(before,)] = owner_sql("SELECT data FROM archive_segment_row WHERE row = 0")
    operations.shred_items(items=[ids[0]], at=NOW + 1, **WHO)
    rows = owner_sql("SELECT data FROM archive_segment_row WHERE row = 0")
    assert len(rows) == 1
    assert len(rows[0][0]) < len(before)
    assert [
        len(segments.codec.documents_of(segments.load(row))[0]) for row in segments.Segment.objects.all()
    ] == [4]


def test_a_destroyed_message_is_not_fetched_again() -> None:
    ids = keep([sample(0)])
    conversation = queries.items(ids)[ids[0]].conversation
    operations.shred_conversation(conversation=conversation, at=NOW + 1, **WHO)
    asked = [(sample(0).conversation, sample(0).message_key)]
    assert queries.known(asked) == set(asked)
    with pytest.raises(NothingToShred):
        operations.shred_items(items=ids, at=NOW + 2, **WHO)


def test_a_destroyed_conversation_no_longer_says_who_talked(owner_sql: Sql) -> None:
    keep([sample(n, person="wm-zhou") for n in range(4)])
    others = keep([sample(n + 10) for n in range(4)])
    talk = queries.conversation(ConversationKey(SOURCE, "", ACCOUNT, "wm-zhou"))
    assert talk is not None
    operations.shred_conversation(conversation=talk.id, at=NOW + 1, **WHO)
    emptied = queries.conversations([talk.id])[talk.id]
    assert (emptied.counterparty, emptied.destroyed) == (None, True)
    tables = ["archive_conversation", "archive_basis", "archive_item"]
    dump = "".join(str(owner_sql(f"SELECT t::text FROM {table} t")) for table in tables)
    parts = b"".join(
        bytes(row[0]) for row in owner_sql("SELECT body FROM ledger_part WHERE body IS NOT NULL")
    )
    assert "wm-zhou" not in dump + parts.decode()
    assert len(opening.open_items(others, receipt=OPENING)) == 4
    assert codes() == set()


def test_who_talks_on_after_a_destruction_gets_a_new_conversation() -> None:
    ids = keep([sample(0)])
    old = queries.items(ids)[ids[0]].conversation
    operations.shred_conversation(conversation=old, at=NOW + 1, **WHO)
    new = queries.items(keep([sample(2)], at=NOW + 2)).popitem()[1].conversation
    assert new != old
    assert queries.conversations([new])[new].counterparty == "wm-li"
    assert codes() == set()


def test_a_customer_goes_with_both_halves_of_his_talk_and_in_a_room_with_his_own_words() -> None:
    talk = keep([sample(0), sample(1), sample(2, customer=OTHER_CUSTOMER, person="wm-wu"), sample(4)])
    room = keep([sample(10, room="room-1"), sample(11, room="room-1")])
    operations.shred_person(person=CUSTOMER, at=NOW + 1, **WHO)
    gone = {item: ref.destroyed for item, ref in queries.items(talk + room).items()}
    assert gone == dict(zip(talk + room, [True, True, False, True, True, False], strict=True))
    assert ItemBasis.objects.filter(speaker=CUSTOMER).count() == 0
    assert ItemBasis.objects.filter(speaker=STAFF).count() == 1
    assert set(Conversation.objects.values_list("counterparty", "room")) == {
        (None, None), ("wm-wu", None), (None, "room-1"),
    }  # fmt: skip
    assert codes() == set()


def test_staff_goes_with_what_came_while_he_held_the_account_and_others_keep_theirs() -> None:
    successor = UUID(int=0x52)
    mine = keep([sample(0), sample(1)])
    his = keep([sample(3, speaker=successor, holder=successor), sample(2, holder=successor)])
    room = keep([sample(10, room="room-1"), sample(11, room="room-1")])
    operations.shred_person(person=STAFF, at=NOW + 1, **WHO)
    gone = {item: ref.destroyed for item, ref in queries.items(mine + his + room).items()}
    assert gone == dict(zip(mine + his + room, [True, True, False, False, False, True], strict=True))
    assert Conversation.objects.get(counterparty="wm-li").shredded_in is None
    assert codes() == set()


def test_bases_whose_items_went_one_by_one_are_emptied_too() -> None:
    ids = keep([sample(0), sample(2)])
    operations.shred_items(items=ids[:1], at=NOW + 1, **WHO)
    assert ItemBasis.objects.get().speaker == CUSTOMER
    operations.shred_items(items=ids[1:], at=NOW + 2, **WHO)
    assert ItemBasis.objects.get().speaker is None
    assert codes() == set()


def test_a_certificate_has_two_dates_and_says_when_the_old_keys_went() -> None:
    ids = keep([sample(0), sample(1)])
    certificate = operations.shred_items(items=ids[:1], at=NOW + 1, **WHO)
    assert certificate.live_gone_at == NOW + 1
    assert certificate.backups_gone_by == NOW + 1 + (EPOCH_DAYS + KEY_BACKUP_DAYS) * DAY
    assert (certificate.epochs, certificate.epochs_gone_at) == ((1,), None)
    operations.rotate(by="system:worker", at=NOW + 2)
    gone = NOW + 3 + KEY_BACKUP_DAYS * DAY
    assert operations.destroy_old_epochs(by="system:worker", at=gone) == [1]
    later = queries.certificate(certificate.shred)
    assert later is not None and later.epochs_gone_at == gone
    assert opening.open_items(ids[1:], receipt=OPENING)[0].text == sample(1).text
    assert codes(at=gone) == set()


HOLDS = [
    (HoldScope.ITEM, lambda ref: str(ref.item_id)),
    (HoldScope.CONVERSATION, lambda ref: str(ref.conversation)),
    (HoldScope.PERSON, lambda ref: str(ref.speaker)),
    (HoldScope.PERSON, lambda ref: str(ref.holder)),
    (HoldScope.CLASS, lambda ref: ref.channel),
]


@pytest.mark.parametrize(("scope", "target"), HOLDS)
def test_a_hold_stops_destruction_until_it_is_released(
    scope: HoldScope, target: Callable[[Any], str]
) -> None:
    ids = keep([sample(0), sample(2, person="wm-wu", customer=OTHER_CUSTOMER)])
    ref = queries.items(ids)[ids[0]]
    held = operations.hold(scope=scope, target=target(ref), ground="仲裁时效内", by="person:a", at=NOW)
    with pytest.raises(Held) as refused:
        operations.shred_items(items=ids, at=NOW + 1, **WHO)
    assert refused.value.holds[ids[0]] == [held.id]
    assert Tombstone.objects.count() == 0
    assert len(opening.open_items(ids, receipt=OPENING)) == 2
    operations.release(hold=held.id, reason="时效已过", by="person:a", at=NOW + 2)
    operations.shred_items(items=ids, at=NOW + 3, **WHO)
    assert codes() == set()


def test_a_hold_on_a_customer_keeps_both_halves_of_his_talk_but_not_a_room() -> None:
    talk = keep([sample(0), sample(1)])
    room = keep([sample(10, room="room-1"), sample(11, room="room-1")])
    held = operations.hold(
        scope=HoldScope.PERSON, target=str(CUSTOMER), ground="投诉处理中", by="person:a", at=NOW
    )
    assert queries.covering(talk + room) == {item: [held.id] for item in [*talk, room[0]]}


def test_many_holds_may_cover_one_item_and_each_must_be_released() -> None:
    [item] = keep([sample(0)])
    matter = OPENING
    both = [
        operations.hold(
            scope=HoldScope.ITEM, target=str(item), ground="争议", matter=matter, by="person:a", at=NOW
        ),
        operations.hold(
            scope=HoldScope.CLASS, target="chat", ground="本人主张提成", by="person:b", at=NOW + 1
        ),
    ]
    operations.release(hold=both[0].id, reason="撤诉", by="person:a", at=NOW + 2)
    with pytest.raises(Held):
        operations.shred_items(items=[item], at=NOW + 3, **WHO)
    assert queries.covering([item]) == {item: [both[1].id]}
    assert [(h.ground, h.released_at) for h in queries.holds()] == [("争议", NOW + 2), ("本人主张提成", None)]
    assert [h.id for h in queries.holds(matter=matter)] == [both[0].id]
    with pytest.raises(HoldUnknown):
        operations.release(hold=both[0].id, reason="再次", by="person:a", at=NOW + 4)


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        (HoldScope.ITEM, "99"),
        (HoldScope.ITEM, "x"),
        (HoldScope.CONVERSATION, "99"),
        (HoldScope.PERSON, "LI MIN"),
        (HoldScope.CLASS, "gossip"),
    ],
)
def test_a_hold_that_names_nothing_is_refused(scope: HoldScope, target: str) -> None:
    with pytest.raises(HoldUnknown):
        operations.hold(scope=scope, target=target, ground="争议", by="person:a", at=NOW)


def test_a_hold_on_a_destroyed_item_comes_too_late() -> None:
    [item] = keep([sample(0)])
    operations.shred_items(items=[item], at=NOW + 1, **WHO)
    with pytest.raises(TooLate):
        operations.hold(scope=HoldScope.ITEM, target=str(item), ground="争议", by="person:a", at=NOW + 2)


STEPS = ["unlist", "erase_secrets", "empty", "certify"]


class Crash(Exception):
    pass


def crash(*args: object, **kwargs: object) -> None:
    raise Crash


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_before_any_step_is_finished_at_the_next_start(
    step: str, monkeypatch: pytest.MonkeyPatch, ring: keys.Keyring
) -> None:
    ids = keep([sample(n) for n in range(4)])
    secret = read_secrets(ring, ids)[ids[1]] or b""
    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(destruction, step, crash)
        operations.shred_items(items=[ids[1]], at=NOW + 1, **WHO)
    assert found("可以的") == []
    with pytest.raises(ItemDestroyed):
        opening.open_items([ids[1]], receipt=OPENING)
    assert len(queries.unfinished_shreds()) == 1
    assert codes() <= {"archive.still_indexed"}
    assert operations.finish_destructions(by="system:start", at=NOW + 2) == []
    assert queries.unfinished_shreds() == []
    assert secret not in all_secrets(ring)
    assert Item.objects.get(item_id=ids[1]).ciphertext is None
    assert len(opening.open_items([ids[0], *ids[2:]], receipt=OPENING)) == 3
    assert codes() == set()


def test_finishing_twice_changes_nothing() -> None:
    ids = keep([sample(0), sample(1)])
    certificate = operations.shred_items(items=ids[:1], at=NOW + 1, **WHO)
    size = ledger.head(1).size
    assert destruction.finish(certificate.shred, by="system:start", at=NOW + 2) == certificate
    assert operations.finish_destructions(by="system:start", at=NOW + 2) == []
    assert ledger.head(1).size == size


def test_two_processes_that_finish_the_same_destruction_leave_one_certificate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ids = keep([sample(0)])
    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(destruction, "certify", crash)
        operations.shred_items(items=ids, at=NOW + 1, **WHO)
    [intent] = queries.unfinished_shreds()
    first = destruction.certify(intent, {1}, by="system:a", at=NOW + 2)
    answers = iter([None, first])
    with monkeypatch.context() as patched:
        patched.setattr(queries, "certificate", lambda shred: next(answers))
        assert destruction.certify(intent, {1}, by="system:b", at=NOW + 3) == first
    assert codes() == set()


def test_a_hold_placed_after_the_intent_keeps_the_secret(
    monkeypatch: pytest.MonkeyPatch, ring: keys.Keyring
) -> None:
    ids = keep([sample(0), sample(1)])
    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(destruction, "erase_secrets", crash)
        operations.shred_items(items=ids[:1], at=NOW + 1, **WHO)
    held = operations.hold(scope=HoldScope.ITEM, target=str(ids[0]), ground="争议", by="person:a", at=NOW + 2)
    assert operations.finish_destructions(by="system:start", at=NOW + 3) == queries.unfinished_shreds()
    assert read_secrets(ring, ids)[ids[0]] is not None
    operations.release(hold=held.id, reason="和解", by="person:a", at=NOW + 4)
    assert operations.finish_destructions(by="system:start", at=NOW + 5) == []
    assert read_secrets(ring, ids)[ids[0]] is None
    assert codes() == set()


def test_the_shred_function_asks_for_holds_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    [item] = keep([sample(0)])
    with monkeypatch.context() as patched, pytest.raises(Crash):
        patched.setattr(destruction, "empty", crash)
        operations.shred_items(items=[item], at=NOW + 1, **WHO)
    operations.hold(scope=HoldScope.ITEM, target=str(item), ground="争议", by="person:a", at=NOW + 2)
    [intent] = queries.unfinished_shreds()
    with pytest.raises(Held):
        destruction.empty(intent, [item])
    assert Item.objects.get(item_id=item).ciphertext is not None


def test_a_hold_being_placed_and_a_destruction_wait_for_each_other(
    other_connection: Callable[..., Any],
) -> None:
    [item] = keep([sample(0)])
    placing = other_connection()
    placing.execute(
        "INSERT INTO archive_hold (id, scope, target, ground, by, at)"
        " VALUES (gen_random_uuid(), '条目', %s, '争议', 'person:a', 0)",
        [str(item)],
    )
    refused: list[Exception] = []

    def destroy() -> None:
        try:
            operations.shred_items(items=[item], at=NOW + 1, **WHO)
        except Held as error:
            refused.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=destroy)
    thread.start()
    until_blocked(other_connection())
    placing.commit()
    thread.join(120)
    assert [type(error) for error in refused] == [Held]
    assert Tombstone.objects.count() == 0


def test_two_destructions_that_share_a_basis_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = keep([sample(0), sample(2)])
    with monkeypatch.context() as patched:
        patched.setattr(destruction, "unlist", crash)
        for item in ids:
            with pytest.raises(Crash):
                operations.shred_items(items=[item], at=NOW + 1, **WHO)
    operations.finish_destructions(by="system:start", at=NOW + 2)
    assert ItemBasis.objects.get().speaker is None
    assert Conversation.objects.get().counterparty == "wm-li"
    assert codes() == set()
