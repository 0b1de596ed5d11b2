"""账号: the list and one account, for whoever may see them, in a constant number of queries."""

import csv
import io
import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jieli.access.types import Role
from jieli.kernel.cells import guarded
from jieli.kernel.ids import new_id
from tests.conftest import NOW
from tests.doors import sample

As = Callable[[UUID], Client]


def text(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return response.content.decode()


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connections["default"]) as seen:
        text(client, address)
    return len(seen)


def test_an_empty_register_teaches_what_will_stand_there(as_person: As) -> None:
    page = text(as_person(sample.person("hr", Role.PEOPLE)), "/accounts/")
    assert "还没有登记任何账号" in page
    assert "下一步" in page


def test_the_title_says_what_is_odd_and_links_to_it(as_person: As) -> None:
    sample.full()
    client = as_person(sample.person("hr", Role.PEOPLE))
    page = text(client, "/accounts/")
    assert "14 个账号中" in page
    assert "2 个不知道由谁持有" in page
    unknown = text(client, "/accounts/?holder=不明")
    assert "2 个符合" in unknown
    assert "YuanFan12" in unknown
    assert "YuanFan02" not in unknown


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("q=思远", "YuanFan02"),
        ("q=1006", "yuanfan-shop"),
        ("q=旗舰", "yuanfan-shop"),
        ("state=登记", "yuanfan-shop"),
        ("holder=公司库存", "YuanFan11"),
        ("platform=douyin", "yuanfan_live_20240401"),
    ],
)
def test_search_and_filters_stay_in_the_address(as_person: As, asked: str, found: str) -> None:
    sample.full()
    page = text(as_person(sample.person("hr", Role.PEOPLE)), f"/accounts/?{asked}")
    assert found in page
    assert "YuanFan09" not in page


def test_what_was_to_be_signed_by_now_is_late_and_has_its_list(as_person: As) -> None:
    sample.full()
    client = as_person(sample.person("hr", Role.PEOPLE))
    assert "7 个已逾期" in text(client, "/accounts/")
    listed = text(client, "/accounts/?due=逾期")
    assert "7 个符合" in listed
    assert 'name="due" value="逾期"' in listed
    assert "YuanFan02" not in listed


def test_nothing_found_says_so_and_offers_the_way_back(as_person: As) -> None:
    sample.full()
    page = text(as_person(sample.person("hr", Role.PEOPLE)), "/accounts/?q=没有这样的")
    assert "没有符合的账号" in page
    assert "清除筛选" in page


@pytest.mark.parametrize(
    "rubbish", ["state=x", "after=x", "holder=x", "q=%00", "after=" + str(UUID(int=7)), "q=%25_"]
)
def test_rubbish_in_the_address_breaks_nothing(as_person: As, rubbish: str) -> None:
    sample.full()
    text(as_person(sample.person("hr", Role.PEOPLE)), f"/accounts/?{rubbish}")


def test_pages_follow_each_other_without_loss_or_repetition(as_person: As) -> None:
    house = sample.full()
    sample.many(house, 120)
    client = as_person(sample.person("hr", Role.PEOPLE))
    seen: list[str] = []
    after = [""]
    for _ in range(3):
        page = text(client, f"/accounts/?after={after[-1]}")
        seen += re.findall(r'href="/accounts/([0-9a-f-]{36})/"', page)
        after += re.findall(r"after=([0-9a-f-]{36})\"", page)
    assert len(after) == 3
    assert "已是最后一页" in page
    assert len(seen) == len(set(seen)) == 134


def test_the_number_of_queries_does_not_grow_with_the_rows(as_person: As) -> None:
    house = sample.full()
    sample.many(house, 10)
    client = as_person(sample.person("hr", Role.PEOPLE))
    one = f"/accounts/{house.accounts['YuanFan01']}/"
    text(client, "/accounts/")
    few = [queries(client, address) for address in ("/accounts/", "/accounts/?q=批量", one)]
    sample.many_more(house, 10_000)
    assert [queries(client, address) for address in ("/accounts/", "/accounts/?q=批量", one)] == few
    assert max(few) <= 20


def test_the_export_holds_everything_that_matches_and_no_formula(as_person: As) -> None:
    house = sample.full()
    sample.many(house, 60)
    client = as_person(sample.person("hr", Role.PEOPLE))
    body = b"".join(client.get("/accounts.csv").streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(body)))
    assert rows[0][:3] == ["平台", "账号", "昵称"]
    assert len(rows) == 1 + 74
    only = b"".join(client.get("/accounts.csv?holder=公司库存").streaming_content).decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(only)))) == 2


def test_a_cell_that_begins_like_a_formula_is_defused() -> None:
    assert [guarded(c) for c in ("=1+1", "@x", "-2", "李敏", "")] == ["'=1+1", "'@x", "'-2", "李敏", ""]


def test_an_account_shows_its_holders_to_scale_and_its_gap(as_person: As) -> None:
    house = sample.full()
    page = text(as_person(sample.person("hr", Role.PEOPLE)), f"/accounts/{house.accounts['YuanFan01']}/")
    assert "由李敏持有" in page
    assert "有 1 段时间没有责任人" in page
    assert page.count('class="bar-') == 5
    assert 'class="bar-unknown' in page


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2024-05-01", "周航"),
        ("2025-07-01", "没有登记，不明"),
        ("2025-05-20", "公司库存"),
        ("2020-01-01", "没有登记，不明"),
    ],
)
def test_any_day_has_its_answer(as_person: As, day: str, said: str) -> None:
    house = sample.full()
    page = text(
        as_person(sample.person("hr", Role.PEOPLE)), f"/accounts/{house.accounts['YuanFan01']}/?day={day}"
    )
    assert said in page[page.index('id="any"') : page.index('id="rights"')]


def test_a_day_that_is_none_keeps_what_was_typed(as_person: As) -> None:
    house = sample.full()
    page = text(
        as_person(sample.person("hr", Role.PEOPLE)), f"/accounts/{house.accounts['YuanFan01']}/?day=昨天"
    )
    assert "请写成 2026-11-21 这样的日期" in page
    assert 'value="昨天"' in page


def test_a_grant_for_one_entity_or_unit_shows_no_more(as_person: As) -> None:
    house = sample.full()
    entity = as_person(sample.person("sh", Role.PEOPLE, entity=house.entities["SH"]))
    unit = as_person(sample.person("s2", Role.SALES_LEAD, unit=house.units["BJ-S2"]))
    assert "全部 6 个" in text(entity, "/accounts/")
    assert set(re.findall(r'class="unit">([^<]+)<', text(unit, "/accounts/"))) == {"华北销售二部"}
    outside = f"/accounts/{house.accounts['YuanFan01']}/"
    absent = f"/accounts/{new_id(NOW)}/"
    assert text(entity, outside, 404) == text(entity, absent, 404)


def test_who_may_not_see_accounts_gets_the_same_page_as_for_nothing(as_person: As) -> None:
    house = sample.full()
    client = as_person(sample.person("admin", Role.SYSTEM, Role.SECURITY, Role.AUDIT))
    pages = {
        text(client, a, 404)
        for a in ("/accounts/", "/accounts.csv", f"/accounts/{house.accounts['YuanFan01']}/", "/nothing")
    }
    assert len(pages) == 1
