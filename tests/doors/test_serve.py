"""`jieli serve`'s supervisor: what dies is started again, what ends takes its children along."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from jieli.doors.cli.serve import children
from jieli.wiring import supervising
from jieli.wiring.supervising import Child, supervise

WRITES = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n'); time.sleep(60)"


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return true()


def pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]


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
    thread.join(20)
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
    thread.join(20)
    assert not alive(pids(stubborn)[0])


def test_the_signer_is_a_process_of_its_own_and_the_web_says_nothing_of_addresses() -> None:
    web, signer, worker = children("127.0.0.1", 8765)
    assert (web.name, signer.name, worker.name) == ("web", "signer", "worker")
    assert list(signer.command[1:]) == ["-m", "jieli", "ledger", "sign"]
    assert list(worker.command[1:]) == ["-m", "jieli", "work"]
    assert "--no-access-log" in web.command
    assert "127.0.0.1" in web.command
