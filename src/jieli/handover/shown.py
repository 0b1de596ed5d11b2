"""What pages and papers show of leavings: one case whole, and all of them at a glance. Values only."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from jieli.duties.types import DutyRef
from jieli.handover.types import (
    AttemptRef,
    CaseRef,
    CommissionLine,
    Completion,
    FollowUpRef,
    HandList,
    LineClass,
    ListKind,
    ObjectionRef,
    PromiseLine,
    Route,
    SettlementLine,
)
from jieli.papers.types import PaperRef
from jieli.parties.types import StaffRef


@dataclass(frozen=True, slots=True)
class SignatureLine:
    role: str
    name: str
    grade: str
    signed_at: int


@dataclass(frozen=True, slots=True)
class CasePaperRef:
    """A paper of the leaving, with what happened to it."""

    paper: PaperRef
    covers: tuple[ListKind, ...]
    signatures: tuple[SignatureLine, ...]
    refusals: tuple[str, ...]
    deliveries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TimelineStep:
    day: date
    text: str
    done: bool = True
    paper: UUID | None = None


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything a page or a paper of one leaving needs."""

    case: CaseRef
    staff: StaffRef
    receiver: StaffRef | None
    supervisor: StaffRef | None
    entity: str
    route: Route
    snapshot: dict[LineClass, int]
    company: tuple[DutyRef, ...]
    leaver: tuple[DutyRef, ...]
    sender: tuple[DutyRef, ...]
    third: tuple[DutyRef, ...]
    lists: tuple[HandList, ...]
    commission: tuple[CommissionLine, ...]
    settlement: tuple[SettlementLine, ...]
    promises: tuple[PromiseLine, ...]
    objections: tuple[ObjectionRef, ...]
    attempts: tuple[AttemptRef, ...]
    follow_ups: tuple[FollowUpRef, ...]
    papers: tuple[CasePaperRef, ...]
    timeline: tuple[TimelineStep, ...]
    completion: Completion
    status: str
    next_step: str
    days_late: int


@dataclass(frozen=True, slots=True)
class Late:
    """A leaving that needs somebody: what is wrong, since how many days, and who must act."""

    number: str
    name: str
    last_day: date
    days: int
    what: str
    who: str


@dataclass(frozen=True, slots=True)
class Check:
    """One of the judge's three reminders (R0.6): met or not, and the names that are missing."""

    name: str
    met: bool
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """《本月离职交接台账》: late, lost and unanswered leavings, and the three checks."""

    late: tuple[Late, ...]
    lost: tuple[Late, ...]
    unanswered: tuple[Late, ...]
    checks: tuple[Check, ...]
    open: int = 0

    @property
    def met(self) -> int:
        return sum(check.met for check in self.checks)
