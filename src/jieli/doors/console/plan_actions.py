"""Acts on a plan: make it, move one customer, submit, void; and, once approved, what a customer said and who looks."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jieli.access.types import Permission
from jieli.doors.console import plan, typed
from jieli.doors.console.case import acts, found
from jieli.doors.console.reading import Mistyped
from jieli.doors.web.door import at, me, permitted
from jieli.handover import queries as handover
from jieli.handover.types import CaseRef, LineClass
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.places import numbered
from jieli.parties import queries as parties
from jieli.parties.types import StaffRef
from jieli.succession import choices, final, notices, operations, pages, queries, readiness
from jieli.succession.spoken import Channel, ChoiceWord
from jieli.succession.types import AssignmentRef, Balance, CustomerState, Mode, PlanRef

NOBODY = "none"
BALANCE = ("privacy_impact", "business_need", "alternative")
FIELDS = ("owner", "due_on", "mode", "receivers", "excluded", *BALANCE)
REOPENED = (CustomerState.FAILED, CustomerState.FULL)


def _case(request: HttpRequest, number: str) -> CaseRef:
    """The case, for whoever may plan in it; to everybody else the page does not exist."""
    case = found(request, number)
    if not acts(request, number, Permission.MANAGE_PLAN):
        raise Http404
    return case


def _plan(case: CaseRef) -> PlanRef:
    made = plan.living(case)
    if made is None:
        raise Http404
    return made


def _back(number: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("plan", args=[number]))


def _entry(table: str, row: UUID) -> int:
    return ledger.first_recorded(table, [row])[str(row)].entry


def _people(text: str, label: str) -> list[StaffRef]:
    """People by 工号 or full name, with commas between them; everybody named must be somebody."""
    for mark in "，、;；\n":
        text = text.replace(mark, ",")
    words = [word for part in text.split(",") if (word := part.strip())]
    if not words:
        return []
    everybody = parties.staff_by_no()
    made = []
    for word in words:
        named = [everybody[word]] if word in everybody else [s for s in everybody.values() if s.name == word]
        if len(named) != 1:
            raise Mistyped(f"“{label}”里有一项没有指到一个人。", remedy="请填写工号，多人用“、”分开。")
        made.append(named[0])
    return made


# ---- make


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.SEE_HANDOVER)
def make(request: HttpRequest, number: str) -> HttpResponseBase:
    """GET asks for what a plan needs, POST makes the draft."""
    case, error = _case(request, number), None
    if request.method == "POST":
        try:
            made = _make(request, case)
        except JieliError as refused:
            error = refused
        else:
            left = made.customers - made.assigned
            told = f"已生成草稿：{made.customers:,} 名客户，{made.assigned:,} 名有接手人，{left:,} 名待定。"
            entry = _entry("succession_plan", made.id)
            messages.success(request, f"{told}已写入账本第 {numbered(entry)} 条。", extra_tags="proved")
            return _back(number)
    before = plan.living(case)
    values = {
        "case": case,
        "leaver": parties.staff([case.staff_id])[case.staff_id],
        "customers": len(_customers(case)),
        "before": before,
        "fixed": before is not None and not plan.standing(before, at(request)).draft,
        "modes": [m.value for m in Mode],
        "given": {name: typed.words(request.POST, name) for name in FIELDS}
        if request.POST
        else _known(before),
        "today": local_day(at(request)),
        "error": error,
    }
    return render(request, "console/plan_make.html", values, status=400 if error else 200)


def _known(before: PlanRef | None) -> dict[str, str]:
    """What an earlier draft said, so that nobody types it twice."""
    if before is None:
        return {"mode": Mode.AUTO.value}
    weighed = before.balance
    return {
        "mode": before.mode.value, "privacy_impact": weighed.privacy_impact,
        "business_need": weighed.business_need, "alternative": weighed.alternative,
        "owner": parties.staff([before.owner])[before.owner].staff_no, "due_on": before.due_on.isoformat(),
    }  # fmt: skip


def _customers(case: CaseRef) -> list[UUID]:
    return [x.subject for x in handover.snapshot(case.id).of(LineClass.CUSTOMER) if x.subject]


def _make(request: HttpRequest, case: CaseRef) -> PlanRef:
    owners = _people(typed.needed(request.POST, "owner", "责任人"), "责任人")
    if len(owners) != 1:
        raise Mistyped("责任人须是一个人。", remedy="请填写一个工号。")
    due: date | None = None
    if typed.words(request.POST, "due_on"):
        due = typed.day(request.POST, "due_on", "处理期限")
    return operations.make_plan(
        matter=case.matter, leaver=case.staff_id, customers=_customers(case), last_minute=case.last_minute,
        notice_on=case.notice_on, owner=owners[0].id, due_on=due,
        balance=Balance(*(typed.needed(request.POST, n, label) for n, label in zip(BALANCE, _LABELS, strict=True))),
        mode=typed.choice(Mode, request.POST, "mode", "分配方式"),
        receivers=[s.id for s in _people(typed.words(request.POST, "receivers"), "另加的接手人")],
        excluded=[s.id for s in _people(typed.words(request.POST, "excluded"), "不参与的人")],
        by=me(request).actor, at=at(request),
    )  # fmt: skip


_LABELS = ("对客户隐私的影响", "业务必要性", "考虑过的影响更小的做法")


# ---- one customer


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.SEE_HANDOVER)
def line(request: HttpRequest, number: str, line: UUID) -> HttpResponseBase:
    """One customer: why, what a move would change, and what may be entered of him."""
    case = _case(request, number)
    made = _plan(case)
    row = next((x for x in queries.assignments(made.id) if x.id == line), None)
    if row is None:
        raise Http404
    error = None
    if request.method == "POST":
        try:
            messages.success(request, _act(request, made, row), extra_tags="proved")
            return _back(number)
        except JieliError as refused:
            error = refused
    values = _line(request, case, made, row) | {"error": error}
    return render(request, "console/plan_line.html", values, status=400 if error else 200)


def _line(request: HttpRequest, case: CaseRef, made: PlanRef, row: AssignmentRef) -> dict[str, Any]:
    instant, state = at(request), plan.standing(made, at(request))
    seats = pages.loads(made.id)
    typed_to = typed.words(request.POST if request.method == "POST" else request.GET, "to")
    target = typed.key(typed_to)
    wanted = target if target in {s.staff for s in seats} else None
    move = (
        pages.move(row.id, wanted, at=instant) if wanted and state.draft and wanted != row.receiver else None
    )
    said = notices.moments(made.id, [row.customer]).get(row.customer)
    people = parties.staff([k for k in (made.leaver, row.receiver, row.owner, wanted) if k])
    return {
        "case": case,
        "plan": made,
        "line": row,
        "customer": parties.customer([row.customer])[row.customer],
        "leaver": people[made.leaver],
        "receiver": people.get(row.receiver) if row.receiver else None,
        "owner": people.get(row.owner) if row.owner else None,
        "why": pages.explained(row),
        "left": next((x for x in pages.left(made.id, today=local_day(instant)) if x.assignment == row.id), None),
        "state": state,
        "seats": seats,
        "to": typed_to,
        "target": people.get(wanted) if wanted else None,
        "same": wanted is not None and wanted == row.receiver,
        "move": move,
        "said": said,
        "choices": [w.value for w in ChoiceWord],
        "channels": [c.value for c in Channel if c is not Channel.LINK],
        "may_reopen": row.state in REOPENED and row.receiver is not None,
        "final": row.state in final.FINAL,
        "given": {n: typed.words(request.POST, n) for n in ("what", "reason", "owner", "due_on")},
        "today": local_day(instant),
    }  # fmt: skip


def _act(request: HttpRequest, made: PlanRef, row: AssignmentRef) -> str:
    """What the form asks for; the words of the receipt."""
    deed = _DEEDS.get(request.POST.get("what", ""))
    if deed is None:
        raise Mistyped("没有说明要办什么。", remedy="请从页面上的按钮提交。")
    return deed(request, made, row)


def _move(request: HttpRequest, made: PlanRef, row: AssignmentRef) -> str:
    word = typed.words(request.POST, "to")
    receiver = None if word == NOBODY else typed.key(word)
    if receiver is None and word != NOBODY:
        raise Mistyped("没有选择接手人。", remedy="请选择一名接手人，或改为待定。")
    reason = typed.needed(request.POST, "reason", "理由")
    with book(at=at(request)) as b:
        operations.override(
            assignment=row.id, receiver=receiver, reason=reason, by=me(request).actor, at=at(request)
        )
    told = "改为待定" if receiver is None else f"改由{parties.staff([receiver])[receiver].name}接手"
    return f"客户 {row.customer_no} 已{told}。已写入账本第 {numbered(b.entries[-1].index or 0)} 条。"


def _entrust(request: HttpRequest, made: PlanRef, row: AssignmentRef) -> str:
    owners = _people(typed.needed(request.POST, "owner", "责任人"), "责任人")
    due = typed.day(request.POST, "due_on", "期限")
    if len(owners) != 1 or owners[0].id == made.leaver or due < local_day(at(request)):
        raise Mistyped("责任人须是一名在职人员，期限不能早于今天。", remedy="请更正后提交。")
    with book(at=at(request)) as b:
        final.entrust(
            made.id, [row.customer], owner=owners[0].id, due_on=due, by=me(request).actor, at=at(request)
        )
    return f"客户 {row.customer_no} 由{owners[0].name}负责。已写入账本第 {numbered(b.entries[-1].index or 0)} 条。"


def _choice(request: HttpRequest, made: PlanRef, row: AssignmentRef) -> str:
    chosen = typed.choice(ChoiceWord, request.POST, "choice", "客户的选择")
    channel = typed.choice(Channel, request.POST, "channel", "途径")
    kept = choices.record_choice(
        made.id, row.customer, chosen, channel=channel, by=me(request).actor, at=at(request)
    )
    return f"已登记客户 {row.customer_no}：{chosen.value}。已写入账本第 {numbered(kept.entry)} 条。"


def _reopen(request: HttpRequest, made: PlanRef, row: AssignmentRef) -> str:
    reason = typed.needed(request.POST, "reason", "理由")
    with book(at=at(request)) as b:
        final.reopen(made.id, [row.customer], reason=reason, by=me(request).actor, at=at(request))
    return f"客户 {row.customer_no} 已重新列入待接续。已写入账本第 {numbered(b.entries[-1].index or 0)} 条。"


_DEEDS: dict[str, Callable[[HttpRequest, PlanRef, AssignmentRef], str]] = {
    "move": _move,
    "entrust": _entrust,
    "choice": _choice,
    "reopen": _reopen,
}


# ---- the whole plan


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.SEE_HANDOVER)
def submit(request: HttpRequest, number: str) -> HttpResponseBase:
    """Ask for approval of exactly this plan; from then on it does not change."""
    case = _case(request, number)
    made, error = _plan(case), None
    if request.method == "POST":
        try:
            reason = typed.needed(request.POST, "reason", "申请理由")
            with book(at=at(request)) as b:
                operations.submit_plan(
                    plan=made.id, reason=reason, list_taken=_taken(request), by=me(request).actor, at=at(request)
                )  # fmt: skip
            entry = b.entries[-1].index or 0
            messages.success(
                request, f"已提交审批，方案不再变动。已写入账本第 {numbered(entry)} 条。", extra_tags="proved"
            )
            return _back(number)
        except JieliError as refused:
            error = refused
    flight = readiness.preflight_of(
        made.id, at=at(request), noticed=notices.told(made.id), list_taken=_taken(request)
    )
    values = {
        "checked": plan.checked(flight),
        "excluded": sorted(
            s.name for s in parties.staff([x.receiver for x in queries.assignments(made.id) if x.receiver]).values()
        ),
        "taken": _taken(request),
        "reason": typed.words(request.POST, "reason"),
    }  # fmt: skip
    return _whole(request, "console/plan_submit.html", case, made, values, error)


def _taken(request: HttpRequest) -> bool:
    return request.POST.get("list_taken") == "yes"


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.SEE_HANDOVER)
def void(request: HttpRequest, number: str) -> HttpResponseBase:
    """Give the plan up, so that a new one can be made."""
    case = _case(request, number)
    made, error = _plan(case), None
    if request.method == "POST":
        try:
            if request.POST.get("sure") != "yes":
                raise Mistyped("没有确认后果。", remedy="请看清会发生什么，勾选确认后再提交。")
            reason = typed.needed(request.POST, "reason", "作废理由")
            with book(at=at(request)) as b:
                operations.void_plan(plan=made.id, reason=reason, by=me(request).actor, at=at(request))
            entry = b.entries[-1].index or 0
            messages.success(request, f"方案已作废。已写入账本第 {numbered(entry)} 条。", extra_tags="proved")
            return _back(number)
        except JieliError as refused:
            error = refused
    values = {"reason": typed.words(request.POST, "reason")}
    return _whole(request, "console/plan_void.html", case, made, values, error)


def _whole(
    request: HttpRequest, template: str, case: CaseRef, made: PlanRef, more: dict[str, Any],
    error: JieliError | None,
) -> HttpResponse:  # fmt: skip
    values = {
        "case": case,
        "plan": made,
        "state": plan.standing(made, at(request)),
        "leaver": parties.staff([made.leaver])[made.leaver],
        "error": error,
        **more,
    }
    return render(request, template, values, status=400 if error else 200)
