"""A view of all classes asks what papers are for once, and says what each class says by itself."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from jieli.archive import operations, paper_counts, records, retention
from jieli.archive.policy import MOST_IN_A_PLAN
from jieli.archive.types import HoldScope
from jieli.kernel.times import local_day
from tests.conftest import NOW
from tests.rooms.test_archive_samples import ring
from tests.rooms.test_retention_papers import CITES, of_dispute, received, staff

__all__ = ["ring"]


@contextmanager
def asked(times: int) -> Iterator[None]:
    """The block asks what papers are for in so many statements."""
    with CaptureQueriesContext(connections["default"]) as seen:
        yield
    found = [one["sql"] for one in seen.captured_queries if "archive_papers" in one["sql"]]
    assert len(found) == times, found


def one_by_one() -> dict[str, tuple[int, int]]:
    version, classes = retention.policy()
    told = {}
    for one in (c for c in classes if c.table == records.PAPERS):
        due = records.due(one, retention._cut(one, at=NOW), MOST_IN_A_PLAN)
        held = records.held(one, due, policy=version, today=local_day(NOW))
        told[one.code] = (len(due), len(held))
    return told


def at_once(most: int = MOST_IN_A_PLAN) -> paper_counts.Counts:
    version, classes = retention.policy()
    cuts = {c.code: retention._cut(c, at=NOW) for c in classes if c.table == records.PAPERS}
    return paper_counts.of(cuts, most, policy=version, today=local_day(NOW))


@pytest.mark.usefixtures("ring")
def test_all_classes_at_once_say_what_each_says_by_itself() -> None:
    who = staff()
    for n, cite in enumerate(CITES.values()):
        cite(received(f"文书{n}"), who)
    received("没人登记")
    received("也没人登记")
    of_dispute(received("还在争议"), None, at=NOW, closed=False)
    before = one_by_one()
    assert sorted(before.values()) == [(1, 0), (1, 0), (1, 0), (1, 0), (2, 0)]
    with asked(2):
        assert at_once() == (before, 2)
    operations.hold(scope=HoldScope.PERSON, target=str(who), ground="主张", by="person:a", at=NOW)
    after = one_by_one()
    assert after != before
    assert at_once() == (after, 2)
    assert {due for due, _ in at_once(1).classes.values()} == {1}
    shown = retention.state(at=NOW)
    assert {c.rule.code: (c.due, c.held) for c in shown.classes if c.rule.code in after} == after
    assert shown.unfiled == 2


@pytest.mark.usefixtures("ring")
def test_without_papers_nothing_is_due_and_nobody_is_asked_what_keeps_them() -> None:
    with asked(1):
        assert at_once() == (dict.fromkeys(CITES, (0, 0)), 0)
