"""Tables of the assets room. An account, number, device or group has the id of its asset.

All are `basis`: the gate asks who held an account at an instant, and in which state it was, so writing waits for
imports that have looked.
"""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Deferrable, Q

from jieli.assets.types import (
    AccountState,
    AccountType,
    Alert,
    AssetKind,
    ChangeOf,
    Controller,
    GroupKind,
    HolderKind,
    Right,
    Side,
)
from jieli.ledger.tables import Kind, Row, one_of, sealed
from jieli.parties.models import Customer, LegalEntity, Staff

_PROTECT = models.PROTECT


def _no_overlap(name: str, *columns: str) -> ExclusionConstraint:
    """At most one row for these columns at any instant; judged when a statement ends, not row by row."""
    same = [(column, RangeOperators.EQUAL) for column in columns]
    return ExclusionConstraint(
        name=name, expressions=[*same, ("during", RangeOperators.OVERLAPS)], deferrable=Deferrable.IMMEDIATE
    )


class Asset(Row):
    """A thing that is handed out and comes back. `label` is its name on a list: platform and handle, number."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    kind = sealed(models.TextField())
    label = sealed(models.TextField(), personal=True)

    class Meta:
        db_table = "assets_asset"
        constraints = [one_of("assets_asset_kind", "kind", AssetKind)]


class Account(Row):
    """An account on a platform (R0.10, R0.45): its bound number and mailbox, in whose real name, in which state."""

    table_kind = Kind.REVISE
    basis = True
    asset = sealed(models.OneToOneField(Asset, primary_key=True, on_delete=_PROTECT))
    platform = sealed(models.TextField())
    handle = sealed(models.TextField(), personal=True)
    type = sealed(models.TextField())
    entity = sealed(models.ForeignKey(LegalEntity, on_delete=_PROTECT))
    nickname = sealed(models.TextField(null=True), personal=True)
    number = sealed(models.TextField(null=True), personal=True)
    mailbox = sealed(models.TextField(null=True), personal=True)
    real_name = sealed(models.TextField(null=True), personal=True)
    registered_by = sealed(models.TextField(null=True))
    registered_on = sealed(models.DateField(null=True))
    dedicated = sealed(models.BooleanField(null=True))
    state = sealed(models.TextField())

    class Meta:
        db_table = "assets_account"
        constraints = [
            models.UniqueConstraint(fields=["platform", "handle"], name="assets_account_once"),
            one_of("assets_account_type", "type", AccountType),
            one_of("assets_account_state", "state", AccountState),
            one_of("assets_account_registered_by", "registered_by", Side, null=True),
        ]


class AccountChange(Row):
    """What an account is bound to or called became something else (R0.10): when, by whom, and by whose leave.

    `approval` was in force when it was entered; `permission` is a paper that was shown afterwards (W10).
    """

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    account = sealed(models.ForeignKey(Account, on_delete=_PROTECT))
    what = sealed(models.TextField())
    before = sealed(models.TextField(null=True), personal=True)
    after = sealed(models.TextField(null=True), personal=True)
    changed_at = sealed(models.BigIntegerField())
    changed_by = sealed(models.ForeignKey(Staff, null=True, on_delete=_PROTECT))
    approval = sealed(models.UUIDField(null=True))
    alert = sealed(models.TextField(null=True))
    permission = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "assets_account_change"
        constraints = [
            one_of("assets_account_change_what", "what", ChangeOf),
            one_of("assets_account_change_alert", "alert", Alert, null=True),
            models.CheckConstraint(
                condition=Q(alert__isnull=True) | Q(approval__isnull=True),
                name="assets_account_change_approved",
            ),
        ]


class Acknowledgement(Row):
    """A holder signed 工作账号不是个人财产 (R0.48); `signed_at` is claimed, the entry says when we knew."""

    table_kind = Kind.APPEND
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    account = sealed(models.ForeignKey(Account, on_delete=_PROTECT))
    staff = sealed(models.ForeignKey(Staff, on_delete=_PROTECT))
    paper = sealed(models.UUIDField())
    signed_at = sealed(models.BigIntegerField())

    class Meta:
        db_table = "assets_acknowledgement"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "staff", "paper", "signed_at"], name="assets_acknowledgement_once"
            ),
        ]


class Number(Row):
    """A telephone number, in whose real name the carrier keeps it (R0.9), and until when it rests after a cut."""

    table_kind = Kind.REVISE
    basis = True
    asset = sealed(models.OneToOneField(Asset, primary_key=True, on_delete=_PROTECT))
    number = sealed(models.TextField(unique=True), personal=True)
    carrier_holder = sealed(models.TextField())
    payer = sealed(models.TextField(null=True))
    iccid = sealed(models.TextField(null=True), personal=True)
    rests_until = sealed(models.BigIntegerField(null=True))

    class Meta:
        db_table = "assets_number"
        constraints = [
            one_of("assets_number_holder", "carrier_holder", Side),
            one_of("assets_number_payer", "payer", Side, null=True),
        ]


class Device(Row):
    """A phone or other device, by IMEI, or by serial number where it has none."""

    table_kind = Kind.REVISE
    basis = True
    asset = sealed(models.OneToOneField(Asset, primary_key=True, on_delete=_PROTECT))
    imei = sealed(models.TextField(unique=True))
    model = sealed(models.TextField())
    serial = sealed(models.TextField(null=True))

    class Meta:
        db_table = "assets_device"


class Group(Row):
    """A chat group (R1.6)."""

    table_kind = Kind.REVISE
    basis = True
    asset = sealed(models.OneToOneField(Asset, primary_key=True, on_delete=_PROTECT))
    platform = sealed(models.TextField())
    room = sealed(models.TextField())
    name = sealed(models.TextField(null=True), personal=True)
    kind = sealed(models.TextField())
    owner_account = sealed(models.ForeignKey(Account, null=True, on_delete=_PROTECT))

    class Meta:
        db_table = "assets_group"
        constraints = [
            models.UniqueConstraint(fields=["platform", "room"], name="assets_group_once"),
            one_of("assets_group_kind", "kind", GroupKind),
        ]


class GroupMember(Row):
    """Who was in a group, from when to when, under the id that stands in its messages."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    group = sealed(models.ForeignKey(Group, on_delete=_PROTECT))
    external_id = sealed(models.TextField(), personal=True)
    account = sealed(models.ForeignKey(Account, null=True, on_delete=_PROTECT))
    customer = sealed(models.ForeignKey(Customer, null=True, on_delete=_PROTECT))
    during = sealed(DateTimeRangeField())

    class Meta:
        db_table = "assets_group_member"
        constraints = [
            _no_overlap("assets_member_once", "group", "external_id"),
            models.CheckConstraint(
                condition=Q(account__isnull=True) | Q(customer__isnull=True), name="assets_member_one_side"
            ),
            models.CheckConstraint(condition=Q(during__isempty=False), name="assets_member_not_empty"),
        ]


class Holding(Row):
    """One responsible holder for one stretch of time; the store is one of them. Corrections are revisions."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    asset = sealed(models.ForeignKey(Asset, on_delete=_PROTECT))
    holder_kind = sealed(models.TextField())
    staff = sealed(models.ForeignKey(Staff, null=True, on_delete=_PROTECT))
    during = sealed(DateTimeRangeField())
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "assets_holding"
        constraints = [
            _no_overlap("assets_holding_one_at_a_time", "asset"),
            models.CheckConstraint(
                condition=Q(holder_kind=HolderKind.STAFF.value, staff__isnull=False)
                | Q(holder_kind=HolderKind.STORE.value, staff__isnull=True),
                name="assets_holding_names_its_holder",
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="assets_holding_begins"
            ),
        ]


class Use(Row):
    """Somebody who uses an asset beside its holder (使用人), for a shared back end."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    asset = sealed(models.ForeignKey(Asset, on_delete=_PROTECT))
    staff = sealed(models.ForeignKey(Staff, on_delete=_PROTECT))
    during = sealed(DateTimeRangeField())

    class Meta:
        db_table = "assets_use"
        constraints = [
            _no_overlap("assets_use_once", "asset", "staff"),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="assets_use_begins"
            ),
        ]


class Control(Row):
    """Who holds a right over an asset, from when to when (R0.38)."""

    table_kind = Kind.REVISE
    basis = True
    id = sealed(models.UUIDField(primary_key=True))
    asset = sealed(models.ForeignKey(Asset, on_delete=_PROTECT))
    right = sealed(models.TextField())
    controller = sealed(models.TextField())
    staff = sealed(models.ForeignKey(Staff, null=True, on_delete=_PROTECT))
    during = sealed(DateTimeRangeField())
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "assets_control"
        constraints = [
            _no_overlap("assets_control_one_at_a_time", "asset", "right"),
            one_of("assets_control_right", "right", Right),
            one_of("assets_control_controller", "controller", Controller),
            models.CheckConstraint(
                condition=Q(controller=Controller.STAFF.value, staff__isnull=False)
                | (~Q(controller=Controller.STAFF.value) & Q(staff__isnull=True)),
                name="assets_control_names_staff",
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False, during__lower_inf=False), name="assets_control_begins"
            ),
        ]
