"""What an account is bound to and called, and its past (R0.10); a change without leave is an alert."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from jieli.approvals.queries import approved
from jieli.assets.errors import NoAlert, NotApprovedChange, NothingChanged, UnknownAsset
from jieli.assets.judged import check_not_emptied
from jieli.assets.models import Account, AccountChange, Number
from jieli.assets.policy import check_moment
from jieli.assets.types import Alert, ChangeOf, Side
from jieli.kernel.ids import new_id
from jieli.ledger import locks
from jieli.ledger.operations import book

#: How approvals name what is decided here.
KIND = "账号换绑"

#: Column of an account → how its change is called.
WATCHED = {
    "number": ChangeOf.NUMBER,
    "nickname": ChangeOf.NICKNAME,
    "mailbox": ChangeOf.MAILBOX,
    "real_name": ChangeOf.REAL_NAME,
}


def rebind_digest(account_id: UUID, number: str | None) -> bytes:
    """What an approval of a rebind is given for: this account and this number, nothing else."""
    return sha256(f"{KIND}\n{account_id}\n{number or ''}".encode()).digest()


def rebind(
    *,
    account_id: UUID,
    number: str | None,
    changed_at: int,
    by: str,
    at: int,
    changed_by: UUID | None = None,
    approval: UUID | None = None,
) -> UUID:
    """An account is bound to another number; the id of the change.

    An approval of exactly this (`rebind_digest`) that is in force is found by itself; one that is named must be
    it (assets.approval_unfit). Without one, leaving a company number for one that the company does not keep is
    written down all the same, as an alert: what happened is not undone by refusing to know it.
    assets.unknown_asset, assets.not_yet, assets.nothing_changed.
    """
    return _change(account_id, {"number": number}, changed_at, changed_by, approval, by, at)


def rename(
    *,
    account_id: UUID,
    nickname: str | None,
    changed_at: int,
    by: str,
    at: int,
    changed_by: UUID | None = None,
) -> UUID:
    """An account is called something else on its platform; the id of the change. Errors as `rebind`."""
    return _change(account_id, {"nickname": nickname}, changed_at, changed_by, None, by, at)


def _change(
    account_id: UUID,
    values: Mapping[str, str | None],
    changed_at: int,
    changed_by: UUID | None,
    approval: UUID | None,
    by: str,
    at: int,
) -> UUID:
    check_moment(changed_at, at=at)
    with book(at=at) as b:
        locks.change_bases()
        row = Account.objects.select_for_update().filter(asset_id=account_id).first()
        if row is None:
            raise UnknownAsset("账号未登记。", remedy="请先登记账号。")
        check_not_emptied([account_id])
        before = watched(row)
        for name, value in values.items():
            setattr(row, name, value)
        changed = changes(row, before, changed_at=changed_at, changed_by=changed_by, at=at)
        if not changed:
            raise NothingChanged("账号的这一项没有变化。", remedy="请核对新的号码或昵称。")
        if approval is not None and any(c.approval != approval for c in changed):
            raise NotApprovedChange(
                "所附审批不是针对这次换绑，或已失效。", remedy="请核对审批，或不附审批登记。"
            )
        entry = b.entry(
            "assets.rebind", by=by, facts={"account": str(account_id), "alerts": _alerts(changed)}
        )
        entry.revise(row)
        entry.insert(*changed)
    return changed[0].pk


def watched(row: Account) -> dict[str, Any]:
    """What of an account is watched, as it stands."""
    return {name: getattr(row, name) for name in WATCHED}


def changes(
    row: Account, before: Mapping[str, Any], *, changed_at: int, at: int, changed_by: UUID | None = None
) -> list[AccountChange]:
    """A row for everything watched that differs now, with what speaks for and against it."""
    found = []
    for name, what in WATCHED.items():
        old, new = before[name], getattr(row, name)
        if old == new:
            continue
        approval, alert = None, None
        if what is ChangeOf.NUMBER:
            standing = approved(KIND, row.pk, rebind_digest(row.pk, new), at=at)
            approval = standing.id if standing else None
            alert = Alert.REBOUND.value if approval is None and _leaves_the_company(old, new) else None
        found.append(
            AccountChange(
                pk=new_id(at), account_id=row.pk, what=what.value, before=old, after=new, changed_at=changed_at,
                changed_by_id=changed_by, approval=approval, alert=alert, permission=None,
            )
        )  # fmt: skip
    return found


def _leaves_the_company(old: str | None, new: str | None) -> bool:
    """From a number in the company's name to one that the register does not know as such."""
    ours = Number.objects.filter(carrier_holder=Side.COMPANY.value, number__in=[n for n in (old, new) if n])
    kept = set(ours.values_list("number", flat=True))
    return old in kept and new is not None and new not in kept


def note_changes(
    rows: Sequence[Account], before: Mapping[UUID, Mapping[str, Any]], *, by: str, at: int
) -> None:
    """A register that was loaded anew says something else of these accounts: kept as changes, one entry for all."""
    found = [c for row in rows for c in changes(row, before[row.pk], changed_at=at, at=at)]
    if not found:
        return
    with book(at=at) as b:
        facts = {"changes": len(found), "alerts": _alerts(found)}
        b.entry("assets.account_changes", by=by, facts=facts).insert(*found)


def _alerts(found: Iterable[AccountChange]) -> int:
    return sum(1 for change in found if change.alert is not None)


def show_permission(*, change: UUID, paper: UUID, by: str, at: int) -> None:
    """Whoever changed it shows afterwards that he was allowed to: the alert ends, the change and its past stay."""
    with book(at=at) as b:
        row = AccountChange.objects.select_for_update().filter(id=change).first()
        if row is None or row.alert is None or row.permission is not None:
            raise NoAlert("没有待说明的换绑提醒。", remedy="请刷新后重新选择。")
        row.permission = paper
        b.entry("assets.show_permission", by=by, facts={"change": str(change)}).revise(row)
