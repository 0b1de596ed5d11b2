"""Opening items: decrypt, derive, and hold every byte against what was sealed. Reading alone comes here."""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jieli.archive import ports, queries, rows
from jieli.archive.errors import ItemAltered, ItemDestroyed, ItemUnknown
from jieli.archive.keys.opening import unwrap
from jieli.archive.stored import Found, Stored, tombstoned
from jieli.archive.types import POSITIONS, Extracted, OpenedItem
from jieli.ledger import plain
from jieli.ledger import queries as ledger
from seal.item import NONCE, associated_data, expand

_STORED = (
    f"SELECT {queries.LEAN_COLUMNS}, i.message_key, i.basis_id, i.cipher_sha256, i.ciphertext,"  # noqa: S608
    f" i.fields_digest, i.leaf, h.extractor FROM {queries.ITEM_TABLES}"
    " JOIN archive_batch h ON h.id = i.item_id / 65536 WHERE i.item_id = ANY($1::bigint[])"
)


class _Closed(NamedTuple):
    """An item whose row is as it was sealed, and the line that came out of its ciphertext."""

    row: bytes
    digest: bytes
    raw: bytes
    secret: bytes
    expanded: bytes


def open_items(items: Sequence[int], *, receipt: UUID) -> list[OpenedItem]:
    """The content of items, in the order asked for, under a committed opening that names them all.

    Each is checked: ciphertext against its digest, every field against the fields digest, the row against its
    leaf. Errors: NotOpened, ItemDestroyed (tombstoned ones too), ItemUnknown, ItemAltered.
    """
    found = look_up(items)
    if gone := [i for i in items if found[i].ref.tombstoned or found[i].ref.destroyed]:
        raise ItemDestroyed(gone)
    return _opened([found[i] for i in items], receipt)


def open_found(found: Sequence[Found], *, receipt: UUID) -> list[OpenedItem]:
    """As `open_items`, of items that were looked up before their opening was committed, ciphertexts and all.

    What was tombstoned or emptied since is ItemDestroyed: the tombstones are asked again, and a secret that is gone
    says so itself.
    """
    emptied = [one.ref.item_id for one in found if one.ref.destroyed]
    tombstones, origin = tombstoned([one.ref.item_id for one in found])
    if gone := [*tombstones, *emptied]:
        raise ItemDestroyed(sorted(set(gone)))
    return _opened(found, receipt, origin)


def look_up(items: Sequence[int]) -> dict[int, Found]:
    """Items by id, still closed, with the rows they rest on: one query, in binary for the ciphertexts' sake.

    ItemUnknown for an id that is none. What is being destroyed, or was, is there too and says so.
    """
    each = plain.rows(_STORED, [plain.array(items)])
    refs = queries.refs_of(each)
    found = {
        ref.item_id: Found(ref, Stored._make(row[:7] + row[-7:-1]), row[-1])
        for ref, row in zip(refs, each, strict=True)
    }
    if missing := [i for i in items if i not in found]:
        raise ItemUnknown(missing)
    return found


def _opened(found: Sequence[Found], receipt: UUID, origin: str | None = None) -> list[OpenedItem]:
    """All of them, or ItemAltered for one: what lies there first, then what came out of it."""
    closed = _unlocked(found, unwrap([one.row.item_id for one in found], receipt=receipt), origin)
    opened = []
    for one, its, derived in zip(found, closed, _derived(found, closed), strict=True):
        row, sealed, raw, secret, expanded = its
        text, sender, receivers, media = derived
        known = rows.receivers_known(receivers)
        digest, _ = rows.digest_and_key(
            secret, raw, text, sender, known, one.row.event_at, media, expanded
        )  # fmt: skip
        if digest != sealed:
            raise ItemAltered(one.row.item_id, "内容")
        opened.append(OpenedItem(one.ref, raw, text, sender, receivers, media, secret, row, expanded))
    return opened


def _unlocked(found: Sequence[Found], secrets: Mapping[int, bytes], origin: str | None) -> list[_Closed]:
    """Each row held against its leaf, and its ciphertext decrypted; ItemAltered for the first that is not as sealed.

    `origin` is the only log's, if it is known already that there is but one.
    """
    batches = {one.row.item_id // POSITIONS for one in found}
    # An item was sealed under the name of the log that its batch went into.
    known = dict.fromkeys(map(str, batches), origin) if origin is not None else {}
    origins = known or ledger.origins_of("archive_batch", batches)
    bound = {batch: associated_data(origins[str(batch)], batch, 0)[:-8] for batch in batches}
    quoted = rows.cached(rows.quoted)
    closed = []
    for one in found:
        row = one.row
        batch, position = divmod(row.item_id, POSITIONS)
        secret = secrets[row.item_id]
        expanded = expand(secret)
        spelled, digest = _sealed(row, quoted)
        raw = _decrypted(row, expanded[:32], bound[batch] + position.to_bytes(8, "big"))
        closed.append(_Closed(spelled, digest, raw, secret, expanded))
    return closed


def _sealed(row: Stored, quoted: Callable[[str], str]) -> tuple[bytes, bytes]:
    """The canonical JSON of a row's sealed columns and its fields digest, which together give its leaf."""
    if (
        row.basis_id is None
        or row.cipher_sha256 is None
        or row.ciphertext is None
        or row.fields_digest is None
    ):
        raise ItemDestroyed([row.item_id])
    spelled = rows.row_json(
        row.item_id, row.conversation, quoted(row.source), row.message_key, row.event_at, quoted(row.channel),
        quoted(row.msgtype), row.recalls, row.basis_id, row.cipher_sha256,
    )  # fmt: skip
    if rows.leaf_of(row.fields_digest, spelled) != row.leaf:
        raise ItemAltered(row.item_id, "登记")
    return spelled, row.fields_digest


def _derived(found: Sequence[Found], closed: Sequence[_Closed]) -> list[Extracted]:
    """What the connectors read from each line, asked for once for each source and version of the extractor."""
    kinds: dict[tuple[str, int], list[int]] = {}
    for at, one in enumerate(found):
        kinds.setdefault((one.row.source, one.extractor), []).append(at)
    if len(kinds) == 1:
        [kind] = kinds
        return ports.extract_all(*kind, [one.raw for one in closed])
    derived: dict[int, Extracted] = {}
    for kind, places in kinds.items():
        derived.update(zip(places, ports.extract_all(*kind, [closed[at].raw for at in places]), strict=True))
    return [derived[at] for at in range(len(found))]


def _decrypted(row: Stored, key: bytes, bound: bytes) -> bytes:
    """The raw line of an item; ItemAltered if its ciphertext is not the one sealed, under these associated data."""
    cipher = row.ciphertext or b""
    if sha256(cipher).digest() != row.cipher_sha256:
        raise ItemAltered(row.item_id, "密文")
    try:
        return AESGCM(key).decrypt(NONCE, cipher, bound)
    except InvalidTag:
        raise ItemAltered(row.item_id, "密文或密钥") from None
