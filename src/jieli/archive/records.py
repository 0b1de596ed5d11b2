"""Records of classes that other rooms keep: which are due, and which of them something keeps (ADR 20, ADR 28).

Of a room above, its port tells which of its records are past their time. Of papers the database does, for rows of
several rooms say what a paper is for. The database says which are held, or still needed; the shred role's function
asks it again, and empties what the plan's intent names. Nothing here reads what a record says.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.db import connections

from jieli.archive import ports
from jieli.archive.types_retention import KeptPaper, RetentionClass
from jieli.kernel.times import local_day
from jieli.papers import queries as papers

#: The table whose rows are records of several classes: a paper is what its citations make of it.
PAPERS = "papers_paper"
#: Where nobody says which day it is, nothing has ended.
_NEVER = date(1, 1, 1)


def due(one: RetentionClass, before: int, most: int) -> list[UUID]:
    """The oldest records of a class from before an instant (ms UTC), held or not."""
    if one.table != PAPERS:
        return [key for key, _ in ports.due_records(one.code, before, most)] if one.table else []
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT paper FROM archive_papers_due(%s, %s, %s)", [one.code, local_day(before), most]
        )
        return [key for (key,) in cursor.fetchall()]


def held(one: RetentionClass, ids: Sequence[UUID], *, policy: int = 0, today: date = _NEVER) -> set[UUID]:
    """Which of these records something keeps: a hold, a limit, an open matter; of a paper also a longer period of
    another class, under a version of the policy on a day."""
    if not ids:
        return set()
    if one.table == PAPERS:
        return {paper.paper for paper in kept_papers(ids, policy=policy, today=today)}
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT opening FROM archive_opening_held(%s::uuid[])", [list(ids)])
        return {key for (key,) in cursor.fetchall()}


def free(one: RetentionClass, before: int, most: int, *, policy: int = 0, today: date = _NEVER) -> list[UUID]:
    """The oldest of them that nothing keeps, however many held ones lie before them."""
    looked = most
    while True:
        found = due(one, before, looked)
        kept = held(one, found, policy=policy, today=today)
        if len(found) - len(kept) >= most or len(found) < looked:
            return [key for key in found if key not in kept][:most]
        looked *= 2


def rows(one: RetentionClass, ids: Sequence[UUID]) -> list[tuple[str, str]]:
    """(table, id) of every row that goes with these records."""
    if one.table == PAPERS:
        return papers.rows_of(ids)
    return [(one.table, str(key)) for key in ids]


def kept_papers(ids: Sequence[UUID], *, policy: int, today: date) -> list[KeptPaper]:
    """What keeps these papers, each reason apart: the database's own answer."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT paper, kind, class, what, until FROM archive_papers_kept(%s::uuid[], %s, %s)",
            [list(ids), policy, today],
        )
        return [KeptPaper(*row) for row in cursor.fetchall()]


def papers_of(person: UUID) -> list[UUID]:
    """The papers that concern somebody and are not destroyed: cited about him, signed, refused or received by him.

    Asks every paper of the house: for an erasure, not for a page.
    """
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "WITH living AS MATERIALIZED (SELECT paper_id FROM papers_content WHERE data IS NOT NULL)"
            " SELECT paper FROM archive_papers_cited((SELECT array_agg(paper_id) FROM living)) c"
            "  WHERE c.person = %(who)s"
            " UNION SELECT s.paper_id FROM papers_signature s JOIN living USING (paper_id) WHERE s.signer = %(who)s"
            " UNION SELECT r.paper_id FROM papers_refusal r JOIN living USING (paper_id) WHERE r.refuser = %(who)s"
            ' UNION SELECT d.paper_id FROM papers_delivery d JOIN living USING (paper_id) WHERE d."to" = %(who)s'
            " ORDER BY 1",
            {"who": person},
        )
        return [key for (key,) in cursor.fetchall()]
