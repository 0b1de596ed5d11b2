"""`jieli serve`'s supervisor: what dies is started again, what ends takes its children along."""

import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connections

from jieli.archive.keys.errors import KeeperAway
from jieli.doors.cli.serve import children
from jieli.wiring import deploy, supervising
from jieli.wiring.custody import Custody, kept_here
from jieli.wiring.home import Home
from jieli.wiring.keeper_line import SocketKeeper
from jieli.wiring.supervising import Child, supervise
from tests.conftest import ORIGIN
from tests.doors.cli import Jieli

WRITES = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(600)"


def until(true: Callable[[], bool], *, seconds: float = 240) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except (FileNotFoundError, ProcessLookupError):  # gone between two looks, or while we looked
        return False


def test_a_child_that_is_killed_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    kept = [Child(p.name, [sys.executable, "-c", WRITES, str(p)]) for p in (one, two)]
    stop, ended = threading.Event(), list[str]()
    thread = threading.Thread(target=lambda: ended.extend(supervise(kept, environ=os.environ, stop=stop)))
    thread.start()
    assert until(lambda: bool(pids(one) and pids(two)))
    os.kill(pids(one)[0], signal.SIGKILL)
    assert until(lambda: len(pids(one)) == 2)
    assert len(pids(two)) == 1
    stop.set()
    thread.join(120)
    assert ended == ["one", "two"]
    assert not any(alive(pid) for pid in (*pids(one), *pids(two)))


def test_a_child_that_will_not_end_is_made_to(tmp_path: Path, monkeypatch: object) -> None:
    stubborn = tmp_path / "stubborn"
    code = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WRITES
    stop = threading.Event()
    monkeypatch.setattr(supervising, "PATIENCE", 0.3)  # type: ignore[attr-defined]
    kept = [Child("stubborn", [sys.executable, "-c", code, str(stubborn)])]
    thread = threading.Thread(target=lambda: supervise(kept, environ=os.environ, stop=stop))
    thread.start()
    assert until(lambda: bool(pids(stubborn)))
    stop.set()
    thread.join(120)
    assert not alive(pids(stubborn)[0])


def test_the_signer_is_a_process_of_its_own_and_the_web_says_nothing_of_addresses() -> None:
    web, signer, worker = children("127.0.0.1", 8765)
    assert (web.name, signer.name, worker.name) == ("web", "signer", "worker")
    assert list(signer.command[1:]) == ["-m", "jieli", "ledger", "sign"]
    assert list(worker.command[1:]) == ["-m", "jieli", "work"]
    assert "--no-access-log" in web.command
    assert "127.0.0.1" in web.command


def test_this_homes_own_keeper_is_started_first_and_nobody_elses(tmp_path: Path) -> None:
    own = Home(tmp_path).keeper_socket
    assert kept_here(Home(tmp_path), Custody(keeper=own))
    assert not kept_here(Home(tmp_path), Custody(keeper=Path("/run/jieli-keeper/sock")))
    assert not kept_here(Home(tmp_path), Custody())
    keeper, *asking = children("127.0.0.1", 8765, keeper=own)
    assert (keeper.name, keeper.listens, [c.name for c in asking]) == (
        "keeper",
        own,
        ["web", "signer", "worker"],
    )
    assert list(keeper.command[1:]) == ["-m", "jieli", "keys", "keep"]
    assert {"DATABASE_URL", "JIELI_SHRED_URL", "JIELI_OWNER_URL", "JIELI_WEB_SECRET"} <= keeper.without
    assert all("JIELI_VAULT_TOKEN_FILE" in child.without for child in asking)


def asks(path: Path) -> bool:
    try:
        return bool(SocketKeeper(path).status())
    except KeeperAway:
        return False


ASK = (
    "import sys, time; from pathlib import Path; open(sys.argv[3], 'a').write('tried\\n');"
    "from jieli.wiring import start; start.load();"
    "from jieli.wiring.keeper_line import SocketKeeper; found = SocketKeeper(Path(sys.argv[1])).status()['place'];"
    "Path(sys.argv[2]).write_text(found); time.sleep(600)"
)


def test_the_keeper_answers_before_the_others_start_and_comes_back_when_it_is_killed(
    fresh: Jieli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, told, tried = Home(fresh.home), tmp_path / "told", tmp_path / "tried"
    monkeypatch.setenv("JIELI_KEEPER", str(home.keeper_socket))
    monkeypatch.setattr(supervising, "READY", 240.0)
    assert fresh.answer("keys", "init", "--origin", ORIGIN)["new"] is True  # nobody listens there yet
    keeper = children("127.0.0.1", 8765, keeper=home.keeper_socket)[0]
    asker = Child("asker", [sys.executable, "-c", ASK, str(home.keeper_socket), str(told), str(tried)])
    stop, ended = threading.Event(), list[str]()
    run = lambda: ended.extend(supervise([keeper, asker], environ=environ(fresh.home), stop=stop))  # noqa: E731
    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert until(told.exists)
        assert tried.read_text() == "tried\n"  # the very first question had its answer
        found = fresh.answer("keys", "status")["keeper"]
        assert found == {
            "socket": str(home.keeper_socket), "account": os.geteuid(), "same_account": True, "with_serve": True,
        }  # fmt: skip
        assert "随 jieli serve 运行" in fresh.said("keys", "status")
        codes = {fault.code: fault.grave for fault in deploy.check(fresh.profile, deploy=True, at=fresh.at)}
        assert codes["check.keeper_same_account"] is False
        assert not {"check.root_beside_keeper", "check.keeper"} & codes.keys()
        os.kill(listener(home.keeper_socket), signal.SIGKILL)
        assert until(lambda: asks(home.keeper_socket))
    finally:
        stop.set()
        thread.join(120)
    assert ended == ["keeper", "asker"]
    assert not asks(home.keeper_socket)
    assert fresh.refused("keys", "status")["code"] == "archive.keeper_away"


def environ(home: Path) -> dict[str, str]:
    """What the keeper needs of this suite's databases, and no more."""
    dsn = {name: connections[alias].settings_dict for name, alias in (("READ", "read"), ("KEYS", "keys"))}
    urls = {
        f"JIELI_{name}_URL": f"host={s['HOST']} port={s['PORT'] or 5432} dbname={s['NAME']} user={s['USER']} "
        f"password={s['PASSWORD']}"
        for name, s in dsn.items()
    }
    return {**os.environ, **urls, "JIELI_HOME": str(home), "COLUMNS": "200"}


def listener(path: Path) -> int:
    """The process at the other end of a socket, as the kernel knows it."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(path))
        pid: int = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        return pid


def test_a_child_that_never_listens_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervising, "READY", 0.3)
    written = tmp_path / "written"
    dead = Child("dead", [sys.executable, "-c", ""], listens=tmp_path / "sock")
    mute = Child("mute", [sys.executable, "-c", "import time; time.sleep(600)"], listens=tmp_path / "sock")
    stop = threading.Event()
    kept = [dead, mute, Child("last", [sys.executable, "-c", WRITES, str(written)])]
    thread = threading.Thread(target=lambda: supervise(kept, environ=os.environ, stop=stop))
    thread.start()
    assert until(lambda: bool(pids(written)))
    stop.set()
    thread.join(120)
    assert not alive(pids(written)[0])
