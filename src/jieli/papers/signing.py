"""What stands beside a paper: who signed it and how, who refused, how it was delivered, and when it was sealed.

A paper is never changed by any of these: they are rows of their own that name the paper's digest (ADR 14).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class Grade(StrEnum):
    """How somebody signed. Only 甲 and 乙 are called electronic signatures (ESIG-13)."""

    CA = "甲"
    PASSKEY = "乙"
    TRACE = "丙"
    INK = "线下"


#: What is printed where the name stands.
GRADE_LINES: Final = {
    Grade.CA: "甲　第三方 CA 个人证书签名",
    Grade.PASSKEY: "乙　本人通行密钥签名",
    Grade.TRACE: "丙　系统留痕确认（不称可靠电子签名）",
    Grade.INK: "线下　手签",
}


class AnswerKind(StrEnum):
    SIGNED = "签署"
    REFUSED = "拒签"


class Channel(StrEnum):
    """How a paper was sent to somebody."""

    WECOM = "企业微信"
    SMS = "短信"
    MAIL = "邮件"
    EMS = "EMS"
    IN_PERSON = "当面"
    LEFT = "留置见证"
    PUBLIC = "公告"
    PORTAL = "门户"


class Outcome(StrEnum):
    """What came of a delivery. 已查看 is what a platform or our own portal tells, never a signature."""

    RECEIVED = "已签收"
    SEEN = "已查看"
    RETURNED = "退回"
    DECLINED = "拒收"
    NO_ANSWER = "无人应答"


@dataclass(frozen=True, slots=True)
class SignatureRef:
    """One person's signature in one role. `paper_sha256` is 64 hex digits: what was signed, byte for byte.

    `evidence` is what anyone needs to check it again without us; empty for ink, whose `scan` is the photograph.
    """

    id: UUID
    paper: UUID
    paper_sha256: str
    role: str
    signer: UUID | None
    signer_name: str
    grade: Grade
    evidence: dict[str, str]
    scan: UUID | None
    signed_at: int


@dataclass(frozen=True, slots=True)
class RefusalRef:
    """拒签登记: who refused in which role, why as far as he said, and before whom."""

    id: UUID
    paper: UUID
    role: str
    refuser: UUID | None
    refuser_name: str
    reason: str
    witnesses: tuple[str, ...]
    proof: UUID | None
    refused_at: int


@dataclass(frozen=True, slots=True)
class ResultRef:
    """What came of a delivery, by whom it was received, and the paper that shows it (底单照片)."""

    id: UUID
    outcome: Outcome
    who: str
    proof: UUID | None
    outcome_at: int


@dataclass(frozen=True, slots=True)
class DeliveryRef:
    """One sending of a paper to one person; `results` in the order in which they were entered."""

    id: UUID
    paper: UUID
    to: UUID | None
    to_name: str
    channel: Channel
    address: str
    number: str
    sent_at: int
    results: tuple[ResultRef, ...] = ()

    @property
    def outcome(self) -> Outcome | None:
        """The last outcome that was entered; nothing while none was."""
        return self.results[-1].outcome if self.results else None


@dataclass(frozen=True, slots=True)
class SealUseRef:
    """用印登记: which physical seal was put on a paper, under which order, by whose hand."""

    id: UUID
    paper: UUID
    seal_no: str
    order_no: str
    handler: str
    used_at: int
