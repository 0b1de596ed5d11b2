"""A verdict as canonical JSON and back: what is stored is what was judged, byte for byte."""

from typing import Any

from jieli.law.verdicts import Certainty, Finding, Missing, Verdict
from seal import canonical


def encode(verdict: Verdict) -> str:
    """The canonical spelling of a verdict."""
    body: dict[str, object] = {
        "issue": verdict.issue,
        "code": verdict.code,
        "certainty": verdict.certainty.value,
        "text": verdict.text,
        "findings": [
            {"code": f.code, "text": f.text, "facts": list(f.facts), "articles": list(f.articles)}
            for f in verdict.findings
        ],
        "articles": list(verdict.articles),
        "missing": [{"code": m.code, "text": m.text, "who": m.who} for m in verdict.missing],
        "open_points": list(verdict.open_points),
        "notes": list(verdict.notes),
    }
    return canonical.encode(body).decode()


def decode(text: str) -> Verdict:
    """The verdict of its canonical spelling; any other spelling is refused."""
    body: Any = canonical.decode(text.encode())
    return Verdict(
        issue=body["issue"],
        code=body["code"],
        certainty=Certainty(body["certainty"]),
        text=body["text"],
        findings=tuple(
            Finding(f["code"], f["text"], tuple(f["facts"]), tuple(f["articles"])) for f in body["findings"]
        ),
        articles=tuple(body["articles"]),
        missing=tuple(Missing(m["code"], m["text"], m["who"]) for m in body["missing"]),
        open_points=tuple(body["open_points"]),
        notes=tuple(body["notes"]),
    )
