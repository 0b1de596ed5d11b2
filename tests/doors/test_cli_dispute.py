"""`jieli dispute`: the requirements on disputes, each as it is accepted, through the command line."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors import quarrel
from tests.doors.cli import Jieli
from tests.doors.quarrel import Quarrel, brought, changed, judged, opened, part, row
from tests.house.source import ROOT
from tests.rooms.company import sh

W1_MISSING = ["因果关系证据", "往期转化率", "课程单价/价格凭证(未见提交)", "客户行为记录", "计算过程"]
DAMAGES = [("证6", "转化率统计"), ("证7", "价目表"), ("证8", "成本表"), ("证9", "联系记录")]


@pytest.fixture(scope="module")
def home(_house: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jieli]:
    with quarrel.house(tmp_path_factory.mktemp("home")) as run:
        yield run


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("desk")


@pytest.fixture(scope="module")
def w1(home: Jieli, desk: Path) -> Quarrel:
    """The worked case, brought and assessed once."""
    case = brought(home, desk)
    case("assess")
    return case


@pytest.fixture
def shown(w1: Quarrel) -> dict[str, Any]:
    """What the command shows to this test."""
    return w1("show")


def codes(shown: dict[str, Any], key: str = "归属") -> list[str]:
    return list(shown["verdicts"][key]["findings"])


def missing(shown: dict[str, Any], issue: str = "赔偿") -> list[str]:
    return [m["text"] for m in shown["verdicts"][issue]["missing"]]


def reasons(shown: dict[str, Any], issue: str = "归属") -> str:
    return "\n".join(shown["verdicts"][issue]["trace"])


def with_figures(home: Jieli, desk: Path, *parts: str) -> Quarrel:
    """W1 with more exhibits and the parts of its variant."""
    case = opened(home, desk)
    for number, title in DAMAGES:
        case.exhibit(number, title, "损失")
    case.state(*changed(*parts))
    case("claim", "返还工作账号", "--issue", "交还")
    case("claim", "赔偿可得利益损失", "--issue", "赔偿", "--basis", "侵权", "--amount", "近17万元")
    return case


@pytest.mark.req("W1")
def test_w1_is_the_companys_account_to_be_returned_without_damages(shown: dict[str, Any]) -> None:
    assert {k: v["code"] for k, v in shown["verdicts"].items()} == {
        "归属": "OWN_COMPANY", "交还": "RETURN_DUE", "赔偿": "DMG_UNSUPPORTED", "责任": "LIABILITY_MAPPED",
    }  # fmt: skip
    assert shown["verdicts"]["赔偿"]["supported"] == "0元"
    assert missing(shown) == W1_MISSING
    assert [a["id"] for a in shown["verdicts"]["交还"]["articles"]] == ["CC-558", "CC-509"]
    assert "DEF.SHARED.REJECTED" in codes(shown)


@pytest.mark.req("R0.2")
def test_an_account_without_a_record_of_its_number_is_undetermined(home: Jieli, desk: Path) -> None:
    """Given an account with no phone-number record, then OWN_UNDETERMINED and 手机号来源 is listed as missing."""
    case = opened(home, desk, exhibits=0)
    found = case.assess()
    assert found["verdicts"]["归属"]["code"] == "OWN_UNDETERMINED"
    assert "手机号来源" in missing(found, "归属")


@pytest.mark.req("R0.3")
def test_labour_and_service_differ_in_law_route_and_limitation_only(home: Jieli, desk: Path) -> None:
    """劳动 cites LCL-50 + CC-558/509 and arbitration (1 year); 劳务 cites CC-558/509 only and civil court (3 years)."""
    told = {}
    for kind in ("劳动", "劳务"):
        case = opened(home, desk, exhibits=5)
        case.state(*changed(kind={"value": kind}))
        told[kind] = case.assess(), case("route", "--known-on", "2026-06-01")
    duties = {k: [a["id"] for a in found["verdicts"]["交还"]["articles"]] for k, (found, _) in told.items()}
    assert duties == {"劳动": ["CC-558", "CC-509", "LCL-50"], "劳务": ["CC-558", "CC-509"]}
    assert [f["verdicts"]["交还"]["code"] for f, _ in told.values()] == ["RETURN_DUE", "RETURN_DUE"]
    routes = {k: (r["tribunal"], r["years"], r["limitation"]) for k, (_, r) in told.items()}
    assert routes == {
        "劳动": ("劳动争议仲裁委员会", 1, "2027-06-01"),
        "劳务": ("人民法院", 3, "2029-06-01"),
    }
    assert "LDMA-27" in [a["id"] for a in told["劳动"][1]["articles"]]
    assert "CC-188" in [a["id"] for a in told["劳务"][1]["articles"]]


@pytest.mark.req("R0.5")
def test_a_near_amount_is_printed_as_one_and_a_total_keeps_it(home: Jieli, desk: Path) -> None:
    """Given amount=170000, qualifier=近, then “近17万元(约数)” is printed, and a computed total keeps the qualifier."""
    case = opened(home, desk, exhibits=0)
    case("claim", "赔偿", "--issue", "赔偿", "--basis", "侵权", "--amount", "近17万元")
    assert "近17万元(约数)" in case.said("show")
    case("claim", "合理费用", "--issue", "赔偿", "--basis", "侵权", "--amount", "5000元")
    assert "近175,000.00元(约数)" in reasons(case.assess(), "赔偿")
    assert (
        case("amount", "评估损失", "17万余元", "--by", "第三方", "--kind", "可得利益")["amount"]
        == "17万余元(约数)"
    )


@pytest.mark.req("R0.8")
def test_a_claimed_period_is_shown_as_claimed_and_by_the_month(w1: Quarrel, shown: dict[str, Any]) -> None:
    """The period is shown “员工自称,未举证”, and month precision is not turned into exact days."""
    [line] = [s for s in w1.said("show").splitlines() if s.startswith("提供劳动或劳务的期间")]
    assert "员工自称,未举证" in line
    assert "2023-03至2023-05" in line
    assert "2023-03-01" not in line
    [period] = [f for f in shown["facts"] if f["key"] == "engagement.period"]
    assert (period["when"], period["standing"]) == ("2023-03至2023-05", "员工自称,未举证")


@pytest.mark.req("R0.13")
def test_adjectives_without_one_customer_cannot_complete_the_form(home: Jieli, desk: Path) -> None:
    """Given loss text “大量客户失联” and zero listed customers, then the form cannot be marked complete."""
    case = opened(home, desk, exhibits=1)
    case("claim", "大量客户失联", "--issue", "赔偿", "--basis", "侵权", "--amount", "近17万元")
    assert case.refused("form") == "evidence.bad_loss"
    case.lose(2, "证1")
    found = case("form")
    assert (found["complete"], [m["code"] for m in found["missing"]]) == (False, ["VOUCHERS"])
    case.state(row("invest.advertising", "12万元"))
    assert case("form")["complete"] is True


@pytest.mark.req("R0.14")
@pytest.mark.req("W1b")
@pytest.mark.req("R0.25")
def test_the_sum_of_w1b_stands_only_with_its_cause_and_never_touches_the_return(
    home: Jieli, desk: Path
) -> None:
    """Given E1 missing, DMG_UNSUPPORTED with missing=[E1]; with it 10,012.80. Relief 1 is the same either way."""
    case = with_figures(home, desk, "w1b")
    case.lose(40, "证6")
    failed = case.assess()
    assert failed["verdicts"]["赔偿"]["code"] == "DMG_UNSUPPORTED"
    assert [m["code"] for m in failed["verdicts"]["赔偿"]["missing"]] == ["E1"]
    assert failed["verdicts"]["赔偿"]["supported"] == "0元"
    for key in ("loss.causation", "loss.contact_lost"):
        case("fact", key, "是", "--by", "公司", "--proof", "已证", "--exhibit", "证9", "--corrects")
    held = case.assess()
    assert [r["verdict"] for r in held["reliefs"]] == ["RETURN_DUE", "DMG_PARTIAL"]
    assert held["verdicts"]["赔偿"]["supported"] == "10,012.80元"
    assert failed["reliefs"][0] == held["reliefs"][0]
    assert failed["verdicts"]["交还"] == held["verdicts"]["交还"]


@pytest.mark.req("R0.15")
def test_not_having_used_it_weakens_the_loss_and_not_the_duty(home: Jieli, desk: Path) -> None:
    """Given D1 proven by login logs, then RETURN_DUE stays and the note shows “未再使用削弱因果与损失”."""
    case = brought(home, desk, *changed(used={"proof": "已证", "exhibits": ["证1"]}))
    found = case.assess()
    assert found["verdicts"]["交还"]["code"] == "RETURN_DUE"
    assert "未再使用削弱因果与损失" in found["verdicts"]["赔偿"]["notes"]


@pytest.mark.req("R0.16")
def test_both_issues_stand_apart_and_in_their_order(w1: Quarrel, shown: dict[str, Any]) -> None:
    """The report contains the headings 焦点一 交还 / 焦点二 赔偿 with separate reasons."""
    assert [f["heading"] for f in shown["foci"]] == ["焦点一 交还", "焦点二 赔偿"]
    first, second = (set(f["trace"]) for f in shown["foci"])
    assert first
    assert second
    assert not first & second
    said = w1.said("show").splitlines()
    assert said.index("焦点一 交还") < said.index("焦点二 赔偿")


@pytest.mark.req("R0.17")
def test_without_evidence_of_use_nothing_is_decided(home: Jieli, desk: Path) -> None:
    """Given source and purpose evidenced but no use evidence, then OWN_UNDETERMINED, missing=实际使用情形."""
    use = ("post", "publicity", "placement", "courses", "brand", "private")
    found = judged(home, desk, *changed(without=use))
    assert found["verdicts"]["归属"]["code"] == "OWN_UNDETERMINED"
    assert "实际使用情形" in missing(found, "归属")
    assert {"账号来源", "注册目的"}.isdisjoint(missing(found, "归属"))


@pytest.mark.req("R0.18")
def test_four_positive_facts_are_four_reasons(shown: dict[str, Any]) -> None:
    """Given P1–P4 all evidenced, then OWN_COMPANY with four reasons."""
    assert shown["verdicts"]["归属"]["code"] == "OWN_COMPANY"
    assert [c for c in codes(shown) if c in ("P1.YES", "P2.YES", "P3.YES", "P4.YES")] == [
        "P1.YES", "P2.YES", "P3.YES", "P4.YES",
    ]  # fmt: skip
    assert reasons(shown).count("：支持归属公司。") == 4


@pytest.mark.req("R0.19")
@pytest.mark.req("W8")
def test_a_personal_account_used_with_the_companys_knowledge_stays_the_persons(
    home: Jieli, desk: Path
) -> None:
    """Then OWN_EMPLOYEE, and the transfer of customer data (not the account) is offered instead."""
    case = brought(home, desk, *changed("w8"))
    found = case.assess()
    assert [r["verdict"] for r in found["reliefs"]] == ["RETURN_NOT_DUE", "DMG_UNSUPPORTED"]
    assert found["verdicts"]["归属"]["code"] == "OWN_EMPLOYEE"
    assert "客户名单" in reasons(found, "交还")
    assert "不是账号" in reasons(found, "交还")


@pytest.mark.req("R0.20")
def test_the_right_is_named_by_its_three_words_and_never_as_title(w1: Quarrel) -> None:
    """The exported verdict contains 占有、使用、管理 of a 虚拟办公资产 and not “所有权”."""
    said = w1.said("show")
    assert "虚拟办公资产" in said
    assert "占有、使用、管理" in said
    verdict = said[said.index("\n归属\n") : said.index("\n焦点一 交还\n")]
    words = [line for line in verdict.splitlines() if not line.startswith(("《", "　　"))]
    assert "所有权" not in "\n".join(words)


@pytest.mark.req("R0.26")
def test_a_price_alone_is_incomplete_data(home: Jieli, desk: Path) -> None:
    """Given D2 only, then E2=不完整 and D1, D3 are listed missing."""
    case = with_figures(home, desk)
    case.state(row("loss.unit_price", "2980.00", exhibits="证7"))
    found = case.assess()["verdicts"]["赔偿"]
    assert {"E2.INCOMPLETE", "D2.MET", "D1.OPEN", "D3.OPEN"} <= set(found["findings"])
    listed = [m["code"] for m in found["missing"]]
    assert ("D2" in listed, [c for c in listed if c in ("D1", "D3")]) == (False, ["D1", "D3"])


@pytest.mark.req("R0.27")
def test_a_broken_chain_supports_nothing_and_lists_what_is_missing(
    w1: Quarrel, shown: dict[str, Any]
) -> None:
    found = shown["verdicts"]["赔偿"]
    assert (missing(shown), found["supported"]) == (W1_MISSING, "0元")
    assert found["text"] == "证据不足,不予支持。"
    assert "尚缺：往期转化率（可由公司提供）" in w1.said("show")


@pytest.mark.req("R0.28")
def test_one_customer_and_course_is_counted_once(home: Jieli, desk: Path) -> None:
    """Given customer X in H1 and H2 for the same course, then a validation error."""
    case = opened(home, desk, exhibits=1)
    case("loss", "客户甲", "深度课程", "--when", "2023-06", "--attempts", 2, "--exhibit", "证1")
    twice = ("loss", "客户甲", "深度课程", "--head", "维护中断", "--fall", "1200元")
    assert case.refused(*twice) == "evidence.double_counted"
    assert case("show")["losses"] == 1


@pytest.mark.req("R0.37")
def test_an_account_that_nobody_controls_is_not_labelled(home: Jieli, desk: Path) -> None:
    """Given an account with no control right for anybody, then the label is refused."""
    case = opened(home, desk, exhibits=1)
    case.state(
        row("nature.virtual", "是"), row("value.customers", "500"),
        *(row(f"control.{right}", "无") for right in ("login", "manage", "data")),
    )  # fmt: skip
    found = home.answer("dispute", "property", "--dispute", case.number, *quarrel.AS)
    assert (found["code"], [m["code"] for m in found["missing"]]) == ("VP_REFUSED", ["CONTROL"])


@pytest.mark.req("R0.39")
def test_ownership_is_never_more_than_likely(
    home: Jieli, desk: Path, w1: Quarrel, shown: dict[str, Any]
) -> None:
    """The report's words of confidence are 更可能, 优先, 不足以认定."""
    bare = judged(home, desk, row("account.for_work", "是"), exhibits=1)
    words = {found["verdicts"]["归属"]["certainty"] for found in (shown, bare)}
    assert words == {"更可能", "不足以认定"}
    assert "更可能属于企业" in reasons(shown)
    assert "优先的权属" in reasons(shown)
    assert "必然" not in w1.said("show")


@pytest.mark.req("R0.40")
def test_vouchers_of_investment_are_counted_and_summed(home: Jieli, desk: Path) -> None:
    """Given invoices attached, then C2 shows the count of vouchers and their total."""
    spent = [
        row("invest.advertising", "12万元", exhibits="证4"),
        row("invest.brand", "3万元", exhibits="证3"),
    ]
    found = judged(home, desk, *part("facts"), *spent)
    assert "企业投入有凭证2份，合计15万元。" in reasons(found)


@pytest.mark.req("R0.41")
def test_an_unknown_answer_is_an_open_point_and_no_negative(home: Jieli, desk: Path) -> None:
    """Given one 不明, then the verdict shows it as an open point, not as negative."""
    found = judged(home, desk, *changed(rules={"value": "不明", "proof": "自称", "exhibits": []}))
    assert found["verdicts"]["归属"]["code"] == "OWN_COMPANY"
    assert "谁建立了账号制度：不明，列为待查，不作否定。" in reasons(found)
    assert any("账号制度" in point for point in found["verdicts"]["归属"]["open_points"])


@pytest.mark.req("R0.42")
def test_the_same_inputs_give_the_same_trace(w1: Quarrel, shown: dict[str, Any]) -> None:
    """Run twice → identical trace."""
    again = w1.assess()
    assert again["assessed_times"] == shown["assessed_times"] + 1
    for issue, verdict in shown["verdicts"].items():
        assert verdict["trace"] == again["verdicts"][issue]["trace"]
        assert verdict["trace"][0].startswith("1. ")


@pytest.mark.req("R0.44")
def test_four_heads_of_liability_are_shown_and_never_summed(home: Jieli, desk: Path) -> None:
    """Given refusal + profit, then four heads with the status of their elements, and the total is not summed twice."""
    case = brought(
        home, desk, *changed(cause={"proof": "已证", "exhibits": ["证1"]}, lost={"proof": "已证", "exhibits": ["证1"]}),
        row("duty.refused", "是"), row("fault.negligent", "是"), row("gain.profit", "是"),
        row("gain.without_ground", "是"),
    )  # fmt: skip
    found = case("liability", "--sum", "违约=9万元", "--sum", "侵权=5万元", "--sum", "不当得利=6万元")
    assert [h["name"] for h in found["heads"]] == ["违约责任", "侵权责任", "侵犯商业秘密", "不当得利"]
    assert [e["answer"] for e in found["heads"][1]["elements"]] == ["YES", "YES", "YES"]
    assert {e["answer"] for e in found["heads"][2]["elements"]} == {"OPEN"}
    assert found["recoverable"] == "6万元"
    assert len(found["overlaps"]) == 6


@pytest.mark.req("R0.46")
def test_rules_without_a_chapter_name_it(home: Jieli, desk: Path) -> None:
    """Given a policy lacking 密码管理, then the checker names it."""
    case = opened(home, desk, exhibits=1)
    case.state(row("rules.democratic", "是"), row("rules.published", "是"))
    asked = [
        "dispute",
        "rules-check",
        "--version",
        "1.0",
        "--effective",
        "2026-01-01",
        "--dispute",
        case.number,
    ]
    three = [w for title in ("账号登记", "账号分配", "交接流程") for w in ("--chapter", title)]
    found = home.answer(*asked, *three, *quarrel.AS)
    assert (found["code"], [m["text"] for m in found["missing"]]) == ("RULES_INCOMPLETE", ["密码管理"])
    assert home.answer(*asked, *three, "--chapter", "密码管理", *quarrel.AS)["code"] == "RULES_OK"


@pytest.mark.req("R0.49")
def test_a_platforms_term_stands_beside_the_verdict_as_a_conflict(home: Jieli, desk: Path) -> None:
    """Given the platform term “使用权仅属初始申请注册人”, then the verdict shows a conflict note."""
    term = row("platform.term", "使用权仅属初始申请注册人", by="书证")
    found = judged(home, desk, *part("facts"), term)
    told = "\n".join([*found["verdicts"]["归属"]["notes"], reasons(found)])
    assert "平台规则冲突提示" in told
    assert "使用权仅属初始申请注册人" in told


@pytest.mark.req("R3.4")
def test_what_was_got_unlawfully_feeds_no_verdict_and_is_kept(home: Jieli, desk: Path) -> None:
    """An unlawful item never feeds the engine; it stays on file, and may come back."""
    case = with_figures(home, desk, "w1b", "causation")
    case.lose(2, "证6")
    assert case.assess()["verdicts"]["赔偿"]["code"] == "DMG_PARTIAL"
    case("quarantine", "证7", "--grounds", "取得方式待核")
    aside = case.assess()
    assert (aside["verdicts"]["赔偿"]["supported"], aside["verdicts"]["赔偿"]["code"]) == (
        "0元",
        "DMG_UNSUPPORTED",
    )
    assert [e["number"] for e in aside["exhibits"] if e["legality"] == "隔离"] == ["证7"]
    case("readmit", "证7", "--grounds", "来源已核实")
    assert case.assess()["verdicts"]["赔偿"]["code"] == "DMG_PARTIAL"
    assert case.refused("quarantine", "证404", "--grounds", "x") == "evidence.unknown_dispute"


@pytest.mark.req("W9")
def test_a_real_name_does_not_decide_and_its_tasks_follow(home: Jieli, desk: Path) -> None:
    """OWN_COMPANY despite the employee's real name; tasks: 停止使用, 解除实名, 改绑, 改密."""
    case = opened(home, desk)
    case.exhibit("证6", "实名查询", "实名情况")
    case.state(*changed("w9"))
    found = case.assess()
    assert found["verdicts"]["归属"]["code"] == "OWN_COMPANY"
    for task in ("停止使用", "解除实名", "改绑", "改密"):
        assert f". {task}" in reasons(found, "交还")


@pytest.mark.req("W10")
def test_who_says_he_might_rebind_must_prove_it(home: Jieli, desk: Path) -> None:
    """Rebind event without approval → the burden to prove permission lies on the employee."""
    case = opened(home, desk)
    case.exhibit("证6", "改绑记录", "改绑")
    case.state(*changed("w10"))
    [lacking] = case.assess()["verdicts"]["归属"]["missing"]
    assert (lacking["code"], lacking["who"]) == ("REBIND", "员工")


@pytest.mark.req("W11")
def test_a_certificate_is_no_bargaining_chip(home: Jieli, desk: Path) -> None:
    """The company withholds it until the account is returned: blocked, LCL-50/89; only 经济补偿 may wait."""
    case = opened(home, desk)
    case.state(*changed("w11"))
    found = case("certificate")
    assert (found["code"], found["certainty"]) == ("CERT_BLOCKED", "必须")
    assert [a["id"] for a in found["articles"]] == ["LCL-50", "LCL-89"]
    assert "只有经济补偿" in found["text"]


def clause(home: Jieli, desk: Path, text: str) -> dict[str, Any]:
    path = desk / "clause.txt"
    path.write_text(text, "utf-8")
    return home.answer("dispute", "clause", path, *quarrel.AS)


@pytest.mark.req("R2.13")
def test_the_three_clauses_are_checked_one_by_one(home: Jieli, desk: Path) -> None:
    """K1 only → K2 missing; K3 without compensation → CLAUSE_RISK with reasons."""
    k1, k2 = "员工在职期间不得将客户信息用于个人用途。", "离职后，员工应配合完成客户的交接工作。"
    k3 = "离职后未经书面同意，员工不得与客户建立新的商业关系。"
    only = clause(home, desk, k1)
    assert (only["code"], [m["code"] for m in only["missing"]]) == ("CLAUSE_INCOMPLETE", ["K2"])
    assert clause(home, desk, k1 + k2)["code"] == "CLAUSE_OK"
    risk = clause(home, desk, k1 + k2 + k3)
    assert risk["code"] == "CLAUSE_RISK"
    assert "COMPENSATION" in [m["code"] for m in risk["missing"]]
    assert {"LCL-23", "LCL-24"} <= {a["id"] for a in risk["articles"]}


@pytest.mark.req("R3.22")
@pytest.mark.req("R3.23")
def test_a_fixed_share_is_no_measure_of_loss_and_its_base_is_asked_for(home: Jieli, desk: Path) -> None:
    """Void for 劳动, reducible under 劳务; without a deal “无成交证据,基数35万无依据”; supported loss 0."""
    found = {}
    for kind in ("劳动", "劳务"):
        path = desk / f"{kind}.json"
        path.write_text(
            f'[{{"事项": "engagement.kind", "内容": "{kind}", "陈述人": "公司", "证明": "对方认可"}}]',
            "utf-8",
        )
        asked = ("dispute", "penalty", 40, "--claim", "14万元", "--facts", path)
        found[kind] = home.answer(*asked, *quarrel.AS)
    assert [f["code"] for f in found.values()] == ["CLAUSE_VOID", "CLAUSE_RISK"]
    assert "可请求酌减" in found["劳务"]["text"] + "".join(found["劳务"]["trace"])
    assert found["劳动"]["implied_base"] == "35万元"
    assert any("无成交证据,基数35万无依据。" in line for line in found["劳动"]["trace"])
    case = opened(home, desk, exhibits=0)
    case.state(row("engagement.kind", "劳动", proof="对方认可", exhibits=""))
    case("claim", "按手册赔偿", "--issue", "赔偿", "--basis", "违约", "--amount", "14万元")
    assert case.assess()["verdicts"]["赔偿"]["supported"] == "0元"


def term(kind: str, obligor: str, obligee: str, action: str, proof: str, due: str) -> dict[str, str]:
    return {"类别": kind, "义务人": obligor, "权利人": obligee, "内容": action, "凭证": proof, "期限": due}


TERMS = [
    term("找回密码", "员工", "公司", "配合找回密码", "登录测试记录", "10日内"),
    term("交还", "员工", "公司", "交还账号", "交接签收", "2026-12-01"),
    term("出具证明", "公司", "员工", "出具证明", "送达回执", "10日内"),
]


def settled(home: Jieli, case: Quarrel) -> list[dict[str, Any]]:
    """Settle on 20 November 2026; the terms with the duties they laid."""
    home.at = max(home.at, sh("2026-11-20 10:00"))
    signed = case.file("协议.txt", "双方签署的协议")
    terms = case.file("terms.json", TERMS)
    done = case("settle", terms, "--paper", signed, "--on", "2026-11-20", "--mediator", "调解员")
    return list(done["terms"])


@pytest.mark.req("R0.29")
@pytest.mark.req("R0.31")
def test_a_settlement_is_three_obligations_each_with_its_day(home: Jieli, desk: Path) -> None:
    """Mediation signed 2026-11-20 → due 2026-11-30; 劳动 exit 2026-11-20 → due that day, overdue on 11-21."""
    case = opened(home, desk, exhibits=0)
    terms = settled(home, case)
    assert [(t["kind"], t["obligor"], t["due"]) for t in terms] == [
        ("找回密码", "员工", "2026-11-30"), ("交还", "员工", "2026-12-01"), ("出具证明", "公司", "2026-11-30"),
    ]  # fmt: skip
    labour = opened(home, desk, exhibits=0)
    labour.state(
        row("engagement.kind", "劳动", proof="对方认可", exhibits=""),
        row("engagement.ended", "是", proof="对方认可", exhibits="", 时间="2026-11-20"),
    )
    assert (labour("certificate")["due"], labour("certificate")["overdue"]) == ("2026-11-20", False)
    assert settled(home, labour)[2]["due"] == "2026-11-20"
    home.at = sh("2026-11-21 09:00")
    assert labour("certificate")["overdue"] is True


@pytest.mark.req("R0.4")
@pytest.mark.req("R0.32")
def test_each_issue_has_its_outcome_and_mediation_closes_after_both_confirmations(
    home: Jieli, desk: Path
) -> None:
    """Outcomes OWN_COMPANY, RETURN_DUE, DMG_UNSUPPORTED, closed_by=调解; with one confirmation it cannot be closed."""
    case = brought(home, desk)
    judged_ = case.assess()["verdicts"]
    settled(home, case)
    for issue in ("归属", "交还", "赔偿"):
        said = ("--code", judged_[issue]["code"], "--by", "人民法院", "--on", "2026-11-19")
        case("outcomes", judged_[issue]["text"], "--issue", issue, *said)
    case("follow-up", "经办人", "--restored")
    assert case.refused("close", "调解") == "evidence.not_confirmed"
    case("follow-up", "经办人", "--received")
    case("close", "调解")
    found = case("show")
    assert [o["code"] for o in found["outcomes"]] == ["OWN_COMPANY", "RETURN_DUE", "DMG_UNSUPPORTED"]
    assert (found["closed_by"], found["confirmed"]) == (
        "调解", {"account_restored": True, "certificate_received": True},
    )  # fmt: skip
    assert case.refused("assess") == "evidence.dispute_closed"


def test_a_sheet_keeps_the_good_rows_and_names_the_bad_ones(home: Jieli, desk: Path) -> None:
    case = opened(home, desk, exhibits=1)
    lines = [
        "事项,内容,陈述人,证明,时间,证据",
        "engagement.kind,劳务,公司,对方认可,,",
        "account.for_work,也许,公司,自称,,",
        "account.for_work,是,公司,已证,,证404",
        "account.for_work,是,公司,已证,,",
        "注册目的是否为满足工作需要,是,公司,已证,2023-03,证1",
        "engagement.period,三月,员工,自称,2023-13,",
        "claim.amount,17万,公司,自称,,",
        "account.returned,否,邻居,自称,,",
    ]
    done = case("facts", case.file("facts.csv", "\n".join(lines)))
    assert done["entered"] == 2
    assert [(e["line"], e["code"]) for e in done["errors"]] == [
        (n, "evidence.bad_fact") for n in (3, 4, 5, 7, 8, 9)
    ]
    assert [f["key"] for f in case("show")["facts"]] == ["engagement.kind", "account.for_work"]
    assert "未登记 1 行" in case.said("losses", case.file("l.csv", "损失项,客户,课程\n别的,客户甲,课程"))
    assert case.refused("facts", case.file("no.json", '{"事项": 1}')) == "evidence.bad_fact_file"


def test_a_correction_replaces_what_stood(home: Jieli, desk: Path) -> None:
    case = opened(home, desk, exhibits=0)
    case("fact", "account.for_work", "否", "--by", "公司")
    case("fact", "account.for_work", "是", "--by", "公司", "--corrects")
    assert [f["value"] for f in case("show")["facts"]] == ["是"]
    assert case.refused("fact", "account.returned", "是", "--by", "公司", "--corrects") == "evidence.bad_fact"


def test_the_questions_are_listed_and_open_disputes_too(home: Jieli, desk: Path) -> None:
    asked = home.answer("dispute", "questions")["questions"]
    assert {"number.by_company", "loss.conversion"} <= {q["key"] for q in asked}
    case = opened(home, desk, exhibits=0)
    assert case.number in [d["number"] for d in home.answer("dispute", "list", *quarrel.AS)["disputes"]]


def test_who_may_not_manage_disputes_is_refused(home: Jieli, w1: Quarrel) -> None:
    for words in (("show", w1.number), ("assess", w1.number), ("list",)):
        assert home.refused("dispute", *words, "--as", "shebei")["code"] == "access.forbidden"
    assert home.refused("dispute", "show", "M-2026-9999", *quarrel.AS)["code"] == "matters.unknown"


def test_the_sheet_in_the_how_to_can_be_stated_as_it_stands(home: Jieli, desk: Path) -> None:
    page = (ROOT / "docs/how-to/dispute.md").read_text("utf-8")
    shown = json.loads(re.findall(r"```json\n(.*?)```", page, re.S)[0])
    case = opened(home, desk, exhibits=2)
    case.state(*shown)
    assert len(case("show")["facts"]) == len(shown)
