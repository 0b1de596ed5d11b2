"""Reading ahead of an import: same order, errors where they belong, and no more than one batch too far."""

from collections.abc import Iterator
from threading import current_thread, main_thread

import pytest

from jieli.capture.ahead import ahead


class Broken(Exception):
    pass


def counted(made: list[int], upto: int) -> Iterator[int]:
    for n in range(upto):
        made.append(n)
        yield n


def broken_after(upto: int) -> Iterator[int]:
    yield from range(upto)
    raise Broken


def test_all_values_come_in_their_order_and_an_empty_stream_ends() -> None:
    assert list(ahead(iter(range(100)))) == list(range(100))
    assert list(ahead(iter(()))) == []


def test_no_value_is_made_but_the_one_asked_for_and_the_next() -> None:
    made: list[int] = []
    reading = ahead(counted(made, 10))
    assert [next(reading), next(reading)] == [0, 1]
    reading.close()
    assert made == [0, 1, 2]


def test_an_error_comes_after_the_values_before_it() -> None:
    reading = ahead(broken_after(2))
    assert [next(reading), next(reading)] == [0, 1]
    with pytest.raises(Broken):
        next(reading)


def test_values_are_made_beside_the_caller() -> None:
    makers = ahead(current_thread() for _ in range(3))
    assert main_thread() not in set(makers)
