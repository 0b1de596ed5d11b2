"""A salesperson's own page: what is recorded, who looked, taking it back, objecting; at a desk and on a phone."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from jieli.access import queries as access
from jieli.access.types import Role
from jieli.reading import operations as reading
from tests.conftest import NOW
from tests.doors import sample, sample_talk
from tests.journeys.look import check

pytestmark = pytest.mark.journey
Begin = Callable[[UUID], None]


def test_mine(page: Page, archive_open: None, signed_in: Begin) -> None:
    house = sample.full()
    sample_talk.consented(house, "1001", "1003")
    matter = sample_talk.talked(house)
    reader = access.person(sample.person("fawu", Role.LEGAL, staff=house.staff["1009"]))
    assert reader is not None
    for purpose in ("投诉溯源", "质检", "合规审计"):
        reading.search(query="退费", purpose=purpose, matter=matter, by=reader, at=NOW)
    signed_in(sample.person("limin", name="李敏", staff=house.staff["1001"]))
    page.goto("/me/")
    expect(page.get_by_role("heading", level=1)).to_have_text("现在在记录：会话存档；有人看过 3 次")
    check(page, "mine")
    page.get_by_role("link", name="撤回 会话存档 质检使用").click()
    check(page, "withdraw")
    page.get_by_role("button", name="撤回", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已撤回“会话存档”的质检使用")
    page.get_by_role("link", name="有异议").click()
    page.get_by_role("button", name="提出异议").click()
    expect(page.get_by_role("alert")).to_have_text("请至少选一项。")
    check(page, "object-error")
    page.get_by_label("采集").check()
    page.get_by_role("button", name="提出异议").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("现在没有记录您的任何内容")
    page.get_by_text("您说过的每一句").click()
    check(page, "mine-objected")


def test_mine_empty(page: Page, signed_in: Begin) -> None:
    house = sample.full()
    signed_in(sample.person("jiashu", name="陈嘉树", staff=house.staff["1005"]))
    page.goto("/me/")
    check(page, "mine-empty")
