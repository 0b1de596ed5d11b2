"""`jieli keys rotate-log`: the log's signing keys renewed with an overlap; and what `keys status` says of them."""

from typing import Annotated, Any

import typer

from jieli.access.types import Permission
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command, err, out, table
from jieli.kernel.times import local
from jieli.ledger.log_keys import Step
from jieli.ledger.places import numbered
from jieli.wiring import log_rotation
from jieli.wiring.log_rotation import Rotation, Wish

Also = Annotated[
    list[str] | None, typer.Option("--also", help="另加的签名：mldsa（抗量子）、sm2（国密），可多次给出。")
]
_SAID = {
    Step.NAMED: "账本公钥未在更换。",
    Step.BEGUN: "更换已开始：从下一个检查点起，新旧公钥同时签名。",
    Step.FINISHED: "更换已结束：从下一个检查点起，只有新公钥签名。",
    Step.ABANDONED: "更换已放弃：仍由旧公钥签名。",
}


def rotate_log(
    sign_in: As,
    finish: Annotated[bool, typer.Option("--finish", help="结束更换：旧公钥停用。")] = False,
    abandon: Annotated[bool, typer.Option("--abandon", help="放弃更换：仍用旧公钥。")] = False,
    also: Also = None,
    without_witness: Annotated[
        bool, typer.Option("--without-witness", help="结束时不问见证方是否已认新公钥。")
    ] = False,
    destroy_old: Annotated[
        bool, typer.Option("--destroy-old", help="一并销毁已停用公钥的私钥文件，不可恢复。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """更换账本的签名密钥：先是新旧并行（不带选项），见证方和核验者都拿到新公钥之后再结束（--finish）。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_KEYS)
        wish = Wish(finish, abandon, tuple(also or ()), without_witness, destroy_old)
        done, destroyed = log_rotation.rotate(run.profile, wish, by=by.actor, at=run.at())
        values = {
            "step": done.step.value, "old": list(done.old), "new": list(done.new), "resumed": done.resumed,
            "old_secrets_here": list(done.aside), "destroyed": destroyed, "tell_witnesses": list(done.unasked),
        }  # fmt: skip
        run.answer(values, say=lambda: _say(done, destroyed))


def _say(done: Rotation, destroyed: list[str]) -> None:
    err.print(_SAID[done.step])
    for name, vkeys in (("旧公钥", done.old), ("新公钥", done.new)):
        for vkey in vkeys:
            out.print(f"{name} {vkey}", markup=False, soft_wrap=True)
    if done.step is Step.BEGUN:
        out.print("请把新公钥和更新后的 trust.policy 交给见证方与核验者（当面或打电话核对），再加 --finish。")
    if done.unasked:
        out.print(f"没有网址、须当面告知的见证方：{'、'.join(done.unasked)}", markup=False)
    if done.aside:
        out.print(
            f"已停用的私钥仍在 signer/retired：{'、'.join(done.aside)}。持有它就能向只认旧公钥的人出示伪造的账本，"
            "请加 --destroy-old 销毁，备份里的一并销毁。",
            markup=False,
        )
    if destroyed:
        out.print(f"已销毁私钥：{'、'.join(destroyed)}", markup=False)


def say_status(found: dict[str, Any]) -> None:
    """The part of `jieli keys status` about the log's keys."""
    here = {True: "", False: "私钥文件不在", None: "本账户无权查看私钥文件"}
    rows: list[list[object]] = [["签名中", k["kind"], k["id"], here[k["here"]]] for k in found["signing"]]
    rows += [
        ["已停用", k["kind"], k["id"],
         f"{local(k['at']):%Y-%m-%d}，账本第 {numbered(k['entry'])} 条"
         + ("；私钥仍在本机，请销毁" if k["secret_here"] else "")]
        for k in found["retired"]
    ]  # fmt: skip
    title = "账本公钥" + ("（正在更换，新旧并行）" if found["step"] == Step.BEGUN else "")
    table(title, ["", "算法", "编号", ""], rows)()
