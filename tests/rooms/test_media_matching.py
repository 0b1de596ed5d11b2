"""Recordings and calls: what fits one alone is matched, what could be two is listed and never guessed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive.media.matching import Call, Recording, fits, matched, number_of, recording_of
from jieli.kernel.times import SHANGHAI, local

START = 1_789_000_000_000
CELLS = frozenset({b"1772415000.7", b"13800001234", b"8003", b"ANSWERED"})
CALL = Call(1, START, frozenset({"13800001234", "8003"}), CELLS)


def named(name: str) -> Recording:
    return recording_of(Path(name))


def stamp(ms: int, spelling: str = "%Y%m%d-%H%M%S") -> str:
    return local(ms).strftime(spelling)


@pytest.mark.parametrize(
    ("name", "fitting"),
    [
        (f"out-13800001234-8003-{stamp(START)}.wav", True),
        (f"{stamp(START + 59_000, '%Y-%m-%d_%H.%M.%S')}_+86 13800001234.amr", True),
        (f"8003 {stamp(START - 60_000, '%Y%m%d%H%M%S')}.mp3", True),
        (f"out-13800001234-8003-{stamp(START + 61_000)}.wav", False),
        (f"out-13900001234-8003-{stamp(START)}.wav", False),
        (f"{stamp(START)}.wav", False),
        ("13800001234.wav", False),
        ("8003.wav", False),
        ("ANSWERED", True),
        ("1772415000.7.wav", True),
        ("out-20269999-999999-13800001234.wav", False),
    ],
)
def test_a_recording_fits_by_its_record_s_own_word_or_by_number_and_start(name: str, fitting: bool) -> None:
    assert fits(named(name), CALL) is fitting


def test_a_name_s_time_is_china_s_and_its_other_digits_are_numbers() -> None:
    found = named("q-600-008613800001234-20260918-100300-7.wav")
    assert found.numbers == {"600", "13800001234"}
    assert local(found.at or 0).isoformat() == "2026-09-18T10:03:00+08:00"
    assert local(found.at or 0).tzinfo == SHANGHAI


def test_what_could_be_two_is_listed_with_all_it_could_be() -> None:
    a, b, c, d = map(Path, "abcd")
    found = matched([(a, 1), (b, 2), (b, 3), (c, 4), (d, 4)])
    assert found.pairs == ((a, 1),)
    assert found.ambiguous == ((b, (2, 3)), (c, (4,)), (d, (4,)))


@given(st.sets(st.tuples(st.sampled_from([Path(x) for x in "abcdef"]), st.integers(0, 5))))
def test_no_file_and_no_call_is_in_two_pairs_and_none_is_lost(fitting: set[tuple[Path, int]]) -> None:
    found = matched(sorted(fitting))
    files, calls = [path for path, _ in found.pairs], [item for _, item in found.pairs]
    assert len(set(files)) == len(files) and len(set(calls)) == len(calls)
    unsure = [path for path, _ in found.ambiguous]
    assert sorted(files + unsure) == sorted({path for path, _ in fitting})
    # A call that is paired is fitted by that file alone.
    assert all([p for p, i in fitting if i == item] == [path] for path, item in found.pairs)


@given(st.text("0123456789", min_size=5, max_size=11))
def test_a_number_is_the_same_with_and_without_the_country_before_it(digits: str) -> None:
    full = digits.rjust(11, "1")
    assert number_of(f"+86 {full}") == number_of(f"0086{full}") == number_of(full) == full
