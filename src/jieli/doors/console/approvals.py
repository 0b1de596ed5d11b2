"""审批: what waits for a decision, on exactly what; 同意 or 驳回. One's own is shown, not decidable."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jieli.access import queries as access
from jieli.access.types import Permission, Person
from jieli.approvals import operations, queries
from jieli.approvals.types import RequestRef
from jieli.doors.console import typed
from jieli.doors.console.reading import Mistyped
from jieli.doors.web.door import at, me, permitted
from jieli.handover import queries as handover
from jieli.handover.types import CaseRef
from jieli.kernel.errors import JieliError
from jieli.ledger import queries as ledger
from jieli.ledger.places import numbered
from jieli.matters import queries as matters
from jieli.parties import queries as parties
from jieli.succession import queries as succession
from jieli.succession.types import PLAN_APPROVAL, RULE_APPROVAL

#: A plan's lines are fetched for each that is shown with them: more than these wait only in a bad week.
MOST_SUMMARIES = 20


@dataclass(frozen=True)
class Waiting:
    """A request as it is shown; `why_not` says why this person may not decide it."""

    request: RequestRef
    applicant: str
    case: CaseRef | None
    why_not: str
    lines: tuple[tuple[str, str], ...] = ()
    address: str = ""  # of the page that shows the whole of it


@require_safe
@permitted(Permission.APPROVE)
def approvals(request: HttpRequest) -> HttpResponseBase:
    """Everything that waits."""
    return render(request, "console/approvals.html", _values(request))


def _values(
    request: HttpRequest, error: JieliError | None = None, asked: UUID | None = None
) -> dict[str, Any]:
    rows = _shown(queries.waiting(at=at(request)), me(request))
    return {
        "rows": rows,
        "mine": sum(not row.why_not for row in rows),
        "error": error,
        "asked": asked,
        "reason": typed.words(request.POST, "reason"),
    }


def _shown(found: Sequence[RequestRef], who: Person) -> list[Waiting]:
    names = access.names([key for r in found if (key := _person(r.applicant)) is not None])
    cases = handover.cases([r.subject for r in found])
    ordered = sorted(found, key=lambda r: (bool(_why_not(r, who)), r.opened_at))
    return [
        Waiting(
            r, _name(r.applicant, names), cases.get(r.subject), _why_not(r, who),
            _summary(r) if n < MOST_SUMMARIES else (), _address(r) if n < MOST_SUMMARIES else "",
        )
        for n, r in enumerate(ordered)
    ]  # fmt: skip


def _address(found: RequestRef) -> str:
    """Where the rule or the plan that is decided on stands whole."""
    if found.kind == RULE_APPROVAL:
        return reverse("rule", args=[found.subject])
    if found.kind != PLAN_APPROVAL:
        return ""
    matter = succession.plan(found.subject).matter
    thread = matters.matters([matter]).get(matter)
    return reverse("plan", args=[thread.number]) if thread is not None else ""


def _summary(found: RequestRef) -> tuple[tuple[str, str], ...]:
    """What a rule or a plan says in few lines; other requests say it themselves in their scope."""
    if found.kind == RULE_APPROVAL:
        rule = succession.rule(found.subject)
        return (
            ("规则", f"{rule.name}，第 {rule.version} 版，{rule.effective_from:%Y-%m-%d} 起"),
            ("客户需要", rule.customer_need),
        )
    return _plan(found.subject) if found.kind == PLAN_APPROVAL else ()


def _plan(key: UUID) -> tuple[tuple[str, str], ...]:
    plan, lines = succession.plan(key), succession.assignments(key)
    given = Counter(a.receiver for a in lines if a.receiver is not None)
    people = parties.staff([plan.leaver, plan.owner, *given])
    named = [f"{people[who].name} {n} 名" for who, n in given.most_common() if who in people]
    without = plan.customers - plan.assigned
    owner = people[plan.owner].name if plan.owner in people else "不明"
    return (
        ("离职人", people[plan.leaver].name if plan.leaver in people else "不明"),
        ("客户", f"{plan.customers:,} 名，已有接收人 {plan.assigned:,} 名"),
        ("交给谁", "、".join(named) or "没有"),
        *(
            (("没有接收人的", f"{without:,} 名，由{owner}在 {plan.due_on:%Y-%m-%d} 前负责"),)
            if without
            else ()
        ),
        (
            "怎样分的",
            f"{plan.mode}，规则第 {plan.rule_version or 0} 版" if plan.rule_version else f"{plan.mode}",
        ),
    )


def _person(actor: str) -> UUID | None:
    kind, _, key = actor.partition(":")
    return typed.key(key) if kind == "person" else None


def _name(actor: str, names: dict[UUID, str]) -> str:
    key = _person(actor)
    return names.get(key, "不明") if key is not None else "系统"


def _why_not(found: RequestRef, who: Person) -> str:
    if found.applicant == who.actor:
        return "这是您自己的申请，不能由您审批；请另一位有审批权限的人办理。"
    if {who.id, who.staff} & set(found.excluded):
        return "您与这项申请有利害关系，不能审批；请由其他人办理。"
    return ""


@require_POST
@permitted(Permission.APPROVE)
def decide(request: HttpRequest, asked: UUID) -> HttpResponseBase:
    """同意 or 驳回, once; a refusal of ours keeps the reason that was typed."""
    try:
        known = queries.requests([asked]).get(asked)
        if known is None:
            raise Http404
        agree = {"agree": True, "reject": False}.get(request.POST.get("decision", ""))
        if agree is None:
            raise Mistyped("没有选择同意或驳回。", remedy="请选择其一。")
        made = operations.decide(
            request=asked, agree=agree, reason=typed.words(request.POST, "reason"), by=me(request), at=at(request)
        )  # fmt: skip
    except JieliError as error:
        return render(request, "console/approvals.html", _values(request, error, asked), status=400)
    entry = ledger.first_recorded("approvals_decision", [made.id])[str(made.id)].entry
    messages.success(
        request,
        f"已{'同意' if agree else '驳回'}“{known.kind}”。已写入账本第 {numbered(entry)} 条。",
        extra_tags="proved",
    )
    return HttpResponseRedirect(reverse("approvals"))
