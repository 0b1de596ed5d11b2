"""The platform on which customers change hands, as this room needs it; wiring says which connector stands here.

All ids are the platform's strings. Nothing here is called inside a transaction (ADR 15), and no call that changes
something goes out without the id of the approval it rests on (R2.30): every implementation asks `check_approval`
before it opens a connection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from jieli.kernel.errors import JieliError

MAX_CHUNK = 100  # customers, or groups, in one call
MAX_MESSAGE = 200  # characters of transfer_success_msg
GROUPS_PER_DAY = 300  # groups that one new owner may be given in a day


class PlatformStatus(IntEnum):
    """What transfer_result says of a customer."""

    TAKEN = 1
    WAITING = 2
    REFUSED = 3
    FULL = 4
    NONE = 5  # documented for on-job transfers


@dataclass(frozen=True, slots=True)
class PlatformCustomer:
    """A customer as a member's contact list shows him; `createtime` in seconds."""

    external_userid: str
    name: str
    remark: str
    add_way: int
    createtime: int


@dataclass(frozen=True, slots=True)
class TransferResult:
    """A line of transfer_result. `takeover_time` in seconds; with status 2 it lies in the future, with 3 it is 0."""

    external_userid: str
    status: int
    takeover_time: int


@dataclass(frozen=True, slots=True)
class MemberState:
    """A member as user/get answers: 1 激活, 2 禁用, 4 未激活, 5 退出企业; 0 when there is no such member (60111)."""

    userid: str
    status: int
    name: str = ""

    @property
    def resigned(self) -> bool:
        """Gone from the company or from the directory: what decides between the two endpoints."""
        return self.status in (0, 5)


class PlatformError(JieliError):
    """A whole call failed. `errcode` is the platform's own number, 0 when no answer came."""

    code = "platform.error"

    def __init__(self, sentence: str, *, errcode: int = 0, remedy: str = "", code: str | None = None) -> None:
        super().__init__(sentence, remedy=remedy, code=code)
        self.errcode = errcode


class Busy(PlatformError):
    """-1: the platform did nothing and asks to be asked again, at most three times, with back-off."""

    code = "platform.busy"


class Limited(PlatformError):
    """45009 or 45033: too many calls. `retry_at` (ms) says from when, if the platform says it; else 0."""

    code = "platform.limited"

    def __init__(self, sentence: str, *, errcode: int, retry_at: int = 0, remedy: str = "") -> None:
        super().__init__(sentence, errcode=errcode, remedy=remedy)
        self.retry_at = retry_at


class Misconfigured(PlatformError):
    """48002, 60011, 60020: no permission, no right on the object, address not listed. Everything stops."""

    code = "platform.misconfigured"


class Unreachable(PlatformError):
    """No answer, or one cut short: whether the platform did it is unknown. Nobody asks again before looking."""

    code = "platform.unreachable"


class Refused(PlatformError):
    """Any other errcode for the whole call: the platform did nothing."""

    code = "platform.refused"


class ApprovalRequired(PlatformError):
    """A call that changes something was about to leave without an approval (R2.30)."""

    code = "platform.approval_required"


def check_approval(approval: str) -> None:
    """ApprovalRequired unless an approval id is given: the first line of every call that changes something."""
    if not approval.strip():
        raise ApprovalRequired("没有审批编号，不得调用平台转移接口。", remedy="请先完成接续方案审批。")


class TransferPlatform(Protocol):
    """What the house asks of the platform. Every method may raise a PlatformError; none retries a call that changes
    something after it may have been received."""

    def customers_of(self, userid: str) -> list[PlatformCustomer]:
        """The member's customers, all pages; empty when he has none."""
        ...

    def transfer(
        self, *, resigned: bool, handover: str, takeover: str, customers: Sequence[str],
        message: str = "", approval: str,
    ) -> dict[str, int]:  # fmt: skip
        """Ask for up to 100 customers to be passed on; errcode per external_userid, 0 = accepted, not final.

        `message` (on-job only, at most 200 characters) is what the customer is told.
        """
        ...

    def results(self, *, resigned: bool, handover: str, takeover: str) -> list[TransferResult]:
        """What became of the pair's customers, all pages."""
        ...

    def unassigned(self) -> list[tuple[str, str, int]]:
        """(handover_userid, external_userid, dimission_time in seconds) of leavers' customers not yet assigned."""
        ...

    def transfer_groups(
        self, *, resigned: bool, rooms: Sequence[str], new_owner: str, approval: str
    ) -> dict[str, int]:
        """Ask for up to 100 customer groups to get a new owner; errcode per room, 0 = done."""
        ...

    def contact_way(self, userid: str) -> str:
        """The address of the member's 联系我 code, made when there is none."""
        ...

    def member(self, userid: str) -> MemberState:
        """The member as he stands; status 0 instead of an error when he is gone."""
        ...


@dataclass
class _Ports:
    platform: TransferPlatform | None = None


_filled = _Ports()


class NoPlatform(JieliError):
    """Nothing is connected that could pass customers on."""

    code = "succession.no_platform"


def use(*, platform: TransferPlatform | None) -> None:
    """Fill the port: done by wiring at start, and by tests."""
    _filled.platform = platform


def platform() -> TransferPlatform:
    """What wiring filled in; NoPlatform when nothing is connected."""
    if _filled.platform is None:
        raise NoPlatform(
            "尚未连接企业微信，不能自动转移客户。",
            remedy="请先完成接口配置，或按步骤清单在管理后台手工办理。",
        )
    return _filled.platform
