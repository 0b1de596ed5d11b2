"""我的离职 (the person who leaves, on a phone): what the company owes me first, then what I still owe, sign, download.

It answers for the person of the session alone and takes no parameter; who never left has no such page. It stays open
after the last day and after the case is closed (P7).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.doors.portal.signing import Mine, asked, listed
from jieli.doors.web.door import at, me, signed_in
from jieli.duties.types import DutyRef, DutyState, Side
from jieli.handover import bindings, queries
from jieli.handover.private import private_items
from jieli.handover.shown import CaseView
from jieli.handover.things_types import NumberState
from jieli.handover.types import CaseRef, LineClass, Party, SnapshotLine
from jieli.kernel.times import local_day
from jieli.law.queries import cite_all
from jieli.law.types import Citation
from jieli.parties import queries as parties
from jieli.reading import queries as reading

SOON = 3
MOST_ITEMS = 50
MOST_OPENINGS = 100


@dataclass(frozen=True)
class Owed:
    """A duty as its person reads it: how many days, in which tone, on which articles."""

    duty: DutyRef
    days: str
    tone: str
    articles: tuple[Citation, ...]


def own_case(request: HttpRequest) -> CaseRef:
    """The leaving of the person here; 404 for who never left."""
    staff = me(request).staff
    found = queries.case_of(staff) if staff is not None else None
    if found is None:
        raise Http404
    return found


@require_safe
@signed_in
def page(request: HttpRequest) -> HttpResponseBase:
    """Both columns of duties, the lists, what the person said and can say, papers and receipts."""
    who, instant = me(request), at(request)
    case = own_case(request)
    view, today = queries.view(case.number, at=instant), local_day(instant)
    mine = [m for m in listed(asked(who, at=instant)) if m.asked.case.id == case.id]
    company = owed((*view.company, *view.sender), today)
    leaver = owed(view.leaver, today)
    customers = parties.customer({p.customer for p in view.promises})
    values: dict[str, Any] = {
        "view": view,
        "case": case,
        "today": today,
        "company": company,
        "leaver": leaver,
        "theirs": _waiting(company),
        "late": [one for one in company if one.tone == "late"],
        "mine_open": _waiting(leaver),
        "pays": [line for line in view.settlement if line.owed_by is Party.COMPANY],
        "claims": [line for line in view.settlement if line.owed_by is Party.STAFF],
        "lists": [(one, one.items[:MOST_ITEMS], len(one.items) - MOST_ITEMS) for one in view.lists],
        "private": private_items(case.id),
        "numbers": numbers(case),
        "promises": [(p, customers[p.customer].name) for p in view.promises if p.customer in customers],
        "papers": mine,
        "to_sign": [m for m in mine if m.waits],
        "openings": len(reading.openings_concerning(case.staff_id, limit=MOST_OPENINGS)),
        "most": MOST_OPENINGS,
        "left": case.last_day < today,
    }
    return render(request, "portal/leaving.html", values | {"title": _title(view, company, mine)})


def owed(found: tuple[DutyRef, ...], today: date) -> list[Owed]:
    """Duties with their days, open ones first as they fall due, then what binds on, then what is done."""
    order = {DutyState.OPEN: 0, DutyState.CONTINUING: 1, DutyState.DONE: 2, DutyState.DROPPED: 3}
    rows = sorted(found, key=lambda d: (order[d.state], d.due.day if d.due else date.max))
    return [Owed(d, *_days(d, today), cite_all(d.articles)) for d in rows]


def _days(duty: DutyRef, today: date) -> tuple[str, str]:
    if duty.state is DutyState.DONE:
        return f"已履行，{duty.done_on}", "done"
    if duty.state is DutyState.DROPPED:
        return "不再适用", "over"
    if duty.due is None:
        return ("持续有效" if duty.state is DutyState.CONTINUING else "没有约定日期"), "plain"
    late, left = duty.days_late(today), (duty.due.day - today).days
    provisional = "，节假日未录入，可能顺延" if duty.due.provisional else ""
    if late:
        return f"已逾期 {late} 天，应于 {duty.due.day}", "late"
    when = "今天到期" if left == 0 else f"还有 {left} 天，{duty.due.day} 到期"
    return f"{when}{provisional}", "due" if left <= SOON else "plain"


def _waiting(found: list[Owed]) -> int:
    return sum(1 for one in found if one.duty.state is DutyState.OPEN)


def _title(view: CaseView, company: list[Owed], mine: list[Mine]) -> str:
    """A sentence about the state, the company's side first."""
    theirs, late = _waiting(company), sum(1 for one in company if one.tone == "late")
    side = "派遣单位和公司" if any(o.duty.owed_by is Side.SENDER for o in company) else "公司"
    first = f"{side}还有 {theirs} 项没有办完" if theirs else f"{side}对您的事项都已办完"
    if late:
        first += f"，其中 {late} 项已逾期"
    papers = sum(1 for m in mine if m.waits)
    return f"{first}；{papers} 份文书等您签" if papers else first


def numbers(case: CaseRef) -> list[tuple[SnapshotLine, NumberState]]:
    """The company numbers that the person held, each with what of his own hangs on it."""
    held = [line for line in queries.snapshot(case.id).of(LineClass.NUMBER) if line.subject is not None]
    found = bindings.states(case.id, [line.subject for line in held if line.subject is not None])
    return [(line, found[_subject(line)]) for line in held]


def _subject(line: SnapshotLine) -> UUID:
    if line.subject is None:
        raise Http404
    return line.subject
