"""Opening items: decrypt, derive, and hold every byte against what was sealed. Reading alone comes here."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jieli.archive import ports, queries, rows
from jieli.archive.errors import ItemAltered, ItemDestroyed, ItemUnknown
from jieli.archive.keys.opening import unwrap
from jieli.archive.keys.store import SealedPages, sealed_pages
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


def pages_meanwhile(items: Iterable[int]) -> AbstractContextManager[SealedPages]:
    """The sealed key pages of items, read while the block commits the opening; for `open_found` behind it."""
    return sealed_pages(ports.keyring(), items)


def open_found(
    found: Sequence[Found], *, receipt: UUID, pages: SealedPages | None = None
) -> list[OpenedItem]:
    """As `open_items`, of items that were looked up before their opening was committed, ciphertexts and all.

    What was tombstoned or emptied since is ItemDestroyed: the tombstones are asked again, and a secret that is gone
    says so itself.
    """
    emptied = [one.ref.item_id for one in found if one.ref.destroyed]
    tombstones, origin = tombstoned([one.ref.item_id for one in found])
    if gone := [*tombstones, *emptied]:
        raise ItemDestroyed(sorted(set(gone)))
    try:
        return _opened(found, receipt, origin, pages)
    except ItemAltered:
        if pages is None or not pages.alone:
            raise
        # A secret read alone may be what does not fit: whole pages say whether the page or the item is altered.
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


def _opened(
    found: Sequence[Found], receipt: UUID, origin: str | None = None, pages: SealedPages | None = None
) -> list[OpenedItem]:
    """All of them, or ItemAltered for one: what lies there first, then what came out of it."""
    secrets = unwrap([one.row.item_id for one in found], receipt=receipt, read=pages)
    closed = _unlocked(found, secrets, origin)
    known_of = rows.cached(rows.receivers_json)
    opened = []
    for one, its, derived in zip(found, closed, _derived(found, closed), strict=True):
        row, sealed, raw, secret, expanded = its
        text, sender, receivers, media = derived
        known, event_ms, five = known_of(receivers), one.row.event_at, None
        if text and sender and known and not media:  # nearly every item: its bytes are made once
            five = raw, text.encode(), sender.encode(), known, b"%d" % event_ms
            digest = rows.five_digest(expanded, *five)
        else:
            digest, _ = rows.digest_and_key(secret, raw, text, sender, known, event_ms, media)
        if digest != sealed:
            raise ItemAltered(one.row.item_id, "内容")
        values = one.ref, raw, text, sender, receivers, media, secret, row, expanded, five
        # What OpenedItem(…) does, without its call: a package makes ten thousand.
        opened.append(tuple.__new__(OpenedItem, values))
    return opened


def _unlocked(found: Sequence[Found], secrets: Mapping[int, bytes], origin: str | None) -> list[_Closed]:
    """Each row held against its leaf, and its ciphertext decrypted; ItemAltered for the first that is not as sealed.

    `origin` is the only log's, if it is known already that there is but one.
    """
    bound = _bound({one.row.item_id // POSITIONS for one in found}, origin)
    quoted, begun = rows.cached(rows.quoted), sha256().copy
    closed = []
    for _, row, _ in found:
        (
            item, conversation, source, event_at, channel, msgtype, recalls, key, basis, digest, cipher, fields, leaf,
        ) = row  # fmt: skip
        if basis is None or digest is None or cipher is None or fields is None:
            raise ItemDestroyed([item])
        # The canonical JSON of the sealed columns and the fields digest together give the leaf.
        spelled = rows.row_json(
            item, conversation, quoted(source), key, event_at, quoted(channel), quoted(msgtype), recalls, basis,
            digest,
        )  # fmt: skip
        if rows.leaf_of(fields, spelled) != leaf:
            raise ItemAltered(item, "登记")
        of_cipher = begun()
        of_cipher.update(cipher)
        if of_cipher.digest() != digest:
            raise ItemAltered(item, "密文")
        batch, position = divmod(item, POSITIONS)
        secret = secrets[item]
        expanded = expand(secret)
        try:
            raw = AESGCM(expanded[:32]).decrypt(NONCE, cipher, bound[batch] + position.to_bytes(8, "big"))
        except InvalidTag:
            raise ItemAltered(item, "密文或密钥") from None
        closed.append(tuple.__new__(_Closed, (spelled, fields, raw, secret, expanded)))
    return closed


def _bound(batches: Collection[int], origin: str | None) -> dict[int, bytes]:
    """By batch what its ciphertexts are bound to, but for the position: each under the log that the batch went into."""
    known = dict.fromkeys(map(str, batches), origin) if origin is not None else {}
    origins = known or ledger.origins_of("archive_batch", batches)
    return {batch: associated_data(origins[str(batch)], batch, 0)[:-8] for batch in batches}


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
