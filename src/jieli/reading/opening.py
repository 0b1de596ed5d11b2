"""The one order in which content comes out: the row committed, then decrypted, then what was not shown written down."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from jieli.access.types import Person
from jieli.archive import opening as archive
from jieli.archive.errors import ItemDestroyed
from jieli.archive.stored import Found
from jieli.archive.types import ItemRef, OpenedItem
from jieli.assets import queries as assets
from jieli.assets.types import UseSpan
from jieli.consent.types import SubjectKind
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book
from jieli.ledger.plain import Asked
from jieli.ledger.values import sealed_row
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
from seal.part import row_body

#: Who used accounts, and when, by account.
Users = dict[UUID, list[UseSpan]]
#: What is shown of each text; None where it does not belong here after all.
Cut = Callable[[Sequence[str]], Sequence[str | None]]


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


def open_under_row(asked: Request, items: Sequence[ItemRef], left: Mapping[LeftOut, int]) -> Opened:
    """Commit an opening that names these items, and decrypt them.

    Crash after the row: it says that they were opened, which is the worse of the two stories, and true of nobody.
    Crash before what was not shown is written: the row says that more was shown than was.
    """
    opening, entry = _commit(asked, items, left)
    reach("reading.after_opening")
    ids = [item.item_id for item in items]
    opened, gone = _until_there(ids, lambda wanted: archive.open_items(wanted, receipt=opening))
    return _finished(asked, Opened(opening, entry, tuple(opened), _texts(opened), {}), [], gone)


def open_found_under_row(
    asked: Request, found: Sequence[Found], left: Mapping[LeftOut, int], cut: Cut, users: Users | None = None
) -> Opened:
    """As `open_under_row`, of items that are here already, still closed; drops those of which `cut` makes nothing.

    Their key pages are read, and stay sealed, while the opening is being committed. `users` is the answer to
    `users_of` for these items and maybe others, where somebody has just asked.
    """
    by_id = {one.ref.item_id: one for one in found}
    with archive.pages_meanwhile(by_id) as pages:
        opening, entry = _commit(asked, [one.ref for one in found], left, users)
    reach("reading.after_opening")
    opened, gone = _until_there(
        list(by_id),
        lambda wanted: archive.open_found([by_id[i] for i in wanted], receipt=opening, pages=pages),
    )
    pieces = cut(_texts(opened))
    kept = [(item, piece) for item, piece in zip(opened, pieces, strict=True) if piece is not None]
    alike = [item.item.item_id for item, piece in zip(opened, pieces, strict=True) if piece is None]
    shown = tuple(item for item, _ in kept), tuple(piece for _, piece in kept)
    return _finished(asked, Opened(opening, entry, *shown, {}), alike, gone)


def _texts(opened: Sequence[OpenedItem]) -> tuple[str, ...]:
    return tuple(item.text for item in opened)


def _finished(asked: Request, opened: Opened, alike: Sequence[int], gone: Sequence[int]) -> Opened:
    """With what was opened and not shown: written down before anybody sees the rest."""
    not_shown = {NotShown.NO_MATCH: alike, NotShown.DESTROYED: gone}
    _write_unshown(asked, opened.opening, not_shown)
    return replace(opened, not_shown={why: len(ids) for why, ids in not_shown.items() if ids})


def page_of(opened: Opened, left: Mapping[LeftOut, int], following: str | None = None) -> Page:
    """The page that a screen shows."""
    shown = tuple(_shown(item, piece) for item, piece in zip(opened.items, opened.snippets, strict=True))
    return Page(opened.opening, opened.entry, shown, dict(left), opened.not_shown, following)


def _commit(
    asked: Request, items: Sequence[ItemRef], left: Mapping[LeftOut, int], users: Users | None = None
) -> tuple[UUID, int]:
    row = _row(asked, items, left)
    concerns = [spelled(one) for one in _concerns(row, items, users)]
    with book(at=asked.at) as b:
        facts = {
            "opening": str(row.id), "kind": row.kind, "purpose": row.purpose, "matter": str(row.matter),
            "items": len(items),
        }  # fmt: skip
        entry = b.entry("reading.open", by=asked.by.actor, facts=facts)
        entry.insert_told(Opening, [spelled_row(row)])
        entry.insert_told(Concern, concerns)
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


class Concerned(NamedTuple):
    """A row of `reading_concern` by its columns: a model each would cost more than all the rest of it."""

    id: UUID
    opening_id: UUID
    staff: UUID
    capacities: list[str]
    items: int


def spelled_row(row: Opening | Unshown) -> tuple[str, dict[str, object], bytes]:
    """As `insert` has it; their columns hold nothing but words, numbers, ids, and lists and counts of these."""
    table, key = row._meta.db_table, str(row.id)
    record = {f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields}
    return key, record, row_body(table=table, id=key, row=sealed_row(row))


def spelled(one: Concerned) -> tuple[str, dict[str, object], bytes]:
    """Key, record and body as the ledger takes them; a test holds the body against the sealed columns."""
    key, opening, staff = str(one.id), str(one.opening_id), str(one.staff)  # each is spelled once
    capacities = ",".join([f'"{word}"' for word in one.capacities])
    body = (
        f'{{"id":"{key}","row":{{"capacities":[{capacities}],"id":"{key}","items":{one.items}'
        f',"opening_id":"{opening}","staff":"{staff}"}},"table":"reading_concern"}}'
    )
    record = {
        "id": key, "opening_id": opening, "staff": staff, "capacities": one.capacities, "items": one.items,
    }  # fmt: skip
    return key, record, body.encode()


def users_of(items: Iterable[ItemRef]) -> Asked[Users]:
    """Who ever used the accounts of items: to be asked along with something else."""
    accounts = {id(item.account): item.account for item in items}  # of one basis: the very same object
    return assets.used_by({account for account in accounts.values() if account is not None})


def _concerns(row: Opening, items: Sequence[ItemRef], users: Users | None = None) -> list[Concerned]:
    """The staff whom items concern: who spoke, who held the account then, and who used it then."""
    alike = _of_the_same(items)
    users = users_of(items).answer() if users is None and items else users or {}
    staff_kind = SubjectKind.STAFF.value
    # By the number of each person: what a UUID hashes to, and which is less, is worked out anew each time.
    concerned: dict[int, tuple[UUID, dict[str, set[int]]]] = {}
    for some in alike:
        one, ids = some[0], [item.item_id for item in some]
        if one.speaker is not None and one.speaker_kind == staff_kind:
            _as(_SPEAKER, one.speaker, concerned).update(ids)
        if one.holder is not None:
            _as(_HOLDER, one.holder, concerned).update(ids)
        for span in users.get(one.account, ()) if users and one.account is not None else ():
            if then := [item.item_id for item in some if span.holds(item.event_ms)]:
                _as(_USER, span.staff_id, concerned).update(then)
    return [
        Concerned(
            new_id(row.at),
            row.id,
            staff,
            [word for word in _CAPACITIES if word in roles],
            len(set().union(*roles.values())),
        )
        for _, (staff, roles) in sorted(concerned.items(), key=itemgetter(0))
    ]


_SPEAKER, _HOLDER, _USER = (one.value for one in (Capacity.SPEAKER, Capacity.HOLDER, Capacity.USER))
_CAPACITIES = tuple(capacity.value for capacity in Capacity)


def _as(word: str, staff: UUID, concerned: dict[int, tuple[UUID, dict[str, set[int]]]]) -> set[int]:
    """The items that concern somebody in this capacity, to be added to."""
    _, roles = concerned.setdefault(staff.int, (staff, {}))
    return roles.setdefault(word, set())


def _of_the_same(items: Sequence[ItemRef]) -> Iterable[list[ItemRef]]:
    """Items by speaker, account and holder. Those of one basis name the very same objects, whose identity is enough:
    thousands are told apart without being compared. The same people as other objects only make another group.
    """
    found: dict[tuple[int, int, int, str | None], list[ItemRef]] = {}
    for item in items:
        who = id(item.speaker), id(item.account), id(item.holder), item.speaker_kind
        found.setdefault(who, []).append(item)
    return found.values()


def _until_there(
    items: Sequence[int], open_them: Callable[[Sequence[int]], list[OpenedItem]]
) -> tuple[list[OpenedItem], list[int]]:
    """The content of those that are still there, and the ids of those destroyed since they were found."""
    wanted, gone = list(items), list[int]()
    while wanted:
        try:
            return open_them(wanted), gone
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
            b.entry("reading.not_shown", by=asked.by.actor, facts=facts).insert_told(
                Unshown, [spelled_row(r) for r in rows]
            )


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
