"""Doing again what the lost tail had done: destructions, holds, releases, withdrawals, revocations (ADR 19).

Each is a new entry under the old row ids, and names the entry it repeats. The rows are written in the transaction
that puts the tail back; what is destroyed is destroyed afterwards by the ordinary code.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from jieli.archive import operations as archive
from jieli.archive import queries as archived
from jieli.kernel.ids import new_id
from jieli.ledger import locks, places, restoring
from jieli.ledger.operations import Book
from jieli.ledger.outside import OpenedEntry, WrittenRow
from jieli.ledger.restoring import Replayed
from jieli.papers import queries as papers

SHRED = "archive.shred"
#: The column in which a row that is done again may name a paper; empty where it rests on none.
PAPER = "paper"
#: Why a hold gives way to a destruction that was carried out before the backup was loaded.
WAY = "恢复：所涉条目在备份之后已依法销毁，须再次销毁"


@dataclass(frozen=True)
class Done:
    """What was written again, how many items are to be destroyed again, and holds that gave way."""

    replayed: tuple[Replayed, ...]
    items: int
    released: int


def keep_others_out() -> None:
    """The locks of all that is written again, in the house's order."""
    locks.change_bases()
    locks.destroy_one_at_a_time()


def replay(book: Book, lost: Sequence[OpenedEntry], start: int, *, log: int, by: str, at: int) -> Done:
    """Stage everything that the tail of a log from entry `start` on had done, in its order."""
    first = places.place(log, start)
    found: list[Replayed] = []
    items = released = 0
    for one in lost:
        replays = places.place(log, one.index)
        if one.kind != SHRED:
            standing = _without_lost_papers(one)
            found.append(restoring.replay(book, standing, by=by, facts={**one.facts, "replays": replays}))
            continue
        here, gone = _still_here(one)
        released += _give_way(book, gone, by=by, at=at)
        facts = {**_facts(one.facts, first, len(gone)), "replays": replays}
        if gone or facts["parts"]:
            done = restoring.replay(book, here, by=by, facts=facts)
            found.append(replace(done, skipped=len(one.rows) - done.written))
            items += len(gone)
        else:
            found.append(Replayed(one.kind, 0, len(one.rows)))
    return Done(tuple(found), items, released)


def _without_lost_papers(one: OpenedEntry) -> OpenedEntry:
    """What somebody stated or took back holds although the paper on which it stands was lost with the tail: the row
    names none then. The entry that is repeated still commits to which it was."""
    named = {row.id: row.values[PAPER] for row in one.rows if row.values.get(PAPER)}
    there = {str(paper) for paper in papers.papers(UUID(paper) for paper in named.values())}
    rows = [
        replace(row, values={**row.values, PAPER: None}) if named.get(row.id, "") not in {"", *there} else row
        for row in one.rows
    ]
    return replace(one, rows=tuple(rows))


def _still_here(one: OpenedEntry) -> tuple[OpenedEntry, list[int]]:
    """A destruction without items that came and went after the backup; and the items that the backup brought back."""
    named = [int(row.id) for row in one.rows if row.table == "archive_tombstone"]
    there = archived.items(named)
    gone = [item for item in named if item in there and not there[item].tombstoned]
    wanted = {str(item) for item in gone}
    rows = [
        WrittenRow(row.table, row.id, {**row.values, "items": len(gone)})
        if row.table == "archive_shred"
        else row
        for row in one.rows
        if row.table == "archive_shred" or row.id in wanted
    ]
    return replace(one, rows=tuple(rows)), gone


def _facts(facts: Mapping[str, Any], first: int, items: int) -> dict[str, Any]:
    """The facts of a destruction as far as they still hold: parts of the tail, which begins at place `first`, are lost.

    What stays of each part's row is said beside it, and goes with it; early destructions say nothing of that.
    """
    kept = [n for n, (entry, _) in enumerate(facts.get("parts", [])) if entry < first]
    said = {
        name: [facts[name][n] for n in kept] for name in ("parts", "stays") if len(facts.get(name, ())) > 0
    }
    return {**facts, "items": items, "parts": [], **said}


def _give_way(book: Book, items: Sequence[int], *, by: str, at: int) -> int:
    """Release what would stop a destruction that was carried out already; how many holds.

    Releases of the tail were written again before, in their order; what is left are holds by rule (时效) whose reason
    to end was lost with the tail. The worker's day places again what the rule still asks for.
    """
    holds = sorted({hold for some in archived.covering(items).values() for hold in some}) if items else []
    for hold in holds:
        key = str(new_id(at))
        values = {"at": at, "by": by, "hold_id": str(hold), "id": key, "reason": WAY}
        row = WrittenRow("archive_hold_release", key, values)
        restoring.replay(
            book, OpenedEntry(-1, "archive.release", {}, (row,)), by=by, facts={"hold": str(hold)}
        )
    return len(holds)


def finish(*, by: str, at: int) -> int:
    """Carry out the destructions: index, pages, ciphertext, certificates; how many a hold still stops."""
    return len(archive.finish_destructions(by=by, at=at))
