"""Laying, fulfilling, dropping and rescheduling duties. Many at once are one entry."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from jieli.duties import queries
from jieli.duties.errors import BadDay, ContinuingDuty, NoProof, NotOpen, NoWords
from jieli.duties.models import Duty
from jieli.duties.types import DutyState, Fulfilment, NewDuty
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.law.deadlines import Due, rolled
from jieli.law.queries import cite_all
from jieli.ledger.operations import book


def lay(duties: Sequence[NewDuty], *, by: str, at: int) -> list[UUID]:
    """Write duties, one entry for all; their ids in the order given. Nothing to lay writes nothing.

    NoWords (duties.no_words) for a blank name or text or a side that owes itself; law.unknown_article and
    law.not_citable for an article that nobody could read under it.
    """
    if not duties:
        return []
    for duty in duties:
        _check_words(duty)
    cite_all(dict.fromkeys(article for duty in duties for article in duty.articles))
    rows = [_row(duty, at) for duty in duties]
    with book(at=at) as b:
        b.entry("duties.lay", by=by, facts={"duties": len(rows)}).insert(*rows)
    return [row.id for row in rows]


def fulfil(*, duty: UUID, paper: UUID | None = None, note: str = "", done_on: date, by: str, at: int) -> None:
    """A duty was done on a day, shown by a paper or at least a note. Errors as `fulfil_many`."""
    fulfil_many([Fulfilment(duty, done_on, paper, note)], by=by, at=at)


def fulfil_many(done: Sequence[Fulfilment], *, by: str, at: int) -> None:
    """Several duties were done; all are written or none.

    NoSuchDuty (duties.unknown), NotOpen (duties.not_open), ContinuingDuty (duties.continuing), NoProof
    (duties.no_proof) without paper and note, BadDay (duties.bad_day) for a day after that of `at`.
    """
    if not done:
        return
    wanted = {one.duty: one for one in done}
    for one in done:
        if one.paper is None and not one.note.strip():
            raise NoProof("没有履行证明。", remedy="请附上凭证文件，或写明以什么证明已履行。")
        if one.done_on > local_day(at):
            raise BadDay("履行日期晚于今天。", remedy="请核对履行日期。")
    with book(at=at) as b:
        rows = _locked(list(wanted))
        for row in rows:
            if row.continuing:
                raise ContinuingDuty(
                    f"“{row.name}”是持续义务，不因结案而履行完毕。", remedy="请保持其持续状态。"
                )
            _check_open(row)
            one = wanted[row.id]
            row.state, row.done_on = DutyState.DONE.value, one.done_on
            row.paper, row.note = one.paper, one.note.strip() or None
        b.entry("duties.fulfil", by=by, facts={"duties": len(rows)}).revise(*rows)


def drop(*, duty: UUID, reason: str, by: str, at: int) -> None:
    """A duty no longer applies, a continuing one too, and why. NoWords without a reason; NotOpen when it is over."""
    drop_many([duty], reason=reason, by=by, at=at)


def drop_many(duties: Collection[UUID], *, reason: str, by: str, at: int) -> None:
    """Several duties no longer apply, for one reason; all are written or none. Errors as `drop`."""
    if not reason.strip():
        raise NoWords("没有写明为什么不再适用。", remedy="请写明理由。")
    if not duties:
        return
    with book(at=at) as b:
        rows = _locked(duties)
        for row in rows:
            _check_open(row)
            row.state, row.reason = DutyState.DROPPED.value, reason.strip()
        b.entry("duties.drop", by=by, facts={"duties": len(rows)}).revise(*rows)


def reschedule(*, duty: UUID, due: Due, by: str, at: int) -> None:
    """Give a duty another due day; the earlier one stays in the book. NotOpen when it is over."""
    with book(at=at) as b:
        [row] = _locked([duty])
        _check_open(row)
        _set_due(row, due)
        b.entry("duties.reschedule", by=by, facts={"duty": str(duty), "due": due.day.isoformat()}).revise(row)


def recount_provisional(*, by: str, at: int) -> int:
    """Settle the due days of duties whose calendar has become known since; how many. Safe at any time and again."""
    settled = {
        d.id: due for d in queries.provisional() if d.due and not (due := rolled(d.due.counted)).provisional
    }
    if not settled:
        return 0
    with book(at=at) as b:
        rows = [
            row
            for row in _locked(list(settled))
            if row.provisional and row.state in (DutyState.OPEN.value, DutyState.CONTINUING.value)
        ]
        for row in rows:
            _set_due(row, settled[row.id])
        b.entry("duties.recount", by=by, facts={"duties": len(rows)}).revise(*rows)
    return len(rows)


def _check_words(duty: NewDuty) -> None:
    if not duty.name.strip() or not duty.text.strip():
        raise NoWords("义务没有名称或内容。", remedy="请写明义务的名称和内容。")
    if duty.owed_by is duty.owed_to:
        raise NoWords(f"“{duty.name}”的义务人与权利人相同。", remedy="请写明向谁履行。")


def _row(duty: NewDuty, at: int) -> Duty:
    row = Duty(
        id=new_id(at), name=duty.name, owed_by=duty.owed_by.value, owed_to=duty.owed_to.value,
        articles=list(duty.articles), text=duty.text, matter=duty.matter, person=duty.person,
        subject=duty.subject, starts_on=duty.starts_on, provisional=False, continuing=duty.continuing,
        state=(DutyState.CONTINUING if duty.continuing else DutyState.OPEN).value, laid_at=at,
    )  # fmt: skip
    if duty.due is not None:
        _set_due(row, duty.due)
    return row


def _set_due(row: Duty, due: Due) -> None:
    row.due_on, row.counted_on, row.provisional = due.day, due.counted, due.provisional


def _locked(ids: Collection[UUID]) -> list[Duty]:
    """Rows in one order for everybody, so that two who fulfil many cannot wait for each other."""
    wanted = set(ids)
    rows = list(Duty.objects.select_for_update().filter(id__in=wanted).order_by("id"))
    if len(rows) != len(wanted):
        raise queries.unknown()
    return rows


def _check_open(row: Duty) -> None:
    if row.state in (DutyState.DONE.value, DutyState.DROPPED.value):
        raise NotOpen(f"“{row.name}”已经{row.state}。", remedy="如有新的情况，请另立一项。")
