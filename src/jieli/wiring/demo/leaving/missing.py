"""失联自离: somebody no longer comes. What is owed to him is done all the same, and nobody signs in his name."""

from datetime import date
from uuid import UUID

from jieli.duties import queries as duties
from jieli.duties.types import DutyState, Side
from jieli.handover import cutting, queries
from jieli.handover import operations as handover
from jieli.handover.types import CaseRef, LeavingReason, LineClass, ListKind, OpenCase, Party
from jieli.kernel.times import HOUR, local_day
from jieli.papers import queries as papers
from jieli.papers.signing import Channel, Outcome
from jieli.papers.types import PaperRef
from jieli.succession import ports as outside
from jieli.succession.polling import poll
from jieli.succession.rounds import advance
from jieli.wiring.demo.grounds import BY
from jieli.wiring.demo.leaving import cast, planning
from jieli.wiring.demo.leaving.afterwards import finals
from jieli.wiring.demo.leaving.cast import handle_of
from jieli.wiring.demo.leaving.days import november
from jieli.wiring.demo.leaving.notice_period import by_message, notify
from jieli.wiring.demo.leaving.stage import Stage

_LAST, _TOLD = date(2026, 11, 2), date(2026, 11, 9)
_ADDRESS = "《送达地址及联系方式确认书》所载地址"
_KINDS = ("离职工作交接单", "返还催告函", "解除（终止）劳动合同证明书")


def play(stage: Stage) -> None:
    """9 to 24 November: three tries, an EMS that comes back, an announcement, two witnesses, closed with a note."""
    stage.tell(f"另一位，{stage.name(cast.GONE)}，失联自离：催告、EMS 退回、公告、两名见证人，带注记结案")
    stage.clock.go(november(9, "10:00"))
    case = _open(stage)
    made = stage.issue(case.number, *_KINDS, whose="二")
    _tries(stage, case, made)
    final = _inherited(stage, case)
    _counted(stage, case)
    noted = handover.close_noted(
        case=case.id, note="三次联系未果，EMS 退回，公告期满；由公司单方清点，未代签", by=stage.actor(cast.PEOPLE),
        at=stage.now,
    )  # fmt: skip
    carried = [p.paper.id for p in queries.view(case.number, at=stage.now).papers]
    signed = papers.signatures(carried)
    stage.facts["missing"] = {
        "number": case.number,
        "leaver": stage.name(cast.GONE),
        "stage": noted.stage.value,
        "signatures": sum(len(some) for some in signed.values()),
        "attempts": 3,
        "witnesses": list(cast.WITNESSES),
        "returned": 1,
        "note": noted.note,
        "final": final,
    }
    stage.checkpoint()


def _open(stage: Stage) -> CaseRef:
    order = OpenCase(
        platform=planning.listed(stage, cast.GONE), staff_id=stage.staff(cast.GONE), reason=LeavingReason.MISSING,
        last_day=_LAST, notice_on=_TOLD, receiver=stage.staff(cast.GONE_RECEIVER),
        supervisor=stage.staff(cast.LEAD),
    )  # fmt: skip
    case = handover.open_case(order, by=stage.actor(cast.PEOPLE), at=stage.now)
    cutting.cut_access(case=case.id, by=BY, at=stage.now)
    return case


def _tries(stage: Stage, case: CaseRef, made: dict[str, PaperRef]) -> None:
    """The demand and the certificate go out together; each try is written down with what came of it."""
    demand, certificate = made["返还催告函"], made["解除（终止）劳动合同证明书"]
    sms = stage.deliver(demand.id, cast.GONE, Channel.SMS, by=cast.PEOPLE, address="登记手机")
    posted = stage.deliver(
        demand.id, cast.GONE, Channel.EMS, by=cast.PEOPLE, number="EY000000001CN", address=_ADDRESS
    )
    proved = stage.deliver(
        certificate.id, cast.GONE, Channel.EMS, by=cast.PEOPLE, number="EY000000002CN", address=_ADDRESS
    )
    stage.clock.go(november(10, "10:00"))
    stage.arrived(sms, Outcome.NO_ANSWER, by=cast.PEOPLE)
    _attempt(stage, case, "短信", "无人应答", sms.id)
    stage.clock.go(november(14, "15:00"))
    for delivery in (posted, proved):
        stage.arrived(delivery, Outcome.RETURNED, who="无人签收", by=cast.PEOPLE)
    _attempt(stage, case, "EMS", "退回", posted.id)
    stage.clock.go(november(16, "09:00"))
    public = stage.deliver(demand.id, cast.GONE, Channel.PUBLIC, by=cast.PEOPLE, address="公司公告栏与官网")
    handover.record_attempt(
        case=case.id, how="公告", tried_on=local_day(stage.now), outcome="公告张贴，两人见证", delivery=public.id,
        witnesses=cast.WITNESSES, proof=stage.picture("公告照片", "公告张贴照片", by=cast.PEOPLE),
        by=stage.actor(cast.PEOPLE), at=stage.now,
    )  # fmt: skip


def _attempt(stage: Stage, case: CaseRef, how: str, outcome: str, delivery: UUID) -> None:
    handover.record_attempt(
        case=case.id, how=how, tried_on=local_day(stage.now), outcome=outcome, delivery=delivery,
        by=stage.actor(cast.PEOPLE), at=stage.now,
    )  # fmt: skip


def _inherited(stage: Stage, case: CaseRef) -> dict[str, object]:
    """His customers are not made to wait for him: the same rule, an approval of its own, inheritance."""
    platform = outside.platform()
    stage.clock.go(november(17, "10:00"))
    stage.steer("resign", userid=handle_of(stage.found.world.staff, cast.GONE))
    planning.guardians(stage, cast.GONE)
    facts = planning.platform_facts(stage)
    plan = planning.draft(stage, case, cast.GONE, facts, due_on=date(2026, 12, 11))
    planning.approve(stage, plan.id, reason="本人失联，客户不能断档")
    advance(plan.id, platform, by=BY, at=stage.now)
    stage.clock.go(november(18, "15:00"))
    poll(plan.id, platform, by=BY, at=stage.now)
    notify(stage, plan)
    by_message(stage, plan)
    for kind in (ListKind.DATA, ListKind.CUSTOMERS):
        handover.hand_items(
            case=case.id, kind=kind, handed_on=local_day(stage.now), by=stage.actor(cast.LEAD), at=stage.now
        )
    return finals(stage, plan)


def _counted(stage: Stage, case: CaseRef) -> None:
    """What he still holds is listed with the reason, counted before two witnesses; the company does what it owes."""
    stage.clock.go(november(24, "10:00"))
    for cls in (LineClass.ACCOUNT, LineClass.NUMBER, LineClass.DEVICE):
        for line in queries.snapshot(case.id).of(cls):
            handover.cannot_hand(
                case=case.id, cls=cls, key=line.key, reason="本人失联，实物与登录均未交回", party=Party.COMPANY,
                stated_on=local_day(stage.now), by=stage.actor(cast.PEOPLE), at=stage.now,
            )  # fmt: skip
    stage.clock.on(HOUR)
    for duty in duties.of_matter(case.matter):
        if duty.state is DutyState.OPEN and duty.owed_by is Side.COMPANY:
            paper = stage.picture("办理回执", f"{duty.name}（单方办理，两人见证）", by=cast.PEOPLE)
            handover.fulfil_duty(
                case=case.id, duty=duty.id, paper=paper, done_on=local_day(stage.now),
                by=stage.actor(cast.PEOPLE), at=stage.now,
            )  # fmt: skip
