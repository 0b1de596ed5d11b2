"""Sheets of the parties room: 法人, 部门, 员工, 用工, 客户, 客户身份, 订单."""

from jieli.connectors.files.tables import TableRow
from jieli.parties import operations as parties
from jieli.parties import queries
from jieli.parties.policy import check_engagement
from jieli.parties.types import (
    CustomerSource,
    NewCustomer,
    NewEngagement,
    NewEntity,
    NewIdentity,
    NewOrder,
    NewStaff,
    NewUnit,
    Outcome,
)
from jieli.wiring.load.rows import Built, Loading, RefusedRow, Rows, find, seen, values


def load_entities(rows: Rows, loading: Loading) -> Outcome:
    """法人.csv"""
    built = rows.build(
        lambda row: NewEntity(row["code"], row["name"], row["uscc"]),
        key=lambda new: new.code,
    )
    return parties.register_entities(values(built), by=loading.by, at=loading.at)


def load_units(rows: Rows, loading: Loading) -> Outcome:
    """部门.csv: a department whose parent is missing or refused, or that stands above itself, is refused too."""
    entities, known = queries.entities_by_code(), set(queries.units_by_code())
    built = rows.build(
        lambda row: NewUnit(
            row["code"], row["name"], find(entities, row["entity"], "entity", "法人"), row["parent"]
        ),
        key=lambda new: new.code,
    )
    kept = _under_good_parents(built, known)
    good = {one.line for one in kept}
    for one in built:
        if one.line not in good:
            rows.refuse(
                one.line, "parent", "load.unknown_reference", "上级部门不存在、未能装载，或互为上下级。",
                "请核对上级部门代码。",
            )  # fmt: skip
    return parties.register_units(values(kept), by=loading.by, at=loading.at)


def _under_good_parents(built: list[Built[NewUnit]], known: set[str]) -> list[Built[NewUnit]]:
    """Rows whose chain of parents leads to the top or to a department that this file does not change."""
    settled = known - {one.value.code for one in built}
    kept: list[Built[NewUnit]] = []
    left = built
    while True:
        ready = [one for one in left if one.value.parent_code is None or one.value.parent_code in settled]
        if not ready:
            return kept
        kept += ready
        settled |= {one.value.code for one in ready}
        left = [one for one in left if one.value.code not in settled]


def load_staff(rows: Rows, loading: Loading) -> Outcome:
    """员工.csv"""
    units = queries.units_by_code()

    def make(row: TableRow) -> NewStaff:
        if row["left_on"] is not None and row["left_on"] < row["joined_on"]:
            raise RefusedRow(
                "left_on", "load.ends_before_it_begins", "离职日期早于入职日期。", "请核对日期。"
            )
        unit = find(units, row["unit"], "unit", "部门")
        return NewStaff(
            row["staff_no"], row["name"], unit, row["post"], row["joined_on"], row["phone"], row["left_on"]
        )

    built = rows.build(make, key=lambda new: new.staff_no)
    return parties.register_staff(values(built), by=loading.by, at=loading.at)


def load_engagements(rows: Rows, loading: Loading) -> Outcome:
    """用工.csv (R0.3)"""
    entities, staff = queries.entities_by_code(), queries.staff_by_no(seen(rows.table, "staff_no"))

    def make(row: TableRow) -> NewEngagement:
        person = find(staff, row["staff_no"], "staff_no", "员工")
        entity = find(entities, row["entity"], "entity", "法人")
        new = NewEngagement(person.id, entity, row["kind"], row["begins_on"], row["ends_on"], row["sender"])
        check_engagement(new)
        return new

    built = rows.build(make, key=lambda new: (new.staff_id, new.entity_id, new.begins_on))
    return parties.register_engagements(values(built), by=loading.by, at=loading.at)


def load_customers(rows: Rows, loading: Loading) -> Outcome:
    """客户.csv: an empty source is 不明 (R0.11)."""
    built = rows.build(
        lambda row: NewCustomer(
            row["customer_no"], row["name"], row["source"] or CustomerSource.UNKNOWN, row["region"],
            row["industry"], bool(row["minor"]), bool(row["health"]), row["phone"],
        ),
        key=lambda new: new.customer_no,
    )  # fmt: skip
    return parties.register_customers(values(built), by=loading.by, at=loading.at)


def load_identities(rows: Rows, loading: Loading) -> Outcome:
    """客户身份.csv"""
    customers = queries.customers_by_no(seen(rows.table, "customer_no"))
    built = rows.build(
        lambda row: NewIdentity(
            find(customers, row["customer_no"], "customer_no", "客户").id, row["platform"], row["external_id"]
        ),
        key=lambda new: (new.platform, new.external_id),
    )
    return parties.register_identities(values(built), by=loading.by, at=loading.at)


def load_orders(rows: Rows, loading: Loading) -> Outcome:
    """订单.csv (R0.5, R0.11)"""
    customers = queries.customers_by_no(seen(rows.table, "customer_no"))
    staff = queries.staff_by_no(seen(rows.table, "staff_no"))

    def make(row: TableRow) -> NewOrder:
        customer = find(customers, row["customer_no"], "customer_no", "客户")
        seller = find(staff, row["staff_no"], "staff_no", "员工").id if row["staff_no"] else None
        money = row["amount"]
        return NewOrder(
            row["order_no"],
            customer.id,
            row["product"],
            money.fen,
            row["ordered_on"],
            seller,
            money.qualifier,
        )

    built = rows.build(make, key=lambda new: new.order_no)
    return parties.register_orders(values(built), by=loading.by, at=loading.at)
