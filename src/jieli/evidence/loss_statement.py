"""《损失计算说明》 of a dispute: the figures that the rules themselves counted; what is unproved is not added."""

from collections.abc import Mapping, Sequence

from jieli.evidence import facts_queries
from jieli.evidence.assessments import losses as loss_rules
from jieli.evidence.assessments import whole
from jieli.evidence.assessments.amounts import parse, total
from jieli.evidence.assessments.view import FactView, screen
from jieli.evidence.assessments.whole import Whole
from jieli.evidence.disputes_types import DisputeView, Issue
from jieli.evidence.facts import key
from jieli.evidence.printing import cited
from jieli.law.verdicts import Fact, ProofState
from jieli.papers.forms.dispute import ElementLine, InputLine, LossLine, LossStatement, LostCustomer
from jieli.papers.forms.ending import SupportedBy
from jieli.papers.forms.parts import Signer
from jieli.papers.types import Head

_ELEMENTS = (
    ("E1", "因果关系"), ("D1", "往期转化率"), ("D2", "课程单价"), ("D3", "客户行为记录"), ("E3", "可计算性"),
)  # fmt: skip
_INVESTED = "invest."
_HEADS = {loss_rules.Head.UNCONVERTED: "未转化", loss_rules.Head.UNKEPT: "维护中断"}


def wanted(view: DisputeView) -> bool:
    """Whether a loss is asked for at all; without one there is nothing to compute."""
    return bool(view.losses) or any(r.issue is Issue.DAMAGES for r in view.reliefs)


def statement(view: DisputeView, head: Head) -> LossStatement:
    """The paper. Its total is the sum that the rules support, to the fen; PaperRefused (papers.adjectives)."""
    given = facts_queries.stated(view.id)
    judged = whole.assess(given.facts, given.losses, given.quarantined)
    usable, _ = screen(given.facts, given.quarantined)
    numbers = {str(e.id): e.number for e in view.exhibits if str(e.id) not in given.quarantined}
    return LossStatement(
        head=head,
        case=view.cause,
        claimant=f"{view.claimant.value}方",
        theory=tuple(r.text for r in view.reliefs if r.issue is Issue.DAMAGES),
        inputs=tuple(_inputs(usable, numbers)),
        lost=tuple(_lost(row) for row in view.losses),
        elements=_elements(judged),
        lines=_lines(view, judged, FactView(usable), numbers),
        deductions=_deductions(judged),
        citations=tuple(cited(article) for article in judged.damages.articles),
        claimant_sign=Signer(""),
    )


def _named(exhibits: Sequence[str], numbers: Mapping[str, str]) -> tuple[str, ...]:
    """Exhibits by their numbers; quarantined ones show nothing."""
    return tuple(numbers[e] for e in exhibits if e in numbers)


def _inputs(facts: Sequence[Fact], numbers: Mapping[str, str]) -> list[InputLine]:
    found = []
    for fact in facts:
        shown = _named(fact.exhibits, numbers)
        if fact.key.startswith(_INVESTED) and fact.evidenced:
            amount = parse(fact.value)
            found.append(
                InputLine(
                    f"{key(fact.key).label}（{amount.text()}）", amount.fen, "、".join(shown) or "对方认可"
                )
            )
    return found


def _lost(row: loss_rules.LossRow) -> LostCustomer:
    since = row.lost.text() if row.lost else "未写明"
    return LostCustomer(row.customer, since, f"{row.attempts} 次", row.course)


def _elements(judged: Whole) -> tuple[ElementLine, ...]:
    """Each element in the rules' own words; an element that a finding speaks to twice says both."""
    verdict = judged.damages
    missing = {m.code: m.text for m in verdict.missing}
    return tuple(
        ElementLine(
            name,
            "".join(f.text for f in verdict.findings if f.code.startswith(f"{code}.")) or "未审查。",
            missing.get(code, "无"),
        )
        for code, name in _ELEMENTS
    )


def _lines(
    view: DisputeView, judged: Whole, facts: FactView, numbers: Mapping[str, str]
) -> tuple[LossLine, ...]:
    """The heads that were counted; where none was, what is claimed, as not proved."""
    if not judged.heads:
        sums = [r.amount for r in view.reliefs if r.issue is Issue.DAMAGES and r.amount is not None]
        if not sums:
            return ()
        asked = total(sums)
        return (LossLine("主张总额", asked.text(), asked.fen, None, ()),)
    said = {f.code: f.text for f in judged.damages.findings}
    figures = loss_rules.figures(facts)
    lines = []
    for one in judged.heads:
        rests = [f for f in (figures.rate, figures.price, figures.cost) if f is not None]
        rows = [r for r in view.losses if r.head is one.head]
        vouchers = [e for f in rests for e in f.exhibits] + [e for r in rows for e in r.exhibits]
        shown = _named(vouchers, numbers)
        proved = any(f.proof is ProofState.PROVED for f in rests) or bool(rows)
        by = SupportedBy.PROVED if proved else SupportedBy.ADMITTED
        lines.append(
            LossLine(
                _HEADS[one.head],
                said.get(one.head.value, ""),
                one.amount.fen,
                by,
                tuple(dict.fromkeys(shown)),
            )
        )
    return tuple(lines)


def _deductions(judged: Whole) -> tuple[InputLine, ...]:
    """What the rules took off the heads, so that the paper's total is theirs."""
    off = sum(h.amount.fen for h in judged.heads) - judged.supported.fen
    if not judged.heads or off <= 0:
        return ()
    codes = ("CUT.AVOIDABLE", "CUT.OWN_FAULT", "CAP.FORESEEABLE")
    why = "".join(f.text for f in judged.damages.findings if f.code in codes)
    return (InputLine("减损、自身过错、可预见范围及主张以外", off, why or "以主张金额为限"),)
