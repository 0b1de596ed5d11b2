"""`jieli witness`: a key of its own in a directory of its own, made once."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from jieli.doors.cli import frame
from jieli.ledger.operations import book
from seal import checkpoint
from seal.keys import COSIGNATURE, generate, parse_vkey
from tests.conftest import ORIGIN
from tests.doors.cli import Jieli

Sql = Callable[..., object]
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


# ── a witness without a network: a stick goes back and forth ──


@pytest.fixture
def stick(fresh: Jieli, tmp_path: Path) -> Path:
    """A house with a log, a witness on a machine of its own, and the stick between them."""
    fresh.answer("keys", "init", "--origin", ORIGIN)
    vkey = fresh.answer("witness", "init", tmp_path / "w", "--name", NAME)["vkey"]
    policy = fresh.home / "trust.policy"
    log = policy.read_text().split("\n")[0]
    policy.write_text(f"{log}\nwitness {NAME} {vkey}\nquorum {NAME}\n")
    return tmp_path / "stick"


def grow(jieli: Jieli, count: int = 1) -> int:
    """The size once so many entries more are written and signed."""
    with book(at=jieli.at) as b:
        for n in range(count):
            b.entry("access.note", by="system:test", facts={"n": n})
    return int(jieli.answer("ledger", "sign", "--once")["checkpoint"])


def pinned(jieli: Jieli) -> str:
    """The log's key as the company read it out over the telephone."""
    return (jieli.home / "trust.policy").read_text().split("\n")[0].removeprefix("log ")


def sign(jieli: Jieli, stick: Path, *more: object) -> tuple[object, ...]:
    return ("witness", "sign-offline", stick, "--witness", stick.parent / "w", *more)


def test_a_stick_goes_there_and_back_and_the_checkpoint_counts(fresh: Jieli, stick: Path) -> None:
    size = grow(fresh, 5)
    made = fresh.answer("witness", "kit", stick)
    assert made == {"from": 0, "size": size, "log": [pinned(fresh)]}
    told = (stick / "说明.txt").read_text()
    assert pinned(fresh) in told
    assert "jieli witness init" in told
    assert "jieli witness sign-offline" in told
    assert checkpoint.parse((stick / "checkpoint").read_bytes())[0].size == size
    assert fresh.refused("ledger", "take-cosignatures", stick)["code"] == "ledger.nothing_to_take"
    assert not fresh.answer("ledger", "status")["quorum_met"]
    signed = fresh.answer(*sign(fresh, stick, "--log", pinned(fresh)))
    assert signed == {"witness": NAME, "size": size}
    taken = fresh.answer("ledger", "take-cosignatures", stick)["taken"]
    assert taken == [{"witness": NAME, "size": size, "new": True}]
    assert not fresh.answer("ledger", "take-cosignatures", stick)["taken"][0]["new"]
    status = fresh.answer("ledger", "status")
    assert (status["quorum_met"], status["counted"], status["witnessed"]) == (True, size, [NAME])
    assert fresh.answer("fsck")["clean"]


def test_the_next_stick_carries_a_proof_from_where_the_witness_stands(fresh: Jieli, stick: Path) -> None:
    first = grow(fresh, 5)
    fresh.answer("witness", "kit", stick)
    fresh.answer(*sign(fresh, stick, "--log", pinned(fresh)))
    second = grow(fresh, 300)
    assert fresh.answer("witness", "kit", stick)["from"] == first
    assert "请把文件夹交还公司" in fresh.said(*sign(fresh, stick))
    assert fresh.answer("ledger", "take-cosignatures", stick)["taken"][0]["size"] == second
    third, other = grow(fresh), stick.parent / "another stick"
    assert fresh.answer("witness", "kit", other, "--for", NAME) == {
        "from": second, "size": third, "log": [pinned(fresh)],
    }  # fmt: skip


def test_a_stick_that_does_not_know_where_the_witness_stands_is_refused_and_comes_back_knowing(
    fresh: Jieli, stick: Path
) -> None:
    first = grow(fresh, 5)
    fresh.answer("witness", "kit", stick)
    fresh.answer(*sign(fresh, stick, "--log", pinned(fresh)))
    lost, size = stick.parent / "second stick", grow(fresh)
    fresh.answer("witness", "kit", lost)
    assert fresh.refused(*sign(fresh, lost))["code"] == "witness.stale_kit"
    assert fresh.answer("witness", "kit", lost)["from"] == first
    assert fresh.answer(*sign(fresh, lost))["size"] == size


def test_a_witness_that_was_never_told_the_logs_key_believes_no_stick(fresh: Jieli, stick: Path) -> None:
    grow(fresh)
    fresh.answer("witness", "kit", stick)
    assert fresh.refused(*sign(fresh, stick))["code"] == "witness.no_log_key"
    other = generate(ORIGIN).vkey.format()
    assert fresh.refused(*sign(fresh, stick, "--log", other))["code"] == "witness.not_accepted"
    (stick / "add-checkpoint").unlink()
    done = fresh(*sign(fresh, stick), "--json")
    assert (done.exit_code, "witness.request" in done.stdout) == (1, True)


def rewrite(fresh: Jieli, owner_sql: Sql, keep: int) -> None:
    """The administrator, who holds the signing key, forgets everything from an entry on."""
    owner_sql("DELETE FROM ledger_cosignature")
    owner_sql(f"DELETE FROM ledger_checkpoint WHERE size > {keep}")
    owner_sql(f"DELETE FROM ledger_part WHERE entry >= {keep}")
    owner_sql(f"DELETE FROM ledger_entry WHERE index >= {keep}")


def test_a_log_that_was_rolled_back_is_not_cosigned_and_the_house_is_told(
    fresh: Jieli, stick: Path, owner_sql: Sql
) -> None:
    grow(fresh, 3)
    grow(fresh, 5)
    fresh.answer("witness", "kit", stick)
    fresh.answer(*sign(fresh, stick, "--log", pinned(fresh)))
    rewrite(fresh, owner_sql, 3)
    assert fresh.refused("witness", "kit", stick)["code"] == "ledger.refuses_to_sign"
    assert fresh.refused("ledger", "take-cosignatures", stick)["code"] == "ledger.refuses_to_sign"
    clean = stick.parent / "clean stick"
    fresh.answer("witness", "kit", clean)
    refused = fresh.refused(*sign(fresh, clean))
    assert refused["code"] == "witness.log_changed"
    assert "没有签名" in refused["remedy"]
    assert not (clean / "cosigned").exists()


@pytest.mark.parametrize("again", [5, 9])
def test_a_forked_log_is_not_cosigned_and_its_cosignature_is_not_taken(
    again: int, fresh: Jieli, stick: Path, owner_sql: Sql
) -> None:
    grow(fresh, 3)
    grow(fresh, 5)
    fresh.answer("witness", "kit", stick)
    fresh.answer(*sign(fresh, stick, "--log", pinned(fresh)))
    rewrite(fresh, owner_sql, 3)
    grow(fresh, again)
    if_taken = fresh.refused("ledger", "take-cosignatures", stick)
    assert if_taken["code"] == "ledger.foreign_checkpoint"
    fresh.answer("witness", "kit", stick)
    assert fresh.refused(*sign(fresh, stick))["code"] == "witness.log_changed"


def test_cosignatures_of_witnesses_that_nobody_named_and_broken_ones_are_not_taken(
    fresh: Jieli, stick: Path
) -> None:
    grow(fresh, 3)
    fresh.answer("witness", "kit", stick)
    fresh.answer("witness", "init", stick.parent / "x", "--name", "stranger.example")
    fresh.answer("witness", "sign-offline", stick, "--witness", stick.parent / "x", "--log", pinned(fresh))
    assert fresh.refused("ledger", "take-cosignatures", stick)["code"] == "ledger.nothing_to_take"
    (stick / "size").unlink()
    fresh.answer("witness", "kit", stick)
    fresh.answer(*sign(fresh, stick, "--log", pinned(fresh)))
    cosigned = stick / "cosigned"
    cosigned.write_bytes(cosigned.read_bytes()[:-9] + b"AAAAAAA=\n")
    assert fresh.refused("ledger", "take-cosignatures", stick)["code"] == "ledger.nothing_to_take"


def test_before_anything_is_signed_there_is_no_kit(fresh: Jieli, tmp_path: Path) -> None:
    (fresh.home / "trust.policy").write_text("quorum none\n")
    assert fresh.refused("witness", "kit", tmp_path)["code"] == "ledger.nothing_signed"


def test_a_kit_for_a_name_that_the_policy_does_not_know_is_refused_and_nothing_is_written(
    fresh: Jieli, stick: Path
) -> None:
    grow(fresh, 5)
    refused = fresh.refused("witness", "kit", stick, "--for", "witnes.example.cn")
    assert refused["code"] == "witness.unknown" and NAME in refused["remedy"]
    assert not stick.exists()
    assert fresh.answer("witness", "kit", stick, "--for", NAME)["from"] == 0


def test_a_kit_says_when_nothing_new_is_in_it_and_what_is_not_signed_yet(fresh: Jieli, stick: Path) -> None:
    size = grow(fresh, 5)
    assert f"从 0 条到 {size} 条" in fresh.said("witness", "kit", stick)
    fresh.answer(*sign(fresh, stick, "--log", pinned(fresh)))
    fresh.answer("ledger", "take-cosignatures", stick)
    nothing_new = fresh.said("witness", "kit", stick, "--for", NAME)
    assert "没有新内容" in nothing_new and "尚未签" not in nothing_new
    with book(at=fresh.at) as b:
        for n in range(6):
            b.entry("access.note", by="system:test", facts={"n": n})
    told = fresh.said("witness", "kit", stick, "--for", NAME)
    assert "没有新内容" in told and f"账本现有 {size + 6} 条，后 6 条尚未签检查点" in told
    assert "jieli ledger checkpoint" in told
    assert grow(fresh) == size + 7
    told = fresh.said("witness", "kit", stick, "--for", NAME)
    assert f"从 {size} 条到 {size + 7} 条" in told and "没有新内容" not in told


def full_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The stick has no room left when this file reaches it."""
    sync = os.fsync

    def refusing(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == name:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", refusing)


def test_a_kit_that_a_full_stick_cannot_hold_leaves_the_stick_as_it_was_and_says_so(
    fresh: Jieli, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(fresh, 5)
    with monkeypatch.context() as patch:
        full_at(patch, "add-checkpoint.writing")
        refused = fresh.refused("witness", "kit", stick)
    assert refused["code"] == "ledger.kit_not_written"
    assert "没有写成（ENOSPC）" in refused["error"] and "请勿把它交给见证方" in refused["remedy"]
    assert list(stick.iterdir()) == []
    fresh.answer("witness", "kit", stick)
    before = {path.name: path.read_bytes() for path in stick.iterdir()}
    grow(fresh, 3)
    with monkeypatch.context() as patch:
        full_at(patch, "checkpoint.writing")
        assert fresh.refused("witness", "kit", stick)["code"] == "ledger.kit_not_written"
    assert {path.name: path.read_bytes() for path in stick.iterdir()} == before
    # What lies there is a whole kit, the one of before.
    assert fresh.answer(*sign(fresh, stick, "--log", pinned(fresh)))["size"] == 5
    fresh.answer("witness", "kit", stick)
    assert fresh.answer(*sign(fresh, stick))["size"] == 8
