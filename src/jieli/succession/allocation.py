"""Who gets whom: a min-cost flow over groups of alike customers. Pure: the same job gives the same allotments.

First as many customers as possible get a receiver, then the fewest preferences are missed, then scores count
(policy.FORMULA). The solver sees customers and receivers in one fixed order, so that the order of the input is
nothing to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
from ortools.graph.python import min_cost_flow  # type: ignore[import-untyped]

from jieli.succession.errors import PlanInvalid
from jieli.succession.matching import Bench, Fit, Side, fitting_reasons
from jieli.succession.policy import POINTS
from jieli.succession.relaxing import Rest, unassigned
from jieli.succession.types import (
    Allotment,
    CandidateFacts,
    CriterionKind,
    CustomerFacts,
    Job,
    Reason,
    Why,
)

#: A sum of costs must fit the solver's 64 bits with room for its own scaling by the number of nodes.
_LARGEST = 1 << 61


def solver() -> str:
    """Which solver makes the allotments; stands in every plan."""
    return f"ortools-{version('ortools')} SimpleMinCostFlow F1"


@dataclass(frozen=True, slots=True)
class Group:
    """Customers whom the rule cannot tell apart, by 客户编号; `fits` in the order of the bench."""

    sides: tuple[Side, ...]
    fits: tuple[Fit, ...]
    customers: tuple[CustomerFacts, ...]


def allocate(job: Job) -> list[Allotment]:
    """An allotment for every customer, by 客户编号. PlanInvalid (succession.plan_invalid) when there are too many.

    Never more than a receiver's free places; a customer with a bar, and a receiver with an obstacle, never.
    """
    bench = Bench(job)
    customers = sorted(job.customers, key=lambda c: (c.customer_no, str(c.id)))
    barred = [c for c in customers if c.barred or job.content is None]
    _check_range(bench, len(customers))
    groups = _grouped(bench, [c for c in customers if not c.barred and job.content is not None])
    shares = _solve(bench, groups)
    used = [sum(column) for column in zip(*shares, strict=True)] if shares else [0] * len(bench.candidates)
    rest = Rest(bench, used)
    found = {c.id: unassigned(rest, c, None, 1) for c in barred}
    for group, share in zip(groups, shares, strict=True):
        for allotment in _allotted(rest, group, share, len(customers)):
            found[allotment.customer] = allotment
    return [found[c.id] for c in customers]


def _grouped(bench: Bench, customers: Sequence[CustomerFacts]) -> list[Group]:
    """Alike customers together: same values of the rule's kinds, same consents. Order: first 客户编号."""
    members: dict[tuple[object, ...], list[CustomerFacts]] = {}
    sides: dict[tuple[tuple[CriterionKind, str], ...], tuple[Side, ...]] = {}
    for c in customers:
        if (found := sides.get(c.values)) is None:
            found = sides[c.values] = bench.sides(c)
        told_apart = tuple((s.kind, s.value) for s in found)
        members.setdefault((told_apart, c.entities), []).append(c)
    return [
        Group(
            sides[alike[0].values],
            tuple(bench.fit(one, alike[0], sides[alike[0].values]) for one in bench.candidates),
            tuple(alike),
        )
        for alike in members.values()
    ]


def _solve(bench: Bench, groups: Sequence[Group]) -> list[list[int]]:
    """How many of each group each candidate gets, in the order of the bench."""
    total, width = sum(len(g.customers) for g in groups), len(bench.candidates)
    shares = [[0] * width for _ in groups]
    if not total or not width:
        return shares
    rank_room = total * width + 1  # one step of cost weighs more than all ranks together
    sink = len(groups) + width
    arcs: list[tuple[int, int, int, int]] = []
    for g, group in enumerate(groups):
        for r, fit in enumerate(group.fits):
            if fit.permitted:
                cost = bench.cost(bench.candidates[r], fit.missed, total) * rank_room + r
                arcs.append((g, len(groups) + r, len(group.customers), cost))
    between = len(arcs)
    for r, candidate in enumerate(bench.candidates):
        arcs.extend((len(groups) + r, sink, n, c * rank_room) for n, c in bench.steps(candidate))
    if not between:
        return shares
    flow = _flow(arcs, [len(g.customers) for g in groups], sink, total)
    for (g, receiver, _, _), sent in zip(arcs[:between], flow[:between], strict=True):
        shares[g][receiver - len(groups)] = int(sent)
    return shares


def _check_range(bench: Bench, total: int) -> None:
    """Before anything is built: the solver adds up costs in 64 bits and scales them by the number of its nodes."""
    width = len(bench.candidates)
    prices = POINTS + 10 * bench.balance + bench.preferences * bench.preference_cost(total)
    if 2 * prices * (total * width + 1) * (total + width + 1) >= _LARGEST:
        raise PlanInvalid("一个方案里的客户太多，无法一次分配。", remedy="请按地域或行业拆成几个方案。")


def _flow(
    arcs: Sequence[tuple[int, int, int, int]], sizes: Sequence[int], sink: int, total: int
) -> Sequence[int]:
    table = np.array(arcs, dtype=np.int64)
    network = min_cost_flow.SimpleMinCostFlow()
    names = network.add_arcs_with_capacity_and_unit_cost(
        table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), table[:, 2], table[:, 3]
    )
    network.set_nodes_supplies(np.arange(len(sizes), dtype=np.int32), np.array(sizes, dtype=np.int64))
    network.set_node_supply(sink, -total)
    status = network.solve_max_flow_with_min_cost()
    if status != network.OPTIMAL:
        raise PlanInvalid("分配没有算出结果。", remedy=f"请报告此错误（求解器状态{int(status)}）。")
    return [int(n) for n in network.flows(names)]


def _allotted(rest: Rest, group: Group, share: Sequence[int], total: int) -> list[Allotment]:
    """The group's customers by 客户编号: the first go to the best receiver, the last stay without."""
    bench = rest.bench
    receivers = [r for r, n in enumerate(share) for _ in range(n)]
    permitted = [r for r, fit in enumerate(group.fits) if fit.permitted]
    left = len(group.customers) - len(receivers)
    shown = {r: _reasons(rest, group, r, permitted) for r in set(receivers)}
    without = unassigned(rest, group.customers[0], group.fits, left) if left else None
    queued = len(shown) > 1 or left
    found = []
    for position, customer in enumerate(group.customers, 1):
        if without is not None and position > len(receivers):
            found.append(replace(without, customer=customer.id))
            continue
        r = receivers[position - 1]
        order = (Reason(Why.ORDER, (str(len(group.customers)), str(position))),) if queued else ()
        cost = bench.cost(bench.candidates[r], group.fits[r].missed, total)
        found.append(Allotment(customer.id, bench.candidates[r].staff, (*shown[r], *order), (), cost))
    return found


def _reasons(rest: Rest, group: Group, r: int, permitted: Sequence[int]) -> tuple[Reason, ...]:
    bench = rest.bench
    candidate = bench.candidates[r]
    found = fitting_reasons(candidate, group.sides)
    if candidate.entity != bench.job.entity:
        found.append(Reason(Why.ENTITY_CONSENT))
    found.append(score_reason(bench, candidate, rank=permitted.index(r) + 1, among=len(permitted)))
    found.append(Reason(Why.LOAD, (str(rest.load(r)), str(candidate.capacity))))
    return tuple(found)


def score_reason(bench: Bench, candidate: CandidateFacts, *, rank: int, among: int) -> Reason:
    """His score with what it was made of, and his place among the permitted."""
    values = (bench.scores[candidate.staff], candidate.tenure_months, candidate.contribution_fen, rank, among)
    return Reason(Why.SCORE, (*(str(v) for v in values), str(POINTS)))
