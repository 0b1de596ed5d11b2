"""Acts on a leaving as pages: what will happen, the form, then the receipt. What was typed stays when it is refused."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jieli.access.types import Permission
from jieli.doors.console import case_ending, case_papers, case_things
from jieli.doors.console.case import acts, found
from jieli.doors.console.case_form import Act, Ask, fill
from jieli.doors.console.reading import Mistyped
from jieli.doors.web.door import at, permitted
from jieli.handover import queries
from jieli.handover.types import CaseRef
from jieli.kernel.errors import JieliError
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.places import numbered

ACTS = {act.what: act for act in (*case_papers.ACTS, *case_ending.ACTS, *case_things.ACTS)}


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.SEE_HANDOVER)
def act(request: HttpRequest, number: str, what: str) -> HttpResponseBase:
    """One act: GET says what it does and asks, POST does it. Who may not act finds nothing here."""
    wanted = ACTS.get(what)
    case = found(request, number)
    if wanted is None or not acts(request, number, *wanted.permissions):
        raise Http404
    error: JieliError | None = None
    if request.method == "POST":
        try:
            messages.success(request, _done(wanted, Ask(request, case)), extra_tags="proved")
            return HttpResponseRedirect(reverse("case", args=[number]))
        except JieliError as refused:
            error = refused
    return render(
        request, "console/case_act.html", _values(request, wanted, case, error), status=_status(error)
    )


def _status(error: JieliError | None) -> int:
    return 400 if error is not None else 200


def _values(request: HttpRequest, wanted: Act, case: CaseRef, error: JieliError | None) -> dict[str, Any]:
    fields = fill(wanted.fields(case, at(request)), request, at(request))
    view = queries.view(case.number, at=at(request))
    return {
        "act": wanted,
        "case": case,
        "view": view,
        "fields": fields,
        "empty": [f.field.label for f in fields if f.field.kind == "pick" and not f.field.options],
        "files": any(f.field.kind == "file" for f in fields),
        "error": error,
        "lacking": _lacking(wanted, case, at(request)),
    }


def _lacking(wanted: Act, case: CaseRef, instant: int) -> list[str]:
    """What still stands against an end, said before it is tried."""
    if not case.open or wanted.what not in ("close", "close-noted"):
        return []
    asked = queries.lacking_to_close if wanted.what == "close" else queries.lacking_to_note
    return [f"{m.who}：{m.text}" for m in asked(case, at=instant)]


def _done(wanted: Act, ask: Ask) -> str:
    """Do it and say where it is written. Scans and act stand or fall together, but for acts that do not allow it."""
    if wanted.final and not ask.tick("sure"):
        raise Mistyped("没有确认后果。", remedy="请看清会发生什么，勾选确认后再提交。")
    if wanted.alone:
        told = wanted.do(ask)
        return f"{told}。已写入账本第 {numbered(_last(ask.case))} 条。"
    with book(at=ask.at) as b:
        told = wanted.do(ask)
    return f"{told}。已写入账本第 {numbered(b.entries[-1].index or 0)} 条。"


def _last(case: CaseRef) -> int:
    """The newest entry of the case's papers, or of the case itself: read back, it is what stands."""
    own = [p.paper.id for p in queries.view(case.number, at=case.opened_at).papers]
    written = [r.entry for r in ledger.first_recorded("papers_paper", own).values()]
    return max([*written, *(v.entry for v in ledger.history("handover_case", case.id))])
