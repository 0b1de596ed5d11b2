"""What must go from the store: objects of destroyed items, objects that no row names, uploads that never ended.

All of it follows from rows and the store's list, so that every round is safe at any time and again.
"""

import logging
from collections.abc import Iterator, Sequence

from django.db import IntegrityError
from django.db.models import Q

from jieli.archive import locks
from jieli.archive.media import ports
from jieli.archive.media.errors import MediaStoreAway, MediaStoreMissing
from jieli.archive.media.types import RemovalState, Removed, StoredObject, Swept
from jieli.archive.models import Media, MediaRemoval
from jieli.archive.policy import ORPHAN_AFTER
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY
from jieli.ledger.operations import book

#: An upload that was begun so long ago and is not done has been given up.
UNFINISHED_AFTER = DAY
_AT_ONCE = 1_000
_log = logging.getLogger("jieli.archive")


def remove_destroyed(*, by: str, at: int) -> Removed:
    """Remove the objects of emptied rows, and write down for each that it is gone, or until when a lock keeps it.

    Their keys are destroyed already: what a lock keeps is ciphertext that nobody can read. Crash after a removal and
    before it is written down: the next round finds nothing there and writes it. MediaStoreAway.
    """
    removed = locked = 0
    for rows in _due(at):
        fates = {row.id: ports.store().remove(bytes(row.address), at=at) for row in rows}
        noted = set(MediaRemoval.objects.filter(media__in=rows).values_list("media", flat=True))
        news = [
            MediaRemoval(
                id=new_id(at), media=row, state=_state(fates[row.id]), locked_until=fates[row.id], at=at
            )
            for row in rows
            if fates[row.id] is None or row.id not in noted
        ]
        removed += sum(fate is None for fate in fates.values())
        locked += sum(fate is not None for fate in fates.values())
        if news:
            _write(news, by=by, at=at)
    return Removed(removed, locked)


def _write(news: Sequence[MediaRemoval], *, by: str, at: int) -> None:
    facts = {"objects": len(news), "locked": sum(one.locked_until is not None for one in news)}
    try:
        with book(at=at) as b:
            b.entry("archive.media_removed", by=by, facts=facts).insert(*news)
    except IntegrityError:
        # Another process removed some of the same and wrote it first; the next round writes the rest.
        _log.info("%d removals are written by another process", len(news))


def remove_now(*, by: str, at: int) -> Removed:
    """The same at the end of a destruction, which is complete without it: a store that is away waits for the worker."""
    try:
        return remove_destroyed(by=by, at=at)
    except (MediaStoreAway, MediaStoreMissing) as error:
        _log.warning("media not removed yet: %s", error.code)
        return Removed(0, 0)


def _state(until: int | None) -> str:
    return (RemovalState.REMOVED if until is None else RemovalState.LOCKED).value


def _due(at: int) -> Iterator[list[Media]]:
    """Emptied rows whose object is not known to be gone, some at a time; those under a lock when it ends."""
    gone = MediaRemoval.objects.filter(state=RemovalState.REMOVED.value).values("media")
    still = MediaRemoval.objects.filter(state=RemovalState.LOCKED.value, locked_until__gt=at).values("media")
    due = Media.objects.filter(~Q(id__in=gone), ~Q(id__in=still), shredded_in__isnull=False).order_by("id")
    after = None
    while rows := list((due if after is None else due.filter(id__gt=after))[:_AT_ONCE]):
        yield rows
        after = rows[-1].id


def sweep(*, by: str, at: int) -> Swept:
    """Remove objects that no row names an hour after they came, and what uploads left a day after they began.

    Whoever stores at an address holds its lock until his row is committed: such an object is nobody's orphan.
    A process without a store has nothing to sweep.
    """
    if not ports.configured():
        return Swept(0, 0, 0)
    orphans = locked = 0
    some: list[StoredObject] = []
    for one in ports.store().objects():
        if one.changed_at < at - ORPHAN_AFTER:
            some.append(one)
        if len(some) == _AT_ONCE:
            gone, kept = _without_row(some, at=at)
            orphans, locked, some = orphans + gone, locked + kept, []
    gone, kept = _without_row(some, at=at)
    done = Swept(orphans + gone, locked + kept, ports.store().end_unfinished(before=at - UNFINISHED_AFTER))
    if done.orphans or done.unfinished:
        with book(at=at) as b:
            facts = {"orphans": done.orphans, "unfinished": done.unfinished}
            b.entry("archive.media_swept", by=by, facts=facts)
    return done


def _without_row(objects: Sequence[StoredObject], *, at: int) -> tuple[int, int]:
    """How many of these had no row and were removed, and how many of them a lock keeps."""
    gone = kept = 0
    known = _known([one.address for one in objects])
    for one in objects:
        if one.address in known:
            continue
        with locks.nobody_stores(one.address) as free:
            # Again under the lock: the row may have come since the list was read.
            if free and not _known([one.address]):
                if ports.store().remove(one.address, at=at) is None:
                    gone += 1
                else:
                    kept += 1
    return gone, kept


def _known(addresses: Sequence[bytes]) -> set[bytes]:
    found = Media.objects.filter(address__in=list(addresses)).values_list("address", flat=True)
    return {bytes(address) for address in found}
