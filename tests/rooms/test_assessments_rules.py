"""Rules as data, clauses, the account rules, amounts, the loss form, liability, sheets, routes."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.evidence import facts as fact_keys
from jieli.evidence.assessments import account_rules, clauses, liability, routes, virtual_property, whole
from jieli.evidence.assessments.account_rules import AccountRules
from jieli.evidence.assessments.amounts import Amount, parse, total
from jieli.evidence.assessments.clauses import Penalty, check_customer_clauses, check_penalty
from jieli.evidence.assessments.losses import Head, LossForm, LossRow, check_form, check_no_double
from jieli.evidence.assessments.rulebook import names, rulebook
from jieli.evidence.assessments.sheets import sheets
from jieli.evidence.errors import BadAmount, BadFact, BadLoss, DoubleCounting
from jieli.law.queries import cite
from jieli.law.verdicts import Certainty, Fact, ProofState, StatedBy, Verdict
from jieli.parties.types import Qualifier
from tests.rooms import w1

ARTICLE = re.compile(r"^[A-Z]+[0-9]*-[0-9]+$")


def strings(value: Any) -> Iterator[str]:
    """Every string of a rule file."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    else:
        yield str(value)


def proved(key: str, value: str, id: str = "") -> Fact:
    return Fact(id or key, key, value, StatedBy.COMPANY, ProofState.PROVED, exhibits=("证1",))


def engaged(kind: str) -> list[Fact]:
    return [proved("engagement.kind", kind)]


def codes(verdict: Verdict) -> list[str]:
    return [f.code for f in verdict.findings]


def test_every_article_that_a_rule_names_can_be_cited() -> None:
    named = {s for name in names() for s in strings(rulebook(name).data) if ARTICLE.match(s)}
    assert len(named) > 30
    assert {cite(article).id for article in named} == named


def test_every_file_of_rules_has_its_version_and_all_are_kept_with_a_verdict() -> None:
    assert all(re.match(r"\d{4}-\d\d-\d\d\.\d+$", rulebook(name).version) for name in names())
    assert len(whole.rules_version().split()) == len(names())


def test_every_key_that_a_rule_asks_for_can_be_stated() -> None:
    dotted = re.compile(r"^[a-z]+\.[a-z_]+$")
    asked = {
        s.partition(":")[0]
        for name in names()
        for s in strings(rulebook(name).data)
        if dotted.match(s.partition(":")[0])
    }
    assert len(asked) > 50
    assert asked <= set(fact_keys.keys())


@pytest.mark.parametrize(
    ("written", "fen", "printed"),
    [
        ("近17万元", 17_000_000, "近17万元(约数)"),
        ("170000", 17_000_000, "17万元"),
        ("2,980.00元", 298_000, "2,980.00元"),
        ("14万余元", 14_000_000, "14万余元(约数)"),
        ("约2980", 298_000, "约2,980.00元(约数)"),
        ("0", 0, "0元"),
        ("0.5万", 500_000, "5,000.00元"),
    ],
)
def test_an_amount_is_read_and_printed_with_its_qualifier(written: str, fen: int, printed: str) -> None:
    amount = parse(written)
    assert (amount.fen, amount.text()) == (fen, printed)


@pytest.mark.parametrize("written", ["", "大量", "17万左右吧", "近1万余元", "-5", "1.234元", "一万元"])
def test_what_is_no_amount_is_refused(written: str) -> None:
    with pytest.raises(BadAmount):
        parse(written)


@given(st.lists(st.builds(Amount, st.integers(0, 10**12), st.sampled_from(Qualifier)), max_size=6))
def test_a_total_is_exact_only_when_every_part_is(parts: list[Amount]) -> None:
    found = total(parts)
    assert found.fen == sum(a.fen for a in parts)
    assert found.exact == all(a.exact for a in parts)


@given(st.integers(0, 10**13), st.sampled_from(Qualifier))
def test_what_is_printed_is_read_back_as_the_same(fen: int, qualifier: Qualifier) -> None:
    amount = Amount(fen, qualifier)
    assert parse(amount.text()) == amount


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("loss.conversion", "12%"), ("loss.conversion", "1/0"), ("loss.cost_share", "101"),
        ("number.by_company", "也许"), ("engagement.kind", "兼职"), ("no.such", "是"), ("value.visits", "很多"),
        ("engagement.period", "  "),
    ],
)  # fmt: skip
def test_a_value_that_its_question_does_not_take_is_refused(key: str, value: str) -> None:
    with pytest.raises(BadFact):
        fact_keys.check(key, value)


def test_adjectives_without_one_customer_are_refused() -> None:
    with pytest.raises(BadLoss, match="大量、重大"):
        check_form(LossForm("造成大量客户失联，损失重大"))


def test_a_loss_form_says_what_it_still_lacks() -> None:
    row = LossRow("1", Head.UNCONVERTED, "客户001", "深度课程")
    lacking = [m.code for m in check_form(LossForm("客户失联", rows=(row,)))]
    assert lacking == ["VOUCHERS", "LOST", "AMOUNT"]
    full = LossForm("客户失联", ("证1",), tuple(w1.lost(2)), parse("近17万"))
    assert check_form(full) == ()


def test_one_customer_and_course_under_two_heads_is_refused() -> None:
    twice = [*w1.lost(1), *w1.lost(1, Head.UNKEPT)]
    with pytest.raises(DoubleCounting):
        check_no_double(twice)
    with pytest.raises(DoubleCounting):
        whole.assess(w1.facts(), twice)


def test_a_fixed_share_is_void_for_labour_and_reducible_for_service() -> None:
    clause = Penalty(40, parse("14万余元"))
    labour, service = check_penalty(clause, engaged("劳动")), check_penalty(clause, engaged("劳务"))
    assert (labour.code, service.code) == ("CLAUSE_VOID", "CLAUSE_RISK")
    assert {"LCL-25", "LCL-90", "CC-497"} <= set(labour.articles)
    assert "LCL-25" not in service.articles
    assert {"CC-585", "CCI-64", "CCI-65"} <= set(service.articles)
    assert any("可请求酌减" in f.text for f in service.findings)
    assert {"M1.OPEN", "M2.OPEN"} <= set(codes(labour))
    assert any("过度惩罚风险" in f.text for f in labour.findings)


def test_the_base_that_a_claim_implies_is_shown_and_asked_for() -> None:
    verdict = check_penalty(Penalty(40, parse("14万元")), engaged("劳动"))
    assert "无成交证据,基数35万无依据。" in [f.text for f in verdict.findings]
    assert "DEALS" in [m.code for m in verdict.missing]
    deals = [proved("clause.deal_amount", "20万", "a"), proved("clause.deal_amount", "15万", "b")]
    assert "BASE.MET" in codes(check_penalty(Penalty(40, parse("14万元")), [*engaged("劳动"), *deals]))
    assert "BASE.SHORT" in codes(check_penalty(Penalty(40, parse("14万元")), [*engaged("劳动"), deals[0]]))


def test_an_unknown_engagement_is_a_risk_and_not_void() -> None:
    verdict = check_penalty(Penalty(40))
    assert (verdict.code, codes(verdict)[0]) == ("CLAUSE_RISK", "PENALTY.OTHER")
    with pytest.raises(ValueError, match="percentage"):
        check_penalty(Penalty(0))


K1 = "员工在职期间不得将客户信息用于个人用途。"
K2 = "离职后，员工应配合完成客户的交接工作。"
K3 = "离职后未经书面同意，员工不得与客户建立新的商业关系。"


def test_a_contract_with_the_first_clause_alone_lacks_the_second() -> None:
    verdict = check_customer_clauses(K1)
    assert verdict.code == "CLAUSE_INCOMPLETE"
    assert [m.code for m in verdict.missing] == ["K2"]
    assert check_customer_clauses(K1 + K2).code == "CLAUSE_OK"


def test_a_third_clause_beyond_the_last_day_is_a_non_compete_and_lists_what_it_lacks() -> None:
    verdict = check_customer_clauses(K1 + K2 + K3)
    assert verdict.code == "CLAUSE_RISK"
    assert [m.code for m in verdict.missing] == ["ELIGIBLE", "TWO_YEARS", "COMPENSATION", "SCOPE"]
    assert {"LCL-23", "LCL-24", "LDI2-13"} <= set(verdict.articles)
    met = ["eligible_person", "within_two_years", "monthly_compensation", "concrete_scope"]
    whole_ = [proved(f"clause.{name}", "是") for name in met]
    assert check_customer_clauses(K1 + K2 + K3, whole_).code == "CLAUSE_OK"
    assert [m.code for m in check_customer_clauses(K1 + K2 + K3, whole_[:2] + whole_[3:]).missing] == [
        "COMPENSATION"
    ]


def test_a_third_clause_that_ends_with_the_contract_is_no_non_compete() -> None:
    during = K3.removeprefix("离职后")
    assert check_customer_clauses(K1 + K2 + during).code == "CLAUSE_RISK"
    only = [proved("clause.post_employment", "否")]
    assert check_customer_clauses(K1 + K2 + during, only).code == "CLAUSE_OK"


def test_account_rules_without_a_chapter_name_it() -> None:
    procedure = [proved("rules.democratic", "是"), proved("rules.published", "是")]
    three = AccountRules(("账号登记", "账号分配", "交接流程"), "1.0", date(2026, 1, 1))
    verdict = account_rules.check(three, procedure)
    assert (verdict.code, [m.text for m in verdict.missing]) == ("RULES_INCOMPLETE", ["密码管理"])
    four = AccountRules((*three.chapters, "密码管理"), "1.0", date(2026, 1, 1))
    assert account_rules.check(four, procedure).code == "RULES_OK"
    bare = account_rules.check(AccountRules(four.chapters))
    assert [m.code for m in bare.missing] == ["DEMOCRATIC", "PUBLISHED", "VERSION", "EFFECTIVE"]


def test_an_account_that_nobody_controls_is_not_labelled() -> None:
    facts = [proved("nature.virtual", "是"), proved("value.customers", "500")]
    nobody = [proved(f"control.{right}", "无") for right in ("login", "manage", "data")]
    refused = virtual_property.assess([*facts, *nobody])
    assert (refused.code, [m.code for m in refused.missing]) == ("VP_REFUSED", ["CONTROL"])
    assert "CONTROL.NO" in codes(refused)
    assert "CONTROL.OPEN" in codes(virtual_property.assess(facts))
    assert virtual_property.assess([*facts, proved("control.login", "公司")]).code == "VP_LABELLED"


PROFITABLE = {
    "refused": ("duty.refused", "是"),
    "fault": ("fault.negligent", "是"),
    "profit": ("gain.profit", "是"),
    "ground": ("gain.without_ground", "是"),
}


def mapped(basis: str) -> liability.LiabilityMap:
    more = [proved(key, value, id) for id, (key, value) in PROFITABLE.items()]
    return whole.assess([*w1.changed(w1.facts("causation"), {"basis": {"value": basis}}), *more]).liability


def test_refusal_with_profit_shows_four_heads_each_with_its_elements() -> None:
    found = mapped("侵权")
    assert [h.name for h in found.heads] == ["违约责任", "侵权责任", "侵犯商业秘密", "不当得利"]
    assert [h.made_out for h in found.heads] == [True, True, False, True]
    assert [len(h.elements) for h in found.heads] == [3, 3, 4, 3]
    assert len(found.overlaps) == 6
    assert "CC-186" in found.verdict.articles


def test_what_can_be_got_is_never_a_sum_of_heads() -> None:
    sums = {
        "BREACH": parse("9万"),
        "TORT": parse("5万"),
        "SECRET": parse("50万"),
        "ENRICHMENT": parse("近6万"),
    }
    assert liability.recoverable(mapped("侵权"), sums).text() == "近6万元(约数)"
    assert liability.recoverable(mapped("违约"), sums).text() == "9万元"
    assert liability.recoverable(mapped("侵权"), {"BREACH": parse("9万")}).fen == 0


def test_no_election_is_a_missing_thing() -> None:
    found = whole.assess(w1.changed(w1.facts(), {"basis": {}})).liability
    assert [m.code for m in found.verdict.missing] == ["ELECTION"]
    assert found.verdict.certainty is Certainty.OPEN


def test_both_sheets_say_only_what_the_verdicts_say() -> None:
    verdicts = whole.assess(w1.facts()).verdicts()
    said = {v.text for v in verdicts.values()}
    said |= {f.text for v in verdicts.values() for f in v.findings}
    said |= {m.text for v in verdicts.values() for m in v.missing}
    company, staff = sheets(verdicts)
    assert (company.side, staff.side) == (StatedBy.COMPANY, StatedBy.STAFF)
    assert set(company.lines()) | set(staff.lines()) <= said
    assert "往期转化率" in company.lines()
    assert "应当交还账号并协助公司恢复使用。" in staff.lines()


def test_the_route_differs_by_engagement_and_practice_is_shown_split() -> None:
    labour, service, unknown = routes.advise("劳动"), routes.advise("劳务"), routes.advise("")
    assert (labour.tribunal, labour.years) == ("劳动争议仲裁委员会", 1)
    assert (service.tribunal, service.years) == ("人民法院", 3)
    assert (unknown.tribunal, unknown.years) == ("", 1)
    assert all(len(r.split) == 2 and "仅供参考" in r.advisory for r in (labour, service, unknown))
    assert "LDMA-27" in labour.articles
    assert "CC-188" in service.articles
    assert service.limitation(date(2023, 6, 1)).counted == date(2026, 6, 1)


def test_a_clause_verdict_carries_its_articles_in_the_order_in_which_they_came_up() -> None:
    verdict = check_penalty(Penalty(40), engaged("劳动"))
    assert verdict.articles == ("LCL-25", "LCL-90", "LCL-29", "WAGE-16", "CC-497")
    assert verdict.issue == clauses.rulebook("clauses").data["issue"]
