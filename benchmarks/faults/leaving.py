"""Deaths of what takes data out on purpose: a package, a backup, the copy of the log for a restore, everything."""

import shutil
from hashlib import sha256

from benchmarks.faults.installation import Installation
from benchmarks.faults.jobs import READER as WHO
from benchmarks.faults.jobs import SECOND
from benchmarks.faults.runs import DIED_ELSEWHERE, Toll, brought
from seal import policy
from seal.verify import verify_package

#: `jieli export all` ends so when something had to be left out, and says what.
INCOMPLETE = 3


def packer(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """The making of a package dies: under its name stands a whole one or nothing, and the same command makes it.

    One that died after the name was given was told to nobody; it verifies all the same, and is not written over.
    """
    brought(house, messages=8)
    talk = house.ask("SELECT max(conversation) FROM archive_item WHERE shredded_in IS NULL")
    to = house.home / f"package-{house.commands}.zip"
    about = ("--conversation", str(talk), "--purpose", "争议举证", "--matter", house.matter, "--as", WHO)
    line = ("evidence", "package", *about, "--out", str(to), "--json")
    sealed = "SELECT count(*) FROM evidence_package"
    before = house.ask(sealed)
    n = f":{3 * turn}" if place == "package.in_write" else ""
    dead = house.run(*line, fail_at=place + n, **house.outside)
    toll.expect(dead.killed and not dead.said, DIED_ELSEWHERE)
    named = place == "package.after_rename"
    toll.expect(to.exists() == named, "what stands under the name is not what had to be")
    toll.expect(house.ask(sealed) == before + 1, "the seal of the papers was not durable")
    done = house.run(*line, **house.outside)
    toll.expect(done.status == int(named), f"the second run ended with {done.status}: {done.said[-200:]}")
    toll.acknowledged, toll.before_death = 1, 0
    report = verify_package(to, policy=policy.parse((house.home / "trust.policy").read_bytes()))
    toll.lost += int(report.exit_code != 0)
    toll.expect(
        named or done.answer.get("sha256") == sha256(to.read_bytes()).hexdigest(), "another file was told"
    )
    left = [one.name for one in to.parent.glob(to.name + ".*")]
    toll.expect(not left, f"left behind: {left}")
    to.unlink()


def saver(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """A backup or an export for restoring dies: nothing stands under the name, and the same command makes it whole."""
    brought(house, messages=4)
    house.must("ledger", "sign", "--once", "--json")
    to = house.beside / f"saved-{house.commands}"  # a backup within the home is refused
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
