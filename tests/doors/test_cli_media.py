"""`jieli media`: recordings go in with their items, come out under an opening, and an excerpt proves itself."""

import json
import os
from collections.abc import Callable
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

import seal.cli
from jieli.archive.media import ports
from jieli.connectors.storage.directory import Directory
from jieli.kernel.times import HOUR, MINUTE
from jieli.ledger import queries as ledger
from tests.conftest import NOW
from tests.doors.cli import TALK, Jieli, bring, items, matter
from tests.rooms.company import chat
from tests.rooms.sounds import amr

FOR = ("--purpose", "投诉溯源")


def voice(n: int, data: bytes | None, *, when: str, **body: Any) -> bytes:
    """A voice message of the WeCom archive that claims this file."""
    digest = {} if data is None else {"md5sum": md5(data, usedforsecurity=False).hexdigest()}
    size = {} if data is None else {"voice_size": len(data)}
    told = {"sdkfileid": f"file-{n}", "play_length": 3, **digest, **size, **body}
    return chat(n, "", when=when, msgtype="voice", voice=told)


SOUND, OTHER = amr(50 * 20, kinds=(7,)), amr(50 * 2, kinds=(2,))


@pytest.fixture
def talk(jieli: Jieli, tmp_path: Path) -> list[int]:
    """The items of two voice messages and a text before them."""
    lines = (
        TALK[0], voice(8, SOUND, when="2026-09-18 10:03"), voice(9, OTHER, when="2026-09-18 10:04"),
    )  # fmt: skip
    bring(jieli, tmp_path, *lines)
    [first] = items(jieli)
    return [first["item"] + n for n in range(3)]


def written(folder: Path, name: str, data: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def test_a_recording_goes_in_comes_out_and_is_gone_with_its_item(
    jieli: Jieli, talk: list[int], tmp_path: Path
) -> None:
    number, file = matter(jieli), written(tmp_path / "in", "a.amr", SOUND)
    done = jieli.answer("media", "add", file, "--item", talk[1], "--matter", number, "--as", "admin")
    assert (done["format"], done["seconds"], done["agreement"], done["unit"]) == ("amr", 20, "同", "秒")
    taking = ("media", "take", talk[1], *FOR, "--matter", number, "--as", "yan", "--out")
    before = jieli.answer("fsck")["clean"]
    out = jieli.answer(*taking, tmp_path / "out.amr", "--playable")
    assert (tmp_path / "out.amr").read_bytes() == SOUND
    assert Path(out["playable"]).read_bytes().startswith(b"RIFF")
    assert before and out["entry"] > 0
    told = jieli.said("media", "list", talk[1], "--as", "yan")
    assert "0:20" in told and "a.amr" not in told
    assert jieli.refused(*taking, tmp_path / "out.amr")["code"] == "media.bad_excerpt"
    done = jieli.answer("shred", "items", talk[1], "--reason", "本人请求", "--as", "admin")
    assert (done["media_removed"], done["media_locked"]) == (1, 0)
    assert jieli.refused(*taking, tmp_path / "again.amr")["code"] == "reading.not_opened"
    status = jieli.answer("media", "status", "--as", "yan")
    assert (status["files"], status["destroyed"], status["waiting"], status["lock"]) == (0, 1, 0, "")
    assert "对象锁定：没有" in jieli.said("media", "status", "--as", "yan")
    assert [f for f in (jieli.home / "media").rglob("*") if f.is_file()] == []
    assert jieli.answer("fsck")["clean"] is True


def test_a_folder_is_matched_by_digest_and_the_rest_is_told(
    jieli: Jieli, talk: list[int], tmp_path: Path
) -> None:
    number, folder = matter(jieli), tmp_path / "in"
    for name, data in (("one", SOUND), ("two", OTHER), ("three", b"nobody's")):
        written(folder, name, data)
    words = ("media", "import", folder, "--matter", number, "--as", "admin")
    done = jieli(*words, "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (found["kept"], found["unmatched"], found["failed"]) == (2, ["three"], [])
    assert found["agreement"] == {"同": 2}
    again = json.loads(jieli(*words, "--json").stdout)
    assert (again["kept"], sorted(again["unmatched"])) == (0, ["one", "three", "two"])
    listed = jieli.answer("media", "list", *talk, "--as", "yan")["media"]
    assert [(one["item"], one["seconds"]) for one in listed] == [(talk[1], 20), (talk[2], 2)]
    assert (
        jieli.refused("media", "import", tmp_path / "no", "--matter", number, "--as", "admin")["code"]
        == "media.empty"
    )


def refused(jieli: Jieli) -> list[tuple[int, str, int]]:
    found = jieli.answer("media", "refused", "--as", "yan")["refused"]
    return [(one["item"], one["code"], one["times"]) for one in found]


def test_a_file_that_does_not_come_in_is_written_down_with_its_reason_until_it_does(
    jieli: Jieli, talk: list[int], tmp_path: Path
) -> None:
    number, folder = matter(jieli), tmp_path / "in"
    spoilt, empty = written(folder, "file-8.amr", SOUND[:-1] + b"\0"), written(tmp_path / "other", "b", b"")
    adding = ("media", "add", "--matter", number, "--as", "admin", "--item")
    assert jieli.refused(*adding, talk[1], spoilt)["code"] == "media.differs"
    assert jieli.refused(*adding, talk[2], empty)["code"] == "media.empty"
    assert jieli.refused(*adding, talk[2], tmp_path / "none")["code"] == "cli.no_file"  # says nothing of it
    assert refused(jieli) == [
        (talk[1], "media.differs", 2),
        (talk[2], "media.empty", 2),
    ]  # each was asked twice
    jieli.at += MINUTE
    away = ("media", "failed", talk[2], "--reason", "expired", "--matter", number, "--as", "admin")
    assert jieli.answer(*away)["reason"] == "平台已过期"
    assert jieli.refused(*away, "--n", 3)["code"] == "media.not_claimed"
    jieli.at += MINUTE
    words = ("media", "import", folder, "--matter", number, "--as", "admin", "--refused")
    found = json.loads(jieli(*words, "--json").stdout)
    assert (found["kept"], found["unmatched"]) == (0, [])
    assert found["failed"] == [{"file": "file-8.amr", "code": "media.differs"}]
    assert refused(jieli) == [(talk[1], "media.differs", 3), (talk[2], "media.expired", 3)]
    assert "未能存入：平台已过期" in jieli.said("media", "list", *talk, "--as", "yan")
    assert "与平台所称不符" in jieli.said("media", "refused", "--as", "yan")
    assert jieli.answer("fsck")["clean"] is True
    spoilt.write_bytes(SOUND)
    done = jieli.answer(*words)
    assert (done["kept"], done["openings"]) == (1, 1)
    assert refused(jieli) == [(talk[2], "media.expired", 3)]
    jieli.answer("shred", "items", talk[2], "--reason", "本人请求", "--as", "admin")
    assert refused(jieli) == []
    assert jieli.answer("fsck")["clean"] is True


def test_a_delivery_s_files_are_counted_as_kept_refused_or_not_fetched(
    jieli: Jieli, talk: list[int], tmp_path: Path
) -> None:
    number, file = matter(jieli), written(tmp_path / "in", "a.amr", SOUND)
    lines = (TALK[0], voice(8, SOUND, when="2026-09-18 10:03"), voice(9, OTHER, when="2026-09-18 10:04"))
    delivered = written(tmp_path, "delivered.jsonl", b"\n".join(lines))
    words = ("reconcile", delivered, "--format", "wecom", "--as", "admin")
    assert jieli.answer(*words)["media"] == {"kept": 0, "refused": {}, "waiting": 2}
    adding = ("media", "add", file, "--matter", number, "--as", "admin", "--item")
    jieli.answer(*adding, talk[1])
    jieli.refused(*adding, talk[2])
    found = jieli.answer(*words)
    assert found["media"] == {"kept": 1, "refused": {"media.differs": 1}, "waiting": 0}
    facts = ledger.facts([found["entry"]])[found["entry"]]
    assert [facts[f"media_{name}"] for name in ("kept", "refused", "waiting")] == [1, {"differs": 1}, 0]
    assert "附件：未能存入（与平台所称不符）" in jieli.said(*words)


def test_a_file_is_matched_by_the_claimed_place_where_no_digest_was_given(
    jieli: Jieli, tmp_path: Path
) -> None:
    bring(
        jieli,
        tmp_path,
        TALK[0],
        voice(8, None, when="2026-09-18 10:03"),
        voice(9, None, when="2026-09-18 10:04"),
    )
    number, folder = matter(jieli), tmp_path / "in"
    written(folder, "file-9.amr", SOUND)
    found = jieli.answer("media", "import", folder, "--matter", number, "--as", "admin")
    assert (found["kept"], found["agreement"]) == (1, {"平台未给": 1})


def test_an_excerpt_is_verified_by_seal_alone(
    jieli: Jieli, talk: list[int], tmp_path: Path, signing: None, capfd: pytest.CaptureFixture[str]
) -> None:
    number, file = matter(jieli), written(tmp_path / "in", "a.amr", SOUND)
    jieli.answer("media", "add", file, "--item", talk[1], "--matter", number, "--as", "admin")
    asked = ("media", "excerpt", talk[1], *FOR, "--matter", number, "--as", "yan", "--out")
    done = jieli.answer(*asked, tmp_path / "cut", "--from", "0:12", "--to", "0:15")
    assert (done["shown"], done["counts"], done["vouched"]) == (4, True, "未见证，未经中立第三方固定")
    policy = jieli.home / "trust.policy"
    capfd.readouterr()
    assert seal.cli.main(["excerpt", str(tmp_path / "cut"), "--policy", str(policy), "--json"]) == 0
    proved = json.loads(capfd.readouterr().out)
    assert (proved["item"], proved["blocks"], proved["of"]) == (talk[1], 4, 21)
    for start, stop, code in (("0:19", "0:19", "media.bad_excerpt"), ("x", "1", "cli.not_a_place")):
        refused = jieli.refused(*asked, tmp_path / "other", "--from", start, "--to", stop)
        assert refused["code"] == code
    # where nothing can be written, nothing is opened for it
    entries = jieli.answer("ledger", "status")["size"]
    for place in (tmp_path / "cut", tmp_path / "nowhere" / "cut"):
        refused = jieli.refused(*asked, place, "--from", "0:12", "--to", "0:15")
        assert refused["code"] == "media.bad_excerpt"
    assert jieli.answer("ledger", "status")["size"] == entries


def test_who_may_not_and_what_does_not_fit_are_told_so(jieli: Jieli, talk: list[int], tmp_path: Path) -> None:
    number, file = matter(jieli), written(tmp_path / "in", "a.amr", OTHER)
    add = ("media", "add", file, "--matter", number)
    for words, code in (
        ((*add, "--item", talk[1], "--as", "yan"), "access.forbidden"),
        ((*add, "--item", talk[1], "--as", "admin"), "media.differs"),
        ((*add, "--item", talk[1], "--n", 1, "--as", "admin"), "media.not_claimed"),
        ((*add, "--item", 999, "--as", "admin"), "archive.unknown_item"),
        (("media", "add", tmp_path / "no", "--item", talk[1], "--matter", number, "--as", "admin"), "cli.no_file"),
        (("media", "add", file, "--matter", "M-0", "--item", talk[1], "--as", "admin"), "reading.matter_not_open"),
        (("media", "take", talk[1], *FOR, "--matter", number, "--as", "admin", "--out", "x"), "access.forbidden"),
        (("media", "take", talk[1], *FOR, "--matter", number, "--as", "yan", "--out", "x"), "media.unknown"),
    ):  # fmt: skip
        assert jieli.refused(*words)["code"] == code
    done = jieli.answer(*add, "--item", talk[1], "--differing", "--as", "admin")
    assert done["agreement"] == "不符"
    wrong = (
        "media",
        "take",
        talk[1],
        "--purpose",
        "好奇",
        "--matter",
        number,
        "--as",
        "yan",
        "--out",
        tmp_path / "x",
    )
    assert jieli.refused(*wrong)["code"] == "reading.purpose_denied"


def test_the_worker_sweeps_what_a_crash_left(jieli: Jieli, talk: list[int], tmp_path: Path) -> None:
    from jieli.doors.worker import duties

    ports.use(Directory(tmp_path / "media"))
    ports.store().put(bytes(32), [b"left"], at=NOW)
    changed = next(iter(ports.store().objects())).changed_at
    duties.sweep_media(changed + HOUR // 2)
    assert len(list(ports.store().objects())) == 1
    duties.sweep_media(changed + 2 * HOUR)
    duties.remove_media(changed + 2 * HOUR)
    assert list(ports.store().objects()) == []
    assert jieli.answer("fsck")["clean"] is True


@pytest.mark.parametrize(
    "words",
    [
        ("failed", 10**20, "--reason", "expired"),
        ("failed", 1, 2**15, "--reason", "expired"),
        ("add", __file__, "--item", 10**20),
        ("add", __file__, "--item", 1, "--n", -1),
    ],
)
def test_a_number_no_table_can_hold_is_told_before_anything_is_entered(
    jieli: Jieli, talk: list[int], words: tuple[object, ...]
) -> None:
    before = len(ledger.entries_of_kind("reading.open"))
    told = jieli("media", *words, "--matter", matter(jieli), "--as", "admin")
    assert told.exit_code == 2
    assert "cli.usage" in told.stderr
    assert len(ledger.entries_of_kind("reading.open")) == before > 0


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: None])
def test_what_is_no_file_is_told_before_anything_is_read_or_entered(
    jieli: Jieli, talk: list[int], tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "pipe")
    before = len(ledger.entries_of_kind("reading.open"))
    words = ("media", "add", tmp_path / "pipe", "--item", talk[0], "--matter", matter(jieli), "--as", "admin")
    assert jieli.refused(*words)["code"] == "cli.no_file"
    assert len(ledger.entries_of_kind("reading.open")) == before
