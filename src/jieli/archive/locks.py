"""Advisory locks of the archive, bound to the transaction; taken after BASES and before LOG of `ledger.locks`.

The first key is the house's own (`ledger.locks`); the second ones stand clear of those.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

_HOUSE = 0x6A69
DEPOSITS, CONVERSATIONS = 3, 4
_MERGING = 1_000_000  # and the month as 202403: clear of the months themselves


def _take(function: str, key: int) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [_HOUSE, key])


def deposit() -> None:
    """Shared by deposits from before their pages are committed until their rows are: the sweep waits for them."""
    _take("pg_advisory_xact_lock_shared", DEPOSITS)


def no_deposits() -> None:
    """No deposit is between its pages and its rows while this is held."""
    _take("pg_advisory_xact_lock", DEPOSITS)


def new_conversations() -> None:
    """Two deposits do not make the same conversation at once."""
    _take("pg_advisory_xact_lock", CONVERSATIONS)


def change_segments(month: int) -> None:
    """Merging and rewriting segments of a month happen one after the other; deposits only add and do not wait."""
    _take("pg_advisory_xact_lock", month)


def merge_alone(month: int) -> bool:
    """Whether nobody else merges this month and nobody rebuilds; held to the end of the transaction. Does not wait."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock_shared(%s, %s) AND pg_try_advisory_xact_lock(%s, %s)",
            [_HOUSE, _MERGING, _HOUSE, _MERGING + month],
        )
        return bool(cursor.fetchone()[0])


@contextmanager
def no_merges() -> Iterator[None]:
    """No segments are merged, and nobody else rebuilds, until this ends or the connection is lost."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [_HOUSE, _MERGING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_HOUSE, _MERGING])


@contextmanager
def storing(address: bytes) -> Iterator[None]:
    """From before an object is stored until its row is committed: the sweep of orphans leaves this address alone.

    A lock of the session, for no transaction is open while bytes travel; it ends with the connection.
    """
    key = int.from_bytes(address[:8], "big", signed=True)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [key])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


@contextmanager
def nobody_stores(address: bytes) -> Iterator[bool]:
    """Whether nobody is storing at this address, nor begins to within the block. Does not wait."""
    key = int.from_bytes(address[:8], "big", signed=True)
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        free = bool(cursor.fetchone()[0])
        try:
            yield free
        finally:
            if free:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])
