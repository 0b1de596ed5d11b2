"""May customers be handed on? Three sections, each green, amber or red, and one of four verdicts. Pure.

Red anywhere: TRANSFER_BLOCKED (R2.4). Otherwise a missing separate consent, then a missing notice; else
TRANSFER_OK with no finding (W6). An unknown is an open point, never a no.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from jieli.law.verdicts import Certainty, Finding, Missing, Verdict
from jieli.succession.payload import FIELDS
from jieli.succession.types import Balance, Check, Code, Light, Preflight, Section

DATA, PRIVACY, INFORMATION = "客户数据保护", "隐私权", "个人信息管理"
#: Cited in every preflight (R2.5).
ALWAYS = {
    DATA: ("CC-111", "CC-1038"),
    PRIVACY: ("CC-1034", "CC-1032", "CC-1033"),
    INFORMATION: ("CC-1035", "CC-1038", "PIPL-13"),
}
_DARKNESS = (Light.GREEN, Light.AMBER, Light.RED)
NO_RULE, LIST_TAKEN = "RULE_ABSENT_HIGH", "LIST_TAKEN"


@dataclass(frozen=True, slots=True)
class PreflightFacts:
    """What the preflight looks at. Counts are of customers of the plan."""

    not_enabled: str  # empty when 离职继承 is enabled with all its papers; else what is missing
    rule_version: int | None  # of the rule in force before the notice (R2.27)
    list_taken: bool
    balance: Balance
    assigned: int
    barred_assigned: (
        int  # with a receiver although he refused, is of unknown source, or a minor without guardian
    )
    unqualified: tuple[str, ...]  # 工号 of receivers who are not qualified now
    overfull: tuple[str, ...]  # 工号 of receivers who would have more than their capacity by now
    cross_entity: int  # assigned to another legal entity
    unconsented: int  # assigned across, or left over, without the separate consent
    unnoticed: int  # assigned and not yet told
    joint_handler: bool | None = None  # whether the entities decide together (PIPL-20)
    fields: tuple[str, ...] = FIELDS


def no_rule_finding() -> Finding:
    """The company has no rule for handing customers on: high risk, with what it leads to (R2.8, W7)."""
    return Finding(
        NO_RULE,
        "高风险：公司在员工通知离职之前没有生效的客户接续规则。未约定规则时，离职人员可能自行带走客户名单，"
        "由此引发诉讼；客户数据虽属企业经营所得，处理仍须合法，并保障客户的知情权和选择权。",
        articles=("CC-111", "CC-1035", "PIPL-44"),
    )


def preflight(facts: PreflightFacts) -> Preflight:
    """The three sections in their fixed order, and the verdict."""
    sections = (
        _section(DATA, _data(facts)),
        _section(PRIVACY, _privacy(facts)),
        _section(INFORMATION, _information(facts)),
    )
    return Preflight(sections, _verdict(facts, sections))


def _section(name: str, checks: Iterable[Check]) -> Section:
    found = tuple(checks)
    return Section(name, max((c.light for c in found), key=_DARKNESS.index), found, ALWAYS[name])


def _check(code: str, good: bool, said: tuple[str, str], *articles: str, bad: Light = Light.RED) -> Check:
    return Check(code, Light.GREEN if good else bad, said[0] if good else said[1], articles)


def _data(f: PreflightFacts) -> list[Check]:
    surplus = [name for name in f.fields if name not in FIELDS]
    enabled = ("规章制度与劳动合同条款齐备，离职继承已启用。", f.not_enabled)
    rule = (
        f"适用通知离职之前已生效的接续规则第{f.rule_version}版。",
        no_rule_finding().text,
    )
    minimum = ("移交内容限于最少字段。", f"移交内容含有多余字段：{'、'.join(surplus)}。")
    return [
        _check("PAPERS", not f.not_enabled, enabled, "LCL-4", "CC-111"),
        _check(NO_RULE, f.rule_version is not None, rule, "CC-111", "CC-1035", "PIPL-24"),
        _check("MINIMUM", not surplus, minimum, "PIPL-6", "CC-1035"),
    ]


def _privacy(f: PreflightFacts) -> list[Check]:
    empty = [
        name
        for name, text in (
            ("对隐私的影响", f.balance.privacy_impact),
            ("业务必要性", f.balance.business_need),
            ("考虑过的影响更小的做法", f.balance.alternative),
        )
        if not text.strip()
    ]
    weighed = ("已写明对隐私的影响、业务必要性和考虑过的影响更小的做法。", f"尚未写明：{'、'.join(empty)}。")
    wishes = (
        "已拒绝、不再联系、来源不明和未经监护人同意的客户均未分配。",
        f"有{f.barred_assigned}名不得分配的客户被分配了接手人。",
    )
    told = ("已分配的客户均已告知谁来接手、为何、如何拒绝。", f"有{f.unnoticed}名客户尚未告知。")
    return [
        _check("BALANCE", not empty, weighed, "PIPL-6"),
        _check("BARRED", not f.barred_assigned, wishes, "CC-1033", "PIPL-31", "CRIM-第二百五十三条之一"),
        _check("NOTICE", not f.unnoticed, told, "PIPL-17", "CC-1035", "NDSR-22", bad=Light.AMBER),
    ]


def _information(f: PreflightFacts) -> list[Check]:
    review = ("事前合规审查和个人信息保护影响评估齐备。", f.not_enabled)
    people = (
        "接手人均已通过两类培训并签署隐私保护承诺书。",
        f"接手人不符合条件：{'、'.join(f.unqualified)}。",
    )
    room = ("接手人均未超过上限。", f"接手后超过上限：{'、'.join(f.overfull)}。")
    across = (
        "没有跨主体提供。" if not f.cross_entity else f"跨主体的{f.cross_entity}名客户均已单独同意。",
        f"接手人属其他主体，{f.unconsented}名客户尚未单独同意。",
    )
    return [
        _check("REVIEW", not f.not_enabled, review, "PIPL-55", "PIPL-56"),
        _check("RECEIVERS", not f.unqualified, people, "PIPL-51"),
        _check("CAPACITY", not f.overfull, room, "PIPL-51"),
        _check("CONSENT", not f.unconsented, across, "PIPL-23", bad=Light.AMBER),
    ]


def _verdict(f: PreflightFacts, sections: Sequence[Section]) -> Verdict:
    failing = [c for s in sections for c in s.checks if c.light is not Light.GREEN]
    code = _code(failing)
    findings = [
        no_rule_finding() if c.code == NO_RULE else Finding(c.code, c.text, articles=c.articles)
        for c in failing
    ]
    if f.list_taken:
        text = "客户名单已被带走：客户数据的处理须合法，客户自愿选择与离职人员继续往来的不在此列。"
        findings.append(Finding(LIST_TAKEN, text, articles=("CC-111", "TSI-2", "PIPL-10")))
    cited = dict.fromkeys(a for s in sections for a in s.articles)
    cited.update(dict.fromkeys(a for finding in findings for a in finding.articles))
    return Verdict(
        issue="客户能否按此方案接续",
        code=code.value,
        certainty=Certainty.SHOULD if code is Code.OK else Certainty.MUST,
        text=_TEXT[code],
        findings=tuple(findings),
        articles=tuple(cited),
        missing=tuple(_missing(failing)),
        open_points=tuple(_open_points(f)),
    )


_TEXT = {
    Code.OK: "三项审查均通过，可以按方案接续。",
    Code.NOTICE: "须先告知客户谁来接手、为何、如何拒绝，再行接续。",
    Code.CONSENT: "跨主体接续须先取得客户的单独同意；未同意的客户不得移交。",
    Code.BLOCKED: "审查有不通过项，不得接续。",
}


def _code(failing: Sequence[Check]) -> Code:
    if any(c.light is Light.RED for c in failing):
        return Code.BLOCKED
    codes = {c.code for c in failing}
    if "CONSENT" in codes:
        return Code.CONSENT
    return Code.NOTICE if "NOTICE" in codes else Code.OK


_WHO = {
    "PAPERS": "合规",
    NO_RULE: "销售主管",
    "MINIMUM": "经办人",
    "BALANCE": "经办人",
    "BARRED": "经办人",
    "NOTICE": "经办人",
    "REVIEW": "合规",
    "RECEIVERS": "接手人",
    "CAPACITY": "经办人",
    "CONSENT": "客户",
}


def _missing(failing: Sequence[Check]) -> list[Missing]:
    return [Missing(c.code, c.text, _WHO[c.code]) for c in failing]


def _open_points(f: PreflightFacts) -> list[str]:
    if (f.cross_entity or f.unconsented) and f.joint_handler is None:
        return [
            "两个主体是否共同决定处理目的和方式（共同处理者）尚未核实；如是，须约定各自的权利和义务（PIPL-20）。"
        ]
    return []
