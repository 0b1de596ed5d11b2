"""Advisory locks of the room, bound to the transaction; taken before LOG of `ledger.locks`.

Rules are append-only: the application may not lock their table against other writers.
"""

from uuid import UUID
from zlib import crc32

from django.db import connections

_RULES, _PLANS = 0x6A6D, 0x6A6E


def new_rule() -> None:
    """Whoever proposes a rule meanwhile waits until we commit or fail: versions have no gap."""
    _take(_RULES, 0)


def one_submission() -> None:
    """Plans are submitted one after the other: each sees the places that the one before it took."""
    _take(_RULES, 1)


def plan_of(matter: UUID) -> None:
    """One plan of a matter is made at a time; the second finds the first and voids it, or is refused."""
    _take(_PLANS, crc32(matter.bytes) - (1 << 31))


def _take(key: int, number: int) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [key, number])
