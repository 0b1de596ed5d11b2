"""An item's row as it lies in the database, without a model around it: a search opens fifty at a time."""

from typing import NamedTuple


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
