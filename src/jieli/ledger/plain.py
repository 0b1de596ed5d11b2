"""Statements of the ledger's own, past the ORM: sent as they stand, parameters apart, results in binary."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connections


def rows(statement: str, params: Sequence[object]) -> list[tuple[Any, ...]]:
    """The rows of a query with $1, $2, …: bytes come as bytes, and nothing is spelled as hex on the way."""
    connection = connections["default"]
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.RawCursor(connection.connection) as cursor:
        cursor.execute(statement, params, binary=True)
        return cursor.fetchall()


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
