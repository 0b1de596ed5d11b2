"""A restore across a rotation of the log's keys: what either key signed is believed, and the log can be signed on."""

import shutil
from pathlib import Path

import pytest

from jieli.archive import operations as archive
from jieli.archive.keys import ring as keyrings
from jieli.ledger import log_keys, queries
from jieli.ledger.log_keys import Step
from jieli.ledger.outside import OutsideDamaged
from jieli.wiring import backup as backups
from jieli.wiring import log_rotation, signer
from jieli.wiring.backup import Backup
from jieli.wiring.profile import Profile
from jieli.wiring.restoring import TailLost
from jieli.wiring.seen import NotShown
from seal import note, policy
from seal.keys import ED25519, MLDSA, generate, parse_vkey
from tests.conftest import NOW, ORIGIN, _empty
from tests.rooms.test_archive_samples import keep
from tests.rooms.test_restore import Killed, dying_at, elsewhere, events, findings, old, restored, said

__all__ = ["elsewhere", "old"]
BY, NEW = "person:desk", "test.jieli.example/log/2"


@pytest.fixture
def items(old: Profile) -> list[int]:
    ids = keep([said(n) for n in range(4)])
    signer.sign_once(old, at=NOW + 1)
    return ids


def copied(old: Profile, path: Path) -> Backup:
    return backups.backup(old, path, at=NOW + 2)


def exported(old: Profile, path: Path) -> Path:
    backups.export(old, path, for_restore=True)
    return path


def rotated(old: Profile, *, also: tuple[int, ...] = ()) -> tuple[str, ...]:
    """New keys take the place of the old ones, which are destroyed; the new vkeys."""
    log_rotation.begin(old, also=also, by=BY, at=NOW + 3)
    signer.sign_once(old, at=NOW + 4)
    done = log_rotation.finish(old, by=BY, at=NOW + 5)
    log_rotation.destroy(old)
    signer.sign_once(old, at=NOW + 6)
    return done.new


def carried(old: Profile, new: Profile, *, with_policy: bool) -> None:
    """The old machine is gone. A person carries over root key and signing keys, and the policy or not."""
    _empty()
    keyrings.restore(new.home, keyrings.load(old.home).root)
    shutil.copytree(old.home / "signer", new.home / "signer")
    if with_policy:
        shutil.copy2(old.home / "trust.policy", new.home / "trust.policy")


def lines() -> list[str]:
    """The ids of the keys that signed the newest checkpoint."""
    last = queries.last_checkpoint()
    assert last is not None
    return [line.id.hex() for line in note.parse(last.note.encode()).signatures]


def ids(vkeys: tuple[str, ...]) -> list[str]:
    return [parse_vkey(vkey).id.hex() for vkey in vkeys]


def named(home: Path) -> list[str]:
    return [key.id.hex() for key in policy.parse((home / "trust.policy").read_bytes()).logs]


def test_a_copy_of_before_is_taken_into_a_house_that_names_the_new_key_alone(
    old: Profile, elsewhere: Profile, items: list[int], tmp_path: Path
) -> None:
    copy, outside = copied(old, tmp_path / "copy"), exported(old, tmp_path / "outside")
    seen = tmp_path / "cosigned"
    last = queries.last_checkpoint()
    assert last is not None
    seen.write_text(last.note)
    first = lines()
    new = rotated(old)
    carried(old, elsewhere, with_policy=True)
    assert named(elsewhere.home) == ids(new)
    # Both entries about the keys were lost with the tail; the log names the change again, for the old key is gone.
    back = restored(elsewhere, copy.directory, outside, shown=[seen])
    assert (back.clean, back.judged.asked) == (True, ("cosigned",))
    assert [(c.step, ids(c.old), ids(c.new)) for c in log_keys.changes()] == [
        (Step.BEGUN, first, ids(new)),
        (Step.FINISHED, first, ids(new)),
    ]
    signer.sign_once(elsewhere, at=NOW + 30)
    assert lines() == named(elsewhere.home) == ids(new)
    assert findings(elsewhere) == []


def test_a_copy_of_after_is_taken_into_a_house_that_has_only_the_backup_of_before(
    old: Profile, elsewhere: Profile, items: list[int], tmp_path: Path
) -> None:
    copy = copied(old, tmp_path / "copy")
    first = lines()
    new = rotated(old, also=(MLDSA,))
    archive.shred_items(items=items[:1], reason="本人请求删除", by=BY, at=NOW + 7)
    signer.sign_once(old, at=NOW + 8)
    outside = exported(old, tmp_path / "outside")
    said = log_keys.changes()
    carried(old, elsewhere, with_policy=False)
    back = restored(elsewhere, copy.directory, outside)
    # What the log says of its keys came back with the tail, word for word.
    assert (back.clean, back.items, log_keys.changes()) == (True, 1, said)
    signer.sign_once(elsewhere, at=NOW + 30)
    assert lines() == named(elsewhere.home) == ids(new)
    retired = [
        line for line in (elsewhere.home / "trust.policy").read_text().splitlines() if "# retired" in line
    ]
    assert [parse_vkey(line.split()[2]).id.hex() for line in retired] == first
    assert findings(elsewhere) == []


def test_a_copy_of_before_goes_with_a_backup_of_after(
    old: Profile, elsewhere: Profile, items: list[int], tmp_path: Path
) -> None:
    outside = exported(old, tmp_path / "outside")
    new = rotated(old)
    copy = copied(old, tmp_path / "copy")
    carried(old, elsewhere, with_policy=False)
    assert restored(elsewhere, copy.directory, outside).clean
    assert len(log_keys.changes()) == 2
    signer.sign_once(elsewhere, at=NOW + 30)
    assert lines() == ids(new)


def test_a_rotation_whose_end_alone_is_lost_is_finished_again(
    old: Profile, elsewhere: Profile, items: list[int], tmp_path: Path
) -> None:
    log_rotation.begin(old, by=BY, at=NOW + 3)
    signer.sign_once(old, at=NOW + 4)
    copy, outside = copied(old, tmp_path / "copy"), exported(old, tmp_path / "outside")
    done = log_rotation.finish(old, by=BY, at=NOW + 5)
    log_rotation.destroy(old)
    carried(old, elsewhere, with_policy=False)
    assert restored(elsewhere, copy.directory, outside).clean
    assert [c.step for c in log_keys.changes()] == [Step.BEGUN, Step.FINISHED]
    signer.sign_once(elsewhere, at=NOW + 30)
    assert lines() == named(elsewhere.home) == ids(done.new)
    assert findings(elsewhere) == []


def test_a_checkpoint_of_either_key_is_recognised_and_a_new_log_leaves_both_keys_known(
    old: Profile, elsewhere: Profile, items: list[int], tmp_path: Path
) -> None:
    copy, outside = copied(old, tmp_path / "copy"), exported(old, tmp_path / "outside")
    events(2)
    signer.sign_once(old, at=NOW + 3)
    notes = []
    before = queries.last_checkpoint()
    new = rotated(old)
    after = queries.last_checkpoint()
    for name, one in (("of-the-old-key", before), ("of-the-new-key", after)):
        assert one is not None
        notes.append(tmp_path / name)
        notes[-1].write_text(one.note)
    assert before is not None and after is not None
    carried(old, elsewhere, with_policy=True)
    for one, size in zip(notes, (before.size, after.size), strict=True):
        with pytest.raises(TailLost) as refused:
            restored(elsewhere, copy.directory, outside, shown=[one])
        assert f"见过 {size} 条" in refused.value.sentence
    stranger = tmp_path / "of-a-stranger"
    text = notes[0].read_text().split("\n\n")[0] + "\n"
    stranger.write_bytes(note.sign(text.encode(), [generate(ORIGIN)]))
    with pytest.raises(NotShown):
        restored(elsewhere, copy.directory, outside, shown=[stranger])
    back = restored(elsewhere, copy.directory, outside, shown=notes, new_origin=NEW)
    assert (back.clean, back.judged.most) == (True, after.size)
    assert named(elsewhere.home) == [*ids((back.vkey,)), *ids(new)]
    signer.sign_once(elsewhere, at=NOW + 30)
    assert findings(elsewhere) == []


def test_a_new_log_bears_lines_of_the_kinds_that_signed_the_old_one(
    old: Profile, elsewhere: Profile, items: list[int], tmp_path: Path
) -> None:
    before = rotated(old, also=(MLDSA,))
    copy, outside = copied(old, tmp_path / "copy"), exported(old, tmp_path / "outside")
    events(2)
    signer.sign_once(old, at=NOW + 10)
    seen = tmp_path / "cosigned"
    last = queries.last_checkpoint()
    assert last is not None
    seen.write_text(last.note)
    carried(old, elsewhere, with_policy=True)
    for place in ("restore.after_new_key", "restore.after_policy", "restore.after_old_key"):
        with dying_at(place), pytest.raises(Killed):
            restored(elsewhere, copy.directory, outside, shown=[seen], new_origin=NEW)
    back = restored(elsewhere, copy.directory, outside, shown=[seen], new_origin=NEW)
    assert back.clean
    [named_then] = log_keys.changes()
    assert (named_then.step, named_then.new[0]) == (Step.NAMED, back.vkey)
    assert [parse_vkey(vkey).kind for vkey in named_then.new] == [ED25519, MLDSA]
    new = ids(named_then.new)
    assert lines() == new
    assert named(elsewhere.home) == [*new, *ids(before)]
    folder = elsewhere.home / "signer"
    assert {p.name for p in folder.glob("*.key")} == {"log.key", "log.mldsa.key"}
    assert {p.stem for p in (folder / "retired").glob("*.key")} == set(ids(before))
    events(1)
    signer.sign_once(elsewhere, at=NOW + 30)
    assert lines() == new
    assert findings(elsewhere) == []


def test_a_copy_that_no_key_at_hand_signed_is_refused(
    old: Profile, elsewhere: Profile, items: list[int], tmp_path: Path
) -> None:
    copy = copied(old, tmp_path / "copy")
    rotated(old)
    outside = exported(old, tmp_path / "outside")
    carried(old, elsewhere, with_policy=False)
    shutil.rmtree(elsewhere.home / "signer")
    with pytest.raises(OutsideDamaged):
        restored(elsewhere, copy.directory, outside)
