"""Writing down that a file did not come in, and why: so that nobody takes it for one that nobody has asked for yet.

Only the place, the reason and the time; nothing of the file (P2). A refusal stands until a file is kept at its place.
"""

from collections import Counter
from collections.abc import Sequence

from jieli.archive.media.errors import MediaChanged, MediaDiffers, MediaEmpty
from jieli.archive.media.types import Refusal
from jieli.archive.models import MediaRefusal
from jieli.kernel.errors import JieliError
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book

#: Item, number of the file, why.
Refused = tuple[int, int, Refusal]


_BY_ERROR: dict[type[JieliError], Refusal] = {
    MediaDiffers: Refusal.DIFFERS,
    MediaEmpty: Refusal.EMPTY,
    MediaChanged: Refusal.CHANGED,
}


def reason_of(error: JieliError) -> Refusal | None:
    """Why a file was refused; None for an error that says nothing of it (no store, a destroyed item, no such path)."""
    return _BY_ERROR.get(type(error))


def refuse(refused: Sequence[Refused], *, by: str, at: int) -> None:
    """Write these refusals down, in one entry. Crash before: whoever brings the files again is refused again."""
    if not refused:
        return
    made = [
        MediaRefusal(id=new_id(at), item=item, n=n, reason=reason.value, by=by, at=at)
        for item, n, reason in refused
    ]
    facts = {"files": len(made), "reasons": dict(Counter(reason.code for _, _, reason in refused))}
    with book(at=at) as b:
        b.entry("archive.media_refused", by=by, facts=facts).insert(*made)
