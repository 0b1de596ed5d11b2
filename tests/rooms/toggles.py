"""What differs between the verdicts of a case and of the same case with one thing changed: every part, by issue."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jieli.evidence.assessments.whole import Whole, assess
from jieli.law.verdicts import Verdict
from tests.rooms import w1

TOGGLES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "toggles.json").read_text("utf-8"))


def judged(toggle: Mapping[str, Any]) -> Whole:
    """The worked case with a toggle applied; an empty one is the case itself."""
    facts = w1.changed(w1.facts(*toggle.get("part", ())), toggle.get("change", {}))
    return assess(facts, w1.lost(toggle.get("losses", 0)), toggle.get("quarantine", ()))


def difference(before: Whole, after: Whole) -> dict[str, Any]:
    """The parts that changed, and nothing else: by issue, lists as what came and what went."""
    one, two = before.verdicts(), after.verdicts()
    changed = {issue: _parts(one[issue], two[issue]) for issue in one}
    found: dict[str, Any] = {issue: parts for issue, parts in changed.items() if parts}
    if before.supported != after.supported:
        found["supported"] = after.supported.text()
    if before.set_aside != after.set_aside:
        found["set_aside"] = list(after.set_aside)
    return found


def _parts(one: Verdict, two: Verdict) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if one.code != two.code:
        parts["code"] = two.code
    if one.certainty != two.certainty:
        parts["certainty"] = two.certainty.value
    lists = {
        "findings": ([f.code for f in one.findings], [f.code for f in two.findings]),
        "missing": ([m.code for m in one.missing], [m.code for m in two.missing]),
        "articles": (one.articles, two.articles),
        "open_points": (one.open_points, two.open_points),
        "notes": (one.notes, two.notes),
    }
    for name, (old, new) in lists.items():
        moved = {"+": [x for x in new if x not in old], "-": [x for x in old if x not in new]}
        if moved["+"] or moved["-"]:
            parts[name] = {sign: which for sign, which in moved.items() if which}
    texts = {f.code: f.text for f in one.findings}
    said = [f.code for f in two.findings if texts.get(f.code, f.text) != f.text]
    if said:
        parts["said"] = said
    return parts
