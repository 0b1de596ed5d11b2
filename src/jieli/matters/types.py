"""What a matter is to other rooms."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class MatterKind(StrEnum):
    LEAVING = "离职"
    DISPUTE = "争议"
    LEAK = "泄露"
    INCIDENT = "事件"
    REQUEST = "请求"


class PersonKind(StrEnum):
    STAFF = "员工"
    CUSTOMER = "客户"


@dataclass(frozen=True, slots=True)
class Involved:
    """Somebody whom a matter concerns, by the id of his register row, and as what: 当事人, 经办人, 证人, …"""

    kind: PersonKind
    person: UUID
    role: str


@dataclass(frozen=True, slots=True)
class MatterRef:
    """A matter as it stands; days are those of China."""

    id: UUID
    kind: MatterKind
    number: str
    title: str
    opened_on: date
    closed_on: date | None
    people: tuple[Involved, ...]

    @property
    def open(self) -> bool:
        return self.closed_on is None
