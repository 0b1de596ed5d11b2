"""Opening items: decrypt, derive, and hold every byte against what was sealed. Reading alone comes here."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections

from jieli.archive import ports, queries, rows
from jieli.archive.errors import ItemAltered, ItemDestroyed, ItemUnknown
from jieli.archive.keys.opening import unwrap
from jieli.archive.stored import Stored
from jieli.archive.types import POSITIONS, ItemRef, OpenedItem
from jieli.ledger import queries as ledger
from seal.item import NONCE, associated_data, expand, fields_digest_of


def open_items(items: Sequence[int], *, receipt: UUID) -> list[OpenedItem]:
    """The content of items, in the order asked for, under a committed opening that names them all.

    Each is checked: ciphertext against its digest, every field against the fields digest, the row against its
    leaf. Errors: NotOpened, ItemDestroyed (tombstoned ones too), ItemUnknown, ItemAltered.
    """
    found = _stored(items)
    if missing := [i for i in items if i not in found]:
        raise ItemUnknown(missing)
    if gone := [i for i in items if found[i][0].tombstoned or found[i][0].destroyed]:
        raise ItemDestroyed(gone)
    secrets = unwrap(items, receipt=receipt)
    origin = ledger.origin() if found else ""
    return [
        opened(row, ref, secret=secrets[ref.item_id], origin=origin, extractor=extractor)
        for ref, row, extractor in (found[i] for i in items)
    ]


def _stored(items: Sequence[int]) -> dict[int, tuple[ItemRef, Stored, int]]:
    """Items as values and as rows, each with its batch's extractor: one query, in binary for the ciphertexts' sake."""
    connection = connections["default"]
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            f"SELECT {queries.ITEM_COLUMNS}, i.message_key, i.basis_id, i.cipher_sha256, i.ciphertext,"  # noqa: S608
            f" i.fields_digest, i.leaf, h.extractor FROM {queries.ITEM_TABLES}"
            " JOIN archive_batch h ON h.id = i.item_id / 65536 WHERE i.item_id = ANY(%s)",
            [list(items)],
            binary=True,
        )
        rows = cursor.fetchall()
    found = {}
    for row in rows:
        ref = queries.item_ref(row)
        stored = Stored(
            ref.item_id, ref.conversation, ref.source, ref.event_ms, ref.channel, ref.msgtype, ref.recalls,
            *row[-7:-1],
        )  # fmt: skip
        found[ref.item_id] = ref, stored, row[-1]
    return found


def opened(row: Stored, ref: ItemRef, *, secret: bytes, origin: str, extractor: int) -> OpenedItem:
    """One item's content; ItemAltered names what is not as it was sealed."""
    canonical_row = queries.row_bytes(row)
    if canonical_row is None or row.ciphertext is None or row.fields_digest is None:
        raise ItemDestroyed([row.item_id])
    digest = bytes(row.fields_digest)
    if rows.leaf_of(digest, canonical_row) != bytes(row.leaf):
        raise ItemAltered(row.item_id, "登记")
    raw = decrypted(row, secret=secret, origin=origin)
    derived = ports.extract(row.source, extractor, raw)
    fields = rows.fields_of(
        raw=raw, text=derived.text, sender=derived.sender, receivers=rows.receivers_json(derived.receivers),
        event_ms=row.event_at, media=derived.media,
    )  # fmt: skip
    if fields_digest_of(secret, fields)[0] != digest:
        raise ItemAltered(row.item_id, "内容")
    return OpenedItem(ref, raw, derived.text, derived.sender, derived.receivers, derived.media, secret)


def decrypted(row: Stored, *, secret: bytes, origin: str) -> bytes:
    """The raw line of an item; ItemAltered if its ciphertext is not the one sealed."""
    cipher = bytes(row.ciphertext or b"")
    if sha256(cipher).digest() != bytes(row.cipher_sha256 or b""):
        raise ItemAltered(row.item_id, "密文")
    key = expand(secret)[:32]
    batch, position = divmod(row.item_id, POSITIONS)
    try:
        return AESGCM(key).decrypt(NONCE, cipher, associated_data(origin, batch, position))
    except InvalidTag:
        raise ItemAltered(row.item_id, "密文或密钥") from None
