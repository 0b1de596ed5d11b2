"""The duties, one domain call each."""

from django.core.management import call_command

from jieli.archive import operations as archive
from jieli.archive import queries as kept
from jieli.archive.policy import EPOCH_DAYS
from jieli.archive.segments import months_to_merge
from jieli.capture import tallies
from jieli.kernel.times import DAY
from jieli.ledger.operations import heartbeat as beat

BY = "system:worker"


def finish_destructions(at: int) -> None:
    """A destruction that a crash interrupted goes on; one that a hold stopped waits."""
    archive.finish_destructions(by=BY, at=at)


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


def merge_index(at: int) -> None:
    """Months in which small segments have piled up."""
    for month in months_to_merge():
        archive.merge_month(month)


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
