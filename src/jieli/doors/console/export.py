"""Lists as tables for Excel, a line at a time."""

import csv
from collections.abc import Iterable, Iterator

from jieli.kernel.cells import guarded


class _Echo:
    """What csv writes into when every line is handed on at once."""

    def write(self, line: str) -> str:
        return line


def lines(headings: list[str], rows: Iterable[list[str]]) -> Iterator[str]:
    """The lines of a table with its headings, marked as UTF-8 for Excel."""
    writer = csv.writer(_Echo())
    yield f"\ufeff{writer.writerow(headings)}"
    for row in rows:
        yield str(writer.writerow([guarded(cell) for cell in row]))
