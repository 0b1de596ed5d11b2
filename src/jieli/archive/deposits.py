"""Depositing a batch: secrets, digests, encryption, leaves, rows and index, in bulk and in one transaction."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import IntegrityError, connections
from psycopg.errors import UniqueViolation

from jieli.archive import locks, ports, rows, segments
from jieli.archive.errors import AlreadyKept
from jieli.archive.index.fold import FOLD_VERSION
from jieli.archive.keys.pages import SECRET_BYTES
from jieli.archive.keys.ring import Keyring
from jieli.archive.keys.store import write_pages
from jieli.archive.models import Batch, Conversation, ItemBasis
from jieli.archive.types import MAX_BATCH, POSITIONS, BatchRef, ConversationKey, NewItem
from jieli.kernel.failpoints import reach
from jieli.ledger import queries as ledger
from jieli.ledger.bulk import copy_records
from jieli.ledger.operations import book
from seal import canonical
from seal.item import NONCE, associated_data, fields_digest_of

COLUMNS = (
    "item_id", "conversation", "source", "message_key", "event_at", "channel", "msgtype", "recalls", "basis_id",
    "cipher_sha256", "ciphertext", "fields_digest", "leaf",
)  # fmt: skip

BASIS_COLUMNS = (
    "id", "batch_id", "speaker_kind", "speaker", "account", "holder", "rows", "documented_later", "scopes",
)  # fmt: skip
#: What an item rests on: speaker's kind, speaker, account, holder, rows relied on, documented later, scopes.
Footing = tuple[str, UUID, UUID, UUID, tuple[tuple[str, str], ...], bool, tuple[str, ...]]


def deposit(*, source: str, items: Sequence[NewItem], extractor: int, by: str, at: int) -> BatchRef:
    """Keep 1 to 5,000 items that the gate admitted; one entry `archive.deposit`. Joins an open book.

    The caller holds the gate's read lock and has left out what `known` names; a repetition within the batch is
    dropped here. AlreadyKept if another import was quicker: the transaction fails whole, poll again.
    Crash before the outer COMMIT: nothing but pages without a batch, which are swept.
    """
    if not 1 <= len(items) <= MAX_BATCH:
        raise ValueError(f"a batch has 1 to {MAX_BATCH} items")
    ring = ports.keyring()
    with book(at=at) as b:
        locks.deposit()
        conversations, new = _conversations(ring, source, items)
        kept = _once(items, conversations)
        batch = Batch(
            id=_next("archive_batch_id_seq")[0], source=source, extractor=extractor, fold=FOLD_VERSION,
            count=len(kept),
        )  # fmt: skip
        footing, bases = _bases(kept)
        facts = {
            "batch": batch.id, "duplicates": len(items) - len(kept), "extractor": extractor, "fold": FOLD_VERSION,
            "items": len(kept), "documented_later": sum(i.documented_later for i in kept), "source": source,
        }  # fmt: skip
        staged = b.entry("archive.deposit", by=by, facts=facts)
        staged.insert(batch, *new)
        staged.insert_spelled(ItemBasis, BASIS_COLUMNS, spelled_bases(batch.id, bases))
        secrets = os.urandom(SECRET_BYTES * len(kept))
        write_pages(ring, batch=batch.id, secrets=secrets, at=at)
        # The server inserts while we still encrypt: on two cores the slower of both counts, not their sum.
        leaves: list[bytes] = []
        origin = ledger.origin()
        reach("archive.before_copy")
        _copy(sealed_records(origin, batch.id, kept, conversations, footing, secrets), leaves)
        reach("archive.after_copy")
        staged.commit_to_leaves(leaves)
        times = np.fromiter((i.event_ms for i in kept), np.int64, len(kept))
        segments.add(ring, np.arange(len(kept)) + batch.id * POSITIONS, times, [i.text for i in kept])
    return BatchRef(batch.id, len(kept), len(items) - len(kept), staged)


def known(wanted: Sequence[tuple[ConversationKey, bytes]]) -> set[tuple[ConversationKey, bytes]]:
    """Which of (conversation, message key) are kept, or were kept and destroyed: those are not fetched again."""
    # Callers share the objects of a conversation: hashing each but once is half of the work.
    keys = {id(key): key for key, _ in wanted}
    ids = _kept_conversations(ports.keyring(), keys.values())
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


def sealed_records(
    origin: str,
    batch: int,
    items: Sequence[NewItem],
    conversations: dict[ConversationKey, int],
    footing: Sequence[int],
    secrets: bytes,
) -> Iterator[tuple[Any, ...]]:
    """The rows of a batch in the order of COLUMNS; item n has the n-th secret.

    Runs while COPY is under way on the connection, so it must not ask the database anything.
    """
    quoted, receivers = rows.cached(rows.quoted), rows.cached(rows.receivers_json)
    for n, item in enumerate(items):
        fields = rows.fields_of(
            raw=item.raw, text=item.text, sender=item.sender, receivers=receivers(item.receivers),
            event_ms=item.event_ms, media=item.media,
        )  # fmt: skip
        digest, key = fields_digest_of(secrets[n * SECRET_BYTES : (n + 1) * SECRET_BYTES], fields)
        cipher = AESGCM(key).encrypt(NONCE, item.raw, associated_data(origin, batch, n))
        hashed, item_id, conversation = (
            sha256(cipher).digest(),
            batch * POSITIONS + n,
            conversations[item.conversation],
        )
        row = rows.row_json(
            item_id=item_id, conversation=conversation, source=quoted(item.source), message_key=item.message_key,
            event_at=item.event_ms, channel=quoted(item.channel), msgtype=quoted(item.msgtype),
            recalls=item.recalls or None, basis_id=footing[n], cipher_sha256=hashed,
        )  # fmt: skip
        yield (
            item_id, conversation, item.source, item.message_key, item.event_ms, item.channel, item.msgtype,
            item.recalls or None, footing[n], hashed, cipher, digest, rows.leaf_of(digest, row),
        )  # fmt: skip


def _copy(records: Iterable[tuple[Any, ...]], leaves: list[bytes]) -> None:
    """Insert the rows as they are made, and note their leaves."""

    def noted() -> Iterator[tuple[Any, ...]]:
        for record in records:
            leaves.append(record[-1])
            yield record

    try:
        copy_records("archive_item", COLUMNS, noted())
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


def _once(items: Sequence[NewItem], conversations: dict[ConversationKey, int]) -> list[NewItem]:
    seen: dict[tuple[int, str, bytes], NewItem] = {}
    for item in items:
        seen.setdefault((conversations[item.conversation], item.source, item.message_key), item)
    return list(seen.values())


def identity(key: ConversationKey) -> bytes:
    """What tells conversations apart, in canonical form; ValueError for a key that is neither room nor pair."""
    if key.room and key.account is None and not key.counterparty:
        return canonical.encode([key.source, key.room])
    if not key.room and key.account is not None and key.counterparty:
        return canonical.encode([key.source, str(key.account), key.counterparty])
    raise ValueError("a conversation is a room, or an account and a counterparty")


def _kept_conversations(
    ring: Keyring, keys: Iterable[ConversationKey], *, living: bool = False
) -> dict[ConversationKey, list[int]]:
    digests = {key: ring.conversation_key(identity(key)) for key in keys}
    rows = Conversation.objects.filter(key__in=list(digests.values())).order_by("id")
    found: dict[bytes, list[int]] = {}
    for digest, number in (rows.filter(shredded_in__isnull=True) if living else rows).values_list(
        "key", "id"
    ):
        found.setdefault(bytes(digest), []).append(number)
    return {key: found[digest] for key, digest in digests.items() if digest in found}


def _conversations(
    ring: Keyring, source: str, items: Sequence[NewItem]
) -> tuple[dict[ConversationKey, int], list[Conversation]]:
    """The id of each conversation, and the rows of those that are new."""
    keys = dict.fromkeys(item.conversation for item in items)
    if any(key.source != source for key in keys) or any(item.source != source for item in items):
        raise ValueError("the items of a batch come from its source")
    found = _kept_conversations(ring, keys, living=True)
    if len(found) < len(keys):
        # Another import may be making the same conversation: wait for it, then look again.
        locks.new_conversations()
        found = _kept_conversations(ring, keys, living=True)
    ids = {key: numbers[0] for key, numbers in found.items()}
    missing = [key for key in keys if key not in ids]
    new = []
    for key, number in zip(missing, _next("archive_conversation_id_seq", len(missing)), strict=True):
        ids[key] = number
        new.append(
            Conversation(
                id=number, source=key.source, key=ring.conversation_key(identity(key)), room=key.room or None,
                account=key.account, counterparty=key.counterparty or None,
            )
        )  # fmt: skip
    return ids, new


def _bases(items: Sequence[NewItem]) -> tuple[list[int], dict[int, Footing]]:
    """The basis id of each item, and every different footing by its id."""
    # Callers share the objects of a footing, so their identities answer most questions without hashing them.
    quick: dict[tuple[Any, ...], int] = {}
    slow: dict[Footing, int] = {}
    footing_of = _footings()
    places = []
    for item in items:
        shape = (
            id(item.speaker), id(item.account), id(item.holder), id(item.basis_rows), id(item.scopes),
            item.documented_later, item.speaker_kind,
        )  # fmt: skip
        place = quick.get(shape)
        if place is None:
            place = quick[shape] = slow.setdefault(footing_of(item), len(slow))
        places.append(place)
    ids = _next("archive_basis_id_seq", len(slow))
    return [ids[place] for place in places], dict(zip(ids, slow, strict=True))


def _footings() -> Callable[[NewItem], Footing]:
    words = rows.cached(lambda scopes: tuple(sorted(str(getattr(s, "value", s)) for s in scopes)))

    def footing(item: NewItem) -> Footing:
        relied = tuple(sorted(item.basis_rows))
        return (
            item.speaker_kind, item.speaker, item.account, item.holder, relied, item.documented_later,
            words(item.scopes),
        )  # fmt: skip

    return footing


def spelled_bases(
    batch: int, bases: Mapping[int, Footing]
) -> Iterator[tuple[str, tuple[object, ...], bytes]]:
    """Each basis as a key, a record in the order of BASIS_COLUMNS and the canonical body of its part.

    Written out as `rows.row_json` is: a model and its values would cost ten times as much, and there is one for every
    few messages. A test holds it against the model, byte for byte.
    """
    quoted, listed = rows.cached(rows.quoted), rows.cached(_array)
    relied_json = rows.cached(lambda row: f"[{quoted(row[0])},{quoted(row[1])}]")
    scopes_json = rows.cached(lambda scopes: f"[{','.join(map(quoted, scopes))}]")
    for number, (kind, speaker, account, holder, relied, later, scopes) in bases.items():
        who, through, held = str(speaker), str(account), str(holder)
        body = (
            f'{{"id":"{number}","row":{{"account":"{through}","batch_id":{batch},"documented_later":{int(later)}'
            f',"holder":"{held}","id":{number},"rows":[{",".join(map(relied_json, relied))}]'
            f',"scopes":{scopes_json(scopes)},"speaker":"{who}","speaker_kind":{quoted(kind)}}}'
            ',"table":"archive_basis"}'
        )
        on = "{" + ",".join(map(listed, relied)) + "}"
        yield str(number), (number, batch, kind, who, through, held, on, later, listed(scopes)), body.encode()


def _array(words: Iterable[str]) -> str:
    """Words as PostgreSQL spells an array of them."""
    escaped = (word.replace("\\", "\\\\").replace('"', '\\"') for word in words)
    return "{" + ",".join(f'"{word}"' for word in escaped) + "}"
