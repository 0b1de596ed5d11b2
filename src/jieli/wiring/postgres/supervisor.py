"""The parent of postgres: `python -m jieli.wiring.postgres.supervisor`, started by `server.ensure`.

It holds the supervisor's lock, handed over by its starter as an inherited descriptor, so that there is no
instant at which a second one could begin. It starts postgres again whenever it dies, and ends when asked
(SIGTERM), when for a while no process has held the users' lock and no client is connected, or when its
directory was removed under it.

What if we crash here?
- postgres is killed: we see its end at once, clear what is left of it, and start it again; it recovers from
  its log. If that fails again and again we wait longer each time, up to half a minute, and never give up on
  a server that has lived: a full disk may be freed. One that never lived gives up, and says why.
- this supervisor is killed: on Linux the kernel sends postgres SIGQUIT at that instant (PR_SET_PDEATHSIG),
  an immediate shutdown without loss of anything committed; the lock is free with our death, the next
  `ensure` starts a new supervisor, which ends any orphan before it starts postgres, and recovery runs.
- both are killed, or the machine: the same, with the orphaned back ends ended by the next supervisor.
"""

import argparse
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from . import remains
from .binaries import Binaries, environment, identity_of
from .cluster import command, settle
from .errors import PostgresError
from .identity import Layout, prepare
from .locks import try_lock, write_whole

STEADY_SECONDS = 5.0  # a server that lived this long has come up
GIVE_UP_AFTER = 5  # quick deaths in a row of one that never came up: within some 2 s
LONGEST_PAUSE = 30.0
PR_SET_PDEATHSIG = 1


class Supervisor:
    """One server's supervisor; `run` returns the exit code."""

    def __init__(self, layout: Layout, lock: int, *, durable: bool, idle_seconds: float) -> None:
        self.layout = layout
        self.lock = lock
        self.durable = durable
        self.idle_seconds = idle_seconds
        self.asked = 0  # how many times we were told to stop
        self.idle_since: float | None = None
        self.users: int | None = None  # the users' lock, held alone while we stop for want of users
        self.wake, self._wake_writer = os.pipe()

    def run(self) -> int:
        """Serve until asked or idle. 0: stopped in order; 1: could not be started, see `failure`."""
        self._listen()
        os.pwrite(self.lock, str(os.getpid()).encode(), 0)
        try:
            binaries = settle(self.layout, durable=self.durable)
            self._serve(binaries)
        except PostgresError as error:
            print(f"{error.code}: {error}", file=sys.stderr)
            write_whole(self.layout.failure, json.dumps([error.code, str(error)]))
            return 1
        finally:
            os.ftruncate(self.lock, 0)  # a later reader finds no number that may have gone to somebody else
        return 0

    def _listen(self) -> None:
        """Signals only wake `select` through a pipe; nothing else runs inside a handler."""
        os.set_blocking(self.wake, False)
        os.set_blocking(self._wake_writer, False)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, _frame: object) -> None:
        if number != signal.SIGCHLD:
            self.asked += 1

    def _serve(self, binaries: Binaries) -> None:
        quick, lived = 0, False
        while not self.asked and not self._abandoned():
            remains.clear(self.layout)
            child = self._start(binaries)
            began = time.monotonic()
            if not self._watch(child):
                self._stop(child)
                return
            steady = time.monotonic() - began >= STEADY_SECONDS
            quick, lived = (0, True) if steady else (quick + 1, lived)
            if quick >= GIVE_UP_AFTER and not lived:
                raise PostgresError(
                    "postgres.start_failed",
                    f"PostgreSQL ended {quick} times while starting; "
                    f"the reason is at the end of {self.layout.log}.",
                )
            pause = min(LONGEST_PAUSE, 0.05 * 2 ** (quick - 1)) if quick else 0.0
            print(f"postgres ended with {child.returncode}, again in {pause:.2f} s", file=sys.stderr)
            self._sleep(pause)

    def _start(self, binaries: Binaries) -> subprocess.Popen[bytes]:
        child: subprocess.Popen[bytes] = subprocess.Popen(
            command(self.layout, binaries, durable=self.durable),
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=environment(),
            # Runs after the change of account (which would undo it), in a process with one thread only.
            preexec_fn=_die_with(os.getpid()),
            **identity_of(self.layout.account),  # type: ignore[call-overload]
        )
        return child

    def _watch(self, child: subprocess.Popen[bytes]) -> bool:
        """True when postgres ended by itself, False when it is to be stopped."""
        tick = min(5.0, self.idle_seconds / 4)
        while child.poll() is None:
            self._wait(tick)
            if self.asked or self._abandoned():
                return False
            if child.poll() is None and self._idle():
                print("no users left, stopping", file=sys.stderr)
                return False
        return True

    def _stop(self, child: subprocess.Popen[bytes]) -> None:
        """Fast shutdown, with its last checkpoint; asked a second time, at once and without it."""
        child.send_signal(signal.SIGINT)
        before = self.asked
        while child.poll() is None:
            self._wait(1.0)
            if self.asked > before:
                child.send_signal(signal.SIGQUIT)
                before = self.asked

    def _abandoned(self) -> bool:
        """Whether our lock file was removed under us, and the server's whole place most likely with it."""
        try:
            there = self.layout.supervisor_lock.stat()
        except FileNotFoundError:
            return True
        return not os.path.samestat(there, os.fstat(self.lock))

    def _idle(self) -> bool:
        """Whether nobody has used the server for `idle_seconds`; if so the users' lock stays with us.

        Who comes now waits at that lock until we are gone, and then starts a new supervisor.
        """
        users = try_lock(self.layout.users_lock)
        if users is None:
            self.idle_since = None
            return False
        now = time.monotonic()
        self.idle_since = now if self.idle_since is None else self.idle_since
        if now - self.idle_since >= self.idle_seconds:
            if not self._clients():
                self.users = users
                return True
            self.idle_since = None
        os.close(users)
        return False

    def _clients(self) -> bool:
        """Whether anybody is connected without having told us (psql, a child process); if unsure, yes."""
        import psycopg

        from .server import address

        try:
            with psycopg.connect(address(self.layout).dsn("postgres"), connect_timeout=5) as connection:
                row = connection.execute(
                    "SELECT count(*) FROM pg_stat_activity "
                    "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                ).fetchone()
        except psycopg.OperationalError:
            return True  # recovering: not the time to leave
        return row is None or row[0] > 0

    def _wait(self, seconds: float) -> None:
        if select.select([self.wake], [], [], max(0.0, seconds))[0]:
            os.read(self.wake, 4096)

    def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self.asked and (left := until - time.monotonic()) > 0:
            self._wait(left)


def _die_with(parent: int) -> Callable[[], None] | None:
    """What the child runs before postgres begins: it is to get SIGQUIT when the supervisor dies (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGQUIT))
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return arrange


def main() -> int:
    """Detach from the starter, then supervise."""
    parser = argparse.ArgumentParser(description="Supervisor of Jieli's private PostgreSQL")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--lock", type=int, required=True, help="inherited descriptor of the lock")
    parser.add_argument("--idle", type=float, required=True, help="seconds without users before it ends")
    parser.add_argument("--throwaway", action="store_true", help="without fsync, for test suites")
    asked = parser.parse_args()
    if os.fork() > 0:
        os._exit(0)  # the starter waits for this one only; the supervisor is nobody's child
    os.set_inheritable(asked.lock, False)
    os.umask(0o077)
    layout = prepare(asked.home)
    return Supervisor(layout, asked.lock, durable=not asked.throwaway, idle_seconds=asked.idle).run()


if __name__ == "__main__":
    sys.exit(main())
