"""Tables of the parties room. All are `basis`: who works for whom and who is a customer decides what is recorded.

The row of a person who was erased stays, emptied by the shred role's function, and is never written again (ADR 26).
"""

from django.db import models
from django.db.models import F, Q

from jieli.ledger.tables import Kind, Row, derived, sealed
from jieli.parties.types import CustomerSource, EngagementKind, Qualifier

_PROTECT = models.PROTECT


class LegalEntity(Row):
    """A company of the group, as it stands in the register of companies."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    code = sealed(models.TextField(unique=True))
    name = sealed(models.TextField())
    uscc = sealed(models.TextField())

    class Meta:
        db_table = "parties_legal_entity"


class Unit(Row):
    """A department of an entity."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    code = sealed(models.TextField(unique=True))
    name = sealed(models.TextField())
    entity = sealed(models.ForeignKey(LegalEntity, on_delete=_PROTECT))
    parent = sealed(models.ForeignKey("self", null=True, on_delete=_PROTECT))

    class Meta:
        db_table = "parties_unit"


class Staff(Row):
    """A person who works or worked for the company. Leaving sets a date, never removes the row."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    staff_no = sealed(models.TextField(unique=True))
    name = sealed(models.TextField(null=True), personal=True)
    unit = sealed(models.ForeignKey(Unit, on_delete=_PROTECT))
    post = sealed(models.TextField())
    phone = sealed(models.TextField(null=True), personal=True)
    joined_on = sealed(models.DateField())
    left_on = sealed(models.DateField(null=True))
    shredded_in = derived(models.BigIntegerField(null=True))

    class Meta:
        db_table = "parties_staff"
        constraints = [
            models.CheckConstraint(
                condition=Q(shredded_in__isnull=True, name__isnull=False)
                | Q(shredded_in__isnull=False, name__isnull=True, phone__isnull=True, left_on__isnull=False),
                name="parties_staff_whole_or_shredded",
            ),
            models.CheckConstraint(
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("joined_on")),
                name="parties_staff_leaves_later",
            ),
        ]


class Engagement(Row):
    """On what footing somebody works for an entity, from when to when (R0.3)."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    staff = sealed(models.ForeignKey(Staff, on_delete=_PROTECT))
    entity = sealed(models.ForeignKey(LegalEntity, on_delete=_PROTECT))
    kind = sealed(models.TextField())
    begins_on = sealed(models.DateField())
    ends_on = sealed(models.DateField(null=True))
    sender = sealed(models.TextField(null=True))

    class Meta:
        db_table = "parties_engagement"
        constraints = [
            models.UniqueConstraint(fields=["staff", "entity", "begins_on"], name="parties_engagement_once"),
            models.CheckConstraint(
                condition=Q(kind__in=[k.value for k in EngagementKind]), name="parties_engagement_kind"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("begins_on")),
                name="parties_engagement_ends",
            ),
            models.CheckConstraint(
                condition=~Q(kind=EngagementKind.DISPATCH.value) | Q(sender__isnull=False),
                name="parties_engagement_dispatch_has_sender",
            ),
        ]


class Customer(Row):
    """Somebody the company sells to. `minor` and `health` ask for stricter notice and consent."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    customer_no = sealed(models.TextField(unique=True))
    name = sealed(models.TextField(null=True), personal=True)
    source = sealed(models.TextField())
    region = sealed(models.TextField(null=True))
    industry = sealed(models.TextField(null=True))
    minor = sealed(models.BooleanField(null=True), personal=True)
    health = sealed(models.BooleanField(null=True), personal=True)
    phone = sealed(models.TextField(null=True), personal=True)
    shredded_in = derived(models.BigIntegerField(null=True))

    class Meta:
        db_table = "parties_customer"
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=[s.value for s in CustomerSource]), name="parties_customer_source"
            ),
            models.CheckConstraint(
                condition=Q(
                    shredded_in__isnull=True, name__isnull=False, minor__isnull=False, health__isnull=False
                )
                | Q(
                    shredded_in__isnull=False, name__isnull=True, minor__isnull=True, health__isnull=True,
                    phone__isnull=True, region__isnull=True, industry__isnull=True,
                ),
                name="parties_customer_whole_or_shredded",
            ),
        ]  # fmt: skip


class CustomerIdentity(Row):
    """What a platform calls a customer: the id that stands in its messages."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    customer = sealed(models.ForeignKey(Customer, on_delete=_PROTECT))
    platform = sealed(models.TextField())
    external_id = sealed(models.TextField(null=True), personal=True)
    shredded_in = derived(models.BigIntegerField(null=True))

    class Meta:
        db_table = "parties_customer_identity"
        constraints = [
            models.CheckConstraint(
                condition=Q(shredded_in__isnull=True, external_id__isnull=False)
                | Q(shredded_in__isnull=False, external_id__isnull=True),
                name="parties_identity_whole_or_shredded",
            ),
            models.UniqueConstraint(fields=["platform", "external_id"], name="parties_identity_once"),
        ]


class Order(Row):
    """A purchase, in fen; `qualifier` says how exactly the amount is known (R0.5)."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    order_no = sealed(models.TextField(unique=True))
    customer = sealed(models.ForeignKey(Customer, on_delete=_PROTECT))
    product = sealed(models.TextField())
    amount_fen = sealed(models.BigIntegerField())
    qualifier = sealed(models.TextField())
    ordered_on = sealed(models.DateField())
    staff = sealed(models.ForeignKey(Staff, null=True, on_delete=_PROTECT))

    class Meta:
        db_table = "parties_order"
        constraints = [
            models.CheckConstraint(condition=Q(amount_fen__gte=0), name="parties_order_amount"),
            models.CheckConstraint(
                condition=Q(qualifier__in=[q.value for q in Qualifier]), name="parties_order_qualifier"
            ),
        ]
