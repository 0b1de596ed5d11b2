"""A plan from the platform's own list of customers: made by the sales lead, approved by legal."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from jieli.approvals import operations as approvals
from jieli.handover.types import CaseRef, PlatformCustomer
from jieli.kernel.times import HOUR
from jieli.parties import queries as parties
from jieli.succession import ports as outside
from jieli.succession.operations.plans import make_plan, submit_plan
from jieli.succession.operations.registers import record_consent
from jieli.succession.types import Balance, ConsentKind, PlanRef, PlatformFacts, PlatformMember
from jieli.wiring.demo.days import moment
from jieli.wiring.demo.leaving import cast
from jieli.wiring.demo.leaving.cast import handle_of
from jieli.wiring.demo.leaving.stage import WORK_CHAT, Stage

_BALANCE = Balance(
    "只给接手人服务所必需的字段，备注中的个人内容不随转",
    "在读学员的课程与承诺须有人接续",
    "只告知、由客户自行添加；不足以避免断课，故转接并保留拒绝权",
)


def listed(stage: Stage, number: str) -> tuple[PlatformCustomer, ...]:
    """Somebody's customers as the platform lists them."""
    found = outside.platform().customers_of(handle_of(stage.found.world.staff, number))
    return tuple(PlatformCustomer(WORK_CHAT, c.external_userid, c.name) for c in found)


def draft(stage: Stage, case: CaseRef, number: str, facts: PlatformFacts, *, due_on: date) -> PlanRef:
    """Everybody the platform lists under the leaver, by the rule that stood before the notice."""
    return make_plan(
        matter=case.matter, leaver=case.staff_id, customers=_customers(stage, number),
        last_minute=case.last_minute, notice_on=case.notice_on, owner=stage.staff(cast.LEAD), due_on=due_on,
        platform=facts, balance=_BALANCE, by=stage.actor(cast.LEAD), at=stage.now,
    )  # fmt: skip


def approve(stage: Stage, plan: UUID, *, reason: str) -> None:
    """Submitted by the lead, decided two hours later by legal: neither could do both."""
    submitted = submit_plan(
        plan=plan, reason="离职交接", list_taken=True, by=stage.actor(cast.LEAD), at=stage.now
    )
    stage.clock.on(2 * HOUR)
    if submitted.request is None:
        raise LookupError("a submitted plan has a request")
    approvals.decide(
        request=submitted.request, agree=True, reason=reason, by=stage.person(cast.LEGAL), at=stage.now
    )


def _customers(stage: Stage, number: str) -> list[UUID]:
    found = parties.identities(WORK_CHAT, [c.external_id for c in listed(stage, number)])
    return sorted(set(found.values()), key=str)


def guardians(stage: Stage, number: str) -> None:
    """Of the pupils among somebody's customers, every second one's guardian agreed in writing."""
    known = parties.customer(_customers(stage, number)).values()
    agreed = [key for _, key in sorted((c.customer_no, c.id) for c in known if c.minor)[::2]]
    if agreed:
        paper = stage.picture("监护人同意书", "监护人同意书（换人服务）", by=cast.PEOPLE)
        record_consent(
            customers=agreed, kind=ConsentKind.GUARDIAN, stated_at=stage.now, paper=paper,
            by=stage.actor(cast.PEOPLE), at=stage.now,
        )  # fmt: skip


def platform_facts(stage: Stage) -> PlatformFacts:
    """What the platform says of each receiver; and twelve customers who were handed on twice in the summer."""
    platform, members = outside.platform(), {}
    for number in cast.TAKERS:
        handle = handle_of(stage.found.world.staff, number)
        told = platform.member(handle)
        members[stage.staff(number)] = PlatformMember(
            active=told.status == 1, logged_in=True, customers=len(platform.customers_of(handle))
        )
    known = parties.customers_by_no([c.no for c in cast.newcomers()[: cast.TWICE_MOVED]])
    twice = (moment(date(2026, 8, 18), "10:00"), moment(date(2026, 9, 15), "10:00"))
    moved: Mapping[UUID, tuple[int, ...]] = {ref.id: twice for ref in known.values()}
    return PlatformFacts(members=members, transfers=moved, leaver_logged_in=True)
