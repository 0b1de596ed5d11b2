"""What a child of the supervisor had started ends with it, however the child dies."""

import sys
import threading
import time
from pathlib import Path

from jieli.wiring.supervising import Child, supervise

#: Starts a process that would live for ten minutes, says which, and then dies, or waits.
PARENT = """
import os, signal, subprocess, sys, time
from pathlib import Path
left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with Path(sys.argv[1]).open("a") as told:
    told.write(f"{left.pid}\\n")
if sys.argv[2] == "dies":
    os.kill(os.getpid(), signal.SIGKILL)
time.sleep(600)
"""


def pids(told: Path, number: int) -> list[int]:
    end = time.monotonic() + 90
    while not told.exists() or len(told.read_text().split()) < number:
        assert time.monotonic() < end, "nobody told of so many within 90 s"
        time.sleep(0.01)
    return [int(pid) for pid in told.read_text().split()]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # gone between two looks, or while we looked
        return False


def gone(pid: int) -> bool:
    end = time.monotonic() + 90
    while lives(pid) and time.monotonic() < end:
        time.sleep(0.01)
    return not lives(pid)


def test_the_workers_of_a_server_that_was_killed_do_not_go_on_and_none_outlives_the_end(
    tmp_path: Path,
) -> None:
    dying, waiting, stop = tmp_path / "dying", tmp_path / "waiting", threading.Event()
    children = [
        Child("web", [sys.executable, "-c", PARENT, str(dying), "dies"]),
        Child("worker", [sys.executable, "-c", PARENT, str(waiting), "waits"]),
    ]
    thread = threading.Thread(target=lambda: supervise(children, environ={}, stop=stop))
    thread.start()
    first = pids(dying, 1)[0]
    assert gone(first)
    assert len(pids(dying, 2)) >= 2  # it was started again
    [worker] = pids(waiting, 1)
    assert lives(worker)
    stop.set()
    thread.join(120)
    assert all(gone(pid) for pid in [worker, *pids(dying, 2)])
