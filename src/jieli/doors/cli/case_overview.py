"""All leavings at a glance with the three checks of R0.6, and 今晚离职体检 over three sheets."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from jieli.access.policy import reach
from jieli.access.types import Permission
from jieli.connectors.files.tables import FOREIGN_MARKS
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command, out, table
from jieli.doors.cli.given import NoFile, content_of
from jieli.handover import listing, queries
from jieli.handover.checkup import Checkup, examine
from jieli.handover.shown import Late

app = typer.Typer()


@app.command("overview")
def overview(sign_in: As, as_json: AsJson = False) -> None:
    """总览：逾期、失联、未答复的交接，以及三项内控检查缺谁。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.SEE_HANDOVER), run.at()
        far = reach(by, Permission.SEE_HANDOVER, at=at)
        found, mine = queries.overview(at=at), listing.numbers(far)
        # Whoever sees a part of the firm sees that part, and of the firm-wide checks nothing.
        checks = found.checks if far.everything else ()
        values: dict[str, Any] = {
            "open": len(mine),
            "checks_met": f"{sum(c.met for c in checks)}/{len(checks)}",
            "checks": [{"name": c.name, "met": c.met, "missing": list(c.missing)} for c in checks],
        }
        kinds = (("late", found.late), ("lost", found.lost), ("unanswered", found.unanswered))
        for name, lines in kinds:
            values[name] = [_line(one) for one in lines if one.number in mine]
        rows: list[list[object]] = [
            [one.number, one.name, one.days, one.what, one.who]
            for _, lines in kinds for one in lines if one.number in mine
        ]  # fmt: skip
        told = "；".join(
            f"{c.name}：{'是' if c.met else '缺 ' + '、'.join(c.missing or ('制度文件',))}" for c in checks
        )
        title = f"在办 {len(mine)} 件；内控三项 {values['checks_met']}　{told}"
        run.answer(values, say=table(title, ["编号", "姓名", "天数", "什么事", "谁去办"], rows))


def _line(one: Late) -> dict[str, Any]:
    return {"number": one.number, "name": one.name, "days": one.days, "what": one.what, "who": one.who}


@app.command("checkup")
def checkup(
    staff: Annotated[
        Path, typer.Option("--staff", help="员工表（CSV）：工号、姓名、部门、岗位、用工类型、接收人。")
    ],
    accounts: Annotated[
        Path | None, typer.Option("--accounts", help="账号表（CSV）：工号、平台、账号标识…")
    ] = None,
    customers: Annotated[
        Path | None, typer.Option("--customers", help="客户表（CSV）：工号、客户编号…")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """今晚离职体检：若此人今晚离职，会失去什么、先做哪几件。表格不留存，不需要任何登记。"""
    with command(as_json=as_json, house=False) as run:
        found = examine(_rows(staff), _rows(accounts), _rows(customers))
        values = {
            "people": [
                {"staff_no": p.staff_no, "name": p.name, "sentence": p.sentence, "customers": p.customers,
                 "orders": p.orders, "accounts": p.accounts,
                 "first": [{"code": s.code, "title": s.title, "count": s.count, "why": s.why} for s in p.first]}
                for p in found.people
            ],
            "bad": [{"sheet": b.sheet, "row": b.row, "column": b.column, "problem": b.problem} for b in found.bad],
        }  # fmt: skip
        run.answer(values, say=lambda: _examined(found))


def _rows(path: Path | None) -> list[dict[str, str]]:
    """The rows of a sheet by its headings, every one, so that the first is row 2."""
    if path is None:
        return []
    text = _decoded(content_of(path))
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise NoFile("表格的引号不成对，无法读取。", remedy="请在表格软件里重新另存。") from error
    heads = rows[0] if rows else []
    return [dict(zip(heads, [*cells, *[""] * len(heads)], strict=False)) for cells in rows[1:]]


def _decoded(data: bytes) -> str:
    if not data.startswith((b"PK", *FOREIGN_MARKS)):
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise NoFile("不是可读的表格文本。", remedy="请在表格软件里另存为“CSV（逗号分隔）”。")


def _examined(found: Checkup) -> None:
    for p in found.people:
        out.print(p.sentence, markup=False, soft_wrap=True)
        for n, step in enumerate(p.first, 1):
            out.print(f"  {n}. {step.title}（{step.count}）：{step.why}", markup=False, soft_wrap=True)
    _bad(found)


def _bad(found: Checkup) -> None:
    rows: Sequence[list[object]] = [[b.sheet, b.row, b.column, b.problem] for b in found.bad]
    if rows:
        table(f"{len(rows)} 行有误，已略去", ["表", "行", "列", "问题"], list(rows))()
