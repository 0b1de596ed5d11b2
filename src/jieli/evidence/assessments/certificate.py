"""The certificate of leaving is no bargaining chip (W11): for 劳动 it is due at the end, whatever was handed over."""

from collections.abc import Sequence
from datetime import date

from jieli.evidence.assessments.rulebook import articles, rulebook
from jieli.evidence.assessments.view import FactView
from jieli.law.deadlines import Due, due_after, due_on
from jieli.law.verdicts import Certainty, Fact, Finding, Verdict

BLOCKED, DUE, ISSUED = "CERT_BLOCKED", "CERT_DUE", "CERT_ISSUED"
AS_AGREED, UNDETERMINED = "CERT_AS_AGREED", "CERT_UNDETERMINED"

_STATUTORY = ("劳动", "派遣")
_CERTAINTY = {
    BLOCKED: Certainty.MUST,
    DUE: Certainty.MUST,
    ISSUED: Certainty.MUST,
    AS_AGREED: Certainty.SHOULD,
    UNDETERMINED: Certainty.OPEN,
}


def assess(facts: Sequence[Fact]) -> Verdict:
    """Whether the certificate may wait. Only 经济补偿 may, until the handover is done (LCL-50)."""
    book, view = rulebook("certificate"), FactView(facts)
    kind = view.settled("engagement.kind")
    statutory = kind in _STATUTORY
    head = {"劳动": "LABOUR", "派遣": "DISPATCH", "": "KIND.OPEN"}.get(kind, "SERVICE")
    findings: list[Finding] = [book.finding(head, view.ids("engagement.kind"))]
    issued, withheld = view.ask("certificate.issued"), view.ask("certificate.withheld")
    if issued.yes:
        findings.append(book.finding("ISSUED.YES", issued.facts))
    if withheld.yes and kind:
        findings.append(book.finding("WITHHELD.YES" if statutory else "WITHHELD.AGREED", withheld.facts))
    if statutory and view.ask("compensation.due").yes and not view.ask("handover.done").yes:
        findings.append(book.finding("COMPENSATION", view.ids("compensation.due", "handover.done")))
    if issued.yes:
        code = ISSUED
    elif not kind:
        code = UNDETERMINED
    elif statutory:
        code = BLOCKED if withheld.yes else DUE
    else:
        code = AS_AGREED
    base = book.data["labour"] if statutory else book.data["service"] if kind else ()
    return Verdict(
        issue=book.data["issue"],
        code=code,
        certainty=_CERTAINTY[code],
        text=book.text(code),
        findings=tuple(findings),
        articles=articles(base, findings=findings),
        missing=() if kind or issued.yes else (book.missing("KIND"),),
        open_points=() if kind else ("用工关系类型",),
    )


def due(kind: str, ended_on: date, *, settled_on: date | None = None, within_days: int = 0) -> Due | None:
    """By when: for 劳动 and 派遣 on the last day itself, and no settlement makes it later (R0.31).

    For others the days agreed after the settlement (CC-201/203); None where nothing was agreed.
    """
    if kind in _STATUTORY:
        return due_on(ended_on)
    return due_after(settled_on, within_days) if settled_on and within_days else None
