"""`jieli approve`: what waits for a decision, on exactly what; decisions made elsewhere; what rests on papers."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from jieli.access import queries as persons
from jieli.access.types import Permission
from jieli.approvals import operations, queries
from jieli.approvals.errors import NotRevocable
from jieli.approvals.types import REQUIRED, EnablementRef, RequestRef
from jieli.doors.cli import named
from jieli.doors.cli.acting import As, permitted, person
from jieli.doors.cli.frame import AsJson, command, table
from jieli.doors.cli.given import day, receive
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local, local_day
from jieli.ledger.operations import book

app = typer.Typer(no_args_is_help=True, help="审批：待办、同意与驳回、外部审批回执、离职继承的启用。")
Request = Annotated[str, typer.Argument(help="申请编号（list 所示）。")]
What = Annotated[str, typer.Argument(help="启用的事项，如 离职继承。")]
Reason = Annotated[str, typer.Option("--reason", help="理由；驳回时必须写明。")]


class Word(StrEnum):
    """What may be said to a request."""

    AGREE = "同意"
    REJECT = "驳回"


class BadRequestId(JieliError):
    """The id of a request cannot be read as one."""

    code = "cli.bad_request_id"


class BadPapers(JieliError):
    """Papers of an enablement are not given as kind and file."""

    code = "cli.bad_papers"


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadRequestId("申请编号写法不对。", remedy="请复制 jieli approve list 所示的编号。") from None


@app.command("list")
def listed(
    sign_in: As,
    kind: Annotated[str | None, typer.Option("--kind", help="只看一类，如 接续方案。")] = None,
    as_json: AsJson = False,
) -> None:
    """等待决定的申请，先提出的在前。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.APPROVE)
        found = queries.waiting(kind, at=run.at())
        names = _names(found)
        rows: list[list[object]] = [
            [str(r.id), r.kind, r.scope, r.reason, names[r.applicant], local(r.opened_at).date()]
            for r in found
        ]
        run.answer(
            {"count": len(found), "requests": [_request(r) for r in found]},
            say=table(f"{len(found)} 项待审批", ["编号", "种类", "范围", "理由", "申请人", "提出日"], rows),
        )


def _names(found: Sequence[RequestRef]) -> dict[str, str]:
    """Applicants as people read them; an outside applicant is already a name."""
    actors = {r.applicant for r in found}
    ids = {a: UUID(a.removeprefix("person:")) for a in actors if a.startswith("person:")}
    known = persons.names(list(ids.values()))
    return {a: known.get(ids[a], "不明") if a in ids else a for a in actors}


def _request(r: RequestRef) -> dict[str, Any]:
    return {
        "request": str(r.id),
        "kind": r.kind,
        "subject": str(r.subject),
        "digest": r.digest.hex(),
        "scope": r.scope,
        "reason": r.reason,
        "applicant": r.applicant,
        "state": r.state.value,
        "expires_at": r.expires_at,
        "outside": f"{r.system} {r.number}".strip(),
        "approver": r.decision.approver if r.decision else None,
        "decided_on": r.decision.decided_on.isoformat() if r.decision else None,
        "decision_reason": r.decision.reason if r.decision else None,
    }


@app.command("show")
def show(request: Request, sign_in: As, as_json: AsJson = False) -> None:
    """一项申请的全部内容及结果。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.APPROVE)
        run.answer(_request(queries.request(_id(request))))


@app.command("decide")
def decide(
    request: Request,
    word: Annotated[Word, typer.Argument(help="同意 或 驳回。")],
    sign_in: As,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """决定一项申请，一次为准。申请人和接手人不得审批。"""
    with command(as_json=as_json) as run:
        made = operations.decide(
            request=_id(request),
            agree=word is Word.AGREE,
            reason=reason,
            by=person(run, sign_in),
            at=run.at(),
        )
        run.answer(
            {"request": made.request, "agree": made.agree, "approval": made.id if made.agree else None}
        )


@app.command("revoke")
def revoke(request: Request, sign_in: As, reason: Reason = "", as_json: AsJson = False) -> None:
    """撤销一项审批，或撤回自己的申请；此后依其进行的调用一概停止。"""
    with command(as_json=as_json) as run:
        operations.revoke(request=_id(request), reason=reason, by=person(run, sign_in), at=run.at())
        run.answer({"request": request, "state": queries.request(_id(request)).state.value})


@app.command("outside")
def outside(
    request: Request,
    system: Annotated[str, typer.Option("--system", help="在哪个系统审批，如 泛微。")],
    number: Annotated[str, typer.Option("--number", help="审批单号。")],
    applicant: Annotated[str, typer.Option("--applicant", help="回执所载申请人。")],
    approver: Annotated[str, typer.Option("--approver", help="回执所载审批人。")],
    decided: Annotated[str, typer.Option("--date", help="审批日期。")],
    scan: Annotated[Path, typer.Option("--scan", help="审批单扫描件。")],
    sign_in: As,
    until: Annotated[str | None, typer.Option("--until", help="审批有效期末日。")] = None,
    as_json: AsJson = False,
) -> None:
    """录入外部审批回执，代替系统内的同一申请；只对申请时的内容有效。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.APPROVE), run.at()
        asked = queries.request(_id(request))
        with book(at=at):
            paper = receive(scan, kind="外部审批单", title=f"{system} {number}", by=by.actor, at=at)
            made = operations.record_outside(
                kind=asked.kind, subject=asked.subject, digest=asked.digest, system=system, number=number,
                applicant=applicant, approver=approver, decided_on=day(decided), paper=paper,
                scope=asked.scope, expires_at=named.end_of(until), by=by.actor, at=at,
            )  # fmt: skip
            # Nobody is to decide here what was decided there.
            operations.revoke(request=asked.id, reason=f"已由外部审批代替：{system} {number}", by=by, at=at)
        run.answer({"request": made.request, "approval": made.id, "paper": paper})


@app.command("enable")
def enable(
    what: What,
    sign_in: As,
    paper: Annotated[
        list[str] | None, typer.Option("--paper", help="依据文件，写作 种类=文件，可多次给出。")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="说明。")] = "",
    from_: Annotated[str | None, typer.Option("--from", help="自何日起；缺省为今天。")] = None,
    until: Annotated[str | None, typer.Option("--until", help="末日；缺省为长期。")] = None,
    as_json: AsJson = False,
) -> None:
    """启用一个事项，如离职继承：须有规章制度、劳动合同条款、事前合规审查、个人信息保护影响评估。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.APPROVE), run.at()
        files = _papers(paper or ())
        first: date = day(from_) if from_ else local_day(at)
        with book(at=at):
            kept = {kind: receive(path, kind=kind, by=by.actor, at=at) for kind, path in files.items()}
            made = operations.enable(
                what=what, papers=kept, note=note, from_day=first, until=day(until) if until else None,
                by=by, at=at,
            )  # fmt: skip
        run.answer(_enablement(made))


def _papers(given: Sequence[str]) -> dict[str, Path]:
    pairs = [text.partition("=") for text in given]
    if any(not (kind and path) for kind, _, path in pairs) or len({k for k, _, _ in pairs}) != len(pairs):
        raise BadPapers("依据文件写法不对。", remedy="请写作 --paper 规章制度=文件.pdf，每种一次。")
    return {kind: Path(path) for kind, _, path in pairs}


def _enablement(e: EnablementRef) -> dict[str, Any]:
    return {
        "enablement": str(e.id),
        "what": e.what,
        "papers": {kind: str(paper) for kind, paper in e.papers.items()},
        "from": e.from_day.isoformat(),
        "until": e.until.isoformat() if e.until else None,
        "note": e.note,
    }


@app.command("disable")
def disable(what: What, sign_in: As, reason: Reason = "", as_json: AsJson = False) -> None:
    """终止现行的启用；此后不再提交任何转移。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.APPROVE), run.at()
        found = queries.enabled(what, at=at)
        if found is None:
            raise NotRevocable("这个事项没有启用。", remedy="请用 jieli approve enabled 查看。")
        operations.disable(enablement=found.id, reason=reason, by=by, at=at)
        run.answer({"what": what, "enabled": queries.enabled(what, at=at) is not None})


@app.command("enabled")
def enabled(what: What, sign_in: As, as_json: AsJson = False) -> None:
    """一个事项是否启用，依据哪些文件；没有启用时列出须备的文件。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_HANDOVER)
        found = queries.enabled(what, at=run.at())
        run.answer(
            {
                "enabled": found is not None,
                "required": list(REQUIRED.get(what, ())),
                "standing": _enablement(found) if found else None,
            }
        )
