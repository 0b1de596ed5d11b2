"""A leaving in a browser: opened by a name and closed, a hostage refused, signed by the leaver, closed without him."""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from jieli.access.types import Role
from jieli.doors.portal import signing
from jieli.duties.types import Side
from jieli.handover import operations as handover
from jieli.handover import printing, queries
from jieli.handover.types import CaseRef, Confirmation, LeavingReason, Stage
from jieli.kernel.times import DAY
from jieli.papers import operations as papers
from jieli.papers import queries as kept
from jieli.papers.forms.leaving import HandoverSheet
from jieli.papers.signing import Channel, Outcome
from tests.conftest import NOW
from tests.doors import leaver, sample
from tests.journeys.leaving import ASKED_FOR, LATIN, agrees, clock_at, worked
from tests.journeys.look import check
from tests.journeys.test_verify_page import DROP, SOURCE
from tests.rooms import leaving
from tests.rooms.company import BY

pytestmark = pytest.mark.journey
Begin = Callable[[UUID], None]
ANSWERED = re.compile("^[0-3]$")


def test_a_name_goes_in_and_the_leaving_is_worked_to_its_closing(
    page: Page, signed_in: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = leaving.firm()
    signed_in(sample.person("hr", Role.PEOPLE, name="严谨"))
    page.goto("/cases/new/")
    page.keyboard.press("/")
    page.keyboard.type("何青")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("何青手里现在有")
    check(page, "case-new", names=LATIN)
    page.get_by_label("离职原因").select_option("辞职")
    page.get_by_label("提出日期").fill("2026-09-16")
    page.get_by_label("最后工作日").fill("2026-09-30")
    page.get_by_label("接收人").fill("陆川")
    page.get_by_label("监交人").fill("唐野")
    page.get_by_role("button", name="发起并生成交接单").click()
    said = page.get_by_role("status")
    expect(said).to_contain_text("清点已封存在账本第")
    expect(said).to_contain_text("已生成 《离职工作交接单》")
    check(page, "case", names=LATIN)
    [case] = queries.open_cases()
    last = NOW + 9 * DAY
    worked(house, case, at=last)
    clock_at(monkeypatch, last + DAY)
    page.reload()
    page.get_by_role("link", name=f"登记已履行：{ASKED_FOR}").first.click()
    page.get_by_label("以什么证明").fill("书面通知的签收回执")
    page.get_by_role("button", name="登记已履行").click()
    expect(page.get_by_role("status")).to_contain_text("已登记履行。已写入账本第")
    follow_up(page, Confirmation.ACCOUNT)
    follow_up(page, Confirmation.CERTIFICATE)
    page.get_by_role("link", name="结案", exact=True).click()
    page.get_by_label("我知道这不能撤回").check()
    page.get_by_role("button", name="结案").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("何青的离职交接已结案")
    expect(page.get_by_role("status")).to_contain_text("已结案；保密等持续义务不因结案而终止。已写入账本第")
    expect(page.get_by_role("link", name="结案", exact=True)).to_have_count(
        0
    )  # judged below, closed with a note
    assert queries.case(case.number).stage is Stage.CLOSED
    assert agrees() == ()


def follow_up(page: Page, asked: Confirmation) -> None:
    """One of the two questions, answered yes by the receiver."""
    page.get_by_role("link", name="回访").click()
    page.get_by_label("问的是").select_option(asked.value)
    page.get_by_label("答复", exact=True).select_option("是")
    page.get_by_label("谁答复的").fill("陆川")
    page.get_by_label("回访人").fill("严谨")
    page.get_by_role("button", name="登记回访").click()
    expect(page.get_by_role("status")).to_contain_text(f"回访已登记：{asked}，是")


def test_a_certificate_on_a_condition_is_refused_in_the_form_with_its_article(
    page: Page, signed_in: Begin
) -> None:
    case = leaving.leaves(leaving.firm())
    signed_in(sample.person("hr", Role.PEOPLE))
    page.goto("/overview/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 件逾期")
    check(page, "overview", names=LATIN)
    page.goto(f"/cases/{case.number}/act/certificate")
    condition = "交还工作微信和手机之后才出具离职证明"
    page.get_by_label("身份证后四位").fill("0018")
    page.get_by_label("出具的条件").fill(condition)
    page.get_by_role("button", name="出具证明").click()
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("第五十条")
    expect(refusal).to_contain_text("handover.hostage.certificate")
    expect(page.get_by_label("出具的条件")).to_have_value(condition)
    expect(page.get_by_label("身份证后四位")).to_have_value("0018")
    check(page, "certificate-refused", names=LATIN)
    assert queries.view(case.number, at=NOW).papers == ()
    assert agrees() == ()


def test_the_leaver_signs_by_passkey_and_a_stranger_verifies_his_receipt_without_us(
    page: Page, browser: Browser, signed_in: Begin, authenticator: str, monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    world = leaver.outside(leaver.log_signer())
    monkeypatch.setattr(signing, "outside", lambda profile: world)
    goes = leaver.begin()
    signed_in(goes.persons[leaving.LEAVER])
    page.goto("/passkeys")
    page.get_by_label("给它起个名字").fill("我的手机")
    page.get_by_role("button", name="登记通行密钥").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("您登记了 1 把通行密钥")
    page.goto("/me/leaving/")
    check(page, "leaving", names=LATIN)
    page.get_by_role("link", name="签署《离职工作交接单》").click()
    page.get_by_role("button", name="移交人确认").click()
    mine = page.locator("section", has=page.get_by_role("heading", name="您的签署"))
    expect(mine).to_contain_text("乙　本人通行密钥签名")
    [signed] = kept.signatures([goes.sheet])[goes.sheet]
    expect(mine).to_contain_text("第")
    expect(page.get_by_role("heading", level=1)).to_contain_text("您已签署")
    check(page, "paper-signed", names=LATIN)
    with page.expect_download() as loading:
        page.get_by_role("link", name="下载回执").click()
    path = tmp_path / "回执.zip"
    loading.value.save_as(path)
    data = path.read_bytes()
    spot = data.index(b"%PDF-") + 2_000
    bent = data[:spot] + bytes([data[spot] ^ 1]) + data[spot + 1 :]
    assert verdict(browser, data, world.policy) == ("0", "通过")
    assert verdict(browser, bent, world.policy)[0] in {"1", "2"}
    assert signed.role == "移交人"
    assert agrees() == ()


def verdict(browser: Browser, package: bytes, policy: bytes) -> tuple[str, str]:
    """Exit and word of 核验.html, opened from the disk without any network, after both files were dropped on it."""
    context = browser.new_context(offline=True, locale="zh-CN")
    opened = context.new_page()
    opened.goto(SOURCE.as_uri())
    for target, name, data in (("#policy", "信任策略", policy), ("#drop-package h2", "回执.zip", package)):
        opened.evaluate(DROP, [target, name, b64encode(data).decode()])
    root = opened.locator("html")
    expect(root).to_have_attribute("data-exit", ANSWERED)
    found = str(root.get_attribute("data-exit")), opened.locator("#word").inner_text()
    context.close()
    return found


def test_somebody_gone_without_a_word_is_closed_with_a_note_and_nobody_signs_for_him(
    page: Page, signed_in: Begin
) -> None:
    house = leaving.firm()
    case = leaving.leaves(house, reason=LeavingReason.MISSING)
    sought(case)
    signed_in(sample.person("hr", Role.PEOPLE))
    page.goto(f"/cases/{case.number}/")
    page.get_by_role("link", name="带注记结案").click()
    expect(page.get_by_text("现在提交会被拒绝")).to_have_count(0)
    page.get_by_label("注记").fill("多次联系未果，交接单以邮政快递送达后退回。")
    page.get_by_label("我知道这不能撤回").check()
    page.get_by_role("button", name="带注记结案").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("带注记结案")
    expect(page.get_by_role("status")).to_contain_text("没有任何人代签。已写入账本第")
    check(page, "case-noted", names=LATIN)
    assert page.locator("main").locator("img, canvas, object, embed, iframe").count() == 0
    drawn = page.locator("main svg")
    expect(drawn).to_have_count(page.locator("main .badge > svg").count())  # marks of states, nothing else
    papers_shown = page.locator("section", has=page.get_by_role("heading", name="文书"))
    expect(papers_shown).to_contain_text("还没有人签")
    expect(papers_shown).not_to_contain_text("移交人 何青")
    ids = [p.paper.id for p in queries.view(case.number, at=NOW).papers]
    assert [s for some in kept.signatures(ids).values() for s in some] == []
    assert queries.case(case.number).stage is Stage.CLOSED_NOTED
    assert agrees() == ()


def sought(case: CaseRef) -> None:
    """The company did its part, sent the sheet, which came back, and tried three times before two witnesses."""
    leaving.fulfil(case, Side.COMPANY, at=NOW)
    [sheet] = printing.issue_papers(number=case.number, kinds=[HandoverSheet.kind], by=BY, at=NOW)
    sent = papers.deliver(
        paper=sheet.id, to=case.staff_id, to_name="何青", channel=Channel.EMS, address="某市某路一号",
        number="E1", sent_at=NOW - DAY, by=BY, at=NOW,
    )  # fmt: skip
    papers.delivery_result(
        delivery=sent.id, outcome=Outcome.RETURNED, proof=leaving.scan("退件", at=NOW), outcome_at=NOW,
        by=BY, at=NOW,
    )  # fmt: skip
    for day in (18, 19, 20):
        handover.record_attempt(
            case=case.id, how="上门", tried_on=date(2026, 9, day), outcome="无人应门",
            witnesses=["唐野", "陆川"], by=BY, at=NOW,
        )  # fmt: skip
