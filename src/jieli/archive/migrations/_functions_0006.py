"""SQL of the sixth migration: a destruction reaches the parts of every log (ADR 19).

The intent's entry may stand in a later log than what it empties. `shredded_in` is therefore a place, log and index in
one number, and so is the first number of each pair in `parts`; in the first log both are what they were before.
"""

from jieli.archive.migrations._functions_0001 import SHRED
from jieli.archive.migrations._functions_0003 import PARTS as BEFORE

_FIRST = SHRED[: SHRED.index("CREATE FUNCTION archive_shred_parts")]
_NAME = "archive_shred_archived"


def _changed(sql: str, old: str, new: str, times: int = 1) -> str:
    if sql.count(old) != times:
        raise ValueError("the earlier definition is not the one that this one changes")
    return sql.replace(old, new)


UNDO_INTENT = _changed(_FIRST, "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
INTENT = _changed(
    UNDO_INTENT,
    "SELECT p.log, p.entry INTO named",
    "SELECT p.log, p.entry, ((p.log - 1)::bigint << 40) + p.entry AS place INTO named",
)
INTENT = _changed(INTENT, "shredded_in = named.entry", "shredded_in = named.place")
INTENT = _changed(
    INTENT,
    "archive_shred_parts(named.log, named.entry, body",
    "archive_shred_parts(named.log, named.place, body",
)

# Since 0006 the earlier function bears this name, and another one hands it its parts. `in_entry` is a place now.
UNDO_PARTS = _changed(BEFORE, "FUNCTION archive_shred_parts(", f"FUNCTION {_NAME}(")
PARTS = _changed(
    UNDO_PARTS,
    "JOIN ledger_part p ON p.log = in_log AND p.entry = (w.pair ->> 0)::bigint AND",
    "JOIN ledger_part p ON p.log = ((w.pair ->> 0)::bigint >> 40) + 1"
    " AND p.entry = (w.pair ->> 0)::bigint & 1099511627775 AND",
    times=2,
)
PARTS = _changed(
    PARTS, "SELECT p.entry, p.n, p.row_table, CASE", "SELECT p.log, p.entry, p.n, p.row_table, CASE"
)
PARTS = _changed(
    PARTS,
    "FROM named w WHERE p.log = in_log AND p.entry = w.entry",
    "FROM named w WHERE p.log = w.log AND p.entry = w.entry",
)
