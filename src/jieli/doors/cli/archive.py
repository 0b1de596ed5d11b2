"""`jieli hold`, `shred`, `retention`: keeping what must stay, destroying what must go, how long each class stays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict
from uuid import UUID

import typer

from jieli.access.types import Permission
from jieli.archive import destruction, operations, retention
from jieli.archive.media import removing
from jieli.archive.types import CertificateRef, HoldScope
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, Command, command, out, table, writable
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local
from jieli.matters import queries as matters
from jieli.wiring import certificates

hold_app = typer.Typer(no_args_is_help=True, help="保全：放置、解除。")
shred_app = typer.Typer(no_args_is_help=True, help="销毁：条目、会话、人；给出两个日期的证明。")
retention_app = typer.Typer(no_args_is_help=True, help="保存期限：各类记录留多久，到期的提请审批后销毁。")
Reason = Annotated[str, typer.Option("--reason", help="理由；写入账本。")]
MatterNumber = Annotated[str | None, typer.Option("--matter", help="所属事项编号。")]
Code = Annotated[str, typer.Argument(help="类别，如 chat、call；show 列出全部。")]


class NotMonths(JieliError):
    """A period is not given as class and months."""

    code = "cli.not_months"


def _matter(number: str | None) -> UUID | None:
    return matters.matter(number).id if number else None


@hold_app.command("place")
def place(
    scope: Annotated[HoldScope, typer.Argument(help="条目、会话、人、类别。")],
    target: Annotated[str, typer.Argument(help="条目或会话编号、人员编号、chat 或 call。")],
    reason: Reason,
    sign_in: As,
    matter: MatterNumber = None,
    as_json: AsJson = False,
) -> None:
    """放置保全：解除之前，任何途径都不能销毁。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.HOLD)
        done = operations.hold(
            scope=scope, target=target, ground=reason, matter=_matter(matter), by=by.actor, at=run.at()
        )
        run.answer({"hold": done.id, "scope": scope.value, "target": target})


@hold_app.command("release")
def release(hold: UUID, reason: Reason, sign_in: As, as_json: AsJson = False) -> None:
    """解除保全；解除本身不销毁任何东西。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.HOLD)
        operations.release(hold=hold, reason=reason, by=by.actor, at=run.at())
        run.answer({"released": hold})


@contextmanager
def _shredding(sign_in: str, matter: str | None, *, as_json: bool) -> Iterator["_Shredding"]:
    """What every destruction asks for: who may, under which matter, when."""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SHRED)
        yield _Shredding(run, by.actor, _matter(matter))


@dataclass(frozen=True)
class _Shredding:
    run: Command
    by: str
    matter: UUID | None

    def told(self, reason: str) -> "_Told":
        return {"reason": reason, "matter": self.matter, "by": self.by, "at": self.run.at()}

    def certified(self, done: CertificateRef, **more: object) -> None:
        _certified(self.run, done, by=self.by, **more)


class _Told(TypedDict):
    reason: str
    matter: UUID | None
    by: str
    at: int


@shred_app.command("items")
def items(
    item: Annotated[list[int], typer.Argument(help="条目编号，可多个。")],
    reason: Reason,
    sign_in: As,
    matter: MatterNumber = None,
    as_json: AsJson = False,
) -> None:
    """销毁这些条目：先留痕，再毁密钥，再清密文。不可恢复。"""
    with _shredding(sign_in, matter, as_json=as_json) as act:
        act.certified(operations.shred_items(items=item, **act.told(reason)))


@shred_app.command("conversation")
def conversation(
    conversation: int, reason: Reason, sign_in: As, matter: MatterNumber = None, as_json: AsJson = False
) -> None:
    """销毁整段会话。不可恢复。"""
    with _shredding(sign_in, matter, as_json=as_json) as act:
        act.certified(operations.shred_conversation(conversation=conversation, **act.told(reason)))


@shred_app.command("person")
def person_(
    person: Annotated[UUID, typer.Argument(help="人员编号（登记的员工或客户）。")],
    reason: Reason,
    sign_in: As,
    matter: MatterNumber = None,
    with_register: Annotated[
        bool, typer.Option("--with-register", help="连同登记：姓名、电话、平台编号及其历次版本。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """销毁一个人的全部内容：本人的话，一对一会话的双方，群里只有本人的话。不可恢复。"""
    with _shredding(sign_in, matter, as_json=as_json) as act:
        if not with_register:
            act.certified(operations.shred_person(person=person, **act.told(reason)))
            return
        done = operations.erase_person(person=person, **act.told(reason))
        left = [{"table": named.table, "rows": named.rows} for named in done.elsewhere]
        act.certified(done.certificate, register_rows=done.rows, still_named=left)


@shred_app.command("list")
def under_way(sign_in: As, as_json: AsJson = False) -> None:
    """尚未办完的销毁，进行到哪一步。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SHRED)
        found = [
            {"shred": p.shred, "scope": p.scope.value, "items": p.items, "step": p.step.value, "at": p.at}
            for p in destruction.progress()
        ]
        rows: list[list[object]] = [[f["shred"], f["scope"], f["items"], f["step"]] for f in found]
        show = table(f"{len(found)} 项销毁尚未办完", ["销毁编号", "范围", "条数", "进行到"], rows)
        run.answer({"unfinished": found}, say=show)


@shred_app.command("paper")
def paper(
    shred: Annotated[UUID, typer.Argument(help="销毁编号，由 shred 命令给出。")],
    sign_in: As,
    out_file: Annotated[Path, typer.Option("--out", help="证明写到哪里。")] = Path("销毁证明.pdf"),
    as_json: AsJson = False,
) -> None:
    """出具销毁证明（PDF）：主存储何时已销毁，最后备份何时失效。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SHRED)
        certificates.issue(run.profile, shred, writable(out_file), asked_by=by.name, by=by.actor, at=run.at())
        run.answer({"paper": str(out_file)})


def _certified(run: Command, done: CertificateRef, *, by: str, **more: object) -> None:
    objects = removing.remove_now(by=by, at=run.at())
    values = {
        "certificate": done.id,
        "shred": done.shred,
        "items": done.items,
        "live_gone_at": done.live_gone_at,
        "backups_gone_by": done.backups_gone_by,
        "media_removed": objects.removed,
        "media_locked": objects.locked,
        **more,
    }
    run.answer(values, say=lambda: out.print(_words(done, more), markup=False))


def _words(done: CertificateRef, more: Mapping[str, Any]) -> str:
    lines = [
        f"已销毁 {done.items} 条。销毁编号 {done.shred}，证明 {done.id}",
        f"主存储：{local(done.live_gone_at):%Y-%m-%d %H:%M:%S} 已不可恢复",
        f"最后备份：{local(done.backups_gone_by):%Y-%m-%d %H:%M:%S} 之前失效",
    ]
    if "register_rows" in more:
        lines.append(
            f"登记已清空 {more['register_rows']} 行，历次版本一并清空；编号留下，显示为“已删除的人”。"
        )
        left = [f"{one['table']} {one['rows']} 行" for one in more["still_named"]]
        lines.append(f"这些字样仍见于：{'、'.join(left) or '没有'}。各按其类别的期限处理。")
    return "\n".join(lines)


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
                "stays": c.rule.stays,
            }
            for c in found.classes
        ]  # fmt: skip
        plans = [
            {"plan": p.id, "class": p.code, "items": p.items, "request": p.request, "approved": p.approved}
            for p in found.plans
        ]
        values = {
            "version": found.version, "defaults": found.defaults, "limited": found.limited, "classes": classes,
            "plans": plans,
        }  # fmt: skip
        rows: list[list[object]] = [
            [
                c.rule.code, c.rule.name, f"{c.rule.months} 个月，自{c.rule.starts}", "、".join(c.rule.articles),
                c.due if c.rule.destroyed else "—", c.held if c.rule.destroyed else c.rule.stays,
            ]
            for c in found.classes
        ]  # fmt: skip
        title = f"保存期限第 {found.version} 版；{len(plans)} 个计划在办，{found.limited} 人的记录在时效内"
        run.answer(values, say=table(title, ["类别", "名称", "保存", "依据", "到期", "受保全"], rows))


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
    found = {}
    for word in words:
        code, _, number = word.partition("=")
        if not number.isdecimal():
            raise NotMonths("期限的写法不对。", remedy="请写作 类别=月数，如 chat=24。")
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
            _certified(run, done_now, by=by.actor)
