"""One death each: kill, look at what was acknowledged, run the same command again to its end, count, fsck."""

import re
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from benchmarks.faults.installation import JIELI, TIMEOUT, Ended, Installation
from benchmarks.faults.prepare import READER as WHO

IMPORTER = (
    "archive.before_copy", "archive.after_copy", "keys.before_store", "keys.after_store", "import.before_commit",
    "ledger.before_lock", "ledger.before_commit", "import.before_acknowledge",
)  # fmt: skip
READER = ("ledger.before_lock", "ledger.before_commit", "reading.after_opening")
SIGNER = ("checkpoint.before_store", "checkpoint.after_store")
#: Each file of an import is one batch. The ledger's places are passed twice a file: its beginning, then its batch.
FILES, MANY_FILES, MESSAGES = 3, 30, 100
TWICE_A_FILE = ("ledger.before_lock", "ledger.before_commit")
#: Of two characters each: every candidate matches, so a search writes one entry and passes each place once.
QUERIES = ("可以", "订单", "谢谢")
ACKNOWLEDGED_FIRST = (1, 4, 9)  # PostgreSQL dies after so many acknowledged batches
_ACKNOWLEDGED = re.compile(r"^已入账 #(\d+)：\D*\d+–\d+ 行，存入 (\d+)，", re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """What came of one death. `lost` and `doubled` count acknowledged things; `problems`: what was not as promised."""

    command: str
    place: str
    turn: int
    acknowledged: int
    before_death: int
    lost: int
    doubled: int
    fsck_clean: bool
    problems: tuple[str, ...]
    seconds: float

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.problems) and self.fsck_clean

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "good": self.good}


def importer(house: Installation, place: str, turn: int) -> Run:
    """The importer dies in its n-th batch; then the same command again."""
    begun = time.perf_counter()
    line = _import(house, FILES)
    passed = 2 * turn if place in TWICE_A_FILE else turn
    dead = house.run(line, fail_at=f"{place}:{passed}")
    return _finish_import(house, dead, line, (place, turn), begun, FILES, died=dead.killed)


def postgres(house: Installation, turn: int) -> Run:
    """PostgreSQL dies by SIGKILL, with all its processes, while files come in; then the same command again."""
    begun = time.perf_counter()
    line = _import(house, MANY_FILES)
    process = house.command(line)
    if process.stdout is None:
        raise RuntimeError("the output of the importer was not taken")
    heard = "".join(process.stdout.readline() for _ in range(ACKNOWLEDGED_FIRST[turn - 1]))
    house.kill_postgres()
    rest, _ = process.communicate(timeout=TIMEOUT)
    dead = Ended(process.returncode, heard + rest)
    died = dead.status not in (0, -signal.SIGKILL)
    return _finish_import(house, dead, line, ("postgres", turn), begun, MANY_FILES, died=died)


def _import(house: Installation, files: int) -> tuple[str, ...]:
    return (*JIELI, "import", *house.new_files(files, MESSAGES), "--format", "wecom", "--as", WHO)


def _finish_import(
    house: Installation, dead: Ended, line: Sequence[str], where: tuple[str, int], begun: float, files: int,
    *, died: bool,
) -> Run:  # fmt: skip
    problems = [] if died else ["the command did not die where it should have"]
    before = _ACKNOWLEDGED.findall(dead.said)
    again = house.run(line)
    after = _ACKNOWLEDGED.findall(again.said)
    house.expected += files * MESSAGES
    if again.status != 0 or len(after) != files:
        problems.append(
            f"the second run acknowledged {len(after)} of {files} files and ended with {again.status}"
        )
    told = [(int(entry), int(admitted)) for entry, admitted in before + after]
    lost = sum(not _stands(house, *one) for one in told)
    kept = house.ask("SELECT count(*) FROM archive_item")
    distinct = house.ask("SELECT count(DISTINCT (source, message_key)) FROM archive_item")
    lost += max(0, house.expected - distinct)
    doubled = kept - distinct + max(0, distinct - house.expected)
    return Run(
        "import", *where, len(told), len(before), lost, doubled, _fsck(house), tuple(problems),
        round(time.perf_counter() - begun, 2),
    )  # fmt: skip


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


def reader(house: Installation, place: str, turn: int) -> Run:
    """The reader dies in a search; after the row is durable it stands, before that nothing does."""
    begun = time.perf_counter()
    line = _search(house, QUERIES[turn - 1])
    before = _openings(house)
    dead = house.run(line, fail_at=place)
    problems = [] if dead.killed and not dead.said else ["the command did not die where it should have"]
    standing, due = _openings(house) - before, int(place == "reading.after_opening")
    again = house.run(line)
    if again.status != 0 or not again.answer.get("count"):
        problems.append("the second run showed nothing")
    lost = max(0, due - standing) + (not _opened(house, again.answer))
    doubled = max(0, standing - due) + max(0, _openings(house) - before - standing - 1)
    return Run(
        "search", place, turn, 1, 0, lost, doubled, _fsck(house), tuple(problems),
        round(time.perf_counter() - begun, 2),
    )  # fmt: skip


def _search(house: Installation, query: str) -> tuple[str, ...]:
    return (*JIELI, "search", query, "--purpose", "合规审计", "--matter", house.matter, "--as", WHO, "--json")


def _openings(house: Installation) -> int:
    return int(house.ask("SELECT count(*) FROM reading_opening"))


def _opened(house: Installation, answer: dict[str, Any]) -> bool:
    kind = house.ask('SELECT kind FROM ledger_entry WHERE "index" = %s', answer.get("entry", -1))
    row = house.ask("SELECT count(*) FROM reading_opening WHERE id::text = %s", answer.get("opening", ""))
    return bool(kind == "reading.open" and row == 1)


def signer(house: Installation, place: str, turn: int) -> Run:
    """The signer dies around storing a checkpoint; then it is started again. It passes each place once a round."""
    begun = time.perf_counter()
    house.must(_search(house, QUERIES[turn - 1]))  # so that there is something new to sign
    line = (*JIELI, "ledger", "sign", "--once", "--json")
    before = _checkpoints(house)
    dead = house.run(line, fail_at=place)
    problems = [] if dead.killed else ["the command did not die where it should have"]
    stored = _checkpoints(house) - before
    if stored != (place == "checkpoint.after_store"):
        problems.append(f"{stored} checkpoints stood after the death")
    again = house.run(line)
    size = house.ask("SELECT count(*) FROM ledger_entry")
    newest = house.ask("SELECT max(size) FROM ledger_checkpoint")
    if again.status != 0 or again.answer["checkpoint"] != size:
        problems.append("the second run did not sign the head")
    lost, doubled = int(newest != size), max(0, _checkpoints(house) - before - 1)
    return Run(
        "sign", place, turn, 1, 0, lost, doubled, _fsck(house), tuple(problems),
        round(time.perf_counter() - begun, 2),
    )  # fmt: skip


def _checkpoints(house: Installation) -> int:
    return int(house.ask("SELECT count(*) FROM ledger_checkpoint"))


def _fsck(house: Installation) -> bool:
    ended = house.run((*JIELI, "fsck", "--json"))
    return ended.status == 0 and ended.answer.get("clean") is True


def planned(turns: int) -> list[Callable[[Installation], Run]]:
    """Every death, each `turns` times: importer, reader, signer, PostgreSQL."""
    found: list[Callable[[Installation], Run]] = []
    for turn in range(1, turns + 1):
        for kill, places in ((importer, IMPORTER), (reader, READER), (signer, SIGNER)):
            found += [partial(kill, place=place, turn=turn) for place in places]
        found.append(partial(postgres, turn=turn))
    return found
