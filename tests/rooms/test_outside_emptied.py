"""What was emptied in the book is closed in the copy outside too, and the copy still verifies (ADR 19, ADR 30)."""

from pathlib import Path

from jieli.archive import operations
from jieli.archive.policy import MAIN_BACKUP_DAYS
from jieli.kernel.times import DAY
from jieli.ledger.operations import book
from jieli.ledger.outside import OPENED, Outside, companion, open_outside
from jieli.wiring import backup as backups
from jieli.wiring import signer
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from tests.conftest import NOW
from tests.rooms.rows_of_cases import BY, LONG_AGO, NAME, consents, put, step
from tests.rooms.test_archive_erasure import spellings
from tests.rooms.test_restore import elsewhere, findings, lose, old, restored
from tests.rooms.test_retention_papers import staff

__all__ = ["elsewhere", "old"]
WHY = {"reason": "每季清理", "by": "person:desk"}


def withdrawn(at: int) -> None:
    """Somebody withdraws, in words that bear his name."""
    who = staff()
    put(*consents(who), at=LONG_AGO)
    with book(at=at) as b:
        facts = {"means": "会话存档"}
        b.entry("consent.withdraw", by=BY, facts=facts).insert(step(who, step="撤回", claimed_at=at))


def copied(profile: Profile, directory: Path, *, at: int) -> bytes:
    """The opened lines of the copy after everything was signed and exported."""
    signer.sign_once(profile, at=at)
    backups.export(profile, directory, for_restore=True)
    return (companion(directory) / OPENED).read_bytes()


def read(profile: Profile, directory: Path) -> Outside:
    return open_outside(directory, signer.public_keys(home_of(profile)))


def named(told: bytes) -> bool:
    return any(word in told for word in spellings(NAME))


def test_the_words_of_a_withdrawal_leave_the_copy_outside_with_the_first_export_after_they_were_emptied(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    withdrawn(LONG_AGO)
    assert named(copied(old, tmp_path / "outside", at=NOW))
    operations.run_class(code="consent", at=NOW + 1, **WHY)
    done = backups.backup(old, tmp_path / "copy", at=NOW + 2)
    told = copied(old, tmp_path / "outside", at=NOW + 3)
    assert not named(told)
    there = read(old, tmp_path / "outside")
    [closed] = there.opened(0, there.head.size, kind="consent.withdraw")
    assert (closed.facts, closed.rows, closed.parts) == ({"by": BY, "means": "会话存档"}, (), ())
    assert told == copied(old, tmp_path / "outside", at=NOW + 4)
    lose(old, elsewhere)
    back = restored(elsewhere, done.directory, tmp_path / "outside")
    assert (back.clean, findings(elsewhere)) == (True, [])


def test_a_line_that_a_backup_may_still_need_stays_open_until_the_last_such_backup_is_gone(
    old: Profile, tmp_path: Path
) -> None:
    withdrawn(LONG_AGO)
    copied(old, tmp_path / "outside", at=LONG_AGO + DAY)
    operations.run_class(code="consent", at=NOW, **WHY)
    aged = NOW - LONG_AGO
    backups.outside.keep_open(
        tmp_path / "outside", backups.KEPT, upto=read(old, tmp_path / "outside").head.size, backups_ms=aged
    )
    assert named((companion(tmp_path / "outside") / OPENED).read_bytes())
    assert aged > MAIN_BACKUP_DAYS * DAY
    assert not named(copied(old, tmp_path / "outside", at=NOW + 1))
