"""The values of every judgment: what counts as evidenced, and times printed no more exactly than they were stated."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.law.verdicts import (
    NOT_LEGAL_ADVICE,
    Certainty,
    Fact,
    Period,
    Precision,
    ProofState,
    StatedBy,
)

days = st.dates(date(2000, 1, 1), date(2099, 12, 31))


@pytest.mark.parametrize(
    ("proof", "evidenced"),
    [
        (ProofState.CLAIMED, False),
        (ProofState.ADMITTED, True),
        (ProofState.PROVED, True),
        (ProofState.DISPUTED, False),
    ],
)
def test_a_claim_and_a_disputed_fact_are_not_evidenced(proof: ProofState, evidenced: bool) -> None:
    assert Fact("f1", "holder", "何青", StatedBy.COMPANY, proof).evidenced is evidenced


@given(days)
def test_a_period_of_a_month_or_year_holds_its_days(day: date) -> None:
    for period in (Period.of_day(day), Period.of_month(day.year, day.month), Period.of_year(day.year)):
        assert period.first <= day <= period.last


@given(days)
def test_a_period_prints_no_more_than_was_stated(day: date) -> None:
    assert Period.of_day(day).text() == day.isoformat()
    assert Period.of_month(day.year, day.month).text() == day.isoformat()[:7]
    assert Period.of_year(day.year).text() == day.isoformat()[:4]


def test_a_span_of_years_prints_both() -> None:
    assert Period(date(2024, 1, 1), date(2026, 12, 31), Precision.YEAR).text() == "2024至2026"


def test_a_period_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        Period(date(2026, 2, 1), date(2026, 1, 31), Precision.DAY)


def test_the_words_are_those_of_the_papers() -> None:
    assert [c.value for c in Certainty] == ["必须", "应当", "更可能", "可能", "优先", "不足以认定"]
    assert NOT_LEGAL_ADVICE == "非法律意见"
