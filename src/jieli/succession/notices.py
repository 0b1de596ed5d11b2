"""A customer is told in three moments, and then left in peace.

Before: the leaver's own farewell, recorded as sent by that person. Then the platform's notice, of which we know when it
was asked for, when the platform will act and what came of it, and never that anybody saw it. Last, one notice of ours
with a link to choose, and at most one reminder, over all channels together; the table itself counts (practice §3.13).
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY
from jieli.ledger.operations import book
from jieli.parties import queries as parties
from jieli.parties.types import EngagementRef
from jieli.succession import userids
from jieli.succession.faults import NoServiceContact
from jieli.succession.models import (
    Assignment,
    ChoiceLink,
    Contact,
    ContactWay,
    CustomerWish,
    Plan,
    ServiceContact,
    SubmissionItem,
)
from jieli.succession.outcomes import Subject
from jieli.succession.ports import TransferPlatform
from jieli.succession.spoken import Channel, Outgoing, Reach
from jieli.succession.standing import plan_row
from jieli.succession.types import CustomerState, Wish

LINK_DAYS = 30
CANNOT_PROVE_SEEN = "平台不提供客户是否看到该通知的信息，本系统不能证明客户已经看到。"
_TELLABLE = frozenset(
    {CustomerState.PLANNED, CustomerState.SUBMITTED, CustomerState.WAITING, CustomerState.TAKEN}
)


@dataclass(frozen=True, slots=True)
class Company:
    """Who speaks to the customer, and where it can be reached (R2.21)."""

    name: str
    uscc: str
    phone: str
    mail: str
    desk: str

    @property
    def complaint(self) -> str:
        """The channel for complaints as every card prints it."""
        return (
            f"如有意见或投诉，可致电 {self.phone}，或发邮件至 {self.mail}，由{self.desk}受理；"
            "我们会尽快处理，并将结果告知您。"
        )


@dataclass(frozen=True, slots=True)
class PlatformNotice:
    """What is known of the platform's own notice: asked for at, takes over at, its status number. ms; 0 = unknown."""

    submitted_at: int
    takeover_at: int
    status: int | None
    seen: str = CANNOT_PROVE_SEEN


@dataclass(frozen=True, slots=True)
class Moments:
    """What one customer was told, by whom and when; 0 where it was not."""

    customer: UUID
    farewell_at: int
    farewell_channel: str
    platform: PlatformNotice | None
    notice_at: int
    notice_channel: str
    notice_outcome: str
    reminder_at: int
    reminder_channel: str
    reminder_outcome: str
    closed_at: int
    closed_why: str


def set_service_contact(
    *, entity: UUID, uscc: str, phone: str, mail: str, desk: str, by: str, at: int
) -> None:
    """Publish where a company's customers reach it: telephone, mail, desk for complaints (R2.21)."""
    words = [w.strip() for w in (uscc, phone, mail, desk)]
    if not all(words):
        raise NoServiceContact(
            "联系与投诉渠道不完整。", remedy="请填写统一社会信用代码、电话、邮箱与受理部门。"
        )
    with book(at=at) as b:
        entry = b.entry("succession.service_contact", by=by, facts={"entity": str(entity)})
        row = ServiceContact.objects.select_for_update().filter(entity=entity).first()
        fresh = row is None
        row = row or ServiceContact(id=new_id(at), entity=entity)
        row.uscc, row.phone, row.mail, row.desk = words
        (entry.insert if fresh else entry.revise)(row)


def company(plan: Plan) -> Company:
    """The leaver's company as its customers are told; NoServiceContact while it has published no channel."""
    found = parties.engagements([plan.leaver_id])[plan.leaver_id]
    employer: EngagementRef | None = found[-1] if found else None
    row = ServiceContact.objects.filter(entity=employer.entity_id).first() if employer else None
    if employer is None or row is None:
        raise NoServiceContact(
            "公司尚未公布客户联系与投诉渠道，不能告知客户。", remedy="请先填写客服电话、投诉邮箱与受理部门。"
        )
    return Company(employer.entity_name, row.uscc, row.phone, row.mail, row.desk)


def farewell_text(plan: UUID, receiver: UUID) -> str:
    """Words the leaver may send from the work account: no reason, no request to follow, and the right to refuse."""
    row = plan_row(plan)
    names = parties.staff([row.leaver_id, receiver])
    return (
        f"您好，我是{company(row).name}的{names[row.leaver_id].name}。近期将由我的同事{names[receiver].name}继续为您服务，"
        "您的订单、权益和我们作出的承诺不变。您可以拒绝更换，也可以要求换一位顾问。感谢您一直以来的信任。"
    )


def record_farewell(
    plan: UUID,
    customers: Collection[UUID],
    *,
    sent_by: UUID,
    channel: Channel,
    sent_at: int,
    by: str,
    at: int,
) -> int:
    """The leaver says that the farewell was sent: his statement, recorded as such. How many customers were new."""
    with book(at=at) as b:
        facts = {"plan": str(plan), "sent_by": str(sent_by), "customers": len(set(customers))}
        entry = b.entry("succession.farewell", by=by, facts=facts)
        known, fresh = _contacts(plan, customers, at=at)
        told = [row for row in [*known, *fresh] if row.farewell_at is None]
        for row in told:
            row.farewell_at, row.farewell_by, row.farewell_channel = sent_at, sent_by, channel.value
        if fresh:
            entry.insert(*fresh)
        if changed := [row for row in told if row not in fresh]:
            entry.revise(*changed)
    return len(told)


def _contacts(plan: UUID, customers: Collection[UUID], *, at: int) -> tuple[list[Contact], list[Contact]]:
    """Rows of these customers, those that stand (locked) and new ones; strangers to the plan are left out.

    Whoever writes to a customer waits for the line first, so that two notices cannot cross each other.
    """
    lines = Assignment.objects.select_for_update(of=("self",)).filter(plan=plan, customer__in=customers)
    by_customer = {line.customer_id: line.id for line in lines.order_by("id")}
    rows = Contact.objects.select_for_update(of=("self",)).filter(plan=plan, customer__in=by_customer)
    known = list(rows.order_by("id"))
    missing = sorted(set(by_customer) - {row.customer for row in known}, key=str)
    return known, [
        Contact(id=new_id(at), plan_id=plan, assignment_id=by_customer[c], customer=c) for c in missing
    ]


@dataclass(frozen=True, slots=True)
class Entered:
    """Notices entered and now to be sent, and customers to whom nothing may be said, with the reason."""

    outgoing: tuple[Outgoing, ...]
    withheld: dict[UUID, str]


def enter_notices(
    plan: UUID,
    *,
    channel: Channel,
    customers: Collection[UUID] | None = None,
    reminder: bool = False,
    link_days: int = LINK_DAYS,
    by: str,
    at: int,
) -> Entered:
    """Enter our one notice, or the one reminder, with a link for each customer. What is entered counts as said.

    Nobody who refused, complained, accepted or wants no contact is in it, nobody twice. The tokens exist in the
    answer only: a crash before sending means that they were said to be sent and were not, never a second one.
    """
    row = plan_row(plan)
    words = company(row)
    with book(at=at) as b:
        facts = {"plan": str(plan), "reminder": int(reminder), "channel": channel.value}
        entry = b.entry("succession.notice", by=by, facts=facts)
        chosen = Assignment.objects.filter(plan=plan) if customers is None else Assignment.objects.filter(
            plan=plan, customer__in=customers
        )  # fmt: skip
        lines = {line.customer_id: line for line in chosen}
        known, fresh = _contacts(plan, list(lines), at=at)
        silent = _silent(list(lines))
        withheld = {
            c.customer: why for c in [*known, *fresh] if (why := _why_not(c, lines, silent, reminder, at))
        }
        going = [c for c in [*known, *fresh] if c.customer not in withheld]
        links, outgoing = _links(row, going, words, reminder, expires_at=at + link_days * DAY, at=at)
        for contact in going:
            if reminder:
                contact.reminder_at, contact.reminder_channel = at, channel.value
            else:
                contact.notice_at, contact.notice_channel = at, channel.value
        if new := [c for c in fresh if c.customer not in withheld]:
            entry.insert(*new)
        if old := [c for c in known if c.customer not in withheld]:
            entry.revise(*old)
        if links:
            entry.insert(*links)
    return Entered(tuple(outgoing), withheld)


def _silent(customers: Sequence[UUID]) -> set[UUID]:
    """Customers whose last word, wherever it was said, is that they do not want this."""
    said = CustomerWish.objects.filter(customer__in=customers).order_by("stated_at", "id")
    last = dict(said.values_list("customer_id", "wish"))
    return {c for c, w in last.items() if w in (Wish.REFUSES.value, Wish.NO_CONTACT.value)}


def _why_not(row: Contact, lines: dict[UUID, Assignment], silent: set[UUID], reminder: bool, at: int) -> str:
    """Why nothing may be said now; empty when it may."""
    line = lines[row.customer]
    if row.closed_at is not None:
        return row.closed_why or ""
    if row.customer in silent or line.state not in {s.value for s in _TELLABLE}:
        return str(line.state if line.state not in {s.value for s in _TELLABLE} else Wish.REFUSES.value)
    if line.receiver_id is None:
        return CustomerState.NOBODY.value
    if reminder:
        unheard = row.notice_at is None or row.notice_at >= at  # a reminder comes after the notice
        return "尚未告知" if unheard else "已提醒" if row.reminder_at is not None else ""
    return "已告知" if row.notice_at is not None else ""


def _links(
    plan: Plan, going: Sequence[Contact], words: Company, reminder: bool, *, expires_at: int, at: int
) -> tuple[list[ChoiceLink], list[Outgoing]]:
    links, outgoing = [], []
    for contact in going:
        token = secrets.token_urlsafe(32)
        links.append(
            ChoiceLink(
                id=new_id(at), digest=sha256(token.encode()).digest(), plan=plan, assignment_id=contact.assignment_id,
                customer=contact.customer, made_at=at, expires_at=expires_at,
            )
        )  # fmt: skip
        text = (
            f"【{words.name}】{'提醒：' if reminder else ''}您的服务顾问有变更，请点击链接查看由谁接续，"
            f"并可选择接受、拒绝、换一位顾问或不再联系。如有疑问请致电 {words.phone}。"
        )
        outgoing.append(Outgoing(contact.id, contact.customer, reminder, token, text))
    return links, outgoing


def record_reach(*, contacts: Collection[UUID], reminder: bool, outcome: Reach, by: str, at: int) -> None:
    """What came of sending: entered after it was tried."""
    with book(at=at) as b:
        rows = list(Contact.objects.select_for_update(of=("self",)).filter(id__in=contacts).order_by("id"))
        for row in rows:
            if reminder:
                row.reminder_outcome = outcome.value
            else:
                row.notice_outcome = outcome.value
        facts = {"contacts": len(rows), "outcome": outcome.value}
        entry = b.entry("succession.reach", by=by, facts=facts)
        if rows:
            entry.revise(*rows)


def fetch_contact_ways(plan: UUID, platform: TransferPlatform, *, by: str, at: int) -> int:
    """Ask the platform for the 联系我 address of every receiver of a plan that has none yet; how many were new.

    Done before notices go out, so that a customer's page never has to wait for the platform.
    """
    receivers = set(
        Assignment.objects.filter(plan=plan, receiver__isnull=False).values_list("receiver_id", flat=True)
    )
    missing = receivers - set(ContactWay.objects.filter(staff__in=receivers).values_list("staff", flat=True))
    ids = userids.of_staff(missing, at=at)
    found = {
        staff: platform.contact_way(userid) for staff, userid in sorted(ids.items(), key=lambda kv: kv[1])
    }
    if not found:
        return 0
    with book(at=at) as b:
        entry = b.entry("succession.contact_ways", by=by, facts={"plan": str(plan), "receivers": len(found)})
        entry.insert(
            *(ContactWay(id=new_id(at), staff=s, url=url, fetched_at=at) for s, url in found.items() if url)
        )
    return len(found)


def moments(plan: UUID, customers: Collection[UUID] | None = None) -> dict[UUID, Moments]:
    """What every customer of a plan was told, in the three moments."""
    lines = Assignment.objects.filter(plan=plan)
    if customers is not None:
        lines = lines.filter(customer__in=customers)
    of_line = dict(lines.values_list("id", "customer_id"))
    platform: dict[UUID, PlatformNotice] = {}
    items = SubmissionItem.objects.filter(
        assignment__in=of_line,
        submission__subject=Subject.CUSTOMERS.value,
        submission__called_at__isnull=False,
    ).order_by("submission__called_at", "id")
    for line, called, takes, status in items.values_list(
        "assignment_id", "submission__called_at", "takeover_at", "platform_status"
    ):
        if line is not None:
            platform[of_line[line]] = PlatformNotice(called or 0, takes or 0, status)
    rows = {row.customer: row for row in Contact.objects.filter(plan=plan, customer__in=of_line.values())}
    return {c: _moments(c, rows.get(c), platform.get(c)) for c in of_line.values()}


def _moments(customer: UUID, row: Contact | None, platform: PlatformNotice | None) -> Moments:
    if row is None:
        return Moments(customer, 0, "", platform, 0, "", "", 0, "", "", 0, "")
    return Moments(
        customer, row.farewell_at or 0, row.farewell_channel or "", platform,
        row.notice_at or 0, row.notice_channel or "", row.notice_outcome or "",
        row.reminder_at or 0, row.reminder_channel or "", row.reminder_outcome or "",
        row.closed_at or 0, row.closed_why or "",
    )  # fmt: skip


def told(plan: UUID) -> set[UUID]:
    """Customers who were told by the leaver or by us; a notice that came back or never left does not count."""
    vain = (Reach.FAILED.value, Reach.RETURNED.value)
    rows = Contact.objects.filter(plan=plan).values_list(
        "customer", "farewell_at", "notice_at", "notice_outcome"
    )
    return {
        customer
        for customer, farewell, notice, outcome in rows
        if farewell is not None or (notice is not None and outcome not in vain)
    }
