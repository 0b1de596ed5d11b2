"""Values of disputes. Enum values are the words that are stored and shown; days are those of China, money is fen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from jieli.duties.types import DutyRef, Side
from jieli.evidence.assessments.amounts import Amount
from jieli.evidence.assessments.losses import LossRow
from jieli.evidence.assessments.routes import Route
from jieli.evidence.assessments.sheets import Sheet
from jieli.law.verdicts import Fact, Period, ProofState, StatedBy, Verdict
from jieli.matters.types import MatterRef


class Party(StrEnum):
    """The two who dispute."""

    COMPANY = "公司"
    STAFF = "员工"


class Basis(StrEnum):
    """What a relief rests on; of the two only one may be chosen (CC-186)."""

    CONTRACT = "违约"
    TORT = "侵权"


class Issue(StrEnum):
    """What is judged, each by itself (R0.4)."""

    OWNERSHIP = "归属"
    RETURN = "交还"
    DAMAGES = "赔偿"
    LIABILITY = "责任"


class Legality(StrEnum):
    """Whether an exhibit may feed a verdict (R3.4)."""

    LAWFUL = "合法"
    QUARANTINED = "隔离"


class DefenceKind(StrEnum):
    """The three ready defences of R0.15, and any other."""

    NOT_USED = "未再使用"
    SHARED = "客户资源共同所有"
    NO_INTENT = "无故意"
    OTHER = "其他"


class Closing(StrEnum):
    """How a dispute ended: 调解 is not 判决."""

    MEDIATION = "调解"
    SETTLEMENT = "和解"
    JUDGMENT = "判决"
    AWARD = "裁决"
    WITHDRAWN = "撤诉"


class TermKind(StrEnum):
    """What a settlement's term is about."""

    RECOVER = "找回密码"
    RETURN = "交还"
    CERTIFICATE = "出具证明"
    PAYMENT = "付款"
    OTHER = "其他"


@dataclass(frozen=True, slots=True)
class NewDispute:
    """A dispute to open on a matter. The person or account may predate the system: then only their labels are given."""

    cause: str  # 案由
    claimant: Party
    person_label: str
    account_label: str
    staff: UUID | None = None
    account: UUID | None = None
    tribunal: str = ""
    docket: str = ""


@dataclass(frozen=True, slots=True)
class NewRelief:
    """One line of what is asked for. One in money names its basis."""

    issue: Issue
    text: str
    basis: Basis | None = None
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class NewFact:
    """A fact to state; `exhibits` are ids of the dispute's exhibits, `replaces` an earlier statement it corrects."""

    key: str
    value: str
    stated_by: StatedBy
    proof: ProofState = ProofState.CLAIMED
    event: Period | None = None
    exhibits: tuple[UUID, ...] = ()
    note: str = ""
    replaces: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewExhibit:
    """A paper that a party puts in, and what it is to prove."""

    paper: UUID
    party: StatedBy
    proves: str
    number: str = ""  # 证1, 证2 … in order where left empty


@dataclass(frozen=True, slots=True)
class NewLoss:
    """A lost customer; `customer` is a number or label, the same for the same customer under every head."""

    head: str
    customer: str
    course: str
    lost: Period | None = None
    attempts: int = 0
    exhibits: tuple[UUID, ...] = ()
    fen: int | None = None


@dataclass(frozen=True, slots=True)
class NewOutcome:
    """What was decided on one issue, by whom, when; `instance` tells 仲裁, 一审, 二审 apart."""

    issue: Issue
    code: str
    text: str
    decided_by: str
    decided_on: date
    instance: str = ""
    paper: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewTerm:
    """A duty that a settlement lays: on a day, or within days of its signing. Terms stand by themselves."""

    kind: TermKind
    obligor: Side
    obligee: Side
    action: str
    proof: str
    within_days: int | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True)
class NewSettlement:
    """A settlement as signed."""

    paper: UUID
    signed_on: date
    mediator: str
    terms: tuple[NewTerm, ...]


@dataclass(frozen=True, slots=True)
class NewFollowUp:
    """A visit after a settlement: what each side confirmed."""

    visited_on: date
    visitor: str
    account_restored: bool
    certificate_received: bool
    note: str = ""
    paper: UUID | None = None


@dataclass(frozen=True, slots=True)
class ExhibitRef:
    id: UUID
    number: str
    paper: UUID
    party: StatedBy
    proves: str
    legality: Legality
    grounds: str


@dataclass(frozen=True, slots=True)
class AssessmentRef:
    """A verdict as it was given: the facts it rested on, the rules it was given by, what it supports in money."""

    id: UUID
    issue: Issue
    verdict: Verdict
    facts: tuple[str, ...]
    rules: str
    assessed_at: int
    supported: Amount | None


@dataclass(frozen=True, slots=True)
class ReliefRef:
    """A line with its own verdict; None while its issue was not assessed."""

    id: UUID
    ordinal: int
    issue: Issue
    text: str
    basis: Basis | None
    amount: Amount | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class AmountRef:
    id: UUID
    what: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class DefenceRef:
    id: UUID
    kind: DefenceKind
    raised_by: Party
    text: str
    raised_on: date


@dataclass(frozen=True, slots=True)
class OutcomeRef:
    id: UUID
    issue: Issue
    code: str
    text: str
    decided_by: str
    decided_on: date
    instance: str
    paper: UUID | None


@dataclass(frozen=True, slots=True)
class TermRef:
    """A term and the duty it laid, as that stands now."""

    ordinal: int
    kind: TermKind
    obligor: Side
    obligee: Side
    action: str
    rule: str
    proof: str
    duty: DutyRef


@dataclass(frozen=True, slots=True)
class SettlementRef:
    id: UUID
    paper: UUID
    signed_on: date
    mediator: str
    terms: tuple[TermRef, ...]


@dataclass(frozen=True, slots=True)
class FollowUpRef:
    id: UUID
    visited_on: date
    visitor: str
    account_restored: bool
    certificate_received: bool
    note: str
    paper: UUID | None


@dataclass(frozen=True, slots=True)
class Focus:
    """One of the two issues in dispute under its heading; None while not assessed."""

    heading: str
    issue: Issue
    assessment: AssessmentRef | None


@dataclass(frozen=True, slots=True)
class DisputeView:
    """Everything a page or a paper needs of a dispute."""

    id: UUID
    matter: MatterRef
    cause: str
    tribunal: str
    docket: str
    claimant: Party
    person_label: str
    account_label: str
    staff: UUID | None
    account: UUID | None
    route: Route
    reliefs: tuple[ReliefRef, ...]
    facts: tuple[Fact, ...]
    exhibits: tuple[ExhibitRef, ...]
    amounts: tuple[AmountRef, ...]
    defences: tuple[DefenceRef, ...]
    losses: tuple[LossRow, ...]
    outcomes: tuple[OutcomeRef, ...]
    assessments: Mapping[Issue, AssessmentRef]  # the newest of each issue
    assessed_times: int
    foci: tuple[Focus, Focus]
    sheets: tuple[Sheet, Sheet]
    settlement: SettlementRef | None
    follow_ups: tuple[FollowUpRef, ...]
    closed_by: Closing | None
    closed_on: date | None

    @property
    def confirmed(self) -> tuple[bool, bool]:
        """Whether the account's restoring and the certificate's receipt were confirmed in any visit (R0.32)."""
        return (
            any(f.account_restored for f in self.follow_ups),
            any(f.certificate_received for f in self.follow_ups),
        )
