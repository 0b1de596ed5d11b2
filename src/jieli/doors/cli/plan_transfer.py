"""`jieli plan`, towards the platform: transfers under their approval, results, final states, figures, the list."""

import csv
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from jieli.access.types import Permission
from jieli.doors.cli import named
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command, table, writable
from jieli.doors.cli.given import day
from jieli.doors.cli.plan_notices import Number, One
from jieli.kernel.cells import guarded
from jieli.kernel.times import local_day
from jieli.succession import choices, operations, pages, polling, rounds
from jieli.succession.final import FinalStates, final_states, unheard_groups
from jieli.succession.final import entrust as entrust_
from jieli.succession.final import reopen as reopen_
from jieli.succession.payload import FIELDS, OpenOrder, Remark
from jieli.succession.polling import PollReport
from jieli.succession.ports import platform
from jieli.succession.transfers import GroupMove
from jieli.succession.types import Phase

Customers = Annotated[list[str], typer.Option("--customer", help="客户编号，可多次给出。")]


def transfer(
    number: Number,
    phase: Annotated[Phase, typer.Option("--phase", help="通知期（在职转移）或 离职后（离职继承）。")],
    sign_in: As,
    message: Annotated[
        str | None, typer.Option("--message", help="在职转移时平台告知客户的话，至多 200 字。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """按已批准的方案向平台提交本阶段的转移；审查不通过、未告知或未批准，一名也不提交。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        plan, port = named.plan(number), platform()
        prepared, report = rounds.submit(plan.id, phase, port, message=message, by=by.actor, at=at)
        run.answer(
            {
                "prepared": prepared.calls,
                "customers": prepared.customers,
                "moved": prepared.moved,
                "failed": prepared.failed,
                "withheld": prepared.withheld,
                "calls": report.calls,
                "outcomes": report.outcomes,
                "unknown": report.unknown,
                "wait_until": report.wait_until,
                "stopped": report.stopped,
                "stopped_code": report.stopped_code,
            }
        )


def poll(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """办理已到期的提交，查清结果不明的调用，并向平台查询接替结果。随时可以再来一次。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        plan, port = named.plan(number), platform()
        report, found = rounds.follow(plan.id, port, by=by.actor, at=at)
        run.answer(
            _polled(found)
            | {"calls": report.calls, "unknown": report.unknown, "stopped_code": report.stopped_code}
        )


def _polled(found: PollReport) -> dict[str, Any]:
    return {
        "pairs": found.pairs,
        "statuses": {str(status): n for status, n in found.statuses.items()},
        "changed": found.changed,
        "waiting": found.waiting,
    }


def groups(
    number: Number,
    phase: Annotated[Phase, typer.Option("--phase", help="通知期 或 离职后。")],
    room: Annotated[list[str], typer.Option("--room", help="客户群标识，可多次给出。")],
    to: Annotated[str, typer.Option("--to", help="新群主的工号。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """按已批准的方案向平台提交客户群换群主；一人一天至多 300 个，其余顺延。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        plan, port, owner = named.plan(number), platform(), named.staff(to)
        moves = [GroupMove(one, owner) for one in room]
        prepared, report = rounds.submit_groups(plan.id, phase, moves, port, by=by.actor, at=at)
        run.answer(
            {
                "calls": prepared.calls,
                "groups": prepared.customers,
                "withheld": prepared.withheld,
                "outcomes": report.outcomes,
                "unheard": [room for room, _, _ in unheard_groups(plan.id)],
                "stopped_code": report.stopped_code,
            }
        )


def wake(
    takeover: Annotated[str, typer.Argument(help="平台事件所称的接替成员 UserID。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """平台事件提到一名接替成员：重新查询其全部接替结果；事件本身不决定任何事。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        run.answer(_polled(polling.wake_up(takeover=takeover, platform=platform(), by=by.actor, at=run.at())))


def states(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """每名客户的最终状态；没有最终状态的，列出原因、责任人和期限。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_HANDOVER)
        found = final_states(named.plan(number).id, at=run.at())
        shown = _states(found)
        rows: list[list[object]] = [
            [x["customer_no"], x["state"], x["reason"], x["owner"], x["due_on"]] for x in shown["listed"]
        ]
        title = f"{found.total} 名客户：" + "，".join(f"{k} {n}" for k, n in shown["counts"].items() if n)
        run.answer(shown, say=table(title, ["客户", "状态", "原因", "责任人", "期限"], rows))


def _states(found: FinalStates) -> dict[str, Any]:
    numbers = named.customer_numbers([*found.final, *(x.customer for x in found.listed)])
    owners = named.staff_numbers({x.owner for x in found.listed})
    return {
        "total": found.total,
        "clean": found.clean,
        "counts": {state.value: n for state, n in found.counts.items()},
        "final": {numbers[key]: state.value for key, state in found.final.items()},
        "listed": [
            {
                "customer_no": numbers[x.customer],
                "state": x.state.value,
                "reason": x.reason,
                "owner": owners.get(x.owner, ""),
                "due_on": x.due_on.isoformat(),
                "overdue": x.overdue,
            }
            for x in found.listed
        ],
    }


def entrust(
    number: Number,
    customer: Customers,
    owner: Annotated[str, typer.Option("--owner", help="责任人的工号。")],
    due: Annotated[str, typer.Option("--due", help="处理期限。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """指定待定客户的责任人和期限。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        done = entrust_(
            named.plan(number).id, named.customers(customer), owner=named.staff(owner), due_on=day(due),
            by=by.actor, at=run.at(),
        )  # fmt: skip
        run.answer({"customers": done, "owner": owner, "due_on": due})


def reopen(
    number: Number,
    customer: Customers,
    reason: Annotated[str, typer.Option("--reason", help="查明的原因。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """查明未能接续的原因后，允许重新提交；客户的拒绝不在此列。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        done = reopen_(
            named.plan(number).id, named.customers(customer), reason=reason, by=by.actor, at=run.at()
        )
        run.answer({"customers": done})


def scan(
    number: Number,
    customer: One,
    staff: Annotated[str, typer.Option("--to", help="客户所扫“联系我”的成员工号。")],
    sign_in: As,
    scanned: Annotated[
        int | None, typer.Option("--at-ms", help="扫码时间（毫秒，UTC）；缺省为现在。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """登记客户自己扫“联系我”添加了一名成员：由客户自己选定接续人。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        choices.record_scan(
            named.plan(number).id, named.customers([customer])[0], staff=named.staff(staff),
            scanned_at=at if scanned is None else scanned, by=by.actor, at=at,
        )  # fmt: skip
        run.answer({"customer_no": customer, "receiver": staff})


def metrics(
    number: Number,
    sign_in: As,
    first_contacts: Annotated[
        Path | None, typer.Option("--first-contacts", help="首次联系（CSV）：客户编号、接替后分钟数。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """待定人数与时长、拒绝率、各接手人的首次联系时间。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_HANDOVER)
        minutes = _minutes(first_contacts) if first_contacts else {}
        found = pages.metrics(named.plan(number).id, today=local_day(run.at()), first_contacts=minutes)
        numbers = named.staff_numbers(list(found.first_contact_minutes))
        run.answer(
            {
                "customers": found.customers,
                "assigned": found.assigned,
                "unassigned": found.unassigned,
                "oldest_unassigned_days": found.oldest_unassigned_days,
                "taken": found.taken,
                "refused": found.refused,
                "refusal_rate_percent": f"{found.refusal_rate // 100}.{found.refusal_rate % 100:02}",
                "first_contact_minutes": {numbers[who]: n for who, n in found.first_contact_minutes.items()},
            }
        )


def _minutes(file: Path) -> dict[UUID, int]:
    rows = named.per_customer(named.sheet(file, "客户编号", "分钟", needed=("客户编号", "分钟")))
    return {key: _number(row["分钟"], row.line) for key, found in rows.items() for row in found}


def _number(text: str | None, line: int) -> int:
    if text is None or not (text.isascii() and text.isdigit()):
        raise named.BadSheet(f"第 {line} 行“分钟”列：不是整数。", remedy="请填写整数分钟。")
    return int(text)


def export(
    number: Number,
    to: Annotated[str, typer.Option("--to", help="接手人的工号。")],
    out_file: Annotated[Path, typer.Option("--out", help="移交清单（CSV）写到哪里。")],
    sign_in: As,
    remarks: Annotated[
        Path | None, typer.Option("--remarks", help="备注（CSV）：客户编号、备注、个人（是则不移交）。")
    ] = None,
    orders: Annotated[
        Path | None, typer.Option("--orders", help="在途订单（CSV）：客户编号、订单号、产品、下单日期。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """写出一名接手人的移交清单：只有最少字段，标为个人的备注不移交；先记入账本。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        path = writable(out_file)
        lines = operations.export_lines(
            plan=named.plan(number).id, receiver=named.staff(to), remarks=_remarks(remarks),
            open_orders=_orders(orders), by=by.actor, at=at,
        )  # fmt: skip
        path.touch(mode=0o600)
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            sheet = csv.writer(file)
            sheet.writerow(FIELDS)
            sheet.writerows([guarded(cell) for cell in line.cells()] for line in lines)
        run.answer({"customers": len(lines), "fields": list(FIELDS), "file": str(path)})


def _remarks(file: Path | None) -> dict[UUID, list[Remark]]:
    if file is None:
        return {}
    rows = named.per_customer(named.sheet(file, "客户编号", "备注", "个人", needed=("客户编号",)))
    return {
        key: [
            Remark(row["备注"] or "", personal=row["个人"] is not None and row["个人"] != "否")
            for row in found
        ]
        for key, found in rows.items()
    }


def _orders(file: Path | None) -> dict[UUID, list[OpenOrder]]:
    if file is None:
        return {}
    columns = ("客户编号", "订单号", "产品", "下单日期")
    rows = named.per_customer(named.sheet(file, *columns, needed=columns))
    return {key: [_order(row.cells) for row in found] for key, found in rows.items()}


def _order(cells: dict[str, Any]) -> OpenOrder:
    placed: date = day(cells["下单日期"] or "")
    return OpenOrder(cells["订单号"] or "", cells["产品"] or "", placed)
