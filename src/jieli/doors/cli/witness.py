"""`jieli witness`: vouching for somebody else's log. And the demo's own timestamp authority."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

import typer

from jieli.connectors.stamp import demo
from jieli.doors.cli.frame import AsJson, command, err, out
from jieli.kernel.errors import JieliError
from jieli.kernel.times import SECOND
from jieli.ledger import carrying, queries
from jieli.ledger.exporting import files_in
from jieli.wiring import signer
from jieli.wiring.home import home_of, write_secret
from seal.keys import COSIGNATURE, Signer, Vkey, generate, parse_signer, parse_vkey
from seal.witness import Answer, Witness, parse_request
from seal.witness_files import REQUEST, answer_folder, kept_size
from seal.witness_http import serve as serve_http

app = typer.Typer(no_args_is_help=True, help="见证方：为他人的账本见证。")
authority_app = typer.Typer(no_args_is_help=True, help="演示用时间戳机构（仅供演示）。")
OK, STALE, INCONSISTENT = 200, 409, 422
Directory = Annotated[Path, typer.Argument(help="见证方自己的目录：密钥与见过的检查点。")]


class NoWitnessKey(JieliError):
    """The directory holds no witness's key."""

    code = "witness.no_key"


class OtherWitness(JieliError):
    """The directory is that of a witness with another name."""

    code = "witness.other_name"


class UnknownWitness(JieliError):
    """The policy names no witness of this name."""

    code = "witness.unknown"


class NoLogKey(JieliError):
    """A witness was told no key of the log that it is to vouch for."""

    code = "witness.no_log_key"


class WitnessObjects(JieliError):
    """An offline witness did not sign; the code says whether the stick is old or the log was changed."""

    code = "witness.objects"


def _signer(directory: Path) -> Signer:
    key = directory / "witness.key"
    if not key.is_file():
        raise NoWitnessKey("这个目录里没有见证方的密钥。", remedy="请先运行 jieli witness init。")
    return parse_signer(key.read_text().strip())


@app.command("init")
def init(
    directory: Directory,
    name: Annotated[str, typer.Option(help="见证方名称，如 witness.example.cn")],
    as_json: AsJson = False,
) -> None:
    """为见证方建立签名密钥，打印它的公钥。"""
    with command(as_json=as_json, house=False) as run:
        key = directory / "witness.key"
        if not key.exists():
            write_secret(key, generate(name, kind=COSIGNATURE).secret() + "\n")
        made = _signer(directory)
        if made.name != name:
            raise OtherWitness(
                f"这个目录属于见证方 {made.name}。", remedy="名称一经建立不可更改；另一见证方请另用目录。"
            )
        run.answer({"name": name, "vkey": made.vkey.format()})


@app.command("serve")
def serve(
    directory: Directory,
    log: Annotated[list[str], typer.Option(help="所见证账本的公钥，可多次给出。")],
    host: str = "127.0.0.1",
    port: int = 8701,
) -> None:
    """运行见证服务（tlog-witness）。它从不为前后不一致的两个检查点签名。"""
    with command(as_json=False, house=False) as run:
        witness = _witness(directory, [parse_vkey(text) for text in log], run.at)
        err.print(f"见证方 {witness.name} 在 {host}:{port} 等候。", markup=False)
        serve_http(host, port, witness)


@app.command("kit")
def kit(
    directory: Annotated[Path, typer.Argument(help="要写到的文件夹，如 U 盘上的一个目录。")],
    name: Annotated[
        str | None, typer.Option("--for", help="给哪个见证方；它已见证过的不再重复证明。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """做一个离线见证文件夹：中文说明、检查点与一致性证明、账本公钥，用 U 盘交给见证方。"""
    with command(as_json=as_json) as run:
        trusted = signer.trusted(home_of(run.profile))
        if name is not None:
            _check_named(name, trusted.witnesses.values())
        made = carrying.write_kit(directory, trusted.logs, witness=name)
        run.answer(
            {"from": made.old, "size": made.size, "log": list(made.keys)},
            say=lambda: out.print(
                *_kit_told(made, head=queries.head(queries.live_log()).size), sep="\n", markup=False
            ),
        )


def _check_named(name: str, known: Iterable[Vkey]) -> None:
    """A name with a slip in it would begin its proof at nothing, and come back signed by nobody who counts."""
    names = sorted({key.name for key in known})
    if name not in names:
        raise UnknownWitness(
            f"信任策略里没有名为 {name} 的见证方。",
            remedy=f"策略里有：{'、'.join(names) or '没有见证方'}；新的见证方请先写入 trust.policy。",
        )


def _kit_told(made: carrying.Kit, *, head: int) -> list[str]:
    if made.old < made.size:
        told = [f"已写好：从 {made.old} 条到 {made.size} 条的证明。请把文件夹连同说明交给见证方。"]
    else:
        told = [
            f"已写好，但没有新内容：见证方已见证到 {made.size} 条，最后检查点也在这里；再签一次不多证明什么。"
        ]
    if head > made.size:
        told.append(
            f"账本现有 {head} 条，后 {head - made.size} 条尚未签检查点，不在其中；"
            "请先运行 jieli ledger checkpoint，再做一份。"
        )
    return told


@app.command("sign-offline")
def sign_offline(
    directory: Annotated[Path, typer.Argument(help="公司交来的文件夹。")],
    witness: Annotated[Path, typer.Option("--witness", help="见证方自己的目录：密钥与见过的检查点。")],
    log: Annotated[list[str] | None, typer.Option(help="所见证账本的公钥；第一次须给出，此后记住。")] = None,
    drop_log: Annotated[
        list[str] | None, typer.Option("--drop-log", help="账本已停用的公钥：从此不再认它的签名。")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """不联网的见证：核对账本是上次见过的那个的延续，才签名；被改写或被回退的一律拒签。"""
    with command(as_json=as_json, house=False) as run:
        judge = _witness(witness, _pinned(witness, log or [], drop_log or []), run.at)
        with files_in(directory):
            answer = answer_folder(directory, judge)
        if answer.status != OK:
            raise _objection(answer, directory)
        size = int(kept_size(directory) or 0)
        run.answer(
            {"witness": judge.name, "size": size},
            say=lambda: out.print(f"已见证：账本前 {size} 条。请把文件夹交还公司。", markup=False),
        )


def _witness(directory: Path, keys: list[Vkey], at: Callable[[], int]) -> Witness:
    logs = {key.name: [k for k in keys if k.name == key.name] for key in keys}
    return Witness(directory / "seen", logs, _signer(directory), lambda: at() // SECOND)


def _pinned(directory: Path, given: list[str], gone: list[str]) -> list[Vkey]:
    """The log keys that this witness was told once and keeps; the stick's own copy is never believed."""
    kept = directory / "logs"
    known = kept.read_text().split() if kept.exists() else []
    wanted = [text for text in dict.fromkeys([*known, *given]) if text not in gone]
    keys = [parse_vkey(text) for text in wanted]
    if not keys:
        raise NoLogKey(
            "这个见证方还不知道账本的公钥。", remedy="请当面或电话核对公钥，再用 --log 给出；U 盘里的不算数。"
        )
    _signer(directory)
    if wanted != known:
        fresh = kept.with_suffix(".new")
        fresh.write_text("".join(text + "\n" for text in wanted))
        fresh.replace(kept)
    return keys


def _objection(answer: Answer, directory: Path) -> WitnessObjects:
    """Why nothing was signed, in words that tell a stale stick from a log that was changed."""
    if answer.status == STALE:
        request = parse_request((directory / REQUEST).read_bytes())
        seen = int(answer.body)
        if seen == request.old or seen > request.checkpoint.size:
            return WitnessObjects(
                f"账本被改写或被回退：见证方见过 {seen} 条，与交来的 {request.checkpoint.size} 条不符。",
                remedy="没有签名。请留下这个文件夹，并通知账本所涉及的人。",
                code="witness.log_changed",
            )
        return WitnessObjects(
            f"需要从 {seen} 条起的证明，交来的是从 {request.old} 条起的。",
            remedy="请把文件夹交还公司，重新运行 jieli witness kit。",
            code="witness.stale_kit",
        )
    if answer.status == INCONSISTENT:
        return WitnessObjects(
            "账本被改写：一致性证明不成立。",
            remedy="没有签名。请留下这个文件夹，并通知账本所涉及的人。",
            code="witness.log_changed",
        )
    return WitnessObjects(
        f"交来的请求不能受理（{answer.status}）：不认识这个账本、签名不对，或文件损坏。",
        remedy="请核对账本公钥，或请公司重新做一份。",
        code="witness.not_accepted",
    )


@authority_app.command("serve")
def stamp(directory: Directory, port: int = 8702) -> None:
    """运行演示用时间戳机构：真实协议，演示时钟，仅供演示。"""
    with command(as_json=False, house=False) as run:
        demo.make_authority(directory, at=run.at())
        err.print(f"演示时间戳机构在 127.0.0.1:{port} 等候。", markup=False)
        with demo.serve(demo.DemoAuthority(directory, run.at), port=port) as server:
            server.serve_forever()
