"""Which entries of the book have lost their parts to a restore, as the book itself says (ADR 19)."""

from collections.abc import Iterable
from typing import Any

from jieli.ledger.plain import rows
from seal import canonical
from seal.errors import SealError

#: The entry that names a range of its log whose parts are lost; it stands directly after the range.
RESTORED = "ledger.restored"


def lost_ranges(log: int) -> list[range]:
    """The ranges of a log whose parts a restore lost, as its entries name them.

    Only what stands directly before the entry that names it is believed: so nobody can name a range later on.
    """
    found = rows(
        "SELECT e.index, p.body FROM ledger_entry e JOIN ledger_part p ON p.log = e.log AND p.entry = e.index"
        " WHERE e.log = $1 AND e.kind = $2 AND p.n = 0 AND p.body IS NOT NULL ORDER BY e.index",
        [log, RESTORED],
    )
    ranges = []
    for index, body in found:
        try:
            said: Any = canonical.decode(body)
        except SealError:
            continue  # the walk names this part
        facts = said.get("facts", {})
        start, stop = facts.get("from"), facts.get("to")
        if isinstance(start, int) and stop == index and 0 <= start < stop:
            ranges.append(range(start, stop))
    return ranges


def lost_in(ranges: Iterable[range], index: int) -> bool:
    """Whether an entry's parts were lost by a restore."""
    return any(index in one for one in ranges)
