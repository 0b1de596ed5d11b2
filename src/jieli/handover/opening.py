"""Somebody leaves: the case is opened, what he holds is written down, and both sides' duties are laid."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg.errors
from django.db import IntegrityError

from jieli.assets import operations as asset_operations
from jieli.assets import queries as assets
from jieli.assets.policy import TRANSITIONS, Event
from jieli.duties import operations as duties
from jieli.handover import gathering
from jieli.handover.duty_table import duties_of, table
from jieli.handover.errors import CannotOpen
from jieli.handover.models import Case, DataRow, SnapshotLine
from jieli.handover.reading import ref
from jieli.handover.types import CaseRef, LineClass, OpenCase, Source, Stage
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger.operations import Book, book
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.parties import queries as parties
from jieli.parties.types import EngagementKind, EngagementRef, StaffRef


def open_case(order: OpenCase, *, by: str, at: int) -> CaseRef:
    """Open one leaving; see `open_cases`."""
    return open_cases([order], by=by, at=at)[0]


def open_cases(orders: Sequence[OpenCase], *, by: str, at: int) -> list[CaseRef]:
    """Open leavings, all or none, in the order given (rows of a sheet).

    For each: a matter 离职, the snapshot of everything held at `at` with its digest, the four classes of content
    counted, the duties of both sides by engagement and reason, and accounts in work become 离职待交: they stay in
    work until the last day. Codes: handover.unknown_staff, handover.no_engagement, handover.already_open,
    handover.days (a last day before the first one, notice in the future), handover.same_person,
    handover.no_approval (外部审批 without one).
    """
    if not orders:
        return []
    people = parties.staff({i for o in orders for i in (o.staff_id, o.receiver, o.supervisor) if i})
    engaged = parties.engagements([o.staff_id for o in orders])
    _check_once(orders)
    for order in orders:
        _check(order, people, at=at)
    footings = [_footing(engaged[o.staff_id], o) for o in orders]
    sold = parties.orders_of([o.staff_id for o in orders])
    holds = [gathering.held(o, sold[o.staff_id], at=at) for o in orders]
    with _one_open_case(), book(at=at) as b:
        drafts = [
            _Draft(o, people[o.staff_id], f, h) for o, f, h in zip(orders, footings, holds, strict=True)
        ]
        return [_write(b, draft, by=by, at=at) for draft in drafts]


@dataclass(frozen=True, slots=True)
class _Footing:
    kind: EngagementKind
    sender: str | None


@dataclass(frozen=True, slots=True)
class _Draft:
    order: OpenCase
    staff: StaffRef
    footing: _Footing
    held: gathering.Held


def _write(b: Book, draft: _Draft, *, by: str, at: int) -> CaseRef:
    order, footing = draft.order, draft.footing
    matter = matters.open_matter(
        kind=MatterKind.LEAVING,
        title=f"{draft.staff.name}（{draft.staff.staff_no}）离职交接",
        people=_involved(order),
        by=by,
        at=at,
        opened_on=min(order.notice_on, local_day(at)),
    )
    row = Case(
        id=new_id(at), matter_id=matter.id, staff_id=order.staff_id, engagement_kind=footing.kind.value,
        sender=footing.sender, reason=order.reason.value, notice_on=order.notice_on, last_day=order.last_day,
        receiver_id=order.receiver, supervisor_id=order.supervisor, approval=order.approval,
        source=order.source.value, stage=Stage.OPEN.value, opened_at=at, digest=draft.held.digest,
        table_version=table().version,
    )  # fmt: skip
    counted = Counter(line.cls for line in draft.held.lines)
    facts = {
        "case": str(row.id), "matter": str(matter.id), "snapshot": draft.held.digest.hex(),
        "lines": {cls.name.lower(): counted[cls] for cls in LineClass},
    }  # fmt: skip
    entry = b.entry("handover.open", by=by, facts=facts)
    entry.insert(row, *_snapshot(row, draft.held, at), *_data(row, draft.held, at))
    laid = duties_of(
        footing.kind, order.reason, matter=matter.id, person=order.staff_id, case=row.id,
        notice_on=order.notice_on, last_day=order.last_day,
    )  # fmt: skip
    duties.lay(laid, by=by, at=at)
    _mark_accounts(draft.held, by=by, at=at)
    return ref(row, matter.number)


def _snapshot(row: Case, found: gathering.Held, at: int) -> list[SnapshotLine]:
    return [
        SnapshotLine(
            id=new_id(at), case=row, cls=line.cls.value, key=line.key, label=line.label, subject=line.subject
        )
        for line in found.lines
    ]


def _data(row: Case, found: gathering.Held, at: int) -> list[DataRow]:
    return [
        DataRow(
            id=new_id(at), case=row, cls=d.cls.value, count=d.count, amount_fen=d.amount_fen, first=d.first,
            last=d.last, digest=bytes.fromhex(d.digest), note=d.note or None,
        )
        for d in found.data
    ]  # fmt: skip


def _mark_accounts(found: gathering.Held, *, by: str, at: int) -> None:
    ids = [line.subject for line in found.lines if line.cls is LineClass.ACCOUNT and line.subject]
    states = assets.accounts_by_id(ids)
    # A personal account is nobody's to take: it stays the person's, and only a list is asked for.
    ours = {key: ref_ for key, ref_ in states.items() if not ref_.type.personal}
    working = [key for key, ref_ in ours.items() if Event.LEAVING in TRANSITIONS[ref_.state]]
    if working:
        asset_operations.mark_accounts(Event.LEAVING, account_ids=working, by=by, at=at)


def _involved(order: OpenCase) -> list[Involved]:
    named = (("移交人", order.staff_id), ("接收人", order.receiver), ("监交人", order.supervisor))
    return [Involved(PersonKind.STAFF, who, role) for role, who in named if who is not None]


def _check_once(orders: Sequence[OpenCase]) -> None:
    if len({o.staff_id for o in orders}) != len(orders):
        raise _already_open()
    if Case.objects.filter(staff_id__in=[o.staff_id for o in orders], closed_on__isnull=True).exists():
        raise _already_open()


def _check(order: OpenCase, people: dict[UUID, StaffRef], *, at: int) -> None:
    for who in (order.staff_id, order.receiver, order.supervisor):
        if who is not None and who not in people:
            raise _refused("unknown_staff", "移交人、接收人或监交人未登记为员工。", "请先登记员工。")
    if order.source is Source.OUTSIDE and order.approval is None:
        raise _refused("no_approval", "来自外部审批的离职没有写明审批编号。", "请先登记外部审批回执。")
    if order.staff_id in (order.receiver, order.supervisor):
        raise _refused("same_person", "接收人和监交人不能是移交人本人。", "请另选接收人或监交人。")
    if order.last_day < people[order.staff_id].joined_on or order.notice_on > local_day(at):
        raise _refused("days", "最后工作日早于入职日期，或者通知日期晚于今天。", "请核对日期。")
    if order.last_day < order.notice_on and order.reason.value not in ("死亡", "失联自离"):
        raise _refused("days", "最后工作日早于提出离职的日期。", "请核对日期。")


def _footing(engagements: Sequence[EngagementRef], order: OpenCase) -> _Footing:
    """The engagement that holds on the last day, else the newest one; without any the duties cannot be named."""
    if not engagements:
        raise _refused(
            "no_engagement",
            "没有登记用工类型，无法确定双方义务。",
            "请先登记用工关系（劳动、劳务、派遣、其他）。",
        )
    holding = [
        e for e in engagements
        if e.begins_on <= order.last_day and (e.ends_on is None or order.last_day <= e.ends_on)
    ]  # fmt: skip
    chosen = (holding or list(engagements))[-1]
    return _Footing(chosen.kind, chosen.sender)


def _refused(code: str, sentence: str, remedy: str) -> CannotOpen:
    return CannotOpen(sentence, remedy=remedy, code=f"handover.{code}")


def _already_open() -> CannotOpen:
    return _refused("already_open", "该员工已有一件未结的离职交接。", "请在原交接中办理。")


@contextmanager
def _one_open_case() -> Iterator[None]:
    """Turn the database's refusal of a second open case into our error, whichever way the row was written."""
    try:
        yield
    except (IntegrityError, psycopg.errors.IntegrityError) as error:
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if isinstance(cause, psycopg.Error) and cause.diag.constraint_name == "handover_case_one_open":
            raise _already_open() from error
        raise
