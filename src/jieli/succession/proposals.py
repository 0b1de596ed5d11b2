"""换一位顾问: a person proposes one other qualified receiver, a second person approves, then it is asked for."""

from hashlib import sha256
from uuid import UUID

from jieli.approvals import operations as approvals
from jieli.approvals import queries as approval_queries
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book
from jieli.succession import userids
from jieli.succession.errors import ReceiverRefused
from jieli.succession.faults import NoAccount, NothingToPropose
from jieli.succession.models import Assignment, Candidate, Choice, Plan, Proposal, Submission, SubmissionItem
from jieli.succession.outcomes import Subject, SubmissionState
from jieli.succession.policy import window
from jieli.succession.ports import PlatformStatus
from jieli.succession.spoken import ChoiceWord
from jieli.succession.standing import Changes, move
from jieli.succession.transfers import Prepared, add_call
from jieli.succession.types import CustomerState, Phase

APPROVAL = "换一位顾问"


def digest(proposal: UUID, assignment: UUID, receiver: UUID) -> bytes:
    """What an approval of a proposal covers."""
    return sha256(f"{APPROVAL}\n{proposal}\n{assignment}\n{receiver}".encode()).digest()


def propose_another(plan: UUID, customer: UUID, *, receiver: UUID, reason: str, by: str, at: int) -> UUID:
    """Propose the one other receiver and ask for approval; the approval request's id.

    NothingToPropose unless the customer's last word is 换一位顾问 and nobody was proposed yet. ReceiverRefused for
    the receiver he has, or one whom the plan did not find qualified.
    """
    with book(at=at) as b:
        line = Assignment.objects.select_for_update(of=("self",)).filter(plan=plan, customer=customer).first()
        last = Choice.objects.filter(plan=plan, customer=customer).order_by("-ordinal").first()
        if line is None or last is None or last.choice != ChoiceWord.ANOTHER.value:
            raise NothingToPropose("该客户没有要求换一位顾问。", remedy="请以客户最后一次选择为准。")
        if line.state != CustomerState.NOBODY.value or Proposal.objects.filter(assignment=line).exists():
            raise NothingToPropose(
                "已经为该客户提出过另一位顾问。", remedy="请等待客户选择，或由其扫码添加。"
            )
        fit = Candidate.objects.filter(plan=plan, staff=receiver, obstacles=[]).exists()
        if receiver == line.receiver_id or not fit:
            raise ReceiverRefused("此人不是本方案中另一位合格的接手人。", remedy="请选择其他合格人选。")
        row = Proposal(
            id=new_id(at), plan_id=plan, assignment=line, customer=customer, receiver=receiver,
            reason=reason.strip() or "客户要求更换", proposed_at=at,
        )  # fmt: skip
        b.entry("succession.propose", by=by, facts={"plan": str(plan)}).insert(row)
        asked = approvals.open_request(
            kind=APPROVAL, subject=row.id, digest=digest(row.id, line.id, receiver), scope="一名客户",
            reason=row.reason, excluded=[receiver], by=by, at=at,
        )  # fmt: skip
    return asked.id


def approved_ones(*, at: int) -> list[tuple[UUID, UUID]]:
    """Plan and customer of every proposal approved and not yet acted upon, oldest first: what a worker prepares."""
    rows = Proposal.objects.filter(assignment__state=CustomerState.NOBODY.value).order_by("proposed_at", "id")
    return [
        (r.plan_id, r.customer)
        for r in rows
        if approval_queries.approved(APPROVAL, r.id, digest(r.id, r.assignment_id, r.receiver), at=at)
    ]


def prepare_proposal(plan: UUID, customer: UUID, *, by: str, at: int) -> Prepared:
    """Commit the call that passes the customer to the approved other receiver, from whoever has him now.

    NotApproved without its own approval; NothingToPropose while the platform still works on the first transfer, or
    when the customer has refused meanwhile.
    """
    with book(at=at) as b:
        line = Assignment.objects.select_for_update(of=("self",)).filter(plan=plan, customer=customer).first()
        row = Proposal.objects.filter(plan=plan, customer=customer).first()
        if line is None or row is None or line.state != CustomerState.NOBODY.value:
            raise NothingToPropose("没有可以办理的更换。", remedy="请先提出人选并完成审批。")
        approval = approval_queries.check_approved(
            APPROVAL, row.id, digest(row.id, line.id, row.receiver), at=at
        )
        items = SubmissionItem.objects.filter(assignment=line)
        if items.filter(running=True).exists():
            raise NothingToPropose("平台仍在处理上一次转移。", remedy="请等平台给出结果后再办理。")
        whole = Plan.objects.get(id=plan)
        taken = items.filter(platform_status=PlatformStatus.TAKEN.value).exists()
        keeper = line.receiver_id if taken and line.receiver_id else whole.leaver_id
        phase = _phase(whole, keeper, at=at)
        ids = userids.of_staff([keeper, row.receiver], at=at)
        external = userids.of_customers([customer]).get(customer)
        if external is None or not {keeper, row.receiver} <= ids.keys():
            raise NoAccount("有人没有登记企业微信账号或标识。", remedy="请先登记，或在管理后台手工办理。")
        changes = Changes()
        call = Submission(
            id=new_id(at), plan=whole, subject=Subject.CUSTOMERS.value, phase=phase.value, handover=ids[keeper],
            takeover=ids[row.receiver], approval=approval.id, number=0, attempt=1, not_before=at,
            state=SubmissionState.READY.value, intended_at=at,
        )  # fmt: skip
        add_call(changes, call, {line.id: external}, at=at)
        line.receiver_id, line.phase = row.receiver, phase.value
        changes.lines[line.id] = move(line, CustomerState.SUBMITTED, whole)
        changes.write(b.entry("succession.prepare_proposal", by=by, facts={"plan": str(plan)}))
    return Prepared(1, 1)


def _phase(plan: Plan, keeper: UUID, *, at: int) -> Phase:
    """A keeper who stays hands on while employed; the leaver's customers pass by the plan's calendar."""
    if keeper != plan.leaver_id or at < window(Phase.NOTICE, last_minute=plan.last_minute).closes:
        return Phase.NOTICE
    return Phase.AFTER
