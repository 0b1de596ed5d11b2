"""The processes beside us: witness, timestamp authority, signer, each with a key of its own that we never read."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE
from types import FrameType

from jieli.connectors.stamp.demo import ROOT_FILE
from jieli.wiring.demo.errors import ChildDied
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile

WITNESS_NAME = "witness.demo.example"
#: Where `jieli witness serve` and `jieli stamp serve` listen by themselves; another free port if these are taken.
WITNESS_PORT, STAMP_PORT, PLATFORM_PORT = 8701, 8702, 8703
START_SECONDS, STOP_SECONDS = 180.0, 5.0
TSA, KEY, WITNESS, SIGNER, PLATFORM = "tsa", "witness-key", "witness", "signer", "platform"


@dataclass
class Children:
    """The running processes of one demo."""

    profile: Profile
    folder: Path
    witness_port: int = 0
    stamp_port: int = 0
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def prepare(self) -> None:
        """Start what needs nothing of the house: the timestamp authority, and the witness making its key."""
        self.witness_port, self.stamp_port = free_port(WITNESS_PORT), free_port(STAMP_PORT)
        self._start(TSA, "stamp", "serve", str(self.folder / "tsa"), "--port", str(self.stamp_port))
        witness = str(self.folder / "witness")
        self._start(KEY, "witness", "init", witness, "--name", WITNESS_NAME, "--json", out=PIPE)

    def witness_line(self) -> str:
        """The line that names the witness in a trust policy, once it has made its key."""
        child = self._running[KEY]
        try:
            said, _ = child.communicate(timeout=START_SECONDS)
        except subprocess.TimeoutExpired:
            raise _died(KEY) from None
        if child.returncode:
            raise _died(KEY)
        vkey = json.loads(said)["vkey"]
        return f"{WITNESS_NAME} {vkey} http://127.0.0.1:{self.witness_port}"

    def start(self, log_vkey: str) -> None:
        """Start witness and signer, and wait until all answer. The signer finds the authority's root in its place."""
        home, witness = home_of(self.profile), str(self.folder / "witness")
        self._wait(TSA, lambda: _listens(self.stamp_port))
        home.timestamp_roots.write_bytes((self.folder / "tsa" / ROOT_FILE).read_bytes())
        self._start(WITNESS, "witness", "serve", witness, "--log", log_vkey, "--port", str(self.witness_port))
        self._start(SIGNER, "ledger", "sign")
        self._wait(WITNESS, lambda: _listens(self.witness_port))
        self._wait(SIGNER, home.signer_socket.exists)

    def start_platform(self, seed: Path) -> int:
        """Start the rehearsal platform with these people, and wait until it answers; its port. It keeps our clock."""
        port, clock = free_port(PLATFORM_PORT), home_of(self.profile).demo_clock
        words = ("--port", str(port), "--state", str(seed), "--clock-file", str(clock))
        self._run(PLATFORM, [sys.executable, "-m", "jieli.connectors.wecom.rehearsal", *words])
        self._wait(PLATFORM, lambda: _listens(port))
        return port

    def stop(self) -> None:
        """End all, signer first, each asked before it is killed. A signer cut off catches up at its next start."""
        for name in reversed(list(self._running)):
            child = self._running.pop(name)
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdout is not None:
                child.stdout.close()

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "jieli", *words]

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ, "JIELI_PROFILE": "demo", "JIELI_HOME": str(self.profile.home),
            "JIELI_TIMESTAMP_URL": f"http://127.0.0.1:{self.stamp_port}",
        }  # fmt: skip

    def _start(self, name: str, *words: str, out: int | None = None) -> None:
        self._run(name, self._command(*words), out)

    def _run(self, name: str, line: list[str], out: int | None = None) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            # A session of its own: Ctrl-C reaches us alone, and we end the children in order.
            self._running[name] = subprocess.Popen(
                line, env=self._environment(), stdin=subprocess.DEVNULL,
                stdout=log if out is None else out, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _wait(self, name: str, ready: Callable[[], bool]) -> None:
        ends = time.monotonic() + START_SECONDS
        while not ready():
            if self._running[name].poll() is not None or time.monotonic() > ends:
                raise _died(name)
            time.sleep(0.05)


def _died(name: str) -> ChildDied:
    remedy = f"原因见 demo/{name}.log；然后运行 jieli demo --again。"
    return ChildDied(f"演示的 {name} 进程没有起来。", remedy=remedy)


@contextmanager
def processes(profile: Profile, folder: Path) -> Iterator[Children]:
    """Children that end with this block, however it ends: done, failed, Ctrl-C, or told to terminate."""
    children = Children(profile, folder)
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield children
    finally:
        children.stop()
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def free_port(wanted: int) -> int:
    """The port wanted if nobody has it on this machine, else one that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = probe.getsockname()[1]
            return found
    raise ChildDied("本机没有可用的端口。", remedy="请关闭一些程序后重试。")


def _listens(port: int) -> bool:
    with socket.socket() as caller:
        caller.settimeout(1)
        return caller.connect_ex(("127.0.0.1", port)) == 0
