"""The installation that is killed again and again: its commands, its helpers outside, and what stands in it afterwards.

Every message says the canary. Nothing that the house keeps, and nothing that it says on stderr, may hold it: only the
files that are imported and what a search prints, which lie beside the home and not in it.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import psycopg
from tests.fakes.depository import FakeDepository, depository_server

from benchmarks import house, sentences
from benchmarks.faults.jobs import CUSTOMERS, STAFF
from benchmarks.faults.nursery import Nursery
from benchmarks.measure import postmaster_of
from jieli.connectors.stamp.demo import ROOT_FILE, DemoAuthority, make_authority
from jieli.connectors.stamp.demo import serve as serve_stamps
from jieli.kernel.failpoints import VARIABLE
from jieli.kernel.times import DAY, SECOND
from jieli.wiring.postgres import Server
from jieli.wiring.postgres.identity import existing
from seal.keys import parse_signer, parse_vkey
from seal.witness import Witness
from seal.witness_http import WitnessServer

ROOT = Path(__file__).resolve().parents[2]
CANARY = "kanarienvogel7Zq"
#: What a search may look for: its words stand in the record of who searched (on purpose), so it is not the canary.
SOUGHT = "gesucht5Xw"
WITNESS = "witness.jieli.example"
#: Read at once when the files of the home are searched.
_CHUNK = 1 << 24


@dataclass(frozen=True)
class Ended:
    """A command that ended: how, and what it had said by then."""

    status: int
    said: str

    @property
    def answer(self) -> dict[str, Any]:
        """Its one JSON object; empty when it died before it answered."""
        try:
            found = json.loads(self.said) if self.said.strip() else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


@dataclass
class Running:
    """A command under way."""

    house: "Installation"
    pid: int
    out: Path

    def wait(self) -> Ended:
        return Ended(self.house.nursery.wait(self.pid), self.said())

    def said(self) -> str:
        return self.out.read_text(errors="replace") if self.out.exists() else ""  # may be cut in a letter


@dataclass
class Installation:
    """One home with its private server; every command is a process of its own."""

    home: Path
    beside: Path  # what is imported, and what was printed
    server: Server
    nursery: Nursery
    outside: dict[str, str] = field(default_factory=dict)  # addresses of witness, authority and depository
    person: str = ""
    matter: str = ""
    files: int = 0
    commands: int = 0
    expected: int = 0  # messages that have to be in the archive
    at: int = 0
    searched: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def start(self, *line: str, fail_at: str | None = None, **env: str) -> Running:
        """Start a command, with a fail point armed or none."""
        self.commands += 1
        out = self.beside / f"said-{self.commands}"
        surroundings = dict(env)
        if fail_at is not None:
            surroundings[VARIABLE] = fail_at
        pid = self.nursery.start(line, surroundings, out, self.home / "stderr.log")
        return Running(self, pid, out)

    def run(self, *line: str, fail_at: str | None = None, **env: str) -> Ended:
        """Run a command to its end."""
        return self.start(*line, fail_at=fail_at, **env).wait()

    def must(self, *line: str, **env: str) -> Ended:
        """Run a command that has no reason to fail."""
        ended = self.run(*line, **env)
        if ended.status != 0:
            raise RuntimeError(
                f"{line[:3]} ended with {ended.status} although nothing was armed: {ended.said[-300:]}"
            )
        return ended

    def clock(self, at: int) -> None:
        """Set the demo's clock: the messages are of its past."""
        self.at = at
        (self.home / "demo-clock").write_text(str(at))

    def later(self, days: int) -> None:
        """Let so many days pass."""
        self.clock(self.at + days * DAY)

    def new_files(self, number: int, messages: int) -> list[str]:
        """Files of messages that this installation has not seen; each is one batch of an import."""
        texts = sentences.texts(messages, sentences.corpus())
        paths = []
        for _ in range(number):
            self.files += 1
            path = self.beside / f"messages-{self.files}.jsonl"
            found_by = f"{SOUGHT}{self.files:04d}"
            said = [f"{text} {CANARY}{n:04d} {found_by}" for n, text in enumerate(texts)]
            made = sentences.lines(said, prefix=f"f{self.files}", staff=STAFF, customers=CUSTOMERS, long=0)
            path.write_bytes(b"".join(made))
            paths.append(str(path))
        return paths

    def ask(self, statement: str, *parameters: object, store: str = "jieli") -> Any:
        """The first column of the first row, of a store as superuser."""
        with psycopg.connect(self.server.dsn(store), autocommit=True) as connection:
            found = connection.execute(statement, parameters).fetchone()
        return found[0] if found else None

    def column(self, statement: str, *parameters: object) -> list[Any]:
        """The first column of every row, of the main store as superuser."""
        with psycopg.connect(self.server.dsn("jieli"), autocommit=True) as connection:
            return [row[0] for row in connection.execute(statement, parameters)]

    def kill_postgres(self) -> None:
        """SIGKILL to the server and to each of its processes, as one act: nothing of it can still write."""
        postmaster = postmaster_of(self.server)
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue  # it ended by itself meanwhile

    def clean(self) -> tuple[str, ...]:
        """What fsck names, as code and table; nothing when all agrees."""
        ended = self.run("fsck", "--json")
        if ended.status == 0 and ended.answer.get("clean") is True:
            return ()
        found = {f"{f['code']} {f['table']}" for f in ended.answer.get("findings", [])}
        return tuple(sorted(found)) or (f"fsck ended with {ended.status}: {ended.said[-200:]}",)

    def plaintext(self) -> list[str]:
        """Files that hold the canary: the server's data directory, the home with temporary files, logs, exports."""
        layout, found = existing(self.home), []
        data = layout.base.rglob("*") if layout is not None else ()
        for path in chain(self.home.rglob("*"), self.beside.glob("saved-*/**/*"), data):
            try:
                about = path.lstat()
                known = (about.st_mtime_ns, about.st_size)
                if not path.is_file() or path.is_symlink() or self.searched.get(path) == known:
                    continue
                if _holds(path, CANARY.encode()):
                    found.append(str(path))
                else:
                    self.searched[path] = known
            except (FileNotFoundError, PermissionError):
                continue  # the server removed it meanwhile
        return found


def _holds(path: Path, wanted: bytes) -> bool:
    """Whether a file holds these bytes, read in pieces that overlap."""
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if wanted in tail + chunk:
                return True
            tail = chunk[-len(wanted) :]
    return False


@contextmanager
def installed(place: Path) -> Iterator[Installation]:
    """A prepared installation on a durable server with a witness, an authority and a depository; removed at the end."""
    home, beside = place / "home", place / "beside"
    home.mkdir(parents=True)
    beside.mkdir()
    surroundings = {k: v for k, v in os.environ.items() if not k.startswith(("JIELI_", "DATABASE_URL"))}
    surroundings |= {
        "JIELI_HOME": str(home), "JIELI_PROFILE": "demo", "COLUMNS": "200", "TMPDIR": str(home / "tmp"),
        "JIELI_WEB_SECRET": "faults",
    }  # fmt: skip
    (home / "tmp").mkdir()
    with ExitStack() as stack:
        server = stack.enter_context(house.server(home))
        nursery = Nursery(surroundings)
        stack.callback(nursery.close)
        made = Installation(home, beside, server, nursery)
        made.clock(house.FOUNDED)
        key = made.must("witness", "init", str(place / "witness"), "--name", WITNESS, "--json").answer["vkey"]
        beside_it = f"{WITNESS} {key} http://127.0.0.1:9"
        made.must("keys", "init", "--origin", house.ORIGIN, "--witness", beside_it, "--json")
        found = made.must("benchmarks.faults.jobs:found").answer
        made.matter, made.person = found["matter"], found["person"]
        made.clock(house.NOW)
        _outside(made, place, stack)
        yield made


def _outside(made: Installation, place: Path, stack: ExitStack) -> None:
    """Witness, authority and depository answer from this process, by the installation's clock."""
    log = parse_vkey(made.must("keys", "init", "--origin", house.ORIGIN, "--json").answer["vkey"])
    make_authority(place / "tsa", at=house.FOUNDED)
    (made.home / "tsa-ca.pem").write_bytes((place / "tsa" / ROOT_FILE).read_bytes())
    stamps = serve_stamps(DemoAuthority(place / "tsa", lambda: made.at), port=0)
    cosigner = parse_signer((place / "witness" / "witness.key").read_text().strip())
    judge = Witness(place / "witness" / "seen", {log.name: [log]}, cosigner, lambda: made.at // SECOND)
    witness = WitnessServer(("127.0.0.1", 0), judge)
    for server in (stamps, witness):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        stack.callback(server.shutdown)
    deposits = stack.enter_context(depository_server(FakeDepository(house.NOW)))
    made.outside = {
        "JIELI_TIMESTAMP_URL": f"http://127.0.0.1:{stamps.server_port}/",
        "JIELI_WITNESS_URL": f"{WITNESS}=http://127.0.0.1:{witness.server_port}",
        "JIELI_DEPOSIT_URL": f"公证={deposits}",
    }


def until(true: Any, *, seconds: float = 60) -> bool:
    """Whether something came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False
