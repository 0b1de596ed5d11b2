"""Reading the archive without its content: items, conversations, candidates, proofs, holds, certificates."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connections

from jieli.archive import cited, ports
from jieli.archive.case_words import CALLED, GOES
from jieli.archive.deposits import identity, known
from jieli.archive.errors import ItemUnknown
from jieli.archive.models import (
    Certificate,
    Conversation,
    Hold,
    HoldRelease,
    Item,
    ItemBasis,
    Shred,
    Tombstone,
    WrapEpoch,
)
from jieli.archive.rows import quoted, row_json
from jieli.archive.searching import search_candidates
from jieli.archive.stored import Stored
from jieli.archive.types import (
    POSITIONS,
    CertificateRef,
    ConversationKey,
    ConversationRef,
    EpochState,
    GroundsRef,
    HoldRef,
    HoldScope,
    ItemProof,
    ItemRef,
    ShredScope,
)
from jieli.ledger import places, plain
from jieli.ledger import queries as ledger
from seal.tree import Tree

__all__ = ["known", "search_candidates"]

ITEM_COLUMNS = (
    "i.item_id, i.conversation, i.source, i.event_at, i.channel, i.msgtype, i.recalls, b.speaker_kind,"
    " b.speaker, b.account, b.holder, b.rows, b.documented_later, b.scopes, t.item_id IS NOT NULL,"
    " i.shredded_in IS NOT NULL"
)
ITEM_TABLES = (
    "archive_item i LEFT JOIN archive_basis b ON b.id = i.basis_id"
    " LEFT JOIN archive_tombstone t ON t.item_id = i.item_id"
)
#: The same without the basis: a long conversation has few, and each is long.
LEAN_COLUMNS = (
    "i.item_id, i.conversation, i.source, i.event_at, i.channel, i.msgtype, i.recalls, i.basis_id,"
    " t.item_id IS NOT NULL, i.shredded_in IS NOT NULL"
)
_NO_BASIS = (None, None, None, None, (), False, frozenset[str]())


def _refs(where: str, args: list[Any]) -> list[ItemRef]:
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT {LEAN_COLUMNS} FROM {ITEM_TABLES} WHERE {where}", args)  # noqa: S608 - our words
        return refs_of(cursor.fetchall())


def refs_of(rows: Sequence[Sequence[Any]]) -> list[ItemRef]:
    """Rows that begin with LEAN_COLUMNS as values. Many items rest on one basis: each is read once and shared."""
    bases = _bases({row[7] for row in rows if row[7] is not None})
    return [
        ItemRef(*(*row[:6], None if row[6] is None else bytes(row[6]), *bases[row[7]], row[8], row[9]))
        for row in rows
    ]


def _bases(ids: set[int]) -> dict[int | None, tuple[Any, ...]]:
    """What ItemRef says of a basis, by id, and under None what an emptied item still says of its own: nothing."""
    found: dict[int | None, tuple[Any, ...]] = {None: _NO_BASIS}
    statement = (
        "SELECT id, speaker_kind, speaker, account, holder, rows, documented_later, scopes FROM archive_basis"
        " WHERE id = ANY($1::bigint[])"
    )
    for id_, kind, speaker, account, holder, rows, later, scopes in (
        plain.rows(statement, [list(ids)]) if ids else ()
    ):
        relied = cited.read(rows)
        found[id_] = kind, speaker, account, holder, relied, bool(later), frozenset(scopes or ())
    return found


def item_ref(row: Sequence[Any]) -> ItemRef:
    """A row that begins with ITEM_COLUMNS as a value."""
    return ItemRef(
        item_id=row[0], conversation=row[1], source=row[2], event_ms=row[3], channel=row[4], msgtype=row[5],
        recalls=bytes(row[6]) if row[6] is not None else None, speaker_kind=row[7], speaker=row[8],
        account=row[9], holder=row[10], basis_rows=cited.read(row[11]),
        documented_later=bool(row[12]), scopes=frozenset(row[13] or ()), tombstoned=row[14], destroyed=row[15],
    )  # fmt: skip


def items(ids: Iterable[int]) -> dict[int, ItemRef]:
    """Items by id, in the order asked for; an unknown id is absent."""
    wanted = list(ids)
    found = {ref.item_id: ref for ref in _refs("i.item_id = ANY(%s)", [wanted])}
    return {item: found[item] for item in wanted if item in found}


def items_of_conversation(conversation: int, *, from_ms: int = 0, to_ms: int = 2**62) -> list[ItemRef]:
    """The items of a conversation in a half-open window, in order of their event."""
    found = _refs(
        "i.conversation = %s AND i.event_at >= %s AND i.event_at < %s", [conversation, from_ms, to_ms]
    )
    return sorted(found, key=lambda ref: (ref.event_ms, ref.item_id))


def ids_of_conversation(conversation: int, *, from_ms: int = 0, to_ms: int = 2**62) -> list[int]:
    """As `items_of_conversation`, the ids alone."""
    statement = (
        "SELECT item_id FROM archive_item WHERE conversation = $1 AND event_at >= $2 AND event_at < $3"
        " ORDER BY event_at, item_id"
    )
    return [item for (item,) in plain.rows(statement, [conversation, from_ms, to_ms])]


def items_of_person(person: UUID) -> list[ItemRef]:
    """The living items that a person said, or that came through an account which he held then; oldest first."""
    found = _refs(
        "i.basis_id = b.id AND i.item_id BETWEEN b.batch_id * 65536 AND b.batch_id * 65536 + 65535"
        " AND (b.speaker = %s OR b.holder = %s)",
        [person, person],
    )
    return sorted(found, key=lambda ref: (ref.event_ms, ref.item_id))


def items_of_batch(batch: int) -> list[ItemRef]:
    """The items of a batch in their order."""
    found = _refs("i.item_id BETWEEN %s AND %s", [batch * POSITIONS, batch * POSITIONS + POSITIONS - 1])
    return sorted(found, key=lambda ref: ref.item_id)


def conversation(key: ConversationKey) -> ConversationRef | None:
    """The conversation of this identity; when only a destroyed one is left, that one, emptied."""
    digest = ports.keyring().conversation_key(identity(key))
    row = Conversation.objects.filter(key=digest).order_by("-id").first()
    return _conversation(row) if row else None


def conversations(ids: Iterable[int]) -> dict[int, ConversationRef]:
    """Conversations by id."""
    return {row.id: _conversation(row) for row in Conversation.objects.filter(id__in=list(ids))}


def conversations_of_account(account: UUID) -> list[ConversationRef]:
    """The conversations through a company account, oldest first: they stay when the account changes hands."""
    return [_conversation(row) for row in Conversation.objects.filter(account=account).order_by("id")]


def _conversation(row: Conversation) -> ConversationRef:
    return ConversationRef(
        row.id, row.source, row.room, row.account, row.counterparty, row.shredded_in is not None
    )


def batch_entries(batches: Iterable[int]) -> dict[int, int]:
    """The entry of each batch: batch → place in the ledger."""
    found = ledger.first_recorded("archive_batch", batches)
    return {int(batch): recorded.entry for batch, recorded in found.items()}


def proofs(ids: Iterable[int]) -> dict[int, ItemProof]:
    """For each item the path from its leaf to its batch's entry; one tree is built for each batch.

    `fields_digest` and `row` are None for a destroyed item: its leaf still proves that something was there.
    """
    wanted = sorted(set(ids))
    entries = batch_entries({i // POSITIONS for i in wanted})
    kept = ledger.part_leaves(entries.values())
    found: dict[int, ItemProof] = {}
    rows = {row.item_id: row for row in Item.objects.filter(item_id__in=wanted).defer("ciphertext")}
    for batch, entry in entries.items():
        leaves = kept[entry] + _leaves_of_batch(batch)
        tree, first = Tree(leaves), len(kept[entry])
        for item_id in (i for i in wanted if i // POSITIONS == batch and i in rows):
            row, n = rows[item_id], first + item_id % POSITIONS
            digest = bytes(row.fields_digest) if row.fields_digest is not None else None
            found[item_id] = ItemProof(
                item_id,
                entry,
                n,
                len(leaves),
                bytes(row.leaf),
                digest,
                row_bytes(row),
                tuple(tree.inclusion(n)),
            )
    if missing := [i for i in wanted if i not in found]:
        raise ItemUnknown(missing)
    return found


def _leaves_of_batch(batch: int) -> list[bytes]:
    found = Item.objects.filter(item_id__gte=batch * POSITIONS, item_id__lt=(batch + 1) * POSITIONS)
    return [bytes(leaf) for leaf in found.order_by("item_id").values_list("leaf", flat=True)]


def row_bytes(row: "Item | Stored") -> bytes | None:
    """The canonical JSON of an item's sealed columns; None once it is emptied."""
    if row.basis_id is None or row.cipher_sha256 is None:
        return None
    return row_json(
        item_id=row.item_id, conversation=row.conversation, source=quoted(row.source),
        message_key=bytes(row.message_key), event_at=row.event_at, channel=quoted(row.channel),
        msgtype=quoted(row.msgtype), recalls=bytes(row.recalls) if row.recalls is not None else None,
        basis_id=row.basis_id, cipher_sha256=bytes(row.cipher_sha256),
    )  # fmt: skip


def item_leaves(entries: Sequence[int]) -> dict[int, list[bytes]]:
    """The leaves of the items that these `archive.deposit` entries (places) commit to: the ledger's check asks."""
    statement = (
        "SELECT p.entry, i.leaf FROM ledger_part p JOIN archive_item i"
        " ON i.item_id BETWEEN p.row_id::bigint * 65536 AND p.row_id::bigint * 65536 + 65535"
        " WHERE p.log = $1 AND p.entry = ANY($2::bigint[]) AND p.row_table = 'archive_batch'"
        " ORDER BY p.entry, i.item_id"
    )
    found: dict[int, list[bytes]] = {}
    for log, indexes in places.by_log(entries).items():
        for entry, leaf in plain.rows(statement, [log, indexes]):
            found.setdefault(places.place(log, entry), []).append(leaf)
    return found


def bases_of(ids: Sequence[int]) -> tuple[list[int], set[int]]:
    """The bases that items rest on, rising, and which of the items were destroyed: short, thousands share a few."""
    statement = (
        "SELECT array_agg(DISTINCT basis_id) FILTER (WHERE basis_id IS NOT NULL),"
        " array_agg(item_id) FILTER (WHERE basis_id IS NULL) FROM archive_item WHERE item_id = ANY($1::bigint[])"
    )
    [(bases, destroyed)] = plain.rows(statement, [plain.array(ids)])
    return bases or [], set(destroyed or ())


def covering(ids: Sequence[int]) -> dict[int, list[UUID]]:
    """The holds in force that cover these items, by item."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT item_id, hold FROM archive_held(%s)", [list(ids)])
        found: dict[int, list[UUID]] = {}
        for item, hold in cursor.fetchall():
            found.setdefault(item, []).append(hold)
        return found


def holds(*, matter: UUID | None = None) -> list[HoldRef]:
    """Holds, of one matter or all, oldest first, released ones too."""
    rows = (
        Hold.objects.order_by("at", "id")
        if matter is None
        else Hold.objects.filter(matter=matter).order_by("at", "id")
    )
    released = dict(HoldRelease.objects.filter(hold__in=rows).values_list("hold_id", "at"))
    return [
        HoldRef(h.id, HoldScope(h.scope), h.target, h.ground, h.matter, h.by, h.at, released.get(h.id))
        for h in rows
    ]


def certificate(shred: UUID) -> CertificateRef | None:
    """The certificate of a destruction; None while it is not finished."""
    return certificates([shred]).get(shred)


def certificates(shreds: Iterable[UUID]) -> dict[UUID, CertificateRef]:
    """The certificates of destructions, by destruction; one that is not finished is absent."""
    rows = list(Certificate.objects.filter(shred__in=list(shreds)))
    ended = dict(WrapEpoch.objects.values_list("id", "destroyed_at"))
    return {row.shred_id: _certificate(row, [ended.get(epoch) for epoch in row.epochs]) for row in rows}


def destroyed_by(item: int) -> tuple[int, CertificateRef | None] | None:
    """When the destruction of an item was intended, and its certificate once it is finished; None for a living item."""
    row = Tombstone.objects.filter(item_id=item).select_related("shred").first()
    return (row.shred.at, certificate(row.shred_id)) if row is not None else None


def _certificate(row: Certificate, ended: Sequence[int | None]) -> CertificateRef:
    gone = [at for at in ended if at is not None]
    return CertificateRef(
        row.id, row.shred_id, row.items, row.live_gone_at, row.backups_gone_by, tuple(row.epochs),
        max([row.live_gone_at, *gone]) if len(gone) == len(ended) else None,
    )  # fmt: skip


def grounds(shred: UUID) -> GroundsRef | None:
    """What a destruction was asked for, and why; None where there is none of this id."""
    row = Shred.objects.filter(id=shred).first()
    return None if row is None else GroundsRef(ShredScope(row.scope), row.target, row.items, row.reason)


def erased_person(shred: UUID) -> UUID | None:
    """Whose place in the registers a destruction emptied; None where it emptied nobody's."""
    row = Shred.objects.filter(id=shred, scope=ShredScope.REGISTER.value).first()
    return UUID(row.target) if row is not None and row.target is not None else None


#: How a paper calls rows of tables that a destruction emptied beside content.
_CALLED = {
    "parties_staff": "员工登记中的姓名、电话", "parties_customer": "客户登记中的姓名、电话、特征",
    "parties_customer_identity": "客户在各平台的编号", "access_user": "登录名与姓名",
    "access_credential": "通行密钥的名称", "assets_group_member": "群成员编号",
    "reading_opening": "查阅记录中的搜索词与所查对象",
    "papers_paper": "文书的内容与题名", "papers_signature": "文书上的签名", "papers_refusal": "拒签登记",
    "papers_delivery": "送达登记中的姓名与地址", "papers_delivery_result": "签收人", "papers_seal_use": "用印经办人",
    **{table: words for room, words in CALLED.items() for table in GOES if table.startswith(f"{room}_")},
}  # fmt: skip


def emptied_rows(shred: UUID) -> list[tuple[str, int]]:
    """Of which kinds of register rows and records a destruction emptied how many, as a paper says it (ADR 26)."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT p.row_table, count(DISTINCT p.row_id) FROM ledger_part s JOIN ledger_part p"
            " ON p.shredded_in = ((s.log - 1)::bigint << 40) + s.entry AND p.row_table = ANY(%s)"
            " WHERE s.row_table = 'archive_shred' AND s.row_id = %s GROUP BY p.row_table",
            [list(_CALLED), str(shred)],
        )
        found = dict(cursor.fetchall())
    summed: dict[str, int] = {}
    for table, words in _CALLED.items():
        if table in found:
            summed[words] = summed.get(words, 0) + found[table]
    return list(summed.items())


def unfinished_shreds() -> list[UUID]:
    """Destructions that were intended and are not certified, oldest first: a crash or a later hold."""
    return list(
        Shred.objects.filter(certificate__isnull=True).order_by("at", "id").values_list("id", flat=True)
    )


def epoch_opened_at() -> int | None:
    """When the present wrap epoch was opened; None before there is one."""
    found = WrapEpoch.objects.filter(state=EpochState.CURRENT.value).values_list("opened_at", flat=True)
    return found.first()


def counts() -> dict[str, int]:
    """How much is kept: for status pages and for commands that answer counts."""
    return {
        "items": Item.objects.filter(shredded_in__isnull=True).count(),
        "destroyed": Tombstone.objects.count(),
        "conversations": Conversation.objects.count(),
        "bases": ItemBasis.objects.count(),
    }
