"""What a gate remembers is what a gate that remembers nothing would say: at every edge, in any order of time."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jieli.consent.answers import Asked
from jieli.consent.errors import NotRead
from jieli.consent.facts import Facts
from jieli.consent.gate import Gate
from jieli.consent.reasons import Reason
from jieli.consent.timeline import EARLIEST, FOREVER, Track
from jieli.consent.types import CALL, CHAT, Basis, DefaultShift, GateMessage, Means, Rules, Step
from jieli.kernel.times import DAY, HOUR, MINUTE
from tests.rooms.gate_situations import DAYS, Written, facts_of, ident, sh, wrote
from tests.rooms.naive_gate import naive_judge
from tests.rooms.test_consent_histories import BASE, FIRST, IMPORT, LAST, ROWS

FACTS_DAYS = {day: kind for day, kind in DAYS.items() if day != date(2026, 9, 27)}
#: Who says it, to whom, where, by which channel: the four that come up most, in both directions.
SHAPES = (
    ("wang", ("lin",), "", "wang", CHAT),
    ("lin", ("wang",), "", "wang", CHAT),
    ("lin", ("wang",), "", "wang", CALL),
    ("zhao", ("he",), "", None, CHAT),
    ("lin", (), "r1", None, CHAT),
    ("wang", ("zhao", "lin", "he"), "r1", None, CHAT),
)
TEN = sh("2026-09-24 10:00")


def facts_with(rows: list[Written]) -> Facts:
    return replace(facts_of([*BASE, *rows], since=FIRST, until=LAST), days=FACTS_DAYS)


def gate_of(rows: list[Written]) -> Gate:
    return Gate(facts_with(rows), at=IMPORT)


#: Just before, at and just after whole hours and half ones: shifts, midnights, holdings and statements begin there.
instants = st.tuples(
    st.integers(0, (LAST - FIRST) // (30 * MINUTE) - 1), st.sampled_from([-1, 0, 1, 17 * MINUTE])
).map(lambda t: max(FIRST, FIRST + t[0] * 30 * MINUTE + t[1]))


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(ROWS["all"], max_size=8),
    asked=st.lists(st.tuples(st.sampled_from(SHAPES), instants), min_size=4, max_size=12),
    historical=st.booleans(),
)
def test_a_gate_that_remembers_says_what_one_asked_anew_for_each_message_says(
    rows: list[Written], asked: list[tuple[tuple, int]], historical: bool
) -> None:
    facts = facts_with(rows)
    remembering = Gate(facts, at=IMPORT, historical=historical)
    for shape, ms in asked:
        answers = remembering.answers(*shape)
        said = answers.at(ms)
        sender, receivers, room, account, channel = shape
        # At the instant itself, and at both ends of the stretch for which it is said to hold.
        for instant in {ms, answers.since, min(answers.until, LAST + 1) - 1}:
            message = GateMessage(channel, instant, account, room, sender, receivers)
            assert Gate(facts, at=IMPORT, historical=historical).judge(message) == said


def test_within_a_stretch_the_same_basis_comes_back_and_at_its_end_another() -> None:
    gate = gate_of([])
    answers = gate.answers(*SHAPES[0])
    first = answers.at(TEN)
    assert isinstance(first, Basis)
    assert answers.since <= TEN < answers.until
    assert answers.at(TEN + HOUR) is first
    assert gate.answers(*SHAPES[0]) is answers
    assert answers.at(sh("2026-09-24 20:00")) == (Reason.OFF_SHIFT,)
    assert answers.at(sh("2026-09-24 19:59")) is first


def test_a_withdrawal_ends_the_stretch_to_the_millisecond() -> None:
    said = wrote(
        "withdrawal", TEN + 3 * HOUR, "step", subject=ident("wang"), step=Step.WITHDRAW, claimed=TEN + HOUR
    )
    answers = gate_of([said]).answers(*SHAPES[0])
    assert isinstance(answers.at(TEN), Basis)
    assert answers.until == TEN + HOUR
    assert isinstance(answers.at(TEN + HOUR - 1), Basis)
    assert answers.at(TEN + HOUR) == (Reason.WITHDRAWN,)


def test_many_stretches_in_disorder_are_answered_like_in_order() -> None:
    times = [FIRST + n * HOUR for n in range((LAST - FIRST) // HOUR)]
    in_order = gate_of([]).answers(*SHAPES[1])
    told = [in_order.at(ms) for ms in times]
    mixed = gate_of([]).answers(*SHAPES[1])
    order = sorted(range(len(times)), key=lambda n: n * 37 % len(times))
    assert {n: mixed.at(times[n]) for n in order} == dict(enumerate(told))
    assert len({type(answer) for answer in told}) == 2


def test_a_time_outside_what_was_read_is_no_answer_even_beside_a_remembered_one() -> None:
    answers = gate_of([]).answers(*SHAPES[0])
    assert isinstance(answers.at(LAST), tuple)  # the last instant that was read
    assert answers.until == LAST + 1
    with pytest.raises(NotRead):
        answers.at(LAST + 1)
    assert answers.at(IMPORT + DAY + 1) == (Reason.TIME_IMPLAUSIBLE,)
    assert answers.at(EARLIEST - 1) == (Reason.TIME_IMPLAUSIBLE,)


@given(st.lists(st.one_of(st.integers(0, 2**53 - 1), st.integers(EARLIEST, IMPORT + DAY))))
def test_times_that_are_none_are_not_asked_for(times: list[int]) -> None:
    asked = Asked(["a", ""], [""], times, at=IMPORT)
    plausible = [ms for ms in times if EARLIEST <= ms <= IMPORT + DAY]
    assert (asked.people, asked.rooms) == ({"a"}, set())
    assert (asked.since > asked.until) is not bool(plausible)
    assert not plausible or (asked.since, asked.until) == (min(plausible), max(plausible))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(ROWS["all"], max_size=8),
    asked=st.lists(st.tuples(st.sampled_from(SHAPES), instants), min_size=3, max_size=8),
    historical=st.booleans(),
)
def test_at_random_moments_and_on_every_edge_of_a_stretch_the_plain_rules_say_the_same(
    rows: list[Written], asked: list[tuple[tuple, int]], historical: bool
) -> None:
    facts = facts_with(rows)
    gate = Gate(facts, at=IMPORT, historical=historical)
    for (sender, receivers, room, account, channel), ms in asked:
        answers = gate.answers(sender, receivers, room, account, channel)
        answers.at(ms)
        edges = {ms, answers.since - 1, answers.since, answers.until - 1, answers.until}
        for instant in sorted(edge for edge in edges if FIRST <= edge <= LAST):
            said = answers.at(instant)
            message = GateMessage(channel, instant, account, room, sender, receivers)
            admitted, late, words = naive_judge(facts, message, at=IMPORT, historical=historical)
            assert admitted is isinstance(said, Basis)
            assert (getattr(said, "documented_later", False), () if admitted else said) == (
                late,
                tuple(words),
            )


@given(
    changes=st.lists(st.integers(EARLIEST - 5, EARLIEST + 60), max_size=8),
    asked=st.lists(st.integers(EARLIEST, EARLIEST + 70), min_size=1, max_size=12),
)
def test_a_track_has_at_each_instant_what_was_worked_out_at_the_last_change(
    changes: list[int], asked: list[int]
) -> None:
    track = Track(changes, lambda ms: ms)
    for ms in asked:
        assert track.at(ms) == track.value == max(c for c in (*changes, EARLIEST) if EARLIEST <= c <= ms)
        assert track.since <= ms < track.until
        assert track.until == min((c for c in changes if c > ms), default=FOREVER)


def test_a_policy_that_names_both_the_post_and_its_hours_is_cited_once() -> None:
    hours = Rules(default_shifts={"销售": DefaultShift(8 * 60, 20 * 60)})
    said = wrote("policy", FIRST - 24 * HOUR, "policy", starts_at=FIRST - 24 * HOUR, rules=hours)
    without = [row for row in BASE if row.what != "shift"]
    facts = replace(facts_of([*without, said], since=FIRST, until=LAST), days=FACTS_DAYS)
    basis = Gate(facts, at=IMPORT).answers(*SHAPES[0]).at(TEN)
    assert isinstance(basis, Basis)
    assert [table for table, _ in basis.rows].count("policy") == 1
    assert len(set(basis.rows)) == len(basis.rows)


def test_a_word_is_found_by_the_string_that_it_equals() -> None:
    assert {Means.CHAT: 1}["会话存档"] == 1
    assert "未同意" in {Reason.NOT_AGREED}
