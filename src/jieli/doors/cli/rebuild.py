"""`jieli rebuild`: what is derived, made anew from what is kept. `index` decrypts, so it is an opening."""

from typing import Annotated

import typer

from jieli.doors.cli.acting import As, Matter, person
from jieli.doors.cli.frame import AsJson, command, err, out
from jieli.reading import rebuilding

app = typer.Typer(no_args_is_help=True, help="重建：由原件重新生成可推导的数据。")


@app.callback()
def rebuild() -> None:
    """由原件重新生成可推导的数据。"""


@app.command("index")
def index(
    matter: Matter,
    sign_in: As,
    month: Annotated[
        list[int] | None, typer.Option("--month", help="只重建该月，如 202609；可多次给出。")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="从上次中断的月份接着重建。")] = False,
    as_json: AsJson = False,
) -> None:
    """由条目逐月重建检索索引；重建期间检索照常。每批条目先记入账本（目的：系统重建）再解密，不向任何人显示。"""
    with command(as_json=as_json) as run:
        by = person(run, sign_in)
        found = rebuilding.rebuild_index(
            matter=matter, by=by, clock=run.at, months=month or (), resume=resume,
            tell=lambda done, items: None if as_json else err.print(f"{done}：{items} 条", markup=False),
        )  # fmt: skip
        values = {
            "months": list(found.months), "items": found.items, "openings": found.openings,
            "segments": found.segments, "unreadable": list(found.unreadable),
        }  # fmt: skip
        run.answer(
            values,
            say=lambda: out.print(
                f"已重建 {len(found.months)} 个月、{found.items} 条，入账开启 {found.openings} 次；"
                f"无法读出 {len(found.unreadable)} 条。",
                markup=False,
            ),
        )
