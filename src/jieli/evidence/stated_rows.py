"""Facts, losses and settlement terms as rows of a sheet: each good row is entered, each bad one told with its line.

A row is a mapping from the Chinese headers to text (an absent or empty cell is None). Nothing of a cell is repeated in
a message. Exhibits are named by their numbers (证1、证2).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from jieli.duties.types import Side
from jieli.evidence import disputes_queries, facts, facts_operations
from jieli.evidence.assessments import losses as loss_rules
from jieli.evidence.assessments.amounts import parse
from jieli.evidence.assessments.losses import Head, LossRow
from jieli.evidence.disputes_types import DisputeView, NewFact, NewLoss, NewTerm, TermKind
from jieli.evidence.errors import BadFact, BadLoss, BadSettlement
from jieli.kernel.errors import JieliError
from jieli.law.verdicts import Fact, Period, Precision, ProofState, StatedBy

Cells = Mapping[str, str | None]
W = TypeVar("W", bound=StrEnum)
FACTS: Final = ("事项", "内容", "陈述人", "证明", "时间", "证据", "说明", "更正")
LOSSES: Final = ("损失项", "客户", "课程", "失联时间", "联系次数", "证据", "减少的收入")
TERMS: Final = ("类别", "义务人", "权利人", "内容", "凭证", "期限")
_HEADS = {"未转化": Head.UNCONVERTED, "维护中断": Head.UNKEPT}
_SPLIT = re.compile(r"[、,，;；\s]+")
_SPAN = re.compile(r"至|~|～")
_DAYS = re.compile(r"^(\d{1,4})日内$")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not entered: its line, a stable code, one sentence, the remedy."""

    line: int
    code: str
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of a sheet: the ids that were entered, in the order of their rows, and the rows that were not."""

    ids: tuple[UUID, ...]
    bad: tuple[BadRow, ...]


def state(*, number: str, rows: Sequence[tuple[int, Cells]], by: str, at: int) -> Entered:
    """State the facts of a sheet in one entry. Errors of the dispute itself, as state_facts raises them."""
    view = disputes_queries.dispute(number)
    good: list[NewFact] = []
    bad: list[BadRow] = []
    for line, cells in rows:
        try:
            fact = fact_of(cells, view)
            facts_operations.check_statement(fact)
            if fact.replaces is not None and any(fact.replaces == g.replaces for g in good):
                raise BadFact("同一条陈述在表中更正了两次。", remedy="请只保留一行。")
        except JieliError as error:
            bad.append(_bad(line, error))
        else:
            good.append(fact)
    ids = facts_operations.state_facts(number=number, facts=good, by=by, at=at) if good else []
    return Entered(tuple(ids), tuple(bad))


def lose(*, number: str, rows: Sequence[tuple[int, Cells]], by: str, at: int) -> Entered:
    """List the lost customers of a sheet in one entry; a customer and course that stand already are a bad row."""
    view = disputes_queries.dispute(number)
    listed = list(view.losses)
    good: list[NewLoss] = []
    bad: list[BadRow] = []
    for line, cells in rows:
        try:
            loss = loss_of(cells, view)
            row = LossRow("", Head(loss.head), loss.customer, loss.course)
            facts_operations.check_loss(loss)
            loss_rules.check_no_double([*listed, row])
        except JieliError as error:
            bad.append(_bad(line, error))
        else:
            listed.append(row)
            good.append(loss)
    ids = facts_operations.list_losses(number=number, losses=good, by=by, at=at) if good else []
    return Entered(tuple(ids), tuple(bad))


def _bad(line: int, error: JieliError) -> BadRow:
    return BadRow(line, error.code, error.sentence, error.remedy)


def fact_of(cells: Cells, view: DisputeView) -> NewFact:
    """The fact of a row; BadFact (evidence.bad_fact) says which cell cannot be read."""
    name, value = _needed(cells, "事项"), _needed(cells, "内容")
    known = facts.keys()
    key = name if name in known else _by_label(name)
    corrects = (cells.get("更正") or "否") == "是"
    return NewFact(
        key=key,
        value=value,
        stated_by=_word(StatedBy, cells, "陈述人"),
        proof=_word(ProofState, cells, "证明") if cells.get("证明") else ProofState.CLAIMED,
        event=period(cells.get("时间")),
        exhibits=exhibits(cells.get("证据"), view),
        note=cells.get("说明") or "",
        replaces=standing(view, key) if corrects else None,
    )


def _needed(cells: Cells, header: str) -> str:
    text = (cells.get(header) or "").strip()
    if not text:
        raise BadFact(f"“{header}”为空。", remedy="请填写。")
    return text


def _by_label(label: str) -> str:
    found = [k.key for k in facts.keys().values() if k.label == label]
    if len(found) != 1:
        raise BadFact("没有这个事实项。", remedy="请从事实清单（jieli dispute questions）中选择。")
    return found[0]


def _word(kind: type[W], cells: Cells, header: str) -> W:
    try:
        return kind(_needed(cells, header))
    except ValueError:
        words = "、".join(w.value for w in kind)
        raise BadFact(f"“{header}”不在可选之列。", remedy=f"请填写 {words} 之一。") from None


def standing(view: DisputeView, key: str) -> UUID:
    """The one standing statement of a key that a correction replaces; BadFact where there is none or several."""
    found = [f for f in view.facts if f.key == key]
    if len(found) != 1:
        raise BadFact("要更正的陈述不存在，或不止一条。", remedy="请核对事项；有多条时请另行陈述。")
    return UUID(found[0].id)


def exhibits(text: str | None, view: DisputeView) -> tuple[UUID, ...]:
    """Exhibits by their numbers, 证1、证2; BadFact for a number that was not put in."""
    known = {e.number: e.id for e in view.exhibits}
    numbers = [n for n in _SPLIT.split(text or "") if n]
    if any(n not in known for n in numbers):
        raise BadFact("引用了没有登记的证据编号。", remedy="请先登记证据（jieli dispute exhibit）。")
    return tuple(known[n] for n in numbers)


def period(text: str | None) -> Period | None:
    """When something was, as exactly as it was written: 2023, 2023-03, 2023-03-05, or two of a kind with 至.

    BadFact (evidence.bad_fact) for anything else. A month is never turned into a day.
    """
    if not text or not text.strip():
        return None
    ends = [part.strip() for part in _SPAN.split(text.strip())]
    try:
        first, last = _point(ends[0]), _point(ends[-1])
        if len(ends) > 2 or first[2] is not last[2]:
            raise ValueError
        return Period(first[0], last[1], first[2])
    except ValueError:
        raise BadFact(
            "“时间”无法识别。", remedy="请写 2023、2023-03、2023-03-05，或两个同样精度的时间以“至”相连。"
        ) from None


def _point(text: str) -> tuple[date, date, Precision]:
    """The first and last day of one time as written; ValueError for what is none."""
    parts = [int(p) for p in text.split("-")]
    if len(parts) == 1:
        found = Period.of_year(parts[0])
    elif len(parts) == 2 and 1 <= parts[1] <= 12:
        found = Period.of_month(parts[0], parts[1])
    else:
        year, month, day = parts
        found = Period.of_day(date(year, month, day))
    return found.first, found.last, found.precision


def loss_of(cells: Cells, view: DisputeView) -> NewLoss:
    """The lost customer of a row; BadLoss, BadFact, BadAmount."""
    head = _HEADS.get(cells.get("损失项") or "")
    attempts = cells.get("联系次数") or "0"
    if head is None or not (attempts.isascii() and attempts.isdigit()):
        raise BadLoss("损失项或联系次数无法识别。", remedy="损失项填 未转化 或 维护中断，联系次数填整数。")
    fen = cells.get("减少的收入")
    return NewLoss(
        head=head.value,
        customer=cells.get("客户") or "",
        course=cells.get("课程") or "",
        lost=period(cells.get("失联时间")),
        attempts=int(attempts),
        exhibits=exhibits(cells.get("证据"), view),
        fen=parse(fen).fen if fen else None,
    )


def terms(rows: Sequence[tuple[int, Cells]]) -> tuple[NewTerm, ...]:
    """The terms of a settlement. They stand or fall together: the first bad one is BadSettlement with its line."""
    found = []
    for line, cells in rows:
        try:
            found.append(_term(cells))
        except (JieliError, ValueError) as error:
            said = error.sentence if isinstance(error, JieliError) else "“期限”无法识别。"
            raise BadSettlement(
                f"第 {line} 行：{said}", remedy="期限填“10日内”或日期；义务人与权利人填 公司、员工 等。"
            ) from None
    return tuple(found)


def _term(cells: Cells) -> NewTerm:
    due = _needed(cells, "期限")
    within = _DAYS.match(due)
    return NewTerm(
        kind=_word(TermKind, cells, "类别"),
        obligor=_word(Side, cells, "义务人"),
        obligee=_word(Side, cells, "权利人"),
        action=_needed(cells, "内容"),
        proof=_needed(cells, "凭证"),
        within_days=int(within[1]) if within else None,
        on=None if within else date.fromisoformat(due),
    )


def hypothetical(rows: Sequence[tuple[int, Cells]]) -> list[Fact]:
    """Facts of a sheet that belong to no dispute, for a question about rules; exhibits are taken at their word.

    The first bad row is BadFact with its line.
    """
    found = []
    for line, cells in rows:
        try:
            key, value = _needed(cells, "事项"), _needed(cells, "内容")
            facts.check(key, value)
            found.append(
                Fact(
                    id=f"第{line}行",
                    key=key,
                    value=value,
                    stated_by=_word(StatedBy, cells, "陈述人"),
                    proof=_word(ProofState, cells, "证明") if cells.get("证明") else ProofState.CLAIMED,
                    event=period(cells.get("时间")),
                    exhibits=tuple(n for n in _SPLIT.split(cells.get("证据") or "") if n),
                )
            )
        except JieliError as error:
            raise BadFact(f"第 {line} 行：{error.sentence}", remedy=error.remedy) from None
    return found
