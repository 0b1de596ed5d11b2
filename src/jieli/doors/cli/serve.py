"""`jieli serve`: the web, the worker and the signer under one small supervisor, on this machine only."""

import os
import secrets
import sys
from typing import Annotated

import typer

from jieli.doors.cli.frame import AsJson, command, err
from jieli.wiring.supervising import Child, supervise

#: Processes, and threads in each; every thread keeps a database connection of its own.
WORKERS, THREADS = 2, 8


def serve(
    port: Annotated[int, typer.Option(help="端口。")] = 8765,
    host: Annotated[str, typer.Option(help="地址；对外服务请放在反向代理之后。")] = "127.0.0.1",
    as_json: AsJson = False,
) -> None:
    """运行网页、后台进程和签名进程，直到按 Ctrl+C。"""
    with command(as_json=as_json) as run:
        environ = dict(os.environ)
        # Processes that share sessions share a secret; the demo's lives as long as this command.
        environ.setdefault("JIELI_WEB_SECRET", secrets.token_hex(32))
        err.print(f"请打开 http://localhost:{port}/ （Ctrl+C 结束）", markup=False)
        left = supervise(children(host, port), environ=environ)
        run.answer({"ended": left}, say=lambda: err.print("已结束。"))


def children(host: str, port: int) -> list[Child]:
    """The processes to keep running: the web, the worker, and the signer, which alone reads the signing key."""
    web = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--backpressure", str(4 * THREADS),
        "--no-access-log", "--log-level", "error", "jieli.doors.web.wsgi:application",
    ]  # fmt: skip
    jieli = [sys.executable, "-m", "jieli"]
    return [Child("web", web), Child("signer", [*jieli, "ledger", "sign"]), Child("worker", [*jieli, "work"])]
