"""Making the next batch of an import ahead: same order, errors where they belong, and no more than one too far."""

from collections.abc import Iterator
from threading import Event, current_thread, main_thread
from threading import enumerate as enumerate_threads

import pytest

from jieli.capture.ahead import Ahead


class Broken(Exception):
    pass


def counted(made: list[int], upto: int) -> Iterator[int]:
    for n in range(upto):
        made.append(n)
        yield n


def broken_after(upto: int) -> Iterator[int]:
    yield from range(upto)
    raise Broken


def each(values: Iterator[int]) -> list[int]:
    with Ahead(values) as reading:
        found = []
        for value in reading:
            reading.begin()
            found.append(value)
        return found


def test_all_values_come_in_their_order_and_an_empty_stream_ends() -> None:
    assert each(iter(range(100))) == list(range(100))
    assert each(iter(())) == []
    with Ahead(iter(range(3))) as reading:
        assert list(reading) == [0, 1, 2]


def test_no_value_is_made_but_the_one_asked_for_and_two_more() -> None:
    made: list[int] = []
    with Ahead(counted(made, 10)) as reading:
        values = iter(reading)
        assert [next(values), next(values)] == [0, 1]
        assert made == [0, 1]
        reading.begin()
        assert [next(values), next(values)] == [2, 3]
        assert made == [0, 1, 2, 3]
        reading.begin()
        reading.begin()
        assert next(values) == 4
        reading.begin()
    assert 5 <= len(made) <= 7


def test_who_leaves_early_leaves_no_thread_that_still_reads() -> None:
    made: list[int] = []
    with Ahead(counted(made, 10)) as reading:
        next(iter(reading))
        reading.begin()
    stands = list(made)
    assert stands == list(range(len(stands))) and len(stands) <= 3
    assert all(not thread.name.startswith("ahead") for thread in enumerate_threads())


def test_an_error_comes_after_the_values_before_it() -> None:
    with Ahead(broken_after(2)) as reading:
        values = iter(reading)
        assert [next(values), next(values)] == [0, 1]
        reading.begin()
        with pytest.raises(Broken):
            next(values)


def test_the_next_value_is_made_beside_the_caller_from_when_it_says_so() -> None:
    begun, go_on = Event(), Event()

    def slowly() -> Iterator[bool]:
        yield current_thread() is main_thread()
        begun.set()
        assert go_on.wait(60)
        yield current_thread() is main_thread()

    with Ahead(slowly()) as reading:
        values = iter(reading)
        assert next(values) is False
        assert not begun.is_set()
        reading.begin()
        assert begun.wait(60)
        go_on.set()
        assert list(values) == [False]
