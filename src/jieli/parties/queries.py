"""Reading the registers. Everything returned is a value; no query per row."""

from collections.abc import Collection, Iterable
from uuid import UUID

from jieli.parties.models import Customer, CustomerIdentity, Engagement, LegalEntity, Order, Staff, Unit
from jieli.parties.types import (
    CustomerRef,
    CustomerSource,
    EngagementKind,
    EngagementRef,
    OrderRef,
    OrderShare,
    Qualifier,
    StaffRef,
)

_STAFF = ("id", "staff_no", "name", "unit__name", "post", "joined_on", "left_on")
_CUSTOMER = ("id", "customer_no", "name", "source", "region", "industry", "minor", "health")


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
    """Staff by 工号: all, or those asked for."""
    found = Staff.objects.values_list(*_STAFF)
    if staff_nos is not None:
        found = found.filter(staff_no__in=staff_nos)
    return {ref.staff_no: ref for ref in (StaffRef(*row) for row in found)}


def staff(ids: Collection[UUID]) -> dict[UUID, StaffRef]:
    """These staff members by id; an unknown id is absent."""
    return {
        ref.id: ref for ref in (StaffRef(*r) for r in Staff.objects.filter(id__in=ids).values_list(*_STAFF))
    }


def _customer(row: tuple[UUID, str, str, str, str | None, str | None, bool, bool]) -> CustomerRef:
    key, number, name, source, *rest = row
    return CustomerRef(key, number, name, CustomerSource(source), *rest)  # type: ignore[arg-type]


def customers_by_no(customer_nos: Collection[str] | None = None) -> dict[str, CustomerRef]:
    """Customers by 客户编号: all, or those asked for."""
    found = Customer.objects.values_list(*_CUSTOMER)
    if customer_nos is not None:
        found = found.filter(customer_no__in=customer_nos)
    return {ref.customer_no: ref for ref in map(_customer, found)}


def customer(ids: Collection[UUID]) -> dict[UUID, CustomerRef]:
    """These customers by id; an unknown id is absent."""
    found = Customer.objects.filter(id__in=ids).values_list(*_CUSTOMER)
    return {ref.id: ref for ref in map(_customer, found)}


def phones(customer_ids: Collection[UUID]) -> dict[UUID, str]:
    """The telephone number of each of these customers that has one: only for telling him something."""
    found = Customer.objects.filter(id__in=customer_ids, phone__isnull=False)
    return {key: phone for key, phone in found.values_list("id", "phone") if phone}


def identities(platform: str, external_ids: Collection[str] | None = None) -> dict[str, UUID]:
    """The customer behind each id of a platform: all of them, or those asked for."""
    found = CustomerIdentity.objects.filter(platform=platform)
    if external_ids is not None:
        found = found.filter(external_id__in=external_ids)
    return dict(found.values_list("external_id", "customer_id"))


def identity_rows(platform: str, external_ids: Collection[str]) -> dict[str, tuple[UUID, UUID, bool]]:
    """What a basis rests on, for each id of a platform: the register row's own id, the customer, whether a minor."""
    found = CustomerIdentity.objects.filter(platform=platform, external_id__in=external_ids)
    rows = found.values_list("external_id", "id", "customer_id", "customer__minor")
    return {who: (row, customer, minor) for who, row, customer, minor in rows}


def identities_of(customer_ids: Collection[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """Platform and id there of each customer, in a fixed order."""
    found: dict[UUID, list[tuple[str, str]]] = {key: [] for key in customer_ids}
    rows = CustomerIdentity.objects.filter(customer_id__in=customer_ids).order_by("platform", "external_id")
    for key, platform, external_id in rows.values_list("customer_id", "platform", "external_id"):
        found[key].append((platform, external_id))
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
