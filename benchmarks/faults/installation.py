"""The installation that is killed again and again: its commands, and what stands in its database afterwards."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from benchmarks import house, sentences
from benchmarks.faults.prepare import CUSTOMERS, STAFF
from benchmarks.measure import postmaster_of
from jieli.kernel.failpoints import VARIABLE
from jieli.wiring.postgres import Server

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 300
JIELI = (sys.executable, "-m", "jieli")
PREPARE = (sys.executable, "-m", "benchmarks.faults.prepare")


@dataclass(frozen=True)
class Ended:
    """A command that ended: how, and what it had said by then."""

    status: int
    said: str

    @property
    def answer(self) -> dict[str, Any]:
        """Its one JSON object; empty when it died before it answered."""
        return json.loads(self.said) if self.said.strip() else {}

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


@dataclass
class Installation:
    """One home with its private server; every command is a process of its own."""

    home: Path
    server: Server
    matter: str = ""
    files: int = 0
    expected: int = field(default=0)  # messages that have to be in the archive

    def command(self, line: Sequence[str], *, fail_at: str | None = None) -> "subprocess.Popen[str]":
        """Start a command, with a fail point armed or none."""
        surroundings = {k: v for k, v in os.environ.items() if not k.startswith(("JIELI_", "DATABASE_URL"))}
        surroundings |= {"JIELI_HOME": str(self.home), "JIELI_PROFILE": "demo", "COLUMNS": "200"}
        if fail_at is not None:
            surroundings[VARIABLE] = fail_at
        return subprocess.Popen(
            line,
            env=surroundings,
            cwd=ROOT,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, line: Sequence[str], *, fail_at: str | None = None) -> Ended:
        """Run a command to its end."""
        process = self.command(line, fail_at=fail_at)
        said, _ = process.communicate(timeout=TIMEOUT)
        return Ended(process.returncode, said)

    def must(self, line: Sequence[str]) -> Ended:
        """Run a command that has no reason to fail."""
        ended = self.run(line)
        if ended.status != 0:
            raise RuntimeError(f"{line[2:5]} ended with {ended.status} although nothing was armed")
        return ended

    def clock(self, at: int) -> None:
        """Set the demo's clock: the messages are of its past."""
        (self.home / "demo-clock").write_text(str(at))

    def new_files(self, number: int, messages: int) -> list[str]:
        """Files of messages that this installation has not seen; each is one batch of an import."""
        texts = sentences.texts(messages, sentences.corpus())
        paths = []
        for _ in range(number):
            self.files += 1
            path = self.home / f"messages-{self.files}.jsonl"
            made = sentences.lines(texts, prefix=f"f{self.files}", staff=STAFF, customers=CUSTOMERS, long=0)
            path.write_bytes(b"".join(made))
            paths.append(str(path))
        return paths

    def ask(self, statement: str, *parameters: object) -> Any:
        """The first column of the first row, of the main store as superuser."""
        with psycopg.connect(self.server.dsn("jieli"), autocommit=True) as connection:
            found = connection.execute(statement, parameters).fetchone()
        return found[0] if found else None

    def kill_postgres(self) -> None:
        """SIGKILL to the server and to each of its processes, as one act: nothing of it can still write."""
        postmaster = postmaster_of(self.server)
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it ended by itself meanwhile


@contextmanager
def installed(place: Path) -> Iterator[Installation]:
    """A prepared installation on a durable server, removed at the end."""
    home = place / "home"
    home.mkdir(parents=True)
    with house.server(home) as server:
        made = Installation(home, server)
        made.clock(house.FOUNDED)
        made.must((*JIELI, "keys", "init", "--origin", house.ORIGIN, "--json"))
        made.matter = made.must(PREPARE).answer["matter"]
        made.clock(house.NOW)
        yield made
