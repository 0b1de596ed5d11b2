"""Why a customer has no receiver, and which one change would give him one. Pure.

Each remedy of a customer without bars is enough by itself, the others left as they are: a property test makes the
change and sees that one customer more is assigned.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jieli.succession.matching import Bench, Fit
from jieli.succession.types import (
    Allotment,
    CandidateFacts,
    CriterionKind,
    CustomerFacts,
    Fix,
    Reason,
    Remedy,
    Why,
)

NAMED = 3  # receivers named in one remedy
#: What must come first for a customer with a bar; others may still be needed after it.
_FIRST = {
    Why.NO_CONTACT: Fix.CUSTOMER_COMES,
    Why.REFUSED: Fix.CUSTOMER_COMES,
    Why.SOURCE: Fix.PROVE_SOURCE,
    Why.MINOR: Fix.ASK_GUARDIAN,
    Why.IN_FLIGHT: Fix.WAIT,
    Why.TOO_LATE: Fix.FALLBACK,
    Why.NOT_LOGGED_IN: Fix.FALLBACK,
    Why.MANUAL: Fix.CHOOSE,
}
_CLEARABLE = frozenset({Why.UNTRAINED, Why.OVERDUE, Why.UNCOMMITTED, Why.PLATFORM, Why.NO_ENTITY})


@dataclass(frozen=True, slots=True)
class Rest:
    """What is left when the allotment is made: customers given to each candidate, in the order of the bench."""

    bench: Bench
    used: Sequence[int]

    def spare(self, r: int) -> int:
        return self.bench.candidates[r].free - self.used[r]

    def load(self, r: int) -> int:
        candidate = self.bench.candidates[r]
        return candidate.load + candidate.reserved + self.used[r]


def unassigned(rest: Rest, customer: CustomerFacts, fits: Sequence[Fit] | None, left: int) -> Allotment:
    """The place of a customer without a receiver; `left` customers like him share it."""
    if customer.barred:
        first = dict.fromkeys(_FIRST[reason.code] for reason in customer.barred)
        return Allotment(customer.id, None, customer.barred, tuple(Remedy(fix) for fix in first))
    if fits is None:
        return Allotment(customer.id, None, (Reason(Why.NO_RULE),), (Remedy(Fix.APPROVE_RULE),))
    reasons = _reasons(rest, customer, fits)
    return Allotment(customer.id, None, reasons, _remedies(rest, customer, fits, left))


def _reasons(rest: Rest, customer: CustomerFacts, fits: Sequence[Fit]) -> tuple[Reason, ...]:
    able = [f for c, f in zip(rest.bench.candidates, fits, strict=True) if not c.obstacles]
    if not able:
        return (Reason(Why.NO_RECEIVER),)
    if any(f.permitted for f in able):
        return (Reason(Why.FULL),)
    values = dict(customer.values)
    kinds = [k for k in CriterionKind if all(k in f.demands for f in able)]
    found = [Reason(Why.NO_MATCH, (k.value, values.get(k, ""))) for k in kinds]
    if not any(f.consent for f in able) or any(not f.demands for f in able):
        found.append(Reason(Why.NO_CONSENT))
    if not found:  # each demand is met by somebody, but all of them by nobody
        demanded = {k for f in able for k in f.demands}
        found = [Reason(Why.NO_MATCH, (k.value, values.get(k, ""))) for k in CriterionKind if k in demanded]
    return tuple(found)


def _remedies(rest: Rest, customer: CustomerFacts, fits: Sequence[Fit], left: int) -> tuple[Remedy, ...]:
    pairs = list(enumerate(zip(rest.bench.candidates, fits, strict=True)))
    found = [
        Remedy(Fix.RAISE_CAPACITY, (str(c.staff), str(c.capacity), str(_needed(c, left))))
        for _, (c, f) in pairs
        if f.permitted
    ][:NAMED]

    def with_room(able: Callable[[CandidateFacts, Fit], bool]) -> list[CandidateFacts]:
        return [c for r, (c, f) in pairs if rest.spare(r) > 0 and able(c, f)][:NAMED]

    values = dict(customer.values)
    for kind in CriterionKind:
        named = with_room(lambda c, f, k=kind: f.demands == (k,) and f.consent and not c.obstacles)  # type: ignore[misc]
        if named:
            who = (str(c.staff) for c in named)
            found.append(Remedy(Fix.DROP_CRITERION, (kind.value, values.get(kind, ""), *who)))
    for c in with_room(lambda c, f: not f.demands and f.consent and _one_clearable(c)):
        found.append(Remedy(Fix.CLEAR_OBSTACLE, (str(c.staff), *c.obstacles[0].stored())))
    if named := with_room(lambda c, f: not f.demands and not f.consent and not c.obstacles):
        found.append(Remedy(Fix.GET_CONSENT, tuple(str(c.staff) for c in named)))
    return tuple(found) or (Remedy(Fix.NONE),)


def _needed(candidate: CandidateFacts, left: int) -> int:
    """The capacity that would hold all the customers left over; he may stand above his capacity already."""
    return max(candidate.capacity, candidate.load + candidate.reserved) + left


def _one_clearable(candidate: CandidateFacts) -> bool:
    return len(candidate.obstacles) == 1 and candidate.obstacles[0].code in _CLEARABLE
