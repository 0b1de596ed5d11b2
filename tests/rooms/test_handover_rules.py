"""The rules of a leaving that need no database: duties of both sides, hostages, the certificate, 今晚离职体检."""

import json
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.duties.types import NewDuty, Side
from jieli.handover import checkup, duty_table
from jieli.handover.certificate import service
from jieli.handover.duty_table import BLOCKS, CERTIFICATE, POST_CONTRACT, DutyRow, table
from jieli.handover.errors import BadDutyTable, Hostage
from jieli.handover.hostage import check_condition, check_text, hostages
from jieli.handover.types import LeavingReason
from jieli.kernel.errors import JieliError
from jieli.law.errors import UnknownArticle
from jieli.law.queries import cite
from jieli.parties.types import EngagementKind

EXIT = date(2026, 11, 20)
ONE = UUID(int=1)
KINDS, REASONS = st.sampled_from(EngagementKind), st.sampled_from(LeavingReason)


def laid(
    kind: EngagementKind, reason: LeavingReason = LeavingReason.RESIGN, last: date = EXIT
) -> list[NewDuty]:
    return duty_table.duties_of(
        kind, reason, matter=ONE, person=ONE, case=ONE, notice_on=date(2026, 10, 20), last_day=last
    )


def rows(kind: EngagementKind, reason: LeavingReason = LeavingReason.RESIGN) -> tuple[DutyRow, ...]:
    return table().of(kind, reason)


def due(kind: EngagementKind, name: str) -> date | None:
    found = next(d for d in laid(kind) if d.name == name)
    return found.due.day if found.due else None


# ── the table of duties ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("R0.21")
@given(KINDS, REASONS)
def test_the_end_of_any_contract_lays_the_four_named_duties_on_both_sides(
    kind: EngagementKind, reason: LeavingReason
) -> None:
    found = rows(kind, reason)
    other = {LeavingReason.DEATH: Side.THIRD}.get(reason, Side.STAFF)
    for side in (Side.COMPANY, other):
        assert {r.post_contract for r in found if r.owed_by is side} - {""} == set(POST_CONTRACT)


@given(KINDS, REASONS)
def test_every_article_of_every_duty_can_be_cited_with_its_text(
    kind: EngagementKind, reason: LeavingReason
) -> None:
    assert all(cite(article).text for row in rows(kind, reason) for article in row.articles)


@pytest.mark.req("R0.3")
def test_labour_and_service_get_the_same_four_blocks_and_different_law() -> None:
    labour, service_ = rows(EngagementKind.LABOUR), rows(EngagementKind.SERVICE)
    for found in (labour, service_):
        assert sorted(r.block for r in found if r.block) == list(BLOCKS)
    owed = [{r.name for r in found if r.owed_by is Side.STAFF} for found in (labour, service_)]
    assert owed[0] == owed[1]
    assert {"LCL-50", "CC-558", "CC-509"} <= {a for r in labour for a in r.articles}
    assert {a for r in service_ for a in r.articles} == {"CC-558", "CC-509"}
    routes = table().routes
    assert (routes[EngagementKind.LABOUR].limitation, routes[EngagementKind.LABOUR].articles) == (
        "一年",
        ("LDMA-27",),
    )
    assert (routes[EngagementKind.SERVICE].limitation, routes[EngagementKind.SERVICE].articles) == (
        "三年",
        ("CC-188",),
    )


@pytest.mark.req("R0.31")
def test_an_employee_s_certificate_is_due_on_the_day_of_exit_and_a_partner_s_has_no_day_of_its_own() -> None:
    assert due(EngagementKind.LABOUR, "出具解除（终止）劳动合同证明书") == EXIT
    assert due(EngagementKind.SERVICE, "出具《合作终止证明》") is None


def test_file_and_insurance_follow_within_fifteen_days_and_a_holiday_rolls() -> None:
    assert due(EngagementKind.LABOUR, "档案和社会保险关系转移") == date(2026, 12, 7)  # the 5th is a Saturday


def test_insurance_ends_with_the_month_of_exit() -> None:
    assert due(EngagementKind.LABOUR, "社会保险减员") == date(2026, 11, 30)


def test_a_dispatched_worker_s_certificate_wages_and_insurance_are_the_sender_s() -> None:
    found = rows(EngagementKind.DISPATCH)
    sender = {r.code for r in found if r.owed_by is Side.SENDER}
    assert sender == {"certificate", "wages", "insurance", "transfer"}
    assert not sender & {r.code for r in found if r.owed_by is Side.COMPANY}


def test_of_the_dead_nothing_is_asked_and_the_heirs_get_the_personal_part() -> None:
    found = rows(EngagementKind.LABOUR, LeavingReason.DEATH)
    assert [r for r in found if Side.STAFF in (r.owed_by, r.owed_to)] == []
    assert "个人物品与个人内容交近亲属" in {r.name for r in found if r.owed_to is Side.THIRD}


def test_of_the_missing_the_firm_owes_service_by_ems_and_a_counting_before_witnesses() -> None:
    found = {r.code: r.text for r in rows(EngagementKind.SERVICE, LeavingReason.MISSING)}
    assert "EMS" in found["missing.served"] and "公告" in found["missing.served"]
    assert "两名见证人" in found["missing.counted"] and "不模拟签名" in found["missing.counted"]


@pytest.mark.req("R0.43")
def test_secrecy_and_not_profiting_bind_on_after_exit() -> None:
    continuing = {d.name for d in laid(EngagementKind.LABOUR) if d.continuing and d.owed_by is Side.STAFF}
    assert continuing == {"保密", "不利用曾经管理的信息牟利"}


@given(KINDS, REASONS)
def test_a_certificate_never_waits_and_nothing_but_severance_waits_for_the_handover(
    kind: EngagementKind, reason: LeavingReason
) -> None:
    found = rows(kind, reason)
    assert [r.due for r in found if r.code == CERTIFICATE] in (["last_day"], ["agreed"])
    assert {r.code for r in found if r.due == "handover_done"} <= {"severance"}


def changed(**rest: object) -> str:
    raw = json.loads((Path(duty_table.__file__).parent / "duties.json").read_text("utf-8"))
    at = next(n for n, r in enumerate(raw["duties"]) if r["code"] == CERTIFICATE)
    raw["duties"][at] |= rest
    return json.dumps(raw)


@pytest.mark.parametrize(
    ("rest", "error"),
    [
        ({"due": "handover_done"}, BadDutyTable),
        ({"due": "when_we_like"}, BadDutyTable),
        ({"owed_by": "老板"}, BadDutyTable),
        ({"engagements": []}, BadDutyTable),
        ({"articles": ["LCL-5000"]}, UnknownArticle),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(
    rest: dict[str, object], error: type[JieliError]
) -> None:
    with pytest.raises(error):
        duty_table.parse(changed(**rest))


# ── hostages (W11) ───────────────────────────────────────────────────────────────────────────────────

REFUSED = [
    ("handover.hostage.certificate", "交还微信号后出具离职证明"),
    ("handover.hostage.certificate", "归还账号并办结交接后方可领取离职证明"),
    ("handover.hostage.certificate", "未交还账号的，公司不予出具解除劳动合同证明书"),
    ("handover.hostage.certificate", "未交还账号前不得领取离职证明"),
    ("handover.hostage.certificate", "离职证明暂扣"),
    ("handover.hostage.certificate", "以交还账号为条件出具证明"),
    ("handover.hostage.certificate", "待手机归还之后再开具退工证明"),
    ("handover.hostage.wages", "扣除当月工资作为账号损失"),
    ("handover.hostage.wages", "工资在交接完成后再发放"),
    ("handover.hostage.wages", "如不归还设备，则从工资中扣减3000元"),
    ("handover.hostage.commission", "提成待账号归还后支付"),
    ("handover.hostage.commission", "账号未交还前不发放提成"),
    ("handover.hostage.identity", "扣押身份证"),
    ("handover.hostage.identity", "收取押金500元"),
    ("handover.hostage.file", "暂缓转移档案"),
]
PRINTED = [
    "公司在终止当日出具离职证明，不以交还账号为条件",
    "不得克扣工资",
    "经济补偿在办结工作交接时支付",
    "工资于最后工作日一次结清",
    "代扣代缴个人所得税后支付工资",
    "身份证后四位：1234",
    "档案在十五日内转移",
    "请于十日内归还工作微信",
    "提成按双方确认的金额支付",
    "离职证明已由本人领取，账号已经恢复",
]


@pytest.mark.parametrize(("code", "text"), REFUSED)
def test_a_hostage_is_refused_with_its_code_its_reason_and_the_article(code: str, text: str) -> None:
    assert [h.code for h in hostages(text)] == [code]
    with pytest.raises(Hostage) as refused:
        check_text("双方友好协商。", text)
    assert refused.value.code == code
    assert "《" in refused.value.remedy and "第" in refused.value.remedy


@pytest.mark.parametrize("text", PRINTED)
def test_an_ordinary_sentence_is_printed(text: str) -> None:
    assert hostages(text) == ()


@given(st.sampled_from(REFUSED), st.sampled_from(PRINTED), st.sampled_from("。；\n"))
def test_a_good_sentence_beside_it_does_not_hide_a_hostage(
    bad: tuple[str, str], good: str, between: str
) -> None:
    assert [h.code for h in hostages(good + between + bad[1])] == [bad[0]]


def test_no_duty_of_the_table_words_a_hostage() -> None:
    assert [h.clause for r in table().rows for h in hostages(r.text) + hostages(r.name)] == []


@given(st.text(min_size=1).filter(str.strip))
def test_a_certificate_refuses_any_condition_whatever_it_says(condition: str) -> None:
    with pytest.raises(Hostage) as refused:
        check_condition(CERTIFICATE, condition)
    assert refused.value.code == "handover.hostage.certificate"


def test_severance_alone_may_wait_for_the_handover() -> None:
    check_condition("severance", "办结工作交接")
    check_condition(CERTIFICATE, "")
    for duty, condition in (("severance", "交还微信号并道歉"), ("wages", "办结工作交接")):
        with pytest.raises(Hostage) as refused:
            check_condition(duty, condition)
        assert refused.value.code == "handover.hostage.condition"


# ── the certificate's years ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("joined", "last", "told"),
    [
        (date(2024, 3, 1), date(2026, 11, 30), "2年9个月"),
        (date(2024, 3, 1), date(2026, 11, 29), "2年8个月"),
        (date(2026, 11, 2), date(2026, 11, 20), "不满1个月"),
        (date(2025, 11, 21), date(2026, 11, 20), "1年"),
    ],
)
def test_service_counts_the_last_day_and_leaves_unfinished_months_out(
    joined: date, last: date, told: str
) -> None:
    assert service(joined, last) == told


# ── 今晚离职体检 ─────────────────────────────────────────────────────────────────────────────────────

STAFF = [
    {"工号": "T01", "姓名": "方砚", "岗位": "销售", "用工类型": "劳动", "接收人": "T02"},
    {"工号": "T02", "姓名": "白露", "岗位": "客服", "用工类型": "", "接收人": ""},
]
ACCOUNTS = [
    {"工号": "T01", "平台": "企业微信", "账号标识": "fangyan", "绑定号码": "13900000077", "已签承诺": "否"},
    {
        "工号": "T01",
        "平台": "电话",
        "账号标识": "13900000077",
        "类别": "号码",
        "实名人": "方砚",
        "私人绑定": "家宽",
    },
    {"工号": "T01", "平台": "电话", "账号标识": "13900000078", "类别": "号码", "实名人": "本人"},
    {"工号": "T01", "平台": "手机", "账号标识": "860000000000077", "类别": "设备"},
]


def clients(n: int, orders: int) -> list[dict[str, str]]:
    return [
        {"工号": "T01", "客户编号": f"K{i:04d}", "来源": "购课订单", "在途订单": str(int(i < orders))}
        for i in range(n)
    ]


def test_the_checkup_says_what_falls_with_one_person_and_what_to_do_first() -> None:
    found = checkup.examine(STAFF, ACCOUNTS, clients(1243, 17))
    first = found.people[0]
    assert first.sentence == (
        "若方砚今晚离职：1,243 名客户、17 笔在途、2 个号码或账号实名在本人名下、"
        "1 个号码绑着本人的私人业务；先做这 5 件。"
    )
    assert [(s.code, s.count) for s in first.first] == [
        ("in_own_name", 2),
        ("private_bound", 1),
        ("unsigned", 1),
        ("orders", 17),
        ("company", 1),
    ]
    assert (first.accounts, first.numbers, first.devices) == (1, 2, 1)
    assert all(s.why for s in first.first)
    assert found.bad == ()


def test_the_checkup_reports_bad_rows_by_number_and_keeps_the_good_ones() -> None:
    bad = [
        {"工号": "T01", "客户编号": ""},
        {"工号": "T99", "客户编号": "K9001"},
        {"工号": "", "客户编号": ""},
        {"工号": "T01", "客户编号": "K9002", "在途订单": "三笔"},
        {"工号": "T01", "客户编号": "K9003"},
        {"工号": "T01", "客户编号": "K9003"},
    ]
    found = checkup.examine(STAFF, [], bad)
    assert [(b.sheet, b.row, b.column) for b in found.bad] == [
        ("客户", 2, "客户编号"),
        ("客户", 3, "工号"),
        ("客户", 5, "在途订单"),
        ("客户", 7, "客户编号"),
    ]
    assert found.people[0].customers == 1
    assert "K9001" not in str(found.bad) and "三笔" not in str(found.bad)


@given(st.lists(st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=4), max_size=4))
def test_the_checkup_takes_any_cells_and_counts_every_row_once(rows_: list[dict[str, str]]) -> None:
    found = checkup.examine(STAFF, rows_, rows_)
    written = sum(any(str(v).strip() for v in row.values()) for row in rows_)
    kept = sum(p.accounts + p.numbers + p.devices + p.customers for p in found.people)
    assert kept + len(found.bad) == 2 * written
