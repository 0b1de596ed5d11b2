"""Which receivers a rule permits for a customer, and how dear each is. Pure; costs are whole numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from jieli.succession.policy import POINTS, score
from jieli.succession.ruletable import EVERY_OTHER
from jieli.succession.types import (
    CandidateFacts,
    Criterion,
    CriterionKind,
    CustomerFacts,
    Force,
    Job,
    Reason,
    Targets,
    Weights,
    Why,
)


@dataclass(frozen=True, slots=True)
class Side:
    """What one kind of criterion says of one customer: whom it demands, whom it prefers; None says nothing."""

    kind: CriterionKind
    value: str  # empty where the customer has none
    must: frozenset[UUID] | None
    prefer: frozenset[UUID] | None


@dataclass(frozen=True, slots=True)
class Fit:
    """One candidate for one customer, before places are counted."""

    permitted: bool
    demands: tuple[CriterionKind, ...]  # demands he does not meet
    consent: bool  # the customer's separate consent is there, or not needed
    missed: int  # preferences he does not meet


class Bench:
    """The candidates of a job in their one order: best score first, then 工号."""

    def __init__(self, job: Job) -> None:
        self.job = job
        weights = job.content.weights if job.content else Weights(0, 0)
        able = [c.contribution_fen for c in job.candidates if not c.obstacles]
        highest = max(able, default=0)
        self.scores = {c.staff: score(c, weights, highest) for c in job.candidates}
        self.candidates: Sequence[CandidateFacts] = sorted(
            job.candidates, key=lambda c: (-self.scores[c.staff], c.staff_no)
        )
        self.balance = weights.balance

    @cached_property
    def _rows(self) -> dict[tuple[CriterionKind, str], list[Criterion]]:
        found: dict[tuple[CriterionKind, str], list[Criterion]] = {}
        for c in self.job.content.criteria if self.job.content else ():
            found.setdefault((c.kind, c.value), []).append(c)
        return found

    @cached_property
    def _kinds(self) -> list[CriterionKind]:
        named = {kind for kind, _ in self._rows}
        return [kind for kind in CriterionKind if kind in named]

    def meant(self, targets: Targets) -> frozenset[UUID]:
        """The candidates that targets of the rule stand for."""
        return meant(self.job, targets)

    def sides(self, customer: CustomerFacts) -> tuple[Side, ...]:
        """What each kind of the rule says of a customer. A value that no row names falls under "*", if there is one."""
        values = dict(customer.values)
        return tuple(self._side(kind, values.get(kind, "")) for kind in self._kinds)

    def _side(self, kind: CriterionKind, value: str) -> Side:
        rows = (self._rows.get((kind, value)) if value else None) or self._rows.get((kind, EVERY_OTHER), [])
        return Side(kind, value, self._named(rows, Force.MUST), self._named(rows, Force.PREFER))

    def _named(self, rows: Iterable[Criterion], force: Force) -> frozenset[UUID] | None:
        sets = [self.meant(c.to) for c in rows if c.force is force]
        return frozenset().union(*sets) if sets else None

    def fit(self, candidate: CandidateFacts, customer: CustomerFacts, sides: Sequence[Side]) -> Fit:
        """Whether the rule and the law permit the pair, places left aside."""
        who = candidate.staff
        demands = tuple(s.kind for s in sides if s.must is not None and who not in s.must)
        missed = sum(s.prefer is not None and who not in s.prefer for s in sides)
        consent = candidate.entity == self.job.entity or candidate.entity in customer.entities
        return Fit(not demands and consent and not candidate.obstacles, demands, consent, missed)

    @property
    def preferences(self) -> int:
        """How many kinds of the rule prefer somebody: a customer can miss that many at most."""
        return len({c.kind for rows in self._rows.values() for c in rows if c.force is Force.PREFER})

    def preference_cost(self, customers: int) -> int:
        """Dearer than any difference that the scores of all customers together can make (FORMULA)."""
        return customers * (POINTS + 10 * self.balance) + 1

    def cost(self, candidate: CandidateFacts, missed: int, customers: int) -> int:
        """What it costs to give him one customer, the even load left aside."""
        return POINTS - self.scores[candidate.staff] + missed * self.preference_cost(customers)

    def steps(self, candidate: CandidateFacts) -> list[tuple[int, int]]:
        """His free places as (number, cost of each): dearer with each tenth of his capacity that is taken."""
        if not self.balance:
            return [(candidate.free, 0)] if candidate.free else []
        taken = candidate.capacity - candidate.free
        step: dict[int, int] = {}
        for place in range(taken, candidate.capacity):
            tenth = place * 10 // candidate.capacity
            step[tenth] = step.get(tenth, 0) + 1
        return [(n, tenth * self.balance) for tenth, n in sorted(step.items())]


def meant(job: Job, targets: Targets) -> frozenset[UUID]:
    """The staff that targets of a rule stand for; a unit or 工号 that nobody has stands for nobody."""
    named = {job.staff_nos[no] for no in targets.staff if no in job.staff_nos}
    return frozenset(named).union(*(job.units.get(code, frozenset()) for code in targets.units))


def fitting_reasons(candidate: CandidateFacts, sides: Iterable[Side]) -> list[Reason]:
    """How the customer's values and the rule speak for this receiver, kind by kind."""
    found = []
    for side in sides:
        if side.must is None and side.prefer is None:
            found.append(
                Reason(Why.OPEN, (side.kind.value, side.value))
                if side.value
                else Reason(Why.UNKNOWN, (side.kind.value,))
            )
        if side.must is not None and candidate.staff in side.must:
            found.append(Reason(Why.FITS, (side.kind.value, side.value or EVERY_OTHER, Force.MUST.value)))
        if side.prefer is not None:
            met = candidate.staff in side.prefer
            words = (side.kind.value, side.value or EVERY_OTHER)
            found.append(Reason(Why.FITS, (*words, Force.PREFER.value)) if met else Reason(Why.MISSED, words))
    return found
