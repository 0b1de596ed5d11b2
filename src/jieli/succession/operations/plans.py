"""Plans: made, changed by hand while a draft, submitted for approval, voided."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID

import jieli.approvals.operations as approvals
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day, start_of_day
from jieli.ledger.operations import book
from jieli.succession import allocation, locks, queries, readiness
from jieli.succession.errors import PlanExists, PlanFixed, PlanInvalid, ReceiverRefused, TransferBlocked
from jieli.succession.facts import Order, job_for
from jieli.succession.matching import Bench
from jieli.succession.models import Assignment, Candidate, Override, Plan
from jieli.succession.policy import phase_for
from jieli.succession.types import (
    IN_FLIGHT,
    PLAN_APPROVAL,
    Allotment,
    AssignmentRef,
    Balance,
    Code,
    CustomerState,
    Job,
    Light,
    Mode,
    PlanRef,
    PlanState,
    PlatformFacts,
    Reason,
    RuleRef,
    Why,
)
from jieli.succession.wording import why
from seal import canonical

#: How long the owner of those without a receiver has, where nobody says otherwise.
DEFAULT_DAYS = 7


def make_plan(
    *,
    matter: UUID,
    leaver: UUID,
    customers: Sequence[UUID],
    last_minute: int,
    notice_on: date,
    owner: UUID,
    balance: Balance,
    mode: Mode = Mode.AUTO,
    due_on: date | None = None,
    platform: PlatformFacts | None = None,
    receivers: Sequence[UUID] = (),
    excluded: Sequence[UUID] = (),
    by: str,
    at: int,
) -> PlanRef:
    """A draft that gives every customer a receiver with reasons, or an owner and a day with what would help (P8).

    The rule is the one approved and in force before the day of the notice (R2.27); without one nobody is assigned
    and the preflight is red (R2.8). `owner` is a staff member who answers for those without a receiver, until
    `due_on` (7 days when None). `receivers` adds staff to the rule's pool, `excluded` takes some away. An earlier
    draft of the matter is voided. PlanExists (succession.plan_exists) when one was submitted: void it first;
    PlanInvalid (succession.plan_invalid) for no customers, an owner who leaves, or a day before today.
    """
    due_on = due_on or local_day(at) + timedelta(days=DEFAULT_DAYS)
    if not customers or owner == leaver or due_on < local_day(at):
        raise PlanInvalid(
            "方案没有客户，或责任人就是离职人员，或处理期限已过。", remedy="请核对客户、责任人和期限。"
        )
    order = Order(
        leaver, customers, last_minute, mode, platform or PlatformFacts(), receivers, excluded,
        queries.living_plan(matter),
    )  # fmt: skip
    rule = queries.rule_before(start_of_day(notice_on), at=at)
    # Reading and solving stand outside the transaction; a customer who is sent elsewhere meanwhile meets the
    # unique index on submission, and one who refuses meanwhile meets the preflight.
    job = job_for(order, rule.content if rule else None, at=at)
    allotments = allocation.allocate(job)
    plan = Plan(
        id=new_id(at), matter_id=matter, leaver_id=leaver, rule_id=rule.id if rule else None, mode=mode.value,
        notice_on=notice_on, last_minute=last_minute, state=PlanState.DRAFT.value, owner_id=owner, due_on=due_on,
        privacy_impact=balance.privacy_impact.strip(), business_need=balance.business_need.strip(),
        alternative=balance.alternative.strip(), digest=b"", made_by=by, made_at=at, solver=allocation.solver(),
    )  # fmt: skip
    lines = [_line(plan, a, order.platform, at=at) for a in allotments]
    plan.digest = _digest(plan, lines)
    with book(at=at) as b:
        _void_draft(matter, by=by, at=at)
        entry = b.entry("succession.make_plan", by=by, facts=_facts(plan, rule, lines))
        entry.insert(plan)
        entry.insert(*_candidates(plan, job, at=at))
        entry.insert(*lines)
    return queries.plan(plan.id)


def _facts(plan: Plan, rule: RuleRef | None, lines: Sequence[Assignment]) -> dict[str, object]:
    given = sum(line.receiver_id is not None for line in lines)
    return {
        "plan": str(plan.id),
        "rule": rule.version if rule else 0,
        "customers": len(lines),
        "assigned": given,
        "digest": bytes(plan.digest).hex(),
    }


def _void_draft(matter: UUID, *, by: str, at: int) -> None:
    """Within the caller's book. Two who plan the same matter at once: the second waits here, then voids the first."""
    locks.plan_of(matter)
    living = list(
        Plan.objects.select_for_update().filter(matter_id=matter).exclude(state=PlanState.VOID.value)
    )
    for row in living:
        if row.state != PlanState.DRAFT.value:
            raise PlanExists("该事项已有提交审批的接续方案。", remedy="请先作废原方案，再做新方案。")
        row.state, row.void_reason = PlanState.VOID.value, "由新的草稿代替"
        with book(at=at) as b:
            b.entry("succession.void_plan", by=by, facts={"plan": str(row.id)}).revise(row)


def _line(plan: Plan, allotment: Allotment, platform: PlatformFacts, *, at: int) -> Assignment:
    phase, late = phase_for(
        platform.transfers.get(allotment.customer, ()), last_minute=plan.last_minute, at=at
    )
    given = allotment.receiver is not None
    return Assignment(
        id=new_id(at), plan=plan, customer_id=allotment.customer, receiver_id=allotment.receiver,
        phase=phase.value if given else None, state=_state(allotment).value,
        reasons=[r.stored() for r in (*allotment.reasons, *(late if given else ()))],
        remedies=[r.stored() for r in allotment.remedies], owner_id=plan.owner_id, due_on=plan.due_on,
    )  # fmt: skip


def _state(allotment: Allotment) -> CustomerState:
    codes = {r.code for r in allotment.reasons}
    if allotment.receiver is not None:
        return CustomerState.PLANNED
    if Why.NO_CONTACT in codes:
        return CustomerState.NO_CONTACT
    return CustomerState.REFUSED if Why.REFUSED in codes else CustomerState.NOBODY


def _candidates(plan: Plan, job: Job, *, at: int) -> list[Candidate]:
    bench = Bench(job)
    return [
        Candidate(
            id=new_id(at), plan=plan, staff_id=c.staff, entity=c.entity, tenure_months=c.tenure_months,
            contribution_fen=c.contribution_fen, score=bench.scores[c.staff], capacity=c.capacity, load=c.load,
            reserved=c.reserved, obstacles=[o.stored() for o in c.obstacles],
        )
        for c in bench.candidates
    ]  # fmt: skip


def _digest(plan: Plan, lines: Iterable[Assignment]) -> bytes:
    """SHA-256 over all that an approver agrees to: who gets whom in which phase, why, and who answers for the rest."""
    agreed = {
        "plan": str(plan.id),
        "matter": str(plan.matter_id),
        "leaver": str(plan.leaver_id),
        "rule": str(plan.rule_id or ""),
        "mode": plan.mode,
        "last_minute": plan.last_minute,
        "owner": str(plan.owner_id),
        "due_on": plan.due_on.isoformat(),
        "balance": [plan.privacy_impact, plan.business_need, plan.alternative],
        "lines": sorted(
            [str(x.customer_id), str(x.receiver_id or ""), x.phase or "", *x.reasons] for x in lines
        ),
    }
    return sha256(canonical.encode(agreed)).digest()


# ---- by hand


def override(
    *,
    assignment: UUID,
    receiver: UUID | None,
    reason: str,
    platform: PlatformFacts | None = None,
    by: str,
    at: int,
) -> AssignmentRef:
    """Give one customer of a draft to somebody else, or to nobody, and say why (R2.18).

    The receiver must be qualified now, with a place left, and the customer free of bars: a rule's criteria may be
    departed from, what protects the customer may not. ReceiverRefused (succession.receiver_refused) says which;
    PlanFixed (succession.plan_fixed) once the plan was submitted.
    """
    if not reason.strip():
        raise PlanInvalid("没有写明调整理由。", remedy="请写明理由。")
    platform = platform or PlatformFacts()
    with book(at=at) as b:
        plan, line = _draft_line(assignment)
        if receiver is not None:
            _check_receiver(plan, line, receiver, platform, at=at)
        before = line.receiver_id
        _put(plan, line, receiver, platform, at=at)
        plan.digest = _digest(plan, _others(plan, line))
        facts = {"plan": str(plan.id), "assignment": str(line.id)}
        entry = b.entry("succession.override", by=by, facts=facts)
        entry.revise(line)
        entry.revise(plan)
        entry.insert(
            Override(
                id=new_id(at), assignment=line, before_id=before, after_id=receiver, reason=reason.strip(),
                made_by=by, made_at=at,
            )
        )  # fmt: skip
    return queries.assignment(assignment)


def _draft_line(assignment: UUID) -> tuple[Plan, Assignment]:
    """The plan, locked against everybody who would change it, and the line."""
    found = Assignment.objects.filter(id=assignment).values_list("plan_id", flat=True).first()
    plan = Plan.objects.select_for_update().filter(id=found).first() if found is not None else None
    if plan is None:
        raise queries.unknown()
    if plan.state != PlanState.DRAFT.value:
        raise PlanFixed("方案已提交或作废，不能再改。", remedy="请作废后另做新方案，重新审批。")
    return plan, Assignment.objects.select_for_update().get(id=assignment)


def _check_receiver(
    plan: Plan, line: Assignment, receiver: UUID, platform: PlatformFacts, *, at: int
) -> None:
    order = Order(
        plan.leaver_id, [line.customer_id], plan.last_minute, Mode.AUTO, platform, [receiver], (), plan.id
    )
    rule = queries.rule(plan.rule_id) if plan.rule_id else None
    job = job_for(order, rule.content if rule else None, at=at)
    customer, candidate = job.customers[0], next(c for c in job.candidates if c.staff == receiver)
    against = [*customer.barred, *candidate.obstacles]
    if candidate.entity != job.entity and candidate.entity not in customer.entities:
        against.append(Reason(Why.NO_CONSENT))
    mine = Assignment.objects.filter(plan=plan, receiver_id=receiver).exclude(id=line.id).count()
    if rule is not None and candidate.free <= mine:
        against.append(Reason(Why.FULL))
    if against:
        said = "；".join(why(r) for r in against)
        raise ReceiverRefused(f"不能这样指定：{said}。", remedy="请另选接手人，或先补齐所缺条件。")


def _put(plan: Plan, line: Assignment, receiver: UUID | None, platform: PlatformFacts, *, at: int) -> None:
    by_hand = Allotment(line.customer_id, receiver, (Reason(Why.BY_HAND),))
    made = _line(plan, by_hand, platform, at=at)
    if receiver is None and line.state in (CustomerState.NO_CONTACT.value, CustomerState.REFUSED.value):
        made.state = line.state  # what the customer said is not undone by a change of plan
    for name in ("receiver_id", "phase", "state", "reasons", "remedies"):
        setattr(line, name, getattr(made, name))


def _others(plan: Plan, line: Assignment) -> list[Assignment]:
    return [line, *Assignment.objects.filter(plan=plan).exclude(id=line.id)]


# ---- approval


def submit_plan(
    *, plan: UUID, reason: str, expires_at: int | None = None, list_taken: bool = False, by: str, at: int
) -> PlanRef:
    """Ask for approval of exactly this plan (kind 接续方案); from now on it cannot change.

    Receivers and the leaver are excluded as approvers (R2.16). TransferBlocked (succession.blocked) while the
    preflight is red; missing notices or consents do not stop the asking, they stop the transfer.
    """
    with book(at=at) as b:
        locks.one_submission()
        _check_preflight(plan, list_taken=list_taken, at=at)
        row = Plan.objects.select_for_update().get(id=plan)
        if row.state != PlanState.DRAFT.value:
            raise PlanFixed("方案已提交或作废。", remedy="请刷新页面。")
        lines = list(Assignment.objects.filter(plan=row))
        given = {line.receiver_id for line in lines if line.receiver_id is not None}
        if not given:
            raise PlanInvalid("方案里没有任何客户分到接手人。", remedy="请先指定接手人。")
        row.state = PlanState.SUBMITTED.value
        asked = approvals.open_request(
            kind=PLAN_APPROVAL, subject=row.id, digest=bytes(row.digest),
            scope=f"{len(lines)}名客户，{len(given)}名接手人", reason=reason,
            excluded=[*sorted(given, key=str), row.leaver_id], expires_at=expires_at, by=by, at=at,
        )  # fmt: skip
        row.request = asked.id
        b.entry("succession.submit_plan", by=by, facts={"plan": str(row.id)}).revise(row)
    return queries.plan(plan)


def _check_preflight(plan: UUID, *, list_taken: bool, at: int) -> None:
    checked = readiness.preflight_of(plan, at=at, list_taken=list_taken)
    if checked.code is Code.BLOCKED:
        reds = [c.text for s in checked.sections for c in s.checks if c.light is Light.RED]
        raise TransferBlocked(f"方案不能提交：{''.join(reds)}", remedy="请补齐后重新提交。")


def void_plan(*, plan: UUID, reason: str, by: str, at: int) -> None:
    """Give a plan up, so that a new one can be made. PlanFixed while any of its customers is with the platform."""
    if not reason.strip():
        raise PlanInvalid("没有写明作废理由。", remedy="请写明理由。")
    with book(at=at) as b:
        row = Plan.objects.select_for_update().filter(id=plan).first()
        if row is None:
            raise queries.unknown()
        flying = Assignment.objects.filter(plan=row, state__in=[s.value for s in IN_FLIGHT]).exists()
        if flying or row.state == PlanState.VOID.value:
            raise PlanFixed("方案已作废，或仍有客户在平台接续中。", remedy="请等平台出结果后再作废。")
        row.state, row.void_reason = PlanState.VOID.value, reason.strip()
        b.entry("succession.void_plan", by=by, facts={"plan": str(row.id)}).revise(row)
