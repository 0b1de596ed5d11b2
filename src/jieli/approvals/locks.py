"""Advisory lock of decisions, bound to the transaction; taken before LOG of `ledger.locks`.

The tables are append-only, so their rows cannot be locked for update: the application has no right to change them.
Two requests that share a lock's number only wait for each other.
"""

from zlib import crc32

from django.db import connections

_DECISIONS = 0x6A6C


def alone_with(subject: object) -> None:
    """Whoever decides or revokes the same thing waits until we commit or fail."""
    with connections["default"].cursor() as cursor:
        number = crc32(str(subject).encode()) - (1 << 31)
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_DECISIONS, number])
