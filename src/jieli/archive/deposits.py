"""Depositing a batch: secrets, digests, encryption, leaves, rows and index, in bulk and in one transaction."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from operator import itemgetter
from struct import Struct

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import IntegrityError, connections
from psycopg.errors import UniqueViolation

from jieli.archive import bases, drafts, locks, ports, rows, segments
from jieli.archive.errors import AlreadyKept
from jieli.archive.index.fold import FOLD_VERSION
from jieli.archive.index.segment import Listed, Segment, list_texts, month_of, numbered
from jieli.archive.keys.ring import DIGEST_BYTES, Keyring
from jieli.archive.keys.store import index_keys, write_pages
from jieli.archive.models import Batch, Conversation, ItemBasis
from jieli.archive.types import MAX_BATCH, POSITIONS, BatchRef, ConversationKey, NewItem
from jieli.kernel.failpoints import reach
from jieli.ledger import queries as ledger
from jieli.ledger.bulk import binary_value, sending
from jieli.ledger.operations import book
from seal import canonical
from seal.item import NONCE, associated_data

COLUMNS = (
    "item_id", "conversation", "event_at", "basis_id", "message_key", "cipher_sha256", "fields_digest", "leaf",
    "source", "channel", "msgtype", "recalls", "ciphertext",
)  # fmt: skip

#: By position and without a step of Python: each is asked of every item, some of them twice.
_index = NewItem._fields.index
_WRITTEN = ("source", "message_key", "event_ms", "raw", "channel", "msgtype", "recalls")
_ASKED = ("source", "message_key", "conversation", "event_ms", "text", "documented_later")
_written = itemgetter(*map(_index, _WRITTEN))
_SOURCE, _KEY, _CONVERSATION, _EVENT, _TEXT, _LATER = map(itemgetter, map(_index, _ASKED))
# How many columns, then length and value of the first eight.
_FIXED = Struct("!h iq iq iq iq i16s i32s i32s i32s").pack
_COUNT, _LENGTH, _NO_RECALLS = len(COLUMNS), Struct("!i").pack, binary_value(None)
#: Positions as associated data has them.
_PLACES = [n.to_bytes(8, "big") for n in range(MAX_BATCH)]
#: So many pieces are joined at a time: five a row, which is some 60 KB.
_PIECES = 640


def deposit(
    *,
    source: str,
    items: Sequence[NewItem],
    extractor: int,
    by: str,
    at: int,
    draft: drafts.Draft | None = None,
    once_sent: Callable[[], object] | None = None,
) -> BatchRef:
    """Keep 1 to 5,000 items that the gate admitted; one entry `archive.deposit`. Joins an open book.

    The caller holds the gate's read lock and has left out what `known` names; a repetition within the batch is
    dropped here. `draft`: what was made of these messages, and perhaps of others, before they were judged; whether
    there is one changes nothing that is kept. `once_sent` is called when the rows are with the server, from where on
    most of the time is waiting; it must ask no database.
    AlreadyKept if another import was quicker: the transaction fails whole, poll again.
    Crash before the outer COMMIT: nothing but pages without a batch, which are swept.
    """
    talks, shared, keys = _checked(source, items)
    ring = ports.keyring()
    with book(at=at) as b:
        locks.deposit()
        ids, new = _conversations(ring, shared)
        kept, conversations = _once(items, [ids[one] for one in map(id, talks)], keys)
        batch = Batch(
            id=_next("archive_batch_id_seq")[0], source=source, extractor=extractor, fold=FOLD_VERSION,
            count=len(kept),
        )  # fmt: skip
        places, footings = bases.places(kept)
        basis_ids = _next("archive_basis_id_seq", len(footings))
        facts = {
            "batch": batch.id, "duplicates": len(items) - len(kept), "extractor": extractor, "fold": FOLD_VERSION,
            "items": len(kept), "documented_later": sum(map(_LATER, kept)), "source": source,
        }  # fmt: skip
        staged = b.entry("archive.deposit", by=by, facts=facts)
        staged.insert(batch, *new)
        prepared = drafts.prepare(draft, kept)
        write_pages(ring, batch=batch.id, secrets=prepared.secrets, at=at)
        leaves: list[bytes] = []
        reach("archive.before_copy")
        resting = [basis_ids[n] for n in places]
        chunks = sealed_rows(ledger.origin(), batch.id, kept, conversations, resting, prepared.sealed, leaves)
        with _copy(chunks):
            if once_sent is not None:
                once_sent()
            # The server still inserts: on two cores the slower of both counts, not their sum.
            spelled = list(bases.spelled(batch.id, dict(zip(basis_ids, footings, strict=True))))
            built = _indexed(ring, batch.id, kept, prepared.listed)
        reach("archive.after_copy")
        staged.insert_spelled(ItemBasis, bases.COLUMNS, spelled)
        staged.commit_to_leaves(leaves)
        segments.write(built)
    return BatchRef(batch.id, len(kept), len(items) - len(kept), staged)


def _checked(
    source: str, items: Sequence[NewItem]
) -> tuple[list[ConversationKey], dict[int, ConversationKey], set[bytes]]:
    """Their conversations, the different objects among these by identity, and the different message keys."""
    if not 1 <= len(items) <= MAX_BATCH:
        raise ValueError(f"a batch has 1 to {MAX_BATCH} items")
    talks, keys = list(map(_CONVERSATION, items)), set(map(_KEY, items))
    shared = _by_identity(talks)
    if set(map(_SOURCE, items)) | {key.source for key in shared.values()} != {source}:
        raise ValueError("the items of a batch come from its source")
    if set(map(len, keys)) != {DIGEST_BYTES}:
        raise ValueError(f"a message key has {DIGEST_BYTES} bytes")
    return talks, shared, keys


def known(
    wanted: Iterable[tuple[ConversationKey, bytes]],
    *,
    destroyed_only: bool = False,
    among: Iterable[ConversationKey] | None = None,
) -> set[tuple[ConversationKey, bytes]]:
    """Which of (conversation, message key) are kept, or were kept and destroyed: those are not fetched again.

    `destroyed_only`: looks only into conversations that were destroyed whole. `deposit` refuses what any other one
    holds by itself (AlreadyKept), so who expects nothing of the kind need not ask. `among`: all conversation objects
    of `wanted`, each once, where the caller has them: if nothing is kept in any, `wanted` is not even looked through.
    """
    if among is None:
        wanted = list(wanted)
        among = [key for key, _ in wanted]
    # Callers share the objects of a conversation: hashing each but once is half of the work.
    keys = {id(key): key for key in among}
    named = _digests(ports.keyring(), keys.values())
    ids = _kept_conversations(named, living=False if destroyed_only else None)
    numbers = {one: ids[key] for one, key in keys.items() if key in ids}
    if not numbers:
        return set()
    asked = [(number, key, digest) for key, digest in wanted for number in numbers.get(id(key), ())]
    found: set[tuple[int, bytes]] = set()
    for source in {key.source for key in ids}:
        found |= _kept(source, [(number, digest) for number, key, digest in asked if key.source == source])
    return {(key, digest) for number, key, digest in asked if (number, digest) in found} if found else set()


def _kept(source: str, asked: Sequence[tuple[int, bytes]]) -> set[tuple[int, bytes]]:
    # Two long strings, because an array of bytea costs ten times as much to send; and a lateral look-up each,
    # because the planner would otherwise read the whole table for a few thousand keys.
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT w.conversation, w.digest FROM unnest(string_to_array(%s, ',')::bigint[],"
            " string_to_array(%s, ',')) AS w(conversation, digest) CROSS JOIN LATERAL (SELECT FROM archive_item i"
            " WHERE i.conversation = w.conversation AND i.source = %s AND i.message_key = decode(w.digest, 'hex')"
            " LIMIT 1) AS i",
            [",".join(str(number) for number, _ in asked), ",".join(d.hex() for _, d in asked), source],
        )
        return {(conversation, bytes.fromhex(digest)) for conversation, digest in cursor.fetchall()}


def sealed_rows(
    origin: str,
    batch: int,
    items: Sequence[NewItem],
    conversations: Sequence[int],
    footing: Sequence[int],
    sealed: Iterable[drafts.Sealed],
    leaves: list[bytes],
) -> Iterator[bytes]:
    """The rows of a batch as COPY takes them, some hundred at a time; item n has the n-th digest and key.

    Notes their leaves. Runs while COPY is under way on the connection, so it must not ask the database anything.
    """
    words = rows.cached(_words)
    bound = associated_data(origin, batch, 0)[:-8]
    number = batch * POSITIONS
    note, pieces = leaves.append, list[bytes]()
    each = zip(map(_written, items), conversations, footing, sealed, _PLACES[: len(items)], strict=True)
    for item, conversation, basis, (digest, key), place in each:
        source, message_key, event_ms, raw, channel, msgtype, recalls = item
        cipher = AESGCM(key).encrypt(NONCE, raw, bound + place)
        hashed = sha256(cipher).digest()
        tail, shown_source, shown_channel, shown_type = words((source, channel, msgtype))
        row = rows.row_json(
            number, conversation, shown_source, message_key, event_ms, shown_channel, shown_type, recalls, basis,
            hashed,
        )  # fmt: skip
        leaf = rows.leaf_of(digest, row)
        note(leaf)
        pieces += (
            _FIXED(
                _COUNT, 8, number, 8, conversation, 8, event_ms, 8, basis, 16, message_key, 32, hashed, 32, digest,
                32, leaf,
            ),
            tail, binary_value(recalls) if recalls else _NO_RECALLS, _LENGTH(len(cipher)), cipher,
        )  # fmt: skip
        number += 1
        if len(pieces) >= _PIECES:
            yield b"".join(pieces)
            pieces.clear()
    yield b"".join(pieces)


def _words(found: tuple[str, str, str]) -> tuple[bytes, str, str, str]:
    """Source, channel and type as COPY has them, and each as canonical JSON has it."""
    source, channel, msgtype = found
    tail = b"".join([binary_value(word.encode()) for word in found])
    return tail, rows.quoted(source), rows.quoted(channel), rows.quoted(msgtype)


@contextmanager
def _copy(chunks: Iterable[bytes]) -> Iterator[None]:
    """Insert the rows as they are made; the block runs while the server is still at it."""
    try:
        with sending("archive_item", COLUMNS, chunks):
            yield
    except IntegrityError as error:
        said = error.__cause__
        if not isinstance(said, UniqueViolation) or said.diag.constraint_name != "archive_item_message":
            raise
        # The driver's words hold the row; they stay here.
        raise AlreadyKept("同一条消息刚由另一次导入存入。", remedy="请重新拉取，已存的会自动跳过。") from None


def _next(sequence: str, count: int = 1) -> list[int]:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT nextval(%s) FROM generate_series(1, %s)", [sequence, count])
        return [row[0] for row in cursor.fetchall()]


def _once(
    items: Sequence[NewItem], numbers: list[int], keys: Collection[bytes]
) -> tuple[list[NewItem], list[int]]:
    """The items without repetitions, and the conversation of each; `keys` are their different message keys."""
    if len(keys) == len(items):
        return list(items), numbers  # a repetition has the key of another one
    seen: dict[tuple[int, bytes], NewItem] = {}
    for item, number in zip(items, numbers, strict=True):
        seen.setdefault((number, item.message_key), item)
    return list(seen.values()), [number for number, _ in seen]


def _indexed(ring: Keyring, batch: int, kept: Sequence[NewItem], listed: Listed | None) -> list[Segment]:
    """The batch's segments. Asks at most the key store: the main connection is busy meanwhile."""
    if listed is None:
        times = np.fromiter(map(_EVENT, kept), np.int64, len(kept))
        keys = index_keys(ring, np.unique(month_of(times)).tolist())
        listed = list_texts(times, list(map(_TEXT, kept)), keys.__getitem__)
    return numbered(listed, np.arange(len(kept)) + batch * POSITIONS)


def identity(key: ConversationKey) -> bytes:
    """What tells conversations apart, in canonical form; ValueError for a key that is neither room nor pair."""
    if key.room and key.account is None and not key.counterparty:
        return canonical.encode([key.source, key.room])
    if not key.room and key.account is not None and key.counterparty:
        return canonical.encode([key.source, str(key.account), key.counterparty])
    raise ValueError("a conversation is a room, or an account and a counterparty")


def _digests(ring: Keyring, keys: Iterable[ConversationKey]) -> dict[ConversationKey, bytes]:
    """What conversations are called in the database; for one batch only, for memory must not outlive a destruction."""
    return {key: ring.conversation_key(identity(key)) for key in keys}


def _kept_conversations(
    digests: Mapping[ConversationKey, bytes], *, living: bool | None = None
) -> dict[ConversationKey, list[int]]:
    with connections["default"].cursor() as cursor:
        # One long string: see `_kept`. The planner takes it for ten keys, and looks each up in the index.
        cursor.execute(
            "SELECT c.key, c.id FROM archive_conversation c WHERE c.key IN (SELECT decode(w, 'hex')"
            " FROM unnest(string_to_array(%s, ',')) AS w) AND ((c.shredded_in IS NULL) = %s) IS NOT FALSE"
            " ORDER BY c.id",
            [",".join(digest.hex() for digest in digests.values()), living],
        )
        found: dict[bytes, list[int]] = {}
        for digest, number in cursor.fetchall():
            found.setdefault(bytes(digest), []).append(number)
    return {key: found[digest] for key, digest in digests.items() if digest in found}


def _conversations(
    ring: Keyring, shared: Mapping[int, ConversationKey]
) -> tuple[dict[int, int], list[Conversation]]:
    """The id of each conversation, by its object's identity, and the rows of those that are new."""
    digests = _digests(ring, shared.values())
    found = _kept_conversations(digests, living=True)
    if len(found) < len(digests):
        # Another import may be making the same conversation: wait for it, then look again.
        locks.new_conversations()
        found = _kept_conversations(digests, living=True)
    ids = {key: numbers[0] for key, numbers in found.items()}
    missing = [key for key in digests if key not in ids]
    new = []
    for key, number in zip(missing, _next("archive_conversation_id_seq", len(missing)), strict=True):
        ids[key] = number
        new.append(
            Conversation(
                id=number, source=key.source, key=digests[key], room=key.room or None,
                account=key.account, counterparty=key.counterparty or None,
            )
        )  # fmt: skip
    return {one: ids[key] for one, key in shared.items()}, new


def _by_identity(talks: Sequence[ConversationKey]) -> dict[int, ConversationKey]:
    """Callers share the objects of a conversation: hashing each but once is half of the work."""
    return dict(zip(map(id, talks), talks, strict=True))
