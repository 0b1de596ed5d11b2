"""The gate over plain facts: 100 situations, the fixed order, the second implementation, the work."""

from dataclasses import replace

import pytest

from jieli.consent.errors import NotRead
from jieli.consent.facts import Facts
from jieli.consent.gate import Gate
from jieli.consent.reasons import REMEDIES, Reason, ordered
from jieli.consent.types import CHAT, Basis, GateMessage, Scope, SubjectKind
from tests.calls import calls_of
from tests.rooms.gate_situations import (
    IMPORT,
    MONDAY,
    ORDINARY,
    ROOM,
    SITUATIONS,
    Situation,
    chat,
    facts_of,
    ident,
    in_room,
    sh,
)
from tests.rooms.naive_gate import naive_judge


def _judged(situation: Situation) -> Basis | tuple[Reason, ...]:
    gate = Gate(situation.facts(), at=IMPORT, historical=situation.historical)
    return gate.judge(situation.message)


def _reasons(answer: Basis | tuple[Reason, ...]) -> tuple[Reason, ...]:
    return () if isinstance(answer, Basis) else answer


@pytest.mark.req("R3.3", "R3.12", "R3.13", "R3.15", "R3.27", "R3.28", "R3.29", "R3.32", "R3.37", "R3.8")
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.title)
def test_situation_is_judged_as_it_must_be(situation: Situation) -> None:
    answer = _judged(situation)
    assert _reasons(answer) == situation.expected
    assert getattr(answer, "documented_later", False) == situation.late


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.title)
def test_the_second_implementation_agrees_on_every_situation(situation: Situation) -> None:
    admitted, late, words = naive_judge(
        situation.facts(), situation.message, at=IMPORT, historical=situation.historical
    )
    assert words == [r.value for r in situation.expected]
    assert (admitted, late) == (situation.expected == (), situation.late)


def _edges(situation: Situation) -> list[int]:
    """Every moment that the situation's rows name, and the last one before it; the last in time first."""
    named = {row.when for row in situation.written()}
    for row in situation.written():
        named.update(v for k, v in row.says.items() if k in ("claimed", "begins", "ends", "signed_at") and v)
    return sorted({edge for moment in named for edge in (moment - 1, moment)}, reverse=True)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda s: s.title)
def test_one_gate_and_the_second_implementation_agree_at_every_edge_of_a_situation(
    situation: Situation,
) -> None:
    facts = situation.facts()
    gate = Gate(facts, at=IMPORT, historical=situation.historical)
    for edge in _edges(situation):
        message = replace(situation.message, event_ms=edge)
        words = [reason.value for reason in _reasons(gate.judge(message))]
        assert words == naive_judge(facts, message, at=IMPORT, historical=situation.historical)[2]


def _ordinary(**others: object) -> Gate:
    return Gate(facts_of(ORDINARY, since=sh("2010-01-01"), until=IMPORT), at=IMPORT, **others)


def test_there_are_more_than_forty_situations_and_no_two_share_a_title() -> None:
    assert len(SITUATIONS) > 40
    assert len({s.title for s in SITUATIONS}) == len(SITUATIONS)


def test_every_reason_but_none_is_shown_by_a_situation() -> None:
    assert {reason for s in SITUATIONS for reason in s.expected} == set(Reason)


def test_every_reason_has_a_remedy_sentence_of_its_own() -> None:
    assert set(REMEDIES) == set(Reason)
    assert len(set(REMEDIES.values())) == len(Reason)
    assert all(sentence.endswith("。") for sentence in REMEDIES.values())


def test_reasons_are_listed_once_and_in_their_order() -> None:
    assert ordered([Reason.OFF_SHIFT, Reason.LEFT, Reason.OFF_SHIFT]) == (Reason.LEFT, Reason.OFF_SHIFT)


@pytest.mark.req("R3.28")
def test_of_five_people_in_a_group_four_are_admitted_and_the_refusing_one_is_not() -> None:
    refusing = next(s for s in SITUATIONS if s.title == "群：一人不同意，只拒他一人")
    gate = Gate(refusing.facts(), at=IMPORT)
    answers = {who: gate.judge(in_room(MONDAY, who)) for who in ROOM}
    assert answers.pop("su") == (Reason.CUSTOMER_NOT_AGREED,)
    assert {who for who, answer in answers.items() if isinstance(answer, Basis)} == {
        "wang",
        "zhao",
        "lin",
        "he",
    }


def test_a_basis_names_who_speaks_who_holds_and_what_it_rests_on() -> None:
    answer = _ordinary().judge(chat(MONDAY, "lin", "wang"))
    assert isinstance(answer, Basis)
    assert (answer.speaker_kind, answer.speaker) == (SubjectKind.CUSTOMER, ident("customer lin"))
    assert (answer.account, answer.holder) == (ident("wang"), ident("wang"))
    kinds = [table for table, _ in answer.rows]
    assert kinds.count("document") == 4
    assert kinds.count("step") == 2
    assert {"account", "holding", "signed", "person", "served", "shift", "identity", "day"} <= set(kinds)


def test_in_a_group_a_speaking_colleague_is_the_speaker_and_his_own_account_lends_the_basis() -> None:
    answer = _ordinary().judge(in_room(MONDAY, "zhao"))
    assert isinstance(answer, Basis)
    assert (answer.speaker_kind, answer.speaker) == (SubjectKind.STAFF, ident("zhao"))
    assert (answer.account, answer.holder) == (ident("zhao"), ident("zhao"))


def test_in_a_group_a_colleague_after_hours_rests_on_the_one_at_work() -> None:
    answer = _ordinary().judge(in_room("2026-09-12 20:30", "zhao"))
    assert isinstance(answer, Basis)
    assert (answer.speaker, answer.holder) == (ident("zhao"), ident("wang"))


@pytest.mark.req("R3.32")
def test_scopes_of_a_basis_are_those_that_speaker_and_holder_share() -> None:
    gate = _ordinary()
    staff, customer = gate.judge(chat(MONDAY, "wang", "lin")), gate.judge(chat(MONDAY, "lin", "wang"))
    assert isinstance(staff, Basis)
    assert isinstance(customer, Basis)
    assert staff.scopes == {Scope.CAPTURE, Scope.QUALITY}
    assert customer.scopes == {Scope.CAPTURE}


def test_a_time_that_was_not_read_is_an_error_and_not_a_refusal() -> None:
    gate = Gate(facts_of(ORDINARY, since=sh("2026-09-07"), until=sh("2026-09-08")), at=IMPORT)
    with pytest.raises(NotRead) as caught:
        gate.judge(chat("2026-09-09 10:00", "wang", "lin"))
    assert caught.value.code == "consent.not_read"


def test_an_empty_house_admits_nothing() -> None:
    gate = Gate(Facts(since=sh("2026-09-01"), until=IMPORT), at=IMPORT)
    assert gate.judge(chat(MONDAY, "wang", "lin")) == (
        Reason.ACCOUNT_UNKNOWN, Reason.NOT_A_CUSTOMER,
    )  # fmt: skip


def test_judging_a_message_like_an_earlier_one_takes_a_few_steps() -> None:
    gate = _ordinary()
    start = sh("2026-09-07 08:00")
    messages = [
        GateMessage(CHAT, start + n * 1_000, "wang", "", *pair)
        for n in range(1_000)
        for pair in (("wang", ("lin",)), ("lin", ("wang",)))
    ]
    judge = gate.judge
    assert calls_of(lambda: [judge(message) for message in messages]) < 12 * len(messages)
