"""`jieli dispute`: settling, visiting afterwards, explaining to both sides, and the volume that leaves the house."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from jieli.doors.cli.acting import As
from jieli.doors.cli.dispute_acting import Number, manages, rows
from jieli.doors.cli.dispute_said import dispute
from jieli.doors.cli.frame import AsJson, CannotWrite, command, out, writable
from jieli.doors.cli.given import day_or_today, receive
from jieli.doors.cli.named import BadSheet
from jieli.doors.cli.packages_told import tell_several, together, vouched
from jieli.evidence import disputes_queries as queries
from jieli.evidence import explaining, matter_package, settlement, stated_rows
from jieli.evidence.disputes_types import NewFollowUp, NewSettlement
from jieli.evidence.matter_package import MatterPackageMade
from jieli.ledger.operations import book
from jieli.papers import queries as papers
from jieli.wiring.outside import outside

Day = Annotated[str | None, typer.Option("--on", help="日期，如 2026-09-01；缺省为今天。")]


def register(app: typer.Typer) -> None:
    """Put these commands under `jieli dispute`."""
    commands: dict[str, Callable[..., None]] = {
        "settle": settle, "follow-up": follow_up, "explain": explain, "package": package,
    }  # fmt: skip
    for name, run in commands.items():
        app.command(name)(run)


def settle(
    number: Number,
    terms: Annotated[
        Path, typer.Argument(help="条款表（CSV 或 JSON）：类别、义务人、权利人、内容、凭证、期限。")
    ],
    sign_in: As,
    paper: Annotated[Path, typer.Option("--paper", help="双方签署的协议。")],
    signed_on: Day = None,
    mediator: Annotated[str, typer.Option("--mediator", help="调解人或机构。")] = "",
    as_json: AsJson = False,
) -> None:
    """登记调解或和解协议：每一条款各是一项义务，各有到期日。"""
    with command(as_json=as_json) as run:
        by, at = manages(run, sign_in), run.at()
        good, unread = rows(terms, stated_rows.TERMS)
        if unread:
            raise BadSheet(
                f"第 {unread[0]['line']} 行：{unread[0]['error']}", remedy=str(unread[0]["remedy"])
            )
        read = stated_rows.terms(good)
        with book(at=at):
            scan = receive(paper, kind="和解协议", by=by.actor, at=at)
            new = NewSettlement(scan, day_or_today(signed_on, run.at()), mediator, read)
            settlement.settle(number=number, settlement=new, by=by.actor, at=at)
        run.answer({"number": number, "terms": dispute(queries.dispute(number))["settlement"]})


def follow_up(
    number: Number,
    visitor: Annotated[str, typer.Argument(help="由谁回访。")],
    sign_in: As,
    restored: Annotated[bool, typer.Option("--restored", help="公司确认账号已恢复使用。")] = False,
    received: Annotated[bool, typer.Option("--received", help="对方确认已收到离职证明。")] = False,
    visited_on: Day = None,
    note: Annotated[str, typer.Option("--note")] = "",
    paper: Annotated[Path | None, typer.Option("--paper", help="回访记录。")] = None,
    as_json: AsJson = False,
) -> None:
    """登记一次回访：账号是否恢复、证明是否收到。"""
    with command(as_json=as_json) as run:
        by, at = manages(run, sign_in), run.at()
        with book(at=at):
            scan = receive(paper, kind="回访记录", by=by.actor, at=at) if paper else None
            visit = NewFollowUp(day_or_today(visited_on, run.at()), visitor, restored, received, note, scan)
            settlement.follow_up(number=number, visit=visit, by=by.actor, at=at)
        run.answer({"number": number, "confirmed": dispute(queries.dispute(number))["confirmed"]})


def explain(
    number: Number,
    sign_in: As,
    directory: Annotated[Path, typer.Option("--out", help="两份文书写到哪个目录。")],
    as_json: AsJson = False,
) -> None:
    """出具两份释法说明，双方各一份，出自同一评析，不添一句。"""
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        if not directory.is_dir():
            raise CannotWrite("不能写到这个位置。", remedy="请给出一个已有的、可写的目录。")
        world = outside(run.profile)
        made = explaining.explain(number=number, unit=world.unit, clock=world.clock, by=by, at=run.at())
        files = {side: writable(directory / f"{number}-释法说明-{side.value}.pdf") for side in made}
        for side, paper in made.items():
            files[side].write_bytes(papers.content(paper))
        run.answer(
            {
                "number": number,
                "sheets": [
                    {"side": side.value, "paper": made[side], "file": str(path)}
                    for side, path in files.items()
                ],
            }
        )


def package(
    number: Number,
    sign_in: As,
    out_file: Annotated[Path, typer.Option("--out", help="证据卷写到哪里；不覆盖已有文件。")],
    conversations: Annotated[
        list[int] | None, typer.Option("--conversation", help="一并附上的会话编号，可多个。")
    ] = None,
    with_verdicts: Annotated[bool, typer.Option("--with-verdicts", help="附上评析；评析不是证据。")] = False,
    as_json: AsJson = False,
) -> None:
    """生成一件争议的证据卷：陌生人离线即可核验；隔离的证据不入卷，列明原因；分属两本账的，一次两份。"""
    with command(as_json=as_json) as run:
        made = matter_package.make_matter_packages(
            number=number,
            by=manages(run, sign_in),
            at=run.at(),
            path=writable(out_file),
            outside=outside(run.profile),
            conversations=conversations or (),
            with_verdicts=with_verdicts,
        )
        run.answer(together([_values(one) for one in made]), say=partial(_tell, made))


def _values(made: MatterPackageMade) -> dict[str, object]:
    return {
        "package": str(made.path), "sha256": made.sha256, "bytes": made.size, "exhibits": made.exhibits,
        "items": made.items, "parts": made.parts, "omitted": made.omitted, "origin": made.origin,
        "checkpoint": made.checkpoint, **made.vouching.as_json(), "stamped": list(made.stamped),
        "entry": made.sealed_in,
    }  # fmt: skip


def _tell(made: Sequence[MatterPackageMade]) -> None:
    tell_several(len(made))
    for one in made:
        out.print(
            f"证据卷 {one.path}",
            f"证据与文书 {one.exhibits} 份，登记 {one.parts} 项，略去 {one.omitted} 项，{one.size} 字节",
            f"摘要 sha256:{one.sha256}",
            vouched(one.vouching),
            sep="\n",
            markup=False,
        )
