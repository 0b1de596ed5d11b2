"""Custody: one holder at any instant, gaps shown as 不明; states as a table; signatures bring accounts into use."""

import threading
from dataclasses import replace
from datetime import date
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jieli.assets import operations, policy, queries, spans
from jieli.assets.errors import (
    AlreadyHolds,
    EmptyPeriod,
    HolderLeft,
    HolderOverlap,
    NotTheHolder,
    NotYet,
    PeriodOverlap,
    StateRefused,
    UnknownAsset,
    UnknownHolder,
)
from jieli.assets.policy import Event, Member
from jieli.assets.spans import Span
from jieli.assets.types import (
    NOBODY_KNOWN,
    AccountState,
    AccountType,
    AssetKind,
    Controller,
    GroupKind,
    HandOver,
    HolderKind,
    HoldingSpan,
    NewAccount,
    NewDevice,
    NewGroup,
    NewHolding,
    NewMember,
    NewNumber,
    NewUse,
    Right,
    Side,
    Signature,
)
from jieli.kernel.errors import JieliError
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, HOUR
from jieli.ledger.checks import checks
from jieli.ledger.fsck import run
from jieli.ledger.models import Entry
from jieli.ledger.queries import history as ledger_history
from jieli.parties import operations as parties
from jieli.parties import queries as people
from jieli.parties.types import NewCustomer, NewEntity, NewStaff, NewUnit, Outcome
from tests.rooms.kept_papers import keep

NOW = 1_790_000_000_000
BY = "system:test"
PAPER = UUID(int=7)


@pytest.fixture
def staff(db) -> list[UUID]:
    keep(PAPER)
    parties.register_entities([NewEntity("QH", "青禾教育科技有限公司")], by=BY, at=NOW)
    parties.register_units([NewUnit("KF", "客服部", people.entities_by_code()["QH"])], by=BY, at=NOW)
    unit = people.units_by_code()["KF"]
    rows = [NewStaff(f"E{n}", f"员工{n}", unit, "客服", date(2024, 3, 1)) for n in range(3)]
    parties.register_staff(rows, by=BY, at=NOW)
    return [ref.id for _, ref in sorted(people.staff_by_no().items())]


@pytest.fixture
def account(staff) -> UUID:
    """An account in work since ten days, held by the first of the staff, without a signature."""
    operations.register_accounts([_account("zhangsan")], by=BY, at=NOW)
    found = queries.accounts("wecom")["zhangsan"].id
    _hold(found, staff[0], NOW - 10 * DAY)
    return found


def _account(handle: str, *, new: bool = False) -> NewAccount:
    entity = people.entities_by_code()["QH"]
    return NewAccount("wecom", handle, AccountType.WORK_CHAT, entity, new=new, number="13800000001")


def _hold(asset: UUID, holder: UUID | None, begins: int, ends: int | None = None) -> Outcome:
    kind = HolderKind.STAFF if holder else HolderKind.STORE
    return operations.load_holdings([NewHolding(asset, kind, begins, ends, holder)], by=BY, at=NOW)


def _state(account: UUID) -> AccountState:
    return queries.accounts_by_id([account])[account].state


def test_an_account_in_work_becomes_stock_to_be_signed_and_a_new_one_is_only_registered(staff):
    operations.register_accounts(
        [_account("old"), _account("fresh", new=True)], by=BY, at=NOW, sign_within_days=10
    )
    found = queries.accounts("wecom")
    assert (found["old"].state, found["old"].sign_by) == (AccountState.UNSIGNED_STOCK, date(2026, 10, 1))
    assert (found["fresh"].state, found["fresh"].sign_by) == (AccountState.REGISTERED, None)
    assert [ref.handle for ref in queries.awaiting_signature()] == ["old"]
    assert set(queries.accounts("wecom", ["old", "nobody"])) == {"old"}


@pytest.mark.req("R0.45")
@pytest.mark.parametrize("kind", [kind for kind in AccountType if not kind.personal])
def test_every_kind_of_virtual_property_is_registered_assigned_and_handed_over(staff, kind):
    operations.register_accounts([replace(_account("a"), type=kind)], by=BY, at=NOW)
    ref = queries.accounts("wecom")["a"]
    _hold(ref.id, staff[0], NOW - DAY)
    operations.hand_over(asset_id=ref.id, to_staff=staff[1], begins_at=NOW, by=BY, at=NOW)
    assert ref.type is kind
    assert queries.holder_at(ref.id, NOW).staff_id == staff[1]


def test_registering_an_account_again_does_not_touch_its_state(account, staff):
    operations.acknowledge(
        account_id=account, staff_id=staff[0], paper=PAPER, signed_at=NOW - DAY, by=BY, at=NOW
    )
    changed = operations.register_accounts([replace(_account("zhangsan"), nickname="小张")], by=BY, at=NOW)
    assert changed == Outcome(changed=1)
    assert _state(account) is AccountState.IN_USE


def test_a_hand_over_closes_one_holding_and_opens_the_next_in_one_entry(account, staff):
    operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW - DAY, paper=PAPER, by=BY, at=NOW)
    first, second = queries.holdings_of([account])[account]
    assert Entry.objects.filter(kind="assets.hand_over").count() == 1
    assert (first.staff_id, first.to_ms) == (staff[0], NOW - DAY)
    assert (second.staff_id, second.from_ms, second.to_ms, second.paper) == (staff[1], NOW - DAY, None, PAPER)
    assert [len(ledger_history("assets_holding", str(s.id))) for s in (first, second)] == [2, 1]


def test_loading_a_holding_that_a_hand_over_opened_leaves_its_paper_on_it(account, staff):
    operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW - DAY, paper=PAPER, by=BY, at=NOW)
    assert _hold(account, staff[1], NOW - DAY) == Outcome(unchanged=1)
    assert queries.holder_at(account, NOW).paper == PAPER


def test_the_end_of_a_holding_is_the_first_instant_of_the_next(account, staff):
    operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW - DAY, by=BY, at=NOW)
    assert queries.holder_at(account, NOW - DAY - 1).staff_id == staff[0]
    assert queries.holder_at(account, NOW - DAY).staff_id == staff[1]
    assert queries.holder_at(account, NOW - 11 * DAY) is None


def test_the_store_is_a_holder_like_any_other(account, staff):
    operations.take_back(asset_id=account, begins_at=NOW - DAY, by=BY, at=NOW)
    assert queries.holder_at(account, NOW).holder_kind is HolderKind.STORE
    assert queries.held_by(staff[0], NOW) == []
    operations.hand_over(asset_id=account, to_staff=staff[2], begins_at=NOW, by=BY, at=NOW)
    assert [ref.label for ref in queries.held_by(staff[2], NOW)] == ["wecom zhangsan"]


def test_many_assets_are_handed_over_as_one_entry_or_not_at_all(account, staff):
    operations.register_devices([NewDevice("860000000000001", "工作手机")], by=BY, at=NOW)
    device = queries.asset_ids(AssetKind.DEVICE)["860000000000001"]
    with pytest.raises(UnknownAsset):
        operations.hand_over_many(
            [HandOver(account, staff[1], NOW), HandOver(PAPER, staff[1], NOW)], by=BY, at=NOW
        )
    assert queries.holder_at(account, NOW).staff_id == staff[0]
    operations.hand_over_many(
        [HandOver(account, staff[1], NOW), HandOver(device, staff[1], NOW)], by=BY, at=NOW
    )
    assert Entry.objects.filter(kind="assets.hand_over").count() == 1
    assert {ref.id for ref in queries.held_by(staff[1], NOW)} == {account, device}


def test_a_hand_over_that_would_make_two_holders_is_refused_with_a_stable_code(account, staff):
    operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW - DAY, by=BY, at=NOW)
    with pytest.raises(HolderOverlap) as caught:
        operations.hand_over(asset_id=account, to_staff=staff[2], begins_at=NOW - DAY, by=BY, at=NOW)
    assert caught.value.code == "assets.holder_overlap"
    with pytest.raises(HolderOverlap):
        operations.hand_over(asset_id=account, to_staff=staff[2], begins_at=NOW - 5 * DAY, by=BY, at=NOW)


def test_the_same_holder_a_future_moment_and_a_closed_account_are_refused(account, staff):
    with pytest.raises(AlreadyHolds):
        operations.hand_over(asset_id=account, to_staff=staff[0], begins_at=NOW, by=BY, at=NOW)
    with pytest.raises(NotYet):
        operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW + 1, by=BY, at=NOW)
    operations.mark_accounts(Event.CLOSED, account_ids=[account], by=BY, at=NOW)
    with pytest.raises(StateRefused):
        operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW, by=BY, at=NOW)


def test_nobody_receives_an_asset_who_is_not_staff_or_had_left(account, staff):
    unit = people.units_by_code()["KF"]
    left = NewStaff("E2", "员工2", unit, "客服", date(2024, 3, 1), left_on=date(2026, 9, 20))
    parties.register_staff([left], by=BY, at=NOW)
    with pytest.raises(HolderLeft):
        operations.hand_over(asset_id=account, to_staff=staff[2], begins_at=NOW, by=BY, at=NOW)
    with pytest.raises(UnknownHolder):
        operations.hand_over(asset_id=account, to_staff=PAPER, begins_at=NOW, by=BY, at=NOW)
    with pytest.raises(UnknownHolder):
        operations.set_control(
            asset_id=account,
            right=Right.LOGIN,
            controller=Controller.STAFF,
            staff_id=PAPER,
            begins_at=NOW,
            by=BY,
            at=NOW,
        )
    operations.hand_over(asset_id=account, to_staff=staff[2], begins_at=NOW - DAY, by=BY, at=NOW)
    assert queries.holder_at(account, NOW).staff_id == staff[2]


def test_what_custody_wrote_agrees_with_the_ledger_and_a_changed_holding_is_found(account, staff, owner_sql):
    operations.acknowledge(
        account_id=account, staff_id=staff[0], paper=PAPER, signed_at=NOW - DAY, by=BY, at=NOW
    )
    operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW, by=BY, at=NOW)
    assert run(checks({})).findings == ()
    holding = queries.holder_at(account, NOW).id
    owner_sql("UPDATE assets_holding SET staff_id = %s WHERE id = %s", [staff[2], holding])
    assert {(f.table, f.id) for f in run(checks({})).findings} == {("assets_holding", str(holding))}


def _both_at_once(one, other) -> list[JieliError | None]:
    from django.db import connections

    ready, answers = threading.Barrier(2), []

    def act(work) -> None:
        ready.wait(120)
        try:
            work()
            answers.append(None)
        except JieliError as error:
            answers.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=act, args=(work,)) for work in (one, other)]
    [t.start() for t in threads]
    [t.join(120) for t in threads]
    return answers


def test_of_two_hand_overs_at_once_one_wins_and_the_other_gets_the_stable_code(account, staff):
    def give(to: UUID):
        return lambda: operations.hand_over(asset_id=account, to_staff=to, begins_at=NOW, by=BY, at=NOW)

    answers = _both_at_once(give(staff[1]), give(staff[2]))
    assert answers.count(None) == 1
    assert [a.code for a in answers if a] == ["assets.holder_overlap"]
    assert queries.holder_at(account, NOW).staff_id in staff[1:]
    assert len(queries.holdings_of([account])[account]) == 2


def test_of_two_hand_overs_decided_on_the_same_picture_the_later_is_refused_though_the_times_differ(
    account, staff
):
    seen = queries.holder_at(account, NOW).id

    def give(to: UUID, begins: int):
        return lambda: operations.hand_over(
            asset_id=account, to_staff=to, begins_at=begins, present=seen, by=BY, at=NOW
        )

    answers = _both_at_once(give(staff[1], NOW - HOUR), give(staff[2], NOW))
    assert answers.count(None) == 1
    assert [a.code for a in answers if a] == ["assets.holder_overlap"]


def test_the_database_itself_refuses_a_second_holder(account, staff, other_connection):
    statement = (
        "INSERT INTO assets_holding (id, asset_id, holder_kind, staff_id, during)"
        " VALUES (%s, %s, '员工', %s, tstzrange(now(), NULL))"
    )
    with other_connection() as connection, pytest.raises(psycopg.errors.ExclusionViolation):
        connection.execute(statement, (new_id(NOW), account, staff[1]))


def test_loading_a_holding_over_another_is_refused_by_the_database_in_our_words(account, staff):
    with pytest.raises(HolderOverlap):
        _hold(account, staff[1], NOW - 3 * DAY)
    with pytest.raises(EmptyPeriod):
        _hold(account, staff[1], NOW - 3 * DAY, NOW - 3 * DAY)


def test_a_back_dated_correction_is_a_new_part_and_the_earlier_word_stays(account, staff):
    span = queries.holder_at(account, NOW)
    operations.correct_holding(
        holding_id=span.id, holder_kind=HolderKind.STAFF, staff_id=staff[1], begins_at=NOW - 20 * DAY,
        ends_at=None, by=BY, at=NOW,
    )  # fmt: skip
    assert queries.holder_at(account, NOW - 15 * DAY).staff_id == staff[1]
    versions = ledger_history("assets_holding", str(span.id))
    assert [v.values["staff_id"] for v in versions] == [str(staff[0]), str(staff[1])]
    assert [v.values["during"]["from"] for v in versions] == [NOW - 10 * DAY, NOW - 20 * DAY]


def test_a_correction_over_another_holding_is_refused(account, staff):
    _hold(account, staff[1], NOW - 30 * DAY, NOW - 20 * DAY)
    span = queries.holder_at(account, NOW)
    with pytest.raises(HolderOverlap):
        operations.correct_holding(
            holding_id=span.id, holder_kind=HolderKind.STAFF, staff_id=staff[0], begins_at=NOW - 25 * DAY,
            ends_at=None, by=BY, at=NOW,
        )  # fmt: skip


def test_a_gap_between_holdings_is_shown_as_unknown_and_never_filled(account, staff):
    _hold(account, staff[1], NOW - 30 * DAY, NOW - 20 * DAY)
    shown = queries.history(account, at=NOW)
    assert [(s.holder, s.from_ms, s.to_ms) for s in shown] == [
        ("员工", NOW - 30 * DAY, NOW - 20 * DAY),
        (NOBODY_KNOWN, NOW - 20 * DAY, NOW - 10 * DAY),
        ("员工", NOW - 10 * DAY, None),
    ]
    assert len(queries.holdings_of([account])[account]) == 2


@pytest.mark.req("R0.48")
def test_an_account_cannot_be_in_use_without_the_holders_signature(staff):
    operations.register_accounts([_account("fresh", new=True)], by=BY, at=NOW)
    fresh = queries.accounts("wecom")["fresh"].id
    _hold(fresh, staff[0], NOW - DAY)
    assert _state(fresh) is AccountState.REGISTERED
    operations.acknowledge(
        account_id=fresh, staff_id=staff[0], paper=PAPER, signed_at=NOW - HOUR, by=BY, at=NOW
    )
    ref = queries.accounts("wecom")["fresh"]
    assert (ref.state, ref.acknowledged_by, ref.acknowledged_at) == (
        AccountState.IN_USE,
        staff[0],
        NOW - HOUR,
    )


def test_only_the_holder_can_sign_for_an_account_and_not_for_a_moment_to_come(account, staff):
    with pytest.raises(NotTheHolder):
        operations.acknowledge(
            account_id=account, staff_id=staff[1], paper=PAPER, signed_at=NOW, by=BY, at=NOW
        )
    with pytest.raises(NotYet):
        operations.acknowledge(
            account_id=account, staff_id=staff[0], paper=PAPER, signed_at=NOW + 1, by=BY, at=NOW
        )
    with pytest.raises(UnknownAsset):
        operations.acknowledge(account_id=PAPER, staff_id=staff[0], paper=PAPER, signed_at=NOW, by=BY, at=NOW)
    assert _state(account) is AccountState.UNSIGNED_STOCK


def test_a_former_holders_signature_is_kept_but_brings_nothing_into_use(account, staff):
    operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW - DAY, by=BY, at=NOW)
    operations.acknowledge(
        account_id=account, staff_id=staff[0], paper=PAPER, signed_at=NOW - 5 * DAY, by=BY, at=NOW
    )
    assert _state(account) is AccountState.REGISTERED
    assert [r.staff_id for r in queries.acknowledgements([account])[account]] == [staff[0]]


def test_the_same_signature_twice_writes_nothing(account, staff):
    signature = Signature(account, staff[0], PAPER, NOW - DAY)
    assert operations.acknowledge_many([signature], by=BY, at=NOW).new == 1
    entries = Entry.objects.count()
    assert operations.acknowledge_many([signature], by=BY, at=NOW) == Outcome(unchanged=1)
    assert operations.acknowledge_many([], by=BY, at=NOW) == Outcome()
    assert Entry.objects.count() == entries


def test_stock_without_signature_can_be_handed_over_and_then_waits_for_the_new_holders_signature(
    account, staff
):
    operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW, by=BY, at=NOW)
    assert _state(account) is AccountState.REGISTERED
    assert queries.awaiting_signature() == []


def test_a_leavers_account_is_recovered_before_the_next_holders_signature_counts(account, staff):
    operations.acknowledge(
        account_id=account, staff_id=staff[0], paper=PAPER, signed_at=NOW - DAY, by=BY, at=NOW
    )
    operations.mark_accounts(Event.LEAVING, account_ids=[account], by=BY, at=NOW)
    assert _state(account) is AccountState.LEAVING
    operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW - HOUR, by=BY, at=NOW)
    assert _state(account) is AccountState.DELIVERED
    operations.acknowledge(account_id=account, staff_id=staff[1], paper=PAPER, signed_at=NOW, by=BY, at=NOW)
    assert _state(account) is AccountState.DELIVERED
    operations.mark_accounts(Event.RECOVERED, account_ids=[account], by=BY, at=NOW)
    assert _state(account) is AccountState.IN_USE


def test_a_leaver_who_stays_needs_no_second_signature(account, staff):
    operations.acknowledge(
        account_id=account, staff_id=staff[0], paper=PAPER, signed_at=NOW - DAY, by=BY, at=NOW
    )
    operations.mark_accounts(Event.LEAVING, account_ids=[account], by=BY, at=NOW)
    operations.mark_accounts(Event.STAYING, account_ids=[account], paper=PAPER, by=BY, at=NOW)
    assert _state(account) is AccountState.IN_USE


def test_signing_and_changing_hands_have_operations_of_their_own(account):
    with pytest.raises(ValueError, match="own operation"):
        operations.mark_accounts(Event.ACKNOWLEDGED, account_ids=[account], by=BY, at=NOW)
    with pytest.raises(UnknownAsset):
        operations.mark_accounts(Event.LEAVING, account_ids=[PAPER], by=BY, at=NOW)


def test_no_way_leads_into_use_but_a_signature_and_none_out_of_closed():
    ways = [
        (s, e) for s, row in policy.TRANSITIONS.items() for e, to in row.items() if to is AccountState.IN_USE
    ]
    assert {event for _, event in ways} == {Event.ACKNOWLEDGED}
    assert policy.TRANSITIONS[AccountState.CLOSED] == {}
    assert set(policy.TRANSITIONS) == set(AccountState)


ALLOWED = [(state, event) for state, row in policy.TRANSITIONS.items() for event in row]
REFUSED = [(state, event) for state in AccountState for event in Event if (state, event) not in ALLOWED]


@pytest.mark.parametrize(("state", "event"), ALLOWED)
def test_an_event_in_the_table_leads_where_the_table_says(state, event):
    assert policy.after(state, event) is policy.TRANSITIONS[state][event]


@pytest.mark.parametrize(("state", "event"), REFUSED)
def test_an_event_that_is_not_in_the_table_is_refused(state, event):
    with pytest.raises(StateRefused):
        policy.after(state, event)


def test_an_account_on_a_number_in_a_persons_name_is_listed(account, staff):
    assert [ref.handle for ref in queries.on_personal_numbers()] == ["zhangsan"]
    operations.register_numbers([NewNumber("13800000001", Side.STAFF, Side.COMPANY)], by=BY, at=NOW)
    assert [ref.handle for ref in queries.on_personal_numbers()] == ["zhangsan"]
    operations.register_numbers([NewNumber("13800000001", Side.COMPANY, Side.COMPANY)], by=BY, at=NOW)
    assert queries.on_personal_numbers() == []


def test_rebinding_and_renaming_stay_in_the_accounts_history(account, staff):
    renamed = replace(_account("zhangsan"), nickname="王老师", number="13900000009")
    operations.register_accounts([renamed], by=BY, at=NOW)
    versions = ledger_history("assets_account", str(account))
    assert [(v.values.get("nickname"), v.values["number"]) for v in versions] == [
        (None, "13800000001"),
        ("王老师", "13900000009"),
    ]


def test_users_stand_beside_the_holder_and_the_same_person_only_once(account, staff):
    uses = [NewUse(account, staff[1], NOW - DAY), NewUse(account, staff[2], NOW - DAY, NOW)]
    assert operations.load_uses(uses, by=BY, at=NOW) == Outcome(new=2)
    assert operations.load_uses(uses, by=BY, at=NOW) == Outcome(unchanged=2)
    assert {u.staff_id for u in queries.users_of([account])[account] if u.holds(NOW)} == {staff[1]}
    with pytest.raises(PeriodOverlap):
        operations.load_uses([NewUse(account, staff[1], NOW - HOUR)], by=BY, at=NOW)


def test_a_group_knows_its_members_over_time(account, staff):
    operations.register_groups(
        [NewGroup("wecom", "wr1", GroupKind.CUSTOMER, "答疑群", account)], by=BY, at=NOW
    )
    group = queries.groups("wecom")["wr1"]
    parties.register_customers([NewCustomer("C1", "学员一")], by=BY, at=NOW)
    customer = people.customers_by_no()["C1"].id
    members = [
        NewMember(group.id, "zhangsan", NOW - DAY, account_id=account),
        NewMember(group.id, "wm_1", NOW - DAY, NOW - HOUR, customer_id=customer),
    ]
    operations.load_members(members, by=BY, at=NOW)
    found = queries.groups("wecom", ["wr1", "wr2"])["wr1"]
    assert queries.groups("wecom", []) == {}
    assert [(m.external_id, m.account_id, m.customer_id, m.holds(NOW)) for m in found.members] == [
        ("wm_1", None, customer, False),
        ("zhangsan", account, None, True),
    ]
    assert (found.kind, found.name, found.owner_account_id) == (GroupKind.CUSTOMER, "答疑群", account)
    with pytest.raises(PeriodOverlap):
        operations.load_members([NewMember(group.id, "zhangsan", NOW - HOUR)], by=BY, at=NOW)


def test_who_had_the_right_to_sign_in_on_a_day_has_one_answer_with_its_id(account, staff):
    def give(right: Right, controller: Controller, holder: UUID | None, begins: int) -> UUID:
        return operations.set_control(
            asset_id=account,
            right=right,
            controller=controller,
            staff_id=holder,
            begins_at=begins,
            by=BY,
            at=NOW,
        )

    first = give(Right.LOGIN, Controller.STAFF, staff[0], NOW - 9 * DAY)
    give(Right.LOGIN, Controller.COMPANY, None, NOW - 2 * DAY)
    give(Right.ADMIN, Controller.COMPANY, None, NOW - 9 * DAY)
    then = queries.control_at(account, Right.LOGIN, NOW - 5 * DAY)
    assert (then.id, then.controller, then.staff_id) == (first, Controller.STAFF, staff[0])
    assert queries.control_at(account, Right.LOGIN, NOW).controller is Controller.COMPANY
    assert queries.control_at(account, Right.DATA, NOW) is None
    with pytest.raises(PeriodOverlap):
        give(Right.LOGIN, Controller.THIRD, None, NOW - 2 * DAY)
    with pytest.raises(UnknownAsset):
        operations.set_control(
            asset_id=PAPER, right=Right.DATA, controller=Controller.COMPANY, staff_id=None, begins_at=NOW, by=BY, at=NOW
        )  # fmt: skip


def test_one_customer_defeats_the_presumption_that_a_group_is_internal():
    assert policy.presumed_internal([Member.STAFF, Member.STAFF], managers_post_work=True).holds
    found = policy.presumed_internal([Member.STAFF, Member.CUSTOMER], managers_post_work=True)
    assert (found.holds, found.against) == (False, ("成员中有客户",))
    assert not policy.presumed_internal([Member.STAFF], managers_post_work=False).holds
    assert not policy.presumed_internal([], managers_post_work=True).holds


def test_a_work_group_on_private_accounts_should_move():
    assert policy.migration_advised("wechat")
    assert not policy.migration_advised("wecom")


ends = st.one_of(st.none(), st.integers(0, 30))


@st.composite
def apart(draw) -> list[HoldingSpan]:
    """Holdings that do not overlap, some touching, the last one perhaps still open."""
    cuts = sorted(draw(st.sets(st.integers(0, 30), min_size=2, max_size=10)))
    pairs = list(pairwise(cuts))
    kept = [pair for pair in pairs if draw(st.booleans())] or pairs[-1:]
    made = [HoldingSpan(UUID(int=a), UUID(int=a), HolderKind.STAFF, a, b, None) for a, b in kept]
    last = replace(made[-1], to_ms=None) if draw(st.booleans()) else made[-1]
    return draw(st.permutations([*made[:-1], last]))


@settings(deadline=None)
@given(apart(), st.integers(31, 40))
def test_a_history_says_at_every_instant_what_a_look_at_all_holdings_says(held, until):
    steps = spans.steps(held, until=until)
    first = min(span.from_ms for span in held)
    for instant in range(-1, until):
        truth = [str(s.holder_kind) for s in held if s.holds(instant)] or [NOBODY_KNOWN] * (instant >= first)
        shown = [s.holder for s in steps if s.from_ms <= instant and (s.to_ms is None or instant < s.to_ms)]
        assert shown == truth
    assert [s.to_ms for s in steps[:-1]] == [s.from_ms for s in steps[1:]]
    assert spans.steps([], until=until) == []


spans_of_two = st.builds(
    lambda key, begin, length: Span(key, begin, None if length is None else begin + length),
    st.sampled_from("ab"), st.integers(0, 20), st.one_of(st.none(), st.integers(1, 8)),
)  # fmt: skip


def _clash(one: Span, other: Span) -> bool:
    def during(s: Span) -> set[int]:
        return set(range(s.begin, 60 if s.end is None else s.end))

    return one.key == other.key and bool(during(one) & during(other))


def _apart_only(found: list[Span], span: Span) -> list[Span]:
    return found if any(_clash(span, other) for other in found) else [*found, span]


@settings(deadline=None)
@given(st.lists(spans_of_two, max_size=8), st.lists(spans_of_two, max_size=8))
def test_what_is_not_refused_stands_beside_everything_that_stays(wanted, drawn):
    standing: list[Span] = []
    for span in drawn:
        standing = _apart_only(standing, span)
    refused = spans.refused(wanted, standing)
    good = [s for n, s in enumerate(wanted) if n not in refused]
    stays = [s for s in standing if (s.key, s.begin) not in {(g.key, g.begin) for g in good}]
    together = [*good, *stays]
    assert not any(_clash(a, b) for i, a in enumerate(together) for b in together[i + 1 :])
    alone = [n for n, s in enumerate(wanted) if not any(_clash(s, o) for m, o in enumerate(wanted) if m != n)]
    free = [n for n in alone if not any(_clash(wanted[n], s) for s in standing)]
    assert not set(free) & set(refused)
