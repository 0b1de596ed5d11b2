"""The customer's own door: one card, one button, silence afterwards (R2.9).

Looking changes nothing. What he chooses is entered with a receipt, honoured at any time, also late, and moves his line
whatever the platform says. After a refusal nobody is assigned by the house; only his own scan opens it again.
"""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from jieli.kernel.ids import new_id
from jieli.ledger import queries as ledger
from jieli.ledger.operations import Staged, book
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.parties import queries as parties
from jieli.succession.errors import NoSuchPlan
from jieli.succession.faults import ChoiceNotOffered, LinkExpired, NoScan, NoSuchLink, TooManyChoices
from jieli.succession.models import (
    Assignment,
    Choice,
    ChoiceLink,
    Complaint,
    ContactWay,
    Plan,
    Proposal,
    Scan,
    VoluntaryChoice,
)
from jieli.succession.notices import company
from jieli.succession.spoken import (
    MAX_CHOICES,
    Channel,
    ChoiceReceipt,
    ChoiceWord,
    ClosedWhy,
    ComplaintReceipt,
    CustomerCard,
)
from jieli.succession.standing import Changes, close_contact, move, wish, withdraw_waiting
from jieli.succession.types import CustomerState, Phase, Wish

_W, _S = ChoiceWord, CustomerState
CHANGES = (
    "变更的只是为您服务的人员，您的订单、权益和我们已作出的承诺不变。",
    "接续人员只能看到为您服务所必需的信息，并已签署客户信息保密承诺。",
    "您可以拒绝，也可以不作选择；拒绝不影响您已购买的服务。",
)
_STATE = {_W.REFUSE: _S.REFUSED, _W.ANOTHER: _S.NOBODY, _W.NO_CONTACT: _S.NO_CONTACT}
_WHY = {
    _W.ACCEPT: ClosedWhy.ACCEPTED,
    _W.REFUSE: ClosedWhy.REFUSED,
    _W.ANOTHER: ClosedWhy.ANOTHER,
    _W.NO_CONTACT: ClosedWhy.NO_CONTACT,
}
_WISH = {_W.ACCEPT: Wish.WELCOMES, _W.REFUSE: Wish.REFUSES, _W.NO_CONTACT: Wish.NO_CONTACT}
_OFFERED: dict[CustomerState, tuple[ChoiceWord, ...]] = {
    **dict.fromkeys((_S.PLANNED, _S.SUBMITTED, _S.WAITING, _S.TAKEN), tuple(ChoiceWord)),
    **dict.fromkeys((_S.FULL, _S.FAILED), (_W.REFUSE, _W.ANOTHER, _W.NO_CONTACT)),
    _S.NOBODY: (_W.REFUSE, _W.NO_CONTACT),
    _S.REFUSED: (),
    _S.NO_CONTACT: (),
}
_SHOWN = frozenset({_S.PLANNED, _S.SUBMITTED, _S.WAITING, _S.TAKEN})


def offered(state: CustomerState, *, proposed: bool) -> tuple[ChoiceWord, ...]:
    """The buttons on the card. 换一位顾问 once; after a refusal none, only the 联系我 code."""
    return tuple(w for w in _OFFERED[state] if not (proposed and w is _W.ANOTHER))


def card(token: str, *, at: int) -> CustomerCard:
    """What a customer sees behind his link; changes nothing. NoSuchLink, LinkExpired."""
    link = _link(token, at=at)
    line = Assignment.objects.select_related("plan").get(id=link.assignment_id)
    state = CustomerState(line.state)
    staff = parties.staff([i for i in (line.plan.leaver_id, line.receiver_id) if i])
    last = _choices(link.plan_id, link.customer)
    way = ""
    if state is _S.REFUSED and line.receiver_id is not None:
        way = ContactWay.objects.filter(staff=line.receiver_id).values_list("url", flat=True).first() or ""
    says = company(line.plan)
    return CustomerCard(
        company=says.name,
        uscc=says.uscc,
        phone=says.phone,
        leaver=staff[line.plan.leaver_id].name,
        receiver=staff[line.receiver_id].name if line.receiver_id and state in _SHOWN else "",
        changes=CHANGES,
        choices=offered(state, proposed=Proposal.objects.filter(assignment=line).exists()),
        chosen=ChoiceWord(last[-1].choice) if last else None,
        contact_way=way,
        complaint=says.complaint,
        expires_at=link.expires_at,
    )


def whose(token: str, *, at: int) -> UUID:
    """The customer behind a link, for what other rooms keep of him; changes nothing. NoSuchLink, LinkExpired."""
    found: UUID = _link(token, at=at).customer
    return found


def choose(
    token: str, choice: ChoiceWord, *, prefers_former: bool = False, words: str = "", at: int
) -> ChoiceReceipt:
    """Enter what the customer chose behind his link. The same choice again gives the same receipt.

    `prefers_former` and `words` only where he said so unasked: kept as 自愿选择, which nobody can delete (TSI-2).
    NoSuchLink, LinkExpired, ChoiceNotOffered, TooManyChoices.
    """
    link = _link(token, at=at)
    return _enter(
        link.plan_id, link.customer, choice, Channel.LINK, link, prefers_former=prefers_former, words=words,
        by=f"customer:{link.customer}", at=at,
    )  # fmt: skip


def record_choice(
    plan: UUID, customer: UUID, choice: ChoiceWord, *, channel: Channel, by: str, at: int
) -> ChoiceReceipt:
    """Enter a choice that the customer made on the telephone, on paper or in a chat."""
    return _enter(plan, customer, choice, channel, None, prefers_former=False, words="", by=by, at=at)


def _link(token: str, *, at: int) -> ChoiceLink:
    row = ChoiceLink.objects.filter(digest=sha256(token.encode()).digest()).first()
    if row is None:
        raise NoSuchLink("没有这个链接。", remedy="请核对链接是否完整，或致电公司客服。")
    if row.expires_at <= at:
        raise LinkExpired("链接已过期。", remedy="请致电公司客服，您的选择仍然有效。")
    return row


def _choices(plan: UUID, customer: UUID) -> list[Choice]:
    return list(Choice.objects.filter(plan=plan, customer=customer).order_by("ordinal"))


def _locked(plan: UUID, customer: UUID) -> Assignment:
    line = Assignment.objects.select_for_update(of=("self",)).filter(plan=plan, customer=customer).first()
    if line is None:
        raise NoSuchPlan("没有这个接续方案，或其中没有这位客户。", remedy="请核对后重试。")
    return line


def _enter(
    plan: UUID,
    customer: UUID,
    choice: ChoiceWord,
    channel: Channel,
    link: ChoiceLink | None,
    *,
    prefers_former: bool,
    words: str,
    by: str,
    at: int,
) -> ChoiceReceipt:
    if same := _repeated(_choices(plan, customer), choice, prefers_former or bool(words)):
        return same
    with book(at=at) as b:
        line = _locked(plan, customer)
        before = _choices(plan, customer)
        if choice not in offered(
            CustomerState(line.state), proposed=Proposal.objects.filter(assignment=line).exists()
        ) and not (before and before[-1].choice == choice.value):
            raise ChoiceNotOffered("这一项现在不能选择。", remedy="如需重新接续，请扫描“联系我”二维码。")
        if len(before) >= MAX_CHOICES:
            raise TooManyChoices("选择次数已达上限。", remedy="请致电公司客服变更。")
        entry = b.entry("succession.choice", by=by, facts={"plan": str(plan), "choice": choice.value})
        row = Choice(
            id=new_id(at), plan_id=plan, assignment=line, customer=customer, ordinal=len(before) + 1,
            choice=choice.value, channel=channel.value, link=link, chosen_at=at,
        )  # fmt: skip
        entry.insert(row)
        if prefers_former or words:
            former = Plan.objects.values_list("leaver_id", flat=True).get(id=plan)
            entry.insert(_voluntary(plan, customer, former, channel, words, None, at=at))
        _apply(line, choice, channel, entry, at=at)
    return ChoiceReceipt(row.id, entry.index or 0, choice, at)


def _repeated(before: Sequence[Choice], choice: ChoiceWord, says_more: bool) -> ChoiceReceipt | None:
    """A second press of the same button is the same word."""
    if says_more or not before or before[-1].choice != choice.value:
        return None
    last = before[-1]
    entry = ledger.first_recorded("succession_choice", [last.id])[str(last.id)].entry
    return ChoiceReceipt(last.id, entry, choice, last.chosen_at)


def _apply(line: Assignment, choice: ChoiceWord, channel: Channel, entry: Staged, *, at: int) -> None:
    """Move the line, take it out of calls not yet made, and be silent."""
    changes = Changes()
    if choice in _STATE:
        withdraw_waiting([line.id], changes, at=at)
        plan = Plan.objects.get(id=line.plan_id)
        changes.lines[line.id] = move(line, _STATE[choice], plan)
    if choice in _WISH:
        changes.wishes.append(wish(line, _WISH[choice], channel, at=at))
    close_contact(line, _WHY[choice], changes, entry, at=at)
    changes.write(entry)


def _voluntary(
    plan: UUID, customer: UUID, former: UUID, channel: Channel, words: str, paper: UUID | None, *, at: int
) -> VoluntaryChoice:
    return VoluntaryChoice(
        id=new_id(at), plan_id=plan, customer=customer, former=former, channel=channel.value,
        words=words.strip() or None, paper=paper, stated_at=at,
    )  # fmt: skip


def record_voluntary_choice(
    plan: UUID,
    customer: UUID,
    *,
    channel: Channel,
    words: str = "",
    paper: UUID | None = None,
    by: str,
    at: int,
) -> int:
    """自愿选择: a customer said unasked that he stays with the former employee (TSI-2). The entry's index."""
    with book(at=at) as b:
        line = _locked(plan, customer)
        former = Plan.objects.values_list("leaver_id", flat=True).get(id=plan)
        entry = b.entry("succession.voluntary_choice", by=by, facts={"plan": str(plan)})
        entry.insert(_voluntary(plan, line.customer_id, former, channel, words, paper, at=at))
    return entry.index or 0


def voluntary_choices(former: UUID) -> list[tuple[UUID, int, str]]:
    """Customers who chose this former employee by themselves: customer, when (ms), by which channel."""
    rows = VoluntaryChoice.objects.filter(former=former).order_by("stated_at", "id")
    return list(rows.values_list("customer", "stated_at", "channel"))


def record_scan(plan: UUID, customer: UUID, *, staff: UUID, scanned_at: int, by: str, at: int) -> None:
    """The customer scanned a member's 联系我 himself: that member is now his keeper, by his own choice.

    NoScan while the platform still works on the line or has finished it: then its results decide.
    """
    with book(at=at) as b:
        line = _locked(plan, customer)
        if CustomerState(line.state) in (_S.SUBMITTED, _S.WAITING, _S.TAKEN):
            raise NoScan("该客户正在或已经接替，扫码无须登记。", remedy="请等待平台结果。")
        entry = b.entry("succession.scan", by=by, facts={"plan": str(plan)})
        entry.insert(
            Scan(
                id=new_id(at), plan_id=plan, assignment=line, customer=customer, staff=staff,
                scanned_at=scanned_at,
            )
        )  # fmt: skip
        changes = Changes()
        withdraw_waiting([line.id], changes, at=at)
        line.receiver_id, line.phase, line.state = staff, line.phase or Phase.AFTER.value, _S.TAKEN.value
        changes.lines[line.id] = line
        changes.wishes.append(wish(line, Wish.WELCOMES, Channel.WECOM, at=at))
        changes.write(entry)


def complain(token: str, words: str, *, at: int) -> ComplaintReceipt:
    """A complaint from behind the link: a matter of kind 请求 with the customer, and no more notices (R2.21)."""
    link = _link(token, at=at)
    return record_complaint(
        link.plan_id, link.customer, channel=Channel.LINK, words=words, by=f"customer:{link.customer}", at=at
    )


def record_complaint(
    plan: UUID, customer: UUID, *, channel: Channel, words: str = "", by: str, at: int
) -> ComplaintReceipt:
    """A complaint by mail, telephone or in a chat. Closing the matter needs the result told to him (R2.22)."""
    with book(at=at) as b:
        line = _locked(plan, customer)
        involved = [Involved(PersonKind.CUSTOMER, customer, "投诉人")]
        matter = matters.open_matter(
            kind=MatterKind.REQUEST, title="客户投诉：服务顾问变更", people=involved, by=by, at=at
        )
        entry = b.entry("succession.complaint", by=by, facts={"plan": str(plan), "matter": matter.number})
        entry.insert(
            Complaint(
                id=new_id(at), plan_id=plan, customer=customer, matter=matter.id, channel=channel.value,
                words=words.strip() or None, made_at=at,
            )
        )  # fmt: skip
        changes = Changes()
        close_contact(line, ClosedWhy.COMPLAINT, changes, entry, at=at)
        changes.write(entry)
    return ComplaintReceipt(matter.number, entry.index or 0, at)
