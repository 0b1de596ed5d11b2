"""Whose account it is: three dimensions, four positive and three negative indicators, two core factors, four questions
(R0.17–R0.20, R0.39–R0.42). It speaks of 占有、使用、管理 and of nothing beyond them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jieli.evidence.assessments import amounts
from jieli.evidence.assessments.rulebook import Rulebook, articles, rulebook
from jieli.evidence.assessments.view import Answer, Asked, FactView
from jieli.evidence.facts import key
from jieli.law.verdicts import Certainty, Fact, Finding, Missing, Verdict

COMPANY, MIXED, EMPLOYEE, UNDETERMINED = "OWN_COMPANY", "OWN_MIXED", "OWN_EMPLOYEE", "OWN_UNDETERMINED"

_CERTAINTY = {
    COMPANY: Certainty.LIKELY,
    EMPLOYEE: Certainty.LIKELY,
    MIXED: Certainty.OPEN,
    UNDETERMINED: Certainty.OPEN,
}


@dataclass
class _Trace:
    """What is being found, in the order in which it is printed."""

    book: Rulebook
    view: FactView
    findings: list[Finding] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    open_points: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def assess(facts: Sequence[Fact]) -> Verdict:
    """The ownership of one account. The words used are 更可能, 优先 and 不足以认定 alone (R0.39)."""
    trace = _Trace(rulebook("ownership"), FactView(facts))
    covered = _dimensions(trace)
    positive = _indicators(trace, "positive")
    negative = _indicators(trace, "negative")
    knew = trace.view.ask("account.employer_knew")
    if knew.yes and (negative["N1"].yes or negative["N3"].yes):
        trace.findings.append(trace.book.finding("KNEW.YES", knew.facts))
    answered = _questions(trace)
    _core(trace, positive)
    _beside(trace, positive)
    code = _code(trace, covered and answered, positive, negative, knew)
    rights = "、".join(trace.book.data["rights"])
    if code == COMPANY:
        trace.findings.append(trace.book.finding("RIGHTS", rights=rights))
    return Verdict(
        issue=trace.book.data["issue"],
        code=code,
        certainty=_CERTAINTY[code],
        text=trace.book.text(code, rights=rights),
        findings=tuple(trace.findings),
        articles=articles(trace.book.data["articles"], findings=trace.findings),
        missing=tuple(trace.missing),
        open_points=tuple(dict.fromkeys(trace.open_points)),
        notes=tuple(trace.notes),
    )


def _dimensions(trace: _Trace) -> bool:
    """Whether each of the three has an evidenced fact; that something is *not* private speaks to no dimension."""
    whole = True
    for dimension in trace.book.data["dimensions"]:
        facts = _evidence(trace.view, dimension)
        state = "COVERED" if facts else "MISSING"
        code = f"DIM.{dimension['code']}.{state}"
        say = {"name": dimension["name"], "count": len(facts)}
        trace.findings.append(trace.book.finding(code, facts, f"DIM.{state}", **say))
        if not facts:
            trace.missing.append(trace.book.missing(dimension["code"]))
            whole = False
    return whole


def _evidence(view: FactView, dimension: dict[str, Any]) -> list[str]:
    found = [f.id for name in dimension["positive"] for f in view.evidenced(name)]
    speaking = [n for n in dimension["negative"] if view.ask(n).answer in (Answer.YES, Answer.CONTESTED)]
    return found + [f.id for name in speaking for f in view.evidenced(name)]


def _indicators(trace: _Trace, side: str) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for row in trace.book.data[side]:
        asked = found[row["code"]] = trace.view.any_of(row["code"], row["keys"])
        if side == "negative" and asked.answer is Answer.ABSENT:
            continue  # nobody says the account is private: there is nothing to look into
        say = {"channels": _channels(trace.view, row["keys"])}
        trace.findings.append(trace.book.finding(f"{row['code']}.{asked.answer}", asked.facts, **say))
        if asked.answer in (Answer.OPEN, Answer.CONTESTED):
            trace.open_points.extend(key(f).label for f in row["keys"] if _unsettled(trace.view, f))
    return found


def _channels(view: FactView, names: Sequence[str]) -> str:
    words = {
        "customers.by_publicity": "宣传",
        "customers.by_placement": "投放",
        "customers.by_courses": "课程体系",
    }
    return "、".join(words[n] for n in names if n in words and view.ask(n).yes)


def _unsettled(view: FactView, name: str) -> bool:
    return view.ask(name).answer in (Answer.OPEN, Answer.CONTESTED)


def _questions(trace: _Trace) -> bool:
    """All four must be answered, though 不明 is an answer (R0.41); whether they are."""
    whole = True
    for row in trace.book.data["questions"]:
        asked = trace.view.ask(row["key"])
        finding = trace.book.finding(
            f"{row['code']}.{asked.answer}", asked.facts, f"Q.{asked.answer}", text=row["text"]
        )
        trace.findings.append(finding)
        if asked.answer is Answer.ABSENT:
            code = "P1" if row["code"] == "Q1" else "Q"
            item = trace.book.missing(code, text=row["text"])
            trace.missing.append(Missing(row["code"] if code == "Q" else code, item.text, item.who))
            whole = False
        elif _unsettled(trace.view, row["key"]):
            trace.open_points.append(key(row["key"]).label)
    return whole


def _core(trace: _Trace, positive: dict[str, Asked]) -> None:
    for row in trace.book.data["core"]:
        asked = positive[row["of"]]
        state = "YES" if asked.yes else "NOT"
        trace.findings.append(trace.book.finding(f"{row['code']}.{state}", asked.facts))
    vouchers = [f for name in trace.book.data["investments"] for f in trace.view.evidenced(name)]
    if vouchers:
        total = amounts.total(amounts.parse(f.value) for f in vouchers)
        count = len({e for f in vouchers for e in f.exhibits})
        say = {"count": count, "total": total.text()}
        trace.findings.append(trace.book.finding("C2.VOUCHERS", [f.id for f in vouchers], **say))
    for fact in trace.view.evidenced("customers.share"):
        part, whole = (int(n) for n in fact.value.split("/"))
        say = {"part": part, "whole": whole, "percent": part * 100 // whole, "rest": max(0, whole - part)}
        trace.findings.append(trace.book.finding("P4.SHARE", [fact.id], **say))


def _beside(trace: _Trace, positive: dict[str, Asked]) -> None:
    """What people argue with, and how far it goes: real name, rebinding, common customers, the platform's terms."""
    view, book = trace.view, trace.book
    if (real := view.ask("account.real_name_employee")).yes:
        trace.findings.append(book.finding("REALNAME", real.facts))
    if (rebound := view.ask("number.rebound")).yes:
        permitted = view.ask("number.rebind_permitted")
        state = {Answer.YES: "PERMITTED", Answer.NO: "REFUSED"}.get(permitted.answer, "BURDEN")
        trace.findings.append(book.finding(f"REBIND.{state}", rebound.facts + permitted.facts))
        if state == "BURDEN":
            trace.missing.append(book.missing("REBIND"))
    if raised := view.ids("defence.shared"):
        state = "REJECTED" if positive["P4"].yes else "OPEN"
        trace.findings.append(book.finding(f"DEF.SHARED.{state}", raised + positive["P4"].facts))
    for fact in view.all("platform.term"):
        quoted = "" if "所有权" in fact.value else f"“{fact.value}”"
        trace.notes.append(book.text("PLATFORM", term=quoted))


def _code(
    trace: _Trace, complete: bool, positive: dict[str, Asked], negative: dict[str, Asked], knew: Asked
) -> str:
    """The one place where it is decided.

    An open core factor is not a no: nothing is decided until it is known. A contested or negative one is mixed.
    """
    if not complete:
        return UNDETERMINED
    if negative["N1"].yes and negative["N3"].yes and knew.yes:
        return EMPLOYEE
    if any(n.answer in (Answer.YES, Answer.CONTESTED) for n in negative.values()):
        return MIXED
    core = trace.book.data["core"]
    unknown = [row["code"] for row in core if not positive[row["of"]].evidenced]
    if unknown:
        trace.missing.extend(trace.book.missing(code) for code in unknown)
        return UNDETERMINED
    dimensions = trace.book.data["dimensions"]
    lacking = [d for d in dimensions if not any(trace.view.ask(n).yes for n in d["positive"])]
    # Not positive is a no only where nothing is still open in it.
    still_open = [d for d in lacking if any(trace.view.ask(n).answer is Answer.OPEN for n in d["positive"])]
    if still_open:
        trace.missing.extend(trace.book.missing(d["code"]) for d in still_open)
        return UNDETERMINED
    if not lacking and all(positive[row["of"]].yes for row in core):
        return COMPANY
    return MIXED
