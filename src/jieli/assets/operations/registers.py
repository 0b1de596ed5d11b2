"""Registers of accounts, numbers, devices and groups, each by its natural key. One entry a call."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

from jieli.assets import sign_duty
from jieli.assets.models import Account, Asset, Device, Group, Number
from jieli.assets.operations.rebinding import note_changes, watched
from jieli.assets.types import AccountState, AssetKind, NewAccount, NewDevice, NewGroup, NewNumber
from jieli.kernel.times import local_day
from jieli.ledger import locks
from jieli.ledger.operations import book
from jieli.ledger.tables import Row
from jieli.parties.registers import Wanted, compare, existing, put
from jieli.parties.types import Outcome

SIGN_WITHIN_DAYS = 30
ACCOUNT_KEY = ("platform", "handle")


class _NothingLeftError(Exception):
    """Another writer did the same work while we waited for the lock: the transaction is given up, empty."""


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

    An account that was already worked with becomes 存量待补签, with a duty to sign for it within so many days: it
    can be handed over, but nothing is recorded. A new one (`new`) stays 登记 until its holder signed (R0.48). The
    state of an account that is known already is never touched here; a number or name that differs is kept as a
    change, an unapproved one as an alert (R0.10).
    """
    wanted = [Wanted(_values(row, "new"), {"state": _first_state(row)}) for row in rows]
    looked = compare(Account, wanted, key=ACCOUNT_KEY, at=at)
    if not looked.new and not looked.changed:
        return looked.outcome()
    try:
        with book(at=at):
            locks.change_bases()
            known = existing(Account, ACCOUNT_KEY, [(row.platform, row.handle) for row in rows])
            before = {row.pk: watched(row) for row in known.values() if isinstance(row, Account)}
            done = _register(
                Account, wanted, key=ACCOUNT_KEY, kind=AssetKind.ACCOUNT, verb="assets.register_accounts",
                by=by, at=at,
            )  # fmt: skip
            if not done.new and not done.changed:
                raise _NothingLeftError
            fresh = {(row.platform, row.handle) for row in rows} - set(known)
            _lay_to_sign(rows, fresh, within=sign_within_days, by=by, at=at)
            note_changes(list(Account.objects.filter(asset_id__in=before)), before, by=by, at=at)
    except _NothingLeftError:
        return Outcome(unchanged=len(rows))
    return done


def _first_state(row: NewAccount) -> AccountState:
    return AccountState.REGISTERED if row.new else AccountState.UNSIGNED_STOCK


def _lay_to_sign(
    rows: Sequence[NewAccount], fresh: set[tuple[str, str]], *, within: int, by: str, at: int
) -> None:
    """Accounts in work that were not known before get the day by which they are to be signed for."""
    keys = [key for row in rows if not row.new and (key := (row.platform, row.handle)) in fresh]
    if keys:
        found = [row.pk for row in existing(Account, ACCOUNT_KEY, keys).values()]
        sign_duty.lay(found, day=local_day(at) + timedelta(days=within), by=by, at=at)


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
