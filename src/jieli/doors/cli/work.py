"""`jieli work`: the worker process."""

import time
from typing import Annotated

import typer

from jieli.doors.cli.frame import AsJson, command
from jieli.doors.worker import round_of
from jieli.wiring import ports

PAUSE = 5.0  # seconds between looks at what is due


def work(
    once: Annotated[bool, typer.Option("--once", help="各项各办一次就结束。")] = False,
    as_json: AsJson = False,
) -> None:
    """运行后台进程：继续未完的销毁和转移、到时停用权限、轮换密钥、整理索引、每小时心跳。"""
    with command(as_json=as_json) as run:
        ports.fill(run.profile, at=run.at(), clock=run.at)
        last: dict[str, int] = {}
        if once:
            run.answer(round_of(last, at=run.at()))
            return
        while True:
            round_of(last, at=run.at())
            time.sleep(PAUSE)
