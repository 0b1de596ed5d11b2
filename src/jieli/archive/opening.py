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
from jieli.archive.stored import Found, Stored, tombstoned
from jieli.archive.types import POSITIONS, ItemRef, OpenedItem
from jieli.ledger import queries as ledger
from seal.item import NONCE, associated_data, expand


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
    return _opened([Found(*found[i]) for i in items], receipt)


def open_found(found: Sequence[Found], *, receipt: UUID) -> list[OpenedItem]:
    """As `open_items`, of items that were looked up before their opening was committed, ciphertexts and all.

    What was tombstoned or emptied since is ItemDestroyed: the tombstones are asked again, and a secret that is gone
    says so itself.
    """
    emptied = [one.ref.item_id for one in found if one.ref.destroyed]
    if gone := [*tombstoned([one.ref.item_id for one in found]), *emptied]:
        raise ItemDestroyed(sorted(set(gone)))
    return _opened(found, receipt)


def _opened(found: Sequence[Found], receipt: UUID) -> list[OpenedItem]:
    secrets = unwrap([one.ref.item_id for one in found], receipt=receipt)
    origin = ledger.origin() if found else ""
    return [
        opened(row, ref, secret=secrets[ref.item_id], origin=origin, extractor=extractor)
        for ref, row, extractor in found
    ]


def _stored(items: Sequence[int]) -> dict[int, tuple[ItemRef, Stored, int]]:
    """Items as values and as rows, each with its batch's extractor: in binary for the ciphertexts' sake."""
    connection = connections["default"]
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(
            f"SELECT {queries.LEAN_COLUMNS}, i.message_key, i.basis_id, i.cipher_sha256, i.ciphertext,"  # noqa: S608
            f" i.fields_digest, i.leaf, h.extractor FROM {queries.ITEM_TABLES}"
            " JOIN archive_batch h ON h.id = i.item_id / 65536 WHERE i.item_id = ANY(%s)",
            [list(items)],
            binary=True,
        )
        rows = cursor.fetchall()
    return {
        ref.item_id: (ref, Stored(*row[:7], *row[-7:-1]), row[-1])
        for ref, row in zip(queries.refs_of(rows), rows, strict=True)
    }


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
    sealed, _ = rows.digest_and_key(
        secret,
        raw,
        derived.text,
        derived.sender,
        rows.receivers_known(derived.receivers),
        row.event_at,
        derived.media,
    )
    if sealed != digest:
        raise ItemAltered(row.item_id, "内容")
    return OpenedItem(
        ref, raw, derived.text, derived.sender, derived.receivers, derived.media, secret, canonical_row
    )


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
