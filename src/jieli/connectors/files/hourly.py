"""A source's own counts: CSV with the columns `hour`, `account`, `count`, in this order, with or without that heading.

`hour` is ISO 8601 (2026-09-18T10 or 2026-09-18 10:00), in China where it names no offset; it must be a whole hour.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from jieli.capture.reconciling import Hourly
from jieli.capture.types import MAX_ID, Malformed
from jieli.connectors.jsonline import BOM, MAX_LINE
from jieli.kernel.times import HOUR, SHANGHAI, to_ms

HEADING = ("hour", "account", "count")
SENTENCES = {
    "too_long": "此行超过 1 MiB，未读入。",
    "not_utf8": "此行不是 UTF-8 编码。请将文件转换为 UTF-8。",
    "columns": "此行不是 hour,account,count 三列。请核对格式。",
    "bad_hour": "此行的小时读不出，或不是整点。请写作 2026-09-18T10。",
    "bad_account": "此行的账号过长。请向导出方核对。",
    "bad_count": "此行的条数不是 0 至 1000000000 的整数。请向导出方核对。",
}
_COUNT = re.compile(r"[0-9]{1,10}")
_MOST = 1_000_000_000


class _UnfitError(Exception):
    """Why a line cannot be read, by its code."""


def parse(lines: Iterable[bytes]) -> Iterator[Hourly | Malformed]:
    """One value for each line that is neither blank nor the heading; a bad line costs nothing beside it."""
    for number, line in enumerate(lines, 1):
        raw = line.removeprefix(BOM) if number == 1 else line
        if not raw.strip():
            continue
        try:
            found = _read(raw, number)
        except _UnfitError as unfit:
            code = str(unfit)
            yield Malformed(number, 1, f"counts.{code}", SENTENCES[code])
            continue
        if found is not None:
            yield found


def _read(raw: bytes, number: int) -> Hourly | None:
    if len(raw) > MAX_LINE:
        raise _UnfitError("too_long")
    try:
        cells = next(csv.reader([raw.decode().rstrip("\r\n")], strict=True))
    except UnicodeDecodeError:
        raise _UnfitError("not_utf8") from None
    except csv.Error:
        raise _UnfitError("columns") from None
    if number == 1 and tuple(cell.strip().lower() for cell in cells) == HEADING:
        return None
    if len(cells) != len(HEADING):
        raise _UnfitError("columns")
    hour, account, count = (cell.strip() for cell in cells)
    if len(account) > MAX_ID:
        raise _UnfitError("bad_account")
    if not _COUNT.fullmatch(count) or int(count) > _MOST:
        raise _UnfitError("bad_count")
    return Hourly(account, _hour(hour), int(count), number)


def _hour(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        instant = to_ms(moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI))
    except (ValueError, OverflowError):
        raise _UnfitError("bad_hour") from None
    if instant % HOUR or instant < 0:
        raise _UnfitError("bad_hour")
    return instant // HOUR
