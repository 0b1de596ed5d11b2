"""Transfers against the rehearsal platform: what the platform's documents say happens, happens there."""

import pytest

from jieli.connectors.wecom.transfers import GROUPS, RESULT, TRANSFER
from jieli.kernel.times import DAY, HOUR, SECOND
from jieli.succession.ports import Limited, TransferResult, Unreachable
from tests.fakes.platform import APPROVAL, NOW, Stage, stage


def names(first: int, last: int) -> list[str]:
    return [f"wm{n:03d}" for n in range(first, last)]


def test_an_accepted_transfer_waits_24_hours_and_then_silence_is_a_takeover() -> None:
    with stage(customers=1) as s:
        assert s.transfer("wm000") == {"wm000": 0}
        due = NOW + 24 * HOUR
        waiting = s.wecom.results(resigned=False, handover="li", takeover="wang")
        assert waiting == [TransferResult("wm000", 2, due // SECOND)]
        assert s.platform.followers("wm000") == {"li"}
        s.platform.advance(24 * HOUR - 1)
        assert s.statuses() == {"wm000": 2}
        s.platform.advance(1)
        taken = s.wecom.results(resigned=False, handover="li", takeover="wang")
        assert taken == [TransferResult("wm000", 1, due // SECOND)]
        assert s.platform.followers("wm000") == {"wang"}
        assert s.wecom.customers_of("wang")[0].add_way == 202


def test_a_customer_may_refuse_within_24_hours_and_stays_with_who_is_still_there() -> None:
    with stage(customers=2) as s:
        s.transfer("wm000", "wm001")
        s.platform.advance(23 * HOUR)
        s.platform.refuse("wm000")
        s.platform.advance(HOUR)
        assert s.statuses() == {"wm000": 3, "wm001": 1}
        found = s.wecom.results(resigned=False, handover="li", takeover="wang")
        assert found[0].takeover_time == 0
        assert s.platform.followers("wm000") == {"li"}


def test_a_leaver_s_customer_who_refuses_is_lost_to_the_company() -> None:
    with stage() as s:
        s.platform.add_customer("wm000", of=["li"], refuses_after=2 * HOUR)
        s.platform.resign("li")
        s.transfer("wm000", resigned=True)
        s.platform.advance(2 * HOUR)
        assert s.statuses(resigned=True) == {"wm000": 3}
        assert s.platform.followers("wm000") == set()
        assert s.wecom.unassigned() == []
        assert s.transfer("wm000", resigned=True, takeover="zhao") == {"wm000": 40131}


def test_the_wrong_endpoint_answers_40097_whichever_way_it_is_wrong() -> None:
    with stage(customers=1) as s:
        assert s.transfer("wm000", resigned=True) == {"wm000": 40097}
        s.platform.resign("li", deleted=True)
        assert s.transfer("wm000", resigned=False) == {"wm000": 40097}
        assert s.transfer("wm000", resigned=True) == {"wm000": 0}


@pytest.mark.parametrize(
    ("taker", "errcode"),
    [
        ({"real_name": False}, 40098),
        ({"status": 4}, 40098),
        ({"limit": 0}, 40099),
        ({"contact_enabled": False}, 84074),
        ({"visible": False}, 84074),
    ],
)
def test_a_taker_who_may_not_take_over_is_told_for_each_customer(
    taker: dict[str, object], errcode: int
) -> None:
    with stage(customers=1) as s:
        s.platform.add_member("chen", **taker)
        assert s.transfer("wm000", takeover="chen") == {"wm000": errcode}
        assert s.platform.followers("wm000") == {"li"}


def test_nobody_takes_over_from_himself_or_what_is_not_his() -> None:
    with stage(customers=1) as s:
        s.platform.add_customer("wmother", of=["zhao"])
        assert s.transfer("wm000", takeover="li") == {"wm000": 40130}
        assert s.transfer("wmother", "nobody") == {"wmother": 40131, "nobody": 40096}


def test_a_running_transfer_is_not_started_twice() -> None:
    with stage(customers=1) as s:
        assert s.transfer("wm000") == {"wm000": 0}
        assert s.transfer("wm000") == {"wm000": 40100}
        assert s.transfer("wm000", takeover="zhao") == {"wm000": 40129}
        assert s.statuses() == {"wm000": 2}
        assert s.statuses(takeover="zhao") == {}


def test_a_taker_who_fills_up_meanwhile_ends_in_status_4() -> None:
    with stage(customers=3) as s:
        s.platform.add_member("chen", limit=2)
        s.transfer("wm000", "wm001", "wm002", takeover="chen")
        s.platform.advance(24 * HOUR)
        assert s.statuses(takeover="chen") == {"wm000": 1, "wm001": 1, "wm002": 4}
        assert s.platform.followers("wm002") == {"li"}
        assert s.transfer("wm002", takeover="chen") == {"wm002": 40099}


def moved_twice(s: Stage) -> None:
    s.transfer("wm000")
    s.platform.advance(DAY)
    s.transfer("wm000", handover="wang", takeover="li")
    s.platform.advance(DAY)


def test_a_customer_is_passed_on_twice_in_90_days_at_most() -> None:
    with stage(customers=1) as s:
        moved_twice(s)
        assert s.transfer("wm000") == {"wm000": 40128}
        s.platform.advance(87 * DAY)
        assert s.transfer("wm000") == {"wm000": 40128}
        s.platform.advance(DAY)
        assert s.transfer("wm000") == {"wm000": 0}


def test_the_two_in_90_days_do_not_bind_a_leaver_s_customers() -> None:
    with stage(customers=1) as s:
        moved_twice(s)
        s.platform.resign("li")
        assert s.transfer("wm000", resigned=True) == {"wm000": 0}


def test_a_leaver_s_customers_can_be_passed_on_for_a_year() -> None:
    with stage(customers=2) as s:
        s.platform.resign("li")
        s.platform.advance(365 * DAY)
        assert s.transfer("wm000", resigned=True) == {"wm000": 0}
        s.platform.advance(1)
        assert s.transfer("wm001", resigned=True) == {"wm001": 40131}
        assert s.wecom.unassigned() == []


CODES = [40096, 40097, 40098, 40099, 40100, 40128, 40129, 40130, 40131, 40132, 84061, 84074, 60111]


def test_a_chunk_of_mixed_codes_gives_each_customer_his_own() -> None:
    with stage(customers=100) as s:
        ordered = dict(zip(names(0, 100), CODES, strict=False))
        for customer, code in ordered.items():
            s.platform.reject(customer, code)
        found = s.transfer(*names(0, 100))
        assert found == {**dict.fromkeys(names(0, 100), 0), **ordered}
        assert sorted(s.statuses()) == names(len(CODES), 100)


def test_an_ordered_code_lasts_as_often_as_ordered() -> None:
    with stage(customers=2) as s:
        s.platform.reject("wm000", 40128, times=2)
        s.platform.reject("wm001", 84061, times=None)
        found = [s.transfer("wm000", "wm001") for _ in range(4)]
        assert [f["wm000"] for f in found] == [40128, 40128, 0, 40100]
        assert {f["wm001"] for f in found} == {84061}


def test_the_platform_takes_no_more_than_100_customers() -> None:
    with stage(customers=1) as s:
        body = {"handover_userid": "li", "takeover_userid": "wang", "external_userid": names(0, 101)}
        with pytest.raises(Exception, match="40058"):
            s.api.post(TRANSFER[False], body)
        s.platform.resign("li")
        body = {**body, "external_userid": names(0, 1), "transfer_success_msg": "您好"}
        with pytest.raises(Exception, match="40058"):
            s.api.post(TRANSFER[True], body)


def test_results_of_a_pair_come_over_all_pages_and_of_that_pair_alone() -> None:
    with stage(customers=50, page_size=9) as s:
        s.transfer(*names(0, 30))
        s.transfer(*names(30, 50), takeover="zhao")
        s.platform.advance(24 * HOUR)
        assert s.statuses() == dict.fromkeys(names(0, 30), 1)
        assert len(s.platform.calls_to(RESULT[False])) == 4
        assert s.statuses(takeover="zhao") == dict.fromkeys(names(30, 50), 1)
        assert s.statuses(resigned=True) == {}


def test_a_status_is_kept_as_the_platform_s_number() -> None:
    with stage(customers=2) as s:
        s.transfer("wm000", "wm001")
        s.platform.show_status("wm000", 5)
        s.platform.show_status("wm001", 9)
        assert s.statuses() == {"wm000": 5, "wm001": 9}


def test_a_call_cut_after_it_was_done_is_unknown_and_resolved_by_looking() -> None:
    with stage(customers=3) as s:
        s.platform.cut(TRANSFER[False])
        with pytest.raises(Unreachable):
            s.transfer("wm000", "wm001")
        assert len(s.platform.calls_to(TRANSFER[False])) == 1  # not repeated by the client
        assert s.statuses() == {"wm000": 2, "wm001": 2}
        assert s.transfer("wm000", "wm002") == {"wm000": 40100, "wm002": 0}
        key = (TRANSFER[False], "li", "wang", "wm000")
        assert (s.platform.submissions()[key], s.platform.submissions()[*key[:3], "wm001"]) == (2, 1)


def test_a_call_lost_before_it_was_done_is_unknown_too_and_leaves_nothing_behind() -> None:
    with stage(customers=1) as s:
        s.platform.cut(TRANSFER[False], applied=False)
        with pytest.raises(Unreachable):
            s.transfer("wm000")
        assert s.statuses() == {}


def test_a_limited_call_has_done_nothing() -> None:
    with stage(customers=1) as s:
        s.platform.fail(45009, call=TRANSFER[False])
        with pytest.raises(Limited):
            s.transfer("wm000")
        assert s.statuses() == {}


def move(s: Stage, *rooms: str, resigned: bool = False, to: str = "wang") -> dict[str, int]:
    return s.wecom.transfer_groups(resigned=resigned, rooms=rooms, new_owner=to, approval=APPROVAL)


def test_groups_of_a_leaver_and_of_one_on_the_job_have_their_own_calls() -> None:
    with stage() as s:
        for room, owner in (("wr1", "li"), ("wr2", "zhao")):
            s.platform.add_group(room, owner=owner)
        s.platform.add_group("inner", owner="li", external=False)
        s.platform.resign("li")
        assert move(s, "wr1", "wr2", "none", resigned=True) == {"wr1": 0, "wr2": 90500, "none": 40050}
        assert move(s, "wr1", "inner", to="zhao") == {"wr1": 0, "inner": 90501}
        assert {g.owner for g in s.platform.state.groups.values()} == {"zhao", "li"}
        s.platform.resign("zhao")
        assert move(s, "wr2") == {"wr2": 90502}


def test_some_groups_fail_while_others_are_done() -> None:
    with stage() as s:
        for number in range(4):
            s.platform.add_group(f"wr{number}", owner="li")
        s.platform.reject("wr1", 90501)
        s.platform.reject("wr3", -1)
        assert move(s, "wr0", "wr1", "wr2", "wr3") == {"wr0": 0, "wr1": 90501, "wr2": 0, "wr3": -1}
        assert move(s, "wr1", "wr3") == {"wr1": 0, "wr3": 0}
        assert len(s.platform.calls_to(GROUPS[False])) == 2


def test_one_owner_is_given_300_groups_a_day() -> None:
    with stage() as s:
        rooms = [f"wr{n}" for n in range(301)]
        for room in rooms:
            s.platform.add_group(room, owner="li")
        for start in (0, 100, 200):
            assert set(move(s, *rooms[start : start + 100]).values()) == {0}
        assert move(s, "wr300") == {"wr300": 45009}
        s.platform.advance(DAY)
        assert move(s, "wr300") == {"wr300": 0}


def test_a_group_is_passed_on_twice_in_90_days_on_the_job() -> None:
    with stage() as s:
        s.platform.add_group("wr1", owner="li")
        found = [move(s, "wr1", to=to)["wr1"] for to in ("wang", "zhao", "li")]
        assert found == [0, 0, 40128]
