"""`jieli hold` and `jieli shred`: keeping what must stay, destroying what must go."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from jieli.access.types import Permission
from jieli.archive import operations
from jieli.archive.types import CertificateRef, HoldScope
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, Command, command, out, writable
from jieli.kernel.times import local
from jieli.matters import queries as matters
from jieli.wiring import certificates

hold_app = typer.Typer(no_args_is_help=True, help="保全：放置、解除。")
shred_app = typer.Typer(no_args_is_help=True, help="销毁：条目、会话；给出两个日期的证明。")
Reason = Annotated[str, typer.Option("--reason", help="理由；写入账本。")]
MatterNumber = Annotated[str | None, typer.Option("--matter", help="所属事项编号。")]


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


@shred_app.command("items")
def items(
    item: Annotated[list[int], typer.Argument(help="条目编号，可多个。")],
    reason: Reason,
    sign_in: As,
    matter: MatterNumber = None,
    as_json: AsJson = False,
) -> None:
    """销毁这些条目：先留痕，再毁密钥，再清密文。不可恢复。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SHRED)
        done = operations.shred_items(
            items=item, reason=reason, matter=_matter(matter), by=by.actor, at=run.at()
        )
        _certified(run, done)


@shred_app.command("conversation")
def conversation(
    conversation: int, reason: Reason, sign_in: As, matter: MatterNumber = None, as_json: AsJson = False
) -> None:
    """销毁整段会话。不可恢复。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SHRED)
        done = operations.shred_conversation(
            conversation=conversation, reason=reason, matter=_matter(matter), by=by.actor, at=run.at()
        )
        _certified(run, done)


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


def _certified(run: Command, done: CertificateRef) -> None:
    values = {
        "certificate": done.id,
        "shred": done.shred,
        "items": done.items,
        "live_gone_at": done.live_gone_at,
        "backups_gone_by": done.backups_gone_by,
    }
    run.answer(
        values,
        say=lambda: out.print(
            f"已销毁 {done.items} 条。销毁编号 {done.shred}，证明 {done.id}\n"
            f"主存储：{local(done.live_gone_at):%Y-%m-%d %H:%M:%S} 已不可恢复\n"
            f"最后备份：{local(done.backups_gone_by):%Y-%m-%d %H:%M:%S} 之前失效",
            markup=False,
        ),
    )
