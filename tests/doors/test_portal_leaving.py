"""我的离职: the company's side first, one's own statements, and nobody else's case."""

import re
from datetime import date

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jieli.access import operations as access
from jieli.assets.types import AssetKind
from jieli.duties.types import Side
from jieli.handover import bindings, printing, private
from jieli.handover import operations as handover
from jieli.handover import queries as cases
from jieli.handover.shown import CaseView
from jieli.handover.things_types import ServiceKind
from jieli.handover.types import Answer, NewSettlement, Party, Statement
from jieli.kernel.times import local_day
from jieli.ledger import queries as ledger
from jieli.papers import operations as papers
from jieli.papers.forms.ending import LeavingCertificate
from jieli.papers.forms.pay import PaySettlement
from jieli.papers.signing import Channel, Outcome
from jieli.parties.types import Qualifier
from tests.conftest import NOW
from tests.doors import leaver
from tests.doors.leaver import As, Leaver
from tests.rooms import leaving
from tests.rooms.company import BY
from tests.rooms.leaving import LEAVER, NUMBER, RECEIVER, things


@pytest.fixture
def goes(db: None, clock: None) -> Leaver:
    return leaver.begin()


def text(client: Client, address: str = "/me/leaving/", status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def say(client: Client, address: str, **words: str) -> str:
    """What the page after a statement that was taken says."""
    response = client.post(address, words, follow=True)
    assert response.redirect_chain, response.content.decode()
    return response.content.decode()


def view(goes: Leaver) -> CaseView:
    return cases.view(goes.case.number, at=NOW)


def test_what_the_company_owes_comes_first_with_days_and_both_sides_alike(
    goes: Leaver, as_person: As
) -> None:
    page = text(as_person(goes.persons[LEAVER]))
    assert page.index("公司欠我的") < page.index("我还要办的")
    heading = page.split("<h1>")[1].split("</h1>")[0]
    assert re.search(r"公司还有 \d+ 项没有办完，其中 \d+ 项已逾期", heading)
    theirs = page[page.index('id="theirs"') : page.index('id="mine"')]
    for duty in view(goes).company:
        assert duty.name in theirs
    assert re.search(r"已逾期 \d+ 天", theirs)
    assert "劳动合同法" in theirs
    assert "不以交接为条件" in theirs
    assert "签署《离职工作交接单》" in page
    assert 'aria-current="page">我的离职' in page


def test_the_page_is_his_alone_and_stays_his(goes: Leaver, as_person: As, stranger: Client) -> None:
    for no in (RECEIVER, "TangYe"):
        assert as_person(goes.persons[no]).get("/me/leaving/").status_code == 404
        assert "我的离职" not in text(as_person(goes.persons[no]), "/me/papers/")
    guest = as_person(access.admit_person(sign_in="guest", name="访客", by=BY, at=NOW))
    assert guest.get("/me/leaving/").status_code == 404
    assert guest.get(f"/me/leaving/?staff={goes.house.staff[LEAVER]}").status_code == 404
    assert stranger.get("/me/leaving/").status_code == 302


def test_pay_shows_what_each_side_says_and_neither_covers_the_other(goes: Leaver, as_person: As) -> None:
    client = as_person(goes.persons[LEAVER])
    line = NewSettlement("未休年假折算", Party.COMPANY, company=Statement(100_000), pay_by=date(2026, 9, 20))
    handover.state_settlement(case=goes.case.id, lines=[line], by=BY, at=NOW)
    done = say(
        client, "/me/leaving/money", name="未休年假折算", amount="1,280.50", qualifier="约", words="共三天"
    )
    assert "已写入账本第" in done
    [kept] = view(goes).settlement
    assert kept.company == Statement(100_000)
    assert kept.staff == Statement(128_050, Qualifier.ABOUT, "共三天")
    page = text(client)
    for words in ("¥1,000.00", "约 ¥1,280.50", "共三天", "已逾期"):
        assert words in page
    say(client, "/me/leaving/money", order="D-1", amount="", words="已成交，提成未发", qualifier="准")
    [order] = view(goes).commission
    assert (order.order_no, order.company, order.staff) == (
        "D-1",
        None,
        Statement(None, text="已成交，提成未发"),
    )


@pytest.mark.parametrize("amount", ["abc", "-1", "1.234", "1e400", "NaN", "99999999999999"])
def test_an_amount_that_is_none_is_sent_back_with_what_was_typed(
    goes: Leaver, as_person: As, amount: str
) -> None:
    sent = {"name": "工资", "amount": amount, "qualifier": "准", "words": "九月"}
    response = as_person(goes.persons[LEAVER]).post("/me/leaving/money", sent)
    assert response.status_code == 400
    page = response.content.decode()
    assert "金额看不懂" in page
    assert f'value="{amount}"' in page
    assert ">九月</textarea>" in page
    assert view(goes).settlement == ()


def test_an_objection_is_made_to_one_line_in_his_own_words(goes: Leaver, as_person: As) -> None:
    client = as_person(goes.persons[LEAVER])
    links = re.findall(r'href="(/me/leaving/objection\?[^"]+)"', text(client))
    assert len(links) > 10
    account = next(link.replace("&amp;", "&") for link in links if "HeQing" in link)
    assert "HeQing" in text(client, account)
    done = say(client, account, words="这个号上有三名客户是我的亲戚")
    assert "已写入账本第" in done
    assert "异议：这个号上有三名客户是我的亲戚" in done
    [objection] = view(goes).objections
    assert (objection.by, objection.subject) == (Party.STAFF, goes.house.accounts[LEAVER])
    handover.answer_objection(
        case=goes.case.id, objection=objection.id, text="已核对，剔除。", answered_on=local_day(NOW), by=BY, at=NOW
    )  # fmt: skip
    assert "已核对，剔除。" in text(client)
    for absent in ("?place=账号清单&item=x", "?place=x&item=1", "", "?place=义务&item=" + str(goes.case.id)):
        assert client.get(f"/me/leaving/objection{absent}").status_code == 404


def test_private_things_are_marked_by_name_and_place_alone(goes: Leaver, as_person: As) -> None:
    client = as_person(goes.persons[LEAVER])
    marked = {
        "kind": "照片",
        "label": "家人照片",
        "where": "工作手机相册",
        "count": "12",
        "decision": "取走后删除",
    }
    assert "已标记“家人照片”" in say(client, "/me/leaving/private", **marked)
    [item] = private.private_items(goes.case.id)
    assert (item.label, item.count, item.nature) == ("家人照片", 12, None)
    private.check_private(case=goes.case.id, by=BY, at=NOW)
    assert "私人（本人陈述）" in text(client, "/me/leaving/private")
    say(client, "/me/leaving/private", dispute=str(item.id))
    assert "有争议" in text(client, "/me/leaving/private")
    assert client.post("/me/leaving/private", {"dispute": str(goes.case.id)}).status_code == 404
    wrong = client.post("/me/leaving/private", marked | {"count": "x"})
    assert (wrong.status_code, "家人照片" in wrong.content.decode()) == (400, True)


def test_the_number_is_let_go_item_by_item(goes: Leaver, as_person: As) -> None:
    client, number = as_person(goes.persons[LEAVER]), things(AssetKind.NUMBER)[NUMBER]
    address = f"/me/leaving/numbers/{number}"
    assert "还不能停用" in text(client, address)
    assert client.post(address, {"kind": "银行", "name": "某银行"}).status_code == 400
    bindings.give_list(case=goes.case.id, number=number, by=BY, at=NOW)
    assert "已加入解绑清单：某银行储蓄卡" in say(client, address, kind="银行", name="某银行储蓄卡")
    say(client, address, complete="1")
    state = bindings.states(goes.case.id, [number])[number]
    [bound] = state.bindings
    assert (bound.kind, bound.name, state.complete, state.all_unbound) == (
        ServiceKind.BANK, "某银行储蓄卡", True, False,
    )  # fmt: skip
    assert "已写入账本第" in say(client, address, unbind=str(bound.id))
    assert bindings.states(goes.case.id, [number])[number].all_unbound
    assert "已全部解绑" in text(client, address)
    assert client.get(f"/me/leaving/numbers/{goes.case.id}").status_code == 404


def test_promises_name_customers_of_his_own_list_and_wait_for_the_company(
    goes: Leaver, as_person: As
) -> None:
    client = as_person(goes.persons[LEAVER])
    wrong = client.post("/me/leaving/promises", {"customer": "nobody", "words": "赠两罐茶"})
    assert wrong.status_code == 400
    assert ">赠两罐茶</textarea>" in wrong.content.decode()
    say(client, "/me/leaving/promises", customer="wm-lin", words="赠两罐茶", promised_on="2026-08-30")
    assert "等公司书面答复" in text(client, "/me/leaving/promises")
    [promise] = view(goes).promises
    handover.answer_promise(
        case=goes.case.id, promise=promise.id, answer=Answer.REFUSED, text="无书面约定",
        answered_on=local_day(NOW), by=BY, at=NOW,
    )  # fmt: skip
    assert "不予确认：无书面约定" in text(client)


def test_a_new_print_of_a_paper_takes_the_place_of_the_old_one(goes: Leaver, as_person: As) -> None:
    client = as_person(goes.persons[LEAVER])
    at = NOW + 1_000
    kinds = ["离职工作交接单", LeavingCertificate.kind, PaySettlement.kind]
    printing.issue_papers(number=goes.case.number, kinds=kinds, by=BY, at=at)
    page = text(client)
    assert page.count("签署《离职工作交接单》") == 1
    assert "已有新的一份" in page
    assert f"/me/papers/{goes.sheet}/file" in page
    assert LeavingCertificate.kind in page
    assert client.post(f"/me/papers/{goes.sheet}/roles/移交人/trace", {"read": "on"}).status_code == 404


def test_a_closed_leaving_is_still_read_and_nothing_more_is_said(goes: Leaver, as_person: As) -> None:
    sent = papers.deliver(
        paper=goes.sheet, to=None, to_name="何青", channel=Channel.EMS, address="略", number="EMS1", sent_at=NOW,
        by=BY, at=NOW,
    )  # fmt: skip
    slip = leaving.scan("退回面单", at=NOW)
    papers.delivery_result(
        delivery=sent.id, outcome=Outcome.RETURNED, proof=slip, outcome_at=NOW, by=BY, at=NOW
    )
    for day in (19, 20, 21):
        handover.record_attempt(
            case=goes.case.id, how="电话", tried_on=date(2026, 9, day), outcome="无人应答", by=BY, at=NOW
        )
    leaving.fulfil(goes.case, Side.COMPANY, at=NOW)
    handover.close_noted(case=goes.case.id, note="三次联系未答复", by=BY, at=NOW)
    client = as_person(goes.persons[LEAVER])
    page = text(client)
    assert "仍归您查看和下载" in page
    assert "有异议</a>" not in page
    assert f"/me/papers/{goes.sheet}/file" in page
    for address in ("private", "promises", "money"):
        assert client.post(f"/me/leaving/{address}", {"label": "x"}).status_code == 404
        assert '<form method="post" class="stack' not in text(client, f"/me/leaving/{address}")
    assert client.get(f"/me/papers/{goes.sheet}/objection").status_code == 404


def test_the_page_costs_the_same_for_many_lines(goes: Leaver, as_person: As) -> None:
    client = as_person(goes.persons[LEAVER])
    counts = []
    for lines in (1, 12):
        named = [NewSettlement(f"项目{n}", Party.COMPANY, company=Statement(100)) for n in range(lines)]
        handover.state_settlement(case=goes.case.id, lines=named, by=BY, at=NOW)
        with CaptureQueriesContext(connections["default"]) as seen:
            text(client)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 60
    before = ledger.head(ledger.live_log()).size
    text(client)
    assert ledger.head(ledger.live_log()).size == before
