"""我的: everybody sees himself and nobody else; taking back and objecting work at once and leave a receipt."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jieli.consent import operations as consent
from jieli.consent import queries
from jieli.consent.types import Means, Scope, Step, SubjectKind
from jieli.ledger import queries as ledger
from tests.conftest import NOW
from tests.doors import sample, sample_talk

As = Callable[[UUID], Client]


@pytest.fixture
def house(db: None) -> sample.Sample:
    found = sample.full()
    sample_talk.consented(found, "1001", "1002")
    return found


def own(as_person: As, house: sample.Sample, number: str = "1001", name: str = "李敏") -> Client:
    return as_person(sample.person(f"p{number}", name=name, staff=house.staff[number]))


def text(client: Client, address: str = "/me/") -> str:
    response = client.get(address, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_the_page_says_what_is_recorded_what_not_and_who_looked(as_person: As, house: sample.Sample) -> None:
    page = text(own(as_person, house))
    assert "现在在记录：会话存档；没有人看过" in re.sub("<[^>]+>", "", page)
    off = page[page.index('id="off"') : page.index('id="looked"')]
    assert re.search("通话录音.*因为未同意", off)
    for word in ("屏幕", "定位", "关键词扫描", "私人账号"):
        assert word in off
    assert "工作账号会话存档告知书" in page
    assert "私人账号、私人通话、屏幕、位置，一律不保存" in page


def test_who_said_nothing_is_not_recorded_and_is_told_why(as_person: As, house: sample.Sample) -> None:
    page = text(own(as_person, house, "1005", "陈嘉树"))
    assert "现在没有记录您的任何内容" in page
    assert "未告知" in page
    assert "您现在没有有效的同意" in page
    assert "缺" not in page
    assert "还没有收齐的文件" in page


def test_without_a_staff_record_the_page_says_what_to_do(as_person: As, house: sample.Sample) -> None:
    page = text(as_person(sample.person("guest", name="访客")))
    assert "这里没有与您有关的记录" in page
    assert "请联系人事" in page


def test_withdrawing_says_what_will_happen_then_that_it_did(as_person: As, house: sample.Sample) -> None:
    client = own(as_person, house)
    before = ledger.head(ledger.live_log()).size
    asked = text(client, "/me/withdraw?means=会话存档&scope=采集")
    assert "从此刻起不再保存新的内容" in asked
    assert ledger.head(ledger.live_log()).size == before
    done = client.post("/me/withdraw", {"means": "会话存档", "scope": "采集"}, follow=True).content.decode()
    assert f"已写入账本第 {before} 条" in done
    assert "现在没有记录您的任何内容" in done
    assert "已撤回" in done
    assert (Means.CHAT, Scope.CAPTURE) not in queries.person(house.staff["1001"], at=NOW).in_force
    assert (Means.CHAT, Scope.CAPTURE) in queries.person(house.staff["1002"], at=NOW).in_force


def test_an_objection_stops_at_once_and_waits_for_an_answer(as_person: As, house: sample.Sample) -> None:
    client = own(as_person, house)
    asked = {"means": "会话存档", "scope": ["采集", "质检使用"]}
    page = client.post("/me/object", asked, follow=True).content.decode()
    assert "您提出的 2 项异议正在等公司书面答复" in page
    assert "有异议待答复" in page
    consent.answer_objection(
        subject_kind=SubjectKind.STAFF, subject=house.staff["1001"], means=Means.CHAT, scope=Scope.QUALITY,
        reply="已停止质检使用。", claimed_at=NOW, by=sample.BY, at=NOW,
    )  # fmt: skip
    page = text(client)
    assert "您提出的 1 项异议" in page
    assert "已停止质检使用。" in page


def test_an_objection_to_nothing_is_sent_back_with_what_was_chosen(
    as_person: As, house: sample.Sample
) -> None:
    client = own(as_person, house)
    response = client.post("/me/object", {"means": "通话录音"})
    assert response.status_code == 400
    page = response.content.decode()
    assert "请至少选一项" in page
    assert re.search('value="通话录音" checked', page)
    assert not [s for s in queries.statements(house.staff["1001"]) if s.step is Step.OBJECT]


@pytest.mark.parametrize("asked", ["", "?means=x&scope=采集", "?means=会话存档&scope=x", "?means=会话存档"])
def test_what_cannot_be_meant_is_absent(as_person: As, house: sample.Sample, asked: str) -> None:
    assert own(as_person, house).get(f"/me/withdraw{asked}").status_code == 404


def test_nobody_can_name_another_person(as_person: As, house: sample.Sample) -> None:
    client = own(as_person, house)
    other = house.staff["1002"]
    assert "周航" not in text(client, f"/me/?staff={other}")
    client.post(
        "/me/withdraw", {"means": "会话存档", "scope": "采集", "staff": str(other), "subject": str(other)}
    )
    assert (Means.CHAT, Scope.CAPTURE) in queries.person(other, at=NOW).in_force


def test_the_page_costs_the_same_for_many_openings(
    as_person: As, archive_open: None, house: sample.Sample
) -> None:
    from jieli.access import queries as access
    from jieli.access.types import Role
    from jieli.reading import operations as reading

    matter = sample_talk.talked(house)
    reader = access.person(sample.person("fawu", Role.LEGAL))
    client = own(as_person, house)
    assert reader is not None
    counts = []
    for times in (1, 12):
        for _ in range(times):
            reading.search(query="退费", purpose="投诉溯源", matter=matter, by=reader, at=NOW)
        with CaptureQueriesContext(connections["default"]) as seen:
            text(client)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 50
