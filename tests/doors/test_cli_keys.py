"""`jieli keys`: made once under one name; rotated, put on paper, read back, drilled; kept by a process of its own."""

import json
import logging
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections

from jieli.access.types import Role
from jieli.archive import ports
from jieli.archive.models import Batch, KeyPage
from jieli.ledger import queries as ledger
from jieli.wiring import deploy
from seal import policy
from seal.keys import COSIGNATURE, generate
from tests.conftest import ORIGIN
from tests.doors.cli import TALK, Jieli, bring, items
from tests.fakes import vault as fake
from tests.fakes.test_vault import token_in
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


def root_of(jieli: Jieli) -> str:
    return (jieli.home / "keys" / "root.key").read_text().strip()


@pytest.fixture
def keymaster(jieli: Jieli) -> str:
    """Somebody who may manage keys."""
    reader(Role.SYSTEM, name="suo")
    return "suo"


@pytest.fixture
def sheets(jieli: Jieli, keymaster: str, tmp_path: Path) -> tuple[Path, Path]:
    first, second = tmp_path / "甲.txt", tmp_path / "乙.txt"
    jieli.answer("keys", "escrow", "--as", keymaster, "--first", first, "--second", second)
    return first, second


def kinds() -> list[str]:
    stored = ledger.entries(range(ledger.head(ledger.live_log()).size)).values()
    return [entry.kind for entry in stored]


def test_rotating_moves_the_pages_and_the_talk_stays_readable(
    jieli: Jieli, keymaster: str, tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    done = jieli.answer("keys", "rotate", "--as", keymaster)
    assert done == {"epoch": 2, "resumed": False, "moved": 2, "rewrapped": 0}
    assert "现为第 3 期，改封密钥页与索引密钥共 2 个" in jieli.said("keys", "rotate", "--as", keymaster)
    assert len(items(jieli)) == 1
    found = jieli.answer("keys", "status")
    assert [(e["epoch"], e["state"], e["pages"], e["index_keys"]) for e in found["epochs"]] == [
        (1, "已退役", 0, 0), (2, "已退役", 0, 0), (3, "使用中", 1, 1)
    ]  # fmt: skip
    assert (found["place"], found["holder"], found["unfinished"], found["last_drill"]) == (
        "file",
        "process",
        [],
        None,
    )
    assert found["fingerprints"]["epoch-000003.key"] == found["epochs"][2]["fingerprint"]


def test_only_who_may_manage_keys_does(jieli: Jieli) -> None:
    for words in (["rotate"], ["escrow"], ["drill"]):
        assert jieli.refused("keys", *words, "--as", "yan")["code"] == "access.forbidden"
    assert "archive.keys_escrowed" not in kinds()


def test_sheets_are_entered_before_they_are_given_and_lie_private(
    jieli: Jieli, sheets: tuple[Path, Path]
) -> None:
    assert [stat.S_IMODE(path.stat().st_mode) for path in sheets] == [0o600, 0o600]
    assert kinds()[-1] == "archive.keys_escrowed"
    assert root_of(jieli) not in sheets[0].read_text() + sheets[1].read_text()
    shown = jieli.answer("keys", "escrow", "--as", "suo")
    assert "（甲）" in shown["first"]
    assert "（乙）" in shown["second"]
    before = len(kinds())
    again = ("keys", "escrow", "--as", "suo", "--first", sheets[0], "--second", sheets[1].with_name("new"))
    assert jieli.refused(*again)["code"] == "keys.cannot_put_down"
    assert len(kinds()) == before


def test_a_lost_root_key_comes_back_from_its_sheets(
    jieli: Jieli, sheets: tuple[Path, Path], tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    root, given = root_of(jieli), ("--first", sheets[0], "--second", sheets[1])
    assert jieli.refused("keys", "restore", *given)["code"] == "archive.keyring_exists"
    (jieli.home / "keys" / "root.key").unlink()
    assert jieli.refused("keys", "status")["code"] == "archive.keyring_missing"
    done = jieli.answer("keys", "restore", *given)
    assert set(done["fingerprints"]) == {"root.key", "digest.key", "epoch-000001.key"}
    assert root_of(jieli) == root
    assert stat.S_IMODE((jieli.home / "keys" / "root.key").stat().st_mode) == 0o600
    assert len(items(jieli)) == 1


def test_a_root_key_comes_back_into_an_empty_directory_and_not_beside_anothers_files(
    jieli: Jieli, sheets: tuple[Path, Path], tmp_path: Path
) -> None:
    given = ("--first", sheets[0], "--second", sheets[1])
    root = root_of(jieli)
    shutil.move(jieli.home / "keys", tmp_path / "lost")
    assert set(jieli.answer("keys", "restore", *given)["fingerprints"]) == {"root.key"}
    assert root_of(jieli) == root
    (jieli.home / "keys" / "root.key").unlink()
    foreign = jieli.home / "keys" / "digest.key"
    foreign.write_text("00" * 60)
    foreign.chmod(0o600)
    assert jieli.refused("keys", "restore", *given)["code"] == "archive.keyring_mismatch"
    assert not (jieli.home / "keys" / "root.key").exists()


def test_sheets_that_do_not_fit_restore_nothing(
    jieli: Jieli, sheets: tuple[Path, Path], tmp_path: Path
) -> None:
    shutil.move(jieli.home / "keys", tmp_path / "lost")
    first, second = sheets
    assert (
        jieli.refused("keys", "restore", "--first", first, "--second", first)["code"]
        == "archive.escrow_unreadable"
    )
    absent = jieli.refused("keys", "restore", "--first", first, "--second", tmp_path / "none")
    assert absent["code"] == "keys.sheet_unreadable"
    second.write_text(second.read_text().replace("根密钥指纹：", "根密钥指纹：0"))
    assert (
        jieli.refused("keys", "restore", "--first", first, "--second", second)["code"]
        == "archive.escrow_unreadable"
    )
    second.write_text("")
    assert "指纹" in jieli.refused("keys", "restore", "--first", first, "--second", second)["error"]
    assert not (jieli.home / "keys").exists()


def test_a_drill_proves_the_sheets_changes_nothing_and_is_entered(
    jieli: Jieli, sheets: tuple[Path, Path], tmp_path: Path
) -> None:
    bring(jieli, tmp_path, *TALK)
    given = ("--as", "suo", "--first", sheets[0], "--second", sheets[1])
    ring = {path: path.read_bytes() for path in (jieli.home / "keys").iterdir()}
    pages = list(KeyPage.objects.values())
    done = jieli.answer("keys", "drill", *given)
    assert (done["place"], done["files"], done["epochs"], done["secrets"]) == ("file", 2, [1], 3)
    assert done["root"] in sheets[0].read_text()
    assert kinds()[-1] == "archive.keys_drilled"
    assert {path: path.read_bytes() for path in (jieli.home / "keys").iterdir()} == ring
    assert list(KeyPage.objects.values()) == pages
    last = jieli.answer("keys", "status")["last_drill"]
    assert (last["entry"], last["at"]) == (len(kinds()) - 1, jieli.at)
    assert "上次演练：2026-09-21" in jieli.said("keys", "status")


def test_a_drill_that_fails_is_not_entered(jieli: Jieli, sheets: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    jieli.answer("keys", "escrow", "--as", "suo", "--first", first, "--second", second)
    before = len(kinds())
    drill = ("keys", "drill", "--as", "suo")
    assert jieli.refused(*drill)["code"] == "keys.no_sheets"
    assert jieli.refused(*drill, "--first", first)["code"] == "keys.no_sheets"
    mixed = jieli.refused(*drill, "--first", first, "--second", sheets[1])
    assert mixed["code"] == "archive.escrow_unreadable"
    KeyPage.objects.update(sealed=b"x" * 80)
    bring(jieli, tmp_path, *TALK)
    KeyPage.objects.update(sealed=b"x" * 80)
    before = len(kinds())
    spoiled = jieli.refused(*drill, "--first", first, "--second", second)
    assert (spoiled["code"], len(kinds())) == ("archive.page_damaged", before)


@contextmanager
def kept(home: Path, *, ended: int = 0, **environ: str) -> Iterator[Path]:
    """`jieli keys keep --init` as a process of its own, which can only read the main store; how it ends."""
    dsn = {name: connections[alias].settings_dict for name, alias in (("READ", "read"), ("KEYS", "keys"))}
    urls = {
        f"JIELI_{name}_URL": f"host={s['HOST']} port={s['PORT'] or 5432} dbname={s['NAME']} user={s['USER']} "
        f"password={s['PASSWORD']}"
        for name, s in dsn.items()
    }
    command = [sys.executable, "-m", "jieli", "keys", "keep", "--init"]
    env = {**os.environ, **urls, "JIELI_HOME": str(home), "COLUMNS": "200", **environ}
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert "等候" in process.stderr.readline()
            yield home / "keeper" / "sock"
        finally:
            process.send_signal(signal.SIGTERM)
            rest = process.stderr.read()
            assert (process.wait(120), rest) == (ended, "")


def test_with_a_keeper_no_command_needs_the_keyring(
    jieli: Jieli, keymaster: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shutil.rmtree(jieli.home / "keys")
    connections["keys_owner"].cursor().execute("DELETE FROM archive_wrap_epoch")
    home = tmp_path_factory.mktemp("keeper")
    with kept(home) as path:
        monkeypatch.setenv("JIELI_KEEPER", str(path))
        assert jieli.answer("keys", "init", "--origin", ORIGIN)["new"] is False
        bring(jieli, tmp_path, *TALK)
        [found] = items(jieli)
        assert (
            jieli.answer("shred", "items", found["item"], "--reason", "到期", "--as", "admin")["items"] == 1
        )
        assert jieli.answer("keys", "rotate", "--as", keymaster)["epoch"] == 2
        assert jieli.answer("fsck")["clean"] is True
        told = jieli.answer("keys", "status")
        assert (told["place"], told["holder"]) == ("file", "keeper")
        codes = {fault.code: fault.grave for fault in deploy.check(jieli.profile, deploy=True, at=jieli.at)}
        assert codes["check.keeper_same_account"] is False
        assert (
            not {"check.no_keys", "check.no_keeper", "check.keeper", "check.root_beside_keeper"}
            & codes.keys()
        )
        for words in (["escrow"], ["drill"]):
            assert jieli.refused("keys", *words, "--as", keymaster)["code"] == "archive.not_the_keeper"
        restore = jieli.refused("keys", "restore", "--first", tmp_path / "a", "--second", tmp_path / "b")
        assert restore["code"] == "keys.not_here"
        shutil.copytree(home / "keys", jieli.home / "keys")
        assert "check.root_beside_keeper" in {
            f.code for f in deploy.check(jieli.profile, deploy=True, at=jieli.at) if f.grave
        }
        shutil.rmtree(jieli.home / "keys")
    entries = len(kinds())
    file = tmp_path / "more.jsonl"
    file.write_bytes(TALK[0].replace(b'"1"', b'"9"') + b"\n")
    for words in (["import", file, "--format", "wecom", "--as", "admin"], ["keys", "status"]):
        assert jieli.refused(*words)["code"] == "archive.keeper_away"
    away = json.loads(jieli("fsck", "--json").stdout)
    assert {finding["code"] for finding in away["findings"]} == {"archive.keeper_away", "fsck.interrupted"}
    plain = json.loads(jieli("check", "--json").stdout)
    [keeper] = [fault for fault in plain["faults"] if fault["code"] != "check.not_durable"]
    assert (keeper["code"], keeper["grave"]) == ("check.keeper", True)
    assert "jieli keys keep" in keeper["remedy"]
    assert KeyPage.objects.count() == 1
    assert "archive.deposit" not in kinds()[entries:]
    assert "check.keeper" in {
        fault.code for fault in deploy.check(jieli.profile, deploy=True, at=jieli.at) if fault.grave
    }


def test_a_keeper_killed_before_it_answers_leaves_nothing_but_a_page_to_sweep(
    jieli: Jieli, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(jieli.home / "keys")
    connections["keys_owner"].cursor().execute("DELETE FROM archive_wrap_epoch")
    home = tmp_path_factory.mktemp("keeper")
    file = tmp_path / "talk.jsonl"
    file.write_bytes(b"\n".join(TALK) + b"\n")
    with kept(home, ended=-signal.SIGKILL, JIELI_FAIL_AT="keys.after_store") as path:
        monkeypatch.setenv("JIELI_KEEPER", str(path))
        away = json.loads(jieli("import", file, "--format", "wecom", "--as", "admin", "--json").stdout)
    assert away["code"] == "archive.keeper_away"
    assert (KeyPage.objects.count(), Batch.objects.count()) == (1, 0)
    assert "archive.deposit" not in kinds()
    monkeypatch.delenv("JIELI_KEEPER")
    shutil.copytree(home / "keys", jieli.home / "keys")
    assert bring(jieli, tmp_path, *TALK)["admitted"] == 3
    assert (KeyPage.objects.count(), jieli.answer("fsck")["clean"]) == (2, True)


def test_without_a_keeper_the_check_says_what_that_means(jieli: Jieli) -> None:
    faults = {fault.code: fault for fault in deploy.check(jieli.profile, deploy=True, at=jieli.at)}
    assert faults["check.no_keeper"].grave is False
    assert "JIELI_KEEPER" in faults["check.no_keeper"].remedy


@pytest.fixture
def on_vault(fresh: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[fake.Vault]:
    """An installation whose root key lives in a Vault."""
    with fake.running() as vault:
        monkeypatch.setenv("JIELI_VAULT_ADDR", vault.url)
        monkeypatch.setenv("JIELI_VAULT_TOKEN_FILE", str(token_in(tmp_path / "token", fake.TOKEN)))
        yield vault


def test_a_root_key_in_a_vault_serves_like_one_in_a_file_and_never_comes_here(
    fresh: Jieli, on_vault: fake.Vault
) -> None:
    fresh.answer("keys", "init", "--origin", ORIGIN)
    reader(Role.SYSTEM, name="suo")
    assert {p.name for p in (fresh.home / "keys").iterdir()} == {
        "root.vault",
        "digest.key",
        "epoch-000001.key",
    }
    key = on_vault.keys["jieli"]
    key.versions[2] = os.urandom(32)
    done = fresh.answer("keys", "rotate", "--as", "suo")
    assert (done["epoch"], done["rewrapped"]) == (2, 2)
    key.min_decryption = 2
    assert fresh.answer("keys", "status")["place"] == "vault:transit/jieli"
    assert fresh.answer("keys", "drill", "--as", "suo")["place"] == "vault:transit/jieli"
    assert fresh.refused("keys", "escrow", "--as", "suo")["code"] == "archive.keyring_missing"
    key.min_decryption = 3
    assert fresh.refused("keys", "status")["code"] == "vault.version_too_old"


def test_no_key_and_no_token_is_ever_said(
    fresh: Jieli, on_vault: fake.Vault, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Every command of this page, on a Vault and on a file, working and failing; only `escrow` may speak of a root."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(logging.getLogger("httpx"), "propagate", True)
    said: list[str] = []

    def run(*words: object) -> None:
        for form in ([], ["--json"]):
            said.append(fresh(*words, *form).output)

    def everything() -> None:
        run("keys", "init", "--origin", ORIGIN)
        run("keys", "status")
        run("keys", "rotate", "--as", "suo")
        run("keys", "drill", "--as", "suo")
        run("keys", "drill", "--as", "suo", "--first", tmp_path / "1", "--second", tmp_path / "2")
        run("keys", "restore", "--first", tmp_path / "1", "--second", tmp_path / "2")
        run("check", "--deploy")
        run("fsck")

    reader(Role.SYSTEM, name="suo")
    everything()
    on_vault.sealed = True
    everything()
    on_vault.sealed = False
    for status in (200, 307, 400, 403, 404, 500):
        on_vault.instead = (status, fake.TOKEN.encode())
        run("keys", "status")
    on_vault.instead = None
    (tmp_path / "token").write_text(fake.TOKEN + "\nX-Injected: 1")
    run("keys", "status")
    own = [ports.keyring().digest, *ports.keyring().epochs.values()]  # type: ignore[attr-defined]
    vaults = [value for key in on_vault.keys.values() for value in key.versions.values()]
    monkeypatch.delenv("JIELI_VAULT_ADDR")
    run("keys", "status")
    shutil.rmtree(fresh.home / "keys")
    connections["keys_owner"].cursor().execute("DELETE FROM archive_wrap_epoch")
    everything()
    fresh("keys", "escrow", "--as", "suo", "--first", tmp_path / "1", "--second", tmp_path / "2")
    everything()
    root = root_of(fresh)
    (fresh.home / "keys" / "digest.key").write_text(root)
    everything()
    (fresh.home / "keys" / "root.key").write_text(root + "ff")
    everything()
    shares = [
        line.split()[1:3]
        for n in (1, 2)
        for line in (tmp_path / str(n)).read_text().splitlines()
        if line[:1].isdigit()
    ]
    assert len(shares) == 16
    heard = "".join(said) + caplog.text + "".join(capfd.readouterr())
    canaries = [
        fake.TOKEN,
        root,
        *(key.hex() for key in (*own, *vaults)),
        *("".join(share) for share in shares),
    ]
    assert [n for n, canary in enumerate(canaries) if canary in heard] == []
    assert len(said) > 100
