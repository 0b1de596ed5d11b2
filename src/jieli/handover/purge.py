"""审计 → 交接 → 留存 → 清除, in this order and none left out (R3.30); what a claim needs is not destroyed.

The purge: 1. in one transaction the archive's intent to destroy and, on our rows, which destruction it is. From
here on nobody finds the items. 2. The archive destroys and certifies. 3. Our rows say when, and the stage moves on.
A crash between two steps, or a hold placed meanwhile, leaves the case at 已留存 with its destruction named: called
again, it goes on from there.
"""

from uuid import UUID

from django.db.models import Q

from jieli.archive import destruction
from jieli.archive import queries as archive
from jieli.archive.types import HoldScope, ShredScope
from jieli.handover.models import Case
from jieli.handover.models.things import PrivateItem
from jieli.handover.private import private_items, refs
from jieli.handover.reading import locked, ref
from jieli.handover.things_errors import OutOfOrder, PurgeHeld, Unchecked
from jieli.handover.things_types import Decision, Nature, PurgeData, Removal
from jieli.handover.types import CaseRef, Stage
from jieli.ledger.operations import book

#: Each stage and the only one from which it is reached. Closing has operations of its own.
ORDER = {
    Stage.AUDITED: Stage.OPEN,
    Stage.HANDED: Stage.AUDITED,
    Stage.KEPT: Stage.HANDED,
    Stage.PURGED: Stage.KEPT,
}


def check_order(now: Stage, wanted: Stage) -> None:
    """OutOfOrder (handover.out_of_order) unless `wanted` is the very next stage."""
    if ORDER.get(wanted) is not now:
        raise OutOfOrder(
            f"目前处于“{now}”，不能进入“{wanted}”。", remedy="请按 审计、交接、留存、清除 的顺序办理。"
        )


def advance(*, case: UUID, stage: Stage, by: str, at: int) -> CaseRef:
    """The next of 已审计, 已交接, 已留存. Purging is `purge`, closing has its own operations: both are refused here.

    handover.out_of_order, handover.unknown, handover.closed.
    """
    with book(at=at) as b:
        row = locked(case)
        check_order(Stage(row.stage), stage)
        if stage is Stage.PURGED:
            raise OutOfOrder("清除要逐项核对，不能直接改为已清除。", remedy="请执行清除。")
        row.stage = stage.value
        facts = {"case": str(case), "stage": stage.name.lower()}
        b.entry("handover.advance", by=by, facts=facts).revise(row)
    return ref(row, row.matter.number)


def purge(*, case: UUID, by: str, at: int) -> PurgeData:
    """Destroy what is private, marked, checked and to go; then 已清除. Answers what the certificate prints.

    Nothing but conversations that the person listed and that proved private is destroyed in the archive. Codes:
    handover.out_of_order, handover.private_open for a thing unchecked, in dispute or (outside the archive) not
    gone yet, handover.purge_held and archive.held where somebody's claim stands in the way: then nothing goes.
    """
    shred = _intend(case, by=by, at=at)
    if shred is not None:
        destruction.finish(shred, by=by, at=at)
    with book(at=at) as b:
        row = locked(case)
        check_order(Stage(row.stage), Stage.PURGED)
        _check_claims(row)
        _check_items(case)
        gone = list(PrivateItem.objects.select_for_update().filter(_in_archive(row), shred__isnull=False))
        for item in gone:
            item.removal, item.removed_at, item.removed_by = Removal.SHREDDED.value, at, by
        row.stage = Stage.PURGED.value
        facts = {"case": str(case), "destroyed": len(gone)}
        b.entry("handover.purge", by=by, facts=facts).revise(*gone, row)
    return purge_data(case)


def _intend(case: UUID, *, by: str, at: int) -> UUID | None:
    """The destruction of this case's private conversations: the one begun before, or a new one, or none needed."""
    row = Case.objects.filter(id=case).first()
    if row is not None and Stage(row.stage) is Stage.KEPT and not _unnamed(row):
        return PrivateItem.objects.filter(_in_archive(row)).values_list("shred", flat=True).first()
    with book(at=at) as b:
        row = locked(case)
        check_order(Stage(row.stage), Stage.PURGED)
        _check_claims(row)
        _check_items(case)
        wanted = list(PrivateItem.objects.select_for_update().filter(_in_archive(row), shred__isnull=True))
        living = _living([item.conversation for item in wanted if item.conversation is not None])
        # Destroyed before, by a request of the person's own: gone is gone.
        shred = _destroy(row, living, by=by, at=at) if living else None
        for item in wanted:
            item.shred = shred
            if shred is None:
                item.removal, item.removed_at, item.removed_by = Removal.SHREDDED.value, at, by
        facts = {"case": str(case), "conversations": len(wanted), "items": len(living)}
        b.entry("handover.intend_purge", by=by, facts=facts).revise(*wanted)
    return shred


def _destroy(row: Case, items: list[int], *, by: str, at: int) -> UUID:
    return destruction.intend(
        items=items, scope=ShredScope.OWN, target=str(row.staff_id), by=by, at=at, matter=row.matter_id,
        reason=f"离职清除本人私人内容（{row.matter.number}）",
    )  # fmt: skip


def _in_archive(row: Case) -> Q:
    return Q(
        case=row, conversation__isnull=False, nature=Nature.PRIVATE.value, removal__isnull=True,
        decision__in=[Decision.DELETE.value, Decision.TAKE_AND_DELETE.value],
    )  # fmt: skip


def _unnamed(row: Case) -> bool:
    """Whether a conversation still waits for its destruction to be named; none at all counts as not."""
    return PrivateItem.objects.filter(_in_archive(row), shred__isnull=True).exists()


def _living(conversations: list[int]) -> list[int]:
    return [
        item.item_id
        for conversation in conversations
        for item in archive.items_of_conversation(conversation)
        if not item.tombstoned
    ]


def _check_claims(row: Case) -> None:
    """A claim of the person, or one in this matter, stops the whole purge: also what is not in the archive."""
    standing = [
        hold
        for hold in archive.holds()
        if hold.released_at is None
        and (
            hold.matter == row.matter_id
            or (hold.scope is HoldScope.PERSON and hold.target == str(row.staff_id))
        )
    ]
    if standing:
        raise PurgeHeld(
            f"有 {len(standing)} 项保全请求，清除已停止。", remedy="请先由提出保全的人解除，或等其期限届满。"
        )


def _check_items(case: UUID) -> None:
    items = private_items(case)
    unchecked = [i for i in items if i.nature is None or i.nature is Nature.DISPUTED]
    if unchecked:
        raise Unchecked(f"有 {len(unchecked)} 项私人内容未核对或有争议。", remedy="请先核对，或办完争议。")
    left = [i for i in items if i.to_remove and i.removal is None and i.conversation is None]
    if left:
        raise Unchecked(f"有 {len(left)} 项私人内容尚未从设备或云端清除。", remedy="请清除后登记方式与凭证。")


def purge_data(case: UUID) -> PurgeData:
    """What 《数据清除证明》 says, at any time: before the purge it shows what would stay."""
    row = Case.objects.select_related("matter").get(id=case)
    items = refs(Q(case_id=case))
    shred = next((i.shred for i in items if i.shred is not None), None)
    standing = archive.holds(matter=row.matter_id)
    passed = [stage for stage in ORDER if _reached(Stage(row.stage), stage)]
    return PurgeData(
        before=tuple(stage.value for stage in passed if stage is not Stage.PURGED),
        removed=tuple(i for i in items if i.removal is not None),
        kept=tuple(i for i in items if i.removal is None),
        holds=tuple(f"{h.scope.value} {h.ground}" for h in standing if h.released_at is None),
        certificate=archive.certificate(shred) if shred is not None else None,
    )


def _reached(now: Stage, stage: Stage) -> bool:
    """Whether a case has passed a stage; a noted closing passes none that it did not stand in."""
    order = [Stage.OPEN, *ORDER]
    if now is Stage.CLOSED:
        return True
    return now in order and order.index(stage) <= order.index(now)
