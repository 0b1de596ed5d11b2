"""A copy for a restore that still holds what was emptied is told, until an export has emptied it too (ADR 19)."""

import json
import shutil
from pathlib import Path

from jieli.archive import operations
from jieli.kernel.times import DAY
from jieli.ledger.operations import book
from jieli.ledger.outside import companion
from jieli.wiring import outside_copy, signer, stale_copies
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from jieli.wiring.stale_copies import Copy
from tests.conftest import NOW
from tests.rooms.rows_of_cases import BY, LONG_AGO, step
from tests.rooms.test_outside_emptied import WHY, withdrawn
from tests.rooms.test_restore import old
from tests.rooms.test_retention_papers import staff

__all__ = ["old"]


def copied(profile: Profile, directory: Path, *, at: int) -> None:
    signer.sign_once(profile, at=at)
    assert outside_copy.export(profile, directory, for_restore=True).covered


def test_a_copy_is_stale_from_the_emptying_to_the_next_export_to_it(old: Profile, tmp_path: Path) -> None:
    withdrawn(LONG_AGO)
    for name in ("one", "two"):
        copied(old, tmp_path / name, at=NOW)
    assert stale_copies.stale(old) == []
    operations.run_class(code="consent", at=NOW + 1, **WHY)
    told = [Copy(tmp_path / name, stale=1, later=0, seen=True) for name in ("one", "two")]
    assert stale_copies.stale(old) == told
    copied(old, tmp_path / "one", at=NOW + 2)
    assert stale_copies.stale(old) == told[1:]


def test_a_copy_that_cannot_be_looked_at_is_told_and_one_from_after_the_emptying_is_not(
    old: Profile, tmp_path: Path
) -> None:
    withdrawn(LONG_AGO)
    copied(old, tmp_path / "away", at=NOW)
    operations.run_class(code="consent", at=NOW + 1, **WHY)
    copied(old, tmp_path / "fresh", at=NOW + 2)
    for name in ("away", "fresh"):
        shutil.rmtree(companion(tmp_path / name))
    assert stale_copies.stale(old) == [Copy(tmp_path / "away", stale=1, later=0, seen=False)]


def test_what_a_backup_may_still_need_is_told_as_later(old: Profile, tmp_path: Path) -> None:
    said = step(staff(), step="撤回", claimed_at=LONG_AGO)
    with book(at=NOW - 10 * DAY) as b:
        b.entry("consent.withdraw", by=BY, facts={"means": "会话存档"}).insert(said)
    copied(old, tmp_path / "copy", at=NOW - 9 * DAY)
    operations.run_class(code="consent", at=NOW, **WHY)
    signer.sign_once(old, at=NOW)
    assert stale_copies.stale(old) == [Copy(tmp_path / "copy", stale=0, later=1, seen=True)]
    copied(old, tmp_path / "copy", at=NOW + 1)
    assert stale_copies.stale(old) == [Copy(tmp_path / "copy", stale=0, later=1, seen=True)]


def test_the_note_has_paths_and_numbers_only_and_is_the_owners(old: Profile, tmp_path: Path) -> None:
    withdrawn(LONG_AGO)
    copied(old, tmp_path / "one", at=NOW)
    path = home_of(old).root / stale_copies.REMEMBERED
    [(where, said)] = json.loads(path.read_text()).items()
    assert (where, set(said), path.stat().st_mode & 0o777) == (str(tmp_path / "one"), {"log", "size"}, 0o600)
