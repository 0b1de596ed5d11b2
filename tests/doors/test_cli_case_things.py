"""Things of a leaving at the command line: accounts, phones, numbers, the private part, data recovery."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from jieli.archive import queries as archive
from jieli.kernel.times import DAY
from tests.conftest import NOW
from tests.doors.case_firm import LATER, ON_LAST, OPENED, Firm, case, firm
from tests.doors.test_cli_case import STEPS
from tests.rooms.company import bring, chat
from tests.rooms.leaving import IMEI, LEAVER, NUMBER

__all__ = ["case", "firm"]


def state(f: Firm) -> str:
    return str(f.shown()["accounts"][0]["state"])


@pytest.mark.req("R0.24")
def test_a_password_handed_over_is_no_account_recovered(case: Firm) -> None:
    """Given password handed but login test fails, then 已交付未恢复, not 完成; the face must change too."""
    case.at(ON_LAST)
    failed = case.does("recover", "--account", LEAVER, "--step", "登录", "--failed", sign_in="it")
    assert failed["state"] == "已交付未恢复"
    [item] = case.lists()["账号清单"]["items"]
    assert item["state"] == "已交付未恢复"
    assert case.shown()["done"] is False
    assert case.fails("recover", "--account", LEAVER, "--step", "改绑", sign_in="it") == "handover.no_proof"
    assert case.recovers(*STEPS[:-2])["state"] == "已交付未恢复"
    assert case.shown()["accounts"][0]["steps_missing"] == ["昵称头像已更换", "首条消息表明身份"]
    assert case.recovers(*STEPS[-2:])["state"] == "已恢复"
    assert case.jieli.answer("asset", "history", LEAVER, "--as", "it")["history"][-1]["name"] == "陆川"


@pytest.mark.req("R0.30")
def test_help_with_a_password_keeps_steps_and_results_and_has_no_room_for_the_password(
    case: Firm, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    """Log contains steps and result; searching DB for the password string returns nothing in clear text."""
    case.at(ON_LAST)
    words = ("--account", LEAVER, "--step", "绑定号码接收短信验证码", "--result")
    assert case.does("help-password", *words, "未收到验证码", sign_in="heqing")["result"] == "未收到验证码"
    case.does("help-password", *words, "通过", sign_in="heqing")
    secret = "Chunya#2026"
    assert case.jieli("case", "help-password", case.number, *words, secret, "--as", "hr").exit_code == 2
    extra = (*words, "通过", "--note", secret)
    assert case.jieli("case", "help-password", case.number, *extra, "--as", "hr").exit_code == 2
    assert case.fails("help-password", *words, "免做") == "cli.not_a_result"
    tables = [name for (name,) in owner_sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    found = [
        t
        for t in tables
        if owner_sql(f'SELECT 1 FROM "{t}" x WHERE x::text LIKE %s LIMIT 1', [f"%{secret}%"])
    ]
    assert found == []
    kept = owner_sql("SELECT step, result FROM handover_step WHERE card = '找回密码协助' ORDER BY n")
    assert kept == [("绑定号码接收短信验证码", "未收到验证码"), ("绑定号码接收短信验证码", "通过")]


def test_a_phone_is_accepted_after_its_steps_and_not_with_an_activation_lock(case: Firm) -> None:
    case.at(ON_LAST)
    words = ("--device", IMEI, "--proof", case.scan())
    last = ("--step", "验收入库")
    assert case.fails("device-step", *words, *last, sign_in="it") == "handover.card_incomplete"
    missing = case.does("device-step", *words, "--step", "接通电源与网络", sign_in="it")["steps_missing"]
    for step in missing[:-1]:
        case.does("device-step", *words, "--step", step, sign_in="it")
    assert case.fails("device-step", "--device", IMEI, *last, sign_in="it") == "cli.not_a_result"
    assert case.does("device-step", *words, *last, sign_in="it")["steps_missing"] == []
    history = case.jieli.answer("asset", "history", IMEI, "--kind", "设备", "--as", "it")["history"]
    assert history[-1]["holder"] == "公司库存"


def test_a_number_that_a_bank_still_hangs_on_is_not_cut_for_seven_days(case: Firm) -> None:
    case.at(ON_LAST)
    number = ("--number", NUMBER)
    assert case.fails("cut-number", *number, sign_in="it") == "handover.number_bound"
    case.does("give-list", *number, sign_in="it")
    bank = ("--kind", "银行", "--name", "某银行储蓄卡", "--complete")
    [bound] = case.does("bind", *number, *bank, sign_in="heqing")["bindings"]
    assert case.fails("cut-number", *number, sign_in="it") == "handover.number_bound"
    case.at(ON_LAST + 6 * DAY)
    assert case.fails("cut-number", *number, sign_in="it") == "handover.number_bound"
    case.does("unbind", "--id", bound, sign_in="heqing")
    assert case.does("cut-number", *number, sign_in="it")["rests_until"].startswith("2026-12-23")
    case.at(ON_LAST + 7 * DAY)
    to = ("asset", "hand-over", NUMBER, "--kind", "号码", "--to", LEAVER, "--as", "it")
    assert case.jieli.refused(*to)["code"] == "assets.number_resting"


def talk_of(f: Firm) -> tuple[int, int]:
    """Two conversations of the leaver are kept: with 林晚, and with 顾客甲, whom he will call his friend."""
    lines = [
        chat(1, "明前茶还有吗？", when="2026-09-04 10:00"),
        chat(2, "周末一起爬山吗？", sender="wm-gu", when="2026-09-04 10:05"),
    ]
    report = bring(lines, at=OPENED + 3 * DAY)
    assert report.admitted == 2
    found = archive.conversations_of_account(f.company.accounts[LEAVER])
    return found[0].id, found[1].id


@pytest.mark.req("R0.34", "R3.14")
def test_what_is_private_reaches_no_receiver_and_is_gone_after_the_purge(case: Firm) -> None:
    """Private chats tagged 人身: export to receiver excludes them. After purge, search private domain = 0."""
    customer, friend = talk_of(case)
    case.at(ON_LAST)
    where = ("--kind", "会话", "--where", "工作微信", "--decision", "删除")
    mark = ("private-mark", "与老友", *where, "--conversation", friend)
    item = ("--id", case.does(*mark, sign_in="heqing")["private"])
    talks = case.does("talks")
    assert ([c["conversation"] for c in talks["conversations"]], talks["held_back"]) == ([customer], 1)
    assert case.does("private-check")["checked"]["与客户有关"] == 1
    case.does("private-dispute", *item, sign_in="heqing")
    seen = ("--nature", "私人", "--checked-by", "中立人查看", "--present", "岑溪")
    case.does("private-resolve", *item, *seen)
    assert [c["conversation"] for c in case.does("talks")["conversations"]] == [customer]
    for step in ("audit", "handover", "keep"):
        case.does("advance", step)
    held = case.does("hold", "--reason", "加班费争议", sign_in="heqing")["hold"]
    assert case.fails("advance", "purge") == "handover.purge_held"
    case.jieli.answer("hold", "release", held, "--reason", "本人撤回", "--as", "yan")
    done = case.does("advance", "purge")
    assert ([p["how"] for p in done["removed"]], done["items_destroyed"]) == (["档案密钥销毁"], 1)
    assert done["certificate"]
    assert [ref for ref in archive.items_of_conversation(friend) if not ref.destroyed] == []
    assert [c["conversation"] for c in case.does("talks")["conversations"]] == [customer]
    case.at(NOW)
    matter = case.jieli.answer("matter", "open", "查", "--kind", "事件", "--as", "yan")["number"]
    asked = ("--purpose", "投诉溯源", "--matter", matter, "--as", "yan")
    assert case.jieli.answer("search", "爬山", *asked)["items"] == []
    assert len(case.jieli.answer("search", "明前", *asked)["items"]) == 1


def test_a_disputed_thing_is_opened_with_the_person_there(case: Firm) -> None:
    where = ("--where", "相册", "--decision", "取走后删除")
    item = case.does("private-mark", "家人照片", "--kind", "照片", *where, sign_in="heqing")["private"]
    case.does("private-check")
    case.does("private-dispute", "--id", item)
    for step in ("audit", "handover", "keep"):
        case.does("advance", step)
    assert case.fails("advance", "purge") == "handover.private_open"
    answer = ("--id", item, "--nature", "私人", "--present", "何青")
    assert case.fails("private-resolve", *answer, "--checked-by", "仅核对元数据") == "handover.nobody_present"
    case.does("private-resolve", *answer, "--checked-by", "本人在场打开")
    case.does("private-removed", "--id", item, "--how", "本人删除", sign_in="heqing")
    assert [p["label"] for p in case.does("advance", "purge")["removed"]] == ["家人照片"]


@pytest.mark.req("R3.31")
def test_data_recovery_without_a_notice_record_is_refused(case: Firm) -> None:
    """Start recovery without notice record: refused. It takes notice, purpose, approval and witness."""
    case.at(LATER)
    purpose = ("--device", IMEI, "--purpose", "找回误删的工单")
    asked = case.does("ask-data-recovery", *purpose, sign_in="it")["request"]
    approval = case.jieli.answer("approve", "decide", asked, "同意", "--as", "yan")["approval"]
    ready = (*purpose, "--approval", approval, "--witness", "岑溪")
    refused = case.jieli.refused("case", "data-recovery", case.number, *ready, "--as", "it")
    assert refused["code"] == "handover.recovery_refused"
    assert refused["error"] == "不能开始数据恢复，缺：送达本人的告知。"
    notice = case.does("add-paper", case.scan("告知"), "--kind", "数据恢复告知书")["paper"]
    case.does("deliver", "--paper", notice, "--channel", "当面", "--address", "会议室")
    assert UUID(case.does("data-recovery", *ready, "--notice", notice, sign_in="it")["recovery"])


@pytest.mark.req("R3.2")
def test_who_keeps_the_phone_reads_nothing_that_is_on_it(case: Firm) -> None:
    """Admin of devices opening recordings without purpose: denied."""
    case.at(LATER)
    case.jieli.answer("asset", "take-back", IMEI, "--kind", "设备", "--as", "it")
    for purpose in ("", "投诉溯源"):
        asked = ("search", "明前", "--purpose", purpose, "--matter", case.number, "--as", "it")
        assert case.jieli.refused(*asked)["code"] == "access.forbidden"


def test_a_personal_account_is_not_on_the_way_of_recovery(case: Firm) -> None:
    words = ("--account", LEAVER, "--step", "本人申报客户清单", "--proof", case.scan())
    assert case.fails("by-list", *words) == "handover.not_in_case"
    assert case.fails("recover", "--account", "nobody", "--step", "登录") == "cli.not_on_the_list"
    missing = ("--proof", case.folder / "absent.png")
    assert case.fails("recover", "--account", LEAVER, "--step", "登录", *missing) == "cli.no_file"
