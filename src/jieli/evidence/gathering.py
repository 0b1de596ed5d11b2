"""Collects what a package holds: items with their proofs, the parts they rest on, checkpoints, who vouched.

Reads only. Everything is fetched in bulk: a package of ten thousand items asks as many questions as one of ten.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jieli.archive import queries as archive
from jieli.archive import rows as archive_rows
from jieli.archive.types import ItemProof, OpenedItem
from jieli.evidence.errors import NotCovered
from jieli.ledger import queries as ledger
from jieli.ledger.checkpoints import tree
from jieli.ledger.types import CheckpointRef, EntryRef, OpenedPart
from seal import canonical
from seal.item import expand, field_salt
from seal.package import Opened
from seal.tree import Tree

#: Columns by which a row leads to another one that a reader needs to see with it.
_LEADS = {"notice": "consent_notice", "notice_id": "consent_notice"}


@dataclass
class Gathered:
    """The machine side of a package, in the order in which it is written."""

    items: list[OpenedItem]
    proofs: dict[int, ItemProof]
    parts: list[tuple[OpenedPart, dict[str, Any], list[bytes]]] = field(default_factory=list)
    served: list[bytes] = field(default_factory=list)
    entries: dict[int, EntryRef] = field(default_factory=dict)
    entry_paths: dict[int, list[bytes]] = field(default_factory=dict)
    checkpoints: list[CheckpointRef] = field(default_factory=list)
    consistency: dict[int, list[bytes]] = field(default_factory=dict)

    @property
    def newest(self) -> CheckpointRef:
        return self.checkpoints[-1]


def gather(
    items: Sequence[OpenedItem], *, more: Iterable[tuple[str, object]], since: Collection[str] = ()
) -> Gathered:
    """Everything that proves `items`, and the parts of the rows in `more` (holdings, the opening).

    Of the rows of the tables in `since`, too, the earliest vouched-for checkpoint is taken.

    A checkpoint that covers all of it must stand already: the signer is asked before, never from here.
    """
    found = Gathered(list(items), archive.proofs([i.item.item_id for i in items]))
    bases = {row for i in items for row in i.item.basis_rows}
    _add_parts(found, [*sorted(bases), *_footing(found.proofs.values()), *more])
    wanted = {p.entry for p in found.proofs.values()} | {p.entry for p, _, _ in found.parts}
    fixed = {p.entry for p in found.proofs.values()}
    fixed |= {part.entry for part, body, _ in found.parts if body["table"] in since}
    found.checkpoints = covering(max(wanted, default=0), fixed)
    found.entries = ledger.entries(wanted)
    log = tree(found.newest.size)
    found.entry_paths = {index: log.inclusion(index) for index in sorted(wanted)}
    found.consistency = {c.size: log.consistency(c.size) for c in found.checkpoints[:-1] if c.size}
    return found


def _add_parts(found: Gathered, rows: Sequence[tuple[str, object]]) -> None:
    """Open every version of the rows, of the notices they rest on, and take the texts those served."""
    opened: dict[tuple[str, str], list[OpenedPart]] = {}
    wanted = [(table, str(row)) for table, row in rows]
    while wanted:
        opened |= ledger.parts(wanted)
        led = {lead for key in wanted for part in opened.get(key, []) for lead in _leads(part)}
        wanted = sorted(led - set(opened))
    parts = sorted((p for versions in opened.values() for p in versions), key=lambda p: (p.entry, p.n))
    trees = {entry: Tree(leaves) for entry, leaves in _leaves({p.entry for p in parts}).items()}
    for part in parts:
        body: Any = canonical.decode(part.body)
        found.parts.append((part, body, trees[part.entry].inclusion(part.n)))
        if body["table"] == "consent_notice":
            found.served.append(body["row"]["text"].encode())


def _footing(proofs: Iterable[ItemProof]) -> list[tuple[str, object]]:
    """The rows by which a reader gets from an item to the grounds it was admitted on."""
    rows: list[Any] = [canonical.decode(p.row) for p in proofs if p.row is not None]
    named = {("archive_basis", r["basis_id"]) for r in rows} | {
        ("archive_conversation", r["conversation"]) for r in rows
    }
    return sorted(named)


def _leads(part: OpenedPart) -> list[tuple[str, str]]:
    body: Any = canonical.decode(part.body)
    return [(_LEADS[name], str(value)) for name, value in body["row"].items() if name in _LEADS]


def _leaves(entries: Iterable[int]) -> dict[int, list[bytes]]:
    """All leaves of these entries, those of items after those of parts."""
    kept = ledger.part_leaves(entries)
    items = archive.item_leaves(list(kept))
    return {entry: leaves + items.get(entry, []) for entry, leaves in kept.items()}


def covering(last: int, fixed: Iterable[int]) -> list[CheckpointRef]:
    """The earliest vouched-for checkpoint over each entry of `fixed`, and the newest one over everything.

    The earliest one says since when it cannot have been changed; consistency leads from it to the newest.
    """
    stored = ledger.checkpoints()
    chosen = {}
    vouched = [c for c in stored if c.cosignatures or c.timestamps]
    for entry in set(fixed):
        first = next((c for c in vouched if c.size > entry), None)
        if first is not None:
            chosen[first.size] = first
    if not stored or stored[-1].size <= last:
        raise NotCovered(
            "签名进程尚未为本次开启签检查点，证据包暂时无法生成。", remedy="请确认签名进程在运行，稍后重试。"
        )
    newest = stored[-1]
    chosen[newest.size] = newest
    return [chosen[size] for size in sorted(chosen)]


def opened_fields(item: OpenedItem) -> Mapping[str, Opened]:
    """Every field of an item with its salt, as ADR 1 derives them from its secret."""
    fields = archive_rows.fields_of(
        raw=item.raw,
        text=item.text,
        sender=item.sender,
        receivers=archive_rows.receivers_json(item.receivers),
        event_ms=item.item.event_ms,
        media=item.media,
    )
    expanded = expand(item.secret, len(item.media))
    return {name: Opened(field_salt(expanded, name), data) for name, data in fields}
