"""A house that holds the newest key alone learns who signed before, from what that key signed; from nothing else."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from jieli.ledger import log_keys, queries
from jieli.ledger.log_keys import Step
from jieli.ledger.models import Entry
from jieli.ledger.outside import OPENED, companion, open_outside
from jieli.wiring import backup as backups
from jieli.wiring import key_chain, restored_keys, signer
from jieli.wiring.backup import KEYS, MAIN, MANIFEST
from jieli.wiring.dumping import BackupDamaged, digest
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from jieli.wiring.restored_keys import RetiredKey, UnprovedKey
from jieli.wiring.seen import NotShown
from seal import note
from seal.keys import Signer, Vkey, generate, parse_signer, parse_vkey
from tests.conftest import NOW, ORIGIN
from tests.rooms.test_restore import elsewhere, events, findings, old, restored
from tests.rooms.test_restore_log_keys import carried, copied, exported, ids, lines, named, rotated

__all__ = ["elsewhere", "old"]
BY = "person:desk"


def key_of(profile: Profile) -> Signer:
    return parse_signer((profile.home / "signer" / "log.key").read_text().strip())


def newest() -> str:
    last = queries.last_checkpoint()
    assert last is not None
    return last.note


def signed_anew(directory: Path, *signers: Signer) -> None:
    """Whoever has these keys signs what lies there."""
    text = note.parse((directory / "checkpoint").read_bytes()).text
    (directory / "checkpoint").write_bytes(note.sign(text, signers))


def remembers_nothing(profile: Profile) -> None:
    """The policy of the house without what it says of retired keys."""
    path = profile.home / "trust.policy"
    left = [line for line in path.read_text().splitlines() if not line.startswith("# retired ")]
    path.write_text("".join(line + "\n" for line in left))


def remembered(home: Path) -> list[str]:
    return [
        parse_vkey(line.split()[2]).id.hex()
        for line in (home / "trust.policy").read_text().splitlines()
        if line.startswith("# retired ")
    ]


def test_a_copy_of_before_two_rotations_is_taken_by_a_house_that_knows_the_last_key_alone(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    events(2)
    signer.sign_once(old, at=NOW + 1)
    outside, first, seen = exported(old, tmp_path / "outside"), lines(), tmp_path / "cosigned"
    seen.write_text(newest())
    second = rotated(old)
    third = rotated(old)
    copy = copied(old, tmp_path / "copy")
    carried(old, elsewhere, with_policy=True)
    remembers_nothing(elsewhere)
    assert (named(elsewhere.home), remembered(elsewhere.home)) == (ids(third), [])
    back = restored(elsewhere, copy.directory, outside, shown=[seen])
    assert (back.clean, back.judged.asked, back.judged.ahead) == (True, ("cosigned",), "")
    assert named(elsewhere.home) == ids(third)
    assert set(remembered(elsewhere.home)) == {*first, *ids(second)}
    signer.sign_once(elsewhere, at=NOW + 30)
    assert findings(elsewhere) == []


def test_what_lies_outside_proves_the_keys_of_an_older_backup(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    events(2)
    signer.sign_once(old, at=NOW + 1)
    copy, first, seen = copied(old, tmp_path / "copy"), lines(), tmp_path / "cosigned"
    seen.write_text(newest())
    new = rotated(old)
    outside = exported(old, tmp_path / "outside")
    carried(old, elsewhere, with_policy=True)
    remembers_nothing(elsewhere)
    back = restored(elsewhere, copy.directory, outside, shown=[seen])
    assert (back.clean, back.judged.asked, log_keys.changes()[-1].step) == (
        True,
        ("cosigned",),
        Step.FINISHED,
    )
    assert (named(elsewhere.home), remembered(elsewhere.home)) == (ids(new), first)
    assert findings(elsewhere) == []


def test_a_key_that_only_the_copy_names_is_refused_by_name(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    events(2)
    signer.sign_once(old, at=NOW + 1)
    copy, honest = copied(old, tmp_path / "copy"), key_of(old)
    thief = generate(ORIGIN)
    # Somebody who could write into the book, or an export of it, makes a log in which his key had signed first.
    log_keys.enter(Step.BEGUN, old=[thief.vkey.format()], new=[honest.vkey.format()], by=BY, at=NOW + 3)
    log_keys.enter(Step.FINISHED, old=[thief.vkey.format()], new=[honest.vkey.format()], by=BY, at=NOW + 4)
    signer.sign_once(old, at=NOW + 5)
    outside = exported(old, tmp_path / "outside")
    signed_anew(outside, thief)
    carried(old, elsewhere, with_policy=True)
    with pytest.raises(UnprovedKey) as refused:
        restored(elsewhere, copy.directory, outside)
    assert (refused.value.code, thief.vkey.id.hex() in refused.value.sentence) == (
        "restore.unproved_key",
        True,
    )
    assert not (elsewhere.home / "restoring").exists()


def test_what_a_retired_key_signed_after_its_time_is_refused_by_name(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    events(2)
    signer.sign_once(old, at=NOW + 1)
    stolen = key_of(old)
    rotated(old)
    copy, seen = copied(old, tmp_path / "copy"), tmp_path / "cosigned"
    honest = exported(old, tmp_path / "honest")
    events(3)
    signer.sign_once(old, at=NOW + 10)
    outside = exported(old, tmp_path / "outside")
    signed_anew(outside, stolen)
    seen.write_bytes((outside / "checkpoint").read_bytes())
    carried(old, elsewhere, with_policy=True)
    assert remembered(elsewhere.home) == [
        stolen.vkey.id.hex()
    ]  # the policy remembers it, and believes it no more
    with pytest.raises(RetiredKey) as refused:
        restored(elsewhere, copy.directory, outside)
    assert (refused.value.code, stolen.vkey.id.hex() in refused.value.sentence) == (
        "restore.retired_key",
        True,
    )
    with pytest.raises(NotShown):
        restored(elsewhere, copy.directory, honest, shown=[seen])
    assert not (elsewhere.home / "restoring").exists()


@pytest.fixture
def manifest(old: Profile, tmp_path: Path) -> Callable[[], tuple[Path, list[Vkey]]]:
    """A backup of after a rotation that is not signed to its end, and the present key."""
    events(2)
    signer.sign_once(old, at=NOW + 1)
    rotated(old)

    def made() -> tuple[Path, list[Vkey]]:
        return copied(old, tmp_path / "copy").directory, [key_of(old).vkey]

    return made


def test_an_entry_beyond_what_the_present_key_signed_proves_nothing(manifest, old: Profile) -> None:
    thief, mine = generate(ORIGIN), key_of(old)
    upto = queries.last_checkpoint()
    assert upto is not None
    log_keys.enter(Step.BEGUN, old=[thief.vkey.format()], new=[mine.vkey.format()], by=BY, at=NOW + 9)
    directory, present = manifest()
    chain = key_chain.of_backup(backups.read(directory), present)
    assert (chain.upto, [c.step for c in chain.changes]) == (upto.size, [Step.BEGUN, Step.FINISHED])
    assert thief.vkey.format() not in chain.named()
    assert chain.signing(upto.size) == (mine.vkey.format(),)
    assert chain.signing(upto.size + 1) == ()
    assert key_chain.of_backup(backups.read(directory), [thief.vkey]) == key_chain.Chain()


def test_a_backup_whose_entries_about_keys_were_changed_is_refused_by_name(manifest, old: Profile) -> None:
    directory, present = manifest()
    [begun, finished] = log_keys.changes()
    thief = generate(ORIGIN)
    assert key_chain.of_backup(backups.read(directory), present).named() == (*begun.old, *begun.new)
    swap_in(directory, "ledger_part", begun.old[0].encode().hex(), thief.vkey.format().encode().hex())
    with pytest.raises(BackupDamaged) as refused:
        key_chain.of_backup(backups.read(directory), present)
    assert f"第 {begun.index} 条" in refused.value.sentence
    assert finished.index > begun.index


def test_a_backup_whose_log_was_changed_before_its_checkpoint_is_refused(manifest, old: Profile) -> None:
    directory, present = manifest()
    leaf = bytes(Entry.objects.get(log=1, index=0).leaf).hex()
    swap_in(directory, "ledger_entry", leaf, "00" * 32)
    with pytest.raises(BackupDamaged):
        key_chain.of_backup(backups.read(directory), present)


def swap_in(directory: Path, table: str, before: str, after: str) -> None:
    """Change a table's file, and the manifest with it: whoever can do the one can do the other."""
    path = directory / MAIN / f"{table}.copy.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    assert before in text
    was = digest(path)
    path.write_bytes(gzip.compress(text.replace(before, after).encode()))
    manifest = directory / MANIFEST
    manifest.write_text(manifest.read_text().replace(was, hashlib.sha256(path.read_bytes()).hexdigest()))
    assert (directory / KEYS).is_dir()


def test_an_entry_that_was_not_kept_open_ends_what_a_copy_proves(old: Profile, tmp_path: Path) -> None:
    events(2)
    signer.sign_once(old, at=NOW + 1)
    rotated(old)
    [begun, finished] = log_keys.changes()
    outside = exported(old, tmp_path / "outside")
    present = [key_of(old).vkey]
    whole = key_chain.of_outside(open_outside(outside, present), present)
    assert (whole.upto, len(whole.changes)) == (queries.head(1).size, 2)
    opened = companion(outside) / OPENED
    kept = [line for line in opened.read_text().splitlines() if f'"entry":{finished.index},' not in line]
    opened.write_text("".join(line + "\n" for line in kept))
    cut = key_chain.of_outside(open_outside(outside, present), present)
    assert (cut.upto, [c.index for c in cut.changes]) == (finished.index, [begun.index])
    assert key_chain.of_outside(open_outside(outside, present), [generate(ORIGIN).vkey]) == key_chain.Chain()


def test_who_is_believed_depends_on_the_size(old: Profile, tmp_path: Path) -> None:
    events(2)
    signer.sign_once(old, at=NOW + 1)
    first = key_of(old).vkey
    rotated(old)
    [begun, finished] = log_keys.changes()
    copy = copied(old, tmp_path / "copy")
    manifest = backups.read(copy.directory)
    known = restored_keys.believed(home_of(old), manifest)
    present = key_of(old).vkey
    assert (known.now, known.before) == ((present,), (first,))
    outside = exported(old, tmp_path / "outside")
    _, known = restored_keys.opened(home_of(old), manifest, outside)
    believed = {
        size: set(known.at(size)) for size in (begun.index, finished.index, finished.index + 1, 10_000)
    }
    assert believed == {
        begun.index: {present, first},
        finished.index: {present, first},
        finished.index + 1: {present},
        10_000: {present},
    }
