"""Deaths of what takes data out on purpose: a backup, the copy of the log that a restore needs, everything at once."""

import shutil

from benchmarks.faults.installation import Installation
from benchmarks.faults.jobs import READER as WHO
from benchmarks.faults.jobs import SECOND
from benchmarks.faults.runs import DIED_ELSEWHERE, Toll, brought

#: `jieli export all` ends so when something had to be left out, and says what.
INCOMPLETE = 3


def saver(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """A backup or an export for restoring dies: nothing stands under the name, and the same command makes it whole."""
    brought(house, messages=4)
    house.must("ledger", "sign", "--once", "--json")
    to = house.home / f"saved-{house.commands}"
    line: tuple[str, ...] = ("backup", str(to), "--json")
    if place.startswith("outside."):
        line = ("ledger", "export", str(to), "--for-restore", "--json")
    dead = house.run(*line, fail_at=place)
    toll.expect(dead.killed, DIED_ELSEWHERE)
    toll.expect(line[0] != "backup" or not to.exists(), "half a backup stands under its name")
    done = house.run(*line)
    toll.expect(done.status == 0, f"the second run ended with {done.status}: {done.said[-200:]}")
    whole = to / "manifest.json" if line[0] == "backup" else to / "checkpoint"
    toll.acknowledged, toll.lost = 1, toll.lost + (not whole.exists())


def leaver(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """An export of everything dies: finished volumes stay, and the same command goes on behind them."""
    brought(house, messages=4)
    about = ("--matter", house.matter, "--as", WHO, "--json")
    asked = house.must("export", "ask", *about, "--reason", "测试迁出").answer
    house.must("approve", "decide", asked["request"], "同意", "--as", SECOND, "--json")
    to = house.beside / f"left-{house.commands}"
    line = ("export", "all", str(to), "--formats", "csv", *about)
    dead = house.run(*line, fail_at=place)
    toll.expect(dead.killed, DIED_ELSEWHERE)
    done = house.run(*line)
    toll.expect(
        done.status in (0, INCOMPLETE), f"the second run ended with {done.status}: {done.said[-200:]}"
    )
    kept = house.ask("SELECT count(*) FROM archive_item")  # a destroyed one is taken along as an omission
    answer = done.answer
    taken = answer.get("items", 0) + sum(answer.get("omitted", {}).values()) + answer.get("missed", 0)
    toll.acknowledged = 1
    toll.lost += max(0, kept - taken)
    toll.doubled += max(0, taken - kept)
    shutil.rmtree(to, ignore_errors=True)
