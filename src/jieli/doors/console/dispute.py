"""争议案卷: what can be proved today, what is missing, who can supply it. Verdicts as they were given."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access.types import Permission
from jieli.doors.console import dispute_shown as shown
from jieli.doors.web.door import at, permitted
from jieli.evidence import disputes_queries as queries
from jieli.evidence.disputes_types import DisputeView, Issue, Legality
from jieli.evidence.errors import BadLoss, NoSuchDispute
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.law.queries import cite_all
from jieli.law.verdicts import NOT_LEGAL_ADVICE, Missing
from jieli.matters.errors import NoSuchMatter
from jieli.papers import queries as papers

MOST_LOSSES = 30
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}


def found(number: str) -> DisputeView:
    """The dispute of a number; 404 where the matter, or its dispute, does not exist."""
    try:
        return queries.dispute(number)
    except (NoSuchDispute, NoSuchMatter):
        raise Http404 from None


@require_safe
@permitted(Permission.MANAGE_DISPUTES)
def page(request: HttpRequest, number: str) -> HttpResponseBase:
    """The whole dispute."""
    view, today = found(number), local_day(at(request))
    known = shown.shown_facts(view)
    cards = shown.cards(view, known)
    kept = papers.papers([e.paper for e in view.exhibits])
    lacks, wrong = _loss_form(view)
    values: dict[str, Any] = {
        "view": view,
        "open": view.closed_on is None,
        "cards": cards,
        "lacking": shown.lacking(cards),
        "evidenced": sum(f.evidenced for f in view.facts),
        "stale": shown.stale(view),
        "groups": shown.grouped(known.values()),
        "reliefs": [
            (r, shown.WORDS.get(r.verdict.code, "") if r.verdict else "",
             shown.tone(r.verdict) if r.verdict else "plain")
            for r in view.reliefs
        ],
        "exhibits": [
            (e, kept.get(e.paper), e.legality is Legality.QUARANTINED, _proves(view, e.id, known))
            for e in view.exhibits
        ],
        "quarantined": sum(e.legality is Legality.QUARANTINED for e in view.exhibits),
        "losses": view.losses[:MOST_LOSSES],
        "more_losses": max(0, len(view.losses) - MOST_LOSSES),
        "loss_lacks": lacks,
        "loss_wrong": wrong,
        "terms": [(t, t.duty.days_late(today)) for t in view.settlement.terms] if view.settlement else [],
        "route": (view.route, cite_all(view.route.articles)),
        "advice": NOT_LEGAL_ADVICE,
        "today": today,
    }  # fmt: skip
    return render(request, "console/dispute.html", values)


def _proves(view: DisputeView, exhibit: UUID, known: dict[str, shown.ShownFact]) -> list[str]:
    """The questions that an exhibit is put under."""
    return list(dict.fromkeys(known[f.id].label for f in view.facts if str(exhibit) in f.exhibits))


def _loss_form(view: DisputeView) -> tuple[tuple[Missing, ...], JieliError | None]:
    """What the loss lacks before its form is complete (R0.13), or why it cannot be read as a loss."""
    if not any(r.issue is Issue.DAMAGES for r in view.reliefs):
        return (), None
    try:
        return queries.loss_form(view.matter.number), None
    except BadLoss as wrong:
        return (), wrong


@require_safe
@permitted(Permission.MANAGE_DISPUTES)
def paper(request: HttpRequest, number: str, paper: UUID) -> HttpResponseBase:
    """A paper of the dispute, byte for byte as the register keeps it."""
    if paper not in _papers(found(number)):
        raise Http404
    kept = papers.paper(paper)
    response = HttpResponse(papers.content(paper), content_type=kept.media_type)
    ending = ENDINGS.get(kept.media_type, "txt")
    response["Content-Disposition"] = f'attachment; filename="{kept.sha256[:12]}.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _papers(view: DisputeView) -> set[UUID]:
    named = (
        *(e.paper for e in view.exhibits),
        *(o.paper for o in view.outcomes),
        *(f.paper for f in view.follow_ups),
        *(t.duty.paper for t in (view.settlement.terms if view.settlement else ())),
        view.settlement.paper if view.settlement else None,
    )
    return {key for key in named if key is not None}
