"""How SQL says what `case_words` says in Python: what will stand in a column of a row whose case is over (ADR 30).

Never changed once a migration has used it: another way to empty a column is another name.
"""

from collections.abc import Mapping

NAME, EMPTIED = "'已删除的人'", "'已依法清空'"
_SAYS = "CASE WHEN {c} <> '' THEN {then} ELSE {c} END"
_HOW = {
    "word": _SAYS.replace("{then}", EMPTIED),
    "name": _SAYS.replace("{then}", NAME),
    "own": _SAYS.replace("{then}", "'erased:' || id::text"),
    "always": EMPTIED,
    "answer": "'不明'",
    "leave": "CASE WHEN {c} IN ('销假', '离岗') THEN {c} ELSE " + EMPTIED + " END",
    "nothing": "NULL",
    "names": "(SELECT coalesce(jsonb_agg(" + NAME + "::text), '[]') FROM jsonb_array_elements({c}))",  # noqa: S608
    # The words of these three columns are codes of ours: nothing in them is escaped.
    "verdict": "'{{\"articles\":[],\"certainty\":\"' || certainty || '\",\"code\":\"' || code ||"
    " '\",\"findings\":[],\"issue\":\"' || issue || '\",\"missing\":[],\"notes\":[],\"open_points\":[],\"text\":\"'"
    " || " + EMPTIED + " || '\"}}'",
}


def emptying(room: str, goes: Mapping[str, Mapping[str, str]]) -> str:
    """SQL of a room's own function that empties its rows of these ids. Who may not update them may not call it."""
    return (
        f"CREATE FUNCTION case_rows_emptied_in_{room}(gone uuid[]) RETURNS void\n"
        "LANGUAGE sql SET search_path = public, pg_temp AS $$\n"
        + "\n".join(_update(table, columns) for table, columns in goes.items())
        + f"\n$$;\nREVOKE ALL ON FUNCTION case_rows_emptied_in_{room}(uuid[]) FROM PUBLIC;\n"
    )


def _update(table: str, columns: Mapping[str, str]) -> str:
    said = ", ".join(f'{c} = {_HOW[how].format(c=c)}' for c, how in columns.items())
    return f"    UPDATE {table} SET {said} WHERE id = ANY (gone);"  # noqa: S608 - our own names


def listing(room: str, of: Mapping[str, str]) -> str:
    """SQL of a room's own function that tells which rows belong to cases, or to which case given rows belong.

    `of`: for each table, which is `r`, what it is joined with to come to its case, and the case: `<joins> => <case>`.
    """
    asked = "\n    UNION ALL\n".join(
        f"    SELECT {case}, '{table}', r.id FROM {table} r {joins}\n"  # noqa: S608 - our own names
        f"        WHERE {case} = ANY (cases) OR r.id = ANY (named)"
        for table, (joins, case) in ((t, map(str.strip, said.split("=>"))) for t, said in of.items())
    )
    return (
        f"CREATE FUNCTION case_rows_in_{room}(cases uuid[], named uuid[])\n"
        'RETURNS TABLE ("case" uuid, tab text, id uuid)\n'
        f"LANGUAGE sql STABLE SET search_path = public, pg_temp AS $$\n{asked}\n$$;\n"
    )


def undo(room: str) -> str:
    """SQL that takes the three functions of a room away again."""
    return (
        f"DROP FUNCTION case_rows_emptied_in_{room}(uuid[]), case_rows_in_{room}(uuid[], uuid[]),"
        f" cases_cited_by_{room}(uuid[]);"
    )
