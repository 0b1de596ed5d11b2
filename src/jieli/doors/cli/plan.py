"""`jieli plan`: who takes over a leaver's customers, why, and on whose word. One command is one domain call."""

from typing import Annotated
from uuid import UUID

import typer

from jieli.access.types import Permission
from jieli.doors.cli import named, plan_notices, plan_rules, plan_shown, plan_transfer
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command
from jieli.doors.cli.given import day
from jieli.doors.cli.plan_notices import Number, One
from jieli.handover import queries as handover
from jieli.handover.types import LineClass
from jieli.succession import notices, operations, pages, queries, readiness
from jieli.succession.types import AssignmentRef, Balance, Mode, PlanRef

app = typer.Typer(
    no_args_is_help=True,
    help="接续：规则、培训、方案、审批前审查、告知、转移、最终状态。",
)
To = Annotated[str, typer.Option("--to", help="接手人的工号。")]


@app.command("make")
def make(
    number: Number,
    owner: Annotated[str, typer.Option("--owner", help="对没有接手人的客户负责的人（工号）。")],
    privacy: Annotated[str, typer.Option("--privacy-impact", help="对客户隐私的影响。")],
    need: Annotated[str, typer.Option("--business-need", help="业务必要性。")],
    alternative: Annotated[str, typer.Option("--alternative", help="考虑过的影响更小的做法。")],
    sign_in: As,
    customers: Annotated[
        list[str] | None, typer.Option("--customers", help="客户编号，可多次给出；缺省为立案时的客户清单。")
    ] = None,
    receiver: Annotated[
        list[str] | None, typer.Option("--receiver", help="规则之外另加的接手人（工号）。")
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", help="不参与接手的人（工号）。")] = None,
    mode: Annotated[Mode, typer.Option("--mode", help="自动：按规则分配；手动：逐一指定。")] = Mode.AUTO,
    due: Annotated[str | None, typer.Option("--due", help="待定客户的处理期限；缺省为 7 日后。")] = None,
    as_json: AsJson = False,
) -> None:
    """为一件离职做接续方案（草稿）：每名客户有接手人和理由，或有责任人、期限和怎样才能分配。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        case = handover.case(number)
        held = [line.subject for line in handover.snapshot(case.id).of(LineClass.CUSTOMER) if line.subject]
        made = operations.make_plan(
            matter=case.matter, leaver=case.staff_id,
            customers=named.customers(customers) if customers else held,
            last_minute=case.last_minute, notice_on=case.notice_on, owner=named.staff(owner),
            balance=Balance(privacy, need, alternative), mode=mode,
            due_on=day(due) if due else None, receivers=named.staff_all(receiver or ()),
            excluded=named.staff_all(exclude or ()), by=by.actor, at=at,
        )  # fmt: skip
        run.answer(plan_shown.plan_values(made, at=at))


@app.command("show")
def show(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """方案全文：为何分给谁；谁待定、怎样才能分配、由谁在何时之前负责；各接手人的负担。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_HANDOVER)
        shown = plan_shown.whole(named.plan(number), at=run.at())
        run.answer(shown, say=lambda: plan_shown.say_whole(shown))


def _line(plan: PlanRef, customer: str) -> AssignmentRef:
    found = {a.customer_no: a for a in queries.assignments(plan.id)}.get(customer)
    if found is None:
        raise named.NoPlan("方案里没有这名客户。", remedy="请核对 --customer。")
    return found


@app.command("move")
def move(number: Number, customer: One, to: To, sign_in: As, as_json: AsJson = False) -> None:
    """试算：若把一名客户改给某人，会怎样。不写入任何内容。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_HANDOVER)
        line = _line(named.plan(number), customer)
        run.answer(plan_shown.move_values(pages.move(line.id, named.staff(to), at=run.at())))


@app.command("override")
def override(
    number: Number,
    customer: One,
    reason: Annotated[str, typer.Option("--reason", help="调整理由。")],
    sign_in: As,
    to: Annotated[str | None, typer.Option("--to", help="接手人的工号；不给出则改为待定。")] = None,
    as_json: AsJson = False,
) -> None:
    """人工调整草稿中的一名客户，写明理由；保护客户的条件不能绕过。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        line = _line(named.plan(number), customer)
        done = operations.override(
            assignment=line.id,
            receiver=named.staff(to) if to else None,
            reason=reason,
            by=by.actor,
            at=run.at(),
        )
        run.answer({"customer_no": done.customer_no, "receiver": to, "why": pages.explained(done)})


@app.command("preflight")
def preflight(
    number: Number,
    sign_in: As,
    list_taken: Annotated[bool, typer.Option("--list-taken", help="客户名单已被带走。")] = False,
    joint: Annotated[
        bool | None, typer.Option("--joint/--not-joint", help="两个主体是否共同决定处理目的和方式。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """三个合规面的审查及结论；有一项不通过，就不得接续。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_HANDOVER)
        plan, at = named.plan(number), run.at()
        found = readiness.preflight_of(
            plan.id, at=at, noticed=notices.told(plan.id), list_taken=list_taken, joint_handler=joint
        )
        shown = plan_shown.preflight_values(found)
        run.answer(shown, say=lambda: plan_shown.say_preflight(shown))


@app.command("submit")
def submit(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="申请理由。")],
    sign_in: As,
    until: Annotated[str | None, typer.Option("--until", help="审批有效期末日。")] = None,
    as_json: AsJson = False,
) -> None:
    """提交审批；此后方案不能再改，接手人和移交人不得审批。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        done = operations.submit_plan(
            plan=named.plan(number).id, reason=reason, expires_at=named.end_of(until), by=by.actor, at=at
        )
        run.answer(plan_shown.plan_values(done, at=at))


@app.command("void")
def void(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="作废理由。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """作废方案，以便另做；仍有客户在平台接续中时不能作废。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        plan: UUID = named.plan(number).id
        operations.void_plan(plan=plan, reason=reason, by=by.actor, at=run.at())
        run.answer({"plan": plan, "state": queries.plan(plan).state.value})


app.command("rule-propose")(plan_rules.propose)
app.command("rules")(plan_rules.rules)
app.command("training")(plan_rules.training)
app.command("commitment")(plan_rules.commitment)
app.command("needs")(plan_rules.needs)
app.command("wish")(plan_rules.wish)
app.command("consent")(plan_rules.consent)
app.command("contact")(plan_rules.contact)
app.command("farewell")(plan_notices.farewell)
app.command("notices")(plan_notices.notify)
app.command("told")(plan_notices.told)
app.command("choice")(plan_notices.choice)
app.command("voluntary")(plan_notices.voluntary)
app.command("another")(plan_notices.another)
app.command("transfer")(plan_transfer.transfer)
app.command("poll")(plan_transfer.poll)
app.command("groups")(plan_transfer.groups)
app.command("wake")(plan_transfer.wake)
app.command("states")(plan_transfer.states)
app.command("entrust")(plan_transfer.entrust)
app.command("reopen")(plan_transfer.reopen)
app.command("scan")(plan_transfer.scan)
app.command("metrics")(plan_transfer.metrics)
app.command("export")(plan_transfer.export)
