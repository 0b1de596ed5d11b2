"""Changes drawn by lot that the owner of the database makes: fsck names the table and the row of each.

Every run of the suite makes 200 of them, `make faults` 10,000 (JIELI_TAMPERINGS). The seed is printed when one is
missed. One run of fsck judges a change in every table at once; what one of them hides of another is judged alone.
"""

import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, models
from django.db.backends.utils import CursorWrapper

from jieli.connectors.stamp.demo import ROOT_FILE
from jieli.ledger import checkpoints, checks, fsck
from jieli.ledger.fsck import Finding
from jieli.ledger.operations import book
from jieli.ledger.tables import Row
from seal import timestamp
from seal.keys import Signer, generate
from tests.conftest import NOW, ORIGIN
from tests.rooms.company import vault
from tests.rooms.test_fsck_everything import (
    CHANGED,
    FILLED,
    all_findings,
    as_owner,
    keys,
    proving,
    signers,
    undone,
    watched,
)

__all__ = ["keys", "signers", "vault"]
NUMBER = int(os.environ.get("JIELI_TAMPERINGS", "200"))
SEED = int(os.environ.get("JIELI_SEED", "20260921"))
#: A row of the index is named by the segment that it belongs to.
NAMED_BY = {"archive_segment_row": "archive_segment"}
#: fsck verified each of these under the authority's root; what it lets pass must still say the same.
STAMPS = "ledger_timestamp.response "
#: The log's own row is named by the origin that it claims.
BY_TABLE = {"ledger_log"}


@dataclass(frozen=True)
class Change:
    """A column of one row that was changed, and how the row is called."""

    model: type[Row]
    field: "models.Field[Any, Any]"
    ctid: str
    row: str
    new: str

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def place(self) -> str:
        return f"{self.table}.{self.field.column} of {self.row}: {self.new}"


@dataclass
class Count:
    """What came of all changes."""

    changed: int = 0
    named: int = 0
    alone: int = 0  # so many needed a run of their own
    harmless: int = 0
    missed: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)  # found, but not under the row's name
    columns: set[str] = field(default_factory=set)


def kinds(cursor: CursorWrapper) -> dict[tuple[str, str], str]:
    cursor.execute(
        "SELECT table_name, column_name, udt_name FROM information_schema.columns WHERE table_schema = 'public'"
    )
    return {(table, column): kind for table, column, kind in cursor.fetchall()}


def other_bytes(rng: random.Random) -> str:
    place, bit = rng.randrange(1 << 20), 1 << rng.randrange(8)
    at = f"({place} % octet_length({{c}}))"
    return (
        f"CASE WHEN octet_length({{c}}) = 0 THEN '\\x00'::bytea"
        f" ELSE set_byte({{c}}, {at}, get_byte({{c}}, {at}) # {bit}) END"
    )


def other_text(rng: random.Random) -> str:
    place, letter = rng.randrange(1 << 10), rng.choice("甲乙丙xyz019 ")
    cut = f"({place} % (length({{c}}) + 1))"
    return f"left({{c}}, {cut}) || '{letter}' || substr({{c}}, {cut} + 1)"


def other_number(most: int) -> Callable[[random.Random], str]:
    return lambda rng: f"{{c}} {rng.choice('+-')} {rng.randrange(1, most)}"


OTHER: dict[str, Callable[[random.Random], str]] = {
    "bytea": other_bytes,
    "text": other_text,
    "int8": other_number(10**9),
    "int4": other_number(10**6),
    "int2": other_number(10**3),
    "date": other_number(10**3),
}


def draw(rng: random.Random, model: type[Row], known: dict[tuple[str, str], str]) -> Change | None:
    """A column, a row and a new value by lot; None where the table is empty."""
    column = rng.choice(watched(model))
    table, name = str(model._meta.db_table), f'"{column.column}"'
    pk = " || '/' || ".join(f'"{f.column}"::text' for f in model._meta.pk_fields)
    with connections[model.store].cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table}"')
        if not (rows := cursor.fetchone()[0]):
            return None
        offset = rng.randrange(rows)
        cursor.execute(f'SELECT ctid::text, {pk} FROM "{table}" ORDER BY ctid LIMIT 1 OFFSET {offset}')
        ctid, row = cursor.fetchone()
    kind = known[table, str(column.column)]
    made = OTHER.get(kind, lambda rng: CHANGED[kind])(rng).format(c=name)
    return Change(model, column, ctid, row, f"CASE WHEN {name} IS NULL THEN {FILLED[kind]} ELSE {made} END")


def apply(change: Change) -> None:
    with connections[change.model.store].cursor() as cursor:
        column = f'"{change.field.column}"'
        cursor.execute(f"UPDATE \"{change.table}\" SET {column} = {change.new} WHERE ctid = '{change.ctid}'")
        assert cursor.rowcount == 1, change.place


Fsck = Callable[[], list[Finding]]


def found_after(run: Fsck, changes: Sequence[Change]) -> dict[str, list[str]]:
    """Make these changes, run fsck once, undo them; the rows that it names, by table."""
    found: dict[str, list[str]] = {}
    with undone():
        for change in changes:
            apply(change)
        for finding in run():
            found.setdefault(finding.table, []).append(str(finding.id))
    return found


def names(found: dict[str, list[str]], change: Change) -> bool:
    """Whether fsck names the row, or for a key of it that was changed, a row that is missing or one too many."""
    rows = found.get(NAMED_BY.get(change.table, change.table), [])
    keyed = change.field.column in {f.column for f in change.model._meta.pk_fields}
    if keyed or change.table in BY_TABLE:
        return bool(rows)
    wanted = set(change.row.split("/"))
    return any((said := set(row.split("/"))) <= wanted or wanted <= said for row in rows if row)


def says_the_same(change: Change) -> bool:
    """Whether a changed stamp says the same as before: some bytes of its envelope are signed by nobody."""
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT response, {change.new} FROM ledger_timestamp WHERE ctid = '{change.ctid}'")
        before, after = (bytes(value) for value in cursor.fetchone())
    return timestamp.parse(before) == timestamp.parse(after)


def judge(run: Fsck, changes: Sequence[Change], count: Count) -> None:
    """One run for all of them; what it does not name has a run of its own."""
    found = found_after(run, changes)
    for change in changes:
        count.changed += 1
        count.columns.add(f"{change.table}.{change.field.column}")
        if names(found, change):
            count.named += 1
            continue
        count.alone += 1
        alone = found_after(run, [change])
        if names(alone, change):
            count.named += 1
        elif change.place.startswith(STAMPS) and says_the_same(change):
            count.harmless += 1
        elif alone:
            count.elsewhere.append(f"{change.place} {alone}")
        else:
            count.missed.append(change.place)


@pytest.fixture
def run_fsck(keys: list[Any], vault: Path) -> Fsck:
    """fsck as it is run where the authority's root certificate is installed."""
    roots = (vault / "tsa" / ROOT_FILE).read_bytes()
    signed = checks.checkpoint_checks(keys, roots)
    return lambda: [*all_findings(keys), *fsck.run(signed).findings]


def test_changes_drawn_by_lot_are_named(run_fsck: Fsck) -> None:
    rng, count = random.Random(SEED), Count()
    with as_owner():
        with connections["default"].cursor() as main, connections["keys"].cursor() as secrets:
            known = kinds(main) | kinds(secrets)
        while count.changed < NUMBER:
            drawn = [draw(rng, model, known) for model in proving()]
            judge(run_fsck, [change for change in drawn if change is not None], count)
    report(count)
    assert count.missed == [], f"seed {SEED}"
    assert count.elsewhere == [], f"seed {SEED}"


def report(count: Count) -> None:
    """For `make faults`, which prints the counts of all its parts together."""
    if path := os.environ.get("JIELI_FAULTS_REPORT"):
        told = {
            "seed": SEED, "changes": count.changed, "columns": len(count.columns), "named": count.named,
            "judged_alone": count.alone, "harmless_bytes_of_a_stamp": count.harmless, "missed": count.missed,
            "under_another_name": count.elsewhere,
        }  # fmt: skip
        Path(path).write_text(json.dumps(told, ensure_ascii=False, indent=1))


@pytest.fixture
def twice_signed(db: None) -> Signer:
    """A log with two signed heads."""
    made = generate(ORIGIN)
    checkpoints.first_checkpoint(made, at=NOW)
    for n in range(2):
        with book(at=NOW) as b:
            b.entry("access.note", by="system:test", facts={"n": n})
        checkpoints.sign_head(made, at=NOW)
    return made


_AGAIN = "SELECT note FROM ledger_checkpoint WHERE size = 1"
_COPY = "INSERT INTO ledger_checkpoint (log, size, root, note, signed_at)"
REPLAYED = [
    # An earlier head, rightly signed, under the size of the newest; under a size that was never signed; the newest
    # head with a signature line of a name that nobody knows.
    (f"UPDATE ledger_checkpoint SET note = ({_AGAIN}) WHERE size = 2", 2),
    (f"{_COPY} SELECT log, 9, root, note, signed_at FROM ledger_checkpoint WHERE size = 1", 9),
    (f"UPDATE ledger_checkpoint SET note = replace(note, '— {ORIGIN} ', '— x{ORIGIN} ') WHERE size = 2", 2),
]


@pytest.mark.parametrize(("statement", "size"), REPLAYED)
def test_a_checkpoint_that_is_shown_again_or_signed_by_a_stranger_is_named(
    statement: str, size: int, twice_signed: Signer, owner_sql: Callable[..., object]
) -> None:
    owner_sql(statement)
    found = fsck.run(checks.checkpoint_checks([twice_signed.vkey])).findings
    assert ("ledger.checkpoint_note", "ledger_checkpoint", str(size)) in {
        (f.code, f.table, f.id) for f in found
    }
