"""Statements past the ORM: sent as they stand, parameters apart, results in binary."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import psycopg
from django.db import connections


def rows(statement: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
    """The rows of a query with $1, $2, …: bytes come as bytes, and nothing is spelled as hex on the way."""
    connection = connections["default"]
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.RawCursor(connection.connection) as cursor:
        cursor.execute(statement, params, binary=True)
        return cursor.fetchall()


def prepared(statement: str, params: Sequence[object], *, using: str = "default") -> list[tuple[Any, ...]]:
    """As `rows`, of a statement whose text is always the same and that every search asks: the server keeps its plan.

    A plan takes the server longer than the answer where fifty rows are looked up by their key. Kept plans belong to
    the connection; PostgreSQL makes them anew when a table's statistics change, so that none outlives its growth.
    """
    connection = connections[using]
    connection.ensure_connection()
    driver = connection.connection
    # Django switches preparing off for the whole connection, for poolers' sake; these few statements want it.
    before, driver.prepare_threshold = driver.prepare_threshold, 0
    try:
        with connection.wrap_database_errors, psycopg.RawCursor(driver) as cursor:
            cursor.execute(statement, params, binary=True)
            return _all(cursor)
    finally:
        driver.prepare_threshold = before


def _all(cursor: psycopg.Cursor[Any]) -> list[tuple[Any, ...]]:
    """Its rows, none where it has none. A row number says which, and unlike a description looks up no types."""
    return cursor.fetchall() if cursor.rownumber is not None else []


def alone(statement: str, params: Sequence[object], *, using: str = "default") -> None:
    """As `prepared`, of a statement that is a transaction by itself: durable when this returns, in one round trip.

    RuntimeError within a transaction, where it would be durable only later.
    """
    if connections[using].in_atomic_block:
        raise RuntimeError("a statement that is a transaction by itself was sent within another one")
    prepared(statement, params, using=using)


#: A statement whose text is always the same, with $1, $2, …, and its parameters.
Question = tuple[str, Sequence[object]]
Answer = tuple[Any, ...]
One = TypeVar("One")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True)
class Asked(Generic[One]):
    """A question of a room and what its rows mean there: so two rooms are asked in one message (`both`)."""

    question: Question
    meaning: Callable[[Sequence[Answer]], One]

    def answer(self) -> One:
        """Asked alone."""
        return self.meaning(prepared(*self.question))


def together(questions: Sequence[Question], *, using: str = "default") -> list[list[tuple[Any, ...]]]:
    """As `prepared` for each of these, sent one behind the other in one message: answers in their order, one wait.

    The server carries them out one after the other, each seeing what was committed before it began. One that is
    refused ends all that follow; the refusal is raised here, as Django's error. COPY cannot be among them.
    """
    connection = connections[using]
    connection.ensure_connection()
    driver = connection.connection
    before, driver.prepare_threshold = driver.prepare_threshold, 0
    try:
        with connection.wrap_database_errors:
            with driver.pipeline():
                asked = [psycopg.RawCursor(driver).execute(*one, binary=True) for one in questions]
            return [_all(cursor) for cursor in asked]
    finally:
        driver.prepare_threshold = before


def both(one: Asked[One], other: Asked[Other]) -> tuple[One, Other]:
    """Two answers for one wait; what the first one's meaning raises comes before the second's."""
    first, second = together([one.question, other.question])
    return one.meaning(first), other.meaning(second)


@contextmanager
def meanwhile(statement: str, params: Sequence[object], *, using: str) -> Iterator[list[tuple[Any, ...]]]:
    """As `prepared`, but the block runs while the server answers: the rows lie in the list once it has ended.

    The block must leave this connection alone. If it fails the answer is thrown away and its own error counts.
    """
    connection = connections[using]
    connection.ensure_connection()
    driver = connection.connection
    before, driver.prepare_threshold = driver.prepare_threshold, 0
    found: list[tuple[Any, ...]] = []
    try:
        with connection.wrap_database_errors:
            with driver.pipeline():
                cursor = psycopg.RawCursor(driver).execute(statement, params, binary=True)
                yield found
            found += cursor.fetchall()
    finally:
        driver.prepare_threshold = before


def array(values: Iterable[object]) -> str:
    """Numbers or ids as PostgreSQL reads an array: quicker than having each adapted, and always of one type."""
    return "{" + ",".join(map(str, values)) + "}"


def execute(statement: str, params: Sequence[object], *, using: str = "default") -> None:
    """Run a statement that writes; a broken constraint is Django's IntegrityError, as from the ORM."""
    connection = connections[using]
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.RawCursor(connection.connection) as cursor:
        cursor.execute(statement, params)


def script(statements: str, params: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Several statements in one message, parameters (%(name)s) spelled in: the first row of each that has rows."""
    connection = connections["default"]
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.ClientCursor(connection.connection) as cursor:
        cursor.execute(statements, params)
        return [row for result in cursor.results() if result.description and (row := result.fetchone())]


def server_version() -> int:
    """As the server numbers it: 180003 is 18.3."""
    connection = connections["default"]
    connection.ensure_connection()
    return int(connection.connection.info.server_version)
