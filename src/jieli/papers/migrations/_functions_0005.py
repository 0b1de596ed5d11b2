"""SQL of the fifth migration: a row that names a paper which was never admitted is refused (ADR 28).

The judge that locks the papers a row names counts them too: those it did not find are in no register. Rows that stand
already are not asked again, so a filled database is upgraded whatever it holds; fsck names what they cite.
"""

from jieli.papers.migrations._functions_0004 import JUDGE as _BEFORE

_WANTED = "    IF wanted IS NULL THEN"
# An object of a list that names no paper is no citation.
_NAMED = "    wanted := array_remove(wanted, NULL);\n    IF coalesce(cardinality(wanted), 0) = 0 THEN"
_KEPT = "    IF EXISTS (SELECT FROM papers_paper p WHERE p.id = ANY (wanted) AND p.sha256 IS NULL) THEN"
# How many rows the statement before it locked: papers are never deleted, and whoever knows an id read it after COMMIT.
_FOUND = """    GET DIAGNOSTICS there = ROW_COUNT;
    IF there < cardinality(wanted) THEN
        RAISE EXCEPTION 'papers.never_admitted' USING ERRCODE = 'JL007';
    END IF;
"""


def _changed(sql: str, old: str, new: str) -> str:
    if sql.count(old) != 1:
        raise ValueError("the earlier definition is not the one that this one changes")
    return sql.replace(old, new)


UNDO = _changed(_BEFORE, "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
JUDGE = _changed(
    _changed(_changed(UNDO, "    wanted uuid[];\n", "    wanted uuid[];\n    there integer;\n"), _WANTED, _NAMED),
    _KEPT,
    _FOUND + _KEPT,
)
