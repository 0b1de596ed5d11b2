"""Asking the platform what became of customers, until it says something final. Its events only wake this up.

Accepted is not taken over: the keeper changes with status 1 alone. What a customer told the house himself is never
overwritten by what the platform says later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jieli.kernel import failpoints
from jieli.kernel.times import DAY, SECOND
from jieli.ledger.operations import Staged, book
from jieli.succession.models import Assignment, Plan, SubmissionItem
from jieli.succession.outcomes import Outcome
from jieli.succession.ports import PlatformStatus, TransferPlatform, TransferResult
from jieli.succession.spoken import Channel, ClosedWhy
from jieli.succession.standing import WITH_PLATFORM, Changes, close_contact, locked_lines, move, wish
from jieli.succession.types import CustomerState, Phase, Wish

#: Accepted this long ago and still in no list: nothing will come of it by itself.
NO_RECORD = 3 * DAY
_STATE = {
    PlatformStatus.TAKEN: CustomerState.TAKEN,
    PlatformStatus.WAITING: CustomerState.WAITING,
    PlatformStatus.REFUSED: CustomerState.REFUSED,
    PlatformStatus.FULL: CustomerState.FULL,
}
_FINAL = (PlatformStatus.TAKEN, PlatformStatus.REFUSED, PlatformStatus.FULL)


@dataclass
class PollReport:
    """What a round of asking found: pairs asked, and customers by the platform's status number."""

    pairs: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    changed: int = 0
    waiting: int = 0


def poll(plan: UUID, platform: TransferPlatform, *, by: str, at: int) -> PollReport:
    """Ask for the results of every pair of the plan that has customers under way. Safe at any time and again."""
    return _poll(SubmissionItem.objects.filter(plan=plan), platform, by=by, at=at)


def wake_up(*, takeover: str, platform: TransferPlatform, by: str, at: int) -> PollReport:
    """A transfer_fail event named this receiver: ask about all his pairs. The event itself decides nothing.

    It cannot say on the job or after, nor which leaver; two leavers may have given to one receiver.
    """
    return _poll(SubmissionItem.objects.filter(takeover=takeover), platform, by=by, at=at)


def _poll(rows: object, platform: TransferPlatform, *, by: str, at: int) -> PollReport:
    running = rows.filter(  # type: ignore[attr-defined]
        running=True, outcome__in=[Outcome.ACCEPTED.value, Outcome.RUNNING.value], assignment__isnull=False
    )
    report = PollReport()
    for phase, handover, takeover in sorted(set(running.values_list("phase", "handover", "takeover"))):
        results = platform.results(resigned=phase == Phase.AFTER.value, handover=handover, takeover=takeover)
        failpoints.reach("transfer.before_poll_record")
        report.pairs += 1
        same = running.filter(phase=phase, handover=handover, takeover=takeover)
        found = {r.external_userid: r for r in results}
        changed = [
            (key, line)
            for key, line, external, status, takeover_at, since in same.values_list(
                "id", "assignment_id", "external", "platform_status", "takeover_at", "answered_at"
            )
            if _differs(found.get(external), status, takeover_at, since or at, at)
        ]
        for r in found.values():
            report.statuses[r.status] = report.statuses.get(r.status, 0) + 1
        if changed:
            report.changed += _enter(changed, found, by=by, at=at)
        failpoints.reach("transfer.after_poll")
    report.waiting = running.count()
    return report


def _differs(
    result: TransferResult | None, status: int | None, takeover_at: int | None, since: int, at: int
) -> bool:
    if result is None or result.status == PlatformStatus.NONE:
        return since + NO_RECORD <= at
    return result.status != status or _moment(result) != takeover_at


def _moment(result: TransferResult) -> int | None:
    return result.takeover_time * SECOND if result.takeover_time > 0 else None


def _enter(
    changed: Sequence[tuple[UUID, UUID]], found: Mapping[str, TransferResult], *, by: str, at: int
) -> int:
    """One entry for a pair. Crash before the commit: the next round asks and enters the same again."""
    with book(at=at) as b:
        entry = b.entry("succession.result", by=by, facts={"customers": len(changed)})
        lines = locked_lines(line for _, line in changed)
        items = list(
            SubmissionItem.objects.select_for_update(of=("self",))
            .filter(id__in=[key for key, _ in changed], running=True)
            .order_by("id")
        )
        changes = Changes()
        enter_results(items, found, lines, changes, entry, at=at)
        changes.write(entry)
    return len(items)


def enter_results(
    items: Sequence[SubmissionItem],
    found: Mapping[str, TransferResult],
    lines: Mapping[UUID, Assignment],
    changes: Changes,
    entry: Staged,
    *,
    at: int,
) -> None:
    """Put results into items and lines. A status nobody knows is kept as its number and changes nothing else."""
    plans = Plan.objects.in_bulk([i.plan_id for i in items])
    for item in items:
        result = found.get(item.external)
        changes.items[item.id] = item
        line = lines.get(item.assignment_id) if item.assignment_id else None
        if result is None or result.status == PlatformStatus.NONE:
            item.running, item.platform_status = False, PlatformStatus.NONE.value
            state = CustomerState.FAILED
        else:
            item.platform_status, item.takeover_at = result.status, _moment(result)
            if result.status not in list(PlatformStatus):
                continue
            item.running = result.status not in _FINAL
            state = _STATE[PlatformStatus(result.status)]
        if line is None or line.state not in WITH_PLATFORM:
            continue
        if line.state != state.value:
            changes.lines[line.id] = move(line, state, plans[item.plan_id])
        if state is CustomerState.REFUSED:
            # Nobody else is assigned after this: the customer's word stands in the register for every later plan.
            changes.wishes.append(wish(line, Wish.REFUSES, Channel.WECOM, at=at))
            close_contact(line, ClosedWhy.REFUSED_THERE, changes, entry, at=at)
