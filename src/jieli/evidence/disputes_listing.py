"""Disputes as a list: search, keyset pages, the newest verdict of each issue. A constant number of queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jieli.evidence import verdict_json
from jieli.evidence.disputes_types import Issue
from jieli.evidence.models import AssessmentRow, Dispute
from jieli.law.verdicts import Verdict
from jieli.matters import queries as matters

PAGE = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """What narrows the list. `open`: only those not closed; `after` is the last number of the page before."""

    text: str = ""
    open: bool = False
    after: str = ""

    @property
    def any(self) -> bool:
        """Whether anything narrows the list."""
        return bool(self.text or self.open)


@dataclass(frozen=True, slots=True)
class Row:
    """A dispute with its newest verdicts; one not judged yet has none."""

    number: str
    title: str
    cause: str
    person_label: str
    account_label: str
    opened_on: date
    closed_on: date | None
    closed_by: str
    verdicts: Mapping[Issue, Verdict]

    @property
    def missing(self) -> int:
        """How much is missing over all issues."""
        return sum(len(v.missing) for v in self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Found:
    rows: tuple[Row, ...]
    matching: int
    total: int
    open: int
    following: str


def page(wanted: Asked) -> Found:
    """A page, the newest first. Disputes are few: the list is narrowed here, its verdicts fetched for the page only."""
    rows = list(Dispute.objects.all())
    known = matters.matters([r.matter for r in rows])
    named = sorted(((known[r.matter], r) for r in rows), key=lambda p: p[0].number, reverse=True)
    matching = [
        (m, r)
        for m, r in named
        if (not wanted.open or r.closed_on is None)
        and (not wanted.text or wanted.text in f"{m.number} {m.title} {r.cause} {r.person_label} {r.account_label}")
    ]  # fmt: skip
    rest = [(m, r) for m, r in matching if not wanted.after or m.number < wanted.after]
    shown = rest[:PAGE]
    verdicts = _newest([r.id for _, r in shown])
    made = tuple(
        Row(
            m.number, m.title, r.cause, r.person_label, r.account_label, m.opened_on, r.closed_on,
            r.closed_by or "", verdicts.get(r.id, {}),
        )
        for m, r in shown
    )  # fmt: skip
    still = sum(r.closed_on is None for r in rows)
    return Found(made, len(matching), len(rows), still, made[-1].number if len(rest) > PAGE else "")


def _newest(disputes: list[UUID]) -> dict[UUID, dict[Issue, Verdict]]:
    found: dict[UUID, dict[Issue, str]] = {}
    rows = AssessmentRow.objects.filter(dispute__in=disputes).order_by("round")
    for dispute, issue, text in rows.values_list("dispute_id", "issue", "verdict"):
        found.setdefault(dispute, {})[Issue(issue)] = text
    return {d: {i: verdict_json.decode(text) for i, text in of.items()} for d, of in found.items()}
