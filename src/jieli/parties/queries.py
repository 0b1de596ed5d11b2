"""Reading the registers. Everything returned is a value; no query per row.

Whoever was erased (ADR 26) is answered by id or number, without a name; a list of all leaves him out.
"""

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from jieli.ledger import plain
from jieli.parties.models import Customer, CustomerIdentity, Engagement, LegalEntity, Order, Staff, Unit
from jieli.parties.types import (
    ERASED,
    CustomerRef,
    CustomerSource,
    EngagementKind,
    EngagementRef,
    OrderRef,
    OrderShare,
    Qualifier,
    StaffRef,
)

_STAFF = ("id", "staff_no", "name", "unit__name", "post", "joined_on", "left_on", "shredded_in")
_CUSTOMER = ("id", "customer_no", "name", "source", "region", "industry", "minor", "health", "shredded_in")


def entities_by_code() -> dict[str, UUID]:
    """Every legal entity's id by its code."""
    return dict(LegalEntity.objects.values_list("code", "id"))


def entity_names() -> list[str]:
    """The full names of the legal entities, by code."""
    return list(LegalEntity.objects.order_by("code").values_list("name", flat=True))


def units_by_code() -> dict[str, UUID]:
    """Every department's id by its code."""
    return dict(Unit.objects.values_list("code", "id"))


def staff_by_no(staff_nos: Collection[str] | None = None) -> dict[str, StaffRef]:
    """Staff by 工号: all but the erased, or those asked for."""
    rows = Staff.objects.values_list(*_STAFF)
    wanted = (
        rows.filter(shredded_in__isnull=True) if staff_nos is None else rows.filter(staff_no__in=staff_nos)
    )
    return {ref.staff_no: ref for ref in map(_staff, wanted)}


def _staff(row: tuple[UUID, str, str | None, str, str, date, date | None, int | None]) -> StaffRef:
    key, number, name, *rest, gone = row
    return StaffRef(key, number, name or ERASED, *rest, erased=gone is not None)  # type: ignore[arg-type,misc]


def staff(ids: Collection[UUID]) -> dict[UUID, StaffRef]:
    """These staff members by id; an unknown id is absent."""
    return {ref.id: ref for ref in map(_staff, Staff.objects.filter(id__in=ids).values_list(*_STAFF))}


def _customer(
    row: tuple[UUID, str, str | None, str, str | None, str | None, bool | None, bool | None, int | None],
) -> CustomerRef:
    key, number, name, source, region, industry, minor, health, gone = row
    return CustomerRef(
        key, number, name or ERASED, CustomerSource(source), region, industry, bool(minor), bool(health),
        erased=gone is not None,
    )  # fmt: skip


def customers_by_no(customer_nos: Collection[str] | None = None) -> dict[str, CustomerRef]:
    """Customers by 客户编号: all but the erased, or those asked for."""
    rows = Customer.objects.values_list(*_CUSTOMER)
    some = (
        rows.filter(shredded_in__isnull=True)
        if customer_nos is None
        else rows.filter(customer_no__in=customer_nos)
    )
    return {ref.customer_no: ref for ref in map(_customer, some)}


def customer(ids: Collection[UUID]) -> dict[UUID, CustomerRef]:
    """These customers by id; an unknown id is absent."""
    found = Customer.objects.filter(id__in=ids).values_list(*_CUSTOMER)
    return {ref.id: ref for ref in map(_customer, found)}


def named(word: str) -> list[StaffRef | CustomerRef]:
    """Whoever a word is the 工号, the 客户编号 or the id of, the erased too; several where it means more than one."""
    found: dict[UUID, StaffRef | CustomerRef] = {ref.id: ref for ref in staff_by_no([word]).values()}
    found.update({ref.id: ref for ref in customers_by_no([word]).values()})
    try:
        key = UUID(word)
    except ValueError:
        return list(found.values())
    found.update(staff([key]))
    found.update(customer([key]))
    return list(found.values())


def phones(customer_ids: Collection[UUID]) -> dict[UUID, str]:
    """The telephone number of each of these customers that has one: only for telling him something."""
    found = Customer.objects.filter(id__in=customer_ids, phone__isnull=False)
    return {key: phone for key, phone in found.values_list("id", "phone") if phone}


def identities(platform: str, external_ids: Collection[str] | None = None) -> dict[str, UUID]:
    """The customer behind each id of a platform: all of them, or those asked for."""
    found = CustomerIdentity.objects.filter(platform=platform, shredded_in__isnull=True)
    if external_ids is not None:
        found = found.filter(external_id__in=external_ids)
    return {str(who): customer for who, customer in found.values_list("external_id", "customer_id")}


#: Past the ORM: an import asks these for some thousand people.
_EXTERNAL_IDS = """
SELECT external_id FROM parties_customer_identity WHERE platform = $1 AND external_id IS NOT NULL LIMIT $2
"""
_IDENTITIES = """
SELECT i.external_id, i.id, i.customer_id, c.minor FROM parties_customer_identity i
JOIN parties_customer c ON c.id = i.customer_id WHERE i.platform = $1 AND i.external_id = ANY($2::text[])
"""


def external_ids(platform: str, *, at_most: int) -> set[str] | None:
    """Every id by which a platform names a customer; None where there are more than `at_most`."""
    ids = {who for (who,) in plain.rows(_EXTERNAL_IDS, [platform, at_most + 1])}
    return None if len(ids) > at_most else ids


def identity_rows(platform: str, external_ids: Collection[str]) -> dict[str, tuple[UUID, UUID, bool]]:
    """What a basis rests on, for each id of a platform: the register row's own id, the customer, whether a minor."""
    rows = plain.rows(_IDENTITIES, [platform, list(external_ids)])
    return {who: (row, customer, bool(minor)) for who, row, customer, minor in rows}


def identities_of(customer_ids: Collection[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """Platform and id there of each customer, in a fixed order."""
    found: dict[UUID, list[tuple[str, str]]] = {key: [] for key in customer_ids}
    living = CustomerIdentity.objects.filter(customer_id__in=customer_ids, shredded_in__isnull=True)
    rows = living.order_by("platform", "external_id")
    for key, platform, external_id in rows.values_list("customer_id", "platform", "external_id"):
        found[key].append((platform, str(external_id)))
    return found


def engagements(staff_ids: Collection[UUID]) -> dict[UUID, list[EngagementRef]]:
    """The engagements of each staff member, oldest first (R0.3)."""
    found: dict[UUID, list[EngagementRef]] = {key: [] for key in staff_ids}
    rows = Engagement.objects.filter(staff_id__in=staff_ids).order_by("begins_on", "id")
    for row in rows.select_related("entity"):
        found[row.staff_id].append(
            EngagementRef(
                row.id, row.staff_id, row.entity_id, row.entity.name, EngagementKind(row.kind),
                row.begins_on, row.ends_on, row.sender,
            )
        )  # fmt: skip
    return found


def orders_of(staff_ids: Collection[UUID]) -> dict[UUID, list[OrderRef]]:
    """The orders of each seller, by number. One query."""
    found: dict[UUID, list[OrderRef]] = {key: [] for key in staff_ids}
    rows = Order.objects.filter(staff_id__in=found).order_by("order_no")
    columns = (
        "staff_id",
        "id",
        "order_no",
        "customer_id",
        "product",
        "amount_fen",
        "qualifier",
        "ordered_on",
    )
    for staff, key, number, customer, product, fen, qualifier, day in rows.values_list(*columns):
        found[staff].append(OrderRef(key, number, customer, product, fen, Qualifier(qualifier), day))
    return found


def order_share(customer_ids: Iterable[UUID]) -> OrderShare:
    """How many of these customers have an order, and which have none and no known source (R0.11)."""
    asked = set(customer_ids)
    tied = set(Order.objects.filter(customer_id__in=asked).values_list("customer_id", flat=True))
    unknown = Customer.objects.filter(id__in=asked - tied, source=CustomerSource.UNKNOWN.value)
    ids = unknown.order_by("customer_no").values_list("id", flat=True)
    return OrderShare(len(asked), len(tied), tuple(ids))


def standing_of(person: UUID) -> list[tuple[str, str]]:
    """(table, id) of the rows in these registers that say who somebody is, those that are not emptied (ADR 26)."""
    found: list[tuple[str, str]] = []
    for model, column in ((Staff, "id"), (Customer, "id"), (CustomerIdentity, "customer_id")):
        rows = model.objects.filter(**{column: person, "shredded_in__isnull": True}).order_by("id")
        found += [(model._meta.db_table, str(key)) for key in rows.values_list("id", flat=True)]
    return found


def erased_customers(ids: Collection[UUID]) -> set[UUID]:
    """Which of these customers were erased."""
    return set(Customer.objects.filter(id__in=ids, shredded_in__isnull=False).values_list("id", flat=True))
