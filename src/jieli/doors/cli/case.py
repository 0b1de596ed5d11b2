"""`jieli case`: somebody leaves. Opening, looking, and the end; its things, words and papers stand beside."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from jieli.access.policy import reach
from jieli.access.types import Permission, Person
from jieli.approvals import operations as approvals
from jieli.connectors.files.company_cells import day as day_cell
from jieli.connectors.files.company_cells import identifier, one_of
from jieli.connectors.files.tables import Column, Problem, TableRow, read_table
from jieli.doors.cli import (
    case_ending,
    case_overview,
    case_papers,
    case_private,
    case_said,
    case_show,
    case_things,
)
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.case_acting import staff, staff_of
from jieli.doors.cli.frame import AsJson, command, table
from jieli.doors.cli.given import NoFile, day_or_today, receive
from jieli.handover import listing, operations
from jieli.handover.reading import unknown
from jieli.handover.types import CaseRef, LeavingReason, OpenCase, Source
from jieli.kernel.errors import JieliError
from jieli.ledger.operations import book
from seal import canonical

app = typer.Typer(no_args_is_help=True, help="离职交接：发起、清单、体检、登记、文书、结案。")
Reason = Annotated[
    LeavingReason, typer.Option("--reason", help="辞职、协商、期满、试用期、违纪、裁员、退休…")
]
#: Under what an approval of a leaving that was given in another system is kept; the console names it the same.
LEAVING = "离职申请"
COLUMNS = (
    Column("工号", "staff_no", identifier, required=True),
    Column("离职原因", "reason", one_of({r.value: r for r in LeavingReason}), required=True),
    Column("提出日期", "notice_on", day_cell, required=True),
    Column("最后工作日", "last_day", day_cell, required=True),
    Column("接收人", "receiver", identifier),
    Column("监交人", "supervisor", identifier),
)


@app.command("open")
def open_(
    staff_no: Annotated[str, typer.Argument(help="离职人的工号。")],
    reason: Reason,
    last_day: Annotated[str, typer.Option("--last-day", help="最后工作日，如 2026-09-18。")],
    sign_in: As,
    notice_on: Annotated[str | None, typer.Option("--notice-on", help="提出离职的日期；缺省为今天。")] = None,
    receiver: Annotated[str | None, typer.Option("--receiver", help="接收人的工号。")] = None,
    supervisor: Annotated[str | None, typer.Option("--supervisor", help="监交人的工号。")] = None,
    system: Annotated[str, typer.Option("--system", help="外部审批：哪个系统，如 泛微、钉钉。")] = "",
    order_no: Annotated[str, typer.Option("--number", help="外部审批：单号。")] = "",
    applicant: Annotated[str, typer.Option("--applicant", help="外部审批：申请人。")] = "",
    approver: Annotated[str, typer.Option("--approver", help="外部审批：审批人。")] = "",
    decided_on: Annotated[str | None, typer.Option("--decided-on", help="外部审批：哪一天批的。")] = None,
    scan: Annotated[Path | None, typer.Option("--scan", help="外部审批：审批单扫描件。")] = None,
    as_json: AsJson = False,
) -> None:
    """发起离职交接：清点并封存此人持有的一切，列出双方义务。外部审批须有单号和扫描件。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_HANDOVER), run.at()
        order = OpenCase(
            staff_id=staff(staff_no), reason=reason, last_day=day_or_today(last_day, at),
            notice_on=day_or_today(notice_on, at), receiver=staff_of(receiver), supervisor=staff_of(supervisor),
        )  # fmt: skip
        _check_reach(by, [order.staff_id], at)
        with book(at=at) as b:
            if system or order_no or scan:
                approval = approvals.record_outside(
                    kind=LEAVING, subject=order.staff_id, digest=_digest(order), system=system, number=order_no,
                    applicant=applicant, approver=approver, decided_on=day_or_today(decided_on, at),
                    paper=_receipt(scan, order_no, by, at), by=by.actor, at=at,
                )  # fmt: skip
                order = replace(order, approval=approval.id, source=Source.OUTSIDE)
            made = operations.open_case(order, by=by.actor, at=at)
        entry = next(e.index for e in b.entries if e.kind == "handover.open")
        run.answer({**_opened(made), "entry": entry})


def _digest(order: OpenCase) -> bytes:
    """What was approved: this person, this reason, this last day."""
    said = [str(order.staff_id), order.reason.value, order.last_day.isoformat()]
    return sha256(canonical.encode(said)).digest()


def _receipt(scan: Path | None, order_no: str, by: Person, at: int) -> UUID:
    if scan is None:
        raise NoFile("外部审批没有附上审批单扫描件。", remedy="请用 --scan 给出扫描件。")
    return receive(scan, kind="外部审批回执", title=order_no or "审批单", by=by.actor, at=at)


def _check_reach(by: Person, leavers: Sequence[UUID], at: int) -> None:
    """Who may open leavings of a part of the firm opens no others: to him they do not exist."""
    if not listing.within(reach(by, Permission.MANAGE_HANDOVER, at=at), leavers):
        raise unknown()


def _opened(made: CaseRef) -> dict[str, Any]:
    return {
        "number": made.number,
        "reason": made.reason.value,
        "engagement": made.engagement_kind.value,
        "last_day": made.last_day,
        "snapshot": made.digest,
    }


@app.command("load")
def load(
    file: Annotated[
        Path, typer.Argument(help="离职名单（CSV）：工号、离职原因、提出日期、最后工作日、接收人、监交人。")
    ],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """从名单发起多件离职交接：好的行发起，坏的行按行、列说明，互不影响。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_HANDOVER), run.at()
        if not file.is_file():
            raise NoFile("没有这个文件。", remedy="请核对离职名单的位置。")
        found = read_table(file, COLUMNS)
        opened: list[dict[str, Any]] = []
        problems = list(found.problems)
        for row in found.rows:
            try:
                made = operations.open_case(_of_row(row, by, at), by=by.actor, at=at)
                opened.append({"staff_no": row["staff_no"], **_opened(made)})
            except JieliError as error:
                told = error.as_json()
                problems.append(Problem(row.line, "", told["code"], told["error"], told["remedy"]))
        problems.sort(key=lambda p: p.line)
        values = {
            "rows": found.total,
            "opened": opened,
            "errors": [
                {"line": p.line, "column": p.column, "code": p.code, "error": p.sentence, "remedy": p.remedy}
                for p in problems
            ],
        }  # fmt: skip
        run.answer(values, say=_loaded(len(opened), problems))
        if problems and not opened:
            raise typer.Exit(1)


def _of_row(row: TableRow, by: Person, at: int) -> OpenCase:
    leaver = staff(row["staff_no"])
    _check_reach(by, [leaver], at)
    return OpenCase(
        staff_id=leaver, reason=row["reason"], last_day=row["last_day"], notice_on=row["notice_on"],
        receiver=staff_of(row["receiver"]), supervisor=staff_of(row["supervisor"]), source=Source.SHEET,
    )  # fmt: skip


def _loaded(opened: int, problems: Sequence[Problem]) -> Callable[[], None]:
    rows: list[list[object]] = [[p.line or "", p.column, f"{p.sentence}{p.remedy}", p.code] for p in problems]
    return table(f"已发起 {opened} 件，{len(problems)} 处有误", ["行", "列", "问题与改法", "代码"], rows)


for part in (case_show, case_overview, case_things, case_private, case_said, case_papers, case_ending):
    app.add_typer(part.app)
