"""`jieli dispute`: facts, exhibits, losses, sums; one at a time or as a sheet."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from jieli.doors.cli.acting import As
from jieli.doors.cli.dispute_acting import Number, answered, manages, rows
from jieli.doors.cli.frame import AsJson, Command, command, out, table
from jieli.doors.cli.given import receive
from jieli.evidence import disputes_queries as queries
from jieli.evidence import facts_operations as operations
from jieli.evidence import stated_rows
from jieli.evidence.assessments.amounts import Amount, parse
from jieli.evidence.disputes_locks import unknown
from jieli.evidence.disputes_types import NewExhibit
from jieli.evidence.facts import keys
from jieli.evidence.stated_rows import Cells
from jieli.law.verdicts import ProofState, StatedBy
from jieli.ledger.operations import book

File = Annotated[Path, typer.Argument(help="文件。")]
Party = Annotated[StatedBy, typer.Option("--by", help="公司、员工、第三方、书证。")]
ExhibitNo = Annotated[str, typer.Argument(help="证据编号，如 证1。")]
Grounds = Annotated[str, typer.Option("--grounds", help="理由。")]
Exhibits = Annotated[list[str] | None, typer.Option("--exhibit", help="证据编号，可多个。")]


def register(app: typer.Typer) -> None:
    """Put these commands under `jieli dispute`."""
    commands: dict[str, Callable[..., None]] = {
        "questions": questions, "fact": fact, "facts": facts, "exhibit": exhibit, "quarantine": quarantine,
        "readmit": readmit, "loss": loss, "losses": losses, "amount": amount, "form": form,
    }  # fmt: skip
    for name, run in commands.items():
        app.command(name)(run)


def questions(as_json: AsJson = False) -> None:
    """可以陈述的事实：事项、怎样填写、通常由谁提供。"""
    with command(as_json=as_json, house=False) as run:
        found = list(keys().values())
        values = {
            "questions": [
                {
                    "key": k.key,
                    "label": k.label,
                    "kind": k.kind.value,
                    "choices": list(k.choices),
                    "who": k.who,
                }
                for k in found
            ]
        }
        drawn: list[list[object]] = [
            [k.key, k.label, "、".join(k.choices) or k.kind.value, k.who] for k in found
        ]
        run.answer(values, say=table("事实清单", ["事项", "含义", "填写", "由谁提供"], drawn))


def fact(
    number: Number,
    key: Annotated[str, typer.Argument(help="事项，见 jieli dispute questions。")],
    value: Annotated[str, typer.Argument(help="内容。")],
    sign_in: As,
    stated_by: Party,
    proof: Annotated[
        ProofState, typer.Option("--proof", help="自称、对方认可、已证、争议。")
    ] = ProofState.CLAIMED,
    when: Annotated[str | None, typer.Option("--when", help="如 2023-03、2023-03至2023-05。")] = None,
    exhibits: Exhibits = None,
    note: Annotated[str, typer.Option("--note")] = "",
    corrects: Annotated[bool, typer.Option("--corrects", help="更正同一事项的现行陈述。")] = False,
    as_json: AsJson = False,
) -> None:
    """陈述一项事实：谁说的、怎样证明、什么时候的事。"""
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        cells: Cells = {
            "事项": key, "内容": value, "陈述人": stated_by.value, "证明": proof.value, "时间": when,
            "证据": "、".join(exhibits or ()), "说明": note, "更正": "是" if corrects else None,
        }  # fmt: skip
        one = stated_rows.fact_of(cells, queries.dispute(number))
        [made] = operations.state_facts(number=number, facts=[one], by=by.actor, at=run.at())
        run.answer({"number": number, "fact": made})


def facts(number: Number, file: File, sign_in: As, as_json: AsJson = False) -> None:
    """成批陈述事实（CSV 或 JSON）：好的行登记，坏的行逐行说明。"""
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        good, unread = rows(file, stated_rows.FACTS)
        done = stated_rows.state(number=number, rows=good, by=by.actor, at=run.at())
        _tell(run, number, answered(done, unread))


def losses(number: Number, file: File, sign_in: As, as_json: AsJson = False) -> None:
    """成批列出失联客户（CSV 或 JSON）：好的行登记，坏的行逐行说明。"""
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        good, unread = rows(file, stated_rows.LOSSES)
        done = stated_rows.lose(number=number, rows=good, by=by.actor, at=run.at())
        _tell(run, number, answered(done, unread))


def _tell(run: Command, number: str, values: dict[str, object]) -> None:
    """A sheet's answer; a bad row is told to people with its line."""
    bad: list[dict[str, object]] = values["errors"]  # type: ignore[assignment]
    said = [f"已登记 {values['entered']} 行，未登记 {len(bad)} 行。"]
    said += [f"第 {b['line']} 行：{b['error']}{b['remedy']}［{b['code']}］" for b in bad]
    run.answer({"number": number, **values}, say=partial(out.print, *said, sep="\n", markup=False))


def exhibit(
    number: Number,
    file: File,
    sign_in: As,
    proves: Annotated[str, typer.Option("--proves", help="证明目的。")],
    party: Party = StatedBy.COMPANY,
    title: Annotated[str, typer.Option("--title", help="证据名称；缺省为文件名。")] = "",
    label: Annotated[str, typer.Option("--no", help="证据编号；缺省依次为 证1、证2…")] = "",
    as_json: AsJson = False,
) -> None:
    """登记一份证据（PDF、JPG、PNG、TXT），原样保存。"""
    with command(as_json=as_json) as run:
        by, at = manages(run, sign_in), run.at()
        with book(at=at):
            paper = receive(file, kind="证据材料", title=title, by=by.actor, at=at)
            new = NewExhibit(paper, party, proves, label)
            [made] = operations.attach_exhibits(number=number, exhibits=[new], by=by.actor, at=at)
        [shown] = [e.number for e in queries.dispute(number).exhibits if e.id == made]
        run.answer({"number": number, "exhibit": shown, "paper": paper})


def quarantine(
    number: Number, which: ExhibitNo, grounds: Grounds, sign_in: As, as_json: AsJson = False
) -> None:
    """隔离一份取得方式有问题的证据：留存备查，不进入任何评析。"""
    _judge(number, which, grounds, sign_in, as_json, apart=True)


def readmit(number: Number, which: ExhibitNo, grounds: Grounds, sign_in: As, as_json: AsJson = False) -> None:
    """解除隔离。"""
    _judge(number, which, grounds, sign_in, as_json, apart=False)


def _judge(number: str, which: str, grounds: str, sign_in: str, as_json: bool, *, apart: bool) -> None:
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        found = next((e.id for e in queries.dispute(number).exhibits if e.number == which), None)
        if found is None:
            raise unknown()
        change = operations.quarantine if apart else operations.readmit
        change(exhibit=found, grounds=grounds, by=by.actor, at=run.at())
        run.answer({"number": number, "exhibit": which, "legality": "隔离" if apart else "合法"})


def loss(
    number: Number,
    customer: Annotated[str, typer.Argument(help="客户编号或称谓。")],
    course: Annotated[str, typer.Argument(help="未转化或中断的课程。")],
    sign_in: As,
    head: Annotated[str, typer.Option("--head", help="未转化 或 维护中断。")] = "未转化",
    when: Annotated[str | None, typer.Option("--when", help="失联时间。")] = None,
    attempts: Annotated[int, typer.Option("--attempts", min=0, help="联系尝试的次数。")] = 0,
    exhibits: Exhibits = None,
    fall: Annotated[str | None, typer.Option("--fall", help="已证减少的收入，如 1200元。")] = None,
    as_json: AsJson = False,
) -> None:
    """列出一名失联客户；同一客户同一课程只计一次。"""
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        cells: Cells = {
            "损失项": head, "客户": customer, "课程": course, "失联时间": when, "联系次数": str(attempts),
            "证据": "、".join(exhibits or ()), "减少的收入": fall,
        }  # fmt: skip
        one = stated_rows.loss_of(cells, queries.dispute(number))
        [made] = operations.list_losses(number=number, losses=[one], by=by.actor, at=run.at())
        run.answer({"number": number, "loss": made})


def amount(
    number: Number,
    what: Annotated[str, typer.Argument(help="是什么金额。")],
    sum_: Annotated[str, typer.Argument(metavar="AMOUNT", help="如 近17万元。")],
    sign_in: As,
    stated_by: Party,
    kind: Annotated[str, typer.Option("--kind", help="可得利益、直接损失、合理费用。")],
    as_json: AsJson = False,
) -> None:
    """陈述一个金额，约数照录。"""
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        read = parse(sum_)
        money = Amount(read.fen, read.qualifier, kind)
        operations.state_amount(
            number=number, what=what, amount=money, stated_by=stated_by, by=by.actor, at=run.at()
        )
        run.answer({"number": number, "amount": money.text(), "loss": kind})


def form(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """损失表是否完整：投入 → 客户名单 → 失联 → 未转化课程 → 金额；只有形容词的不予接受。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        missing = queries.loss_form(number)
        values = {
            "number": number,
            "complete": not missing,
            "missing": [{"code": m.code, "text": m.text, "who": m.who or "双方"} for m in missing],
        }
        run.answer(values)
