"""The private server as its users see it: `ensure` it runs, use it, `release` or `stop` it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, urlencode

import psycopg
from psycopg.conninfo import conninfo_to_dict

from . import remains
from .cluster import SUPERUSER
from .errors import PostgresError
from .identity import PORT, Layout, existing, keep_durability, prepare
from .locks import try_lock, wait_lock

ATTEMPTS = 3
LOG_LIMIT = 1_000_000  # bytes, then one older log is kept
POLL_SECONDS = 0.02

_held: dict[Path, int] = {}  # users' locks of this process, by file: kept until it ends or releases
_held_guard = threading.Lock()


class Cluster(Protocol):
    """Any PostgreSQL that roles and databases are made on: the private one or somebody else's."""

    @property
    def roles_file(self) -> Path:
        """Where the passwords of the house's roles are kept (0600)."""

    @property
    def private(self) -> bool:
        """Whether it serves this home only."""

    def dsn(self, database: str, role: str | None = None, password: str | None = None) -> str:
        """A libpq URI for `database`; without a role, as superuser."""


@dataclass(frozen=True)
class Server:
    """A running private server. The superuser comes in by his account (peer) and has no password.

    `version` is PostgreSQL's number, 180006 for 18.6; the address stays the same after every restart.
    """

    home: Path
    socket_dir: Path
    port: int
    superuser: str
    data_dir: Path
    version: int
    password: str | None = field(default=None, repr=False)
    private = True

    @property
    def roles_file(self) -> Path:
        return self.home / "postgres" / "roles.json"

    def dsn(self, database: str, role: str | None = None, password: str | None = None) -> str:
        """A libpq URI for `database`, as `role` with `password`, or as superuser when no role is given."""
        where = {"host": str(self.socket_dir), "port": str(self.port)}
        if role is None:
            role, password = self.superuser, self.password
        return _uri(database, role, password, where)


@dataclass(frozen=True)
class External:
    """An ordinary PostgreSQL server, named by the DSN of a superuser; passwords are kept under `home`."""

    superuser_dsn: str = field(repr=False)
    home: Path
    private = False

    @property
    def roles_file(self) -> Path:
        return self.home / "external-roles.json"

    def dsn(self, database: str, role: str | None = None, password: str | None = None) -> str:
        """The superuser's DSN with another database and, if given, another role and password."""
        found = {key: str(value) for key, value in conninfo_to_dict(self.superuser_dsn).items()}
        found.pop("dbname", None)
        user, kept = found.pop("user", None), found.pop("password", None)
        return _uri(database, *((user, kept) if role is None else (role, password)), found)


def ensure(home: Path, *, durable: bool = True, idle_seconds: float = 60.0, timeout: float = 600.0) -> Server:
    """The private server of `home`, started if need be; it keeps running at least as long as this process.

    `durable=False` runs without fsync, for test suites only, and a home keeps what it was made as.
    `idle_seconds` is how long a server started here stays after its last user and client; `timeout`
    (seconds) is long because recovery after a crash may replay gigabytes. Processes may call it at once.
    A process that loses its connection calls it again: a killed postgres comes back by itself, a killed
    supervisor takes postgres with it and is started by the next call.
    Errors: PostgresError, codes as in `identity`, `binaries`, `cluster`, and `postgres.start_failed`,
    `postgres.not_ready`.
    """
    layout = prepare(home)
    keep_durability(layout, durable=durable)
    deadline = time.monotonic() + timeout
    _hold(layout, timeout)
    try:
        return _reach(layout, deadline, durable=durable, idle_seconds=idle_seconds)
    except PostgresError:
        _let_go(layout)
        raise


def release(home: Path) -> None:
    """Say that this process no longer uses the server; it stops some time after the last one said so."""
    layout = existing(home)
    if layout is not None:
        _let_go(layout)


def stop(home: Path, *, timeout: float = 120.0) -> None:
    """Stop the server of `home` in order, even if others use it; returns when it is down.

    Errors: `postgres.not_stopped` when its last checkpoint takes longer than `timeout` seconds.
    """
    layout = existing(home)
    if layout is None:
        return
    _let_go(layout)
    told: int | None = None
    deadline = time.monotonic() + timeout
    while (lock := try_lock(layout.supervisor_lock)) is None:
        # The lock is held, so the number in it is alive; empty means a supervisor just being born.
        number = layout.supervisor_lock.read_text(encoding="ascii")
        if number and int(number) != told:
            told = int(number)
            _terminate(told)
        if time.monotonic() > deadline:
            raise PostgresError(
                "postgres.not_stopped",
                f"PostgreSQL did not stop within {timeout:.0f} s and is still writing; "
                f"wait and try again, the reason is at the end of {layout.log}.",
            )
        time.sleep(POLL_SECONDS)
    try:
        remains.clear(layout)  # a killed supervisor may have left its server in the act of ending
    finally:
        os.close(lock)


def discard(home: Path, *, timeout: float = 120.0) -> None:
    """Stop the server of `home` and remove it with all its data: only one made with `durable=False`."""
    layout = existing(home)
    if layout is None:
        return
    if layout.durability.exists():
        keep_durability(layout, durable=False)  # refuses a durable one
    stop(home, timeout=timeout)
    for path in (layout.socket_dir, layout.base, layout.secrets):
        if path.exists():
            shutil.rmtree(path)


def address(layout: Layout) -> Server:
    """Where the server of a layout answers, whether it runs or not (`version` 0)."""
    return Server(
        home=layout.home,
        socket_dir=layout.socket_dir,
        port=PORT,
        superuser=SUPERUSER,
        data_dir=layout.data,
        version=0,
    )


def _reach(layout: Layout, deadline: float, *, durable: bool, idle_seconds: float) -> Server:
    attempts = 0
    while True:
        lock = try_lock(layout.supervisor_lock)
        if lock is not None:  # nobody supervises: it is on us
            try:
                _after(attempts, layout)
                os.ftruncate(lock, 0)
                _spawn(layout, lock, durable=durable, idle_seconds=idle_seconds)
            finally:
                os.close(lock)  # the supervisor has its own copy of the same lock
            attempts += 1
        server = _answering(layout)
        if server is not None:
            return server
        if time.monotonic() > deadline:
            raise PostgresError(
                "postgres.not_ready",
                "PostgreSQL is running and not yet ready, it may be recovering; "
                f"try again later, its progress is at the end of {layout.log}.",
            )
        time.sleep(POLL_SECONDS)


def _after(attempts: int, layout: Layout) -> None:
    """Before another start: say why the last one of ours failed; one that was killed is tried again."""
    if attempts and layout.failure.exists():
        code, message = json.loads(layout.failure.read_text(encoding="utf-8"))
        raise PostgresError(code, message)
    if attempts >= ATTEMPTS:
        raise PostgresError(
            "postgres.start_failed",
            f"The supervisor of PostgreSQL ended {attempts} times without a word; "
            f"the reason is at the end of {layout.log}.",
        )
    layout.failure.unlink(missing_ok=True)


def _spawn(layout: Layout, lock: int, *, durable: bool, idle_seconds: float) -> None:
    source = str(Path(__file__).resolve().parents[3])
    keep = ("PATH", "HOME", "LANG", "LC_ALL", "PYTHONDONTWRITEBYTECODE")  # it outlives us: no secrets along
    surroundings = {name: os.environ[name] for name in keep if name in os.environ}
    surroundings["PYTHONPATH"] = os.pathsep.join(filter(None, [source, os.environ.get("PYTHONPATH")]))
    line = [sys.executable, "-m", __package__ + ".supervisor", "--home", str(layout.home)]
    line += ["--lock", str(lock), "--idle", str(idle_seconds), *([] if durable else ["--throwaway"])]
    if layout.log.exists() and layout.log.stat().st_size > LOG_LIMIT:
        layout.log.replace(layout.log.with_name("log.1"))
    log = os.open(layout.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        subprocess.run(
            line,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=surroundings,
            pass_fds=(lock,),
            start_new_session=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PostgresError(
            "postgres.start_failed",
            f"The supervisor of PostgreSQL could not be started; the reason is at the end of {layout.log}.",
        ) from error
    finally:
        os.close(log)


def _answering(layout: Layout) -> Server | None:
    """The server if it takes connections now; starting, recovering and stopping ones do not."""
    server = address(layout)
    try:
        with psycopg.connect(server.dsn("postgres"), connect_timeout=5, autocommit=True) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError:
        return None
    return Server(server.home, server.socket_dir, server.port, server.superuser, server.data_dir, version)


def _hold(layout: Layout, timeout: float) -> None:
    with _held_guard:
        if layout.users_lock not in _held:
            _held[layout.users_lock] = wait_lock(layout.users_lock, shared=True, timeout=timeout)


def _let_go(layout: Layout) -> None:
    with _held_guard:
        descriptor = _held.pop(layout.users_lock, None)
        if descriptor is not None:
            os.close(descriptor)


def _terminate(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return  # it ended between two looks


def _uri(database: str, user: str | None, password: str | None, where: dict[str, str]) -> str:
    who = quote(user, safe="") if user else ""
    who += f":{quote(password, safe='')}" if password else ""
    rest = urlencode(where, quote_via=quote)
    return f"postgresql://{who}{'@' if who else ''}/{quote(database, safe='')}" + (f"?{rest}" if rest else "")
