"""What the database itself refuses, as errors of ours: a judge within it raises a state of its own, and no sentence."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DatabaseError

from jieli.kernel.errors import JieliError

_SAID: dict[str, Callable[[], JieliError]] = {}


def say(sqlstate: str, error: Callable[[], JieliError]) -> None:
    """From now on a book that ends with this state ends with this error. Each state has one room that says it."""
    _SAID[sqlstate] = error


@contextmanager
def named() -> Iterator[None]:
    """The error of the room whose judge refused; what nobody said stays what it was."""
    try:
        yield
    except DatabaseError as error:
        told = _SAID.get(getattr(error.__cause__, "sqlstate", None) or "")
        if told is None:
            raise
        raise told() from error
