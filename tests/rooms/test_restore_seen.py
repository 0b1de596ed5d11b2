"""What somebody saw is held against whichever of backup and outside copy reaches as far, in every order."""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

import pytest

from jieli.ledger import queries
from jieli.ledger.ports import Conflict, Cosigned, Refused
from jieli.ledger.restoring import Forked
from jieli.wiring import backup as backups
from jieli.wiring import restored_keys, seen, signer
from jieli.wiring.copies import Copies
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from jieli.wiring.restoring import TailLost
from jieli.wiring.seen import Asked, Judged, judge
from seal import checkpoint
from seal.checkpoint import Checkpoint
from seal.errors import SealError
from seal.keys import Signer, parse_signer
from seal.tree import verify_consistency
from tests.conftest import NOW, ORIGIN
from tests.rooms.test_restore import elsewhere, events, lose, old, restored

__all__ = ["elsewhere", "old"]
STAGES = (0, 1, 2)


@dataclass
class Stages:
    """Copies and checkpoints of one log at three sizes; what somebody saw at each, true and of another history."""

    profile: Profile
    folder: Path
    sizes: list[int]

    def asked(self, backed_up: int, outside: int) -> Asked:
        manifest, home = backups.read(self.folder / f"copy{backed_up}"), home_of(self.profile)
        there, believed = restored_keys.opened(home, manifest, self.folder / f"outside{outside}")
        copies = Copies(manifest, there)
        copies.check()
        return Asked(
            copies, restored_keys.trusted(home, manifest), restored_keys.held(home, ORIGIN), believed.at
        )

    def judged(self, asked: Asked, *shown: Path) -> Judged:
        return judge(self.profile, asked, shown, at=NOW, without_witness=False)

    def true(self, stage: int) -> Path:
        return self.folder / f"seen{stage}"

    def forged(self, stage: int) -> Path:
        path = self.folder / f"forged{stage}"
        head = Checkpoint(ORIGIN, self.sizes[stage], bytes([stage]) * 32)
        path.write_bytes(checkpoint.sign(head, mine(self.profile)))
        return path


def mine(profile: Profile) -> Signer:
    return parse_signer((profile.home / "signer" / "log.key").read_text().strip())


@pytest.fixture
def stages(old: Profile, tmp_path: Path) -> Stages:
    made = Stages(old, tmp_path, [])
    for stage in STAGES:
        events(3)
        signer.sign_once(old, at=NOW + 5 + stage)
        backups.backup(old, tmp_path / f"copy{stage}", at=NOW + 6 + stage)
        backups.export(old, tmp_path / f"outside{stage}", for_restore=True)
        last = queries.last_checkpoint()
        assert last is not None
        made.true(stage).write_text(last.note)
        made.sizes.append(last.size)
    return made


def test_a_fork_is_seen_as_far_as_either_copy_reaches_and_beyond_both_the_range_is_lost(
    stages: Stages,
) -> None:
    for backed_up, outside in product(STAGES, STAGES):
        asked, reach = stages.asked(backed_up, outside), max(backed_up, outside)
        for stage in STAGES[: reach + 1]:
            judged = stages.judged(asked, stages.true(stage))
            assert (judged.ahead, judged.most, judged.reach) == ("", stages.sizes[stage], stages.sizes[reach])
            with pytest.raises(Forked) as refused:
                stages.judged(asked, stages.true(stage), stages.forged(stage))
            whose = "外部副本" if stage <= outside else "备份"
            assert f"前 {stages.sizes[stage]} 条与{whose}不同" in refused.value.sentence
        for stage in STAGES[reach + 1 :]:
            judged = stages.judged(asked, stages.true(stage))
            assert (judged.ahead, judged.most) == (f"seen{stage}", stages.sizes[stage])
            assert judged.lost == f"第 {stages.sizes[reach]} 至 {stages.sizes[stage] - 1} 条"


@dataclass
class Remembers:
    """A witness that saw the log up to a stage, and checks what it is shown as every witness does."""

    name: str
    size: int
    root: bytes

    def add_checkpoint(self, *, old: int, proof: list[bytes], note: str) -> Cosigned | Conflict:
        if old != self.size:
            return Conflict(self.size)
        head, _ = checkpoint.parse(note.encode())
        try:
            verify_consistency(old=old, size=head.size, old_root=self.root, root=head.root, path=proof)
        except SealError as error:
            raise Refused("它见过的不是这一份。", remedy="请核对。") from error
        return Cosigned(())


def test_a_witness_that_is_asked_is_shown_a_proof_by_whichever_copy_reaches_further(stages: Stages) -> None:
    for backed_up, outside in product(STAGES, STAGES):
        asked = stages.asked(backed_up, outside)
        for stage in STAGES[: max(backed_up, outside) + 1]:
            size = stages.sizes[stage]
            assert seen._ask(Remembers("w", size, asked.copies.root(size)), asked, at=NOW) == size
            with pytest.raises(Forked):
                seen._ask(Remembers("w", size, b"\7" * 32), asked, at=NOW)


def test_a_restore_says_which_entries_are_lost_and_loads_nothing_of_a_fork(
    stages: Stages, elsewhere: Profile
) -> None:
    forged, true = stages.forged(1), stages.true(2)
    lose(stages.profile, elsewhere)
    with pytest.raises(Forked):
        restored(elsewhere, stages.folder / "copy2", stages.folder / "outside0", shown=[forged])
    with pytest.raises(TailLost) as refused:
        restored(elsewhere, stages.folder / "copy1", stages.folder / "outside0", shown=[true])
    assert f"第 {stages.sizes[1]} 至 {stages.sizes[2] - 1} 条已经丢失" in refused.value.sentence
    assert not (elsewhere.home / "restoring").exists()
    back = restored(elsewhere, stages.folder / "copy2", stages.folder / "outside0", shown=[true])
    assert (back.clean, back.judged.ahead) == (True, "")
