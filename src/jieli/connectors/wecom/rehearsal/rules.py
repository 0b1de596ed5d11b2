"""The platform's rules of passing customers and groups on, as its documents tell them.

Choices of this rehearsal where they are silent:
- the on-job call for a leaver, and the leaver's call for somebody on the job, both answer 40097 per item;
- a transfer already running to the same taker answers 40100, to another 40129;
- a leaver gone for more than a year has no customers any more: 40131;
- a taker who is not activated counts as not real-name verified: 40098;
- the limit is looked at when asked (40099) against today's customers, and again when the 24 hours end (status 4);
- a leaver's customer whose taker is full stays with the leaver and is listed as unassigned again;
- a group beyond 300 a day for one owner answers 45009, an on-job one moved twice in 90 days 40128, an unknown 40050.
"""

from collections.abc import Iterable
from datetime import timedelta

from jieli.connectors.wecom.rehearsal.state import (
    Customer,
    Follow,
    GroupMove,
    Member,
    Notice,
    State,
    Transfer,
)
from jieli.kernel.times import DAY, HOUR, SECOND, local_day
from jieli.succession.ports import GROUPS_PER_DAY, PlatformStatus

ACCEPTED = 0
TAKES_OVER_AFTER = 24 * HOUR
LEAVER_KEEPS = 365 * DAY
WINDOW = timedelta(days=90)
PER_WINDOW = 2
ADDED_BY_ADMIN = 202
_DONE_OR_RUNNING = {PlatformStatus.TAKEN, PlatformStatus.WAITING}


def settle(state: State, now: int) -> None:
    """Bring every running transfer to `now`: refusals first, then takeovers in the order they fell due."""
    for transfer in sorted(_running(state), key=lambda t: t.due_at):
        wait = state.customers[transfer.customer].refuses_after
        if wait is not None and transfer.asked_at + wait <= min(now, transfer.due_at):
            refuse(state, transfer, at=transfer.asked_at + wait)
        elif transfer.due_at <= now:
            _complete(state, transfer)


def refuse(state: State, transfer: Transfer, *, at: int) -> None:
    """The customer says no: on the job he stays where he is, a leaver's relation is lost."""
    transfer.status = PlatformStatus.REFUSED
    if transfer.resigned:
        state.customers[transfer.customer].follows.pop(transfer.handover, None)
    state.notices.append(Notice(transfer.customer, transfer.takeover, "customer_refused", at))


def _complete(state: State, transfer: Transfer) -> None:
    customer, taker = state.customers[transfer.customer], state.members[transfer.takeover]
    if transfer.takeover not in customer.follows and _full(state, taker):
        transfer.status = PlatformStatus.FULL
        state.notices.append(
            Notice(transfer.customer, transfer.takeover, "customer_limit_exceed", transfer.due_at)
        )
        return
    transfer.status = PlatformStatus.TAKEN
    old = customer.follows.pop(transfer.handover, Follow())
    taken = Follow(createtime=transfer.due_at // SECOND, remark=old.remark, add_way=ADDED_BY_ADMIN)
    customer.follows.setdefault(transfer.takeover, taken)


def ask(state: State, *, resigned: bool, handover: Member, takeover: Member, customer: str, now: int) -> int:
    """The errcode of one item; 0 starts its 24 hours."""
    code = _judge(state, resigned=resigned, handover=handover, takeover=takeover, customer=customer, now=now)
    if code == ACCEPTED:
        state.transfers.append(
            Transfer(resigned, handover.userid, takeover.userid, customer, now, now + TAKES_OVER_AFTER)
        )
    return code


def _judge(
    state: State, *, resigned: bool, handover: Member, takeover: Member, customer: str, now: int
) -> int:
    known = state.customers.get(customer)
    code = _people(resigned, handover, takeover)
    if code != ACCEPTED:
        return code
    if known is None:
        return 40096
    running = [t for t in _running(state) if t.customer == customer]
    if any(t.takeover == takeover.userid for t in running):
        return 40100
    if running:
        return 40129
    if handover.userid not in known.follows or _gone_too_long(handover, now):
        return 40131
    if takeover.userid not in known.follows and _full(state, takeover):
        return 40099
    return 40128 if not resigned and _too_often(state, known, now) else ACCEPTED


def _people(resigned: bool, handover: Member, takeover: Member) -> int:
    if handover.userid == takeover.userid:
        return 40130
    if handover.resigned != resigned:
        return 40097
    if takeover.resigned or takeover.status != 1 or not takeover.real_name:
        return 40098
    return ACCEPTED if takeover.contact_enabled and takeover.visible and handover.visible else 84074


def _running(state: State) -> list[Transfer]:
    return [t for t in state.transfers if t.running]


def _full(state: State, member: Member) -> bool:
    return member.limit is not None and len(state.customers_of(member.userid)) >= member.limit


def _gone_too_long(member: Member, now: int) -> bool:
    return member.left_at is not None and now - member.left_at > LEAVER_KEEPS


def _too_often(state: State, customer: Customer, now: int) -> bool:
    asked = (
        t.asked_at
        for t in state.transfers
        if not t.resigned and t.customer == customer.external_userid and t.status in _DONE_OR_RUNNING
    )
    return _in_window(asked, now) >= PER_WINDOW


def _in_window(moments: Iterable[int], now: int) -> int:
    """How many of them lie in the last 90 natural days, today among them."""
    first = local_day(now) - WINDOW + timedelta(days=1)
    return sum(local_day(m) >= first for m in moments)


def results(state: State, *, resigned: bool, handover: str, takeover: str) -> list[Transfer]:
    """The latest transfer of each customer of the pair, oldest first."""
    of_pair = {
        t.customer: t
        for t in state.transfers
        if (t.resigned, t.handover, t.takeover) == (resigned, handover, takeover)
    }
    return list(of_pair.values())


def takeover_time(transfer: Transfer) -> int:
    """Seconds: the future while waiting, when it happened once taken over, else 0."""
    return transfer.due_at // SECOND if transfer.status in _DONE_OR_RUNNING else 0


def unassigned(state: State, now: int) -> list[tuple[Member, str]]:
    """Leavers' customers that are neither assigned nor lost to time."""
    assigned = {(t.handover, t.customer) for t in _running(state)}  # those taken over have left his list
    return [
        (member, customer.external_userid)
        for member in state.members.values()
        if member.resigned and not _gone_too_long(member, now)
        for customer in state.customers_of(member.userid)
        if (member.userid, customer.external_userid) not in assigned
    ]


def move_group(state: State, *, on_job: bool, chat_id: str, new_owner: str, now: int) -> int:
    """The errcode of one group; 0 has moved it."""
    group = state.groups.get(chat_id)
    if group is None:
        return 40050
    if not group.external:
        return 90501
    resigned = state.members[group.owner].resigned
    if resigned == on_job:
        return 90502 if resigned else 90500
    today = local_day(now)
    if (
        sum(m.new_owner == new_owner and local_day(m.at) == today for m in state.group_moves)
        >= GROUPS_PER_DAY
    ):
        return 45009
    moved = (m.at for m in state.group_moves if m.on_job and m.chat_id == chat_id)
    if on_job and _in_window(moved, now) >= PER_WINDOW:
        return 40128
    state.group_moves.append(GroupMove(chat_id, new_owner, on_job, now))
    group.owner, group.status = new_owner, 0 if on_job else 3
    return ACCEPTED
