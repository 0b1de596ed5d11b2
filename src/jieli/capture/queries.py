"""Reading what imports left behind. Nothing here holds content."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Sum

from jieli.archive import ports
from jieli.capture.models import Cursor, Mapping, Tally
from jieli.capture.tallies import refused_before


@dataclass(frozen=True, slots=True)
class TallyRef:
    """Refused messages of an account on a day for a reason; see `models.Tally` for the two numbers."""

    account: UUID | None
    day: date
    reason: str
    count: int
    first: int


def tallies(
    *, account: UUID | None = None, from_day: date | None = None, to_day: date | None = None
) -> list[TallyRef]:
    """The tallies of one account, or of all; days both included; oldest first."""
    found = Tally.objects.order_by("day", "account", "reason")
    if account is not None:
        found = found.filter(account=account)
    if from_day is not None:
        found = found.filter(day__gte=from_day)
    if to_day is not None:
        found = found.filter(day__lte=to_day)
    return [TallyRef(*row) for row in found.values_list("account", "day", "reason", "count", "first")]


def refused_by_day(*, from_day: date, to_day: date) -> dict[tuple[UUID | None, date], int]:
    """How many messages of an account were refused on each day, both ends included, whatever the reasons."""
    found = Tally.objects.filter(day__gte=from_day, day__lte=to_day).values_list("account", "day")
    return {(account, day): number for account, day, number in found.annotate(Sum("first"))}


def position(source: str, place: str) -> int | None:
    """How far a place of a source has been decided; None where nothing was yet."""
    return Cursor.objects.filter(source=source, place=place).values_list("position", flat=True).first()


def refused_ids(source: str, message_ids: Sequence[str], *, at: int) -> set[str]:
    """Which of these message ids were refused within 30 days: what a platform delivered can be reconciled."""
    digests = ports.keyring().message_keys((source, one) for one in message_ids)
    found = refused_before(digests, at=at)
    return {one for one, digest in zip(message_ids, digests, strict=True) if digest in found}


def mapping_rules(source: str) -> str | None:
    """The rules under which a source of dialogues was imported, as JSON; None for a source without any."""
    return Mapping.objects.filter(source=source).values_list("rules", flat=True).first()
