"""Finding the dispute of a matter and keeping others out while it is written to."""

from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from jieli.evidence.errors import BadFact, DisputeClosed, NoSuchDispute
from jieli.evidence.models import Dispute, Exhibit
from jieli.matters import queries as matters


def locked(number: str) -> Dispute:
    """The open dispute of a matter's number, locked until the book closes.

    NoSuchDispute (evidence.unknown_dispute), DisputeClosed (evidence.dispute_closed), matters.unknown.
    """
    matter = matters.matter(number)
    row = Dispute.objects.select_for_update().filter(matter=matter.id).first()
    if row is None:
        raise unknown()
    check_open(row)
    return row


def check_open(row: Dispute) -> None:
    """DisputeClosed (evidence.dispute_closed) once it is over."""
    if row.closed_on is not None:
        raise DisputeClosed("争议已经结案。", remedy="如有新的情况，请另立事项。")


def known_exhibits(dispute: Dispute, ids: set[UUID]) -> None:
    """BadFact (evidence.bad_fact) for an exhibit that is not of this dispute."""
    found = set(Exhibit.objects.filter(dispute=dispute, id__in=ids).values_list("id", flat=True))
    if found != ids:
        raise BadFact("引用了本争议之外的证据。", remedy="请先把材料登记为本争议的证据。")


def next_ordinal(rows: QuerySet[Any]) -> int:
    """The place of the next row among those of a locked dispute: ids made at one instant have no order."""
    return rows.count() + 1


def not_after(day: date, today: date, what: str) -> None:
    """BadFact for a day that has not come yet."""
    if day > today:
        raise BadFact(f"{what}晚于今天。", remedy="请核对日期。")


def unknown() -> NoSuchDispute:
    """The same answer for what is absent and for what is another's."""
    return NoSuchDispute(
        "这个事项没有登记争议，或所指内容不在其中。", remedy="请核对事项编号，或先登记争议。"
    )
