"""`jieli consent`: notices, consents, withdrawals, objections, and what is still missing."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from jieli.access.types import Permission
from jieli.consent import operations, published, queries
from jieli.consent.types import (
    DefaultShift,
    Means,
    NewConsent,
    NewNotice,
    Rules,
    Scope,
    StatedBy,
    SubjectKind,
)
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, Command, command, table
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local
from jieli.wiring.subjects import Somebody, somebody, subject

app = typer.Typer(
    no_args_is_help=True, help="告知与同意：发布、送达、同意、撤回、异议、答复、放假安排、政策、差距。"
)
Who = Annotated[str, typer.Argument(help="工号（员工）或客户编号。")]
Kind = Annotated[SubjectKind, typer.Option("--kind", help="员工 或 客户。")]
MeansOption = Annotated[Means, typer.Option("--means", help="会话存档、通话录音…")]
Scopes = Annotated[list[Scope], typer.Option("--scope", help="采集、质检使用…；每个范围分别给出。")]
On = Annotated[int | None, typer.Option("--at-ms", help="本人所称的时间（毫秒，UTC）；缺省为现在。")]


class BadNotice(JieliError):
    """The file of a notice cannot be read as one."""

    code = "cli.bad_notice"


class BadRules(JieliError):
    """The file of a policy cannot be read as one."""

    code = "cli.bad_policy"


class UnknownNotice(JieliError):
    """No notice of this number was published to staff, or to customers."""

    code = "cli.unknown_notice"


def _notice(path: Path) -> NewNotice:
    """The notice of a file; an item that it leaves out is an empty one, so that publishing names what is missing."""
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        items = {f.name: "" for f in fields(NewNotice)} | said
        items["kind"] = SubjectKind(items["kind"])
        items["means"] = tuple(Means(m) for m in items["means"])
        items["scopes"] = tuple(Scope(s) for s in items["scopes"])
        return NewNotice(**items)
    except (OSError, ValueError, KeyError, TypeError) as error:
        names = "、".join(f.name for f in fields(NewNotice))
        raise BadNotice(
            "告知书文件无法读取。", remedy=f"文件应是一个 JSON 对象（UTF-8），各项为 {names}。"
        ) from error


def _rules(path: Path) -> Rules:
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        shifts = {post: DefaultShift(**span) for post, span in said.pop("default_shifts", {}).items()}
        return Rules(posts=frozenset(said.pop("posts")), default_shifts=shifts, **said)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        names = "、".join(f.name for f in fields(Rules))
        raise BadRules(
            "政策文件无法读取。", remedy=f"文件应是一个 JSON 对象（UTF-8），只有这些项：{names}。"
        ) from error


def _published(kind: SubjectKind, notice: UUID) -> UUID:
    if notice not in queries.notices(kind):
        raise UnknownNotice(
            f"没有这样一份写给{kind.value}的告知书。",
            remedy="请核对 --notice 与 --kind；jieli consent notices 列出全部。",
        )
    return notice


@app.command("publish")
def publish(
    file: Annotated[Path, typer.Argument(help="告知书（JSON）。")], sign_in: As, as_json: AsJson = False
) -> None:
    """发布一版告知书；缺少法定各项时拒绝发布。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_CONSENT)
        run.answer({"notice": operations.publish_notice(_notice(file), by=by.actor, at=run.at())})


@app.command("notices")
def notices(
    sign_in: As,
    who: Annotated[
        str | None, typer.Argument(help="工号或客户编号：只看已送达此人的；不写则列出全部已发布的。")
    ] = None,
    kind: Annotated[SubjectKind | None, typer.Option("--kind", help="员工 或 客户。")] = None,
    as_json: AsJson = False,
) -> None:
    """已发布的告知书：编号（--notice 所要的）、对象、版本、日期、现行与否；写明一人时，是送达此人的各份。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.MANAGE_CONSENT)
        if who is None:
            _published_notices(run, published.notices(kind))
        else:
            _served_notices(run, somebody(who, kind))


def _published_notices(run: Command, found: list[published.Published]) -> None:
    values = [
        {
            "notice": one.id, "kind": one.kind.value, "title": one.title, "version": one.version, "at": one.at,
            "state": _state(one), "served": one.served,
        }
        for one in found
    ]  # fmt: skip
    rows: list[list[object]] = [
        [one.id, one.kind.value, one.title, one.version, _day(one.at), _state(one), one.served]
        for one in found
    ]
    columns = ["编号", "对象", "题名", "版本", "发布日", "状态", "送达人数"]
    run.answer({"notices": values}, say=table(f"{len(found)} 份告知书", columns, rows))


def _served_notices(run: Command, who: Somebody) -> None:
    states = {one.id: _state(one) for one in published.notices(who.kind)}
    found = queries.notices_served(who.id)
    values = [
        {
            "notice": one.id, "kind": who.kind.value, "person": who.number, "title": one.title,
            "version": one.version, "at": one.claimed_at, "how": one.how, "state": states.get(one.id),
        }
        for one in found
    ]  # fmt: skip
    rows: list[list[object]] = [
        [
            one.id,
            who.number,
            one.title,
            one.version,
            _day(one.claimed_at),
            one.how,
            states.get(one.id),
        ]
        for one in found
    ]
    columns = ["编号", "送达", "题名", "版本", "送达日", "方式", "状态"]
    run.answer({"notices": values}, say=table(f"已送达 {who} 的告知书 {len(found)} 份", columns, rows))


def _state(one: published.Published) -> str:
    return "现行" if one.current else "已有新版"


def _day(at: int) -> str:
    return f"{local(at):%Y-%m-%d}"


@app.command("serve")
def serve(
    notice: Annotated[UUID, typer.Option("--notice")],
    who: Annotated[list[str], typer.Argument(help="工号或客户编号，可多个。")],
    kind: Kind,
    how: Annotated[str, typer.Option("--how", help="送达方式，如 企业微信、当面签收。")],
    sign_in: As,
    claimed: On = None,
    as_json: AsJson = False,
) -> None:
    """登记告知书已送达这些人。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_CONSENT)
        at = run.at()
        served = operations.serve(
            notice=_published(kind, notice),
            subject_kind=kind,
            subjects=[subject(kind, one) for one in who],
            claimed_at=at if claimed is None else claimed,
            how=how,
            by=by.actor,
            at=at,
        )
        run.answer({"served": len(served)})


@app.command("give")
def give(
    who: Who,
    kind: Kind,
    means: MeansOption,
    scope: Scopes,
    notice: Annotated[UUID, typer.Option("--notice")],
    sign_in: As,
    claimed: On = None,
    as_json: AsJson = False,
) -> None:
    """登记本人的同意：每个手段、每个范围各一条。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_CONSENT)
        at = run.at()
        key = subject(kind, who)
        told = _published(kind, notice)
        said = [NewConsent(kind, key, means, s, at if claimed is None else claimed, told) for s in scope]
        run.answer({"consents": operations.give(said, by=by.actor, at=at)})


@app.command("withdraw")
def withdraw(
    who: Who,
    kind: Kind,
    means: MeansOption,
    scope: Scopes,
    sign_in: As,
    claimed: On = None,
    as_json: AsJson = False,
) -> None:
    """撤回同意：立即生效，不问理由，无人可以阻止。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_CONSENT)
        at = run.at()
        done = operations.withdraw(
            subject_kind=kind,
            subject=subject(kind, who),
            means=means,
            scopes=scope,
            claimed_at=at if claimed is None else claimed,
            stated_by=StatedBy.COMPANY,
            by=by.actor,
            at=at,
        )
        run.answer({"withdrawn": len(done)})


@app.command("object")
def object_(
    who: Who, kind: Kind, means: MeansOption, scope: Scopes, sign_in: As, as_json: AsJson = False
) -> None:
    """登记本人的异议：答复之前，不记录也不使用。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_CONSENT)
        at = run.at()
        done = operations.object_(
            subject_kind=kind,
            subject=subject(kind, who),
            means=means,
            scopes=scope,
            claimed_at=at,
            stated_by=StatedBy.COMPANY,
            by=by.actor,
            at=at,
        )
        run.answer({"objections": len(done)})


@app.command("answer")
def answer(
    who: Who,
    kind: Kind,
    means: MeansOption,
    scope: Annotated[Scope, typer.Option("--scope", help="答复哪一个范围的异议。")],
    reply: Annotated[str, typer.Option("--reply", help="处理结果和理由；本人看得到。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """书面答复本人的异议，说明理由。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_CONSENT)
        at = run.at()
        done = operations.answer_objection(
            subject_kind=kind,
            subject=subject(kind, who),
            means=means,
            scope=scope,
            reply=reply,
            claimed_at=at,
            by=by.actor,
            at=at,
        )
        run.answer({"answered": done})


@app.command("calendar")
def calendar(year: int, sign_in: As, as_json: AsJson = False) -> None:
    """录入一年的放假安排；录入之前，当年的内容一律不记录。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_CONSENT)
        done = operations.load_calendar(year, by=by.actor, at=run.at())
        run.answer({"year": year, "new": done.new, "unchanged": done.unchanged})


@app.command("policy")
def policy(
    file: Annotated[Path, typer.Argument(help="政策（JSON）：哪些岗位、默认班次。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """施行新的一版记录政策：哪些岗位可以记录。没有任何政策可以绕过告知与同意。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_CONSENT)
        at = run.at()
        run.answer({"version": operations.set_policy(_rules(file), starts_at=at, by=by.actor, at=at)})


@app.command("gaps")
def gaps(
    sign_in: As,
    platform: Annotated[str, typer.Option("--platform", help="平台，如 wecom。")] = "wecom",
    as_json: AsJson = False,
) -> None:
    """差距表：谁还缺什么，才可以依法记录。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_GAPS)
        found = queries.gaps(at=run.at(), platform=platform)
        rows: list[list[object]] = [[g.staff_no, g.name, g.unit, "、".join(g.missing)] for g in found]
        values = {
            "count": len(found),
            "gaps": [{"staff_no": g.staff_no, "missing": list(g.missing)} for g in found],
        }
        title = f"差距表：{len(found)} 人尚不能记录"
        run.answer(values, say=table(title, ["工号", "姓名", "部门", "缺少"], rows))
