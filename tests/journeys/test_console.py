"""The console in a browser: every page empty, full, long and in error, at a desk and on a phone."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from jieli.access.types import Role
from jieli.ledger import checkpoints, queries
from jieli.ledger.bulk import copy_rows
from jieli.ledger.models import Checkpoint
from seal import checkpoint
from seal.keys import Signer, generate
from tests.conftest import NOW, ORIGIN
from tests.doors import sample, sample_talk
from tests.doors.vouched import vouched
from tests.journeys.conftest import SHOTS
from tests.journeys.look import check, picture

pytestmark = pytest.mark.journey
Begin = Callable[[UUID], None]


def test_accounts_empty(page: Page, signed_in: Begin) -> None:
    signed_in(sample.person("hr", Role.PEOPLE))
    page.goto("/accounts/")
    check(page, "accounts-empty")


def test_accounts_full_searched_by_keyboard(page: Page, signed_in: Begin) -> None:
    sample.full()
    signed_in(sample.person("hr", Role.PEOPLE))
    page.goto("/accounts/")
    check(page, "accounts")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("思远")
    expect(page.locator("#listed")).to_have_text("1 个符合")
    assert "q=" in page.url
    expect(page.locator("#q")).to_be_focused()
    page.locator("#q").fill("没有这样的账号")
    expect(page.get_by_text("没有符合的账号")).to_be_visible()
    check(page, "accounts-none")


def test_accounts_long(page: Page, signed_in: Begin) -> None:
    sample.many(sample.full(), 120)
    signed_in(sample.person("hr", Role.PEOPLE))
    page.goto("/accounts/")
    page.get_by_role("link", name="下一页").click()
    check(page, "accounts-long")


def test_account(page: Page, signed_in: Begin) -> None:
    house = sample.full()
    signed_in(sample.person("hr", Role.PEOPLE))
    page.goto(f"/accounts/{house.accounts['YuanFan01']}/")
    check(page, "account")
    page.locator("#day").fill("昨天")
    page.keyboard.press("Enter")
    expect(page.locator("#day")).to_have_value("昨天")
    check(page, "account-error")
    page.goto(f"/accounts/{house.accounts['YuanFan12']}/")
    check(page, "account-nobody")


def test_an_account_prints_on_paper_without_what_only_a_screen_needs(page: Page, signed_in: Begin) -> None:
    house = sample.full()
    signed_in(sample.person("hr", Role.PEOPLE))
    page.goto(f"/accounts/{house.accounts['YuanFan01']}/")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 960})
    expect(page.get_by_role("navigation")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    picture(page, SHOTS / "account-print.png")


def test_ledger(page: Page, signed_in: Begin) -> None:
    sample.full()
    signed_in(sample.person("audit", Role.AUDIT))
    page.goto("/ledger/")
    check(page, "ledger-unsealed")


def test_absent(page: Page) -> None:
    page.goto("/nothing-here")
    check(page, "absent")


def test_gaps(page: Page, signed_in: Begin) -> None:
    house = sample.full()
    sample_talk.consented(house, "1001", "1003", "1004", "1007")
    signed_in(sample.person("hg", Role.COMPLIANCE))
    page.goto("/gaps/")
    check(page, "gaps")
    page.keyboard.press("/")
    page.keyboard.type("嘉树")
    expect(page.locator("#listed")).to_have_text("1 人符合")


def test_gaps_empty(page: Page, signed_in: Begin) -> None:
    signed_in(sample.person("hg", Role.COMPLIANCE))
    page.goto("/gaps/")
    check(page, "gaps-empty")


def test_ledger_sealed(page: Page, signed_in: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    sample.full()
    person, signer = sample.person("audit", Role.AUDIT), generate(ORIGIN)
    sealed(signer)
    vouched(signer, monkeypatch)
    signed_in(person)
    page.goto("/ledger/")
    page.get_by_text("检查点原文").click()
    check(page, "ledger", names=frozenset({"gonghui", "tsa", "example"}))


def sealed(signer: Signer) -> None:
    size, log = queries.head(queries.live_log()).size, queries.live_log()
    root = checkpoints.tree(size).root()
    text = checkpoint.sign(checkpoint.Checkpoint(ORIGIN, size, root), signer).decode()
    copy_rows([Checkpoint(log=log, size=size, root=root, note=text, signed_at=NOW)])


def test_reading(page: Page, archive_open: None, signed_in: Begin) -> None:
    house = sample.full()
    signed_in(sample.person("fawu", Role.LEGAL))
    page.goto("/reading/")
    check(page, "reading-empty")
    matter = sample_talk.talked(house, times=3, at=NOW)
    page.reload()
    check(page, "reading-form")
    page.keyboard.press("/")
    page.keyboard.type("退")
    page.get_by_label("目的").select_option("投诉溯源")
    page.get_by_label("事项").select_option(matter)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="说明目的并检索").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page, "reading-error")
    page.locator("#query").fill("退费")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("本页 6 条含有“退费”")
    check(page, "reading")
    page.get_by_role("button", name="打开这段会话").first.click()
    check(page, "conversation")
