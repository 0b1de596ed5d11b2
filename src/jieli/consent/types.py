"""Values of the consent room. Enum values are the words that are stored."""

from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, Protocol
from uuid import UUID

from jieli.consent.reasons import Reason
from jieli.consent.words import Word

__all__ = ["Reason"]


class Means(Word):
    """A way of watching; each has a consent of its own (R3.27)."""

    CHAT = "会话存档"
    CALL = "通话录音"
    SCREEN = "屏幕"
    LOCATION = "定位"
    KEYWORDS = "关键词扫描"


class Scope(Word):
    """What may be done with what was collected; consent to one is none to another (R3.32)."""

    CAPTURE = "采集"
    QUALITY = "质检使用"
    EVIDENCE = "争议举证使用"
    SERVICE = "客户服务接续"
    THIRD_PARTY = "向第三方提供"


class SubjectKind(Word):
    STAFF = "员工"
    CUSTOMER = "客户"


class Step(Word):
    """What was said about one means and one scope."""

    AGREE = "同意"
    REFUSE = "不同意"
    WITHDRAW = "撤回"
    OBJECT = "异议"
    ANSWERED = "异议已答复"


class StatedBy(Word):
    """Who says so; it decides from when a statement holds (ADR 11)."""

    COMPANY = "公司"
    PLATFORM = "平台"
    SELF = "本人"


class DocumentKind(Word):
    """The four papers without which nothing is recorded (R3.15)."""

    CONTRACT_CLAUSE = "劳动合同条款"
    HANDBOOK = "员工手册"
    DEVICE_AGREEMENT = "设备领取协议"
    CONSENT_FORM = "同意书"


class ShiftKind(Word):
    """`加班` is overtime with the person's own approved form; `取消` takes back what was rostered before it."""

    REGULAR = "班次"
    OVERTIME = "加班"
    CANCELLED = "取消"


class DayKind(Word):
    WORKDAY = "工作日"
    REST = "休息日"
    HOLIDAY = "法定节假日"
    MADE_UP = "调休上班"


#: Kinds of leave are the company's own words, but for these two.
LEAVE_ENDED, OFF_POST = "销假", "离岗"

CHAT, CALL = "chat", "call"
MEANS_OF = {CHAT: Means.CHAT, CALL: Means.CALL}


@dataclass(frozen=True, slots=True)
class NewNotice:
    """A notice to be published. Every text is required (R3.11, R3.34); `kind` says to whom it speaks."""

    kind: SubjectKind
    title: str
    text: str
    means: tuple[Means, ...]
    scopes: tuple[Scope, ...]
    purpose: str  # 目的
    hours: str  # 启用时段
    use: str  # 数据用途
    retention: str  # 存储期限
    categories: str  # 信息种类
    contact: str  # 处理者名称和联系方式
    rights: str  # 行使权利的方式和程序
    summary: str  # 白话摘要：让渡了什么、哪些可以拒绝而不受影响、本人有何义务


@dataclass(frozen=True, slots=True)
class NewConsent:
    """One statement of one person about one means and one scope; a refusal needs no notice. Times in ms UTC."""

    subject_kind: SubjectKind
    subject: UUID
    means: Means
    scope: Scope
    claimed_at: int
    notice: UUID | None
    step: Step = Step.AGREE
    stated_by: StatedBy = StatedBy.COMPANY
    explicit: bool = True
    guardian: bool = False  # 监护人代未成年人同意
    paper: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewDocument:
    staff_id: UUID
    kind: DocumentKind
    signed_on: date
    paper_id: UUID | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class NewShift:
    staff_id: UUID
    begins_ms: int
    ends_ms: int
    kind: ShiftKind = ShiftKind.REGULAR


@dataclass(frozen=True, slots=True)
class NewLeave:
    """`kind` is the company's word (年假, 病假, …), 离岗, or 销假, which takes back what lies in its span."""

    staff_id: UUID
    begins_ms: int
    ends_ms: int
    kind: str


class PlatformStatement(Protocol):
    """What a connector read: the platform says that a customer agreed or refused to be archived."""

    @property
    def message_id(self) -> str: ...
    @property
    def raw(self) -> bytes: ...
    @property
    def customer(self) -> str: ...
    @property
    def staff(self) -> tuple[str, ...]: ...
    @property
    def room(self) -> str: ...
    @property
    def agreed(self) -> bool: ...
    @property
    def at_ms(self) -> int: ...


@dataclass(frozen=True, slots=True)
class PlatformOutcome:
    """`known`: told before. `implausible`: agreements with an impossible time, which are no basis and not kept."""

    recorded: int = 0
    known: int = 0
    implausible: int = 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a bulk load did."""

    new: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class DefaultShift:
    """Minutes after midnight, on working days, for a post that keeps no roster."""

    begins: int
    ends: int


@dataclass(frozen=True, slots=True)
class Rules:
    """What a policy decides. Without one: only 销售 and 客服 (R3.8), no default shift, Default_Agree is none."""

    posts: frozenset[str] = frozenset({"销售", "客服"})
    default_shifts: dict[str, DefaultShift] = field(default_factory=dict)
    late_withdrawal: bool = False  # a withdrawal reaches back over messages that were pulled after it
    default_agree: bool = False  # a platform's Default_Agree counts as consent


@dataclass(slots=True)
class GateMessage:
    """What the gate needs to know of a message; ids are the platform's own. Not frozen: a million are made a run.

    `account` is the company account from whose side it came, None when the source does not say; `room` is "" when
    one to one; `sender` is "" when the source names nobody.
    """

    channel: str
    event_ms: int
    account: str | None
    room: str
    sender: str
    receivers: tuple[str, ...]


class Basis(NamedTuple):
    """Why a message may be recorded: the rows it rests on as (table, id), each committed before the batch.

    A tuple, for it is made in a third of the time of an object; no plain one, by which reasons are told from it.
    `documented_later`: at the event's time nothing recorded allowed it; only claimed times do (historical).
    `scopes` are those that speaker and holder both agreed to, and for calls the customer too.
    """

    rows: tuple[tuple[str, str], ...]
    documented_later: bool
    speaker: UUID
    speaker_kind: SubjectKind
    account: UUID
    holder: UUID
    scopes: frozenset[Scope]
