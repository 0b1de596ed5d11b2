"""A case with a row of every table whose words go by plan (ADR 30), each full of one name that must be nowhere later.

Rows are written as they would stand, not through the rooms' operations: what matters here is what their tables hold.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from jieli.approvals.models import Decision, Request, Revocation
from jieli.archive.case_words import GOES
from jieli.assets.models import Asset, Device, Number
from jieli.consent.models import ConsentStep, Document, Leave
from jieli.duties.models import Duty
from jieli.evidence import models as evidence
from jieli.evidence.verdict_json import encode
from jieli.handover.models import case as handover
from jieli.handover.models import things
from jieli.handover.types import Stage
from jieli.kernel.ids import new_id
from jieli.kernel.times import start_of_day
from jieli.law.verdicts import Certainty, Finding, Verdict
from jieli.ledger.operations import book
from jieli.ledger.tables import Row, rows
from jieli.matters import operations as matters
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.succession.models import plan as succession
from jieli.succession.models import transfer
from jieli.succession.outcomes import Subject, SubmissionState
from jieli.succession.spoken import Channel
from tests.rooms.kept_papers import keep

BY = "person:desk"
NAME = "卞金丝雀"
LEFT = date(2022, 3, 1)
LONG_AGO = start_of_day(LEFT)
NOBODY = UUID(int=7)


def put(*rows: Row, at: int = LONG_AGO) -> None:
    keep(NOBODY, at=at)
    with book(at=at) as b:
        b.entry("test.case", by=BY, facts={}).insert(*rows)


def thread(kind: MatterKind, who: UUID, *, at: int = LONG_AGO, closed: bool = True) -> UUID:
    """A matter that names somebody, and bears the name."""
    named = [Involved(PersonKind.STAFF, who, "当事人")]
    made = matters.open_matter(kind=kind, title=f"{NAME}的事项", people=named, by=BY, at=at)
    if closed:
        matters.close(number=made.number, by=BY, at=at)
    return made.id


def _id() -> UUID:
    return new_id(LONG_AGO)


def duty(matter: UUID, who: UUID | None, *, state: str = "已履行") -> Duty:
    """Something owed under a matter: done with a note, dropped for a reason, or still to be done."""
    ends: dict[str, dict[str, Any]] = {
        "已履行": {"done_on": LEFT, "note": f"{NAME}办的"}, "不再适用": {"reason": f"{NAME}说的"}, "待办": {}
    }  # fmt: skip
    return Duty(
        id=_id(), name="支付", owed_by="公司", owed_to="员工", articles=[], text=f"付给{NAME}", matter=matter,
        person=who, provisional=False, continuing=False, state=state, laid_at=LONG_AGO, **ends[state],
    )  # fmt: skip


def approval(subject: UUID) -> list[Row]:
    """Asked for, granted and taken back, with reasons."""
    asked = Request(
        id=_id(), kind="交接", subject=subject, digest=b"0" * 32, scope=f"{NAME}一案", reason=f"{NAME}要",
        applicant="person:a", excluded=[], opened_at=LONG_AGO,
    )  # fmt: skip
    given = Decision(
        id=_id(), request=asked, applicant="person:a", approver="person:b", agree=True, reason=f"{NAME}可",
        decided_at=LONG_AGO, decided_on=LEFT,
    )  # fmt: skip
    return [
        asked,
        given,
        Revocation(id=_id(), request=asked, reason=f"{NAME}撤", by="b", revoked_at=LONG_AGO),
    ]


def dispute(matter: UUID, who: UUID | None, *, at: int = LONG_AGO, closed: bool = True) -> list[Row]:
    """Everything that is stated, shown, lost, decided, judged and promised in a dispute."""
    day = LEFT if closed else None
    row = evidence.Dispute(
        id=_id(), matter=matter, cause="劳动争议", tribunal="仲裁委", docket="1", claimant="公司", person_label=NAME,
        account_label=f"{NAME}的号", staff=who, closed_by="判决" if closed else None, closed_on=day,
    )  # fmt: skip
    verdict = Verdict(
        issue="赔偿", code="PART", certainty=Certainty("可能"), text=f"{NAME}应赔",
        findings=(Finding("F1", f"{NAME}认可", (), ()),), articles=(),
    )  # fmt: skip
    owed = duty(matter, who)
    settled = evidence.Settlement(id=_id(), dispute=row, paper=NOBODY, signed_on=LEFT, mediator=NAME)
    return [
        row,
        owed,
        evidence.Relief(id=_id(), dispute=row, ordinal=1, issue="赔偿", text=f"{NAME}赔偿"),
        evidence.Exhibit(
            id=_id(), dispute=row, ordinal=1, number="证1", paper=NOBODY, party="公司", proves=f"{NAME}签过",
            legality="隔离", grounds=f"{NAME}说是偷录",
        ),
        evidence.FactRow(
            id=_id(), dispute=row, ordinal=1, key="engagement.kind", value=f"{NAME}受雇", stated_by="公司",
            proof="自称", exhibits=[], note=f"{NAME}口述",
        ),
        evidence.AmountStated(
            id=_id(), dispute=row, ordinal=1, what=f"{NAME}的提成", amount_fen=100, qualifier="准", loss_type="提成",
            stated_by="公司",
        ),
        evidence.DefenceRow(
            id=_id(), dispute=row, ordinal=1, kind="其他", raised_by="员工", text=f"{NAME}不在场", raised_on=LEFT
        ),
        evidence.LostCustomer(
            id=_id(), dispute=row, ordinal=1, head="H1", customer=f"{NAME}的客户", course="秋茶", attempts=0,
            exhibits=[], withdrawn=f"{NAME}又来了",
        ),
        evidence.OutcomeRow(
            id=_id(), dispute=row, issue="赔偿", code="PART", text=f"{NAME}赔一半", decided_by="仲裁委",
            decided_on=LEFT, instance="仲裁",
        ),
        evidence.AssessmentRow(
            id=_id(), dispute=row, issue="赔偿", round=1, code="PART", certainty="可能", verdict=encode(verdict),
            facts=[], rules="1", assessed_at=at,
        ),
        settled,
        evidence.Term(
            id=_id(), settlement=settled, ordinal=1, kind="交还", obligor="公司", obligee="员工", action=f"还给{NAME}",
            rule="", proof=f"{NAME}收条", duty=owed.id,
        ),
        evidence.FollowUp(
            id=_id(), dispute=row, visited_on=LEFT, visitor=NAME, account_restored=True, certificate_received=True,
            note=f"{NAME}接的电话",
        ),
    ]  # fmt: skip


def leaving(matter: UUID, who: UUID, customer: UUID) -> list[Row]:
    """What both sides say in a leaving, and what came back."""
    row = handover.Case(
        id=_id(), matter_id=matter, staff_id=who, engagement_kind="劳动", reason="辞职", notice_on=LEFT, last_day=LEFT,
        source="控制台", stage=Stage.CLOSED_NOTED.value, opened_at=LONG_AGO,
        digest=b"0" * 32, table_version="1", closed_on=LEFT, note=f"{NAME}失联",
    )  # fmt: skip
    thing = Asset(id=_id(), kind="设备", label="手机")
    number = Asset(id=_id(), kind="号码", label="工作号")
    held = Number(asset=number, number="13900000001", carrier_holder="公司")
    leave = things.NumberLeave(id=_id(), case=row, number=held, given_at=LONG_AGO)
    phone = Device(asset=thing, imei="490154203237518", model="M")
    both = {"company_text": f"{NAME}公司说", "staff_text": f"{NAME}自己说"}
    return [
        thing, number, held, phone, row,
        handover.SnapshotLine(id=_id(), case=row, cls="设备", key=f"{NAME}1", label=f"{NAME}的手机"),
        handover.Handed(id=_id(), case=row, cls="设备", key=f"{NAME}1", handed_on=LEFT),
        handover.Unable(
            id=_id(), case=row, cls="设备", key=f"{NAME}2", reason=f"{NAME}丢了", stated_by="移交人", stated_on=LEFT
        ),
        handover.Commission(id=_id(), case=row, order_no="O1", product="秋茶", **both),
        handover.Settlement(id=_id(), case=row, name="工资", owed_by="公司", **both),
        handover.Promise(
            id=_id(), case=row, customer_id=customer, text=f"答应{NAME}", answer="确认", answer_text=f"{NAME}属实",
            answered_on=LEFT,
        ),
        handover.Objection(
            id=_id(), case=row, place="工资", party="移交人", text=f"{NAME}不认", made_on=LEFT, answer=f"{NAME}已核"
        ),
        handover.Attempt(
            id=_id(), case=row, how=f"打给{NAME}的妻子", tried_on=LEFT, outcome=f"{NAME}不接",
            witnesses=[NAME, f"{NAME}二"],
        ),
        handover.FollowUp(
            id=_id(), case=row, asked="证明已取得", confirmed=True, who=NAME, visitor=NAME, visited_on=LEFT
        ),
        things.StepRecord(
            id=_id(), case=row, card="设备验收", subject=thing, n=1, step="清点外观与配件", result="免做",
            reason=f"{NAME}说免", tested_at=LONG_AGO,
        ),
        leave,
        things.Binding(id=_id(), leave=leave, kind="银行", name=f"{NAME}的卡", declared_at=LONG_AGO),
        things.PrivateItem(
            id=_id(), case=row, kind="文件", label=f"{NAME}的照片", place=f"{NAME}的相册", decision="删除", count=1,
            counterparty=f"{NAME}的母亲", present=[NAME],
        ),
        things.DataRecovery(
            id=_id(), case=row, device=phone, notice=NOBODY, purpose=f"找{NAME}的订单", approval=NOBODY,
            witnesses=[NAME], begun_at=LONG_AGO,
        ),
    ]  # fmt: skip


def handing_on(matter: UUID, who: UUID, customer: UUID) -> list[Row]:
    """A plan for a customer, a hand's change of it, its calls, and what the customer said."""
    plan = succession.Plan(
        id=_id(), matter_id=matter, leaver_id=who, mode="手动", notice_on=LEFT, last_minute=LONG_AGO, state="草稿",
        owner_id=who, due_on=LEFT, privacy_impact=f"{NAME}影响", business_need=f"{NAME}需要", alternative=f"{NAME}另法",
        digest=b"0" * 32, made_by=BY, made_at=LONG_AGO, solver="", void_reason=f"{NAME}作废",
    )  # fmt: skip
    line = succession.Assignment(
        id=_id(),
        plan=plan,
        customer_id=customer,
        state="待接续",
        reasons=[],
        remedies=[],
        owner_id=who,
        due_on=LEFT,
    )
    call = transfer.Submission(
        id=_id(), plan=plan, subject=next(iter(Subject)).value, phase="通知期", handover=f"{NAME}a",
        takeover=f"{NAME}b", message=f"{NAME}向您告别", approval=NOBODY, number=1, attempt=1, not_before=0,
        state=SubmissionState.READY.value, intended_at=LONG_AGO,
    )  # fmt: skip
    channel = next(iter(Channel)).value
    said = {"plan": plan, "customer": customer, "channel": channel, "words": f"{NAME}的话"}
    return [
        plan, line, call,
        succession.Override(id=_id(), assignment=line, reason=f"{NAME}相熟", made_by=BY, made_at=LONG_AGO),
        transfer.SubmissionItem(
            id=_id(), submission=call, plan=plan, assignment=line, phase="通知期", handover=f"{NAME}a",
            takeover=f"{NAME}b", external=f"{NAME}c", running=False,
        ),
        transfer.VoluntaryChoice(id=_id(), former=who, stated_at=LONG_AGO, **said),
        transfer.Complaint(id=_id(), matter=thread(MatterKind.REQUEST, who), made_at=LONG_AGO, **said),
        transfer.Proposal(
            id=_id(), plan=plan, assignment=line, customer=customer, receiver=who, reason=f"{NAME}合适",
            proposed_at=LONG_AGO,
        ),
        *approval(plan.id),
    ]  # fmt: skip


def step(subject: UUID | None, kind: str = "员工", **said: Any) -> ConsentStep:
    """One statement: 同意 unless told otherwise; by its subject, or by a platform that knows an id only."""
    values: dict[str, Any] = {
        "platform": "", "external_id": "", "step": "同意", "claimed_at": LONG_AGO, "stated_by": "本人", "towards": "",
        "message": "", "reply": f"{NAME}同意", **said,
    }  # fmt: skip
    return ConsentStep(
        id=_id(),
        subject_kind=kind,
        subject=subject,
        means="会话存档",
        scope="采集",
        explicit=True,
        guardian=False,
        **values,
    )


def consents(who: UUID) -> list[Row]:
    """What somebody signed, said and was away for."""
    return [
        Document(id=_id(), staff_id=who, kind="同意书", signed_on=LEFT, title=f"{NAME}的同意书"),
        Leave(id=_id(), staff_id=who, begins=LONG_AGO, ends=LONG_AGO + 1, kind=f"{NAME}病假", revision=1),
        step(who, exhibit=NAME.encode()),
    ]


def standing() -> Iterator[tuple[str, str, Any]]:
    """(table, column, value) of all that goes by plan, as it stands."""
    for model in (m for m in rows() if m._meta.db_table in GOES):
        for row in model._base_manager.order_by("pk"):
            for column in GOES[model._meta.db_table]:
                yield model._meta.db_table, column, getattr(row, column)
