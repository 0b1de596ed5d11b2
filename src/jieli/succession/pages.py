"""Values for the page 客户接续方案: flows, loads, reasons in words, who is left, what a move would change, figures."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import jieli.parties.queries as parties
from jieli.kernel.times import local_day
from jieli.parties.types import ERASED
from jieli.succession import queries
from jieli.succession.facts import Order, job_for
from jieli.succession.matching import Bench
from jieli.succession.models import Candidate
from jieli.succession.policy import FORMULA
from jieli.succession.types import AssignmentRef, CustomerState, Mode, PlatformFacts, Reason, Why
from jieli.succession.wording import fix, sentence, why


@dataclass(frozen=True, slots=True)
class Stream:
    """A band of the picture: `receiver` None is 待定."""

    leaver: UUID
    receiver: UUID | None
    name: str
    customers: int


@dataclass(frozen=True, slots=True)
class Load:
    """A possible receiver before and after the plan; `against` is why he could not be chosen, in words."""

    staff: UUID
    staff_no: str
    name: str
    capacity: int
    before: int
    reserved: int
    given: int
    score: int
    tenure_months: int
    contribution_fen: int
    against: tuple[str, ...]

    @property
    def after(self) -> int:
        return self.before + self.reserved + self.given


@dataclass(frozen=True, slots=True)
class Left:
    """A customer without a keeper: why, what would help, who answers for him and until when (P8)."""

    assignment: UUID
    customer: UUID
    customer_no: str
    state: CustomerState
    reasons: tuple[str, ...]
    remedies: tuple[str, ...]
    owner: UUID
    owner_name: str
    due_on: date
    days_late: int


@dataclass(frozen=True, slots=True)
class Move:
    """What giving one customer to somebody else would change. `against` empty: it may be done by hand."""

    assignment: UUID
    receiver: UUID
    against: tuple[str, ...]
    departs_from: tuple[str, ...]  # demands and preferences of the rule that the move leaves
    score_before: int | None
    score_after: int
    load_after: int
    capacity: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """R2.3. Rates in hundredths of a percent, of the customers that had an outcome; days as of `today`."""

    customers: int
    assigned: int
    unassigned: int
    oldest_unassigned_days: int
    taken: int
    refused: int
    refusal_rate: int
    first_contact_minutes: Mapping[UUID, int]  # median by receiver, from take-over to his first message


def streams(plan: UUID) -> list[Stream]:
    """Leaver → receivers with counts, largest first, 待定 last."""
    leaver = queries.plan(plan).leaver
    counted = Counter(a.receiver for a in queries.assignments(plan))
    names = _names(who for who in counted if who is not None)
    bands = [
        Stream(leaver, who, names.get(who, "") if who else CustomerState.NOBODY.value, n)
        for who, n in counted.items()
    ]
    return sorted(bands, key=lambda s: (s.receiver is None, -s.customers, str(s.receiver)))


def loads(plan: UUID) -> list[Load]:
    """Every possible receiver as the plan saw him, best score first, with what the plan gives him now."""
    given = Counter(a.receiver for a in queries.assignments(plan) if a.receiver is not None)
    rows = (
        Candidate.objects.filter(plan_id=plan).select_related("staff").order_by("-score", "staff__staff_no")
    )
    return [
        Load(
            c.staff_id, c.staff.staff_no, c.staff.name or ERASED, c.capacity, c.load, c.reserved,
            given.get(c.staff_id, 0), c.score, c.tenure_months, c.contribution_fen,
            tuple(why(r) for r in queries.reasons(c.obstacles)),
        )
        for c in rows
    ]  # fmt: skip


def explained(line: AssignmentRef) -> str:
    """The answer to 为何分给B, or why to nobody (R2.19, PIPL-24)."""
    return sentence(line.reasons)


def formula() -> str:
    """The formula as it is printed beside every plan."""
    return FORMULA


def left(plan: UUID, *, today: date) -> list[Left]:
    """Customers without a keeper, the most urgent first: refused and failed ones among them."""
    without = (*queries.UNFINISHED, CustomerState.REFUSED, CustomerState.NO_CONTACT)
    lines = [a for a in queries.assignments(plan) if a.state in without]
    ref = queries.plan(plan)
    staff = {UUID(v) for a in lines for r in a.remedies for v in r.values if _is_id(v)}
    names = _names(staff | {a.owner or ref.owner for a in lines})
    found = [
        Left(
            a.id, a.customer, a.customer_no, a.state, tuple(why(r) for r in a.reasons),
            tuple(fix(r, names) for r in a.remedies), a.owner or ref.owner, names.get(a.owner or ref.owner, ""),
            a.due_on or ref.due_on, max(0, (today - (a.due_on or ref.due_on)).days),
        )
        for a in lines
    ]  # fmt: skip
    return sorted(found, key=lambda x: (x.due_on, x.customer_no))


def _is_id(value: str) -> bool:
    return len(value) == 36 and value.count("-") == 4


def _names(staff: Iterable[UUID]) -> dict[UUID, str]:
    return {key: ref.name for key, ref in parties.staff(list(staff)).items()}


def move(assignment: UUID, receiver: UUID, *, platform: PlatformFacts | None = None, at: int) -> Move:
    """What changes if this one customer is given to somebody else. Nothing is written."""
    line = queries.assignment(assignment)
    plan = queries.plan(line.plan)
    rule = queries.rule(plan.rule) if plan.rule else None
    whom = [receiver, *([line.receiver] if line.receiver else [])]
    order = Order(
        plan.leaver,
        [line.customer],
        plan.last_minute,
        Mode.AUTO,
        platform or PlatformFacts(),
        whom,
        (),
        plan.id,
    )
    job = job_for(order, rule.content if rule else None, at=at)
    bench, customer = Bench(job), job.customers[0]
    candidate = next(c for c in bench.candidates if c.staff == receiver)
    sides = bench.sides(customer)
    fit = bench.fit(candidate, customer, sides)
    given = Counter(a.receiver for a in queries.assignments(plan.id) if a.id != line.id)
    after = candidate.load + candidate.reserved + given.get(receiver, 0) + 1
    against = [*customer.barred, *candidate.obstacles]
    if not fit.consent:
        against.append(Reason(Why.NO_CONSENT))
    if rule is not None and after > candidate.capacity:
        against.append(Reason(Why.FULL))
    departs = [f"必须：{s.kind.value}“{s.value}”" for s in sides if s.kind in fit.demands]
    departs += [
        f"优先：{s.kind.value}“{s.value}”" for s in sides if s.prefer is not None and receiver not in s.prefer
    ]
    before = bench.scores.get(line.receiver) if line.receiver else None
    return Move(
        line.id, receiver, tuple(why(r) for r in against), tuple(departs), before, bench.scores[receiver],
        after, candidate.capacity,
    )  # fmt: skip


def metrics(plan: UUID, *, today: date, first_contacts: Mapping[UUID, int] | None = None) -> Metrics:
    """R2.3. `first_contacts`: minutes from take-over to the receiver's first message, by customer, as given."""
    ref, lines = queries.plan(plan), queries.assignments(plan)
    counted = Counter(a.state for a in lines)
    open_ = sum(counted[s] for s in queries.UNFINISHED)
    taken, refused = counted[CustomerState.TAKEN], counted[CustomerState.REFUSED]
    answered = taken + refused
    waited: dict[UUID, list[int]] = defaultdict(list)
    for a in lines:
        if a.receiver is not None and a.customer in (first_contacts or {}):
            waited[a.receiver].append((first_contacts or {})[a.customer])
    return Metrics(
        customers=len(lines),
        assigned=ref.assigned,
        unassigned=open_,
        oldest_unassigned_days=max(0, (today - local_day(ref.made_at)).days) if open_ else 0,
        taken=taken,
        refused=refused,
        refusal_rate=refused * 10_000 // answered if answered else 0,
        first_contact_minutes={who: sorted(n)[(len(n) - 1) // 2] for who, n in waited.items()},
    )
