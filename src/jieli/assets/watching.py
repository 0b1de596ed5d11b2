"""What is odd or due about assets, and the register of numbers as people ask for it. No query per row."""

from collections.abc import Collection, Iterable
from uuid import UUID

from jieli.assets.models import Account, AccountChange, Holding, Number
from jieli.assets.queries import assets, holdings_of
from jieli.assets.types import (
    Alert,
    ChangeOf,
    ChangeRef,
    HolderKind,
    HoldingSpan,
    NumberRef,
    Side,
    Unreturned,
)
from jieli.kernel.times import from_ms, local_day
from jieli.law.verdicts import Fact, Period, ProofState, StatedBy
from jieli.ledger.queries import first_recorded
from jieli.parties.queries import staff


def changes_of(account_ids: Collection[UUID]) -> dict[UUID, list[ChangeRef]]:
    """Every rebind and rename of these accounts, oldest first (R0.10)."""
    found: dict[UUID, list[ChangeRef]] = {key: [] for key in account_ids}
    for ref in _changes(AccountChange.objects.filter(account_id__in=account_ids)):
        found[ref.account_id].append(ref)
    return found


def alerts(at: int) -> list[ChangeRef]:
    """Rebinds up to `at` that nobody approved and nobody explained, the newest first.

    One that was undone (the account is bound to another number again) no longer warns; its row stays.
    """
    standing = AccountChange.objects.filter(alert__isnull=False, permission__isnull=True, changed_at__lte=at)
    refs = list(_changes(standing))
    accounts = Account.objects.filter(asset_id__in={r.account_id for r in refs})
    now = dict(accounts.values_list("asset_id", "number"))
    return [ref for ref in reversed(refs) if now[ref.account_id] == ref.after]


def _changes(rows: Iterable[AccountChange]) -> Iterable[ChangeRef]:
    for r in sorted(rows, key=lambda row: (row.changed_at, row.pk)):
        yield ChangeRef(
            r.pk, r.account_id, ChangeOf(r.what), r.before, r.after, r.changed_at, r.changed_by_id, r.approval,
            Alert(r.alert) if r.alert else None, r.permission,
        )  # fmt: skip


def rebind_facts(account_id: UUID) -> list[Fact]:
    """The rebinds of an account as facts (W10): without leave, whoever did it has to prove that he had it.

    `value` is 无批准, 有批准 or 事后提交许可; each rests on its entry in the book.
    """
    refs = [r for r in changes_of([account_id])[account_id] if r.what is ChangeOf.NUMBER]
    recorded = first_recorded("assets_account_change", [r.id for r in refs])
    return [
        Fact(
            id=str(ref.id), key="account.rebound", value=_leave(ref), stated_by=StatedBy.COMPANY,
            proof=ProofState.PROVED if ref.approval else ProofState.CLAIMED,
            event=Period.of_day(local_day(ref.changed_at)), recorded=recorded[str(ref.id)].time,
            exhibits=tuple(str(p) for p in (ref.approval, ref.permission) if p),
            note=ref.alert.value if ref.alert else "",
        )
        for ref in refs
    ]  # fmt: skip


def _leave(ref: ChangeRef) -> str:
    if ref.approval is not None:
        return "有批准"
    return "无批准" if ref.permission is None else "事后提交许可"


def numbers(*, at: int) -> list[NumberRef]:
    """The register of numbers at an instant (R0.9), by number. Two queries."""
    rows = list(Number.objects.order_by("number"))
    spans = holdings_of([row.pk for row in rows])
    return [_number(row, [s for s in spans[row.pk] if s.from_ms <= at], at) for row in rows]


def _number(row: Number, spans: list[HoldingSpan], at: int) -> NumberRef:
    now = next((s for s in spans if s.holds(at)), None)
    ended = [s.to_ms for s in spans if s.staff_id and s.to_ms is not None and s.to_ms <= at]
    return NumberRef(
        row.pk, row.number, Side(row.carrier_holder), Side(row.payer) if row.payer else None, row.iccid,
        now.staff_id if now else None, now.from_ms if now else None, now.paper if now else None,
        max(ended) if ended and (now is None or now.staff_id is None) else None,
    )  # fmt: skip


def resting(number_ids: Collection[UUID]) -> dict[UUID, int | None]:
    """Until when each number rests after it was cut; None for one that does not."""
    return dict(Number.objects.filter(asset_id__in=number_ids).values_list("asset_id", "rests_until"))


def unreturned(*, at: int) -> list[Unreturned]:
    """Everything that is still with somebody who left: 逾期未交回 from the day after his last one (R0.12)."""
    rows = Holding.objects.filter(
        holder_kind=HolderKind.STAFF.value, during__contains=from_ms(at), staff__left_on__lt=local_day(at)
    )
    held = list(rows.values_list("asset_id", "staff_id"))
    refs, people = assets([a for a, _ in held]), staff({s for _, s in held})
    found = []
    for asset, who in held:
        left_on = people[who].left_on
        if left_on is not None:
            found.append(Unreturned(refs[asset], who, left_on, (local_day(at) - left_on).days))
    return sorted(found, key=lambda u: (-u.days, u.asset.kind, u.asset.label))
