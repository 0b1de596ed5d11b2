"""Advisory locks of the house, all bound to the transaction. Taken in the order they stand here."""

from django.db import connections

# First key of every lock of ours, so that other programs on the same server cannot collide with us.
_HOUSE = 0x6A69
BASES, SHREDDING, LOG = 1, 2, 16
#: Take the lock of the newest log, as `append_to` would, answer which one it is (a row of one null for none) and
#: leave that in a setting which ends with the transaction, for statements sent along to look at.
LOCKED = "jieli.locked"
LIVE_LOG = (
    f"SELECT l.id, set_config('{LOCKED}', l.id::text, true) FROM (SELECT max(id) AS id FROM ledger_log) l,"  # noqa: S608 - our own numbers
    f" pg_advisory_xact_lock({_HOUSE}, {LOG} + l.id)"
)


def _take(function: str, key: int) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [_HOUSE, key])


def read_bases() -> None:
    """Wait for writers of notices, consents, shifts, policy and parties, and keep them out until the end.

    The gate reads under this lock: a withdrawal that commits before is seen, one that comes later waits.
    """
    _take("pg_advisory_xact_lock_shared", BASES)


def change_bases() -> None:
    """Wait for every import that has read the bases, and keep new ones out until the end."""
    _take("pg_advisory_xact_lock", BASES)


def destroy_one_at_a_time() -> None:
    """Only one destruction runs at any time: pages of secrets are rewritten whole."""
    _take("pg_advisory_xact_lock", SHREDDING)


def append_to(log: int) -> None:
    """The log's own lock: the last thing a transaction takes before it commits."""
    _take("pg_advisory_xact_lock", LOG + log)
