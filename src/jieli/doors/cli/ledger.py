"""`jieli ledger`, `jieli fsck`: the book, its signer, and whether it agrees with itself."""

from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from jieli.connectors.witness import log_site
from jieli.doors.cli import ledger_status
from jieli.doors.cli.frame import AsJson, command, err, out, table
from jieli.doors.cli.given import directory as directory_of
from jieli.kernel.times import local
from jieli.ledger import carrying, exporting
from jieli.ledger import deposits as deposited
from jieli.ledger.fsck import Finding, Note
from jieli.wiring import checks, outside_copy, signer
from jieli.wiring import deploy as deployment
from jieli.wiring.home import home_of
from jieli.wiring.outside_copy import Copied
from seal.keys import parse_vkey
from seal.log_reader import read_log

app = typer.Typer(no_args_is_help=True, help="账本：状态、签名、导出、见证与存证的收回。")
#: What a round of the signer says, in words.
_ROUND = {"counts": "达到信任策略", "checkpoint": "已签到（条）", "why": "没有签的原因"}
#: A copy for a restore ends so when something of the book is not in it.
NOT_ALL = 3
#: What of that a restore would undo, in words.
_UNDONE = {
    "destructions": "销毁", "holds": "保全", "releases": "解除", "statements": "撤回与异议", "revocations": "撤权",
}  # fmt: skip


@app.command("sign")
def sign(
    once: Annotated[bool, typer.Option("--once", help="只签一轮就结束。")] = False, as_json: AsJson = False
) -> None:
    """运行签名进程：账本前进时签检查点，取见证与时间戳。只有它读取签名密钥。"""
    with command(as_json=as_json) as run:
        if once:
            run.answer(signer.sign_once(run.profile, at=run.at()), names=_ROUND)
        else:
            signer.serve(run.profile, clock=run.at, stop=lambda: False)


@app.command("status")
def status(as_json: AsJson = False) -> None:
    """账本有多长、最后检查点、见证是否达到信任策略、时间戳是否迟到、时钟是否可信。"""
    with command(as_json=as_json) as run:
        values, rows = ledger_status.status(run.profile, at=run.at())
        run.answer(values, say=table("账本状态", ["项目", "内容"], rows))


@app.command("export")
def export(
    directory: Annotated[str, typer.Argument(help="目录；再次运行只写新增的部分。")],
    for_restore: Annotated[
        bool,
        typer.Option(
            "--for-restore",
            help="先请签名进程签到最新，另在“目录.restore”里留下恢复时须重放的销毁、保全与撤权；"
            "没有签到的不在其中，逐类说明，以 3 结束。",
        ),
    ] = False,
    log: Annotated[
        int | None, typer.Option(min=1, help="第几本账；缺省是现行的一本。被接续的旧账本照旧可以导出。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """把已签的账本导出为普通文件（C2SP tlog-tiles），写后整体核验；他人的程序可直接读取。"""
    with command(as_json=as_json) as run:
        done = outside_copy.export(run.profile, directory_of(directory), for_restore=for_restore, log=log)
        found = done.exported
        values: dict[str, object] = {
            "origin": found.origin, "size": found.size, "written": found.written, "removed": found.removed,
            "verified": True, "unsigned": done.unsigned,
        }  # fmt: skip
        if for_restore:
            values |= {"covered": done.covered, "not_in_copy": dict(done.undone), "why": done.why or None}
        run.answer(values, say=lambda: out.print(*_exported(done), sep="\n", markup=False, soft_wrap=True))
        if not done.covered:
            raise typer.Exit(NOT_ALL)


def _exported(done: Copied) -> list[str]:
    """What was written; and what stands in the book and not in the files, the more plainly the more it matters."""
    found = done.exported
    told = f"账本 {found.origin} 前 {found.size} 条已导出并核验：新写 {found.written} 个文件。"
    if not done.unsigned:
        return [told]
    if done.covered:
        return [told, f"其后 {done.unsigned} 条尚未签检查点，不在其中。"]
    undone = "、".join(f"{word} {done.undone[name]} 次" for name, word in _UNDONE.items())
    back = "，已销毁的内容会回来" if done.undone["destructions"] else ""
    return [
        told,
        f"签名进程没有签到最新：其后 {done.unsigned} 条不在这份副本里，其中{undone}。"
        f"此刻用它恢复，这些都不会重放{back}。",
        f"原因：{done.why}",
        "请让签名进程运行（jieli serve 或 jieli ledger sign），再运行这条命令。",
    ]


@app.command("verify")
def verify(
    place: Annotated[str, typer.Argument(help="导出的目录，或网址前缀（如 https://…/log/1）。")],
    log: Annotated[list[str], typer.Option(help="您信任的账本公钥，可多次给出。")],
    tiles_only: Annotated[bool, typer.Option("--tiles-only", help="只核对哈希块，不读条目。")] = False,
    as_json: AsJson = False,
) -> None:
    """从头到尾核验一份账本：签名、根、每个哈希块、每条条目。不需要本安装的数据库。"""
    with command(as_json=as_json, house=False) as run:
        keys = [parse_vkey(text) for text in log]
        with log_site.site(place) if "://" in place else nullcontext(exporting.reader(Path(place))) as read:
            found = read_log(read, keys, entries=not tiles_only)
        run.answer(
            {"origin": found.head.origin, "size": found.head.size, "entries": found.entries},
            say=lambda: out.print(
                f"账本 {found.head.origin} 前 {found.head.size} 条核验通过，读了 {found.entries} 条条目。",
                markup=False,
            ),
        )


@app.command("take-cosignatures")
def take_cosignatures(
    directory: Annotated[Path, typer.Argument(help="见证方交还的文件夹。")], as_json: AsJson = False
) -> None:
    """收回离线见证方签的见证（jieli witness sign-offline）；不是本账本检查点的一律拒收。"""
    with command(as_json=as_json) as run:
        known = signer.trusted(home_of(run.profile)).witnesses.values()
        taken = carrying.take_cosignatures(directory, list(known), at=run.at())
        rows: list[list[object]] = [[t.witness, t.size, "新收" if t.new else "早已收过"] for t in taken]
        run.answer(
            {"taken": [{"witness": t.witness, "size": t.size, "new": t.new} for t in taken]},
            say=table("收回的见证", ["见证方", "条数", ""], rows),
        )


@app.command("deposits")
def deposits(
    save: Annotated[
        Path | None, typer.Option("--out", help="把回执按原样写到这个目录，一份一个文件。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """已存证的检查点：机构、编号、所称时间；回执可按原样取出。"""
    with command(as_json=as_json) as run:
        found = deposited.deposits()
        if save is not None:
            deposited.write_receipts(save, found)
        rows: list[list[object]] = [
            [d.size, d.kind, d.depository, d.number, f"{local(d.stated_at):%Y-%m-%d %H:%M:%S}"] for d in found
        ]
        values = [
            {
                "size": d.size, "kind": d.kind, "depository": d.depository, "number": d.number,
                "time": d.stated_at, "digest": d.digest.hex(), "receipt": d.receipt.hex(),
            }
            for d in found
        ]  # fmt: skip
        run.answer({"deposits": values}, say=table("存证", ["条数", "类别", "机构", "编号", "时间"], rows))


@app.command("checkpoint")
def checkpoint(as_json: AsJson = False) -> None:
    """请签名进程为已提交的全部条目签检查点。"""
    with command(as_json=as_json) as run:
        run.answer(signer.ask(run.profile), names=_ROUND)


def fsck(as_json: AsJson = False) -> None:
    """逐项核对数据库与账本是否一致；发现不符时以 1 结束。"""
    with command(as_json=as_json) as run:
        progress = None if as_json else lambda title: err.print(f"核对 {title} …")
        report = checks.audit(run.profile, at=run.at(), progress=progress)
        said: list[Finding | Note] = [*report.findings, *report.notes]
        rows: list[list[object]] = [[f.code, f.table, f.id, f.sentence] for f in said]
        title = f"{len(report.findings)} 处不符" if report.findings else "全部一致"
        if report.notes:
            title += f"，另有 {len(report.notes)} 条须知"
        values = {
            "clean": report.clean, "checks": list(report.checks), "findings": [asdict(f) for f in report.findings],
            "notes": [asdict(f) for f in report.notes],
        }  # fmt: skip
        run.answer(values, say=table(title, ["代码", "表", "行", "说明"], rows))
        if not report.clean:
            raise typer.Exit(1)


def check(
    deploy: Annotated[bool, typer.Option("--deploy", help="按正式环境的要求检查。")] = False,
    as_json: AsJson = False,
) -> None:
    """检查安装是否就绪，逐项说明如何改正；有必须改正的，以 1 结束。"""
    with command(as_json=as_json) as run:
        faults = deployment.check(run.profile, deploy=deploy, at=run.at())
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
