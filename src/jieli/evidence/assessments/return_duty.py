"""焦点一: must the account be handed back? By CC-558 and CC-509 for everybody; LCL-50 for 劳动 alone (R0.3, R0.22)."""

from collections.abc import Sequence

from jieli.evidence.assessments import ownership
from jieli.evidence.assessments.rulebook import articles, rulebook
from jieli.evidence.assessments.view import Answer, Asked, FactView
from jieli.law.verdicts import Certainty, Fact, Finding, Missing, Verdict

DUE, NOT_DUE, UNDETERMINED = "RETURN_DUE", "RETURN_NOT_DUE", "RETURN_UNDETERMINED"

LABOUR = "劳动"
_CERTAINTY = {DUE: Certainty.SHOULD, NOT_DUE: Certainty.LIKELY, UNDETERMINED: Certainty.OPEN}
_OWNER = {ownership.COMPANY: "OWN.COMPANY", ownership.EMPLOYEE: "OWN.EMPLOYEE"}
_DEFENCES = ("not_used", "shared", "no_intent")


def assess(facts: Sequence[Fact], owned: Verdict) -> Verdict:
    """The duty to hand back, given whose account it is. None of the three defences touches it (R0.15)."""
    book, view = rulebook("return_duty"), FactView(facts)
    ended, returned = view.ask("engagement.ended"), view.ask("account.returned")
    kind = view.settled("engagement.kind")
    code = _code(owned.code, ended, returned)
    findings = [
        book.finding(_OWNER.get(owned.code, "OWN.OPEN")),
        book.finding(f"ENDED.{_state(ended)}", ended.facts),
        book.finding(f"RETURNED.{_state(returned)}", returned.facts),
        book.finding(
            "KIND.OPEN" if not kind else "LABOUR" if kind == LABOUR else "SERVICE",
            view.ids("engagement.kind"),
        ),
    ]
    for name in _DEFENCES:
        if raised := view.ids(f"defence.{name}"):
            findings.append(book.finding(f"DEF.{name.upper()}", raised))
    if code == DUE:
        findings += _tasks(view)
    if owned.code in (ownership.EMPLOYEE, ownership.MIXED):
        findings.append(book.finding("DATA_ONLY"))
    return Verdict(
        issue=book.data["issue"],
        code=code,
        certainty=_CERTAINTY[code],
        text=book.text(code),
        findings=tuple(findings),
        articles=articles(book.data["articles"], book.data["labour"] if kind == LABOUR else ()),
        missing=_missing(code, owned, ended, returned),
        open_points=() if kind else ("用工关系类型",),
    )


def bound(verdict: Verdict) -> bool:
    """Whether the duty arose at all, though it may have been met since: a late return stays late."""
    return {"OWN.COMPANY", "ENDED.YES"} <= {f.code for f in verdict.findings}


def _state(asked: Asked) -> str:
    return asked.answer.value if asked.answer in (Answer.YES, Answer.NO) else "OPEN"


def _code(owner: str, ended: Asked, returned: Asked) -> str:
    """Only what is known to be otherwise makes the duty fall away; what is unknown leaves it open."""
    if owner == ownership.EMPLOYEE or returned.yes or ended.no:
        return NOT_DUE
    if owner == ownership.COMPANY and ended.yes and returned.no:
        return DUE
    return UNDETERMINED


def _tasks(view: FactView) -> list[Finding]:
    """What handing back consists of where the employee's own name hangs on the account."""
    book = rulebook("return_duty")
    return [
        book.finding(t["code"], view.ids(t["when"])) for t in book.data["tasks"] if view.ask(t["when"]).yes
    ]


def _missing(code: str, owned: Verdict, ended: Asked, returned: Asked) -> tuple[Missing, ...]:
    if code != UNDETERMINED:
        return ()
    lacking = {
        "OWNERSHIP": owned.code != ownership.COMPANY,
        "ENDED": not ended.yes,
        "RETURNED": not returned.no,
    }
    return tuple(rulebook("return_duty").missing(name) for name, yes in lacking.items() if yes)
