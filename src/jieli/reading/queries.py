"""Who opened what: what the key keeper asks, what auditors list, what a person finds on his own page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from jieli.ledger import queries as ledger
from jieli.ledger.plain import prepared
from jieli.matters import queries as matters
from jieli.matters.types import MatterRef
from jieli.reading.models import Concern, Opening, Unshown
from jieli.reading.types import Capacity, NotShown, OpeningKind, OpeningRef, Purpose, SystemPurpose


@dataclass(frozen=True, slots=True)
class OpeningRecord:
    """An opening as an auditor sees it: everything but content."""

    id: UUID
    entry: int
    at: int
    kind: OpeningKind
    by: str
    role: str
    unit: str
    purpose: Purpose | SystemPurpose
    matter: UUID
    query: str | None
    items: tuple[int, ...]
    left_out: dict[str, int]
    not_shown: dict[NotShown, tuple[int, ...]]
    approval: UUID | None


def opening_names(receipt: UUID, items: Sequence[int]) -> bool:
    """Whether a committed opening names all of these items: fills the archive's port `confirm_opening`.

    Committed, because the caller asks outside of any transaction of its own.
    """
    named = prepared("SELECT items FROM reading_opening WHERE id = $1::uuid", [receipt])
    return bool(named) and set(items) <= set(named[0][0])


def openings_concerning(staff: UUID, *, limit: int = 100) -> list[OpeningRef]:
    """The openings that concern a staff member, newest first: who by role, why, when, how much (P5).

    The matter is named by kind and number only, never by its title, and the query not at all: it may speak of
    others. Nothing delays a row: it is here as soon as it is committed, before the content was shown.
    """
    mine = {
        row.opening_id: row
        for row in Concern.objects.filter(staff=staff).order_by("-opening__at", "-id")[:limit]
    }
    openings = list(Opening.objects.filter(id__in=mine).order_by("-at", "-id"))
    entries = ledger.first_recorded("reading_opening", mine)
    threads = matters.matters({row.matter for row in openings})
    found = [_ref(row, mine[row.id], entries[str(row.id)].entry, threads.get(row.matter)) for row in openings]
    return sorted(found, key=lambda ref: ref.entry, reverse=True)


def _ref(row: Opening, concern: Concern, entry: int, matter: MatterRef | None) -> OpeningRef:
    return OpeningRef(
        id=row.id,
        entry=entry,
        at=row.at,
        kind=OpeningKind(row.kind),
        purpose=Purpose(row.purpose),
        role=row.role,
        unit=row.unit,
        matter_kind=str(matter.kind) if matter else "",
        matter_number=matter.number if matter else "",
        items=concern.items,
        capacities=tuple(Capacity(word) for word in concern.capacities),
        approval=row.approval,
    )


def openings(
    *, matter: UUID | None = None, by: str | None = None, item: int | None = None, limit: int = 100
) -> list[OpeningRecord]:
    """Openings for an auditor, newest first: of one matter, of one reader, of one item, or all."""
    found = Opening.objects.order_by("-at", "-id")
    if matter is not None:
        found = found.filter(matter=matter)
    if by is not None:
        found = found.filter(by=by)
    if item is not None:
        found = found.filter(items__contains=[item])
    written = list(found[:limit])
    entries = ledger.first_recorded("reading_opening", [row.id for row in written])
    unshown = _unshown(row.id for row in written)
    records = [
        OpeningRecord(
            row.id, entries[str(row.id)].entry, row.at, OpeningKind(row.kind), row.by, row.role, row.unit,
            _purpose(row.purpose), row.matter, row.query, tuple(row.items), row.left_out, unshown.get(row.id, {}),
            row.approval,
        )
        for row in written
    ]  # fmt: skip
    return sorted(records, key=lambda record: record.entry, reverse=True)


def _purpose(word: str) -> Purpose | SystemPurpose:
    return SystemPurpose(word) if word in set(SystemPurpose) else Purpose(word)


def _unshown(ids: Iterable[UUID]) -> dict[UUID, dict[NotShown, tuple[int, ...]]]:
    found: dict[UUID, dict[NotShown, tuple[int, ...]]] = {}
    said = Unshown.objects.filter(opening_id__in=list(ids)).values_list("opening_id", "reason", "items")
    for opening, reason, items in said:
        found.setdefault(opening, {})[NotShown(reason)] = tuple(items)
    return found
