"""`jieli plan`, towards customers: the leaver's farewell, our one notice with a link, and what customers said."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from jieli.access.types import Permission
from jieli.doors.cli import named
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, Command, command, out, writable
from jieli.kernel.cells import guarded
from jieli.kernel.errors import JieliError
from jieli.ledger.places import numbered
from jieli.succession import choices, notices, proposals, queries
from jieli.succession.ports import platform
from jieli.succession.spoken import Channel, ChoiceWord, Outgoing
from jieli.succession.types import PlanRef
from jieli.wiring.customer_notices import deliverer, enter_by_hand, link, send_notices

Number = Annotated[str, typer.Argument(help="离职事项编号，如 M-2026-0001。")]
Only = Annotated[list[str] | None, typer.Option("--customer", help="只办这些客户编号；缺省为方案内全部。")]
One = Annotated[str, typer.Option("--customer", help="客户编号。")]


class NoOutFile(JieliError):
    """A notice that people send themselves needs a file to be written to."""

    code = "cli.no_out_file"


def farewell(
    number: Number,
    channel: Annotated[Channel, typer.Option("--channel", help="本人经何种途径告别。")],
    sign_in: As,
    customer: Only = None,
    sent: Annotated[int | None, typer.Option("--at-ms", help="本人所称的发送时间（毫秒，UTC）。")] = None,
    as_json: AsJson = False,
) -> None:
    """登记移交人本人向客户告别（本人陈述）；同时给出可用的文字。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        plan = named.plan(number)
        chosen = _chosen(plan, customer)
        told = notices.record_farewell(
            plan.id, chosen, sent_by=plan.leaver, channel=channel, sent_at=at if sent is None else sent,
            by=by.actor, at=at,
        )  # fmt: skip
        run.answer({"customers": told, "texts": _texts(plan)})


def _texts(plan: PlanRef) -> dict[str, str]:
    receivers = {a.receiver for a in queries.assignments(plan.id) if a.receiver is not None}
    numbers = named.staff_numbers(receivers)
    return {numbers[who]: notices.farewell_text(plan.id, who) for who in sorted(receivers, key=str)}


def _chosen(plan: PlanRef, customers: Sequence[str] | None) -> list[UUID]:
    """The customers named, or all of the plan with a receiver."""
    if customers:
        return named.customers(customers)
    return [a.customer for a in queries.assignments(plan.id) if a.receiver is not None]


def notify(
    number: Number,
    sign_in: As,
    channel: Annotated[
        Channel, typer.Option("--channel", help="短信由系统发出；其余写成清单由人发送。")
    ] = Channel.SMS,
    customer: Only = None,
    reminder: Annotated[bool, typer.Option("--reminder", help="唯一一次提醒。")] = False,
    out_file: Annotated[Path | None, typer.Option("--out", help="告知清单（CSV）写到哪里。")] = None,
    as_json: AsJson = False,
) -> None:
    """告知客户谁来接手、如何拒绝，附本人的选择链接；至多一次告知、一次提醒。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_PLAN), run.at()
        plan = named.plan(number)
        if channel is not Channel.SMS or out_file is not None:
            _written(run, plan, channel, customer, reminder, out_file, by.actor, at)
            return
        sender = deliverer(run.profile, run.at)
        if run.profile.wecom is not None:
            # Before anything goes out, so that a customer's page never waits for the platform.
            notices.fetch_contact_ways(plan.id, platform(), by=by.actor, at=at)
        told = send_notices(
            plan.id, profile=run.profile, sender=sender, customers=_chosen(plan, customer), reminder=reminder,
            by=by.actor, at=at,
        )  # fmt: skip
        numbers = named.customer_numbers([*told.withheld, *told.without_phone])
        run.answer(
            {
                "sent": told.sent,
                "failed": told.failed,
                "unknown": told.unknown,
                "withheld": {numbers[key]: why for key, why in told.withheld.items()},
                "without_phone": [numbers[key] for key in told.without_phone],
            }
        )


def _written(
    run: Command,
    plan: PlanRef,
    channel: Channel,
    customers: Sequence[str] | None,
    reminder: bool,
    out_file: Path | None,
    by: str,
    at: int,
) -> None:
    """Enter the notices and write the list from which people send them; links stand in that file alone."""
    if out_file is None:
        raise NoOutFile("这一渠道由人发送，须写出告知清单。", remedy="请用 --out 给出文件名。")
    path = writable(out_file)
    outgoing, withheld = enter_by_hand(
        plan.id, channel=channel, customers=_chosen(plan, customers), reminder=reminder, by=by, at=at
    )
    _write_list(run, plan, path, outgoing)
    numbers = named.customer_numbers(list(withheld))
    why = {numbers[key]: reason for key, reason in withheld.items()}
    run.answer({"listed": len(outgoing), "file": str(path), "withheld": why})


def _write_list(run: Command, plan: PlanRef, path: Path, outgoing: Sequence[Outgoing]) -> None:
    lines = {a.customer: a for a in queries.assignments(plan.id)}
    staff = named.staff_numbers({a.receiver for a in lines.values() if a.receiver is not None})
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["客户编号", "发送人工号", "内容"])
        for one in outgoing:
            line = lines[one.customer]
            who = staff.get(line.receiver, "") if line.receiver else ""
            row = (line.customer_no, who, f"{one.text}{link(run.profile, one.token)}")
            sheet.writerow([guarded(cell) for cell in row])


def told(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """每名客户在三个时刻被告知的情况；平台通知是否看到，本系统不能证明。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_HANDOVER)
        plan = named.plan(number)
        found = notices.moments(plan.id)
        numbers = named.customer_numbers(list(found))
        said = {
            numbers[key]: {
                "farewell_at": m.farewell_at, "platform_at": m.platform.submitted_at if m.platform else 0,
                "notice_at": m.notice_at, "notice_outcome": m.notice_outcome, "reminder_at": m.reminder_at,
                "closed": m.closed_why,
            }
            for key, m in found.items()
        }  # fmt: skip
        run.answer({"note": notices.CANNOT_PROVE_SEEN, "customers": said})


def choice(
    number: Number,
    customer: One,
    word: Annotated[ChoiceWord, typer.Option("--choice", help="接受、拒绝接替、换一位顾问 或 不再联系我。")],
    channel: Annotated[Channel, typer.Option("--channel", help="经何种途径作出选择。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """登记客户在电话、书面或会话中作出的选择；立即生效，不再另行指派。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        made = choices.record_choice(
            named.plan(number).id,
            named.customers([customer])[0],
            word,
            channel=channel,
            by=by.actor,
            at=run.at(),
        )
        run.answer({"choice": made.choice.value, "entry": made.entry, "receipt": made.id})


def voluntary(
    number: Number,
    customer: One,
    channel: Annotated[Channel, typer.Option("--channel", help="客户经何种途径主动表示。")],
    sign_in: As,
    words: Annotated[str, typer.Option("--words", help="客户原话。")] = "",
    as_json: AsJson = False,
) -> None:
    """登记自愿选择：客户主动表示继续与离职人员往来；任何人不得删除。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        plan = named.plan(number)
        entry = choices.record_voluntary_choice(
            plan.id, named.customers([customer])[0], channel=channel, words=words, by=by.actor, at=run.at()
        )
        recorded = [c for c, _, _ in choices.voluntary_choices(plan.leaver)]
        run.answer(
            {"entry": entry, "recorded_as": "自愿选择", "of_this_leaver": len(recorded)},
            say=lambda: out.print(f"已登记为自愿选择，账本第 {numbered(entry)} 条。", markup=False),
        )


def another(
    number: Number,
    customer: One,
    to: Annotated[str, typer.Option("--to", help="另一位合格顾问的工号。")],
    reason: Annotated[str, typer.Option("--reason", help="为何由此人接续。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """客户要求换一位顾问：提出一名合格人选并提交审批；批准后由后台进程办理。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_PLAN)
        request = proposals.propose_another(
            named.plan(number).id, named.customers([customer])[0], receiver=named.staff(to), reason=reason,
            by=by.actor, at=run.at(),
        )  # fmt: skip
        run.answer({"customer_no": customer, "receiver": to, "request": request})
