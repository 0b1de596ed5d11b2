"""Values of the approvals room. Enum values are the words that are stored and shown. Moments are ms UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID


class EnablementPaper(StrEnum):
    """Papers on which an enablement rests (R2.6, R2.15)."""

    RULES = "规章制度"
    CONTRACT = "劳动合同条款"
    REVIEW = "事前合规审查"
    ASSESSMENT = "个人信息保护影响评估"


#: What is enabled under this name.
INHERITANCE = "离职继承"

#: What → the kinds of paper without which it cannot be enabled, in the order in which they are named.
REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {INHERITANCE: tuple(kind.value for kind in EnablementPaper)}
)


class RequestState(StrEnum):
    WAITING = "待审批"
    APPROVED = "已同意"
    REJECTED = "已驳回"
    REVOKED = "已撤销"


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided on a request. `outside`: the decision was made elsewhere, `paper` proves it."""

    id: UUID
    agree: bool
    reason: str
    approver: str
    decided_at: int
    decided_on: date
    paper: UUID | None


@dataclass(frozen=True, slots=True)
class RequestRef:
    """A request as it stands. `system` and `number` name the foreign OA's document where it was made there."""

    id: UUID
    kind: str
    subject: UUID
    digest: bytes
    scope: str
    reason: str
    applicant: str
    excluded: tuple[UUID, ...]
    opened_at: int
    expires_at: int | None
    system: str
    number: str
    state: RequestState
    decision: Decided | None
    revoked_at: int | None
    revoked_by: str
    revoked_reason: str


@dataclass(frozen=True, slots=True)
class DecisionRef:
    """A decision just written. `id` is the approval's id where it agrees."""

    id: UUID
    request: UUID
    agree: bool
    reason: str
    approver: str
    decided_at: int


@dataclass(frozen=True, slots=True)
class ApprovalRef:
    """A decision in force. Its `id` is what every call to a platform stores (R2.30).

    `decided_at` is when it was written here; `outside` names system and number of a decision made elsewhere.
    """

    id: UUID
    kind: str
    subject: UUID
    approver: str
    decided_at: int
    expires_at: int | None
    request: UUID
    applicant: str
    scope: str
    outside: str = ""


@dataclass(frozen=True, slots=True)
class EnablementRef:
    """That something may be done at all, from a day until another (inclusive), and the papers it rests on."""

    id: UUID
    what: str
    papers: Mapping[str, UUID]
    note: str
    from_day: date
    until: date | None
    enabled_by: str
    enabled_at: int
