"""Customers handed on through the platform: intent first, one answer each, never asked twice, nobody lost."""

from uuid import UUID

import psycopg
import pytest
from django.db.utils import IntegrityError

from jieli.access.types import Role
from jieli.approvals import operations as approvals
from jieli.approvals import queries as approval_queries
from jieli.approvals.errors import NotApproved
from jieli.kernel.times import HOUR
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.succession.calling import SETTLE, run_submissions
from jieli.succession.faults import MessageTooLong, NotInWindow
from jieli.succession.final import final_states, reopen, settle_groups, unheard_groups
from jieli.succession.models import Assignment, Plan, Submission, SubmissionItem
from jieli.succession.outcomes import BACKOFF, NINETY_DAYS
from jieli.succession.polling import poll, wake_up
from jieli.succession.ports import (
    ApprovalRequired,
    Busy,
    Limited,
    Misconfigured,
    Refused,
    Unreachable,
)
from jieli.succession.transfers import GroupMove, prepare_groups, prepare_submissions
from jieli.succession.types import CustomerState as S
from jieli.succession.types import Phase
from tests.rooms.company import reader
from tests.rooms.relay import (
    BY,
    DAY,
    LAST_MINUTE,
    NOW,
    Crash,
    PowerCut,
    Relay,
    add_groups,
    external,
    found_relay,
)

pytestmark = pytest.mark.usefixtures("db")
MINUTE = HOUR // 60


def submit(relay: Relay, phase: Phase = Phase.NOTICE, *, at: int = NOW) -> dict[str, int]:
    relay.platform.now = at
    prepare_submissions(relay.plan, phase, by=BY, at=at)
    return run_submissions(relay.plan, relay.platform, by=BY, at=at).outcomes


def look(relay: Relay, *, at: int) -> dict[str, str]:
    relay.platform.now = at
    poll(relay.plan, relay.platform, by=BY, at=at)
    return relay.states()


@pytest.mark.req("R2.2")
def test_250_customers_of_one_receiver_are_three_calls_under_the_plan_s_approval() -> None:
    relay = found_relay(customers=250, receivers=("wang",))
    assert submit(relay) == {"已受理": 250}
    assert [len(c[3]) for c in relay.platform.calls] == [100, 100, 50]
    assert {c[4] for c in relay.platform.calls} == {str(relay.approvals["li"])}
    assert {c[5][:2] for c in relay.platform.calls} == {"您好"}
    assert set(relay.states().values()) == {S.WAITING}
    again = prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=NOW + 1)
    assert (again.calls, again.customers) == (0, 0)
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW + 1)
    assert len(relay.platform.calls) == 3


def test_accepted_is_not_taken_over_until_the_platform_s_result_says_so() -> None:
    relay = found_relay(customers=4)
    relay.platform.state.customers["wm0001"].refuses_after = HOUR
    submit(relay)
    assert set(look(relay, at=NOW + MINUTE).values()) == {S.WAITING}
    item = SubmissionItem.objects.get(external="wm0000")
    assert (item.platform_status, item.takeover_at) == (2, NOW // 1000 * 1000 + DAY)
    entries = ledger.head(ledger.live_log()).size
    look(relay, at=NOW + 2 * MINUTE)
    assert ledger.head(ledger.live_log()).size == entries
    states = look(relay, at=NOW + DAY + MINUTE)
    assert states == {"wm0000": S.TAKEN, "wm0001": S.REFUSED, "wm0002": S.TAKEN, "wm0003": S.TAKEN}
    assert final_states(relay.plan, at=NOW + DAY + MINUTE).clean


@pytest.mark.req("R2.9")
def test_after_a_refusal_on_the_platform_nobody_is_asked_for_again() -> None:
    relay = found_relay(customers=2)
    relay.platform.state.customers["wm0000"].refuses_after = HOUR
    submit(relay)
    look(relay, at=NOW + DAY + MINUTE)
    relay.platform.now = LAST_MINUTE + HOUR
    relay.platform.resign("li")
    assert submit(relay, Phase.AFTER, at=LAST_MINUTE + HOUR) == {}
    assert relay.state("wm0000") is S.REFUSED
    assert len(relay.platform.calls) == 2


ITEM_CODES = [
    (40096, S.FAILED), (40098, S.NOBODY), (40099, S.FULL), (40100, S.WAITING), (40129, S.WAITING),
    (40130, S.FAILED), (40131, S.FAILED), (40132, S.FAILED), (84061, S.FAILED), (84074, S.FAILED),
    (60111, S.FAILED), (99999, S.FAILED), (40097, S.PLANNED), (40128, S.PLANNED), (-1, S.SUBMITTED),
    (45009, S.SUBMITTED), (45033, S.SUBMITTED), (42001, S.SUBMITTED), (60011, S.SUBMITTED),
]  # fmt: skip


@pytest.mark.parametrize(("code", "state"), ITEM_CODES)
def test_each_item_of_a_mixed_call_ends_in_its_own_state(code: int, state: S) -> None:
    relay = found_relay(customers=3, receivers=("wang",))
    relay.platform.answer("wm0001", code)
    submit(relay)
    assert relay.states() == {"wm0000": S.WAITING, "wm0001": state, "wm0002": S.WAITING}
    assert SubmissionItem.objects.filter(external="wm0001", errcode=code).count() == 1
    listed = {x.customer: x for x in final_states(relay.plan, at=NOW).listed}
    found = listed[relay.customers["wm0001"]]
    assert found.reason
    assert (found.owner, found.state) == (relay.staff["boss"], state)


def test_busy_is_asked_again_three_times_with_growing_pauses_and_then_listed() -> None:
    relay = found_relay(customers=1)
    relay.platform.errors = [Busy("忙", errcode=-1)] * 4
    submit(relay)
    at = NOW
    for n, pause in enumerate(BACKOFF, 2):
        run_submissions(relay.plan, relay.platform, by=BY, at=at + pause - 1)
        assert len(relay.platform.calls) == n - 1
        at += pause
        run_submissions(relay.plan, relay.platform, by=BY, at=at)
        assert len(relay.platform.calls) == n
    run_submissions(relay.plan, relay.platform, by=BY, at=at + DAY)
    assert len(relay.platform.calls) == 4
    assert relay.state("wm0000") is S.FAILED
    assert "平台繁忙" in final_states(relay.plan, at=at).listed[0].reason
    assert reopen(relay.plan, [relay.customers["wm0000"]], reason="平台已恢复", by=BY, at=at + DAY) == 1
    assert submit(relay, at=at + DAY) == {"已受理": 1}


def test_a_limit_stops_the_round_until_the_time_it_states() -> None:
    relay = found_relay(customers=4)
    relay.platform.errors = [Limited("限", errcode=45009, retry_at=NOW + 5 * MINUTE)]
    prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=NOW)
    report = run_submissions(relay.plan, relay.platform, by=BY, at=NOW)
    assert (report.calls, report.wait_until, report.stopped_code) == (1, NOW + 5 * MINUTE, "platform.limited")
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW + 5 * MINUTE - 1)
    assert len(relay.platform.calls) == 1
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW + 5 * MINUTE)
    assert set(relay.states().values()) == {S.WAITING}


@pytest.mark.parametrize("code", [48002, 60011, 60020])
def test_a_configuration_error_stops_every_call_and_says_so(code: int) -> None:
    relay = found_relay(customers=4)
    relay.platform.errors = [Misconfigured("应用没有权限。", errcode=code)]
    prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=NOW)
    report = run_submissions(relay.plan, relay.platform, by=BY, at=NOW)
    assert (report.calls, len(relay.platform.calls)) == (1, 1)
    assert (report.stopped_code, "应用没有权限" in report.stopped) == ("platform.misconfigured", True)
    assert set(relay.states().values()) == {S.SUBMITTED}
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW + 1)
    assert set(relay.states().values()) == {S.WAITING}


def test_a_full_receiver_is_spared_every_further_call() -> None:
    relay = found_relay(customers=250, receivers=("wang",))
    relay.platform.answer(external(7), 40099)
    submit(relay)
    states = list(relay.states().values())
    assert (len(relay.platform.calls), states.count(S.FULL), states.count(S.WAITING)) == (1, 151, 99)
    assert Submission.objects.filter(state="已撤回").count() == 2


def test_a_member_who_is_still_there_is_not_inherited_from_and_one_who_left_is() -> None:
    relay = found_relay(customers=2, phase=Phase.AFTER)
    with pytest.raises(NotInWindow):
        prepare_submissions(relay.plan, Phase.AFTER, by=BY, at=LAST_MINUTE - 1)
    assert submit(relay, Phase.AFTER, at=LAST_MINUTE) == {"改走另一接口": 2}
    assert relay.platform.calls == []
    relay.platform.now = LAST_MINUTE + HOUR
    relay.platform.resign("li")
    assert submit(relay, Phase.AFTER, at=LAST_MINUTE + HOUR) == {}
    assert submit(relay, Phase.AFTER, at=LAST_MINUTE + DAY) == {"已受理": 2}
    assert {(c[0], c[5]) for c in relay.platform.calls} == {(True, "")}


def test_on_the_job_nothing_is_submitted_in_the_last_48_hours() -> None:
    relay = found_relay(customers=2)
    prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=LAST_MINUTE - 49 * HOUR)
    run_submissions(relay.plan, relay.platform, by=BY, at=LAST_MINUTE - 48 * HOUR)
    assert relay.platform.calls == []
    moved = prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=LAST_MINUTE - 48 * HOUR)
    assert moved.moved == 2
    assert set(Assignment.objects.values_list("phase", "state")) == {(Phase.AFTER, S.PLANNED)}


@pytest.mark.req("R2.2")
def test_a_year_after_leaving_the_platform_inherits_nothing_and_the_telephone_remains() -> None:
    relay = found_relay(customers=2, phase=Phase.AFTER)
    done = prepare_submissions(relay.plan, Phase.AFTER, by=BY, at=LAST_MINUTE + 400 * DAY)
    assert (done.failed, relay.platform.calls) == (2, [])
    assert {
        "平台不可继承" in x.reason for x in final_states(relay.plan, at=LAST_MINUTE + 400 * DAY).listed
    } == {True}


def test_a_customer_moved_twice_in_ninety_days_waits_for_the_other_phase_or_the_date() -> None:
    relay = found_relay(customers=1)
    relay.platform.answer("wm0000", 40128)
    submit(relay)
    assert Assignment.objects.get().phase == Phase.AFTER
    relay.platform.now = LAST_MINUTE
    relay.platform.resign("li")
    relay.platform.answer("wm0000", 40128)
    assert submit(relay, Phase.AFTER, at=LAST_MINUTE) == {"等待期满": 1}
    assert submit(relay, Phase.AFTER, at=LAST_MINUTE + NINETY_DAYS - 1) == {}
    assert submit(relay, Phase.AFTER, at=LAST_MINUTE + NINETY_DAYS) == {"已受理": 1}


@pytest.mark.req("R2.30")
def test_without_an_approval_in_force_nothing_is_prepared_or_called() -> None:
    relay = found_relay(customers=2)
    prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=NOW)
    found = approval_queries.approval(relay.approvals["li"], at=NOW)
    assert found is not None
    with pytest.raises(ApprovalRequired):
        relay.platform.transfer(
            resigned=False, handover="li", takeover="wang", customers=["wm0000"], approval=""
        )
    row = Submission.objects.first()
    assert row is not None
    for missing in (None, UUID(int=0)):
        row.id, row.approval = UUID(int=7), missing
        with pytest.raises((IntegrityError, psycopg.IntegrityError, TypeError)), book(at=NOW) as b:
            b.entry("succession.prepare", by=BY).insert(row)
    changed = Plan.objects.get(id=relay.plan)
    changed.digest = bytes(32)
    with book(at=NOW) as b:
        b.entry("succession.plan", by=BY).revise(changed)
    with pytest.raises(NotApproved):
        run_submissions(relay.plan, relay.platform, by=BY, at=NOW + 1)
    with pytest.raises(NotApproved):
        prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=NOW + 1)
    assert relay.platform.calls == []


def test_the_database_itself_refuses_a_pair_that_runs_twice() -> None:
    relay = found_relay(customers=1)
    submit(relay)
    row = SubmissionItem.objects.get()
    row.id = UUID(int=9)
    with pytest.raises((IntegrityError, psycopg.IntegrityError)), book(at=NOW) as b:
        b.entry("succession.prepare", by=BY).insert(row)


@pytest.mark.parametrize("heard", [True, False])
def test_a_broken_line_is_unknown_until_the_results_have_been_looked_at(heard: bool) -> None:
    relay = found_relay(customers=3, receivers=("wang",))
    fault = [Unreachable("断线")]
    relay.platform.cuts, relay.platform.errors = (fault, []) if heard else ([], fault)
    prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=NOW)
    report = run_submissions(relay.plan, relay.platform, by=BY, at=NOW)
    assert (report.unknown, report.stopped_code) == (3, "platform.unreachable")
    assert "不明" in final_states(relay.plan, at=NOW).listed[0].reason
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW + 1)
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW + SETTLE)
    assert len(relay.platform.calls) == 2 - heard
    assert set(relay.states().values()) == {S.WAITING}
    assert (max(relay.platform.accepted.values()), relay.platform.doubles) == (1, [])


def test_a_customer_whom_the_answer_does_not_name_is_looked_for_in_the_results() -> None:
    relay = found_relay(customers=3, receivers=("wang",))
    relay.platform.unnamed = {"wm0001"}
    assert submit(relay) == {"已受理": 2, "不明": 1}
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW + 1)
    assert (relay.state("wm0001"), len(relay.platform.calls)) == (S.WAITING, 1)


def test_a_whole_call_refused_is_every_item_s_answer() -> None:
    relay = found_relay(customers=2, receivers=("wang",))
    relay.platform.errors = [Refused("没有此成员", errcode=60111)]
    assert submit(relay) == {"不能转移": 2}
    assert set(relay.states().values()) == {S.FAILED}


@pytest.mark.parametrize(
    "point",
    ["transfer.after_intent", "transfer.after_call", "transfer.after_answer", "ledger.before_commit"],
)
def test_a_crash_at_any_place_is_mended_by_the_next_round(
    point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = found_relay(customers=6)
    prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=NOW)
    crash = Crash([(point, 2)])
    crash.arm(monkeypatch)
    with pytest.raises(PowerCut):
        run_submissions(relay.plan, relay.platform, by=BY, at=NOW)
    monkeypatch.undo()
    for n in range(1, 4):
        run_submissions(relay.plan, relay.platform, by=BY, at=NOW + n * SETTLE)
    assert set(relay.states().values()) == {S.WAITING}
    assert (set(relay.platform.accepted.values()), relay.platform.doubles) == ({1}, [])
    assert sorted(x for c in relay.platform.calls for x in c[3]) == [external(n) for n in range(6)]


def test_a_transfer_fail_event_only_wakes_and_asking_decides() -> None:
    relay = found_relay(customers=4, leavers=("li", "sun"), receivers=("wang",))
    for plan in relay.plans.values():
        prepare_submissions(plan, Phase.NOTICE, by=BY, at=NOW)
        run_submissions(plan, relay.platform, by=BY, at=NOW)
    relay.platform.state.customers["wm0001"].refuses_after = HOUR
    relay.platform.now = NOW + 2 * HOUR
    report = wake_up(takeover="wang", platform=relay.platform, by=BY, at=NOW + 2 * HOUR)
    assert report.pairs == 2
    assert relay.states() == {
        "wm0000": S.WAITING,
        "wm0001": S.REFUSED,
        "wm0002": S.WAITING,
        "wm0003": S.WAITING,
    }


def test_accepted_without_any_record_fails_after_three_days() -> None:
    relay = found_relay(customers=1)
    relay.platform.answer("wm0000", 0)
    submit(relay)
    assert look(relay, at=NOW + 2 * DAY) == {"wm0000": S.WAITING}
    assert look(relay, at=NOW + 3 * DAY) == {"wm0000": S.FAILED}
    assert "没有接替记录" in final_states(relay.plan, at=NOW + 3 * DAY).listed[0].reason


def test_a_status_nobody_knows_is_kept_as_its_number() -> None:
    relay = found_relay(customers=1)
    submit(relay)
    relay.platform.state.transfers[0].status = 77  # type: ignore[assignment]
    assert look(relay, at=NOW + HOUR) == {"wm0000": S.WAITING}
    assert SubmissionItem.objects.get().platform_status == 77


def test_a_message_of_more_than_200_characters_is_refused_before_anything_is_written() -> None:
    relay = found_relay(customers=1)
    with pytest.raises(MessageTooLong):
        prepare_submissions(relay.plan, Phase.NOTICE, message="长" * 201, by=BY, at=NOW)
    assert Submission.objects.count() == 0
    prepare_submissions(relay.plan, Phase.NOTICE, message="长" * 200, by=BY, at=NOW)
    assert Submission.objects.get().message == "长" * 200


def test_groups_go_in_hundreds_and_300_a_day_for_one_owner() -> None:
    relay = found_relay(customers=1)
    rooms = [f"wr{n:03d}" for n in range(650)]
    add_groups(relay, "li", rooms)
    moves = [GroupMove(r, relay.staff["wang"]) for r in rooms]
    assert prepare_groups(relay.plan, Phase.NOTICE, moves, by=BY, at=NOW).calls == 7
    sizes = []
    for day in range(4):
        relay.platform.now = NOW + day * DAY
        before = len(relay.platform.calls)
        run_submissions(relay.plan, relay.platform, by=BY, at=NOW + day * DAY)
        sizes.append(sum(len(c[3]) for c in relay.platform.calls[before:]))
    assert sizes == [300, 300, 50, 0]
    assert {g.owner for g in relay.platform.state.groups.values()} == {"wang"}
    assert prepare_groups(relay.plan, Phase.NOTICE, moves, by=BY, at=NOW + 3 * DAY).customers == 0


def test_groups_without_an_answer_wait_for_a_person_who_looked() -> None:
    relay = found_relay(customers=1)
    add_groups(relay, "li", ["wr1", "wr2"])
    moves = [GroupMove("wr1", relay.staff["wang"]), GroupMove("wr2", relay.staff["wang"])]
    prepare_groups(relay.plan, Phase.NOTICE, moves, by=BY, at=NOW)
    relay.platform.cuts = [Unreachable("断线")]
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW)
    run_submissions(relay.plan, relay.platform, by=BY, at=NOW + DAY)
    assert len(relay.platform.calls) == 1
    assert unheard_groups(relay.plan) == [("wr1", "wang", NOW), ("wr2", "wang", NOW)]
    assert settle_groups(relay.plan, {"wr1": True, "wr2": False}, by=BY, at=NOW + DAY) == 2
    again = prepare_groups(relay.plan, Phase.NOTICE, moves, by=BY, at=NOW + DAY)
    assert again.customers == 1


def test_an_approval_that_was_revoked_ends_the_round() -> None:
    relay = found_relay(customers=2)
    prepare_submissions(relay.plan, Phase.NOTICE, by=BY, at=NOW)
    found = approval_queries.approval(relay.approvals["li"], at=NOW)
    assert found is not None
    judge = reader(Role.LEGAL, name="严法", at=NOW)
    approvals.revoke(request=found.request, reason="方案有误", by=judge, at=NOW)
    with pytest.raises(NotApproved):
        run_submissions(relay.plan, relay.platform, by=BY, at=NOW + 1)
    assert relay.platform.calls == []
