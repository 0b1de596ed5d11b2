"""`jieli dispute`: a quarrel about an account, from opening to closing."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from jieli.consent.types import SubjectKind
from jieli.doors.cli import dispute_facts, dispute_law, dispute_said, dispute_settle
from jieli.doors.cli.acting import As
from jieli.doors.cli.dispute_acting import Number, manages
from jieli.doors.cli.frame import AsJson, command, out, table
from jieli.doors.cli.given import day_or_today, receive
from jieli.evidence import disputes_operations as operations
from jieli.evidence import disputes_queries as queries
from jieli.evidence.assessments.amounts import parse
from jieli.evidence.disputes_types import (
    Basis,
    Closing,
    DefenceKind,
    DisputeView,
    Issue,
    NewDispute,
    NewOutcome,
    NewRelief,
    Party,
)
from jieli.ledger.operations import book
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.wiring.subjects import subject

app = typer.Typer(no_args_is_help=True, help="争议：立案、请求、事实、证据、损失、评析、和解、结案、证据卷。")
Day = Annotated[str | None, typer.Option("--on", help="日期，如 2026-09-01；缺省为今天。")]
IssueOf = Annotated[Issue, typer.Option("--issue", help="归属、交还、赔偿、责任。")]
Text = Annotated[str, typer.Argument(help="内容。")]
for part in (dispute_facts, dispute_law, dispute_settle):
    part.register(app)


@app.command("open")
def open_(
    title: Annotated[str, typer.Argument(help="一句话说明争什么。")],
    sign_in: As,
    cause: Annotated[str, typer.Option("--cause", help="案由，如 侵权责任纠纷。")],
    person: Annotated[str, typer.Option("--person", help="对方当事人的称谓。")],
    account: Annotated[str, typer.Option("--account", help="所争账号的称谓。")],
    claimant: Annotated[Party, typer.Option("--claimant", help="谁提出请求。")] = Party.COMPANY,
    number: Annotated[str | None, typer.Option("--matter", help="已有的在办事项；缺省另立一件。")] = None,
    staff: Annotated[str | None, typer.Option("--staff", help="对方的工号，已登记时给出。")] = None,
    tribunal: Annotated[str, typer.Option("--tribunal", help="受理机关。")] = "",
    docket: Annotated[str, typer.Option("--docket", help="案号。")] = "",
    as_json: AsJson = False,
) -> None:
    """立一件争议；人和账号可以早于本系统，只写称谓。"""
    with command(as_json=as_json) as run:
        by, at = manages(run, sign_in), run.at()
        new = NewDispute(
            cause=cause, claimant=claimant, person_label=person, account_label=account,
            staff=subject(SubjectKind.STAFF, staff) if staff else None, tribunal=tribunal, docket=docket,
        )  # fmt: skip
        with book(at=at):
            of = (
                number or matters.open_matter(kind=MatterKind.DISPUTE, title=title, by=by.actor, at=at).number
            )
            made = operations.open_dispute(number=of, new=new, by=by.actor, at=at)
        run.answer({"number": of, "dispute": made})


@app.command("list")
def listed(sign_in: As, as_json: AsJson = False) -> None:
    """在办的争议，先立的在前。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        found = queries.open_disputes()
        values = {"count": len(found), "disputes": [{"number": m.number, "title": m.title} for m in found]}
        drawn: list[list[object]] = [[m.number, m.title, m.opened_on] for m in found]
        run.answer(values, say=table(f"{len(found)} 件在办争议", ["编号", "事由", "立案日"], drawn))


@app.command("claim")
def claim(
    number: Number,
    text: Text,
    sign_in: As,
    issue: IssueOf,
    basis: Annotated[Basis | None, typer.Option("--basis", help="金钱请求须择一：违约 或 侵权。")] = None,
    amount: Annotated[str | None, typer.Option("--amount", help="如 近17万元、2980.00元。")] = None,
    as_json: AsJson = False,
) -> None:
    """登记一项诉讼请求；每项各有结论。"""
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        money = parse(amount) if amount is not None else None
        relief = NewRelief(issue, text, basis, money)
        operations.claim(number=number, reliefs=[relief], by=by.actor, at=run.at())
        run.answer({"number": number, "amount": money.text() if money else None})


@app.command("defence")
def defence(
    number: Number,
    kind: Annotated[DefenceKind, typer.Argument(help="未再使用、客户资源共同所有、无故意、其他。")],
    sign_in: As,
    text: Annotated[str, typer.Option("--text", help="抗辩的原话；缺省为其名称。")] = "",
    raised_by: Annotated[Party, typer.Option("--by", help="谁提出。")] = Party.STAFF,
    raised_on: Day = None,
    as_json: AsJson = False,
) -> None:
    """登记一项抗辩；能否成立看事实。"""
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        operations.raise_defence(
            number=number, kind=kind, raised_by=raised_by, text=text or kind.value,
            raised_on=day_or_today(raised_on, run.at()), by=by.actor, at=run.at(),
        )  # fmt: skip
        run.answer({"number": number, "defence": kind.value})


def _telling(view: DisputeView) -> Callable[[], None]:
    return partial(out.print, *dispute_said.told(view), sep="\n", markup=False, soft_wrap=True)


@app.command("assess")
def assess(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """评析全部焦点；每次评析另存一份，先前的不改。"""
    with command(as_json=as_json) as run:
        by = manages(run, sign_in)
        operations.assess(number=number, by=by.actor, at=run.at())
        view = queries.dispute(number)
        found = {i.value: a.verdict.code for i, a in view.assessments.items()}
        supported = view.assessments[Issue.DAMAGES].supported
        values = {"number": number, "verdicts": found, "times": view.assessed_times}
        values["supported"] = supported.text() if supported else None
        run.answer(values, say=_telling(view))


@app.command("show")
def show(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """一件争议的全部：请求、证据矩阵、归属、焦点一、焦点二、责任；推理逐步编号，条文照录原文。"""
    with command(as_json=as_json) as run:
        manages(run, sign_in)
        view = queries.dispute(number)
        run.answer(dispute_said.dispute(view), say=_telling(view))


@app.command("outcomes")
def outcomes(
    number: Number,
    text: Text,
    sign_in: As,
    issue: IssueOf,
    code: Annotated[str, typer.Option("--code", help="结论代码，如 OWN_COMPANY。")],
    decided_by: Annotated[str, typer.Option("--by", help="作出机关。")],
    decided_on: Day = None,
    instance: Annotated[str, typer.Option("--instance", help="仲裁、一审、二审。")] = "",
    paper: Annotated[Path | None, typer.Option("--paper", help="裁判文书。")] = None,
    as_json: AsJson = False,
) -> None:
    """登记一个焦点的裁判结果；一项的胜负不推及另一项。"""
    with command(as_json=as_json) as run:
        by, at = manages(run, sign_in), run.at()
        with book(at=at):
            scan = receive(paper, kind="裁判文书", by=by.actor, at=at) if paper else None
            new = NewOutcome(
                issue, code, text, decided_by, day_or_today(decided_on, run.at()), instance, scan
            )
            operations.record_outcomes(number=number, outcomes=[new], by=by.actor, at=at)
        run.answer({"number": number, "issue": issue.value, "code": code})


@app.command("close")
def close(
    number: Number,
    closing: Annotated[Closing, typer.Argument(help="调解、和解、判决、裁决、撤诉。")],
    sign_in: As,
    closed_on: Day = None,
    paper: Annotated[Path | None, typer.Option("--paper", help="结案文书。")] = None,
    as_json: AsJson = False,
) -> None:
    """结案；调解、和解须先回访到双方的两项确认。"""
    with command(as_json=as_json) as run:
        by, at = manages(run, sign_in), run.at()
        with book(at=at):
            scan = receive(paper, kind="结案文书", by=by.actor, at=at) if paper else None
            operations.close_dispute(
                number=number,
                closing=closing,
                closed_on=day_or_today(closed_on, run.at()),
                paper=scan,
                by=by.actor,
                at=at,
            )
        values: dict[str, Any] = {"number": number, "closed_by": closing.value}
        run.answer(values)
