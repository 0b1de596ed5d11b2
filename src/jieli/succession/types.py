"""Values of the succession room. Enum values are the words that are stored and shown; moments are ms UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from jieli.law.verdicts import Verdict

#: The words under which approvals and enablements are asked for (R2.16, R2.15).
RULE_APPROVAL, PLAN_APPROVAL, ENABLEMENT = "接续规则", "接续方案", "离职继承"


class CriterionKind(StrEnum):
    """By what customers are told apart (R2.17, R2.19)."""

    REGION = "地域"
    INDUSTRY = "行业"
    LANGUAGE = "语言"
    QUALIFICATION = "资质"


class Force(StrEnum):
    """必须: nobody else may take over. 优先: somebody else may, but only when none of these can."""

    MUST = "必须"
    PREFER = "优先"


class TrainingContent(StrEnum):
    """The two kinds of training without which nobody receives customers (R2.20)."""

    LAW = "法律法规"
    PRACTICE = "操作规范"


class Mode(StrEnum):
    """R2.2: allotted by the rule, or by hand line by line."""

    AUTO = "自动"
    MANUAL = "手动"


class Phase(StrEnum):
    """通知期: on-the-job transfer, a refusal stays with the leaver. 离职后: inheritance, a refusal ends it."""

    NOTICE = "通知期"
    AFTER = "离职后"


class CustomerState(StrEnum):
    """Where one customer of a plan stands. Nobody is lost: what has no receiver has an owner and a day (P8)."""

    PLANNED = "待接续"
    SUBMITTED = "已提交"
    WAITING = "等待接替"
    TAKEN = "已接替"
    REFUSED = "客户拒绝"
    FULL = "超限"
    FAILED = "未能接续"
    NOBODY = "待定"
    NO_CONTACT = "不再联系"


#: With the platform: such a customer stands in no second plan.
IN_FLIGHT = frozenset({CustomerState.SUBMITTED, CustomerState.WAITING})


class PlanState(StrEnum):
    """Approved is no state: `approvals` says it of the digest."""

    DRAFT = "草稿"
    SUBMITTED = "已提交审批"
    VOID = "已作废"


class Wish(StrEnum):
    """What a customer said of being handed on; the latest word counts (R2.9)."""

    REFUSES = "拒绝接替"
    NO_CONTACT = "不再联系我"
    WELCOMES = "愿意接续"


class ConsentKind(StrEnum):
    """Separate consents that a transfer may need: PIPL-23 across entities, PIPL-31 for a minor."""

    ENTITY = "向其他主体提供"
    GUARDIAN = "监护人同意"


class ConsentStep(StrEnum):
    AGREE = "同意"
    WITHDRAW = "撤回"


class Light(StrEnum):
    """How a check of the preflight came out; one red stops the job (R2.4)."""

    GREEN = "通过"
    AMBER = "待办"
    RED = "不通过"


class Code(StrEnum):
    """The four verdicts of a transfer."""

    OK = "TRANSFER_OK"
    NOTICE = "TRANSFER_NEEDS_NOTICE"
    CONSENT = "TRANSFER_NEEDS_CONSENT"
    BLOCKED = "TRANSFER_BLOCKED"


class Why(StrEnum):
    """Reasons kept beside a customer or a receiver. Stored as code and values, worded when shown: no names at rest."""

    # why this receiver
    FITS = "fits"  # kind, value, force
    OPEN = "open"  # kind, value: no row of the rule speaks of it
    UNKNOWN = "unknown"  # kind: the customer has no such value
    MISSED = "missed"  # kind, value: a preference that could not be met
    SCORE = "score"  # score, months, fen, rank, of how many permitted
    LOAD = "load"  # customers after the plan, capacity
    ORDER = "order"  # alike customers, position
    ENTITY_CONSENT = "entity_consent"  # the customer's separate consent
    BY_HAND = "by_hand"  # a person decided; his reason stands in the override
    # why nobody
    NO_RULE = "no_rule"
    MANUAL = "manual"
    NO_CONTACT = "no_contact"
    REFUSED = "refused"
    SOURCE = "source"
    MINOR = "minor"
    IN_FLIGHT = "in_flight"  # number of the matter
    TOO_LATE = "too_late"  # day the platform's year ended
    NOT_LOGGED_IN = "not_logged_in"
    NO_RECEIVER = "no_receiver"
    NO_MATCH = "no_match"  # kind, value
    NO_CONSENT = "no_consent"
    FULL = "full"
    # why not this receiver
    LEAVING = "leaving"
    IS_LEAVER = "is_leaver"
    EXCLUDED = "excluded"
    UNTRAINED = "untrained"  # content
    OVERDUE = "overdue"  # content, last day
    UNCOMMITTED = "uncommitted"
    PLATFORM = "platform"  # what the platform says is missing
    NO_ENTITY = "no_entity"
    # the calendar of a transfer
    TWICE = "twice"  # day from which the platform allows a third on-the-job transfer
    TOO_CLOSE = "too_close"  # less than 48 hours before the end


class Fix(StrEnum):
    """One change, and one alone, that would make a customer assignable."""

    RAISE_CAPACITY = "raise_capacity"  # staff, from, to
    DROP_CRITERION = "drop_criterion"  # kind, value, staff…
    CLEAR_OBSTACLE = "clear_obstacle"  # staff, code of the obstacle, values…
    GET_CONSENT = "get_consent"  # staff…
    ASK_GUARDIAN = "ask_guardian"
    PROVE_SOURCE = "prove_source"
    CUSTOMER_COMES = "customer_comes"  # scanning the QR of 联系我
    APPROVE_RULE = "approve_rule"
    CHOOSE = "choose"  # name a receiver by hand
    FALLBACK = "fallback"  # call list and QR, at most one contact
    WAIT = "wait"  # the other plan
    NONE = "none"  # no single change is enough


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and its values. Values are words of the registers, numbers, or ids of staff; never a name."""

    code: Why
    values: tuple[str, ...] = ()

    def stored(self) -> list[str]:
        return [self.code.value, *self.values]


@dataclass(frozen=True, slots=True)
class Remedy:
    """What would make an unassigned customer assignable; several are alternatives, each enough by itself."""

    code: Fix
    values: tuple[str, ...] = ()

    def stored(self) -> list[str]:
        return [self.code.value, *self.values]


# ---- rules


@dataclass(frozen=True, slots=True)
class Targets:
    """Receivers as people write them: codes of units, and 工号."""

    units: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.units or self.staff)


@dataclass(frozen=True, slots=True)
class Criterion:
    """Customers with this value go to these receivers. `value` "*" stands for every value not written."""

    kind: CriterionKind
    value: str
    to: Targets
    force: Force = Force.MUST


@dataclass(frozen=True, slots=True)
class Weights:
    """Whole numbers from 0 to 100. `balance` weighs an even load; 0 fills the best score first (R2.18)."""

    tenure: int = 50
    contribution: int = 50
    balance: int = 0


@dataclass(frozen=True, slots=True)
class RuleContent:
    """What a rule says. `capacity` is how many customers a receiver may have in all; `own_capacity` per 工号."""

    pool: Targets
    capacity: int
    criteria: tuple[Criterion, ...] = ()
    weights: Weights = Weights()
    own_capacity: tuple[tuple[str, int], ...] = ()


class RuleSection(StrEnum):
    """The first cell of a row in the table editor."""

    POOL = "接手范围"
    CRITERION = "条件"
    WEIGHT = "权重"
    CAPACITY = "上限"


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A row of the table editor, every cell text. Targets are written as 部门:S1 or 工号:E001, joined by 、."""

    section: str = ""
    kind: str = ""
    value: str = ""
    targets: str = ""
    force: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class RuleRef:
    id: UUID
    version: int
    name: str
    content: RuleContent
    digest: bytes
    rationale: str
    customer_need: str
    effective_from: date
    paper: UUID | None
    proposed_by: str
    proposed_at: int


# ---- facts that a plan rests on


@dataclass(frozen=True, slots=True)
class PlatformMember:
    """What the platform says of a receiver; `None` where nobody asked it."""

    active: bool | None = None  # 已激活
    real_name: bool | None = None  # 已实名
    external_contact: bool | None = None  # 有客户联系权限
    logged_in: bool | None = None  # 一年内登录过
    customers: int | None = None  # 现有客户数


@dataclass(frozen=True, slots=True)
class PlatformFacts:
    """Given values of the platform; what is absent is unknown and judged by our own registers alone."""

    members: Mapping[UUID, PlatformMember] = field(default_factory=dict)
    #: instants at which a customer was handed on while the keeper was employed; the platform allows two in 90 days
    transfers: Mapping[UUID, tuple[int, ...]] = field(default_factory=dict)
    leaver_logged_in: bool | None = None  # within the year before leaving


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """A possible receiver as known when the plan is made. `load` includes nothing of this plan."""

    staff: UUID
    staff_no: str
    entity: UUID | None
    tenure_months: int
    contribution_fen: int
    capacity: int
    load: int
    reserved: int  # promised to him by other plans and not yet there
    obstacles: tuple[Reason, ...] = ()

    @property
    def free(self) -> int:
        return max(0, self.capacity - self.load - self.reserved)


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """A customer as the allocation sees him: no name, no value score (practice §3.11)."""

    id: UUID
    customer_no: str
    values: tuple[tuple[CriterionKind, str], ...] = ()
    entities: frozenset[UUID] = frozenset()  # other entities for which he gave his separate consent
    barred: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Job:
    """All that an allocation depends on. The same job gives the same allotment, in whatever order it is listed."""

    content: RuleContent | None
    entity: UUID | None  # the entity whose customers they are
    candidates: tuple[CandidateFacts, ...]
    customers: tuple[CustomerFacts, ...]
    #: receivers that each target of the rule stands for
    units: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    staff_nos: Mapping[str, UUID] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allotment:
    """One customer's place: a receiver with the reasons, or none with the reasons and what would help."""

    customer: UUID
    receiver: UUID | None
    reasons: tuple[Reason, ...]
    remedies: tuple[Remedy, ...] = ()
    cost: int = 0


# ---- plans


@dataclass(frozen=True, slots=True)
class Balance:
    """R2.29: all three are required before a plan can be submitted."""

    privacy_impact: str
    business_need: str
    alternative: str  # the less intrusive way that was considered (PIPL-6)


@dataclass(frozen=True, slots=True)
class PlanRef:
    id: UUID
    matter: UUID
    leaver: UUID
    rule: UUID | None
    rule_version: int | None
    mode: Mode
    notice_on: date
    last_minute: int
    state: PlanState
    owner: UUID  # staff who answers for whoever has no receiver
    due_on: date
    balance: Balance
    digest: bytes
    request: UUID | None  # the approval asked for
    made_by: str
    made_at: int
    solver: str
    customers: int
    assigned: int


@dataclass(frozen=True, slots=True)
class AssignmentRef:
    """One customer's line of a plan."""

    id: UUID
    plan: UUID
    customer: UUID
    customer_no: str
    receiver: UUID | None
    phase: Phase | None
    state: CustomerState
    reasons: tuple[Reason, ...]
    remedies: tuple[Remedy, ...]
    owner: UUID | None
    due_on: date | None


@dataclass(frozen=True, slots=True)
class OverrideRef:
    """A line changed by hand."""

    assignment: UUID
    customer_no: str
    before: UUID | None
    after: UUID | None
    reason: str
    made_by: str
    made_at: int


@dataclass(frozen=True, slots=True)
class Check:
    """One check of the preflight: what was found and the articles behind it."""

    code: str
    light: Light
    text: str
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One of the three sides of the preflight (R2.4); as dark as its worst check."""

    name: str
    light: Light
    checks: tuple[Check, ...]
    articles: tuple[str, ...]  # always cited, whatever was found (R2.5)


@dataclass(frozen=True, slots=True)
class Preflight:
    """The three sections and the verdict that follows from them."""

    sections: tuple[Section, ...]
    verdict: Verdict

    @property
    def code(self) -> Code:
        return Code(self.verdict.code)


@dataclass(frozen=True, slots=True)
class Batch:
    """One call to the platform: at most 100 customers of one receiver in one phase (R2.2)."""

    plan: UUID
    phase: Phase
    receiver: UUID
    number: int  # from 1, within receiver and phase
    assignments: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """When a phase may be submitted to the platform: from `opens` up to, not including, `closes`."""

    phase: Phase
    opens: int
    closes: int
