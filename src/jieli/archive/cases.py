"""Cases: matters with all rows of all rooms under them, and rows of consent by themselves (ADR 30).

The database says which are due, what keeps them and which rows they have; here its answers are asked for. Nothing
here reads what a row says.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connections

from jieli.archive.types_retention import KeptPaper, RetentionClass
from jieli.kernel.times import local_day


class Found(NamedTuple):
    """Cases of a class that are past their time, those that something keeps, and the rows of the others."""

    due: int
    held: int
    rows: int


def due(one: RetentionClass, before: int, most: int) -> list[UUID]:
    """The oldest cases of a class from before an instant (ms UTC) in which words still stand, held or not."""
    if not one.cases:
        return []
    return _ids('SELECT "case" FROM archive_cases_due(%s, %s, %s)', [one.code, local_day(before), most])


def kept(ids: Sequence[UUID], *, policy: int, today: date) -> list[KeptPaper]:
    """What keeps these cases, each reason apart: the database's own answer, in the words in which papers have it."""
    if not ids:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            'SELECT "case", kind, class, what, until FROM archive_cases_kept(%s::uuid[], %s, %s)',
            [list(ids), policy, today],
        )
        return [KeptPaper(*row) for row in cursor.fetchall()]


def free(one: RetentionClass, before: int, most: int, *, policy: int, today: date) -> list[UUID]:
    """The oldest of those due that nothing keeps, however many held ones lie before them."""
    looked = most
    while looked:
        found = due(one, before, looked)
        held = {reason.paper for reason in kept(found, policy=policy, today=today)}
        if len(found) - len(held) >= most or len(found) < looked:
            return [key for key in found if key not in held][:most]
        looked *= 2
    return []


def state(one: RetentionClass, before: int, most: int, *, policy: int, today: date) -> Found:
    """How many cases of a class are past their time, how many of these are kept, and how many rows the others have.

    Counted in the database: `due`, `kept` and `rows` would carry up to fifty thousand ids to and fro.
    """
    if not one.cases:
        return Found(0, 0, 0)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT due, held, rows FROM archive_cases_state(%s, %s, %s, %s, %s)",
            [one.code, local_day(before), most, policy, today],
        )
        return Found(*cursor.fetchone())


def rows(cases: Sequence[UUID]) -> list[tuple[str, str]]:
    """(table, id) of every row of these cases, emptied or not."""
    if not cases:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tab, id::text FROM archive_case_rows(%s::uuid[], '{}') ORDER BY 1, 2",
            [list(cases)],
        )
        return [(table, key) for table, key in cursor.fetchall()]


def of_rows(ids: Sequence[UUID]) -> list[UUID]:
    """To which cases rows belong."""
    return _ids("SELECT DISTINCT \"case\" FROM archive_case_rows('{}', %s::uuid[]) ORDER BY 1", [list(ids)])


def of_person(person: UUID) -> list[UUID]:
    """The cases that concern somebody and in which words may still stand. Asks every case of the house."""
    return _ids(
        'SELECT DISTINCT c."case" FROM archive_cases_cited((SELECT array_agg(l.id) FROM ('
        " SELECT m.id FROM matters_matter m WHERE m.title IS DISTINCT FROM '已依法清空'"
        " UNION ALL SELECT s.id FROM consent_step s WHERE s.subject = %(who)s"
        "  AND (s.reply NOT IN ('', '已依法清空') OR s.exhibit IS NOT NULL)"
        " UNION ALL SELECT d.id FROM consent_document d WHERE d.staff_id = %(who)s AND d.title <> ''"
        "  AND d.title <> 'erased:' || d.id"
        " UNION ALL SELECT l.id FROM consent_leave l WHERE l.staff_id = %(who)s"
        "  AND l.kind NOT IN ('已依法清空', '销假', '离岗')"
        ") l)) c WHERE c.person = %(who)s ORDER BY 1",
        {"who": person},
    )


def _ids(query: str, args: Sequence[Any] | dict[str, Any]) -> list[UUID]:
    with connections["default"].cursor() as cursor:
        cursor.execute(query, args)
        return [key for (key,) in cursor.fetchall()]
