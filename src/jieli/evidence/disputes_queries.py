"""Reading disputes whole: everything a page or a paper needs, in a fixed number of queries."""

from collections.abc import Mapping
from uuid import UUID

from jieli.duties import queries as duties
from jieli.duties.types import Side
from jieli.evidence import facts_queries, verdict_json
from jieli.evidence.assessments import routes
from jieli.evidence.assessments.amounts import Amount, total
from jieli.evidence.assessments.losses import LossForm, check_form
from jieli.evidence.assessments.sheets import sheets
from jieli.evidence.assessments.view import FactView
from jieli.evidence.assessments.whole import FOCI, ISSUES
from jieli.evidence.disputes_locks import unknown
from jieli.evidence.disputes_types import (
    AssessmentRef,
    Closing,
    DefenceKind,
    DefenceRef,
    DisputeView,
    Focus,
    FollowUpRef,
    Issue,
    OutcomeRef,
    Party,
    ReliefRef,
    SettlementRef,
    TermKind,
    TermRef,
)
from jieli.evidence.models import (
    AssessmentRow,
    DefenceRow,
    Dispute,
    FollowUp,
    OutcomeRow,
    Relief,
    Settlement,
    Term,
)
from jieli.law.verdicts import Missing
from jieli.matters import queries as matters
from jieli.matters.types import MatterRef
from jieli.parties.types import Qualifier


def dispute(number: str) -> DisputeView:
    """The dispute of a matter; NoSuchDispute (evidence.unknown_dispute), matters.unknown."""
    matter = matters.matter(number)
    row = Dispute.objects.filter(matter=matter.id).first()
    if row is None:
        raise unknown()
    return _view(row, matter)


def loss_form(number: str) -> tuple[Missing, ...]:
    """What the loss still lacks before its form is complete (R0.13); empty when it is.

    BadLoss (evidence.bad_loss) where the reliefs speak of 大量, 重大 … and no customer is listed.
    """
    view = dispute(number)
    asked = [r for r in view.reliefs if r.issue is Issue.DAMAGES]
    sums = [r.amount for r in asked if r.amount is not None]
    vouchers = [e for f in view.facts if f.key.startswith("invest.") for e in f.exhibits]
    form = LossForm(
        text="；".join(r.text for r in asked),
        vouchers=tuple(dict.fromkeys(vouchers)),
        rows=view.losses,
        claim=total(sums) if sums else None,
    )
    return check_form(form)


def open_disputes() -> list[MatterRef]:
    """The matters whose dispute is not closed, oldest first."""
    found = Dispute.objects.filter(closed_on__isnull=True).order_by("id").values_list("matter", flat=True)
    known = matters.matters(list(found))
    return [known[matter] for matter in found]


def assessments(number: str, issue: Issue) -> list[AssessmentRef]:
    """Every verdict that was given on an issue, oldest first."""
    matter = matters.matter(number)
    rows = AssessmentRow.objects.filter(dispute__matter=matter.id, issue=issue.value).order_by("round")
    return [_assessment(row) for row in rows]


def _view(row: Dispute, matter: MatterRef) -> DisputeView:
    rows = list(AssessmentRow.objects.filter(dispute=row).order_by("round"))
    newest = {Issue(r.issue): _assessment(r) for r in rows}
    facts = tuple(facts_queries.standing(row.id))
    first, second = (Focus(heading, Issue(issue), newest.get(Issue(issue))) for issue, heading in FOCI)
    return DisputeView(
        id=row.id,
        matter=matter,
        cause=row.cause,
        tribunal=row.tribunal,
        docket=row.docket,
        claimant=Party(row.claimant),
        person_label=row.person_label,
        account_label=row.account_label,
        staff=row.staff,
        account=row.account,
        route=routes.advise(FactView(facts).settled("engagement.kind")),
        reliefs=_reliefs(row, newest),
        facts=facts,
        exhibits=facts_queries.exhibits(row.id),
        amounts=facts_queries.amounts(row.id),
        defences=_defences(row),
        losses=facts_queries.losses(row.id),
        outcomes=_outcomes(row),
        assessments=newest,
        assessed_times=max((r.round for r in rows), default=0),
        foci=(first, second),
        sheets=sheets({issue.value: ref.verdict for issue, ref in newest.items()}),
        settlement=_settlement(row),
        follow_ups=_follow_ups(row),
        closed_by=Closing(row.closed_by) if row.closed_by else None,
        closed_on=row.closed_on,
    )


def _assessment(row: AssessmentRow) -> AssessmentRef:
    supported = None
    if row.supported_fen is not None and row.qualifier is not None:
        supported = Amount(row.supported_fen, Qualifier(row.qualifier))
    return AssessmentRef(
        row.id,
        Issue(row.issue),
        verdict_json.decode(row.verdict),
        tuple(row.facts),
        row.rules,
        row.assessed_at,
        supported,
    )


def _reliefs(row: Dispute, newest: Mapping[Issue, AssessmentRef]) -> tuple[ReliefRef, ...]:
    """Each line with the verdict on its own issue, and no other's."""
    return tuple(
        ReliefRef(
            id=r.id,
            ordinal=r.ordinal,
            issue=Issue(r.issue),
            text=r.text,
            basis=facts_queries.relief_basis(r),
            amount=facts_queries.relief_amount(r),
            verdict=found.verdict if (found := newest.get(Issue(r.issue))) else None,
        )
        for r in Relief.objects.filter(dispute=row).order_by("ordinal")
    )


def _defences(row: Dispute) -> tuple[DefenceRef, ...]:
    return tuple(
        DefenceRef(d.id, DefenceKind(d.kind), Party(d.raised_by), d.text, d.raised_on)
        for d in DefenceRow.objects.filter(dispute=row).order_by("ordinal")
    )


def _outcomes(row: Dispute) -> tuple[OutcomeRef, ...]:
    """By day and instance, and within them in the order of the issues."""
    found = [
        OutcomeRef(o.id, Issue(o.issue), o.code, o.text, o.decided_by, o.decided_on, o.instance, o.paper)
        for o in OutcomeRow.objects.filter(dispute=row)
    ]
    return tuple(sorted(found, key=lambda o: (o.decided_on, o.instance, ISSUES.index(o.issue))))


def _settlement(row: Dispute) -> SettlementRef | None:
    found = Settlement.objects.filter(dispute=row).first()
    if found is None:
        return None
    terms = list(Term.objects.filter(settlement=found).order_by("ordinal"))
    laid = duties.duties([t.duty for t in terms])
    return SettlementRef(
        found.id,
        found.paper,
        found.signed_on,
        found.mediator,
        tuple(
            TermRef(
                t.ordinal,
                TermKind(t.kind),
                Side(t.obligor),
                Side(t.obligee),
                t.action,
                t.rule,
                t.proof,
                laid[t.duty],
            )
            for t in terms
        ),
    )


def _follow_ups(row: Dispute) -> tuple[FollowUpRef, ...]:
    return tuple(
        FollowUpRef(
            f.id, f.visited_on, f.visitor, f.account_restored, f.certificate_received, f.note or "", f.paper
        )
        for f in FollowUp.objects.filter(dispute=row).order_by("visited_on", "id")
    )


def of_matters(ids: list[UUID]) -> dict[UUID, UUID]:
    """Which matters have a dispute: matter id → dispute id."""
    return dict(Dispute.objects.filter(matter__in=ids).values_list("matter", "id"))
