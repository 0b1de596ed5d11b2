"""Recordings of calls: by the name in the call record, else by number and start; what could be two is only listed."""

import json
from pathlib import Path

import pytest

from jieli.archive.media import ports
from jieli.kernel.errors import JieliError
from jieli.wiring.extraction import extract
from tests.doors import firm
from tests.doors.cli import Jieli, matter
from tests.doors.test_requirements import house
from tests.rooms.sounds import wav

__all__ = ["house"]
OURS, HERS, ALSO_HERS = "19900000001", "19900000091", "19900000092"


def naming(row: bytes, name: str) -> bytes:
    """The row with a recording in the field that the dial plan may fill."""
    return row.removesuffix(b'""') + f'"{name}"'.encode()


ROWS = (
    firm.call(1, OURS, HERS, "2026-09-18 10:01"),
    firm.call(2, OURS, HERS, "2026-09-18 10:05"),
    firm.call(3, OURS, HERS, "2026-09-18 10:05"),
    naming(firm.call(4, OURS, ALSO_HERS, "2026-09-18 10:09"), "/var/spool/monitor/in-7f3a.wav"),
)


def test_recordings_find_their_calls_and_the_ambiguous_are_listed(house: Jieli, tmp_path: Path) -> None:
    assert firm.calls(house, tmp_path, *ROWS)["admitted"] == 4
    number = matter(house)
    folder = tmp_path / "录音"
    folder.mkdir()
    names = (
        f"out-{HERS}-20260918-100130.wav", f"out-{HERS}-20260918-100510.wav", "in-7f3a.wav",
        f"out-{HERS}-20260918-101500.wav",
    )  # fmt: skip
    for n, name in enumerate(names):
        (folder / name).write_bytes(wav(n + 1))
    done = house("media", "import", folder, "--matter", number, "--as", "admin", "--json")
    found = json.loads(done.stdout)
    assert done.exit_code == 1
    assert (found["kept"], found["unmatched"], found["failed"]) == (2, [names[3]], [])
    [unsure] = found["ambiguous"]
    assert unsure["file"] == names[1] and len(unsure["items"]) == 2
    first = unsure["items"][0] - 1
    listed = house.answer("media", "list", *range(first, first + 4), "--as", "yan")["media"]
    assert [(one["item"] - first, one["seconds"]) for one in listed] == [(0, 1), (3, 3)]
    asked = ("media", "import", folder, "--matter", number, "--as", "admin", "--tolerance")
    assert json.loads(house(*asked, 600, "--json").stdout)["kept"] == 0
    assert house.answer("fsck")["clean"]
    ports.use(None)


def test_what_was_sealed_before_recordings_were_read_is_derived_as_it_was_sealed() -> None:
    [claim] = extract("pbx", 2, ROWS[3]).media
    assert (claim["name"], extract("pbx", 1, ROWS[3]).media) == ("in-7f3a.wav", ())
    assert extract("pbx", 1, ROWS[0]) == extract("pbx", 2, ROWS[0])
    for unknown in (0, 3):
        with pytest.raises(JieliError):
            extract("pbx", unknown, ROWS[0])
