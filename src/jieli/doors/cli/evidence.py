"""`jieli evidence`: what leaves the house to prove something."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from jieli.doors.cli.acting import As, Matter, person
from jieli.doors.cli.frame import AsJson, command, out, writable
from jieli.doors.cli.packages_told import tell_several, together, vouched
from jieli.evidence import operations
from jieli.evidence.types import PackageMade
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
    """为一段会话生成证据包：陌生人离线即可核验。条目分属两本账的，一次生成两份。"""
    with command(as_json=as_json) as run:
        made = operations.make_conversation_packages(
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
        run.answer(together([_values(one) for one in made]), say=partial(_tell, made))


def _values(made: PackageMade) -> dict[str, object]:
    return {
        "package": str(made.path),
        "sha256": made.sha256,
        "bytes": made.size,
        "items": made.items,
        "omitted": made.omitted,
        "origin": made.origin,
        "checkpoint": made.checkpoint,
        **made.vouching.as_json(),
        "stamped": list(made.stamped),
        "opening": str(made.opening),
        "entry": made.sealed_in,
    }


def _tell(made: Sequence[PackageMade]) -> None:
    tell_several(len(made))
    for one in made:
        out.print(
            f"证据包 {one.path}",
            f"{one.items} 条消息，略去 {one.omitted} 条，{one.size} 字节",
            f"摘要 sha256:{one.sha256}",
            vouched(one.vouching),
            sep="\n",
            markup=False,
        )


@app.command("page")
def verifier(
    out_file: Annotated[Path, typer.Argument()] = Path("核验.html"), as_json: AsJson = False
) -> None:
    """取出核验页：一个文件，任何浏览器，不联网。"""
    with command(as_json=as_json, house=False) as run:
        writable(out_file).write_bytes(page())
        run.answer({"page": str(out_file)})
