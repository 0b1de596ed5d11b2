"""`jieli keys`: the keyring and the log's key made, rotated, put on paper, read back, drilled; and their keeper."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from jieli.access.types import Permission
from jieli.doors.cli import keys_log
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command, err, out, table
from jieli.kernel.times import local
from jieli.ledger.places import numbered
from jieli.wiring import keeper, keys, rotation
from jieli.wiring.home import home_of

app = typer.Typer(no_args_is_help=True, help="密钥：建立、换期、托管、恢复、演练、守护。")
First = Annotated[Path | None, typer.Option("--first", help="甲单的文件。")]
Second = Annotated[Path | None, typer.Option("--second", help="乙单的文件。")]


@app.command("init")
def init(
    origin: Annotated[str, typer.Option(help="账本名称，如 jieli.example.cn/log；一经建立不可更改。")],
    witness: Annotated[list[str] | None, typer.Option(help="见证方：“名称 公钥 网址”，可多次给出。")] = None,
    also: keys_log.Also = None,
    as_json: AsJson = False,
) -> None:
    """建立签名密钥与账本，并写下本安装的信任策略。"""
    with command(as_json=as_json) as run:
        made = keys.init(
            run.profile, origin=origin, witness_lines=witness or [], also=also or [], at=run.at()
        )
        more = {"also": list(made.also)} if made.also else {}
        run.answer(
            {
                "origin": made.origin,
                "vkey": made.vkey,
                "fingerprint": made.fingerprint,
                "new": made.new,
                **more,
            },
            say=lambda: out.print(
                f"账本 {made.origin} {'已建立' if made.new else '早已建立'}。",
                *(f"公钥 {vkey}" for vkey in (made.vkey, *made.also)),
                f"指纹 {made.fingerprint}",
                sep="\n",
                markup=False,
            ),
        )


@app.command("rotate")
def rotate(sign_in: As, as_json: AsJson = False) -> None:
    """换期：全部密钥页改用新的封装密钥。不停机；中断后再次运行即接着做完。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_KEYS)
        done = rotation.renew(by=by.actor, at=run.at(), progress=_progress(as_json))
        words = "接着做完了上次的换期" if done.resumed else "已换期"
        run.answer(
            {"epoch": done.epoch, "resumed": done.resumed, "moved": done.moved, "rewrapped": done.rewrapped},
            say=lambda: out.print(
                f"{words}：现为第 {done.epoch} 期，改封密钥页与索引密钥共 {done.moved} 个。", markup=False
            ),
        )


def _progress(as_json: bool) -> Callable[[int, int], None] | None:
    return None if as_json else lambda moved, of: err.print(f"改封 {moved} / {of}")


app.command("rotate-log")(keys_log.rotate_log)


@app.command("escrow")
def escrow(sign_in: As, first: First = None, second: Second = None, as_json: AsJson = False) -> None:
    """打印根密钥的两张托管单。先留痕，再出单；不给文件名则印在屏幕上。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_KEYS)
        both = rotation.escrow_to(_both(first, second), by=by.actor, at=run.at())
        if both is None:
            run.answer({"first": str(first), "second": str(second)})
        else:
            values = {"first": both[0], "second": both[1]}
            sheets = [line for sheet in both for line in sheet.split("\n")]
            run.answer(values, say=lambda: out.print(*sheets, sep="\n", markup=False))


@app.command("restore")
def restore(
    first: Annotated[Path, typer.Option("--first", help="甲单的文件。")],
    second: Annotated[Path, typer.Option("--second", help="乙单的文件。")],
    as_json: AsJson = False,
) -> None:
    """由两张托管单恢复根密钥文件。已有根密钥时拒绝；旁边的密钥文件须与它相符。"""
    with command(as_json=as_json, house=False) as run:
        found = rotation.restore(run.profile, first, second)
        names = {name: f"密钥文件 {name}" for name in found} | {"fingerprints": "已恢复，指纹"}
        run.answer({"fingerprints": found}, names=names)


@app.command("drill")
def drill(sign_in: As, first: First = None, second: Second = None, as_json: AsJson = False) -> None:
    """演练：证明托管单打得开密钥环和一个密钥页，不改动任何东西，并入账。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.MANAGE_KEYS)
        done = rotation.drill_with(_both(first, second), by=by.actor, at=run.at())
        values = {
            "place": done.place,
            "root": done.root,
            "files": done.files,
            "epochs": list(done.epochs),
            "page": done.page,
            "secrets": done.secrets,
        }
        said = f"打开 {done.files} 个密钥文件；密钥页 {done.page}，其中 {done.secrets} 条。根密钥指纹 {done.root}"
        run.answer(values, say=lambda: out.print(said, markup=False))


def _both(first: Path | None, second: Path | None) -> tuple[Path, Path] | None:
    if first is None and second is None:
        return None
    if first is None or second is None:
        raise rotation.NoSheets("两张托管单须一并给出。", remedy="请同时给出 --first 与 --second。")
    return first, second


@app.command("status")
def status(as_json: AsJson = False) -> None:
    """各期封装密钥、指纹、日期，根密钥在哪里，上次演练。"""
    with command(as_json=as_json) as run:
        found = rotation.status(run.profile)
        run.answer(found, say=lambda: _say_status(found))


def _say_status(found: dict[str, Any]) -> None:
    keys_log.say_status(found["log"])
    out.print(f"根密钥：{found['place']}，由{_holder(found['keeper'])}持有", markup=False)
    for name, text in found["fingerprints"].items():
        out.print(f"{name}  {text}", markup=False)
    rows: list[list[object]] = [
        [e["epoch"], e["state"], e["pages"], e["index_keys"], _day(e["opened_at"]), _day(e["retired_at"]),
         _day(e["destroy_after"]), _day(e["destroyed_at"])]
        for e in found["epochs"]
    ]  # fmt: skip
    table("封装期", ["期", "状态", "密钥页", "索引密钥", "启用", "退役", "应销毁", "已销毁"], rows)()
    last = found["last_drill"]
    out.print(
        f"上次演练：{_day(last['at'])}，账本第 {numbered(last['entry'])} 条" if last else "上次演练：尚无",
        markup=False,
    )


def _holder(keeper: dict[str, Any] | None) -> str:
    if not keeper:
        return "本进程"
    whose = "与本进程同一账户" if keeper["same_account"] else "另一账户"
    return f"守护进程（{whose}{'，随 jieli serve 运行' if keeper['with_serve'] else ''}；{keeper['socket']}）"


def _day(at: int | None) -> str:
    return f"{local(at):%Y-%m-%d}" if at is not None else ""


@app.command("keep")
def keep(
    socket: Annotated[Path | None, typer.Option(help="套接字；缺省为安装目录下的 keeper/sock。")] = None,
    group: Annotated[str | None, typer.Option(help="可连接套接字的组。")] = None,
    allow: Annotated[list[str] | None, typer.Option(help="可提问的账户，可多次给出；本账户总可以。")] = None,
    make: Annotated[bool, typer.Option("--init", help="没有密钥环时先建立。")] = False,
) -> None:
    """运行密钥守护进程：只有它读取密钥环，其余进程设 JIELI_KEEPER 后向它取用。"""
    with command(as_json=False, house=False) as run:
        path = (socket or home_of(run.profile).keeper_socket).absolute()
        where = keeper.door(path, group=group, accounts=allow or [])
        keeper.keep(
            run.profile, where, make=make, clock=run.at, stop=_until_told(),
            ready=lambda ring: err.print(f"密钥守护进程在 {path} 等候。", markup=False),
        )  # fmt: skip


def _until_told() -> threading.Event:
    """Set by SIGINT or SIGTERM."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop
