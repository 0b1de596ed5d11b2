"""焦点二: must damages be paid? Three mandatory elements, a chain that may not break, and never a sum without them
(R0.25–R0.28). What is missing is said in one list of words.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from jieli.evidence.assessments import losses
from jieli.evidence.assessments.amounts import ZERO, Amount, parse
from jieli.evidence.assessments.losses import Figures, Head, HeadSum, LossRow
from jieli.evidence.assessments.return_duty import bound
from jieli.evidence.assessments.rulebook import Rulebook, articles, rulebook
from jieli.evidence.assessments.view import Answer, FactView
from jieli.law.verdicts import Certainty, Fact, Finding, Verdict

SUPPORTED, PARTIAL = "DMG_SUPPORTED", "DMG_PARTIAL"
UNSUPPORTED, DISCRETIONARY = "DMG_UNSUPPORTED", "DMG_DISCRETIONARY"

CONTRACT, TORT = "违约", "侵权"
_CERTAINTY = {
    SUPPORTED: Certainty.LIKELY,
    PARTIAL: Certainty.LIKELY,
    UNSUPPORTED: Certainty.OPEN,
    DISCRETIONARY: Certainty.MAYBE,
}


@dataclass(frozen=True, slots=True)
class Damages:
    """The verdict and, beside it, what it supports in money: nothing at all where a link is broken."""

    verdict: Verdict
    supported: Amount
    heads: tuple[HeadSum, ...]


@dataclass
class _Case:
    """What is judged, and what is found so far."""

    book: Rulebook
    view: FactView
    figures: Figures
    rows: list[LossRow]  # those that count
    aside: int
    owed: bool
    basis: str
    findings: list[Finding] = field(default_factory=list)
    open_points: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def find(self, code: str, facts: Sequence[str] = (), say: str = "", **words: object) -> None:
        self.findings.append(self.book.finding(code, facts, say, **words))


def assess(
    facts: Sequence[Fact], owed: Verdict, rows: Sequence[LossRow] = (), quarantined: Collection[str] = ()
) -> Damages:
    """Whether the loss is proved, and how much of it. DoubleCounting where a loss stands twice.

    `facts` come screened (view.screen); `owed` says whether handing back was due: keeping what need not be given
    back is no act to answer for. `quarantined` exhibits prove no row.
    """
    losses.check_no_double(rows)
    view = FactView(facts)
    found = losses.figures(view)
    kept = losses.counted(rows, found, quarantined)
    case = _Case(
        rulebook("damages"),
        view,
        found,
        kept,
        len(rows) - len(kept),
        bound(owed),
        view.chosen("claim.basis"),
    )
    met = _elements(case)
    sums = losses.reckon(kept, case.figures) if met["E3"] else []
    reached = losses.cut(sums, case.figures, contract=case.basis == CONTRACT) if all(met.values()) else ZERO
    claim = _claim(view)
    code = _code(case, met, reached, claim)
    supported = reached if claim is None or reached.fen < claim.fen else Amount(claim.fen, claim.qualifier)
    if code not in (SUPPORTED, PARTIAL):
        supported, sums = ZERO, []
    _sums(case, sums, supported, claim)
    _defences(case)
    missing = () if all(met.values()) else [c for c in case.book.data["order"] if not met[c]]
    said = {"sum": supported.text(), "claim": claim.text() if claim else ""}
    verdict = Verdict(
        issue=case.book.data["issue"],
        code=code,
        certainty=_CERTAINTY[code],
        text=case.book.text(code, **said),
        findings=tuple(case.findings),
        articles=articles(
            case.book.data["basis"].get(case.basis, ()), case.book.data["articles"], findings=case.findings
        ),
        missing=tuple(case.book.missing(c) for c in missing),
        open_points=tuple(case.open_points),
        notes=tuple(case.notes),
    )
    return Damages(verdict, supported, tuple(sums))


def _claim(view: FactView) -> Amount | None:
    """What is claimed; a claim needs no proof. Of several the last stated one holds."""
    stated = view.all("claim.amount")
    return parse(max(stated, key=lambda f: (f.recorded or 0, f.id)).value) if stated else None


def _elements(case: _Case) -> dict[str, bool]:
    """E1, D1–D3 and E3, each found and said; E2 is D1–D3 together."""
    view, found = case.view, case.figures
    # Income that fell is proved row by row: rate and price belong to what was never sold.
    unkept = any(r.head is Head.UNKEPT for r in case.rows)
    met = {
        "D1": found.rate is not None or unkept,
        "D2": found.price is not None or unkept,
        "D3": bool(case.rows),
    }
    data = all(met.values())
    met["E3"] = data and found.cost is not None
    returned, late = view.ask("account.returned"), view.ask("account.returned_late")
    lost = view.ask("loss.contact_lost")
    act = case.owed and (returned.no or late.yes)
    gone = lost.yes or bool(case.rows)
    cause = view.ask("loss.causation")
    met["E1"] = cause.yes and act and gone
    _chain(case, "ACT", act, returned.facts + late.facts)
    _chain(case, "LOST", gone, lost.facts)
    _chain(case, "CONVERT", met["D1"] and met["D3"], view.ids("loss.conversion"))
    _chain(case, "AMOUNT", met["E3"], view.ids("loss.unit_price", "loss.cost_share"))
    state = "MET" if met["E1"] else "NO" if cause.no else "OPEN"
    case.find(f"E1.{state}", cause.facts)
    if cause.answer in (Answer.OPEN, Answer.CONTESTED):
        case.open_points.append("因果关系")
    case.find("E2.MET" if data else "E2.INCOMPLETE")
    _data(case, met)
    case.find("E3.MET" if met["E3"] else "E3.OPEN")
    return met


def _chain(case: _Case, link: str, holds: bool, facts: Sequence[str]) -> None:
    case.find(f"CHAIN.{link}.{'MET' if holds else 'BROKEN'}", facts)


def _data(case: _Case, met: dict[str, bool]) -> None:
    """D1 to D3 and the costs, each with the figure that is taken."""
    rate, price, cost = case.figures.rate, case.figures.price, case.figures.cost
    unkept = [r.id for r in case.rows if r.head is Head.UNKEPT]
    if rate and rate.event:
        part, whole = rate.value.split("/")
        case.find("D1.MET", [rate.id], part=part, whole=whole, period=rate.event.text())
    elif unkept:
        case.find("D1.NOT_NEEDED", unkept)
    else:
        case.find("D1.OPEN", case.view.ids("loss.conversion"))
    if price:
        case.find("D2.MET", [price.id], price=parse(price.value).text())
    elif unkept:
        case.find("D2.NOT_NEEDED", unkept)
    else:
        case.find("D2.OPEN", case.view.ids("loss.unit_price"))
    rows = [r.id for r in case.rows]
    case.find("D3.MET" if met["D3"] else "D3.OPEN", rows, count=len(rows))
    if case.aside:
        case.find("ROWS.ASIDE", count=case.aside)
    if cost:
        case.find("COST", [cost.id], percent=cost.value)
    else:
        case.find("COST.NONE", case.view.ids("loss.cost_share"))


def _code(case: _Case, met: dict[str, bool], reached: Amount, claim: Amount | None) -> str:
    """A discretionary sum (CCI-62) is for contract alone, and only where cause and gain or fault are evidenced."""
    if all(met.values()) and reached.fen:
        whole = not case.aside and (claim is None or reached.fen >= claim.fen)
        return SUPPORTED if whole else PARTIAL
    view = case.view
    gained = bool(view.evidenced("gain.amount")) or view.ask("fault.negligent").yes
    beyond = view.ask("loss.incalculable").yes and not all(met.values())
    if met["E1"] and beyond and gained and case.basis == CONTRACT:
        case.find("DISCRETIONARY", view.ids("loss.incalculable", "gain.amount", "fault.negligent"))
        return DISCRETIONARY
    return UNSUPPORTED


def _sums(case: _Case, sums: Sequence[HeadSum], supported: Amount, claim: Amount | None) -> None:
    """How the sum comes about, head by head and cut by cut; nothing of it where no sum is supported."""
    found = case.figures
    for one in sums:
        words: dict[str, object] = {"count": one.rows, "sum": one.amount.text()}
        if found.rate and found.price:
            part, whole = found.rate.value.split("/")
            words |= {"part": part, "whole": whole, "price": parse(found.price.value).text()}
        case.find(one.head.value, **words)  # type: ignore[arg-type]
    if sums and found.avoidable:
        case.find("CUT.AVOIDABLE", [found.avoidable.id], percent=found.avoidable.value)
    if sums and found.own_fault:
        case.find("CUT.OWN_FAULT", [found.own_fault.id], percent=found.own_fault.value)
    if sums and case.basis == CONTRACT:
        if found.foreseeable:
            cap = parse(found.foreseeable.value).text()
            case.find("CAP.FORESEEABLE", [found.foreseeable.id], cap=cap)
        else:
            case.find("CAP.OPEN")
            case.open_points.append("可预见的损失范围")
    if case.view.settled("engagement.kind") == "劳动":
        case.find("LABOUR", case.view.ids("engagement.kind"))
    if claim:
        case.find("CLAIM", case.view.ids("claim.amount"), claim=claim.text())
    case.find("SUPPORTED", sum=supported.text())


def _defences(case: _Case) -> None:
    """D1 weakens cause and loss, once proved; D3 meets no element, for negligence suffices (R0.15)."""
    if raised := case.view.ids("defence.not_used"):
        used = case.view.ask("account.used_after")
        state = "PROVED" if used.no else "ANSWERED" if used.yes else "RAISED"
        case.find(f"DEF.NOT_USED.{state}", raised + used.facts)
        if used.no:
            case.notes.append(case.book.text("NOTE.NOT_USED"))
        elif not used.yes:
            case.open_points.append("关系终止后是否仍使用账号")
    if raised := case.view.ids("defence.no_intent"):
        case.find("DEF.NO_INTENT", raised)
