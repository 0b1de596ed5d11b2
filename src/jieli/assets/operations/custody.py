"""Responsibility passes on: one holding is closed and the next opened, in one entry (P6)."""

from collections.abc import Sequence
from uuid import UUID

from jieli.assets import sign_duty
from jieli.assets.errors import AlreadyHolds, NumberResting, UnknownAsset
from jieli.assets.judged import by_the_database, check_not_emptied, holder_overlap
from jieli.assets.models import Account, Asset, Holding, Number
from jieli.assets.policy import (
    after,
    check_holder,
    check_moment,
    check_not_personal,
    check_period,
    event_of_hand_over,
)
from jieli.assets.spans import of_range, to_range
from jieli.assets.types import AccountState, AccountType, HandOver, HolderKind
from jieli.kernel.ids import new_id
from jieli.ledger import locks
from jieli.ledger.operations import book
from jieli.parties.queries import staff


def hand_over(
    *,
    asset_id: UUID,
    to_staff: UUID,
    begins_at: int,
    by: str,
    at: int,
    paper: UUID | None = None,
    present: UUID | None = None,
) -> UUID:
    """Make somebody the responsible holder from `begins_at`; returns the new holding's id.

    What stands at that moment ends there. Name the holding you saw as `present`, so that of two hand-overs
    decided on the same picture the later one is refused (assets.holder_overlap). Other codes:
    assets.unknown_asset, assets.unknown_holder, assets.holder_left, assets.already_holds, assets.not_yet,
    assets.state_refused (a closed account), assets.personal_account, assets.number_resting.
    """
    order = HandOver(asset_id, to_staff, begins_at, paper, present)
    return hand_over_many([order], by=by, at=at)[0]


def take_back(
    *,
    asset_id: UUID,
    begins_at: int,
    by: str,
    at: int,
    paper: UUID | None = None,
    present: UUID | None = None,
) -> UUID:
    """Put an asset into the company's store from `begins_at`; otherwise as `hand_over`."""
    order = HandOver(asset_id, None, begins_at, paper, present)
    return hand_over_many([order], by=by, at=at)[0]


def hand_over_many(orders: Sequence[HandOver], *, by: str, at: int) -> list[UUID]:
    """Hand over or take back several assets as one entry: all of them or none. Ids in the order asked for."""
    for order in orders:
        check_moment(order.begins_at, at=at)
    with by_the_database(), book(at=at) as b:
        locks.change_bases()
        ids = _locked([order.asset_id for order in orders])
        _check_holders([(order.to_staff, order.begins_at) for order in orders])
        standing = _holdings(ids, since=min((o.begins_at for o in orders), default=at))
        closed = [c for o in orders if (c := _closed_by(o, standing[o.asset_id])) is not None]
        opened = [_opened_by(order, at) for order in orders]
        moved = _moved_accounts(orders)
        _check_rested(orders)
        entry = b.entry("assets.hand_over", by=by, facts={"assets": len(orders)})
        # Closed before the next is opened: the constraint would see two holders otherwise.
        entry.revise(*closed)
        entry.insert(*opened)
        entry.revise(*moved)
        # What the former holder was to sign, nobody can sign any more: the next one signs before he uses it.
        sign_duty.drop([a.pk for a in moved], reason="账号已移交或收回", by=by, at=at)
    return [row.pk for row in opened]


def _check_holders(holders: Sequence[tuple[UUID | None, int]]) -> None:
    known = staff({who for who, _ in holders if who is not None})
    for who, begins_at in holders:
        if who is not None:
            check_holder(known.get(who), begins_at)


def _locked(asset_ids: Sequence[UUID]) -> list[UUID]:
    """Lock the assets in one order, so that two hand-overs of the same ones wait and never embrace."""
    found = list(
        Asset.objects.select_for_update().filter(id__in=asset_ids).order_by("id").values_list("id", flat=True)
    )
    if len(found) != len(asset_ids):
        raise UnknownAsset("所选资产中有未登记或重复的。", remedy="请先登记资产，并逐项核对清单。")
    check_not_emptied(found)
    return found


def _holdings(asset_ids: Sequence[UUID], *, since: int) -> dict[UUID, list[Holding]]:
    """What stands at `since` or later: whatever ended before it can be long, and decides nothing here."""
    found: dict[UUID, list[Holding]] = {key: [] for key in asset_ids}
    standing = Holding.objects.filter(asset_id__in=asset_ids, during__overlap=to_range(since, None))
    for row in standing.order_by("during"):
        found[row.asset_id].append(row)
    return found


def _closed_by(order: HandOver, standing: list[Holding]) -> Holding | None:
    """The holding that ends when the order begins, with its new end; none if a gap lies there."""
    present = next((row for row in standing if row.during.upper is None), None)
    if order.present is not None and (present is None or present.pk != order.present):
        raise holder_overlap()
    covering = next((row for row in standing if _covers(row, order.begins_at)), None)
    if covering is None:
        return None
    if covering.staff_id == order.to_staff:
        raise AlreadyHolds("该资产此时已在此处。", remedy="请核对接收人。")
    begins, _ = of_range(covering.during)
    if order.begins_at <= begins:
        raise holder_overlap()
    covering.during = to_range(begins, order.begins_at)
    return covering


def _covers(row: Holding, moment: int) -> bool:
    begins, ends = of_range(row.during)
    return begins <= moment and (ends is None or moment < ends)


def _opened_by(order: HandOver, at: int) -> Holding:
    return Holding(
        pk=new_id(at),
        asset_id=order.asset_id,
        holder_kind=(HolderKind.STAFF if order.to_staff else HolderKind.STORE).value,
        staff_id=order.to_staff,
        during=to_range(order.begins_at, None),
        paper=order.paper,
    )


def _moved_accounts(orders: Sequence[HandOver]) -> list[Account]:
    """The accounts among the assets, in the state that changing hands puts them into."""
    to = {o.asset_id: HolderKind.STAFF if o.to_staff else HolderKind.STORE for o in orders}
    moved = []
    for account in Account.objects.filter(asset_id__in=to):
        check_not_personal(AccountType(account.type))
        state = after(AccountState(account.state), event_of_hand_over(to[account.pk]))
        if state.value != account.state:
            account.state = state.value
            moved.append(account)
    return moved


def _check_rested(orders: Sequence[HandOver]) -> None:
    given = {o.asset_id: o.begins_at for o in orders if o.to_staff is not None}
    resting = Number.objects.filter(asset_id__in=given, rests_until__isnull=False)
    if any(
        until is not None and until > given[key]
        for key, until in resting.values_list("asset_id", "rests_until")
    ):
        raise NumberResting("号码停用后尚在沉淀期，不能再配发。", remedy="请另选号码，或等沉淀期满。")


def rest_number(*, number_id: UUID, until: int, by: str, at: int) -> None:
    """A number was cut at the carrier: nobody gets it before `until`. assets.unknown_asset."""
    with book(at=at) as b:
        locks.change_bases()
        row = Number.objects.select_for_update().filter(asset_id=number_id).first()
        if row is None:
            raise UnknownAsset("号码未登记。", remedy="请先登记号码。")
        check_not_emptied([number_id])
        row.rests_until = until
        b.entry("assets.rest_number", by=by, facts={"number": str(number_id)}).revise(row)


def correct_holding(
    *,
    holding_id: UUID,
    holder_kind: HolderKind,
    staff_id: UUID | None,
    begins_at: int,
    ends_at: int | None,
    by: str,
    at: int,
    paper: UUID | None = None,
) -> None:
    """State an earlier holding anew; what it said before stays in its earlier part, and the entry says when.

    The state of an account is not judged again. assets.holder_overlap where another holding lies there already.
    """
    check_moment(begins_at, at=at)
    check_period(begins_at, ends_at)
    with by_the_database(), book(at=at) as b:
        locks.change_bases()
        row = Holding.objects.select_for_update().filter(id=holding_id).first()
        if row is None:
            raise UnknownAsset("没有这一段持有记录。", remedy="请刷新后重新选择。")
        _check_holders([(staff_id, begins_at)])
        row.holder_kind, row.staff_id = holder_kind.value, staff_id
        row.during, row.paper = to_range(begins_at, ends_at), paper
        entry = b.entry("assets.correct_holding", by=by, facts={"holding": str(holding_id)})
        entry.revise(row)
