"""A restore writes after what it restores: the demo's clock comes along with its backup, and no other is ever set."""

from dataclasses import replace
from pathlib import Path

import pytest

from jieli.kernel.times import DAY
from jieli.ledger import queries as ledger
from jieli.ledger.errors import ClockWentBack
from jieli.wiring import backup as backups
from jieli.wiring import dumping, restoring, signer
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from tests.conftest import NOW
from tests.rooms.test_archive_samples import keep, sample
from tests.rooms.test_restore import elsewhere, lose, old

__all__ = ["elsewhere", "old"]
#: What the demo's clock shows, while the machine's shows NOW.
THEN = NOW + 20 * DAY


def lost(old: Profile, new: Profile, folder: Path) -> None:
    """A backup of what was written by a clock that is far ahead, an entry after it, an export, and the loss."""
    keep([sample(1)], at=THEN)
    signer.sign_once(old, at=THEN)
    backups.backup(old, folder / "copy", at=THEN)
    keep([sample(2)], at=THEN + DAY)
    signer.sign_once(old, at=THEN + DAY)
    backups.export(old, folder / "outside", for_restore=True)
    lose(old, new)


def restored(new: Profile, folder: Path) -> restoring.Restored:
    return restoring.restore(new, folder / "copy", outside_directory=folder / "outside", at=NOW)


def test_the_clock_of_a_demo_comes_along_with_its_backup(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    home_of(old).demo_clock.write_text(str(THEN))
    lost(old, elsewhere, tmp_path)
    assert restored(elsewhere, tmp_path).clean
    assert home_of(elsewhere).demo_clock.read_text() == str(THEN + DAY)
    assert ledger.head(ledger.live_log()).time == THEN + DAY


def test_a_demos_clock_that_stands_in_the_home_is_not_set_anew(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    home_of(old).demo_clock.write_text(str(THEN))
    lost(old, elsewhere, tmp_path)
    home_of(elsewhere).demo_clock.write_text(str(NOW))
    with pytest.raises(ClockWentBack):
        restored(elsewhere, tmp_path)  # at NOW, as that clock says
    assert home_of(elsewhere).demo_clock.read_text() == str(NOW)


@pytest.mark.parametrize(("backed_up_as", "restored_as"), [("real", "demo"), ("demo", "production")])
def test_no_other_clock_is_set_and_nothing_is_loaded_by_one_that_is_behind(
    old: Profile, elsewhere: Profile, tmp_path: Path, backed_up_as: str, restored_as: str
) -> None:
    clock = {"demo": home_of(old).demo_clock}.get(backed_up_as, tmp_path / "no-clock")
    clock.write_text(str(THEN))
    lost(old, elsewhere, tmp_path)
    with pytest.raises(ClockWentBack) as refused:
        restored(replace(elsewhere, name=restored_as), tmp_path)
    assert "demo-clock" in refused.value.remedy
    assert "未载入任何内容" in refused.value.sentence
    assert dumping.is_empty("default")
    assert dumping.is_empty("keys")
    assert not home_of(elsewhere).demo_clock.exists()
