"""`jieli plan` towards the platform: the real client over HTTP against the rehearsal platform on this machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from jieli.connectors.wecom.transfers import TRANSFER
from jieli.doors import worker
from jieli.handover import cutting, queries
from jieli.kernel.times import DAY, HOUR, MINUTE
from jieli.succession.models import Submission
from jieli.wiring import deploy
from jieli.wiring.profile import Corp
from tests.conftest import NOW
from tests.doors import handing
from tests.doors.cli import Jieli
from tests.doors.handing import Desk


@pytest.fixture
def desk(fresh: Jieli, tmp_path: Path) -> Desk:
    """A plan for four customers, approved, and the customers told."""
    return handing.agreed(fresh, tmp_path)


def after_24_hours(desk: Desk) -> dict[str, int]:
    desk.pass_time(24 * HOUR)
    found: dict[str, int] = desk.plan("poll")["statuses"]
    return found


def test_an_approved_plan_is_asked_for_and_after_24_hours_everybody_is_taken_over(desk: Desk) -> None:
    with handing.connected(desk) as platform:
        done = desk.transfer()
        assert (done["calls"], done["customers"], done["outcomes"]) == (1, 4, {"已受理": 4})
        assert desk.states() == {"等待接替": 4}
        assert desk.plan("poll")["statuses"] == {"2": 4}
        assert desk.states() == {"等待接替": 4}
        assert after_24_hours(desk) == {"1": 4}
        assert desk.states() == {"已接替": 4}
        assert desk.plan("states")["clean"] is True
        assert platform.followers("wm-C000") == {"wang"}
        assert desk.plan("metrics")["taken"] == 4


@pytest.mark.req("R2.30")
def test_without_an_approval_no_call_leaves_and_every_call_stores_its_id(
    fresh: Jieli, tmp_path: Path
) -> None:
    """Call without approval id is rejected; every API call stores approval id."""
    desk = handing.ready(fresh, tmp_path)
    desk.make()
    desk.farewell()
    with handing.connected(desk) as platform:
        words = ("transfer", "--phase", "通知期")
        assert desk.refused(*words)["code"] == "approvals.not_approved"
        assert platform.calls_to(TRANSFER[False]) == []
        approval = desk.approved()["approval"]
        desk.transfer()
        assert len(platform.calls_to(TRANSFER[False])) == 1
        assert {str(s.approval) for s in Submission.objects.all()} == {approval}
        desk.pass_time(DAY)
        request = desk.plan("show")["request"]
        fresh.answer("approve", "revoke", request, "--reason", "客户投诉", "--as", "fa")
        assert desk.refused(*words)["code"] == "approvals.not_approved"
        assert desk.refused("poll")["code"] == "approvals.not_approved"


@pytest.mark.req("R2.9")
def test_a_customer_who_refuses_is_given_to_nobody_else_and_is_not_written_to_again(desk: Desk) -> None:
    """Given customer refuses, Then no other member is auto-assigned; his choice of the ex-employee: 自愿选择."""
    with handing.connected(desk) as platform:
        desk.transfer()
        platform.refuse("wm-C001")
        assert desk.plan("poll")["statuses"] == {"2": 3, "3": 1}
        desk.plan("choice", "--customer", "C002", "--choice", "拒绝接替", "--channel", "电话")
        after_24_hours(desk)
        assert desk.states() == {"已接替": 2, "客户拒绝": 2}
        assert desk.plan("metrics")["refusal_rate_percent"] == "50.00"
        told = desk.plan("notices")
        assert told["sent"] == 2
        assert set(told["withheld"]) == {"C001", "C002"}
        desk.transfer()
        assert desk.work() == "done"
        named = [x for c in platform.calls_to(TRANSFER[False]) for x in c.given["external_userid"]]
        assert (named.count("wm-C001"), named.count("wm-C002")) == (1, 1)
        kept = desk.plan("voluntary", "--customer", "C001", "--channel", "电话", "--words", "我还找李老师")
        assert (kept["recorded_as"], kept["of_this_leaver"]) == ("自愿选择", 1)
        desk.plan("scan", "--customer", "C001", "--to", "E3")  # by his own hand alone
        assert desk.plan("states")["final"]["C001"] == "已接替"


def test_a_receiver_who_is_full_leaves_the_rest_with_somebody_who_answers_for_them(desk: Desk) -> None:
    with handing.connected(desk) as platform:
        platform.add_member("wang", limit=3)
        desk.transfer()
        assert after_24_hours(desk) == {"1": 3, "4": 1}
        [left] = desk.plan("states")["listed"]
        assert (left["state"], left["owner"]) == ("超限", "E5")
        assert "上限" in left["reason"]
        desk.plan("entrust", "--customer", left["customer_no"], "--owner", "E3", "--due", "2026-10-08")
        [left] = desk.plan("states")["listed"]
        assert (left["owner"], left["due_on"]) == ("E3", "2026-10-08")
        platform.add_member("wang", limit=9)
        assert (
            desk.plan("reopen", "--customer", left["customer_no"], "--reason", "已提高上限")["customers"] == 1
        )
        desk.pass_time(10 * DAY)
        platform.resign("li")
        assert desk.transfer("离职后")["customers"] == 1
        desk.pass_time(24 * HOUR)
        desk.plan("poll")
        assert desk.states() == {"已接替": 4}


def test_a_call_that_was_cut_is_looked_for_and_not_made_twice(desk: Desk) -> None:
    with handing.connected(desk) as platform:
        platform.cut(TRANSFER[False])
        assert desk.transfer()["unknown"] == 4
        assert "调用结果不明" in desk.plan("states")["listed"][0]["reason"]
        assert desk.plan("poll")["unknown"] == 0
        assert desk.states() == {"等待接替": 4}
        assert set(platform.submissions().values()) == {1}


def test_a_call_that_was_never_heard_is_made_again_once_that_is_certain(desk: Desk) -> None:
    with handing.connected(desk) as platform:
        platform.cut(TRANSFER[False], applied=False)
        assert desk.transfer()["unknown"] == 4
        desk.pass_time(MINUTE)
        assert desk.plan("poll")["unknown"] == 4
        desk.pass_time(10 * MINUTE)
        assert desk.plan("poll")["calls"] == 1
        assert desk.states() == {"等待接替": 4}


def test_a_transfer_waits_until_customers_are_told_and_training_is_not_overdue(
    fresh: Jieli, tmp_path: Path
) -> None:
    desk = handing.ready(fresh, tmp_path)
    desk.make()
    desk.approved()
    with handing.connected(desk) as platform:
        words = ("transfer", "--phase", "通知期")
        refused = desk.refused(*words)
        assert refused["code"] == "succession.blocked"
        assert "TRANSFER_NEEDS_NOTICE" in refused["error"]
        assert desk.work() == "succession.blocked"
        assert platform.calls_to(TRANSFER[False]) == []
        assert desk.plan("notices")["sent"] == 4
        fresh.answer("plan", "wish", "C003", "--wish", "拒绝接替", "--channel", "电话", "--as", "lead")
        assert desk.transfer()["customers"] == 3
        assert desk.states() == {"等待接替": 3, "客户拒绝": 1}


def test_an_event_of_the_platform_only_wakes_the_asking(desk: Desk) -> None:
    with handing.connected(desk) as platform:
        desk.transfer()
        platform.refuse("wm-C000")
        woken = desk.jieli.answer("plan", "wake", "wang", "--as", "lead")
        assert woken["statuses"] == {"2": 3, "3": 1}
        assert desk.states() == {"等待接替": 3, "客户拒绝": 1}


def test_a_wrong_secret_is_told_by_its_code_and_nothing_is_lost(desk: Desk) -> None:
    with handing.connected(desk) as platform:
        wrong = Corp(platform.base, platform.corpid, "falsch")
        right, desk.jieli.profile = desk.jieli.profile, replace(desk.jieli.profile, wecom=wrong)
        done = desk.transfer()
        assert done["calls"] == 0
        assert done["stopped_code"] == "platform.misconfigured"
        assert "falsch" not in str(done)
        desk.jieli.profile = right
        assert desk.plan("poll")["calls"] == 1
        assert desk.states() == {"等待接替": 4}


def test_without_a_platform_nothing_is_called_and_the_way_by_hand_is_named(desk: Desk) -> None:
    refused = desk.refused("transfer", "--phase", "通知期")
    assert refused["code"] == "succession.no_platform"
    assert "手工办理" in refused["remedy"]
    assert desk.work() == "done"
    assert desk.states() == {"待接续": 4}


def test_the_worker_alone_brings_a_plan_to_its_end_on_the_job_and_after(fresh: Jieli, tmp_path: Path) -> None:
    desk = handing.agreed(fresh, tmp_path)
    with handing.connected(desk) as platform:
        platform.reject("wm-C003", 40128)  # twice in ninety days already: inheritance only
        fresh.answer(
            "plan", "poll", desk.number, "--as", "lead"
        )  # the port is filled as a process of ours does
        assert desk.work() == "done"
        assert desk.states() == {"等待接替": 3, "待接续": 1}
        assert desk.work() == "done"
        desk.pass_time(24 * HOUR)
        desk.work()
        assert desk.states() == {"已接替": 3, "待接续": 1}
        desk.pass_time(11 * DAY)
        platform.resign("li")
        desk.work()
        desk.pass_time(24 * HOUR)
        desk.work()
        assert desk.states() == {"已接替": 4}
        assert set(platform.submissions().values()) == {1}
        assert [c.call for c in platform.calls if c.call in TRANSFER.values()].count(TRANSFER[True]) == 1
        entries = fresh.answer("plan", "told", desk.number, "--as", "lead")["customers"]
        assert all(m["platform_at"] for m in entries.values())


def test_a_customer_who_wants_another_adviser_is_passed_on_once_that_is_approved(
    fresh: Jieli, tmp_path: Path
) -> None:
    desk = handing.agreed(fresh, tmp_path)
    with handing.connected(desk) as platform:
        desk.transfer()
        desk.pass_time(24 * HOUR)
        desk.plan("poll")
        desk.plan("choice", "--customer", "C000", "--choice", "换一位顾问", "--channel", "电话")
        assert desk.states() == {"已接替": 3, "待定": 1}
        asked = desk.plan("another", "--customer", "C000", "--to", "E3", "--reason", "客户希望上午上课")[
            "request"
        ]
        assert desk.work() == "done"
        assert desk.states() == {"已接替": 3, "待定": 1}
        fresh.answer("approve", "decide", asked, "同意", "--as", "yan")
        assert desk.work() == "done"
        assert desk.states() == {"已接替": 3, "等待接替": 1}
        desk.pass_time(24 * HOUR)
        desk.work()
        assert desk.states() == {"已接替": 4}
        assert platform.followers("wm-C000") == {"zhao"}


def test_a_customer_group_gets_its_new_owner_under_the_same_approval(desk: Desk) -> None:
    with handing.connected(desk) as platform:
        platform.add_group("wr1", owner="li")
        done = desk.plan("groups", "--phase", "通知期", "--room", "wr1", "--to", "E2")
        assert (done["groups"], done["outcomes"], done["unheard"]) == (1, {"已转移": 1}, [])
        assert platform.state.groups["wr1"].owner == "wang"


def test_a_plan_that_fails_is_named_and_keeps_no_other_from_its_turn(desk: Desk) -> None:
    with handing.connected(desk) as platform:
        desk.plan("states")  # fills the port
        platform.fail(60020, call=TRANSFER[False])
        said = worker.round_of({}, at=desk.jieli.at)
        assert said.pop("advance_plans") == "platform.misconfigured"
        assert set(said.values()) == {"done"}
        desk.pass_time(5 * MINUTE)
        assert desk.work() == "done"
        assert desk.states() == {"等待接替": 4}


def test_the_worker_ends_a_leaver_s_access_at_the_last_minute(fresh: Jieli, tmp_path: Path) -> None:
    desk = handing.ready(fresh, tmp_path)
    case = queries.case(desk.number)
    worker.round_of({}, at=case.last_minute - 1)
    assert cutting.cut(case.id) is None
    worker.round_of({}, at=case.last_minute)
    done = cutting.cut(case.id)
    assert done is not None
    assert done.cut_at == case.last_minute


def test_going_live_with_the_rehearsal_platform_or_the_outbox_is_refused(fresh: Jieli) -> None:
    fresh.answer("keys", "init", "--origin", "test.jieli.example/log")
    corp = Corp("http://127.0.0.1:9/cgi-bin", "ww1", "s")
    home = fresh.home / "outbox"
    home.mkdir()
    live = replace(fresh.profile, name="production", wecom=corp)
    codes = {f.code for f in deploy.check(live, deploy=True, at=NOW) if f.grave}
    assert {"check.rehearsal_platform", "check.outbox_folder", "check.site"} <= codes
    home.rmdir()
    real = replace(
        live, wecom=replace(corp, url="https://qyapi.weixin.qq.com/cgi-bin"), site="https://qm.example.cn"
    )
    clean = {f.code for f in deploy.check(real, deploy=True, at=NOW)}
    assert not {"check.rehearsal_platform", "check.outbox_folder", "check.site"} & clean


def test_in_production_no_short_message_is_pretended(desk: Desk, tmp_path: Path) -> None:
    desk.jieli.profile = replace(desk.jieli.profile, name="production")
    assert desk.refused("notices")["code"] == "wiring.no_deliverer"
    assert not (desk.jieli.home / "outbox").exists()
    assert desk.jieli.at == NOW
