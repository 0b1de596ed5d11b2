"""Registers of persons: natural keys, revisions, and that nothing changed writes nothing."""

import threading
from datetime import date
from uuid import UUID

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from jieli.kernel.ids import new_id
from jieli.ledger.models import Entry
from jieli.ledger.queries import history
from jieli.parties import operations, queries
from jieli.parties.errors import EndsBeforeItBegins, NoSender, UnknownParent
from jieli.parties.policy import HANDOVER_DUTY, check_engagement
from jieli.parties.types import (
    CustomerSource,
    EngagementKind,
    NewCustomer,
    NewEngagement,
    NewEntity,
    NewIdentity,
    NewOrder,
    NewStaff,
    NewUnit,
    OrderShare,
    Outcome,
    Qualifier,
)

NOW = 1_790_000_000_000
BY = "system:test"
JOINED = date(2024, 3, 1)


def _unit() -> UUID:
    operations.register_entities(
        [NewEntity("QH", "青禾教育科技有限公司", "91310000TEST00001X")], by=BY, at=NOW
    )
    entity = queries.entities_by_code()["QH"]
    operations.register_units([NewUnit("QH-KF", "客服部", entity)], by=BY, at=NOW)
    return queries.units_by_code()["QH-KF"]


def _staff(unit: UUID, count: int = 1, post: str = "客服") -> Outcome:
    rows = [NewStaff(f"E{n:05}", f"员工{n}", unit, post, JOINED) for n in range(count)]
    return operations.register_staff(rows, by=BY, at=NOW)


def test_registering_the_same_staff_twice_writes_one_entry_and_changes_nothing(db):
    unit = _unit()
    first = _staff(unit, 3)
    entries = Entry.objects.count()
    second = _staff(unit, 3)
    assert first == Outcome(new=3)
    assert second == Outcome(unchanged=3)
    assert Entry.objects.count() == entries


def test_a_changed_post_is_a_revision_and_the_earlier_post_stays_in_the_ledger(db):
    unit = _unit()
    _staff(unit)
    assert _staff(unit, post="班主任") == Outcome(changed=1)
    found = queries.staff_by_no()["E00000"]
    assert (found.post, found.unit_name, found.joined_on) == ("班主任", "客服部", JOINED)
    assert [v.values["post"] for v in history("parties_staff", str(found.id))] == ["客服", "班主任"]


def test_three_thousand_staff_are_one_entry_and_a_handful_of_queries(db):
    unit = _unit()
    entries = Entry.objects.count()
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert _staff(unit, 3_000) == Outcome(new=3_000)
    assert Entry.objects.count() == entries + 1
    assert Entry.objects.order_by("-index").first().count == 3_001
    assert len(seen) < 25


def test_a_natural_key_twice_in_one_call_is_a_programming_error(db):
    unit = _unit()
    row = NewStaff("E1", "甲", unit, "客服", JOINED)
    with pytest.raises(ValueError, match="twice"):
        operations.register_staff([row, row], by=BY, at=NOW)


def test_of_two_writers_of_the_same_staff_at_once_one_writes_and_the_other_finds_nothing_left(db):
    unit = _unit()
    entries = Entry.objects.count()
    ready, outcomes = threading.Barrier(2), []

    def act() -> None:
        ready.wait(120)
        outcomes.append(_staff(unit, 500))
        connections.close_all()

    threads = [threading.Thread(target=act) for _ in range(2)]
    [t.start() for t in threads]
    [t.join(120) for t in threads]
    assert sorted(o.new for o in outcomes) == [0, 500]
    assert sorted(o.unchanged for o in outcomes) == [0, 500]
    assert Entry.objects.count() == entries + 1


def test_a_department_may_come_before_its_parent_and_not_without_one(db):
    _unit()
    entity = queries.entities_by_code()["QH"]
    rows = [NewUnit("B", "二级", entity, "A"), NewUnit("A", "一级", entity, "QH-KF")]
    assert operations.register_units(rows, by=BY, at=NOW) == Outcome(new=2)
    assert operations.register_units(rows, by=BY, at=NOW) == Outcome(unchanged=2)
    with pytest.raises(UnknownParent):
        operations.register_units([NewUnit("C", "孤儿", entity, "ZZ")], by=BY, at=NOW)


def test_staff_and_customers_are_found_by_id_and_unknown_ids_are_absent(db):
    _staff(_unit(), 2)
    operations.register_customers([NewCustomer("C1", "学员一", minor=True)], by=BY, at=NOW)
    one, customer = queries.staff_by_no(["E00001"])["E00001"], queries.customers_by_no(["C1"])["C1"]
    assert queries.staff([one.id, new_id(NOW)]) == {one.id: one}
    assert queries.customer([customer.id, new_id(NOW)]) == {customer.id: customer}
    assert (customer.source, customer.minor, customer.health) == (CustomerSource.UNKNOWN, True, False)


def test_an_identity_leads_to_its_customer_and_may_be_corrected_to_another(db):
    operations.register_customers([NewCustomer("C1", "学员一"), NewCustomer("C2", "学员二")], by=BY, at=NOW)
    ids = {number: ref.id for number, ref in queries.customers_by_no().items()}
    operations.register_identities([NewIdentity(ids["C1"], "wecom", "wm_a")], by=BY, at=NOW)
    changed = operations.register_identities([NewIdentity(ids["C2"], "wecom", "wm_a")], by=BY, at=NOW)
    assert changed == Outcome(changed=1)
    assert queries.identities("wecom") == {"wm_a": ids["C2"]}
    assert queries.identities("wecom", ["wm_b"]) == {}
    assert queries.identities_of(ids.values()) == {ids["C1"]: [], ids["C2"]: [("wecom", "wm_a")]}
    [(row, customer, minor)] = queries.identity_rows("wecom", ["wm_a", "wm_b"]).values()
    assert (customer, minor, row != customer) == (ids["C2"], False, True)


def test_engagements_keep_their_kind_and_every_kind_carries_the_duty_to_hand_over(db):
    _staff(_unit(), 2)
    people = queries.staff_by_no()
    entity = queries.entities_by_code()["QH"]
    rows = [
        NewEngagement(people["E00000"].id, entity, EngagementKind.LABOUR, JOINED),
        NewEngagement(
            people["E00001"].id, entity, EngagementKind.DISPATCH, JOINED, sender="远帆劳务派遣有限公司"
        ),
    ]
    assert operations.register_engagements(rows, by=BY, at=NOW) == Outcome(new=2)
    found = queries.engagements([ref.id for ref in people.values()])
    assert [e.kind for ref in people.values() for e in found[ref.id]] == [
        EngagementKind.LABOUR,
        EngagementKind.DISPATCH,
    ]
    assert frozenset(EngagementKind) == HANDOVER_DUTY


def test_a_dispatched_worker_needs_the_firm_that_sends_him():
    row = NewEngagement(new_id(NOW), new_id(NOW), EngagementKind.DISPATCH, JOINED)
    with pytest.raises(NoSender) as caught:
        check_engagement(row)
    assert caught.value.code == "parties.no_sender"


def test_an_engagement_cannot_end_before_it_begins():
    row = NewEngagement(new_id(NOW), new_id(NOW), EngagementKind.LABOUR, JOINED, date(2024, 2, 29))
    with pytest.raises(EndsBeforeItBegins):
        check_engagement(row)


@pytest.mark.req("R0.11")
def test_four_hundred_and_eighty_of_five_hundred_are_tied_to_orders_and_the_others_are_listed(db):
    customers = [NewCustomer(f"C{n:03}", f"学员{n}") for n in range(500)]
    operations.register_customers(customers, by=BY, at=NOW)
    ids = {number: ref.id for number, ref in queries.customers_by_no().items()}
    orders = [
        NewOrder(
            f"D{n:03}", ids[f"C{n:03}"], "网课季度包", 128_000, date(2026, 5, 1), qualifier=Qualifier.NEARLY
        )
        for n in range(480)
    ]
    operations.register_orders(orders, by=BY, at=NOW)
    share = queries.order_share(ids.values())
    assert (share.total, share.with_order, share.percent()) == (500, 480, 96)
    assert share.unknown == tuple(ids[f"C{n:03}"] for n in range(480, 500))
    assert OrderShare(0, 0, ()).percent() == 0
