"""`jieli rebuild`: what is derived, made anew from what is kept. `index` decrypts, so it is an opening."""

from datetime import MAXYEAR
from typing import Annotated

import typer

from jieli.access.types import Permission
from jieli.doors.cli.acting import As, Matter, permitted, person
from jieli.doors.cli.frame import AsJson, command, err, out
from jieli.kernel.errors import JieliError
from jieli.ledger import retiling
from jieli.reading import rebuilding

_FIRST_YEAR, _LAST_MONTH = 1970, 12


class BadMonth(JieliError):
    """A month that is not in the calendar."""

    code = "cli.bad_month"


class NothingOfMonth(JieliError):
    """Months that have neither items nor an index."""

    code = "cli.nothing_of_month"


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
            matter=matter, by=by, clock=run.at, months=_months(month), resume=resume,
            tell=lambda done, items: None if as_json else err.print(f"{done}：{items} 条", markup=False),
        )  # fmt: skip
        without = sorted(set(month or ()) - set(found.months))
        if without and not found.months and not resume:
            raise NothingOfMonth(
                f"没有可重建的内容：{_listed(without)}。",
                remedy="这些月份既无条目，也无索引；请核对 --month。",
            )
        values = {
            "months": list(found.months), "not_rebuilt": without, "items": found.items, "openings": found.openings,
            "segments": found.segments, "unreadable": list(found.unreadable),
        }  # fmt: skip
        said = (
            f"已重建 {len(found.months)} 个月、{found.items} 条，入账开启 {found.openings} 次；"
            f"无法读出 {len(found.unreadable)} 条。"
        )
        if without:
            why = "没有内容，或上次中断之前已经重建" if resume else "既无条目，也无索引"
            said += f"没有重建的月份：{_listed(without)}（{why}）。"
        run.answer(values, say=lambda: out.print(said, markup=False))


def _months(given: list[int] | None) -> list[int]:
    """The months asked for; none means all. BadMonth where one is no month of the calendar."""
    for month in given or ():
        if not (_FIRST_YEAR <= month // 100 <= MAXYEAR and 1 <= month % 100 <= _LAST_MONTH):
            raise BadMonth(f"{month} 不是月份。", remedy="请写年份和两位月份，如 202609。")
    return list(given or ())


def _listed(months: list[int]) -> str:
    return "、".join(str(month) for month in months)


@app.command("tiles")
def tiles(sign_in: As, as_json: AsJson = False) -> None:
    """由条目重新推出哈希块，只改不符的；条目与最后检查点不符时一律不动。以数据表所有者的身份进行，并写入账本。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_KEYS)
        found = retiling.retile(by=by.actor, at=run.at())
        values = {
            "tiles": found.tiles, "made": [f"{level}/{n}" for level, n in found.made], "removed": found.removed,
            "checkpoint": found.checkpoint, "entry": found.entry,
        }  # fmt: skip
        words = f"共 {found.tiles} 个哈希块：重建 {len(found.made)} 个，移除多余的 {found.removed} 个。"
        run.answer(values, say=lambda: out.print(words, markup=False))
