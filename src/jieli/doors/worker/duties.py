"""The duties, one domain call each."""

import logging
from uuid import UUID

from django.core.management import call_command

from jieli.approvals import queries as approvals
from jieli.archive import operations as archive
from jieli.archive import queries as kept
from jieli.archive.media import removing
from jieli.archive.policy import EPOCH_DAYS
from jieli.archive.segments import months_to_merge
from jieli.capture import tallies
from jieli.duties import operations as duties
from jieli.handover import cutting
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY
from jieli.ledger.operations import heartbeat as beat
from jieli.succession import notices, proposals, queries, readiness
from jieli.succession.errors import TransferBlocked
from jieli.succession.faults import NothingToPropose
from jieli.succession.ports import NoPlatform, TransferPlatform, platform
from jieli.succession.rounds import advance
from jieli.succession.types import PLAN_APPROVAL, PlanRef

BY = "system:worker"
_log = logging.getLogger("jieli.worker")


class PlansStopped(JieliError):
    """Some plan could not go on; the code is that of the first, and the others went their way."""

    code = "worker.plans_stopped"


def finish_destructions(at: int) -> None:
    """A destruction that a crash interrupted goes on; one that a hold stopped waits."""
    archive.finish_destructions(by=BY, at=at)


def keep_limits(at: int) -> None:
    """Holds of 时效 are placed for whoever left or is in a dispute since, and end when their time is over."""
    archive.keep_limits(at=at)


def carry_out_retention(at: int) -> None:
    """What is past its time goes, where another than the applicant approved it; nothing goes by the clock alone."""
    archive.carry_out(by=BY, at=at)


def finish_rotation(at: int) -> None:
    """Pages that a crash left under the old wrap epoch move on."""
    archive.finish_rotation(by=BY, at=at)


def rotate_when_due(at: int) -> None:
    """A wrap epoch lasts so many days at most: the second date of every certificate rests on it."""
    opened = kept.epoch_opened_at()
    if opened is not None and at - opened >= EPOCH_DAYS * DAY:
        archive.rotate(by=BY, at=at)


def destroy_old_epochs(at: int) -> None:
    """Retired epoch keys whose backups have run out are destroyed."""
    archive.destroy_old_epochs(by=BY, at=at)


def sweep_orphans(at: int) -> None:
    """Pages without a batch, an hour after the crash that left them."""
    archive.sweep_orphans(by=BY, at=at)


def remove_media(at: int) -> None:
    """Objects of destroyed items, after their keys; what an object lock keeps is asked for again when it ends."""
    removing.remove_destroyed(by=BY, at=at)


def sweep_media(at: int) -> None:
    """Objects that no row names, an hour after they came; uploads that were never ended, after a day."""
    removing.sweep(by=BY, at=at)


def merge_index(at: int) -> None:
    """Months in which small segments have piled up, and months over for good that are still in pieces."""
    for month in months_to_merge(at=at):
        archive.merge_month(month, at=at)


def sweep_index(at: int) -> None:
    """Segments that a merge replaced."""
    archive.sweep()


def forget_refusals(at: int) -> None:
    """Digests of refused messages after 30 days."""
    tallies.sweep(at=at)


def end_old_sessions(at: int) -> None:
    """Sessions that are over."""
    call_command("clearsessions")


def heartbeat(at: int) -> None:
    """An entry an hour, so that silence in the book is visible."""
    beat(by=BY, at=at)


def cut_access(at: int) -> None:
    """Roles and sessions of whoever's last minute is over end; a crash leaves them listed as due."""
    for case in cutting.due_to_cut(at=at):
        cutting.cut_access(case=case.id, by=BY, at=at)


def recount_days(at: int) -> None:
    """Last days that stood provisionally, for their year's holidays were not known, are counted again."""
    duties.recount_provisional(by=BY, at=at)


def advance_plans(at: int) -> None:
    """Approved plans go on: what may go is prepared, what is due is called, what runs is asked about (ADR 15).

    Nothing where no platform is connected. A plan that fails keeps no other from its turn; PlansStopped tells the
    first code afterwards.
    """
    port = _platform()
    if port is None:
        return
    failed = _prepare_others(at)
    for plan in _under_way(at):
        try:
            stopped = _advance(plan, port, at=at)
        except JieliError as error:
            stopped = error.code
        if stopped:
            failed[plan.id] = stopped
            _log.warning("plan %s: %s", plan.id, stopped)
    if failed:
        raise PlansStopped(
            f"有 {len(failed)} 个接续方案未能继续。",
            remedy="请查看方案并处理。",
            code=next(iter(failed.values())),
        )


def _prepare_others(at: int) -> dict[UUID, str]:
    """Customers who asked for another adviser, and for whom one is approved, are put on the way; failures by plan."""
    failed = {}
    for plan, customer in proposals.approved_ones(at=at):
        try:
            proposals.prepare_proposal(plan, customer, by=BY, at=at)
        except NothingToPropose:
            continue  # the platform still works on the first transfer: a later round
        except JieliError as error:
            failed[plan] = error.code
    return failed


def _platform() -> TransferPlatform | None:
    try:
        return platform()
    except NoPlatform:
        return None


def _under_way(at: int) -> list[PlanRef]:
    """Plans with customers that still move, under an approval in force."""
    return [
        plan
        for plan in queries.under_way()
        if approvals.approved(PLAN_APPROVAL, plan.id, plan.digest, at=at) is not None
    ]


def _advance(plan: PlanRef, port: TransferPlatform, *, at: int) -> str:
    """One round; the code of what stopped it, or nothing."""
    blocked = ""
    try:
        readiness.check_ready(plan.id, at=at)
    except TransferBlocked as error:
        blocked = error.code
    done = advance(plan.id, port, ready=not blocked, by=BY, at=at)
    return done.run.stopped_code or blocked


def fetch_contact_ways(at: int) -> None:
    """联系我 addresses of receivers are there before a customer's page needs them."""
    port = _platform()
    if port is None:
        return
    for plan in _under_way(at):
        notices.fetch_contact_ways(plan.id, port, by=BY, at=at)
