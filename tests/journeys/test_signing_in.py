"""Coming in with a real browser's passkeys: the first administrator, then again, then out."""

import pytest
from playwright.sync_api import Page, expect

from jieli.access import operations
from jieli.access.types import LinkPurpose
from jieli.kernel.times import DAY
from tests.conftest import NOW
from tests.doors import sample
from tests.journeys.look import check

pytestmark = pytest.mark.journey


def test_the_first_administrator_registers_a_passkey_and_never_needs_the_password_again(
    page: Page, authenticator: str
) -> None:
    made = operations.first_administrator(sign_in="admin", name="系统管理员", by=sample.BY, at=NOW)
    page.goto("/ledger/")
    expect(page).to_have_title("登录 · 接力")
    page.get_by_text("首任管理员：用一次性密码登录").click()
    check(page, "sign-in-first")
    page.get_by_label("登录名").fill("admin")
    page.get_by_label("一次性密码").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("没有登录成功")
    expect(page.get_by_label("登录名")).to_have_value("admin")
    check(page, "sign-in-error")
    page.get_by_label("一次性密码").fill(made.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("还差一步：登记您的第一把通行密钥")
    check(page, "passkeys-empty")
    page.get_by_label("给它起个名字").fill("工作手机")
    page.get_by_role("button", name="登记通行密钥").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("您登记了 1 把通行密钥")
    check(page, "passkeys")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_text("首任管理员")).to_have_count(0)
    check(page, "sign-in")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("账本")


def test_a_new_colleague_comes_by_a_link_and_later_by_his_passkey(page: Page, authenticator: str) -> None:
    sample.person("limin", name="李敏")
    token = operations.make_link(
        sign_in="limin", purpose=LinkPurpose.ENROL, expires_at=NOW + DAY, by=sample.BY, at=NOW
    )
    page.goto(f"/link/{token}")
    check(page, "link")
    page.get_by_role("button", name="继续").click()
    page.get_by_role("button", name="登记通行密钥").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("您登记了 1 把通行密钥")
    page.get_by_role("button", name="登记通行密钥").click()
    expect(page.locator("[data-say]")).to_contain_text("这台设备已经登记过")
    page.get_by_role("button", name="退出").click()
    page.goto("/me/")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("这里没有与您有关的记录")
    check(page, "mine-nobody")


def test_a_device_without_a_passkey_is_told_what_to_do(page: Page, authenticator: str) -> None:
    page.goto("/sign-in")
    page.get_by_role("button", name="用通行密钥登录").click()
    expect(page.locator("[data-say]")).to_contain_text("没有完成")
    expect(page.get_by_role("button", name="用通行密钥登录")).to_be_focused()
