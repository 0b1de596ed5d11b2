"""Who gets whom, pure: never too many, never the excluded, the best there is, and the same for the same input."""

from dataclasses import replace
from itertools import product
from random import Random
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jieli.succession.allocation import allocate
from jieli.succession.errors import PlanInvalid
from jieli.succession.policy import POINTS, score
from jieli.succession.types import (
    Allotment,
    CandidateFacts,
    Criterion,
    CriterionKind,
    CustomerFacts,
    Fix,
    Force,
    Job,
    Reason,
    Remedy,
    RuleContent,
    Targets,
    Weights,
    Why,
)
from jieli.succession.wording import fix, sentence, why
from tests.calls import calls_of

HOME, SISTER = UUID(int=1), UUID(int=2)
REGION, INDUSTRY = CriterionKind.REGION, CriterionKind.INDUSTRY
REGIONS, INDUSTRIES = ("济南", "青岛"), ("健康教育", "少儿")
POOL = Targets(units=("S1",))
EVEN = Weights()


def candidate(
    n: int, *, capacity: int = 5, load: int = 0, entity: UUID = HOME, **more: int
) -> CandidateFacts:
    return CandidateFacts(
        UUID(int=100 + n), f"E{n:03}", entity, more.get("months", 12), more.get("fen", 0), capacity, load, 0
    )


def customer(n: int, region: str = "", industry: str = "", **more: object) -> CustomerFacts:
    said = ((REGION, region), (INDUSTRY, industry))
    values = tuple((kind, value) for kind, value in said if value)
    return CustomerFacts(UUID(int=10_000 + n), f"C{n:05}", values, **more)  # type: ignore[arg-type]


def job(
    candidates: list[CandidateFacts],
    customers: list[CustomerFacts],
    *criteria: Criterion,
    weights: Weights = EVEN,
) -> Job:
    return Job(
        RuleContent(POOL, 5, criteria, weights),
        HOME,
        tuple(candidates),
        tuple(customers),
        {"S1": frozenset(c.staff for c in candidates)},
        {c.staff_no: c.staff for c in candidates},
    )


def only(kind: CriterionKind, value: str, *numbers: int, force: Force = Force.MUST) -> Criterion:
    return Criterion(kind, value, Targets(staff=tuple(f"E{n:03}" for n in numbers)), force)


def given_to(made: list[Allotment]) -> dict[UUID, UUID | None]:
    return {a.customer: a.receiver for a in made}


@st.composite
def jobs(draw: st.DrawFn, receivers: int = 4, customers: int = 14) -> Job:
    """Small firms of every shape: obstacles, sister companies, demands, preferences, bars, full receivers."""
    width = draw(st.integers(1, receivers))
    obstacles = st.sampled_from(
        [(), (), (), (Reason(Why.UNCOMMITTED),), (Reason(Why.LEAVING, ("2026-01-01",)),)]
    )
    people = [
        replace(
            candidate(
                n, capacity=draw(st.integers(1, 5)), load=draw(st.integers(0, 5)),
                entity=draw(st.sampled_from([HOME, HOME, SISTER])), months=draw(st.integers(0, 150)),
                fen=draw(st.integers(0, 1_000)),
            ),
            obstacles=draw(obstacles),
        )
        for n in range(width)
    ]  # fmt: skip
    bars = st.sampled_from([(), (), (), (Reason(Why.SOURCE),), (Reason(Why.REFUSED), Reason(Why.MINOR))])
    clients = [
        customer(
            n, draw(st.sampled_from(("", *REGIONS))), draw(st.sampled_from(("", *INDUSTRIES))),
            entities=draw(st.sampled_from([frozenset(), frozenset({SISTER})])), barred=draw(bars),
        )
        for n in range(draw(st.integers(1, customers)))
    ]  # fmt: skip
    rows = {}
    for kind, value in draw(
        st.lists(
            st.sampled_from([(REGION, v) for v in (*REGIONS, "*")] + [(INDUSTRY, v) for v in INDUSTRIES]),
            max_size=4,
        )
    ):
        force = draw(st.sampled_from(Force))
        named = draw(st.lists(st.integers(0, width - 1), min_size=1, unique=True))
        rows[kind, value, force] = only(kind, value, *named, force=force)
    weights = Weights(
        draw(st.integers(0, 100)), draw(st.integers(0, 100)), draw(st.sampled_from([0, 7, 100]))
    )
    return job(people, clients, *rows.values(), weights=weights)


@settings(max_examples=150, deadline=None)
@given(jobs())
def test_nobody_gets_more_than_his_places_and_every_customer_stands_once(a_job: Job) -> None:
    made = allocate(a_job)
    assert sorted(a.customer for a in made) == sorted(c.id for c in a_job.customers)
    for c in a_job.candidates:
        assert sum(a.receiver == c.staff for a in made) <= c.free


@settings(max_examples=150, deadline=None)
@given(jobs())
def test_who_is_barred_unqualified_or_not_consented_to_is_never_assigned(a_job: Job) -> None:
    people, clients = {c.staff: c for c in a_job.candidates}, {c.id: c for c in a_job.customers}
    for a in allocate(a_job):
        if a.receiver is not None:
            one = people[a.receiver]
            assert not one.obstacles
            assert not clients[a.customer].barred
            assert one.entity == HOME or one.entity in clients[a.customer].entities
        assert a.reasons
        assert bool(a.remedies) == (a.receiver is None)


@settings(max_examples=100, deadline=None)
@given(jobs(), st.randoms(use_true_random=False))
@pytest.mark.req("R2.18")
def test_the_same_input_in_another_order_gives_the_same_allotment(a_job: Job, random: Random) -> None:
    people, clients = list(a_job.candidates), list(a_job.customers)
    random.shuffle(people)
    random.shuffle(clients)
    rows = list(a_job.content.criteria) if a_job.content else []
    random.shuffle(rows)
    shuffled = replace(
        a_job, candidates=tuple(people), customers=tuple(clients),
        content=replace(a_job.content, criteria=tuple(rows)),  # type: ignore[type-var]
    )  # fmt: skip
    assert allocate(shuffled) == allocate(a_job)


def worth(a_job: Job, placed: dict[UUID, UUID | None]) -> tuple[int, int, int] | None:
    """Unassigned, preferences missed, cost of scores and load; None when something is not allowed. Written apart."""
    content = a_job.content
    assert content is not None
    people = {c.staff: c for c in a_job.candidates}
    highest = max((c.contribution_fen for c in a_job.candidates if not c.obstacles), default=0)
    lost = missed = cost = 0
    for client in a_job.customers:
        receiver = placed[client.id]
        if receiver is None:
            lost += 1
            continue
        one = people[receiver]
        if client.barred or one.obstacles or (one.entity != HOME and one.entity not in client.entities):
            return None
        for kind in CriterionKind:
            value = dict(client.values).get(kind, "")
            rows = [r for r in content.criteria if r.kind is kind and r.value == value]
            rows = rows or [r for r in content.criteria if r.kind is kind and r.value == "*"]
            demanded = {no for r in rows if r.force is Force.MUST for no in r.to.staff}
            preferred = {no for r in rows if r.force is Force.PREFER for no in r.to.staff}
            if demanded and one.staff_no not in demanded:
                return None
            missed += bool(preferred) and one.staff_no not in preferred
        cost += POINTS - score(one, content.weights, highest)
    for one in a_job.candidates:
        taken = sum(r == one.staff for r in placed.values())
        if taken > one.free:
            return None
        first = one.capacity - one.free
        cost += sum(content.weights.balance * (p * 10 // one.capacity) for p in range(first, first + taken))
    return lost, missed, cost


@settings(max_examples=60, deadline=None)
@given(jobs(receivers=3, customers=5))
def test_no_other_allotment_is_better_than_the_one_made(a_job: Job) -> None:
    ids = [c.id for c in a_job.customers]
    choices = [None, *(c.staff for c in a_job.candidates)]
    every = (worth(a_job, dict(zip(ids, pick, strict=True))) for pick in product(choices, repeat=len(ids)))
    best = min(found for found in every if found is not None)
    assert worth(a_job, given_to(allocate(a_job))) == best


def relaxed(a_job: Job, client: UUID, remedy: Remedy) -> Job:
    """The job after exactly the one change that a remedy names."""
    people, clients, content = list(a_job.candidates), list(a_job.customers), a_job.content
    assert content is not None
    if remedy.code is Fix.RAISE_CAPACITY:
        people = [
            replace(c, capacity=int(remedy.values[2])) if str(c.staff) == remedy.values[0] else c
            for c in people
        ]
    elif remedy.code is Fix.CLEAR_OBSTACLE:
        people = [replace(c, obstacles=()) if str(c.staff) == remedy.values[0] else c for c in people]
    elif remedy.code is Fix.GET_CONSENT:
        clients = [replace(c, entities=frozenset({SISTER})) if c.id == client else c for c in clients]
    else:
        kind, value = CriterionKind(remedy.values[0]), remedy.values[1]
        named = any(c.kind is kind and c.value == value for c in content.criteria)
        softer = tuple(
            replace(c, force=Force.PREFER) if c.kind is kind and c.value == (value if named else "*") else c
            for c in content.criteria
        )
        content = replace(content, criteria=softer)
    return replace(a_job, candidates=tuple(people), customers=tuple(clients), content=content)


@settings(max_examples=150, deadline=None)
@given(jobs())
def test_each_remedy_alone_lets_one_customer_more_be_assigned(a_job: Job) -> None:
    made = allocate(a_job)
    before = sum(a.receiver is not None for a in made)
    barred = {c.id for c in a_job.customers if c.barred}
    for a in made:
        for remedy in a.remedies:
            if a.customer not in barred and remedy.code is not Fix.NONE:
                after = allocate(relaxed(a_job, a.customer, remedy))
                assert sum(x.receiver is not None for x in after) > before


@pytest.mark.req("R2.17")
def test_a_customer_of_jinan_and_health_goes_to_the_receiver_who_has_both() -> None:
    rows = [
        only(REGION, "济南", 0, 1), only(REGION, "*", 2), only(INDUSTRY, "健康教育", 1), only(INDUSTRY, "*", 0, 2),
    ]  # fmt: skip
    made = allocate(job([candidate(n) for n in range(3)], [customer(1, "济南", "健康教育")], *rows))
    assert made[0].receiver == UUID(int=101)
    assert Reason(Why.FITS, ("地域", "济南", "必须")) in made[0].reasons


@pytest.mark.req("R2.19")
def test_why_b_is_answered_in_one_chinese_sentence() -> None:
    rows = [only(REGION, "济南", 0), only(INDUSTRY, "少儿", 0)]
    made = allocate(job([candidate(0, months=30, fen=500_00)], [customer(1, "济南")], *rows))
    assert sentence(made[0].reasons) == (
        "客户的地域“济南”，规则写明由其接手；客户未登记行业，不受行业限制；"
        "得分625／1000（在职30个月，近365天订单500元），在1名可选接手人中排第1；接手后共1名客户，上限5名。"
    )


@pytest.mark.req("R2.18")
def test_the_better_score_is_filled_first_and_a_tie_goes_to_the_lower_number() -> None:
    people = [candidate(0, capacity=2), candidate(1, capacity=2, months=60), candidate(2, capacity=2)]
    made = allocate(job(people, [customer(n) for n in range(5)]))
    assert [a.receiver.int - 100 if a.receiver else -1 for a in made] == [1, 1, 0, 0, 2]


def test_an_even_load_is_weighed_when_the_rule_asks_for_it() -> None:
    people = [candidate(0, capacity=10), candidate(1, capacity=10, months=13)]
    clients = [customer(n) for n in range(8)]
    greedy = given_to(allocate(job(people, clients, weights=Weights(1, 0, 0)))).values()
    even = given_to(allocate(job(people, clients, weights=Weights(1, 0, 100)))).values()
    assert [sum(r == c.staff for r in greedy) for c in people] == [0, 8]
    assert [sum(r == c.staff for r in even) for c in people] == [4, 4]


def test_a_preference_gives_way_before_a_customer_is_lost() -> None:
    people = [candidate(0, capacity=1), candidate(1)]
    prefer = only(REGION, "济南", 0, force=Force.PREFER)
    made = allocate(job(people, [customer(1, "济南"), customer(2, "济南")], prefer))
    assert [a.receiver for a in made] == [UUID(int=100), UUID(int=101)]
    assert Reason(Why.MISSED, ("地域", "济南")) in made[1].reasons


def test_the_unassigned_say_why_and_what_would_help() -> None:
    people = [
        candidate(0, capacity=1),
        candidate(1),
        replace(candidate(2), obstacles=(Reason(Why.OVERDUE, ("操作规范", "2026-01-31")),)),
        candidate(3, entity=SISTER),
    ]
    rows = [only(REGION, "济南", 0, 2, 3), only(REGION, "青岛", 1)]
    made = allocate(job(people, [customer(n, "济南") for n in range(3)], *rows))
    left = made[2]
    names = {c.staff: name for c, name in zip(people, "甲乙丙丁", strict=True)}
    assert [why(r) for r in left.reasons] == ["符合条件的接手人均已达到上限"]
    assert [fix(r, names) for r in left.remedies] == [
        "若把甲的上限由1调到3，即可分配",
        "若放宽地域“济南”这一条件，可分给乙",
        "若丙补齐一项（“操作规范”培训已于2026-01-31到期），即可分配",
        "若取得客户对接手主体的单独同意，可分给丁",
    ]


@pytest.mark.req("R2.10")
def test_a_sister_company_gets_only_customers_who_consented_to_it() -> None:
    people = [candidate(0, entity=SISTER)]
    clients = [customer(1), customer(2, entities=frozenset({SISTER}))]
    made = allocate(job(people, clients))
    assert [a.receiver for a in made] == [None, UUID(int=100)]
    assert made[0].reasons == (Reason(Why.NO_CONSENT),)
    assert made[0].remedies == (Remedy(Fix.GET_CONSENT, (str(UUID(int=100)),)),)
    assert Reason(Why.ENTITY_CONSENT) in made[1].reasons


def test_without_a_rule_nobody_is_assigned_and_everybody_is_listed() -> None:
    bare = replace(
        job([candidate(0)], [customer(1), customer(2, barred=(Reason(Why.SOURCE),))]), content=None
    )
    made = allocate(bare)
    assert [(a.receiver, a.reasons[0].code) for a in made] == [(None, Why.NO_RULE), (None, Why.SOURCE)]


def test_a_score_is_made_of_whole_numbers_by_the_printed_formula() -> None:
    one = candidate(0, months=60, fen=250)
    assert score(one, Weights(50, 50), 1_000) == (50 * 500 + 50 * 250) // 100
    assert score(one, Weights(1, 0), 1_000) == 500
    assert score(one, Weights(0, 0), 1_000) == 0
    assert score(replace(one, tenure_months=500), Weights(1, 0), 0) == POINTS


def test_every_reason_and_remedy_has_its_words() -> None:
    six = ("1", "2", "3", "4", "5", "6")
    assert all(why(Reason(code, six)) for code in Why)
    staff = str(UUID(int=100))
    values = {
        Fix.RAISE_CAPACITY: (staff, "1", "2"), Fix.DROP_CRITERION: ("地域", "济南", staff),
        Fix.CLEAR_OBSTACLE: (staff, "uncommitted"), Fix.GET_CONSENT: (staff,),
    }  # fmt: skip
    assert all(fix(Remedy(code, values.get(code, ())), {}) for code in Fix)


def test_a_plan_too_large_for_the_solver_is_refused_in_a_sentence() -> None:
    prefer = only(REGION, "r0", 1, force=Force.PREFER)
    clients = [customer(n, f"r{n}") for n in range(40_000)]
    with pytest.raises(PlanInvalid) as refused:
        allocate(job([candidate(n) for n in range(60)], clients, prefer, weights=Weights(1, 1, 100)))
    assert refused.value.code == "succession.plan_invalid"


def many(customers: int) -> Job:
    """So many customers for forty receivers, under 200 rules by place and some by industry."""
    random = Random(20260921)
    people = [
        candidate(n, capacity=60 + n, load=n % 7, months=random.randrange(150), fen=random.randrange(10**8))
        for n in range(40)
    ]
    places = [f"城{n}" for n in range(200)]
    rows = [only(REGION, p, *random.sample(range(40), 10)) for p in places]
    rows += [only(INDUSTRY, i, *random.sample(range(40), 15), force=Force.PREFER) for i in INDUSTRIES]
    clients = [customer(n, random.choice(places), random.choice(INDUSTRIES)) for n in range(customers)]
    return job(people, clients, *rows, weights=Weights(60, 40, 3))


def test_three_thousand_customers_find_their_receivers_and_take_no_more_work_each_than_300() -> None:
    few, big = many(300), many(3_000)
    assert sum(a.receiver is not None for a in allocate(big)) > 2_900
    assert calls_of(lambda: allocate(big)) < 10 * calls_of(lambda: allocate(few))
