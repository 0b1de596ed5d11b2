"""One round of the worker for a plan: what may go is prepared, what is due is called, what runs is asked about."""

from dataclasses import dataclass
from uuid import UUID

from jieli.succession.calling import RunReport, run_submissions
from jieli.succession.models import Assignment, SubmissionItem
from jieli.succession.polling import PollReport, poll
from jieli.succession.ports import TransferPlatform
from jieli.succession.standing import plan_row
from jieli.succession.transfers import Prepared, prepare_submissions
from jieli.succession.types import CustomerState, Phase


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did, phase by phase."""

    prepared: dict[Phase, Prepared]
    run: RunReport
    polled: PollReport


def advance(plan: UUID, platform: TransferPlatform, *, by: str, at: int) -> Round:
    """Everything that follows from the plan's state and the clock. Safe at any time and again (ADR 15).

    Raises what preparing and calling raise (NotApproved, NotEnabled); a PlatformError of polling passes through.
    """
    row = plan_row(plan)
    prepared = {
        phase: prepare_submissions(plan, phase, by=by, at=at)
        for phase in Phase
        if (phase is Phase.NOTICE or at >= row.last_minute) and _anything(plan, phase, at=at)
    }
    run = run_submissions(plan, platform, by=by, at=at)
    return Round(prepared, run, poll(plan, platform, by=by, at=at))


def _anything(plan: UUID, phase: Phase, *, at: int) -> bool:
    """Whether some line of the phase could be prepared: a round that finds nothing leaves no entry."""
    later = SubmissionItem.objects.filter(plan=plan, not_before__gt=at, assignment__isnull=False)
    lines = Assignment.objects.filter(
        plan=plan, phase=phase.value, state=CustomerState.PLANNED.value, receiver__isnull=False
    )
    return lines.exclude(id__in=later.values("assignment_id")).exists()
