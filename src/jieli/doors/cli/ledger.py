"""`jieli keys`, `jieli ledger`, `jieli fsck`: the book, its keys, its signer, and whether it agrees with itself."""

from typing import Annotated

import typer

from jieli.doors.cli.frame import AsJson, command, err, out, table
from jieli.kernel.times import local
from jieli.ledger import fsck as ledger_fsck
from jieli.ledger import queries
from jieli.wiring import checks, keys, signer
from jieli.wiring import deploy as deployment

app = typer.Typer(no_args_is_help=True, help="账本：状态、签名。")
keys_app = typer.Typer(no_args_is_help=True, help="密钥：建立、指纹。")


@keys_app.command("init")
def init(
    origin: Annotated[str, typer.Option(help="账本名称，如 jieli.example.cn/log；一经建立不可更改。")],
    witness: Annotated[list[str] | None, typer.Option(help="见证方：“名称 公钥 网址”，可多次给出。")] = None,
    as_json: AsJson = False,
) -> None:
    """建立签名密钥与账本，并写下本安装的信任策略。"""
    with command(as_json=as_json) as run:
        made = keys.init(run.profile, origin=origin, witness_lines=witness or [], at=run.at())
        run.answer(
            {"origin": made.origin, "vkey": made.vkey, "fingerprint": made.fingerprint, "new": made.new},
            say=lambda: out.print(
                f"账本 {made.origin} {'已建立' if made.new else '早已建立'}。\n"
                f"公钥 {made.vkey}\n指纹 {made.fingerprint}",
                markup=False,
            ),
        )


@app.command("sign")
def sign(
    once: Annotated[bool, typer.Option("--once", help="只签一轮就结束。")] = False, as_json: AsJson = False
) -> None:
    """运行签名进程：账本前进时签检查点，取见证与时间戳。只有它读取签名密钥。"""
    with command(as_json=as_json) as run:
        if once:
            run.answer(signer.as_json(signer.sign_once(run.profile, at=run.at())))
        else:
            signer.serve(run.profile, clock=run.at, stop=lambda: False)


@app.command("status")
def status(as_json: AsJson = False) -> None:
    """账本有多长、最后检查点、是否已见证。"""
    with command(as_json=as_json) as run:
        last = queries.last_checkpoint()
        size = queries.head(queries.live_log()).size
        seen = [name for name, _ in last.cosignatures] if last else []
        values = {
            "origin": queries.origin(),
            "size": size,
            "checkpoint": last.size if last else None,
            "witnessed": seen,
            "stamped": [name for name, _ in last.timestamps] if last else [],
        }
        rows: list[list[object]] = [
            ["账本", values["origin"]],
            ["条目", size],
            ["最后检查点", f"{last.size} 条，{local(last.signed_at):%Y-%m-%d %H:%M:%S}" if last else "尚无"],
            ["见证", "、".join(seen) or "未见证，未经中立第三方固定"],
            ["时间戳", "、".join(name for name, _ in last.timestamps) if last and last.timestamps else "无"],
        ]
        run.answer(values, say=table("账本状态", ["项目", "内容"], rows))


@app.command("checkpoint")
def checkpoint(as_json: AsJson = False) -> None:
    """请签名进程为已提交的全部条目签检查点。"""
    with command(as_json=as_json) as run:
        run.answer(signer.ask(run.profile))


def fsck(as_json: AsJson = False) -> None:
    """逐项核对数据库与账本是否一致；发现不符时以 1 结束。"""
    with command(as_json=as_json) as run:
        progress = None if as_json else lambda title: err.print(f"核对 {title} …")
        report = ledger_fsck.run(checks.all_checks(run.profile, at=run.at()), progress=progress)
        found = [
            {"code": f.code, "table": f.table, "id": f.id, "sentence": f.sentence} for f in report.findings
        ]
        rows: list[list[object]] = [[f.code, f.table, f.id, f.sentence] for f in report.findings]
        say = table(f"{len(rows)} 处不符" if rows else "全部一致", ["代码", "表", "行", "说明"], rows)
        run.answer({"clean": report.clean, "checks": list(report.checks), "findings": found}, say=say)
        if not report.clean:
            raise typer.Exit(1)


def check(
    deploy: Annotated[bool, typer.Option("--deploy", help="按正式环境的要求检查。")] = False,
    as_json: AsJson = False,
) -> None:
    """检查安装是否就绪，逐项说明如何改正；有必须改正的，以 1 结束。"""
    with command(as_json=as_json) as run:
        faults = deployment.check(run.profile, deploy=deploy)
        grave = [f for f in faults if f.grave]
        rows: list[list[object]] = [
            ["必须" if f.grave else "提示", f.sentence, f.remedy, f.code] for f in faults
        ]
        title = f"{len(grave)} 项必须改正，{len(faults) - len(grave)} 项提示" if faults else "全部就绪"
        values = {
            "ready": not grave,
            "faults": [
                {"code": f.code, "sentence": f.sentence, "remedy": f.remedy, "grave": f.grave} for f in faults
            ],
        }
        run.answer(values, say=table(title, ["", "情况", "怎样改正", "代码"], rows))
        if grave:
            raise typer.Exit(1)
