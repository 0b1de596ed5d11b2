"""`python -m jieli.connectors.wecom.rehearsal --at 2026-09-21T09:00`: the rehearsal platform as a process of its own.

Its clock stands still unless `--running`, and is moved by POST /rehearsal/clock; with `--clock-file` it is what that
file says in ms, read anew for each call. Prints its address, serves until interrupted, keeps nothing.
"""

import argparse
import sys
import time
from datetime import datetime
from pathlib import Path

from jieli.connectors.wecom.rehearsal.platform import Rehearsal
from jieli.connectors.wecom.rehearsal.state import read
from jieli.kernel.errors import JieliError
from jieli.kernel.times import SHANGHAI, to_ms


def main() -> int:
    """Exit code: 0 stopped, 2 the seed or the time cannot be read."""
    parser = argparse.ArgumentParser(prog="rehearsal", description="演练平台（仅供演示与演练，只监听本机）")
    start_at = parser.add_mutually_exclusive_group(required=True)
    start_at.add_argument("--at", help="演练时钟的起点，如 2026-09-21T09:00（北京时间）")
    start_at.add_argument("--clock-file", type=Path, help="时钟文件（毫秒数），每次调用时读取")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="种子文件（JSON）")
    parser.add_argument("--page-size", type=int, default=1_000)
    parser.add_argument("--running", action="store_true", help="时钟从起点走动，而不是静止")
    given = parser.parse_args()
    try:
        start = to_ms(datetime.fromisoformat(given.at).replace(tzinfo=SHANGHAI)) if given.at else 0
        seed = read(given.state) if given.state else None
        began = time.monotonic()

        def clock() -> int:
            if given.clock_file:
                return int(given.clock_file.read_text())
            return start + (int((time.monotonic() - began) * 1_000) if given.running else 0)

        platform = Rehearsal(clock=clock, seed=seed, page_size=given.page_size, port=given.port)
    except (JieliError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with platform:
        sys.stdout.write(f"{platform.base}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3_600)
        except KeyboardInterrupt:
            return 0


if __name__ == "__main__":
    raise SystemExit(main())
