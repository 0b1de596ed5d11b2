"""Media in a backup and back from it: what living rows name, by digest, and nothing of what was destroyed."""

import json
from pathlib import Path
from typing import Any

import pytest

from jieli.archive.media import ports
from jieli.connectors.storage.directory import Directory
from jieli.wiring import backup, dumping, restoring_media, start
from tests.conftest import NOW, _empty
from tests.doors.cli import TALK, Jieli, bring, elsewhere, items, matter
from tests.doors.test_cli_media import OTHER, SOUND, voice, written

FOR = ("--purpose", "投诉溯源")


@pytest.fixture
def house(jieli: Jieli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Jieli:
    """An installation whose databases stay the suite's, with two recordings kept."""
    monkeypatch.setattr(start, "connect", lambda found: None)
    monkeypatch.setattr(start, "addresses", lambda profile: None)
    bring(
        jieli,
        tmp_path,
        TALK[0],
        voice(8, SOUND, when="2026-09-18 10:03"),
        voice(9, OTHER, when="2026-09-18 10:04"),
    )
    for name, data in (("a.amr", SOUND), ("b.amr", OTHER)):
        written(tmp_path / "in", name, data)
    jieli.answer("media", "import", tmp_path / "in", "--matter", matter(jieli), "--as", "admin")
    jieli.answer("ledger", "sign", "--once")
    return jieli


def objects(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def restored(jieli: Jieli, tmp_path: Path) -> tuple[int, dict[str, Any]]:
    done = jieli("restore", tmp_path / "copy", "--outside", tmp_path / "outside", "--json")
    return done.exit_code, json.loads(done.stdout)


def test_media_are_in_a_backup_as_links_and_what_was_destroyed_since_does_not_come_back(
    house: Jieli, tmp_path: Path
) -> None:
    done = house.answer("backup", tmp_path / "copy")["media"]
    assert (done["where"], done["objects"], done["missing"]) == ("files", 2, 0)
    live, kept = objects(house.home / "media"), objects(tmp_path / "copy" / "media")
    assert [p.name for p in live] == [p.name for p in kept]
    assert all(a.samefile(b) for a, b in zip(live, kept, strict=True))
    listed = (tmp_path / "copy" / "media.list").read_text().splitlines()
    assert listed == [f"{p.parent.name}{p.name} {p.stat().st_size}" for p in kept]
    first = items(house)[0]["item"]
    house.answer("shred", "items", first + 1, "--reason", "本人请求", "--as", "admin")
    house.answer("ledger", "sign", "--once")
    house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    other = elsewhere(house, tmp_path)
    assert restored(other, tmp_path)[0] == 0
    [left] = objects(other.home / "media")
    found = other.answer("media", "list", first + 1, first + 2, "--as", "yan")["media"]
    assert [(one["destroyed"]) for one in found] == [True, False]
    taking = ("media", "take", first + 2, *FOR, "--matter", "M-2026-0001", "--as", "yan", "--out")
    other.answer(*taking, tmp_path / "out.amr")
    assert (tmp_path / "out.amr").read_bytes() == OTHER
    assert left.name in {p.name for p in kept} and other.answer("fsck")["clean"]
    # Were the restore to go on after a crash at its very end, what it destroyed would not come back.
    assert restoring_media.put_back(backup.read(tmp_path / "copy"), at=NOW) == 0
    left.unlink()
    assert restoring_media.put_back(backup.read(tmp_path / "copy"), at=NOW) == 1
    assert objects(other.home / "media") == [left]


def test_a_lost_and_a_damaged_object_stop_neither_backup_nor_restore_and_are_told(
    house: Jieli, tmp_path: Path
) -> None:
    whole, gone = objects(house.home / "media")
    gone.unlink()
    done = house("backup", tmp_path / "copy")
    assert done.exit_code == 1 and "其中 1 个在存储里缺失" in done.stdout
    copy = tmp_path / "copy" / "media" / whole.parent.name / whole.name
    copy.unlink()
    copy.write_bytes(b"x" * whole.stat().st_size)
    house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    other = elsewhere(house, tmp_path)
    code, said = restored(other, tmp_path)
    assert (code, said["clean"], objects(other.home / "media")) == (1, False, [])
    checked = json.loads(other("fsck", "--json").stdout)
    assert [f["code"] for f in checked["findings"]] == ["archive.media_missing"] * 2
    (tmp_path / "copy" / "media.list").write_text("")
    _empty()
    refused = other.refused("restore", tmp_path / "copy", "--outside", tmp_path / "outside")
    assert refused["code"] == "restore.backup_damaged"


def test_a_backup_of_a_newer_version_is_refused_before_anything_is_read(
    house: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.answer("backup", tmp_path / "copy")
    house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    other = elsewhere(house, tmp_path)
    manifest = tmp_path / "copy" / "manifest.json"
    values = json.loads(manifest.read_text())
    manifest.write_text(
        manifest.read_text().replace(f'"version":"{values["version"]}"', '"version":"99.2.0"')
    )
    refused = other.refused("restore", tmp_path / "copy", "--outside", tmp_path / "outside")
    assert refused["code"] == "restore.other_version"
    assert "由接力 99.2.0 写成" in refused["error"] and "请安装 99.2.0" in refused["remedy"]
    assert dumping.is_empty("default")


@pytest.mark.parametrize(
    ("made_by", "here", "newer"),
    [("0.1.0", "0.1.0", False), ("", "0.1.0", False), ("0.1", "0.1.0", False), ("0.10.0", "0.9.9", True),
     ("1.0.0rc1", "1.0.0", False), ("2", "1.9", True)],
)  # fmt: skip
def test_versions_are_compared_by_their_numbers(made_by: str, here: str, newer: bool) -> None:
    refused = []
    try:
        dumping.check_version(made_by, here)
    except dumping.OtherVersion as error:
        refused.append(error.code)
    assert refused == ["restore.other_version"] * newer


def test_a_bucket_keeps_its_objects_and_the_backup_says_which_are_missing(
    house: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any store that is no directory: the list is held against its own listing, or everything is fetched."""
    live = Directory(house.home / "media")

    class Elsewhere:
        """The same objects behind what has no file to link."""

        read, objects, place, lock = live.read, live.objects, live.place, live.lock

    monkeypatch.setattr(backup.media, "fill", lambda profile: ports.use(Elsewhere()))  # type: ignore[arg-type]
    done = house.answer("backup", tmp_path / "listed")["media"]
    assert (done["where"], done["objects"], done["missing"]) == ("bucket", 2, 0)
    assert not (tmp_path / "listed" / "media").exists()
    assert "须靠桶自己的版本与备份" in house.said("backup", tmp_path / "second")
    fetched = house.answer("backup", tmp_path / "fetched", "--fetch-media")["media"]
    assert (fetched["where"], len(objects(tmp_path / "fetched" / "media"))) == ("files", 2)
    objects(house.home / "media")[0].unlink()
    for more in ((), ("--fetch-media",)):
        lost = house("backup", tmp_path / f"lost{len(more)}", *more, "--json")
        assert (lost.exit_code, json.loads(lost.stdout)["media"]["missing"]) == (1, 1)
