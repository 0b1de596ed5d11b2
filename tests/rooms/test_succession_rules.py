"""The rule as a table, what stands against people, the platform's calendar, and the preflight: all pure."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.kernel.times import DAY, HOUR, start_of_day
from jieli.law.queries import cite_all
from jieli.parties.types import CustomerRef, CustomerSource
from jieli.succession import payload
from jieli.succession.errors import RuleInvalid
from jieli.succession.policy import (
    customer_bars,
    in_batches,
    leaver_bars,
    months_between,
    phase_for,
    platform_obstacles,
    training_obstacles,
    window,
)
from jieli.succession.preflight import LIST_TAKEN, NO_RULE, PreflightFacts, preflight
from jieli.succession.ruletable import content_to_rows, digest, from_json, rows_to_content, settled, to_json
from jieli.succession.types import (
    Balance,
    Code,
    ConsentKind,
    Criterion,
    CriterionKind,
    Force,
    Light,
    Phase,
    PlatformMember,
    Reason,
    RuleContent,
    RuleRow,
    Targets,
    TrainingContent,
    Weights,
    Why,
    Wish,
)

codes = st.text(alphabet="ABC济南07-", min_size=1, max_size=5)
targets = st.builds(
    Targets,
    st.lists(codes, min_size=1, max_size=3, unique=True).map(tuple),
    st.lists(codes, max_size=3, unique=True).map(tuple),
)
criteria = st.lists(
    st.builds(
        Criterion, st.sampled_from(CriterionKind), codes | st.just("*"), targets, st.sampled_from(Force)
    ),
    max_size=5,
    unique_by=lambda c: (c.kind, c.value, c.force),
).map(tuple)
weights = st.builds(Weights, st.integers(0, 100), st.integers(0, 100), st.integers(0, 100))
own = st.lists(st.tuples(codes, st.integers(1, 999)), max_size=3, unique_by=lambda x: x[0]).map(tuple)
contents = st.builds(RuleContent, targets, st.integers(1, 5_000), criteria, weights, own)

ROWS = [
    RuleRow("接手范围", targets="部门:S1、工号:E009"),
    RuleRow("条件", "地域", "济南", "工号:E001、工号:E002", "必须"),
    RuleRow(),
    RuleRow("条件", "行业", "健康教育", "部门:S1", "优先"),
    RuleRow("权重", "年限", number="40"),
    RuleRow("权重", "贡献", number="60"),
    RuleRow("上限", "每人", number="80"),
    RuleRow("上限", targets="工号:E001", number="120"),
]


@given(contents)
def test_a_rule_survives_the_table_and_the_store(content: RuleContent) -> None:
    once = settled(content)
    assert rows_to_content(content_to_rows(content)) == once
    assert from_json(to_json(once)) == once
    assert settled(once) == once


def test_a_table_says_what_the_rule_says() -> None:
    assert rows_to_content(ROWS) == RuleContent(
        Targets(("S1",), ("E009",)),
        80,
        (
            Criterion(CriterionKind.REGION, "济南", Targets(staff=("E001", "E002")), Force.MUST),
            Criterion(CriterionKind.INDUSTRY, "健康教育", Targets(units=("S1",)), Force.PREFER),
        ),
        Weights(40, 60, 0),
        (("E001", 120),),
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (RuleRow("条款"), "第9行：第一格须是"),
        (RuleRow("条件", "星座", "狮子", "工号:E001"), "第9行：条件须是"),
        (RuleRow("条件", "地域", " ", "工号:E001"), "第9行：条件没有取值"),
        (RuleRow("条件", "地域", "青岛", "张三"), "第9行：接手人须写作"),
        (RuleRow("条件", "地域", "青岛", ""), "第9行：没有写明接手人"),
        (RuleRow("权重", "颜值", number="1"), "第9行：权重须是"),
        (RuleRow("权重", "年限", number="1"), "第9行：权重须是"),
        (RuleRow("权重", "均衡", number="1.5"), "第9行：数字格须是整数"),
        (RuleRow("权重", "均衡", number="101"), "权重须是0至100"),
        (RuleRow("上限", "每人", number="9"), "第9行：每人上限写了两次"),
        (RuleRow("上限", targets="部门:S1", number="9"), "第9行：个人上限须写工号"),
        (RuleRow("上限", targets="工号:E001", number="9"), "同一工号写了两个上限"),
        (RuleRow("上限", targets="工号:E003", number="0"), "接续上限须是正整数"),
        (RuleRow("条件", "地域", "济南", "工号:E003", "必须"), "同一条件写了两行"),
    ],
)
def test_a_bad_row_is_named_with_its_number(row: RuleRow, said: str) -> None:
    with pytest.raises(RuleInvalid) as refused:
        rows_to_content([*ROWS, row])
    assert refused.value.sentence.startswith(said)
    assert refused.value.code == "succession.rule_invalid"


def test_a_table_without_pool_or_capacity_is_no_rule() -> None:
    with pytest.raises(RuleInvalid, match="谁可以接手"):
        rows_to_content(ROWS[1:])
    with pytest.raises(RuleInvalid, match="每人上限"):
        rows_to_content(ROWS[:3])


def test_every_word_of_a_rule_counts_for_its_digest() -> None:
    said = {
        "name": "规则", "content": rows_to_content(ROWS), "rationale": "按地域就近服务", "customer_need": "语言",
        "effective": "2026-01-01",
    }  # fmt: skip
    other = {
        "name": "规", "content": rows_to_content(ROWS[:-1]), "rationale": "按地域", "customer_need": "时间",
        "effective": "2026-01-02",
    }  # fmt: skip
    made = {digest(**{**said, name: value}) for name, value in other.items()}  # type: ignore[arg-type]
    assert len(made | {digest(**said)}) == len(other) + 1  # type: ignore[arg-type]


# ---- people


TODAY = date(2026, 9, 21)
CLIENT = CustomerRef(UUID(int=1), "C1", "顾客甲", CustomerSource.ORDER, None, None, False, False)


@pytest.mark.req("R2.20")
def test_training_of_both_kinds_counts_through_its_last_day() -> None:
    both = {TrainingContent.LAW: TODAY, TrainingContent.PRACTICE: TODAY}
    assert training_obstacles(both, TODAY) == []
    assert training_obstacles(both, TODAY + timedelta(days=1)) == [
        Reason(Why.OVERDUE, ("法律法规", "2026-09-21")),
        Reason(Why.OVERDUE, ("操作规范", "2026-09-21")),
    ]
    assert training_obstacles({TrainingContent.LAW: TODAY}, TODAY) == [Reason(Why.UNTRAINED, ("操作规范",))]


def test_the_platform_s_no_is_an_obstacle_and_its_silence_is_none() -> None:
    assert platform_obstacles(PlatformMember()) == []
    assert platform_obstacles(PlatformMember(False, False, False, False)) == [
        Reason(Why.PLATFORM, (word,)) for word in ("未激活", "未实名", "没有客户联系权限", "一年内未登录")
    ]


def bars(client: CustomerRef, **more: object) -> list[Why]:
    said = {"wish": None, "consents": frozenset(), "in_flight": None, **more}
    return [r.code for r in customer_bars(client, **said)]  # type: ignore[arg-type]


def test_every_bar_of_a_customer_is_listed() -> None:
    unknown = replace(CLIENT, source=CustomerSource.UNKNOWN, minor=True)
    assert bars(CLIENT) == []
    assert bars(CLIENT, wish=Wish.WELCOMES) == []
    assert bars(unknown) == [Why.SOURCE, Why.MINOR]
    assert bars(unknown, consents=frozenset({ConsentKind.GUARDIAN})) == [Why.SOURCE]
    assert bars(CLIENT, wish=Wish.REFUSES) == [Why.REFUSED]
    assert bars(CLIENT, wish=Wish.NO_CONTACT, in_flight="M-2026-0001") == [Why.NO_CONTACT, Why.IN_FLIGHT]


def test_months_are_whole() -> None:
    assert months_between(date(2026, 1, 31), date(2026, 2, 28)) == 0
    assert months_between(date(2025, 9, 21), TODAY) == 12
    assert months_between(TODAY, date(2020, 1, 1)) == 0


# ---- the platform's calendar

LAST = start_of_day(date(2026, 10, 1)) + 18 * HOUR


def test_no_on_job_transfer_within_48_hours_of_the_end() -> None:
    assert phase_for((), last_minute=LAST, at=LAST - 48 * HOUR - 1) == (Phase.NOTICE, ())
    late = (Phase.AFTER, (Reason(Why.TOO_CLOSE),))
    assert phase_for((), last_minute=LAST, at=LAST - 48 * HOUR) == late
    assert phase_for((), last_minute=LAST, at=LAST) == (Phase.AFTER, ())


def test_a_customer_changes_hands_on_the_job_twice_in_ninety_days() -> None:
    at = start_of_day(TODAY) + 10 * HOUR
    day = {n: at - n * DAY for n in (1, 89, 90)}
    assert phase_for((day[90], day[1]), last_minute=LAST, at=at) == (Phase.NOTICE, ())
    third = Reason(Why.TWICE, ((TODAY + timedelta(days=1)).isoformat(),))
    assert phase_for((day[1], day[89]), last_minute=LAST, at=at) == (Phase.AFTER, (third,))


@pytest.mark.req("R2.2")
def test_four_hundred_days_after_leaving_the_platform_lets_nobody_inherit() -> None:
    assert leaver_bars(last_minute=LAST, logged_in=None, at=LAST + 364 * DAY) == ()
    too_late = leaver_bars(last_minute=LAST, logged_in=True, at=LAST + 400 * DAY)
    assert too_late == (Reason(Why.TOO_LATE, ("2027-10-01",)),)
    assert leaver_bars(last_minute=LAST, logged_in=False, at=LAST) == (Reason(Why.NOT_LOGGED_IN),)
    assert window(Phase.AFTER, last_minute=LAST).closes == LAST + 365 * DAY
    assert window(Phase.NOTICE, last_minute=LAST).closes == LAST - 48 * HOUR


@pytest.mark.req("R2.2")
def test_two_hundred_and_fifty_customers_are_three_calls() -> None:
    assert [len(b) for b in in_batches([UUID(int=n) for n in range(250)])] == [100, 100, 50]


@pytest.mark.req("R2.7")
def test_a_remark_marked_personal_is_not_passed_on_and_there_is_no_field_for_a_phone() -> None:
    remarks = (payload.Remark("周二回访"), payload.Remark("家里有事", personal=True), payload.Remark("  "))
    assert payload.business_remarks(remarks) == ("周二回访",)
    line = payload.TransferLine(
        "C1", "林女士", "济南", "", "", "", (payload.OpenOrder("O1", "春茶", TODAY),), ("周二回访",)
    )
    assert dict(zip(payload.FIELDS, line.cells(), strict=True)) == {
        "客户编号": "C1", "称呼": "林女士", "地域": "济南", "行业": "", "语言": "", "资质": "",
        "在途订单": "O1 春茶（2026-09-21）", "业务备注": "周二回访",
    }  # fmt: skip


# ---- the preflight

GOOD = PreflightFacts(
    not_enabled="", rule_version=3, list_taken=False, assigned=9,
    balance=Balance("换人告知", "服务不断", "只告知不移交"), barred_assigned=0, unqualified=(), overfull=(),
    cross_entity=0, unconsented=0, unnoticed=0,
)  # fmt: skip
NAMES = ["客户数据保护", "隐私权", "个人信息管理"]


def lights(facts: PreflightFacts) -> list[Light]:
    return [s.light for s in preflight(facts).sections]


@pytest.mark.req("R2.27")
def test_li_s_customers_pass_without_a_finding() -> None:
    found = preflight(GOOD)
    assert found.verdict.code == "TRANSFER_OK"
    assert found.verdict.findings == ()
    assert [s.name for s in found.sections] == NAMES
    assert lights(GOOD) == [Light.GREEN] * 3


@pytest.mark.req("R2.5")
def test_the_civil_code_is_cited_with_its_version_whatever_is_found() -> None:
    for facts in (GOOD, replace(GOOD, rule_version=None), replace(GOOD, unnoticed=1)):
        articles = preflight(facts).verdict.articles
        assert {"CC-111", "CC-1034", "CC-1035", "CC-1038"} <= set(articles)
        assert all(c.version and c.text for c in cite_all(articles))


def test_every_article_of_every_check_can_be_cited() -> None:
    worst = replace(
        GOOD, not_enabled="缺。", rule_version=None, list_taken=True, balance=Balance("", "", ""), barred_assigned=1,
        unqualified=("E1",), overfull=("E2",), unconsented=1, unnoticed=1, fields=(*payload.FIELDS, "手机号"),
    )  # fmt: skip
    found = preflight(worst)
    assert lights(worst) == [Light.RED] * 3
    checks = [c for s in found.sections for c in s.checks]
    assert all(c.light is not Light.GREEN and c.text for c in checks)
    assert len(found.verdict.missing) == len(checks) == 10
    assert cite_all(a for c in checks for a in c.articles)


@pytest.mark.req("R2.4", "R2.29")
@pytest.mark.parametrize("empty", ["privacy_impact", "business_need", "alternative"])
def test_red_in_privacy_blocks(empty: str) -> None:
    facts = replace(GOOD, balance=replace(GOOD.balance, **{empty: " "}))
    assert lights(facts) == [Light.GREEN, Light.RED, Light.GREEN]
    assert preflight(facts).code is Code.BLOCKED


@pytest.mark.req("R2.8")
def test_without_a_rule_the_risk_is_high_and_the_transfer_blocked() -> None:
    found = preflight(replace(GOOD, rule_version=None, list_taken=True))
    assert found.code is Code.BLOCKED
    assert [f.code for f in found.verdict.findings] == [NO_RULE, LIST_TAKEN]
    said = found.verdict.findings[0].text
    assert "高风险" in said
    assert "诉讼" in said
    assert "知情权和选择权" in said


def test_the_most_serious_lack_decides() -> None:
    assert preflight(replace(GOOD, unnoticed=2)).code is Code.NOTICE
    assert preflight(replace(GOOD, unnoticed=2, unconsented=1)).code is Code.CONSENT
    assert preflight(replace(GOOD, unnoticed=2, unconsented=1, unqualified=("E001",))).code is Code.BLOCKED


@pytest.mark.req("R2.10")
def test_across_entities_separate_consent_is_needed_and_joint_handling_asked_about() -> None:
    found = preflight(replace(GOOD, cross_entity=4, unconsented=4))
    assert found.verdict.code == "TRANSFER_NEEDS_CONSENT"
    assert "PIPL-23" in found.verdict.articles
    assert "PIPL-20" in found.verdict.open_points[0]
    settled_ = preflight(replace(GOOD, cross_entity=4, joint_handler=False))
    assert settled_.verdict.code == "TRANSFER_OK"
    assert settled_.verdict.open_points == ()
