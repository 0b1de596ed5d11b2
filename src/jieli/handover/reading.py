"""Rows of a case as values: what the modules of this room share. Queries only."""

from collections.abc import Iterable
from uuid import UUID

from jieli.handover.errors import CaseClosed, NoSuchCase
from jieli.handover.models import Case, SnapshotLine
from jieli.handover.types import CaseRef, LeavingReason, LineClass, Source, Stage
from jieli.handover.types import SnapshotLine as Line
from jieli.kernel.times import DAY, start_of_day
from jieli.parties.types import EngagementKind


def ref(row: Case, number: str) -> CaseRef:
    """A row as a value; `number` is its matter's."""
    return CaseRef(
        id=row.id,
        matter=row.matter_id,
        number=number,
        staff_id=row.staff_id,
        engagement_kind=EngagementKind(row.engagement_kind),
        sender=row.sender,
        reason=LeavingReason(row.reason),
        notice_on=row.notice_on,
        last_day=row.last_day,
        last_minute=start_of_day(row.last_day) + DAY,
        receiver=row.receiver_id,
        supervisor=row.supervisor_id,
        approval=row.approval,
        source=Source(row.source),
        stage=Stage(row.stage),
        opened_at=row.opened_at,
        digest=bytes(row.digest).hex(),
        table_version=row.table_version,
        closed_on=row.closed_on,
        note=row.note or "",
    )


def refs(rows: Iterable[Case]) -> list[CaseRef]:
    """Rows fetched with their matter, as values."""
    return [ref(row, row.matter.number) for row in rows]


def locked(case: UUID) -> Case:
    """The row of an open case, locked until the book closes; NoSuchCase, CaseClosed (handover.closed)."""
    row = Case.objects.select_for_update().filter(id=case).first()
    if row is None:
        raise unknown()
    if row.closed_on is not None:
        raise CaseClosed("这件离职交接已经结案。", remedy="如有新的情况，请另立事项。")
    return row


def lines(case: UUID) -> list[Line]:
    """The snapshot's lines by class and key."""
    rows = SnapshotLine.objects.filter(case_id=case).order_by("cls", "key")
    return [
        Line(LineClass(cls), key, label, subject)
        for cls, key, label, subject in rows.values_list("cls", "key", "label", "subject")
    ]


def unknown() -> NoSuchCase:
    """The same answer for a number that is absent and for one that is not yours."""
    return NoSuchCase("没有这件离职交接。", remedy="请核对编号。")
