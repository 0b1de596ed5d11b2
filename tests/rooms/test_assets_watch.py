"""Rebinds and renames with their alerts, the register of numbers, what leavers keep, and the duty to sign."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from jieli.access import operations as access_operations
from jieli.access import queries as access
from jieli.access.types import Person, Role
from jieli.approvals import operations as approvals
from jieli.assets import listing, operations, queries, watching
from jieli.assets.errors import NoAlert, NotApprovedChange, NothingChanged, NumberResting, PersonalAccount
from jieli.assets.policy import Event
from jieli.assets.types import (
    AccountState,
    AccountType,
    Alert,
    AssetKind,
    ChangeOf,
    Controller,
    HolderKind,
    NewAccount,
    NewHolding,
    NewNumber,
    Right,
    Side,
)
from jieli.duties import queries as duties
from jieli.duties.types import DutyState
from jieli.kernel.times import DAY, start_of_day
from jieli.law.verdicts import ProofState
from jieli.ledger.checks import checks
from jieli.ledger.fsck import run
from jieli.ledger.queries import entries
from jieli.parties import operations as parties
from jieli.parties import queries as people
from jieli.parties.types import NewEntity, NewStaff, NewUnit
from tests.conftest import NOW
from tests.rooms.kept_papers import keep

BY = "system:test"
PAPER = UUID(int=7)
COMPANY, PRIVATE = "13800000001", "13911110000"


@pytest.fixture
def staff(db) -> list[UUID]:
    keep(PAPER)
    parties.register_entities([NewEntity("QH", "青禾教育科技有限公司")], by=BY, at=NOW)
    parties.register_units([NewUnit("KF", "客服部", people.entities_by_code()["QH"])], by=BY, at=NOW)
    parties.register_staff([_staff(0), _staff(1)], by=BY, at=NOW)
    return [ref.id for _, ref in sorted(people.staff_by_no().items())]


def _staff(n: int, left_on: date | None = None) -> NewStaff:
    unit = people.units_by_code()["KF"]
    return NewStaff(f"E{n}", f"员工{n}", unit, "客服", date(2024, 3, 1), left_on=left_on)


@pytest.fixture
def account(staff) -> UUID:
    """A work WeChat in use without a signature, on a company number, with the first of the staff."""
    operations.register_numbers([NewNumber(COMPANY, Side.COMPANY, Side.COMPANY, "8986")], by=BY, at=NOW)
    operations.register_accounts([_account()], by=BY, at=NOW)
    found = queries.accounts("wechat")["kefu01"].id
    rows = [
        NewHolding(key, HolderKind.STAFF, NOW - 10 * DAY, staff_id=staff[0]) for key in (found, _number())
    ]
    operations.load_holdings(rows, by=BY, at=NOW)
    return found


def _account() -> NewAccount:
    entity = people.entities_by_code()["QH"]
    return NewAccount("wechat", "kefu01", AccountType.CHAT, entity, number=COMPANY, nickname="青禾客服")


def _number() -> UUID:
    return queries.asset_ids(AssetKind.NUMBER)[COMPANY]


def _rebind(account: UUID, number: str, *, at: int = NOW, **more) -> UUID:
    return operations.rebind(account_id=account, number=number, changed_at=at, by=BY, at=at, **more)


def _approver() -> Person:
    person = access_operations.admit_person(sign_in="shen", name="沈批", by=BY, at=NOW)
    access_operations.grant_role(person=person, role=Role.COMPLIANCE, begins_at=NOW, by=BY, at=NOW)
    found = access.person(person)
    assert found is not None
    return found


def _approve(account: UUID, number: str, *, at: int) -> UUID:
    digest = operations.rebind_digest(account, number)
    asked = approvals.open_request(
        kind="账号换绑",
        subject=account,
        digest=digest,
        scope="换绑",
        reason="号码更换",
        by="person:applicant",
        at=at,
    )
    return approvals.decide(request=asked.id, agree=True, reason="", by=_approver(), at=at).id


@pytest.mark.req("R0.10", "W10")
def test_a_rebind_from_a_company_number_to_a_personal_one_without_approval_is_an_alert(account, staff):
    _rebind(account, PRIVATE, changed_by=staff[0])
    [alert] = watching.alerts(NOW)
    assert (alert.account_id, alert.alert, alert.before, alert.after) == (
        account,
        Alert.REBOUND,
        COMPANY,
        PRIVATE,
    )
    assert alert.changed_by == staff[0]
    assert queries.accounts_by_id([account])[account].number == PRIVATE
    assert watching.alerts(NOW - 1) == []
    [fact] = watching.rebind_facts(account)
    assert (fact.key, fact.value, fact.proof) == ("account.rebound", "无批准", ProofState.CLAIMED)
    assert run(checks({})).findings == ()


def test_an_approval_of_exactly_this_rebind_is_found_and_no_other_one_counts(account):
    approval = _approve(account, PRIVATE, at=NOW)
    with pytest.raises(NotApprovedChange):
        _rebind(account, "13911110001", approval=approval)
    assert watching.changes_of([account])[account] == []
    _rebind(account, PRIVATE, approval=approval)
    assert watching.alerts(NOW) == []
    [change] = watching.changes_of([account])[account]
    assert (change.approval, change.alert) == (approval, None)
    assert [f.value for f in watching.rebind_facts(account)] == ["有批准"]


@pytest.mark.req("R0.10")
def test_a_sheet_that_says_another_number_raises_the_same_alert_and_keeps_the_past(account):
    operations.register_accounts(
        [replace(_account(), number=PRIVATE, nickname="李老师")], by=BY, at=NOW + DAY
    )
    found = watching.changes_of([account])[account]
    assert {(c.what, c.before, c.after) for c in found} == {
        (ChangeOf.NUMBER, COMPANY, PRIVATE),
        (ChangeOf.NICKNAME, "青禾客服", "李老师"),
    }
    assert [a.alert for a in watching.alerts(NOW + DAY)] == [Alert.REBOUND]


def test_an_alert_ends_with_a_permission_shown_or_the_company_number_back(account):
    first = _rebind(account, PRIVATE)
    operations.show_permission(change=first, paper=PAPER, by=BY, at=NOW)
    assert watching.alerts(NOW) == []
    assert [f.value for f in watching.rebind_facts(account)] == ["事后提交许可"]
    with pytest.raises(NoAlert):
        operations.show_permission(change=first, paper=PAPER, by=BY, at=NOW)
    _rebind(account, COMPANY, at=NOW + 1)
    _rebind(account, PRIVATE, at=NOW + 2)
    assert len(watching.alerts(NOW + 2)) == 1
    _rebind(account, COMPANY, at=NOW + 3)
    assert watching.alerts(NOW + 3) == []
    assert len(watching.changes_of([account])[account]) == 4


def test_a_rename_is_kept_and_one_that_changes_nothing_is_refused(account):
    operations.rename(account_id=account, nickname="青禾小陈", changed_at=NOW, by=BY, at=NOW)
    assert [c.what for c in watching.changes_of([account])[account]] == [ChangeOf.NICKNAME]
    with pytest.raises(NothingChanged):
        operations.rename(account_id=account, nickname="青禾小陈", changed_at=NOW, by=BY, at=NOW)
    with pytest.raises(NothingChanged):
        _rebind(account, COMPANY)


@pytest.mark.req("R0.9")
def test_the_register_of_numbers_says_whose_it_is_who_has_it_on_what_receipt_and_when_it_came_back(
    account, staff
):
    operations.register_numbers([NewNumber(PRIVATE, Side.STAFF)], by=BY, at=NOW)
    ours, own = watching.numbers(at=NOW)
    assert (ours.number, ours.provided_by_company, ours.payer, ours.issued_to) == (
        COMPANY,
        True,
        Side.COMPANY,
        staff[0],
    )
    assert (own.number, own.provided_by_company, own.issued_to, own.issued_at) == (PRIVATE, False, None, None)
    operations.hand_over(asset_id=_number(), to_staff=staff[1], begins_at=NOW, paper=PAPER, by=BY, at=NOW)
    assert (watching.numbers(at=NOW)[0].receipt, watching.numbers(at=NOW)[0].returned_at) == (PAPER, None)
    operations.take_back(asset_id=_number(), begins_at=NOW + DAY, by=BY, at=NOW + DAY)
    back = watching.numbers(at=NOW + DAY)[0]
    assert (back.issued_to, back.returned_at) == (None, NOW + DAY)


def test_a_number_that_rests_is_issued_to_nobody_until_it_has_rested(account, staff):
    operations.take_back(asset_id=_number(), begins_at=NOW, by=BY, at=NOW)
    operations.rest_number(number_id=_number(), until=NOW + 90 * DAY, by=BY, at=NOW)
    early, late = NOW + 90 * DAY - 1, NOW + 90 * DAY
    with pytest.raises(NumberResting):
        operations.hand_over(asset_id=_number(), to_staff=staff[1], begins_at=early, by=BY, at=early)
    operations.hand_over(asset_id=_number(), to_staff=staff[1], begins_at=late, by=BY, at=late)
    assert queries.holder_at(_number(), late).staff_id == staff[1]


@pytest.mark.req("R0.12")
def test_what_is_with_somebody_who_left_is_overdue_from_the_day_after_with_its_days(account, staff):
    parties.register_staff([_staff(0, left_on=date(2026, 9, 21))], by=BY, at=NOW)
    assert watching.unreturned(at=NOW) == []
    late = watching.unreturned(at=NOW + 3 * DAY)
    assert [(u.asset.id, u.staff_id, u.days) for u in late] == [
        (_number(), staff[0], 3),
        (account, staff[0], 3),
    ]
    operations.take_back(asset_id=account, begins_at=NOW + 3 * DAY, by=BY, at=NOW + 3 * DAY)
    assert [u.asset.id for u in watching.unreturned(at=NOW + 3 * DAY)] == [_number()]


@pytest.mark.req("R0.38")
def test_who_had_the_right_to_sign_in_on_a_day_is_one_holder_with_the_entry_that_gave_it(account, staff):
    for controller, who, day in ((Controller.COMPANY, None, 1), (Controller.STAFF, staff[0], 15)):
        operations.set_control(
            asset_id=account, right=Right.LOGIN, controller=controller, staff_id=who,
            begins_at=start_of_day(date(2023, 5, day)), by=BY, at=NOW,
        )  # fmt: skip
    asked = queries.control_at(account, Right.LOGIN, start_of_day(date(2023, 5, 31)))
    assert (asked.controller, asked.staff_id) == (Controller.STAFF, staff[0])
    entry = queries.control_entry(asked)
    assert entries([entry])[entry].kind == "assets.set_control"
    earlier = queries.control_at(account, Right.LOGIN, start_of_day(date(2023, 5, 14)))
    assert earlier.controller is Controller.COMPANY
    assert queries.control_entry(earlier) == entry - 1


def test_the_day_to_sign_is_a_duty_that_the_signature_fulfils(account, staff):
    [duty] = duties.of_subject([account])[account]
    assert (duty.state, duty.due.day) == (DutyState.OPEN, date(2026, 10, 21))
    assert queries.accounts_by_id([account])[account].sign_by == date(2026, 10, 21)
    operations.acknowledge(account_id=account, staff_id=staff[0], paper=PAPER, signed_at=NOW, by=BY, at=NOW)
    [duty] = duties.of_subject([account])[account]
    assert (duty.state, duty.paper, duty.done_on) == (DutyState.DONE, PAPER, date(2026, 9, 21))
    assert queries.accounts_by_id([account])[account].sign_by is None


def test_the_day_to_sign_stands_through_a_leaving_that_is_taken_back_and_falls_with_a_hand_over(
    account, staff
):
    operations.mark_accounts(Event.LEAVING, account_ids=[account], by=BY, at=NOW)
    assert queries.accounts_by_id([account])[account].sign_by == date(2026, 10, 21)
    operations.mark_accounts(Event.STAYING, account_ids=[account], by=BY, at=NOW)
    assert [ref.id for ref in queries.awaiting_signature()] == [account]
    operations.hand_over(asset_id=account, to_staff=staff[1], begins_at=NOW, by=BY, at=NOW)
    [duty] = duties.of_subject([account])[account]
    assert (duty.state, duty.reason) == (DutyState.DROPPED, "账号已移交或收回")
    assert queries.accounts_by_id([account])[account].state is AccountState.REGISTERED


def test_the_list_of_accounts_filters_and_counts_by_the_day_to_sign(account):
    reach = listing.Reach(True, frozenset(), frozenset())
    late = NOW + 31 * DAY
    assert listing.counts(reach, at=NOW).overdue == 0
    assert listing.counts(reach, at=late).overdue == 1
    [row] = listing.page(reach, listing.Asked(overdue=True), at=late).rows
    assert (row.id, row.sign_by) == (account, date(2026, 10, 21))
    operations.mark_accounts(Event.CLOSED, account_ids=[account], by=BY, at=NOW)
    assert listing.one(reach, account, at=NOW).sign_by is None


def test_a_persons_own_wechat_is_refused_by_its_type_whatever_is_asked_of_it(account, staff):
    own = replace(_account(), handle="liu-private", type=AccountType.PERSONAL_CHAT, number=PRIVATE, new=True)
    operations.register_accounts([own], by=BY, at=NOW)
    key = queries.accounts("wechat")["liu-private"].id
    operations.load_holdings([NewHolding(key, HolderKind.STAFF, NOW - DAY, staff_id=staff[0])], by=BY, at=NOW)
    with pytest.raises(PersonalAccount):
        operations.hand_over(asset_id=key, to_staff=staff[1], begins_at=NOW, by=BY, at=NOW)
    with pytest.raises(PersonalAccount):
        operations.take_back(asset_id=key, begins_at=NOW, by=BY, at=NOW)
    with pytest.raises(PersonalAccount):
        operations.acknowledge(account_id=key, staff_id=staff[0], paper=PAPER, signed_at=NOW, by=BY, at=NOW)
    assert queries.holder_at(key, NOW).staff_id == staff[0]
