"""Registers of accounts, numbers, devices and groups, each by its natural key. One entry a call."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

from jieli.assets.models import Account, Asset, Device, Group, Number
from jieli.assets.types import AccountState, AssetKind, NewAccount, NewDevice, NewGroup, NewNumber
from jieli.kernel.times import local_day
from jieli.ledger.tables import Row
from jieli.parties.registers import Wanted, compare, put
from jieli.parties.types import Outcome

SIGN_WITHIN_DAYS = 30


def _values(row: Any, *left_out: str) -> dict[str, Any]:
    return {f.name: getattr(row, f.name) for f in fields(row) if f.name not in left_out}


def _register(
    model: type[Row],
    wanted: list[Wanted],
    *,
    key: Sequence[str],
    kind: AssetKind,
    verb: str,
    by: str,
    at: int,
) -> Outcome:
    before = _asset_of(kind, key)
    return put(lambda: compare(model, wanted, key=key, at=at), kind=verb, by=by, at=at, before=before)


def _asset_of(kind: AssetKind, key: Sequence[str]) -> Callable[[Row], Row]:
    def make(row: Row) -> Row:
        return Asset(pk=row.pk, kind=kind.value, label=" ".join(getattr(row, name) for name in key))

    return make


def register_accounts(
    rows: Sequence[NewAccount], *, by: str, at: int, sign_within_days: int = SIGN_WITHIN_DAYS
) -> Outcome:
    """Accounts by platform and handle (R0.10, R0.45).

    An account that was already worked with becomes 存量待补签, to be signed for within so many days: it can be
    handed over, but nothing is recorded. A new one (`new`) stays 登记 until its holder signed (R0.48). The state
    of an account that is known already is never touched here.
    """
    sign_by = local_day(at) + timedelta(days=sign_within_days)
    fresh: dict[str, Any] = {"state": AccountState.REGISTERED, "sign_by": None}
    stock: dict[str, Any] = {"state": AccountState.UNSIGNED_STOCK, "sign_by": sign_by}
    wanted = [Wanted(_values(row, "new"), fresh if row.new else stock) for row in rows]
    return _register(
        Account, wanted, key=["platform", "handle"], kind=AssetKind.ACCOUNT,
        verb="assets.register_accounts", by=by, at=at,
    )  # fmt: skip


def register_numbers(rows: Sequence[NewNumber], *, by: str, at: int) -> Outcome:
    """Telephone numbers by number, with the carrier's real-name holder (R0.9)."""
    wanted = [Wanted(_values(row)) for row in rows]
    return _register(
        Number, wanted, key=["number"], kind=AssetKind.NUMBER, verb="assets.register_numbers", by=by, at=at
    )


def register_devices(rows: Sequence[NewDevice], *, by: str, at: int) -> Outcome:
    """Devices by IMEI, or by serial number in its place."""
    wanted = [Wanted(_values(row)) for row in rows]
    return _register(
        Device, wanted, key=["imei"], kind=AssetKind.DEVICE, verb="assets.register_devices", by=by, at=at
    )


def register_groups(rows: Sequence[NewGroup], *, by: str, at: int) -> Outcome:
    """Groups by platform and room (R1.6)."""
    wanted = [Wanted(_values(row)) for row in rows]
    return _register(
        Group,
        wanted,
        key=["platform", "room"],
        kind=AssetKind.GROUP,
        verb="assets.register_groups",
        by=by,
        at=at,
    )
