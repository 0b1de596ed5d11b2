"""The one order in which content comes out: the row committed, then decrypted, then what was not shown written down."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jieli.access.types import Person
from jieli.archive import opening as archive
from jieli.archive.errors import ItemDestroyed
from jieli.archive.types import ItemRef, OpenedItem
from jieli.assets import queries as assets
from jieli.consent.types import SubjectKind
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book
from jieli.parties import queries as parties
from jieli.reading.models import Concern, Opening, Unshown
from jieli.reading.policy import role_words
from jieli.reading.types import (
    Capacity,
    LeftOut,
    NotShown,
    OpeningKind,
    Page,
    Purpose,
    Shown,
    Window,
)

#: What is shown of a text; None where it does not belong here after all.
Cut = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants to read, for what, in which matter: checked."""

    kind: OpeningKind
    purpose: Purpose
    matter: UUID
    by: Person
    at: int
    window: Window = field(default_factory=Window)
    query: str | None = None
    conversation: int | None = None
    approval: UUID | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of an opening, before it is made a page."""

    opening: UUID
    entry: int
    items: tuple[OpenedItem, ...]
    snippets: tuple[str, ...]
    not_shown: dict[NotShown, int]


def open_under_row(
    asked: Request, items: Sequence[ItemRef], left: Mapping[LeftOut, int], cut: Cut | None = None
) -> Opened:
    """Commit an opening that names these items, decrypt them, and drop those of which `cut` makes nothing.

    Crash after the row: it says that they were opened, which is the worse of the two stories, and true of nobody.
    Crash before what was not shown is written: the row says that more was shown than was.
    """
    opening, entry = _commit(asked, items, left)
    reach("reading.after_opening")
    opened, gone = _decrypt([item.item_id for item in items], receipt=opening)
    kept: list[OpenedItem] = []
    snippets: list[str] = []
    alike: list[int] = []
    for item in opened:
        piece = item.text if cut is None else cut(item.text)
        if piece is None:
            alike.append(item.item.item_id)
        else:
            kept.append(item)
            snippets.append(piece)
    not_shown = {NotShown.NO_MATCH: alike, NotShown.DESTROYED: gone}
    _write_unshown(asked, opening, not_shown)
    counts = {why: len(ids) for why, ids in not_shown.items() if ids}
    return Opened(opening, entry, tuple(kept), tuple(snippets), counts)


def page_of(opened: Opened, left: Mapping[LeftOut, int], following: str | None = None) -> Page:
    """The page that a screen shows."""
    shown = tuple(_shown(item, piece) for item, piece in zip(opened.items, opened.snippets, strict=True))
    return Page(opened.opening, opened.entry, shown, dict(left), opened.not_shown, following)


def _commit(asked: Request, items: Sequence[ItemRef], left: Mapping[LeftOut, int]) -> tuple[UUID, int]:
    row = _row(asked, items, left)
    with book(at=asked.at) as b:
        facts = {
            "opening": str(row.id), "kind": row.kind, "purpose": row.purpose, "matter": str(row.matter),
            "items": len(items),
        }  # fmt: skip
        entry = b.entry("reading.open", by=asked.by.actor, facts=facts)
        entry.insert(row)
        entry.insert(*_concerns(row, items))
    if entry.index is None:
        raise RuntimeError("the book has closed without numbering its entry")
    return row.id, entry.index


def _row(asked: Request, items: Sequence[ItemRef], left: Mapping[LeftOut, int]) -> Opening:
    by, window = asked.by, asked.window
    unit = ""
    if by.staff is not None and (found := parties.staff([by.staff]).get(by.staff)) is not None:
        unit = found.unit_name
    return Opening(
        id=new_id(asked.at),
        kind=asked.kind.value,
        by=by.actor,
        role=role_words(by, at=asked.at),
        unit=unit,
        purpose=asked.purpose.value,
        matter=asked.matter,
        query=asked.query,
        conversation=asked.conversation,
        account=window.account,
        party=window.party,
        from_ms=window.from_ms,
        to_ms=window.to_ms,
        items=[item.item_id for item in items],
        left_out={why.name.lower(): number for why, number in left.items()},
        approval=asked.approval,
        at=asked.at,
    )


def _concerns(row: Opening, items: Sequence[ItemRef]) -> list[Concern]:
    """The staff whom items concern: who spoke, who held the account then, and who used it then."""
    accounts = {item.account for item in items if item.account is not None}
    users = assets.users_of(accounts) if accounts else {}
    spoke, held, used = (defaultdict[UUID, set[int]](set) for _ in Capacity)
    for item in items:
        if item.speaker is not None and item.speaker_kind == SubjectKind.STAFF.value:
            spoke[item.speaker].add(item.item_id)
        if item.holder is not None:
            held[item.holder].add(item.item_id)
        for span in users.get(item.account, ()) if item.account is not None else ():
            if span.holds(item.event_ms):
                used[span.staff_id].add(item.item_id)
    roles = {Capacity.SPEAKER: spoke, Capacity.HOLDER: held, Capacity.USER: used}
    return [
        Concern(
            id=new_id(row.at),
            opening_id=row.id,
            staff=staff,
            capacities=[capacity.value for capacity, who in roles.items() if staff in who],
            items=len(set().union(*(who[staff] for who in roles.values() if staff in who))),
        )
        for staff in sorted({*spoke, *held, *used})
    ]


def _decrypt(items: Sequence[int], *, receipt: UUID) -> tuple[list[OpenedItem], list[int]]:
    """The content of those that are still there, and the ids of those destroyed since they were found."""
    wanted, gone = list(items), list[int]()
    while wanted:
        try:
            return archive.open_items(wanted, receipt=receipt), gone
        except ItemDestroyed as destroyed:
            gone += destroyed.items
            wanted = [item for item in wanted if item not in set(destroyed.items)]
    return [], gone


def _write_unshown(asked: Request, opening: UUID, not_shown: Mapping[NotShown, Sequence[int]]) -> None:
    rows = [
        Unshown(id=new_id(asked.at), opening_id=opening, reason=why.value, items=list(ids))
        for why, ids in not_shown.items()
        if ids
    ]
    if rows:
        with book(at=asked.at) as b:
            facts = {"opening": str(opening), "items": sum(len(row.items) for row in rows)}
            b.entry("reading.not_shown", by=asked.by.actor, facts=facts).insert(*rows)


def _shown(item: OpenedItem, piece: str) -> Shown:
    ref = item.item
    return Shown(
        item_id=ref.item_id,
        conversation=ref.conversation,
        event_ms=ref.event_ms,
        channel=ref.channel,
        msgtype=ref.msgtype,
        speaker_kind=ref.speaker_kind,
        speaker=ref.speaker,
        account=ref.account,
        holder=ref.holder,
        documented_later=ref.documented_later,
        recalls=ref.recalls,
        sender=item.sender,
        receivers=item.receivers,
        text=item.text,
        snippet=piece,
        media=item.media,
    )
