"""A house in which no table is empty goes into a backup and comes back, row by row (ADR 19)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db import connections

from jieli.ledger.tables import rows
from jieli.wiring import backup as backups
from jieli.wiring import keys, restoring, signer
from jieli.wiring import ports as wired
from jieli.wiring.databases import STORE_OWNERS
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile, read_profile
from seal.keys import COSIGNATURE, generate
from tests.conftest import ORIGIN
from tests.rooms.company import BEGIN
from tests.rooms.test_restore import elsewhere, lose
from tests.rooms.whole_house import WITNESS, build
from tests.rooms.whole_leaving import END

__all__ = ["elsewhere"]
Tables = dict[str, list[str]]


def tables() -> Tables:
    """Every row of every table of the house, as text."""
    found = {}
    for model in rows():
        name = model._meta.db_table
        with connections[STORE_OWNERS[model.store]].cursor() as cursor:
            cursor.execute(f'SELECT t::text FROM "{name}" t ORDER BY 1')
            found[name] = [text for (text,) in cursor.fetchall()]
    return found


def lost_house(home: Path, new: Profile, copy: Path, outside: Path) -> Tables:
    """Build the whole house, back it up with all that is signed, and lose it; what it had."""
    profile = read_profile({"JIELI_HOME": str(home)})
    keys.init(profile, origin=ORIGIN, witness_lines=[], at=BEGIN)
    wired.fill(profile, at=BEGIN)
    build(home, signer.read_key(home_of(profile)), generate(WITNESS, kind=COSIGNATURE))
    signer.sign_once(profile, at=END)
    backups.backup(profile, copy, at=END)
    backups.export(profile, outside, for_restore=True)
    had = tables()
    lose(profile, new)
    return had


def test_every_table_of_a_whole_house_comes_back_row_by_row(
    elsewhere: Profile, owner_sql: Callable[..., Any], tmp_path: Path
) -> None:
    had = lost_house(tmp_path / "old", elsewhere, tmp_path / "copy", tmp_path / "outside")
    assert sorted(name for name, found in had.items() if not found) == []
    # As the tables of older backups have it: a decision that comes before its request is refused at once.
    key = "ALTER TABLE approvals_decision ALTER CONSTRAINT approvals_decision_true_applicant"
    owner_sql(f"{key} NOT DEFERRABLE")
    try:
        copy, outside = tmp_path / "copy", tmp_path / "outside"
        back = restoring.restore(elsewhere, copy, outside_directory=outside, at=END + 1)
    finally:
        owner_sql(f"{key} DEFERRABLE INITIALLY DEFERRED")

    assert back.clean
    now = tables()
    assert {name: gone for name, found in had.items() if (gone := set(found) - set(now[name]))} == {}
    # The entry that names the restore, and nothing else.
    more = {name: len(found) - len(had[name]) for name, found in now.items() if found != had[name]}
    assert more == {"ledger_entry": 1, "ledger_part": 1}
