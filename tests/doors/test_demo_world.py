"""The world that the demo invents: the same each time, large enough, and about nobody real."""

import re
import struct
from pathlib import Path

import pytest

from jieli.capture.types import ConsentLine, Incoming, Malformed, SwitchLine
from jieli.connectors.files import calls as call_lines
from jieli.connectors.files.company import SHEETS
from jieli.connectors.files.tables import read_table
from jieli.connectors.wecom import lines as wecom
from jieli.wiring.demo import month
from jieli.wiring.demo.leaving import cast
from jieli.wiring.demo.scans import scan
from jieli.wiring.demo.talk import scenes


@pytest.fixture(scope="module")
def made() -> month.World:
    return month.world()


@pytest.fixture(scope="module")
def directory(made: month.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("world")
    month.write_world(made, found)
    return found


def parsed(made: month.World) -> list[object]:
    return [line for pull in made.pulls for line in wecom.parse(pull.lines)]


def test_the_world_comes_out_the_same_each_time(made: month.World, directory: Path, tmp_path: Path) -> None:
    month.write_world(month.world(), tmp_path)
    assert month.world() == made
    names = sorted(str(p.relative_to(directory)) for p in directory.rglob("*") if p.is_file())
    assert names == sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert [n for n in names if (directory / n).read_bytes() != (tmp_path / n).read_bytes()] == []


def test_the_firm_has_its_forty_people_and_three_hundred_customers(made: month.World) -> None:
    assert len(made.staff) == 40
    assert len(made.clients) == 300
    assert len({e.name for e in made.staff}) == 40
    assert len({e.handle for e in made.staff if e.handle}) == 33
    assert {e.engagement for e in made.staff} == {"劳动", "劳务", "派遣", "其他"}
    assert sum(c.minor for c in made.clients) >= 20
    assert sum(c.health for c in made.clients) >= 5
    assert sum(c.source == "不明" for c in made.clients) >= 10


def test_nobody_real_can_be_meant(directory: Path) -> None:
    files = [p for p in directory.rglob("*") if p.is_file() and p.suffix != ".png"]
    everything = "\n".join(p.read_text(encoding="utf-8", errors="replace") for p in files)
    mobiles = set(re.findall(r"(?<![0-9a-zA-Z])1[3-9]\d{9}(?![0-9a-zA-Z])", everything))
    assert {m for m in mobiles if not m.startswith("1990000")} == set()
    assert len(mobiles) > 60
    assert re.findall(r"(?<![0-9a-zA-Z])\d{17}[\dXx](?![0-9a-zA-Z])", everything) == []


def test_every_sheet_reads_without_a_fault(directory: Path) -> None:
    tables = {s.file: read_table(directory / "公司资料" / s.file, s.columns) for s in SHEETS}
    assert {name: t.problems for name, t in tables.items() if t.problems} == {}
    assert [name for name, t in tables.items() if not t.rows] == []


def test_messages_are_of_many_kinds(made: month.World) -> None:
    found = parsed(made)
    messages = [m for m in found if isinstance(m, Incoming)]
    texts = [m.text for m in messages if m.msgtype == "text"]
    assert len(messages) >= 3_000
    assert sum(map(len, texts)) / len(texts) > 20
    assert len(set(texts)) > 1_500
    kinds = {m.msgtype for m in messages}
    assert {"text", "image", "file", "voice", "link", "revoke", "weapp", "location", "poll_2026"} <= kinds
    assert {m.channel for m in messages} == {"chat", "call"}
    assert {c.agreed for c in found if isinstance(c, ConsentLine)} == {True, False}
    assert sum(isinstance(s, SwitchLine) for s in found) == 2
    assert {m.code for m in found if isinstance(m, Malformed)} == {
        "wecom.not_json", "wecom.no_msgid", "wecom.not_utf8",
    }  # fmt: skip
    assert any(m.room for m in messages)
    assert all(m.recalls for m in messages if m.msgtype == "revoke")


def test_message_ids_are_given_once(made: month.World) -> None:
    ids = [m.message_id for m in parsed(made) if isinstance(m, Incoming | ConsentLine | SwitchLine)]
    assert len(ids) == len(set(ids))


def test_scenes_are_many_and_each_is_a_talk() -> None:
    found = scenes()
    assert len(found) >= 35
    assert len({s.title for s in found}) == len(found)
    assert [s.title for s in found if {line[0] for line in s.lines} != {"客", "员"}] == []


def test_calls_read_as_an_exchange_writes_them(made: month.World) -> None:
    found = list(call_lines.parse(made.calls.splitlines(), "asterisk"))
    assert len(found) == 20
    assert all(isinstance(c, Incoming) for c in found)


def test_scans_are_pictures_that_say_what_they_are() -> None:
    picture = scan("演示扫描件")
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (210, 297)
    assert "演示扫描件".encode() in picture
    assert scan("演示扫描件") == picture != scan("另一份")


def test_the_sheets_of_october_read_without_a_fault(made: month.World, tmp_path: Path) -> None:
    cast.write_october(tmp_path, cast.newcomers(), made.rooms)
    tables = [read_table(tmp_path / s.file, s.columns) for s in SHEETS if (tmp_path / s.file).exists()]
    assert [len(t.rows) for t in tables] == [60, 60, 60, 4]
    assert [t.problems for t in tables if t.problems] == []
    assert {c.phone[:7] for c in cast.newcomers()} == {"1990000"}
    assert len({c.external_id for c in cast.newcomers()}) == 60
