"""The two 《释法说明》: one for each side, out of the same verdicts, issued together or not at all (R0.33)."""

from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.evidence import disputes_queries
from jieli.evidence.assessments.sheets import Sheet
from jieli.evidence.disputes_types import DisputeView, Issue
from jieli.evidence.errors import NotAssessed
from jieli.evidence.printing import cited
from jieli.law.verdicts import NOT_LEGAL_ADVICE, StatedBy
from jieli.ledger.operations import book
from jieli.papers import operations as papers
from jieli.papers.forms.dispute import Explained, LawExplained
from jieli.papers.types import Clock, Head


def explain(*, number: str, unit: str, clock: Clock, by: Person, at: int) -> dict[StatedBy, UUID]:
    """Issue both sheets of the newest verdicts; the papers' ids by side.

    NotAssessed (evidence.not_assessed) before anything was judged; Forbidden. Nothing is typeset while the book is
    open. Crash here: neither paper, or both.
    """
    check_may(by, Permission.MANAGE_DISPUTES, at=at)
    view = disputes_queries.dispute(number)
    if not view.assessments:
        raise NotAssessed("本争议尚未评析，没有可以说明的结论。", remedy="请先评析（jieli dispute assess）。")
    ready = [
        (s.side, data, papers.prepare(data))
        for s in view.sheets
        for data in [_paper(view, s, unit, clock, at)]
    ]
    with book(at=at):
        return {
            side: papers.issue(data, title=f"释法说明（{side.value}）", by=by.actor, at=at, rendered=pdf).id
            for side, data, pdf in ready
        }


def _paper(view: DisputeView, sheet: Sheet, unit: str, clock: Clock, at: int) -> LawExplained:
    """One side's sheet; every sentence on it is the verdict's own."""
    addressee = view.person_label if sheet.side is StatedBy.STAFF else unit
    return LawExplained(
        head=Head(number=f"{view.matter.number}-释法-{sheet.side.value}", unit=unit, at=at, clock=clock),
        case=f"{view.matter.number} {view.matter.title}",
        side=sheet.side.value,
        addressee=addressee,
        issues=tuple(
            Explained(
                issue=part.issue,
                verdict=part.text,
                certainty=view.assessments[Issue(part.issue)].verdict.certainty.value,
                reasons=part.reasons,
                missing=part.missing,
                open_points=view.assessments[Issue(part.issue)].verdict.open_points,
                citations=tuple(cited(article) for article in part.articles),
            )
            for part in sheet.parts
        ),
        label=NOT_LEGAL_ADVICE,
    )
