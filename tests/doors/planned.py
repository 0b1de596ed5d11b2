"""A leaving in the tea company with a rule in force, two trained receivers and customers of every kind."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from jieli.access.types import Role
from jieli.approvals import operations as approvals
from jieli.approvals import queries as approval_queries
from jieli.approvals.types import REQUIRED
from jieli.handover.types import CaseRef, LeavingReason
from jieli.kernel.times import DAY
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import (
    CustomerSource,
    EngagementKind,
    NewCustomer,
    NewEngagement,
    NewOrder,
    NewStaff,
)
from jieli.succession import notices, operations
from jieli.succession.types import (
    ENABLEMENT,
    RULE_APPROVAL,
    Balance,
    Criterion,
    CriterionKind,
    PlanRef,
    RuleContent,
    Targets,
    TrainingContent,
)
from tests.conftest import NOW
from tests.rooms import leaving
from tests.rooms.company import BEGIN, BY, PAPER, Company, reader

NOTICE_ON, LAST = date(2026, 9, 15), date(2026, 9, 30)
BALANCE = Balance(
    "客户会得知换人，接手人看到订单", "茶会员权益要有人兑现", "只告知、由客户自己来找：老年客户难以做到"
)
CONTENT = RuleContent(
    Targets(units=("S1",)),
    20,
    (
        Criterion(CriterionKind.REGION, "杭州", Targets(staff=(leaving.RECEIVER,))),
        Criterion(CriterionKind.REGION, "烟台", Targets(staff=("BaiYu",))),
    ),
)


@dataclass
class Planned:
    """The firm, the leaving, and who acts."""

    house: Company
    case: CaseRef
    staff: dict[str, UUID]
    customers: dict[str, UUID]


def firm(clients: int = 6, *, rule: bool = True) -> Planned:
    """何青 leaves with so many customers; 陆川 and 唐野 are trained, 白瑜 is not."""
    house = leaving.firm()
    entity, unit = party_queries.entities_by_code()["QH"], party_queries.units_by_code()["S1"]
    joined = date(2026, 1, 5)
    parties.register_staff([NewStaff("BaiYu", "白瑜", unit, "客服", joined)], by=BY, at=BEGIN + 3 * DAY)
    staff = {no: ref.id for no, ref in party_queries.staff_by_no().items()}
    engaged = [
        NewEngagement(staff[no], entity, EngagementKind.LABOUR, joined)
        for no in (leaving.RECEIVER, leaving.SUPERVISOR, "BaiYu")
    ]
    parties.register_engagements(engaged, by=BY, at=BEGIN + 3 * DAY)
    customers = _customers(clients, staff)
    for no in (leaving.RECEIVER, leaving.SUPERVISOR):
        _qualify(staff[no])
    notices.set_service_contact(
        entity=entity, uscc="91370000MA3EXAMPLE", phone="400-000-0000", mail="kefu@example.cn", desk="合规部",
        by=BY, at=BEGIN + 3 * DAY,
    )  # fmt: skip
    if rule:
        in_force(CONTENT)
    case = leaving.leaves(
        house, at=NOW - 2 * DAY, notice_on=NOTICE_ON, last_day=LAST, reason=LeavingReason.RESIGN
    )
    return Planned(house, case, staff, customers)


def _customers(count: int, staff: dict[str, UUID]) -> dict[str, UUID]:
    at, regions = BEGIN + 3 * DAY, ("杭州", "绍兴", "烟台")
    new = [
        NewCustomer(f"K{n:04d}", f"茶客{n:04d}", CustomerSource.ORDER, regions[n % 3]) for n in range(count)
    ]
    parties.register_customers(
        [*new, NewCustomer("K9999", "来历不清者", CustomerSource.UNKNOWN)], by=BY, at=at
    )
    known = {no: ref.id for no, ref in party_queries.customers_by_no().items()}
    orders = [
        NewOrder(f"T{n}", known[no], "茶会员", 36_000, date(2026, 8, 3), staff[leaving.LEAVER])
        for n, no in enumerate([c.customer_no for c in new] + ["K9999"])
    ]
    parties.register_orders(orders, by=BY, at=at)
    return known


def _qualify(who: UUID) -> None:
    at = BEGIN + 3 * DAY
    for content in TrainingContent:
        operations.record_training(
            staff=[who], content=content, passed_on=date(2026, 6, 2), valid_until=date(2027, 6, 1), by=BY, at=at
        )  # fmt: skip
    operations.record_commitment(staff=who, paper=PAPER, signed_on=date(2026, 6, 2), by=BY, at=at)


def in_force(content: RuleContent, *, at: int = BEGIN + 3 * DAY) -> None:
    """A rule that another person approved, and the papers that inheritance needs."""
    made = operations.propose_rule(
        name="客户接续规则", content=content, rationale="就近服务", customer_need="要求同城面谈",
        effective_from=date(2026, 6, 4), by=BY, at=at,
    )  # fmt: skip
    judge = reader(Role.COMPLIANCE, name="严规", at=at)
    asked = next(r for r in approval_queries.waiting(RULE_APPROVAL) if r.subject == made.id)
    approvals.decide(request=asked.id, agree=True, reason="同意", by=judge, at=at)
    papers = dict.fromkeys(REQUIRED[ENABLEMENT], PAPER)
    approvals.enable(what=ENABLEMENT, papers=papers, note="", from_day=date(2026, 6, 4), by=judge, at=at)


def plan(firm: Planned, **more: Any) -> PlanRef:
    """The draft for everybody who stands in the snapshot."""
    from jieli.handover import queries as handover
    from jieli.handover.types import LineClass

    held = handover.snapshot(firm.case.id).of(LineClass.CUSTOMER)
    wanted: dict[str, Any] = {
        "matter": firm.case.matter, "leaver": firm.case.staff_id, "customers": [x.subject for x in held],
        "last_minute": firm.case.last_minute, "notice_on": firm.case.notice_on,
        "owner": firm.staff[leaving.SUPERVISOR], "balance": BALANCE, "by": BY, "at": NOW - DAY,
    }  # fmt: skip
    return operations.make_plan(**(wanted | more))


def approve(made: PlanRef, *, at: int = NOW - DAY) -> None:
    """Submitted by one and approved by another."""
    operations.submit_plan(plan=made.id, reason="离职接续", by=BY, at=at)
    judge = reader(Role.LEGAL, name="秦法", at=at)
    asked = next(r for r in approval_queries.waiting() if r.subject == made.id)
    approvals.decide(request=asked.id, agree=True, reason="同意", by=judge, at=at)
