"""The next batch is read while the one before is written: Python waits for the database a good part of the time."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")


def ahead(batches: Iterator[_T]) -> Generator[_T, None, None]:
    """The same values in their order, each made in a thread while the caller works on the one before.

    Two at most exist at a time. Nothing but the reading happens there: it must not ask a database. An error comes
    where its value would have. If the caller stops (close it), what was read ahead is forgotten: nobody had been
    told of it.
    """
    end = object()
    with ThreadPoolExecutor(1, "ahead") as reader:
        coming = reader.submit(next, batches, end)
        while (value := coming.result()) is not end:
            coming = reader.submit(next, batches, end)
            yield value  # type: ignore[misc]
