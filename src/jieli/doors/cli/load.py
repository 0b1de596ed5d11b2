"""`jieli load`: a company from its sheets."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from jieli.access.types import Permission
from jieli.doors.cli.acting import permitted
from jieli.doors.cli.frame import AsJson, command, err, table
from jieli.kernel.errors import JieliError
from jieli.wiring.load import LoadReport, load_company, write_templates


def _progress(sheet: str, done: int, total: int) -> None:
    err.print(f"{sheet} {done}/{total}", end="\r", markup=False)


LISTED = 50
_WORDS = (("new", "新增"), ("changed", "变更"), ("unchanged", "未变"), ("refused", "拒收"))


class NoDirectory(JieliError):
    """The directory of sheets is not there."""

    code = "load.no_directory"


def load(
    directory: Annotated[Path, typer.Argument(help="放表格的目录；与 --templates 同用时，模板写到这里。")],
    templates: Annotated[
        bool, typer.Option("--templates", help="写出中文表头的模板与示例，不读取。")
    ] = False,
    sign_in: Annotated[
        str | None, typer.Option("--as", help="以谁的身份（登录名）载入；缺省为本机安装者。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """载入公司资料：好的行进库，坏的行按文件、行、列说明；同样的表载入两次不改变任何东西。"""
    with command(as_json=as_json, house=not templates) as run:
        if templates:
            run.answer({"templates": [str(p) for p in write_templates(directory)]})
            return
        if not directory.is_dir():
            raise NoDirectory("没有这个目录。", remedy="请先用 jieli load --templates 写出模板再填写。")
        by = permitted(run, sign_in, Permission.MANAGE_ACCOUNTS).actor if sign_in else "system:load"
        report = load_company(directory, by=by, at=run.at(), progress=None if as_json else _progress)
        run.answer(report.as_json(), say=_table(report))
        if report.errors and not any(report.total(kind) for kind in ("new", "changed", "unchanged")):
            raise typer.Exit(1)


def _table(report: LoadReport) -> Callable[[], None]:
    rows: list[list[object]] = [
        [e.file, e.line or "", e.column, f"{e.sentence}{e.remedy}", e.code] for e in report.errors[:LISTED]
    ]
    counts = "，".join(f"{word} {report.total(kind)}" for kind, word in _WORDS)
    more = f"（只列前 {LISTED} 条，共 {len(report.errors)} 条）" if len(report.errors) > LISTED else ""
    return table(f"{counts}{more}", ["文件", "行", "列", "问题与改法", "代码"], rows)
