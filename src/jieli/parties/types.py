"""Values of the parties room. Enum values are the words that are stored."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

#: What stands in the place of the name of somebody who was erased from the register (ADR 26).
ERASED = "已删除的人"


class EngagementKind(StrEnum):
    """How a person works for an entity; duties and limitation differ by it (R0.3)."""

    LABOUR = "劳动"
    SERVICE = "劳务"
    DISPATCH = "派遣"
    OTHER = "其他"


class CustomerSource(StrEnum):
    """Where a customer came from (R0.11)."""

    ORDER = "购课订单"
    ADVERTISING = "广告"
    PERSONAL = "个人关系"
    UNKNOWN = "不明"


class Qualifier(StrEnum):
    """How exactly an amount is known (R0.5): 近17万 is not 17万."""

    EXACT = "准"
    NEARLY = "近"
    ABOUT = "约"
    OVER = "余"
    MORE_THAN = "超"


@dataclass(frozen=True, slots=True)
class NewEntity:
    code: str
    name: str
    uscc: str = ""  # 统一社会信用代码


@dataclass(frozen=True, slots=True)
class NewUnit:
    code: str
    name: str
    entity_id: UUID
    parent_code: str | None = None


@dataclass(frozen=True, slots=True)
class NewStaff:
    staff_no: str
    name: str
    unit_id: UUID
    post: str
    joined_on: date
    phone: str | None = None
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class NewEngagement:
    staff_id: UUID
    entity_id: UUID
    kind: EngagementKind
    begins_on: date
    ends_on: date | None = None
    sender: str | None = None  # 派遣单位


@dataclass(frozen=True, slots=True)
class NewCustomer:
    customer_no: str
    name: str
    source: CustomerSource = CustomerSource.UNKNOWN
    region: str | None = None
    industry: str | None = None
    minor: bool = False
    health: bool = False
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class NewIdentity:
    customer_id: UUID
    platform: str
    external_id: str


@dataclass(frozen=True, slots=True)
class NewOrder:
    order_no: str
    customer_id: UUID
    product: str
    amount_fen: int
    ordered_on: date
    staff_id: UUID | None = None
    qualifier: Qualifier = Qualifier.EXACT


@dataclass(frozen=True, slots=True)
class StaffRef:
    """A member of staff; `name` is ERASED where `erased` says so."""

    id: UUID
    staff_no: str
    name: str
    unit_name: str
    post: str
    joined_on: date
    left_on: date | None
    erased: bool = False


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """A customer; of an erased one only number and source are known, and `name` is ERASED."""

    id: UUID
    customer_no: str
    name: str
    source: CustomerSource
    region: str | None
    industry: str | None
    minor: bool
    health: bool
    erased: bool = False


@dataclass(frozen=True, slots=True)
class EngagementRef:
    id: UUID
    staff_id: UUID
    entity_id: UUID
    entity_name: str
    kind: EngagementKind
    begins_on: date
    ends_on: date | None
    sender: str | None


@dataclass(frozen=True, slots=True)
class OrderRef:
    """An order on which somebody stands as the seller."""

    id: UUID
    order_no: str
    customer: UUID
    product: str
    amount_fen: int
    qualifier: Qualifier
    ordered_on: date


@dataclass(frozen=True, slots=True)
class OrderShare:
    """How many of some customers are tied to an order, and whose source nobody knows (R0.11)."""

    total: int
    with_order: int
    unknown: tuple[UUID, ...]

    def percent(self) -> int:
        """Whole percent, rounded down so that it never claims more than there is; 0 of none."""
        return self.with_order * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What writing a register did: rows new, changed, and left alone because nothing differed."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.new + other.new, self.changed + other.changed, self.unchanged + other.unchanged)
