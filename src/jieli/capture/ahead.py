"""The next batches are made while one is written: Python waits for the database a good part of the time."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Self, TypeVar

_T = TypeVar("_T")
#: With one the caller would often stand still until it is made; more would wait for him and take memory.
MOST = 2


class Ahead(Generic[_T]):
    """The same values in their order, made in a thread: from `begin` on, else when they are asked for.

    Threads of Python take turns, so the caller says when he will wait for others rather than compute. Two values at
    most exist beside the one he works on. Nothing but their making happens in the thread: it must not ask a database.
    An error comes where its value would have. Once the caller leaves, what was made ahead is forgotten: nobody had
    been told of it.
    """

    def __init__(self, values: Iterator[_T]) -> None:
        self._values, self._end = values, object()
        self._thread = ThreadPoolExecutor(1, "ahead")
        self._coming: deque[Future[_T | object]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # One that has begun is made to its end, for who leaves may close the file that it reads.
        self._thread.shutdown(cancel_futures=True)

    def begin(self) -> None:
        """Let the next values be made beside what the caller does from here on."""
        while len(self._coming) < MOST:
            self._make()

    def _make(self) -> None:
        self._coming.append(self._thread.submit(next, self._values, self._end))

    def __iter__(self) -> Iterator[_T]:
        while True:
            if not self._coming:
                self._make()
            value = self._coming.popleft().result()
            if value is self._end:
                return
            yield value  # type: ignore[misc]
