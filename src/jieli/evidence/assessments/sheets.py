"""Explanation sheets for the two sides: the same verdicts, each side its own part, not a word added (R0.33)."""

from collections.abc import Mapping
from dataclasses import dataclass

from jieli.evidence.assessments.rulebook import rulebook
from jieli.law.verdicts import StatedBy, Verdict

#: The two for whom a sheet is made.
SIDES = (StatedBy.COMPANY, StatedBy.STAFF)


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One issue on a sheet: the verdict's own sentence, its reasons, what is missing, its articles."""

    issue: str
    text: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one side is told."""

    side: StatedBy
    parts: tuple[SheetPart, ...]

    def lines(self) -> tuple[str, ...]:
        """Everything said on it, in order."""
        return tuple(s for p in self.parts for s in (p.text, *p.reasons, *p.missing))


def sheets(verdicts: Mapping[str, Verdict]) -> tuple[Sheet, Sheet]:
    """Both sheets, from verdicts by issue; an issue not assessed yet is left out of both alike."""
    company, staff = (_sheet(side, verdicts) for side in SIDES)
    return company, staff


def _sheet(side: StatedBy, verdicts: Mapping[str, Verdict]) -> Sheet:
    rows = rulebook("sheets").data["company" if side is StatedBy.COMPANY else "staff"]
    parts = []
    for row in rows:
        verdict = verdicts.get(row["issue"])
        if verdict is None:
            continue
        starts = tuple(row["findings"])
        reasons = tuple(f.text for f in verdict.findings if f.code.startswith(starts))
        missing = tuple(m.text for m in verdict.missing) if row.get("missing") else ()
        parts.append(SheetPart(verdict.issue, verdict.text, reasons, missing, verdict.articles))
    return Sheet(side, tuple(parts))
