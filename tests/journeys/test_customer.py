"""A customer on her phone, and the plan by which she was given to somebody, at a desk."""

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from jieli.access.types import Role
from jieli.succession import notices, queries
from jieli.succession.spoken import Channel
from jieli.succession.types import CustomerState
from tests.conftest import NOW
from tests.doors import planned, sample
from tests.journeys.leaving import LATIN, agrees
from tests.journeys.look import check
from tests.rooms import leaving
from tests.rooms.relay import BY, found_relay

pytestmark = pytest.mark.journey
Begin = Callable[[UUID], None]
PHONE = ViewportSize(width=360, height=780)


def test_a_customer_refuses_once_and_is_left_in_peace(page: Page) -> None:
    relay = found_relay(customers=2)
    notices.fetch_contact_ways(relay.plan, relay.platform, by=BY, at=NOW)
    [told] = notices.enter_notices(
        relay.plan, channel=Channel.SMS, customers=[relay.customers["wm0000"]], by=BY, at=NOW
    ).outgoing
    page.set_viewport_size(PHONE)
    page.goto(f"/c/{told.token}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("您的服务顾问由李清变更为王岚")
    check(page, "customer")
    page.set_viewport_size(PHONE)
    page.get_by_role("link", name="拒绝接替").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("确认选择“拒绝接替”吗")
    assert relay.state("wm0000") is not CustomerState.REFUSED
    page.get_by_role("button", name="确认：拒绝接替").click()
    expect(page.get_by_role("status")).to_have_text(
        "谢谢，已记下您的选择“拒绝接替”已停止安排接替，不再就这件事联系您。"
    )
    expect(page.get_by_text("账本第")).to_be_visible()
    check(page, "customer-done")
    page.set_viewport_size(PHONE)
    page.goto(f"/c/{told.token}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("您已选择“拒绝接替”")
    expect(page.get_by_text("谢谢")).to_have_count(0)
    expect(page.get_by_role("img", name="联系我二维码")).to_be_visible()
    shown = page.locator("main a.button, main button").filter(visible=True)
    expect(shown).to_have_text(["在手机上打开联系我"])
    check(page, "customer-silent")
    assert relay.state("wm0000") is CustomerState.REFUSED
    assert agrees() == ()


def test_the_plan_shows_who_gets_whom_and_what_one_move_would_change(page: Page, signed_in: Begin) -> None:
    firm = planned.firm(36)
    made = planned.plan(firm)
    signed_in(sample.person("lead", Role.SALES_LEAD, name="主管"))
    page.goto(f"/cases/{firm.case.number}/plan/")
    expect(page.locator("svg .band-to").first).to_be_visible()
    expect(page.get_by_role("heading", name="接手人接续前后的客户数")).to_be_visible()
    check(page, "plan", names=LATIN)
    page.keyboard.press("/")
    page.keyboard.type("茶客0000")
    expect(page.locator("#listed")).to_have_text("1 名符合")
    page.locator("#list").get_by_role("link", name="茶客0000").click()
    page.get_by_label("改由谁接手").select_option(str(firm.staff[leaving.SUPERVISOR]))
    page.get_by_role("button", name="先看看会怎样").click()
    expect(page.locator(".verdict")).to_contain_text("可以，但偏离规则")
    check(page, "plan-move", names=LATIN)
    assert queries.overrides(made.id) == []
    page.get_by_label("为什么这样调整").fill("客户本人要求")
    page.get_by_role("button", name="照此调整").click()
    expect(page.locator(".tone-proved").filter(has_text="已改由唐野接手")).to_contain_text("已写入账本第")
    assert [o.reason for o in queries.overrides(made.id)] == ["客户本人要求"]
    assert agrees() == ()
