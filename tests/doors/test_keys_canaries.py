"""No command of `jieli keys` says a key, working or failing: not on the screen, not in a log, not in a table.

Every command that is registered is run; one that is added and not run here fails this test.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connections

from jieli.access.types import Role
from jieli.archive.keys import ring
from jieli.doors.cli import keys as commands
from seal.encoding import from_base64
from tests.conftest import ORIGIN
from tests.doors.cli import TALK, Jieli, bring, matter
from tests.doors.test_canaries import Heard, Planted, copies, heard
from tests.rooms.company import found_company, open_vault, reader

__all__ = ["heard"]
#: Runs `jieli keys keep` with every logger at DEBUG on stderr.
LOUD = """
import logging, sys
from jieli.wiring import start
start.load()
from jieli.doors.cli.main import app
logging.basicConfig(level=logging.DEBUG, force=True)
for name in list(logging.root.manager.loggerDict):
    one = logging.getLogger(name)
    one.setLevel(logging.DEBUG)
    one.propagate, one.disabled = True, False
app(["keys", "keep", *sys.argv[1:]])
"""


@dataclass
class Told:
    """The installation, what its commands said, which were run, and what none of them may say."""

    jieli: Jieli
    secrets: Planted = field(default_factory=Planted)
    said: list[str] = field(default_factory=list)
    ran: set[str] = field(default_factory=set)

    def __call__(self, name: str, *words: object) -> str:
        """Run a command of this page, as people and as machines do; what it said, errors too."""
        self.ran.add(name)
        done = [self.jieli("keys", name, *words, *form).output for form in ([], ["--json"])]
        self.said += done
        self.plant()
        return done[0]

    def plant(self) -> None:
        """Every key that there is now: as its file has it, and as the bytes that it stands for."""
        home = self.jieli.home
        for path in [*(home / "keys").glob("*.key"), *(home / "signer").rglob("*.key")]:
            text = path.read_text("ascii").strip()
            self.secrets.plant(f"{path.name} {text[:6]}", text)
            private = text.split("+", 4)[4] if text.startswith("PRIVATE+") else ""
            raw = from_base64(private, code="test.key") if private else bytes.fromhex(text)
            self.secrets.plant(f"{path.name} {text[:6]} as bytes", raw[1:] if private else raw)
            if private:
                self.secrets.plant(f"{path.name} {text[:6]} in base64", private)
        if (home / "keys" / "root.key").exists():
            held = ring.load(home)
            for number, key in {0: held.digest, **held.epochs}.items():
                self.secrets.plant(f"unwrapped {number}", key)


@pytest.fixture
def told(fresh: Jieli, heard: Heard) -> Told:
    made = Told(fresh)
    made("init", "--origin", ORIGIN)
    open_vault(fresh.home)
    fresh.company = found_company()
    reader(Role.SYSTEM, name="suo")
    reader(Role.COMPLIANCE, name="yan")
    reader(Role.SYSTEM, Role.IT, name="admin")
    return made


def _shares(*sheets: Path) -> list[str]:
    lines = [line for sheet in sheets for line in sheet.read_text().splitlines()]
    return ["".join(line.split()[1:3]) for line in lines if line[:1].isdigit()]


def _rotations(told: Told, first: Path, second: Path) -> None:
    """Everything that succeeds where the root key lies in a file."""
    assert "第 2 期" in told("rotate", "--as", "suo")
    begun = told("rotate-log", "--as", "suo")
    assert "新公钥" in begun
    told("rotate-log", "--as", "suo", "--finish", "--without-witness")
    told("rotate-log", "--as", "suo", "--destroy-old")
    told("escrow", "--as", "suo", "--first", first, "--second", second)
    told("drill", "--as", "suo", "--first", first, "--second", second)
    told("status")
    (told.jieli.home / "keys" / "root.key").unlink()
    assert "root.key" in told("restore", "--first", first, "--second", second)


def _failures(told: Told, first: Path, second: Path) -> None:
    """Everything that must be refused: nobody's right, sheets of nothing, files that are none."""
    for name in ("rotate", "rotate-log", "escrow", "drill"):
        told(name, "--as", "yan")
        told(name, "--as", "nobody")
    told("init", "--origin", "a+b")
    told("init", "--origin", "other.example.cn/log")
    told("escrow", "--as", "suo", "--first", first)
    told("drill", "--as", "suo", "--first", second, "--second", second)
    told("restore", "--first", first, "--second", first)
    told("restore", "--first", first.with_name("none"), "--second", second)
    root, log = told.jieli.home / "keys" / "root.key", told.jieli.home / "signer" / "log.key"
    for path, wrong in ((root, "ff"), (root, "\n" + log.read_text()), (log, "+" + root.read_text())):
        right = path.read_text()
        path.write_text(right.strip() + wrong)
        for name, words in (
            ("init", ("--origin", ORIGIN)), ("status", ()), ("rotate", ("--as", "suo")),
            ("rotate-log", ("--as", "suo")), ("escrow", ("--as", "suo", "--first", first, "--second", second)),
            ("drill", ("--as", "suo", "--first", first, "--second", second)),
            ("restore", ("--first", first, "--second", second)),
        ):  # fmt: skip
            told.ran.add(name)
            told.said += [told.jieli("keys", name, *words, *form).output for form in ([], ["--json"])]
        path.write_text(right)


def test_no_command_of_keys_says_a_key_whether_it_works_or_fails(
    told: Told, heard: Heard, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    first, second = tmp_path / "1", tmp_path / "2"
    bring(told.jieli, tmp_path, *TALK)
    _rotations(told, first, second)
    for share in _shares(first, second):
        told.secrets.plant(f"share {share[:4]}", share)
    assert len(_shares(first, second)) == 16
    _failures(told, first, second)
    with _kept(told, tmp_path) as path:
        monkeypatch.setenv("JIELI_KEEPER", str(path))
        _asked_of_the_keeper(told, tmp_path)
        monkeypatch.delenv("JIELI_KEEPER")
    hay = "\n".join([*told.said, *heard.lines, *capfd.readouterr()]).encode()
    assert len(told.secrets.secrets) > 30
    assert told.secrets.found(hay) == set()
    assert {table for table, rows in copies() if told.secrets.found(rows)} == set()
    assert told.ran == {one.name for one in commands.app.registered_commands}


def test_the_sheets_on_the_screen_are_two_and_neither_says_the_root(told: Told, heard: Heard) -> None:
    told.ran.add("escrow")
    screen = told.jieli("keys", "escrow", "--as", "suo").output
    root = (told.jieli.home / "keys" / "root.key").read_text().strip()
    shares = [word for line in screen.splitlines() if line[:1].isdigit() for word in line.split()[1:3]]
    assert len(shares) == 32  # the search below does know what a share looks like
    assert told.secrets.found(screen.encode()) == set()
    assert root not in "".join(shares[:16]) + "".join(shares[16:])
    logged = "\n".join(heard.lines)
    assert [n for n, share in enumerate(shares) if share in logged] == []


@contextmanager
def _kept(told: Told, tmp_path: Path) -> Iterator[Path]:
    """The keeper as a process of its own, at DEBUG; what it says goes to the rest."""
    told.ran.add("keep")
    dsn = {name: connections[alias].settings_dict for name, alias in (("READ", "read"), ("KEYS", "keys"))}
    urls = {
        f"JIELI_{name}_URL": f"host={s['HOST']} port={s['PORT'] or 5432} dbname={s['NAME']} user={s['USER']} "
        f"password={s['PASSWORD']}"
        for name, s in dsn.items()
    }
    env = {**os.environ, **urls, "JIELI_HOME": str(told.jieli.home), "COLUMNS": "200"}
    out = tmp_path / "keeper.log"
    wrong = [sys.executable, "-c", LOUD, "--group", "nobody-of-this-name"]
    refused = subprocess.run(wrong, env=env, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    told.said.append(refused.stdout + refused.stderr)
    with out.open("w") as log, subprocess.Popen(
        [sys.executable, "-c", LOUD], env=env, stdout=log, stderr=log
    ) as process:  # fmt: skip
        try:
            while "等候" not in out.read_text():
                assert process.poll() is None, out.read_text()
                time.sleep(0.02)
            yield told.jieli.home / "keeper" / "sock"
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0
            told.said.append(out.read_text())


def _asked_of_the_keeper(told: Told, tmp_path: Path) -> None:
    """Wrapping, unwrapping, erasing, rotating, and what a keeper refuses."""
    aside = tmp_path / "keys aside"
    shutil.move(told.jieli.home / "keys", aside)
    try:
        reader(Role.LEGAL, name="fa")
        number = matter(told.jieli)
        words = ("search", "明前茶", "--purpose", "投诉溯源", "--matter", number, "--as", "yan")
        [found] = told.jieli.answer(*words)["items"]
        told.jieli.answer("shred", "items", found["item"], "--reason", "到期", "--as", "admin")
        told("status")
        told("escrow", "--as", "suo")
        told("drill", "--as", "suo")
    finally:
        shutil.move(aside, told.jieli.home / "keys")
    told("rotate", "--as", "suo")
