"""A phone comes back: fifteen steps with their proof, acceptance, and data recovery only on four legs (R3.2, R3.31).

That the phone is the company's opens nothing that is on it: content has permissions of its own.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from jieli.approvals import queries as approvals
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.handover import cards
from jieli.handover.models.things import DataRecovery
from jieli.handover.reading import locked
from jieli.handover.things_errors import CardIncomplete, RecoveryRefused
from jieli.handover.things_types import Card, DeviceStep, Progress, StepResult
from jieli.handover.types import LineClass
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book
from jieli.papers.queries import deliveries

#: How the approval of a data recovery is asked for; its subject is the device.
RECOVERY_KIND = "数据恢复"


def record_device_step(
    *,
    case: UUID,
    device: UUID,
    step: DeviceStep,
    result: StepResult,
    paper: UUID | None = None,
    reason: str = "",
    tester: UUID | None,
    done_at: int,
    by: str,
    at: int,
) -> UUID:
    """One of the fifteen steps: passed with its photograph, failed, or left out (免做) with a reason.

    Errors: handover.no_proof, handover.not_in_case, handover.closed. The last step is `accept_device`'s.
    """
    if step is DeviceStep.ACCEPTED:
        raise ValueError("acceptance is an operation of its own")
    return cards.record(
        case=case, card=Card.DEVICE, cls=LineClass.DEVICE, subject=device, step=step, result=result,
        paper=paper, tester=tester, tested_at=done_at, reason=reason, by=by, at=at,
    )  # fmt: skip


def accept_device(*, case: UUID, device: UUID, paper: UUID, tester: UUID | None, by: str, at: int) -> None:
    """验收入库: every step passed or left out with a reason, and the phone is the store's from now on.

    CardIncomplete (handover.card_incomplete) names what is missing; an activation lock that was not shown to be
    gone is one of these.
    """
    with book(at=at):
        row = locked(case)
        missing = [s for s in progress(case, [device])[device].missing if s is not DeviceStep.ACCEPTED]
        if missing:
            raise CardIncomplete(
                f"设备还不能验收，缺：{missing[0]}等 {len(missing)} 步。",
                remedy="请逐步拍照登记，或写明免做的理由。",
                missing=tuple(s.value for s in missing),
            )
        cards.record(
            case=case, card=Card.DEVICE, cls=LineClass.DEVICE, subject=device, step=DeviceStep.ACCEPTED,
            result=StepResult.PASSED, paper=paper, tester=tester, tested_at=at, by=by, at=at,
        )  # fmt: skip
        span = asset_queries.holder_at(device, at)
        if span is None or span.staff_id == row.staff_id:
            assets.take_back(asset_id=device, begins_at=at, paper=paper, by=by, at=at)


def progress(case: UUID, devices: Collection[UUID]) -> dict[UUID, Progress]:
    """The card of each device."""
    return cards.progress(case, Card.DEVICE, devices)


def start_data_recovery(
    *,
    case: UUID,
    device: UUID,
    notice: UUID | None,
    purpose: str,
    approval: UUID | None,
    witnesses: Sequence[str],
    by: str,
    at: int,
) -> UUID:
    """Begin recovering work data on a returned phone: a processing of its own (R3.31), never of the private part.

    RecoveryRefused (handover.recovery_refused) names all that lacks: a notice delivered to the person before, a
    purpose, an approval in force of kind 数据恢复 for this device, and a witness.
    """
    with book(at=at) as b:
        row = locked(case)
        cards.in_case(row, device, LineClass.DEVICE)
        lacking = {
            "送达本人的告知": _told(notice, row.staff_id, at),
            "目的": bool(purpose.strip()),
            "审批": _approved(approval, device, at),
            "见证人": any(name.strip() for name in witnesses),
        }
        missing = tuple(name for name, there in lacking.items() if not there)
        if missing or notice is None or approval is None:
            raise RecoveryRefused(
                f"不能开始数据恢复，缺：{'、'.join(missing)}。",
                remedy="请另行告知本人、取得审批并安排见证，且只限工作数据。",
                missing=missing,
            )
        made = DataRecovery(
            id=new_id(at), case=row, device_id=device, notice=notice, purpose=purpose.strip(),
            approval=approval, witnesses=[w.strip() for w in witnesses if w.strip()], begun_at=at,
        )  # fmt: skip
        b.entry("handover.data_recovery", by=by, facts={"case": str(case), "device": str(device)}).insert(
            made
        )
    return made.id


def _told(notice: UUID | None, staff: UUID, at: int) -> bool:
    if notice is None:
        return False
    return any(d.to == staff and d.sent_at <= at for d in deliveries([notice]).get(notice, ()))


def _approved(approval: UUID | None, device: UUID, at: int) -> bool:
    found = approvals.approval(approval, at=at) if approval is not None else None
    return found is not None and found.kind == RECOVERY_KIND and found.subject == device
