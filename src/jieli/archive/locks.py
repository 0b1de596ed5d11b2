"""Advisory locks of the archive, bound to the transaction; taken after BASES and before LOG of `ledger.locks`.

The first key is the house's own (`ledger.locks`); the second ones stand clear of those.
"""

from django.db import connections

_HOUSE = 0x6A69
DEPOSITS, CONVERSATIONS = 3, 4


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
