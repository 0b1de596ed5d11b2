"""`jieli retention`: how long each class of records stays, and what goes when its time is over."""

from typing import Annotated

import typer
from rich.padding import Padding

from jieli.access.types import Permission
from jieli.archive import operations, retention
from jieli.archive.types_retention import RetentionState
from jieli.doors.cli.acting import As, Reason, permitted
from jieli.doors.cli.archive import certified
from jieli.doors.cli.frame import AsJson, command, out
from jieli.kernel.errors import JieliError
from jieli.wiring import stale_copies
from jieli.wiring.stale_copies import Copy

retention_app = typer.Typer(no_args_is_help=True, help="保存期限：各类记录留多久，到期的提请审批后销毁。")
Code = Annotated[str, typer.Argument(help="类别，如 chat、call；show 列出全部。")]


#: A longer number is not months; the room says how many there may be.
_DIGITS = 12


class NotMonths(JieliError):
    """A period is not given as class and months."""

    code = "cli.not_months"


@retention_app.command("show")
def show(sign_in: As, as_json: AsJson = False) -> None:
    """各类记录保存多久、依据、到期多少、其中受保全多少；等待审批的计划。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_LEDGER)
        found = retention.state(at=run.at())
        classes = [
            {
                "class": c.rule.code, "name": c.rule.name, "months": c.rule.months, "from": c.rule.starts,
                "articles": list(c.rule.articles), "due": c.due, "held": c.held, "destroyed": c.rule.destroyed,
                "stays": c.rule.stays, "cases": c.cases, "cases_held": c.cases_held, "rows": c.rows,
            }
            for c in found.classes
        ]  # fmt: skip
        plans = [
            {"plan": p.id, "class": p.code, "items": p.items, "request": p.request, "approved": p.approved}
            for p in found.plans
        ]
        copies = stale_copies.stale(run.profile)
        values = {
            "version": found.version, "defaults": found.defaults, "limited": found.limited, "classes": classes,
            "plans": plans, "stale_copies": [
                {"directory": str(c.directory), "stale": c.stale, "later": c.later, "seen": c.seen} for c in copies
            ],
        }  # fmt: skip
        run.answer(values, say=lambda: _say(found, copies))


def _say(found: RetentionState, copies: list[Copy]) -> None:
    """A block for each class: what it rests on does not fit into a column."""
    title = f"保存期限第 {found.version} 版；{len(found.plans)} 个计划在办，{found.limited} 人的记录在时效内"
    out.print(title, markup=False)
    for c in found.classes:
        cited = "、".join(one.short() for one in c.citations)
        out.print(f"{c.rule.code} {c.rule.name}：{c.rule.months} 个月，自{c.rule.starts}", markup=False)
        due = f"到期 {c.due}，其中须再留 {c.held}" if c.rule.destroyed else f"不由计划销毁：{c.rule.stays}"
        rows = f"到期的案 {c.cases}，其中须再留 {c.cases_held}；可清空 {c.rows} 行登记里的姓名和自由文字"
        for line in (f"依据：{cited}", due, *([rows] if c.rule.cases else [])):
            out.print(Padding(line, (0, 0, 0, 2)))
    for plan in found.plans:
        state = "已批准，等待执行" if plan.approved else "等待审批"
        out.print(f"计划 {plan.id}", markup=False)
        out.print(
            f"  {plan.name} {plan.items} 条，{state}；申请 {plan.request}", markup=False, soft_wrap=True
        )
    for copy in copies:
        out.print(_of_copy(copy), markup=False, soft_wrap=True)


def _of_copy(copy: Copy) -> str:
    """What a copy for a restore still holds, and what empties it."""
    told = (
        f"恢复用的副本 {copy.directory} 里{'还有' if copy.seen else '（此刻看不到）可能还有'}已清空的内容："
    )
    now = f"{copy.stale} 处，再运行 jieli ledger export {copy.directory} --for-restore 即清空"
    later = f"{copy.later} 处，要等之前的备份都过期，再导出时清空"
    return told + "；".join(one for one, count in ((now, copy.stale), (later, copy.later)) if count) + "。"


@retention_app.command("set")
def set_(
    months: Annotated[list[str], typer.Argument(help="类别=月数，可多个，如 chat=24。")],
    reason: Reason,
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """改保存期限：另立一版，写入账本；不得短于法定期限。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.HOLD)
        version = operations.set_policy(months=_months(months), reason=reason, by=by.actor, at=run.at())
        run.answer({"version": version})


def _months(words: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        code, _, number = word.partition("=")
        if not (number.isdecimal() and len(number) <= _DIGITS):
            raise NotMonths("期限的写法不对。", remedy="请写作 类别=月数，如 chat=24。")
        if code in found:
            raise NotMonths(f"{code} 的月数给了不止一次。", remedy="每一类只写一次，如 chat=24。")
        found[code] = int(number)
    return found


@retention_app.command("propose")
def propose(code: Code, reason: Reason, sign_in: As, as_json: AsJson = False) -> None:
    """把一类中到期而未受保全的内容提请审批；由申请人以外的人同意后，工作进程销毁。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SHRED)
        done = operations.propose(code=code, reason=reason, by=by.actor, at=run.at())
        run.answer({"plan": done.id, "request": done.request, "class": code, "items": done.items})


@retention_app.command("run")
def run_(
    sign_in: As,
    code: Annotated[str | None, typer.Argument(help="类别；不给则执行已经批准的计划。")] = None,
    reason: Annotated[str, typer.Option("--reason", help="不经审批、由本人负责时的理由；写入账本。")] = "",
    as_json: AsJson = False,
) -> None:
    """销毁到期的内容：已批准的计划，或（给出类别和理由）由本人一人负责。受保全和时效内的除外。不可恢复。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SHRED)
        if code is None:
            done = operations.carry_out(by=by.actor, at=run.at())
            shreds = [c.shred for c in done]
            run.answer({"plans": len(done), "items": sum(c.items for c in done), "shreds": shreds})
        else:
            done_now = operations.run_class(code=code, reason=reason, by=by.actor, at=run.at())
            certified(run, done_now, by=by.actor)
