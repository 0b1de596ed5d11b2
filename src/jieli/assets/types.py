"""Values of the assets room. Enum values are the words that are stored. Moments are ms UTC, spans half open."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class AssetKind(StrEnum):
    ACCOUNT = "账号"
    NUMBER = "号码"
    DEVICE = "设备"
    GROUP = "群"


class AccountType(StrEnum):
    """Kinds of virtual property, one registry for all (R0.45); a person's own WeChat is in it only as a carrier."""

    WORK_CHAT = "企业微信"
    CHAT = "工作微信"
    SHOP = "电商店铺"
    GAME = "游戏账号"
    GAME_ITEM = "游戏道具"
    SHORT_VIDEO = "短视频账号"
    LIVE_ROOM = "直播间后台"
    PUBLIC_PAGE = "公众号"
    PERSONAL_CHAT = "个人微信"
    OTHER = "其他"

    @property
    def personal(self) -> bool:
        """Never handed over, taken back or signed for: what hangs on it leaves by lists (清单式移交)."""
        return self is AccountType.PERSONAL_CHAT


class AccountState(StrEnum):
    REGISTERED = "登记"
    UNSIGNED_STOCK = "存量待补签"
    IN_USE = "使用中"
    LEAVING = "离职待交"
    DELIVERED = "已交付未恢复"
    RECOVERED = "已恢复"
    CLOSED = "停用"


class HolderKind(StrEnum):
    STAFF = "员工"
    STORE = "公司库存"


#: What a plan leaves of the name of an asset whose time is over (ADR 33).
EMPTIED = "已依法清空"
#: What a history shows where no holder is recorded. Never stored.
NOBODY_KNOWN = "不明"


class Side(StrEnum):
    """Who stands in the carrier's or platform's own register, and who holds a right."""

    COMPANY = "公司"
    STAFF = "个人"


class Controller(StrEnum):
    """Who holds a right over an asset (R0.38)."""

    COMPANY = "公司"
    STAFF = "员工"
    THIRD = "第三方"


class Right(StrEnum):
    """The three rights over an asset (R0.38)."""

    LOGIN = "登录权"
    ADMIN = "管理权"
    DATA = "数据使用权"


class ChangeOf(StrEnum):
    """What of an account can be bound anew or renamed (R0.10)."""

    NUMBER = "绑定号码"
    NICKNAME = "昵称"
    MAILBOX = "绑定邮箱"
    REAL_NAME = "实名人"


class Alert(StrEnum):
    """What a change may look like before anybody explained it."""

    REBOUND = "公司号码换绑为非公司号码，无批准记录"


class GroupKind(StrEnum):
    INTERNAL = "内部群"
    CUSTOMER = "客户群"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account as the company states it. `new` ones stay 登记 until signed for; others are 存量待补签 (R0.48)."""

    platform: str
    handle: str
    type: AccountType
    entity_id: UUID
    new: bool = False
    nickname: str | None = None
    number: str | None = None
    mailbox: str | None = None
    real_name: str | None = None
    registered_by: Side | None = None
    registered_on: date | None = None
    dedicated: bool | None = None


@dataclass(frozen=True, slots=True)
class NewNumber:
    """A telephone number (R0.9): in whose real name the carrier keeps it, and who pays."""

    number: str
    carrier_holder: Side
    payer: Side | None = None
    iccid: str | None = None


@dataclass(frozen=True, slots=True)
class NewDevice:
    imei: str
    model: str
    serial: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceRef:
    id: UUID
    imei: str
    model: str
    serial: str | None


@dataclass(frozen=True, slots=True)
class NewGroup:
    platform: str
    room: str
    kind: GroupKind
    name: str | None = None
    owner_account_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewMember:
    """A member of a group under the id that stands in its messages; account and customer where known."""

    group_id: UUID
    external_id: str
    begins_at: int
    ends_at: int | None = None
    account_id: UUID | None = None
    customer_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewHolding:
    asset_id: UUID
    holder_kind: HolderKind
    begins_at: int
    ends_at: int | None = None
    staff_id: UUID | None = None
    paper: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewUse:
    asset_id: UUID
    staff_id: UUID
    begins_at: int
    ends_at: int | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """That a holder signed the sentence 工作账号不是个人财产 for an account (R0.48)."""

    account_id: UUID
    staff_id: UUID
    paper: UUID
    signed_at: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """One asset going to its next holder. `present` names the holding the caller saw; None trusts what stands."""

    asset_id: UUID
    to_staff: UUID | None  # None: the company's store
    begins_at: int
    paper: UUID | None = None
    present: UUID | None = None


@dataclass(frozen=True, slots=True)
class AssetRef:
    id: UUID
    kind: AssetKind
    label: str


@dataclass(frozen=True, slots=True)
class AccountRef:
    """An account as it stands; `acknowledged_*` is the newest signature, of whoever held it then."""

    id: UUID
    platform: str
    handle: str
    type: AccountType
    state: AccountState
    entity_id: UUID
    nickname: str | None
    number: str | None
    sign_by: date | None
    acknowledgement_id: UUID | None
    acknowledged_by: UUID | None
    acknowledged_at: int | None


@dataclass(frozen=True, slots=True)
class ChangeRef:
    """A rebind or rename: `changed_at` is claimed, the ledger says when we knew; `alert` None where nothing is odd.

    `approval` was in force when the change was entered; `permission` is the paper that showed leave afterwards.
    """

    id: UUID
    account_id: UUID
    what: ChangeOf
    before: str | None
    after: str | None
    changed_at: int
    changed_by: UUID | None
    approval: UUID | None
    alert: Alert | None
    permission: UUID | None


@dataclass(frozen=True, slots=True)
class NumberRef:
    """A line of the number register (R0.9). `issued_to` None and `issued_at` set: with the store; both None: 不明.

    `receipt` is the paper on which the present holder signed for it, `returned_at` when the last person gave it
    back. A number in a person's own name is never taken for one that the company provided.
    """

    id: UUID
    number: str
    carrier_holder: Side
    payer: Side | None
    iccid: str | None
    issued_to: UUID | None
    issued_at: int | None
    receipt: UUID | None
    returned_at: int | None

    @property
    def provided_by_company(self) -> bool:
        return self.carrier_holder is Side.COMPANY


@dataclass(frozen=True, slots=True)
class Unreturned:
    """Something that is still with somebody who left (逾期未交回, R0.12); days are counted from the day after."""

    asset: "AssetRef"
    staff_id: UUID
    left_on: date
    days: int


@dataclass(frozen=True, slots=True)
class AcknowledgementRef:
    id: UUID
    account_id: UUID
    staff_id: UUID
    paper: UUID
    signed_at: int


@dataclass(frozen=True, slots=True)
class HoldingSpan:
    id: UUID
    staff_id: UUID | None
    holder_kind: HolderKind
    from_ms: int
    to_ms: int | None
    paper: UUID | None

    def holds(self, ms: int) -> bool:
        """Whether the instant lies within; the end does not."""
        return self.from_ms <= ms and (self.to_ms is None or ms < self.to_ms)


@dataclass(frozen=True, slots=True)
class UseSpan:
    id: UUID
    staff_id: UUID
    from_ms: int
    to_ms: int | None

    def holds(self, ms: int) -> bool:
        """Whether the instant lies within; the end does not."""
        return self.from_ms <= ms and (self.to_ms is None or ms < self.to_ms)


@dataclass(frozen=True, slots=True)
class HistoryStep:
    """A stretch of an asset's life: a holding, or 不明 where none is recorded."""

    holder: str  # 员工, 公司库存 or 不明
    from_ms: int
    to_ms: int | None
    staff_id: UUID | None = None
    holding_id: UUID | None = None
    paper: UUID | None = None


@dataclass(frozen=True, slots=True)
class MemberSpan:
    id: UUID
    external_id: str
    account_id: UUID | None
    customer_id: UUID | None
    from_ms: int
    to_ms: int | None

    def holds(self, ms: int) -> bool:
        """Whether the instant lies within; the end does not."""
        return self.from_ms <= ms and (self.to_ms is None or ms < self.to_ms)


@dataclass(frozen=True, slots=True)
class GroupRef:
    id: UUID
    platform: str
    room: str
    name: str | None
    kind: GroupKind
    owner_account_id: UUID | None
    members: tuple[MemberSpan, ...]


@dataclass(frozen=True, slots=True)
class ControlSpan:
    id: UUID
    right: Right
    controller: Controller
    staff_id: UUID | None
    from_ms: int
    to_ms: int | None
