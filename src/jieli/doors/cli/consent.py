"""`jieli consent`: notices, consents, withdrawals, objections, and what is still missing."""

import json
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from jieli.access.types import Permission
from jieli.consent import operations, queries
from jieli.consent.types import Means, NewConsent, NewNotice, Scope, StatedBy, SubjectKind
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command, table
from jieli.kernel.errors import JieliError
from jieli.wiring.subjects import subject

app = typer.Typer(no_args_is_help=True, help="告知与同意：发布、送达、同意、撤回、异议、差距。")
Who = Annotated[str, typer.Argument(help="工号（员工）或客户编号。")]
Kind = Annotated[SubjectKind, typer.Option("--kind", help="员工 或 客户。")]
MeansOption = Annotated[Means, typer.Option("--means", help="会话存档、通话录音…")]
Scopes = Annotated[list[Scope], typer.Option("--scope", help="采集、质检使用…；每个范围分别给出。")]
On = Annotated[int | None, typer.Option("--at-ms", help="本人所称的时间（毫秒，UTC）；缺省为现在。")]


class BadNotice(JieliError):
    """The file of a notice cannot be read as one."""

    code = "cli.bad_notice"


def _notice(path: Path) -> NewNotice:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        said["kind"] = SubjectKind(said["kind"])
        said["means"] = frozenset(Means(m) for m in said["means"])
        said["scopes"] = frozenset(Scope(s) for s in said["scopes"])
        return NewNotice(**said)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadNotice(
            "告知书文件无法读取。", remedy="请对照 docs/how-to/consent.md 的示例补齐各项。"
        ) from error


@app.command("publish")
def publish(
    file: Annotated[Path, typer.Argument(help="告知书（JSON）。")], sign_in: As, as_json: AsJson = False
) -> None:
    """发布一版告知书；缺少法定各项时拒绝发布。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.SEE_GAPS)
        run.answer({"notice": operations.publish_notice(_notice(file), by=by.actor, at=run.at())})


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
        by = permitted(run, sign_in, Permission.SEE_GAPS)
        at = run.at()
        served = operations.serve(
            notice=notice,
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
        by = permitted(run, sign_in, Permission.SEE_GAPS)
        at = run.at()
        key = subject(kind, who)
        said = [NewConsent(kind, key, means, s, at if claimed is None else claimed, notice) for s in scope]
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
        by = permitted(run, sign_in, Permission.SEE_GAPS)
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
        by = permitted(run, sign_in, Permission.SEE_GAPS)
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
