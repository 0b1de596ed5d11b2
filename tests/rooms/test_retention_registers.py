"""Registers, requests, leaks and approvals go by plan too (ADR 33), and what a customer needs with his register."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connections

from jieli.archive import cases, operations, retention
from jieli.archive.case_words import EMPTIED
from jieli.archive.errors import NothingDue
from jieli.archive.types import HoldScope
from jieli.assets import operations as assets
from jieli.assets.errors import AssetEmptied
from jieli.assets.models import Account, Asset
from jieli.assets.operations import rebinding
from jieli.kernel.times import DAY, local_day, start_of_day
from jieli.ledger.operations import book
from jieli.ledger.tables import Row
from jieli.matters.models import Matter
from jieli.matters.types import MatterKind
from jieli.parties import operations as parties
from jieli.parties import queries as register
from jieli.parties.types import NewCustomer
from jieli.succession.models import CustomerNeed
from jieli.succession.operations import record_needs
from jieli.succession.types import CriterionKind
from jieli.wiring import backup as backups
from jieli.wiring import signer
from jieli.wiring.profile import Profile
from tests.conftest import NOW
from tests.rooms.rows_of_cases import BY, LONG_AGO, NAME, approval, duty, put, thread
from tests.rooms.rows_of_registers import HELD, account, enablement, group, holding, number
from tests.rooms.test_archive_erasure import places, spellings
from tests.rooms.test_archive_samples import keep, ring, sample
from tests.rooms.test_restore import elsewhere, findings, lose, old, restored
from tests.rooms.test_retention_cases import forged, reasons, state
from tests.rooms.test_retention_papers import codes, staff

__all__ = ["elsewhere", "old", "ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
WORDS = spellings(NAME)
WHO = {"by": "person:desk", "reason": "到期清理"}


@pytest.fixture
def holder(ring: object) -> UUID:
    return staff()


@pytest.fixture
def customer(holder: UUID) -> UUID:
    parties.register_customers([NewCustomer("C1", "某客户")], by=BY, at=LONG_AGO)
    return register.customers_by_no()["C1"].id


def key(rows: list[Row]) -> UUID:
    """The case of these rows: the id of the first."""
    put(*rows)
    return UUID(str(rows[0].pk))


def alone(who: UUID) -> list[Row]:
    """An approval and a duty under no matter."""
    owed = duty(who, who)
    owed.matter = None
    return [*approval(who), owed]


def run(code: str, at: int = NOW) -> None:
    operations.run_class(code=code, at=at, **WHO)


def test_every_register_and_every_thread_is_empty_of_a_name_in_the_whole_history(
    holder: UUID, customer: UUID, tmp_path: Path
) -> None:
    for rows in (account(holder), number(holder), group(customer), enablement(), alone(holder)):
        put(*rows)
    for kind in (MatterKind.REQUEST, MatterKind.LEAK, MatterKind.INCIDENT):
        put(duty(thread(kind, holder), holder))
    assert [state(code) for code in ("register", "matter", "assessment")] == [(3, 0), (5, 0), (1, 0)]
    assert {"default.assets_account", "default.approvals_enablement"} < places(WORDS, tmp_path)
    for code in ("register", "matter", "assessment"):
        run(code)
    assert places(WORDS, tmp_path) == set()
    assert set(Asset.objects.values_list("label", flat=True)) == {EMPTIED}
    assert set(Matter.objects.values_list("title", flat=True)) == {EMPTIED}
    assert codes() == set()
    assert [state(code) for code in ("register", "matter", "assessment")] == [(0, 0)] * 3


def test_what_is_still_in_use_stays(holder: UUID, customer: UUID) -> None:
    stays = [
        key(account(holder, state="使用中")), key(number(holder, rests_until=None)), key(group(customer, until=None))
    ]  # fmt: skip
    assert [reasons(one) for one in stays] == [{"未结"}] * 3
    with pytest.raises(NothingDue):
        run("register")


def test_an_account_that_somebody_still_holds_stays_though_it_is_closed(holder: UUID) -> None:
    rows = account(holder)
    rows[-1] = holding(rows[0].pk, holder, until=None)
    closed = key(rows)
    assert (reasons(closed), state("register")) == ({"未结"}, (0, 0))


def test_a_number_that_was_given_out_again_stays(holder: UUID) -> None:
    rested = key(number(holder))
    assert reasons(rested) == set()
    put(holding(rested, holder, since=HELD[1] + 300 * DAY, until=HELD[1] + 500 * DAY))
    assert reasons(rested) == {"未结"}


def test_an_account_stays_while_anything_is_kept_that_came_through_it(holder: UUID) -> None:
    closed = key(account(holder))
    keep([sample(1, account=closed, event_ms=LONG_AGO)])
    assert reasons(closed) == {"未结"}
    run("chat")
    assert reasons(closed) == set()


def test_a_register_waits_for_its_last_day(holder: UUID) -> None:
    closed = key(account(holder))
    last = start_of_day(date(2025, 3, 1))
    assert (reasons(closed, last), reasons(closed, last + DAY)) == ({"期限"}, set())
    assert (state("register", last), state("register", last + DAY)) == ((0, 0), (1, 0))


def test_a_hold_on_whoever_held_it_and_his_open_dispute_stop_it(holder: UUID) -> None:
    closed = key(account(holder))
    held = operations.hold(scope=HoldScope.PERSON, target=str(holder), ground="主张", by="person:a", at=NOW)
    assert (reasons(closed), state("register")) == ({"人"}, (1, 1))
    with pytest.raises(DatabaseError, match=r"archive\.held"), connections["shred"].cursor() as cursor:
        cursor.execute("SELECT archive_shred(%s)", [forged(cases.rows([closed]), "类别", "register")])
    operations.release(hold=held.id, reason="了结", by="person:a", at=NOW + 1)
    thread(MatterKind.DISPUTE, holder, at=NOW + 1, closed=False)
    operations.keep_limits(at=NOW + 2)
    assert reasons(closed, NOW + 2) == {"时效"}


@pytest.mark.parametrize(
    ("scope", "code"),
    [("类别", "matter"), ("类别", "handover"), ("条目", "register"), ("人及登记", "register")],
)
def test_no_register_goes_without_a_plan_of_its_class(holder: UUID, scope: str, code: str) -> None:
    closed = key(account(holder))
    intent = forged(cases.rows([closed]), scope, code)
    with (
        pytest.raises(DatabaseError, match=r"archive\.(not_ours|held)|invalid input syntax for type uuid"),
        connections["shred"].cursor() as cursor,
    ):
        cursor.execute("SELECT archive_shred(%s)", [intent])
    assert Account.objects.get().handle == f"{NAME}1"


EMPTYING = (
    "UPDATE assets_account SET handle = 'x'", "SELECT case_rows_emptied_in_below('{}')",
    "SELECT register_rows_emptied_in_succession('{}')",
)  # fmt: skip


@pytest.mark.parametrize("way", EMPTYING)
@pytest.mark.parametrize("role", ["read", "shred"])
def test_neither_reader_nor_shredder_empties_a_register_by_hand(holder: UUID, role: str, way: str) -> None:
    put(*account(holder))
    with pytest.raises(DatabaseError, match="permission denied"), connections[role].cursor() as cursor:
        cursor.execute(way)


def test_what_was_emptied_is_written_no_more(holder: UUID, owner_sql: Sql) -> None:
    closed, cut = key(account(holder)), key(number(holder))
    run("register")
    told: dict[str, Any] = {"by": BY, "at": NOW + 1}
    refused: list[Callable[[], object]] = [
        lambda: rebinding.rename(account_id=closed, nickname="新", changed_at=NOW, **told),
        lambda: assets.rest_number(number_id=cut, until=NOW + DAY, **told),
        lambda: assets.hand_over(asset_id=cut, to_staff=holder, begins_at=NOW, **told),
    ]
    for act in refused:
        with pytest.raises(AssetEmptied):
            act()
    row = Account.objects.get(asset_id=closed)
    row.nickname = "新"
    with pytest.raises(DatabaseError, match=r"assets\.emptied"), book(at=NOW + 2) as b:
        b.entry("test.write", by=BY, facts={}).revise(row)
    assert codes() == set()
    owner_sql("ALTER TABLE assets_account DISABLE TRIGGER assets_stays_emptied")
    try:
        owner_sql("UPDATE assets_account SET nickname = %s", [NAME])
    finally:
        owner_sql("ALTER TABLE assets_account ENABLE TRIGGER assets_stays_emptied")
    assert "archive.remains_changed" in codes()


def test_a_register_that_was_emptied_by_another_hand_is_named(holder: UUID, owner_sql: Sql) -> None:
    put(*account(holder))
    owner_sql("UPDATE assets_asset SET label = %s", [EMPTIED])
    assert codes() == {"ledger.row_changed"}


def test_a_register_emptied_after_the_backup_does_not_come_back_with_it(
    old: Profile, elsewhere: Profile, tmp_path: Path
) -> None:
    who = staff()
    parties.register_customers([NewCustomer("C1", "某客户")], by=BY, at=LONG_AGO)
    put(*account(who), *group(register.customers_by_no()["C1"].id), *enablement())
    thread(MatterKind.LEAK, who)
    signer.sign_once(old, at=NOW + 1)
    done = backups.backup(old, tmp_path / "copy", at=NOW + 2)
    for n, code in enumerate(("register", "matter", "assessment"), 3):
        run(code, NOW + n)
    signer.sign_once(old, at=NOW + 6)
    backups.export(old, tmp_path / "outside", for_restore=True)
    lose(old, elsewhere)

    back = restored(elsewhere, done.directory, tmp_path / "outside")

    assert (back.clean, back.held_back) == (True, 0)
    assert places(WORDS, elsewhere.home) == set()
    assert findings(elsewhere) == []


@pytest.fixture
def needing(customer: UUID) -> UUID:
    told = [
        (customer, CriterionKind.LANGUAGE, f"{NAME}讲傣语"),
        (customer, CriterionKind.QUALIFICATION, "执业"),
    ]
    record_needs(needs=told, by=BY, at=LONG_AGO)
    record_needs(needs=[(customer, CriterionKind.QUALIFICATION, f"{NAME}要药师")], by=BY, at=LONG_AGO + 1)
    return customer


def test_what_a_customer_needs_goes_with_his_register_and_does_not_come_back(
    needing: UUID, tmp_path: Path
) -> None:
    done = operations.erase_person(person=needing, reason="本人请求", by="person:desk", at=NOW)
    assert (done.rows, places(WORDS, tmp_path), codes()) == (3, set(), set())
    again = [(needing, CriterionKind.LANGUAGE, NAME)]
    assert record_needs(needs=again, by=BY, at=NOW + 1) == 0
    assert set(CustomerNeed.objects.values_list("value", flat=True)) == {None}
    row = CustomerNeed.objects.all()[0]
    row.value = NAME
    with pytest.raises(DatabaseError, match=r"parties\.erased"), book(at=NOW + 2) as b:
        b.entry("test.write", by=BY, facts={}).revise(row)


def test_nobodys_need_goes_with_the_register_of_another(needing: UUID) -> None:
    parties.register_customers([NewCustomer("C2", "又一位")], by=BY, at=LONG_AGO)
    other = register.customers_by_no()["C2"].id
    record_needs(needs=[(other, CriterionKind.LANGUAGE, "壮语")], by=BY, at=LONG_AGO)
    operations.erase_person(person=other, reason="本人请求", by="person:desk", at=NOW)
    assert set(CustomerNeed.objects.filter(customer=needing).values_list("value", flat=True)) == {
        f"{NAME}讲傣语",
        f"{NAME}要药师",
    }


def test_a_request_that_is_open_or_owes_something_stays(holder: UUID) -> None:
    opened, owing = thread(MatterKind.REQUEST, holder, closed=False), thread(MatterKind.LEAK, holder)
    put(duty(owing, holder, state="待办"))
    assert [reasons(one) for one in (opened, owing)] == [{"未结"}] * 2
    assert state("matter") == (0, 0)


def test_an_approval_that_nobody_decided_stays_until_it_runs_out(holder: UUID) -> None:
    asked = approval(holder)[0]
    put(asked)
    assert reasons(UUID(str(asked.pk))) == {"未结"}
    assert state("matter") == (0, 0)


def test_a_note_of_an_enablement_stays_while_anything_is_kept_from_its_time(holder: UUID) -> None:
    allowed = key(enablement())
    keep([sample(1, event_ms=LONG_AGO)])
    assert reasons(allowed) == {"未结"}
    run("chat")
    assert reasons(allowed) == set()


def test_what_is_counted_is_what_a_plan_takes(holder: UUID, customer: UUID) -> None:
    for rows in (account(holder), number(holder), group(customer), alone(holder)):
        put(*rows)
    operations.hold(scope=HoldScope.PERSON, target=str(customer), ground="主张", by="person:a", at=NOW)
    version, classes = retention.policy()
    for one in (c for c in classes if c.cases):
        before = retention._cut(one, at=NOW)
        told: dict[str, Any] = {"policy": version, "today": local_day(NOW)}
        due = cases.due(one, before, 100)
        kept = {reason.paper for reason in cases.kept(due, **told)}
        rows_of = cases.rows([case for case in due if case not in kept])
        assert cases.state(one, before, 100, **told) == (len(due), len(kept), len(rows_of))
        assert cases.free(one, before, 100, **told) == [case for case in due if case not in kept]
