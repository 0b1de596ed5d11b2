"""查阅: nothing without purpose and matter, nothing before its row, and the person concerned sees that row."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from jieli.access.types import Role
from jieli.ledger import queries as ledger
from jieli.reading import queries as reading
from tests.doors import sample, sample_talk

As = Callable[[UUID], Client]


@pytest.fixture
def house(archive_open: None) -> sample.Sample:
    return sample.full()


@pytest.fixture
def matter(house: sample.Sample) -> str:
    return sample_talk.talked(house)


def ask(client: Client, matter: str, *, status: int = 200, **changed: str) -> str:
    asked = {"query": "退费", "purpose": "投诉溯源", "matter": matter, **changed}
    response = client.post("/reading/search", asked)
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.req("R3.35")
def test_a_search_shows_what_was_said_and_the_person_sees_who_looked(
    as_person: As, house: sample.Sample, matter: str
) -> None:
    page = ask(as_person(sample.person("fawu", Role.LEGAL)), matter)
    assert "本页 2 条含有“退费”" in page
    assert "<mark>退费</mark>我帮您查" in page
    assert "刘女士" in page
    [opening] = reading.openings_concerning(house.staff["1001"])
    assert f"账本第 {opening.entry} 条" in page
    mine = (
        as_person(sample.person("limin", name="李敏", staff=house.staff["1001"])).get("/me/").content.decode()
    )
    assert "有人看过 1 次" in mine
    assert "投诉溯源" in mine
    assert matter in mine
    assert "退费" not in mine


def test_a_conversation_opens_in_its_order_under_a_row_of_its_own(
    as_person: As, house: sample.Sample, matter: str
) -> None:
    client = as_person(sample.person("fawu", Role.LEGAL))
    number = re.search(r'name="conversation" value="(\d+)"', ask(client, matter))
    assert number is not None
    asked = {"conversation": number[1], "purpose": "投诉溯源", "matter": matter}
    page = client.post("/reading/conversation", asked).content.decode()
    places = [page.index(text) for text in sample_talk.TALK]
    assert places == sorted(places)
    assert len(reading.openings_concerning(house.staff["1001"])) == 2


@pytest.mark.req("R3.7")
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"purpose": "好奇"}, "不能为这个目的查阅"),
        ({"purpose": ""}, "不能为这个目的查阅"),
        ({"matter": "M-2026-9999"}, "没有这个在办事项"),
        ({"query": "退"}, "search.too_short"),
        ({"from": "昨天"}, "不是日期"),
        ({"from": "2026-10-02", "to": "2026-10-01"}, "其间没有内容"),
        ({"account": "没有"}, "没有标识为"),
        ({"party": "K-9"}, "没有编号为"),
        ({"cursor": "x"}, "翻页位置无法识别"),
    ],
)
def test_a_question_that_cannot_be_asked_says_why_and_keeps_what_was_typed(
    as_person: As, house: sample.Sample, matter: str, changed: dict[str, str], said: str
) -> None:
    before = ledger.head(ledger.live_log()).size
    client = as_person(sample.person("fawu", Role.LEGAL))
    page = ask(client, changed.pop("matter", matter), status=400, **changed)
    assert said in page
    assert f'value="{changed.get("query", "退费")}"' in page
    assert ledger.head(ledger.live_log()).size == before + 2  # the person and his role, no opening


def test_looking_at_the_form_reads_nothing_and_asking_by_address_is_refused(
    as_person: As, house: sample.Sample, matter: str
) -> None:
    client = as_person(sample.person("fawu", Role.LEGAL))
    assert client.get("/reading/?query=退费").status_code == 200
    assert client.get(f"/reading/search?query=退费&purpose=投诉溯源&matter={matter}").status_code == 405
    assert reading.openings() == []


def test_without_a_scope_nothing_is_opened_and_the_page_counts_it(
    as_person: As, house: sample.Sample, matter: str
) -> None:
    page = ask(as_person(sample.person("fawu", Role.LEGAL)), matter, purpose="争议举证")
    assert "没有可以给您看的内容" in page
    assert "未授权此用途 2 条" in page
    assert "我帮您查" not in page


@pytest.mark.parametrize(
    "role", [Role.SYSTEM, Role.SECURITY, Role.AUDIT, Role.PEOPLE, Role.IT, Role.SALES_LEAD]
)
def test_no_other_role_reads_content(as_person: As, house: sample.Sample, matter: str, role: Role) -> None:
    client = as_person(sample.person("other", role))
    ask(client, matter, status=404)
    assert client.get("/reading/").status_code == 404
    assert client.post("/reading/conversation", {"conversation": "1"}).status_code == 404
    assert reading.openings() == []


def test_without_an_open_matter_the_page_teaches_the_next_step(as_person: As) -> None:
    page = as_person(sample.person("fawu", Role.LEGAL)).get("/reading/").content.decode()
    assert "现在没有在办的事项" in page
    assert "下一步" in page


def test_rubbish_for_a_conversation_is_an_error_with_a_remedy(
    as_person: As, house: sample.Sample, matter: str
) -> None:
    client = as_person(sample.person("fawu", Role.LEGAL))
    for number in ("", "x", "-1", "9" * 30, "٣"):
        asked = {"conversation": number, "purpose": "投诉溯源", "matter": matter}
        response = client.post("/reading/conversation", asked)
        assert response.status_code == 400
        assert "请从检索结果中打开" in response.content.decode()
