"""Reading rules and plans. Everything returned is a value."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Count, Q

import jieli.approvals.queries as approvals
from jieli.approvals.types import ApprovalRef
from jieli.kernel.times import local_day, start_of_day
from jieli.law.verdicts import Finding
from jieli.succession.errors import NoSuchPlan, NoSuchRule, PlanFixed
from jieli.succession.models import Assignment, Override, Plan, Rule
from jieli.succession.policy import in_batches, window
from jieli.succession.preflight import no_rule_finding
from jieli.succession.ruletable import from_json
from jieli.succession.types import (
    IN_FLIGHT,
    PLAN_APPROVAL,
    RULE_APPROVAL,
    AssignmentRef,
    Balance,
    Batch,
    CustomerState,
    Fix,
    Mode,
    OverrideRef,
    Phase,
    PlanRef,
    PlanState,
    Reason,
    Remedy,
    RuleRef,
    Why,
    Window,
)

# ---- rules


def rule(rule_id: UUID) -> RuleRef:
    """One version; NoSuchRule (succession.no_rule)."""
    found = Rule.objects.filter(id=rule_id).first()
    if found is None:
        raise NoSuchRule("没有这条规则。", remedy="请刷新页面后重试。")
    return _rule(found)


def rules() -> list[RuleRef]:
    """Every version that was ever proposed, newest first."""
    return [_rule(r) for r in Rule.objects.order_by("-version")]


def rule_in_force(*, at: int) -> RuleRef | None:
    """The newest version approved, and effective, at an instant."""
    found = Rule.objects.filter(effective_from__lte=local_day(at), proposed_at__lte=at).order_by("-version")
    return next((ref for r in found if rule_approval(ref := _rule(r), at=at) is not None), None)


def rule_before(moment: int, *, at: int) -> RuleRef | None:
    """The rule that governs a case whose notice was given at `moment` (R2.27): in force before it.

    Entered, approved and effective before that instant; and not revoked by now. A rule made for the occasion, or
    back-dated, never governs it.
    """
    found = Rule.objects.filter(proposed_at__lt=moment).order_by("-version")
    for ref in map(_rule, found):
        if start_of_day(ref.effective_from) > moment:
            continue
        then = rule_approval(ref, at=moment - 1)
        if then is not None and rule_approval(ref, at=at) is not None:
            return ref
    return None


def rule_approval(ref: RuleRef, *, at: int) -> ApprovalRef | None:
    """The approval of exactly this version at an instant."""
    return approvals.approved(RULE_APPROVAL, ref.id, ref.digest, at=at)


def rule_findings(*, at: int) -> list[Finding]:
    """For the dashboard: the high risk that no rule is in force (R2.8); empty when one is."""
    return [] if rule_in_force(at=at) is not None else [no_rule_finding()]


def _rule(r: Rule) -> RuleRef:
    return RuleRef(
        r.id, r.version, r.name, from_json(r.content), bytes(r.digest), r.rationale, r.customer_need,
        r.effective_from, r.paper, r.proposed_by, r.proposed_at,
    )  # fmt: skip


# ---- plans


def plan(plan_id: UUID) -> PlanRef:
    """One plan; NoSuchPlan (succession.no_plan)."""
    found = _plans(Plan.objects.filter(id=plan_id).values_list("id", flat=True))
    if not found:
        raise unknown()
    return found[0]


def plans_of(matter: UUID) -> list[PlanRef]:
    """Every plan of a matter, newest first, the void ones among them."""
    return _plans(Plan.objects.filter(matter_id=matter).values_list("id", flat=True))


def plans(*, state: PlanState | None = None) -> list[PlanRef]:
    """All plans, or those of one state, newest first."""
    found = Plan.objects.all() if state is None else Plan.objects.filter(state=state.value)
    return _plans(found.values_list("id", flat=True))


def under_way() -> list[PlanRef]:
    """Submitted plans with customers who are to be passed on or whom the platform still works on, oldest first."""
    moving = [s.value for s in (*IN_FLIGHT, CustomerState.PLANNED)]
    found = Plan.objects.filter(state=PlanState.SUBMITTED.value, assignments__state__in=moving)
    return _plans(found.distinct().values_list("id", flat=True))[::-1]


def living_plan(matter: UUID) -> UUID | None:
    """The plan of a matter that is not void."""
    rows = Plan.objects.filter(matter_id=matter).exclude(state=PlanState.VOID.value)
    return rows.values_list("id", flat=True).first()


def check_plan_approved(plan_id: UUID, *, at: int) -> ApprovalRef:
    """The approval in force that every call to the platform stores (R2.30).

    PlanFixed (succession.plan_fixed) for a void plan, NotApproved (approvals.not_approved) otherwise.
    """
    found = plan(plan_id)
    if found.state is PlanState.VOID:
        raise PlanFixed("方案已作废。", remedy="请做新方案并重新审批。")
    return approvals.check_approved(PLAN_APPROVAL, found.id, found.digest, at=at)


def unknown() -> NoSuchPlan:
    """The same answer for an id that is absent and for one that is not yours."""
    return NoSuchPlan("没有这个接续方案。", remedy="请刷新页面后重试。")


def _plans(ids: Iterable[UUID]) -> list[PlanRef]:
    rows = Plan.objects.filter(id__in=list(ids)).select_related("rule").order_by("-made_at", "-id")
    counted = rows.annotate(
        customers=Count("assignments"),
        assigned=Count("assignments", filter=Q(assignments__receiver__isnull=False)),
    )
    return [
        PlanRef(
            id=p.id, matter=p.matter_id, leaver=p.leaver_id, rule=p.rule_id,
            rule_version=p.rule.version if p.rule else None, mode=Mode(p.mode), notice_on=p.notice_on,
            last_minute=p.last_minute, state=PlanState(p.state), owner=p.owner_id, due_on=p.due_on,
            balance=Balance(p.privacy_impact, p.business_need, p.alternative), digest=bytes(p.digest),
            request=p.request, made_by=p.made_by, made_at=p.made_at, solver=p.solver,
            customers=p.customers, assigned=p.assigned,
        )
        for p in counted
    ]  # fmt: skip


# ---- lines


def assignments(plan_id: UUID) -> list[AssignmentRef]:
    """The lines of a plan by 客户编号."""
    rows = Assignment.objects.filter(plan_id=plan_id).select_related("customer")
    return [_assignment(a) for a in rows.order_by("customer__customer_no")]


def assignment(assignment_id: UUID) -> AssignmentRef:
    """One line; NoSuchPlan (succession.no_plan)."""
    found = Assignment.objects.filter(id=assignment_id).select_related("customer").first()
    if found is None:
        raise unknown()
    return _assignment(found)


def assignments_to(receiver: UUID) -> list[AssignmentRef]:
    """What submitted plans give to somebody, oldest plan first: his own page."""
    rows = Assignment.objects.filter(receiver_id=receiver, plan__state=PlanState.SUBMITTED.value)
    ordered = rows.select_related("customer").order_by("plan__made_at", "customer__customer_no")
    return [_assignment(a) for a in ordered]


def _assignment(a: Assignment) -> AssignmentRef:
    return AssignmentRef(
        id=a.id, plan=a.plan_id, customer=a.customer_id, customer_no=a.customer.customer_no,
        receiver=a.receiver_id, phase=Phase(a.phase) if a.phase else None, state=CustomerState(a.state),
        reasons=reasons(a.reasons), remedies=remedies(a.remedies), owner=a.owner_id, due_on=a.due_on,
    )  # fmt: skip


def reasons(stored: Iterable[Sequence[str]]) -> tuple[Reason, ...]:
    """Reasons as they were stored."""
    return tuple(Reason(Why(code), tuple(values)) for code, *values in stored)


def remedies(stored: Iterable[Sequence[str]]) -> tuple[Remedy, ...]:
    """Remedies as they were stored."""
    return tuple(Remedy(Fix(code), tuple(values)) for code, *values in stored)


def overrides(plan_id: UUID) -> list[OverrideRef]:
    """Every change by hand of a plan, oldest first (R2.18)."""
    rows = Override.objects.filter(assignment__plan_id=plan_id).select_related("assignment__customer")
    return [
        OverrideRef(
            o.assignment_id, o.assignment.customer.customer_no, o.before_id, o.after_id, o.reason, o.made_by,
            o.made_at,
        )
        for o in rows.order_by("made_at", "id")
    ]  # fmt: skip


def windows(plan_id: UUID) -> dict[Phase, Window]:
    """When each phase of a plan may be submitted to the platform."""
    last = plan(plan_id).last_minute
    return {phase: window(phase, last_minute=last) for phase in Phase}


def batches(plan_id: UUID, phase: Phase) -> list[Batch]:
    """The calls of a phase: the customers not yet submitted, by receiver's 工号, at most 100 each (R2.2)."""
    rows = Assignment.objects.filter(
        plan_id=plan_id, phase=phase.value, state=CustomerState.PLANNED.value, receiver__isnull=False
    ).order_by("receiver__staff_no", "customer__customer_no")
    by_receiver: dict[UUID, list[UUID]] = {}
    for receiver, line in rows.values_list("receiver_id", "id"):
        by_receiver.setdefault(receiver, []).append(line)
    return [
        Batch(plan_id, phase, receiver, number, lines)
        for receiver, ids in by_receiver.items()
        for number, lines in enumerate(in_batches(ids), 1)
    ]


def states(plan_id: UUID) -> Mapping[CustomerState, int]:
    """How many customers of a plan stand in each state; a state with nobody is 0."""
    rows = Assignment.objects.filter(plan_id=plan_id).values("state").annotate(n=Count("id"))
    found = {CustomerState(state): n for state, n in rows.values_list("state", "n")}
    return {state: found.get(state, 0) for state in CustomerState}


def overdue(today: date) -> list[AssignmentRef]:
    """Customers of submitted plans without a keeper whose day has passed: somebody must act (P8)."""
    rows = Assignment.objects.filter(
        plan__state=PlanState.SUBMITTED.value, due_on__lt=today, state__in=[s.value for s in UNFINISHED]
    )
    return [_assignment(a) for a in rows.select_related("customer").order_by("due_on", "id")]


#: What still needs a person. Whoever refused, or wants no contact, is answered for, not chased.
UNFINISHED = (CustomerState.FULL, CustomerState.FAILED, CustomerState.NOBODY)
