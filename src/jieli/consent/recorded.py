"""Rows together with where and when the book first says them: asked in one statement, past the ORM.

An import asks this of some thousand rows; a statement for the rows and another for their places, with ids spelled out
between the two, takes three times as long. A row that has no part yet, for this very transaction wrote it, is left out.
"""

from collections.abc import Collection
from typing import Any

from jieli.ledger import places, plain
from jieli.ledger.types import Recorded

_PLACE = places.SQL.format("p", "entry")
#: The same over many rows of one table; the last column says how many versions there are.
_VERSIONS = f"""
SELECT DISTINCT ON (p.row_id) p.row_id, {_PLACE}, p.n, e.time, count(*) OVER (PARTITION BY p.row_id)
FROM ledger_part p JOIN ledger_entry e ON e.log = p.log AND e.index = p.entry
WHERE p.row_table = $1 AND p.row_id = ANY($2::text[]) ORDER BY p.row_id, p.log, p.entry, p.n
"""  # noqa: S608 - our own words


def of(table: str, columns: str, source: str, where: str) -> str:
    """A statement that gives, of each row `r` of `source`, its id as text, its place, part and time, and `columns`."""
    return (
        f"SELECT r.id::text, {_PLACE}, p.n, e.time, {columns} FROM {source} CROSS JOIN LATERAL"  # noqa: S608 - our own words
        f" (SELECT log, entry, n FROM ledger_part WHERE row_table = '{table}' AND row_id = r.id::text"
        " ORDER BY log, entry, n LIMIT 1) p JOIN ledger_entry e ON e.log = p.log AND e.index = p.entry"
        f" WHERE {where}"
    )


def versions(table: str, ids: Collection[object]) -> tuple[dict[str, Recorded], list[str]]:
    """When the first part of each row was written, by row id, and the ids of those that were revised since."""
    rows: list[tuple[Any, ...]] = plain.rows(_VERSIONS, [table, plain.array(ids)]) if ids else []
    return {row: Recorded(place, n, time) for row, place, n, time, _ in rows}, [
        r[0] for r in rows if r[4] > 1
    ]
