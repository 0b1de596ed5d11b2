"""争议 in a browser: what can be proved today, card by card; and the places where nothing is yet, which teach."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from jieli.access.types import Role
from jieli.evidence import disputes_queries as queries
from tests.doors import sample
from tests.journeys.leaving import agrees
from tests.journeys.look import check
from tests.rooms.test_disputes import Case, case

__all__ = ["case"]
pytestmark = pytest.mark.journey
Begin = Callable[[UUID], None]
CARDS = ("前提　归属", "焦点一　交还", "焦点二　赔偿", "责任")


def test_a_dispute_is_assessed_and_its_cards_stand_in_order_with_what_is_missing(
    page: Page, signed_in: Begin, case: Case
) -> None:
    signed_in(sample.person("legal", Role.LEGAL, name="秦法"))
    page.goto("/disputes/")
    page.locator("#list").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("还没有评析")
    page.get_by_role("link", name="评析", exact=True).last.click()
    page.get_by_role("button", name="评析").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("应当交还，赔偿依据不足")
    for n, words in enumerate(CARDS):
        expect(page.locator("article.verdict h3").nth(n)).to_contain_text(words)
    expect(page.locator("article.verdict").nth(2)).to_contain_text("谁能提供")
    check(page, "dispute", names=frozenset({"OA"}))
    assert len(queries.dispute(case.number).assessments) == len(CARDS)
    page.goto("/disputes/")
    check(page, "disputes")
    assert agrees() == ()


@pytest.mark.parametrize(
    ("place", "role", "teaches"),
    [
        ("cases", Role.PEOPLE, "这里将列出每一件离职交接"),
        ("disputes", Role.LEGAL, "这里将列出每一件争议"),
        ("rules", Role.SALES_LEAD, "这里将列出接续规则的每一版"),
        ("approvals", Role.COMPLIANCE, "这里将列出等您决定的申请"),
    ],
)
def test_where_nothing_is_yet_the_page_teaches(
    page: Page, signed_in: Begin, place: str, role: Role, teaches: str
) -> None:
    signed_in(sample.person("somebody", role))
    page.goto(f"/{place}/")
    expect(page.get_by_role("heading", level=2, name=teaches)).to_be_visible()
    check(page, f"{place}-empty")
    assert agrees() == ()
