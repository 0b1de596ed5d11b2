"""Deaths of the key keeper, and of an importer that works through it."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.faults.installation import Installation, Running, until
from benchmarks.faults.jobs import READER as WHO
from benchmarks.faults.runs import DIED_ELSEWHERE, FILES, Toll, again, brought, import_line, whole_keys


@contextmanager
def _keeper(house: Installation, fail_at: str | None = None) -> Iterator[Running]:
    """A keeper that listens; ended by SIGTERM if it is not dead by then."""
    socket = house.home / "keeper" / "sock"
    socket.unlink(missing_ok=True)
    keeper = house.start("keys", "keep", fail_at=fail_at)
    if not until(socket.exists):
        raise RuntimeError("the keeper does not listen")
    time.sleep(0.1)  # bound is not yet listening
    try:
        yield keeper
    finally:
        os.kill(keeper.pid, signal.SIGTERM)  # a zombie takes it too
        keeper.wait()


def _through(house: Installation) -> dict[str, str]:
    return {"JIELI_KEEPER": str(house.home / "keeper" / "sock")}


def keeper(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """The keeper dies while it is asked; the caller is told so; a new keeper and the same command again."""
    line: tuple[str, ...] = ("keys", "rotate", "--as", WHO, "--json")
    if place in ("keys.before_store", "keys.after_store"):
        line = import_line(house, FILES)
    else:
        brought(house)
    n = (turn - 1) % FILES + 1 if line[0] == "import" else 1
    with _keeper(house, fail_at=f"{place}:{n}") as dying:
        dead = house.run(*line, **_through(house))
        died = _is_dead(dying.pid)
    toll.expect(died and dead.status == 1, DIED_ELSEWHERE)
    with _keeper(house):
        if line[0] == "import":
            again(house, dead, line, FILES, toll, **_through(house))
        else:
            done = house.run(*line, **_through(house))
            toll.expect(done.status == 0, f"the second run ended with {done.status}")
            whole_keys(house, toll)


def _is_dead(pid: int) -> bool:
    """Dead and not yet waited for, or dying: SIGKILL takes a moment."""

    def over() -> bool:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"

    return until(over, seconds=3)


def kept_importer(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """An importer dies that has no key of its own; the keeper goes on, and the same command again."""
    line, n = import_line(house, FILES), (turn - 1) % FILES + 1
    with _keeper(house):
        dead = house.run(*line, fail_at=f"{place}:{n}", **_through(house))
        toll.expect(dead.killed, DIED_ELSEWHERE)
        again(house, dead, line, FILES, toll, **_through(house))
