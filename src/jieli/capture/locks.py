"""Advisory locks of imports, bound to the transaction. Order: one source, BASES, deposits, tallies, LOG.

The first keys stand clear of the house's other locks.
"""

from zlib import crc32

from django.db import connections

_SOURCES, _HOUSE, _TALLIES = 0x6A6B, 0x6A69, 5


def one_batch_of(source: str) -> None:
    """Batches of one source follow each other, so that no message can be kept or counted twice."""
    _take(_SOURCES, crc32(source.encode()) - (1 << 31))


def count() -> None:
    """Only one import at a time changes the tallies; held for the last statements of a batch."""
    _take(_HOUSE, _TALLIES)


def _take(first: int, second: int) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [first, second])
