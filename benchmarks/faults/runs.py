"""One death each: kill, look at what was acknowledged, run the same command again to its end, count, fsck.

A scene says what to do before, where it dies, and what has to stand afterwards; `die` does the rest for all of them.
"""

import random
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

from benchmarks.faults.installation import SOUGHT, Ended, Installation
from benchmarks.faults.jobs import READER as WHO
from benchmarks.house import sh
from jieli.archive.types import EpochState

FILES, MESSAGES = 3, 24
#: Each stands in some of a file's messages: a search shows something, writes one entry and passes each place once.
QUERIES = ("可以", "订单", "谢谢", "我们")
#: By then every message is older than the month that retention leaves it.
AFTER_ALL = sh("2026-12-01 09:00")
_ACKNOWLEDGED = re.compile(r"^已入账 #([\d,]+)：\D*\d+–\d+ 行，存入 (\d+)，", re.MULTILINE)
DIED_ELSEWHERE = "the command did not die where it should have"


@dataclass
class Toll:
    """What one death cost. `lost` and `doubled` count acknowledged things; `problems`: what was not as promised."""

    acknowledged: int = 0
    before_death: int = 0
    lost: int = 0
    doubled: int = 0
    problems: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)  # of the errors that were told

    def expect(self, true: object, otherwise: str) -> None:
        """Note a problem unless it is so."""
        if not true:
            self.problems.append(otherwise)


@dataclass(frozen=True)
class Run:
    """A death with what was found after it."""

    scene: str
    place: str
    turn: int
    toll: Toll
    fsck: tuple[str, ...]
    plaintext: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        toll = self.toll
        return not (toll.lost or toll.doubled or toll.problems or self.fsck or self.plaintext)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "good": self.good}


Scene = Callable[[Installation, str, int, Toll], None]


def die(house: Installation, scene: Scene, place: str, turn: int) -> Run:
    """One death, and everything that is looked at after it."""
    begun, toll = time.perf_counter(), Toll()
    try:
        scene(house, place, turn, toll)
    except (RuntimeError, KeyError, OSError, psycopg.Error) as error:
        # What a scene did not foresee is a problem of that death, not the end of all the others.
        toll.problems.append(f"{type(error).__name__}: {error}"[:300])
    count_messages(house, toll)
    fsck, plaintext = house.clean(), tuple(house.plaintext())
    return Run(scene.__name__, place, turn, toll, fsck, plaintext, round(time.perf_counter() - begun, 2))


def count_messages(house: Installation, toll: Toll) -> None:
    """Every message that had to come in is there exactly once."""
    kept = house.ask("SELECT count(*) FROM archive_item")
    distinct = house.ask("SELECT count(DISTINCT (source, message_key)) FROM archive_item")
    toll.lost += max(0, house.expected - distinct)
    toll.doubled += kept - distinct + max(0, distinct - house.expected)


def brought(house: Installation, files: int = 1, messages: int = MESSAGES) -> None:
    """Messages that nobody kills."""
    house.must(*import_line(house, files, messages))
    house.expected += files * messages


def importer(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """The importer dies in its n-th batch; then the same command again. The ledger's places are passed twice a file."""
    line, n = import_line(house, FILES), (turn - 1) % FILES + 1
    dead = house.run(*line, fail_at=f"{place}:{2 * n if place.startswith('ledger.') else n}")
    toll.expect(dead.killed, DIED_ELSEWHERE)
    again(house, dead, line, FILES, toll)


def import_line(house: Installation, files: int, messages: int = MESSAGES) -> tuple[str, ...]:
    return ("import", *house.new_files(files, messages), "--format", "wecom", "--as", WHO)


def again(
    house: Installation, dead: Ended, line: tuple[str, ...], files: int, toll: Toll, **env: str
) -> None:
    """The same import again; then all that either run acknowledged stands."""
    before = _ACKNOWLEDGED.findall(dead.said)
    ended = house.run(*line, **env)
    after = _ACKNOWLEDGED.findall(ended.said)
    house.expected += files * MESSAGES
    whole = ended.status == 0 and len(after) == files
    toll.expect(
        whole, f"the second run acknowledged {len(after)} of {files} files and ended with {ended.status}"
    )
    told = [(int(entry.replace(",", "")), int(admitted)) for entry, admitted in before + after]
    toll.acknowledged, toll.before_death = len(told), len(before)
    toll.lost += sum(not _stands(house, *one) for one in told)


def _stands(house: Installation, entry: int, admitted: int) -> bool:
    """Whether an acknowledged batch is in the ledger under its index, with as many items as were told."""
    if house.ask('SELECT kind FROM ledger_entry WHERE "index" = %s', entry) != "capture.admit":
        return False
    deposit = house.ask(
        "SELECT b.deposit FROM capture_run_batch b JOIN ledger_part p ON p.row_id = b.id::text"
        " WHERE p.entry = %s AND p.row_table = 'capture_run_batch' AND b.admitted = %s",
        entry, admitted,
    )  # fmt: skip
    if not admitted:
        return True
    if deposit is None:
        return False
    first = deposit * 65_536
    kept = house.ask(
        "SELECT count(*) FROM archive_item WHERE item_id >= %s AND item_id < %s", first, first + 65_536
    )
    return bool(kept == admitted)


def reader(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """A search dies; after the row is durable it stands, before that nothing does."""
    brought(house)
    line = ("search", _query(turn), "--purpose", "合规审计", "--matter", house.matter, "--as", WHO, "--json")
    _opened(house, place, line, toll, shown=lambda said: said.answer.get("count"))


def web(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """A request of a browser dies in the middle: the same as a search, through every middleware and the page."""
    brought(house)
    line = ("benchmarks.faults.jobs:web_search", house.person, house.matter, _query(turn))
    _opened(house, place, line, toll, shown=lambda said: said.answer.get("status") == 200)


def _query(turn: int) -> str:
    return QUERIES[(turn - 1) % len(QUERIES)]


def _opened(
    house: Installation, place: str, line: tuple[str, ...], toll: Toll, *, shown: Callable[[Ended], object]
) -> None:
    before = _openings(house)
    dead = house.run(*line, fail_at=place)
    toll.expect(dead.killed and not dead.said, DIED_ELSEWHERE)
    standing, due = _openings(house) - before, int(place == "reading.after_opening")
    done = house.run(*line)
    toll.expect(done.status == 0 and shown(done), f"the second run showed nothing: {done.status}")
    written = _openings(house) - before - standing
    toll.acknowledged = 1
    toll.lost += max(0, due - standing) + max(0, 1 - written)
    toll.doubled += max(0, standing - due) + max(0, written - 1)


def _openings(house: Installation) -> int:
    return int(house.ask("SELECT count(*) FROM reading_opening"))


def signer(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """The signer dies around storing a checkpoint or what others said to it; then it is started again."""
    if place == "deposit.before_entry":
        house.later(2)  # at most one deposit a day
        house.must("work", "--once", "--json")  # or fsck would name the pages that the killed imports left
    brought(house, messages=4)  # so that there is something new to sign
    line = ("ledger", "sign", "--once", "--json")
    before = _checkpoints(house)
    dead = house.run(*line, fail_at=place, **house.outside)
    toll.expect(dead.killed, DIED_ELSEWHERE)
    stored = _checkpoints(house) - before
    toll.expect(stored == (place != "checkpoint.before_store"), f"{stored} checkpoints stood after the death")
    done = house.run(*line, **house.outside)
    signed, newest = done.answer.get("checkpoint"), house.ask("SELECT max(size) FROM ledger_checkpoint")
    toll.expect(done.status == 0 and signed == newest, "the second run did not sign the head")
    for table, more in (("ledger_cosignature", "witness"), ("ledger_timestamp", "authority")):
        n = house.ask(f"SELECT count({more}) FROM {table} WHERE size = %s", newest)
        toll.expect(n == 1, f"{n} rows of {table} for the newest checkpoint")
    toll.acknowledged = 1
    toll.lost += int((signed or 0) < house.ask("SELECT count(*) FROM ledger_entry") - 1)
    twice = "SELECT count(*) FROM (SELECT size FROM ledger_deposit GROUP BY size, depository HAVING count(*) > 1) d"
    toll.doubled += house.ask(twice)


def _checkpoints(house: Installation) -> int:
    return int(house.ask("SELECT count(*) FROM ledger_checkpoint"))


def shredder(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """A destruction dies between its steps: the command is repeated if nothing stood, else the worker finishes it."""
    brought(house)
    items = _living(house, 5)
    line = ("shred", "items", *map(str, items), "--reason", "测试销毁", "--as", WHO, "--json")
    _destroyed(house, place, line, items, toll)


def retention(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """What is past its time and was approved goes with the worker, which dies in it."""
    if house.at < AFTER_ALL:
        house.clock(AFTER_ALL)
        house.must("work", "--once", "--json")
    brought(house)
    due = _living(house, 1_000_000)
    house.must("retention", "set", "chat=1", "--reason", "测试期限", "--as", WHO, "--json")
    plan = house.must("retention", "propose", "chat", "--reason", "到期", "--as", WHO, "--json").answer
    house.must("approve", "decide", plan["request"], "同意", "--as", "faults.second", "--json")
    toll.expect(plan["items"] == len(due), f"{plan['items']} of {len(due)} are due")
    _destroyed(house, place, ("work", "--once", "--json"), due, toll)


def _living(house: Installation, number: int) -> list[int]:
    return house.column(
        "SELECT item_id FROM archive_item i WHERE shredded_in IS NULL"
        " AND NOT EXISTS (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id)"
        " ORDER BY item_id DESC LIMIT %s",
        number,
    )


def _destroyed(house: Installation, place: str, line: tuple[str, ...], items: list[int], toll: Toll) -> None:
    toll.expect(items, "there was nothing to destroy")
    certificates = house.ask("SELECT count(*) FROM archive_certificate")
    dead = house.run(*line, fail_at=place)
    toll.expect(dead.killed, DIED_ELSEWHERE)
    gone = "SELECT count(*) FROM archive_tombstone WHERE item_id = ANY(%s)"
    intended = house.ask(gone, items) == len(items)
    toll.expect(intended == (place != "shred.before_commit"), "the intent is not what it had to be")
    done = house.run("work", "--once", "--json") if intended else house.run(*line)
    toll.expect(done.status == 0, f"the second run ended with {done.status}")
    emptied = house.ask(
        "SELECT count(*) FROM archive_item WHERE item_id = ANY(%s) AND shredded_in IS NOT NULL", items
    )
    toll.acknowledged = 1
    toll.lost += len(items) - emptied
    made = house.ask("SELECT count(*) FROM archive_certificate") - certificates
    toll.doubled += max(0, made - 1) + house.ask(gone, items) - len(items)
    toll.expect(made >= 1, "there is no certificate")


def merger(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """The worker dies in a merge of the index; searches find the same before and after."""
    brought(house, files=9, messages=3)
    count = _found(house)
    dead = house.run("work", "--once", "--json", fail_at=place)
    toll.expect(dead.killed, DIED_ELSEWHERE)
    toll.expect(_found(house) == count, "a search found other things after the death")
    done = house.run("work", "--once", "--json")
    toll.expect(done.status == 0, f"the second run ended with {done.status}")
    toll.acknowledged = 1
    toll.lost += max(0, count - _found(house))
    toll.doubled += max(0, _found(house) - count)


def _found(house: Installation) -> int:
    """How many messages of the last files a search shows."""
    line = (
        "search",
        f"{SOUGHT}{house.files:04d}",
        "--purpose",
        "合规审计",
        "--matter",
        house.matter,
        "--as",
        WHO,
    )
    count = int(house.must(*line, "--json").answer["count"])
    if not count:
        raise RuntimeError("a search for what every message of the last file says found nothing")
    return count


def rebuilder(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """A rebuilding of the index dies; what served goes on serving, and the next one makes it whole."""
    brought(house)
    count, line = _found(house), ("rebuild", "index", "--matter", house.matter, "--as", WHO, "--json")
    dead = house.run(*line, fail_at=place)
    toll.expect(dead.killed, DIED_ELSEWHERE)
    toll.expect(_found(house) == count, "a search found other things after the death")
    done = house.run(*line)
    toll.expect(done.status == 0 and not done.answer.get("unreadable"), "the second run was not whole")
    toll.acknowledged = 1
    toll.lost += max(0, count - _found(house))


def rotation(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """A change of the wrap epoch dies; run again it goes on, and every page is under the newest key."""
    brought(house, messages=4)
    line = ("keys", "rotate", "--as", WHO, "--json")
    dead = house.run(*line, fail_at=place)
    toll.expect(dead.killed, DIED_ELSEWHERE)
    done = house.run(*line)
    toll.expect(done.status == 0, f"the second run ended with {done.status}")
    whole_keys(house, toll)


def whole_keys(house: Installation, toll: Toll) -> None:
    def keys(statement: str) -> Any:
        return house.ask(statement, store="jieli_keys")

    current = keys("SELECT max(id) FROM archive_wrap_epoch")
    behind = keys(
        "SELECT count(*) FROM archive_key_page WHERE sealed <> ''"
        " AND epoch < (SELECT max(id) FROM archive_wrap_epoch)"
    )
    toll.acknowledged = 1
    toll.lost += behind
    over = f"'{EpochState.RETIRED.value}', '{EpochState.DESTROYED.value}'"
    states = keys(f"SELECT count(*) FROM archive_wrap_epoch WHERE state NOT IN ({over})")
    toll.expect(states == 1, f"{states} epochs besides the retired ones, the newest is {current}")
    left = [p.name for p in (house.home / "keys").glob("*") if p.suffix in (".new", ".gone")]
    toll.expect(not left, f"left behind: {left}")


def destroyer(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """The worker dies while it destroys a key whose backups have run out."""
    house.must("keys", "rotate", "--as", WHO, "--json")
    house.later(31)
    dead = house.run("work", "--once", "--json", fail_at=place)
    toll.expect(dead.killed, DIED_ELSEWHERE)
    done = house.run("work", "--once", "--json")
    toll.expect(done.status == 0, f"the second run ended with {done.status}")
    overdue = house.ask(
        "SELECT count(*) FROM archive_wrap_epoch WHERE state = %s AND destroy_after <= %s",
        EpochState.RETIRED.value, house.at, store="jieli_keys",
    )  # fmt: skip
    toll.expect(overdue == 0, f"{overdue} keys are overdue")
    whole_keys(house, toll)


def exporter(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """An export of the log dies; what stands in the directory verifies, and the next run completes it."""
    brought(house, messages=2)
    house.must("ledger", "sign", "--once", "--json")
    line = ("ledger", "export", str(house.home / "export"), "--json")
    dead = house.run(*line, fail_at=place)
    toll.expect(dead.killed, DIED_ELSEWHERE)
    done = house.run(*line)
    toll.expect(done.status == 0 and done.answer.get("verified"), f"the second run ended with {done.status}")
    toll.acknowledged = 1
    toll.lost += int(done.answer.get("size", 0) != house.ask("SELECT max(size) FROM ledger_checkpoint"))


def postgres(house: Installation, place: str, turn: int, toll: Toll) -> None:
    """PostgreSQL dies by SIGKILL, with all its processes, at a moment drawn by lot while a command runs."""
    lot = random.Random(f"{place}:{turn}")
    if place == "import":
        _postgresimport_line(house, toll, first=lot.choice((1, 2, 5, 9)))
        return
    brought(house)
    lines = {
        "shred": (
            "shred",
            "items",
            *map(str, _living(house, 3)),
            "--reason",
            "测试销毁",
            "--as",
            WHO,
            "--json",
        ),
        "rotate": ("keys", "rotate", "--as", WHO, "--json"),
        "rebuild": ("rebuild", "index", "--matter", house.matter, "--as", WHO, "--json"),
        "sign": ("ledger", "sign", "--once", "--json"),
        "work": ("work", "--once", "--json"),
    }
    running = house.start(*lines[place])
    time.sleep(lot.uniform(0.1, 0.9))
    house.kill_postgres()
    dead = running.wait()
    toll.acknowledged = toll.before_death = int(dead.status == 0)
    if place == "shred":
        house.must("work", "--once", "--json")
        toll.lost += house.ask(
            "SELECT count(*) FROM archive_shred s"
            " WHERE NOT EXISTS (SELECT FROM archive_certificate c WHERE c.shred_id = s.id)"
        )
    else:
        done = house.run(*lines[place])
        toll.expect(done.status == 0, f"the second run ended with {done.status}")
        toll.acknowledged += 1


def _postgresimport_line(house: Installation, toll: Toll, *, first: int) -> None:
    line = import_line(house, 12)
    running = house.start(*line)
    deadline = time.monotonic() + 60
    while len(_ACKNOWLEDGED.findall(running.said())) < first and time.monotonic() < deadline:
        time.sleep(0.005)
    house.kill_postgres()
    dead = running.wait()
    toll.expect(dead.status != 0, "the import ended although its server was killed")
    again(house, dead, line, 12, toll)
