"""`jieli matter`: the threads under which content may be read, evidence made and things kept."""

from typing import Annotated

import typer

from jieli.access.types import Permission
from jieli.consent.types import SubjectKind
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command, table
from jieli.matters import operations, queries
from jieli.matters.types import Involved, MatterKind, PersonKind
from jieli.wiring.subjects import subject

app = typer.Typer(no_args_is_help=True, help="事项：立案、结案、在办清单。")
Number = Annotated[str, typer.Argument(help="事项编号，如 M-2026-0001。")]
Staff = Annotated[list[str] | None, typer.Option("--staff", help="当事员工的工号，可多次给出。")]


@app.command("open")
def open_(
    kind: Annotated[MatterKind, typer.Option("--kind", help="离职、争议、泄露、事件、请求。")],
    title: Annotated[str, typer.Argument(help="一句话说明是什么事。")],
    sign_in: As,
    staff: Staff = None,
    as_json: AsJson = False,
) -> None:
    """立案。查阅内容、生成证据包都须写明在办事项。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_MATTERS)
        people = [Involved(PersonKind.STAFF, subject(SubjectKind.STAFF, no), "当事人") for no in staff or ()]
        made = operations.open_matter(kind=kind, title=title, people=people, by=by.actor, at=run.at())
        run.answer({"number": made.number, "kind": made.kind.value, "opened_on": made.opened_on})


@app.command("close")
def close(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """结案；此后不能再以此事项查阅。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_MATTERS)
        made = operations.close(number=number, by=by.actor, at=run.at())
        run.answer({"number": made.number, "closed_on": made.closed_on})


@app.command("list")
def listed(sign_in: As, as_json: AsJson = False) -> None:
    """在办事项，先立案的在前。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.MANAGE_MATTERS)
        found = queries.open_matters()
        values = {
            "count": len(found),
            "matters": [{"number": m.number, "kind": m.kind.value, "opened_on": m.opened_on} for m in found],
        }
        rows: list[list[object]] = [[m.number, m.kind.value, m.title, m.opened_on] for m in found]
        run.answer(values, say=table(f"{len(found)} 件在办", ["编号", "类别", "事由", "立案日"], rows))
