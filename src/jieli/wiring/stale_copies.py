"""Which copies for a restore still hold what a destruction emptied since: of those that this house made (ADR 19).

A copy lies where nobody asks us: it is emptied by the next export to it and by nothing else. So each export for a
restore is remembered in the home, and whoever asks how long things are kept is told which copies wait for one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jieli.archive.policy import MAIN_BACKUP_DAYS
from jieli.kernel.times import DAY
from jieli.ledger.outside import OPENED, companion
from jieli.ledger.plain import rows
from jieli.wiring.backup import KEPT
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile

#: In the home: where copies were written, of which log, and how far they reach. Paths and numbers, nothing else.
REMEMBERED = "outside-copies.json"


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that holds words which the house has emptied.

    `stale`: so many places the next export empties. `later`: so many more it empties once every backup of before has
    run out. `seen`: False where the copy cannot be looked at from here; then both say what it may hold at most.
    """

    directory: Path
    stale: int
    later: int
    seen: bool


def remember(profile: Profile, directory: Path, *, log: int, size: int) -> None:
    """Note that a copy of so many entries was written. Crash before the rename: the note is as it was."""
    path = home_of(profile).root / REMEMBERED
    known = _remembered(path)
    known[str(directory.resolve())] = {"log": log, "size": size}
    fresh = path.with_suffix(".writing")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(known, ensure_ascii=False, sort_keys=True) + "\n")
    fresh.replace(path)


def _remembered(path: Path) -> dict[str, Mapping[str, int]]:
    """What was noted. A note that somebody's hand damaged is an error and not an empty one: it may name a copy."""
    found: dict[str, Mapping[str, int]] = json.loads(path.read_text()) if path.is_file() else {}
    return found


# What was emptied of the entries that a copy keeps open: where, after how many entries, and whether it is so old that
# every backup has it as it is in the database.
_EMPTIED = """
SELECT p.entry, p.n, p.shredded_in & 1099511627775 AS after, e.time < (
        SELECT l.time FROM ledger_entry l WHERE l.log = $1 ORDER BY l.index DESC LIMIT 1) - $3::bigint AS aged
FROM ledger_entry e JOIN ledger_part p ON p.log = e.log AND p.entry = e.index
WHERE e.log = $1 AND e.kind = ANY($2) AND p.shredded_in IS NOT NULL
"""


def stale(profile: Profile) -> list[Copy]:
    """The copies that hold what was emptied, by path; none where nothing of theirs was."""
    remembered = _remembered(home_of(profile).root / REMEMBERED)
    emptied = {log: _emptied(log) for log in {one["log"] for one in remembered.values()}}
    found = [_copy(Path(name), one["size"], emptied[one["log"]]) for name, one in sorted(remembered.items())]
    return [one for one in found if one.stale or one.later]


def _emptied(log: int) -> dict[tuple[int, int], tuple[int, bool]]:
    asked = [log, sorted(KEPT), MAIN_BACKUP_DAYS * DAY]
    return {(entry, n): (after, aged) for entry, n, after, aged in rows(_EMPTIED, asked)}


def _copy(directory: Path, size: int, emptied: Mapping[tuple[int, int], tuple[int, bool]]) -> Copy:
    path = companion(directory) / OPENED
    seen = path.is_file()
    if not emptied:
        held = []
    elif seen:
        held = [emptied[place][1] for place in _open(path) if place in emptied]
    else:
        held = [aged for (entry, _), (after, aged) in emptied.items() if entry < size <= after]
    return Copy(directory, held.count(True), held.count(False), seen)


def _open(path: Path) -> list[tuple[int, int]]:
    """(entry, n) of the parts that stand open in a copy."""
    lines = map(json.loads, path.read_text().splitlines()[1:])
    return [(one["entry"], n) for one in lines for n, part in enumerate(one["parts"]) if "salt" in part]
