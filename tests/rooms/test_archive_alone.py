"""The archive stands without the rooms above it, and denies what only they can say (ADR 6)."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connections, transaction
from django.db.migrations.loader import MigrationLoader

from jieli.archive import operations, records, retention
from jieli.archive.errors import NothingDue
from jieli.ledger import checks as ledger_checks
from jieli.ledger import fsck
from jieli.reading.migrations._functions_0005 import OPENINGS
from jieli.reading.models import Opening
from jieli.wiring import start
from tests.conftest import NOW
from tests.house.source import ROOMS
from tests.rooms.test_archive_samples import CUSTOMER, ring
from tests.rooms.test_register_erasure import forged
from tests.rooms.test_retention_records import WHO, WORD, asked, opened, records_of, said

__all__ = ["asked", "opened", "ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
RULE = next(one for one in retention.defaults()[1] if one.code == "opening")


@pytest.fixture
def alone(ring: object, asked: None, opened: list[UUID], owner_sql: Sql) -> Iterator[None]:
    """A filled house as it stands before reading's fifth migration: the archive's functions are its own."""
    call_command("migrate", "reading", "0004", database="owner", verbosity=0, interactive=False)
    yield
    start.migrate()


def above(room: str) -> set[str]:
    return set(ROOMS[ROOMS.index(room) + 1 :])


def test_no_migration_needs_a_room_above_its_own() -> None:
    graph = MigrationLoader(None).graph
    wanted = {
        key: {app for app, _ in graph.forwards_plan(key)} & above(key[0])
        for key in graph.nodes
        if key[0] in ROOMS
    }
    assert len(wanted) > 30
    assert {key: rooms for key, rooms in wanted.items() if rooms} == {}


def test_a_function_of_the_archive_asks_no_table_of_a_room_above(alone: None, owner_sql: Sql) -> None:
    tables = {m._meta.db_table for m in apps.get_models() if m._meta.app_label in above("archive")}
    found = dict(owner_sql("SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'archive\\_%%'"))
    assert len(found) > 10
    asks = {
        name: set(re.findall(r"\w+", re.sub(r"'[^']*'", "", text))) & tables for name, text in found.items()
    }
    assert {name: there for name, there in asks.items() if there} == {}


def test_alone_it_holds_every_record_of_a_room_above_and_empties_none(
    alone: None, opened: list[UUID], owner_sql: Sql
) -> None:
    assert records.held(RULE, opened) == set(opened)
    with pytest.raises(NothingDue):
        operations.run_class(code="opening", at=NOW, **WHO)
    parts = [list(place[0]) for place in records_of(opened).values()]
    with pytest.raises(DatabaseError, match=r"archive\.not_ours"), connections["shred"].cursor() as cursor:
        cursor.execute("SELECT archive_shred(%s)", [forged(CUSTOMER, parts, "类别")])
    assert said() == [WORD] * 4


def test_alone_it_stands_where_the_room_above_has_no_tables(alone: None, opened: list[UUID]) -> None:
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("DROP TABLE reading_opening, reading_concern, reading_unshown CASCADE")
        cursor.execute("SELECT opening FROM archive_opening_held(%s::uuid[])", [opened])
        assert {key for (key,) in cursor.fetchall()} == set(opened)
        cursor.execute("SELECT archive_shred_parts(1::smallint, 0, '[]')")
        transaction.set_rollback(True, using="owner")
    assert Opening.objects.count() == 4


def test_a_house_filled_before_keeps_its_openings_and_its_plans_carry_on(
    alone: None, opened: list[UUID], owner_sql: Sql
) -> None:
    owner_sql(OPENINGS.replace("%", "%%"))  # as the archive's own migration had defined them at that time
    before = owner_sql("SELECT * FROM reading_opening ORDER BY id")
    start.migrate()
    assert owner_sql("SELECT * FROM reading_opening ORDER BY id") == before
    assert records.held(RULE, opened) == set()
    operations.run_class(code="opening", at=NOW, **WHO)
    assert said() == [None, None, None, WORD]
    rights = owner_sql(
        "SELECT DISTINCT has_function_privilege(r.rolname, p.oid, 'EXECUTE') FROM pg_proc p, pg_roles r"
        " WHERE p.proname = 'archive_shred_openings' AND r.rolname IN ('jieli_app', 'jieli_shred', 'jieli_read')"
    )
    assert rights == [(False,)]
    assert fsck.run(ledger_checks.checks({})).findings == ()
