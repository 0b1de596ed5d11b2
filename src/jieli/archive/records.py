"""Records of classes that rooms above keep: which are due, and which of them something keeps (ADR 20).

A room tells through its port which of its records are past their time; the database says which are held; the shred
role's function empties what the plan's intent names. Nothing here reads what a record says.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connections

from jieli.archive import ports
from jieli.archive.types_retention import RetentionClass

#: What says which records of a table are held. The same function is asked again before they are emptied.
_HELD = {
    "reading_opening": "SELECT opening FROM archive_opening_held(%s::uuid[])",
}


def due(one: RetentionClass, before: int, most: int) -> list[UUID]:
    """The oldest records of a class from before an instant (ms UTC), held or not."""
    return [key for key, _ in ports.due_records(one.code, before, most)] if one.table else []


def held(one: RetentionClass, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these records a hold, a limit or an open matter keeps."""
    if not ids:
        return set()
    with connections["default"].cursor() as cursor:
        cursor.execute(_HELD[one.table], [list(ids)])
        return {key for (key,) in cursor.fetchall()}


def free(one: RetentionClass, before: int, most: int) -> list[UUID]:
    """The oldest of them that nothing keeps, however many held ones lie before them."""
    looked = most
    while True:
        found = due(one, before, looked)
        kept = held(one, found)
        if len(found) - len(kept) >= most or len(found) < looked:
            return [key for key in found if key not in kept][:most]
        looked *= 2
