"""The list that a receiver gets with his customers: the fewest fields, and an entry in the ledger (R2.7)."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import jieli.parties.queries as parties
from jieli.ledger.operations import book
from jieli.succession import facts, queries
from jieli.succession.payload import OpenOrder, Remark, TransferLine, business_remarks
from jieli.succession.types import CriterionKind


def export_lines(
    *,
    plan: UUID,
    receiver: UUID,
    remarks: Mapping[UUID, Sequence[Remark]],
    open_orders: Mapping[UUID, Sequence[OpenOrder]],
    by: str,
    at: int,
) -> list[TransferLine]:
    """The customers that an approved plan gives to a receiver, by 客户编号; remarks marked 个人 stay behind.

    The entry names plan, approval, receiver and how many, and is committed before anything is returned.
    NotApproved (approvals.not_approved) before the plan is.
    """
    approval = queries.check_plan_approved(plan, at=at)
    given = [a.customer for a in queries.assignments(plan) if a.receiver == receiver]
    customers, needs = parties.customer(given), facts.needs_of(given)
    lines = []
    for key in given:
        one, need = customers[key], needs.get(key, {})
        lines.append(
            TransferLine(
                one.customer_no, one.name, one.region or "", one.industry or "",
                need.get(CriterionKind.LANGUAGE, ""), need.get(CriterionKind.QUALIFICATION, ""),
                tuple(open_orders.get(key, ())), business_remarks(remarks.get(key, ())),
            )
        )  # fmt: skip
    said = {
        "plan": str(plan),
        "approval": str(approval.id),
        "receiver": str(receiver),
        "customers": len(lines),
    }
    with book(at=at) as b:
        b.entry("succession.export", by=by, facts=said)
    return lines
