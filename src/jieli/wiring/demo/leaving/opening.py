"""The notice: the case with everything held, the platform's own list of customers, and a plan that is approved."""

from datetime import date
from uuid import UUID

from jieli.handover import operations as handover
from jieli.handover import queries
from jieli.handover.checkup import examine
from jieli.handover.types import CaseRef, LeavingReason, OpenCase
from jieli.papers.signing import Channel, Outcome
from jieli.succession import pages, readiness
from jieli.succession import queries as plans
from jieli.succession.operations.plans import override
from jieli.succession.types import (
    AssignmentRef,
    PlanRef,
)
from jieli.wiring.demo.days import october
from jieli.wiring.demo.leaving import cast, planning
from jieli.wiring.demo.leaving.stage import Stage

NOTICE, LAST = date(2026, 10, 12), date(2026, 10, 30)


def play(stage: Stage) -> tuple[CaseRef, PlanRef]:
    """10 to 13 October: what would happen tonight, notice, case, plan, approval."""
    stage.clock.go(october(10, "17:00"))
    stage.tell(f"今晚离职体检：{_checkup(stage)}")
    stage.clock.go(october(12, "09:30"))
    stage.tell(f"{stage.name(cast.LEAVER)}提出辞职：立案，清点所持，列出双方义务")
    case = _open(stage)
    stage.tell("销售主管做接续方案，手动调整一名，提交；法务审批")
    stage.clock.go(october(12, "14:00"))
    plan = _plan(stage, case)
    stage.checkpoint()
    return case, plan


def _checkup(stage: Stage) -> str:
    """Three sheets in, one sentence out; nothing of it is kept."""
    people = [{"工号": e.no, "姓名": e.name, "用工类型": e.engagement} for e in stage.found.world.staff]
    accounts = [
        {"工号": e.no, "平台": "企业微信", "账号标识": e.handle, "绑定号码": "有", "已签承诺": "是"}
        for e in stage.found.world.staff
        if e.handle
    ]
    customers = [
        {"工号": c.seller, "客户编号": c.no, "姓名": c.name, "来源": c.source}
        for c in stage.found.world.clients
    ]
    customers += [
        {"工号": cast.LEAVER, "客户编号": c.no, "姓名": c.name, "来源": "购课订单", "在途订单": "1"}
        for c in cast.newcomers()
    ]
    found = examine(people, accounts, customers)
    one = next(p for p in found.people if p.staff_no == cast.LEAVER)
    stage.facts["checkup"] = {"sentence": one.sentence, "first": [step.title for step in one.first]}
    return one.sentence


def _open(stage: Stage) -> CaseRef:
    order = OpenCase(
        staff_id=stage.staff(cast.LEAVER), reason=LeavingReason.RESIGN, last_day=LAST, notice_on=NOTICE,
        receiver=stage.staff(cast.RECEIVER), supervisor=stage.staff(cast.LEAD),
        platform=planning.listed(stage, cast.LEAVER),
    )  # fmt: skip
    case = handover.open_case(order, by=stage.actor(cast.PEOPLE), at=stage.now)
    counted = queries.snapshot(case.id).counts()
    view = queries.view(case.number, at=stage.now)
    stage.facts["case"] = {
        "number": case.number,
        "leaver": stage.name(cast.LEAVER),
        "snapshot": {cls.value: n for cls, n in counted.items()},
        "duties": {"company": len(view.company), "leaver": len(view.leaver)},
    }
    made = stage.issue(case.number, "离职交接通知书", whose="一")["离职交接通知书"]
    sent = stage.deliver(made.id, cast.LEAVER, Channel.PORTAL, by=cast.PEOPLE, address="本人页面“我的离职”")
    stage.arrived(sent, Outcome.SEEN, who="本人", by=cast.PEOPLE)
    return case


def _plan(stage: Stage, case: CaseRef) -> PlanRef:
    planning.guardians(stage, cast.LEAVER)
    facts = planning.platform_facts(stage)
    draft = planning.draft(stage, case, cast.LEAVER, facts, due_on=date(2026, 11, 20))
    stage.facts["plan"] = {
        "customers": draft.customers,
        "assigned": draft.assigned,
        "rule": draft.rule_version,
    }
    line, instead = _to_move(draft)
    override(
        assignment=line.id, receiver=instead, reason="家长此前由他代过课，书面提出",
        platform=facts, by=stage.actor(cast.LEAD), at=stage.now,
    )  # fmt: skip
    preflight = readiness.preflight_of(draft.id, at=stage.now, list_taken=True)
    planning.approve(stage, draft.id, reason="规则先于通知生效，逐条有理由")
    stage.facts["plan"] |= {
        "preflight": preflight.code.value,
        "preflight_text": preflight.verdict.text,
        "overridden": 1,
        "streams": [[s.name, s.customers] for s in pages.streams(draft.id)],
    }
    return plans.plan(draft.id)


def _to_move(plan: PlanRef) -> tuple[AssignmentRef, UUID]:
    """A customer of whoever got most, and the qualified receiver with most places left."""
    able = [load for load in pages.loads(plan.id) if not load.against]
    most = max(able, key=lambda load: load.given).staff
    free = max(
        (load for load in able if load.staff != most), key=lambda load: load.capacity - load.after
    ).staff
    return next(line for line in plans.assignments(plan.id) if line.receiver == most), free
