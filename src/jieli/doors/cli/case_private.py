"""The private part of a leaving: the person marks it, metadata alone is checked; and his own claim to keep things."""

from typing import Annotated

import typer

from jieli.archive import operations as archive
from jieli.archive.types import HoldScope
from jieli.doors.cli.acting import As
from jieli.doors.cli.case_acting import SEE, THINGS, Number, Proof, Which, acting, writing
from jieli.doors.cli.frame import AsJson, command, table
from jieli.handover import private
from jieli.handover.things_types import CheckedBy, Decision, Nature, NewPrivate, PrivateKind, Removal
from jieli.kernel.times import local

app = typer.Typer()


@app.command("private-mark")
def private_mark(
    number: Number,
    label: Annotated[str, typer.Argument(help="本人起的名称；不写内容。")],
    kind: Annotated[PrivateKind, typer.Option("--kind", help="会话、联系人、文件、照片。")],
    where: Annotated[str, typer.Option("--where", help="在哪里，如 工作手机相册。")],
    decision: Annotated[Decision, typer.Option("--decision", help="本人取走、删除、取走后删除。")],
    sign_in: As,
    count: Annotated[int, typer.Option("--count", help="多少项。")] = 1,
    conversation: Annotated[int | None, typer.Option("--conversation", help="档案里的会话编号。")] = None,
    platform: Annotated[str | None, typer.Option("--platform", help="对方所在平台。")] = None,
    counterparty: Annotated[str | None, typer.Option("--counterparty", help="对方的平台标识。")] = None,
    as_json: AsJson = False,
) -> None:
    """本人标明私人内容：只写名称和位置，不写内容。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, himself=True)
        item = NewPrivate(kind, label, where, decision, count, platform, counterparty, conversation)
        with writing(on) as b:
            [made] = private.mark_private(case=on.case.id, items=[item], by=on.by, at=on.at)
        on.told(b, {"private": made})


@app.command("private-check")
def private_check(number: Number, sign_in: As, as_json: AsJson = False) -> None:
    """只凭元数据核对：对方是不是公司客户；不打开任何内容。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            found = private.check_private(case=on.case.id, by=on.by, at=on.at)
        on.told(b, {"checked": {nature.value: n for nature, n in found.items()}})


@app.command("private-dispute")
def private_dispute(number: Number, item: Which, sign_in: As, as_json: AsJson = False) -> None:
    """对核对结果有争议：办结之前不会被清除。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, himself=True)
        with writing(on) as b:
            private.dispute_private(case=on.case.id, item=item, by=on.by, at=on.at)
        on.told(b)


@app.command("private-resolve")
def private_resolve(
    number: Number,
    item: Which,
    nature: Annotated[Nature, typer.Option("--nature", help="查看之后：私人 或 与客户有关。")],
    checked_by: Annotated[CheckedBy, typer.Option("--checked-by", help="本人在场打开 或 中立人查看。")],
    present: Annotated[list[str], typer.Option("--present", help="在场人姓名，可多次给出。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """登记争议内容的查看结果和在场人；内容不写在任何地方。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number)
        with writing(on) as b:
            private.resolve_private(
                case=on.case.id, item=item, nature=nature, checked_by=checked_by, present=present,
                opened_at=on.at, by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"nature": nature.value})


@app.command("private-removed")
def private_removed(
    number: Number,
    item: Which,
    removal: Annotated[Removal, typer.Option("--how", help="本人删除、恢复出厂设置、云端删除。")],
    sign_in: As,
    proof: Proof = None,
    as_json: AsJson = False,
) -> None:
    """登记档案之外的私人内容已经清除。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *THINGS, himself=True)
        with writing(on) as b:
            private.record_removed(
                case=on.case.id, item=item, removal=removal, removed_at=on.at,
                proof=on.scan(proof, "私人内容清除凭证"), by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"removal": removal.value})


@app.command("hold")
def hold(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="本人主张什么，如 加班费、提成。")],
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """申请保全：离职人本人也可以提出；解除之前不清除任何与本人有关的内容。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, himself=True)
        with writing(on) as b:
            placed = archive.hold(
                scope=HoldScope.PERSON, target=str(on.case.staff_id), ground=reason, matter=on.case.matter,
                by=on.by, at=on.at,
            )  # fmt: skip
        on.told(b, {"hold": placed.id})


@app.command("talks")
def talks(
    number: Number,
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """给接收人的会话目录：只有元数据；本人标明而未确认与客户有关的会话不在其中。"""
    with command(as_json=as_json) as run:
        on = acting(run, sign_in, number, *SEE)
        found, kept = private.for_receiver(on.case.id)
        values = {
            "number": number, "held_back": kept,
            "conversations": [
                {"conversation": c.id, "source": c.source, "room": c.room, "counterparty": c.counterparty}
                for c in found
            ],
        }  # fmt: skip
        rows: list[list[object]] = [[c.id, c.source, c.room or "", c.counterparty or ""] for c in found]
        title = f"{len(found)} 段会话可交接收人；{kept} 段本人标明的不在其中（{local(on.at):%Y-%m-%d %H:%M}）"
        run.answer(values, say=table(title, ["会话", "来源", "群", "对方"], rows))
