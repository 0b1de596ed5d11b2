"""Identifiers made before a row is written, so that bulk writes need no round trip."""

import os
from uuid import UUID


def new_id(at: int) -> UUID:
    """A UUID of version 7 (RFC 9562): the milliseconds of `at`, then 74 random bits.

    Rows made together lie together in an index; nothing but the time of making can be read from it.
    """
    if not 0 <= at < 1 << 48:
        raise ValueError("time of an id is out of range")
    random = int.from_bytes(os.urandom(10), "big")
    high, low = random >> 62 & 0xFFF, random & (1 << 62) - 1
    return UUID(int=at << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)
