"""An item's row as it lies in the database, without a model around it: a search opens fifty at a time."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from jieli.archive.types import ItemRef
from jieli.ledger.plain import array, prepared


class Stored(NamedTuple):
    """The sealed and derived columns of `archive_item` that opening needs."""

    item_id: int
    conversation: int
    source: str
    event_at: int
    channel: str
    msgtype: str
    recalls: bytes | None
    message_key: bytes
    basis_id: int | None
    cipher_sha256: bytes | None
    ciphertext: bytes | None
    fields_digest: bytes | None
    leaf: bytes


class Found(NamedTuple):
    """An item that nobody has opened yet: as a value, as it lies there, and by which extractor it is read."""

    ref: ItemRef
    row: Stored
    extractor: int


#: The grounds' own rows stay away: they are most of a row's bytes, and no search shows them.
_FOUND = """
SELECT i.item_id, i.conversation, i.source, i.event_at, i.channel, i.msgtype, i.recalls, i.message_key, i.basis_id,
 i.cipher_sha256, i.ciphertext, i.fields_digest, i.leaf, h.extractor, b.speaker_kind, b.speaker, b.account, b.holder,
 b.documented_later, b.scopes, i.shredded_in IS NOT NULL
FROM archive_item i JOIN archive_batch h ON h.id = i.item_id / 65536 LEFT JOIN archive_basis b ON b.id = i.basis_id
WHERE i.item_id = ANY($1::bigint[]) AND ($2::bigint IS NULL OR i.conversation = $2)
 AND ($3::uuid IS NULL OR b.account = $3) AND ($4::uuid IS NULL OR b.speaker = $4 OR b.holder = $4)
 AND NOT EXISTS (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id)
"""
_COLUMNS = len(Stored._fields)


def found(
    ids: Sequence[int],
    *,
    conversation: int | None = None,
    account: UUID | None = None,
    party: UUID | None = None,
) -> dict[int, Found]:
    """Those of these items that are not being destroyed and fit, by id: one query, ciphertext included.

    `party` is a speaker or a holder. The values have no `basis_rows`: who needs them asks `queries.items`.
    """
    known: dict[tuple[str, ...], frozenset[str]] = {}
    each: dict[int, Found] = {}
    for values in prepared(_FOUND, [array(ids), conversation, account, party]):
        row = Stored._make(values[:_COLUMNS])
        extractor, speaker_kind, speaker, account_, holder, later, scopes, destroyed = values[_COLUMNS:]
        said = tuple(scopes or ())
        ref = ItemRef(
            *row[:7], speaker_kind, speaker, account_, holder, (), bool(later),
            known.get(said) or known.setdefault(said, frozenset(said)), False, destroyed,
        )  # fmt: skip
        each[row.item_id] = Found(ref, row, extractor)
    return each


_TOMBSTONED = """
SELECT ARRAY(SELECT item_id FROM archive_tombstone WHERE item_id = ANY($1::bigint[])),
 ARRAY(SELECT origin FROM ledger_log ORDER BY id)
"""


def tombstoned(ids: Sequence[int]) -> tuple[list[int], str | None]:
    """Which of these items are being destroyed, or were; and the log's origin, asked with it, if there is but one."""
    [(gone, origins)] = prepared(_TOMBSTONED, [array(ids)])
    return gone, origins[0] if len(origins) == 1 else None
