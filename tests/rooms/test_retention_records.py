"""Records of other rooms that a plan empties (ADR 20): what was looked for, once nobody may still ask for it."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connections

from jieli.access.types import Role
from jieli.approvals import operations as approvals
from jieli.archive import operations, ports, queries, records, retention
from jieli.archive.errors import NothingDue, RetentionUnknown
from jieli.archive.types import HoldScope
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.reading.models import Concern, Opening
from jieli.reading.records import due_openings
from tests.conftest import NOW
from tests.rooms.company import reader
from tests.rooms.test_archive_erasure import places, spellings
from tests.rooms.test_archive_samples import CUSTOMER, STAFF, codes, ring
from tests.rooms.test_register_erasure import forged

__all__ = ["ring"]
pytestmark = pytest.mark.usefixtures("ring", "asked")
Sql = Callable[..., list[tuple[Any, ...]]]
LONG_AGO = NOW - 4 * 366 * DAY
WHO = {"by": "person:desk", "reason": "到期清理"}
WORD = "金丝雀退费"


@pytest.fixture
def asked(ring: object) -> Iterator[None]:
    """The reading room is asked which of its openings are due, as wiring has it."""
    ports.use(records={"opening": due_openings})
    yield
    ports.use(records={"opening": lambda before, most: []})


@pytest.fixture
def opened() -> list[UUID]:
    """Three openings of long ago under a matter that is closed, one of today."""
    matter = matters.open_matter(kind=MatterKind.LEAK, title=None, people=[], by="person:yan", at=LONG_AGO)
    found = [opening(matter.id, LONG_AGO + n, party=CUSTOMER if n else None) for n in range(3)]
    matters.close(number=matter.number, by="person:yan", at=LONG_AGO + DAY)
    return [*found, opening(matter.id, NOW)]


def opening(matter: UUID, at: int, *, party: UUID | None = None, staff: UUID = STAFF) -> UUID:
    row = Opening(
        id=new_id(at), kind="检索", by="person:yan", role="合规", unit="", purpose="合规审计", matter=matter,
        query=WORD, party=party, items=[], left_out={}, at=at,
    )  # fmt: skip
    with book(at=at) as b:
        entry = b.entry("reading.open", by="person:yan", facts={"items": 0})
        entry.insert(row)
        entry.insert(Concern(id=new_id(at), opening=row, staff=staff, capacities=["发言人"], items=1))
    return row.id


def classes(at: int = NOW) -> dict[str, tuple[int, int]]:
    """(due, held) of each class that a plan destroys."""
    found = retention.state(at=at).classes
    return {c.rule.code: (c.due, c.held) for c in found if c.rule.destroyed}


def said() -> list[str | None]:
    return list(Opening.objects.order_by("at").values_list("query", flat=True))


def test_every_class_is_destroyed_by_a_plan_or_says_why_not() -> None:
    for one in retention.defaults()[1]:
        assert one.destroyed == (not one.stays)
    with pytest.raises(RetentionUnknown):
        operations.run_class(code="log", at=NOW, **WHO)


def test_what_was_looked_for_goes_with_all_that_said_it_and_that_somebody_looked_stays(
    opened: list[UUID], ring: object, tmp_path: Any
) -> None:
    assert classes()["opening"] == (3, 0)
    assert places(spellings(WORD), tmp_path) == {"default.reading_opening", "default.ledger_part"}
    done = operations.run_class(code="opening", at=NOW, **WHO)
    assert said() == [None, None, None, WORD]
    assert set(Opening.objects.filter(query=None).values_list("party", "account")) == {(None, None)}
    assert Opening.objects.filter(by="person:yan", purpose="合规审计").count() == 4
    assert queries.emptied_rows(done.shred) == [("查阅记录中的搜索词与所查对象", 3)]
    assert classes()["opening"] == (0, 0)
    assert codes() == set()
    with pytest.raises(NothingDue):
        operations.run_class(code="opening", at=NOW + 1, **WHO)


def test_a_plan_waits_for_somebody_elses_word(opened: list[UUID]) -> None:
    admin, yan = reader(Role.SYSTEM, name="admin"), reader(Role.COMPLIANCE, name="yan")
    plan = operations.propose(code="opening", reason="每年清理", by=admin.actor, at=NOW)
    assert (plan.items, operations.carry_out(by="system:worker", at=NOW)) == (3, [])
    approvals.decide(request=plan.request, agree=True, by=yan, at=NOW + 1)
    [done] = operations.carry_out(by="system:worker", at=NOW + 2)
    assert (done.shred, said()) == (plan.id, [None, None, None, WORD])
    assert operations.carry_out(by="system:worker", at=NOW + 3) == []


def test_an_opening_of_somebody_who_is_held_stays(opened: list[UUID]) -> None:
    operations.hold(scope=HoldScope.PERSON, target=str(CUSTOMER), ground="主张", by="person:a", at=NOW)
    assert classes()["opening"] == (3, 2)
    operations.run_class(code="opening", at=NOW + 1, **WHO)
    assert said() == [None, WORD, WORD, WORD]
    assert codes() == set()


def test_an_opening_that_concerns_somebody_who_is_held_stays(opened: list[UUID]) -> None:
    operations.hold(scope=HoldScope.PERSON, target=str(STAFF), ground="主张", by="person:a", at=NOW)
    assert classes()["opening"] == (3, 3)
    with pytest.raises(NothingDue):
        operations.run_class(code="opening", at=NOW + 1, **WHO)


def test_an_opening_under_an_open_matter_stays(opened: list[UUID]) -> None:
    matter = matters.open_matter(kind=MatterKind.LEAK, title=None, people=[], by="person:yan", at=NOW)
    opening(matter.id, NOW, party=None)
    later = NOW + 4 * 366 * DAY
    assert classes(later)["opening"] == (5, 1)


def test_held_ones_before_them_keep_no_free_ones_from_a_plan(opened: list[UUID]) -> None:
    operations.hold(scope=HoldScope.PERSON, target=str(CUSTOMER), ground="主张", by="person:a", at=NOW)
    one = next(c for c in retention.defaults()[1] if c.code == "opening")
    assert records.free(one, NOW, 1) == [opened[0]]
    assert records.free(one, NOW + 1, 2) == [opened[0], opened[3]]


def test_the_shred_function_takes_no_opening_without_a_plan_or_before_its_time(opened: list[UUID]) -> None:
    parts = {key: value[0] for key, value in records_of(opened).items()}
    for scope in ("条目", "类别", "人及登记"):
        intent = forged(CUSTOMER, [list(place) for place in parts.values()], scope)
        with (
            pytest.raises(DatabaseError, match=r"archive\.not_ours"),
            connections["shred"].cursor() as cursor,
        ):
            cursor.execute("SELECT archive_shred(%s)", [intent])
    assert said() == [WORD] * 4


def records_of(ids: list[UUID]) -> dict[str, list[tuple[int, int]]]:
    found = ledger.parts([("reading_opening", key) for key in ids])
    return {key: [(p.entry, p.n) for p in parts] for (_, key), parts in found.items()}


def test_what_stays_of_an_emptied_opening_is_sealed(opened: list[UUID], owner_sql: Sql) -> None:
    operations.run_class(code="opening", at=NOW, **WHO)
    owner_sql("UPDATE reading_opening SET by = 'person:other' WHERE id = %s", [opened[0]])
    assert codes() == {"archive.remains_changed"}
