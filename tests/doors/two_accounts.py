"""Processes of other accounts of this machine, as an operator has them: nobody keeps the keys, daemon runs Jieli.

Starting them takes root. The suite's interpreter and databases may lie where only root comes (as under /root, or a
private server's socket): the one is handed over as an open directory, the others are reached by TCP.
"""

import json
import os
import pwd
import select
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import connections

from jieli.wiring.databases import ALIASES
from tests.conftest import NOW

KEEPER, HOUSE, STRANGER = "nobody", "daemon", "bin"
_NAMES = dict(zip(ALIASES, ("DATABASE", "JIELI_OWNER", "JIELI_SHRED", "JIELI_READ", "JIELI_KEYS",
                            "JIELI_KEYS_OWNER"), strict=True))  # fmt: skip

#: Reads commands as lines of JSON and answers each with its exit status and output; the clock is the test's.
DRIVER = f"""
import json, os, sys
from typer.testing import CliRunner
from jieli.wiring import start
start.load()
from jieli.doors.cli import frame
from jieli.doors.cli.main import app
frame.now = lambda profile: {NOW}
for line in sys.stdin:
    words = json.loads(line)
    if words[0] == "read-file":
        try:
            found = [0, open(words[1], "rb").read().hex()]
        except OSError as error:
            found = [error.errno, ""]
    else:
        done = CliRunner().invoke(app, words + ["--json"])
        found = [done.exit_code, done.stdout, repr(done.exception) + done.stderr]
    print(json.dumps(found), flush=True)
"""


class CannotRun(Exception):
    """Another account of this machine cannot run this interpreter."""


@dataclass(frozen=True)
class Machine:
    """Two accounts with a home each that only they may enter, and a place for the socket; `run` starts Python there."""

    root: Path
    interpreter: int  # an open directory: the installation that this interpreter is of
    urls: dict[str, str]

    def home(self, account: str) -> Path:
        return self.root / account

    @property
    def socket(self) -> Path:
        return self.root / "run" / "sock"

    def run(
        self, account: str, *words: str, groups: Sequence[str] = (), stderr: int | None = None, **environ: str
    ) -> subprocess.Popen[str]:
        who, base = pwd.getpwnam(account), f"/proc/self/fd/{self.interpreter}"
        program = Path(sys.executable).resolve().relative_to(Path(sys.base_prefix).resolve())
        paths = os.pathsep.join(path for path in sys.path if path)
        env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHOME": base, "PYTHONPATH": paths,
               "LD_LIBRARY_PATH": f"{base}/lib", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200",
               "JIELI_PROFILE": "production",
               "HOME": str(self.home(account)), "JIELI_HOME": str(self.home(account)), **environ}  # fmt: skip
        return subprocess.Popen(
            [f"{base}/{program}", *words], env=env, cwd="/", text=True, pass_fds=(self.interpreter,),
            user=who.pw_uid, group=who.pw_gid, extra_groups=[pwd.getpwnam(name).pw_gid for name in groups],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr,
        )  # fmt: skip


class House:
    """The client's side: `jieli` in a process of the house's account, command by command."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def _ask(self, words: Sequence[object]) -> list[Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self._process.stdin.flush()
        found: list[Any] = json.loads(self._process.stdout.readline())
        return found

    def answer(self, *words: object, status: int = 0) -> dict[str, Any]:
        """The object that a command answers, which must end with this status."""
        code, said, more = self._ask(words)
        assert code == status, (words, said, more)
        found: dict[str, Any] = json.loads(said)
        return found

    def refused_file(self, path: Path) -> int:
        """The errno with which the machine refuses this account a file; 0 where it may read it."""
        return int(self._ask(["read-file", path])[0])


@contextmanager
def machine() -> Iterator[Machine]:
    """Homes for the accounts, a way to the suite's databases; CannotRun where this interpreter is root's only."""
    with tempfile.TemporaryDirectory(prefix="jieli-accounts-") as folder, _relays() as urls:
        root = Path(folder)
        root.chmod(0o755)
        for name, account in ((KEEPER, KEEPER), (HOUSE, HOUSE), ("run", KEEPER)):
            (root / name).mkdir(mode=0o700)
            os.chown(root / name, pwd.getpwnam(account).pw_uid, pwd.getpwnam(account).pw_gid)
        place = os.open(Path(sys.base_prefix).resolve(), os.O_RDONLY)
        try:
            made = Machine(root, place, urls)
            _try(made)
            yield made
        finally:
            os.close(place)


def _try(made: Machine) -> None:
    try:
        with made.run(
            KEEPER, "-c", "import jieli, django, ssl, psycopg, cryptography", stderr=subprocess.DEVNULL
        ) as process:
            worked = process.wait(300) == 0
    except OSError:
        worked = False
    if not worked:
        raise CannotRun


@contextmanager
def house(made: Machine) -> Iterator[House]:
    """The house's account at work, with the keeper's socket and every address of the databases."""
    process = made.run(
        HOUSE, "-c", DRIVER, stderr=subprocess.DEVNULL, JIELI_KEEPER=str(made.socket), **made.urls
    )
    with process:
        yield House(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(120) == 0


@contextmanager
def _relays() -> Iterator[dict[str, str]]:
    """The addresses of the suite's databases by TCP, under the names that an installation has for them."""
    where = connections["default"].settings_dict
    target = (where["HOST"], int(where["PORT"] or 5432))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_relay_all, args=(listener, target), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        found = {}
        for alias, name in _NAMES.items():
            s = connections[alias].settings_dict
            found[f"{name}_URL"] = (
                f"host=127.0.0.1 port={port} dbname={s['NAME']} user={s['USER']} password={s['PASSWORD']}"
            )
        yield found
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(60)


def _relay_all(listener: socket.socket, target: tuple[str, int]) -> None:
    """Take callers until the listener is shut, and stay until the last of them has hung up."""
    pairs = []
    with suppress(OSError):
        while True:
            caller, _ = listener.accept()
            pairs.append(threading.Thread(target=_pour, args=(caller, target), daemon=True))
            pairs[-1].start()
    for pair in pairs:
        pair.join(60)


def _pour(caller: socket.socket, target: tuple[str, int]) -> None:
    """What either side says to the other, until one hangs up."""
    here = target[0].startswith("/")
    server = socket.socket(socket.AF_UNIX if here else socket.AF_INET)
    with caller, server, suppress(OSError):
        server.connect(f"{target[0]}/.s.PGSQL.{target[1]}" if here else target)
        other = {caller: server, server: caller}
        while ready := select.select([caller, server], [], [])[0]:
            for one in ready:
                if not (data := one.recv(65_536)):
                    return
                other[one].sendall(data)
