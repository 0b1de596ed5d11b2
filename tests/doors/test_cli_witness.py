"""`jieli witness`: a key of its own in a directory of its own, made once."""

import stat
from pathlib import Path

import pytest

from jieli.doors.cli import frame
from seal.keys import COSIGNATURE, parse_vkey
from tests.doors.cli import Jieli

NAME = "witness.example.cn"


def test_a_witness_gets_its_key_once_and_shows_its_public_side(fresh: Jieli, tmp_path: Path) -> None:
    made = fresh.answer("witness", "init", tmp_path / "w", "--name", NAME)
    assert made["name"] == NAME
    assert parse_vkey(made["vkey"]).kind == COSIGNATURE
    assert fresh.answer("witness", "init", tmp_path / "w", "--name", NAME) == made
    assert made["vkey"] in fresh.said("witness", "init", tmp_path / "w", "--name", NAME)
    key = tmp_path / "w" / "witness.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.read_text().strip() not in str(made)


def test_another_name_in_the_same_directory_is_refused(fresh: Jieli, tmp_path: Path) -> None:
    fresh.answer("witness", "init", tmp_path, "--name", NAME)
    refused = fresh.refused("witness", "init", tmp_path, "--name", "other.example.cn")
    assert refused["code"] == "witness.other_name"


def test_a_file_that_is_no_key_is_refused_without_showing_it(fresh: Jieli, tmp_path: Path) -> None:
    (tmp_path / "witness.key").write_text("PRIVATE+KEY+damaged+beyond+reading\n")
    done = fresh("witness", "init", tmp_path, "--name", NAME, "--json")
    assert done.exit_code == 1
    assert '"code": "keys.' in done.stdout or '"code": "key' in done.stdout
    assert "damaged" not in done.output


def test_serving_without_a_key_says_how_to_make_one(fresh: Jieli, tmp_path: Path) -> None:
    log = fresh.answer("witness", "init", tmp_path / "log", "--name", NAME)["vkey"]
    done = fresh("witness", "serve", tmp_path, "--log", log)
    assert done.exit_code == 1
    assert "jieli witness init" in done.stderr
    assert "［witness.no_key］" in done.stderr


def test_a_witness_asks_for_no_database(
    fresh: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame.start, "ready", lambda profile: pytest.fail("a witness is no house"))
    fresh.answer("witness", "init", tmp_path, "--name", NAME)
