"""Staff access ends at the last minute of service and is asked again; what is tried afterwards is an incident (P7).

The person's own door stays: his login identity, his passkeys, what concerns him. Only roles and sessions end.
"""

from collections.abc import Sequence
from uuid import UUID

from jieli.access import operations as access
from jieli.access import queries as persons
from jieli.access.policy import reach
from jieli.access.types import Permission
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.policy import TRANSITIONS, Event
from jieli.assets.types import AssetKind
from jieli.handover.models import Case
from jieli.handover.models.things import AccessCut, LateAttempt
from jieli.handover.reading import ref, refs, unknown
from jieli.handover.things_errors import NotLate, TooEarly
from jieli.handover.things_types import CutRef, LateAct
from jieli.handover.types import CaseRef
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger.operations import book
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, MatterRef, PersonKind


def due_to_cut(*, at: int) -> list[CaseRef]:
    """Leavings whose last minute is over and whose access was not cut yet, closed or not: what a worker does."""
    waiting = Case.objects.filter(accesscut__isnull=True).select_related("matter").order_by("last_day", "id")
    return [found for found in refs(waiting) if found.last_minute <= at]


def cut_access(*, case: UUID, by: str, at: int) -> CutRef:
    """End every role and session of the leaver, mark what he still holds as 离职待交, and look whether it worked.

    Once: asked again it answers what was done. TooEarly (handover.too_early) before the last minute. Crash before
    the commit: nothing was cut, and `due_to_cut` still names it; after: all of it was.
    """
    if (known := cut(case)) is not None:
        return known
    with book(at=at) as b:
        row = Case.objects.select_for_update(of=("self",)).select_related("matter").filter(id=case).first()
        if row is None:
            raise unknown()
        last_minute = ref(row, row.matter.number).last_minute
        if at < last_minute:
            raise TooEarly("还没有到最后工作日结束。", remedy="在此之前只停批量导出和删除，请到时再停用。")
        if (done := AccessCut.objects.filter(case=row).first()) is not None:
            # Two at once: the other one was faster. The book wants an entry: that somebody asked is one.
            b.entry("handover.access_asked", by=by, facts={"case": str(case)})
            return _ref(done)
        people = persons.persons_of_staff(row.staff_id)
        ended = sum(access.end_grants(person=person, by=by, at=at) for person in people)
        marked = _mark(row.staff_id, by=by, at=at)
        made = AccessCut(
            id=new_id(at), case=row, cut_at=at, persons=len(people), grants=ended, accounts=marked,
            verified=_nothing_left(people, at=at),
        )  # fmt: skip
        b.entry("handover.cut_access", by=by, facts={"case": str(case), "grants": ended}).insert(made)
    return _ref(made)


def _mark(staff: UUID, *, by: str, at: int) -> int:
    held = [a.id for a in asset_queries.held_by(staff, at) if a.kind is AssetKind.ACCOUNT]
    states = asset_queries.accounts_by_id(held)
    working = [
        key for key, a in states.items() if Event.LEAVING in TRANSITIONS[a.state] and not a.type.personal
    ]
    if working:
        assets.mark_accounts(Event.LEAVING, account_ids=working, by=by, at=at)
    return len(working)


def _nothing_left(people: Sequence[UUID], *, at: int) -> bool:
    """Every permission there is, tried for every identity of the leaver: none may answer."""
    found = [p for key in people if (p := persons.person(key)) is not None]
    return not any(reach(person, permission, at=at) for person in found for permission in Permission)


def cut(case: UUID) -> CutRef | None:
    """How access was ended; None while it was not."""
    row = AccessCut.objects.filter(case_id=case).first()
    return _ref(row) if row else None


def _ref(row: AccessCut) -> CutRef:
    return CutRef(row.id, row.case_id, row.cut_at, row.persons, row.grants, row.accounts, row.verified)


def record_attempt_after(*, case: UUID, act: LateAct, tried_at: int, by: str, at: int) -> MatterRef:
    """Somebody who had left tried what was his while he worked here: an incident of its own is opened (R2.26).

    NotLate (handover.not_late) for what happened before the end of his last day, or lies in the future.
    """
    with book(at=at) as b:
        row = Case.objects.select_related("matter").filter(id=case).first()
        if row is None:
            raise unknown()
        if not ref(row, row.matter.number).last_minute <= tried_at <= at:
            raise NotLate("该次操作不在最后工作日结束之后。", remedy="请核对时间。")
        days = (local_day(tried_at) - row.last_day).days
        matter = matters.open_matter(
            kind=MatterKind.INCIDENT, title=f"离职后第 {days} 日{act}（{row.matter.number}）",
            people=[Involved(PersonKind.STAFF, row.staff_id, "当事人")], by=by, at=at,
        )  # fmt: skip
        made = LateAttempt(id=new_id(at), case=row, act=act.value, tried_at=tried_at, matter_id=matter.id)
        b.entry("handover.late_attempt", by=by, facts={"case": str(case)}).insert(made)
    return matter


def attempts_after(case: UUID) -> list[tuple[LateAct, int, UUID]]:
    """What was tried after the end, when, and the incident that it opened; oldest first."""
    rows = LateAttempt.objects.filter(case_id=case).order_by("tried_at", "id")
    return [
        (LateAct(act), tried, matter)
        for act, tried, matter in rows.values_list("act", "tried_at", "matter_id")
    ]
