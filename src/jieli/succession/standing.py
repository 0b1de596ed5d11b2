"""How a customer's line moves, and what must be set together when it does. Used inside a book only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jieli.approvals import queries as approvals
from jieli.approvals.types import ApprovalRef
from jieli.kernel.ids import new_id
from jieli.ledger.operations import Staged
from jieli.succession.errors import NoSuchPlan
from jieli.succession.models import Assignment, Contact, CustomerWish, Plan, Submission, SubmissionItem
from jieli.succession.outcomes import Outcome, SubmissionState
from jieli.succession.spoken import Channel, ClosedWhy
from jieli.succession.types import PLAN_APPROVAL, CustomerState, Wish

#: The platform's answers move a line only from here: what the customer said himself stands above them.
WITH_PLATFORM = frozenset({CustomerState.SUBMITTED.value, CustomerState.WAITING.value})
_OWNED = frozenset(
    {
        CustomerState.REFUSED, CustomerState.FULL, CustomerState.FAILED,
        CustomerState.NOBODY, CustomerState.NO_CONTACT,
    }
)  # fmt: skip


def plan_row(plan: UUID) -> Plan:
    """The plan, unlocked; NoSuchPlan."""
    found = Plan.objects.filter(id=plan).first()
    if found is None:
        raise NoSuchPlan("没有这个接续方案。", remedy="请刷新页面后重试。")
    return found


def check_approved(plan: Plan, *, at: int) -> ApprovalRef:
    """The plan's approval in force; NotApproved. Its id goes with every call (R2.30)."""
    return approvals.check_approved(PLAN_APPROVAL, plan.id, bytes(plan.digest), at=at)


def locked_lines(lines: Iterable[UUID]) -> dict[UUID, Assignment]:
    """Lines of a plan, locked in one order: lines first, then calls, then items, so that nobody waits in a ring."""
    rows = Assignment.objects.select_for_update(of=("self",)).filter(id__in=list(lines)).order_by("id")
    return {row.id: row for row in rows}


def move(line: Assignment, state: CustomerState, plan: Plan) -> Assignment:
    """Give a line a state; where that leaves the customer unserved, an owner and a day with it (P8)."""
    line.state = state.value
    if state in _OWNED:
        line.owner_id = line.owner_id or plan.owner_id
        line.due_on = line.due_on or plan.due_on
    return line


@dataclass
class Changes:
    """Rows that one entry will write, each once, parents before children."""

    lines: dict[UUID, Assignment] = field(default_factory=dict)
    calls: dict[UUID, Submission] = field(default_factory=dict)
    items: dict[UUID, SubmissionItem] = field(default_factory=dict)
    contacts: dict[UUID, Contact] = field(default_factory=dict)
    wishes: list[CustomerWish] = field(default_factory=list)
    new_calls: list[Submission] = field(default_factory=list)
    new_items: list[SubmissionItem] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.lines, self.calls, self.items, self.contacts, self.wishes, self.new_calls))

    def write(self, entry: Staged) -> None:
        """Old rows first: a new item of the same pair may only run once the old one has ended."""
        for rows in (self.lines, self.calls, self.items, self.contacts):
            if rows:
                entry.revise(*rows.values())
        for new in (self.wishes, self.new_calls, self.new_items):
            if new:
                entry.insert(*new)


def withdraw_waiting(lines: Sequence[UUID], changes: Changes, *, at: int) -> None:
    """Take lines out of calls that have not been made. A call under way is left to its answer."""
    ready = list(
        Submission.objects.select_for_update(of=("self",))
        .filter(state=SubmissionState.READY.value, submissionitem__assignment__in=lines)
        .order_by("id")
    )
    rows = SubmissionItem.objects.select_for_update(of=("self",)).filter(
        submission__in=[s.id for s in ready], assignment__in=lines, outcome__isnull=True
    )
    for item in rows.order_by("id"):
        end_item(item, Outcome.WITHDRAWN, at=at)
        changes.items[item.id] = item


def end_item(
    item: SubmissionItem, outcome: Outcome, *, at: int, errcode: int | None = None, running: bool = False
) -> None:
    """Enter what came of an item."""
    item.outcome, item.errcode, item.running, item.answered_at = outcome.value, errcode, running, at


def close_contact(line: Assignment, why: ClosedWhy, changes: Changes, entry: Staged, *, at: int) -> None:
    """No more notices to this customer about this plan. A stronger reason takes the place of 已接受 and 换一位."""
    row = Contact.objects.select_for_update().filter(plan=line.plan_id, customer=line.customer_id).first()
    if row is None:
        row = Contact(
            id=new_id(at), plan_id=line.plan_id, assignment=line, customer=line.customer_id,
            closed_at=at, closed_why=why.value,
        )  # fmt: skip
        entry.insert(row)
        return
    weak = {ClosedWhy.ACCEPTED.value, ClosedWhy.ANOTHER.value}
    if row.closed_at is None or (row.closed_why in weak and row.closed_why != why.value):
        row.closed_at, row.closed_why = row.closed_at or at, why.value
        changes.contacts[row.id] = row


def wish(line: Assignment, said: Wish, channel: Channel, *, at: int) -> CustomerWish:
    """What the customer said, so that every later plan knows it too."""
    return CustomerWish(
        id=new_id(at), customer_id=line.customer_id, wish=said.value, stated_at=at, channel=channel.value
    )
