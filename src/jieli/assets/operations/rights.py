"""The matrix of rights over an asset (R0.38): changed only by an entry."""

from uuid import UUID

from jieli.assets.errors import PeriodOverlap, UnknownAsset, UnknownHolder
from jieli.assets.judged import by_the_database, check_not_emptied
from jieli.assets.models import Asset, Control
from jieli.assets.policy import check_moment
from jieli.assets.spans import of_range, to_range
from jieli.assets.types import Controller, Right
from jieli.kernel.ids import new_id
from jieli.ledger import locks
from jieli.ledger.operations import book
from jieli.parties.queries import staff


def set_control(
    *,
    asset_id: UUID,
    right: Right,
    controller: Controller,
    staff_id: UUID | None,
    begins_at: int,
    by: str,
    at: int,
    paper: UUID | None = None,
) -> UUID:
    """Say who holds a right from `begins_at`; who held it until then ends there. Returns the id of the span.

    assets.unknown_asset, assets.unknown_holder, assets.not_yet; assets.period_overlap where a later statement
    stands already.
    """
    check_moment(begins_at, at=at)
    with by_the_database(), book(at=at) as b:
        locks.change_bases()
        if not Asset.objects.select_for_update().filter(id=asset_id).exists():
            raise UnknownAsset("资产未登记。", remedy="请先登记资产。")
        check_not_emptied([asset_id])
        if staff_id is not None and not staff([staff_id]):
            raise UnknownHolder("权利人未登记为员工。", remedy="请先登记员工。")
        present = Control.objects.filter(asset_id=asset_id, right=right.value, during__upper_inf=True).first()
        closed = []
        if present is not None:
            begins, _ = of_range(present.during)
            if begins_at <= begins:
                raise PeriodOverlap("该权利已有更晚的登记。", remedy="请核对起始时间。")
            present.during = to_range(begins, begins_at)
            closed = [present]
        opened = Control(
            pk=new_id(at), asset_id=asset_id, right=right.value, controller=controller.value, staff_id=staff_id,
            during=to_range(begins_at, None), paper=paper,
        )  # fmt: skip
        entry = b.entry("assets.set_control", by=by, facts={"asset": str(asset_id), "right": right.value})
        entry.revise(*closed)
        entry.insert(opened)
    return opened.pk
