"""Values of the reading room. Enum values are the words that are stored and shown. Times are ms UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from jieli.reading.errors import EmptyWindow


class Purpose(StrEnum):
    """What content may be read for (R3.7, and 客户服务接续 where customers get a new keeper). There is no other."""

    PRIVATE_DEALS = "防私单"
    DIVERTED_ORDERS = "防飞单"
    COMPLAINT = "投诉溯源"
    AUDIT = "合规审计"
    QUALITY = "质检"
    SERVICE = "客户服务接续"
    EVIDENCE = "争议举证"


class SystemPurpose(StrEnum):
    """What a machine opens content for without showing it to anybody; no person can name it as a purpose."""

    REBUILD = "系统重建"
    MEDIA = "附件入档"


class OpeningKind(StrEnum):
    SEARCH = "检索"
    READ = "查阅"
    EVIDENCE = "取证"
    REBUILD = "重建"
    MEDIA = "入档"


class LeftOut(StrEnum):
    """Why an item is not opened, in the order in which reasons are looked at."""

    DESTROYED = "已销毁"
    OUT_OF_REACH = "不在权限范围"
    NO_SCOPE = "未授权此用途"
    WITHDRAWN = "已撤回此用途"
    OBJECTION = "有异议待答复"


class NotShown(StrEnum):
    """Why an item that was opened was not shown after all: it stays named as 已开启未显示."""

    NO_MATCH = "不含检索词"
    DESTROYED = "已销毁"


class Capacity(StrEnum):
    """What an item has to do with a staff member."""

    SPEAKER = "发言人"
    HOLDER = "责任人"
    USER = "使用人"


@dataclass(frozen=True, slots=True)
class Window:
    """What a search or a conversation is narrowed to; times half open, everything optional.

    EmptyWindow where nothing can lie between its ends: nobody should enter an opening that can show nothing.
    """

    from_ms: int | None = None
    to_ms: int | None = None
    account: UUID | None = None
    party: UUID | None = None

    def __post_init__(self) -> None:
        if self.from_ms is not None and self.to_ms is not None and self.from_ms >= self.to_ms:
            raise EmptyWindow(
                "起始时间不早于截止时间，其间没有内容。", remedy="请把较早的时间写在前面（--from）。"
            )


@dataclass(frozen=True, slots=True)
class Shown:
    """An item's content, on its way to the one screen it was opened for. `snippet` is part of `text`."""

    item_id: int
    conversation: int
    event_ms: int
    channel: str
    msgtype: str
    speaker_kind: str | None
    speaker: UUID | None
    account: UUID | None
    holder: UUID | None
    documented_later: bool
    recalls: bytes | None
    sender: str
    receivers: tuple[str, ...]
    text: str
    snippet: str
    media: tuple[Mapping[str, Any], ...]

    def __repr__(self) -> str:
        return f"Shown({self.item_id})"  # content never reaches a log


@dataclass(frozen=True, slots=True)
class Page:
    """What was shown under one opening. `left_out` counts what was not opened, `not_shown` what was and did not match.

    `following` goes on after this page, None at the end. A page may be shorter than asked for and yet go on.
    """

    opening: UUID
    entry: int
    shown: tuple[Shown, ...]
    left_out: Mapping[LeftOut, int] = field(default_factory=dict)
    not_shown: Mapping[NotShown, int] = field(default_factory=dict)
    following: str | None = None


@dataclass(frozen=True, slots=True)
class OpeningRef:
    """An opening as a person concerned sees it: who by role, why, when, how much, and never what was looked for.

    `approval` is the 审批号 where the purpose needed one.
    """

    id: UUID
    entry: int
    at: int
    kind: OpeningKind
    purpose: Purpose
    role: str
    unit: str
    matter_kind: str
    matter_number: str
    items: int
    capacities: tuple[Capacity, ...]
    approval: UUID | None = None
