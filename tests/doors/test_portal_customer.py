"""顾问变更: one card, one button for each choice, silence afterwards; a wrong link says nothing."""

from dataclasses import dataclass
from datetime import date

import pytest
from django.test import Client

from jieli.access import policy
from jieli.handover import operations as handover
from jieli.handover.types import Answer, LeavingReason, NewPromise, OpenCase
from jieli.kernel.times import DAY, local_day
from jieli.ledger import queries as ledger
from jieli.matters import queries as matters
from jieli.succession import choices, notices
from jieli.succession.calling import run_submissions
from jieli.succession.models import Choice
from jieli.succession.spoken import Channel, ChoiceWord
from jieli.succession.transfers import prepare_submissions
from jieli.succession.types import CustomerState, Phase
from tests.rooms.relay import BY, NOW, Relay, found_relay


@dataclass
class Told:
    """A customer who was told, and his link."""

    relay: Relay
    token: str

    @property
    def address(self) -> str:
        return f"/c/{self.token}/"


def token_of(relay: Relay, name: str, *, at: int = NOW) -> str:
    [out] = notices.enter_notices(
        relay.plan, channel=Channel.SMS, customers=[relay.customers[name]], by=BY, at=at
    ).outgoing
    return out.token


@pytest.fixture
def told(db: None, clock: None) -> Told:
    relay = found_relay(customers=2)
    notices.fetch_contact_ways(relay.plan, relay.platform, by=BY, at=NOW)
    return Told(relay, token_of(relay, "wm0000"))


@pytest.fixture
def phone() -> Client:
    return Client(SERVER_NAME="localhost")


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def test_the_card_says_who_why_and_how_and_looking_changes_nothing(told: Told, phone: Client) -> None:
    before = ledger.head(ledger.live_log()).size
    page = text(phone, told.address)
    assert "您的服务顾问由李清变更为王岚" in page
    for word in (
        "青木教育科技有限公司",
        "91370000MA3EXAMPLE",
        "400-000-0000",
        "kefu@example.cn",
        "您可以拒绝",
    ):
        assert word in page
    for choice in ChoiceWord:
        assert f">{choice.value}</a>" in page
        assert "确认：" in text(phone, f"{told.address}?choice={choice.value}")
    for word in ("客户wm0000", "wm0000", "wm0001", "赵屿"):
        assert word not in page
    assert (ledger.head(ledger.live_log()).size, Choice.objects.count()) == (before, 0)


@pytest.mark.parametrize("choice", list(ChoiceWord))
def test_a_choice_is_entered_with_a_receipt_and_then_there_is_silence(
    told: Told, phone: Client, choice: ChoiceWord
) -> None:
    size = ledger.head(ledger.live_log()).size
    page = phone.post(told.address, {"choice": choice.value}).content.decode()
    assert f"谢谢，已记下您的选择“{choice}”" in page
    assert f"账本第 {size:,} 条" in page
    assert ledger.entries([size])[size].kind == "succession.choice"
    again = phone.post(told.address, {"choice": choice.value}).content.decode()
    assert f"账本第 {size:,} 条" in again
    assert Choice.objects.count() == 1
    assert f"您已选择“{choice}”" in text(phone, told.address)
    reminded = notices.enter_notices(
        told.relay.plan, channel=Channel.SMS, customers=[told.relay.customers["wm0000"]], reminder=True,
        by=BY, at=NOW + DAY,
    )  # fmt: skip
    assert reminded.outgoing == ()


@pytest.mark.req("R2.9")
def test_after_a_refusal_there_is_only_the_code_that_he_scans_himself(told: Told, phone: Client) -> None:
    done = phone.post(told.address, {"choice": "拒绝接替"}).content.decode()
    assert "data:image/svg+xml" in done
    page = text(phone, told.address)
    assert "https://work.example/ca/wang" in page
    assert "data:image/svg+xml" in page
    assert "choice=" not in page
    assert told.relay.state("wm0000") is CustomerState.REFUSED
    assert phone.post(told.address, {"choice": "接受"}).status_code == 400
    prepare_submissions(told.relay.plan, Phase.NOTICE, by=BY, at=NOW + 1)
    run_submissions(told.relay.plan, told.relay.platform, by=BY, at=NOW + 1)
    assert [call[3] for call in told.relay.platform.calls] == [("wm0001",)]
    assert told.relay.state("wm0000") is CustomerState.REFUSED
    customer, former = told.relay.customers["wm0000"], told.relay.staff["li"]
    choices.record_voluntary_choice(told.relay.plan, customer, channel=Channel.PHONE, by=BY, at=NOW + 2)
    assert choices.voluntary_choices(former) == [(customer, NOW + 2, "电话")]


def test_wrong_and_expired_links_are_the_same_empty_page(
    told: Told, phone: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = text(phone, "/c/" + "A" * 43 + "/", 404)
    assert "青木" not in wrong
    from jieli.doors.web import door

    monkeypatch.setattr(door, "now", lambda profile: NOW + 31 * DAY)
    assert text(phone, told.address, 404) == wrong
    assert phone.post(told.address, {"choice": "接受"}).status_code == 404
    assert Choice.objects.count() == 0


@pytest.mark.parametrize("sent", [{}, {"choice": "x"}, {"choice": ""}])
def test_what_is_no_choice_changes_nothing_and_shows_the_card_again(
    told: Told, phone: Client, sent: dict[str, str]
) -> None:
    response = phone.post(told.address, sent)
    assert response.status_code == 400
    assert "没有收到您的选择" in response.content.decode()
    assert Choice.objects.count() == 0


def test_a_post_without_its_form_is_refused(told: Told) -> None:
    strict = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    assert strict.post(told.address, {"choice": "拒绝接替"}).status_code == 403
    assert Choice.objects.count() == 0


def test_a_complaint_becomes_a_matter_with_its_number(told: Told, phone: Client) -> None:
    assert phone.post(told.address, {"words": "  "}).status_code == 400
    page = phone.post(told.address, {"words": "承诺的赠课没有给"}).content.decode()
    assert "已收到您的投诉" in page
    number = page.split('class="mono">M-')[1].split("<")[0]
    made = matters.matter(f"M-{number}")
    assert made.title == "客户投诉：服务顾问变更"
    assert [p.person for p in made.people] == [told.relay.customers["wm0000"]]


def test_attempts_from_one_place_are_limited(
    told: Told, phone: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jieli.access import attempts

    monkeypatch.setattr(attempts, "ATTEMPTS_PER_PLACE", 3)
    assert policy.ATTEMPTS_PER_PLACE > 3
    for _ in range(3):
        text(phone, "/c/" + "B" * 43 + "/", 404)
    assert "请稍后再试" in text(phone, told.address, 429)


def test_promises_stand_on_the_card_once_the_company_has_answered_in_writing(
    told: Told, phone: Client
) -> None:
    order = OpenCase(
        told.relay.staff["li"], LeavingReason.RESIGN, date(2026, 9, 25), local_day(NOW),
        receiver=told.relay.staff["wang"],
    )  # fmt: skip
    case = handover.open_case(order, by=BY, at=NOW)
    customer = told.relay.customers["wm0000"]
    sure, other = handover.list_promises(
        case=case.id, promises=[NewPromise(customer, "赠送两节课"), NewPromise(customer, "全额退费")],
        by=BY, at=NOW,
    )  # fmt: skip
    assert "赠送两节课" not in text(phone, told.address)
    handover.answer_promise(
        case=case.id, promise=sure, answer=Answer.CONFIRMED, answered_on=local_day(NOW), by=BY, at=NOW
    )
    page = text(phone, told.address)
    assert "赠送两节课" in page
    assert "全额退费" not in page
    stranger = text(phone, f"/c/{token_of(told.relay, 'wm0001')}/")
    assert "赠送两节课" not in stranger
    assert choices.whose(told.token, at=NOW) == customer
    assert other != sure
