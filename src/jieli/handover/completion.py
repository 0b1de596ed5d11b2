"""What is missing: for 完成 (R0.23, R0.47), for closing (R0.32), for closing with a note; and who must act."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jieli.duties import queries as duties
from jieli.duties.types import DutyRef, DutyState, Side
from jieli.handover.duty_table import SEVERANCE, code_of
from jieli.handover.lists import lists_of
from jieli.handover.models import Attempt, CasePaper, FollowUp, Objection, Promise, SnapshotLine
from jieli.handover.types import (
    CaseRef,
    Completion,
    Confirmation,
    HandList,
    ItemState,
    LeavingReason,
    LineClass,
    Missing,
    Role,
    Stage,
)
from jieli.papers import queries as papers

#: Tries to reach a leaver before a case may end without his answer; who must have watched without him.
ATTEMPTS, WITNESSES = 3, 2
HR, RECEIVER, SUPERVISOR, LEAVER = "人力", "接收人", "监交人", "移交人"
_NOT_BACK = (ItemState.WAITING, ItemState.OVERDUE)
_ABSENT = (LeavingReason.MISSING, LeavingReason.DEATH)


@dataclass(slots=True)
class _Sides:
    company: list[Missing] = field(default_factory=list)
    staff: list[Missing] = field(default_factory=list)
    sender: list[Missing] = field(default_factory=list)


def completions(
    cases: Sequence[CaseRef],
    *,
    at: int,
    lists: dict[UUID, tuple[HandList, ...]] | None = None,
    owed: dict[UUID, list[DutyRef]] | None = None,
) -> dict[UUID, Completion]:
    """What each side of each case still owes before the hand-over is 完成; a constant number of queries."""
    found = lists_of(cases, at=at) if lists is None else lists
    laid = duties.of_matters([c.matter for c in cases]) if owed is None else owed
    ids = [c.id for c in cases]
    waiting = list(
        Promise.objects.filter(case_id__in=ids, answer__isnull=True).values_list("case_id", flat=True)
    )
    made: dict[UUID, Completion] = {}
    for case in cases:
        sides = _Sides()
        for one in found[case.id]:
            _of_list(one, sides)
        _of_duties(case, laid[case.matter], sides)
        if case.id in waiting:
            text = f"{waiting.count(case.id)} 项对客户的承诺未书面确认或拒绝"
            sides.company.append(Missing("promise", text, HR))
        made[case.id] = Completion(tuple(sides.company), tuple(sides.staff), tuple(sides.sender))
    return made


def _of_list(one: HandList, sides: _Sides) -> None:
    back = sum(item.state in _NOT_BACK for item in one.items)
    late = max((item.days_late for item in one.items), default=0)
    if back:
        text = f"{one.kind}有 {back} 项未交" + (f"，已逾期 {late} 天" if late else "")
        sides.staff.append(Missing("items", text, LEAVER))
    untested = sum(item.state is ItemState.DELIVERED for item in one.items)
    if untested:
        sides.company.append(Missing("recovery", f"{one.kind}有 {untested} 项已交付未恢复", RECEIVER))
    if not one.papers:
        sides.company.append(Missing("list", f"{one.kind}尚未生成", HR))
        return
    for role in one.unsigned:
        side = sides.staff if role is Role.LEAVER else sides.company
        side.append(Missing("signature", f"{one.kind}缺{role}签署", role.value))


def _of_duties(case: CaseRef, laid: Sequence[DutyRef], sides: _Sides) -> None:
    for duty in laid:
        if duty.state is not DutyState.OPEN:
            continue
        due = f"（{duty.due.day.isoformat()} 到期）" if duty.due else ""
        if duty.owed_by is Side.STAFF:
            sides.staff.append(Missing("duty", f"移交人未履行：{duty.name}{due}", LEAVER))
        elif duty.owed_by is Side.SENDER:
            sides.sender.append(
                Missing("duty", f"派遣单位未履行：{duty.name}{due}", case.sender or "派遣单位")
            )
        # 经济补偿 is paid when the hand-over is done: it waits for 完成, not 完成 for it (LCL-50).
        elif duty.owed_by is Side.COMPANY and not _is_severance(case, duty):
            sides.company.append(Missing("duty", f"公司未履行：{duty.name}{due}", HR))


def _is_severance(case: CaseRef, duty: DutyRef) -> bool:
    return code_of(case.engagement_kind, case.reason, duty.owed_by, duty.name) == SEVERANCE


def lacking_to_close(case: CaseRef, *, at: int, known: Completion | None = None) -> list[Missing]:
    """Everything that stands against an ordinary closing, the company's side first."""
    done = completions([case], at=at)[case.id] if known is None else known
    found = [*done.company, *done.staff]
    if any(d.state is DutyState.OPEN and _is_severance(case, d) for d in duties.of_matter(case.matter)):
        found.append(Missing("severance", "经济补偿未支付，也未注明不适用", HR))
    if case.stage is not Stage.PURGED:
        found.append(Missing("stage", f"目前处于“{case.stage}”，私人内容尚未清除", HR))
    unanswered = Objection.objects.filter(case_id=case.id, answered_on__isnull=True).count()
    if unanswered:
        found.append(Missing("objection", f"{unanswered} 项异议未答复", HR))
    return [*found, *_of_follow_up(case)]


def _of_follow_up(case: CaseRef) -> list[Missing]:
    """Each question by its newest answer; no account, no question about one."""
    answers = FollowUp.objects.filter(case_id=case.id).order_by("visited_on", "id")
    newest = dict(answers.values_list("asked", "confirmed"))
    asked = list(Confirmation)
    if not SnapshotLine.objects.filter(case_id=case.id, cls=LineClass.ACCOUNT.value).exists():
        asked.remove(Confirmation.ACCOUNT)
    return [Missing("follow_up", f"回访未确认：{q}", HR) for q in asked if not newest.get(q.value)]


def lacking_to_note(case: CaseRef, *, at: int) -> list[Missing]:
    """Everything that stands against closing with a note: proof of delivery, tries, witnesses, our own duties."""
    found = []
    carried = list(CasePaper.objects.filter(case_id=case.id).values_list("paper", flat=True))
    delivered = papers.deliveries(carried)
    if not any(result.proof for some in delivered.values() for d in some for result in d.results):
        found.append(Missing("delivery", "没有附凭证的送达结果", HR))
    tries = list(Attempt.objects.filter(case_id=case.id))
    if len(tries) < ATTEMPTS:
        found.append(Missing("attempts", f"联系移交人 {len(tries)} 次，不足 {ATTEMPTS} 次", HR))
    if case.reason in _ABSENT:
        refused = papers.refusals(carried)
        names = {name for t in tries for name in t.witnesses}
        names |= {name for some in refused.values() for r in some for name in r.witnesses}
        if len(names) < WITNESSES:
            found.append(Missing("witnesses", f"见证人 {len(names)} 名，不足 {WITNESSES} 名", HR))
    own = completions([case], at=at)[case.id].company
    return [*found, *(m for m in own if m.code == "duty")]
