"""3 to 6 November: audit, hand-over, keeping, purge; receipt, follow-up, report, closed."""

from jieli.duties import queries as duties
from jieli.duties.types import DutyState, Side
from jieli.evidence.receipts import make_receipt
from jieli.handover import operations as handover
from jieli.handover import private as own
from jieli.handover import queries
from jieli.handover.purge import advance, purge
from jieli.handover.types import CaseRef, Confirmation
from jieli.handover.types import Stage as Step
from jieli.kernel.times import HOUR, MINUTE, local_day
from jieli.wiring.demo.leaving import cast
from jieli.wiring.demo.leaving.days import november
from jieli.wiring.demo.leaving.stage import Stage
from jieli.wiring.outside import outside

RECEIPT = "回执.zip"


def play(stage: Stage, case: CaseRef) -> None:
    """In the only order there is; then the two questions, and the end."""
    stage.tell("审计、交接、留存、清除，次序不可颠倒；私人内容清除，出具数据")
    stage.clock.go(november(3, "09:30"))
    for step in (Step.AUDITED, Step.HANDED, Step.KEPT):
        stage.clock.on(HOUR)
        advance(case=case.id, stage=step, by=stage.actor(cast.PEOPLE), at=stage.now)
    stage.clock.on(HOUR)
    gone = purge(case=case.id, by=stage.actor(cast.PEOPLE), at=stage.now)
    stage.facts["purge"] = {
        "before": list(gone.before), "removed": len(gone.removed), "kept": len(gone.kept),
        "remaining": len(own.remaining(case.id)),
    }  # fmt: skip
    stage.issue(case.number, "账号恢复测试记录", "数据清除证明", whose="一")
    _duties(stage, case)
    stage.tell("给移交人本人的签署回执；回访两问；结案")
    _receipt(stage)
    _close(stage, case)
    stage.checkpoint()


def _duties(stage: Stage, case: CaseRef) -> None:
    for duty in duties.of_matter(case.matter):
        if duty.state is DutyState.OPEN and duty.owed_by is Side.COMPANY:
            paper = stage.picture("办理回执", f"{duty.name}办理回执", by=cast.PEOPLE)
            handover.fulfil_duty(
                case=case.id, duty=duty.id, paper=paper, done_on=local_day(stage.now),
                by=stage.actor(cast.PEOPLE), at=stage.now,
            )  # fmt: skip


def _receipt(stage: Stage) -> None:
    """What the leaver takes home: the sheet he signed and the proof that it stands written."""
    paper, signature = stage.facts.pop("_receipt")
    stage.checkpoint()
    made = make_receipt(
        paper=paper, signature=signature, by=stage.person(cast.LEAVER), at=stage.now,
        path=stage.folder / RECEIPT, outside=outside(stage.profile),
    )  # fmt: skip
    stage.facts["receipt"] = {"file": RECEIPT, "bytes": made.size}


def _close(stage: Stage, case: CaseRef) -> None:
    stage.clock.go(november(6, "10:00"))
    for asked, who in ((Confirmation.ACCOUNT, cast.RECEIVER), (Confirmation.CERTIFICATE, cast.LEAVER)):
        handover.follow_up(
            case=case.id, asked=asked, confirmed=True, who=stage.name(who), visitor=stage.name(cast.PEOPLE),
            visited_on=local_day(stage.now), by=stage.actor(cast.PEOPLE), at=stage.now,
        )  # fmt: skip
    stage.issue(case.number, "回访记录", "结案报告", whose="一")
    found = queries.view(case.number, at=stage.now)
    stage.facts["case"] |= {
        "company_missing": [m.text for m in found.completion.company],
        "leaver_missing": [m.text for m in found.completion.staff],
        "papers": len(found.papers),
    }
    stage.clock.on(30 * MINUTE)
    closed = handover.close(case=case.id, by=stage.actor(cast.PEOPLE), at=stage.now)
    stage.facts["case"] |= {"stage": closed.stage.value, "done": int(found.completion.done)}
