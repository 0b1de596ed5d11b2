"""fsck names every change that the owner of the database can make; what to change is read off the catalogue.

Round by round, one column of one row of *every* table is changed at once, as the owner, with every constraint and
trigger dropped; one run of fsck must name every table. A new table or column is covered without a line added here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, models, transaction
from django.db.backends.utils import CursorWrapper

from jieli.archive import checks as archive_checks
from jieli.archive.media import checks as media_checks
from jieli.ledger import checkpoints, checks, fsck
from jieli.ledger.models import Part
from jieli.ledger.tables import Column, Row, declared, rows
from jieli.papers import checks as papers_checks
from jieli.wiring.databases import STORE_OWNERS
from seal.keys import COSIGNATURE, Signer, generate
from tests.conftest import NOW, ORIGIN
from tests.rooms.company import BEGIN, vault
from tests.rooms.whole_house import WITNESS, build

__all__ = ["vault"]
#: Without its body an emptied part cannot be checked alone: its entry's commitment and its row tell.
NAMED_ELSEWHERE = ["leaf", "row_id", "row_table"]
#: A changed value for each type, and one for a column that was empty.
CHANGED = {
    "text": "{c} || 'x'",
    "uuid": "gen_random_uuid()",
    "int8": "{c} + 1000003",
    "int4": "{c} + 1003",
    "int2": "{c} + 1003",
    "bool": "NOT {c}",
    "date": "{c} + 1",
    "bytea": "{c} || '\\x00'::bytea",
    "jsonb": """'{{"x":"y"}}'::jsonb""",
    "tstzrange": "tstzrange(lower({c}) - interval '1 hour', upper({c}))",
    "_text": "ARRAY['x', 'y']",
    "_uuid": "{c} || gen_random_uuid()",
    "_int8": "{c} || ARRAY[7::bigint]",
    "_int4": "{c} || ARRAY[7]",
}
FILLED = {
    "text": "'x'",
    "uuid": "gen_random_uuid()",
    "int8": "1",
    "int4": "1",
    "int2": "1",
    "bool": "true",
    "date": "'2026-01-01'",
    "bytea": "'\\x00'",
    "jsonb": """'{"x":"y"}'""",
    "tstzrange": "'[2026-01-01,)'",
    "_text": "ARRAY['x']",
    "_uuid": "ARRAY[gen_random_uuid()]",
    "_int8": "ARRAY[7::bigint]",
    "_int4": "ARRAY[7]",
}


@pytest.fixture
def signers(db: None) -> tuple[Signer, Signer]:
    log, witness = generate(ORIGIN), generate(WITNESS, kind=COSIGNATURE)
    checkpoints.first_checkpoint(log, at=BEGIN)
    return log, witness


@pytest.fixture
def keys(signers: tuple[Signer, Signer], vault: Path) -> list[Any]:
    build(vault, *signers)
    return [s.vkey for s in signers]


def all_findings(keys: list[Any]) -> list[fsck.Finding]:
    found = [
        *checks.checks(dict(archive_checks.FOREIGN)), *checks.checkpoint_checks(keys), *papers_checks.checks(),
        *archive_checks.checks(), *media_checks.checks(), *archive_checks.key_checks(at=NOW),
    ]  # fmt: skip
    return list(fsck.run(found).findings)


@contextmanager
def as_owner() -> Iterator[None]:
    """Both stores, as their owner, in a transaction that is undone: constraints and triggers out of the way."""
    before = {alias: dict(connections.settings[alias]) for alias in STORE_OWNERS}
    try:
        for alias, owner in STORE_OWNERS.items():
            connections[alias].close()
            who = {k: connections.settings[owner][k] for k in ("USER", "PASSWORD")}
            connections.settings[alias].update(who)
        with transaction.atomic("default"), transaction.atomic("keys"):
            for alias in STORE_OWNERS:
                with connections[alias].cursor() as cursor:
                    _disarm(cursor)
            yield
            for alias in STORE_OWNERS:
                transaction.set_rollback(True, using=alias)
    finally:
        for alias, settings in before.items():
            connections[alias].close()
            connections.settings[alias].update(settings)


@contextmanager
def undone() -> Iterator[None]:
    """What is changed within is undone at its end; constraints need not be dropped again for the next change."""
    with transaction.atomic("default"), transaction.atomic("keys"):
        yield
        for alias in STORE_OWNERS:
            transaction.set_rollback(True, using=alias)


def _disarm(cursor: CursorWrapper) -> None:
    cursor.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint c JOIN pg_namespace n ON n.oid = connamespace"
        " WHERE nspname = 'public' AND contype IN ('c', 'f', 'u', 'x') ORDER BY contype = 'u'"
    )
    for table, name in cursor.fetchall():
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}" CASCADE')
    cursor.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid"
        " JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public' AND NOT tgisinternal"
    )
    for table, name in cursor.fetchall():
        cursor.execute(f'DROP TRIGGER "{name}" ON {table}')
    cursor.execute(
        "SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname = 'public' AND indisunique AND NOT indisprimary"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")


def watched(model: type[Row]) -> list["models.Field[Any, Any]"]:
    """The columns on which a proof rests."""
    fields = [f for f in model._meta.concrete_fields if (d := declared(f)) and d.column is not Column.FREE]
    return sorted(fields, key=lambda f: f.column or "")


def proving() -> list[type[Row]]:
    return [m for m in rows() if watched(m)]


def can_be_emptied(model: type[Row]) -> bool:
    return any(f.column == "shredded_in" for f in model._meta.concrete_fields)


def change(model: type[Row], field: "models.Field[Any, Any]", emptied: bool) -> bool:
    """Change a column of one row, a living one or one that was emptied; False where the table has none."""
    table, column = f'"{model._meta.db_table}"', f'"{field.column}"'
    with connections[model.store].cursor() as cursor:
        cursor.execute(
            "SELECT udt_name FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
            [model._meta.db_table, field.column],
        )
        kind = cursor.fetchone()[0]
        asked = f"WHERE shredded_in IS {'NOT' * emptied} NULL" if can_be_emptied(model) else ""
        which = f"(SELECT ctid FROM {table} {asked} ORDER BY {column} IS NULL, ctid LIMIT 1)"
        new = f"CASE WHEN {column} IS NULL THEN {FILLED[kind]} ELSE {CHANGED[kind].format(c=column)} END"
        cursor.execute(f"UPDATE {table} SET {column} = {new} WHERE ctid = {which}")
        return cursor.rowcount == 1


def test_the_whole_house_is_clean_and_leaves_no_table_empty(keys: list[Any]) -> None:
    assert all_findings(keys) == []
    empty = [m._meta.db_table for m in proving() if not m._base_manager.using(m.store).exists()]
    assert empty == []


def named_after(
    keys: list[Any], changes: list[tuple[type[Row], "models.Field[Any, Any]"]], *, emptied: bool = False
) -> set[str]:
    """Change these columns, run fsck once, undo; the columns changed and not named by it, as table.column."""
    with undone():
        changed = {m._meta.db_table: f.column for m, f in changes if change(m, f, emptied)}
        named = {f.table for f in all_findings(keys)}
    # A row of the index is named by the segment that it belongs to.
    named |= {"archive_segment_row"} if "archive_segment" in named else set()
    return {f"{table}.{column}" for table, column in changed.items() if table not in named}


def round_by_round(keys: list[Any], models: list[type[Row]], *, emptied: bool) -> tuple[set[str], set[str]]:
    """Change all tables at once, one column of each a round; what one change hides of another again alone.

    The columns that were hidden in their round, and those that nothing names even alone.
    """
    hidden: set[str] = set()
    with as_owner():
        for n in range(max(len(watched(m)) for m in models)):
            some = [(m, watched(m)[n]) for m in models if n < len(watched(m))]
            hidden |= named_after(keys, some, emptied=emptied)
        alone = [(m, f) for m in models for f in watched(m) if f"{m._meta.db_table}.{f.column}" in hidden]
        return hidden, {name for m, f in alone for name in named_after(keys, [(m, f)], emptied=emptied)}


def test_one_run_names_every_column_that_was_changed(keys: list[Any]) -> None:
    hidden, unnamed = round_by_round(keys, proving(), emptied=False)
    assert unnamed == set()
    assert len(hidden) < 12


def test_every_column_of_an_emptied_row_is_named_when_it_is_changed(keys: list[Any]) -> None:
    """What a destruction leaves is sealed as well, and what it took cannot be put back unseen."""
    models = [m for m in proving() if can_be_emptied(m) and m._base_manager.filter(shredded_in__isnull=False)]
    assert {m._meta.db_table for m in models} >= {"archive_item", "archive_media", "ledger_part"}
    unnamed = round_by_round(keys, models, emptied=True)[1]
    assert unnamed <= {f"ledger_part.{name}" for name in NAMED_ELSEWHERE}


@pytest.mark.parametrize("name", NAMED_ELSEWHERE)
def test_what_an_emptied_part_can_no_longer_show_is_named_by_its_entry_or_its_row(
    keys: list[Any], name: str
) -> None:
    with as_owner():
        assert change(Part, Part._meta.get_field(name), emptied=True)
        found = {f.table for f in all_findings(keys)}
    assert found & {"ledger_entry", *(m._meta.db_table for m in proving() if can_be_emptied(m))}


def test_one_run_names_every_table_that_lost_a_row(keys: list[Any]) -> None:
    """The log's own row apart: without it nothing can be checked at all, and fsck says so."""
    lost = [m for m in proving() if m._meta.db_table != "ledger_log"]
    with as_owner():
        with undone():
            for m in lost:
                _lose_a_row(m)
            named = {f.table for f in all_findings(keys)}
        hidden = [m for m in lost if m._meta.db_table not in named]
        for m in hidden:
            with undone():
                _lose_a_row(m)
                assert all_findings(keys) != [], m._meta.db_table
    assert len(hidden) < 6


def _lose_a_row(m: type[Row]) -> None:
    table = f'"{m._meta.db_table}"'
    with connections[m.store].cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE ctid = (SELECT ctid FROM {table} ORDER BY ctid LIMIT 1)")


def test_one_run_names_every_table_that_gained_a_row(keys: list[Any]) -> None:
    """A copy of a row under another key: the attacker's easiest forgery."""
    with as_owner():
        for m in [m for m in proving() if m.parted]:
            table, key = f'"{m._meta.db_table}"', m._meta.pk.column
            columns = [f'"{f.column}"' for f in m._meta.concrete_fields]
            with connections[m.store].cursor() as cursor:
                cursor.execute(
                    "SELECT udt_name FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
                    [m._meta.db_table, key],
                )
                new = CHANGED[cursor.fetchone()[0]].format(c=f'"{key}"')
                picked = [new if c == f'"{key}"' else c for c in columns]
                cursor.execute(
                    f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(picked)} FROM {table} LIMIT 1"
                )
        named = {f.table for f in all_findings(keys)}
    assert {m._meta.db_table for m in proving() if m.parted} - named == set()
