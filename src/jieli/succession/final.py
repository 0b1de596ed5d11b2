"""Where every customer of a plan stands: in one final state, or in the list with a reason, an owner and a day (P8)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger.operations import book
from jieli.succession.models import Assignment, Choice, Override, Plan, Submission, SubmissionItem
from jieli.succession.outcomes import RUNNING, Outcome, SubmissionState, meaning
from jieli.succession.ports import PlatformStatus
from jieli.succession.spoken import ChoiceWord
from jieli.succession.standing import Changes, locked_lines, plan_row
from jieli.succession.types import CustomerState, Phase, Reason, Why
from jieli.succession.wording import sentence

_S = CustomerState
FINAL = frozenset({_S.TAKEN, _S.REFUSED, _S.NO_CONTACT})


@dataclass(frozen=True, slots=True)
class Listed:
    """A customer without a final state: why, who looks after him, and until when."""

    assignment: UUID
    customer: UUID
    state: CustomerState
    reason: str
    owner: UUID
    due_on: date
    overdue: bool


@dataclass(frozen=True, slots=True)
class FinalStates:
    """All customers of a plan, each counted once. `clean`: nobody is left in the list."""

    total: int
    counts: dict[CustomerState, int]
    final: dict[UUID, CustomerState]
    listed: tuple[Listed, ...]

    @property
    def clean(self) -> bool:
        return not self.listed


@dataclass(frozen=True, slots=True)
class _Last:
    """The newest call that named a line."""

    outcome: str
    errcode: int | None
    status: int | None
    not_before: int
    takeover_at: int
    call_state: str


def final_states(plan: UUID, *, at: int) -> FinalStates:
    """Every customer of the plan, in a fixed order. NoSuchPlan. Four queries, however many customers."""
    row = plan_row(plan)
    lines = list(Assignment.objects.filter(plan=plan).order_by("customer__customer_no", "id"))
    last = _last_calls(plan)
    asked = set(
        Choice.objects.filter(plan=plan, choice=ChoiceWord.ANOTHER.value).values_list(
            "assignment_id", flat=True
        )
    )
    counts = dict.fromkeys(CustomerState, 0)
    final: dict[UUID, CustomerState] = {}
    listed = []
    today = local_day(at)
    for line in lines:
        state = CustomerState(line.state)
        counts[state] += 1
        if state in FINAL:
            final[line.customer_id] = state
            continue
        seen = last.get(line.id)
        due = _due(row, line, seen)
        listed.append(
            Listed(
                line.id, line.customer_id, state, _reason(line, state, seen, line.id in asked),
                line.owner_id or row.owner_id, due, due < today,
            )
        )  # fmt: skip
    return FinalStates(len(lines), counts, final, tuple(listed))


def _last_calls(plan: UUID) -> dict[UUID, _Last]:
    found = {}
    items = SubmissionItem.objects.filter(plan=plan, assignment__isnull=False)
    for line, code, outcome, status, not_before, call_before, takes, state in items.order_by(
        "submission__intended_at", "id"
    ).values_list(
        "assignment_id", "errcode", "outcome", "platform_status", "not_before",
        "submission__not_before", "takeover_at", "submission__state",
    ):  # fmt: skip
        if line is not None:
            found[line] = _Last(outcome or "", code, status, not_before or call_before, takes or 0, state)
    return found


def _due(plan: Plan, line: Assignment, seen: _Last | None) -> date:
    """The day somebody must look again: what a person set, else what the platform's calendar says, else the plan's."""
    if line.due_on is not None:
        return line.due_on
    state = CustomerState(line.state)
    if seen is not None and state is _S.WAITING and seen.takeover_at:
        return local_day(seen.takeover_at)
    if seen is not None and state in (_S.SUBMITTED, _S.PLANNED) and seen.not_before:
        return max(local_day(seen.not_before), plan.due_on)
    return plan.due_on


def _reason(line: Assignment, state: CustomerState, seen: _Last | None, asked_another: bool) -> str:
    if state is _S.WAITING:
        return "平台已受理，等待自动接替或客户答复。"
    if state is _S.SUBMITTED:
        unknown = seen is not None and seen.call_state in (
            SubmissionState.CALLING.value, SubmissionState.UNKNOWN.value,
        )  # fmt: skip
        return "调用结果不明，须先查询平台结果。" if unknown else f"已登记调用，等待提交{_said(seen)}。"
    if state is _S.NOBODY and asked_another:
        return "客户要求换一位顾问，须由人提出一名合格人选并经审批。"
    if seen is not None and seen.outcome:
        return _of_call(state, seen)
    if line.receiver_id is None:
        return sentence([Reason(Why(code), tuple(values)) for code, *values in line.reasons])
    if state is _S.FAILED:
        return "平台上没有该客户或接手人的标识，或离职已满一年，平台不可继承；请按电话清单与“联系我”二维码联系一次。"
    if line.phase == Phase.AFTER.value:
        return "等待离职生效后办理离职继承。"
    return "等待在通知期内提交在职转移。"


def _of_call(state: CustomerState, seen: _Last) -> str:
    if seen.status == PlatformStatus.NONE.value:
        return "平台已受理，但没有接替记录，请核对后重新办理。"
    if seen.status == PlatformStatus.FULL.value or state is _S.FULL:
        return "接手人客户数已达上限，请另选接手人。"
    if seen.outcome == Outcome.WRONG_WAY.value and seen.errcode is None:
        return "该成员在平台上的在职状态与本阶段不符，已改走另一接口。"
    if seen.outcome == Outcome.WITHDRAWN.value:
        return "调用前已撤回，须重新办理。"
    return f"未能转移{_said(seen)}。"


def _said(seen: _Last | None) -> str:
    if seen is None or seen.errcode is None:
        return ""
    return f"（{meaning(seen.errcode).text}，{seen.errcode}）"


def entrust(plan: UUID, customers: Collection[UUID], *, owner: UUID, due_on: date, by: str, at: int) -> int:
    """Name who looks after listed customers, and until when; how many were changed."""
    with book(at=at) as b:
        ids = Assignment.objects.filter(plan=plan, customer__in=customers).exclude(
            state__in=[s.value for s in FINAL]
        )
        lines = locked_lines(ids.values_list("id", flat=True))
        for line in lines.values():
            line.owner_id, line.due_on = owner, due_on
        changes = Changes(lines=lines)
        changes.write(b.entry("succession.entrust", by=by, facts={"plan": str(plan), "lines": len(lines)}))
    return len(lines)


def reopen(plan: UUID, customers: Collection[UUID], *, reason: str, by: str, at: int) -> int:
    """A person found out why customers failed and lets them be prepared anew; how many. Refusals stay refusals.

    Only 未能接续 and 超限 of a plan whose receiver may still take them: another receiver needs a new plan or 换一位.
    The platform is asked for a pair once in each phase: who was accepted on the job goes by inheritance next, and who
    was accepted after the end is left as he is.
    """
    with book(at=at) as b:
        ids = Assignment.objects.filter(
            plan=plan,
            customer__in=customers,
            state__in=[_S.FAILED.value, _S.FULL.value],
            receiver__isnull=False,
        )
        accepted = _accepted(ids.values_list("id", flat=True))
        lines = locked_lines(
            key for key in ids.values_list("id", flat=True) if (key, Phase.AFTER.value) not in accepted
        )
        entry = b.entry("succession.reopen", by=by, facts={"plan": str(plan), "lines": len(lines)})
        for line in lines.values():
            line.state = _S.PLANNED.value
            if (line.id, Phase.NOTICE.value) in accepted:
                line.phase = Phase.AFTER.value
        Changes(lines=lines).write(entry)
        if lines:
            entry.insert(
                *(
                    Override(
                        id=new_id(at), assignment=line, before_id=line.receiver_id, after_id=line.receiver_id,
                        reason=reason, made_by=by, made_at=at,
                    )
                    for line in lines.values()
                )
            )  # fmt: skip
    return len(lines)


def _accepted(lines: Iterable[UUID]) -> set[tuple[UUID | None, str]]:
    """Lines that the platform accepted once, with the phase of it."""
    rows = SubmissionItem.objects.filter(assignment__in=list(lines), outcome__in=[o.value for o in RUNNING])
    return set(rows.values_list("assignment_id", "phase"))


def unheard_groups(plan: UUID) -> list[tuple[str, str, int]]:
    """Customer groups whose call got no answer: room, new owner's userid, when it was called. A person looks."""
    rows = SubmissionItem.objects.filter(
        plan=plan, assignment__isnull=True, outcome__isnull=True,
        submission__state__in=[SubmissionState.CALLING.value, SubmissionState.UNKNOWN.value],
    )  # fmt: skip
    found = rows.order_by("external").values_list("external", "takeover", "submission__called_at")
    return [(room, owner, called or 0) for room, owner, called in found]


def settle_groups(plan: UUID, done: dict[str, bool], *, by: str, at: int) -> int:
    """What a person saw in the platform's back office: whether each room has its new owner. Others may go again."""
    with book(at=at) as b:
        items = list(
            SubmissionItem.objects.select_for_update(of=("self",))
            .filter(plan=plan, assignment__isnull=True, outcome__isnull=True, external__in=done)
            .order_by("id")
        )
        calls = Submission.objects.select_for_update(of=("self",)).in_bulk({i.submission_id for i in items})
        for item in items:
            outcome = Outcome.DONE if done[item.external] else Outcome.NOT_DONE
            item.outcome, item.running, item.answered_at = outcome.value, False, at
        changes = Changes(items={i.id: i for i in items}, calls=calls)
        for call in calls.values():
            call.state, call.answered_at = SubmissionState.ANSWERED.value, at
        changes.write(
            b.entry("succession.settle_groups", by=by, facts={"plan": str(plan), "rooms": len(items)})
        )
    return len(items)
