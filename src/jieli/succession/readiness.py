"""The preflight of a plan, from what stands in the registers now."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from uuid import UUID

import jieli.approvals.queries as approvals
from jieli.approvals.errors import NotEnabled
from jieli.succession import queries
from jieli.succession.errors import TransferBlocked
from jieli.succession.facts import Order, job_for, wishes_of
from jieli.succession.models import Candidate
from jieli.succession.notices import told
from jieli.succession.preflight import PreflightFacts, preflight
from jieli.succession.types import (
    ENABLEMENT,
    IN_FLIGHT,
    AssignmentRef,
    CandidateFacts,
    Code,
    CustomerState,
    Light,
    Preflight,
    Why,
    Wish,
)

#: What a bar means for somebody who already has a receiver; the other bars are the calendar's.
_FORBIDDEN = frozenset({Why.NO_CONTACT, Why.REFUSED, Why.SOURCE, Why.MINOR})
_TO_COME = frozenset({CustomerState.PLANNED})
_COUNTING = _TO_COME | IN_FLIGHT | {CustomerState.TAKEN}


def preflight_of(
    plan: UUID,
    *,
    at: int,
    noticed: Collection[UUID] = (),
    list_taken: bool = False,
    joint_handler: bool | None = None,
) -> Preflight:
    """The three sections and the verdict of a plan at an instant; `noticed` are the customers already told."""
    facts = preflight_facts(plan, at=at, noticed=noticed, list_taken=list_taken, joint_handler=joint_handler)
    return preflight(facts)


def preflight_facts(
    plan: UUID, *, at: int, noticed: Collection[UUID], list_taken: bool, joint_handler: bool | None
) -> PreflightFacts:
    """Everything is judged as of now, not as of the plan: a training may have run out, a customer refused."""
    ref, lines = queries.plan(plan), queries.assignments(plan)
    to_come = {x.customer: x.receiver for x in lines if x.receiver is not None and x.state in _TO_COME}
    receivers = sorted(set(to_come.values()), key=str)
    order = Order(ref.leaver, list(to_come), ref.last_minute, ref.mode, receivers=receivers, replaces=ref.id)
    rule = queries.rule(ref.rule) if ref.rule else None
    job = job_for(order, rule.content if rule else None, at=at)
    homes = {c.staff: c.entity for c in job.candidates}
    across = {c.id: c.entities for c in job.customers if homes.get(to_come[c.id]) != job.entity}
    without = [who for who, given in across.items() if homes.get(to_come[who]) not in given]
    loads = dict(Candidate.objects.filter(plan_id=plan).values_list("staff_id", "load"))
    given = Counter(x.receiver for x in lines if x.receiver is not None and x.state in _COUNTING)
    chosen = {c.staff for c in job.candidates} & set(receivers)
    return PreflightFacts(
        not_enabled=_not_enabled(at),
        rule_version=ref.rule_version,
        list_taken=list_taken,
        balance=ref.balance,
        assigned=len(to_come),
        barred_assigned=sum(any(r.code in _FORBIDDEN for r in c.barred) for c in job.customers),
        unqualified=tuple(c.staff_no for c in job.candidates if c.staff in chosen and c.obstacles),
        overfull=tuple(c.staff_no for c in job.candidates if _overfull(c, loads.get(c.staff, c.load), given)),
        cross_entity=len(across),
        unconsented=len(without) + _waiting_for_consent(lines),
        unnoticed=len(set(to_come) - set(noticed)),
        joint_handler=joint_handler,
    )


def check_ready(plan: UUID, *, at: int) -> None:
    """TransferBlocked (succession.blocked) unless the customers still to pass may be passed on now.

    A red check stops the job (R2.4); so does a customer of it whom nobody told, or who has not consented to another
    entity. Whoever has no receiver yet stops nobody else.
    """
    lines = queries.assignments(plan)
    no = _unwilling(lines)
    facts = preflight_facts(plan, at=at, noticed=told(plan) | no, list_taken=False, joint_handler=None)
    checked = preflight(
        replace(
            facts,
            unconsented=facts.unconsented - _waiting_for_consent(lines),
            barred_assigned=facts.barred_assigned - len(no),
        )
    )
    if facts.assigned and checked.code is not Code.OK:
        failing = [c.text for s in checked.sections for c in s.checks if c.light is not Light.GREEN]
        raise TransferBlocked(
            f"{checked.code.value}：{checked.verdict.text}{''.join(failing)}", remedy="请补齐后再办理转移。"
        )


def _unwilling(lines: Iterable[AssignmentRef]) -> set[UUID]:
    """Customers who said no since the plan was made: preparing takes them out, so they stop nobody else."""
    to_come = [x.customer for x in lines if x.receiver is not None and x.state in _TO_COME]
    return {c for c, w in wishes_of(to_come).items() if w in (Wish.REFUSES, Wish.NO_CONTACT)}


def _waiting_for_consent(lines: Iterable[AssignmentRef]) -> int:
    return sum(any(r.code is Why.NO_CONSENT for r in x.reasons) for x in lines if x.receiver is None)


def _overfull(candidate: CandidateFacts, load: int, given: Mapping[UUID, int]) -> bool:
    """Whether what other plans promised him meanwhile leaves too little room. `load` as the plan saw it."""
    mine = given.get(candidate.staff, 0)
    return bool(mine and candidate.capacity) and load + candidate.reserved + mine > candidate.capacity


def _not_enabled(at: int) -> str:
    try:
        approvals.check_enabled(ENABLEMENT, at=at)
    except NotEnabled as error:
        return f"{error.sentence}{error.remedy}"
    return ""
