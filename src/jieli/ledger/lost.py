"""Which entries of the book have lost their parts to a restore, as the book itself says (ADR 19)."""

from collections.abc import Iterable
from typing import Any

from jieli.ledger.plain import rows
from seal import canonical
from seal.errors import SealError

#: The entry that names a range of its log whose parts are lost; it stands directly after the range.
RESTORED = "ledger.restored"
#: Entry 0 of a log that goes on for another one whose tail is lost; it names that log and what is lost of it.
SUCCEEDS = "ledger.succeeds"


def lost_ranges(log: int) -> list[range]:
    """The ranges of a log whose parts a restore lost, as its entries name them, or the log that succeeds it.

    Only what stands directly before the entry that names it is believed, or at the very end of a log that another one
    succeeds: so nobody can name a range later on.
    """
    ranges = []
    for index, facts in _said(log, RESTORED):
        start, stop = facts.get("from"), facts.get("to")
        if isinstance(start, int) and stop == index and 0 <= start < stop:
            ranges.append(range(start, stop))
    for index, facts in _said(log + 1, SUCCEEDS):
        start, stop = facts.get("from"), facts.get("to")
        if index == 0 and isinstance(start, int) and stop == _size(log) and 0 <= start < stop:
            ranges.append(range(start, stop))
    return ranges


def succeeds(log: int) -> dict[str, Any] | None:
    """What entry 0 of a log says of the log before it; None where it says nothing of the kind."""
    return next((facts for index, facts in _said(log, SUCCEEDS) if index == 0), None)


def _said(log: int, kind: str) -> list[tuple[int, dict[str, Any]]]:
    """The facts of the entries of a kind in a log; what cannot be read is left to the walk, which names it."""
    found = rows(
        "SELECT e.index, p.body FROM ledger_entry e JOIN ledger_part p ON p.log = e.log AND p.entry = e.index"
        " WHERE e.log = $1 AND e.kind = $2 AND p.n = 0 AND p.body IS NOT NULL ORDER BY e.index",
        [log, kind],
    )
    said = []
    for index, body in found:
        try:
            decoded: Any = canonical.decode(body)
        except SealError:
            continue
        facts = decoded.get("facts") if isinstance(decoded, dict) else None
        said.append((index, facts if isinstance(facts, dict) else {}))
    return said


def _size(log: int) -> int:
    [(last,)] = rows("SELECT max(index) FROM ledger_entry WHERE log = $1", [log])
    return 0 if last is None else int(last) + 1


def lost_in(ranges: Iterable[range], index: int) -> bool:
    """Whether an entry's parts were lost by a restore."""
    return any(index in one for one in ranges)
