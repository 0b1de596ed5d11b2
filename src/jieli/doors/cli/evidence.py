"""`jieli evidence`: what leaves the house to prove something."""

from pathlib import Path
from typing import Annotated

import typer

from jieli.doors.cli.acting import As, Matter, person
from jieli.doors.cli.frame import AsJson, command, out, writable
from jieli.evidence import operations
from jieli.reading.types import Window
from jieli.wiring.outside import outside
from seal.page import page

app = typer.Typer(no_args_is_help=True, help="证据：生成证据包、取出核验页。")


@app.command("package")
def package(
    conversation: Annotated[int, typer.Option("--conversation", help="会话编号。")],
    matter: Matter,
    sign_in: As,
    out_file: Annotated[Path, typer.Option("--out", help="证据包写到哪里；不覆盖已有文件。")],
    purpose: Annotated[str, typer.Option("--purpose")] = "争议举证",
    from_ms: Annotated[int | None, typer.Option("--from-ms")] = None,
    to_ms: Annotated[int | None, typer.Option("--to-ms")] = None,
    sm3: Annotated[
        bool, typer.Option("--sm3", help="另附 SM3SUMS；0.1.0 的核验程序会拒绝这样的包。")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """为一段会话生成证据包：陌生人离线即可核验。"""
    with command(as_json=as_json) as run:
        made = operations.make_conversation_package(
            conversation=conversation,
            purpose=purpose,
            matter=matter,
            by=person(run, sign_in),
            at=run.at(),
            path=writable(out_file),
            outside=outside(run.profile),
            window=Window(from_ms=from_ms, to_ms=to_ms),
            sm3=sm3,
        )
        values = {
            "package": str(made.path),
            "sha256": made.sha256,
            "bytes": made.size,
            "items": made.items,
            "omitted": made.omitted,
            "checkpoint": made.checkpoint,
            "witnessed": list(made.witnessed),
            "stamped": list(made.stamped),
            "opening": str(made.opening),
            "entry": made.sealed_in,
        }
        run.answer(
            values,
            say=lambda: out.print(
                f"证据包 {made.path}\n{made.items} 条消息，略去 {made.omitted} 条，{made.size} 字节\n"
                f"摘要 sha256:{made.sha256}\n"
                f"{'见证：' + '、'.join(made.witnessed) if made.witnessed else '未见证，未经中立第三方固定'}",
                markup=False,
            ),
        )


@app.command("page")
def verifier(
    out_file: Annotated[Path, typer.Argument()] = Path("核验.html"), as_json: AsJson = False
) -> None:
    """取出核验页：一个文件，任何浏览器，不联网。"""
    with command(as_json=as_json, house=False) as run:
        writable(out_file).write_bytes(page())
        run.answer({"page": str(out_file)})
