"""A withdrawal and an import at the same time, each on its own connection: it waits, and the next batch sees it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connections

from jieli.consent import operations
from jieli.consent.gate import Gate
from jieli.consent.types import Basis, GateMessage, Means, Scope, StatedBy, SubjectKind
from jieli.kernel.times import HOUR, MINUTE
from jieli.ledger import locks
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from tests.rooms.test_consent import AT, BY, PLATFORM, WORK, House, _founded, _says, _yes
from tests.waiting import until_blocked


@contextmanager
def _another_process() -> Iterator[Callable[[Callable[[], Any]], Future[Any]]]:
    """Runs work on a thread, and so on database connections, of its own; its errors come with its result."""

    def closing(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        yield lambda work: pool.submit(closing, work)


def _withdraws(house: House, *, claimed: int, at: int) -> int:
    operations.withdraw(
        subject_kind=SubjectKind.STAFF, subject=house.staff["wang"], means=Means.CHAT, scopes=[Scope.CAPTURE],
        claimed_at=claimed, stated_by=StatedBy.SELF, by="person:wang", at=at,
    )  # fmt: skip
    return ledger.head(ledger.live_log()).size - 1


def _imports(
    *messages: GateMessage, at: int, meanwhile: Callable[[], Any] = lambda: None
) -> tuple[int, list[Any]]:
    """Read, let something happen, judge, write: the batch's index and the answers."""
    with book(at=at) as b:
        locks.read_bases()
        gate = Gate.for_messages(messages, platform=PLATFORM, at=at)
        meanwhile()
        answers = [gate.judge(m) for m in messages]
        batch = b.entry("test.import", by=BY)
    assert batch.index is not None
    return batch.index, answers


@pytest.mark.req("R3.3")
def test_a_withdrawal_waits_for_the_import_that_has_looked_and_the_next_one_sees_it(
    db: None, other_connection: Callable[..., psycopg.Connection[Any]]
) -> None:
    house = _founded(("wang",), ("lin",))
    watch = other_connection()
    message = _says("wang", "lin", hour=12)  # after what the withdrawal claims
    waiting: list[Future[int]] = []
    with _another_process() as run:

        def withdraw() -> None:
            waiting.append(run(lambda: _withdraws(house, claimed=WORK + 11 * HOUR, at=AT)))
            until_blocked(watch)

        batch, before = _imports(message, at=AT, meanwhile=withdraw)
        withdrawn = waiting[0].result(120)
    assert isinstance(before[0], Basis)  # it had not been said as far as the book knew
    assert withdrawn == batch + 1
    _, after = _imports(message, at=AT)
    assert [r.value for r in after[0]] == ["已撤回"]


def test_a_withdrawal_between_two_batches_never_lets_one_through(
    db: None, other_connection: Callable[..., psycopg.Connection[Any]]
) -> None:
    house = _founded(("wang",), ("lin",))
    watch = other_connection()
    for round_ in range(6):
        hour = 10 + round_
        at = WORK + hour * HOUR
        operations.give([_yes(house, "wang", claimed_at=at - 2 * MINUTE)], by=BY, at=at - 2 * MINUTE)
        earlier, later = _says("wang", "lin", hour), _says("wang", "lin", hour)
        earlier.event_ms -= MINUTE
        waiting: list[Future[int]] = []
        with _another_process() as run:

            def withdraw(run: Any = run, at: int = at, waiting: list[Future[int]] = waiting) -> None:
                waiting.append(run(lambda: _withdraws(house, claimed=at, at=at)))
                until_blocked(watch)

            batch, answers = _imports(earlier, later, at=at, meanwhile=withdraw)
            assert waiting[0].result(120) == batch + 1
        assert all(isinstance(a, Basis) for a in answers)
        _, (first, second) = _imports(earlier, later, at=at)
        assert isinstance(first, Basis)  # written before he took it back
        assert [r.value for r in second] == ["已撤回"]


def test_two_imports_read_side_by_side(db: None) -> None:
    _founded(("wang",), ("lin",))
    message = _says("lin", "wang")
    with _another_process() as run:

        def another() -> None:
            """The other one gets through, up to the log's own lock, while this one holds the bases."""
            _, answers = run(lambda: _imports(message, at=AT)).result(120)
            assert isinstance(answers[0], Basis)

        _, answers = _imports(message, at=AT, meanwhile=another)
    assert isinstance(answers[0], Basis)
