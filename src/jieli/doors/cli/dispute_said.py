"""How `jieli dispute` tells: a dispute, a verdict, each as one JSON object and as lines for people."""

from collections.abc import Iterable, Mapping
from typing import Any

from jieli.evidence.assessments.liability import LiabilityMap
from jieli.evidence.assessments.routes import Route
from jieli.evidence.assessments.trace import steps
from jieli.evidence.disputes_types import AssessmentRef, DisputeView, Issue, SettlementRef
from jieli.evidence.facts import key, standing
from jieli.law import queries as law
from jieli.law.verdicts import NOT_LEGAL_ADVICE, Fact, Verdict

UNJUDGED = "尚未评析。"


def articles(ids: Iterable[str]) -> list[dict[str, Any]]:
    """Articles word for word, each with its version and since when it holds."""
    return [
        {"id": c.id, "title": c.title(), "version": c.version, "in_force": c.in_force(), "text": list(c.text)}
        for c in law.cite_all(ids)
    ]


def verdict(found: Verdict, names: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A verdict with everything it rests on (P10)."""
    return {
        "issue": found.issue,
        "code": found.code,
        "certainty": found.certainty.value,
        "text": found.text,
        "trace": list(steps(found, names)),
        "findings": [f.code for f in found.findings],
        "missing": [{"code": m.code, "text": m.text, "who": m.who or "双方"} for m in found.missing],
        "open_points": list(found.open_points),
        "notes": list(found.notes),
        "articles": articles(found.articles),
        "label": NOT_LEGAL_ADVICE,
    }


def lines(found: Verdict, names: Mapping[str, str] | None = None) -> list[str]:
    """The same for people: numbered steps, what is missing and who can supply it, the articles word for word."""
    said = [*steps(found, names)]
    said += [f"尚缺：{m.text}（可由{m.who or '双方'}提供）" for m in found.missing]
    said += [f"未决：{point}" for point in found.open_points]
    said += [f"注：{text}" for text in found.notes]
    for one in law.cite_all(found.articles):
        said += [f"{one.title()}（{one.version}，{one.in_force()}）", *(f"　　{text}" for text in one.text)]
    return [*said, NOT_LEGAL_ADVICE]


def names(view: DisputeView) -> dict[str, str]:
    """What a fact is called where a trace names it: its question, who said so, by which exhibits."""
    numbers = {str(e.id): e.number for e in view.exhibits}
    return {f.id: _called(f, numbers) for f in view.facts}


def _called(fact: Fact, numbers: Mapping[str, str]) -> str:
    shown = "、".join(numbers[e] for e in fact.exhibits if e in numbers)
    return f"{key(fact.key).label}({fact.value},{standing(fact)}{',' + shown if shown else ''})"


def dispute(view: DisputeView) -> dict[str, Any]:
    """Everything of a dispute, both foci under their headings and in their order."""
    told = names(view)
    numbers = {str(e.id): e.number for e in view.exhibits}
    return {
        "number": view.matter.number,
        "cause": view.cause,
        "claimant": view.claimant.value,
        "person": view.person_label,
        "account": view.account_label,
        "reliefs": [
            {
                "n": r.ordinal,
                "issue": r.issue.value,
                "text": r.text,
                "basis": r.basis.value if r.basis else None,
                "amount": r.amount.text() if r.amount else None,
                "verdict": r.verdict.code if r.verdict else None,
            }
            for r in view.reliefs
        ],
        "foci": [
            {"heading": f.heading} | (_judged(f.assessment, told) if f.assessment else {"text": UNJUDGED})
            for f in view.foci
        ],
        "verdicts": {i.value: _judged(a, told) for i, a in view.assessments.items()},
        "assessed_times": view.assessed_times,
        "facts": [_fact(f, numbers) for f in view.facts],
        "exhibits": [
            {"number": e.number, "party": e.party.value, "proves": e.proves, "legality": e.legality.value,
             "grounds": e.grounds}
            for e in view.exhibits
        ],
        "amounts": [{"what": a.what, "amount": a.amount.text(), "loss": a.amount.loss_type} for a in view.amounts],
        "defences": [{"kind": d.kind.value, "by": d.raised_by.value, "text": d.text} for d in view.defences],
        "losses": len(view.losses),
        "outcomes": _outcomes(view),
        "settlement": _terms(view.settlement),
        "confirmed": {"account_restored": view.confirmed[0], "certificate_received": view.confirmed[1]},
        "closed_by": view.closed_by.value if view.closed_by else None,
        "closed_on": view.closed_on,
        "route": route(view.route),
    }  # fmt: skip


def _judged(ref: AssessmentRef, told: Mapping[str, str]) -> dict[str, Any]:
    supported = ref.supported.text() if ref.supported else None
    return verdict(ref.verdict, told) | {"rules": ref.rules, "supported": supported}


def _fact(fact: Fact, numbers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": fact.id,
        "key": fact.key,
        "label": key(fact.key).label,
        "value": fact.value,
        "standing": standing(fact),
        "when": fact.event.text() if fact.event else None,
        "recorded": fact.recorded,
        "exhibits": [numbers[e] for e in fact.exhibits if e in numbers],
    }


def _outcomes(view: DisputeView) -> list[dict[str, Any]]:
    return [
        {"issue": o.issue.value, "code": o.code, "text": o.text, "by": o.decided_by, "on": o.decided_on,
         "instance": o.instance}
        for o in view.outcomes
    ]  # fmt: skip


def _terms(found: SettlementRef | None) -> list[dict[str, Any]]:
    if found is None:
        return []
    return [
        {"n": t.ordinal, "kind": t.kind.value, "obligor": t.obligor.value, "obligee": t.obligee.value,
         "action": t.action, "rule": t.rule, "due": t.duty.due.day if t.duty.due else None,
         "state": t.duty.state.value, "proof": t.proof}
        for t in found.terms
    ]  # fmt: skip


def route(found: Route) -> dict[str, Any]:
    """Where to bring it; advice that shows that practice is split."""
    return {
        "tribunal": found.tribunal,
        "years": found.years,
        "text": found.text,
        "split": list(found.split),
        "articles": articles(found.articles),
        "advisory": found.advisory,
    }


def liability(found: LiabilityMap) -> dict[str, Any]:
    """The four heads, each element with how it stands, and the table of what can be claimed together."""
    return {
        "heads": [
            {"name": h.name, "made_out": h.made_out,
             "elements": [{"name": e.name, "answer": e.answer.value} for e in h.elements],
             "articles": list(h.articles)}
            for h in found.heads
        ],
        "overlaps": [{"pair": list(o.pair), "rule": o.rule, "text": o.text} for o in found.overlaps],
        "election": found.election,
    }  # fmt: skip


def told(view: DisputeView) -> list[str]:
    """A dispute for people: what is asked, 证据矩阵, ownership, both foci apart, liability, the route."""
    called = names(view)
    said = [f"{view.matter.number} {view.matter.title}", f"案由：{view.cause}　账号：{view.account_label}"]
    for r in view.reliefs:
        money = f"，{r.amount.text()}" if r.amount else ""
        said.append(f"请求{r.ordinal}：{r.text}{money}　结论：{r.verdict.text if r.verdict else UNJUDGED}")
    numbers = {str(e.id): e.number for e in view.exhibits}
    said += ["", "证据矩阵"]
    for f in view.facts:
        row = _fact(f, numbers)
        shown = "、".join(row["exhibits"]) or "无证据"
        said.append(f"{row['label']}：{f.value}　{row['when'] or ''}　{row['standing']}　{shown}")
    said += [f"{a.what}：{a.amount.text()}" for a in view.amounts]
    said += _part("归属", view.assessments.get(Issue.OWNERSHIP), called)
    for focus in view.foci:
        said += _part(focus.heading, focus.assessment, called)
    said += _part("责任", view.assessments.get(Issue.LIABILITY), called)
    return [*said, "", f"管辖：{view.route.text}", *view.route.split, view.route.advisory]


def _part(heading: str, ref: AssessmentRef | None, called: Mapping[str, str]) -> list[str]:
    return ["", heading, *(lines(ref.verdict, called) if ref else [UNJUDGED])]
