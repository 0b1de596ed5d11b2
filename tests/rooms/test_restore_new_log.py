"""The tail is lost even outside: the old log is closed as it is, a new one says what it goes on for (ADR 19)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive import opening, queries
from jieli.archive import operations as archive
from jieli.archive.errors import Held, ItemDestroyed
from jieli.archive.models import Conversation, Item
from jieli.archive.types import HoldScope
from jieli.evidence.errors import TwoLogs
from jieli.evidence.gathering import gather
from jieli.evidence.operations import add_proofs
from jieli.ledger import places, serving
from jieli.ledger import queries as ledger
from jieli.ledger.checkpoints import confirm
from jieli.ledger.models import Part
from jieli.ledger.ports import Conflict, Cosigned
from jieli.wiring import backup as backups
from jieli.wiring import restoring, signer
from jieli.wiring.backup import Backup
from jieli.wiring.profile import Profile
from jieli.wiring.restoring import NotEmpty, NothingLost, Restored, TailLost
from seal import checkpoint, note, policy
from seal.keys import COSIGNATURE, generate, parse_vkey
from seal.package import About, Package
from seal.tiles import Tile
from seal.verify import verify_package
from seal.witness import Witness, format_request
from tests.conftest import NOW, ORIGIN
from tests.rooms.test_archive_samples import CUSTOMER, OPENING, OTHER_CUSTOMER, keep, sample
from tests.rooms.test_restore import (
    Killed,
    dying_at,
    elsewhere,
    events,
    findings,
    lose,
    old,
    open_all,
    restored,
    said,
    shown,
)

__all__ = ["elsewhere", "old"]
Sql = Callable[..., list[tuple[Any, ...]]]
BY, NEW = "person:desk", "test.jieli.example/log/2"


@dataclass(frozen=True)
class Wreck:
    """What is left: a backup, an older copy outside, and a checkpoint in a witness's hands that is newer than both."""

    copy: Backup
    outside: Path
    seen: Path
    items: list[int]
    gone: int
    kept: int
    reached: int
    last: str


@pytest.fixture
def wreck(old: Profile, elsewhere: Profile, tmp_path: Path) -> Wreck:
    """Twelve items are backed up, the second destroyed and another held; that is outside. What came then is not."""
    items = keep([said(n) for n in range(12)])
    signer.sign_once(old, at=NOW + 1)
    copy = backups.backup(old, tmp_path / "copy", at=NOW + 2)
    archive.shred_items(items=[items[4]], reason="本人请求删除", by=BY, at=NOW + 4)
    held = archive.hold(scope=HoldScope.ITEM, target=str(items[1]), ground="仲裁", by=BY, at=NOW + 4)
    assert held.target == str(items[1])
    signer.sign_once(old, at=NOW + 5)
    backups.export(old, tmp_path / "outside", for_restore=True)
    stands = ledger.last_checkpoint()
    assert stands is not None
    events(3)
    signer.sign_once(old, at=NOW + 7)
    seen = tmp_path / "cosigned"
    seen.write_text(newest())
    lose(old, elsewhere)
    return Wreck(copy, tmp_path / "outside", seen, items, items[4], items[1], stands.size, stands.note)


def newest() -> str:
    last = ledger.last_checkpoint()
    assert last is not None
    return last.note


def anew(new: Profile, wreck: Wreck, **more: Any) -> Restored:
    return restored(
        new, wreck.copy.directory, wreck.outside, **{"shown": [wreck.seen], "new_origin": NEW, **more}
    )


def test_a_new_log_says_what_it_succeeds_and_the_old_one_stays_as_it_was(
    elsewhere: Profile, wreck: Wreck
) -> None:
    with pytest.raises(TailLost) as refused:
        anew(elsewhere, wreck, new_origin="")
    assert "--new-origin" in refused.value.remedy
    with pytest.raises(NothingLost):
        anew(elsewhere, wreck, shown=[])

    back = anew(elsewhere, wreck)

    assert (back.clean, back.succeeded_by, back.to, back.items) == (True, NEW, wreck.reached, 1)
    assert (back.count("archive.shred"), back.count("archive.hold")) == (1, 1)
    assert any("其后至少 3 条" in words for words in back.notes)
    assert any("丢失了" in words for words in back.notes)
    # Entry 0 proves its predecessor.
    first = places.place(2, 0)
    facts = ledger.facts([first])[first]
    assert (facts["log"], facts["origin"], facts["size"], facts["seen"]) == (
        1,
        ORIGIN,
        wreck.reached,
        wreck.reached + 3,
    )
    assert (facts["from"], facts["to"], facts["checkpoint"]) == (wreck.copy.size, wreck.reached, wreck.last)
    before, _ = checkpoint.parse(facts["checkpoint"].encode())
    assert (
        facts["root"]
        == before.root.hex()
        == ledger.roots([before.size], upto=before.size, log=1)[before.size].hex()
    )
    # The erased stay gone, the held stay held, everything else opens.
    assert shown("榴花巷") == {wreck.items[0], wreck.items[8]}
    with pytest.raises(ItemDestroyed):
        opening.open_items([wreck.gone], receipt=OPENING)
    others = [item for item in wreck.items if item != wreck.gone]
    assert [one.item.item_id for one in opening.open_items(others, receipt=OPENING)] == others
    with pytest.raises(Held):
        archive.shred_items(items=[wreck.kept], reason="再试", by=BY, at=NOW + 30)
    # What is new goes into the new log, and both hold.
    fresh = keep([sample(400), sample(401)], at=NOW + 31)
    assert queries.batch_entries([fresh[0] // 65_536])[fresh[0] // 65_536] > first
    assert [one.item.item_id for one in opening.open_items([wreck.items[0], *fresh], receipt=OPENING)] == [
        wreck.items[0],
        *fresh,
    ]
    assert signer.sign_once(elsewhere, at=NOW + 32)["checkpoint"] == ledger.head(2).size
    assert ledger.head(1).size == wreck.reached
    assert findings(elsewhere) == []


def test_a_destruction_in_the_new_log_takes_parts_of_the_old_one(
    elsewhere: Profile, wreck: Wreck, owner_sql: Sql
) -> None:
    anew(elsewhere, wreck)
    archive.release(hold=queries.holds()[0].id, reason="已结", by=BY, at=NOW + 30)
    theirs = keep([sample(n, customer=OTHER_CUSTOMER, person="wm-wu") for n in range(500, 504)], at=NOW + 31)
    archive.shred_person(person=CUSTOMER, reason="本人请求删除", by=BY, at=NOW + 40)
    emptied = list(Part.objects.filter(shredded_in__gt=places.SPAN).values_list("log", "row_table"))
    assert {"archive_basis", "archive_conversation"} == {table for _, table in emptied}
    assert {log for log, _ in emptied} == {1}
    assert Conversation.objects.filter(shredded_in__gt=places.SPAN).exists()
    assert set(Item.objects.filter(shredded_in__isnull=True).values_list("item_id", flat=True)) == set(theirs)
    assert findings(elsewhere) == []
    owner_sql(
        "UPDATE ledger_part SET shredded_in = shredded_in + 1 WHERE log = 1 AND shredded_in IS NOT NULL"
    )
    assert {f.code for f in findings(elsewhere)} >= {"ledger.part_lost", "archive.emptied_row"}


@given(
    st.integers(1, 32_767),
    st.integers(0, places.SPAN - 1),
    st.integers(1, 32_767),
    st.integers(0, places.SPAN - 1),
)
def test_places_order_entries_by_log_and_then_by_index(log: int, index: int, other: int, at: int) -> None:
    one, two = places.place(log, index), places.place(other, at)
    assert (places.log_of(one), places.index_of(one)) == (log, index)
    assert (one < two) == ((log, index) < (other, at))
    assert places.place(1, index) == index


def test_the_order_of_two_logs_is_one_order(elsewhere: Profile, wreck: Wreck) -> None:
    anew(elsewhere, wreck)
    earlier = ledger.first_recorded("archive_hold")[str(queries.holds()[0].id)]
    assert earlier.entry > places.SPAN
    fresh = keep([sample(400)], at=NOW + 31)
    batches = ledger.first_recorded("archive_batch", [wreck.items[0] // 65_536, fresh[0] // 65_536])
    assert [places.log_of(batches[str(item // 65_536)].entry) for item in (wreck.items[0], fresh[0])] == [
        1,
        2,
    ]
    assert [v.entry for v in ledger.history("archive_batch", fresh[0] // 65_536)] == [
        batches[str(fresh[0] // 65_536)].entry
    ]
    proofs = queries.proofs([wreck.items[0], fresh[0]])
    assert [places.log_of(proofs[item].entry) for item in (wreck.items[0], fresh[0])] == [1, 2]


#: What is done to a log, and what fsck calls it.
TAMPERED = {
    "ledger.entry_leaf": "UPDATE ledger_entry SET kind = 'access.other' WHERE log = {log} AND index = 1",
    "ledger.part_leaf": "UPDATE ledger_part SET salt = sha256('x') WHERE log = {log} AND entry = 0 AND n = 0",
    "ledger.checkpoint_note": "UPDATE ledger_checkpoint SET root = sha256('x') WHERE log = {log} AND size > 0",
}
#: What makes the two logs disagree.
PARTED = (
    "UPDATE ledger_log SET origin = 'other.jieli.example/log' WHERE id = 1",
    "DELETE FROM ledger_part WHERE log = 2; DELETE FROM ledger_entry WHERE log = 2",
    # Something is written into the closed log after all.
    "INSERT INTO ledger_entry SELECT log, index + 1, v, kind, time, count, commitment, leaf FROM ledger_entry"
    " WHERE log = 1 ORDER BY index DESC LIMIT 1",
)


def test_tampering_is_named_in_the_old_log_and_in_the_new_one(
    elsewhere: Profile, wreck: Wreck, owner_sql: Sql
) -> None:
    anew(elsewhere, wreck)
    signer.sign_once(elsewhere, at=NOW + 30)
    for log in (1, 2):
        with undone(owner_sql):
            for statement in TAMPERED.values():
                owner_sql(statement.format(log=log))
            found = findings(elsewhere)
        assert TAMPERED.keys() <= {f.code for f in found}
        assert {f.id.startswith("2:") for f in found if f.table.startswith("ledger_")} == {log == 2}
    for statement in PARTED:
        with undone(owner_sql):
            owner_sql(statement)
            assert "ledger.predecessor" in {f.code for f in findings(elsewhere)}
    assert findings(elsewhere) == []


@contextmanager
def undone(sql: Sql) -> Iterator[None]:
    """What the owner does within is taken back: the book's tables are copied before, and put back after."""
    for table in BOOK:
        sql(f"CREATE TABLE kept_{table} AS TABLE {table}")
    yield
    for table in BOOK:
        sql(f"DELETE FROM {table}; INSERT INTO {table} TABLE kept_{table}; DROP TABLE kept_{table}")


BOOK = ("ledger_log", "ledger_entry", "ledger_part", "ledger_checkpoint")
#: Those of a new log; the others are passed by any restore.
PLACES = (
    "restore.after_new_key", "restore.after_new_log", "restore.before_commit_of_replay", "restore.after_commit",
    "restore.after_policy", "restore.after_old_key",
)  # fmt: skip


def test_a_crash_anywhere_is_taken_up_by_the_same_command(elsewhere: Profile, wreck: Wreck) -> None:
    for place in PLACES:
        with dying_at(place), pytest.raises(Killed):
            anew(elsewhere, wreck)
        assert (elsewhere.home / "restoring").exists()
    with pytest.raises(NotEmpty):
        anew(elsewhere, wreck, new_origin="third.jieli.example/log")
    assert anew(elsewhere, wreck).clean
    assert ledger.logs() == [1, 2]
    assert len(ledger.entries_of_kind("ledger.succeeds")) == 1
    assert len(ledger.entries_of_kind("archive.shredded")) == 2
    assert not (elsewhere.home / "restoring").exists()
    assert {p.name for p in (elsewhere.home / "signer").glob("*.key")} == {"log.key"}
    assert len(list((elsewhere.home / "signer" / "retired").glob("*.key"))) == 1


def test_both_logs_verify_by_the_seal_alone_and_a_witness_takes_the_new_one(
    elsewhere: Profile, wreck: Wreck, tmp_path: Path
) -> None:
    anew(elsewhere, wreck)
    keep([sample(400)], at=NOW + 31)
    signer.sign_once(elsewhere, at=NOW + 32)
    trusted = policy.parse((elsewhere.home / "trust.policy").read_bytes())
    assert [key.name for key in trusted.logs] == [NEW, ORIGIN]
    for log, origin in ((1, ORIGIN), (2, NEW)):
        served = serving.checkpoint(log)
        assert served is not None
        head, signed = checkpoint.parse(served.data)
        decision = policy.evaluate(trusted, head, signed)
        assert (head.origin, decision.log) == (origin, origin)
        leaves = serving.tile(log, Tile(0, 0, head.size).path())
        bundle = serving.bundle(log, Tile("entries", 0, head.size).path())
        assert leaves is not None and bundle is not None
        assert len(leaves.data) == 32 * head.size
    assert backups.export(elsewhere, tmp_path / "second", for_restore=True).origin == NEW
    assert backups.export(elsewhere, tmp_path / "first", log=1).size == wreck.reached
    assert (tmp_path / "first" / "checkpoint").read_text() == wreck.last
    # The witness knows the old log at the size that was lost; told of the new key, it takes the new log from nothing.
    keys = {key.name: (key,) for key in trusted.logs}
    cosigner = generate("witness.example.cn/w", kind=COSIGNATURE)
    witness = Witness(tmp_path / "w", keys, cosigner, lambda: NOW // 1_000)
    assert witness.add_checkpoint(format_request(0, [], wreck.seen.read_bytes())).status == 200
    confirm(Asked(witness, cosigner.name), at=NOW + 40)
    [(name, line)] = ledger.checkpoints()[-1].cosignatures
    assert name == cosigner.name
    assert note.parse_lines(line.encode())
    assert findings(elsewhere) == []


class Asked:
    """A witness in this process, asked as the signer asks one over HTTP."""

    def __init__(self, witness: Witness, name: str) -> None:
        self.witness, self.name = witness, name

    def add_checkpoint(self, *, old: int, proof: list[bytes], note: str) -> Cosigned | Conflict:
        answer = self.witness.add_checkpoint(format_request(old, proof, note.encode()))
        assert answer.status == 200
        return Cosigned((answer.body.decode(),))


def test_a_package_proves_old_items_by_the_old_log_and_new_ones_by_the_new(
    elsewhere: Profile, wreck: Wreck, tmp_path: Path
) -> None:
    anew(elsewhere, wreck)
    fresh = keep([sample(400)], at=NOW + 31)
    signer.sign_once(elsewhere, at=NOW + 32)
    trusted = (elsewhere.home / "trust.policy").read_bytes()
    held = [("archive_hold", queries.holds()[0].id)]
    for items, log, origin in ((wreck.items[:2], 1, ORIGIN), (fresh, 2, NEW)):
        found = gather(opening.open_items(items, receipt=OPENING), more=held, trusted=trusted)
        assert (found.log, found.elsewhere) == (log, 1)
        about = About(
            kind="conversation", origin=origin, made=NOW, clock="demo", matter="m", purpose="p",
            not_proved=found.not_proved,
        )  # fmt: skip
        assert parse_vkey(found.log_key).name == origin
        with Package(about, policy=trusted) as package:
            package.add_pdf("01-说明.pdf", b"%PDF-1.7\n")
            add_proofs(package, found)
            package.write(tmp_path / f"{log}.zip")
        report = verify_package(tmp_path / f"{log}.zip", policy=policy.parse(trusted))
        assert (report.exit_code, [s.code for s in report.steps if s.code]) == (0, [])
    with pytest.raises(TwoLogs):
        gather(opening.open_items([wreck.items[0], *fresh], receipt=OPENING), more=held, trusted=trusted)


def test_a_backup_of_the_new_log_is_restored_like_any_other(
    elsewhere: Profile, wreck: Wreck, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anew(elsewhere, wreck)
    fresh = keep([sample(400), sample(401)], at=NOW + 31)
    signer.sign_once(elsewhere, at=NOW + 32)
    copy = backups.backup(elsewhere, tmp_path / "second", at=NOW + 33)
    archive.shred_items(items=fresh[:1], reason="本人请求删除", by=BY, at=NOW + 34)
    archive.shred_items(items=wreck.items[:1], reason="本人请求删除", by=BY, at=NOW + 35)
    signer.sign_once(elsewhere, at=NOW + 36)
    backups.export(elsewhere, tmp_path / "further", for_restore=True)
    third = Profile(**{**vars(elsewhere), "home": tmp_path / "third"})
    lose(elsewhere, third)
    back = restoring.restore(third, copy.directory, outside_directory=tmp_path / "further", at=NOW + 40)
    open_all()
    assert (back.clean, back.origin, back.succeeded_by, back.items) == (True, NEW, "", 2)
    with pytest.raises(ItemDestroyed):
        opening.open_items(fresh[:1], receipt=OPENING)
    assert opening.open_items([wreck.items[1], fresh[1]], receipt=OPENING)[1].text
    assert findings(third) == []
    assert parse_vkey(policy.parse((third.home / "trust.policy").read_bytes()).logs[0].format()).name == NEW
