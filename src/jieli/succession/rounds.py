"""One round of the worker for a plan: what may go is prepared, what is due is called, what runs is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from jieli.succession.calling import RunReport, run_submissions
from jieli.succession.models import Assignment, SubmissionItem
from jieli.succession.polling import PollReport, poll
from jieli.succession.ports import TransferPlatform
from jieli.succession.readiness import check_ready
from jieli.succession.standing import plan_row
from jieli.succession.transfers import GroupMove, Prepared, prepare_groups, prepare_submissions
from jieli.succession.types import CustomerState, Phase


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did, phase by phase."""

    prepared: dict[Phase, Prepared]
    run: RunReport
    polled: PollReport


def advance(plan: UUID, platform: TransferPlatform, *, ready: bool = True, by: str, at: int) -> Round:
    """Everything that follows from the plan's state and the clock. Safe at any time and again (ADR 15).

    Not `ready` (`readiness.check_ready`): nothing new is prepared; what is under way goes on.
    Raises what preparing and calling raise (NotApproved, NotEnabled); a PlatformError of polling passes through.
    """
    row = plan_row(plan)
    prepared = {
        phase: prepare_submissions(plan, phase, by=by, at=at)
        for phase in Phase
        if ready and (phase is Phase.NOTICE or at >= row.last_minute) and _anything(plan, phase, at=at)
    }
    run, polled = follow(plan, platform, by=by, at=at)
    return Round(prepared, run, polled)


def submit(
    plan: UUID, phase: Phase, platform: TransferPlatform, *, message: str | None = None, by: str, at: int
) -> tuple[Prepared, RunReport]:
    """One phase now, by a person's hand: what may go is prepared and called. TransferBlocked unless it may."""
    check_ready(plan, at=at)
    prepared = prepare_submissions(plan, phase, message=message, by=by, at=at)
    return prepared, run_submissions(plan, platform, by=by, at=at)


def submit_groups(
    plan: UUID, phase: Phase, moves: Sequence[GroupMove], platform: TransferPlatform, *, by: str, at: int
) -> tuple[Prepared, RunReport]:
    """Customer groups to their new owners now."""
    prepared = prepare_groups(plan, phase, moves, by=by, at=at)
    return prepared, run_submissions(plan, platform, by=by, at=at)


def follow(plan: UUID, platform: TransferPlatform, *, by: str, at: int) -> tuple[RunReport, PollReport]:
    """What is under way goes on: due calls are made, unanswered ones looked for, results asked for."""
    report = run_submissions(plan, platform, by=by, at=at)
    return report, poll(plan, platform, by=by, at=at)


def _anything(plan: UUID, phase: Phase, *, at: int) -> bool:
    """Whether some line of the phase could be prepared: a round that finds nothing leaves no entry."""
    later = SubmissionItem.objects.filter(plan=plan, not_before__gt=at, assignment__isnull=False)
    lines = Assignment.objects.filter(
        plan=plan, phase=phase.value, state=CustomerState.PLANNED.value, receiver__isnull=False
    )
    return lines.exclude(id__in=later.values("assignment_id")).exists()
