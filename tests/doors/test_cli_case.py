"""A leaving at the command line: opening, both columns, lists, papers, the end. Requirements as they are accepted."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jieli.parties import operations as parties
from jieli.parties import queries as known
from jieli.parties.types import EngagementKind, NewEngagement
from tests.doors import case_firm
from tests.doors.case_firm import AFTER, LATER, ON_LAST, WORDS, Firm, case, firm
from tests.doors.cli import Jieli
from tests.rooms.company import BY
from tests.rooms.leaving import IMEI, LAST, LEAVER, NUMBER, RECEIVER, SUPERVISOR

__all__ = ["case", "firm"]
STEPS = (
    "登录",
    "改绑",
    "改密",
    "其他设备退出",
    "实名解除",
    "银行卡解绑",
    "昵称头像已更换",
    "首条消息表明身份",
)
POST_CONTRACT = {"通知", "协助", "保密", "旧物回收"}


def names(duties: list[dict[str, Any]]) -> set[str]:
    return {duty["name"] for duty in duties}


def laws(shown: dict[str, Any]) -> set[str]:
    return {a for duty in (*shown["company"], *shown["leaver"]) for a in duty["articles"]}


def finish(f: Firm, *, but: str = "") -> None:
    """Both sides do all they owe; the things come back, the lists are signed."""
    f.at(ON_LAST)
    f.recovers(*STEPS)
    for kind, label in (("设备", IMEI), ("号码", NUMBER)):
        f.jieli.answer("asset", "hand-over", label, "--kind", kind, "--to", RECEIVER, "--as", "hr")
    for kind in ("数据清单", "客户清单"):
        f.does("hand", "--list", kind)
    f.signs(f.sheet())
    f.fulfils("公司", "员工", but=but)


def purge(f: Firm) -> dict[str, Any]:
    f.does("private-check")
    for step in ("audit", "handover", "keep"):
        f.does("advance", step)
    return f.does("advance", "purge")


# ── opening ──────────────────────────────────────────────────────────────────────────────────────────


def test_opening_seals_what_is_held_and_lays_the_duties_of_both_sides(case: Firm) -> None:
    shown = case.shown()
    assert (shown["name"], shown["reason"], shown["stage"]) == ("何青", "辞职", "交接中")
    assert shown["held"] == {"账号": 1, "号码": 1, "设备": 1, "群": 0, "客户": 1, "订单": 2}
    assert len(shown["snapshot"]) == 64
    assert case.jieli.answer("matter", "list", "--as", "hr")["matters"][0]["number"] == case.number
    told = case.jieli.said("case", "show", case.number, "--as", "hr")
    assert "公司欠的" in told and "移交人欠的" in told and "下一步" in told
    again = case.jieli.refused("case", "open", LEAVER, *WORDS, "--as", "hr")
    assert again["code"] == "handover.already_open"


def test_an_approval_given_elsewhere_opens_a_leaving_only_with_its_scan(firm: Firm) -> None:
    outside = ("--system", "泛微", "--number", "OA-77", "--applicant", "何青", "--approver", "唐野")
    refused = firm.jieli.refused("case", "open", LEAVER, *WORDS, *outside, "--as", "hr")
    assert refused["code"] == "cli.no_file"
    firm.opens(LEAVER, *WORDS, *outside, "--scan", firm.scan())
    assert firm.shown()["source"] == "外部审批"


def test_a_sheet_opens_its_good_rows_and_names_the_bad_ones(firm: Firm) -> None:
    path = firm.folder / "离职.csv"
    rows = [
        "工号,离职原因,提出日期,最后工作日,接收人,监交人",
        f"{LEAVER},辞职,2026-09-01,2026-09-18,{RECEIVER},{SUPERVISOR}",
        "E404,辞职,2026-09-01,2026-09-18,,",
        f"{RECEIVER},不想干了,2026-09-01,2026-09-18,,",
        f"{LEAVER},辞职,2026-09-01,2026-09-18,,",
    ]
    path.write_text("\n".join(rows) + "\n", "utf-8")
    done = json.loads(firm.jieli("case", "load", path, "--as", "hr", "--json").stdout)
    assert [o["staff_no"] for o in done["opened"]] == [LEAVER]
    assert [(e["line"], e["code"]) for e in done["errors"]] == [
        (3, "cli.not_on_the_list"), (4, "cell.word"), (5, "handover.already_open"),
    ]  # fmt: skip
    assert firm.jieli.answer("case", "list", "--as", "hr")["count"] == 1


def test_only_who_runs_leavings_acts_on_them_and_the_leaver_sees_his_own(case: Firm) -> None:
    assert case.fails("duty-done", "通知", "--note", "x", sign_in="it") == "access.forbidden"
    assert case.jieli.refused("case", "list", "--as", "heqing")["code"] == "access.forbidden"
    assert case.does("show", sign_in="heqing")["name"] == "何青"
    assert case.jieli.refused("case", "show", "M-2026-9999", "--as", "hr")["code"] == "handover.unknown"


@pytest.mark.req("R0.3", "R0.21")
def test_labour_and_service_get_the_same_checklist_other_laws_and_another_route(
    fresh: Jieli, tmp_path: Path
) -> None:
    """Two leavers identical except 劳动 vs 劳务: the same checklist; the laws, body and limitation differ."""
    f = case_firm.found(fresh, tmp_path, EngagementKind.SERVICE)
    service_of = f.company.staff[SUPERVISOR]
    entity = known.entities_by_code()["QH"]
    engaged = NewEngagement(service_of, entity, EngagementKind.LABOUR, LAST - timedelta(days=200))
    parties.register_engagements([engaged], by=BY, at=case_firm.OPENED)
    f.opens()
    service = f.shown()
    f.opens(SUPERVISOR, "--reason", "辞职", "--last-day", LAST, "--notice-on", "2026-09-01")
    labour = f.shown()
    assert (service["engagement"], labour["engagement"]) == ("劳务", "劳动")
    assert names(service["leaver"]) == names(labour["leaver"])
    assert {"LCL-50", "CC-558", "CC-509"} <= laws(labour)
    assert "LCL-50" not in laws(service) and {"CC-558", "CC-509"} <= laws(service)
    assert labour["route"] == {"body": "劳动人事争议仲裁", "limitation": "一年", "articles": ["LDMA-27"]}
    assert service["route"] == {"body": "民事诉讼", "limitation": "三年", "articles": ["CC-188"]}
    assert names(service["company"]) >= POST_CONTRACT
    assert names(service["leaver"]) >= POST_CONTRACT


# ── both sides, four lists ───────────────────────────────────────────────────────────────────────────


@pytest.mark.req("R0.23")
def test_a_leaver_who_did_everything_waits_for_the_certificate_of_the_company(case: Firm) -> None:
    """Leaver finished all tasks and company has not issued certificate: handover is not 完成."""
    certificate = "出具解除（终止）劳动合同证明书"
    finish(case, but=certificate)
    shown = case.shown()
    assert shown["staff_lacks"] == []
    assert [certificate in m["text"] for m in shown["company_lacks"]] == [True]
    assert (shown["done"], shown["status"]) == (False, "交接中")
    made = case.does("certificate", "--id-tail", "1234", "--out", case.folder)
    assert Path(made["files"][0]).read_bytes().startswith(b"%PDF-")
    assert case.shown()["status"] == "完成"


@pytest.mark.req("R0.47", "R0.35")
def test_without_one_of_the_four_lists_a_handover_is_not_done_and_the_sheet_shows_the_gap(case: Firm) -> None:
    """客户清单 missing: not 完成. Sheet: four rows with counts and hashes. Signed by all three, kept with hash."""
    case.at(ON_LAST)
    path = case.folder / "three.pdf"
    path.write_bytes(b"%PDF-1.7 three lists")
    three = [w for kind in ("账号清单", "数据清单", "设备物品清单") for w in ("--covers", kind)]
    case.signs(case.does("add-paper", path, "--kind", "离职工作交接单", *three)["paper"])
    shown = case.shown()
    assert "客户清单尚未生成" in [m["text"] for m in shown["company_lacks"]]
    assert shown["done"] is False
    [sheet] = case.does("issue", "离职工作交接单", "--out", case.folder)["papers"]
    assert len(sheet["sha256"]) == 64
    assert "客户清单缺移交人签署" in [m["text"] for m in case.shown()["staff_lacks"]]
    case.signs(sheet["paper"])
    lists = case.lists()
    assert [one["unsigned"] for one in lists.values()] == [[], [], [], []]
    vouchers = case.folder / "凭证.csv"
    vouchers.write_text("凭证号,金额\n1,300\n", "utf-8")
    spent = ("--count", 1, "--amount", "300", "--first", "2026-08-01", "--last", "2026-08-01")
    case.does("spending", vouchers, *spent)
    data = {row["class"]: row for row in case.lists()["数据清单"]["data"]}
    assert {name: row["count"] for name, row in data.items()} == {
        "客户资源": 1, "交易信息": 2, "沟通记录": 0, "投入凭证": 1,
    }  # fmt: skip
    assert all(len(row["sha256"]) == 64 for row in data.values())
    assert (data["交易信息"]["amount_fen"], data["投入凭证"]["amount_fen"]) == (164_000, 30_000)


@pytest.mark.req("R0.12")
def test_what_is_not_returned_after_the_last_day_is_overdue_with_its_days_and_a_demand(case: Firm) -> None:
    """Exit date passed and account not returned: 逾期未交回 with days count and a demand-letter draft."""
    case.at(LATER)
    [account] = case.lists()["账号清单"]["items"]
    assert (account["state"], account["days_late"]) == ("逾期未交回", 5)
    [paper] = case.does("issue", "返还催告函", "--answer-by", "2026-09-30", "--out", case.folder)["papers"]
    sent = ("--paper", paper["paper"], "--channel", "EMS", "--address", "确认书所载地址")
    assert case.fails("deliver", *sent) == "papers.ems_number"
    made = case.does("deliver", *sent, "--slip", "EX0001")
    case.does("delivered", "--delivery", made["delivery"], "--outcome", "已签收", "--proof", case.scan())
    [kept] = case.does("papers")["papers"]
    assert kept["kind"] == "返还催告函" and "已签收" in kept["deliveries"][0]


@pytest.mark.req("R0.43")
def test_secrecy_and_not_profiting_live_on_after_the_exit_is_closed(case: Firm) -> None:
    """Exit form has four blocks; closing exit leaves O3/O4 active."""
    blocks = {"账号与客户资料交接", "旧物回收", "保密", "不利用曾经管理的信息牟利"}
    assert blocks <= names(case.shown()["leaver"])
    finish(case)
    purge(case)
    for asked in ("账号已恢复使用", "证明已取得"):
        case.does("follow-up", "--asked", asked, "--who", "何青", "--visitor", "岑溪")
    assert case.does("close")["stage"] == "已结案"
    state = {d["name"]: d["state"] for d in case.shown()["leaver"]}
    assert (state["保密"], state["不利用曾经管理的信息牟利"]) == ("持续", "持续")


@pytest.mark.req("R0.32")
def test_one_confirmation_is_not_enough_to_close(case: Firm) -> None:
    """Given only one confirmation, case cannot be closed."""
    finish(case)
    purge(case)
    case.does("follow-up", "--asked", "账号已恢复使用", "--who", "陆川", "--visitor", "岑溪")
    refused = case.jieli.refused("case", "close", case.number, "--as", "hr")
    assert refused["code"] == "handover.cannot_close"
    assert refused["error"] == "还不能结案：回访未确认：证明已取得"
    case.does("follow-up", "--asked", "证明已取得", "--who", "何青", "--visitor", "岑溪")
    assert case.does("close")["stage"] == "已结案"


@pytest.mark.req("R0.6")
def test_the_overview_shows_two_of_three_and_names_the_leaver_without_a_written_handover(case: Firm) -> None:
    """One leaver without written handover: dashboard shows 2/3 and names that leaver."""
    case.jieli.answer("case", "policy", case.scan("制度"), "--from", "2026-09-01", "--as", "hr")
    case.at(LATER)
    found = case.jieli.answer("case", "overview", "--as", "yan")
    assert found["checks_met"] == "2/3"
    assert [(c["name"], c["missing"]) for c in found["checks"] if not c["met"]] == [
        ("离职均有书面交接", ["何青"])
    ]
    told = case.jieli.said("case", "overview", "--as", "yan")
    assert "内控三项 2/3" in told and "何青" in told


# ── papers, and what must not be on them ─────────────────────────────────────────────────────────────


@pytest.mark.req("W11")
@pytest.mark.parametrize("condition", ["交还微信号后再出具离职证明", "办结工作交接"])
def test_a_certificate_is_never_held_back_for_an_account(case: Firm, condition: str) -> None:
    """Company withholds certificate until account returned: blocked, LCL-50/89; only 经济补偿 may wait."""
    case.at(ON_LAST)
    refused = case.jieli.refused("case", "certificate", case.number, "--condition", condition, "--as", "hr")
    assert refused["code"] == "handover.hostage.certificate"
    assert "只有经济补偿可以在办结工作交接时支付" in refused["error"]
    assert "第五十条" in refused["remedy"] and "第八十九条" in refused["remedy"]
    assert case.does("papers")["papers"] == []
    assert case.does("certificate")["papers"][0]["kind"] == "解除（终止）劳动合同证明书"


def test_no_paper_takes_wages_or_papers_hostage(case: Firm) -> None:
    assert case.fails("issue", "离职交接通知书", "--contact", "不交账号扣发提成").startswith(
        "handover.hostage"
    )
    assert case.fails("issue", "不良员工名单") == "handover.no_such_paper"
    known = case.jieli.answer("case", "issue", case.number, "--as", "hr")["kinds"]
    assert "离职工作交接单" in known and "返还催告函" in known


def test_a_trace_is_no_signature_ink_needs_its_scan_and_a_refusal_its_witness(case: Firm) -> None:
    paper = case.sheet()
    traced = case.does("sign", "--paper", paper, "--role", "移交人", sign_in="heqing")
    assert (traced["grade"], len(traced["sha256"])) == ("丙", 64)
    words = ("--paper", paper, "--role", "接收人", "--name", "陆川", "--reason", "数目不对")
    done = case.does("refuse", *words, "--witness", "岑溪")
    assert done["entry"] > traced["entry"]
    assert case.fails("refuse", *words, "--witness", "岑溪") == "papers.already_answered"
    [kept] = case.does("papers", sign_in="heqing")["papers"]
    assert len(kept["signatures"]) == 1 and len(kept["refusals"]) == 1
    seal = ("--seal-no", "公章一", "--order-no", "YY-1", "--handler", "岑溪")
    case.does("use-seal", "--paper", paper, *seal)
    assert case.fails("use-seal", "--paper", paper, *seal) == "papers.seal_use_again"
    other = "00000000-0000-0000-0000-000000000001"
    assert case.fails("sign", "--paper", other, "--role", "移交人") == "cli.not_on_the_list"


# ── what both sides say ──────────────────────────────────────────────────────────────────────────────


def test_both_sides_words_stand_beside_each_other_and_are_answered(case: Firm) -> None:
    case.does("commission", "D-1", "--party", "公司", "--amount", "100")
    case.does("commission", "D-1", "--party", "移交人", "--amount", "近150", sign_in="heqing")
    case.does(
        "settlement", "工资", "--owed-by", "公司", "--party", "公司", "--amount", "8500", "--pay-by", LAST
    )
    objected = case.does("object", "少算两天", "--place", "工资及费用结算单", sign_in="heqing")
    case.does("answer", "--id", objected["objection"], "已补计两天")
    promised = case.does("promise", "赠课两节", "--customer", "wm-lin", sign_in="heqing")
    assert (
        case.fails("answer-promise", "--id", promised["promise"], "--answer", "不予确认")
        == "handover.no_words"
    )
    case.does("answer-promise", "--id", promised["promise"], "--answer", "确认")
    shown = case.shown()
    [line] = shown["commission"]
    assert (line["company"]["fen"], line["staff"]["fen"], line["staff"]["qualifier"]) == (
        10_000,
        15_000,
        "近",
    )
    assert line["agreed"] is False
    assert (shown["objections"][0]["text"], shown["objections"][0]["answer"]) == ("少算两天", "已补计两天")
    case.does("paid", "--id", shown["settlement"][0]["id"], "--proof", case.scan())
    assert case.shown()["settlement"][0]["paid_on"] == "2026-09-02"
    case.does(
        "unable", "--class", "账号", "--key", f"wecom {LEAVER}", "--reason", "平台封号", "--party", "公司"
    )
    assert case.lists()["账号清单"]["items"][0]["state"] == "无法交接"
    assert (
        case.fails("settlement", "工资", "--owed-by", "公司", "--party", "公司", "--amount", "很多")
        == "cli.not_an_amount"
    )
    assert case.fails("duty-done", "没有的义务", "--note", "x") == "cli.not_on_the_list"


def test_the_missing_is_closed_with_a_note_and_nobody_signs_for_him(firm: Firm) -> None:
    firm.opens(LEAVER, "--reason", "失联自离", "--last-day", LAST, "--notice-on", "2026-09-02")
    firm.at(LATER)
    [made] = firm.does("certificate")["papers"]
    sent = firm.does(
        "deliver", "--paper", made["paper"], "--channel", "EMS", "--address", "确认书所载", "--slip", "EX1"
    )
    firm.does("delivered", "--delivery", sent["delivery"], "--outcome", "退回", "--proof", firm.scan())
    for _ in range(3):
        words = ("--how", "电话", "--outcome", "无人接听")
        firm.does("attempt", *words, "--witness", "岑溪", "--witness", "闻笛", "--on", "2026-09-22")
    assert firm.fails("close-noted", "--note", "本人失联") == "handover.cannot_close"
    firm.fulfils("公司")
    assert firm.does("close-noted", "--note", "本人失联")["stage"] == "带注记结案"
    assert [p["signatures"] for p in firm.shown()["papers"]] == [[]]


# ── 今晚离职体检 ─────────────────────────────────────────────────────────────────────────────────────


def test_the_checkup_needs_three_sheets_and_nothing_else(fresh: Jieli, tmp_path: Path) -> None:
    staff, accounts, customers = (tmp_path / f"{n}.csv" for n in ("员工", "账号", "客户"))
    staff.write_text("工号,姓名,用工类型\nE1,何青,劳动\n,无号,\n", "gb18030")
    accounts.write_text("工号,平台,账号标识,类别,实名人,私人绑定\nE1,电话,139,号码,本人,家宽\n", "utf-8-sig")
    customers.write_text("工号,客户编号,来源,在途订单\nE1,C1,不明,17\nE1,C2,广告,几笔\n", "utf-8")
    words = ("--staff", staff, "--accounts", accounts, "--customers", customers)
    found = fresh.answer("case", "checkup", *words)
    [person] = found["people"]
    assert person["sentence"].startswith("若何青今晚离职：1 名客户、17 笔在途、1 个号码或账号实名在本人名下")
    assert 0 < len(person["first"]) <= 5
    assert [(b["sheet"], b["row"]) for b in found["bad"]] == [("员工", 3), ("客户", 3)]
    assert "若何青今晚离职" in fresh.said("case", "checkup", *words)


@pytest.mark.req("R3.30")
def test_an_action_out_of_order_is_rejected(case: Firm) -> None:
    """Out-of-order action rejected."""
    assert case.fails("advance", "purge") == "handover.out_of_order"
    assert case.fails("advance", "keep") == "handover.out_of_order"
    assert case.does("advance", "audit")["stage"] == "已审计"
    assert case.fails("advance", "purge") == "handover.out_of_order"
    assert case.fails("advance", "bury") == "cli.not_a_step"


@pytest.mark.req("R2.26")
def test_a_leaver_s_access_ends_with_his_last_day_and_a_later_try_is_an_incident(case: Firm) -> None:
    """Exit: automatic revocation, verified; later access attempt = incident."""
    assert case.fails("cut-access", sign_in="it") == "handover.too_early"
    case.at(AFTER)
    done = case.does("cut-access", sign_in="it")
    assert (done["persons"], done["grants"], done["verified"]) == (1, 1, True)
    case.at(LATER)
    made = case.does("late-attempt", "--act", "导出数据", "--when", "2026-09-23 09:30", sign_in="it")
    assert made["title"] == f"离职后第 5 日导出数据（{case.number}）"
    open_ = {m["number"]: m["kind"] for m in case.jieli.answer("matter", "list", "--as", "yan")["matters"]}
    assert open_[made["incident"]] == "事件"
    early = ("--act", "登录后台", "--when", "2026-09-10")
    assert case.fails("late-attempt", *early, sign_in="it") == "handover.not_late"
    # His own door stays open.
    assert case.does("show", sign_in="heqing")["access_cut"] is True


def test_days_are_read_strictly(case: Firm) -> None:
    assert case.fails("hand", "--list", "客户清单", "--on", "昨天") == "cli.not_a_day"
    assert case.fails("hand", "--list", "客户清单", "--on", "2027-01-01") == "handover.bad_day"
