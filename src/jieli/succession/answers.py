"""Entering what the platform answered to one call: every customer by his own number, in one entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY
from jieli.ledger.operations import book
from jieli.succession.models import Assignment, Plan, Submission, SubmissionItem
from jieli.succession.outcomes import (
    LIMITS,
    RUNNING,
    Outcome,
    Subject,
    SubmissionState,
    group_outcome,
    meaning,
    next_try,
)
from jieli.succession.standing import WITH_PLATFORM, Changes, end_item, locked_lines, move, withdraw_waiting
from jieli.succession.transfers import new_item
from jieli.succession.types import CustomerState, Phase

_S = CustomerState
#: Where a line goes by what came of its item; 已受理 waits for the platform's result, never straight to 已接替.
_TO = {
    Outcome.ACCEPTED: _S.WAITING,
    Outcome.RUNNING: _S.WAITING,
    Outcome.WAIT_DATE: _S.PLANNED,
    Outcome.WRONG_WAY: _S.PLANNED,
    Outcome.TAKER_UNFIT: _S.NOBODY,
    Outcome.TAKER_FULL: _S.FULL,
    Outcome.RETRY: _S.FAILED,  # only when no further try is left
    Outcome.FAILED: _S.FAILED,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `whole` is the number of a call that failed as a whole; `codes` names items else.

    An item that `codes` does not name stays open: whether it runs, the platform's results must say.
    `heard` is False where our own look at the member ended it before anything was sent.
    """

    codes: Mapping[str, int]
    whole: int | None = None
    retry_at: int = 0
    heard: bool = True


def record(call: UUID, answer: Answer, *, by: str, at: int) -> dict[str, int]:
    """Enter an answer; how many items came out how. An answer entered before is left as it is.

    Crash before the commit: the call stays 提交中, and the next round asks the platform's results. After: done.
    """
    with book(at=at) as b:
        facts = {"call": str(call), "code": answer.whole or 0, "heard": int(answer.heard)}
        entry = b.entry("succession.answer", by=by, facts=facts)
        items = SubmissionItem.objects.filter(submission=call, outcome__isnull=True)
        lines = locked_lines(x for x in items.values_list("assignment_id", flat=True) if x)
        row = Submission.objects.select_for_update(of=("self",)).get(id=call)
        open_items = list(items.select_for_update(of=("self",)).order_by("id"))
        plan = Plan.objects.get(id=row.plan_id)
        changes = Changes()
        counts = _enter_items(row, open_items, answer, changes, at=at)
        _move_lines(plan, row, open_items, lines, changes, at=at)
        _end_call(row, open_items, answer, at=at)
        changes.calls[row.id] = row
        changes.write(entry)
    return counts


def _enter_items(
    row: Submission, items: Sequence[SubmissionItem], answer: Answer, changes: Changes, *, at: int
) -> dict[str, int]:
    counts: dict[str, int] = {}
    again: dict[tuple[int, int], list[SubmissionItem]] = {}
    for item in items:
        code = answer.codes.get(item.external) if answer.whole is None else answer.whole
        if code is None:
            counts["不明"] = counts.get("不明", 0) + 1
            continue
        outcome = group_outcome(code) if row.subject == Subject.GROUPS.value else meaning(code).outcome
        end_item(item, outcome, at=at, errcode=code if answer.heard else None, running=outcome in RUNNING)
        if outcome in RUNNING and row.subject == Subject.GROUPS.value:
            item.running = False  # nobody can ask about a group's progress: a person looks
        when = next_try(code, attempt=row.attempt, at=at, retry_at=answer.retry_at)
        item.not_before = _day(row, outcome, when, at)
        if outcome in (Outcome.RETRY, Outcome.CONFIGURATION) and (when or outcome is Outcome.CONFIGURATION):
            vain = int(outcome is Outcome.RETRY and code not in LIMITS)
            again.setdefault((when or at, row.attempt + vain), []).append(item)
        changes.items[item.id] = item
        counts[outcome.value] = counts.get(outcome.value, 0) + 1
    for (when, attempt), same in sorted(again.items(), key=lambda kv: kv[0]):
        ask_again(row, same, changes, not_before=when, attempt=attempt, at=at)
    return counts


def _day(row: Submission, outcome: Outcome, when: int | None, at: int) -> int | None:
    """From when a re-planned item may go. On the job twice in ninety days is no bar to inheritance afterwards."""
    if outcome is Outcome.WAIT_DATE:
        return None if row.phase == Phase.NOTICE.value and row.subject == Subject.CUSTOMERS.value else when
    if outcome is Outcome.WRONG_WAY and row.phase == Phase.AFTER.value:
        return at + DAY  # until the member has been taken out of the directory
    return None


def ask_again(
    row: Submission,
    items: Sequence[SubmissionItem],
    changes: Changes,
    *,
    not_before: int,
    attempt: int,
    at: int,
) -> None:
    """A further call for items of which it is certain that the platform did nothing."""
    call = Submission(
        id=new_id(at), plan_id=row.plan_id, subject=row.subject, phase=row.phase, handover=row.handover,
        takeover=row.takeover, message=row.message, approval=row.approval, number=row.number,
        attempt=attempt,
        not_before=not_before, state=SubmissionState.READY.value, intended_at=at,
    )  # fmt: skip
    changes.new_calls.append(call)
    changes.new_items += [new_item(call, i.assignment_id, i.external, at=at) for i in items]


def _move_lines(
    plan: Plan,
    row: Submission,
    items: Sequence[SubmissionItem],
    lines: Mapping[UUID, Assignment],
    changes: Changes,
    *,
    at: int,
) -> None:
    waiting = {i.assignment_id for i in changes.new_items}
    spoilt: CustomerState | None = None
    for item in items:
        line = lines.get(item.assignment_id) if item.assignment_id else None
        if item.outcome is None or line is None or line.state not in WITH_PLATFORM:
            continue
        outcome = Outcome(item.outcome)
        if outcome in (Outcome.TAKER_UNFIT, Outcome.TAKER_FULL):
            spoilt = _TO[outcome]
        if line.id in waiting:
            continue
        if outcome in (Outcome.WRONG_WAY, Outcome.WAIT_DATE) and row.phase == Phase.NOTICE.value:
            line.phase = Phase.AFTER.value
        changes.lines[line.id] = move(line, _TO[outcome], plan)
    if spoilt is not None:
        _spare_taker(plan, row, spoilt, changes, at=at)


def _spare_taker(plan: Plan, row: Submission, state: CustomerState, changes: Changes, *, at: int) -> None:
    """Nothing more is asked for a receiver whom the platform has just called full or unfit."""
    others = SubmissionItem.objects.filter(
        plan=plan, takeover=row.takeover, outcome__isnull=True, assignment__isnull=False,
        submission__state=SubmissionState.READY.value,
    )  # fmt: skip
    ids = [x for x in others.values_list("assignment_id", flat=True) if x and x not in changes.lines]
    lines = locked_lines(ids)
    withdraw_waiting(ids, changes, at=at)
    for key, line in lines.items():
        if line.state in WITH_PLATFORM:
            changes.lines[key] = move(line, state, plan)


def _end_call(row: Submission, items: Sequence[SubmissionItem], answer: Answer, *, at: int) -> None:
    row.answered_at, row.errcode = at, answer.whole if answer.heard else None
    if any(item.outcome is None for item in items):
        row.state = SubmissionState.UNKNOWN.value
    elif answer.whole is not None:
        row.state = SubmissionState.NOT_DONE.value
    else:
        row.state = SubmissionState.ANSWERED.value
