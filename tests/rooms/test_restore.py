"""A backup goes back in; what was destroyed, held or revoked since stays so; the log goes on, never forks."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from jieli.access import operations as access
from jieli.access.models import Grant
from jieli.access.types import Role
from jieli.archive import opening, ports, queries
from jieli.archive import operations as archive
from jieli.archive.errors import Held, ItemDestroyed
from jieli.archive.keys import ring as keyrings
from jieli.archive.keys.pages import SECRET_BYTES
from jieli.archive.models import Item
from jieli.archive.types import HoldScope
from jieli.consent import operations as consent
from jieli.consent.models import ConsentStep
from jieli.consent.types import Means, Scope, SubjectKind
from jieli.kernel import failpoints
from jieli.ledger import fsck
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.outside import OPENED, companion
from jieli.wiring import backup as backups
from jieli.wiring import checks, databases, keys, postgres, restoring, signer, start
from jieli.wiring import ports as wired
from jieli.wiring.backup import Backup
from jieli.wiring.postgres import binaries, identity
from jieli.wiring.profile import Profile, read_profile
from jieli.wiring.restoring import NotEmpty, Restored
from tests.conftest import NOW, ORIGIN, _empty
from tests.rooms import kept_papers
from tests.rooms.test_archive_erasure import places, secrets_in_pages, spellings
from tests.rooms.test_archive_samples import CUSTOMER, OPENING, STAFF, extract, keep, sample

BY = "person:desk"
SECRET = "金丝雀榴花巷九号"


@pytest.fixture
def old(db: None, tmp_path: Path) -> Iterator[Profile]:
    """An installation with its keys, its log and an open archive."""
    profile = read_profile({"JIELI_HOME": str(tmp_path / "old")})
    keys.init(profile, origin=ORIGIN, witness_lines=[], at=NOW)
    wired.fill(profile, at=NOW)
    open_all()
    yield profile
    ports.use(confirm_opening=lambda receipt, items: False)


def open_all() -> None:
    ports.use(extract=extract, confirm_opening=lambda receipt, items: receipt == OPENING)


@pytest.fixture
def elsewhere(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Profile:
    """Another machine's home. Its databases are the suite's, once `lose` has emptied them."""
    on_this_machine(monkeypatch)
    return read_profile({"JIELI_HOME": str(tmp_path / "new")})


def on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The suite's databases are the installation's."""
    monkeypatch.setattr(start, "connect", lambda found: None)
    monkeypatch.setattr(start, "addresses", lambda profile: None)


class Killed(BaseException):
    """The process died here."""


def killed(pid: int, number: int) -> None:
    raise Killed


def lose(old: Profile, new: Profile) -> None:
    """The old machine is gone. A person carries over the root key from its sheets, the signing key from its safe."""
    _empty()
    keyrings.restore(new.home, keyrings.load(old.home).root)
    (new.home / "signer").mkdir(mode=0o700)
    shutil.copy2(old.home / "signer" / "log.key", new.home / "signer" / "log.key")


def said(n: int) -> Any:
    """Message n: every fourth of the first two hundred holds what its speaker will want gone."""
    text = f"{SECRET} 第{n}次" if n % 4 == 0 and n < 200 else None
    return sample(n, text=text)


def shown(query: str) -> set[int]:
    """What a search finds, by its tokens."""
    return {ref.item_id for ref in queries.search_candidates(query, limit=500).items}


def events(count: int) -> None:
    """So many further entries of no consequence."""
    with book(at=NOW + 5) as b:
        for n in range(count):
            b.entry("access.note", by="system:test", facts={"n": n})


def findings(profile: Profile) -> list[fsck.Finding]:
    return list(fsck.run(checks.all_checks(profile, at=NOW + 20)).findings)


def restored(new: Profile, copy: Path, outside: Path, **more: Any) -> Restored:
    done = restoring.restore(new, copy, outside_directory=outside, at=NOW + 20, **more)
    open_all()
    return done


@pytest.fixture
def copied(old: Profile, tmp_path: Path) -> tuple[Backup, list[int]]:
    """A backup of 240 items, and the fifty of them that are to go."""
    ids = keep([said(n) for n in range(240)])
    signer.sign_once(old, at=NOW + 1)
    return backups.backup(old, tmp_path / "copy", at=NOW + 2), [ids[n] for n in range(0, 200, 4)]


def test_fifty_erased_since_the_backup_stay_gone_and_the_log_goes_on(
    old: Profile, elsewhere: Profile, copied: tuple[Backup, list[int]], tmp_path: Path
) -> None:
    done, gone = copied
    words = [s for word in (SECRET, "榴花巷") for s in spellings(word)]
    secrets = [
        secrets_in_pages(keyrings.load(old.home))[n * SECRET_BYTES :][:SECRET_BYTES] for n in range(0, 200, 4)
    ]
    ciphers = [
        bytes(c or b"") for c in Item.objects.filter(item_id__in=gone).values_list("ciphertext", flat=True)
    ]
    assert shown("榴花巷") == set(gone)
    for item in gone:
        archive.shred_items(items=[item], reason="本人请求删除", by=BY, at=NOW + 4)
    events(1_000)
    lost = keep([sample(n) for n in range(300, 320)], at=NOW + 6)
    archive.shred_items(items=lost[:3], reason="本人请求删除", by=BY, at=NOW + 6)
    signer.sign_once(old, at=NOW + 7)
    backups.export(old, tmp_path / "outside", for_restore=True)
    reached = ledger.head(ledger.live_log()).size
    first = ledger.last_checkpoint()
    lose(old, elsewhere)

    back = restored(elsewhere, done.directory, tmp_path / "outside")

    assert (back.base, back.to, back.count("archive.shred"), back.items) == (done.size, reached, 50, 50)
    assert (back.count("archive.retention_plan"), back.held_back, back.released, back.expired) == (
        0,
        0,
        0,
        False,
    )
    assert back.skipped == 4  # the destruction of what came after the backup, and its three items
    assert back.clean
    assert any("恢复时丢失了" in note for note in back.notes)
    assert shown("榴花巷") == set()
    assert len(shown("试听课")) > 20
    with pytest.raises(ItemDestroyed):
        opening.open_items(gone[:1], receipt=OPENING)
    assert opening.open_items([gone[0] + 1], receipt=OPENING)[0].text
    # By brute force: no value of any table, no file of the new home, no page.
    assert places([*words, *ciphers], elsewhere.home) == set()
    kept = secrets_in_pages(keyrings.load(elsewhere.home))
    assert not any(secret in kept for secret in secrets)
    assert kept.count(bytes(SECRET_BYTES)) == 50
    # The log goes on from what was signed: the same signer takes it, and proves the old head a prefix.
    assert first is not None
    assert ledger.roots([first.size], upto=reached) == {first.size: first.root}
    assert signer.sign_once(elsewhere, at=NOW + 30)["checkpoint"] > reached
    assert findings(elsewhere) == []
    [named] = ledger.facts([ledger.entries_of_kind("ledger.restored")[0].index]).values()
    assert (named["from"], named["to"], named["kinds"]["archive.shredded"]) == (done.size, reached, 51)
    # Ids of the lost tail are not given again.
    assert min(keep([sample(400)], at=NOW + 31)) > max(lost)


def revocations(at: int) -> tuple[UUID, UUID, UUID]:
    """A person with a role and one hold before the backup."""
    person = access.admit_person(sign_in="he", name="何青", by=BY, at=at)
    grant = access.grant_role(
        person=person, role=Role.IT, begins_at=at, ends_at=None, by="system:test", at=at
    )
    kept = archive.hold(scope=HoldScope.PERSON, target=str(STAFF), ground="复核", by=BY, at=at)
    return person, grant, kept.id


def test_holds_withdrawals_and_ended_roles_are_as_they_were_when_it_was_lost(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    items = keep([said(n) for n in range(4)])
    before, lost = UUID(int=1), UUID(int=2)
    kept_papers.keep(before, at=NOW + 1)
    person, _, first = revocations(NOW + 1)
    signer.sign_once(old, at=NOW + 1)
    done = backups.backup(old, tmp_path / "copy", at=NOW + 2)
    archive.release(hold=first, reason="复核已毕", by=BY, at=NOW + 3)
    archive.shred_items(items=items[:1], reason="本人请求删除", by=BY, at=NOW + 4)
    later = archive.hold(scope=HoldScope.ITEM, target=str(items[1]), ground="仲裁", by=BY, at=NOW + 5)
    consent.withdraw(
        subject_kind=SubjectKind.CUSTOMER, subject=CUSTOMER, means=Means.CHAT, scopes=[Scope.CAPTURE],
        claimed_at=NOW + 5, paper=before, by=BY, at=NOW + 5,
    )  # fmt: skip
    kept_papers.keep(lost, at=NOW + 5)
    consent.object_(
        subject_kind=SubjectKind.CUSTOMER, subject=CUSTOMER, means=Means.CHAT, scopes=[Scope.QUALITY],
        claimed_at=NOW + 5, paper=lost, by=BY, at=NOW + 5,
    )  # fmt: skip
    access.end_grants(person=person, by=BY, at=NOW + 6)
    new = access.admit_person(sign_in="lin", name="林", by=BY, at=NOW + 6)
    access.grant_role(person=new, role=Role.IT, begins_at=NOW, ends_at=None, by="system:test", at=NOW + 6)
    access.end_grants(person=new, by=BY, at=NOW + 7)
    signer.sign_once(old, at=NOW + 8)
    backups.export(old, tmp_path / "outside", for_restore=True)
    opened = companion(tmp_path / "outside") / OPENED
    assert (opened.stat().st_mode & 0o777, opened.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "何青" not in opened.read_text()
    lose(old, elsewhere)

    back = restored(elsewhere, done.directory, tmp_path / "outside")

    assert back.clean
    kinds = [
        "archive.release", "archive.shred", "archive.hold", "consent.withdraw", "consent.object", "access.end_grants",
    ]  # fmt: skip
    assert [back.count(kind) for kind in kinds] == [1] * len(kinds)
    assert {h.id: h.released_at is not None for h in queries.holds()} == {first: True, later.id: False}
    assert queries.items(items[:2])[items[0]].destroyed
    with pytest.raises(Held):
        archive.shred_items(items=[items[1]], reason="再试", by=BY, at=NOW + 30)
    assert Grant.objects.get(user_id=person).ends_at == NOW + 6
    # The paper of the objection was received after the backup and is lost: the objection holds without it.
    assert dict(ConsentStep.objects.values_list("step", "paper")) == {"撤回": before, "异议": None}
    # What the tail began and ended in itself left nothing to end.
    assert back.skipped == 1
    names = {entry.kind: ledger.facts([entry.index])[entry.index]["replays"] for kind in kinds
             for entry in ledger.entries_of_kind(kind, limit=1)}  # fmt: skip
    assert all(done.size <= repeats < back.to for repeats in names.values())


#: In the order in which a restore passes them.
PLACES = (
    "restore.after_files", "restore.before_commit", "restore.after_tail", "restore.before_commit_of_replay",
    "restore.after_commit",
)  # fmt: skip


def test_a_restore_that_dies_again_and_again_is_taken_up_by_the_same_command(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    items = keep([said(n) for n in range(8)])
    signer.sign_once(old, at=NOW + 1)
    done = backups.backup(old, tmp_path / "copy", at=NOW + 2)
    archive.shred_items(items=items[:1], reason="本人请求删除", by=BY, at=NOW + 4)
    signer.sign_once(old, at=NOW + 5)
    backups.export(old, tmp_path / "outside", for_restore=True)
    lose(old, elsewhere)
    for place in PLACES:
        with dying_at(place), pytest.raises(Killed):
            restored(elsewhere, done.directory, tmp_path / "outside")
        assert (elsewhere.home / "restoring").exists()
    with pytest.raises(NotEmpty):
        restored(elsewhere, other_backup(done.directory), tmp_path / "outside")
    back = restored(elsewhere, done.directory, tmp_path / "outside")
    assert back.clean
    assert queries.items(items[:1])[items[0]].destroyed
    assert len(ledger.entries_of_kind("ledger.restored")) == 1
    assert len(ledger.entries_of_kind("archive.shredded")) == 2  # the lost one and its repetition
    assert not (elsewhere.home / "restoring").exists()


@contextmanager
def dying_at(place: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(failpoints.VARIABLE, place)
        patched.setattr("os.kill", killed)
        yield


def other_backup(directory: Path) -> Path:
    """The same files under a manifest that says another time."""
    copy = directory.with_name("other")
    shutil.copytree(directory, copy)
    manifest = copy / "manifest.json"
    manifest.write_text(manifest.read_text().replace(f'"taken_at":{NOW + 2}', f'"taken_at":{NOW + 3}'))
    return copy


@pytest.fixture
def older_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Cluster]:
    """A server of an earlier major version than the suite's, as an installation of some years ago has it."""
    if not os.environ.get("JIELI_TEST_MAJOR"):
        pytest.skip("half a minute of migrations on another server: set JIELI_TEST_MAJOR to run it")
    newest, *others = binaries.installed()
    older = [found for found in others if found.major < newest.major]
    if not older:
        pytest.skip("only one major version of PostgreSQL is installed")
    home = tmp_path_factory.mktemp("pg")
    layout = identity.prepare(home)
    layout.data.mkdir(mode=0o700)
    if layout.account is not None:
        shutil.chown(layout.data, layout.account.uid, layout.account.gid)
    command: list[str | Path] = [
        older[0].initdb,
        "-D",
        layout.data,
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]
    account: dict[str, Any] = binaries.identity_of(layout.account)
    subprocess.run(command, check=True, capture_output=True, cwd="/", **account)
    yield postgres.ensure(home, durable=False)
    postgres.discard(home)


def test_a_backup_of_an_earlier_postgresql_goes_into_this_one(
    db: None,
    older_server: postgres.Cluster,
    elsewhere: Profile,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    suite = {alias: dict(connections.settings[alias]) for alias in databases.ALIASES}
    monkeypatch.undo()
    start.connect(start.addresses_on(older_server))
    try:
        start.migrate()
        profile = read_profile({"JIELI_HOME": str(tmp_path / "old")})
        keys.init(profile, origin=ORIGIN, witness_lines=[], at=NOW)
        wired.fill(profile, at=NOW)
        open_all()
        items = keep([said(n) for n in range(20)])
        with connections["default"].cursor() as cursor:
            cursor.execute("SHOW server_version_num")
            old_major = int(cursor.fetchone()[0]) // 10_000
        signer.sign_once(profile, at=NOW + 1)
        done = backups.backup(profile, tmp_path / "copy", at=NOW + 2)
        archive.shred_items(items=items[:1], reason="本人请求删除", by=BY, at=NOW + 3)
        signer.sign_once(profile, at=NOW + 4)
        backups.export(profile, tmp_path / "outside", for_restore=True)
    finally:
        connections.close_all()
        for alias, where in suite.items():
            connections.settings[alias].update(where)
    on_this_machine(monkeypatch)
    lose(profile, elsewhere)
    assert restored(elsewhere, done.directory, tmp_path / "outside").clean
    with connections["default"].cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        assert int(cursor.fetchone()[0]) // 10_000 > old_major
    assert opening.open_items(items[1:2], receipt=OPENING)[0].text
    assert queries.items(items[:1])[items[0]].destroyed
