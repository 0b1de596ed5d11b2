"""The time at which a restore writes (ADR 19): never before the book it continues, and the demo's own for a demo.

An installation of the demo has a clock of its own, a file in its home, which every paper of the demo names as such.
Its backup says so, and a restore into a home of the demo sets that clock; it is never set for anything else.
"""

from jieli.ledger.append import CLOCK_DRIFT
from jieli.ledger.errors import ClockWentBack
from jieli.ledger.outside import Outside
from jieli.papers.types import Clock
from jieli.wiring import backup, dumping
from jieli.wiring.backup import Manifest
from jieli.wiring.home import Home


def acts_at(home: Home, manifest: Manifest, there: Outside, *, demo: bool, at: int) -> int:
    """When the restore acts, in ms: `at`, or the demo's time where a demo's backup finds a demo's home without one.

    ClockWentBack, before anything is loaded, where `at` is earlier than what the book has written already.
    """
    last = max(_last_entry(manifest), _last_outside(there))
    if _carried(home, manifest, demo=demo):
        return max(last, int(manifest.values["taken_at"]))
    if at + CLOCK_DRIFT < last:
        raise ClockWentBack(
            "本机时钟比备份里账本的最后一条记录早十分钟以上，未载入任何内容。",
            remedy="请校准时钟后重试；出自演示的备份，请先把原安装目录里的 demo-clock 文件放进新的安装目录。",
        )
    return at


def set_demo(home: Home, manifest: Manifest, *, demo: bool, at: int) -> None:
    """Set the demo's clock where `acts_at` took its time. Crash before: the next run takes the same time again."""
    if _carried(home, manifest, demo=demo):
        home.demo_clock.write_text(str(at))


def _carried(home: Home, manifest: Manifest, *, demo: bool) -> bool:
    return demo and manifest.values.get("clock") == Clock.DEMO.value and not home.demo_clock.exists()


def _last_entry(manifest: Manifest) -> int:
    """The latest time of an entry of the backup."""
    folder = manifest.directory / backup.MAIN
    times = dumping.lines(folder, manifest.main_tables, "ledger_entry", ("time",))
    return max((int(time) for (time,) in times), default=0)


def _last_outside(there: Outside) -> int:
    """The time of the last entry of the copy outside."""
    size = there.head.size
    return max((e.time for bundle in there.entries(max(size - 1, 0), size) for e in bundle), default=0)
