"""`jieli witness`: vouching for somebody else's log. And the demo's own timestamp authority."""

from pathlib import Path
from typing import Annotated

import typer

from jieli.connectors.stamp import demo
from jieli.doors.cli.frame import AsJson, command, err
from jieli.kernel.errors import JieliError
from jieli.kernel.times import SECOND
from jieli.wiring.home import write_secret
from seal.keys import COSIGNATURE, Signer, generate, parse_signer, parse_vkey
from seal.witness import Witness
from seal.witness_http import serve as serve_http

app = typer.Typer(no_args_is_help=True, help="见证方：为他人的账本见证。")
authority_app = typer.Typer(no_args_is_help=True, help="演示用时间戳机构（仅供演示）。")
Directory = Annotated[Path, typer.Argument(help="见证方自己的目录：密钥与见过的检查点。")]


class NoWitnessKey(JieliError):
    """The directory holds no witness's key."""

    code = "witness.no_key"


class OtherWitness(JieliError):
    """The directory is that of a witness with another name."""

    code = "witness.other_name"


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
        signer = _signer(directory)
        if signer.name != name:
            raise OtherWitness(
                f"这个目录属于见证方 {signer.name}。", remedy="名称一经建立不可更改；另一见证方请另用目录。"
            )
        run.answer({"name": name, "vkey": signer.vkey.format()})


@app.command("serve")
def serve(
    directory: Directory,
    log: Annotated[list[str], typer.Option(help="所见证账本的公钥，可多次给出。")],
    host: str = "127.0.0.1",
    port: int = 8701,
) -> None:
    """运行见证服务（tlog-witness）。它从不为前后不一致的两个检查点签名。"""
    with command(as_json=False, house=False) as run:
        keys = [parse_vkey(text) for text in log]
        signer = _signer(directory)
        logs = {key.name: [k for k in keys if k.name == key.name] for key in keys}
        witness = Witness(directory / "seen", logs, signer, lambda: run.at() // SECOND)
        err.print(f"见证方 {signer.name} 在 {host}:{port} 等候。", markup=False)
        serve_http(host, port, witness)


@authority_app.command("serve")
def stamp(directory: Directory, port: int = 8702) -> None:
    """运行演示用时间戳机构：真实协议，演示时钟，仅供演示。"""
    with command(as_json=False, house=False) as run:
        demo.make_authority(directory, at=run.at())
        err.print(f"演示时间戳机构在 127.0.0.1:{port} 等候。", markup=False)
        with demo.serve(demo.DemoAuthority(directory, run.at), port=port) as server:
            server.serve_forever()
