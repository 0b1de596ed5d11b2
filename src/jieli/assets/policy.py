"""Rules of the assets room, pure: the states of an account as a table, and what follows from facts about groups."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from jieli.assets.errors import (
    EmptyPeriod,
    HolderLeft,
    NotYet,
    PersonalAccount,
    StateRefused,
    UnknownHolder,
)
from jieli.assets.types import AccountState, AccountType, HolderKind
from jieli.kernel.times import local_day
from jieli.parties.types import StaffRef

S = AccountState

#: The sentence that stands word for word in the promise a holder signs (R0.48).
SENTENCE = "工作账号不是个人财产"

#: Carried by people's private accounts: work groups there are a risk, and moving them is proposed (R1.6).
PERSONAL_CARRIERS = frozenset({"wechat"})


class Event(StrEnum):
    """What can happen to an account."""

    ACKNOWLEDGED = "签署承诺书"
    LEAVING = "提出离职"
    STAYING = "撤回离职"
    HANDED_OVER = "移交"
    TAKEN_BACK = "收回"
    RECOVERED = "恢复测试通过"
    CLOSED = "停用"


#: state × event → state. What is absent is refused. An account that changed hands is never in use by the old
#: signature (R0.48), and one that a leaver gave back is not recovered before it was tested.
TRANSITIONS: dict[AccountState, dict[Event, AccountState]] = {
    S.REGISTERED: {
        Event.ACKNOWLEDGED: S.IN_USE,
        Event.HANDED_OVER: S.REGISTERED,
        Event.TAKEN_BACK: S.REGISTERED,
        Event.CLOSED: S.CLOSED,
    },
    S.UNSIGNED_STOCK: {
        Event.ACKNOWLEDGED: S.IN_USE,
        Event.LEAVING: S.LEAVING,
        Event.HANDED_OVER: S.REGISTERED,
        Event.TAKEN_BACK: S.DELIVERED,
        Event.CLOSED: S.CLOSED,
    },
    S.IN_USE: {
        Event.ACKNOWLEDGED: S.IN_USE,
        Event.LEAVING: S.LEAVING,
        Event.HANDED_OVER: S.REGISTERED,
        Event.TAKEN_BACK: S.DELIVERED,
        Event.CLOSED: S.CLOSED,
    },
    S.LEAVING: {
        Event.ACKNOWLEDGED: S.LEAVING,
        Event.STAYING: S.UNSIGNED_STOCK,
        Event.HANDED_OVER: S.DELIVERED,
        Event.TAKEN_BACK: S.DELIVERED,
        Event.CLOSED: S.CLOSED,
    },
    S.DELIVERED: {
        Event.ACKNOWLEDGED: S.DELIVERED,
        Event.HANDED_OVER: S.DELIVERED,
        Event.TAKEN_BACK: S.DELIVERED,
        Event.RECOVERED: S.RECOVERED,
        Event.CLOSED: S.CLOSED,
    },
    S.RECOVERED: {
        Event.ACKNOWLEDGED: S.IN_USE,
        Event.HANDED_OVER: S.REGISTERED,
        Event.TAKEN_BACK: S.RECOVERED,
        Event.CLOSED: S.CLOSED,
    },
    S.CLOSED: {},
}


def check_event(state: AccountState, event: Event) -> None:
    """StateRefused (assets.state_refused) where the table has no way from `state` by `event`."""
    if event not in TRANSITIONS[state]:
        raise StateRefused(f"账号处于“{state}”，不能{event}。", remedy="请先核对账号状态。")


def after(state: AccountState, event: Event, *, holder_signed: bool = False) -> AccountState:
    """The state after an event. `holder_signed`: the present holder has signed the sentence for this account.

    A signature given earlier counts as soon as nothing else stands in the way: after recovery, or when a
    leaver stays.
    """
    check_event(state, event)
    if holder_signed and event in (Event.RECOVERED, Event.STAYING):
        return S.IN_USE
    return TRANSITIONS[state][event]


def event_of_hand_over(to: HolderKind) -> Event:
    """Going to a colleague is 移交, going to the store is 收回."""
    return Event.HANDED_OVER if to is HolderKind.STAFF else Event.TAKEN_BACK


def check_moment(moment: int, *, at: int) -> None:
    """NotYet (assets.not_yet) for a moment after the present."""
    if moment > at:
        raise NotYet("所填时刻晚于现在。", remedy="请在事情发生后再登记，或核对时间。")


def check_holder(person: StaffRef | None, begins_at: int) -> None:
    """UnknownHolder (assets.unknown_holder), HolderLeft (assets.holder_left): nobody holds after his last day."""
    if person is None:
        raise UnknownHolder("接收人未登记为员工。", remedy="请先登记员工。")
    if person.left_on is not None and local_day(begins_at) > person.left_on:
        raise HolderLeft("接收人在此之前已经离职。", remedy="请另选接收人，或先收回公司库存。")


def check_not_personal(kind: AccountType) -> None:
    """PersonalAccount (assets.personal_account): a person's own WeChat is never asked for, whoever agrees."""
    if kind.personal:
        raise PersonalAccount("个人微信不能移交、收回或签作工作账号。", remedy="请改用清单式移交。")


def check_period(begins_at: int, ends_at: int | None) -> None:
    """EmptyPeriod (assets.empty_period) unless the end lies after the beginning."""
    if ends_at is not None and ends_at <= begins_at:
        raise EmptyPeriod("结束时刻不晚于起始时刻。", remedy="请核对起止时间。")


def migration_advised(platform: str) -> bool:
    """Whether a work group stands on private accounts and should move to the company's platform (R1.6)."""
    return platform in PERSONAL_CARRIERS


class Member(StrEnum):
    """What is known of a member of a group."""

    STAFF = "在职员工"
    LEFT = "已离职"
    CUSTOMER = "客户"
    UNKNOWN = "不明"


@dataclass(frozen=True, slots=True)
class Presumption:
    """Whether a group is presumed internal, and every reason against it in a fixed order."""

    holds: bool
    against: tuple[str, ...]


def presumed_internal(members: Collection[Member], *, managers_post_work: bool) -> Presumption:
    """A group is presumed internal when all members are staff and managers give out work there (R1.7).

    Any outsider defeats it. The presumption is rebuttable: it is a finding, never a decision.
    """
    against = [f"成员中有{kind}" for kind in Member if kind is not Member.STAFF and kind in members]
    if not members:
        against.append("没有成员记录")
    if not managers_post_work:
        against.append("没有管理人员在群内布置工作的记录")
    return Presumption(not against, tuple(against))
