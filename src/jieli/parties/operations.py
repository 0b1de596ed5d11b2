"""Writing the registers of persons and customers. Each takes many rows and writes one entry."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

from jieli.kernel.ids import new_id
from jieli.ledger.tables import Row
from jieli.parties import models
from jieli.parties.errors import UnknownParent
from jieli.parties.policy import check_engagement
from jieli.parties.queries import erased_customers, units_by_code
from jieli.parties.registers import Changes, Wanted, compare, put
from jieli.parties.types import (
    NewCustomer,
    NewEngagement,
    NewEntity,
    NewIdentity,
    NewOrder,
    NewStaff,
    NewUnit,
    Outcome,
)


def _wanted(rows: Iterable[Any]) -> list[Wanted]:
    return [Wanted({f.name: getattr(row, f.name) for f in fields(row)}) for row in rows]


def _register(
    model: type[Row], rows: Sequence[Any], key: Sequence[str], kind: str, by: str, at: int
) -> Outcome:
    wanted = _wanted(rows)
    return put(lambda: compare(model, wanted, key=key, at=at), kind=kind, by=by, at=at)


def register_entities(rows: Sequence[NewEntity], *, by: str, at: int) -> Outcome:
    """Legal entities by code."""
    return _register(models.LegalEntity, rows, ["code"], "parties.register_entities", by, at)


def register_units(rows: Sequence[NewUnit], *, by: str, at: int) -> Outcome:
    """Departments by code; a parent may stand in the same call, in any order. parties.unknown_parent otherwise."""
    return put(lambda: _compare_units(rows, at), kind="parties.register_units", by=by, at=at)


def _compare_units(rows: Sequence[NewUnit], at: int) -> Changes:
    known = units_by_code()
    ids = {row.code: known.get(row.code) or new_id(at) for row in rows}
    places = {**known, **ids}
    if any(row.parent_code is not None and row.parent_code not in places for row in rows):
        raise UnknownParent("上级部门不存在。", remedy="请先登记上级部门。")
    wanted = [
        Wanted(
            {
                "code": row.code,
                "name": row.name,
                "entity_id": row.entity_id,
                "parent_id": None if row.parent_code is None else places[row.parent_code],
            },
            id=ids[row.code],
        )
        for row in rows
    ]
    return compare(models.Unit, wanted, key=["code"], at=at)


def register_staff(rows: Sequence[NewStaff], *, by: str, at: int) -> Outcome:
    """Staff by 工号. A changed unit, post or date of leaving is a revision."""
    return _register(models.Staff, rows, ["staff_no"], "parties.register_staff", by, at)


def register_engagements(rows: Sequence[NewEngagement], *, by: str, at: int) -> Outcome:
    """Engagements by staff, entity and first day (R0.3). A dispatched one names who sends (parties.no_sender)."""
    for row in rows:
        check_engagement(row)
    key = ["staff_id", "entity_id", "begins_on"]
    return _register(models.Engagement, rows, key, "parties.register_engagements", by, at)


def register_customers(rows: Sequence[NewCustomer], *, by: str, at: int) -> Outcome:
    """Customers by 客户编号 (R0.11)."""
    return _register(models.Customer, rows, ["customer_no"], "parties.register_customers", by, at)


def register_identities(rows: Sequence[NewIdentity], *, by: str, at: int) -> Outcome:
    """What platforms call customers, by platform and id there. An id that moves to another customer is a revision.

    Of an erased customer nothing is registered: such rows are left alone and count as unchanged (ADR 26).
    """
    erased = erased_customers({row.customer_id for row in rows})
    wanted = [row for row in rows if row.customer_id not in erased]
    key = ["platform", "external_id"]
    done = _register(models.CustomerIdentity, wanted, key, "parties.register_identities", by, at)
    return done + Outcome(unchanged=len(rows) - len(wanted))


def register_orders(rows: Sequence[NewOrder], *, by: str, at: int) -> Outcome:
    """Orders by 订单号; amounts in fen with their qualifier (R0.5)."""
    return _register(models.Order, rows, ["order_no"], "parties.register_orders", by, at)
