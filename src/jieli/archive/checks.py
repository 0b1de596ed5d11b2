"""What the archive checks about itself: items with their entries, index and keys with items. Nothing is repaired.

The leaves of items reach the ledger's own check of commitments through `queries.item_leaves`, which wiring hands
to `ledger.checks.checks` as the foreign leaves of `archive.deposit`. `open_checks` also decrypts: it needs a
committed opening that names what it reads.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connections

from jieli.archive import opening, ports, queries, remains
from jieli.archive.case_words import GOES
from jieli.archive.errors import ItemAltered, ItemDestroyed, ItemUnknown, KeyringMissing, PageDamaged
from jieli.archive.index_checks import check_index, check_postings
from jieli.archive.keys.pages import DESTROYED, PAGE_SECRETS, PAGES_A_BATCH, SECRET_BYTES
from jieli.archive.keys.store import opened
from jieli.archive.models import Batch, Item, KeyPage, Tombstone
from jieli.archive.policy import ORPHAN_AFTER
from jieli.archive.rows import leaf_of
from jieli.archive.types import POSITIONS
from jieli.ledger import places
from jieli.ledger import queries as ledger
from jieli.ledger.fsck import Check, Finding

FOREIGN = {"archive.deposit": queries.item_leaves}
_CHUNK = 2_000
#: Where a part stands, over all logs (ADR 19).
_PLACE = places.SQL.format("p", "entry")
#: Tables whose rows a destruction empties and marks; those of registers (ADR 26), and rows that bear no mark.
_EMPTIED = ("archive_basis", "archive_conversation", "archive_media")
_REGISTERS = ("parties_staff", "parties_customer", "parties_customer_identity")
_UNMARKED = (
    "access_user", "access_credential", "assets_group_member", "reading_opening", "papers_paper", "papers_answer",
    "papers_signature", "papers_refusal", "papers_delivery", "papers_delivery_result", "papers_seal_use",
    *GOES,
)  # fmt: skip


def checks() -> list[Check]:
    """Checks that need no key."""
    return [
        Check("archive.items", "条目与封存一致", check_items),
        Check("archive.batches", "批次与条目", check_batches),
        Check("archive.references", "条目的引用", check_references),
        Check("archive.destructions", "销毁记录", check_destructions),
        Check("archive.remains", "销毁后留下的登记", check_remains),
        Check("archive.index", "检索索引的登记", check_index),
    ]


def key_checks(*, at: int) -> list[Check]:
    """Checks that need the keyring but open no content."""
    return [Check("archive.pages", "密钥页", lambda: check_pages(at))]


def open_checks(receipt: UUID, items: Sequence[int]) -> list[Check]:
    """Checks that decrypt these items under a committed opening, and build their index anew."""
    return [
        Check("archive.content", "条目内容", lambda: check_content(receipt, items)),
        Check("archive.postings", "检索索引的内容", lambda: check_postings(receipt, items)),
    ]


def check_items() -> Iterator[Finding]:
    """Every column of every item is the one that its leaf was made from, and its ciphertext is the one sealed."""
    for row in Item.objects.order_by("item_id").iterator(_CHUNK):
        where = str(row.item_id)
        canonical_row = queries.row_bytes(row)
        if canonical_row is None or row.fields_digest is None:
            continue  # emptied: check_destructions asks by whom, check_remains what stayed
        if leaf_of(bytes(row.fields_digest), canonical_row) != bytes(row.leaf):
            yield Finding("archive.item_changed", "archive_item", where, f"条目 {where} 的登记与封存时不符。")
        if sha256(bytes(row.ciphertext or b"")).digest() != bytes(row.cipher_sha256 or b""):
            yield Finding(
                "archive.ciphertext_changed", "archive_item", where, f"条目 {where} 的密文与封存时不符。"
            )


def check_batches() -> Iterator[Finding]:
    """Each batch has the items 0 … count - 1 and no others; each item has its batch, and each batch its entry."""
    for batch, count, found, highest in _rows(
        "SELECT b.id, b.count, count(i.item_id), max(i.item_id) FROM archive_batch b LEFT JOIN archive_item i"
        " ON i.item_id BETWEEN b.id * 65536 AND b.id * 65536 + 65535 GROUP BY b.id ORDER BY b.id"
    ):
        if found != count or highest != batch * POSITIONS + count - 1:
            sentence = f"批次 {batch} 登记 {count} 条，实有 {found} 条或编号不连续。"
            yield Finding("archive.batch_size", "archive_batch", str(batch), sentence)
    for (item,) in _rows(
        "SELECT i.item_id FROM archive_item i WHERE NOT EXISTS"
        " (SELECT FROM archive_batch b WHERE b.id = i.item_id / 65536) ORDER BY 1"
    ):
        yield Finding("archive.item_without_batch", "archive_item", str(item), f"条目 {item} 没有所属批次。")


def check_references() -> Iterator[Finding]:
    """What foreign keys would say: each item has its conversation, its basis, and a source that agrees."""
    for item, conversation, source in _rows(
        "SELECT i.item_id, c.id IS NOT NULL, c.source IS NOT DISTINCT FROM i.source"
        " FROM archive_item i LEFT JOIN archive_conversation c ON c.id = i.conversation"
        " WHERE c.id IS NULL OR c.source <> i.source ORDER BY 1"
    ):
        if not conversation:
            yield Finding("archive.no_conversation", "archive_item", str(item), f"条目 {item} 的会话不存在。")
        elif not source:
            yield Finding(
                "archive.other_source", "archive_item", str(item), f"条目 {item} 与其会话来源不同。"
            )
    for item, empty in _rows(
        "SELECT i.item_id, b.id IS NOT NULL FROM archive_item i LEFT JOIN archive_basis b ON b.id = i.basis_id"
        " WHERE i.basis_id IS NOT NULL AND (b.id IS NULL OR b.batch_id <> i.item_id / 65536"
        " OR b.shredded_in IS NOT NULL) ORDER BY 1"
    ):
        what = "的依据已被清空或不属于同一批次" if empty else "的依据不存在"
        yield Finding("archive.no_basis", "archive_item", str(item), f"条目 {item} {what}。")
    for (row,) in _rows("SELECT id FROM archive_basis WHERE shredded_in IS NULL AND cardinality(rows) = 0"):
        yield Finding("archive.no_ground", "archive_basis", str(row), f"依据 {row} 没有列出任何告知或同意。")


def check_destructions() -> Iterator[Finding]:
    """An emptied item has a tombstone of the destruction that emptied it; a certified one is emptied."""
    for item, tombstone, entry in _rows(
        f"SELECT i.item_id, t.item_id IS NOT NULL, {_PLACE} FROM archive_item i"  # noqa: S608 - our own words
        " LEFT JOIN archive_tombstone t ON t.item_id = i.item_id AND t.conversation = i.conversation"
        " LEFT JOIN ledger_part p ON p.row_table = 'archive_shred' AND p.row_id = t.shred_id::text"
        f" WHERE i.shredded_in IS NOT NULL AND {_PLACE} IS DISTINCT FROM i.shredded_in ORDER BY 1"
    ):
        what = "所指的销毁记录不符" if tombstone and entry is not None else "没有销毁记录"
        yield Finding("archive.emptied", "archive_item", str(item), f"条目 {item} 已被清空，但{what}。")
    for item, exists in _rows(
        "SELECT t.item_id, i.item_id IS NOT NULL FROM archive_tombstone t"
        " LEFT JOIN archive_item i ON i.item_id = t.item_id AND i.conversation = t.conversation"
        " LEFT JOIN archive_certificate c ON c.shred_id = t.shred_id"
        " WHERE i.item_id IS NULL OR (c.id IS NOT NULL AND i.shredded_in IS NULL) ORDER BY 1"
    ):
        what = "已出具销毁证明，但内容仍在" if exists else "有销毁记录，但条目本身不在表中"
        yield Finding("archive.not_emptied", "archive_tombstone", str(item), f"条目 {item} {what}。")
    for shred, said, named in _rows(
        "SELECT s.id, s.items, count(t.item_id) FROM archive_shred s"
        " LEFT JOIN archive_tombstone t ON t.shred_id = s.id GROUP BY s.id HAVING s.items <> count(t.item_id)"
    ):
        sentence = f"销毁 {shred} 登记 {said} 条，实列 {named} 条。"
        yield Finding("archive.shred_count", "archive_shred", str(shred), sentence)
    for table in (*_EMPTIED, *_REGISTERS):
        yield from _emptied_with_part(table)


def _emptied_with_part(table: str) -> Iterator[Finding]:
    for row, entry in _rows(
        f"SELECT r.id, r.shredded_in FROM {table} r LEFT JOIN ledger_part p"  # noqa: S608 - our names
        " ON p.row_table = %s AND p.row_id = r.id::text WHERE p.shredded_in IS DISTINCT FROM r.shredded_in",
        [table],
    ):
        sentence = f"{row} 的清空标记（{entry}）与账本不符。"
        yield Finding("archive.emptied_row", table, str(row), sentence)


def check_remains() -> Iterator[Finding]:
    """What stays of an emptied item or row is what the intent to destroy it sealed (ADR 27), and nothing came back."""
    tombstones = Tombstone.objects.filter(stays__isnull=False).values_list("item_id", "stays")
    rest = tombstones.order_by("item_id").iterator(_CHUNK)
    while stays := dict(islice(rest, _CHUNK)):
        for row in Item.objects.filter(item_id__in=stays, shredded_in__isnull=False).order_by("item_id"):
            if remains.digest(row) != stays[row.item_id] or not remains.is_emptied(row):
                where = str(row.item_id)
                sentence = f"已清空的条目 {where} 与销毁时封存的不符。"
                yield Finding("archive.remains_changed", "archive_item", where, sentence)
    for table in (*_EMPTIED, *_REGISTERS, *_UNMARKED):
        for where in remains.altered(table, _sealed_remains(table)):
            yield Finding("archive.remains_changed", table, where, f"已清空的 {where} 与销毁时封存的不符。")


def _sealed_remains(table: str) -> dict[str, bytes]:
    """What intents sealed of the emptied rows of a table, by id; those of intents without it are absent."""
    emptied = _rows(
        f"SELECT p.row_id, {_PLACE}, p.n, p.shredded_in FROM ledger_part p"  # noqa: S608 - our own words
        " WHERE p.row_table = %s AND p.shredded_in IS NOT NULL",
        [table],
    )
    said = ledger.facts({shredding for *_, shredding in emptied})
    sealed = {
        (shredding, *place): stays
        for shredding, facts in said.items()
        for place, stays in zip(facts.get("parts", []), facts.get("stays", []), strict=False)
    }
    found = {row: sealed.get((shredding, entry, n)) for row, entry, n, shredding in emptied}
    return {row: bytes.fromhex(stays) for row, stays in found.items() if stays is not None}


def check_pages(at: int) -> Iterator[Finding]:
    """Every living item has a secret; no certified one has; every page opens and belongs to a batch.

    A page younger than an hour may belong to a deposit under way.
    """
    certified, pending = _tombstoned()
    counts = dict(Batch.objects.values_list("id", "count"))
    seen: set[int] = set()
    closed: Counter[int] = Counter()
    for page in KeyPage.objects.exclude(sealed=b"").order_by("id").iterator(_CHUNK):
        name = str(page.id)
        batch, number = divmod(page.id, PAGES_A_BATCH)
        try:
            secrets = opened(ports.keyring(), page)
        except KeyringMissing:
            closed[page.epoch] += 1  # told once for all of them: one lost key may close every page of a house
            seen.add(page.id)
            continue
        except PageDamaged as error:
            yield Finding(error.code, "archive_key_page", name, error.sentence)
            continue
        seen.add(page.id)
        expected = min(PAGE_SECRETS, counts.get(batch, 0) - number * PAGE_SECRETS)
        if batch not in counts:
            if page.made_at < at - ORPHAN_AFTER:
                yield Finding("archive.page_orphan", "archive_key_page", name, f"密钥页 {name} 没有批次。")
        elif len(secrets) != expected * SECRET_BYTES:
            yield Finding("archive.page_size", "archive_key_page", name, f"密钥页 {name} 的数目不符。")
        else:
            yield from _secrets(batch * POSITIONS + number * PAGE_SECRETS, secrets, certified, pending)
    for batch, count in counts.items():
        for number in range(-(-count // PAGE_SECRETS)):
            if batch * PAGES_A_BATCH + number not in seen:
                name = str(batch * PAGES_A_BATCH + number)
                yield Finding(
                    "archive.page_missing", "archive_key_page", name, f"密钥页 {name} 缺失或无法解密。"
                )
    for epoch, pages in sorted(closed.items()):
        sentence = f"密钥环中没有第 {epoch} 期的封装密钥：它所封装的 {pages} 个密钥页打不开。"
        yield Finding(KeyringMissing.code, "archive_wrap_epoch", str(epoch), sentence)


def _tombstoned() -> tuple[set[int], set[int]]:
    """The items whose destruction is certified, and those that are still being destroyed."""
    rows = _rows(
        "SELECT t.item_id, c.id IS NOT NULL FROM archive_tombstone t"
        " LEFT JOIN archive_certificate c ON c.shred_id = t.shred_id"
    )
    return {item for item, done in rows if done}, {item for item, done in rows if not done}


def _secrets(first: int, secrets: bytes, certified: set[int], pending: set[int]) -> Iterator[Finding]:
    for n in range(len(secrets) // SECRET_BYTES):
        gone = secrets[n * SECRET_BYTES : (n + 1) * SECRET_BYTES] == DESTROYED
        item = first + n
        if gone and item not in certified and item not in pending:
            yield Finding("archive.secret_lost", "archive_item", str(item), f"条目 {item} 的密钥丢失。")
        if not gone and item in certified:
            yield Finding("archive.secret_left", "archive_item", str(item), f"已销毁的条目 {item} 仍有密钥。")


def check_content(receipt: UUID, items: Sequence[int]) -> Iterator[Finding]:
    """Each of these items decrypts to what was sealed."""
    for item in items:
        try:
            opening.open_items([item], receipt=receipt)
        except (ItemAltered, ItemDestroyed, ItemUnknown, PageDamaged) as error:
            yield Finding(error.code, "archive_item", str(item), error.sentence)


def _rows(query: str, args: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(query, args)
        return list(cursor.fetchall())
