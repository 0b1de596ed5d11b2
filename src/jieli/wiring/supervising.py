"""Keeping a few processes running: started in their order, started again when one dies, ended together."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import FrameType

#: Seconds between looks, until a child that died is started again, and until one that will not end is killed.
LOOK, FIRST_PAUSE, LONGEST_PAUSE, PATIENCE = 0.2, 0.5, 30.0, 10.0
#: Seconds that the others wait for a child which they will ask.
READY = 20.0


@dataclass(frozen=True)
class Child:
    """A process to keep: its name for people, and its command.

    `listens`: the socket at which the children after it will ask; they are started once somebody answers there.
    `without`: names that its environment does not hold, for it has no business with them.
    """

    name: str
    command: Sequence[str]
    listens: Path | None = None
    without: frozenset[str] = frozenset()


class _Kept:
    """A child with its process and how long to wait before it is started again; the wait doubles each time."""

    def __init__(self, child: Child, environ: Mapping[str, str]) -> None:
        self.child = child
        self.environ = {name: value for name, value in environ.items() if name not in child.without}
        self.process = self._start()
        self.pause, self.waited = FIRST_PAUSE, 0.0

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl+C reaches this supervisor alone, which then ends the children in order.
        return subprocess.Popen(list(self.child.command), env=self.environ, start_new_session=True)

    def look(self) -> None:
        """Start it again if it died and the pause is over."""
        if self.process.poll() is None:
            return
        if not self.waited:
            self._bury()
        self.waited += LOOK
        if self.waited >= self.pause:
            self.process, self.waited = self._start(), 0.0
            self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def end(self) -> None:
        """Ask it to end, and make it when it does not."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._bury()

    def _bury(self) -> None:
        """End what the dead child had started: the workers of a web server would go on answering without it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def _wait(one: _Kept, ending: Event) -> None:
    """Until the child listens. Not for ever, nor for one that died: the others then say themselves what they miss."""
    path, until = one.child.listens, time.monotonic() + READY
    while path is not None and not answers(path) and one.process.poll() is None and time.monotonic() < until:
        if ending.wait(LOOK):
            return


def answers(path: Path) -> bool:
    """Whether somebody listens at a unix socket: its file alone may be a dead process's."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(path))
        except OSError:
            return False
    return True


def supervise(
    children: Sequence[Child], *, environ: Mapping[str, str], stop: Event | None = None
) -> list[str]:
    """Run the children until SIGINT or SIGTERM (or `stop`); the names of those that were running at the end.

    Crash of this process: the children go on, and the signer's lock refuses a second signer until it is ended.
    """
    ending = stop or Event()

    def told(number: int, frame: FrameType | None) -> None:
        ending.set()

    before = {s: signal.signal(s, told) for s in (signal.SIGINT, signal.SIGTERM)} if stop is None else {}
    kept: list[_Kept] = []
    try:
        for child in children:
            kept.append(_Kept(child, environ))
            _wait(kept[-1], ending)
        while not ending.wait(LOOK):
            for one in kept:
                one.look()
        return [one.child.name for one in kept if one.process.poll() is None]
    finally:
        for one in reversed(kept):
            with suppress(ProcessLookupError):
                one.end()
        for number, handler in before.items():
            signal.signal(number, handler)
