"""The key keeper under an account of its own, Jieli under another: what the one has the other cannot read."""

import errno
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connections

from jieli.access.types import Role
from tests.conftest import ORIGIN
from tests.doors import two_accounts
from tests.doors.cli import TALK
from tests.doors.two_accounts import HOUSE, KEEPER, STRANGER, CannotRun, Machine, house
from tests.rooms.company import found_company, open_vault, reader

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other accounts")

#: Says what the socket tells this account: an errno when connecting, or the code in the keeper's refusal.
KNOCK = """
import json, socket, struct, sys
from contextlib import suppress
line = socket.socket(socket.AF_UNIX)
try:
    line.connect(sys.argv[1])
except OSError as error:
    print(error.errno)
else:
    asked = json.dumps({"ask": "digest_key"}, separators=(",", ":")).encode()
    with suppress(BrokenPipeError, ConnectionResetError):  # a stranger may be turned away before he has asked
        line.sendall(struct.pack(">I", len(asked)) + asked)
    heard = line.makefile("rb")
    print(json.loads(heard.read(struct.unpack(">I", heard.read(4))[0])).get("error", {}).get("code"))
"""


@pytest.fixture
def machine(db: None, tmp_path: Path) -> Iterator[Machine]:
    """Two accounts beside the tea company, whose keyring is not made yet."""
    try:
        with two_accounts.machine() as made:
            open_vault(tmp_path)
            found_company()
            shutil.rmtree(tmp_path / "keys")
            connections["keys_owner"].cursor().execute("DELETE FROM archive_wrap_epoch")
            reader(Role.COMPLIANCE, name="yan")
            reader(Role.SYSTEM, Role.IT, name="admin")
            yield made
    except CannotRun:
        pytest.skip("another account of this machine cannot run this interpreter")


@contextmanager
def keeping(machine: Machine) -> Iterator[None]:
    """`jieli keys keep` of the keeper's account: it reads the main store, its own key store, and nothing else."""
    urls = {name: machine.urls[name] for name in ("JIELI_READ_URL", "JIELI_KEYS_URL")}
    words = ("-m", "jieli", "keys", "keep", "--init", "--socket", str(machine.socket), "--group", HOUSE)
    with machine.run(
        KEEPER, *words, "--allow", HOUSE, groups=[HOUSE], stderr=subprocess.PIPE, **urls
    ) as process:
        assert process.stderr is not None
        try:
            assert "等候" in process.stderr.readline()
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            assert (process.wait(120), process.stderr.read()) == (0, "")


def knock(machine: Machine, account: str, *groups: str) -> str:
    """What this account hears at the keeper's socket."""
    with machine.run(account, "-c", KNOCK, str(machine.socket), groups=groups) as process:
        return process.communicate(timeout=120)[0].strip()


def test_the_keeper_of_another_account_serves_the_house_which_cannot_read_its_keys(machine: Machine) -> None:
    ring = machine.home(KEEPER) / "keys"
    file = machine.home(HOUSE) / "talk.jsonl"
    file.write_bytes(b"\n".join(TALK) + b"\n")
    shutil.chown(file, HOUSE)
    with keeping(machine), house(machine) as jieli:
        jieli.answer("keys", "init", "--origin", ORIGIN)
        assert jieli.answer("import", file, "--format", "wecom", "--as", "admin")["admitted"] == 3
        matter = jieli.answer("matter", "open", "客户投诉核查", "--kind", "争议", "--as", "yan")["number"]
        reading = ("--purpose", "投诉溯源", "--matter", matter, "--as", "yan")
        [found] = jieli.answer("search", "明前", *reading)["items"]
        read = jieli.answer("read", "--item", found["item"], *reading)
        assert [one["text"] for one in read["items"]] == ["明前茶还有吗？"]
        assert jieli.answer("keys", "rotate", "--as", "admin")["epoch"] == 2
        done = jieli.answer("shred", "items", found["item"], "--reason", "到期", "--as", "admin")
        assert done["items"] == 1
        assert jieli.answer("search", "明前", *reading)["items"] == []
        assert jieli.answer("fsck")["clean"] is True
        told = jieli.answer("keys", "status")
        assert (told["keeper"]["same_account"], [e["state"] for e in told["epochs"]]) == (
            False,
            ["已退役", "使用中"],
        )
        faults = {one["code"] for one in jieli.answer("check", "--deploy", status=1)["faults"]}
        assert not {
            code for code in faults if "keeper" in code or code in {"check.no_keys", "check.keys_readable"}
        }
        for name in ("root.key", "digest.key", "epoch-000002.key"):
            assert (ring / name).stat().st_size > 0
            assert jieli.refused_file(ring / name) == errno.EACCES
        assert (knock(machine, STRANGER), knock(machine, STRANGER, HOUSE)) == (
            str(errno.EACCES),
            "keeper.stranger",
        )
        assert knock(machine, HOUSE) == "None"
        run = machine.socket.parent
        assert [(stat.S_IMODE(p.stat().st_mode), p.owner(), p.group()) for p in (run, machine.socket)] == [
            (0o710, KEEPER, HOUSE),
            (0o660, KEEPER, HOUSE),
        ]
    assert {(stat.S_IMODE(p.stat().st_mode), p.owner()) for p in ring.iterdir()} == {(0o600, KEEPER)}
    assert (stat.S_IMODE(ring.stat().st_mode), ring.owner()) == (0o700, KEEPER)
    assert not (machine.home(HOUSE) / "keys").exists()
