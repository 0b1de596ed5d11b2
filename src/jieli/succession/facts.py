"""What a plan rests on, read from the registers as values: a fixed number of queries for any number of customers."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Count

import jieli.parties.queries as parties
from jieli.kernel.times import local_day
from jieli.parties.membership import staff_within
from jieli.parties.types import CustomerRef, EngagementRef, StaffRef
from jieli.succession.errors import PlanInvalid
from jieli.succession.matching import meant
from jieli.succession.models import (
    Assignment,
    Commitment,
    CustomerConsent,
    CustomerNeed,
    CustomerWish,
    Training,
)
from jieli.succession.policy import (
    CONTRIBUTION_DAYS,
    customer_bars,
    leaver_bars,
    months_between,
    platform_obstacles,
    training_obstacles,
)
from jieli.succession.types import (
    IN_FLIGHT,
    CandidateFacts,
    ConsentKind,
    ConsentStep,
    CriterionKind,
    CustomerFacts,
    CustomerState,
    Job,
    Mode,
    PlanState,
    PlatformFacts,
    PlatformMember,
    Reason,
    RuleContent,
    Targets,
    TrainingContent,
    Why,
    Wish,
)


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks to be planned. `receivers` adds to the rule's pool where there is no rule, or by hand."""

    leaver: UUID
    customers: Sequence[UUID]
    last_minute: int
    mode: Mode
    platform: PlatformFacts = field(default_factory=PlatformFacts)
    receivers: Sequence[UUID] = ()
    excluded: Sequence[UUID] = ()
    replaces: UUID | None = None  # a plan whose unfinished lines this one takes up


def job_for(order: Order, content: RuleContent | None, *, at: int) -> Job:
    """All facts of an allotment at an instant. PlanInvalid for a customer nobody registered."""
    everybody = parties.staff_by_no()
    by_id = {ref.id: ref for ref in everybody.values()}
    units = _units(content, by_id)
    staff_nos = {no: ref.id for no, ref in everybody.items()}
    shell = Job(content, None, (), (), units, staff_nos)
    pool = meant(shell, content.pool) if content else frozenset()
    asked = (pool | set(order.receivers)) & set(by_id)
    working = parties.engagements([*asked, order.leaver])
    today = local_day(at)
    homes = _entities([*asked, order.leaver], working, max(today, by_id[order.leaver].joined_on))
    leaver_home = homes.get(order.leaver) or _entity_at(working[order.leaver], local_day(order.last_minute))
    candidates = _candidates(order, content, [by_id[who] for who in asked], homes, at=at)
    return Job(content, leaver_home, candidates, _customers(order, content, at=at), units, staff_nos)


def _units(content: RuleContent | None, staff: Collection[UUID]) -> dict[str, frozenset[UUID]]:
    """Who works in each unit that the rule names; a query for each unit named."""
    if content is None:
        return {}
    targets: Iterable[Targets] = (content.pool, *(c.to for c in content.criteria))
    codes = parties.units_by_code()
    named = sorted({code for t in targets for code in t.units if code in codes})
    return {code: frozenset(staff_within(staff, entities=(), units=[codes[code]])) for code in named}


def _entities(
    staff: Collection[UUID], working: Mapping[UUID, list[EngagementRef]], day: date
) -> dict[UUID, UUID]:
    """The legal entity of each: by the engagement of the day, else by the unit he belongs to."""
    found = {who: home for who in staff if (home := _entity_at(working.get(who, []), day)) is not None}
    left = [who for who in staff if who not in found]
    for entity in parties.entities_by_code().values() if left else ():
        found.update(dict.fromkeys(staff_within(left, entities=[entity], units=()), entity))
    return found


def _entity_at(rows: Iterable[EngagementRef], day: date) -> UUID | None:
    standing = [r for r in rows if r.begins_on <= day and (r.ends_on is None or r.ends_on >= day)]
    return standing[-1].entity_id if standing else None


# ---- receivers


def _candidates(
    order: Order,
    content: RuleContent | None,
    staff: Sequence[StaffRef],
    homes: Mapping[UUID, UUID],
    *,
    at: int,
) -> tuple[CandidateFacts, ...]:
    ids, today = [s.id for s in staff], local_day(at)
    trained, committed = _trained(ids), _committed(ids)
    earned, served, reserved = _earned(ids, today), _served(ids), _reserved(ids, order)
    own = dict(content.own_capacity) if content else {}
    found = []
    for one in sorted(staff, key=lambda s: s.staff_no):
        member = order.platform.members.get(one.id, PlatformMember())
        obstacles = [
            *_place_obstacles(order, one),
            *training_obstacles(trained.get(one.id, {}), today),
            *(() if one.id in committed else (Reason(Why.UNCOMMITTED),)),
            *(() if one.id in homes else (Reason(Why.NO_ENTITY),)),
            *platform_obstacles(member),
        ]
        found.append(
            CandidateFacts(
                staff=one.id,
                staff_no=one.staff_no,
                entity=homes.get(one.id),
                tenure_months=months_between(one.joined_on, today),
                contribution_fen=earned.get(one.id, 0),
                capacity=own.get(one.staff_no, content.capacity) if content else 0,
                load=served.get(one.id, 0) if member.customers is None else member.customers,
                reserved=reserved.get(one.id, 0),
                obstacles=tuple(obstacles),
            )
        )
    return tuple(found)


def _place_obstacles(order: Order, one: StaffRef) -> list[Reason]:
    found = []
    if one.id == order.leaver:
        found.append(Reason(Why.IS_LEAVER))
    elif one.left_on is not None:
        found.append(Reason(Why.LEAVING, (one.left_on.isoformat(),)))
    if one.id in order.excluded:
        found.append(Reason(Why.EXCLUDED))
    return found


def _trained(staff: Collection[UUID]) -> dict[UUID, dict[TrainingContent, date]]:
    found: dict[UUID, dict[TrainingContent, date]] = defaultdict(dict)
    rows = Training.objects.filter(staff_id__in=staff).order_by("valid_until")
    for who, content, until in rows.values_list("staff_id", "content", "valid_until"):
        found[who][TrainingContent(content)] = until
    return found


def _committed(staff: Collection[UUID]) -> set[UUID]:
    return set(Commitment.objects.filter(staff_id__in=staff).values_list("staff_id", flat=True))


def _earned(staff: Collection[UUID], today: date) -> dict[UUID, int]:
    """Orders of the last 365 days in fen, of those who signed the promise: the others cannot be chosen anyway."""
    rows = Commitment.objects.filter(
        staff_id__in=staff,
        staff__order__ordered_on__gt=today - timedelta(days=CONTRIBUTION_DAYS),
        staff__order__ordered_on__lte=today,
    )
    found: dict[UUID, int] = defaultdict(int)
    for who, _, fen in rows.values_list(
        "staff_id", "staff__order__id", "staff__order__amount_fen"
    ).distinct():
        found[who] += fen
    return found


def _served(staff: Collection[UUID]) -> dict[UUID, int]:
    """Customers who ever ordered with each: the load, where the platform was not asked."""
    rows = Commitment.objects.filter(staff_id__in=staff).values("staff_id")
    return dict(rows.annotate(n=Count("staff__order__customer", distinct=True)).values_list("staff_id", "n"))


def _reserved(staff: Collection[UUID], order: Order) -> dict[UUID, int]:
    """Customers that other submitted plans promise to each and that have not arrived yet."""
    coming = [CustomerState.PLANNED.value, *(s.value for s in IN_FLIGHT)]
    rows = Assignment.objects.filter(
        receiver_id__in=staff, state__in=coming, plan__state=PlanState.SUBMITTED.value
    )
    if order.replaces is not None:
        rows = rows.exclude(plan_id=order.replaces)
    return dict(rows.values("receiver_id").annotate(n=Count("id")).values_list("receiver_id", "n"))


# ---- customers


def _customers(order: Order, content: RuleContent | None, *, at: int) -> tuple[CustomerFacts, ...]:
    ids = list(dict.fromkeys(order.customers))
    known = parties.customer(ids)
    if len(known) < len(ids):
        raise PlanInvalid(
            f"有{len(ids) - len(known)}名客户不在客户登记中。", remedy="请先登记这些客户，再做接续方案。"
        )
    wishes, consents, needs = wishes_of(ids), _consents(ids), needs_of(ids)
    elsewhere = _elsewhere(ids, order)
    of_leaver = leaver_bars(last_minute=order.last_minute, logged_in=order.platform.leaver_logged_in, at=at)
    by_hand = (Reason(Why.MANUAL),) if order.mode is Mode.MANUAL else ()
    found = []
    for key in ids:
        customer = known[key]
        kinds = frozenset(kind for kind, entity in consents.get(key, ()) if entity is None)
        bars = customer_bars(customer, wish=wishes.get(key), consents=kinds, in_flight=elsewhere.get(key))
        given = frozenset(entity for _, entity in consents.get(key, ()) if entity is not None)
        values = _values(customer, needs.get(key, {}))
        found.append(
            CustomerFacts(
                key, customer.customer_no, values, given, (*bars, *of_leaver, *(by_hand if not bars else ()))
            )
        )
    return tuple(found)


def _values(
    customer: CustomerRef, needs: Mapping[CriterionKind, str]
) -> tuple[tuple[CriterionKind, str], ...]:
    said = {CriterionKind.REGION: customer.region, CriterionKind.INDUSTRY: customer.industry, **needs}
    return tuple((kind, value) for kind in CriterionKind if (value := (said.get(kind) or "").strip()))


def wishes_of(customers: Collection[UUID]) -> dict[UUID, Wish]:
    """The word that each customer said last; who said nothing is absent."""
    rows = CustomerWish.objects.filter(customer_id__in=customers).order_by("stated_at", "id")
    return {who: Wish(wish) for who, wish in rows.values_list("customer_id", "wish")}


def _consents(customers: Collection[UUID]) -> dict[UUID, set[tuple[ConsentKind, UUID | None]]]:
    """Separate consents that stand: given, and not withdrawn since."""
    found: dict[UUID, set[tuple[ConsentKind, UUID | None]]] = defaultdict(set)
    rows = CustomerConsent.objects.filter(customer_id__in=customers).order_by("stated_at", "id")
    for who, kind, entity, step in rows.values_list("customer_id", "kind", "entity_id", "step"):
        change = found[who].add if ConsentStep(step) is ConsentStep.AGREE else found[who].discard
        change((ConsentKind(kind), entity))
    return found


def needs_of(customers: Collection[UUID]) -> dict[UUID, dict[CriterionKind, str]]:
    """What each customer needs of whoever serves him (R2.19)."""
    found: dict[UUID, dict[CriterionKind, str]] = defaultdict(dict)
    rows = CustomerNeed.objects.filter(customer_id__in=customers, value__isnull=False)
    for who, kind, value in rows.values_list("customer_id", "kind", "value"):
        found[who][CriterionKind(kind)] = value or ""
    return found


def _elsewhere(customers: Collection[UUID], order: Order) -> dict[UUID, str]:
    """The matter under which a customer is with the platform, or was already taken over from this leaver."""
    flying = Assignment.objects.filter(customer_id__in=customers, state__in=[s.value for s in IN_FLIGHT])
    gone = Assignment.objects.filter(
        customer_id__in=customers, plan__leaver_id=order.leaver, state=CustomerState.TAKEN.value
    )
    rows = (flying | gone).order_by("id")
    return dict(rows.values_list("customer_id", "plan__matter__number"))
