"""Rules of the parties room, pure."""

from jieli.parties.errors import EndsBeforeItBegins, NoSender
from jieli.parties.types import EngagementKind, NewEngagement

#: Every engagement carries the duty to hand over; only its basis in law and the route differ (R0.3).
HANDOVER_DUTY = frozenset(EngagementKind)


def check_engagement(row: NewEngagement) -> None:
    """NoSender (parties.no_sender), EndsBeforeItBegins (parties.ends_before_it_begins)."""
    if row.kind is EngagementKind.DISPATCH and not row.sender:
        raise NoSender("派遣用工没有写明派遣单位。", remedy="请补上派遣单位全称。")
    if row.ends_on is not None and row.ends_on < row.begins_on:
        raise EndsBeforeItBegins("用工的结束日早于起始日。", remedy="请核对日期。")
