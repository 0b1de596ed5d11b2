"""The gate against its plain twin over random histories, written down in the order of the book."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jieli.consent.gate import Gate
from jieli.consent.types import (
    CALL,
    CHAT,
    Basis,
    DefaultShift,
    DocumentKind,
    GateMessage,
    Means,
    Rules,
    Scope,
    ShiftKind,
    Step,
)
from jieli.kernel.times import HOUR
from tests.rooms.gate_situations import DAYS, ORDINARY, ROOM, Written, facts_of, ident, sh, wrote
from tests.rooms.naive_gate import naive_judge

# A Thursday, two days of Mid-Autumn, a Sunday of which nobody loaded the calendar, a Monday.
FIRST, LAST = sh("2026-09-24"), sh("2026-09-29")
HOURS = [FIRST + n * HOUR for n in range((LAST - FIRST) // HOUR)]
WRITTEN_UNTIL = LAST + 48 * HOUR
IMPORT = WRITTEN_UNTIL

hours = st.sampled_from(HOURS)
written = st.sampled_from([FIRST - 24 * HOUR + n * HOUR for n in range((WRITTEN_UNTIL - FIRST) // HOUR)])
staff = st.sampled_from(["wang", "zhao"])
customers = st.sampled_from(["lin", "he"])
steps = st.sampled_from(
    [Step.AGREE, Step.AGREE, Step.AGREE, Step.REFUSE, Step.WITHDRAW, Step.OBJECT, Step.ANSWERED]
)
rarely, often = st.sampled_from([False, False, False, True]), st.sampled_from([True, True, True, False])
spans = st.tuples(hours, st.integers(1, 14)).map(lambda s: {"begins": s[0], "ends": s[0] + s[1] * HOUR})


def _row(what: str, *, when: st.SearchStrategy[int] = written, **says: st.SearchStrategy[object]):
    return st.tuples(when, st.fixed_dictionaries(says)).map(lambda r: Written("x", r[0], what, r[1]))


def _with_span(what: str, **says: st.SearchStrategy[object]):
    return st.tuples(written, spans, st.fixed_dictionaries(says)).map(
        lambda r: Written("x", r[0], what, r[1] | r[2])
    )


means = st.sampled_from([Means.CHAT, Means.CHAT, Means.CALL])
scopes = st.sampled_from([Scope.CAPTURE, Scope.CAPTURE, Scope.QUALITY])
STATEMENTS = st.one_of(
    _row("step", subject=st.just(ident("wang")), step=steps, claimed=hours, scope=scopes, explicit=often),
    _row("step", subject=customers.map(lambda c: ident(f"customer {c}")), step=steps, claimed=hours, means=means,
         explicit=often, guardian=rarely),
    _row("step", subject=st.just("lin"), step=st.sampled_from([Step.AGREE, Step.REFUSE]), claimed=hours,
         platform=st.just(True), explicit=often, towards=st.sampled_from(["", "account:wang", "room:r1"])),
    _row("served", subject=st.sampled_from([ident("wang"), ident("customer lin"), ident("customer he")]),
         claimed=hours, means=st.sampled_from([(Means.CHAT,), (Means.CHAT, Means.CALL)])),
    _row("policy", starts_at=hours, rules=st.builds(Rules, late_withdrawal=rarely, default_agree=rarely)),
)  # fmt: skip
TIMES = st.one_of(
    _with_span("shift", staff=staff, kind=st.sampled_from([ShiftKind.REGULAR, *ShiftKind])),
    _with_span("leave", staff=staff, kind=st.sampled_from(["年假", "离岗", "销假"])),
    _row("policy", starts_at=hours, rules=st.builds(
        Rules, default_shifts=st.sampled_from([{}, {"销售": DefaultShift(8 * 60, 20 * 60)}]),
    )),
)  # fmt: skip
REGISTERS = st.one_of(
    _row("document", staff=staff, kind=st.sampled_from(list(DocumentKind)),
         day=st.sampled_from([date(2026, 9, d) for d in range(24, 29)])),
    _row("holding", handle=staff, staff=st.sampled_from(["wang", "zhao", None]), begins=hours,
         ends=st.one_of(st.none(), hours)),
    _row("signed", handle=staff, staff=staff, signed_at=hours),
    _row("account", handle=staff, stock=rarely, closed=rarely),
    _row("identity", who=customers, minor=rarely),
    _row("member", room=st.just("r1"), who=st.sampled_from(["wang", "zhao", "lin"]), begins=hours,
         ends=st.one_of(st.none(), hours)),
    _row("policy", starts_at=hours, rules=st.builds(
        Rules, posts=st.sampled_from([frozenset({"销售"}), frozenset({"客服"})]),
    )),
)  # fmt: skip
ROWS = {
    "statements": STATEMENTS,
    "times": TIMES,
    "registers": REGISTERS,
    "all": st.one_of(STATEMENTS, TIMES, REGISTERS),
}

# The ordinary house, moved to these days: everything agreed to, both at work on Thursday and Monday.
BASE = [
    *(replace(row, when=min(row.when, FIRST - 48 * HOUR)) for row in ORDINARY if row.what != "shift"),
    *(
        wrote(
            "shift",
            FIRST - 24 * HOUR,
            "shift",
            staff=name,
            begins=sh(f"{day} 09:00"),
            ends=sh(f"{day} 20:00"),
        )
        for name in ("wang", "zhao")
        for day in ("2026-09-24", "2026-09-25", "2026-09-28")
    ),
]
# A register refers to its staff: those rows are always there.
LOOSE = sorted({row.tag for row in BASE if row.what != "person"})

people = st.permutations([*ROOM, "supplier"]).map(lambda p: tuple(p[:4]))
messages = st.builds(
    lambda ms, channel, room, who, account, empty: GateMessage(
        channel, ms, account, room, who[0], () if empty and room else who[1:] if room else who[1:2]
    ),
    st.tuples(hours, st.integers(0, HOUR - 1)).map(sum),
    st.sampled_from([CHAT, CHAT, CHAT, CALL]),
    st.sampled_from(["", "", "r1", "r0"]),
    st.one_of(people, st.sampled_from([("wang", "lin"), ("lin", "wang"), ("he", "zhao"), ("", "lin")])),
    st.sampled_from(["wang", "zhao", None]),
    rarely,
)


@pytest.mark.parametrize("kind", ROWS)
@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), historical=st.booleans())
def test_gate_and_its_plain_twin_agree_on_random_histories(
    kind: str, data: st.DataObject, historical: bool
) -> None:
    without = data.draw(st.sets(st.sampled_from(LOOSE), max_size=4))
    rows = data.draw(st.lists(ROWS[kind], min_size=1, max_size=10))
    asked = data.draw(st.lists(messages, min_size=4, max_size=16))
    facts = facts_of([*(r for r in BASE if r.tag not in without), *rows], since=FIRST, until=LAST)
    facts = replace(facts, days={d: kind for d, kind in DAYS.items() if d != date(2026, 9, 27)})
    gate = Gate(facts, at=IMPORT, historical=historical)
    for message in asked:
        answer = gate.judge(message)
        found = (
            (True, answer.documented_later, [])
            if isinstance(answer, Basis)
            else (False, False, [reason.value for reason in answer])
        )
        assert found == naive_judge(facts, message, at=IMPORT, historical=historical)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROWS["all"], max_size=10), st.lists(messages, min_size=1, max_size=8))
def test_what_is_written_after_a_message_admits_nothing_live(
    rows: list[Written], asked: list[GateMessage]
) -> None:
    """A yes written later opens nothing: with the later rows of consenting kinds left out, no more is refused."""
    for message in asked:
        early = [r for r in rows if r.when <= message.event_ms or _is_no(r)]
        all_rows = facts_of([*BASE, *rows], since=FIRST, until=LAST)
        early_rows = facts_of([*BASE, *early], since=FIRST, until=LAST)
        late_answer = Gate(all_rows, at=IMPORT).judge(message)
        early_answer = Gate(early_rows, at=IMPORT).judge(message)
        assert not isinstance(late_answer, Basis) or isinstance(early_answer, Basis)


def _is_no(row: Written) -> bool:
    says = row.says
    return (
        says.get("step") in (Step.REFUSE, Step.WITHDRAW, Step.OBJECT)
        or says.get("platform", False)
        or says.get("kind") in (ShiftKind.CANCELLED, "年假", "离岗")
        or row.what == "policy"
    )
