"""Rebuilding the search index: content is decrypted for a machine, under committed openings, and shown to nobody.

Each piece of items is opened as everything is: the row first, committed and in the ledger, then the content. Its kind
is 重建 and its purpose 系统重建, which nobody can ask for in a search; the texts go into keyed tokens and are dropped.
Nobody was shown anything, so it stands on no one's own page; auditors see every opening with its items.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.archive import opening as archive
from jieli.archive import rebuilding
from jieli.archive.errors import ItemAltered, ItemDestroyed
from jieli.archive.rebuilding import Pieces, Rebuilding
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.kernel.times import local
from jieli.ledger.operations import book
from jieli.reading.models import Opening
from jieli.reading.operations import open_matter
from jieli.reading.types import OpeningKind, SystemPurpose

ROLE = "系统管理"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuilding did. `unreadable` items could not be opened as they were sealed and are found by no search."""

    months: tuple[int, ...]
    items: int
    openings: int
    segments: int
    unreadable: tuple[int, ...]


@dataclass(slots=True)
class _Counts:
    items: int = 0
    openings: int = 0
    segments: int = 0


def rebuild_index(
    *,
    matter: str,
    by: Person,
    clock: Callable[[], int],
    months: Sequence[int] = (),
    resume: bool = False,
    tell: Callable[[int, int], object] = lambda month, items: None,
) -> Rebuilt:
    """Make the index anew, month by month: all of it, these months, or with `resume` from where the last one stopped.

    The index that serves goes on serving; each month's is replaced when the new one is whole. `clock` gives the instant
    of each opening, for this takes hours; `tell` is told of each month done. Errors: Forbidden, MatterNotOpen.
    """
    check_may(by, Permission.MANAGE_KEYS, at=clock())
    thread = open_matter(matter)
    done: list[int] = []
    counts, unreadable = _Counts(), list[int]()
    with rebuilding.begin() as under_way:
        wanted = [month for month in under_way.months if not months or month in months]
        if resume:
            wanted = [month for month in wanted if month >= _stopped_at()]
        for month in wanted:
            before = counts.items
            unreadable += _month(under_way, month, thread, by, clock, counts)
            done.append(month)
            tell(month, counts.items - before)
    return Rebuilt(tuple(done), counts.items, counts.openings, counts.segments, tuple(unreadable))


def _stopped_at() -> int:
    """The month of the last piece that was opened: it was not put in place, or is done once more."""
    found = Opening.objects.filter(kind=OpeningKind.REBUILD.value).order_by("-at", "-id").first()
    return 0 if found is None or found.from_ms is None else int(f"{local(found.from_ms):%Y%m}")


def _month(
    under_way: Rebuilding, month: int, thread: UUID, by: Person, clock: Callable[[], int], counts: _Counts
) -> list[int]:
    """One month, piece by piece, and into place. Crash before that: what served goes on serving."""
    pieces, unreadable = Pieces(month), list[int]()
    for items in under_way.pieces(month):
        receipt = _commit(items, month, thread, by, at=clock())
        reach("rebuild.after_opening")
        texts, bad = _texts(items, receipt)
        pieces.add(texts)
        unreadable += bad
        counts.openings += 1
        counts.items += len(texts)
    counts.segments += under_way.put_in_place(month, pieces)
    pieces.forget()
    return unreadable


def _commit(items: Sequence[int], month: int, thread: UUID, by: Person, *, at: int) -> UUID:
    row = Opening(
        id=new_id(at), kind=OpeningKind.REBUILD.value, by=by.actor, role=ROLE, unit="",
        purpose=SystemPurpose.REBUILD.value, matter=thread, from_ms=rebuilding.first_ms(month), items=list(items),
        left_out={}, at=at,
    )  # fmt: skip
    with book(at=at) as b:
        facts = {
            "opening": str(row.id), "kind": row.kind, "purpose": row.purpose, "matter": str(thread),
            "items": len(items), "month": month,
        }  # fmt: skip
        b.entry("reading.open", by=by.actor, facts=facts).insert(row)
    return row.id


def _texts(items: Sequence[int], receipt: UUID) -> tuple[dict[int, str], list[int]]:
    """The texts of those that are still there, and the ids of those that are not as they were sealed."""
    wanted, bad = list(items), list[int]()
    while wanted:
        try:
            return {one.item.item_id: one.text for one in archive.open_items(wanted, receipt=receipt)}, bad
        except ItemDestroyed as destroyed:
            gone = set(destroyed.items)
        except ItemAltered as altered:
            # One damaged item must not keep a month from being searched; fsck names it too.
            gone = {altered.item}
            bad.append(altered.item)
        wanted = [item for item in wanted if item not in gone]
    return {}, bad
