"""What a crash leaves behind: orphaned server processes, a stale pid file, stale socket files.

Called only with the supervisor's lock held and no child of our own alive. Whatever postgres process then
still works on our data directory has lost its supervisor: no new one may start beside it.
"""

import os
import signal
import time
from pathlib import Path

from .identity import Layout

PROC = Path("/proc")
GRACE_SECONDS = 2.0


def clear(layout: Layout) -> None:
    """End orphans and remove stale files. Where there is no /proc, postgres' own checks must do."""
    if not PROC.joinpath("self", "cwd").exists():
        return
    _end_orphans(layout.data)
    # No server is alive, and the directory is ours alone: these files bind nobody. postgres removes them
    # itself unless their process number has gone to somebody else since, which happens after a reboot.
    for stale in layout.socket_dir.glob(".s.PGSQL.*"):
        stale.unlink(missing_ok=True)
    _drop_stale_pid(layout.data / "postmaster.pid")


def orphans(data: Path) -> list[int]:
    """Process ids of every postgres process that works in `data` (each of them keeps it as its directory)."""
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            works_in, program = (entry / "cwd").readlink(), (entry / "exe").readlink()
        except OSError:
            continue  # gone meanwhile, or somebody else's
        if works_in == data and program.name.split(" ")[0] == "postgres":
            found.append(int(entry.name))
    return found


def _end_orphans(data: Path) -> None:
    # SIGQUIT is postgres' immediate shutdown: nothing is written any more, recovery does the rest.
    deadline = time.monotonic() + GRACE_SECONDS
    told: set[int] = set()
    while left := orphans(data):
        late = time.monotonic() > deadline
        for pid in left:
            if late or pid not in told:
                _signal(pid, signal.SIGKILL if late else signal.SIGQUIT)
                told.add(pid)
        time.sleep(0.01)


def _drop_stale_pid(path: Path) -> None:
    """Remove a pid file whose number now belongs to a stranger; postgres would take him for a server."""
    try:
        pid = int(path.read_text(encoding="utf-8").split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return  # none, or one that postgres itself will judge
    if PROC.joinpath(str(pid)).exists():
        path.unlink(missing_ok=True)


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it went by itself
