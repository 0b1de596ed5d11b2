"""保存多久: what both sides see of it, empty, full, with a hold and with plans under way."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from jieli.access.types import Role
from jieli.archive import operations
from jieli.archive.types import HoldScope
from jieli.doors.web import door
from jieli.kernel.times import DAY
from tests.conftest import NOW
from tests.doors import sample, sample_talk
from tests.journeys.conftest import SHOTS
from tests.journeys.look import check, picture

pytestmark = pytest.mark.journey
Begin = Callable[[UUID], None]
LATER = NOW + 4 * 366 * DAY
LONG = "按个人信息管理制度第十二条，每季度清理一次期限届满而没有争议、没有人主张的聊天记录；" * 6


def test_a_person_sees_until_when_his_records_are_kept(
    page: Page, archive_open: None, signed_in: Begin
) -> None:
    house = sample.full()
    sample_talk.consented(house, "1001", "1002")
    sample_talk.talked(house)
    operations.hold(
        scope=HoldScope.PERSON, target=str(house.staff["1001"]), ground="主张提成", by="person:a", at=NOW
    )
    signed_in(sample.person("limin", name="李敏", staff=house.staff["1001"]))
    page.goto("/me/")
    page.get_by_role("link", name="保存多久").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("最迟保存到")
    check(page, "kept")


def test_a_person_of_whom_nothing_is_kept_reads_the_same_periods(page: Page, signed_in: Begin) -> None:
    house = sample.full()
    signed_in(sample.person("jiashu", name="陈嘉树", staff=house.staff["1005"]))
    page.goto("/me/kept")
    check(page, "kept-empty")


def test_the_company_sees_what_is_due_and_the_plan_that_waits(
    page: Page, archive_open: None, signed_in: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sample.full()
    sample_talk.consented(house, "1001", "1002")
    sample_talk.talked(house)
    signed_in(sample.person("audit", Role.AUDIT))
    page.goto("/retention/")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有到期的内容")
    check(page, "retention-empty")
    monkeypatch.setattr(door, "now", lambda profile: LATER)
    operations.propose(code="chat", reason="每季清理", by="person:admin", at=LATER)
    page.goto("/retention/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("已经到期")
    check(page, "retention")


def test_the_administrator_asks_for_a_plan_another_agrees_and_it_is_carried_out(
    page: Page, archive_open: None, signed_in: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = sample.full()
    sample_talk.consented(house, "1001", "1002")
    sample_talk.talked(house)
    monkeypatch.setattr(door, "now", lambda profile: LATER)
    admin, yan = sample.person("admin", Role.SYSTEM), sample.person("yan", Role.COMPLIANCE)
    signed_in(admin)
    page.goto("/retention/")
    here = page.get_by_role("navigation", name="主导航").get_by_role("link", name="保存与销毁")
    expect(here).to_have_attribute("aria-current", "page")
    check(page, "retention-ask")
    page.get_by_role("radio", name="聊天记录").check()
    page.get_by_label("理由").fill("   ")
    page.get_by_role("button", name="提请审批").click()
    expect(page.get_by_role("alert")).to_contain_text("没有填写“理由”")
    expect(page.get_by_role("radio", name="聊天记录")).to_be_checked()
    check(page, "retention-error", names=frozenset({"console", "mistyped"}))
    page.get_by_label("理由").fill(LONG)
    page.get_by_role("button", name="提请审批").click()
    expect(page.get_by_text("等待您以外的人审批")).to_be_visible()
    check(page, "retention-waiting")
    signed_in(yan)
    page.goto("/retention/")
    page.get_by_role("link", name="等待审批").click()
    expect(page.get_by_text(LONG)).to_be_visible()
    check(page, "retention-approve")
    page.get_by_role("button", name="同意").click()
    signed_in(admin)
    page.goto("/retention/")
    check(page, "retention-approved")
    page.set_viewport_size({"width": 390, "height": 844})
    picture(page, SHOTS / "retention-approved-390.png")
    page.get_by_role("button", name="现在执行已批准的计划").click()
    expect(page.get_by_text("已执行 1 个计划")).to_be_visible()
    # the sample's closed matters are due at that date too, and wait for a plan of their own
    expect(page.get_by_role("radio", name="聊天记录")).to_have_count(0)
    check(page, "retention-done")


def test_whoever_may_hold_finds_every_hold_again_and_releases_one_with_a_reason(
    page: Page, archive_open: None, signed_in: Begin
) -> None:
    house = sample.full()
    sample_talk.consented(house, "1001", "1002")
    sample_talk.talked(house)
    yan = sample.person("yan", Role.COMPLIANCE)
    signed_in(yan)
    page.goto("/retention/holds")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有人提出的保全")
    check(page, "holds-empty")
    for staff, ground in (("1001", "主张提成"), ("1002", LONG)):
        operations.hold(
            scope=HoldScope.PERSON, target=str(house.staff[staff]), ground=ground, by=f"person:{yan}", at=NOW
        )
    page.goto("/retention/holds")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 项保全")
    check(page, "holds")
    page.get_by_label("理由").first.fill("   ")
    page.get_by_role("button", name="解除").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page, "holds-error", names=frozenset({"console", "mistyped"}))
    page.get_by_label("理由").first.fill("提成已经结清")
    page.get_by_role("button", name="解除").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 项保全")
