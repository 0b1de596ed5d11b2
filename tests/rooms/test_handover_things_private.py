"""The private part: marked by the person, checked by metadata, purged after audit, hand-over and keeping, or held."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from jieli.archive import destruction
from jieli.archive import operations as archive
from jieli.archive import queries as archived
from jieli.archive.types import HoldScope
from jieli.handover import private, purge
from jieli.handover.models import Case
from jieli.handover.models.things import PrivateItem
from jieli.handover.things_errors import NobodyPresent, OutOfOrder, PurgeHeld, Unchecked, WrongNature
from jieli.handover.things_types import (
    CheckedBy,
    Decision,
    Nature,
    NewPrivate,
    PrivateKind,
    Removal,
)
from jieli.handover.types import CaseRef, Stage
from jieli.ledger.fsck import run
from jieli.wiring.checks import room_checks
from tests.rooms import leaving
from tests.rooms.company import BY, PLATFORM, Company, bring, chat, open_vault, vault  # noqa: F401
from tests.rooms.leaving import LAST, LEAVER, leaves, noon

ON_LAST = noon(LAST)
LATER = noon(LAST + timedelta(days=1))
FRIEND = "wm-an-old-friend"


@pytest.fixture
def house(vault: Path) -> Company:  # noqa: F811
    return leaving.firm()


@pytest.fixture
def case(house: Company) -> CaseRef:
    return leaves(house)


@pytest.fixture
def talk(case: CaseRef, house: Company) -> int:
    """A conversation with 林晚 in the archive, three items; and one with 顾客甲 beside it."""
    lines = [chat(n, f"第{n}句", when=f"2026-09-0{n + 2} 10:00") for n in range(3)]
    lines.append(chat("gu", "另一句", sender="wm-gu", when="2026-09-07 10:00"))
    bring(lines, at=ON_LAST)
    found = archived.conversations_of_account(house.accounts[LEAVER])
    return next(c.id for c in found if c.counterparty == "wm-lin")


def _marked(case: CaseRef, *items: NewPrivate) -> list[UUID]:
    return private.mark_private(case=case.id, items=items, by=BY, at=ON_LAST)


def _file(label: str = "相册备份", decision: Decision = Decision.TAKE_AND_DELETE) -> NewPrivate:
    return NewPrivate(PrivateKind.PHOTO, label, "工作手机", decision, count=40)


def _contact(other: str, decision: Decision = Decision.DELETE, conversation: int | None = None) -> NewPrivate:
    return NewPrivate(
        PrivateKind.CONVERSATION, f"与{other}", "企业微信", decision, platform=PLATFORM, counterparty=other,
        conversation=conversation,
    )  # fmt: skip


def _natures(case: CaseRef) -> dict[str, tuple[Nature | None, CheckedBy | None]]:
    return {i.label: (i.nature, i.checked_by) for i in private.private_items(case.id)}


def _own_conversation(case: CaseRef, talk: int) -> UUID:
    """Marked, found to be with a customer, disputed, opened with the person there: it was private after all."""
    [item] = _marked(case, _contact("wm-lin", conversation=talk))
    private.check_private(case=case.id, by=BY, at=ON_LAST)
    private.dispute_private(case=case.id, item=item, by=BY, at=ON_LAST)
    private.resolve_private(
        case=case.id, item=item, nature=Nature.PRIVATE, checked_by=CheckedBy.PRESENT,
        present=["何青", "周见"], opened_at=ON_LAST, by=BY, at=ON_LAST,
    )  # fmt: skip
    return item


def _through(case: CaseRef, *stages: Stage) -> None:
    for stage in stages or (Stage.AUDITED, Stage.HANDED, Stage.KEPT):
        purge.advance(case=case.id, stage=stage, by=BY, at=LATER)


def _stage(case: CaseRef) -> str:
    return Case.objects.get(id=case.id).stage


def _living(conversation: int) -> int:
    return sum(not i.destroyed for i in archived.items_of_conversation(conversation))


def test_what_is_marked_is_judged_by_metadata_alone_and_what_has_none_by_the_persons_word(case):
    _marked(case, _contact(FRIEND), _contact("wm-lin"), _file())
    assert set(_natures(case).values()) == {(None, None)}
    counted = private.check_private(case=case.id, by=BY, at=ON_LAST)
    assert counted == {Nature.PRIVATE: 2, Nature.CUSTOMER: 1, Nature.DISPUTED: 0}
    assert _natures(case) == {
        f"与{FRIEND}": (Nature.PRIVATE, CheckedBy.METADATA),
        "与wm-lin": (Nature.CUSTOMER, CheckedBy.METADATA),
        "相册备份": (Nature.PRIVATE, CheckedBy.STATEMENT),
    }


@pytest.mark.req("R0.34")
def test_a_marked_conversation_is_kept_from_the_receiver_until_it_is_shown_to_be_with_a_customer(case, talk):
    [item] = _marked(case, _contact("wm-lin", conversation=talk))
    assert private.kept_from_receiver(case.id) == {talk}
    private.check_private(case=case.id, by=BY, at=ON_LAST)
    assert private.kept_from_receiver(case.id) == frozenset()
    private.dispute_private(case=case.id, item=item, by=BY, at=ON_LAST)
    assert private.kept_from_receiver(case.id) == {talk}


def test_marking_the_same_thing_again_leaves_it_as_it_was(case):
    first = _marked(case, _file())
    private.check_private(case=case.id, by=BY, at=ON_LAST)
    assert _marked(case, _file(), _contact(FRIEND))[0] == first[0]
    assert _natures(case)["相册备份"] == (Nature.PRIVATE, CheckedBy.STATEMENT)


def test_a_disputed_thing_is_opened_only_with_the_person_there_or_by_a_neutral_reader_who_are_named(case):
    [item] = _marked(case, _contact("wm-lin"))
    private.check_private(case=case.id, by=BY, at=ON_LAST)
    known = {
        "case": case.id,
        "item": item,
        "nature": Nature.PRIVATE,
        "opened_at": ON_LAST,
        "by": BY,
        "at": ON_LAST,
    }
    with pytest.raises(WrongNature):
        private.resolve_private(checked_by=CheckedBy.NEUTRAL, present=["工会 方立"], **known)
    private.dispute_private(case=case.id, item=item, by=BY, at=ON_LAST)
    for how, present in ((CheckedBy.METADATA, ["方立"]), (CheckedBy.PRESENT, []), (CheckedBy.NEUTRAL, [" "])):
        with pytest.raises(NobodyPresent):
            private.resolve_private(checked_by=how, present=present, **known)
    private.resolve_private(checked_by=CheckedBy.NEUTRAL, present=["工会 方立"], **known)
    [ref] = private.private_items(case.id)
    assert (ref.nature, ref.checked_by, ref.present) == (Nature.PRIVATE, CheckedBy.NEUTRAL, ("工会 方立",))


@pytest.mark.req("R3.30")
def test_the_order_is_audit_hand_over_keep_purge_and_nothing_else(case):
    for stage in (Stage.HANDED, Stage.KEPT, Stage.PURGED, Stage.CLOSED, Stage.OPEN):
        with pytest.raises(OutOfOrder) as caught:
            purge.advance(case=case.id, stage=stage, by=BY, at=LATER)
        assert caught.value.code == "handover.out_of_order"
    with pytest.raises(OutOfOrder):
        purge.purge(case=case.id, by=BY, at=LATER)
    _through(case)
    with pytest.raises(OutOfOrder):
        purge.advance(case=case.id, stage=Stage.PURGED, by=BY, at=LATER)
    with pytest.raises(OutOfOrder):
        purge.advance(case=case.id, stage=Stage.AUDITED, by=BY, at=LATER)
    done = purge.purge(case=case.id, by=BY, at=LATER)
    assert (_stage(case), done.before) == ("已清除", ("已审计", "已交接", "已留存"))
    with pytest.raises(OutOfOrder):
        purge.purge(case=case.id, by=BY, at=LATER)


@pytest.mark.req("R3.14", "R3.30")
def test_a_purge_destroys_the_listed_private_conversation_and_nothing_beside_it(case, house, talk):
    _own_conversation(case, talk)
    [photos, *_] = _marked(case, _file(), _contact("wm-gu"), _file("日记", Decision.TAKE))
    private.check_private(case=case.id, by=BY, at=ON_LAST)
    private.record_removed(
        case=case.id, item=photos, removal=Removal.RESET, removed_at=ON_LAST, proof=leaving.scan(at=ON_LAST), by=BY,
        at=ON_LAST,
    )  # fmt: skip
    _through(case)
    kept_before = archived.counts()["items"]
    done = purge.purge(case=case.id, by=BY, at=LATER)
    assert (_living(talk), archived.counts()["items"]) == (0, kept_before - 3)
    assert {(i.label, i.removal) for i in done.removed} == {
        ("与wm-lin", Removal.SHREDDED),
        ("相册备份", Removal.RESET),
    }
    assert {(i.label, i.nature) for i in done.kept} == {
        ("与wm-gu", Nature.CUSTOMER),
        ("日记", Nature.PRIVATE),
    }
    assert (done.certificate.items, done.holds) == (3, ())
    assert private.remaining(case.id) == []
    assert run(room_checks()).findings == ()


def test_nothing_is_purged_while_something_is_unchecked_in_dispute_or_still_on_the_phone(case, talk):
    [photos] = _marked(case, _file())
    _through(case)
    with pytest.raises(Unchecked):
        purge.purge(case=case.id, by=BY, at=LATER)
    private.check_private(case=case.id, by=BY, at=LATER)
    with pytest.raises(Unchecked) as caught:
        purge.purge(case=case.id, by=BY, at=LATER)
    assert "设备或云端" in caught.value.sentence
    private.dispute_private(case=case.id, item=photos, by=BY, at=LATER)
    with pytest.raises(Unchecked):
        purge.purge(case=case.id, by=BY, at=LATER)
    assert (_stage(case), _living(talk)) == ("已留存", 3)


def test_a_thing_in_the_archive_goes_by_its_keys_and_a_customers_thing_not_at_all(case, talk):
    own = _own_conversation(case, talk)
    [business] = _marked(case, _contact("wm-gu"))
    private.check_private(case=case.id, by=BY, at=ON_LAST)
    for item in (own, business):
        with pytest.raises(WrongNature):
            private.record_removed(
                case=case.id, item=item, removal=Removal.BY_PERSON, removed_at=ON_LAST, by=BY, at=ON_LAST
            )


def test_a_persons_stated_claim_stops_the_whole_purge_until_it_is_released(case, talk):
    _own_conversation(case, talk)
    _through(case)
    claim = archive.hold(
        scope=HoldScope.PERSON, target=str(case.staff_id), ground="本人主张加班费", by=BY, at=LATER
    )
    with pytest.raises(PurgeHeld) as caught:
        purge.purge(case=case.id, by=BY, at=LATER)
    assert caught.value.code == "handover.purge_held"
    assert (_stage(case), _living(talk)) == ("已留存", 3)
    archive.release(hold=claim.id, reason="已调解", by=BY, at=LATER)
    assert purge.purge(case=case.id, by=BY, at=LATER).certificate.items == 3
    assert _living(talk) == 0


def test_a_hold_on_the_conversation_alone_stops_it_before_anything_is_named_for_destruction(case, talk):
    _own_conversation(case, talk)
    _through(case)
    archive.hold(scope=HoldScope.CONVERSATION, target=str(talk), ground="客户投诉", by=BY, at=LATER)
    with pytest.raises(destruction.Held):
        purge.purge(case=case.id, by=BY, at=LATER)
    assert (_stage(case), _living(talk)) == ("已留存", 3)
    assert not PrivateItem.objects.filter(shred__isnull=False).exists()


def test_a_purge_that_died_between_its_steps_goes_on_where_it_stopped(case, talk, monkeypatch):
    _own_conversation(case, talk)
    _through(case)
    with monkeypatch.context() as broken:
        broken.setattr(destruction, "finish", _dies)
        with pytest.raises(RuntimeError, match="killed"):
            purge.purge(case=case.id, by=BY, at=LATER)
    assert _stage(case) == "已留存"
    done = purge.purge(case=case.id, by=BY, at=LATER)
    assert (_stage(case), _living(talk), done.certificate.items) == ("已清除", 0, 3)
    assert archived.unfinished_shreds() == []


def _dies(*_: object, **__: object) -> None:
    raise RuntimeError("killed")
