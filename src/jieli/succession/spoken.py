"""Words between the house and a customer: channels, choices, the card he is shown. Values only."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

MAX_CHOICES = 5  # a customer may change his mind; a machine may not try for ever


class Channel(StrEnum):
    """How something was said."""

    WECOM = "企业微信"
    SMS = "短信"
    MAIL = "邮件"
    PHONE = "电话"
    PUBLIC_PAGE = "公众号"
    LINK = "选择链接"
    PAPER = "书面"
    FACE = "当面"


class ChoiceWord(StrEnum):
    """What a customer may choose."""

    ACCEPT = "接受"
    REFUSE = "拒绝接替"
    ANOTHER = "换一位顾问"
    NO_CONTACT = "不再联系我"


class ClosedWhy(StrEnum):
    """Why the house says nothing more to a customer by itself."""

    ACCEPTED = "已接受"
    REFUSED = "拒绝接替"
    REFUSED_THERE = "在平台上拒绝"
    ANOTHER = "要求换一位"
    NO_CONTACT = "不再联系"
    COMPLAINT = "投诉"


class Reach(StrEnum):
    """What came of a notice."""

    SENT = "已发出"
    DELIVERED = "已送达"
    SEEN = "已打开链接"
    RETURNED = "退回"
    FAILED = "发送失败"


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """All that a customer sees behind his link. Nothing else about him, about others, or why somebody leaves."""

    company: str
    uscc: str
    phone: str
    leaver: str
    receiver: str  # empty while nobody is proposed
    changes: tuple[str, ...]
    choices: tuple[ChoiceWord, ...]
    chosen: ChoiceWord | None
    contact_way: str  # the 联系我 code's address, only after a refusal
    complaint: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class ChoiceReceipt:
    """What a customer keeps: the entry of the book in which his word stands."""

    id: UUID
    entry: int
    choice: ChoiceWord
    at: int


@dataclass(frozen=True, slots=True)
class ComplaintReceipt:
    """Number of the matter in which a complaint is dealt with, and its entry in the book."""

    matter: str
    entry: int
    at: int


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A notice that has been entered and is now to be sent; the token exists here only."""

    contact: UUID
    customer: UUID
    reminder: bool
    token: str
    text: str
