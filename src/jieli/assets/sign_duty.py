"""The day by which an account in work is to be signed for (R0.48), kept as a duty; these are its only words."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from jieli.duties import operations, queries
from jieli.duties.types import DutyRef, DutyState, Fulfilment, NewDuty, Side
from jieli.law.deadlines import due_on

#: How the duty is called; its subject is the account's id.
NAME = "补签工作账号使用承诺书"
TEXT = "工作账号已在使用而无签署记录：由责任人在期限前补签“工作账号不是个人财产”的承诺书。"


def lay(account_ids: Collection[UUID], *, day: date, by: str, at: int) -> None:
    """Each of these accounts is to be signed for by a day. One entry for all; none for no account."""
    due = due_on(day)
    operations.lay(
        [NewDuty(NAME, Side.STAFF, Side.COMPANY, (), TEXT, subject=key, due=due) for key in account_ids],
        by=by,
        at=at,
    )


def open_duties(account_ids: Collection[UUID]) -> dict[UUID, DutyRef]:
    """The duty that still waits, for the accounts that have one."""
    return {
        key: duty
        for key, duties in queries.of_subject(account_ids).items()
        for duty in duties
        if duty.name == NAME and duty.state is DutyState.OPEN
    }


def days(account_ids: Collection[UUID]) -> dict[UUID, date]:
    """The last day to sign, for the accounts that wait for it."""
    return {key: duty.due.day for key, duty in open_duties(account_ids).items() if duty.due is not None}


def fulfil(signed: Mapping[UUID, tuple[UUID, date]], *, by: str, at: int) -> None:
    """Accounts were signed for: by account the paper and the day."""
    waiting = open_duties(list(signed))
    done = [Fulfilment(duty.id, signed[key][1], signed[key][0]) for key, duty in waiting.items()]
    operations.fulfil_many(done, by=by, at=at)


def drop(account_ids: Collection[UUID], *, reason: str, by: str, at: int) -> None:
    """Nobody needs to sign for these accounts any more as they stood."""
    if not account_ids:
        return
    for duty in open_duties(account_ids).values():
        operations.drop(duty=duty.id, reason=reason, by=by, at=at)
