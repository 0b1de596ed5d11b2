"""CSV: UTF-8 with a byte order mark, every cell quoted, no cell that a spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterator, Sequence

from jieli.connectors.exports.columns import COLUMNS, cells
from jieli.evidence.leaving_export.types import Line, Volume

NAME = "messages.csv"
#: What a spreadsheet may take for a formula when a cell begins with it, and our own mark against that.
GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")


def write(volume: Volume, lines: Sequence[Line]) -> Iterator[tuple[str, bytes]]:
    """One file; the first row names the columns. `unguarded` gives a cell back as it was."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([guarded(cell) for cell in cells(line)] for line in lines)
    yield NAME, b"\xef\xbb\xbf" + out.getvalue().encode()


def guarded(cell: str) -> str:
    """The cell behind an apostrophe where it needs one; one that has one already gets another, so it can be undone."""
    return f"'{cell}" if cell.startswith(GUARDED) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell.removeprefix("'")
