"""What goes into the volume of a dispute, and what is left out of it and why. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from jieli.evidence import paging
from jieli.evidence.disputes_types import DisputeView, ExhibitRef, Legality
from jieli.evidence.matter_printing import Filed
from jieli.evidence.models import (
    AmountStated,
    AssessmentRow,
    DefenceRow,
    FactRow,
    FollowUp,
    LostCustomer,
    OutcomeRow,
    Relief,
    Term,
)
from jieli.ledger import queries as ledger
from jieli.ledger.types import Recorded
from jieli.papers import queries as papers
from jieli.papers.types import MediaType, PaperRef

Omitted = tuple[str, int, str]  # what, how many, why
_ON_QUARANTINE = "只依据被隔离的证据，不作为证据提交"


@dataclass(frozen=True, slots=True)
class Attached:
    """A paper that the volume carries: called what, from whom, to prove what."""

    name: str
    source: str
    purpose: str
    paper: UUID


def attached(view: DisputeView) -> list[Attached]:
    """Lawful exhibits in their order, then the papers of decisions, of the settlement, of visits, of the closing."""
    found = [
        Attached(e.number, f"{e.party.value}提交", e.proves, e.paper) for e in view.exhibits if _lawful(e)
    ]
    found += [
        Attached(f"{o.instance or ''}{o.issue.value}结果", o.decided_by, o.text, o.paper)
        for o in view.outcomes
        if o.paper is not None
    ]
    if view.settlement is not None:
        source = f"双方签署{'，' + view.settlement.mediator if view.settlement.mediator else ''}"
        found.append(Attached("协议", source, "证明双方约定的义务与期限", view.settlement.paper))
    found += [
        Attached(f"{f.visited_on}回访", f.visitor, "证明协议的履行情况", f.paper)
        for f in view.follow_ups
        if f.paper is not None
    ]
    return found


def _lawful(exhibit: ExhibitRef) -> bool:
    return exhibit.legality is Legality.LAWFUL


def there(chosen: Sequence[Attached], omitted: list[Omitted]) -> list[Attached]:
    """Those that are still there; papers destroyed after their time are counted among what was left out."""
    refs = papers.papers([one.paper for one in chosen])
    gone = [one for one in chosen if refs[one.paper].destroyed]
    if gone:
        omitted.append(("文书", len(gone), "保存期限届满，已依法销毁"))
    return [one for one in chosen if not refs[one.paper].destroyed]


def file(chosen: Sequence[Attached], first: int) -> list[Filed]:
    """The chosen papers with their bytes; PDFs are numbered from `first`, the others stand under their digest."""
    refs = papers.papers([c.paper for c in chosen])
    kept = ledger.first_recorded("papers_paper", [c.paper for c in chosen])
    found: list[Filed] = []
    number = first
    for one in chosen:
        ref = refs[one.paper]
        pdf = ref.media_type == MediaType.PDF.value
        place = f"文件 {number:02d}" if pdf else f"served/{ref.sha256[:12]}…"
        number += pdf
        found.append(_filed(one, ref, place, kept[str(one.paper)]))
    return found


def _filed(one: Attached, ref: PaperRef, place: str, kept: Recorded) -> Filed:
    content = papers.content(ref.id)
    return Filed(
        name=f"{one.name} {ref.title}", source=one.source, purpose=one.purpose, place=place,
        pages=paging.pages(content, ref.media_type), paper=ref, content=content, entry=kept.entry,
        recorded=kept.time,
    )  # fmt: skip


def rows_of(view: DisputeView, *, with_verdicts: bool) -> tuple[list[tuple[str, object]], list[Omitted]]:
    """Every row of the dispute that the volume proves, and those left out: quarantined, withdrawn, verdicts."""
    rows: list[tuple[str, object]] = [("matters_matter", view.matter.id), ("evidence_dispute", view.id)]
    plain: tuple[QuerySet[Any], ...] = (
        Relief.objects.filter(dispute=view.id),
        AmountStated.objects.filter(dispute=view.id),
        DefenceRow.objects.filter(dispute=view.id),
        OutcomeRow.objects.filter(dispute=view.id),
        FollowUp.objects.filter(dispute=view.id),
    )
    rows += [(found.model._meta.db_table, id) for found in plain for id in _ids(found)]
    omitted: list[Omitted] = []
    for e in view.exhibits:
        if _lawful(e):
            rows.append(("evidence_exhibit", e.id))
        else:
            omitted.append((f"证据 {e.number}", 1, f"已隔离，不作为证据提交：{e.grounds}"))
    aside = {e.id for e in view.exhibits if not _lawful(e)}
    rows += _stated(FactRow, "陈述", view, aside, omitted)
    rows += _stated(LostCustomer, "损失明细", view, aside, omitted)
    if view.settlement is not None:
        rows.append(("evidence_settlement", view.settlement.id))
        rows += [("evidence_term", id) for id in _ids(Term.objects.filter(settlement=view.settlement.id))]
        rows += [("duties_duty", t.duty.id) for t in view.settlement.terms]
    judged = _ids(AssessmentRow.objects.filter(dispute=view.id))
    if with_verdicts:
        rows += [("evidence_assessment", id) for id in judged]
    elif judged:
        omitted.append(("评析", len(judged), "评析不是证据，不随卷提交"))
    return rows, omitted


def _ids(found: QuerySet[Any]) -> list[UUID]:
    return list(found.values_list("id", flat=True))


def _stated(
    model: type[FactRow] | type[LostCustomer],
    what: str,
    view: DisputeView,
    aside: set[UUID],
    omitted: list[Omitted],
) -> list[tuple[str, object]]:
    """The rows that do not rest on quarantined exhibits alone, and are not withdrawn; the rest is counted."""
    found: list[Any] = list(model._default_manager.filter(dispute=view.id).order_by("ordinal"))
    unlawful = {r.id for r in found if r.exhibits and set(r.exhibits) <= aside}
    withdrawn = {r.id for r in found if getattr(r, "withdrawn", None)} - unlawful
    if unlawful:
        omitted.append((what, len(unlawful), _ON_QUARANTINE))
    if withdrawn:
        omitted.append((what, len(withdrawn), "已撤回"))
    return [(model._meta.db_table, r.id) for r in found if r.id not in unlawful | withdrawn]


def proofs_of_papers(filed: Sequence[Filed]) -> list[tuple[str, object]]:
    """The register rows of the papers, and of the signatures that stand beside them."""
    rows: list[tuple[str, object]] = [("papers_paper", f.paper.id) for f in filed]
    signed = papers.signatures([f.paper.id for f in filed])
    rows += [("papers_signature", s.id) for f in filed for s in signed.get(f.paper.id, ())]
    return rows
