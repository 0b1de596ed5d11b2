"""客户接续方案: who gets whom, why, and what changes if one customer is moved. Nothing here calls a platform."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access.types import Permission
from jieli.approvals import queries as approvals
from jieli.approvals.types import ApprovalRef, RequestRef, RequestState
from jieli.doors.console import plan_rows
from jieli.doors.console.case import acts, found
from jieli.doors.console.export import lines as sheet
from jieli.doors.web import flows
from jieli.doors.web.door import at, permitted
from jieli.handover import queries as handover
from jieli.handover.types import CaseRef, LineClass
from jieli.kernel.times import local_day
from jieli.law.queries import cite_all
from jieli.parties import queries as parties
from jieli.parties.types import StaffRef
from jieli.succession import final, notices, pages, queries, readiness
from jieli.succession.types import (
    PLAN_APPROVAL,
    AssignmentRef,
    CustomerState,
    Light,
    Phase,
    PlanRef,
    PlanState,
    Preflight,
)

MOST_BANDS, MOST_LEFT, MOST_LISTED = 14, 10, 15
#: What a customer said stands above who had been meant to take him over.
SAID_NO = (CustomerState.REFUSED, CustomerState.NO_CONTACT)
TONE_OF_LIGHT = {Light.GREEN: "proved", Light.AMBER: "due", Light.RED: "late"}


@dataclass(frozen=True)
class Standing:
    """How far a plan is: its own state together with what the approvals say of exactly this plan."""

    word: str
    tone: str
    request: RequestRef | None = None
    approval: ApprovalRef | None = None

    @property
    def draft(self) -> bool:
        return self.word == PlanState.DRAFT.value

    @property
    def approved(self) -> bool:
        return self.approval is not None


def living(case: CaseRef) -> PlanRef | None:
    """The plan of a leaving that is not void."""
    return next((p for p in queries.plans_of(case.matter) if p.state is not PlanState.VOID), None)


def standing(plan: PlanRef, instant: int) -> Standing:
    """Draft, waiting, approved, rejected or no longer approved."""
    if plan.state is not PlanState.SUBMITTED:
        return Standing(plan.state.value, "due" if plan.state is PlanState.DRAFT else "over")
    asked = approvals.requests([plan.request]).get(plan.request) if plan.request else None
    given = approvals.approved(PLAN_APPROVAL, plan.id, plan.digest, at=instant)
    if given is not None:
        return Standing("已批准", "proved", asked, given)
    if asked is not None and asked.state is RequestState.WAITING:
        return Standing("等待审批", "due", asked)
    if asked is not None and asked.state is RequestState.REJECTED:
        return Standing("已驳回", "late", asked)
    return Standing("审批已失效", "late", asked)


@require_safe
@permitted(Permission.SEE_HANDOVER)
def page(request: HttpRequest, number: str) -> HttpResponseBase:
    """The plan of a leaving, or what its making needs."""
    case, instant = found(request, number), at(request)
    plan = living(case)
    values: dict[str, Any] = {
        "case": case,
        "plan": plan,
        "past": [p for p in queries.plans_of(case.matter) if p.state is PlanState.VOID],
        "may": case.open and acts(request, number, Permission.MANAGE_PLAN),
        "today": local_day(instant),
    }
    if plan is None:
        values |= _none(case, instant)
    else:
        values |= _made(request, plan, instant)
    return render(request, "console/plan.html", values)


def _none(case: CaseRef, instant: int) -> dict[str, Any]:
    """What stands before a plan is made: the leaver, his customers, and the rule that would govern."""
    rule = queries.rule_in_force(at=instant)
    return {
        "leaver": parties.staff([case.staff_id])[case.staff_id],
        "waiting": len(handover.snapshot(case.id).of(LineClass.CUSTOMER)),
        "rule": rule,
        "risks": [(f, cite_all(f.articles)) for f in queries.rule_findings(at=instant)],
    }


def _made(request: HttpRequest, plan: PlanRef, instant: int) -> dict[str, Any]:
    today = local_day(instant)
    lines, told = queries.assignments(plan.id), notices.moments(plan.id)
    people = _people(plan, lines)
    state = standing(plan, instant)
    leaver = people[plan.leaver]
    wanted = plan_rows.asked(request.GET)
    every = plan_rows.rows(lines, parties.customer([x.customer for x in lines]), people, told)
    left = pages.left(plan.id, today=today)
    seats, measured = pages.loads(plan.id), pages.metrics(plan.id, today=today)
    names = {row.line.customer: row.customer for row in every}
    return {
        "leaver": leaver,
        "owner": people.get(plan.owner),
        "state": state,
        "flow": flows.flow(leaver.name, streams(lines, people)),
        "drawn": _drawn(seats),
        "seats": seats,
        "given": _given(lines, people),
        "left": [(x, names.get(x.customer, "")) for x in left[:MOST_LEFT]],
        "more_left": max(0, len(left) - MOST_LEFT),
        "counts": Counter(x.state for x in lines),
        "checked": checked(readiness.preflight_of(plan.id, at=instant, noticed=notices.told(plan.id))),
        "asked": wanted,
        "found": plan_rows.found(every, wanted),
        "receivers": sorted(_receivers(lines, people), key=lambda s: s.staff_no),
        "phases": list(Phase),
        "states": [s for s in CustomerState if any(x.state is s for x in lines)],
        "windows": queries.windows(plan.id),
        "overrides": [
            (o, people.get(o.before) if o.before else None, people.get(o.after) if o.after else None)
            for o in queries.overrides(plan.id)
        ],
        "metrics": measured,
        "refused": f"{measured.refusal_rate // 100}.{measured.refusal_rate % 100:02d}%",
        "ending": _ending(plan, people, every, instant) if state.approved else None,
        "formula": pages.formula(),
    }  # fmt: skip


def _people(plan: PlanRef, lines: Sequence[AssignmentRef]) -> dict[UUID, StaffRef]:
    named: set[UUID | None] = {plan.leaver, plan.owner}
    for line in lines:
        named |= {line.receiver, line.owner}
    for change in queries.overrides(plan.id):
        named |= {change.before, change.after}
    return parties.staff([key for key in named if key is not None])


def streams(lines: Sequence[AssignmentRef], people: Mapping[UUID, StaffRef]) -> list[flows.Stream]:
    """Bands from the leaver: receivers, the largest first; then who has nobody, and who said no."""
    given = Counter(x.receiver for x in lines if x.receiver and x.state not in SAID_NO)
    ranked = sorted(given.items(), key=lambda g: (-g[1], str(g[0])))
    bands = [flows.Stream(people[key].name, n) for key, n in ranked[:MOST_BANDS]]
    rest = ranked[MOST_BANDS:]
    if rest:
        bands.append(flows.Stream(f"其余 {len(rest)} 名接手人", sum(n for _, n in rest)))
    nobody = sum(x.receiver is None and x.state not in SAID_NO for x in lines)
    said = [flows.Stream(s.value, sum(x.state is s for x in lines), "no") for s in SAID_NO]
    return [*bands, flows.Stream(CustomerState.NOBODY.value, nobody, "none"), *said]


def _drawn(seats: Sequence[pages.Load]) -> flows.Loads | None:
    """Those who receive somebody, and no more rows than can be read; the table has everybody."""
    taking = [s for s in seats if s.given]
    return flows.loads(
        [flows.Load(s.name, s.before + s.reserved, s.after, s.capacity) for s in taking[:MOST_BANDS]]
    )


def _given(
    lines: Sequence[AssignmentRef], people: Mapping[UUID, StaffRef]
) -> list[tuple[str, str, int, str]]:
    """The picture as a table: who, 工号, how many, and the address of the list behind the number."""
    counted = Counter(x.receiver for x in lines)
    made = [
        (people[key].name, people[key].staff_no, n, plan_rows.narrowed(receiver=str(key)))
        for key, n in counted.items()
        if key is not None
    ]
    made.sort(key=lambda g: (-g[2], g[1]))
    if counted[None]:
        made.append(("没有接手人", "", counted[None], plan_rows.narrowed(receiver=plan_rows.NOBODY)))
    return made


def _receivers(lines: Sequence[AssignmentRef], people: Mapping[UUID, StaffRef]) -> list[StaffRef]:
    return [people[key] for key in {x.receiver for x in lines} if key is not None and key in people]


def checked(flight: Preflight) -> dict[str, Any]:
    """A preflight for the page: each section and check with its light as word and shape, articles with their text."""
    cited = {c.id: c for c in cite_all(flight.verdict.articles)}
    more = {a for s in flight.sections for a in (*s.articles, *(x for c in s.checks for x in c.articles))}
    cited |= {c.id: c for c in cite_all(sorted(more - set(cited)))}
    return {
        "sections": [
            {
                "section": s,
                "tone": TONE_OF_LIGHT[s.light],
                "checks": [(c, TONE_OF_LIGHT[c.light]) for c in s.checks],
                "articles": [
                    cited[a] for a in dict.fromkeys((*s.articles, *(x for c in s.checks for x in c.articles)))
                ],
            }
            for s in flight.sections
        ],
        "verdict": flight.verdict,
        "red": any(s.light is Light.RED for s in flight.sections),
        "tone": max((TONE_OF_LIGHT[s.light] for s in flight.sections), key=("proved", "due", "late").index),
    }


def _ending(
    plan: PlanRef, people: Mapping[UUID, StaffRef], every: Sequence[plan_rows.Row], instant: int
) -> dict[str, Any]:
    """Where everybody stands after approval: final, or in the list with a reason, an owner and a day (P8)."""
    ends = final.final_states(plan.id, at=instant)
    names = {row.line.customer: (row.line.customer_no, row.customer) for row in every}
    late_first = sorted(ends.listed, key=lambda x: (x.due_on, str(x.assignment)))
    owners = parties.staff({x.owner for x in ends.listed} - set(people)) | dict(people)
    return {
        "ends": ends,
        "done": len(ends.final),
        "late": sum(x.overdue for x in ends.listed),
        "listed": [(x, names[x.customer], owners.get(x.owner)) for x in late_first[:MOST_LISTED]],
        "more": max(0, len(late_first) - MOST_LISTED),
    }


@require_safe
@permitted(Permission.SEE_HANDOVER)
def export(request: HttpRequest, number: str) -> HttpResponseBase:
    """The customers as the address asks for them, whole, as a table for Excel."""
    plan = living(found(request, number))
    if plan is None:
        raise Http404
    lines = queries.assignments(plan.id)
    people = _people(plan, lines)
    every = plan_rows.rows(
        lines, parties.customer([x.customer for x in lines]), people, notices.moments(plan.id)
    )
    rows = plan_rows.cells(every, people, plan_rows.asked(request.GET))
    response = StreamingHttpResponse(sheet(plan_rows.HEADINGS, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{number}-plan.csv"'
    return response
