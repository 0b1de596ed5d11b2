"""Whether an account may be called 网络虚拟财产: 虚拟性, 财产性, 可控制性, all three evidenced (R0.37)."""

from collections.abc import Mapping, Sequence

from jieli.evidence.assessments.rulebook import articles, rulebook
from jieli.evidence.assessments.view import Answer, FactView
from jieli.law.verdicts import Certainty, Fact, Finding, Missing, Verdict

LABELLED, REFUSED = "VP_LABELLED", "VP_REFUSED"
_NOBODY = "无"


def assess(facts: Sequence[Fact]) -> Verdict:
    """The label, or which of the three tests lacks evidence."""
    book, view = rulebook("virtual_property"), FactView(facts)
    findings: list[Finding] = []
    missing: list[Missing] = []
    for test in book.data["tests"]:
        state, rests = _state(view, test)
        findings.append(book.finding(f"{test['code']}.{state}", rests, state, name=test["name"]))
        if state != "MET":
            missing.append(book.missing(test["code"]))
    code = REFUSED if missing else LABELLED
    return Verdict(
        issue=book.data["issue"],
        code=code,
        certainty=Certainty.OPEN if missing else Certainty.LIKELY,
        text=book.text(code),
        findings=tuple(findings),
        articles=articles(book.data["articles"], findings=findings),
        missing=tuple(missing),
    )


def _state(view: FactView, test: Mapping[str, Sequence[str]]) -> tuple[str, list[str]]:
    """MET where one indicator is there, NO where all that was evidenced says none, else OPEN."""
    met: list[str] = []
    against: list[str] = []
    for name in test.get("yes", ()):
        asked = view.ask(name)
        met += asked.facts if asked.answer is Answer.YES else ()
        against += asked.facts if asked.answer is Answer.NO else ()
    for name in test.get("counts", ()):
        for fact in view.evidenced(name):
            (met if int(fact.value) > 0 else against).append(fact.id)
    for name in test.get("holders", ()):
        for fact in view.evidenced(name):
            (against if fact.value == _NOBODY else met).append(fact.id)
    if met:
        return "MET", met
    return ("NO", against) if against else ("OPEN", [])
