"""13 to 16 October: customers pass on the job; farewell, notices with links, and what customers say to them."""

import json
from uuid import UUID

from jieli.approvals import operations as approvals
from jieli.handover.types import CaseRef
from jieli.kernel.times import HOUR, MINUTE
from jieli.parties import queries as parties
from jieli.succession import choices, notices, proposals, readiness
from jieli.succession import ports as outside
from jieli.succession import queries as plans
from jieli.succession.calling import run_submissions
from jieli.succession.polling import poll
from jieli.succession.rounds import advance
from jieli.succession.spoken import Channel, ChoiceWord, Reach
from jieli.succession.types import AssignmentRef, CustomerState, PlanRef
from jieli.succession.userids import of_customers
from jieli.wiring import customer_notices
from jieli.wiring.demo.days import october
from jieli.wiring.demo.grounds import BY
from jieli.wiring.demo.leaving import cast
from jieli.wiring.demo.leaving.stage import Stage

_TELLABLE = (CustomerState.SUBMITTED, CustomerState.WAITING, CustomerState.TAKEN)


def play(stage: Stage, case: CaseRef, plan: PlanRef) -> None:
    """On-the-job transfer, 24 hours, and four customers who do not simply let it happen."""
    stage.clock.go(october(13, "09:30"))
    stage.tell("移交人在工作账号里道别；通知期内在职转移，提交演练平台")
    going = [line.customer for line in plans.assignments(plan.id) if line.receiver is not None]
    notices.record_farewell(
        plan.id, going, sent_by=case.staff_id, channel=Channel.WECOM, sent_at=stage.now,
        by=stage.actor(cast.LEAVER), at=stage.now,
    )  # fmt: skip
    stage.clock.on(30 * MINUTE)
    checked = readiness.preflight_of(plan.id, at=stage.now, noticed=going, list_taken=True)
    stage.facts["plan"]["preflight_when_told"] = checked.code.value
    platform = outside.platform()
    notices.fetch_contact_ways(plan.id, platform, by=BY, at=stage.now)
    done = advance(plan.id, platform, by=BY, at=stage.now)
    stage.facts["on_job"] = {"calls": done.run.calls, "outcomes": done.run.outcomes}
    stage.tell("发出公司自己的告知，每名客户一个选择链接，放进演示投递箱")
    stage.clock.go(october(13, "11:00"))
    links = notify(stage, plan)
    _answers(stage, plan, links)
    stage.tell("二十四小时后查询平台结果；给要求换人的客户另提一位，审批后再转")
    stage.clock.go(october(14, "11:00"))
    poll(plan.id, platform, by=BY, at=stage.now)
    by_message(stage, plan)
    _another(stage, plan)
    stage.checkpoint()


def notify(stage: Stage, plan: PlanRef) -> dict[UUID, str]:
    """One notice by SMS to whoever left a number and was not told yet; the tokens, as their telephones show them."""
    going = [x.customer for x in plans.assignments(plan.id) if x.state in _TELLABLE]
    before = set(stage.home.outbox.glob("*.json"))
    told = customer_notices.send_notices(
        plan.id, profile=stage.profile, sender=customer_notices.deliverer(stage.profile, lambda: stage.now),
        customers=going, by=stage.actor(cast.LEAD), at=stage.now,
    )  # fmt: skip
    counted = stage.facts.setdefault("notices", {"sms": 0, "by_message": 0})
    counted["sms"] += told.sent
    customers = {phone: key for key, phone in parties.phones(going).items()}
    fresh = sorted(set(stage.home.outbox.glob("*.json")) - before)
    inbox = [json.loads(path.read_text(encoding="utf-8")) for path in fresh]
    return {customers[m["收件人"]]: m["内容"].rstrip("/").rsplit("/", 1)[1] for m in inbox}


def _answers(stage: Stage, plan: PlanRef, links: dict[UUID, str]) -> None:
    """The first four who were told: one agrees, one wants somebody else, one silence; one says no on the platform."""
    lines = [x for x in plans.assignments(plan.id) if x.customer in links and x.state in _TELLABLE]
    taker = stage.staff(cast.ANOTHER)
    willing, changes, silent, there, later = _pick(lines, not_by=taker)
    for line, word in (
        (willing, ChoiceWord.ACCEPT), (changes, ChoiceWord.ANOTHER), (silent, ChoiceWord.NO_CONTACT),
    ):  # fmt: skip
        stage.clock.on(20 * MINUTE)
        choices.choose(links[line.customer], word, at=stage.now)
    stage.clock.on(HOUR)
    stage.steer("refuse", external_userid=of_customers([there.customer])[there.customer])
    stage.facts["choices"] = {
        "accepted": willing.customer_no,
        "another": changes.customer_no,
        "no_contact": silent.customer_no,
        "refused_on_platform": there.customer_no,
        "refused_after": later.customer_no,
    }
    stage.facts["_changes"], stage.facts["_later"] = changes.customer, (later.customer, links[later.customer])


def _pick(lines: list[AssignmentRef], *, not_by: UUID) -> list[AssignmentRef]:
    found = [line for line in lines if line.receiver != not_by]
    return found[:5]


def by_message(stage: Stage, plan: PlanRef) -> None:
    """Who left no number is told by the new keeper's first message, with the same kind of link."""
    taken = [x.customer for x in plans.assignments(plan.id) if x.state is CustomerState.TAKEN]
    entered = notices.enter_notices(
        plan.id, channel=Channel.WECOM, customers=taken, by=stage.actor(cast.LEAD), at=stage.now
    )
    notices.record_reach(
        contacts=[x.contact for x in entered.outgoing], reminder=False, outcome=Reach.SENT, by=BY, at=stage.now
    )  # fmt: skip
    stage.facts["notices"]["by_message"] += len(entered.outgoing)


def _another(stage: Stage, plan: PlanRef) -> None:
    """The one other adviser, approved on his own; then a customer who had been taken over says no after all."""
    customer: UUID = stage.facts.pop("_changes")
    request = proposals.propose_another(
        plan.id, customer, receiver=stage.staff(cast.ANOTHER), reason="客户要求换一位",
        by=stage.actor(cast.LEAD), at=stage.now,
    )  # fmt: skip
    stage.clock.on(HOUR)
    approvals.decide(
        request=request, agree=True, reason="按客户意愿", by=stage.person(cast.LEGAL), at=stage.now
    )
    proposals.prepare_proposal(plan.id, customer, by=stage.actor(cast.LEAD), at=stage.now)
    run_submissions(plan.id, outside.platform(), by=BY, at=stage.now)
    stage.clock.go(october(15, "15:00"))
    poll(plan.id, outside.platform(), by=BY, at=stage.now)
    who, token = stage.facts.pop("_later")
    stage.clock.go(october(16, "20:10"))
    choices.choose(token, ChoiceWord.REFUSE, at=stage.now)
    state = next(x.state for x in plans.assignments(plan.id) if x.customer == who)
    stage.facts["choices"]["late_refusal_state"] = state.value
