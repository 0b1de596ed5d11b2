"""Values of the handover room. Enum values are the words that are stored and shown.

Days are those of China, moments ms UTC, amounts fen with their qualifier.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from jieli.parties.types import EngagementKind, Qualifier


class LeavingReason(StrEnum):
    """Why somebody leaves; duties differ by it."""

    RESIGN = "辞职"
    AGREED = "协商"
    EXPIRED = "期满"
    PROBATION = "试用期"
    MISCONDUCT = "违纪"
    LAYOFF = "裁员"
    RETIRE = "退休"
    DEATH = "死亡"
    MISSING = "失联自离"


class Stage(StrEnum):
    """How far a leaving is; the order is enforced (R3.30)."""

    OPEN = "交接中"
    AUDITED = "已审计"
    HANDED = "已交接"
    KEPT = "已留存"
    PURGED = "已清除"
    CLOSED = "已结案"
    CLOSED_NOTED = "带注记结案"


class Source(StrEnum):
    """Where the news of a leaving came from."""

    CONSOLE = "控制台"
    SHEET = "表格"
    OUTSIDE = "外部审批"


class LineClass(StrEnum):
    """What a snapshot lists. Registers do not say which orders still run: all of the leaver's are listed."""

    ACCOUNT = "账号"
    NUMBER = "号码"
    DEVICE = "设备"
    GROUP = "群"
    CUSTOMER = "客户"
    ORDER = "订单"


class ListKind(StrEnum):
    """The four lists of a written hand-over (R0.47)."""

    ACCOUNTS = "账号清单"
    DATA = "数据清单"
    DEVICES = "设备物品清单"
    CUSTOMERS = "客户清单"


class DataClass(StrEnum):
    """The four classes of content behind an account (R0.35)."""

    CUSTOMERS = "客户资源"
    TRADE = "交易信息"
    TALK = "沟通记录"
    SPENDING = "投入凭证"


class ItemState(StrEnum):
    """Where an item of a list stands; 已交付 is for what needs no test of recovery."""

    WAITING = "待交"
    DELIVERED = "已交付未恢复"
    RECOVERED = "已恢复"
    HANDED = "已交付"
    OVERDUE = "逾期未交回"
    UNABLE = "无法交接"


class Party(StrEnum):
    """Who states something in a leaving."""

    COMPANY = "公司"
    STAFF = "移交人"


class Answer(StrEnum):
    """What the company says to a promise that the leaver lists."""

    CONFIRMED = "确认"
    REFUSED = "不予确认"


class Confirmation(StrEnum):
    """The two questions of a follow-up (R0.32)."""

    ACCOUNT = "账号已恢复使用"
    CERTIFICATE = "证明已取得"


class Role(StrEnum):
    """The three who sign every list (R0.47)."""

    LEAVER = "移交人"
    RECEIVER = "接收人"
    SUPERVISOR = "监交人"


@dataclass(frozen=True, slots=True)
class PlatformCustomer:
    """A customer as the platform lists him under the leaver; the register may not know him."""

    platform: str
    external_id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class OpenCase:
    """News of a leaving. `last_day` is the last day of work, `notice_on` the day on which notice was given."""

    staff_id: UUID
    reason: LeavingReason
    last_day: date
    notice_on: date
    receiver: UUID | None = None
    supervisor: UUID | None = None
    approval: UUID | None = None
    source: Source = Source.CONSOLE
    platform: tuple[PlatformCustomer, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseRef:
    """A leaving as it stands. `last_minute` is the first ms after the last day of work."""

    id: UUID
    matter: UUID
    number: str
    staff_id: UUID
    engagement_kind: EngagementKind
    sender: str | None
    reason: LeavingReason
    notice_on: date
    last_day: date
    last_minute: int
    receiver: UUID | None
    supervisor: UUID | None
    approval: UUID | None
    source: Source
    stage: Stage
    opened_at: int
    digest: str
    table_version: str
    closed_on: date | None
    note: str

    @property
    def open(self) -> bool:
        return self.closed_on is None


@dataclass(frozen=True, slots=True)
class SnapshotLine:
    """One thing held when the case was opened. `subject` is the register row; `key` its natural key."""

    cls: LineClass
    key: str
    label: str
    subject: UUID | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything held at the moment of opening; `digest` is SHA-256 (hex) over the canonical lines."""

    digest: str
    lines: tuple[SnapshotLine, ...]

    def of(self, cls: LineClass) -> tuple[SnapshotLine, ...]:
        return tuple(line for line in self.lines if line.cls is cls)

    def counts(self) -> dict[LineClass, int]:
        """How many lines each class has, every class present."""
        return {cls: len(self.of(cls)) for cls in LineClass}


@dataclass(frozen=True, slots=True)
class DataRow:
    """A class of content with its count, span and hash (R0.35). `note` says what is not known."""

    cls: DataClass
    count: int
    amount_fen: int | None
    first: date | None
    last: date | None
    digest: str
    note: str


@dataclass(frozen=True, slots=True)
class ListItem:
    key: str
    label: str
    state: ItemState
    subject: UUID | None
    days_late: int = 0
    reason: str = ""  # why it cannot be handed over
    objections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandList:
    """One of the four lists: its items, the paper on which it was printed, and who has signed that."""

    kind: ListKind
    items: tuple[ListItem, ...]
    data: tuple[DataRow, ...]
    papers: tuple[UUID, ...]
    signed: tuple[Role, ...]

    @property
    def unsigned(self) -> tuple[Role, ...]:
        """Who has still to sign; all three while no paper exists."""
        return tuple(role for role in Role if role not in self.signed)


@dataclass(frozen=True, slots=True)
class Statement:
    """What one side says of a line: an amount, or words, or both; None: says nothing."""

    fen: int | None = None
    qualifier: Qualifier = Qualifier.EXACT
    text: str = ""


@dataclass(frozen=True, slots=True)
class NewCommission:
    """An order in progress or one whose commission is open, by its number."""

    order_no: str
    product: str = ""
    company: Statement | None = None
    staff: Statement | None = None


@dataclass(frozen=True, slots=True)
class CommissionLine:
    id: UUID
    order_no: str
    product: str
    company: Statement | None
    staff: Statement | None

    @property
    def agreed(self) -> bool:
        """Both sides name the same exact amount."""
        return _agreed(self.company, self.staff)


@dataclass(frozen=True, slots=True)
class NewSettlement:
    """A line of the settlement: 工资, 提成, 未休年假折算, 报销, 借款, … `owed_by` is who pays."""

    name: str
    owed_by: Party
    company: Statement | None = None
    staff: Statement | None = None
    pay_by: date | None = None


@dataclass(frozen=True, slots=True)
class SettlementLine:
    id: UUID
    name: str
    owed_by: Party
    company: Statement | None
    staff: Statement | None
    pay_by: date | None
    paid_on: date | None
    paper: UUID | None

    @property
    def agreed(self) -> bool:
        """Both sides name the same exact amount."""
        return _agreed(self.company, self.staff)


def _agreed(one: Statement | None, other: Statement | None) -> bool:
    if one is None or other is None or one.fen is None:
        return False
    return one.fen == other.fen and one.qualifier is other.qualifier is Qualifier.EXACT


@dataclass(frozen=True, slots=True)
class NewPromise:
    """What the leaver says was promised to a customer: 赠课, 退费, 折扣."""

    customer: UUID
    text: str
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class PromiseLine:
    id: UUID
    customer: UUID
    text: str
    promised_on: date | None
    answer: Answer | None
    answer_text: str
    answered_on: date | None


@dataclass(frozen=True, slots=True)
class ObjectionRef:
    id: UUID
    place: str  # the list or paper objected to
    subject: UUID | None
    by: Party
    text: str
    made_on: date
    answer: str
    answered_on: date | None


@dataclass(frozen=True, slots=True)
class AttemptRef:
    """One try to reach the leaver. `delivery` is the row of papers that proves it."""

    id: UUID
    how: str
    tried_on: date
    outcome: str
    delivery: UUID | None
    witnesses: tuple[str, ...]
    proof: UUID | None


@dataclass(frozen=True, slots=True)
class FollowUpRef:
    id: UUID
    asked: Confirmation
    confirmed: bool
    who: str
    visitor: str
    visited_on: date
    paper: UUID | None


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing for 完成, on whose side, and who must act."""

    code: str
    text: str
    who: str


@dataclass(frozen=True, slots=True)
class Completion:
    """Whether the hand-over is 完成 (R0.23, R0.47), and what each side still owes."""

    company: tuple[Missing, ...]
    staff: tuple[Missing, ...]
    sender: tuple[Missing, ...] = ()

    @property
    def done(self) -> bool:
        """The sender's duties are shown, and do not hold up the firm that cannot perform them."""
        return not self.company and not self.staff


@dataclass(frozen=True, slots=True)
class Route:
    """Where a quarrel about this leaving goes, and until when (R0.3)."""

    body: str
    limitation: str
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CertificateData:
    """The four fields of LCR-24 and nothing else: no reason, no comment. `issuer` may be the 派遣单位."""

    title: str
    issuer: str
    name: str
    term: str
    ended_on: date
    post: str
    service: str
    articles: tuple[str, ...] = field(default=())
