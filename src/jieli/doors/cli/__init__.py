"""The command `jieli`. Each command makes one domain call and takes `--json`."""

import sys
import traceback

from jieli.wiring import start

UNEXPECTED = 70  # EX_SOFTWARE


def main() -> None:
    """Run the command line. A fault of our own is told by place and type, without values that may be content."""
    start.load()  # before the commands are imported, for they import rooms
    from jieli.doors.cli.main import app

    try:
        app()
    except Exception as error:  # noqa: BLE001 - the last door: nothing above it can answer
        frames = traceback.extract_tb(error.__traceback__)
        where = next(
            (f for f in reversed(frames) if "jieli" in f.filename or "seal" in f.filename), frames[-1]
        )
        place = f"{where.filename.rpartition('/src/')[2]}:{where.lineno}"
        print(
            f"程序出错（{type(error).__name__}，{place}）。请把这一行报告给维护者。［house.unexpected］",
            file=sys.stderr,
        )
        sys.exit(UNEXPECTED)
