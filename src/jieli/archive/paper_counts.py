"""How much of every class of papers is due, how much of that is kept, and how many papers nobody filed: asked once.

A paper's citations stand in nine rooms. A view that asks for each class by itself asks all of them each time.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.db import connections

from jieli.archive import records
from jieli.kernel.times import local_day

# The citations of every living paper once; of each class the oldest due, as `archive_papers_due` has them.
_DUE = """
WITH living AS MATERIALIZED (
    SELECT paper_id FROM papers_content WHERE data IS NOT NULL
), cited AS MATERIALIZED (
    SELECT * FROM archive_papers_cited((SELECT array_agg(paper_id) FROM living))
)
SELECT w.code, d.paper FROM unnest(%s::text[], %s::date[]) AS w(code, before) CROSS JOIN LATERAL (
    SELECT c.paper FROM cited c WHERE c.class = w.code
        GROUP BY c.paper HAVING bool_and(coalesce(c.since < w.before, false))
        ORDER BY max(c.since), c.paper LIMIT %s) d
UNION ALL
SELECT NULL, l.paper_id FROM living l WHERE l.paper_id NOT IN (SELECT paper FROM cited)
"""


class Counts(NamedTuple):
    """By class: how many papers are past its time, and how many of these something keeps; and the unfiled ones."""

    classes: Mapping[str, tuple[int, int]]
    unfiled: int


def of(cuts: Mapping[str, int], most: int, *, policy: int, today: date) -> Counts:
    """Papers of each class that are older than its instant (ms UTC), counted up to `most`. Two statements."""
    due: dict[str | None, list[UUID]] = {code: [] for code in cuts}
    due[None] = []
    with connections["default"].cursor() as cursor:
        cursor.execute(_DUE, [list(cuts), [local_day(cut) for cut in cuts.values()], most])
        for code, paper in cursor.fetchall():
            due[code].append(paper)
    unfiled = len(due.pop(None))
    every = sorted({paper for papers in due.values() for paper in papers})
    kept = {one.paper for one in records.kept_papers(every, policy=policy, today=today)} if every else set()
    counted = {str(code): (len(papers), len(kept.intersection(papers))) for code, papers in due.items()}
    return Counts(counted, unfiled)
