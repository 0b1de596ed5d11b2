"""The rows that a basis relies on, as its column `rows` holds them: in short (ADR 25), or in pairs as before it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

Ground = tuple[str, str]  # table, id
#: A letter and 16 bytes in base64 without padding.
CELL = 23

#: Never given another meaning; a new table takes the next letter.
LETTERS = {
    "A": "assets_account",
    "B": "assets_acknowledgement",
    "C": "assets_holding",
    "D": "consent_calendar_day",
    "E": "consent_document",
    "F": "consent_leave",
    "G": "consent_policy",
    "H": "consent_served",
    "I": "consent_shift",
    "J": "consent_step",
    "K": "parties_customer",
    "L": "parties_customer_identity",
    "M": "parties_staff",
}
_LETTER_OF = {table: letter for letter, table in LETTERS.items()}


@lru_cache(maxsize=16_384)
def cell(ground: Ground) -> str | None:
    """A ground in short; None where it has no such spelling."""
    table, key = ground
    letter = _LETTER_OF.get(table)
    try:
        id_ = UUID(key)
    except ValueError:
        return None
    if letter is None or str(id_) != key:
        return None
    return letter + urlsafe_b64encode(id_.bytes)[:22].decode()


def written(grounds: Sequence[Ground]) -> str | tuple[Ground, ...]:
    """Grounds as they are kept: one string where all of them have a short spelling, else pairs in their order."""
    cells = [cell(ground) for ground in grounds]
    found = [one for one in cells if one is not None]
    if not cells or len(found) < len(cells):
        return tuple(sorted(grounds))
    found.sort()
    return "".join(found)


def read(rows: Sequence[Any] | None) -> tuple[Ground, ...]:
    """The grounds of a row in either shape, sorted; none where it was emptied."""
    if not rows:
        return ()
    if len(rows) == 1 and isinstance(rows[0], str):
        kept = rows[0]
        return tuple(sorted(_ground(kept[n : n + CELL]) for n in range(0, len(kept), CELL)))
    return tuple((table, key) for table, key in rows)


@lru_cache(maxsize=16_384)
def _ground(spelled: str) -> Ground:
    return LETTERS[spelled[0]], str(UUID(bytes=urlsafe_b64decode(spelled[1:] + "==")))
