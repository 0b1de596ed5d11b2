"""`jieli backup`, `jieli restore`: what is in a backup and what is not, and what people are told of each outcome."""

import errno
import fcntl
import json
import shutil
import stat
from base64 import b64encode
from pathlib import Path
from typing import ClassVar

import pytest

from jieli.archive.keys import ring as keyrings
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.outside import OPENED, companion
from jieli.ledger.ports import Conflict, Cosigned, Refused, Unreachable
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.wiring import dumping, seen, start
from jieli.wiring.profile import read_profile
from seal import canonical
from seal.keys import COSIGNATURE, generate
from tests.conftest import NOW, ORIGIN, _empty
from tests.doors.cli import Jieli, elsewhere


@pytest.fixture
def house(fresh: Jieli, monkeypatch: pytest.MonkeyPatch) -> Jieli:
    """An installation with its keys; its databases stay the suite's."""
    monkeypatch.setattr(start, "connect", lambda found: None)
    monkeypatch.setattr(start, "addresses", lambda profile: None)
    fresh.answer("keys", "init", "--origin", ORIGIN)
    return fresh


def grow(jieli: Jieli, count: int, kind: str = "access.note") -> None:
    with book(at=NOW) as b:
        for n in range(count):
            b.entry(kind, by="system:test", facts={"n": n})
    jieli.answer("ledger", "sign", "--once")


def nothing_was_loaded() -> bool:
    return dumping.is_empty("default") and dumping.is_empty("keys")


def test_a_backup_holds_both_stores_and_no_key_that_opens_or_signs(house: Jieli, tmp_path: Path) -> None:
    grow(house, 3)
    done = house.answer("backup", tmp_path / "copy")
    assert (done["size"], done["signed"]) == (3, 3)
    assert (done["keys_until"] - NOW) // 86_400_000 == 30
    files = [p for p in (tmp_path / "copy").rglob("*") if p.is_file()]
    assert all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in files)
    folders = [tmp_path / "copy", *(p for p in (tmp_path / "copy").rglob("*") if p.is_dir())]
    assert {
        p.name: stat.S_IMODE(p.stat().st_mode) for p in folders if stat.S_IMODE(p.stat().st_mode) != 0o700
    } == {}
    assert tmp_path / "copy" / "keys" in folders
    ours = b"".join(p.read_bytes() for p in files)
    assert (house.home / "signer" / "log.key").read_bytes().strip() not in ours
    assert keyrings.load(house.home).root.hex().encode() not in ours
    assert {p.name for p in (tmp_path / "copy" / "keys" / "ring").iterdir()} == {
        "digest.key",
        "epoch-000001.key",
    }
    manifest = json.loads((tmp_path / "copy" / "manifest.json").read_text())
    assert manifest["checkpoint"] == (ledger.last_checkpoint() or pytest.fail("signed")).note
    assert "django_session" not in {t["table"] for t in manifest["tables"]}
    refused = house.refused("backup", tmp_path / "copy")
    assert refused["code"] == "backup.exists"
    assert f"{tmp_path / 'copy'} 已经存在" in refused["error"]
    assert "根密钥（托管单）与签名密钥不在其中" in house.said("backup", tmp_path / "second")


@pytest.mark.parametrize("place", ["", "copies", "signer/../deep/down"])
def test_a_backup_within_the_installation_it_is_to_outlive_is_refused(house: Jieli, place: str) -> None:
    refused = house.refused("backup", house.home / place)
    assert refused["code"] == "backup.inside_home"
    assert "安装目录以外" in refused["remedy"]
    assert not (house.home / "copies").exists()


def test_a_backup_that_leads_into_the_installation_by_a_link_is_refused(house: Jieli, tmp_path: Path) -> None:
    (tmp_path / "aside").symlink_to(house.home)
    assert house.refused("backup", tmp_path / "aside" / "copy")["code"] == "backup.inside_home"


def test_a_backup_that_cannot_be_written_has_no_name_and_says_so(
    house: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    refused = house.refused("backup", tmp_path / "file" / "copy")
    assert refused["code"] == "backup.cannot_write"
    assert f"备份 {tmp_path / 'file' / 'copy'} 没有写成（ENOTDIR）" in refused["error"]

    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        refused = house.refused("backup", tmp_path / "copy")
    assert (refused["code"], "ENOSPC" in refused["error"]) == ("backup.cannot_write", True)
    assert "没有写完的不算备份" in refused["remedy"] and "仍然有效" not in refused["remedy"]
    # What was written goes too: on a full disk the database would stand still until somebody finds it.
    assert not (tmp_path / "copy").exists() and not (tmp_path / "copy.part").exists()
    assert "已清除" in refused["remedy"]
    house.answer("backup", tmp_path / "copy")
    assert not (tmp_path / "copy.part").exists()


def test_a_second_backup_at_the_same_time_does_not_clear_what_the_first_is_writing(
    house: Jieli, tmp_path: Path
) -> None:
    # Without it the second removed `copy.part`, and the first gave its name to what was left of the files.
    grow(house, 3)
    (tmp_path / "copy.part").mkdir()
    (tmp_path / "copy.part" / "table").write_text("rows")
    with (house.home / "backup.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert house.refused("backup", tmp_path / "copy")["code"] == "backup.busy"
    assert (tmp_path / "copy.part" / "table").read_text() == "rows" and not (tmp_path / "copy").exists()
    house.answer("backup", tmp_path / "copy")
    assert not (tmp_path / "copy.part").exists()


def test_a_restore_tells_what_it_put_back_and_what_was_lost(house: Jieli, tmp_path: Path) -> None:
    grow(house, 3)
    house.answer("backup", tmp_path / "copy")
    grow(house, 300)
    house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    other = elsewhere(house, tmp_path)
    said = other.said("restore", tmp_path / "copy", "--outside", tmp_path / "outside")
    for words in ("备份到 3 条", "其后 300 条已按外部副本接回", "没有分叉", "没有见证方", "核对：全部一致"):
        assert words in said
    assert other.answer("ledger", "status")["size"] == 304
    assert other.answer("ledger", "sign", "--once")["checkpoint"] == 304
    # The files outside go on where they were: the log is the same one.
    assert other.answer("ledger", "export", tmp_path / "outside", "--for-restore")["size"] == 304
    assert other.answer("fsck")["clean"]
    assert (
        other.refused("restore", tmp_path / "copy", "--outside", tmp_path / "outside")["code"]
        == "restore.not_empty"
    )


def test_an_older_copy_outside_is_said_to_be_older(house: Jieli, tmp_path: Path) -> None:
    grow(house, 3)
    house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    grow(house, 4)
    house.answer("backup", tmp_path / "copy")
    other = elsewhere(house, tmp_path)
    (other.home / "keys" / "root.key").rename(tmp_path / "root.key")
    missing = other.refused("restore", tmp_path / "copy", "--outside", tmp_path / "outside")
    assert missing["code"] == "archive.keyring_missing"
    (tmp_path / "root.key").rename(other.home / "keys" / "root.key")
    said = other.said("restore", tmp_path / "copy", "--outside", tmp_path / "outside")
    assert "没有可接回的条目" in said
    assert other.answer("ledger", "sign", "--once")["checkpoint"] == 8


def test_a_fork_a_lost_tail_and_damaged_files_are_refused_and_nothing_is_loaded(
    house: Jieli, tmp_path: Path
) -> None:
    copy, outside, forked = tmp_path / "copy", tmp_path / "outside", tmp_path / "forked"
    grow(house, 3)
    house.answer("backup", copy)
    grow(house, 2)
    house.answer("ledger", "export", outside, "--for-restore")
    grow(house, 2)
    seen = tmp_path / "cosigned"
    seen.write_text((ledger.last_checkpoint() or pytest.fail("signed")).note)
    # Somebody with the signing key wrote another history under the same name, before or after the backup.
    _empty()
    house.answer("keys", "init", "--origin", ORIGIN)
    grow(house, 9, kind="access.other")
    house.answer("ledger", "export", forked, "--for-restore")
    theirs = tmp_path / "theirs"
    theirs.write_text((forked / "checkpoint").read_text())
    other = elsewhere(house, tmp_path)

    fork = other.refused("restore", copy, "--outside", forked)
    assert fork["code"] == "restore.forked"
    assert "账本已经分叉，拒绝恢复" in fork["error"]
    lost = other.refused("restore", copy, "--outside", outside, "--witness", seen)
    assert lost["code"] == "restore.tail_lost"
    assert "cosigned 见过 7 条，备份与外部副本合起来只到 5 条" in lost["error"]
    assert (
        other.refused("restore", copy, "--outside", outside, "--witness", theirs)["code"]
        == "restore.tail_lost"
    )
    none = other.refused("restore", copy, "--outside", outside, "--witness", copy / "manifest.json")
    assert none["code"] == "restore.not_a_checkpoint"
    split = other.refused("restore", copy, "--outside", forked, "--witness", seen)
    assert split["code"] == "restore.forked"
    (outside / "tile" / "0" / "000.p" / "5").write_bytes(bytes(160))
    assert other.refused("restore", copy, "--outside", outside)["code"] == "restore.outside_damaged"
    (copy / "main" / "ledger_entry.copy.gz").write_bytes(b"")
    assert other.refused("restore", copy, "--outside", forked)["code"] == "restore.backup_damaged"
    assert nothing_was_loaded()
    assert not (other.home / "restoring").exists()


def test_what_a_witness_returned_on_a_stick_tells_how_much_it_saw(house: Jieli, tmp_path: Path) -> None:
    stick, copy, outside = tmp_path / "stick", tmp_path / "copy", tmp_path / "outside"
    witness = house.answer("witness", "init", tmp_path / "witness", "--name", "gonghui.example.cn")["vkey"]
    policy = house.home / "trust.policy"
    log = policy.read_text().splitlines()[0].removeprefix("log ")
    policy.write_text(f"log {log}\nwitness gonghui {witness}\nquorum none\n")
    grow(house, 3)
    house.answer("backup", copy)
    house.answer("ledger", "export", outside, "--for-restore")
    grow(house, 4)
    house.answer("witness", "kit", stick)
    house.answer("witness", "sign-offline", stick, "--witness", tmp_path / "witness", "--log", log)
    assert "— gonghui.example.cn" in (stick / "cosigned").read_text()
    assert "— " + ORIGIN not in (stick / "cosigned").read_text()
    other = elsewhere(house, tmp_path)
    lost = other.refused("restore", copy, "--outside", outside, "--witness", stick / "cosigned")
    assert lost["code"] == "restore.tail_lost"
    assert "cosigned 见过 7 条，备份与外部副本合起来只到 3 条" in lost["error"]
    # A witness that the policy does not know vouches for nothing; the remedy names the file that the log signed.
    stranger = house.answer("witness", "init", tmp_path / "stranger", "--name", "lu.example.cn")["vkey"]
    (other.home / "trust.policy").write_text(f"log {log}\nwitness lu {stranger}\nquorum none\n")
    unknown = other.refused("restore", copy, "--outside", outside, "--witness", stick / "cosigned")
    assert unknown["code"] == "restore.not_a_checkpoint" and "checkpoint" in unknown["remedy"]
    assert (
        other.refused("restore", copy, "--outside", outside, "--witness", stick / "checkpoint")["code"]
        == "restore.tail_lost"
    )
    assert nothing_was_loaded()


def test_a_stick_that_was_on_the_road_when_another_log_began_is_no_alarm(
    house: Jieli, tmp_path: Path
) -> None:
    stick, early, copy, outside = (tmp_path / name for name in ("stick", "early", "copy", "outside"))
    witness = house.answer("witness", "init", tmp_path / "witness", "--name", "gonghui.example.cn")["vkey"]
    policy = house.home / "trust.policy"
    log = policy.read_text().splitlines()[0].removeprefix("log ")
    policy.write_text(f"log {log}\nwitness gonghui {witness}\nquorum none\n")
    signing = ("--witness", tmp_path / "witness", "--log", log)
    grow(house, 3)
    house.answer("backup", copy)
    house.answer("ledger", "export", outside, "--for-restore")
    house.answer("witness", "kit", early)
    house.answer("witness", "sign-offline", early, *signing)
    grow(house, 4)
    house.answer("witness", "kit", stick, "--for", "gonghui.example.cn")
    shutil.copy2(early / "size", stick / "size")
    house.answer("witness", "kit", stick)
    house.answer("witness", "sign-offline", stick, *signing)
    other = elsewhere(house, tmp_path)
    asked = ("restore", copy, "--outside", outside, "--witness", stick / "cosigned")
    other.answer(*asked, "--new-origin", "second.jieli.example/log")
    other.answer("ledger", "sign", "--once")

    lost = other.refused("ledger", "take-cosignatures", stick)
    assert lost["code"] == "ledger.earlier_log"
    assert f"旧账本 {ORIGIN} 的见证（7 条，其中后 4 条在旧账本里已丢失）" in lost["error"]
    assert "已由 second.jieli.example/log 接续" in lost["error"]
    whole = other.refused("ledger", "take-cosignatures", early)
    assert whole["code"] == "ledger.earlier_log" and "（3 条，与旧账本相符）" in whole["error"]
    # Its size is not the new log's: no "rolled back", and no proof from there.
    assert other.refused("witness", "kit", stick)["code"] == "ledger.earlier_log"
    assert other.answer("witness", "kit", tmp_path / "new stick")["from"] == 0
    lines = (early / "checkpoint").read_text().splitlines()
    lines[2] = b64encode(bytes(32)).decode()
    (early / "cosigned").write_text("\n".join(lines) + "\n")
    foreign = other.refused("ledger", "take-cosignatures", early)
    assert foreign["code"] == "ledger.foreign_checkpoint" and "旧账本" in foreign["error"]


def test_a_second_restore_at_the_same_time_is_refused_and_touches_nothing(
    house: Jieli, tmp_path: Path
) -> None:
    grow(house, 3)
    house.answer("backup", tmp_path / "copy")
    house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    other = elsewhere(house, tmp_path)
    with (other.home / "restore.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        busy = other.refused("restore", tmp_path / "copy", "--outside", tmp_path / "outside")
    assert busy["code"] == "restore.busy"
    assert nothing_was_loaded()
    assert other.answer("restore", tmp_path / "copy", "--outside", tmp_path / "outside")["clean"]


def test_a_line_outside_that_was_changed_is_not_done_again(house: Jieli, tmp_path: Path) -> None:
    grow(house, 3)
    house.answer("backup", tmp_path / "copy")
    grow(house, 2, kind="archive.release")
    house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    path = companion(tmp_path / "outside") / OPENED
    head = path.read_text().splitlines()[0]
    forged = {
        "entry": 4,
        "kind": "archive.release",
        "parts": [{"body": '{"facts":{"by":"x"}}', "salt": "00" * 16}],
    }
    path.write_text(head + "\n" + canonical.encode(forged).decode() + "\n")
    other = elsewhere(house, tmp_path)
    found = other.refused("restore", tmp_path / "copy", "--outside", tmp_path / "outside")
    assert found["code"] == "restore.outside_damaged"
    assert nothing_was_loaded()


class Witness:
    """A witness as a restore asks it; it answers what the test says, and notes from which size it was asked."""

    size: int | JieliError = 0
    asked: ClassVar[list[int]] = []

    def __init__(self, *, name: str, url: str) -> None:
        self.name = name

    def add_checkpoint(self, *, old: int, proof: list[bytes], note: str) -> Cosigned | Conflict:
        self.asked.append(old)
        if isinstance(self.size, JieliError):
            raise self.size
        return Conflict(self.size) if old != self.size else Cosigned(())


def test_a_witness_is_asked_before_anything_is_loaded(
    house: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(house, 3)
    house.answer("backup", tmp_path / "copy")
    grow(house, 2)
    house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    log = (house.home / "trust.policy").read_text().splitlines()[0]
    other = elsewhere(house, tmp_path)
    vkey = generate("witness.example", kind=COSIGNATURE).vkey.format()
    # An address where nobody listens: only the stand-in answers.
    known = f"{log}\nwitness 工会 {vkey} http://127.0.0.1:9/\nquorum none\n"
    (other.home / "trust.policy").write_text(known)
    monkeypatch.setattr(seen, "HttpWitness", Witness)
    asked = ("restore", tmp_path / "copy", "--outside", tmp_path / "outside")

    monkeypatch.setattr(Witness, "size", 6)
    lost = other.refused(*asked)
    assert lost["code"] == "restore.tail_lost"
    assert "witness.example 见过 6 条，备份与外部副本合起来只到 5 条" in lost["error"]
    monkeypatch.setattr(Witness, "size", Unreachable("不在。", remedy="等。"))
    assert other.refused(*asked)["code"] == "restore.witness_away"
    monkeypatch.setattr(Witness, "size", Refused("另一份。", remedy="核对。"))
    assert other.refused(*asked)["code"] == "restore.forked"
    assert nothing_was_loaded()

    Witness.asked.clear()
    monkeypatch.setattr(Witness, "size", 4)
    said = other.said(*asked)
    assert "已问过：witness.example，所见都不超出恢复后的账本" in said
    assert Witness.asked == [0, 4]  # shown our head, from the size that it named on


def test_no_door_opens_in_the_middle_of_a_restore(tmp_path: Path) -> None:
    (tmp_path / start.RESTORING).write_text("digest\n")
    with pytest.raises(start.Unfinished, match="恢复还没有做完"):
        start.ready(read_profile({"JIELI_HOME": str(tmp_path)}))


def opened(jieli: Jieli, count: int) -> list[str]:
    """The numbers of so many matters, opened and signed."""
    found = [
        matters.open_matter(kind=MatterKind.LEAK, title="名单外泄", by="system:test", at=NOW).number
        for _ in range(count)
    ]
    jieli.answer("ledger", "sign", "--once")
    return found


def test_the_number_of_a_matter_that_was_lost_is_not_given_again(house: Jieli, tmp_path: Path) -> None:
    # Packages, papers and what people were told of their openings name it.
    assert opened(house, 1) == ["M-2026-0001"]
    house.answer("backup", tmp_path / "copy")
    lost = opened(house, 2)
    house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    other = elsewhere(house, tmp_path)
    said = other.said("restore", tmp_path / "copy", "--outside", tmp_path / "outside")
    assert "其中立过 2 件事项：M-2026-0002、M-2026-0003。" in said and "再次给出" not in said
    assert lost == ["M-2026-0002", "M-2026-0003"]
    assert opened(other, 2) == ["M-2026-0004", "M-2026-0005"]
    later = NOW + 366 * DAY
    assert matters.open_matter(kind=MatterKind.LEAK, title="又一件", by="system:test", at=later).number == (
        "M-2027-0001"
    )
    assert other.answer("fsck")["clean"]


def test_where_nobody_can_know_which_numbers_were_lost_the_restore_says_so(
    house: Jieli, tmp_path: Path
) -> None:
    copy, outside, seen = tmp_path / "copy", tmp_path / "outside", tmp_path / "cosigned"
    opened(house, 1)
    house.answer("backup", copy)
    opened(house, 1)
    house.answer("ledger", "export", outside, "--for-restore")
    assert opened(house, 1) == ["M-2026-0003"]
    seen.write_text((ledger.last_checkpoint() or pytest.fail("signed")).note)
    other = elsewhere(house, tmp_path)
    done = other.said(
        "restore", copy, "--outside", outside, "--witness", seen, "--new-origin", "second.jieli.example/log"
    )
    assert "其中立过 1 件事项：M-2026-0002。" in done
    assert "无从得知的条目里若立过事项，其编号会再次给出" in done
    assert opened(other, 1) == ["M-2026-0003"]


def test_a_lost_tail_begins_a_new_log_when_it_is_given_a_name(house: Jieli, tmp_path: Path) -> None:
    copy, outside, seen = tmp_path / "copy", tmp_path / "outside", tmp_path / "cosigned"
    grow(house, 3)
    house.answer("backup", copy)
    grow(house, 2)
    house.answer("ledger", "export", outside, "--for-restore")
    grow(house, 4)
    seen.write_text((ledger.last_checkpoint() or pytest.fail("signed")).note)
    other = elsewhere(house, tmp_path)
    command = ("restore", copy, "--outside", outside, "--witness", seen)
    assert other.refused(*command)["code"] == "restore.tail_lost"
    assert other.refused(*command, "--new-origin", ORIGIN)["code"] == "restore.old_name"
    assert other.refused(*command, "--new-origin", "a b")["code"] == "keys.bad_origin"
    assert nothing_was_loaded()
    said = other.said(*command, "--new-origin", "second.jieli.example/log")
    for words in (
        "cosigned 见过 9 条，旧账本只救回 5 条：其后 4 条已丢失",
        "末尾 2 条按外部副本接回",
        "新账本 second.jieli.example/log 已建立",
        "核对：全部一致",
    ):
        assert words in said
    assert other.answer("ledger", "sign", "--once")["checkpoint"] == 1
    status = other.answer("ledger", "status")
    assert (status["origin"], status["size"]) == ("second.jieli.example/log", 1)
    # The files outside belong to the old log: they go on as they are, and the new log has a directory of its own.
    assert other.refused("ledger", "export", outside)["code"] == "ledger.export_forked"
    assert other.answer("ledger", "export", outside, "--log", "1")["size"] == 5
    assert other.answer("ledger", "export", tmp_path / "second", "--for-restore")["size"] == 1
    assert other.refused("ledger", "export", tmp_path / "third", "--log", "3")["code"] == "ledger.no_log"
    grow(other, 2)
    assert other.answer("fsck")["clean"]


@pytest.mark.parametrize("missing", ["backup", "outside", "keys"])
def test_a_directory_that_is_not_there_is_not_called_damaged(
    house: Jieli, tmp_path: Path, missing: str
) -> None:
    places = {name: tmp_path / name for name in ("backup", "outside", "keys")}
    for place in places.values():
        place.mkdir()
    places[missing].rmdir()
    refused = house.refused(
        "restore", places["backup"], "--outside", places["outside"], "--keys", places["keys"]
    )
    assert refused["code"] == "cli.no_place"
    assert str(places[missing]) in refused["error"]


def test_a_house_without_a_log_begins_no_backup(house: Jieli, tmp_path: Path) -> None:
    _empty()
    assert house.refused("backup", tmp_path / "copies" / "first")["code"] == "ledger.no_log"
    assert not (tmp_path / "copies").exists()
