"""Opening a dispute, what is asked for and answered, judging it, what was decided, closing it."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from jieli.evidence import facts_queries, verdict_json
from jieli.evidence.assessments import whole
from jieli.evidence.assessments.amounts import Amount
from jieli.evidence.disputes_locks import locked, next_ordinal, not_after
from jieli.evidence.disputes_types import (
    Closing,
    DefenceKind,
    Issue,
    NewDispute,
    NewOutcome,
    NewRelief,
    Party,
)
from jieli.evidence.errors import BadFact, DisputeExists, NoElection, NotConfirmed
from jieli.evidence.models import (
    AssessmentRow,
    DefenceRow,
    Dispute,
    FollowUp,
    OutcomeRow,
    Relief,
    Settlement,
)
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.law.verdicts import StatedBy, Verdict
from jieli.ledger.operations import book
from jieli.matters import operations as matters_operations
from jieli.matters import queries as matters

#: Ways of closing that rest on promises, so that a visit must find them kept (R0.32).
_BY_PROMISE = (Closing.MEDIATION, Closing.SETTLEMENT)


def open_dispute(*, number: str, new: NewDispute, by: str, at: int) -> UUID:
    """Open the dispute of a matter; DisputeExists (evidence.dispute_exists) where it has one already.

    It may concern somebody who left, and an account that was used, before the system was there.
    """
    if not new.cause.strip() or not new.person_label.strip() or not new.account_label.strip():
        raise BadFact("没有写明案由、对方或账号。", remedy="请写明案由、对方当事人和所争账号。")
    with book(at=at) as b:
        matter = matters.matter(number)
        if Dispute.objects.filter(matter=matter.id).exists():
            raise DisputeExists("这个事项已登记争议。", remedy="请在原争议中继续，或另立事项。")
        row = Dispute(
            id=new_id(at), matter=matter.id, cause=new.cause.strip(), tribunal=new.tribunal.strip(),
            docket=new.docket.strip(), claimant=new.claimant.value, person_label=new.person_label.strip(),
            account_label=new.account_label.strip(), staff=new.staff, account=new.account,
        )  # fmt: skip
        b.entry("evidence.open_dispute", by=by, facts={"dispute": str(row.id), "number": number}).insert(row)
    return row.id


def claim(*, number: str, reliefs: Sequence[NewRelief], by: str, at: int) -> list[UUID]:
    """Write what is asked for, line by line.

    NoElection (evidence.no_election) for money without a basis, or on both 违约 and 侵权 (CC-186).
    """
    for one in reliefs:
        if not one.text.strip():
            raise BadFact("诉讼请求没有内容。", remedy="请逐项写明请求。")
        if one.amount is not None and (one.basis is None or one.amount.fen <= 0):
            raise NoElection("金钱请求没有选择违约或侵权。", remedy="请择一选择请求权基础，并写明金额。")
    with book(at=at) as b:
        dispute = locked(number)
        earlier = list(Relief.objects.filter(dispute=dispute))
        bases = {r.ground for r in earlier if r.ground} | {r.basis.value for r in reliefs if r.basis}
        if len(bases) > 1:
            raise NoElection(
                "同一争议中既选违约又选侵权。", remedy="请择一选择请求权基础（民法典第一百八十六条）。"
            )
        rows = [_relief(dispute, len(earlier) + n, one, at) for n, one in enumerate(reliefs, 1)]
        b.entry("evidence.claim", by=by, facts=_facts(dispute, len(rows))).insert(*rows)
    return [row.id for row in rows]


def _relief(dispute: Dispute, ordinal: int, one: NewRelief, at: int) -> Relief:
    row = Relief(
        id=new_id(at), dispute=dispute, ordinal=ordinal, issue=one.issue.value, text=one.text.strip(),
        ground=one.basis.value if one.basis else None,
    )  # fmt: skip
    if one.amount is not None:
        row.amount_fen, row.qualifier = one.amount.fen, one.amount.qualifier.value
        row.loss_type = one.amount.loss_type or None
        row.stated_by = (one.amount.stated_by or StatedBy.COMPANY).value
    return row


def raise_defence(
    *, number: str, kind: DefenceKind, raised_by: Party, text: str, raised_on: date, by: str, at: int
) -> UUID:
    """Write a defence as raised; proving it is a matter of facts."""
    if not text.strip():
        raise BadFact("抗辩没有内容。", remedy="请写明抗辩的内容。")
    not_after(raised_on, local_day(at), "抗辩日期")
    with book(at=at) as b:
        dispute = locked(number)
        row = DefenceRow(
            id=new_id(at), dispute=dispute, ordinal=next_ordinal(dispute.defences.all()),
            kind=kind.value, raised_by=raised_by.value, text=text.strip(),
            raised_on=raised_on,
        )  # fmt: skip
        b.entry("evidence.defence", by=by, facts=_facts(dispute, 1)).insert(row)
    return row.id


def assess(*, number: str, by: str, at: int) -> dict[Issue, UUID]:
    """Judge all issues by what stands now; each verdict a new row beside the earlier ones.

    The same facts under the same rules give the same verdict: whoever assesses again sees that nothing changed.
    """
    with book(at=at) as b:
        dispute = locked(number)
        given = facts_queries.stated(dispute.id)
        found = whole.assess(given.facts, given.losses, given.quarantined)
        issues = len(whole.ISSUES)
        turn = AssessmentRow.objects.filter(dispute=dispute).count() // issues + 1
        rows = []
        for issue, verdict in found.verdicts().items():
            supported = found.supported if issue == Issue.DAMAGES.value else None
            rows.append(_assessment(dispute, verdict, turn, supported, at))
        facts = {"dispute": str(dispute.id), "codes": [row.code for row in rows]}
        b.entry("evidence.assess", by=by, facts=facts).insert(*rows)
    return {Issue(row.issue): row.id for row in rows}


def _assessment(
    dispute: Dispute, verdict: Verdict, turn: int, supported: Amount | None, at: int
) -> AssessmentRow:
    rests = dict.fromkeys(fact for finding in verdict.findings for fact in finding.facts)
    return AssessmentRow(
        id=new_id(at), dispute=dispute, issue=verdict.issue, round=turn, code=verdict.code,
        certainty=verdict.certainty.value, verdict=verdict_json.encode(verdict), facts=list(rests),
        rules=whole.rules_version(), assessed_at=at,
        supported_fen=supported.fen if supported else None,
        qualifier=supported.qualifier.value if supported else None,
    )  # fmt: skip


def record_outcomes(*, number: str, outcomes: Sequence[NewOutcome], by: str, at: int) -> list[UUID]:
    """Write what was decided, issue by issue and instance by instance; none is inferred from another (R0.4)."""
    for one in outcomes:
        if not one.code.strip() or not one.text.strip() or not one.decided_by.strip():
            raise BadFact("结果没有写明结论、内容或作出机关。", remedy="请逐项写明。")
        not_after(one.decided_on, local_day(at), "作出日期")
    with book(at=at) as b:
        dispute = locked(number)
        rows = [
            OutcomeRow(
                id=new_id(at), dispute=dispute, issue=one.issue.value, code=one.code.strip(),
                text=one.text.strip(), decided_by=one.decided_by.strip(), decided_on=one.decided_on,
                instance=one.instance.strip(), paper=one.paper,
            )
            for one in outcomes
        ]  # fmt: skip
        _check_once(dispute, rows)
        b.entry("evidence.outcomes", by=by, facts=_facts(dispute, len(rows))).insert(*rows)
    return [row.id for row in rows]


def _check_once(dispute: Dispute, rows: Sequence[OutcomeRow]) -> None:
    known = OutcomeRow.objects.filter(dispute=dispute).values_list("issue", "instance")
    pairs = [*known, *((row.issue, row.instance) for row in rows)]
    if len(set(pairs)) != len(pairs):
        raise BadFact("同一审级对同一焦点已有结果。", remedy="请写明审级（仲裁、一审、二审）以示区分。")


def close_dispute(
    *, number: str, closing: Closing, closed_on: date, paper: UUID | None = None, by: str, at: int
) -> None:
    """Close a dispute and its matter.

    After 调解 or 和解 a visit must have confirmed both that the account works again and that the certificate was
    received: NotConfirmed (evidence.not_confirmed) names what is missing (R0.32).
    """
    not_after(closed_on, local_day(at), "结案日期")
    with book(at=at) as b:
        dispute = locked(number)
        if closing in _BY_PROMISE:
            _check_confirmed(dispute)
        dispute.closed_by, dispute.closed_on, dispute.closing_paper = closing.value, closed_on, paper
        facts = {"dispute": str(dispute.id), "closing": closing.value}
        b.entry("evidence.close_dispute", by=by, facts=facts).revise(dispute)
        matters_operations.close(number=number, closed_on=closed_on, by=by, at=at)


def _check_confirmed(dispute: Dispute) -> None:
    visits = FollowUp.objects.filter(dispute=dispute)
    lacking = [
        words
        for column, words in (("account_restored", "账号已恢复"), ("certificate_received", "证明已收到"))
        if not visits.filter(**{column: True}).exists()
    ]
    if not Settlement.objects.filter(dispute=dispute).exists():
        lacking.insert(0, "调解或和解协议")
    if lacking:
        raise NotConfirmed(
            f"还不能结案，缺少：{'、'.join(lacking)}。", remedy="请登记协议，回访并记录双方的确认。"
        )


def _facts(dispute: Dispute, rows: int) -> dict[str, object]:
    return {"dispute": str(dispute.id), "rows": rows}
