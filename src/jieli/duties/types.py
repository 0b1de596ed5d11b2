"""Values of the duties room. Enum values are the words that are stored and shown. Days are those of China."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from jieli.law.deadlines import Due


class Side(StrEnum):
    """Who owes, and to whom."""

    COMPANY = "公司"
    STAFF = "员工"
    SENDER = "派遣单位"
    THIRD = "第三方"


class DutyState(StrEnum):
    OPEN = "待办"
    DONE = "已履行"
    CONTINUING = "持续"
    DROPPED = "不再适用"


@dataclass(frozen=True, slots=True)
class NewDuty:
    """A duty to lay. `articles` are ids of the statute registry; an id that cannot be cited is refused.

    `person` is the staff member concerned, `subject` the thing (an account, a case). A `continuing` duty (保密, 禁止
    牟利) is never done; its `due`, where it has one, is the last day on which it binds.
    """

    name: str
    owed_by: Side
    owed_to: Side
    articles: tuple[str, ...]
    text: str
    matter: UUID | None = None
    person: UUID | None = None
    subject: UUID | None = None
    starts_on: date | None = None
    due: Due | None = None
    continuing: bool = False


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """That a duty was done on a day, and the proof: a paper, or a note that says what shows it (one at least)."""

    duty: UUID
    done_on: date
    paper: UUID | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class DutyRef:
    """A duty as it stands. `note` is said with the fulfilment, `reason` with the dropping; `laid_at` ms."""

    id: UUID
    name: str
    owed_by: Side
    owed_to: Side
    articles: tuple[str, ...]
    text: str
    matter: UUID | None
    person: UUID | None
    subject: UUID | None
    starts_on: date | None
    due: Due | None
    continuing: bool
    state: DutyState
    done_on: date | None
    paper: UUID | None
    note: str
    reason: str
    laid_at: int

    def days_late(self, today: date) -> int:
        """Days after the due day: until today while it is open, until it was done afterwards; 0 for any other."""
        if self.due is None or self.state not in (DutyState.OPEN, DutyState.DONE):
            return 0
        return self.due.days_late(today if self.done_on is None else self.done_on)

    def overdue(self, today: date) -> bool:
        """Open, and its due day is over."""
        return self.state is DutyState.OPEN and self.days_late(today) > 0
