"""How a leaving goes on and ends: stages, access, tries to reach, follow-up, closing; and the firm's own rules."""

from pathlib import Path
from typing import Annotated, Any

import typer

from jieli.access.types import Permission
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.case_acting import THINGS, Number, On, Proof, acting, writing
from jieli.doors.cli.frame import AsJson, command
from jieli.doors.cli.given import day_or_today, moment_or_now, receive
from jieli.handover import cutting, operations, purge
from jieli.handover.things_types import LateAct, PurgeData
from jieli.handover.types import Confirmation, Stage
from jieli.kernel.errors import JieliError
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book

app = typer.Typer()
#: The steps of the way, as people call them.
STEPS = {"audit": Stage.AUDITED, "handover": Stage.HANDED, "keep": Stage.KEPT, "purge": Stage.PURGED}


class NotAStep(JieliError):
    """A step that the way does not have."""

    code = "cli.not_a_step"


@app.command("advance")
def advance(
    number: Number,
    step: Annotated[
        str, typer.Argument(help="audit 审计、handover 交接、keep 留存、purge 清除（不能恢复）。")
    ],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """进入下一步：审计、交接、留存、清除，依次办理，不能跳过。清除只销毁已核对为私人、本人要求删除的内容。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        if step not in STEPS:
            raise NotAStep("没有这一步。", remedy=f"可填：{'、'.join(STEPS)}。")
        values: dict[str, Any] = {}
        if STEPS[step] is Stage.PURGED:
            values = _purged(purge.purge(case=on.case.id, by=on.by, at=on.at))  # opens its books itself
        else:
            purge.advance(case=on.case.id, stage=STEPS[step], by=on.by, at=on.at)
        entry = ledger.history("handover_case", on.case.id)[-1].entry
        run.answer({"number": number, "stage": STEPS[step].value, **values, "entry": entry})


def _purged(done: PurgeData) -> dict[str, Any]:
    found = done.certificate
    return {
        "removed": [{"label": p.label, "how": p.removal.value if p.removal else ""} for p in done.removed],
        "kept": [p.label for p in done.kept],
        "holds": list(done.holds),
        "certificate": None if found is None else found.id,
        "items_destroyed": 0 if found is None else found.items,
    }


@app.command("cut-access")
def cut_access(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """最后工作日结束后停用离职人的全部后台权限和登录，并逐项复核；本人自己的门仍开着。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS)
        done = cutting.cut_access(case=on.case.id, by=on.by, at=on.at)
        entry = ledger.first_recorded("handover_access_cut", [str(done.id)])[str(done.id)].entry
        run.answer(
            {"number": number, "persons": done.persons, "grants": done.grants, "accounts": done.accounts,
             "verified": done.verified, "entry": entry}
        )  # fmt: skip


@app.command("late-attempt")
def late_attempt(
    number: Number,
    act: Annotated[
        LateAct, typer.Option("--act", help="登录后台、查阅内容、导出数据、登录工作账号、调用接口。")
    ],
    when: Annotated[str, typer.Option("--when", help="何时，如 2026-09-23 21:05。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """登记离职之后的一次尝试：另立一件事件。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS)
        with writing(on) as b:
            made = cutting.record_attempt_after(
                case=on.case.id, act=act, tried_at=moment_or_now(when, on.at), by=on.by, at=on.at
            )
        on.told(b, {"incident": made.number, "title": made.title})


@app.command("attempt")
def attempt(
    number: Number,
    how: Annotated[str, typer.Option("--how", help="怎样联系的，如 电话、上门。")],
    outcome: Annotated[str, typer.Option("--outcome", help="结果，如 无人接听。")],
    sign_in: As,
    witness: Annotated[list[str] | None, typer.Option("--witness", help="见证人，可多次给出。")] = None,
    on_day: On = None,
    proof: Proof = None,
    as_json: AsJson = False,
) -> None:
    """登记一次联系移交人；联系不上时，三次之后可以带注记结案。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            operations.record_attempt(
                case=on.case.id, how=how, tried_on=day_or_today(on_day, on.at), outcome=outcome,
                witnesses=witness or (), proof=on.scan(proof, "联系凭证"), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b)


@app.command("follow-up")
def follow_up(
    number: Number,
    asked: Annotated[Confirmation, typer.Option("--asked", help="账号已恢复使用 或 证明已取得。")],
    who: Annotated[str, typer.Option("--who", help="谁答复的。")],
    visitor: Annotated[str, typer.Option("--visitor", help="回访人。")],
    sign_in: As,
    confirmed: Annotated[bool, typer.Option("--yes/--no", help="答复是 或 否。")] = True,
    on_day: On = None,
    proof: Proof = None,
    as_json: AsJson = False,
) -> None:
    """登记回访：结案前要问两个问题，都确认才能结案。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            operations.follow_up(
                case=on.case.id, asked=asked, confirmed=confirmed, who=who, visitor=visitor,
                visited_on=day_or_today(on_day, on.at), paper=on.scan(proof, "回访凭证"), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"asked": asked.value, "confirmed": confirmed})


@app.command("close")
def close(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """结案：双方都办结、私人内容已清除、回访已确认；保密等持续义务不因结案而终止。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            done = operations.close(case=on.case.id, by=on.by, at=on.at)
        on.told(b, {"stage": done.stage.value, "closed_on": done.closed_on})


@app.command("close-noted")
def close_noted(
    number: Number,
    note: Annotated[str, typer.Option("--note", help="为什么无法取得对方确认；还缺什么会自动附上。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """带注记结案：有附凭证的送达结果、三次联系，公司义务已办完；失联或死亡的另须两名见证人。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            done = operations.close_noted(case=on.case.id, note=note, by=on.by, at=on.at)
        on.told(b, {"stage": done.stage.value, "note": done.note})


@app.command("policy")
def policy(
    file: Annotated[Path, typer.Argument(help="《账号管理制度》的扫描件或 PDF。")],
    sign_in: As,
    from_day: Annotated[str | None, typer.Option("--from", help="从哪一天起施行；缺省为今天。")] = None,
    as_json: AsJson = False,
) -> None:
    """登记《账号管理制度》施行。"""
    with command(as_json=as_json) as run:
        by, at = permitted(run, sign_in, Permission.MANAGE_HANDOVER), run.at()
        with book(at=at) as b:
            paper = receive(file, kind="账号管理制度", title="账号管理制度", by=by.actor, at=at)
            operations.declare_policy(paper=paper, from_day=day_or_today(from_day, at), by=by.actor, at=at)
        run.answer({"paper": paper, "from": day_or_today(from_day, at), "entry": b.entries[-1].index})
