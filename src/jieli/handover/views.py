"""One leaving as page and paper show it: both columns of duties, four lists, papers, timeline, what is missing."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from jieli.duties import queries as duties
from jieli.duties.types import DutyRef, DutyState, Side
from jieli.handover.completion import completions, lacking_to_close
from jieli.handover.duty_table import table
from jieli.handover.lists import days_late, lists_of
from jieli.handover.models import (
    Attempt,
    Case,
    CasePaper,
    Commission,
    FollowUp,
    Objection,
    Promise,
    Settlement,
    SnapshotLine,
)
from jieli.handover.reading import refs, unknown
from jieli.handover.shown import CasePaperRef, CaseView, SignatureLine, TimelineStep
from jieli.handover.types import (
    Answer,
    AttemptRef,
    CaseRef,
    CommissionLine,
    Completion,
    Confirmation,
    FollowUpRef,
    LineClass,
    ListKind,
    Missing,
    ObjectionRef,
    Party,
    PromiseLine,
    SettlementLine,
    Statement,
)
from jieli.kernel.times import local_day
from jieli.papers import queries as papers
from jieli.parties import queries as parties
from jieli.parties.types import Qualifier

COMPLETE, LATE = "完成", "逾期"


def view(number: str, *, at: int) -> CaseView:
    """Everything a page or a paper of one leaving needs; NoSuchCase. A constant number of queries."""
    found = refs(Case.objects.select_related("matter").filter(matter__number=number))
    if not found:
        raise unknown()
    case = found[0]
    owed = duties.of_matter(case.matter)
    lists = lists_of([case], at=at)
    done = completions([case], at=at, lists=lists, owed={case.matter: owed})[case.id]
    people = parties.staff([i for i in (case.staff_id, case.receiver, case.supervisor) if i])
    engaged = parties.engagements([case.staff_id])[case.staff_id]
    kept = case_papers(case.id)
    attempts, follow_ups, objections = _attempts(case.id), _follow_ups(case.id), _objections(case.id)
    lacking = [] if not case.open else lacking_to_close(case, at=at, known=done)
    return CaseView(
        case=case,
        staff=people[case.staff_id],
        receiver=people.get(case.receiver) if case.receiver else None,
        supervisor=people.get(case.supervisor) if case.supervisor else None,
        entity=engaged[-1].entity_name if engaged else "",
        route=table().routes[case.engagement_kind],
        snapshot=_counts(case.id),
        company=_of(owed, Side.COMPANY),
        leaver=_of(owed, Side.STAFF),
        sender=_of(owed, Side.SENDER),
        third=_of(owed, Side.THIRD),
        lists=lists[case.id],
        commission=_commission(case.id),
        settlement=_settlement(case.id),
        promises=tuple(promise_line(p) for p in Promise.objects.filter(case_id=case.id).order_by("id")),
        objections=objections,
        attempts=attempts,
        follow_ups=follow_ups,
        papers=kept,
        timeline=_timeline(case, owed, kept, attempts, follow_ups, objections),
        completion=done,
        status=status(case, done, at=at),
        next_step=next_step(case, lacking),
        days_late=days_late(case.last_day, at=at) if case.open and not done.done else 0,
    )


def status(case: CaseRef, done: Completion, *, at: int) -> str:
    """完成 only when nothing is missing on either side (R0.23, R0.47); a closed case says how it ended."""
    if not case.open:
        return case.stage.value
    if done.done:
        return COMPLETE
    return LATE if days_late(case.last_day, at=at) else case.stage.value


def next_step(case: CaseRef, lacking: Sequence[Missing]) -> str:
    """The one thing to do next and who does it."""
    if not case.open:
        return ""
    return f"{lacking[0].who}：{lacking[0].text}" if lacking else "人力：可以结案"


def _of(owed: Iterable[DutyRef], side: Side) -> tuple[DutyRef, ...]:
    return tuple(d for d in owed if d.owed_by is side)


def _counts(case: UUID) -> dict[LineClass, int]:
    found = dict.fromkeys(LineClass, 0)
    for cls in SnapshotLine.objects.filter(case_id=case).values_list("cls", flat=True):
        found[LineClass(cls)] += 1
    return found


def _statement(fen: int | None, qualifier: str | None, text: str | None) -> Statement | None:
    if fen is None and not text:
        return None
    return Statement(fen, Qualifier(qualifier) if qualifier is not None else Qualifier.EXACT, text or "")


def _commission(case: UUID) -> tuple[CommissionLine, ...]:
    return tuple(
        CommissionLine(
            r.id, r.order_no, r.product, _statement(r.company_fen, r.company_qualifier, r.company_text),
            _statement(r.staff_fen, r.staff_qualifier, r.staff_text),
        )
        for r in Commission.objects.filter(case_id=case).order_by("order_no")
    )  # fmt: skip


def _settlement(case: UUID) -> tuple[SettlementLine, ...]:
    return tuple(
        SettlementLine(
            r.id, r.name, Party(r.owed_by), _statement(r.company_fen, r.company_qualifier, r.company_text),
            _statement(r.staff_fen, r.staff_qualifier, r.staff_text), r.pay_by, r.paid_on, r.paper,
        )
        for r in Settlement.objects.filter(case_id=case).order_by("owed_by", "name")
    )  # fmt: skip


def promise_line(row: Promise) -> PromiseLine:
    """A promise as a value."""
    return PromiseLine(
        row.id, row.customer_id, row.text, row.promised_on, Answer(row.answer) if row.answer else None,
        row.answer_text or "", row.answered_on,
    )  # fmt: skip


def _objections(case: UUID) -> tuple[ObjectionRef, ...]:
    return tuple(
        ObjectionRef(
            r.id, r.place, r.subject, Party(r.party), r.text, r.made_on, r.answer or "", r.answered_on
        )
        for r in Objection.objects.filter(case_id=case).order_by("made_on", "id")
    )


def _attempts(case: UUID) -> tuple[AttemptRef, ...]:
    return tuple(
        AttemptRef(r.id, r.how, r.tried_on, r.outcome, r.delivery, tuple(r.witnesses), r.proof)
        for r in Attempt.objects.filter(case_id=case).order_by("tried_on", "id")
    )


def _follow_ups(case: UUID) -> tuple[FollowUpRef, ...]:
    return tuple(
        FollowUpRef(r.id, Confirmation(r.asked), r.confirmed, r.who, r.visitor, r.visited_on, r.paper)
        for r in FollowUp.objects.filter(case_id=case).order_by("visited_on", "id")
    )


def case_papers(case: UUID) -> tuple[CasePaperRef, ...]:
    """The papers of a leaving with signatures, refusals and deliveries, by when they were issued, then by number."""
    found = list(CasePaper.objects.filter(case_id=case))
    ids = [row.paper for row in found]
    kept, signed = papers.papers(ids), papers.signatures(ids)
    rows = sorted(
        (row for row in found if row.paper in kept),
        key=lambda row: (kept[row.paper].issued_at, kept[row.paper].number, row.id),
    )
    refused, sent = papers.refusals(ids), papers.deliveries(ids)
    return tuple(
        CasePaperRef(
            kept[row.paper],
            tuple(ListKind(word) for word in row.covers),
            tuple(
                SignatureLine(s.role, s.signer_name, s.grade.value, s.signed_at)
                for s in signed.get(row.paper, ())
            ),
            tuple(f"{r.role}{r.refuser_name}：{r.reason}" for r in refused.get(row.paper, ())),
            tuple(
                f"{d.channel.value}→{d.to_name}：{d.outcome.value if d.outcome else '未有结果'}"
                for d in sent.get(row.paper, ())
            ),
        )
        for row in rows
    )


def _timeline(
    case: CaseRef,
    owed: Sequence[DutyRef],
    kept: Sequence[CasePaperRef],
    attempts: Sequence[AttemptRef],
    follow_ups: Sequence[FollowUpRef],
    objections: Sequence[ObjectionRef],
) -> tuple[TimelineStep, ...]:
    """What happened and what falls due, by day."""
    steps = [
        TimelineStep(case.notice_on, f"{case.reason}通知"),
        TimelineStep(local_day(case.opened_at), "发起离职交接，清点已封存"),
        TimelineStep(case.last_day, "最后工作日", done=not case.open),
    ]
    for d in owed:
        if d.state is DutyState.DONE and d.done_on:
            steps.append(TimelineStep(d.done_on, f"{d.owed_by}已履行：{d.name}", paper=d.paper))
        elif d.state is DutyState.OPEN and d.due:
            steps.append(TimelineStep(d.due.day, f"{d.owed_by}到期：{d.name}", done=False))
    for p in kept:
        steps.append(TimelineStep(local_day(p.paper.issued_at), f"《{p.paper.kind}》", paper=p.paper.id))
        for s in p.signatures:
            told = f"{s.role}{s.name}签署《{p.paper.kind}》（{s.grade}）"
            steps.append(TimelineStep(local_day(s.signed_at), told, paper=p.paper.id))
    steps += [
        TimelineStep(a.tried_on, f"联系移交人（{a.how}）：{a.outcome}", paper=a.proof) for a in attempts
    ]
    steps += [_followed(f) for f in follow_ups]
    steps += [TimelineStep(o.made_on, f"{o.by}对{o.place}提出异议") for o in objections]
    if case.closed_on is not None:
        steps.append(TimelineStep(case.closed_on, case.stage.value))
    return tuple(sorted(steps, key=_day))


def _followed(f: FollowUpRef) -> TimelineStep:
    return TimelineStep(
        f.visited_on, f"回访：{f.asked}，{'是' if f.confirmed else '否'}（{f.who}）", paper=f.paper
    )


def _day(step: TimelineStep) -> date:
    return step.day
