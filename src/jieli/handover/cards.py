"""Steps of a card, tried one by one; the newest try of a step counts. What every card of a leaving shares."""

from collections.abc import Collection
from uuid import UUID

from jieli.handover.errors import NotInCase
from jieli.handover.models import Case, SnapshotLine
from jieli.handover.models.things import StepRecord
from jieli.handover.reading import locked
from jieli.handover.things_errors import NoProof
from jieli.handover.things_types import STEPS, Card, Progress, Step, StepRef, StepResult
from jieli.handover.types import LineClass
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book


def in_case(row: Case, subject: UUID, cls: LineClass) -> None:
    """NotInCase (handover.not_in_case) unless the case's snapshot lists this account, number or device."""
    if not SnapshotLine.objects.filter(case=row, cls=cls.value, subject=subject).exists():
        raise NotInCase(f"该{cls.value}不在这件离职的清单上。", remedy="请按清单选择。")


def record(
    *,
    case: UUID,
    card: Card,
    cls: LineClass,
    subject: UUID,
    step: Step,
    result: StepResult,
    paper: UUID | None,
    tester: UUID | None,
    tested_at: int,
    reason: str = "",
    by: str,
    at: int,
) -> UUID:
    """A step was tried. A passed one needs its proof (handover.no_proof), one left out needs a reason.

    ValueError where the step is not of that card.
    """
    if not isinstance(step, STEPS[card]):
        raise ValueError(f"{step} is not of the card {card}")
    if result is StepResult.PASSED and paper is None and card is not Card.HELP:
        raise NoProof("该步骤没有照片或凭证。", remedy="请附上照片或截图后再登记通过。")
    if result is StepResult.WAIVED and not reason.strip():
        raise NoProof("免做的步骤没有写明理由。", remedy="请写明理由。")
    if tested_at > at:
        raise NoProof("测试时刻晚于现在。", remedy="请核对时间。")
    with book(at=at) as b:
        row = locked(case)
        in_case(row, subject, cls)
        tries = StepRecord.objects.filter(case=row, card=card.value, subject_id=subject).count()
        made = StepRecord(
            id=new_id(at), case=row, card=card.value, subject_id=subject, n=tries + 1, step=step.value,
            result=result.value, reason=reason.strip() or None, paper=paper, tester=tester, tested_at=tested_at,
        )  # fmt: skip
        facts = {"case": str(case), "card": card.value, "step": step.value, "result": result.value}
        b.entry("handover.record_step", by=by, facts=facts).insert(made)
    return made.id


def progress(case: UUID, card: Card, subjects: Collection[UUID]) -> dict[UUID, Progress]:
    """How far each card is, by what it is about. One query."""
    kind = STEPS[card]
    rows = StepRecord.objects.filter(case_id=case, card=card.value, subject_id__in=list(subjects))
    newest: dict[tuple[UUID, str], StepRef] = {}
    for r in rows.order_by("tested_at", "n"):
        newest[(r.subject_id, r.step)] = StepRef(
            r.id, card, r.subject_id, kind(r.step), StepResult(r.result), r.reason or "", r.paper, r.tester,
            r.tested_at,
        )  # fmt: skip
    found = {}
    for subject in subjects:
        done = tuple(newest[(subject, s.value)] for s in kind if (subject, s.value) in newest)
        settled = {d.step for d in done if d.settled}
        found[subject] = Progress(subject, done, tuple(s for s in kind if s not in settled))
    return found
