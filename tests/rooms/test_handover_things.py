"""Accounts tested before they count, phones checked step by step, numbers cut late, access cut on time."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from jieli.access import operations as access_operations
from jieli.access import queries as persons
from jieli.access.policy import may
from jieli.access.types import NewPasskey, Permission, Person, Role
from jieli.approvals import operations as approvals
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.errors import NumberResting
from jieli.assets.types import AccountState, AccountType, AssetKind, HolderKind, NewAccount, NewHolding
from jieli.handover import bindings, cutting, devices, recovery
from jieli.handover.errors import NotInCase
from jieli.handover.things_errors import (
    CardIncomplete,
    NoProof,
    NotLate,
    NotTakenOver,
    NumberBound,
    RecoveryRefused,
    TooEarly,
)
from jieli.handover.things_types import (
    DeviceStep,
    HelpStep,
    LateAct,
    ListStep,
    NewBinding,
    RecoveryState,
    RecoveryStep,
    ServiceKind,
    StepResult,
)
from jieli.handover.types import CaseRef
from jieli.kernel.times import DAY
from jieli.ledger.checks import checks
from jieli.ledger.fsck import run
from jieli.ledger.queries import history
from jieli.matters import queries as matters
from jieli.matters.types import MatterKind
from jieli.papers import operations as papers
from jieli.papers.forms.things import DEVICE_STEPS, RECOVERY_STEPS
from jieli.papers.signing import Channel
from jieli.parties import queries as people
from tests.rooms import leaving
from tests.rooms.company import BY, Company
from tests.rooms.kept_papers import keep
from tests.rooms.leaving import IMEI, LAST, LEAVER, NUMBER, RECEIVER, leaves, noon, scan, things

PAPER = UUID(int=0xF0)
OPENED, ON_LAST = noon(date(2026, 9, 2)), noon(LAST)
LATER = noon(LAST + timedelta(days=5))


@pytest.fixture
def house(db: None) -> Company:
    house = leaving.firm()
    keep(PAPER, at=noon(date(2026, 9, 1)))
    return house


@pytest.fixture
def case(house: Company) -> CaseRef:
    return leaves(house)


def _try(
    house: Company, case: CaseRef, step: RecoveryStep, *, passed: bool = True, at: int = ON_LAST
) -> RecoveryState:
    return recovery.record_recovery(
        case=case.id, account=house.accounts[LEAVER], step=step, passed=passed, paper=PAPER,
        tester=house.staff[RECEIVER], tested_at=at, by=BY, at=at,
    )  # fmt: skip


def test_the_steps_are_those_that_the_papers_print():
    assert tuple(s.value for s in RecoveryStep) == RECOVERY_STEPS
    assert tuple(s.value for s in DeviceStep) == DEVICE_STEPS


@pytest.mark.req("R0.24")
def test_an_account_whose_password_was_given_but_whose_login_fails_is_delivered_and_not_recovered(
    house, case
):
    account = house.accounts[LEAVER]
    assert recovery.states(case.id, [account]) == {account: RecoveryState.WAITING}
    assert _try(house, case, RecoveryStep.NEW_KEY) is RecoveryState.DELIVERED
    assert _try(house, case, RecoveryStep.SIGN_IN, passed=False) is RecoveryState.DELIVERED
    assert asset_queries.accounts_by_id([account])[account].state is AccountState.DELIVERED
    assert asset_queries.holder_at(account, ON_LAST).holder_kind is HolderKind.STORE
    assert RecoveryStep.SIGN_IN in recovery.progress(case.id, [account])[account].missing


@pytest.mark.req("R0.24")
@pytest.mark.parametrize("apart", [0, 1])
def test_with_all_eight_steps_passed_it_is_recovered_and_with_the_receiver(house, case, apart):
    account = house.accounts[LEAVER]
    _try(house, case, RecoveryStep.SIGN_IN, passed=False)
    states = [_try(house, case, step, at=ON_LAST + n * apart) for n, step in enumerate(RecoveryStep)]
    assert states == [RecoveryState.DELIVERED] * 7 + [RecoveryState.RECOVERED]
    assert asset_queries.accounts_by_id([account])[account].state is AccountState.RECOVERED
    assert asset_queries.holder_at(account, LATER).staff_id == house.staff[RECEIVER]
    assert recovery.progress(case.id, [account])[account].complete
    assert run(checks({})).findings == ()


def test_outbound_words_stay_locked_until_face_and_first_message_are_proved(house, case):
    account = house.accounts[LEAVER]
    _try(house, case, RecoveryStep.NEW_FACE)
    assert not recovery.outbound_open(case.id, account)
    _try(house, case, RecoveryStep.FIRST_MESSAGE)
    assert recovery.outbound_open(case.id, account)
    _try(house, case, RecoveryStep.NEW_FACE, passed=False, at=ON_LAST + 1)
    assert not recovery.outbound_open(case.id, account)


def test_a_passed_step_needs_its_proof_and_an_account_of_this_leaving(house, case):
    with pytest.raises(NoProof):
        recovery.record_recovery(
            case=case.id, account=house.accounts[LEAVER], step=RecoveryStep.SIGN_IN, passed=True, paper=None,
            tester=None, tested_at=ON_LAST, by=BY, at=ON_LAST,
        )  # fmt: skip
    with pytest.raises(NotInCase):
        recovery.record_recovery(
            case=case.id, account=house.accounts[RECEIVER], step=RecoveryStep.SIGN_IN, passed=True, paper=PAPER,
            tester=None, tested_at=ON_LAST, by=BY, at=ON_LAST,
        )  # fmt: skip
    assert asset_queries.holder_at(house.accounts[RECEIVER], ON_LAST).staff_id == house.staff[RECEIVER]


@pytest.mark.req("R0.30")
def test_help_with_a_password_is_kept_as_step_result_and_time_and_has_no_room_for_the_password(
    house, case, owner_sql
):
    secret = "Qh#2026-mima"
    for step, result in ((HelpStep.SMS, StepResult.NO_CODE), (HelpStep.REAL_NAME, StepResult.PASSED)):
        recovery.record_help(
            case=case.id, account=house.accounts[LEAVER], step=step, result=result, helped_at=ON_LAST, by=BY,
            at=ON_LAST,
        )  # fmt: skip
    with pytest.raises(ValueError, match="closed list"):
        recovery.record_help(
            case=case.id, account=house.accounts[LEAVER], step=HelpStep.SMS, result=secret, helped_at=ON_LAST,
            by=BY, at=ON_LAST,
        )  # fmt: skip
    [row] = owner_sql(
        "SELECT count(*) FROM ledger_part WHERE position(convert_to(%s, 'UTF8') in body) > 0", [secret]
    )
    assert row == (0,)
    given = recovery.help_given(case.id, [house.accounts[LEAVER]])[house.accounts[LEAVER]]
    assert [(d.step, d.result, d.tested_at) for d in given.done] == [
        (HelpStep.SMS, StepResult.NO_CODE, ON_LAST),
        (HelpStep.REAL_NAME, StepResult.PASSED, ON_LAST),
    ]


def test_a_personal_wechat_is_never_taken_over_and_leaves_by_lists(house):
    entity = people.entities_by_code()["QH"]
    own = NewAccount("wechat", "hq-own", AccountType.PERSONAL_CHAT, entity, new=True)
    assets.register_accounts([own], by=BY, at=OPENED)
    key = asset_queries.accounts("wechat")["hq-own"].id
    held = NewHolding(key, HolderKind.STAFF, OPENED - DAY, staff_id=house.staff[LEAVER])
    assets.load_holdings([held], by=BY, at=OPENED)
    case = leaves(house)
    with pytest.raises(NotTakenOver) as caught:
        recovery.record_recovery(
            case=case.id, account=key, step=RecoveryStep.SIGN_IN, passed=True, paper=PAPER, tester=None,
            tested_at=ON_LAST, by=BY, at=ON_LAST,
        )  # fmt: skip
    assert (caught.value.code, "清单式移交" in caught.value.remedy) == ("handover.personal_account", True)
    for step in ListStep:
        recovery.record_by_list(
            case=case.id, account=key, step=step, paper=PAPER, done_at=ON_LAST, by=BY, at=ON_LAST
        )
    assert recovery.by_list(case.id, [key])[key].complete
    with pytest.raises(NotInCase):
        recovery.record_by_list(
            case=case.id, account=house.accounts[LEAVER], step=ListStep.MONEY, paper=PAPER, done_at=ON_LAST,
            by=BY, at=ON_LAST,
        )  # fmt: skip
    assert asset_queries.holder_at(key, ON_LAST).staff_id == house.staff[LEAVER]


def _step(house: Company, case: CaseRef, step: DeviceStep, **rest) -> None:
    known = {"result": StepResult.PASSED, "paper": PAPER, "tester": house.staff[RECEIVER], "done_at": ON_LAST}
    devices.record_device_step(
        case=case.id, device=things(AssetKind.DEVICE)[IMEI], step=step, by=BY, at=ON_LAST, **(known | rest)
    )


def _accept(case: CaseRef) -> None:
    device = things(AssetKind.DEVICE)[IMEI]
    devices.accept_device(case=case.id, device=device, paper=PAPER, tester=None, by=BY, at=ON_LAST)


def test_a_phone_is_accepted_when_each_of_its_steps_passed_or_was_left_out_with_a_reason(house, case):
    device = things(AssetKind.DEVICE)[IMEI]
    for step in [s for s in DeviceStep if s not in (DeviceStep.ACTIVATION_LOCK, DeviceStep.ACCEPTED)]:
        _step(house, case, step)
    _step(house, case, DeviceStep.SIM, result=StepResult.FAILED, paper=None, done_at=ON_LAST)
    with pytest.raises(CardIncomplete) as caught:
        _accept(case)
    assert caught.value.missing == (DeviceStep.ACTIVATION_LOCK.value, DeviceStep.SIM.value)
    assert asset_queries.holder_at(device, ON_LAST).staff_id == house.staff[LEAVER]
    with pytest.raises(NoProof):
        _step(house, case, DeviceStep.SIM, result=StepResult.WAIVED, paper=None)
    _step(house, case, DeviceStep.SIM, result=StepResult.WAIVED, paper=None, reason="本机无卡槽")
    _step(house, case, DeviceStep.ACTIVATION_LOCK)
    _accept(case)
    assert asset_queries.holder_at(device, ON_LAST).holder_kind is HolderKind.STORE
    assert devices.progress(case.id, [device])[device].complete


def _approver() -> Person:
    key = access_operations.admit_person(sign_in="shen", name="沈批", by=BY, at=OPENED)
    access_operations.grant_role(person=key, role=Role.COMPLIANCE, begins_at=OPENED, by=BY, at=OPENED)
    found = persons.person(key)
    assert found is not None
    return found


def _approved(kind: str, device: UUID) -> UUID:
    asked = approvals.open_request(
        kind=kind,
        subject=device,
        digest=bytes(32),
        scope="工作数据",
        reason="恢复订单",
        by="person:it",
        at=OPENED,
    )
    return approvals.decide(request=asked.id, agree=True, reason="", by=_approver(), at=OPENED).id


@pytest.mark.req("R3.31")
def test_data_recovery_on_a_returned_phone_stands_on_notice_purpose_approval_and_witness(house, case):
    device = things(AssetKind.DEVICE)[IMEI]
    asked = {"case": case.id, "device": device, "by": BY, "at": ON_LAST}
    with pytest.raises(RecoveryRefused) as caught:
        devices.start_data_recovery(notice=None, purpose=" ", approval=None, witnesses=[" "], **asked)
    assert caught.value.missing == ("送达本人的告知", "目的", "审批", "见证人")
    notice = scan("数据恢复告知", at=OPENED)
    footing = {"purpose": "恢复在途订单", "approval": _approved("数据恢复", device), "witnesses": ["周见"]}
    with pytest.raises(RecoveryRefused) as caught:
        devices.start_data_recovery(notice=notice, **footing, **asked)
    assert caught.value.missing == ("送达本人的告知",)
    papers.deliver(
        paper=notice, to=case.staff_id, to_name="何青", channel=Channel.IN_PERSON, address="总部", sent_at=OPENED,
        by=BY, at=OPENED,
    )  # fmt: skip
    begun = devices.start_data_recovery(notice=notice, **footing, **asked)
    assert history("handover_data_recovery", begun)[0].values["witnesses"] == ["周见"]


def test_an_approval_of_something_else_does_not_open_a_phone(house, case):
    device = things(AssetKind.DEVICE)[IMEI]
    notice = scan("数据恢复告知", at=OPENED)
    papers.deliver(
        paper=notice, to=case.staff_id, to_name="何青", channel=Channel.IN_PERSON, address="总部", sent_at=OPENED,
        by=BY, at=OPENED,
    )  # fmt: skip
    with pytest.raises(RecoveryRefused) as caught:
        devices.start_data_recovery(
            case=case.id, device=device, notice=notice, purpose="恢复在途订单", approval=_approved("离职", device),
            witnesses=["周见"], by=BY, at=ON_LAST,
        )  # fmt: skip
    assert caught.value.missing == ("审批",)


def _cut(case: CaseRef, *, at: int) -> int:
    return bindings.cut_number(case=case.id, number=things(AssetKind.NUMBER)[NUMBER], by=BY, at=at)


def test_a_number_is_not_cut_within_seven_days_of_the_list_while_something_hangs_on_it(house, case):
    number = things(AssetKind.NUMBER)[NUMBER]
    with pytest.raises(NumberBound):
        _cut(case, at=OPENED)
    bindings.give_list(case=case.id, number=number, by=BY, at=OPENED)
    named = [NewBinding(ServiceKind.BANK, "某银行储蓄卡"), NewBinding(ServiceKind.TRAVEL, "火车购票")]
    [bank, _] = bindings.declare_bindings(
        case=case.id, number=number, bindings=named, complete=True, by=BY, at=OPENED
    )
    bindings.unbind(case=case.id, binding=bank, unbound_at=OPENED, by=BY, at=OPENED)
    with pytest.raises(NumberBound) as caught:
        _cut(case, at=OPENED + 7 * DAY - 1)
    assert caught.value.code == "handover.number_bound"
    assert asset_queries.holder_at(number, OPENED + 7 * DAY).staff_id == house.staff[LEAVER]
    rests = _cut(case, at=OPENED + 7 * DAY)
    assert rests == OPENED + 97 * DAY
    assert bindings.states(case.id, [number])[number].rests_until == rests
    with pytest.raises(NumberResting):
        assets.hand_over(asset_id=number, to_staff=house.staff[RECEIVER], begins_at=LATER, by=BY, at=LATER)


def test_a_number_on_which_nothing_hangs_any_more_is_cut_at_once_but_not_on_an_unfinished_list(house, case):
    number = things(AssetKind.NUMBER)[NUMBER]
    bindings.give_list(case=case.id, number=number, by=BY, at=OPENED)
    with pytest.raises(NumberBound):
        _cut(case, at=OPENED + 1)
    bindings.declare_bindings(case=case.id, number=number, bindings=[], complete=True, by=BY, at=OPENED)
    later = [NewBinding(ServiceKind.PAYMENT, "某支付")]
    [new] = bindings.declare_bindings(
        case=case.id, number=number, bindings=later, complete=False, by=BY, at=OPENED
    )
    bindings.unbind(case=case.id, binding=new, unbound_at=OPENED, by=BY, at=OPENED)
    with pytest.raises(NumberBound):
        _cut(case, at=OPENED + 2)
    bindings.declare_bindings(case=case.id, number=number, bindings=[], complete=True, by=BY, at=OPENED + 2)
    assert _cut(case, at=OPENED + 3) == OPENED + 3 + 90 * DAY


def _leaver_signs_in(house: Company) -> UUID:
    key = access_operations.admit_person(
        sign_in="heqing", name="何青", staff=house.staff[LEAVER], by=BY, at=OPENED
    )
    for role in (Role.STAFF, Role.SALES_LEAD):
        access_operations.grant_role(person=key, role=role, begins_at=OPENED, by=BY, at=OPENED)
    passkey = NewPasskey(b"credential", b"data", 1)
    access_operations.register_passkey(person=key, passkey=passkey, label="手机", by=BY, at=OPENED)
    return key


@pytest.mark.req("R2.26")
def test_staff_access_ends_at_the_last_minute_of_service_and_the_persons_own_door_stays(house, case):
    key = _leaver_signs_in(house)
    session = persons.user(key).get_session_auth_hash()
    assert may(persons.person(key), Permission.SEE_ACCOUNTS, at=case.last_minute - 1)
    with pytest.raises(TooEarly):
        cutting.cut_access(case=case.id, by=BY, at=case.last_minute - 1)
    assert cutting.due_to_cut(at=case.last_minute - 1) == []
    assert [c.id for c in cutting.due_to_cut(at=case.last_minute)] == [case.id]
    done = cutting.cut_access(case=case.id, by=BY, at=case.last_minute)
    assert (done.persons, done.grants, done.verified) == (1, 2, True)
    assert not may(persons.person(key), Permission.SEE_ACCOUNTS, at=case.last_minute)
    assert persons.user(key).get_session_auth_hash() != session
    assert len(persons.passkeys(key)) == 1
    account = house.accounts[LEAVER]
    assert asset_queries.accounts_by_id([account])[account].state is AccountState.LEAVING
    assert cutting.cut_access(case=case.id, by=BY, at=LATER) == done
    assert cutting.due_to_cut(at=LATER) == []
    assert run(checks({})).findings == ()


def test_an_account_that_came_back_to_the_leaver_is_marked_when_access_is_cut(house, case):
    account = house.accounts[LEAVER]
    at = case.last_minute
    assets.take_back(asset_id=account, begins_at=ON_LAST, by=BY, at=ON_LAST)
    assets.hand_over(
        asset_id=house.accounts[RECEIVER], to_staff=case.staff_id, begins_at=ON_LAST, by=BY, at=ON_LAST
    )
    assets.acknowledge(
        account_id=house.accounts[RECEIVER],
        staff_id=case.staff_id,
        paper=PAPER,
        signed_at=ON_LAST,
        by=BY,
        at=ON_LAST,
    )
    done = cutting.cut_access(case=case.id, by=BY, at=at)
    assert (done.persons, done.accounts, done.verified) == (0, 1, True)
    states = asset_queries.accounts_by_id([account, house.accounts[RECEIVER]])
    assert states[house.accounts[RECEIVER]].state is AccountState.LEAVING
    assert states[account].state is AccountState.DELIVERED


@pytest.mark.req("R2.26")
def test_an_attempt_after_the_end_opens_an_incident_and_one_before_it_does_not(house, case):
    with pytest.raises(NotLate):
        cutting.record_attempt_after(
            case=case.id, act=LateAct.EXPORT, tried_at=case.last_minute - 1, by=BY, at=LATER
        )
    incident = cutting.record_attempt_after(case=case.id, act=LateAct.EXPORT, tried_at=LATER, by=BY, at=LATER)
    assert (incident.kind, incident.title) == (MatterKind.INCIDENT, f"离职后第 5 日导出数据（{case.number}）")
    assert [p.person for p in incident.people] == [case.staff_id]
    assert cutting.attempts_after(case.id) == [(LateAct.EXPORT, LATER, incident.id)]
    assert incident.number in {m.number for m in matters.open_matters(kind=MatterKind.INCIDENT)}
