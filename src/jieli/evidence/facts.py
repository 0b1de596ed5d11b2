"""What can be stated in a dispute: the keys of facts, what each asks, and what may be answered. Pure, from data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from jieli.evidence.assessments import amounts
from jieli.evidence.assessments.rulebook import rulebook
from jieli.evidence.errors import BadFact
from jieli.law.verdicts import Fact, ProofState


class FactKind(StrEnum):
    """How a fact is answered."""

    YES_NO = "是否"
    TEXT = "文本"
    MONEY = "金额"
    RATIO = "比率"  # 180/1500
    PERCENT = "百分比"  # 30
    COUNT = "数量"
    CHOICE = "选项"


@dataclass(frozen=True, slots=True)
class FactKey:
    """One question: its stable key, its words, how it is answered, who can usually supply it."""

    key: str
    label: str
    kind: FactKind
    group: str
    who: str
    choices: tuple[str, ...]


def standing(fact: Fact) -> str:
    """Who says it and how it stands, as an evidence matrix prints it: 员工自称,未举证 (R0.8)."""
    words = {
        ProofState.CLAIMED: "自称,未举证",
        ProofState.ADMITTED: "陈述,对方认可",
        ProofState.PROVED: "陈述,已证",
        ProofState.DISPUTED: "陈述,有争议",
    }
    return fact.stated_by.value + words[fact.proof]


_RATIO = re.compile(r"^\d+/[1-9]\d*$")
_PERCENT = re.compile(r"^(100|\d{1,2})(\.\d+)?$")


@cache
def keys() -> Mapping[str, FactKey]:
    """Every key there is, in the order in which a form asks for them."""
    return {
        row["key"]: FactKey(
            row["key"],
            row["label"],
            FactKind(row["kind"]),
            row["group"],
            row["who"],
            tuple(row.get("choices", ())),
        )
        for row in rulebook("facts").data["keys"]
    }


def key(name: str) -> FactKey:
    """One key; BadFact (evidence.bad_fact) for a name that nobody judges by."""
    found = keys().get(name)
    if found is None:
        raise BadFact("没有这个事实项。", remedy="请从事实清单中选择。")
    return found


def check(name: str, value: str) -> None:
    """BadFact, BadAmount for a value that the key's kind does not take. An unknown is said as 不明, not left out."""
    asked = key(name)
    if asked.kind is FactKind.MONEY:
        amounts.parse(value)
    elif not _fits(asked, value):
        raise BadFact(f"“{asked.label}”的填写不合要求。", remedy=_remedy(asked))


def _fits(asked: FactKey, value: str) -> bool:
    if asked.kind is FactKind.YES_NO:
        return value in ("是", "否", "不明")
    if asked.kind is FactKind.RATIO:
        return bool(_RATIO.match(value))
    if asked.kind is FactKind.PERCENT:
        return bool(_PERCENT.match(value)) and float(value) <= 100
    if asked.kind is FactKind.COUNT:
        return value.isascii() and value.isdigit()
    if asked.kind is FactKind.CHOICE:
        return value in asked.choices
    return bool(value.strip())


def _remedy(asked: FactKey) -> str:
    return {
        FactKind.YES_NO: "请填写“是”“否”或“不明”。",
        FactKind.RATIO: "请填写“分子/分母”，例如 180/1500。",
        FactKind.PERCENT: "请填写 0 到 100 之间的数。",
        FactKind.COUNT: "请填写整数。",
        FactKind.CHOICE: f"请从“{'、'.join(asked.choices)}”中选择。",
    }.get(asked.kind, "请写明内容。")
