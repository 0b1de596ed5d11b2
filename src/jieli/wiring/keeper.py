"""The key keeper: the one process that holds the root key, and what it answers over its socket (ADR 18)."""

import fcntl
import grp
import logging
import os
import pwd
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import close_old_connections, connections
from django.db.utils import Error as DatabaseError

from jieli.archive.keys import ring
from jieli.archive.keys.keeping import Keeping
from jieli.archive.keys.store import open_store
from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import check_disarmed
from jieli.reading.queries import opening_names
from jieli.wiring import custody, start
from jieli.wiring.databases import NOWHERE, Addresses
from jieli.wiring.home import SOCKET_NAME_LIMIT, home_of
from jieli.wiring.keeper_line import BadFrame, account_of, receive, send, told
from jieli.wiring.keeper_questions import answer
from jieli.wiring.profile import Profile

THREADS = 4  # each with connections of its own; a deposit's pages take some ten milliseconds
QUESTION_SECONDS = 5.0  # for a caller to have sent his whole question
STRANGER_SECONDS = 0.5  # for one who may not ask: he holds up the others no longer
ANSWER_SECONDS = 30.0  # for him to have taken the answer
LOOK = 0.5  # seconds until a thread sees that the keeper is to end
_log = logging.getLogger("jieli.keeper")


class KeeperRuns(JieliError):
    """Another keeper listens on this socket."""

    code = "keeper.runs"


class BadSocket(JieliError):
    """The socket cannot stand where it was asked for, or not for whom."""

    code = "keeper.bad_socket"


class Stranger(JieliError):
    """The caller's account is not one that may ask."""

    code = "keeper.stranger"


class Failed(JieliError):
    """A fault of our own."""

    code = "keeper.failed"


class StoreAway(JieliError):
    """A database does not answer the keeper."""

    code = "keeper.store_away"


@dataclass(frozen=True)
class Door:
    """Where the keeper listens and to whom: its own account always, others by name, a group for the file's sake."""

    path: Path
    group: int | None = None
    accounts: frozenset[int] = frozenset()


def door(path: Path, *, group: str | None, accounts: Sequence[str]) -> Door:
    """The door by names; BadSocket for a name that this machine does not know, or a path too long for a socket."""
    if len(str(path).encode()) > SOCKET_NAME_LIMIT:
        raise BadSocket(
            "套接字的路径太长。", remedy=f"请用 --socket 给出不超过 {SOCKET_NAME_LIMIT} 字节的路径。"
        )
    try:
        number = grp.getgrnam(group).gr_gid if group else None
        allowed = frozenset(pwd.getpwnam(name).pw_uid for name in accounts)
    except KeyError:
        raise BadSocket("本机没有这个用户或组。", remedy="请核对 --allow 与 --group。") from None
    return Door(path, number, allowed | {os.geteuid()})


def addresses(profile: Profile, environ: Mapping[str, str]) -> Addresses:
    """What the keeper may reach: the main store as the read role, the key store as the application's.

    Its environment needs JIELI_READ_URL and JIELI_KEYS_URL alone; without them those of the profile serve.
    """
    read, keys = environ.get("JIELI_READ_URL"), environ.get("JIELI_KEYS_URL")
    if not read or not keys:
        found = start.addresses(profile)
        read, keys = found.read, found.keys
    return Addresses(read, NOWHERE.owner, NOWHERE.shred, read, keys, NOWHERE.keys_owner)


def keep(
    profile: Profile,
    where: Door,
    *,
    make: bool,
    clock: Callable[[], int],
    stop: threading.Event,
    ready: Callable[[ring.HeldKeyring], None],
) -> None:
    """Open the keyring (making it first, if `make` and there is none) and answer until told to stop."""
    if not profile.demo:
        check_disarmed()
    start.connect(addresses(profile, os.environ))
    home = home_of(profile)
    if make and not home.keys.exists():
        make_ring(home.root)
    held = custody.own(home)
    try:
        open_store(held, at=clock())
    except DatabaseError:
        raise _store_away() from None
    serve(Keeping(held, opening_names, clock), where, stop=stop, ready=lambda: ready(held))


def _store_away() -> StoreAway:
    return StoreAway(
        "密钥守护进程连不上数据库，或尚未建表。", remedy="请核对 JIELI_READ_URL 与 JIELI_KEYS_URL。"
    )


def make_ring(root: Path) -> ring.HeldKeyring:
    """A new keyring, its root where the settings say; a Vault's key is made there if need be."""
    elsewhere = custody.root(custody.custody())
    if elsewhere is not None:
        elsewhere.transit.make_key()
    return ring.init(root, elsewhere)


def serve(keeping: Keeping, where: Door, *, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Answer questions until told to stop; KeeperRuns if another keeper listens there.

    Crash at any moment: callers are told that nobody answered and undo what they began; a page is committed whole
    or not at all.
    """
    with _listening(where) as listener:
        threads = [
            threading.Thread(target=_answer_all, args=(listener, keeping, where, stop), name=f"keeper-{n}")
            for n in range(THREADS)
        ]
        for thread in threads:
            thread.start()
        try:
            ready()
            stop.wait()
        finally:
            stop.set()
            for thread in threads:
                thread.join()


@contextmanager
def _listening(where: Door) -> Iterator[socket.socket]:
    home = where.path.parent
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (home / (where.path.name + ".lock")).open("w")
    except OSError:
        raise BadSocket("套接字的目录不能写。", remedy="请用 --socket 给出可写的位置。") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KeeperRuns("密钥守护进程已在运行。", remedy="同一套接字只能有一个守护进程。") from None
        where.path.unlink(missing_ok=True)  # we hold the lock: a socket file here is a dead keeper's
        with socket.socket(socket.AF_UNIX) as listener:
            _bind(listener, where)
            try:
                yield listener
            finally:
                where.path.unlink(missing_ok=True)


def _bind(listener: socket.socket, where: Door) -> None:
    """Nobody but this account can connect until the group is set: the file is made with mode 0600."""
    before = os.umask(0o177)
    try:
        listener.bind(str(where.path))
    finally:
        os.umask(before)
    if where.group is not None:
        try:
            os.chown(where.path, -1, where.group)
            os.chown(where.path.parent, -1, where.group)
        except PermissionError:
            raise BadSocket("本账户不能把套接字交给这个组。", remedy="请把守护进程的账户加入该组。") from None
        where.path.chmod(0o660)
        where.path.parent.chmod(0o710)
    listener.listen(64)
    listener.settimeout(LOOK)


def _answer_all(listener: socket.socket, keeping: Keeping, where: Door, stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            try:
                caller, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                if stop.wait(LOOK):  # out of file descriptors, say: it passes, or we are told to stop
                    return
                continue
            with caller:
                _one(caller, keeping, where)
    finally:
        connections.close_all()


def _one(caller: socket.socket, keeping: Keeping, where: Door) -> None:
    """One question, one answer; a caller who breaks off or sends no frame is let go without one."""
    try:
        value = _answered(caller, keeping, where)
        caller.settimeout(ANSWER_SECONDS)
        send(caller, value)
    except (OSError, BadFrame):
        _log.info("a caller broke off")


def _answered(caller: socket.socket, keeping: Keeping, where: Door) -> dict[str, Any]:
    try:
        if account_of(caller) not in where.accounts:
            # Taken off the line all the same: hanging up on unread bytes would take our answer along.
            with suppress(BadFrame):
                receive(caller, seconds=STRANGER_SECONDS)
            raise Stranger("这个账户不得使用密钥守护进程。", remedy="请在守护进程的 --allow 中加入它。")
        asked = receive(caller, seconds=QUESTION_SECONDS)
        close_old_connections()
        return {"answer": answer(keeping, asked)}
    except JieliError as error:
        return {"error": told(error)}
    except DatabaseError as error:
        _log.warning("a database does not answer: %s", type(error).__name__)
        return {"error": told(_store_away())}
    except (OSError, BadFrame):
        raise
    except Exception:  # noqa: BLE001 - a fault of ours must not end a thread that others wait for
        _log.exception("a question failed")
        return {"error": told(Failed("密钥守护进程出错。", remedy="请把它日志里的这一行报告给维护者。"))}
