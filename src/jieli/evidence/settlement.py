"""Settlements: each term is a duty with its own day; a visit afterwards finds whether it was kept (R0.29–R0.32)."""

from datetime import date
from uuid import UUID

from jieli.duties import operations as duties
from jieli.duties.types import NewDuty, Side
from jieli.evidence import facts_queries
from jieli.evidence.assessments import certificate
from jieli.evidence.assessments.view import FactView
from jieli.evidence.disputes_locks import locked, not_after
from jieli.evidence.disputes_types import NewFollowUp, NewSettlement, NewTerm, TermKind
from jieli.evidence.errors import BadSettlement
from jieli.evidence.models import Dispute, FollowUp, Settlement, Term
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.law.deadlines import ARTICLES, Due, due_after, due_on
from jieli.law.verdicts import Precision
from jieli.ledger.operations import book
from jieli.papers import queries as papers

_STATUTORY = ("劳动", "派遣")


def settle(*, number: str, settlement: NewSettlement, by: str, at: int) -> UUID:
    """Write a settlement; each term lays a duty in the matter.

    For 劳动 the certificate is due on the last day itself, and no term makes it later (R0.31). BadSettlement
    (evidence.bad_settlement) for terms without a day, or a second settlement.
    """
    _check(settlement, local_day(at))
    papers.paper(settlement.paper)
    with book(at=at) as b:
        dispute = locked(number)
        if Settlement.objects.filter(dispute=dispute).exists():
            raise BadSettlement("本争议已登记协议。", remedy="变更请另立事项，或在义务中改期。")
        kind, ended = _engagement(dispute)
        row = Settlement(
            id=new_id(at), dispute=dispute, paper=settlement.paper, signed_on=settlement.signed_on,
            mediator=settlement.mediator.strip(),
        )  # fmt: skip
        days = [_due(term, settlement.signed_on, kind, ended) for term in settlement.terms]
        laid = duties.lay(
            [_duty(dispute, t, d, settlement.signed_on) for t, d in zip(settlement.terms, days, strict=True)],
            by=by,
            at=at,
        )
        terms = [
            Term(
                id=new_id(at), settlement=row, ordinal=n, kind=term.kind.value, obligor=term.obligor.value,
                obligee=term.obligee.value, action=term.action.strip(), rule=due[1],
                proof=term.proof.strip(), duty=duty,
            )
            for n, (term, due, duty) in enumerate(zip(settlement.terms, days, laid, strict=True), 1)
        ]  # fmt: skip
        facts = {"dispute": str(dispute.id), "terms": len(terms)}
        b.entry("evidence.settle", by=by, facts=facts).insert(row, *terms)
    return row.id


def follow_up(*, number: str, visit: NewFollowUp, by: str, at: int) -> UUID:
    """Write a visit after a settlement: what each side confirmed, on which day, to whom."""
    if not visit.visitor.strip():
        raise BadSettlement("没有写明回访人。", remedy="请写明由谁回访。")
    not_after(visit.visited_on, local_day(at), "回访日期")
    with book(at=at) as b:
        dispute = locked(number)
        row = FollowUp(
            id=new_id(at), dispute=dispute, visited_on=visit.visited_on, visitor=visit.visitor.strip(),
            account_restored=visit.account_restored, certificate_received=visit.certificate_received,
            note=visit.note.strip() or None, paper=visit.paper,
        )  # fmt: skip
        b.entry("evidence.follow_up", by=by, facts={"dispute": str(dispute.id)}).insert(row)
    return row.id


def _check(settlement: NewSettlement, today: date) -> None:
    not_after(settlement.signed_on, today, "签署日期")
    if not settlement.terms:
        raise BadSettlement("协议没有条款。", remedy="请逐项登记各方的义务。")
    for term in settlement.terms:
        if not term.action.strip() or not term.proof.strip():
            raise BadSettlement("条款没有写明行为或履行凭证。", remedy="请写明做什么、以什么证明已做。")
        if term.obligor is term.obligee:
            raise BadSettlement("条款的义务人与权利人相同。", remedy="请写明向谁履行。")
        if (term.within_days is None) == (term.on is None):
            raise BadSettlement("条款没有期限，或写了两个期限。", remedy="请写明签署后几日内，或某一日。")
        if term.within_days is not None and term.within_days < 1:
            raise BadSettlement("期限不足一日。", remedy="请写明至少一日，或写明某一日。")


def _engagement(dispute: Dispute) -> tuple[str, date | None]:
    """The evidenced kind of engagement, and its last day where that is known to the day."""
    view = FactView(facts_queries.standing(dispute.id))
    days = [f.event for f in view.evidenced("engagement.ended") if f.event]
    exact = [d.last for d in days if d.precision is Precision.DAY]
    return view.settled("engagement.kind"), exact[-1] if exact else None


def _due(term: NewTerm, signed_on: date, kind: str, ended: date | None) -> tuple[Due, str]:
    """When a term is due, and by which rule."""
    if term.kind is TermKind.CERTIFICATE and kind in _STATUTORY and ended is not None:
        due = certificate.due(kind, ended)
        if due is not None:
            return due, "法定：解除或者终止当日"
    if term.on is not None:
        return due_on(term.on), "约定日期"
    days = term.within_days or 1
    return due_after(signed_on, days), f"签署后{days}日内"


def _duty(dispute: Dispute, term: NewTerm, due: tuple[Due, str], signed_on: date) -> NewDuty:
    statutory = due[1].startswith("法定")
    return NewDuty(
        name=f"协议：{term.kind.value}",
        owed_by=Side(term.obligor),
        owed_to=Side(term.obligee),
        articles=("LCL-50",) if statutory else ("CC-509", *ARTICLES),
        text=term.action.strip(),
        matter=dispute.matter,
        person=dispute.staff,
        subject=dispute.account or dispute.id,
        starts_on=signed_on,
        due=due[0],
    )
