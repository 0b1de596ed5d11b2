"""`jieli ledger export` says what stands in the book and not in the files, above all where a restore undoes it."""

import json
from pathlib import Path
from typing import Any

import pytest

from jieli.ledger import queries
from jieli.ledger.operations import book
from jieli.wiring import signer, start
from jieli.wiring.profile import read_profile
from tests.conftest import NOW
from tests.doors.cli import TALK, Jieli, bring, elsewhere, items

WHY = ("--reason", "客户请求", "--as", "admin")


@pytest.fixture
def house(jieli: Jieli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Jieli:
    """An installation with a talk, signed to its end; its databases stay the suite's."""
    monkeypatch.setattr(start, "connect", lambda found: None)
    monkeypatch.setattr(start, "addresses", lambda profile: None)
    bring(jieli, tmp_path, *TALK)
    jieli.answer("ledger", "sign", "--once")
    return jieli


def without_signer(jieli: Jieli) -> None:
    """In production nobody starts a round in the place of a signer that is not there."""
    jieli.profile = read_profile({"JIELI_HOME": str(jieli.home), "JIELI_PROFILE": "production"})


def head() -> int:
    return queries.head(queries.live_log()).size


def coded(jieli: Jieli, *words: object) -> tuple[int, dict[str, Any]]:
    done = jieli(*words, "--json")
    return done.exit_code, json.loads(done.stdout)


def test_a_copy_for_a_restore_without_a_signer_says_what_is_not_in_it_and_ends_with_3(
    house: Jieli, tmp_path: Path
) -> None:
    without_signer(house)
    signed = head()
    [found] = items(house)
    house.answer("shred", "items", found["item"], *WHY)
    house.answer("hold", "place", "人", house.company.customers["wm-gu"], "--reason", "争议", "--as", "yan")
    words = ("ledger", "export", tmp_path / "outside", "--for-restore")
    code, told = coded(house, *words)
    assert (code, told["size"], told["unsigned"], told["covered"]) == (3, signed, head() - signed, False)
    assert told["not_in_copy"] == {
        "destructions": 1, "holds": 1, "releases": 0, "statements": 0, "revocations": 0,
    }  # fmt: skip
    assert "jieli serve" in told["why"]
    done = house(*words)
    assert done.exit_code == 3
    for word in (
        f"其后 {head() - signed} 条不在这份副本里，其中销毁 1 次、保全 1 次、解除 0 次",
        "已销毁的内容会回来",
        "请让签名进程运行",
    ):
        assert word in done.stdout
    house.answer("ledger", "sign", "--once")
    told = house.answer(*words)
    assert (told["size"], told["unsigned"], told["covered"], told["why"]) == (head(), 0, True, None)
    assert set(told["not_in_copy"].values()) == {0}


def test_a_copy_for_a_restore_is_signed_first_and_the_restore_destroys_again(
    house: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.answer("backup", tmp_path / "copy")
    [found] = items(house)
    house.answer("shred", "items", found["item"], *WHY)
    # The demo starts a round by itself where nobody listens; here it is not a process of its own.
    monkeypatch.setattr(signer, "_one_round", lambda: signer.sign_once(house.profile, at=NOW))
    wanted = head()
    told = house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    assert (told["size"], told["unsigned"], told["covered"]) == (wanted, 0, True)
    other = elsewhere(house, tmp_path)
    done = other.answer("restore", tmp_path / "copy", "--outside", tmp_path / "outside")
    assert (done["destructions"], done["items"], done["clean"]) == (1, 1, True)
    assert items(other) == []


def test_a_signer_that_listens_is_asked_for_the_copy_and_not_for_a_plain_export(
    house: Jieli, tmp_path: Path, signing: None
) -> None:
    house.answer("hold", "place", "人", house.company.customers["wm-gu"], "--reason", "争议", "--as", "yan")
    wanted = head()
    told = house.answer("ledger", "export", tmp_path / "outside", "--for-restore")
    assert told["size"] >= wanted
    assert told["covered"] is True


def test_a_plain_export_says_how_many_entries_are_not_signed(house: Jieli, tmp_path: Path) -> None:
    without_signer(house)
    with book(at=NOW) as b:
        for n in range(3):
            b.entry("access.note", by="system:test", facts={"n": n})
    assert house.answer("ledger", "export", tmp_path / "log")["unsigned"] == 3
    assert "其后 3 条尚未签检查点，不在其中" in house.said("ledger", "export", tmp_path / "log")
    house.answer("ledger", "sign", "--once")
    assert "尚未签" not in house.said("ledger", "export", tmp_path / "log")


def test_the_directory_one_stands_in_is_exported_to_and_has_its_companion_beside_it(
    house: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    house.answer("ledger", "export", ".", "--for-restore")
    assert (tmp_path / "here" / "checkpoint").is_file()
    assert (tmp_path / "here.restore").is_dir()


@pytest.mark.parametrize(
    "words",
    [("backup", ""), ("ledger", "export", ""), ("ledger", "export", " ", "--for-restore"),
     ("export", "all", "", "--matter", "M-2026-0001", "--as", "yan")],
)  # fmt: skip
def test_an_empty_path_is_refused_by_name(house: Jieli, words: tuple[str, ...]) -> None:
    refused = house.refused(*words)
    assert refused["code"] == "cli.no_place"
    assert "路径是空的" in refused["error"]
