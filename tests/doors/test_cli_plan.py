"""`jieli plan` before anything is passed on: rule, fitness, allocation with reasons, review, notices."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from jieli.access.types import Role
from jieli.kernel.times import DAY
from jieli.ledger import queries as ledger
from tests.conftest import NOW
from tests.doors import handing
from tests.doors.cli import Jieli
from tests.doors.handing import Desk
from tests.rooms.company import reader

ROWS = (
    "接手范围,,,工号:E2、工号:E3,,",
    "条件,地域,济南,工号:E3,必须,",
    "条件,行业,健康教育,工号:E3,优先,",
    "条件,语言,日语,工号:E2,必须,",
    "权重,年限,,,,50",
    "权重,贡献,,,,50",
    "上限,每人,,,,2",
)


@pytest.fixture
def desk(fresh: Jieli, tmp_path: Path) -> Desk:
    """Rule long approved, 李清's leaving opened, nothing planned yet."""
    return handing.ready(fresh, tmp_path)


def light(shown: dict[str, Any], section: str) -> str:
    return str(next(s["light"] for s in shown["sections"] if s["name"] == section))


@pytest.mark.req("R2.2")
def test_250_customers_are_three_batches_and_a_leaver_of_400_days_ago_is_too_late(
    fresh: Jieli, tmp_path: Path
) -> None:
    """Given 250 customers, Then 3 batches; Given leaver left 400 days ago, Then 平台不可继承 with fallback plan."""
    desk = handing.found(fresh, tmp_path, customers=250)
    handing.rule(desk, tmp_path, "接手范围,,,工号:E2,,", "上限,每人,,,,500")
    handing.leaves(desk)
    made = desk.make()
    assert (made["customers"], made["assigned"], made["mode"]) == (250, 250, "自动")
    assert desk.plan("show")["batches"] == {"通知期": 3, "离职后": 0}
    fresh.at = NOW + 411 * DAY
    desk.make("--customers", "C000", "--customers", "C001")
    [one, other] = desk.plan("show")["left"]
    assert one["reasons"] == other["reasons"]
    assert any("平台不可继承：离职已满一年" in reason for reason in one["reasons"])
    assert any("电话名单加“联系我”二维码" in remedy for remedy in one["remedies"])
    assert (one["owner"], one["state"]) == ("E5", "待定")


@pytest.mark.req("R2.8", "W7")
def test_a_company_without_a_rule_is_told_of_the_high_risk_and_assigns_nobody(
    fresh: Jieli, tmp_path: Path
) -> None:
    """No rule, list taken → HIGH finding; 客户数据属企业经营所得, but 处理须合法 and 知情权选择权 hold."""
    desk = handing.leaves(handing.found(fresh, tmp_path))
    [risk] = fresh.answer("plan", "rules", "--as", "lead")["findings"]
    assert risk["code"] == "RULE_ABSENT_HIGH"
    assert "离职人员可能自行带走客户名单" in risk["text"]
    assert "引发诉讼" in risk["text"]
    assert "高风险" in fresh.said("plan", "rules", "--as", "yan")
    assert desk.make()["assigned"] == 0
    shown = desk.plan("preflight", "--list-taken")
    assert shown["code"] == "TRANSFER_BLOCKED"
    texts = {f["code"]: f["text"] for f in shown["findings"]}
    assert "企业经营所得" in texts["RULE_ABSENT_HIGH"]
    assert "知情权和选择权" in texts["RULE_ABSENT_HIGH"]
    assert "处理须合法" in texts["LIST_TAKEN"]
    assert desk.refused("submit", "--reason", "离职")["code"] == "succession.blocked"


@pytest.mark.req("R2.27", "W6", "R2.3")
def test_a_rule_of_before_the_notice_governs_and_a_good_case_has_no_findings(
    desk: Desk, tmp_path: Path
) -> None:
    """Rule approved before exit, notice sent, receivers trained: TRANSFER_OK; metrics shown; no findings."""
    handing.rule(desk, tmp_path, "接手范围,,,工号:E4,,", "上限,每人,,,,9")  # made for the occasion: version 2
    assert desk.make()["rule_version"] == 1
    assert {x["receiver"] for x in desk.lines().values()} == {"E2"}
    desk.approved()
    assert desk.plan("preflight")["code"] == "TRANSFER_NEEDS_NOTICE"
    desk.farewell()
    shown = desk.plan("preflight")
    assert (shown["code"], shown["findings"]) == ("TRANSFER_OK", [])
    first = tmp_path / "first.csv"
    first.write_text("客户编号,分钟\nC000,30\nC001,90\n", "utf-8")
    figures = desk.plan("metrics", "--first-contacts", first)
    assert (figures["customers"], figures["unassigned"], figures["oldest_unassigned_days"]) == (4, 0, 0)
    assert figures["refusal_rate_percent"] == "0.00"
    assert figures["first_contact_minutes"] == {"E2": 30}


@pytest.mark.req("R2.4", "R2.29")
def test_red_in_privacy_blocks_the_transfer_and_the_balance_must_be_written(desk: Desk) -> None:
    """Red in 隐私权 → TRANSFER_BLOCKED; the field of the balance is not empty."""
    words = ("--privacy-impact", "客户得知换人", "--business-need", "课程不断", "--alternative", " ")
    desk.plan("make", "--owner", "E5", *words)
    shown = desk.plan("preflight")
    assert [s["name"] for s in shown["sections"]] == ["客户数据保护", "隐私权", "个人信息管理"]
    assert (light(shown, "隐私权"), shown["code"]) == ("不通过", "TRANSFER_BLOCKED")
    assert "考虑过的影响更小的做法" in desk.refused("submit", "--reason", "离职")["error"]
    desk.make()
    shown = desk.plan("preflight")
    assert light(shown, "隐私权") == "待办"
    balance = desk.plan("show")["balance"]
    assert all(balance.values())


@pytest.mark.req("R2.5")
def test_the_review_cites_the_civil_code_with_the_version_of_its_text(desk: Desk) -> None:
    """Citations present with version."""
    desk.make()
    cited = desk.plan("preflight")["articles"]
    assert {"CC-111", "CC-1034", "CC-1035", "CC-1038"} <= set(cited)
    assert all(cited[article] for article in ("CC-111", "CC-1034", "CC-1035", "CC-1038"))
    assert cited["CC-111"] == desk.jieli.answer("law", "CC-111")["version"]


@pytest.mark.req("R2.6", "R2.15")
def test_without_the_contract_clause_or_the_review_inheritance_is_refused_by_name(
    fresh: Jieli, tmp_path: Path
) -> None:
    """Given only policy, no contract clause, Then blocked with reason; enabling without review → refused."""
    desk = handing.found(fresh, tmp_path, enabled=False)
    handing.rule(desk, tmp_path)
    handing.leaves(desk)
    desk.make()
    given = f"规章制度={desk.paper}"
    only = fresh.refused("approve", "enable", "离职继承", "--paper", given, "--as", "yan")
    assert only["code"] == "approvals.papers_missing"
    assert "《劳动合同条款》" in only["error"]
    assert "《事前合规审查》" in only["error"]
    shown = desk.plan("preflight")
    assert shown["code"] == "TRANSFER_BLOCKED"
    [papers] = [f for f in shown["findings"] if f["code"] == "PAPERS"]
    assert "《劳动合同条款》" in papers["text"]
    handing.enable(desk)
    assert desk.plan("preflight")["code"] == "TRANSFER_NEEDS_NOTICE"
    assert fresh.answer("approve", "enabled", "离职继承", "--as", "lead")["enabled"] is True


@pytest.mark.req("R2.7")
def test_the_list_for_a_receiver_has_the_fewest_fields_and_no_personal_remark(
    desk: Desk, tmp_path: Path
) -> None:
    """The transfer payload excludes private remarks flagged 个人; the export is an entry of the book."""
    desk.make()
    desk.approved()
    remarks = tmp_path / "remarks.csv"
    remarks.write_text("客户编号,备注,个人\nC000,周末上课,\nC000,与李清是同乡,是\n", "utf-8")
    to = desk.lines()["C000"]["receiver"]
    file = tmp_path / "out.csv"
    done = desk.plan("export", "--to", to, "--remarks", remarks, "--out", file)
    text = file.read_text("utf-8-sig")
    assert "周末上课" in text
    assert "同乡" not in text
    assert "1380000" not in text
    assert next(csv.reader([text.splitlines()[0]])) == done["fields"]
    assert file.stat().st_mode & 0o077 == 0
    [entry] = ledger.entries_of_kind("succession.export")
    assert entry.time == NOW


def test_a_list_for_a_receiver_holds_no_cell_that_a_spreadsheet_takes_for_a_formula(
    desk: Desk, tmp_path: Path
) -> None:
    desk.make()
    desk.approved()
    remarks = tmp_path / "remarks.csv"
    remarks.write_text('客户编号,备注,个人\nC000,"=HYPERLINK(""http://x"",1)",\n', "utf-8")
    file = tmp_path / "out.csv"
    desk.plan("export", "--to", desk.lines()["C000"]["receiver"], "--remarks", remarks, "--out", file)
    told = {
        row["客户编号"]: row["业务备注"] for row in csv.DictReader(file.read_text("utf-8-sig").splitlines())
    }
    assert told["C000"] == '\'=HYPERLINK("http://x",1)'


@pytest.mark.req("R2.12", "R2.20")
def test_an_untrained_receiver_cannot_be_chosen_and_overdue_training_bars(desk: Desk) -> None:
    """Untrained receiver not selectable; overdue training blocks."""
    desk.make()
    shown = desk.plan("show")
    against = {x["staff_no"]: x["against"] for x in shown["loads"]}
    assert "尚未通过“法律法规”培训" in against["E4"]
    assert "尚未签署隐私保护承诺书" in against["E4"]
    assert {x["receiver"] for x in shown["lines"]} <= {"E2", "E3"}
    tried = ("override", "--customer", "C000", "--to", "E4", "--reason", "熟悉客户")
    assert desk.refused(*tried)["code"] == "succession.receiver_refused"
    assert desk.plan("move", "--customer", "C000", "--to", "E4")["possible"] is False
    handing.fit(desk, "E4", contents=("法律法规",))
    assert "操作规范" in desk.refused(*tried)["error"]
    handing.fit(desk, "E4", contents=("操作规范",))
    assert desk.plan(*tried)["receiver"] == "E4"
    desk.jieli.at = NOW + 300 * DAY  # both trainings have run out
    late = desk.plan("move", "--customer", "C000", "--to", "E2")
    assert any("培训已于2027-06-30到期" in why for why in late["against"])


@pytest.mark.req("R2.16")
def test_nobody_approves_his_own_plan_nor_what_he_is_to_receive(desk: Desk) -> None:
    """Self-approval rejected; a receiver cannot approve; scope, reason, expiry; revocable."""
    reader(Role.SALES_LEAD, Role.COMPLIANCE, name="both", at=NOW)
    desk.make()
    asked = desk.plan("submit", "--reason", "离职", "--until", "2026-12-31", by="both")["request"]
    decide = ("approve", "decide", asked, "同意", "--as")
    assert desk.jieli.refused(*decide, "both")["code"] == "approvals.own_request"
    assert desk.jieli.refused(*decide, "wang")["code"] == "approvals.interested"
    assert desk.jieli.refused(*decide, "lead")["code"] == "access.forbidden"
    shown = desk.jieli.answer("approve", "show", asked, "--as", "fa")
    assert (shown["scope"], shown["reason"]) == ("4名客户，1名接手人", "离职")
    assert shown["expires_at"] > NOW
    desk.jieli.answer(*decide, "fa")
    assert desk.plan("show")["approval"]
    revoked = desk.jieli.answer("approve", "revoke", asked, "--reason", "客户投诉", "--as", "fa")
    assert (revoked["state"], desk.plan("show")["approval"]) == ("已撤销", None)


@pytest.mark.req("R2.17", "R2.19")
def test_region_industry_and_need_decide_and_the_reason_is_told(fresh: Jieli, tmp_path: Path) -> None:
    """Customer 济南/健康教育 goes to the matching receiver; 为何分给B returns reasons."""
    desk = handing.found(fresh, tmp_path, customers=3, values=(("济南", "健康教育"), ("青岛", "素质教育")))
    handing.rule(desk, tmp_path, *ROWS)
    handing.leaves(desk)
    sheet = tmp_path / "needs.csv"
    sheet.write_text("客户编号,语言,资质\nC001,日语,\n", "utf-8")
    assert fresh.answer("plan", "needs", sheet, "--as", "lead") == {"customers": 1, "changed": 1}
    desk.make()
    lines = desk.lines()
    assert {no: x["receiver"] for no, x in lines.items()} == {"C000": "E3", "C001": "E2", "C002": "E3"}
    assert "客户的地域“济南”，规则写明由其接手" in lines["C000"]["why"]
    assert "得分" in lines["C000"]["why"]
    assert "客户的语言“日语”" in lines["C001"]["why"]
    assert "C000" in fresh.said("plan", "show", desk.number, "--as", "lead")


@pytest.mark.req("R2.18")
def test_the_same_input_gives_the_same_allocation_and_a_change_by_hand_is_kept(desk: Desk) -> None:
    """Same input → same allocation; the formula is stated; manual override logged."""
    made = []
    for _ in range(2):
        desk.make()
        shown = desk.plan("show")
        made.append([(x["customer_no"], x["receiver"], x["why"]) for x in shown["lines"]])
    assert made[0] == made[1]
    assert "得分＝" in shown["formula"]
    other = {"E2": "E3", "E3": "E2"}[desk.lines()["C000"]["receiver"]]
    desk.plan("override", "--customer", "C000", "--to", other, "--reason", "客户指定")
    shown = desk.plan("show")
    assert [(o["customer_no"], o["reason"]) for o in shown["overrides"]] == [("C000", "客户指定")]
    assert shown["overrides"][0]["by"].startswith("person:")
    assert desk.lines()["C000"]["receiver"] == other


@pytest.mark.req("W12", "R2.10")
def test_customers_for_the_sister_company_need_their_separate_consent(fresh: Jieli, tmp_path: Path) -> None:
    """Leaver's customers moved to sister company → TRANSFER_NEEDS_CONSENT (PIPL-23) + joint-handler check."""
    desk = handing.found(fresh, tmp_path)
    handing.rule(desk, tmp_path, "接手范围,,,工号:E9,,", "上限,每人,,,,9")
    handing.leaves(desk)
    desk.make()
    shown = desk.plan("preflight")
    assert shown["code"] == "TRANSFER_NEEDS_CONSENT"
    assert any("PIPL-23" in f["articles"] for f in shown["findings"])
    assert "共同处理者" in shown["open_points"][0]
    assert desk.plan("preflight", "--not-joint")["open_points"] == []
    left = desk.plan("show")["left"]
    assert len(left) == 4
    assert all("可选的接手人属其他主体，客户尚未单独同意" in x["reasons"] for x in left)
    words = ("--kind", "向其他主体提供", "--entity", "BM", "--paper", desk.paper, "--as", "lead")
    fresh.answer("plan", "consent", *desk.customers, *words)
    assert desk.make()["assigned"] == 4


def test_who_said_no_before_the_plan_is_given_to_nobody(desk: Desk) -> None:
    desk.jieli.answer("plan", "wish", "C000", "--wish", "不再联系我", "--channel", "电话", "--as", "lead")
    desk.make()
    line = desk.lines()["C000"]
    assert (line["receiver"], line["state"]) == (None, "不再联系")


def test_a_voided_plan_makes_room_for_a_new_one(desk: Desk) -> None:
    desk.make()
    desk.approved()
    again = ("make", "--owner", "E5", *handing.BALANCE)
    assert desk.refused(*again)["code"] == "succession.plan_exists"
    assert desk.plan("void", "--reason", "重新分配")["state"] == "已作废"
    assert desk.refused("show")["code"] == "cli.no_plan"
    assert desk.make()["state"] == "草稿"


def test_a_decision_of_another_system_is_entered_with_its_scan_and_counts(desk: Desk) -> None:
    desk.make()
    asked = desk.plan("submit", "--reason", "离职")["request"]
    words = (
        "--system",
        "泛微",
        "--number",
        "OA-77",
        "--date",
        "2026-09-21",
        "--scan",
        desk.paper,
        "--as",
        "yan",
    )
    same = desk.jieli.refused(
        "approve", "outside", asked, "--applicant", "周严", "--approver", "周严", *words
    )
    assert same["code"] == "approvals.own_request"
    done = desk.jieli.answer("approve", "outside", asked, "--applicant", "周严", "--approver", "总监", *words)
    assert desk.plan("show")["approval"] == done["approval"]
    assert desk.jieli.answer("approve", "list", "--as", "yan")["requests"] == []


def test_a_rejection_needs_its_reason_and_what_is_enabled_can_end(desk: Desk) -> None:
    desk.make()
    asked = desk.plan("submit", "--reason", "离职")["request"]
    [one] = desk.jieli.answer("approve", "list", "--kind", "接续方案", "--as", "yan")["requests"]
    assert (one["request"], one["state"]) == (asked, "待审批")
    assert "接续方案" in desk.jieli.said("approve", "list", "--as", "yan")
    decide = ("approve", "decide", asked, "驳回", "--as", "yan")
    assert desk.jieli.refused(*decide)["code"] == "approvals.bad_request"
    assert desk.jieli.answer(*decide, "--reason", "接手人太少")["agree"] is False
    assert desk.plan("show")["request_state"] == "已驳回"
    ended = ("approve", "disable", "离职继承", "--reason", "复核", "--as", "yan")
    assert desk.jieli.answer(*ended)["enabled"] is False
    assert desk.jieli.refused(*ended)["code"] == "approvals.not_revocable"


def test_notices_leave_once_with_the_customer_s_own_link_and_one_reminder(desk: Desk, tmp_path: Path) -> None:
    desk.make()
    desk.approved()
    assert desk.plan("notices")["sent"] == 4
    outbox = [json.loads(p.read_text("utf-8")) for p in (desk.jieli.home / "outbox").iterdir()]
    assert {o["渠道"] for o in outbox} == {"短信"}
    assert {o["收件人"] for o in outbox} == {f"1380000{n:04}" for n in range(4)}
    assert all(f"{desk.jieli.profile.site}/c/" in o["内容"] for o in outbox)
    again = desk.plan("notices")
    assert (again["sent"], set(again["withheld"].values())) == (0, {"已告知"})
    assert set(desk.plan("notices", "--reminder")["withheld"].values()) == {"尚未告知"}
    desk.jieli.at += DAY
    assert desk.plan("notices", "--reminder")["sent"] == 4
    assert desk.plan("notices", "--reminder")["sent"] == 0
    assert desk.plan("preflight")["code"] == "TRANSFER_OK"
    told = desk.plan("told")
    assert "不能证明" in told["note"]
    assert all(m["notice_at"] and m["reminder_at"] for m in told["customers"].values())


def test_notices_that_people_send_are_written_to_a_list_for_their_eyes(desk: Desk, tmp_path: Path) -> None:
    desk.make()
    desk.approved()
    assert desk.refused("notices", "--channel", "企业微信")["code"] == "cli.no_out_file"
    file = tmp_path / "told.csv"
    assert desk.plan("notices", "--channel", "企业微信", "--out", file)["listed"] == 4
    rows = list(csv.DictReader(file.read_text("utf-8-sig").splitlines()))
    assert {r["客户编号"] for r in rows} == set(desk.customers)
    assert {r["发送人工号"] for r in rows} <= {"E2", "E3"}
    assert all("/c/" in r["内容"] for r in rows)
    assert file.stat().st_mode & 0o077 == 0


def test_what_cannot_be_read_is_told_with_its_place(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "rule.csv"
    file.write_text("项目,类别,取值,接手人,力度,数字\n上限,每人,,,,很多\n", "utf-8")
    words = ("--name", "规则", "--rationale", "理由", "--customer-need", "需求", "--as", "lead")
    assert desk.jieli.refused("plan", "rule-propose", file, *words)["code"] == "succession.rule_invalid"
    file.write_text("项目,乱写\n", "utf-8")
    assert desk.jieli.refused("plan", "rule-propose", file, *words)["code"] == "cli.bad_sheet"
    unknown = ("plan", "training", "E77", "--content", "法律法规", "--passed", "2026-09-01", "--as", "lead")
    assert desk.jieli.refused(*unknown, "--until", "2027-01-01")["code"] == "wiring.unknown_subject"
    assert desk.jieli.refused(*unknown, "--until", "明年")["code"] in {
        "cli.not_a_day",
        "wiring.unknown_subject",
    }
    assert desk.jieli.refused("approve", "show", "x", "--as", "yan")["code"] == "cli.bad_request_id"


def test_a_rule_is_shown_as_the_rows_it_was_made_of_and_comes_back_from_json(
    desk: Desk, tmp_path: Path
) -> None:
    shown = desk.jieli.answer("plan", "rules", "--as", "lead")
    assert (shown["in_force"], shown["findings"]) == (1, [])
    [one] = shown["rules"]
    assert ["上限", "每人", "", "", "", "300"] in one["rows"]
    content = {
        "v": 1, "pool": {"units": [], "staff": ["E2"]}, "capacity": 5, "own_capacity": [], "criteria": [],
        "weights": {"tenure": 50, "contribution": 50, "balance": 0},
    }  # fmt: skip
    file = tmp_path / "rule.json"
    file.write_text(json.dumps(content), "utf-8")
    words = ("--name", "规则", "--rationale", "理由", "--customer-need", "需求", "--as", "lead")
    assert desk.jieli.answer("plan", "rule-propose", file, *words)["version"] == 2
    assert desk.jieli.answer("plan", "rules", "--as", "lead")["in_force"] == 1
