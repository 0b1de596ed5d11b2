"""Statements of the ledger's own, past the ORM: sent as they stand, parameters apart, results in binary."""

from collections.abc import Sequence
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


def execute(statement: str, params: Sequence[object]) -> None:
    """Run a statement that writes; a broken constraint is Django's IntegrityError, as from the ORM."""
    connection = connections["default"]
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.RawCursor(connection.connection) as cursor:
        cursor.execute(statement, params)
