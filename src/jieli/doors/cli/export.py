"""`jieli export`: a company leaves Jieli and takes everything along.

0 everything, 3 something left out, proofs that do not count under the policy yet or a ledger not signed to its end,
1 failed.
"""

from collections import Counter
from typing import Annotated

import typer

from jieli.doors.cli.acting import As, Matter, person
from jieli.doors.cli.frame import AsJson, command, err, out
from jieli.doors.cli.given import directory as directory_of
from jieli.doors.cli.packages_told import vouched
from jieli.evidence.leaving_export import operations
from jieli.evidence.leaving_export.types import Exported, VolumeMade
from jieli.wiring.leaving import export_everything, formats

app = typer.Typer(no_args_is_help=True, help="导出：离开接力时带走全部内容与证明。")

INCOMPLETE = 3
Purpose = Annotated[str, typer.Option("--purpose", help="目的；授权范围与异议照常核对。")]
Formats = Annotated[str, typer.Option("--formats", help="导入文件的格式，以逗号分隔；证明总是附上。")]


@app.command("ask")
def ask(
    matter: Matter,
    sign_in: As,
    reason: Annotated[str, typer.Option("--reason", help="为什么要导出全部，写入申请。")],
    purpose: Purpose = operations.PURPOSE.value,
    as_json: AsJson = False,
) -> None:
    """申请整体导出；由申请人以外的人用 jieli approve decide 决定。"""
    with command(as_json=as_json) as run:
        found = operations.ask(
            purpose=purpose, matter=matter, reason=reason, by=person(run, sign_in), at=run.at()
        )
        run.answer({"request": str(found.id), "state": found.state.value, "scope": found.scope})


@app.command("all")
def everything(
    directory: Annotated[str, typer.Argument(help="空目录；中断后再次运行，接着导出。")],
    matter: Matter,
    sign_in: As,
    purpose: Purpose = operations.PURPOSE.value,
    wanted: Formats = "csv,eml,vcon,edrm,dat",
    as_json: AsJson = False,
) -> None:
    """导出一切可以开启的内容：每卷先入账再开启，附证明、账本、略去清单与总表。须已获批准。"""
    with command(as_json=as_json) as run:
        done = export_everything(
            run.profile, directory_of(directory), formats(wanted), purpose=purpose, matter=matter,
            by=person(run, sign_in), clock=run.at, tell=lambda made: None if as_json else _tell(made),
        )  # fmt: skip
        values = {
            "directory": str(done.directory), "volumes": done.volumes, "resumed": done.resumed, "items": done.items,
            "omitted": done.omitted, "missed": done.missed, "complete": done.complete,
            "files": done.files, "files_lost": done.files_lost, "files_not_fetched": done.files_not_fetched,
            "counts": done.counts, "vouched": [one.as_json() for one in done.vouched], "ledger": done.ledger,
            "unsigned": done.unsigned, "why": done.why or None, "manifest_sha256": done.manifest_sha256,
        }  # fmt: skip
        run.answer(values, say=lambda: _say(done))
        if not done.complete:
            raise typer.Exit(INCOMPLETE)


def _tell(made: VolumeMade) -> None:
    word = "早已完成" if made.resumed else "完成"
    err.print(f"第 {made.number} 卷{word}：{made.items} 条，略去 {made.omitted} 条", markup=False)


def _say(done: Exported) -> None:
    out.print(
        f"已导出 {done.items} 条，共 {done.volumes} 卷，账本 {done.ledger} 条，在 {done.directory}",
        f"总表 manifest.json sha256:{done.manifest_sha256}",
        sep="\n", markup=False, soft_wrap=True,
    )  # fmt: skip
    if done.files or done.files_lost or done.files_not_fetched:
        out.print(
            f"附件：带走 {done.files} 个，存有而取不出 {done.files_lost} 个，从未取回 {done.files_not_fetched} 个。",
            markup=False,
        )
    for told, count in Counter(vouched(one.vouching) for one in done.vouched).items():
        which = f"{count} 份证据包" if len(done.vouched) > 1 else "证据包"
        out.print(f"{which}{told}", markup=False, soft_wrap=True)
    if done.nothing_left_out:
        out.print("全部内容都已导出，没有略去。")
    _say_left_out(done)
    if not done.counts:
        again = "待见证后，请另给一个空目录，再导出一次。"
        out.print(f"证明未达到信任策略，逐卷见 manifest.json；已写好的各卷不会改写：{again}", soft_wrap=True)
    if done.unsigned:
        out.print(*_unsigned(done), sep="\n", markup=False, soft_wrap=True)


def _unsigned(done: Exported) -> list[str]:
    return [
        f"签名进程没有签到最新：账本其后 {done.unsigned} 条还没有签名，不在 ledger/ 里。",
        f"原因：{done.why}",
        "请让签名进程运行（jieli serve 或 jieli ledger sign），再以同一目录运行这条命令。",
    ]


def _say_left_out(done: Exported) -> None:
    for reason, count in done.omitted.items():
        out.print(f"略去 {count} 条：{reason}", markup=False)
    if done.missed:
        out.print(f"另有 {done.missed} 条在导出期间才写完，未包括在内；请另作一次导出。")
    if not done.nothing_left_out:
        out.print("不完整：逐条原因见 omissions.csv。")
