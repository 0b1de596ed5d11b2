"""A customer is told in three moments, chooses behind his own link, and is then left in peace."""

from dataclasses import asdict
from uuid import UUID

import psycopg
import pytest
from django.db import connections
from django.db.utils import IntegrityError, ProgrammingError

from jieli.access.types import Role
from jieli.approvals import operations as approvals
from jieli.approvals.errors import Interested, NotApproved
from jieli.kernel.times import HOUR
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.matters import queries as matters
from jieli.matters.types import MatterKind, PersonKind
from jieli.succession import choices, notices, proposals
from jieli.succession.calling import run_submissions
from jieli.succession.errors import ReceiverRefused
from jieli.succession.faults import (
    ChoiceNotOffered,
    LinkExpired,
    NoScan,
    NoServiceContact,
    NoSuchLink,
    NothingToPropose,
    TooManyChoices,
)
from jieli.succession.final import final_states
from jieli.succession.models import Choice, ChoiceLink, Contact, CustomerWish, ServiceContact, VoluntaryChoice
from jieli.succession.polling import poll
from jieli.succession.spoken import Channel, ChoiceWord, Reach
from jieli.succession.transfers import prepare_submissions
from jieli.succession.types import CustomerState as S
from jieli.succession.types import Phase
from tests.rooms.company import reader
from tests.rooms.relay import BY, DAY, NOW, Relay, found_relay

pytestmark = pytest.mark.usefixtures("db")
W = ChoiceWord


def told(relay: Relay, *names: str, at: int = NOW, reminder: bool = False) -> dict[str, str]:
    """Tokens of a notice by customer."""
    customers = [relay.customers[n] for n in names]
    entered = notices.enter_notices(
        relay.plan, channel=Channel.SMS, customers=customers, reminder=reminder, by=BY, at=at
    )
    back = {key: name for name, key in relay.customers.items()}
    return {back[o.customer]: o.token for o in entered.outgoing}


def submit(relay: Relay, *, at: int) -> None:
    relay.platform.now = at
    prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=at)
    run_submissions(relay.plan, relay.platform, by=BY, at=at)


def look(relay: Relay, *, at: int) -> None:
    relay.platform.now = at
    poll(relay.plan, relay.platform, by=BY, at=at)


@pytest.mark.req("R2.9")
def test_the_card_says_who_and_how_and_nothing_else_and_looking_changes_nothing() -> None:
    relay = found_relay(customers=2)
    notices.fetch_contact_ways(relay.plan, relay.platform, by=BY, at=NOW)
    token = told(relay, "wm0000")["wm0000"]
    before = ledger.head(ledger.live_log()).size
    card = choices.card(token, at=NOW + HOUR)
    assert ledger.head(ledger.live_log()).size == before
    assert (card.company, card.uscc, card.phone) == (
        "青木教育科技有限公司",
        "91370000MA3EXAMPLE",
        "400-000-0000",
    )
    assert (card.leaver, card.receiver, card.contact_way, card.chosen) == ("李清", "王岚", "", None)
    assert card.choices == tuple(W)
    assert ("kefu@example.cn" in card.complaint, "合规部" in card.complaint) == (True, True)
    everything = str(asdict(card))
    assert [word for word in ("离职", "辞职", "客户wm", "wm0000", "赵屿") if word in everything] == []


def test_only_the_digest_of_a_link_is_kept_and_it_opens_one_customer_of_one_plan() -> None:
    relay = found_relay(customers=2)
    tokens = told(relay, "wm0000", "wm0001")
    rows = {row.customer: row for row in ChoiceLink.objects.all()}
    assert len({bytes(r.digest) for r in rows.values()}) == 2
    assert {len(t) for t in tokens.values()} == {43}
    parts = ledger.parts([("succession_choice_link", r.id) for r in rows.values()])
    bodies = b"".join(p.body for found in parts.values() for p in found)
    assert [t for t in tokens.values() if t.encode() in bodies] == []
    choices.choose(tokens["wm0000"], W.REFUSE, at=NOW + 1)
    assert relay.states() == {"wm0000": S.REFUSED, "wm0001": S.PLANNED}


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "。" * 43])
def test_a_link_that_never_was_says_so_and_an_old_one_that_it_is_over(token: str) -> None:
    relay = found_relay(customers=1)
    good = told(relay, "wm0000")["wm0000"]
    with pytest.raises(NoSuchLink):
        choices.card(token, at=NOW)
    with pytest.raises(NoSuchLink):
        choices.choose(token, W.REFUSE, at=NOW)
    choices.card(good, at=NOW + 30 * DAY - 1)
    with pytest.raises(LinkExpired):
        choices.choose(good, W.REFUSE, at=NOW + 30 * DAY)
    assert relay.state("wm0000") is S.PLANNED


@pytest.mark.req("R2.9")
def test_a_refusal_ends_every_call_and_message_and_leaves_the_contact_code() -> None:
    relay = found_relay(customers=2, receivers=("wang",))
    notices.fetch_contact_ways(relay.plan, relay.platform, by=BY, at=NOW)
    token = told(relay, "wm0000")["wm0000"]
    prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=NOW + 1)
    receipt = choices.choose(token, W.REFUSE, at=NOW + 2)
    assert ledger.entries([receipt.entry])[receipt.entry].kind == "succession.choice"
    relay.platform.now = NOW + 3
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW + 3)
    assert [c[3] for c in relay.platform.calls] == [("wm0001",)]
    card = choices.card(token, at=NOW + DAY)
    assert (card.choices, card.receiver, card.chosen) == ((), "", W.REFUSE)
    assert card.contact_way == "https://work.example/ca/wang"
    assert told(relay, "wm0000", at=NOW + DAY, reminder=True) == {}
    with pytest.raises(ChoiceNotOffered):
        choices.choose(token, W.ACCEPT, at=NOW + DAY)
    assert CustomerWish.objects.get().wish == "拒绝接替"


def test_a_late_refusal_is_honoured_whatever_the_platform_says() -> None:
    relay = found_relay(customers=2)
    token = told(relay, "wm0000")["wm0000"]
    submit(relay, at=NOW + 1)
    choices.choose(token, W.REFUSE, at=NOW + 2)
    look(relay, at=NOW + 2 * DAY)
    assert relay.states() == {"wm0000": S.REFUSED, "wm0001": S.TAKEN}
    other = told(relay, "wm0001", at=NOW + 2 * DAY)["wm0001"]
    choices.choose(other, W.REFUSE, at=NOW + 3 * DAY)
    assert relay.state("wm0001") is S.REFUSED
    assert final_states(relay.plan, at=NOW + 3 * DAY).clean


def test_only_the_customer_s_own_scan_opens_a_refusal_again() -> None:
    relay = found_relay(customers=2)
    token = told(relay, "wm0000")["wm0000"]
    choices.choose(token, W.REFUSE, at=NOW + 1)
    submit(relay, at=NOW + 2)
    assert relay.state("wm0000") is S.REFUSED
    scan = {"staff": relay.staff["zhao"], "scanned_at": NOW + 3, "by": BY, "at": NOW + 4}
    choices.record_scan(relay.plan, relay.customers["wm0000"], **scan)  # type: ignore[arg-type]
    assert relay.state("wm0000") is S.TAKEN
    with pytest.raises(NoScan):
        choices.record_scan(relay.plan, relay.customers["wm0001"], **scan)  # type: ignore[arg-type]


def test_one_notice_and_one_reminder_over_all_channels_and_then_nothing() -> None:
    relay = found_relay(customers=1)
    customer = relay.customers["wm0000"]
    assert told(relay, "wm0000", reminder=True) == {}
    assert set(told(relay, "wm0000")) == {"wm0000"}
    again = notices.enter_notices(relay.plan, channel=Channel.MAIL, by=BY, at=NOW + 1)
    assert (again.outgoing, again.withheld) == ((), {customer: "已告知"})
    assert set(told(relay, "wm0000", at=NOW + DAY, reminder=True)) == {"wm0000"}
    assert told(relay, "wm0000", at=NOW + 2 * DAY, reminder=True) == {}
    row = Contact.objects.get()
    notices.record_reach(contacts=[row.id], reminder=True, outcome=Reach.RETURNED, by=BY, at=NOW + 2 * DAY)
    found = notices.moments(relay.plan)[customer]
    assert (found.notice_at, found.reminder_at, found.reminder_outcome) == (NOW, NOW + DAY, "退回")


@pytest.mark.parametrize(
    "said",
    [W.REFUSE, W.NO_CONTACT, W.ANOTHER, W.ACCEPT, "投诉"],
    ids=["refuse", "none", "other", "yes", "complaint"],
)
def test_after_any_answer_the_house_is_silent(said: W | str) -> None:
    relay = found_relay(customers=1)
    token = told(relay, "wm0000")["wm0000"]
    {True: choices.choose, False: choices.complain}[isinstance(said, W)](token, said, at=NOW + 1)  # type: ignore[operator]
    assert told(relay, "wm0000", at=NOW + DAY, reminder=True) == {}
    row = Contact.objects.get()
    row.reminder_at, row.reminder_channel = NOW + DAY, Channel.SMS.value
    with pytest.raises((IntegrityError, psycopg.IntegrityError)), book(at=NOW + DAY) as b:
        b.entry("succession.notice", by=BY).revise(row)


def test_a_customer_who_refused_elsewhere_is_neither_told_nor_submitted() -> None:
    relay = found_relay(customers=2, receivers=("wang",))
    plan, customer = relay.plan, relay.customers["wm0000"]
    with book(at=NOW) as b:
        b.entry("succession.wish", by=BY).insert(
            CustomerWish(
                id=UUID(int=5), customer_id=customer, wish="不再联系我", stated_at=NOW, channel="电话"
            )
        )
    assert set(told(relay, "wm0000", "wm0001", at=NOW + 1)) == {"wm0001"}
    submit(relay, at=NOW + 2)
    assert relay.states() == {"wm0000": S.NO_CONTACT, "wm0001": S.WAITING}
    assert final_states(plan, at=NOW + 2).final == {customer: S.NO_CONTACT}


def test_the_three_moments_are_shown_and_none_is_said_to_be_seen() -> None:
    relay = found_relay(customers=2)
    customers = list(relay.customers.values())
    text = notices.farewell_text(relay.plan, relay.staff["wang"])
    assert ("李清" in text, "王岚" in text, "拒绝" in text, "离职" in text) == (True, True, True, False)
    sent = notices.record_farewell(
        relay.plan, customers, sent_by=relay.staff["li"], channel=Channel.WECOM, sent_at=NOW - HOUR,
        by=f"person:{relay.staff['li']}", at=NOW,
    )  # fmt: skip
    assert sent == 2
    submit(relay, at=NOW + 1)
    look(relay, at=NOW + HOUR)
    told(relay, "wm0000", at=NOW + 2 * HOUR)
    found = notices.moments(relay.plan)[relay.customers["wm0000"]]
    assert (found.farewell_at, found.farewell_channel, found.notice_channel) == (
        NOW - HOUR,
        "企业微信",
        "短信",
    )
    assert found.platform is not None
    assert (found.platform.submitted_at, found.platform.status) == (NOW + 1, 2)
    assert (NOW + DAY) // 1000 * 1000 <= found.platform.takeover_at <= NOW + DAY + 1
    assert "不能证明" in found.platform.seen


def test_without_a_published_channel_nobody_is_told() -> None:
    relay = found_relay(customers=1)
    with pytest.raises(NoServiceContact):
        notices.set_service_contact(
            entity=relay.entity, uscc="", phone="1", mail="2", desk="3", by=BY, at=NOW
        )
    row = ServiceContact.objects.get()
    row.entity = UUID(int=1)
    with book(at=NOW) as b:
        b.entry("succession.service_contact", by=BY).revise(row)
    with pytest.raises(NoServiceContact):
        told(relay, "wm0000")
    assert ChoiceLink.objects.count() == 0


def test_a_mind_may_be_changed_five_times_and_a_double_press_is_one_choice() -> None:
    relay = found_relay(customers=1)
    token = told(relay, "wm0000")["wm0000"]
    customer = relay.customers["wm0000"]
    first = choices.choose(token, W.ACCEPT, at=NOW + 1)
    assert choices.choose(token, W.ACCEPT, at=NOW + 2) == first
    for n in range(4):
        choices.choose(token, W.ACCEPT, words=f"第{n}次补充", at=NOW + 3 + n)
    with pytest.raises(TooManyChoices):
        choices.choose(token, W.REFUSE, at=NOW + 9)
    assert list(Choice.objects.order_by("ordinal").values_list("ordinal", flat=True)) == [1, 2, 3, 4, 5]
    row = Choice.objects.get(ordinal=5)
    row.id, row.ordinal = UUID(int=3), 6
    with pytest.raises((IntegrityError, psycopg.IntegrityError)), book(at=NOW) as b:
        b.entry("succession.choice", by=BY).insert(row)
    assert customer


@pytest.mark.req("R2.9")
def test_a_volunteered_wish_for_the_former_employee_is_kept_and_nobody_can_delete_it() -> None:
    relay = found_relay(customers=2)
    token = told(relay, "wm0000")["wm0000"]
    choices.choose(token, W.REFUSE, prefers_former=True, words="我想继续找李老师", at=NOW + 1)
    choices.record_voluntary_choice(
        relay.plan, relay.customers["wm0001"], channel=Channel.PHONE, by=BY, at=NOW + 2
    )
    found = choices.voluntary_choices(relay.staff["li"])
    assert [(c, at) for c, at, _ in found] == [
        (relay.customers["wm0000"], NOW + 1), (relay.customers["wm0001"], NOW + 2),
    ]  # fmt: skip
    for statement in (
        "DELETE FROM succession_voluntary_choice",
        "UPDATE succession_choice SET choice = '接受'",
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            connections["default"].cursor() as cursor,
        ):
            cursor.execute(statement)
    assert VoluntaryChoice.objects.count() == 2


def test_a_complaint_is_a_matter_with_the_customer_and_silences_the_house() -> None:
    relay = found_relay(customers=2)
    token = told(relay, "wm0000")["wm0000"]
    receipt = choices.complain(token, "没有人提前告诉我", at=NOW + 1)
    found = matters.matter(receipt.matter)
    assert (found.kind, found.open) == (MatterKind.REQUEST, True)
    assert [(p.kind, p.person) for p in found.people] == [(PersonKind.CUSTOMER, relay.customers["wm0000"])]
    by_mail = choices.record_complaint(
        relay.plan, relay.customers["wm0001"], channel=Channel.MAIL, words="请回电", by=BY, at=NOW + 2
    )
    assert by_mail.matter != receipt.matter
    assert told(relay, "wm0001", at=NOW + 3) == {}
    assert relay.state("wm0000") is S.PLANNED


def another(relay: Relay) -> UUID:
    """The first customer asks for another adviser; he is with wang by then."""
    token = told(relay, "wm0000")["wm0000"]
    submit(relay, at=NOW + 1)
    look(relay, at=NOW + 2 * DAY)
    choices.choose(token, W.ANOTHER, at=NOW + 2 * DAY)
    return relay.customers["wm0000"]


def test_another_adviser_is_proposed_by_one_person_and_approved_by_a_second() -> None:
    relay = found_relay(customers=2)
    customer = another(relay)
    assert relay.state("wm0000") is S.NOBODY
    assert "换一位" in final_states(relay.plan, at=NOW + 2 * DAY).listed[0].reason
    at = NOW + 2 * DAY + 1
    same = {"reason": "客户要求", "by": BY, "at": at}
    for wrong in ("wang", "boss"):
        with pytest.raises(ReceiverRefused):
            proposals.propose_another(relay.plan, customer, receiver=relay.staff[wrong], **same)  # type: ignore[arg-type]
    asked = proposals.propose_another(relay.plan, customer, receiver=relay.staff["zhao"], **same)  # type: ignore[arg-type]
    with pytest.raises(NotApproved):
        proposals.prepare_proposal(relay.plan, customer, by=BY, at=at)
    with pytest.raises(NothingToPropose):
        proposals.propose_another(relay.plan, customer, receiver=relay.staff["zhao"], **same)  # type: ignore[arg-type]
    receiver = reader(Role.COMPLIANCE, name="赵屿", staff=relay.staff["zhao"], at=at)
    with pytest.raises(Interested):
        approvals.decide(request=asked, agree=True, by=receiver, at=at)
    judge = reader(Role.COMPLIANCE, name="严明", at=at)
    decided = approvals.decide(request=asked, agree=True, by=judge, at=at)
    proposals.prepare_proposal(relay.plan, customer, by=BY, at=at)
    relay.platform.now = at
    run_submissions(relay.plan, relay.platform, by=BY, at=at)
    assert relay.platform.calls[-1][:5] == (False, "wang", "zhao", ("wm0000",), str(decided.id))
    look(relay, at=at + 2 * DAY)
    assert relay.states() == {"wm0000": S.TAKEN, "wm0001": S.TAKEN}


def test_nobody_is_proposed_to_a_customer_who_did_not_ask() -> None:
    relay = found_relay(customers=2)
    customer = another(relay)
    token_holder = relay.customers["wm0001"]
    with pytest.raises(NothingToPropose):
        proposals.propose_another(
            relay.plan, token_holder, receiver=relay.staff["wang"], reason="", by=BY, at=NOW + 3 * DAY
        )
    choices.record_choice(relay.plan, customer, W.REFUSE, channel=Channel.PHONE, by=BY, at=NOW + 3 * DAY)
    with pytest.raises(NothingToPropose):
        proposals.propose_another(
            relay.plan, customer, receiver=relay.staff["zhao"], reason="", by=BY, at=NOW + 3 * DAY
        )
