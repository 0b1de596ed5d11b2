"""Questions that every search asks, past the ORM: in binary, and with plans that the server keeps.

A plan takes the server longer than the answer where fifty rows are looked up by their key. Kept plans belong to the
connection; PostgreSQL makes them anew when a table's statistics change, so that none outlives a table's growth.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from django.db import connections


def rows(statement: str, params: Sequence[object], *, using: str = "default") -> list[tuple[Any, ...]]:
    """The rows of a query with $1, $2, … whose text is always the same; bytes come as bytes.

    Errors of the database are Django's, as from the ORM.
    """
    connection = connections[using]
    connection.ensure_connection()
    driver = connection.connection
    # Django switches preparing off for the whole connection, for poolers' sake; these few statements want it.
    before, driver.prepare_threshold = driver.prepare_threshold, 0
    try:
        with connection.wrap_database_errors, psycopg.RawCursor(driver) as cursor:
            cursor.execute(statement, params, binary=True)
            return cursor.fetchall()
    finally:
        driver.prepare_threshold = before


def integers(values: Iterable[int]) -> str:
    """An array as PostgreSQL reads it: quicker than having each element adapted, and always of the one type asked."""
    return "{" + ",".join(map(str, values)) + "}"
