"""Emptying a register (ADR 26): complete by brute force, refused while anything keeps the person, for good."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connections

from jieli.access import operations as access
from jieli.archive import destruction, erasing, keys, operations, queries, taking
from jieli.archive.errors import Held, PersonKept, PersonUnknown
from jieli.archive.media import removing
from jieli.archive.models import Shred
from jieli.archive.policy import MAIN_BACKUP_DAYS
from jieli.archive.table_words import TABLE_WORDS
from jieli.archive.types import HoldScope
from jieli.assets import operations as assets
from jieli.assets.models import Group
from jieli.assets.types import GroupKind, NewGroup, NewMember
from jieli.connectors.storage import name_of
from jieli.connectors.storage.directory import Directory
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, local_day
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.ledger.tables import rows
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.parties import operations as parties
from jieli.parties import queries as register
from jieli.parties.types import (
    ERASED,
    CustomerSource,
    NewCustomer,
    NewEntity,
    NewIdentity,
    NewOrder,
    NewStaff,
    NewUnit,
)
from tests.conftest import NOW
from tests.rooms.planted_files import back_up_media, plant
from tests.rooms.test_archive_erasure import all_secrets, found_in, places, spellings, store, values
from tests.rooms.test_archive_samples import codes, keep, ring, sample

__all__ = ["ring", "store"]
pytestmark = pytest.mark.usefixtures("ring")
Sql = Callable[..., list[tuple[Any, ...]]]

NAME, EARLIER, PHONE, HANDLE = "卞金丝雀", "卞雀儿", "13900117733", "wm-canary-7f3a"
SELLER, SELLER_PHONE = "丘麻鹩", "13700665544"
WORDS = (NAME, EARLIER, PHONE, HANDLE)
TODAY = local_day(NOW)
WHY = {"by": "person:desk", "reason": "本人请求删除"}
BY = {"by": "system:test", "at": NOW}


def customers(*named: tuple[str, str]) -> None:
    phones = {"C1": PHONE}
    rows = [
        NewCustomer(number, name, CustomerSource.ORDER, "云南", "茶", True, True, phones.get(number))
        for number, name in named
    ]
    parties.register_customers(rows, **BY)


@pytest.fixture
def canary() -> UUID:
    """A customer with an earlier name, two identities and an order, among others; her talk is in the archive."""
    customers(("C1", EARLIER), ("C2", "林巧"))
    customers(("C1", NAME))
    known = register.customers_by_no()
    who = known["C1"].id
    parties.register_identities(
        [
            NewIdentity(who, "wecom", HANDLE),
            NewIdentity(who, "phone", PHONE),
            NewIdentity(known["C2"].id, "wecom", "wm-2"),
        ],
        **BY,
    )
    assets.register_groups([NewGroup("wecom", "room-1", GroupKind.CUSTOMER)], **BY)
    assets.load_members(members(who), **BY)
    parties.register_orders([NewOrder("D-1", who, "春茶", 19_900, date(2025, 4, 1))], **BY)
    keep([sample(n, text=f"我是{NAME}，电话{PHONE}", person=HANDLE, customer=who) for n in range(4)])
    return who


def members(who: UUID) -> list[NewMember]:
    """She is in a group twice: before anybody knew who she is, and since."""
    [group] = Group.objects.values_list("asset_id", flat=True)
    return [
        NewMember(group, HANDLE, NOW - 9 * DAY, NOW - 8 * DAY),
        NewMember(group, HANDLE, NOW - 7 * DAY, None, None, who),
        NewMember(group, "wm-2", NOW - 7 * DAY),
    ]


def seller(left: date | None) -> UUID:
    """A member of staff, with a sign-in of his own."""
    parties.register_entities([NewEntity("QH", "青禾茶业有限公司")], **BY)
    parties.register_units([NewUnit("S1", "门店一部", register.entities_by_code()["QH"])], **BY)
    unit = register.units_by_code()["S1"]
    for name in ("丘小鹩", SELLER):
        parties.register_staff(
            [NewStaff("Y01", name, unit, "销售", date(2019, 1, 1), SELLER_PHONE, left)], **BY
        )
    who = register.staff_by_no()["Y01"].id
    access.admit_person(sign_in=SELLER_PHONE, name=SELLER, staff=who, **BY)
    return who


def needles(*words: str) -> list[bytes]:
    return [spelled for word in words for spelled in spellings(word)]


def test_an_erased_customer_is_nowhere_by_brute_force_and_the_row_stays(
    ring: keys.HeldKeyring, canary: UUID, tmp_path: Path
) -> None:
    there = places(needles(*WORDS), tmp_path)
    assert {"default.parties_customer", "default.parties_customer_identity", "default.ledger_part"} <= there
    assert "default.assets_group_member" in there
    done = operations.erase_person(person=canary, at=NOW + 1, **WHY)
    assert (done.certificate.items, done.rows) == (4, 5)
    assert done.elsewhere == ()
    assert places(needles(*WORDS), tmp_path) == set()
    assert found_in(needles("林巧"), b"".join(value for _, _, value in values()))
    assert codes() == set()
    known = register.customer([canary])[canary]
    assert (known.customer_no, known.name, known.erased, known.region) == ("C1", ERASED, True, None)
    assert register.order_share([canary]).with_order == 1
    assert set(register.customers_by_no()) == {"C2"}
    assert register.customers_by_no(["C1"])["C1"].name == ERASED
    assert (register.identities("wecom"), register.phones([canary])) == (
        {"wm-2": register.customers_by_no()["C2"].id},
        {},
    )
    certificate = queries.certificate(done.certificate.shred)
    assert certificate is not None
    assert certificate.live_gone_at == NOW + 1
    assert certificate.backups_gone_by >= NOW + 1 + MAIN_BACKUP_DAYS * DAY
    with pytest.raises(PersonUnknown):
        operations.erase_person(person=canary, at=NOW + 2, **WHY)


def test_a_file_of_an_erased_customer_goes_with_her_and_another_persons_stays(
    ring: keys.HeldKeyring, canary: UUID, store: Directory, tmp_path: Path
) -> None:
    other = register.customers_by_no()["C2"].id
    [spoken] = keep([sample(8, person="wm-2", customer=other)])
    mine, folder = taking.of_person(canary)[0], tmp_path / "in"
    hers = plant(ring, store, mine, f"{NAME} {PHONE} ".encode() * 900, name=f"{NAME}.txt", folder=folder)
    theirs = plant(ring, store, spoken, "课程表".encode() * 900, name="课程表.txt", folder=folder)
    assert "default.archive_media" in places(needles(*WORDS), tmp_path)
    assert Path(name_of(hers.address)).name in places(hers.needles(), tmp_path)
    operations.erase_person(person=canary, at=NOW + 1, **WHY)
    removing.remove_destroyed(by="system:worker", at=NOW + 2)
    back_up_media(store, tmp_path / "copy")
    assert places([*needles(*WORDS), *hers.needles()], tmp_path) == set()
    assert not hers.opened_with(all_secrets(ring))
    assert [one.address for one in store.objects()] == [theirs.address]
    assert (tmp_path / "copy" / "media" / name_of(theirs.address)).read_bytes() == theirs.sealed
    assert theirs.opened_with(all_secrets(ring))
    assert codes() == set()


def test_an_erased_leaver_is_nowhere_either_his_sign_in_included(
    ring: keys.HeldKeyring, tmp_path: Path
) -> None:
    who = seller(TODAY - timedelta(days=3 * 366))
    words = needles(SELLER, "丘小鹩", SELLER_PHONE)
    assert {"default.parties_staff", "default.access_user"} <= places(words, tmp_path)
    done = operations.erase_person(person=who, at=NOW + 1, **WHY)
    assert (done.certificate.items, done.rows) == (0, 2)
    assert places(words, tmp_path) == set()
    assert codes() == set()
    assert (register.staff([who])[who].name, register.staff_by_no()) == (ERASED, {})


def test_loading_yesterdays_file_again_brings_nothing_back(canary: UUID, tmp_path: Path) -> None:
    operations.erase_person(person=canary, at=NOW + 1, **WHY)
    customers(("C1", NAME))
    again = [NewIdentity(canary, "wecom", HANDLE)]
    assert parties.register_identities(again, **BY).unchanged == 1
    assert assets.load_members(members(canary)[1:], **BY).new == 0
    assert places(needles(*WORDS), tmp_path) == set()
    assert codes() == set()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE parties_customer SET name = '卞金丝雀' WHERE customer_no = 'C1'",
        "UPDATE parties_customer SET shredded_in = NULL, name = '卞', minor = false, health = false"
        " WHERE customer_no = 'C1'",
        "UPDATE parties_customer_identity SET external_id = 'wm', shredded_in = NULL WHERE shredded_in IS NOT NULL",
        "UPDATE parties_customer_identity SET customer_id = (SELECT id FROM parties_customer"
        " WHERE customer_no = 'C1') WHERE external_id = 'wm-2'",
        "INSERT INTO parties_customer_identity (id, customer_id, platform, external_id)"
        " SELECT gen_random_uuid(), id, 'wecom', 'wm-new' FROM parties_customer WHERE customer_no = 'C1'",
    ],
)
def test_the_database_lets_nobody_write_an_emptied_row_again(canary: UUID, statement: str) -> None:
    operations.erase_person(person=canary, at=NOW + 1, **WHY)
    with pytest.raises(DatabaseError, match=r"parties\.erased"), connections["default"].cursor() as cursor:
        cursor.execute(statement)


def test_what_stays_of_an_emptied_row_is_sealed(canary: UUID, owner_sql: Sql) -> None:
    operations.erase_person(person=canary, at=NOW + 1, **WHY)
    owner_sql("ALTER TABLE parties_customer DISABLE TRIGGER parties_stays_emptied")
    owner_sql("UPDATE parties_customer SET source = '广告' WHERE customer_no = 'C1'")
    assert codes() == {"archive.remains_changed"}
    owner_sql("UPDATE parties_customer SET source = '购课订单' WHERE customer_no = 'C1'")
    owner_sql("ALTER TABLE parties_customer ENABLE TRIGGER parties_stays_emptied")
    assert codes() == set()


def test_a_row_emptied_past_the_shred_function_is_found(canary: UUID, owner_sql: Sql) -> None:
    owner_sql(
        "UPDATE parties_customer_identity SET external_id = NULL, shredded_in = 1 WHERE platform = 'phone'"
    )
    assert codes() == {"archive.emptied_row", "ledger.row_changed"}


def dispute(person: UUID) -> Any:
    return matters.open_matter(
        kind=MatterKind.DISPUTE, title="退费", people=[Involved(PersonKind.CUSTOMER, person, "证人")],
        by="person:yan", at=NOW,
    )  # fmt: skip


def request(person: UUID) -> UUID:
    made = matters.open_matter(
        kind=MatterKind.REQUEST, title="删除", people=[Involved(PersonKind.CUSTOMER, person, "请求人")],
        by="person:yan", at=NOW,
    )  # fmt: skip
    return made.id


def test_a_hold_on_the_person_or_on_one_of_his_items_stops_all_of_it(canary: UUID) -> None:
    placed = operations.hold(
        scope=HoldScope.PERSON, target=str(canary), ground="退费主张", by="person:a", at=NOW
    )
    with pytest.raises(PersonKept) as refused:
        operations.erase_person(person=canary, matter=request(canary), at=NOW + 1, **WHY)
    assert "保全" in refused.value.sentence
    operations.release(hold=placed.id, reason="已结清", by="person:a", at=NOW + 2)
    item = str(taking.of_person(canary)[0])
    operations.hold(scope=HoldScope.ITEM, target=item, ground="证据", by="person:a", at=NOW + 3)
    with pytest.raises(Held):
        operations.erase_person(person=canary, at=NOW + 4, **WHY)
    assert register.customer([canary])[canary].name == NAME
    assert not Shred.objects.exists()


def test_an_open_matter_keeps_a_person_and_a_closed_dispute_for_a_year(canary: UUID) -> None:
    matter = dispute(canary)
    with pytest.raises(PersonKept, match=matter.number):
        operations.erase_person(person=canary, matter=request(canary), at=NOW + 1, **WHY)
    matters.close(number=matter.number, by="person:yan", at=NOW + 2)
    with pytest.raises(PersonKept, match=matter.number):
        operations.erase_person(person=canary, at=NOW + 300 * DAY, **WHY)
    assert operations.erase_person(person=canary, at=NOW + 400 * DAY, **WHY).rows == 5


@pytest.mark.parametrize("left", [None, TODAY - timedelta(days=700)])
def test_whoever_serves_or_left_less_than_two_years_ago_stays_in_the_register(left: date | None) -> None:
    who = seller(left)
    with pytest.raises(PersonKept, match="劳动合同"):
        operations.erase_person(person=who, at=NOW + 1, **WHY)
    assert register.staff([who])[who].name == SELLER


def test_a_longer_period_of_the_policy_is_kept_too() -> None:
    who = seller(TODAY - timedelta(days=3 * 366))
    operations.set_policy(months={"contract": 60}, reason="章程", by="person:yan", at=NOW)
    with pytest.raises(PersonKept, match="劳动合同文本须保存到"):
        operations.erase_person(person=who, at=NOW + 1, **WHY)


def test_the_shred_function_asks_again_and_takes_nobodys_row_but_the_persons(
    canary: UUID, owner_sql: Sql
) -> None:
    """What the application might write itself: an intent that names another's rows, or comes too early."""
    other = register.customers_by_no()["C2"].id
    for whom in (other, canary):
        named = ledger.parts([("parties_customer", canary)])
        intent = forged(whom, [[p.entry, p.n] for parts in named.values() for p in parts])
        operations.hold(scope=HoldScope.PERSON, target=str(canary), ground="主张", by="person:a", at=NOW)
        with pytest.raises(DatabaseError), connections["shred"].cursor() as cursor:
            cursor.execute("SELECT archive_shred(%s)", [intent])
    assert register.customer([canary])[canary].name == NAME


def forged(whom: UUID, parts: list[list[int]], scope: str = "人及登记") -> UUID:
    row = Shred(id=new_id(NOW), scope=scope, target=str(whom), reason="伪造", items=0, by="person:x", at=NOW)
    with book(at=NOW) as b:
        facts = {"items": 0, "parts": parts, "shred": str(row.id)}
        b.entry("archive.shred", by="person:x", facts=facts).insert(row)
    return row.id


@pytest.mark.parametrize("scope", ["条目", "人", "类别", "本人"])
def test_no_other_scope_empties_a_register(canary: UUID, scope: str) -> None:
    parts = [p for parts in ledger.parts([("parties_customer", canary)]).values() for p in parts]
    intent = forged(canary, [[p.entry, p.n] for p in parts], scope)
    with pytest.raises(DatabaseError, match=r"archive\.not_ours"), connections["shred"].cursor() as cursor:
        cursor.execute("SELECT archive_shred(%s)", [intent])


@pytest.mark.parametrize("role", ["default", "read", "shred"])
def test_no_role_may_call_what_empties_registers_itself(canary: UUID, role: str) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), connections[role].cursor() as cursor:
        cursor.execute("SELECT archive_shred_registers(1::smallint, 0, '[]')")


def test_where_he_is_still_named_is_counted_table_by_table(canary: UUID) -> None:
    matters.open_matter(
        kind=MatterKind.REQUEST, title=f"{NAME}的删除请求", people=[], by="person:yan", at=NOW
    )
    [named] = operations.erase_person(person=canary, at=NOW + 1, **WHY).elsewhere
    assert (named.where, named.rows) == ("matters_matter", 1)
    assert named.ground.endswith(" 尚未了结") and "请求" in named.ground


def test_every_table_in_which_a_person_may_still_be_named_is_called_in_words() -> None:
    looked_into = {
        model._meta.db_table
        for model in rows()
        if model.store == "default" and list(erasing.personal_columns(model))
    }
    assert looked_into == set(TABLE_WORDS) and looked_into > erasing.OF_PEOPLE


def test_a_crash_after_the_intent_is_finished_by_the_next_start(
    canary: UUID, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(destruction, "finish", died)
        with pytest.raises(ConnectionError):
            operations.erase_person(person=canary, at=NOW + 1, **WHY)
    assert places(needles(NAME), tmp_path) != set()
    assert operations.finish_destructions(by="system:worker", at=NOW + 2) == []
    assert places(needles(*WORDS), tmp_path) == set()
    assert codes() == set()


def died(*args: object, **kwargs: object) -> None:
    raise ConnectionError
