"""Retention: what is past its time is listed, goes only under a plan, and never what a claim may still need."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, connections
from hypothesis import given
from hypothesis import strategies as st

from jieli.access import queries as access
from jieli.access.types import Role
from jieli.approvals import operations as approvals
from jieli.archive import destruction, operations, queries, retention
from jieli.archive.errors import (
    Held,
    HoldUnknown,
    NothingDue,
    NothingToShred,
    RetentionTooLong,
    RetentionTooShort,
    RetentionUnknown,
)
from jieli.archive.holds import RULE
from jieli.archive.models import Conversation, Hold, HoldRelease, RetentionPolicy, Tombstone
from jieli.archive.policy import LATE_NEWS_DAYS, MOST_MONTHS, due_before, kept_until, limit_of, limited
from jieli.archive.types import HoldScope, ShredScope
from jieli.kernel.times import DAY, local_day, start_of_day
from jieli.law import queries as law
from jieli.ledger.operations import book
from jieli.matters import operations as matters
from jieli.matters import queries as matter_queries
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import NewEntity, NewStaff, NewUnit
from seal import canonical
from tests.conftest import NOW
from tests.rooms.company import reader
from tests.rooms.test_archive_samples import CUSTOMER, OTHER_CUSTOMER, codes, keep, ring, sample

__all__ = ["ring"]
TODAY = local_day(NOW)
LONG_AGO = start_of_day(date(2022, 3, 1))
WHO = {"by": "person:desk", "reason": "到期清理"}
days = st.dates(date(2015, 1, 1), date(2035, 12, 31))
months_kept = st.integers(1, 120)


@given(begun=days, today=days, months=months_kept)
def test_a_thing_is_due_exactly_when_its_last_day_is_over(begun: date, today: date, months: int) -> None:
    assert (begun < due_before(today, months)) == (kept_until(begun, months) < today)


@given(begun=days, months=months_kept, more=st.integers(0, 60))
def test_a_longer_period_never_ends_earlier(begun: date, months: int, more: int) -> None:
    assert begun < kept_until(begun, months) <= kept_until(begun, months + more)


@given(begun=st.dates(), today=st.dates(), months=st.integers(1, 10**18))
def test_no_period_and_no_day_stops_the_reckoning(begun: date, today: date, months: int) -> None:
    assert kept_until(begun, months) > begun or kept_until(begun, months) == date.max
    assert due_before(today, months) <= today
    assert kept_until(due_before(today, months), months) >= today


@pytest.mark.usefixtures("ring")
@pytest.mark.parametrize("months", [1_201, 120_000, 99_999_999_999])
def test_a_version_stored_before_there_was_a_bound_counts_as_a_hundred_years(months: int) -> None:
    stored = RetentionPolicy(
        version=1, defaults=retention.defaults()[0], by="person:yan", at=NOW, reason="x",
        months=canonical.encode({"chat": months, "consent": months, "contract": months}).decode(),
    )  # fmt: skip
    with book(at=NOW) as b:
        b.entry("archive.retention", by="person:yan", facts={"version": 1}).insert(stored)
    keep([sample(0, event_ms=LONG_AGO)])
    found = {one.rule.code: one for one in retention.state(at=NOW).classes}
    assert (found["chat"].rule.months, found["chat"].due) == (MOST_MONTHS, 0)
    assert found["consent"].rule.months == MOST_MONTHS
    assert len(retention.concerning(CUSTOMER, at=NOW).classes) == len(found)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT months FROM archive_class_months(1) WHERE class IN ('consent', 'contract')")
        assert cursor.fetchall() == [(MOST_MONTHS,), (MOST_MONTHS,)]
    assert operations.set_policy(months={"chat": 24}, reason="改回", by="person:yan", at=NOW + 1) == 2
    assert {c.code: c.months for c in retention.policy()[1]}["chat"] == 24


@pytest.mark.usefixtures("ring")
def test_a_period_above_a_hundred_years_is_refused_by_the_room() -> None:
    with pytest.raises(RetentionTooLong, match="1200"):
        operations.set_policy(months={"chat": MOST_MONTHS + 1}, reason="x", by="person:yan", at=NOW)
    assert operations.set_policy(months={"chat": MOST_MONTHS}, reason="x", by="person:yan", at=NOW) == 1


@given(left=days, since=st.integers(-400, 365))
def test_nothing_of_a_leaver_is_purged_within_a_year_whatever_the_day(left: date, since: int) -> None:
    assert limited(limit_of(left, ()), left + timedelta(days=since))


@given(left=days, since=st.integers(0, 4_000))
def test_the_limit_ends_and_does_not_come_back(left: date, since: int) -> None:
    limit = limit_of(left, ())
    assert limit is not None and limit.until is not None
    assert left + timedelta(days=365) <= limit.until <= left + timedelta(days=366 + LATE_NEWS_DAYS + 15)
    assert limited(limit, limit.until + timedelta(days=-since))
    assert not limited(limit, limit.until + timedelta(days=1 + since))


@given(left=st.none() | days, today=days, number=st.from_regex(r"M-20\d\d-\d{4}", fullmatch=True))
def test_an_open_matter_outlasts_every_date(left: date | None, today: date, number: str) -> None:
    assert limited(limit_of(left, [number]), today)
    assert limit_of(None, ()) is None


def test_every_class_of_the_defaults_cites_articles_that_are_there_and_none_falls_below_its_least() -> None:
    version, classes = retention.defaults()
    assert version
    assert {c.channel for c in classes} == {"", "chat", "call"}
    for one in classes:
        assert one.months >= max(one.least_months, 1)
        assert [c.id for c in law.cite_all(one.articles)] == list(one.articles)
    found = {c.code: c.least_months for c in classes}
    assert (found["contract"], found["log"], found["assessment"], found["delegation"]) == (24, 6, 36, 36)


def old(n: int, **changed: object) -> object:
    return sample(n, event_ms=LONG_AGO + n * DAY, **changed)  # type: ignore[arg-type]


def keep_old(count: int, **changed: object) -> list[int]:
    return keep([old(n, **changed) for n in range(count)])  # type: ignore[misc]


@pytest.mark.usefixtures("ring")
def test_what_is_due_is_listed_and_nothing_goes_by_the_clock_alone() -> None:
    ids, fresh = keep_old(4), keep([sample(20)])
    operations.carry_out(by="system:worker", at=NOW)
    chats = next(c for c in retention.state(at=NOW).classes if c.rule.code == "chat")
    assert (chats.due, chats.held, chats.before) == (4, 0, date(2023, 9, 21))
    assert chats.next_on == date(2025, 3, 1)
    assert [ref.tombstoned for ref in queries.items(ids + fresh).values()] == [False] * 5


@pytest.mark.usefixtures("ring")
def test_an_approved_plan_is_carried_out_once_and_by_nobody_elses_word() -> None:
    ids, fresh = keep_old(4), keep([sample(20)])
    admin, yan = reader(Role.SYSTEM, name="admin"), reader(Role.COMPLIANCE, name="yan")
    plan = operations.propose(code="chat", reason="每季清理", by=admin.actor, at=NOW)
    assert (plan.items, plan.approved) == (4, False)
    assert operations.carry_out(by="system:worker", at=NOW + 1) == []
    approvals.decide(request=plan.request, agree=True, by=yan, at=NOW + 2)
    assert [p.approved for p in retention.state(at=NOW + 2).plans] == [True]
    [done] = operations.carry_out(by="system:worker", at=NOW + 3)
    assert (done.shred, done.items) == (plan.id, 4)
    assert [ref.destroyed for ref in queries.items(ids + fresh).values()] == [True] * 4 + [False]
    assert operations.carry_out(by="system:worker", at=NOW + 4) == []
    assert retention.state(at=NOW + 4).plans == ()
    assert access.person(yan.id) is not None
    assert codes() == set()


@pytest.mark.usefixtures("ring")
def test_a_conversation_whose_last_item_was_due_no_longer_says_who_talked() -> None:
    keep_old(2, person="wm-old")
    keep([old(6), sample(7)])  # type: ignore[list-item]
    done = operations.run_class(code="chat", at=NOW, **WHO)
    assert done.items == 3
    assert set(Conversation.objects.values_list("counterparty", flat=True)) == {None, "wm-li"}
    assert codes() == set()


@pytest.mark.usefixtures("ring")
def test_what_is_held_stays_and_its_neighbours_go() -> None:
    ids = keep_old(4)
    held = operations.hold(
        scope=HoldScope.ITEM, target=str(ids[1]), ground="本人主张提成", by="person:a", at=NOW
    )
    done = operations.run_class(code="chat", at=NOW + 1, **WHO)
    assert done.items == 3
    assert [ref.destroyed for ref in queries.items(ids).values()] == [True, False, True, True]
    with pytest.raises(NothingDue):
        operations.run_class(code="chat", at=NOW + 2, **WHO)
    operations.release(hold=held.id, reason="已结清", by="person:a", at=NOW + 3)
    assert operations.run_class(code="chat", at=NOW + 4, **WHO).items == 1
    assert codes() == set()


def leaver(left: date) -> UUID:
    """A member of staff who left on a day."""
    parties.register_entities([NewEntity("QH", "青禾茶业有限公司")], by="system:test", at=NOW)
    entity = party_queries.entities_by_code()["QH"]
    parties.register_units([NewUnit("S1", "门店一部", entity)], by="system:test", at=NOW)
    unit = party_queries.units_by_code()["S1"]
    row = NewStaff("Y01", "何青", unit, "销售", date(2019, 1, 1), None, left)
    parties.register_staff([row], by="system:test", at=NOW)
    return party_queries.staff_by_no()["Y01"].id


@pytest.mark.usefixtures("ring")
def test_a_leavers_records_outlive_their_class_while_a_claim_may_come_and_a_release_by_hand_helps_nobody() -> (
    None
):
    staff = leaver(TODAY - timedelta(days=100))
    ids = keep_old(3, holder=staff)
    others = keep([old(n, holder=uuid4(), person="wm-else", customer=OTHER_CUSTOMER) for n in (10, 12)])  # type: ignore[misc]
    assert operations.run_class(code="chat", at=NOW, **WHO).items == 2
    assert [ref.destroyed for ref in queries.items(ids + others).values()] == [False] * 3 + [True] * 2
    [limit] = [h for h in queries.holds() if h.by == RULE]
    assert (limit.scope, limit.target, limit.released_at) == (HoldScope.LIMITATION, str(staff), None)
    operations.release(hold=limit.id, reason="想清理", by="person:boss", at=NOW + 1)
    with pytest.raises(NothingDue):
        operations.run_class(code="chat", at=NOW + 2, **WHO)
    for way in (
        lambda: operations.shred_items(items=ids, at=NOW + 3, **WHO),
        lambda: operations.shred_person(person=staff, at=NOW + 3, **WHO),
        lambda: operations.shred_conversation(
            conversation=queries.items(ids)[ids[0]].conversation, at=NOW + 3, **WHO
        ),
    ):
        with pytest.raises(Held):
            way()
    assert operations.keep_limits(at=NOW + 4) == 1
    later = NOW + (265 + LATE_NEWS_DAYS + 20) * DAY
    assert operations.keep_limits(at=later) == 1
    assert operations.run_class(code="chat", at=later, **WHO).items == 3
    assert codes(at=later) == set()


@pytest.mark.usefixtures("ring")
def test_an_open_dispute_keeps_what_is_due_and_a_clerk_of_it_is_not_meant() -> None:
    ids = keep_old(2)
    clerk = keep_old(
        2, person="wm-else", customer=OTHER_CUSTOMER, holder=UUID(int=0x53), speaker=UUID(int=0x53)
    )
    people = [
        Involved(PersonKind.CUSTOMER, CUSTOMER, "当事人"),
        Involved(PersonKind.STAFF, UUID(int=0x53), "经办人"),
    ]
    matter = matters.open_matter(
        kind=MatterKind.DISPUTE, title="退费争议", people=people, by="person:yan", at=NOW
    )
    assert operations.run_class(code="chat", at=NOW + 1, **WHO).items == len(clerk)
    assert retention.state(at=NOW + 1).limited == 1
    matters.close(number=matter.number, by="person:yan", at=NOW + 2)
    assert operations.run_class(code="chat", at=NOW + 3, **WHO).items == len(ids)


@pytest.mark.usefixtures("ring")
def test_a_request_of_a_person_concerned_goes_before_limitation_but_not_before_a_stated_claim() -> None:
    staff = leaver(TODAY - timedelta(days=100))
    ids = keep_old(2, holder=staff)
    wish = matters.open_matter(
        kind=MatterKind.REQUEST, title="删除请求", people=[Involved(PersonKind.CUSTOMER, CUSTOMER, "请求人")],
        by="person:yan", at=NOW,
    )  # fmt: skip
    claim = operations.hold(scope=HoldScope.PERSON, target=str(staff), ground="提成", by="person:a", at=NOW)
    with pytest.raises(Held) as refused:
        operations.shred_person(person=CUSTOMER, matter=wish.id, at=NOW + 1, **WHO)
    assert refused.value.holds[ids[0]] == [claim.id]
    operations.release(hold=claim.id, reason="已付", by="person:a", at=NOW + 2)
    assert operations.shred_person(person=CUSTOMER, matter=wish.id, at=NOW + 3, **WHO).items == 2
    assert matter_queries.matter(wish.number).open
    assert codes() == set()


@pytest.mark.usefixtures("ring")
def test_a_private_talk_that_its_holder_wants_gone_is_not_kept_for_his_own_sake() -> None:
    staff = leaver(TODAY - timedelta(days=1))
    ids = keep_old(2, holder=staff)
    intent = destruction.intend(
        items=ids,
        scope=ShredScope.OWN,
        target=str(staff),
        reason="离职清除本人私人内容",
        by="person:a",
        at=NOW,
    )
    assert destruction.finish(intent, by="person:a", at=NOW).items == 2


@pytest.mark.usefixtures("ring")
def test_the_database_refuses_a_class_destruction_without_a_plan_or_beyond_it() -> None:
    ids, fresh = keep_old(2), keep([sample(20)])
    with pytest.raises(DatabaseError, match=r"archive\.not_due"):
        destruction.intend(
            items=ids, scope=ShredScope.CLASS, target="chat", reason="没有计划", by="person:a", at=NOW
        )
    plan = operations.propose(code="chat", reason="每季清理", by="person:a", at=NOW)
    with pytest.raises(DatabaseError, match=r"archive\.not_due"):
        destruction.intend(
            id=plan.id,
            items=fresh,
            scope=ShredScope.CLASS,
            target="chat",
            reason="太新",
            by="person:a",
            at=NOW,
        )
    assert Tombstone.objects.count() == 0


@pytest.mark.usefixtures("ring")
def test_a_hold_of_limitation_is_placed_by_the_rule_alone() -> None:
    with pytest.raises(HoldUnknown):
        operations.hold(scope=HoldScope.LIMITATION, target=str(CUSTOMER), ground="x", by="person:a", at=NOW)
    leaver(TODAY)
    assert operations.keep_limits(at=NOW) == 1
    assert operations.keep_limits(at=NOW) == 0
    assert (Hold.objects.count(), HoldRelease.objects.count()) == (1, 0)
    assert codes() == set()


@pytest.mark.usefixtures("ring")
def test_periods_change_by_a_version_with_a_reason_and_never_below_the_law() -> None:
    assert retention.policy()[0] == 0
    version = operations.set_policy(months={"chat": 12}, reason="依公司制度第三版", by="person:a", at=NOW)
    assert version == 1
    assert {c.code: c.months for c in retention.policy()[1]} | {"chat": 12, "call": 24} == {
        c.code: c.months for c in retention.policy()[1]
    }
    for months, error in (
        ({"contract": 23}, RetentionTooShort),
        ({"log": 5}, RetentionTooShort),
        ({"chat": 0}, RetentionTooShort),
        ({"gossip": 12}, RetentionUnknown),
    ):
        with pytest.raises(error):
            operations.set_policy(months=months, reason="改短", by="person:a", at=NOW)
    assert retention.policy()[0] == 1
    with pytest.raises(RetentionUnknown):
        operations.run_class(code="log", at=NOW, **WHO)
    with pytest.raises(NothingToShred):
        operations.shred_items(items=[1], at=NOW, **WHO)
    assert codes() == set()


@pytest.mark.usefixtures("ring")
def test_a_person_sees_what_is_kept_until_when_and_what_keeps_it_longer() -> None:
    staff = leaver(TODAY - timedelta(days=10))
    keep_old(3, holder=staff)
    operations.hold(scope=HoldScope.PERSON, target=str(staff), ground="主张提成", by="person:a", at=NOW)
    found = retention.concerning(staff, at=NOW)
    chats = next(k for k in found.classes if k.rule.code == "chat")
    assert (chats.items, chats.first_until, chats.last_until) == (3, date(2025, 3, 1), date(2025, 3, 3))
    assert found.limit is not None and "仲裁时效" in found.limit.ground
    assert found.holds == ("主张提成",)
    assert retention.concerning(uuid4(), at=NOW).limit is None
