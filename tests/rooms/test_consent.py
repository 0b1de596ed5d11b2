"""The consent room on a real database: what its operations write, refuse and skip, and what the gate reads of it."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from hashlib import sha256
from itertools import product
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.types import AccountType, GroupKind, HolderKind, NewAccount, NewGroup, NewHolding, Signature
from jieli.consent import operations, queries
from jieli.consent.gate import Gate
from jieli.consent.loading import known_days
from jieli.consent.models import CalendarDay, ConsentStep, Document, Notice, Shift
from jieli.consent.reasons import Reason
from jieli.consent.types import (
    CHAT,
    Basis,
    DayKind,
    DefaultShift,
    DocumentKind,
    GateMessage,
    Means,
    NewConsent,
    NewDocument,
    NewLeave,
    NewNotice,
    NewShift,
    Rules,
    Scope,
    ShiftKind,
    StatedBy,
    Step,
    SubjectKind,
)
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY, HOUR, start_of_day
from jieli.ledger import locks
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import NewCustomer, NewEntity, NewIdentity, NewStaff, NewUnit
from tests.conftest import NOW
from tests.rooms.kept_papers import keep

BY, PLATFORM = "system:test", "wecom"
WORK = start_of_day(date(2026, 9, 22))  # a Tuesday, the day after NOW
AT = WORK + 30 * HOUR  # when messages are pulled
NOTICE = NewNotice(
    kind=SubjectKind.STAFF, title="会话内容存档告知书", text="全文：本公司仅在工作时间保存与客户的沟通。",
    means=(Means.CHAT, Means.CALL), scopes=(Scope.CAPTURE, Scope.EVIDENCE), purpose="客户沟通留痕", hours="仅工作时间",
    use="投诉溯源、争议举证", retention="三年", categories="文字、通话录音", contact="青禾茶业有限公司 400-000-0000",
    rights="可随时查阅、异议、撤回", summary="您同意的是工作账号里与客户的沟通被保存；定位、屏幕可以拒绝，不受影响。",
)  # fmt: skip


@dataclass
class House:
    staff: dict[str, UUID]
    customers: dict[str, UUID]
    accounts: dict[str, UUID]
    notice: UUID


def _registers(names: Sequence[str], customers: Sequence[str]) -> House:
    parties.register_entities([NewEntity("QH", "青禾茶业有限公司")], by=BY, at=NOW)
    entity = party_queries.entities_by_code()["QH"]
    parties.register_units([NewUnit("S1", "门店一部", entity)], by=BY, at=NOW)
    unit = party_queries.units_by_code()["S1"]
    parties.register_staff(
        [NewStaff(n, f"员工{n}", unit, "销售", date(2026, 1, 5)) for n in names], by=BY, at=NOW
    )
    parties.register_customers([NewCustomer(c, f"客户{c}") for c in customers], by=BY, at=NOW)
    staff = {no: ref.id for no, ref in party_queries.staff_by_no().items()}
    clients = {no: ref.id for no, ref in party_queries.customers_by_no().items()}
    parties.register_identities([NewIdentity(clients[c], PLATFORM, c) for c in customers], by=BY, at=NOW)
    kinds = [NewAccount(PLATFORM, n, AccountType.WORK_CHAT, entity, new=True) for n in names]
    assets.register_accounts(kinds, by=BY, at=NOW)
    accounts = {h: ref.id for h, ref in asset_queries.accounts(PLATFORM).items()}
    assets.load_holdings(
        [NewHolding(accounts[n], HolderKind.STAFF, NOW - DAY, staff_id=staff[n]) for n in names],
        by=BY,
        at=NOW,
    )
    return House(staff, clients, accounts, UUID(int=0))


def _founded(names: Sequence[str] = ("wang", "zhao"), customers: Sequence[str] = ("lin", "he")) -> House:
    """A house where everything is in order: signed, papers, notice, consent, shifts, calendar; customers agreed."""
    house = _registers(names, customers)
    keep(UUID(int=7))
    assets.acknowledge_many(
        [Signature(house.accounts[n], house.staff[n], UUID(int=7), NOW) for n in names], by=BY, at=NOW
    )
    operations.load_documents(_papers(house.staff.values()), by=BY, at=NOW)
    house.notice = operations.publish_notice(NOTICE, by=BY, at=NOW)
    operations.serve(
        notice=house.notice, subject_kind=SubjectKind.STAFF, subjects=list(house.staff.values()), claimed_at=NOW,
        how="企业微信", by=BY, at=NOW,
    )  # fmt: skip
    operations.give([_yes(house, n) for n in names], by=BY, at=NOW)
    operations.load_shifts([_shift(house, n) for n in names], by=BY, at=NOW)
    operations.load_calendar(2026, by=BY, at=NOW)
    operations.record_platform_consents(
        [_line(c, names) for c in customers], platform=PLATFORM, by=BY, at=NOW
    )
    return house


def _papers(staff: Any) -> list[NewDocument]:
    return [NewDocument(who, kind, date(2026, 9, 1)) for who in staff for kind in DocumentKind]


def _yes(house: House, name: str, **others: Any) -> NewConsent:
    said = NewConsent(SubjectKind.STAFF, house.staff[name], Means.CHAT, Scope.CAPTURE, NOW, house.notice)
    return replace(said, **others)


def _shift(house: House, name: str, kind: ShiftKind = ShiftKind.REGULAR) -> NewShift:
    return NewShift(house.staff[name], WORK + 9 * HOUR, WORK + 18 * HOUR, kind)


def _line(
    customer: str, staff: Sequence[str], *, agreed: bool = True, at_ms: int = NOW, room: str = ""
) -> Any:
    return SimpleNamespace(
        message_id=f"{customer}-{agreed}-{at_ms}", raw=b"{}", customer=customer, staff=tuple(staff), room=room,
        agreed=agreed, at_ms=at_ms,
    )  # fmt: skip


def _says(sender: str, receiver: str, hour: int = 10) -> GateMessage:
    return GateMessage(CHAT, WORK + hour * HOUR, None, "", sender, (receiver,))


def _judged(*messages: GateMessage, at: int = AT, historical: bool = False) -> list[Any]:
    """The answers of one import: read and judged under the lock, in a book of its own."""
    with book(at=at) as b:
        locks.read_bases()
        gate = Gate.for_messages(messages, platform=PLATFORM, at=at, historical=historical)
        b.entry("test.import", by=BY)
        return [gate.judge(m) for m in messages]


def _refused(answer: Any) -> list[str]:
    return [] if isinstance(answer, Basis) else [r.value for r in answer]


# -- notices and consents ----------------------------------------------------------------------------


@pytest.mark.req("R3.11", "R3.34")
@pytest.mark.parametrize("name", [f.name for f in fields(NewNotice) if f.name != "kind"])
def test_a_notice_with_anything_missing_cannot_be_published(db: None, name: str) -> None:
    empty: Any = () if name in ("means", "scopes") else "  "
    with pytest.raises(JieliError) as caught:
        operations.publish_notice(replace(NOTICE, **{name: empty}), by=BY, at=NOW)
    assert caught.value.code == "consent.notice_incomplete"
    assert Notice.objects.count() == 0


def test_a_changed_notice_is_a_new_version_and_the_old_one_stays_as_it_was_served(db: None) -> None:
    house = _founded(("wang",), ("lin",))
    operations.publish_notice(replace(NOTICE, text="新的全文"), by=BY, at=NOW + 1)
    assert sorted(Notice.objects.values_list("version", flat=True)) == [1, 2]
    (served,) = queries.notices_served(house.staff["wang"])
    assert (served.version, served.text, served.how) == (1, NOTICE.text, "企业微信")
    assert served.sha256 == sha256(NOTICE.text.encode()).digest()


@pytest.mark.req("R3.3")
def test_consent_without_a_served_notice_is_refused(db: None) -> None:
    house = _registers(("wang",), ())
    house.notice = operations.publish_notice(NOTICE, by=BY, at=NOW)
    with pytest.raises(JieliError) as caught:
        operations.give([_yes(house, "wang")], by=BY, at=NOW)
    assert caught.value.code == "consent.no_notice"


def test_consent_claimed_before_its_notice_reached_the_person_is_refused(db: None) -> None:
    house = _founded(("wang",), ())
    with pytest.raises(JieliError) as caught:
        operations.give([_yes(house, "wang", claimed_at=NOW - 1)], by=BY, at=NOW + 1)
    assert caught.value.code == "consent.no_notice"


@pytest.mark.req("R3.27", "R3.32")
@pytest.mark.parametrize("what", [{"means": Means.LOCATION}, {"scope": Scope.THIRD_PARTY}])
def test_a_notice_carries_consent_only_for_what_it_names(db: None, what: dict[str, Any]) -> None:
    house = _founded(("wang",), ())
    with pytest.raises(JieliError) as caught:
        operations.give([_yes(house, "wang", **what)], by=BY, at=NOW + 1)
    assert caught.value.code == "consent.no_notice"


def test_one_bad_consent_leaves_all_of_the_call_unwritten(db: None) -> None:
    house = _founded()
    before = ConsentStep.objects.count()
    good, bad = _yes(house, "wang", scope=Scope.EVIDENCE), _yes(house, "zhao", means=Means.SCREEN)
    with pytest.raises(JieliError):
        operations.give([good, bad], by=BY, at=NOW + 1)
    assert ConsentStep.objects.count() == before


def test_a_refusal_needs_no_notice(db: None) -> None:
    house = _founded(("wang",), ("lin",))
    operations.give([_yes(house, "wang", step=Step.REFUSE, notice=None)], by=BY, at=NOW + 1)
    assert _refused(*_judged(_says("wang", "lin"))) == ["未同意"]


def test_nothing_is_claimed_from_the_future(db: None) -> None:
    house = _founded(("wang",), ())
    for call in (
        lambda: operations.give([_yes(house, "wang", claimed_at=NOW + 2)], by=BY, at=NOW + 1),
        lambda: operations.serve(
            notice=house.notice, subject_kind=SubjectKind.STAFF, subjects=[house.staff["wang"]],
            claimed_at=NOW + 2, how="当面", by=BY, at=NOW + 1,
        ),
        lambda: operations.load_documents(
            [NewDocument(house.staff["wang"], DocumentKind.HANDBOOK, date(2026, 9, 23))], by=BY, at=NOW + 1
        ),
    ):  # fmt: skip
        with pytest.raises(JieliError) as caught:
            call()
        assert caught.value.code == "consent.claimed_in_future"


@pytest.mark.req("R3.13")
def test_an_objection_stops_recording_until_it_is_answered_with_reasons(db: None) -> None:
    house = _founded(("wang",), ("lin",))
    who = {"subject_kind": SubjectKind.STAFF, "subject": house.staff["wang"], "means": Means.CHAT}
    operations.object_(**who, scopes=[Scope.CAPTURE], claimed_at=WORK, by=BY, at=WORK)
    assert _refused(*_judged(_says("wang", "lin"), at=WORK + 11 * HOUR)) == ["有异议待答复"]
    answer = {**who, "scope": Scope.CAPTURE, "claimed_at": WORK + 12 * HOUR, "by": BY, "at": WORK + 12 * HOUR}
    with pytest.raises(JieliError):
        operations.answer_objection(**answer, reply=" ")
    operations.answer_objection(**answer, reply="已核对：仅保存与客户的沟通。")
    assert [_refused(a) for a in _judged(_says("wang", "lin"), _says("wang", "lin", 13))] == [
        ["有异议待答复"],
        [],
    ]
    assert [s.step for s in queries.statements(house.staff["wang"])] == [
        Step.AGREE,
        Step.OBJECT,
        Step.ANSWERED,
    ]


def test_an_answer_to_nothing_is_refused(db: None) -> None:
    house = _founded(("wang",), ())
    with pytest.raises(JieliError) as caught:
        operations.answer_objection(
            subject_kind=SubjectKind.STAFF, subject=house.staff["wang"], means=Means.CHAT, scope=Scope.CAPTURE,
            reply="无", claimed_at=NOW, by=BY, at=NOW,
        )  # fmt: skip
    assert caught.value.code == "consent.no_such_objection"


# -- what platforms say ------------------------------------------------------------------------------


def test_platform_lines_are_recorded_once_and_hold_towards_the_named_account_only(db: None) -> None:
    _founded(customers=())
    parties.register_customers([NewCustomer("lin", "林晚")], by=BY, at=NOW)
    lin = party_queries.customers_by_no()["lin"].id
    parties.register_identities([NewIdentity(lin, PLATFORM, "lin")], by=BY, at=NOW)
    line = _line("lin", ["wang"])
    told = [operations.record_platform_consents([line, line], platform=PLATFORM, by=BY, at=NOW) for _ in "12"]
    assert [(t.recorded, t.known) for t in told] == [(1, 0), (0, 1)]
    answers = _judged(_says("lin", "wang"), _says("lin", "zhao"))
    assert [_refused(a) for a in answers] == [[], ["客户未同意"]]


@pytest.mark.req("R3.29")
def test_a_platforms_refusal_closes_both_directions_of_the_conversation(db: None) -> None:
    _founded(("wang",), ("lin",))
    refusal = _line("lin", ["wang"], agreed=False, at_ms=WORK)
    operations.record_platform_consents([refusal], platform=PLATFORM, by=BY, at=AT)
    assert [_refused(a) for a in _judged(_says("lin", "wang"), _says("wang", "lin"))] == [["客户未同意"]] * 2


def test_a_refusal_of_somebody_unknown_holds_once_he_is_registered(db: None) -> None:
    _founded(("wang",), ())
    lines = [_line("lin", ["wang"]), _line("lin", [], agreed=False, at_ms=NOW + 1)]
    operations.record_platform_consents(lines, platform=PLATFORM, by=BY, at=NOW + 1)
    parties.register_customers([NewCustomer("lin", "林晚")], by=BY, at=NOW + 2)
    lin = party_queries.customers_by_no()["lin"].id
    parties.register_identities([NewIdentity(lin, PLATFORM, "lin")], by=BY, at=NOW + 2)
    assert _refused(*_judged(_says("lin", "wang"))) == ["客户未同意"]


def test_an_agreement_with_an_impossible_time_is_no_basis_but_such_a_refusal_is_kept(db: None) -> None:
    _founded(("wang",), ("lin",))
    lines = [
        _line("he", ["wang"], at_ms=NOW // 1000),
        _line("lin", ["wang"], agreed=False, at_ms=NOW // 1000),
    ]
    outcome = operations.record_platform_consents(lines, platform=PLATFORM, by=BY, at=NOW + 1)
    assert (outcome.recorded, outcome.implausible) == (1, 1)


# -- bulk loads --------------------------------------------------------------------------------------


def test_loading_the_same_sheets_twice_writes_nothing_the_second_time(db: None) -> None:
    house = _founded()
    size = ledger.head(ledger.live_log()).size
    leave = [NewLeave(house.staff["wang"], WORK, WORK + DAY, "年假")]
    assert operations.load_leave(leave, by=BY, at=NOW).new == 1
    again = [
        operations.load_leave(leave, by=BY, at=NOW),
        operations.load_documents(_papers(house.staff.values()), by=BY, at=NOW),
        operations.load_shifts([_shift(house, "wang"), _shift(house, "zhao")], by=BY, at=NOW),
        operations.load_calendar(2026, by=BY, at=NOW),
    ]
    assert [(o.new, o.unchanged) for o in again] == [(0, 1), (0, 8), (0, 2), (0, 365)]
    assert ledger.head(ledger.live_log()).size == size + 1


def test_a_shift_can_be_cancelled_and_set_again(db: None) -> None:
    house = _founded(("wang",), ("lin",))
    operations.load_shifts([_shift(house, "wang", ShiftKind.CANCELLED)], by=BY, at=NOW + 1)
    assert _refused(*_judged(_says("wang", "lin"), at=WORK + 11 * HOUR)) == ["休息日"]
    operations.load_shifts([_shift(house, "wang")], by=BY, at=WORK + 12 * HOUR)
    answers = _judged(_says("wang", "lin"), _says("wang", "lin", 13))
    assert [_refused(a) for a in answers] == [["非工作时间"], []]
    assert list(Shift.objects.order_by("revision").values_list("revision", "kind")) == [
        (1, "班次"), (2, "取消"), (3, "班次"),
    ]  # fmt: skip


@pytest.mark.parametrize(("begins", "ends"), [(WORK, WORK), (WORK + 1, WORK), (WORK, WORK + 3 * DAY)])
def test_an_impossible_shift_is_refused(db: None, begins: int, ends: int) -> None:
    with pytest.raises(JieliError) as caught:
        operations.load_shifts([NewShift(uuid4(), begins, ends)], by=BY, at=NOW)
    assert caught.value.code == "consent.bad_span"


def test_a_year_nobody_has_published_is_refused_and_stays_unknown(db: None) -> None:
    with pytest.raises(JieliError) as caught:
        operations.load_calendar(2035, by=BY, at=NOW)
    assert caught.value.code == "consent.calendar_unknown"
    assert CalendarDay.objects.count() == 0


def test_a_correction_of_the_calendar_counts_and_what_was_believed_stays(db: None) -> None:
    _founded(("wang",), ("lin",))
    corrected = known_days(2026) | {date(2026, 9, 22): DayKind.HOLIDAY}
    with pytest.raises(JieliError):
        operations.load_calendar(2026, days=corrected, source="", by=BY, at=NOW + 1)
    outcome = operations.load_calendar(2026, days=corrected, source="临时放假通知", by=BY, at=NOW + 1)
    assert outcome.new == 1
    assert CalendarDay.objects.filter(day=date(2026, 9, 22)).count() == 2
    assert _refused(*_judged(_says("wang", "lin"))) == ["法定节假日"]


def test_the_calendar_knows_exchanged_days(db: None) -> None:
    operations.load_calendar(2026, by=BY, at=NOW)
    kinds = dict(CalendarDay.objects.values_list("day", "kind"))
    assert [kinds[date(2026, *d)] for d in ((9, 20), (9, 21), (9, 26), (10, 1), (10, 11))] == [
        "调休上班", "工作日", "法定节假日", "法定节假日", "休息日",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "rules", [Rules(posts=frozenset({""})), Rules(default_shifts={"客服": DefaultShift(600, 600)})]
)
def test_a_policy_that_says_nothing_clear_is_refused(db: None, rules: Rules) -> None:
    with pytest.raises(JieliError) as caught:
        operations.set_policy(rules, starts_at=NOW, by=BY, at=NOW)
    assert caught.value.code == "consent.bad_policy"


@pytest.mark.req("R3.10")
def test_no_policy_whatever_records_somebody_who_was_not_told_or_did_not_agree(db: None) -> None:
    house = _registers(("wang",), ("lin",))
    operations.load_shifts([_shift(house, "wang")], by=BY, at=NOW)
    operations.load_calendar(2026, by=BY, at=NOW)
    assert {f.name for f in fields(Rules)} == {"posts", "default_shifts", "late_withdrawal", "default_agree"}
    shifts = {"销售": DefaultShift(0, 1440)}
    for late, default, hours in product((False, True), (False, True), ({}, shifts)):
        rules = Rules(frozenset({"销售"}), hours, late, default)
        operations.set_policy(rules, starts_at=0, by=BY, at=AT)
        for answer in _judged(_says("wang", "lin"), _says("lin", "wang"), historical=True):
            assert {"未告知", "未同意"} <= set(_refused(answer))


# -- the gate over the database ----------------------------------------------------------------------


def test_every_row_of_a_basis_stands_in_the_book_before_the_batch(db: None) -> None:
    _founded()
    (basis,) = _judged(_says("lin", "wang"))
    batch = ledger.head(ledger.live_log()).size - 1
    assert isinstance(basis, Basis)
    assert {table for table, _ in basis.rows} == {
        "assets_account", "assets_holding", "assets_acknowledgement", "parties_staff", "consent_document",
        "consent_served", "consent_step", "consent_shift", "consent_calendar_day", "parties_customer_identity",
        "parties_customer",
    }  # fmt: skip
    for table, row in basis.rows:
        assert ledger.first_recorded(table, [row])[row].entry < batch


def test_a_basis_written_in_the_same_transaction_admits_nothing(db: None) -> None:
    house = _founded(("wang",), ("lin",))
    operations.withdraw(
        subject_kind=SubjectKind.STAFF, subject=house.staff["wang"], means=Means.CHAT, scopes=[Scope.CAPTURE],
        claimed_at=NOW + 1, by=BY, at=NOW + 1,
    )  # fmt: skip
    with book(at=WORK):
        operations.give([_yes(house, "wang", claimed_at=WORK)], by=BY, at=WORK)
        assert _refused(*_judged(_says("wang", "lin"), at=WORK + 11 * HOUR)) == ["已撤回"]
    assert _refused(*_judged(_says("wang", "lin"))) == []


def test_consent_entered_late_admits_only_a_historical_import_and_is_marked(db: None) -> None:
    house = _founded(("zhao",), ("lin",))
    parties.register_staff(
        [NewStaff("wang", "员工", party_queries.units_by_code()["S1"], "销售", date(2026, 1, 5))],
        by=BY,
        at=NOW,
    )
    house.staff["wang"] = party_queries.staff_by_no()["wang"].id
    operations.load_documents(_papers([house.staff["wang"]]), by=BY, at=NOW)
    operations.load_shifts([_shift(house, "wang")], by=BY, at=NOW)
    operations.serve(
        notice=house.notice, subject_kind=SubjectKind.STAFF, subjects=[house.staff["wang"]], claimed_at=NOW,
        how="当面", by=BY, at=NOW,
    )  # fmt: skip
    keep(UUID(int=8), UUID(int=9))
    assets.hand_over(
        asset_id=house.accounts["zhao"], to_staff=house.staff["wang"], begins_at=NOW + 1, paper=UUID(int=8), by=BY,
        at=NOW + 1,
    )  # fmt: skip
    assets.acknowledge(
        account_id=house.accounts["zhao"], staff_id=house.staff["wang"], paper=UUID(int=9), signed_at=NOW + 2,
        by=BY, at=NOW + 2,
    )  # fmt: skip
    operations.give([_yes(house, "wang", claimed_at=NOW + 3)], by=BY, at=WORK + 20 * HOUR)
    assert _refused(*_judged(_says("zhao", "lin"))) == ["未同意"]
    (basis,) = _judged(_says("zhao", "lin"), historical=True)
    assert isinstance(basis, Basis)
    assert (basis.documented_later, basis.holder) == (True, house.staff["wang"])


def test_the_end_of_a_holding_does_not_take_back_what_it_was(db: None) -> None:
    house = _founded()
    assets.take_back(asset_id=house.accounts["wang"], begins_at=WORK + 12 * HOUR, by=BY, at=WORK + 12 * HOUR)
    answers = _judged(_says("wang", "lin"), _says("wang", "lin", 13))
    assert [_refused(a) for a in answers] == [[], ["持有人不明"]]


def test_an_id_that_moved_to_another_customer_is_his_only_from_then_on(db: None) -> None:
    house = _founded()
    moved = [NewIdentity(house.customers["he"], PLATFORM, "lin")]
    parties.register_identities(moved, by=BY, at=WORK + 12 * HOUR)
    answers = _judged(_says("lin", "wang"), _says("lin", "wang", 13))
    assert [_refused(a) for a in answers] == [["非客户会话", "发言人不明"], []]
    assert answers[1].speaker == house.customers["he"]


def test_a_registered_internal_group_is_refused_and_a_customers_group_is_not(db: None) -> None:
    _founded()
    groups = [NewGroup(PLATFORM, "r0", GroupKind.INTERNAL), NewGroup(PLATFORM, "r1", GroupKind.CUSTOMER)]
    assets.register_groups(groups, by=BY, at=NOW)
    agreed = [_line("lin", [], room="r1", at_ms=NOW + 1)]
    operations.record_platform_consents(agreed, platform=PLATFORM, by=BY, at=NOW + 1)
    messages = [
        GateMessage(CHAT, WORK + 10 * HOUR, None, room, sender, tuple({"wang", "zhao", "lin"} - {sender}))
        for room, sender in (("r0", "wang"), ("r1", "wang"), ("r1", "lin"))
    ]
    assert [_refused(a) for a in _judged(*messages)] == [["非客户会话"], [], []]


def test_reading_the_gate_takes_the_same_queries_for_two_people_and_for_forty(db: None) -> None:
    names = [f"s{n}" for n in range(20)]
    clients = [f"c{n}" for n in range(20)]
    _founded(names, clients)
    few = [_says("c0", "s0")]
    many = [_says(c, s) for c, s in zip(clients, names, strict=True)]
    counts = []
    for messages in (few, many):
        with CaptureQueriesContext(connection) as seen:
            answers = _judged(*messages)
        assert all(isinstance(a, Basis) for a in answers)
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] < 70


def test_a_gate_answers_for_a_later_batch_until_something_it_rests_on_is_written(db: None) -> None:
    house = _founded()
    asked = [_says("wang", "lin"), _says("lin", "wang", 17)]

    def still_answers(*messages: GateMessage) -> bool:
        with book(at=AT) as b:
            locks.read_bases()
            b.entry("test.import", by=BY)
            return gate.still_answers(messages)

    with book(at=AT) as b:
        locks.read_bases()
        gate = Gate.for_messages(asked, platform=PLATFORM, at=AT)
        b.entry("test.import", by=BY)
    assert still_answers(*asked, _says("wang", "lin", 12))
    assert not still_answers(_says("zhao", "lin"))
    assert not still_answers(_says("wang", "lin", 18))
    assert not still_answers(GateMessage(CHAT, WORK + 10 * HOUR, None, "r1", "wang", ("lin",)))
    operations.load_leave([NewLeave(house.staff["zhao"], WORK, WORK + DAY, "病假")], by=BY, at=AT)
    assert not still_answers(*asked)


# -- screens -----------------------------------------------------------------------------------------


@pytest.mark.req("R3.34")
def test_a_persons_page_says_what_is_recorded_what_not_and_what_would_have_to_happen(db: None) -> None:
    house = _founded(("wang",), ())
    page = queries.person(house.staff["wang"], at=WORK + 10 * HOUR)
    chat, call = page.means
    assert (chat.recorded, chat.against) == (True, ())
    assert (call.recorded, [a.reason for a in call.against]) == (False, [Reason.NOT_AGREED])
    assert all(a.remedy for a in call.against)
    assert page.in_force == {(Means.CHAT, Scope.CAPTURE)}
    evening = queries.person(house.staff["wang"], at=WORK + 20 * HOUR)
    assert [a.reason for a in evening.means[0].against] == [Reason.OFF_SHIFT]


@pytest.mark.req("R3.15")
def test_the_gap_table_names_what_each_one_lacks_and_not_who_refused(db: None) -> None:
    house = _founded(("gao", "wang", "zhao"), ())
    operations.withdraw(
        subject_kind=SubjectKind.STAFF, subject=house.staff["zhao"], means=Means.CHAT, scopes=[Scope.CAPTURE],
        claimed_at=NOW + 1, stated_by=StatedBy.SELF, by=BY, at=NOW + 1,
    )  # fmt: skip
    assert [(g.staff_no, g.missing) for g in queries.gaps(at=AT, platform=PLATFORM)] == [
        ("zhao", ("未同意",))
    ]
    (unit,) = queries.coverage(at=AT, platform=PLATFORM)
    assert (unit.staff, unit.notified, unit.agreed, unit.documents, unit.signed, unit.complete) == (
        3,
        3,
        2,
        3,
        3,
        2,
    )


@pytest.mark.req("R0.48")
def test_on_the_first_day_everybody_is_in_the_gap_table_in_the_same_number_of_queries(db: None) -> None:
    house = _registers([f"s{n:03}" for n in range(120)], ())
    operations.load_documents(_papers([house.staff["s000"]])[:3], by=BY, at=NOW)
    with CaptureQueriesContext(connection) as seen:
        found = queries.gaps(at=AT, platform=PLATFORM)
    assert len(found) == 120
    assert found[0].missing == ("账号未签确认", "缺同意书", "未告知", "未同意")
    assert len(found[1].missing) == 7
    assert len(seen) < 30


def test_documents_are_kept_once_with_their_paper(db: None) -> None:
    house = _founded(("wang",), ())
    paper = uuid4()
    keep(paper)
    rows = [
        NewDocument(house.staff["wang"], DocumentKind.HANDBOOK, date(2026, 9, 1), paper, "员工手册2026版")
    ]
    assert operations.load_documents(rows, by=BY, at=NOW).new == 1
    assert Document.objects.get(paper=paper).title == "员工手册2026版"
