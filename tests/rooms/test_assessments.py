"""The worked cases and what each single change does to them; and what no change may ever do."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.evidence.assessments import certificate, damages, ownership, whole
from jieli.evidence.assessments.losses import Head
from jieli.evidence.assessments.trace import steps
from jieli.evidence.facts import FactKind, keys
from jieli.law.verdicts import Certainty, Fact, ProofState, StatedBy, Verdict
from tests.rooms import w1
from tests.rooms.toggles import TOGGLES, difference, judged

W1_MISSING = ["因果关系证据", "往期转化率", "课程单价/价格凭证(未见提交)", "客户行为记录", "计算过程"]


def codes(verdict: Verdict) -> set[str]:
    return {f.code for f in verdict.findings}


def words(verdict: Verdict) -> str:
    """Everything a verdict says."""
    said = [verdict.text, *(f.text for f in verdict.findings), *(m.text for m in verdict.missing)]
    return "\n".join([*said, *verdict.open_points, *verdict.notes])


def test_w1_is_judged_issue_by_issue() -> None:
    found = whole.assess(w1.facts())
    assert [v.code for v in found.verdicts().values()] == [
        "OWN_COMPANY", "RETURN_DUE", "DMG_UNSUPPORTED", "LIABILITY_MAPPED",
    ]  # fmt: skip
    assert {f"P{n}.YES" for n in range(1, 5)} | {f"N{n}.NO" for n in range(1, 4)} <= codes(found.ownership)
    assert "虚拟办公资产" in found.ownership.text
    assert "占有、使用、管理" in words(found.ownership)
    assert "所有权" not in words(found.ownership)
    assert found.ownership.certainty is Certainty.LIKELY


def test_w1_return_rests_on_the_civil_code_alone_for_a_service_contract() -> None:
    due = whole.assess(w1.facts()).return_duty
    assert due.articles == ("CC-558", "CC-509")
    assert {"DEF.NOT_USED", "DEF.SHARED", "DEF.NO_INTENT"} <= codes(due)
    labour = whole.assess(w1.changed(w1.facts(), {"kind": {"value": "劳动"}})).return_duty
    assert labour.articles == ("CC-558", "CC-509", "LCL-50")


def test_w1_damages_are_unsupported_and_say_what_is_missing_in_one_list_of_words() -> None:
    found = whole.assess(w1.facts())
    assert found.damages.text == "证据不足,不予支持。"
    assert [m.text for m in found.damages.missing] == W1_MISSING
    assert found.supported.fen == 0
    assert "近17万元(约数)" in words(found.damages)
    assert "170" not in words(found.damages)


def test_the_trace_is_numbered_and_the_same_each_time() -> None:
    verdict = whole.assess(w1.facts()).ownership
    lines = steps(verdict, {"number": "证1"})
    assert lines == steps(whole.assess(w1.facts()).ownership, {"number": "证1"})
    assert [line.partition(".")[0] for line in lines[:-1]] == [
        str(n + 1) for n in range(len(verdict.findings))
    ]
    assert "4. 以公司提供的工作手机号注册：支持归属公司。［事实：证1］" in lines
    assert lines[-1] == f"结论（更可能）：{verdict.text}"


def test_w1_common_customers_is_answered_by_where_customers_came_from() -> None:
    assert "DEF.SHARED.REJECTED" in codes(whole.assess(w1.facts()).ownership)


@pytest.mark.parametrize("toggle", TOGGLES, ids=lambda t: str(t["name"]))
def test_one_change_changes_just_what_it_must(toggle: dict[str, Any]) -> None:
    assert difference(judged({}), judged(toggle)) == toggle["expect"]


def test_there_are_at_least_forty_changes_of_different_kinds() -> None:
    assert len({t["name"] for t in TOGGLES}) == len(TOGGLES) >= 40
    assert sum(bool(t["expect"]) for t in TOGGLES) >= 40


def test_w1b_needs_the_cause_before_any_sum() -> None:
    without = whole.assess(w1.facts("w1b"), w1.lost())
    assert (without.damages.code, without.supported.fen) == ("DMG_UNSUPPORTED", 0)
    assert [m.text for m in without.damages.missing] == ["因果关系证据"]
    assert {"E2.MET", "E3.MET", "E1.OPEN"} <= codes(without.damages)
    assert "10,012" not in words(without.damages)


def test_w1b_with_the_cause_supports_10012_80_of_the_claim() -> None:
    found = whole.assess(w1.facts("w1b", "causation"), w1.lost())
    assert found.damages.code == "DMG_PARTIAL"
    assert found.supported.text() == "10,012.80元"
    assert found.damages.missing == ()
    small = w1.changed(w1.facts("w1b", "causation"), {"amount": {"value": "10000元"}})
    full = whole.assess(small, w1.lost())
    assert (full.damages.code, full.supported.fen) == ("DMG_SUPPORTED", 1_000_000)


def test_an_inexact_price_makes_the_sum_inexact() -> None:
    about = w1.changed(w1.facts("w1b", "causation"), {"price": {"value": "约2980元"}})
    assert whole.assess(about, w1.lost()).supported.text() == "约10,012.80元(约数)"


def test_rows_that_say_too_little_are_set_aside_and_counted() -> None:
    rows = [*w1.lost(39), replace(w1.lost(1, first=40)[0], attempts=0)]
    found = whole.assess(w1.facts("w1b", "causation"), rows)
    assert "ROWS.ASIDE" in codes(found.damages)
    assert found.supported.fen == 39 * 12 * 298_000 * 70 // 10_000


def test_a_row_whose_only_exhibit_is_unlawful_is_not_counted() -> None:
    rows = w1.lost(2)
    found = whole.assess(w1.facts("w1b", "causation"), rows, rows[0].exhibits)
    assert found.heads[0].rows == 1


def test_proved_falls_of_income_need_neither_rate_nor_price() -> None:
    rows = [replace(r, fen=100_000) for r in w1.lost(3, Head.UNKEPT)]
    given_ = w1.changed(w1.facts("w1b", "causation"), {"rate": {}, "price": {}})
    found = whole.assess(given_, rows)
    assert (found.damages.code, found.supported.fen) == ("DMG_PARTIAL", 210_000)
    assert {"D1.NOT_NEEDED", "D2.NOT_NEEDED", "H2"} <= codes(found.damages)


def test_mitigation_own_fault_and_foreseeability_take_their_part() -> None:
    cuts = {
        "avoid": {"key": "loss.avoidable_share", "value": "50", "by": "员工", "proof": "已证"},
        "own": {"key": "loss.own_fault_share", "value": "20", "by": "员工", "proof": "已证"},
        "cap": {"key": "loss.foreseeable", "value": "3000元", "by": "员工", "proof": "已证"},
    }
    tort = whole.assess(w1.changed(w1.facts("w1b", "causation"), cuts), w1.lost())
    assert tort.supported.fen == 400_512
    contract = w1.changed(w1.facts("w1b", "causation"), {**cuts, "basis": {"value": "违约"}})
    found = whole.assess(contract, w1.lost())
    assert found.supported.text() == "3,000.00元"
    assert "CC-584" in found.damages.articles


def test_a_sum_nobody_can_reckon_is_at_best_discretionary_and_only_in_contract() -> None:
    change = {
        "beyond": {"key": "loss.incalculable", "value": "是", "by": "公司", "proof": "已证"},
        "gain": {"key": "gain.amount", "value": "8万元", "by": "公司", "proof": "已证"},
        "basis": {"value": "违约"},
    }
    found = whole.assess(w1.changed(w1.facts("causation"), change))
    assert (found.damages.code, found.damages.certainty) == ("DMG_DISCRETIONARY", Certainty.MAYBE)
    assert found.supported.fen == 0
    tort = whole.assess(w1.changed(w1.facts("causation"), {**change, "basis": {"value": "侵权"}}))
    assert tort.damages.code == "DMG_UNSUPPORTED"


def test_w8_a_personal_account_used_with_the_companys_knowledge_stays_the_employees() -> None:
    found = whole.assess(w1.facts("w8"))
    assert [found.ownership.code, found.return_duty.code] == ["OWN_EMPLOYEE", "RETURN_NOT_DUE"]
    assert found.damages.code == "DMG_UNSUPPORTED"
    assert "CHAIN.ACT.BROKEN" in codes(found.damages)
    [data] = [f.text for f in found.return_duty.findings if f.code == "DATA_ONLY"]
    assert "客户名单" in data
    assert "不是账号" in data


def test_w9_an_employees_real_name_does_not_decide_and_the_tasks_follow() -> None:
    found = whole.assess(w1.facts("w9"))
    assert found.ownership.code == "OWN_COMPANY"
    tasks = [f.text for f in found.return_duty.findings if f.code.startswith("TASK.")]
    assert tasks == ["停止使用", "解除实名", "改绑", "改密"]


def test_w10_who_alleges_permission_to_rebind_must_prove_it() -> None:
    verdict = whole.assess(w1.facts("w10")).ownership
    assert "REBIND.BURDEN" in codes(verdict)
    [missing] = verdict.missing
    assert (missing.code, missing.who) == ("REBIND", "员工")


def test_w11_a_certificate_is_never_held_back() -> None:
    verdict = certificate.assess(w1.facts("w11"))
    assert (verdict.code, verdict.certainty) == ("CERT_BLOCKED", Certainty.MUST)
    assert verdict.articles == ("LCL-50", "LCL-89")
    assert "经济补偿" in verdict.text
    service = certificate.assess(w1.changed(w1.facts("w11"), {"kind": {"value": "劳务"}}))
    assert (service.code, "LCL-50" in service.articles) == ("CERT_AS_AGREED", False)
    nobody_knows = certificate.assess(w1.changed(w1.facts("w11"), {"kind": {"proof": "自称"}}))
    assert nobody_knows.code == "CERT_UNDETERMINED"


def test_the_certificates_day_is_the_last_day_for_labour_and_ten_days_as_mediated() -> None:
    last = date(2026, 11, 20)
    labour = certificate.due("劳动", last, settled_on=last, within_days=10)
    assert labour is not None
    assert (labour.day, labour.days_late(date(2026, 11, 21))) == (last, 1)
    mediated = certificate.due("劳务", last, settled_on=last, within_days=10)
    assert mediated is not None
    assert mediated.day == date(2026, 11, 30)
    assert certificate.due("劳务", last) is None


def test_without_a_record_of_the_number_nothing_is_decided() -> None:
    verdict = ownership.assess([])
    assert verdict.code == "OWN_UNDETERMINED"
    assert "手机号来源" in [m.text for m in verdict.missing]


# What may never happen, whatever is stated.

POSITIVE = (
    "number.by_company", "account.registered_by_company", "rules.by_company", "account.for_work",
    "account.used_in_post", "customers.by_publicity", "customers.by_placement", "customers.by_courses",
    "customers.trust_brand",
)  # fmt: skip
NEGATIVE = ("account.self_created", "account.personal_funds", "account.private_tool", "account.employer_knew")
RANK = {"OWN_EMPLOYEE": 0, "OWN_UNDETERMINED": 0, "OWN_MIXED": 1, "OWN_COMPANY": 2}

some_facts = st.lists(
    st.builds(
        Fact,
        id=st.uuids().map(str),
        key=st.sampled_from(POSITIVE + NEGATIVE),
        value=st.sampled_from(["是", "否", "不明"]),
        stated_by=st.sampled_from(StatedBy),
        proof=st.sampled_from(ProofState),
    ),
    max_size=18,
    unique_by=lambda f: f.id,
)


def stated(situation: dict[str, str]) -> list[Fact]:
    """A situation as facts: 是 and 否 are evidenced, 不明 is stated as such, 自称 claimed only, 缺 not said at all."""
    shown = {"自称": ("是", ProofState.CLAIMED), "不明": ("不明", ProofState.CLAIMED)}
    found = {k: shown.get(v, (v, ProofState.PROVED)) for k, v in situation.items() if v != "缺"}
    return [Fact(k, k, value, StatedBy.COMPANY, proof) for k, (value, proof) in found.items()]


# Mostly for the company, so that each answer often decides.
situations = st.fixed_dictionaries(
    {k: st.sampled_from(["是", "是", "是", "是", "否", "不明", "自称", "缺"]) for k in POSITIVE}
    | {k: st.sampled_from(["否", "否", "否", "否", "缺", "缺", "不明", "自称", "是"]) for k in NEGATIVE}
)


@given(situations, st.sampled_from(POSITIVE))
def test_an_evidenced_positive_never_lowers_a_likely_case(situation: dict[str, str], key: str) -> None:
    facts = stated(situation)
    more = [*facts, Fact("new", key, "是", StatedBy.COMPANY, ProofState.PROVED, exhibits=("证1",))]
    assert RANK[ownership.assess(more).code] >= RANK[ownership.assess(facts).code]


@given(some_facts, st.sampled_from(POSITIVE))
def test_an_evidenced_positive_never_lowers_ownership(facts: list[Fact], key: str) -> None:
    more = [*facts, Fact("new", key, "是", StatedBy.COMPANY, ProofState.PROVED, exhibits=("证1",))]
    assert RANK[ownership.assess(more).code] >= RANK[ownership.assess(facts).code]


@given(some_facts, st.sampled_from(NEGATIVE))
def test_evidence_that_it_is_not_private_never_lowers_ownership(facts: list[Fact], key: str) -> None:
    more = [*facts, Fact("new", key, "否", StatedBy.COMPANY, ProofState.PROVED, exhibits=("证1",))]
    assert RANK[ownership.assess(more).code] >= RANK[ownership.assess(facts).code]


@given(some_facts, st.randoms(use_true_random=False))
def test_the_order_of_facts_does_not_matter_and_twice_gives_the_same_trace(
    facts: list[Fact], shuffler: random.Random
) -> None:
    shuffled = list(facts)
    shuffler.shuffle(shuffled)
    assert whole.assess(shuffled) == whole.assess(facts) == whole.assess(facts)


@given(some_facts)
def test_an_unknown_is_an_open_point_and_never_a_no(facts: list[Fact]) -> None:
    unknown = [replace(f, value="不明") for f in facts]
    verdict = ownership.assess(unknown)
    assert not [f.code for f in verdict.findings if f.code.endswith(".NO")]
    assert verdict.code == "OWN_UNDETERMINED"
    stated = {f.key for f in facts} & {k for k in POSITIVE if k != "account.registered_by_company"}
    assert {keys()[k].label for k in stated} <= set(verdict.open_points)


@given(situations, st.sampled_from(POSITIVE))
def test_to_be_unknown_is_never_worse_than_open(situation: dict[str, str], key: str) -> None:
    known = ownership.assess(stated({**situation, key: "是"}))
    unknown = ownership.assess(stated({**situation, key: "不明"}))
    assert known.code != "OWN_COMPANY" or unknown.code in ("OWN_COMPANY", "OWN_UNDETERMINED")


@given(situations, st.sampled_from(POSITIVE))
def test_evidence_for_what_was_unknown_never_lowers(situation: dict[str, str], key: str) -> None:
    before, after = stated({**situation, key: "不明"}), stated({**situation, key: "是"})
    assert RANK[ownership.assess(after).code] >= RANK[ownership.assess(before).code]


STEPS: Sequence[tuple[str, str]] = (
    ("loss.causation", "是"), ("loss.contact_lost", "是"), ("fault.negligent", "是"), ("loss.incalculable", "是"),
    ("duty.refused", "是"), ("account.used_after", "是"),
)  # fmt: skip
DAMAGE_RANK = {"DMG_UNSUPPORTED": 0, "DMG_DISCRETIONARY": 1, "DMG_PARTIAL": 2, "DMG_SUPPORTED": 3}


@given(
    st.sets(st.sampled_from(["w1b", "causation"])), st.integers(0, 3), st.sampled_from(STEPS), st.booleans()
)
def test_an_evidenced_positive_never_lowers_damages(
    parts: set[str], lost: int, step: tuple[str, str], contract: bool
) -> None:
    basis = {"basis": {"value": "违约" if contract else "侵权"}}
    facts = w1.changed(w1.facts(*sorted(parts)), basis)
    more = [*facts, Fact("new", *step, StatedBy.COMPANY, ProofState.PROVED, exhibits=("证40",))]
    before, after = whole.assess(facts, w1.lost(lost)), whole.assess(more, w1.lost(lost))
    assert DAMAGE_RANK[after.damages.code] >= DAMAGE_RANK[before.damages.code]
    assert after.supported.fen >= before.supported.fen


@given(st.integers(0, 4), st.integers(0, 4), st.integers(1, 4), st.sampled_from(Head), st.booleans())
def test_another_proved_customer_never_takes_from_the_sum(
    lost: int, unkept: int, more: int, head: Head, priced: bool
) -> None:
    parts = ("w1b", "causation") if priced else ("causation",)
    cost = {"cost": {"key": "loss.cost_share", "value": "30", "by": "公司", "proof": "已证"}}
    facts = w1.changed(w1.facts(*parts), cost)
    rows = w1.lost(lost) + [replace(r, fen=5_000) for r in w1.lost(unkept, Head.UNKEPT, first=100)]
    added = [replace(r, fen=5_000) for r in w1.lost(more, head, first=200)]
    before, after = whole.assess(facts, rows), whole.assess(facts, rows + added)
    assert after.supported.fen >= before.supported.fen


@given(some_facts)
def test_no_verdict_ever_speaks_of_title(facts: list[Fact]) -> None:
    term = Fact("t", "platform.term", "账号所有权归平台", StatedBy.DOCUMENT, ProofState.PROVED)
    found = whole.assess([*facts, term])
    assert "所有权" not in "".join(words(v) for v in found.verdicts().values())
    assert found.ownership.notes
    assert found.ownership.certainty in (Certainty.LIKELY, Certainty.PRIOR, Certainty.OPEN)


def test_an_unsupported_claim_never_shows_a_sum() -> None:
    broken = [t for t in TOGGLES if t["expect"].get("赔偿", {}).get("code") is None]
    assert len(broken) > 30
    assert {judged(t).supported.fen for t in broken} == {0}


def test_every_fact_of_the_case_answers_a_question_that_exists() -> None:
    stated = {f.key for f in w1.facts("w1b", "causation", "w8", "w9", "w10", "w11")}
    assert stated <= set(keys())
    assert {k.kind for k in keys().values()} == set(FactKind)
    assert damages.UNSUPPORTED == "DMG_UNSUPPORTED"
