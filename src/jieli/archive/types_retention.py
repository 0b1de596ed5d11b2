"""Values of retention: classes, what is due of them, plans, and what is kept about one person. Days are China's."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from jieli.archive.policy import Limit
from jieli.law.types import Citation


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """A class of records: kept `months` from `starts` on.

    `channel`: its items stand in the archive. `table`: its records are rows of another room, which a plan empties.
    `cases`: the words in the rows of its cases go (ADR 30, ADR 33), beside its papers where it has any. A class of
    none of the three is not destroyed under a plan, and `stays` says why.
    """

    code: str
    name: str
    channel: str
    months: int
    least_months: int
    starts: str
    articles: tuple[str, ...]
    why: str
    table: str = ""
    stays: str = ""
    cases: bool = False

    @property
    def destroyed(self) -> bool:
        """Whether a plan can destroy what is due of it."""
        return bool(self.channel or self.table or self.cases)

    def with_months(self, months: int) -> "RetentionClass":
        return replace(self, months=months)


@dataclass(frozen=True, slots=True)
class KeptPaper:
    """One reason why a paper, or a case, may not go: `kind` is 期限 with its last day, 未结, 未登记, or a hold's scope.

    `code` is the class whose period it is, where it is one; `what` says of whom or what: a matter's number, a ground.
    """

    paper: UUID
    kind: str
    code: str | None
    what: str | None
    until: date | None


@dataclass(frozen=True, slots=True)
class ClassState:
    """A class today. What began before `before` is due: `due` of it (counted up to a plan's size), `held` of these.

    `next_on`: the last day of keeping of the oldest thing in the archive, whatever its class. `cases` and `cases_held`
    say the same of cases, and `rows` how many rows those have that nothing keeps.
    """

    rule: RetentionClass
    citations: tuple[Citation, ...]
    before: date | None
    due: int
    held: int
    next_on: date | None
    cases: int = 0
    cases_held: int = 0
    rows: int = 0

    @property
    def free(self) -> int:
        """How much a plan of today would take: items, records or papers, and cases."""
        return self.due - self.held + self.cases - self.cases_held


@dataclass(frozen=True, slots=True)
class PlanRef:
    """A plan that nobody carried out yet: what of a class is to go, and the request on which it waits."""

    id: UUID
    code: str
    name: str
    before: int
    items: int
    policy: int
    request: UUID
    approved: bool


@dataclass(frozen=True, slots=True)
class RetentionState:
    """The policy in force, each class under it, for how many people records outlive it, and the plans under way."""

    version: int
    defaults: str
    classes: tuple[ClassState, ...]
    limited: int
    plans: tuple[PlanRef, ...]
    unfiled: int  # papers that no room cites


@dataclass(frozen=True, slots=True)
class Kept:
    """A class as it concerns one person: how many items, and the last day of the oldest and of the newest."""

    rule: RetentionClass
    citations: tuple[Citation, ...]
    items: int
    first_until: date | None
    last_until: date | None


@dataclass(frozen=True, slots=True)
class Retained:
    """What is kept about one person; `limit` and `holds` are what keeps it longer than its class."""

    version: int
    classes: tuple[Kept, ...]
    limit: Limit | None
    holds: tuple[str, ...]
