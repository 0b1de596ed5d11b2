"""`jieli serve`: web, worker, signer and this home's own key keeper under one small supervisor, on this machine."""

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer

from jieli.doors.cli.frame import AsJson, command, err
from jieli.wiring.custody import kept_here
from jieli.wiring.home import home_of
from jieli.wiring.supervising import Child, supervise

#: Processes, and threads in each; every thread keeps a database connection of its own.
WORKERS, THREADS = 2, 8


def serve(
    port: Annotated[int, typer.Option(help="端口。")] = 8765,
    host: Annotated[str, typer.Option(help="地址；对外服务请放在反向代理之后。")] = "127.0.0.1",
    as_json: AsJson = False,
) -> None:
    """运行网页、后台进程、签名进程，以及（JIELI_KEEPER 指向本安装时）密钥守护进程，直到按 Ctrl+C。"""
    with command(as_json=as_json) as run:
        environ = dict(os.environ)
        # Processes that share sessions share a secret; the demo's lives as long as this command.
        environ.setdefault("JIELI_WEB_SECRET", secrets.token_hex(32))
        err.print(f"请打开 http://localhost:{port}/ （Ctrl+C 结束）", markup=False)
        home = home_of(run.profile)
        started = children(host, port, keeper=home.keeper_socket if kept_here(home) else None)
        left = supervise(started, environ=environ)
        run.answer({"ended": left}, say=lambda: err.print("已结束。"))


#: What only the keeper needs, and what it must not have: it reads one store and writes the other (ADR 18).
VAULT = frozenset({"JIELI_VAULT_ADDR", "JIELI_VAULT_TOKEN_FILE", "JIELI_VAULT_CA", "JIELI_VAULT_NAMESPACE"})
OTHERS = frozenset(
    {"DATABASE_URL", "JIELI_OWNER_URL", "JIELI_SHRED_URL", "JIELI_KEYS_OWNER_URL", "JIELI_WEB_SECRET"}
)


def children(host: str, port: int, *, keeper: Path | None = None) -> list[Child]:
    """The processes to keep running: the keeper of this home if it is to be kept here, which the others ask and which
    alone reads the keyring; the web, the worker, and the signer, which alone reads the signing key."""
    web = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(WORKERS), "--blocking-threads", str(THREADS), "--backpressure", str(4 * THREADS),
        "--no-access-log", "--log-level", "error", "jieli.doors.web.wsgi:application",
    ]  # fmt: skip
    jieli = [sys.executable, "-m", "jieli"]
    without = VAULT if keeper else frozenset[str]()
    asking = [
        Child("web", web, without=without),
        Child("signer", [*jieli, "ledger", "sign"], without=without),
        Child("worker", [*jieli, "work"], without=without),
    ]
    if keeper is None:
        return asking
    return [Child("keeper", [*jieli, "keys", "keep"], listens=keeper, without=OTHERS), *asking]
