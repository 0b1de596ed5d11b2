"""The administrator as the attacker: what he changes in the archive's tables, fsck names; others may not even."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connections
from django.db.utils import DatabaseError, ProgrammingError

from jieli.archive import checks, keys, opening, operations, queries, rows
from jieli.archive.errors import ItemAltered, PageDamaged
from jieli.archive.models import Item, Shred
from jieli.archive.types import HoldScope
from jieli.kernel.errors import JieliError
from jieli.ledger import fsck
from jieli.ledger.operations import book
from tests.conftest import NOW
from tests.rooms.test_archive_samples import OPENING, codes, keep, ring, sample

__all__ = ["ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
pytestmark = pytest.mark.usefixtures("ring")

CHANGES = {
    "item_id": "item_id = item_id + 5",
    "conversation": "conversation = conversation + 1",
    "source": "source = 'wecom:forged'",
    "message_key": "message_key = decode(repeat('ab', 16), 'hex')",
    "event_at": "event_at = event_at - 1",
    "channel": "channel = 'call'",
    "msgtype": "msgtype = 'image'",
    "recalls": "recalls = decode(repeat('cd', 16), 'hex')",
    "basis_id": "basis_id = basis_id + 1",
    "cipher_sha256": "cipher_sha256 = sha256(ciphertext || 'x')",
    "ciphertext": "ciphertext = ciphertext || 'x'::bytea",
    "fields_digest": "fields_digest = sha256(fields_digest)",
    "leaf": "leaf = sha256(leaf)",
    "shredded_in": "shredded_in = 0, basis_id = NULL, cipher_sha256 = NULL, ciphertext = NULL, fields_digest = NULL",
}


def test_every_column_of_an_item_is_tried() -> None:
    assert set(CHANGES) == {field.column for field in Item._meta.concrete_fields}


def test_a_change_of_any_column_of_an_item_is_found(owner_sql: Sql) -> None:
    ids = keep([sample(n, person=f"wm-{n}") for n in range(4)])
    owner_sql("CREATE TEMPORARY TABLE as_it_was AS TABLE archive_item")
    assert codes() == set()
    found = {}
    for column, change in CHANGES.items():
        owner_sql(f"UPDATE archive_item SET {change} WHERE item_id = %s", [ids[3]])
        found[column] = codes()
        owner_sql("DELETE FROM archive_item")
        owner_sql("INSERT INTO archive_item SELECT * FROM as_it_was")
    owner_sql("DROP TABLE as_it_was")
    assert [column for column, what in found.items() if not what] == []
    assert codes() == set()


def test_a_changed_item_with_a_leaf_made_to_fit_is_found_by_its_entry(owner_sql: Sql) -> None:
    ids = keep([sample(n) for n in range(3)])
    owner_sql("UPDATE archive_item SET event_at = event_at - 1 WHERE item_id = %s", [ids[1]])
    row = Item.objects.get(item_id=ids[1])
    forged = rows.leaf_of(bytes(row.fields_digest or b""), queries.row_bytes(row) or b"")
    owner_sql("UPDATE archive_item SET leaf = %s WHERE item_id = %s", [forged, ids[1]])
    assert "ledger.commitment" in codes()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM archive_item WHERE mod(item_id, 65536) = 2", "archive.batch_size"),
        ("DELETE FROM archive_item WHERE mod(item_id, 65536) = 1", "ledger.part_count"),
        ("DELETE FROM archive_basis; DELETE FROM archive_batch", "archive.item_without_batch"),
        ("DELETE FROM archive_conversation", "archive.no_conversation"),
        ("UPDATE archive_conversation SET counterparty = 'wm-forged'", "ledger.row_changed"),
        ("UPDATE archive_basis SET speaker = holder", "ledger.row_changed"),
        ("UPDATE archive_basis SET rows = '{}'", "archive.no_ground"),
        ("DELETE FROM archive_basis", "archive.no_basis"),
        ("DELETE FROM archive_segment_row WHERE row = 0", "archive.segment"),
        ("DELETE FROM archive_segment", "archive.index_orphan"),
        ("DELETE FROM archive_segment_row; DELETE FROM archive_segment", "archive.not_indexed"),
        ("UPDATE archive_segment_row SET data = data || 'x'::bytea", "archive.segment"),
        ("UPDATE archive_segment SET last_ms = last_ms - 1", "archive.segment"),
    ],
)
def test_what_is_removed_or_changed_beside_the_items_is_found(
    statement: str, code: str, owner_sql: Sql
) -> None:
    keep([sample(n) for n in range(3)])
    owner_sql(statement)
    assert code in codes()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM archive_key_page", "archive.page_missing"),
        (
            "UPDATE archive_key_page SET sealed = set_byte(sealed, 5, get_byte(sealed, 5) # 1)",
            "archive.page_damaged",
        ),
        ("UPDATE archive_key_page SET revision = revision + 1", "archive.page_damaged"),
        ("UPDATE archive_key_page SET epoch = 9", "archive.keyring_missing"),
        ("UPDATE archive_key_page SET id = id + 640", "archive.page_missing"),
    ],
)
def test_a_changed_page_of_secrets_is_found(statement: str, code: str, owner_sql: Sql) -> None:
    ids = keep([sample(0)])
    owner_sql(statement, store="keys")
    assert code in codes()
    with pytest.raises(JieliError, match=r"archive\."):
        opening.open_items(ids, receipt=OPENING)


def test_an_older_page_put_back_does_not_bring_a_destroyed_item_back(owner_sql: Sql) -> None:
    ids = keep([sample(0), sample(1)])
    [old] = owner_sql("SELECT sealed, nonce FROM archive_key_page", store="keys")
    operations.shred_items(items=ids[:1], reason="试验", by="system:test", at=NOW + 1)
    owner_sql("UPDATE archive_key_page SET sealed = %s, nonce = %s", [*old], store="keys")
    with pytest.raises(PageDamaged):
        opening.open_items(ids[1:], receipt=OPENING)
    owner_sql("UPDATE archive_key_page SET revision = 0", store="keys")
    assert "archive.secret_left" in codes()


def test_altered_content_is_refused_at_opening(owner_sql: Sql) -> None:
    [first, second] = keep([sample(0), sample(2)])
    owner_sql(
        "UPDATE archive_item a SET ciphertext = b.ciphertext, cipher_sha256 = b.cipher_sha256 FROM archive_item b"
        " WHERE a.item_id = %s AND b.item_id = %s",
        [first, second],
    )
    with pytest.raises(ItemAltered):
        opening.open_items([first], receipt=OPENING)
    assert {f.code for f in fsck.run(checks.open_checks(OPENING, [first])[:1]).findings} == {
        "archive.altered"
    }


def test_a_posting_list_changed_to_something_readable_is_found_by_opening(owner_sql: Sql) -> None:
    ids = keep([sample(n) for n in range(5)])
    open_checks = checks.open_checks(OPENING, ids)
    assert fsck.run(open_checks).clean
    [(data,)] = owner_sql("SELECT data FROM archive_segment_row WHERE row = 0")
    # The first posting list's first ordinal: a list of one document then names another one.
    at = next(n for n in range(len(data) - 1, 40, -1) if data[n] == 4)
    owner_sql(
        "UPDATE archive_segment_row SET data = %s WHERE row = 0", [data[:at] + b"\x03" + data[at + 1 :]]
    )
    assert {f.code for f in fsck.run(open_checks).findings} == {"archive.postings"}


FORBIDDEN = (
    "UPDATE archive_item SET ciphertext = NULL",
    "DELETE FROM archive_item",
    "TRUNCATE archive_item",
    "UPDATE archive_batch SET count = 1",
    "DELETE FROM archive_conversation",
    "DELETE FROM archive_tombstone",
    "DELETE FROM archive_hold",
    "UPDATE archive_hold SET target = ''",
    "DELETE FROM archive_segment_row",
    "UPDATE ledger_part SET salt = NULL, body = NULL, shredded_in = 99",
    "ALTER TABLE archive_tombstone DISABLE TRIGGER ALL",
)
SHRED_FUNCTIONS = (
    "archive_shred(gen_random_uuid())",
    "archive_sweep_segments()",
    "archive_shred_parts(1::smallint, 1, '[]')",
)


@pytest.mark.parametrize("alias", ["default", "shred", "read"])
def test_no_serving_role_may_change_or_remove_what_is_kept(alias: str) -> None:
    keep([sample(0)])
    for statement in FORBIDDEN:
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            connections[alias].cursor() as cursor,
        ):
            cursor.execute(statement)
    assert codes() == set()


@pytest.mark.parametrize("alias", ["default", "read"])
def test_only_the_shred_role_may_call_the_shred_functions(alias: str) -> None:
    for call in SHRED_FUNCTIONS:
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            connections[alias].cursor() as cursor,
        ):
            cursor.execute(f"SELECT {call}")


def test_the_key_store_lets_the_application_rewrite_pages_but_remove_none() -> None:
    keep([sample(0)])
    with pytest.raises(ProgrammingError, match="permission denied"), connections["keys"].cursor() as cursor:
        cursor.execute("DELETE FROM archive_key_page")


def test_the_shred_function_refuses_what_no_entry_intends() -> None:
    keep([sample(0)])
    with (
        pytest.raises(DatabaseError, match=r"archive\.not_intended"),
        connections["shred"].cursor() as cursor,
    ):
        cursor.execute("SELECT archive_shred(gen_random_uuid())")


def test_a_tombstone_for_a_held_item_is_refused_by_the_database_itself(
    other_connection: Callable[..., psycopg.Connection[Any]],
) -> None:
    [item] = keep([sample(0)])
    operations.hold(scope=HoldScope.ITEM, target=str(item), ground="劳动仲裁", by="person:x", at=NOW)
    with book(at=NOW) as b:
        b.entry("archive.shred", by="system:rogue").insert(
            Shred(id=OPENING, scope="条目", reason="绕过程序", items=1, by="system:rogue", at=NOW)
        )
    connection = other_connection()
    conversation = Item.objects.get(item_id=item).conversation
    with pytest.raises(psycopg.Error, match=r"archive\.held"):
        connection.execute("INSERT INTO archive_tombstone VALUES (%s, %s, %s)", [item, conversation, OPENING])


def test_a_keyring_of_another_house_opens_nothing(ring: keys.Keyring) -> None:
    ids = keep([sample(0)])
    ring.epochs[1] = bytes(32)
    with pytest.raises(PageDamaged):
        opening.open_items(ids, receipt=OPENING)
