"""The demo's deliverer (演示投递箱): each message becomes a file in a directory of the installation. Reaches nobody."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from jieli.connectors.deliver.ports import Channel, NotSent, Result, Sent, check_message
from jieli.kernel.ids import new_id
from jieli.kernel.times import local


class OutboxFolder:
    """`clock` gives ms. Files are readable by their owner alone, for they hold addresses and texts."""

    def __init__(self, directory: Path, *, clock: Callable[[], int]) -> None:
        self._directory, self._clock = directory, clock

    def send(self, channel: Channel, to: str, text: str) -> Sent:
        """See the port; 已送达 as soon as the file is whole on disk."""
        check_message(to, text)
        at = self._clock()
        number: UUID = new_id(at)
        told = {
            "说明": "演示投递箱：未向任何人发送",
            "编号": str(number),
            "渠道": str(channel),
            "收件人": to,
            "时间": local(at).isoformat(),
            "内容": text,
        }
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(self._directory / f"{number}.json", json.dumps(told, ensure_ascii=False, indent=1))
        except OSError as error:
            raise NotSent("演示投递箱写不进去，未投递。", remedy="请检查目录权限与磁盘空间。") from error
        return Sent(str(number), at, Result.DELIVERED)


def _write(path: Path, text: str) -> None:
    """Whole or absent: a crash before the rename leaves a .part that nobody reads."""
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
