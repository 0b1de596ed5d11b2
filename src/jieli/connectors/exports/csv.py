"""CSV: UTF-8 with a byte order mark, every cell quoted, no cell that a spreadsheet takes for a formula."""

import csv
import io
from collections.abc import Iterator, Sequence

from jieli.connectors.exports.columns import COLUMNS, cells
from jieli.evidence.leaving_export.types import Line, Volume
from jieli.kernel.cells import guarded

NAME = "messages.csv"


def write(volume: Volume, lines: Sequence[Line]) -> Iterator[tuple[str, bytes]]:
    """One file; the first row names the columns. `kernel.cells.unguarded` gives a cell back as it was."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([guarded(cell) for cell in cells(line)] for line in lines)
    yield NAME, b"\xef\xbb\xbf" + out.getvalue().encode()
