"""离职交接: the list, and how a leaving begins: a name, everything held appears, 发起; or a sheet of leavings."""

from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jieli.access import policy
from jieli.access.types import Permission, Reach
from jieli.approvals import operations as approvals
from jieli.doors.console import typed
from jieli.doors.console.case_papers import first_papers
from jieli.doors.console.export import lines
from jieli.doors.console.reading import Mistyped
from jieli.doors.web.door import at, me, permitted
from jieli.handover import gathering, listing, operations, queries
from jieli.handover.types import CaseRef, LeavingReason, LineClass, OpenCase, Source
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.ledger.operations import book
from jieli.ledger.places import numbered
from jieli.parties import queries as parties
from jieli.parties.types import StaffRef
from seal import canonical

HEADINGS = [
    "编号",
    "姓名",
    "工号",
    "部门",
    "离职原因",
    "最后工作日",
    "状态",
    "逾期天数",
    "公司差",
    "离职人差",
]
COLUMNS = ("工号", "离职原因", "提出日期", "最后工作日")
FIELDS = (
    "who", "reason", "notice_on", "last_day", "receiver", "supervisor",
    "system", "order_no", "applicant", "approver", "decided_on",
)  # fmt: skip
OUTSIDE = FIELDS[6:]
#: Under what an approval of a leaving that was given in another system is kept.
LEAVING = "离职申请"
MOST_SHOWN, MOST_PEOPLE = 12, 20


def reach_of(request: HttpRequest, permission: Permission) -> Reach:
    """How far the person at the door may see or act."""
    return policy.reach(me(request), permission, at=at(request))


def _asked(values: Any) -> listing.Asked:
    shown, reason = values.get("shown", ""), values.get("reason", "")
    return listing.Asked(
        text=typed.words(values, "q")[:100],
        shown=shown if shown in set(listing.Shown) else "",
        reason=reason if reason in set(LeavingReason) else "",
        after=typed.key(values.get("after", "")),
    )


@require_safe
@permitted(Permission.SEE_HANDOVER)
def cases(request: HttpRequest) -> HttpResponseBase:
    """The list, as its address asks for it."""
    reach, wanted = reach_of(request, Permission.SEE_HANDOVER), _asked(request.GET)
    values = {
        "asked": wanted,
        "counts": listing.counts(reach, at=at(request)),
        "found": listing.page(reach, wanted, at=at(request)),
        "shown": [s.value for s in listing.Shown],
        "reasons": [r.value for r in LeavingReason],
        "may_open": bool(reach_of(request, Permission.MANAGE_HANDOVER)),
    }
    return render(request, "console/cases.html", values)


@require_safe
@permitted(Permission.SEE_HANDOVER)
def export(request: HttpRequest) -> HttpResponseBase:
    """《离职交接台账》 as its address asks for it, whole, as a table for Excel."""
    reach = reach_of(request, Permission.SEE_HANDOVER)
    rows = _cells(listing.every(reach, _asked(request.GET), at=at(request)))
    response = StreamingHttpResponse(lines(HEADINGS, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="cases-{local_day(at(request)):%Y%m%d}.csv"'
    return response


def _cells(rows: Iterator[listing.Row]) -> Iterator[list[str]]:
    for r in rows:
        yield [
            r.case.number, r.name, r.staff_no, r.unit, r.case.reason, r.case.last_day.isoformat(), r.status,
            str(r.days_late), "；".join(m.text for m in r.done.company), "；".join(m.text for m in r.done.staff),
        ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.MANAGE_HANDOVER)
def new(request: HttpRequest) -> HttpResponseBase:
    """发起离职交接: first who and what he holds, then the form; what was typed stays whatever comes of it."""
    post = request.method == "POST"
    given = {name: typed.words(request.POST if post else request.GET, name) for name in FIELDS}
    error = None
    if post:
        try:
            made, index = _open(request, given)
            told = f"已发起离职交接 {made.number}，清点已封存在账本第 {numbered(index)} 条。"
            messages.success(request, told, extra_tags="proved")
            if request.POST.get("then") == "issue":
                _issue(request, made)
            return HttpResponseRedirect(reverse("case", args=[made.number]))
        except JieliError as found:
            error = found
    values = {"typed": given, "error": error, **_held(request, given["who"])}
    values["reasons"] = [r.value for r in LeavingReason]
    values["today"] = local_day(at(request))
    return render(request, "console/case_new.html", values, status=400 if error else 200)


def _issue(request: HttpRequest, made: CaseRef) -> None:
    """The sheet and its notice at once. If they cannot be made, the case stands all the same, and it is told."""
    try:
        messages.success(
            request, f"{first_papers(made, by=me(request).actor, at=at(request))}。", extra_tags="proved"
        )
    except JieliError as error:
        messages.error(request, f"交接单还没有生成：{error.sentence}{error.remedy}", extra_tags="late")


def _held(request: HttpRequest, who: str) -> dict[str, Any]:
    """Whom a name or 工号 means, and everything that he holds now. Somebody out of reach is nobody."""
    if not who:
        return {}
    people = _people(who)
    if len(people) != 1:
        return {"people": people[:MOST_PEOPLE], "nobody": not people}
    [person] = people
    instant = at(request)
    today = local_day(instant)
    asking = OpenCase(person.id, LeavingReason.RESIGN, today, today)
    found = gathering.held(asking, parties.orders_of([person.id])[person.id], at=instant)
    groups = [(cls, [line for line in found.lines if line.cls is cls]) for cls in LineClass]
    before = queries.case_of(person.id)
    return {
        "person": person,
        "held": [(cls, len(some), some[:MOST_SHOWN], len(some) - MOST_SHOWN) for cls, some in groups],
        "things": len(found.lines),
        "content": found.data,
        "already": before if before is not None and before.open else None,
        "engaged": parties.engagements([person.id])[person.id][-1:],
    }


def _people(who: str) -> list[StaffRef]:
    everybody = parties.staff_by_no()
    if who in everybody:
        return [everybody[who]]
    exact = [s for s in everybody.values() if s.name == who]
    found = exact or [s for s in everybody.values() if who in s.name]
    return sorted(found, key=lambda s: (s.left_on is not None, s.staff_no))


def _open(request: HttpRequest, given: dict[str, str]) -> tuple[CaseRef, int]:
    """Open the case, with the receipt of an approval given elsewhere if there is one; both or neither."""
    order = _order(given)
    _check_reach(request, [order.staff_id])
    by, instant = me(request).actor, at(request)
    with book(at=instant) as b:
        if any(given[name] for name in OUTSIDE):
            approval = _outside(request, order, given)
            order = _from_outside(order, approval)
        made = operations.open_case(order, by=by, at=instant)
    return made, next(e.index or 0 for e in b.entries if e.kind == "handover.open")


def _order(given: dict[str, str]) -> OpenCase:
    people = _people(typed.needed(given, "who", "姓名或工号"))
    if len(people) != 1:
        raise Mistyped("姓名或工号没有指到一个人。", remedy="请填写工号。")
    return OpenCase(
        staff_id=people[0].id,
        reason=typed.choice(LeavingReason, given, "reason", "离职原因"),
        last_day=typed.day(given, "last_day", "最后工作日"),
        notice_on=typed.day(given, "notice_on", "提出日期"),
        receiver=_one(given["receiver"], "接收人"),
        supervisor=_one(given["supervisor"], "监交人"),
    )


def _one(text: str, label: str) -> UUID | None:
    """A person by 工号 or full name; None for an empty field."""
    if not text:
        return None
    people = _people(text)
    if len(people) != 1:
        raise Mistyped(f"“{label}”没有指到一个人。", remedy="请填写工号。")
    return people[0].id


def _from_outside(order: OpenCase, approval: UUID) -> OpenCase:
    return OpenCase(
        order.staff_id, order.reason, order.last_day, order.notice_on, order.receiver, order.supervisor,
        approval, Source.OUTSIDE,
    )  # fmt: skip


def _outside(request: HttpRequest, order: OpenCase, given: dict[str, str]) -> UUID:
    """外部审批回执: system, number, who asked, who decided, when, and the scan that shows it."""
    decided: date = typed.day(given, "decided_on", "审批日期")
    by, instant = me(request).actor, at(request)
    receipt = typed.proof(
        request, "receipt", "审批单扫描件", kind="外部审批回执", title=given["order_no"], by=by, at=instant
    )
    digest = sha256(
        canonical.encode([str(order.staff_id), order.reason.value, order.last_day.isoformat()])
    ).digest()
    return approvals.record_outside(
        kind=LEAVING, subject=order.staff_id, digest=digest, system=given["system"], number=given["order_no"],
        applicant=given["applicant"], approver=given["approver"], decided_on=decided, paper=receipt,
        by=by, at=instant,
    ).id  # fmt: skip


def _check_reach(request: HttpRequest, staff: Sequence[UUID]) -> None:
    """Who may open leavings of a part of the firm opens no others: to him they do not exist."""
    if not listing.within(reach_of(request, Permission.MANAGE_HANDOVER), staff):
        raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.MANAGE_HANDOVER)
def sheet(request: HttpRequest) -> HttpResponseBase:
    """Several leavings from a sheet: all are opened or none, and the first fault is named with its row."""
    error = None
    if request.method == "POST":
        try:
            made = _open_sheet(request)
            messages.success(
                request, f"已发起 {len(made)} 件离职交接，每件的清点都已封存。", extra_tags="proved"
            )
            return HttpResponseRedirect(f"{reverse('cases')}?shown=在办")
        except JieliError as found:
            error = found
    values = {"error": error, "columns": COLUMNS, "reasons": [r.value for r in LeavingReason]}
    return render(request, "console/case_sheet.html", values, status=400 if error else 200)


def _open_sheet(request: HttpRequest) -> list[CaseRef]:
    rows = typed.sheet(request, "sheet", "离职名单", COLUMNS)
    orders = [_of_row(n, row) for n, row in enumerate(rows, 2) if any(row.values())]
    if not orders:
        raise Mistyped("离职名单里没有一行。", remedy="请选择文件，每人一行。")
    _check_reach(request, [o.staff_id for o in orders])
    return operations.open_cases(orders, by=me(request).actor, at=at(request))


def _of_row(n: int, row: dict[str, str]) -> OpenCase:
    given = {
        "who": row["工号"], "reason": row["离职原因"], "notice_on": row["提出日期"], "last_day": row["最后工作日"],
        "receiver": row.get("接收人", "").strip(), "supervisor": row.get("监交人", "").strip(),
    }  # fmt: skip
    try:
        order = _order(given)
    except Mistyped as wrong:
        raise Mistyped(f"第 {n} 行：{wrong.sentence}", remedy=f"{wrong.remedy}没有一件被发起。") from None
    return OpenCase(
        order.staff_id, order.reason, order.last_day, order.notice_on, order.receiver, order.supervisor,
        source=Source.SHEET,
    )  # fmt: skip
