"""A verdict as numbered steps, the way it is printed (R0.42): what was found, on which facts, under which articles."""

from collections.abc import Mapping

from jieli.law.verdicts import Verdict


def steps(verdict: Verdict, names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Each finding on a line of its own, then the conclusion. `names`: what a fact is called on the page."""
    called = names or {}
    lines = []
    for n, finding in enumerate(verdict.findings, 1):
        rests = "、".join(called.get(fact, fact) for fact in finding.facts)
        under = "、".join(finding.articles)
        marks = "；".join(
            part for part in (f"事实：{rests}" if rests else "", f"条文：{under}" if under else "") if part
        )
        lines.append(f"{n}. {finding.text}" + (f"［{marks}］" if marks else ""))
    return (*lines, f"结论（{verdict.certainty.value}）：{verdict.text}")
