"""`jieli work`: the worker process."""

import time
from typing import Annotated

import typer

from jieli.doors.cli.frame import AsJson, command
from jieli.doors.worker import round_of
from jieli.wiring import ports

#: The duties by name, as people call them.
DUTIES = {
    "finish_destructions": "办完未完的销毁", "keep_limits": "留意时效", "carry_out_retention": "到期销毁",
    "finish_rotation": "办完密钥换期", "rotate_when_due": "密钥到期换期", "destroy_old_epochs": "销毁旧封装密钥",
    "sweep_orphans": "清理孤立密钥", "remove_media": "删除已销毁的附件", "sweep_media": "清理附件",
    "merge_index": "整理索引", "sweep_index": "清理索引", "forget_refusals": "删除过期的拒收说明",
    "end_old_sessions": "结束过期登录", "cut_access": "到时停用权限", "advance_plans": "推进接续方案",
    "fetch_contact_ways": "取联系方式", "recount_days": "重算期日", "heartbeat": "心跳",
}  # fmt: skip
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
            run.answer(round_of(last, at=run.at()), names=DUTIES)
            return
        while True:
            round_of(last, at=run.at())
            time.sleep(PAUSE)
