"""Keeping a few processes running: started together, started again when one dies, ended together."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from types import FrameType

#: Seconds between looks, until a child that died is started again, and until one that will not end is killed.
LOOK, FIRST_PAUSE, LONGEST_PAUSE, PATIENCE = 0.2, 0.5, 30.0, 10.0


@dataclass(frozen=True)
class Child:
    """A process to keep: its name for people, and its command."""

    name: str
    command: Sequence[str]


class _Kept:
    """A child with its process and how long to wait before it is started again; the wait doubles each time."""

    def __init__(self, child: Child, environ: Mapping[str, str]) -> None:
        self.child, self.environ = child, dict(environ)
        self.process = self._start()
        self.pause, self.waited = FIRST_PAUSE, 0.0

    def _start(self) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl+C reaches this supervisor alone, which then ends the children in order.
        return subprocess.Popen(list(self.child.command), env=self.environ, start_new_session=True)

    def look(self) -> None:
        """Start it again if it died and the pause is over."""
        if self.process.poll() is None:
            return
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
        kept.extend(_Kept(child, environ) for child in children)
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
