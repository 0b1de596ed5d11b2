"""A leaving from notice to the end: snapshot, duties, four lists, signatures, tries, follow-up, closing."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.policy import Event
from jieli.assets.types import AccountState
from jieli.duties import queries as duties
from jieli.duties.types import DutyState, Side
from jieli.handover import operations as handover
from jieli.handover import queries
from jieli.handover.errors import CannotClose, CannotOpen, CaseClosed, Hostage, NotInCase, NotOurCertificate
from jieli.handover.gathering import digest_of
from jieli.handover.models import Case, SnapshotLine
from jieli.handover.shown import CaseView
from jieli.handover.types import (
    Answer,
    CaseRef,
    Confirmation,
    DataClass,
    HandList,
    ItemState,
    LeavingReason,
    LineClass,
    ListKind,
    NewCommission,
    NewPromise,
    NewSettlement,
    Party,
    PlatformCustomer,
    Role,
    Source,
    Stage,
    Statement,
)
from jieli.kernel.times import DAY, local_day
from jieli.ledger import checks, fsck
from jieli.ledger.operations import book
from jieli.matters import queries as matters
from jieli.papers import operations as papers
from jieli.papers.signing import Channel, Outcome
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import EngagementKind, NewEngagement
from tests.rooms import leaving
from tests.rooms.company import BY, Client, Company, bring, chat, company, vault  # noqa: F401
from tests.rooms.leaving import (
    IMEI,
    LAST,
    LEAVER,
    NOTICE,
    NUMBER,
    RECEIVER,
    SUPERVISOR,
    duty,
    fulfil,
    give_back,
    leaves,
    noon,
    order_of,
    scan,
    sheet,
    signed,
)

pytestmark = pytest.mark.usefixtures("db")
OPENED = noon(date(2026, 9, 2))
ON_LAST = noon(LAST)
LATER = noon(LAST + timedelta(days=5))


@pytest.fixture
def house(db: None) -> Company:
    return leaving.firm()


@pytest.fixture
def case(house: Company) -> CaseRef:
    return leaves(house)


def listed(case: CaseRef, kind: ListKind, *, at: int) -> HandList:
    return next(one for one in queries.lists(case, at=at) if one.kind is kind)


def states(case: CaseRef, kind: ListKind, *, at: int) -> dict[str, ItemState]:
    return {item.key: item.state for item in listed(case, kind, at=at).items}


def seen(case: CaseRef, *, at: int) -> CaseView:
    return queries.view(case.number, at=at)


def recovered(house: Company) -> None:
    assets.mark_accounts(Event.RECOVERED, account_ids=[house.accounts[LEAVER]], by=BY, at=ON_LAST)


def at_stage(case: CaseRef, stage: Stage) -> None:
    """What the audit, the hand-over, the keeping and the purge do on their way."""
    row = Case.objects.get(id=case.id)
    row.stage = stage.value
    with book(at=ON_LAST) as b:
        b.entry("test.stage", by=BY).revise(row)


def confirmed(case: CaseRef, *asked: Confirmation, at: int = LATER, answer: bool = True) -> None:
    for one in asked:
        handover.follow_up(
            case=case.id, asked=one, confirmed=answer, who="何青", visitor="岑溪", visited_on=local_day(at),
            by=BY, at=at,
        )  # fmt: skip


def finished(house: Company, case: CaseRef) -> None:
    """Everything is handed over, tested, signed and fulfilled."""
    give_back(house, case, at=ON_LAST)
    recovered(house)
    signed(sheet(case, at=ON_LAST), at=ON_LAST)
    fulfil(case, Side.STAFF, Side.COMPANY, at=ON_LAST)


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────


def test_opening_writes_down_everything_held_and_lays_both_sides_duties(house: Company) -> None:
    case = leaves(house)
    assert (case.number, case.stage, case.engagement_kind) == (
        "M-2026-0001",
        Stage.OPEN,
        EngagementKind.LABOUR,
    )
    found = queries.snapshot(case.id)
    keys = {cls: [line.key for line in found.of(cls)] for cls in LineClass}
    assert keys == {
        LineClass.ACCOUNT: [f"wecom {LEAVER}"],
        LineClass.NUMBER: [NUMBER],
        LineClass.DEVICE: [IMEI],
        LineClass.GROUP: [],
        LineClass.CUSTOMER: ["wm-lin"],
        LineClass.ORDER: ["D-1", "D-2"],
    }
    assert found.digest == case.digest == digest_of(found.lines).hex()
    owed = duties.of_matter(case.matter)
    assert {Side.COMPANY, Side.STAFF} == {d.owed_by for d in owed}
    assert duty(case, Side.COMPANY, "出具解除（终止）劳动合同证明书").due is not None
    assert asset_queries.accounts("wecom")[LEAVER].state is AccountState.LEAVING
    assert {p.role for p in matters.matter(case.number).people} == {"移交人", "接收人", "监交人"}


def test_customers_come_from_conversations_and_from_the_platform_s_own_list_too(vault: None) -> None:  # noqa: F811
    house = leaving.firm()
    bring([chat(1, "春茶到了吗", sender="wm-gu", when="2026-09-18 10:00")])
    told = (PlatformCustomer("wecom", "wm-lin"), PlatformCustomer("wecom", "wm-new", "未登记的客户"))
    case = leaves(house, at=noon(date(2026, 9, 22)), last_day=date(2026, 9, 30), platform=told)
    lines = queries.snapshot(case.id).of(LineClass.CUSTOMER)
    assert {(line.key, line.subject is None) for line in lines} == {
        ("wm-gu", False),
        ("wm-lin", False),
        ("wecom wm-new", True),
    }
    talk = listed(case, ListKind.DATA, at=ON_LAST).data[2]
    assert (talk.cls, talk.count, talk.first) == (DataClass.TALK, 1, date(2026, 9, 18))
    assert talk.note == "已存档 1 条"


@pytest.mark.req("R0.35")
def test_the_data_list_has_four_rows_with_counts_spans_and_hashes(case: CaseRef) -> None:
    rows = listed(case, ListKind.DATA, at=OPENED).data
    assert [row.cls for row in rows] == list(DataClass)
    assert [row.count for row in rows] == [1, 2, 0, 0]
    trade, spending = rows[1], rows[3]
    assert (trade.amount_fen, trade.first, trade.last) == (164_000, date(2026, 8, 3), date(2026, 9, 2))
    assert spending.note == "未登记投入凭证"
    assert all(len(row.digest) == 64 for row in rows)
    handover.record_spending(
        case=case.id, count=12, amount_fen=1_690_000, first=date(2026, 3, 1), last=date(2026, 5, 31),
        sha256="ab" * 32, by=BY, at=OPENED,
    )  # fmt: skip
    counted = listed(case, ListKind.DATA, at=OPENED).data[3]
    assert (counted.count, counted.amount_fen, counted.digest) == (12, 1_690_000, "ab" * 32)


def test_a_line_changed_behind_our_back_no_longer_fits_the_digest(
    case: CaseRef, owner_sql: Callable[..., object]
) -> None:
    owner_sql("UPDATE handover_snapshot_line SET key = 'wm-other' WHERE cls = '客户'")
    found = queries.snapshot(case.id)
    assert digest_of(found.lines).hex() != found.digest


def test_somebody_leaves_once_at_a_time(house: Company, case: CaseRef) -> None:
    with pytest.raises(CannotOpen) as refused:
        leaves(house)
    assert refused.value.code == "handover.already_open"
    assert queries.case_of(house.staff[LEAVER]) == case
    assert Case.objects.count() == 1


def test_the_database_itself_keeps_a_second_open_case_out(case: CaseRef) -> None:
    from django.db.utils import IntegrityError

    from jieli.kernel.ids import new_id
    from jieli.matters import operations as matter_operations
    from jieli.matters.types import MatterKind

    other = matter_operations.open_matter(kind=MatterKind.LEAVING, title="x", by=BY, at=OPENED)
    row = Case.objects.get(id=case.id)
    row.id, row.matter_id = new_id(OPENED), other.id
    with pytest.raises(IntegrityError, match="handover_case_one_open"), book(at=OPENED) as b:
        b.entry("test.second", by=BY).insert(row)


@pytest.mark.parametrize(
    ("rest", "code"),
    [
        ({"last_day": date(2020, 1, 1), "notice_on": date(2020, 1, 1)}, "handover.days"),
        ({"notice_on": date(2027, 1, 1), "last_day": date(2027, 1, 5)}, "handover.days"),
        ({"last_day": date(2026, 8, 1)}, "handover.days"),
        ({"source": Source.OUTSIDE}, "handover.no_approval"),
    ],
)
def test_a_case_that_cannot_be_is_refused_with_its_code(
    house: Company, rest: dict[str, Any], code: str
) -> None:
    with pytest.raises(CannotOpen) as refused:
        leaves(house, **rest)
    assert refused.value.code == code


def test_without_an_engagement_or_with_oneself_as_receiver_nothing_is_opened(house: Company) -> None:
    for rest, code in (
        ({"staff_id": house.staff[RECEIVER], "receiver": None}, "handover.no_engagement"),
        ({"receiver": house.staff[LEAVER]}, "handover.same_person"),
    ):
        with pytest.raises(CannotOpen) as refused:
            leaves(house, **rest)
        assert refused.value.code == code


def test_rows_of_a_sheet_open_together_or_not_at_all(house: Company) -> None:
    good = order_of(house)
    with pytest.raises(CannotOpen):
        handover.open_cases([good, order_of(house, staff_id=house.staff[SUPERVISOR])], by=BY, at=OPENED)
    assert Case.objects.count() == 0
    [made] = handover.open_cases([good], by=BY, at=OPENED)
    assert queries.open_cases() == [made]


def test_1243_customers_are_written_down_without_a_query_for_each(db: None) -> None:
    many = [Client(f"wm-{n:04d}", f"客户{n}", told=False, scopes=()) for n in range(1_242)]
    house = leaving.firm(clients=[Client("wm-lin", "林晚"), *many])
    told = tuple(PlatformCustomer("wecom", c.external) for c in many)
    with CaptureQueriesContext(connections["default"]) as sent:
        case = leaves(house, platform=told)
    assert queries.snapshot(case.id).counts()[LineClass.CUSTOMER] == 1_243
    assert len(sent) < 120


# ── the four lists ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("R0.12")
def test_after_the_exit_day_what_was_not_returned_is_overdue_with_its_days(
    house: Company, case: CaseRef
) -> None:
    key = f"wecom {LEAVER}"
    assert states(case, ListKind.ACCOUNTS, at=ON_LAST) == {key: ItemState.WAITING}
    late = listed(case, ListKind.ACCOUNTS, at=LATER).items[0]
    assert (late.state, late.days_late) == (ItemState.OVERDUE, 5)
    assert states(case, ListKind.DEVICES, at=LATER) == {
        IMEI: ItemState.OVERDUE,
        NUMBER: ItemState.OVERDUE,
    }
    assert queries.view(case.number, at=LATER).status == "逾期"


def test_a_returned_account_is_delivered_until_it_was_tested(house: Company, case: CaseRef) -> None:
    give_back(house, case, at=ON_LAST)
    key = f"wecom {LEAVER}"
    assert states(case, ListKind.ACCOUNTS, at=LATER) == {key: ItemState.DELIVERED}
    assert set(states(case, ListKind.DEVICES, at=LATER).values()) == {ItemState.HANDED}
    assert set(states(case, ListKind.CUSTOMERS, at=LATER).values()) == {ItemState.HANDED}
    recovered(house)
    assert states(case, ListKind.ACCOUNTS, at=LATER) == {key: ItemState.RECOVERED}


def test_what_cannot_be_handed_over_stays_on_the_list_with_the_reason(case: CaseRef) -> None:
    handover.cannot_hand(
        case=case.id, cls=LineClass.DEVICE, key=IMEI, reason="出差途中遗失，已报案", party=Party.STAFF,
        stated_on=NOTICE, by=BY, at=OPENED,
    )  # fmt: skip
    found = next(i for i in listed(case, ListKind.DEVICES, at=LATER).items if i.key == IMEI)
    assert (found.state, found.reason) == (ItemState.UNABLE, "出差途中遗失，已报案（移交人陈述）")
    with pytest.raises(NotInCase):
        handover.cannot_hand(
            case=case.id, cls=LineClass.DEVICE, key="000", reason="没有", party=Party.STAFF, stated_on=NOTICE,
            by=BY, at=OPENED,
        )  # fmt: skip


@pytest.mark.req("R0.47")
def test_a_missing_customer_list_keeps_the_handover_from_being_complete(
    house: Company, case: CaseRef
) -> None:
    give_back(house, case, at=ON_LAST)
    recovered(house)
    fulfil(case, Side.STAFF, Side.COMPANY, at=ON_LAST)
    others = [kind for kind in ListKind if kind is not ListKind.CUSTOMERS]
    signed(sheet(case, lists=others, at=ON_LAST), at=ON_LAST)
    found = seen(case, at=ON_LAST)
    assert found.status != "完成"
    assert [m.text for m in found.completion.company] == ["客户清单尚未生成"]
    rest = papers.receive(
        kind="附件四 客户清单", title="客户清单", content=b"%PDF-1.7 list", media_type="application/pdf",
        by=BY, at=ON_LAST,
    ).id  # fmt: skip
    handover.add_paper(case=case.id, paper=rest, covers=[ListKind.CUSTOMERS], by=BY, at=ON_LAST)
    signed(rest, Role.LEAVER, Role.RECEIVER, at=ON_LAST)
    assert [m.text for m in seen(case, at=ON_LAST).completion.company] == ["客户清单缺监交人签署"]
    signed(rest, Role.SUPERVISOR, at=ON_LAST)
    assert seen(case, at=ON_LAST).status == "完成"


def test_signatures_on_two_versions_of_a_list_are_not_added_up(case: CaseRef) -> None:
    signed(sheet(case, at=ON_LAST), Role.LEAVER, at=ON_LAST)
    second = papers.receive(
        kind="离职工作交接单", title="第二版", content=b"%PDF-1.7 second", media_type="application/pdf",
        by=BY, at=ON_LAST,
    ).id  # fmt: skip
    handover.add_paper(case=case.id, paper=second, covers=list(ListKind), by=BY, at=ON_LAST)
    signed(second, Role.RECEIVER, Role.SUPERVISOR, at=ON_LAST)
    assert listed(case, ListKind.ACCOUNTS, at=ON_LAST).unsigned == (Role.LEAVER,)


@pytest.mark.req("R0.23")
def test_a_leaver_who_did_everything_does_not_make_it_complete_without_the_certificate(
    house: Company, case: CaseRef
) -> None:
    give_back(house, case, at=ON_LAST)
    recovered(house)
    signed(sheet(case, at=ON_LAST), at=ON_LAST)
    certificate = "出具解除（终止）劳动合同证明书"
    fulfil(case, Side.STAFF, Side.COMPANY, but=[certificate], at=ON_LAST)
    found = seen(case, at=ON_LAST)
    assert (found.completion.done, found.completion.staff) == (False, ())
    assert [m.text for m in found.completion.company] == [f"公司未履行：{certificate}（2026-09-18 到期）"]
    paper = scan("证明", at=ON_LAST)
    handover.issue_certificate(case=case.id, paper=paper, issued_on=LAST, by=BY, at=ON_LAST)
    assert seen(case, at=ON_LAST).status == "完成"
    assert duty(case, Side.COMPANY, certificate).paper == paper


# ── what both sides say ──────────────────────────────────────────────────────────────────────────────


def test_both_sides_state_each_order_and_neither_changes_the_other_s_words(case: CaseRef) -> None:
    ours = NewCommission("D-1", "茶礼盒", company=Statement(12_000, text="按 10% 计提"))
    handover.state_commission(case=case.id, lines=[ours], by=BY, at=OPENED)
    theirs = NewCommission("D-1", staff=Statement(15_000, text="约定为 12%"))
    handover.state_commission(case=case.id, lines=[theirs], by=BY, at=OPENED)
    [line] = seen(case, at=OPENED).commission
    assert (line.product, line.company, line.staff) == ("茶礼盒", ours.company, theirs.staff)
    assert not line.agreed
    handover.state_commission(
        case=case.id, lines=[NewCommission("D-1", company=Statement(15_000))], by=BY, at=OPENED
    )
    assert seen(case, at=OPENED).commission[0].agreed


def test_settlement_stands_by_side_and_payment_needs_a_receipt(case: CaseRef) -> None:
    lines = [
        NewSettlement("工资", Party.COMPANY, Statement(850_000), Statement(850_000), LAST),
        NewSettlement("借款", Party.STAFF, Statement(100_000), Statement(80_000)),
    ]
    handover.state_settlement(case=case.id, lines=lines, by=BY, at=OPENED)
    wages, loan = seen(case, at=OPENED).settlement
    assert (wages.agreed, loan.agreed) == (True, False)
    receipt = scan("回单", at=ON_LAST)
    handover.record_payment(case=case.id, line=wages.id, paid_on=LAST, paper=receipt, by=BY, at=ON_LAST)
    assert seen(case, at=ON_LAST).settlement[0].paper == receipt


def test_a_settlement_that_holds_wages_or_commission_hostage_is_not_kept(case: CaseRef) -> None:
    for text in ("工资待账号归还后支付", "未交还账号前不发放提成", "抵扣当月工资"):
        line = NewSettlement("工资", Party.COMPANY, Statement(text=text))
        with pytest.raises(Hostage):
            handover.state_settlement(case=case.id, lines=[line], by=BY, at=OPENED)
    assert seen(case, at=OPENED).settlement == ()


def test_a_promise_is_listed_answered_in_writing_and_found_by_its_customer(
    house: Company, case: CaseRef
) -> None:
    customer = house.customers["wm-lin"]
    [promise] = handover.list_promises(
        case=case.id, promises=[NewPromise(customer, "次年赠茶两盒", date(2026, 8, 3))], by=BY, at=OPENED
    )
    assert "1 项对客户的承诺未书面确认或拒绝" in [m.text for m in seen(case, at=OPENED).completion.company]
    handover.answer_promise(
        case=case.id,
        promise=promise,
        answer=Answer.CONFIRMED,
        answered_on=local_day(OPENED),
        by=BY,
        at=OPENED,
    )
    [line] = queries.promises_to([customer])[customer]
    assert (line.text, line.answer) == ("次年赠茶两盒", Answer.CONFIRMED)


def test_an_objection_stays_as_it_was_made_beside_the_answer(house: Company, case: CaseRef) -> None:
    account = house.accounts[LEAVER]
    objection = handover.object_to(
        case=case.id,
        place="账号清单",
        subject=account,
        text="该号由本人注册",
        made_on=NOTICE,
        by=BY,
        at=OPENED,
    )
    handover.answer_objection(
        case=case.id,
        objection=objection,
        text="注册费由公司支付，附凭证",
        answered_on=NOTICE,
        by=BY,
        at=OPENED,
    )
    [said] = seen(case, at=OPENED).objections
    assert (said.text, said.answer) == ("该号由本人注册", "注册费由公司支付，附凭证")
    assert listed(case, ListKind.ACCOUNTS, at=OPENED).items[0].objections == ("该号由本人注册",)


# ── the certificate ──────────────────────────────────────────────────────────────────────────────────


def test_an_employee_s_certificate_has_the_four_fields_and_a_partner_s_another_title(house: Company) -> None:
    case = leaves(house)
    found = queries.certificate(case)
    assert (found.title, found.issuer) == ("解除（终止）劳动合同证明书", "青禾茶业有限公司")
    assert (found.term, found.ended_on, found.post, found.service) == (
        "2026-01-05至无固定期限或未登记届满日",
        LAST,
        "销售",
        "8个月",
    )


def test_a_partner_gets_the_certificate_of_cooperation(db: None) -> None:
    found = queries.certificate(leaves(leaving.firm(EngagementKind.SERVICE)))
    assert (found.title, found.articles) == ("合作终止证明", ("CC-558", "CC-509"))


def test_a_dispatched_worker_s_certificate_is_not_ours_to_issue(db: None) -> None:
    case = leaves(leaving.firm(EngagementKind.DISPATCH))
    assert queries.certificate(case).issuer == "远帆劳务派遣有限公司"
    with pytest.raises(NotOurCertificate):
        handover.issue_certificate(
            case=case.id, paper=scan("证明", at=ON_LAST), issued_on=LAST, by=BY, at=ON_LAST
        )
    assert [m.who for m in seen(case, at=ON_LAST).completion.sender] == ["远帆劳务派遣有限公司"] * 4


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("R0.32")
def test_one_confirmation_is_not_enough_to_close(house: Company, case: CaseRef) -> None:
    finished(house, case)
    at_stage(case, Stage.PURGED)
    confirmed(case, Confirmation.ACCOUNT)
    with pytest.raises(CannotClose) as refused:
        handover.close(case=case.id, by=BY, at=LATER)
    assert refused.value.missing == ("回访未确认：证明已取得",)
    confirmed(case, Confirmation.CERTIFICATE)
    closed = handover.close(case=case.id, by=BY, at=LATER)
    assert (closed.stage, closed.closed_on) == (Stage.CLOSED, local_day(LATER))
    assert not matters.matter(case.number).open


def test_a_later_no_takes_an_earlier_yes_back(house: Company, case: CaseRef) -> None:
    finished(house, case)
    at_stage(case, Stage.PURGED)
    confirmed(case, *Confirmation)
    confirmed(case, Confirmation.ACCOUNT, answer=False, at=LATER + DAY)
    with pytest.raises(CannotClose) as refused:
        handover.close(case=case.id, by=BY, at=LATER + DAY)
    assert refused.value.missing == ("回访未确认：账号已恢复使用",)


@pytest.mark.req("R3.30")
def test_nothing_is_closed_while_private_content_is_still_kept(house: Company, case: CaseRef) -> None:
    finished(house, case)
    confirmed(case, *Confirmation)
    with pytest.raises(CannotClose) as refused:
        handover.close(case=case.id, by=BY, at=LATER)
    assert refused.value.missing == ("目前处于“交接中”，私人内容尚未清除",)


@pytest.mark.req("R0.43")
def test_secrecy_and_not_profiting_live_on_after_the_case_is_closed(house: Company, case: CaseRef) -> None:
    finished(house, case)
    at_stage(case, Stage.PURGED)
    confirmed(case, *Confirmation)
    handover.close(case=case.id, by=BY, at=LATER)
    for name in ("保密", "不利用曾经管理的信息牟利"):
        assert duty(case, Side.STAFF, name).state is DutyState.CONTINUING
    with pytest.raises(CaseClosed):
        handover.hand_items(case=case.id, kind=ListKind.DATA, handed_on=LAST, by=BY, at=LATER)


def attempts(case: CaseRef, n: int, *witnesses: str) -> None:
    for _ in range(n):
        handover.record_attempt(
            case=case.id, how="电话", tried_on=local_day(LATER), outcome="无人接听", witnesses=witnesses, by=BY,
            at=LATER,
        )  # fmt: skip


def sent_back(case: CaseRef, *, at: int = ON_LAST) -> None:
    """The demand and the certificate went by EMS and came back."""
    paper = sheet(case, at=at)
    sent = papers.deliver(
        paper=paper, to=None, to_name="何青", channel=Channel.EMS, address="确认书所载地址", number="EX0001",
        sent_at=at, by=BY, at=at,
    )  # fmt: skip
    papers.delivery_result(
        delivery=sent.id, outcome=Outcome.RETURNED, proof=scan("退件底单", at=LATER), outcome_at=LATER, by=BY, at=LATER
    )  # fmt: skip


def test_the_missing_is_closed_with_a_note_after_ems_came_back_three_tries_and_two_witnesses(
    house: Company,
) -> None:
    case = leaves(house, reason=LeavingReason.MISSING)
    steps: list[tuple[Callable[[], None], str]] = [
        (lambda: None, "没有附凭证的送达结果"),
        (lambda: sent_back(case), "联系移交人 0 次，不足 3 次"),
        (lambda: attempts(case, 3), "见证人 0 名，不足 2 名"),
        (lambda: attempts(case, 1, "岑溪", "闻笛"), "公司未履行"),
    ]
    for step, first in steps:
        step()
        with pytest.raises(CannotClose) as refused:
            handover.close_noted(case=case.id, note="本人失联", by=BY, at=LATER)
        assert refused.value.missing[0].startswith(first)
    handover.issue_certificate(case=case.id, paper=scan("证明", at=LATER), issued_on=LAST, by=BY, at=LATER)
    fulfil(case, Side.COMPANY, at=LATER)
    closed = handover.close_noted(case=case.id, note="本人失联", by=BY, at=LATER)
    assert closed.stage is Stage.CLOSED_NOTED
    assert closed.note.startswith("本人失联（结案时尚缺：") and "缺移交人签署" in closed.note
    shown = seen(case, at=LATER)
    assert [s for p in shown.papers for s in p.signatures] == []
    assert shown.status == "带注记结案"
    assert "证明" in [p.paper.title for p in shown.papers]


def test_a_leaver_who_does_not_answer_needs_no_witnesses_but_proof_of_delivery(
    house: Company, case: CaseRef
) -> None:
    attempts(case, 3)
    fulfil(case, Side.COMPANY, at=LATER)
    with pytest.raises(CannotClose) as refused:
        handover.close_noted(case=case.id, note="三次联系未答复", by=BY, at=LATER)
    assert refused.value.missing == ("没有附凭证的送达结果",)
    sent_back(case, at=LATER)
    assert (
        handover.close_noted(case=case.id, note="三次联系未答复", by=BY, at=LATER).stage is Stage.CLOSED_NOTED
    )


# ── what pages show ──────────────────────────────────────────────────────────────────────────────────


def test_the_view_shows_both_columns_the_route_the_timeline_and_the_next_step(case: CaseRef) -> None:
    found = seen(case, at=LATER)
    assert (found.staff.name, found.receiver and found.receiver.name) == ("何青", "陆川")
    assert found.route.body == "劳动人事争议仲裁"
    assert {d.name for d in found.leaver} >= {"通知", "协助", "保密", "旧物回收"}
    assert [step.day for step in found.timeline] == sorted(step.day for step in found.timeline)
    assert found.days_late == 5
    assert found.next_step == "人力：账号清单尚未生成"
    assert found.snapshot[LineClass.ORDER] == 2


@pytest.mark.req("R0.6")
def test_the_overview_names_who_is_late_who_must_act_and_the_leaver_without_a_written_handover(
    house: Company, case: CaseRef
) -> None:
    policy = scan("账号管理制度", at=OPENED)
    handover.declare_policy(paper=policy, from_day=NOTICE, by=BY, at=OPENED)
    found = queries.overview(at=LATER)
    assert [(c.name, c.met, c.missing) for c in found.checks] == [
        ("账号管理制度已施行", True, ()),
        ("离职均有书面交接", False, ("何青",)),
        ("持有账号均已签承诺", True, ()),
    ]
    assert (found.met, found.open) == (2, 1)
    [late] = found.late
    assert (late.number, late.name, late.days > 0, late.who) == (case.number, "何青", True, "人力")


def test_the_overview_tells_the_lost_from_the_silent(house: Company, case: CaseRef) -> None:
    sent_back(case)
    found = queries.overview(at=LATER)
    assert ([one.name for one in found.lost], found.unanswered) == (["何青"], ())


def test_a_paper_delivered_and_left_unsigned_for_days_is_unanswered(case: CaseRef) -> None:
    paper = sheet(case, at=OPENED)
    papers.deliver(
        paper=paper, to=None, to_name="何青", channel=Channel.WECOM, address="HeQing", sent_at=OPENED, by=BY, at=OPENED
    )  # fmt: skip
    assert queries.overview(at=OPENED + DAY).unanswered == ()
    [silent] = queries.overview(at=OPENED + 3 * DAY).unanswered
    assert (silent.name, silent.days, silent.who) == ("何青", 3, "人力")


def test_the_overview_asks_as_many_questions_for_two_leavings_as_for_one(
    house: Company, case: CaseRef
) -> None:
    with CaptureQueriesContext(connections["default"]) as one:
        queries.overview(at=LATER)
    entity = party_queries.entities_by_code()["QH"]
    engaged = NewEngagement(house.staff[SUPERVISOR], entity, EngagementKind.SERVICE, date(2026, 1, 5))
    parties.register_engagements([engaged], by=BY, at=OPENED)
    leaves(house, staff_id=house.staff[SUPERVISOR], supervisor=None)
    with CaptureQueriesContext(connections["default"]) as two:
        assert queries.overview(at=LATER).open == 2
    assert len(two) == len(one)


def test_the_book_holds_every_row_of_a_leaving(house: Company, case: CaseRef) -> None:
    finished(house, case)
    attempts(case, 1)
    confirmed(case, Confirmation.ACCOUNT)
    assert fsck.run(checks.checks({})).findings == ()
    assert SnapshotLine.objects.count() == 6
