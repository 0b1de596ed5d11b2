"""31 October to 3 November: access ends, the rest is inherited, somebody tries the door, the account is repaired."""

from uuid import UUID

from jieli.assets import queries as assets
from jieli.assets.types import AssetKind
from jieli.handover import bindings, cutting
from jieli.handover import operations as handover
from jieli.handover.things_types import LateAct, RecoveryStep
from jieli.handover.types import CaseRef, ListKind
from jieli.kernel.times import local_day
from jieli.succession import pages
from jieli.succession import ports as outside
from jieli.succession import queries as plans
from jieli.succession.final import entrust, final_states
from jieli.succession.polling import poll
from jieli.succession.rounds import advance
from jieli.succession.transfers import GroupMove, prepare_groups
from jieli.succession.types import CustomerState, Phase, PlanRef
from jieli.wiring import customer_notices
from jieli.wiring.demo.days import october
from jieli.wiring.demo.grounds import BY
from jieli.wiring.demo.leaving import cast
from jieli.wiring.demo.leaving.cast import handle_of
from jieli.wiring.demo.leaving.days import november
from jieli.wiring.demo.leaving.last_day import account_of, recover
from jieli.wiring.demo.leaving.notice_period import by_message, notify
from jieli.wiring.demo.leaving.opening import LAST
from jieli.wiring.demo.leaving.stage import WORK_CHAT, Stage
from jieli.wiring.demo.things import number_of


def play(stage: Stage, case: CaseRef, plan: PlanRef) -> None:
    """From the last minute on."""
    stage.tell("最后一分钟：停用权限并当场复查；号码交回停机，静置九十日")
    stage.clock.go(case.last_minute)
    cut = cutting.cut_access(case=case.id, by=BY, at=stage.now)
    stage.facts["access"] = {
        "cut_at_last_minute": int(cut.cut_at == case.last_minute),
        "verified": int(cut.verified),
    }
    stage.clock.go(october(31, "09:00"))
    leaver = next(e for e in stage.found.world.staff if e.no == cast.LEAVER)
    bindings.cut_number(
        case=case.id, number=stage.thing(AssetKind.NUMBER, number_of(leaver)), by=stage.actor(cast.TECH), at=stage.now
    )  # fmt: skip
    stage.tell("离职后：其余客户离职继承，客户群换群主；一名接手人在平台上已满")
    _inherit(stage, case, plan)
    stage.tell("离职人员又登录工作账号：立为事件")
    _late(stage, case)
    stage.tell("接收人换好昵称头像，账号由“已交付未恢复”转为“已恢复”")
    stage.clock.go(november(2, "10:00"))
    account = account_of(stage, cast.LEAVER)
    stage.facts["recovery"]["then"] = recover(
        stage, case, account, RecoveryStep.NEW_FACE, passed=True, by=stage.actor(cast.RECEIVER)
    )
    stage.facts["final"] = finals(stage, plan)
    told = pages.metrics(plan.id, today=local_day(stage.now))
    stage.facts["metrics"] = {
        "customers": told.customers, "taken": told.taken, "refused": told.refused, "unassigned": told.unassigned,
        "findings": len(plans.rule_findings(at=stage.now)),
    }  # fmt: skip
    stage.checkpoint()


def _inherit(stage: Stage, case: CaseRef, plan: PlanRef) -> None:
    platform, staff = outside.platform(), stage.found.world.staff
    gone, room = handle_of(staff, cast.LEAVER), assets.groups(WORK_CHAT)[cast.ROOM]
    stage.steer("resign", userid=gone)
    rest = [
        x for x in plans.assignments(plan.id) if x.phase is Phase.AFTER and x.state is CustomerState.PLANNED
    ]
    full = _fill_up(stage, [x.receiver for x in rest if x.receiver is not None])
    prepare_groups(
        plan.id, Phase.AFTER, [GroupMove(cast.ROOM, stage.staff(cast.RECEIVER))], by=stage.actor(cast.LEAD),
        at=stage.now,
    )  # fmt: skip
    done = advance(plan.id, platform, by=BY, at=stage.now)
    handover.hand_items(
        case=case.id, kind=ListKind.ACCOUNTS, keys=[key_of(room.id)], handed_on=local_day(stage.now),
        by=stage.actor(cast.LEAD), at=stage.now,
    )  # fmt: skip
    stage.facts["inherited"] = {
        "customers": len(rest),
        "calls": done.run.calls,
        "outcomes": done.run.outcomes,
    }
    stage.clock.go(november(1, "10:00"))
    poll(plan.id, platform, by=BY, at=stage.now)
    # The firm buys more places; whoever did not fit stays on the list until somebody tries again.
    stage.steer("member", userid=handle_of(staff, full), name=stage.name(full))
    links = notify(stage, plan)
    by_message(stage, plan)
    # For whoever looks at the demo: the last one told, who has not answered.
    stage.facts["choices"]["card"] = customer_notices.link(stage.profile, list(links.values())[-1])


def key_of(asset: UUID) -> str:
    """The label under which lists name an asset."""
    return assets.assets([asset])[asset].label


def _fill_up(stage: Stage, receivers: list[UUID]) -> str:
    """The platform's own limit for the receiver with most to come, one fewer than are on the way; who it is."""
    most = max(set(receivers), key=lambda r: (receivers.count(r), str(r)))
    number = next(no for no in cast.TAKERS if stage.staff(no) == most)
    handle = handle_of(stage.found.world.staff, number)
    now = len(outside.platform().customers_of(handle))
    stage.steer("member", userid=handle, name=stage.name(number), limit=now + receivers.count(most) - 1)
    return number


def _late(stage: Stage, case: CaseRef) -> None:
    stage.clock.go(november(1, "21:40"))
    matter = cutting.record_attempt_after(
        case=case.id, act=LateAct.PLATFORM, tried_at=stage.now, by=BY, at=stage.now
    )
    stage.facts["incident"] = {"matter": matter.number, "title": matter.title}


def finals(stage: Stage, plan: PlanRef) -> dict[str, object]:
    """Each customer in one state, or on the list with an owner and a day (P8)."""
    found = final_states(plan.id, at=stage.now)
    owed = [x.customer for x in found.listed]
    if owed:
        entrust(
            plan.id, owed, owner=stage.staff(cast.LEAD), due_on=LAST.replace(month=11, day=20),
            by=stage.actor(cast.LEAD), at=stage.now,
        )  # fmt: skip
    found = final_states(plan.id, at=stage.now)
    once = len(set(found.final) | {x.customer for x in found.listed})
    return {
        "customers": found.total,
        "states": {state.value: n for state, n in found.counts.items() if n},
        "final": len(found.final),
        "listed": len(found.listed),
        "each_once": int(once == found.total == len(found.final) + len(found.listed)),
        "listed_with_owner_and_day": int(all(x.owner and x.due_on and x.reason for x in found.listed)),
    }
