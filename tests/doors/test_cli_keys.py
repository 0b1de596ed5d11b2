"""`jieli keys init`: once, under one name, and what it leaves is for this account alone."""

import stat

from jieli.access.types import Role
from seal import policy
from seal.keys import COSIGNATURE, generate
from tests.conftest import ORIGIN
from tests.doors.cli import Jieli
from tests.rooms.company import reader


def test_keys_are_made_once_and_the_second_run_changes_nothing(fresh: Jieli) -> None:
    made = fresh.answer("keys", "init", "--origin", ORIGIN)
    assert (made["origin"], made["new"]) == (ORIGIN, True)
    files = {path: path.read_bytes() for path in fresh.home.rglob("*") if path.is_file()}
    again = fresh.answer("keys", "init", "--origin", ORIGIN)
    assert again == made | {"new": False}
    assert {path: path.read_bytes() for path in files} == files
    said = fresh.said("keys", "init", "--origin", ORIGIN)
    for words in ("早已建立", made["vkey"], made["fingerprint"]):
        assert words in said


def test_no_secret_is_shown_or_left_open(fresh: Jieli) -> None:
    shown = fresh("keys", "init", "--origin", ORIGIN).output
    secret = fresh.home / "signer" / "log.key"
    assert secret.read_text().strip() not in shown
    assert "PRIVATE" not in shown
    assert {stat.S_IMODE(p.stat().st_mode) for p in [secret, *(fresh.home / "keys").iterdir()]} == {0o600}


def test_a_witness_stands_in_the_policy_from_the_beginning(fresh: Jieli) -> None:
    witness = generate("witness.example.cn", kind=COSIGNATURE).vkey.format()
    line = f"witness.example.cn {witness} http://127.0.0.1:8701/"
    fresh.answer("keys", "init", "--origin", ORIGIN, "--witness", line)
    written = policy.parse((fresh.home / "trust.policy").read_bytes())
    assert [key.name for key in written.witnesses.values()] == ["witness.example.cn"]


def test_a_name_that_no_log_can_bear_is_refused_and_nothing_is_made(fresh: Jieli) -> None:
    for origin in ("", "two words", "a+b"):
        assert fresh.refused("keys", "init", "--origin", origin)["code"] == "keys.bad_origin"
    assert list(fresh.home.iterdir()) == []


def test_another_name_is_refused_once_there_is_one(fresh: Jieli) -> None:
    fresh.answer("keys", "init", "--origin", ORIGIN)
    refused = fresh.refused("keys", "init", "--origin", "other.example.cn/log")
    assert refused["code"] == "keys.bad_origin"
    assert ORIGIN in refused["error"]


COMMANDS = [
    ["fsck"],
    ["ledger", "sign", "--once"],
    ["search", "茶叶", "--purpose", "投诉溯源", "--matter", "M-2026-0001", "--as", "yan"],
    ["shred", "items", 1, "--reason", "到期", "--as", "yan"],
]


def test_before_there_are_keys_commands_say_how_to_make_them(fresh: Jieli) -> None:
    reader(Role.SYSTEM, Role.COMPLIANCE, name="yan")
    for words in COMMANDS:
        refused = fresh.refused(*words)
        assert refused["code"] in {"archive.keyring_missing", "signer.no_keys"}
        assert "jieli keys init" in refused["remedy"]
