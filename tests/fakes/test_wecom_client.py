"""The client of WeCom against the rehearsal platform: tokens, retries, pages, and what each failure is called."""

import json
import logging

import pytest

from jieli.connectors.wecom.client import Api, Tokens
from jieli.connectors.wecom.contacts import BY_USER, GROUP_LIST, UNASSIGNED, PlatformGroup
from jieli.connectors.wecom.errors import BadAddress, BadCall, BrokenList
from jieli.connectors.wecom.transfers import GROUPS, RESULT, TRANSFER
from jieli.kernel.times import DAY, HOUR, SECOND
from jieli.succession.ports import (
    ApprovalRequired,
    Busy,
    Limited,
    MemberState,
    Misconfigured,
    PlatformCustomer,
    Refused,
    TransferPlatform,
    Unreachable,
)
from tests.fakes.platform import APPROVAL, NOW, stage


def test_the_client_is_a_transfer_platform() -> None:
    with stage() as s:
        port: TransferPlatform = s.wecom
        assert port.member("li") == MemberState("li", 1, "")


def test_one_token_serves_many_calls_and_is_replaced_before_it_ends() -> None:
    with stage() as s:
        for _ in range(3):
            s.wecom.member("li")
        assert len(s.platform.calls_to("gettoken")) == 1
        s.platform.advance(2 * HOUR - 200 * SECOND)
        s.wecom.member("li")
        assert len(s.platform.calls_to("gettoken")) == 2
        assert [c.errcode for c in s.platform.calls] == [0] * 6


def test_clients_with_the_same_tokens_share_one() -> None:
    tokens = Tokens()
    with stage() as s:
        given = {"corpid": s.platform.corpid, "secret": s.platform.secret, "base": s.platform.base}
        with (
            Api(**given, clock=s.platform.clock, tokens=tokens) as one,
            Api(**given, clock=s.platform.clock, tokens=tokens) as two,
        ):
            one.get("user/get", userid="li")
            two.get("user/get", userid="li")
        assert len(s.platform.calls_to("gettoken")) == 1


@pytest.mark.parametrize("errcode", [40014, 42001])
def test_a_refused_token_is_refreshed_once_and_the_call_repeated(errcode: int) -> None:
    with stage() as s:
        s.platform.fail(errcode)
        assert s.wecom.member("li").status == 1
        assert len(s.platform.calls_to("gettoken")) == 2
        s.platform.fail(errcode, times=2)
        with pytest.raises(Misconfigured) as caught:
            s.wecom.member("li")
        assert caught.value.errcode == errcode


def test_tokens_that_the_platform_let_expire_are_refreshed() -> None:
    with stage() as s:
        s.wecom.member("li")
        s.platform.expire_tokens()
        assert s.wecom.member("li").status == 1
        assert [c.errcode for c in s.platform.calls_to("user/get")] == [0, 42001, 0]


def test_a_busy_platform_is_asked_three_times_more_with_growing_waits() -> None:
    with stage() as s:
        s.platform.fail(-1, times=3)
        assert s.wecom.member("li").status == 1
        assert s.slept == [0.5, 1.0, 2.0]


def test_a_platform_that_stays_busy_is_left_alone_after_four_calls() -> None:
    with stage() as s:
        s.platform.fail(-1, times=9)
        with pytest.raises(Busy) as caught:
            s.wecom.member("li")
        assert (caught.value.errcode, len(s.platform.calls_to("user/get"))) == (-1, 4)


def test_a_busy_gettoken_is_retried_too() -> None:
    with stage() as s:
        s.platform.fail(-1, call="gettoken", times=2)
        assert s.wecom.member("li").status == 1
        s.platform.fail(-1, call="gettoken", times=4)
        s.platform.expire_tokens()
        with pytest.raises(Busy):
            s.wecom.member("li")


@pytest.mark.parametrize(("errcode", "wait"), [(45009, 60 * SECOND), (45033, 5 * SECOND)])
def test_a_limit_says_until_when_to_stay_away_and_is_not_retried(errcode: int, wait: int) -> None:
    with stage() as s:
        s.platform.fail(errcode)
        with pytest.raises(Limited) as caught:
            s.wecom.member("li")
        assert (caught.value.errcode, caught.value.retry_at) == (errcode, NOW + wait)
        assert len(s.platform.calls_to("user/get")) == 1


def test_the_platform_counts_calls_by_the_minute() -> None:
    with stage(per_minute=2) as s:
        s.wecom.member("li")
        s.wecom.member("li")
        with pytest.raises(Limited):
            s.wecom.member("li")
        s.platform.advance(60 * SECOND)
        assert s.wecom.member("li").status == 1


@pytest.mark.parametrize("errcode", [48002, 60011, 60020])
def test_a_wrong_setting_is_told_apart_from_a_refusal(errcode: int) -> None:
    with stage() as s:
        s.platform.fail(errcode)
        with pytest.raises(Misconfigured) as caught:
            s.wecom.member("li")
        assert caught.value.errcode == errcode


def test_any_other_errcode_refuses_the_whole_call() -> None:
    with stage() as s, pytest.raises(Refused) as caught:
        s.transfer("wm000", takeover="nobody")
    assert caught.value.errcode == 60111


@pytest.mark.parametrize(("changed", "errcode"), [({"secret": "wrong"}, 40001), ({"corpid": "ww0"}, 40013)])
def test_a_wrong_secret_or_corp_is_a_wrong_setting(changed: dict[str, str], errcode: int) -> None:
    with stage() as s:
        given = {"corpid": s.platform.corpid, "secret": s.platform.secret, "base": s.platform.base, **changed}
        with Api(**given, clock=s.platform.clock) as api, pytest.raises(Misconfigured) as caught:
            api.get("user/get", userid="li")
        assert caught.value.errcode == errcode


def test_no_usable_answer_is_an_unknown_outcome_whatever_its_kind() -> None:
    with stage() as s:
        s.wecom.member("li")
        s.platform.http(502, call="user/get")
        s.platform.http(404, call="user/get")
        s.platform.http(301, call="user/get")
        s.platform.garble("user/get")
        s.platform.cut("user/get")
        s.platform.cut("user/get", applied=False)
        for _ in range(6):
            with pytest.raises(Unreachable):
                s.wecom.member("li")
        assert s.wecom.member("li").status == 1


def test_an_answer_that_does_not_come_in_time_is_an_unknown_outcome() -> None:
    with stage() as s:
        given = {"corpid": s.platform.corpid, "secret": s.platform.secret, "base": s.platform.base}
        tokens = Tokens()
        with Api(**given, clock=lambda: NOW, tokens=tokens) as patient:
            patient.get("user/get", userid="li")
        s.platform.late("user/get", ms=3_600_000)
        with Api(**given, clock=lambda: NOW, tokens=tokens, timeout=0.1) as hasty, pytest.raises(Unreachable):
            hasty.get("user/get", userid="li")


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[]",
        '{"errcode": "0"}',
        '{"errcode": false}',
        '{"errcode": 0, "customer": {}}',
        '{"errcode": 0, "customer": [1]}',
        '{"errcode": 0, "customer": [{"errcode": 0}]}',
        '{"errcode": 0, "customer": [{"external_userid": "wm000"}]}',
        '{"errcode": 0, "customer": [{"external_userid": "wm000", "errcode": true}]}',
    ],
)
def test_an_answer_that_does_not_say_what_was_done_is_an_unknown_outcome(text: str) -> None:
    with stage(customers=1) as s:
        s.platform.garble(TRANSFER[False], text=text)
        with pytest.raises(Unreachable):
            s.transfer("wm000")


def test_a_customer_is_told_of_only_when_he_was_asked_for_and_answered() -> None:
    with stage(customers=2) as s:
        rows = [{"external_userid": customer, "errcode": 0} for customer in ("wm000", "x")]
        other = json.dumps({"errcode": 0, "customer": rows})
        s.platform.garble(TRANSFER[False], text=other)
        assert s.transfer("wm000", "wm001") == {"wm000": 0}


def test_a_list_held_back_for_want_of_a_licence_is_a_wrong_setting_not_an_empty_list() -> None:
    with stage(customers=2) as s:
        held = '{"errcode": 0, "external_contact_list": [], "fail_info": {"unlicensed_userid_list": ["li"]}}'
        s.platform.garble(BY_USER, text=held)
        with pytest.raises(Misconfigured):
            s.wecom.customers_of("li")


def test_a_platform_that_is_not_there_is_unreachable() -> None:
    with stage() as s:
        s.platform.stop()
        with pytest.raises(Unreachable):
            s.wecom.member("li")


def test_the_base_must_be_encrypted_or_this_machine() -> None:
    with pytest.raises(BadAddress):
        Api(corpid="ww0", secret="x", clock=lambda: NOW, base="http://qyapi.weixin.qq.com/cgi-bin")
    with stage() as s, Api(corpid="ww0", secret="x", clock=lambda: NOW) as real:
        assert (s.api.rehearsal, real.rehearsal) == (True, False)


def test_no_log_line_and_no_error_holds_token_secret_or_name(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with stage(customers=2) as s:
        s.wecom.customers_of("li")
        token = next(iter(s.platform._tokens))
        s.platform.cut(BY_USER)
        s.platform.http(500, call=BY_USER)
        told = ""
        for _ in range(2):
            with pytest.raises(Unreachable) as caught:
                s.wecom.customers_of("li")
            told += repr(caught.getrepr(style="long", chain=True))
        s.platform.stop()
    logged = caplog.text
    assert "/gettoken" in logged and BY_USER in logged  # httpx did log, without the parameters
    assert [w for w in (token, "corpsecret", "access_token=", "客户0") if w in logged + told] == []
    assert s.platform.secret not in logged.replace(token, "")


def test_all_pages_of_a_member_s_customers_are_fetched() -> None:
    with stage(customers=23, page_size=5) as s:
        found = s.wecom.customers_of("li")
        assert [c.external_userid for c in found] == [f"wm{n:03d}" for n in range(23)]
        assert found[0] == PlatformCustomer("wm000", "客户0", "", 1, NOW // 1000)
        asked = s.platform.calls_to(BY_USER)
        assert len(asked) == 5
        assert [("cursor" in c.given, c.given["limit"]) for c in asked] == [(False, 100)] + [(True, 100)] * 4


def test_a_member_without_customers_has_an_empty_list_but_an_unknown_one_is_an_error() -> None:
    with stage() as s:
        assert s.wecom.customers_of("li") == []
        with pytest.raises(Refused):
            s.wecom.customers_of("nobody")


LISTS = {
    BY_USER: lambda s: s.wecom.customers_of("li"),
    UNASSIGNED: lambda s: s.wecom.unassigned(),
    RESULT[False]: lambda s: s.statuses(),
    GROUP_LIST: lambda s: s.wecom.groups_of(["li", "zhao"]),
}


@pytest.mark.parametrize("call", LISTS)
def test_a_cursor_that_comes_again_stops_the_list_with_an_error(call: str) -> None:
    with stage(customers=12, page_size=3) as s:
        for number in range(12):
            s.platform.add_group(f"wr{number}", owner="li")
            s.platform.add_customer(f"wmz{number}", of=["zhao"])
        s.transfer(*[f"wm{n:03d}" for n in range(9)])
        s.platform.resign("zhao")
        s.platform.repeat_cursor(call)
        with pytest.raises(BrokenList):
            LISTS[call](s)
        assert len(s.platform.calls_to(call)) == 2


def test_the_unassigned_list_gives_leavers_customers_over_all_pages() -> None:
    with stage(customers=7, page_size=3) as s:
        assert s.wecom.unassigned() == []
        s.platform.resign("li", deleted=True)
        found = s.wecom.unassigned()
        assert found == [("li", f"wm{n:03d}", NOW // 1000) for n in range(7)]
        assert len(s.platform.calls_to(UNASSIGNED)) == 1 + 3
        s.transfer("wm000", "wm001", resigned=True)
        assert [c for _, c, _ in s.wecom.unassigned()] == [f"wm{n:03d}" for n in range(2, 7)]


def test_a_member_is_active_then_left_then_unknown() -> None:
    with stage() as s:
        assert not s.wecom.member("li").resigned
        s.platform.resign("li")
        assert s.wecom.member("li") == MemberState("li", 5, "")
        s.platform.resign("li", deleted=True)
        assert s.wecom.member("li") == MemberState("li", 0)


def test_a_member_s_contact_code_is_an_address() -> None:
    with stage() as s:
        assert s.wecom.contact_way("wang").startswith("https://yanlian.example/wang/")


def test_groups_of_an_owner_tell_their_state() -> None:
    with stage(page_size=2) as s:
        for number in range(5):
            s.platform.add_group(f"wr{number}", owner="li")
        s.platform.add_group("inner", owner="li", external=False)
        s.platform.add_group("other", owner="wang")
        assert s.wecom.groups_of(["li"]) == [PlatformGroup(f"wr{n}", 0) for n in range(5)]
        assert len(s.platform.calls_to(GROUP_LIST)) == 3
        s.platform.resign("li")
        assert s.wecom.groups_of(["li"], status=1) == [PlatformGroup(f"wr{n}", 1) for n in range(5)]
        with pytest.raises(BadCall):
            s.wecom.groups_of([])


@pytest.mark.req("R2.30")
def test_no_transfer_leaves_without_an_approval() -> None:
    with stage(customers=1) as s:
        for nothing in ("", "  "):
            with pytest.raises(ApprovalRequired):
                s.transfer("wm000", approval=nothing)
            with pytest.raises(ApprovalRequired):
                s.wecom.transfer_groups(resigned=False, rooms=["wr1"], new_owner="wang", approval=nothing)
        assert s.platform.calls == []


def test_calls_beyond_the_platform_s_limits_are_not_sent() -> None:
    with stage(customers=1) as s:
        wrong = [
            lambda: s.transfer(*[f"wm{n}" for n in range(101)]),
            lambda: s.transfer(),
            lambda: s.transfer("wm000", "wm000"),
            lambda: s.transfer("wm000", message="长" * 201),
            lambda: s.transfer("wm000", message="您好", resigned=True),
            lambda: s.wecom.transfer_groups(resigned=True, rooms=[], new_owner="wang", approval=APPROVAL),
        ]
        for call in wrong:
            with pytest.raises(BadCall):
                call()
        assert s.platform.calls == []


def test_requests_carry_the_documented_fields_and_nothing_else() -> None:
    with stage(customers=2) as s:
        s.platform.add_group("wr1", owner="li")
        s.transfer("wm000", message="您好，今后由王老师为您服务。")
        s.statuses()
        s.wecom.transfer_groups(resigned=False, rooms=["wr1"], new_owner="wang", approval=APPROVAL)
        s.platform.resign("li")
        s.transfer("wm001", resigned=True)
        given = {c.call: c.given for c in s.platform.calls}
    pair = {"handover_userid": "li", "takeover_userid": "wang"}
    message = {"transfer_success_msg": "您好，今后由王老师为您服务。"}
    assert given[TRANSFER[False]] == {**pair, "external_userid": ["wm000"], **message}
    assert given[TRANSFER[True]] == {**pair, "external_userid": ["wm001"]}
    assert given[RESULT[False]] == pair
    assert given[GROUPS[False]] == {"chat_id_list": ["wr1"], "new_owner": "wang"}


def test_a_day_is_longer_than_a_token() -> None:
    with stage() as s:
        s.wecom.member("li")
        s.platform.advance(DAY)
        assert s.wecom.member("li").status == 1
        assert [c.errcode for c in s.platform.calls] == [0, 0, 0, 0]


def test_a_proxy_of_the_surroundings_is_not_asked_for_a_server_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with stage() as s:
        assert s.wecom.member("li").status == 1
