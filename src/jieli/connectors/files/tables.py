"""Tables that people keep in Excel and save as CSV: read strictly, every fault with its line, column and remedy.

UTF-8 with or without a byte order mark, else GB18030, else refused: nothing is guessed, no character replaced.
Headers are Chinese and must be those of the sheet: a header nobody knows is refused, for what stands under it
would otherwise be lost without a word. A bad cell refuses its row, never the rows beside it. What a cell holds is
never repeated in a message.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MAX_BYTES = 64 * 1024 * 1024
#: Encodings Excel on Chinese Windows and Mac writes for CSV; the others are named by their byte order mark.
FOREIGN_MARKS = (b"\xff\xfe", b"\xfe\xff")
_HALF = str.maketrans("（）：　", "(): ")


class CellError(Exception):
    """A cell that cannot be read: a stable code, one sentence, the remedy. It holds nothing of the cell."""

    def __init__(self, code: str, sentence: str, remedy: str) -> None:
        super().__init__(code)
        self.code, self.sentence, self.remedy = code, sentence, remedy


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet. `read` turns the trimmed text of a cell that is not empty into a value."""

    header: str
    name: str
    read: Callable[[str], Any]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and where; `line` counts from 1 as editors do, 0 is the whole file. `column` is a header or ""."""

    line: int
    column: str
    code: str
    sentence: str
    remedy: str


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row that could be read; an empty or absent cell is None."""

    line: int
    cells: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.cells[name]


@dataclass(slots=True)
class Table:
    """The readable rows in order, the faults of the others, and how many rows stood in the file."""

    rows: list[TableRow] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    total: int = 0
    encoding: str = ""


def read_table(path: Path, columns: Sequence[Column]) -> Table:
    """Read a sheet; never an exception for what the file holds."""
    table = Table()
    try:
        text, table.encoding = _decode(path)
    except CellError as error:
        table.problems.append(Problem(0, "", error.code, error.sentence, error.remedy))
        return table
    records = _records(text, table.problems)
    first = next(records, None)
    if first is None:
        if not table.problems:
            table.problems.append(
                Problem(0, "", "tables.empty", "文件是空的。", "请按模板填写表头和数据，或删去此文件。")
            )
        return table
    places = _places(first[1], columns, table.problems)
    if places is None:
        return table
    for line, cells in records:
        if any(cells):
            table.total += 1
            _read_row(line, cells, places, columns, table)
    return table


def _decode(path: Path) -> tuple[str, str]:
    if path.stat().st_size > MAX_BYTES:
        raise CellError("tables.too_large", "文件超过 64 MB。", "请拆成几个目录分次装载。")
    data = path.read_bytes()
    if data.startswith(FOREIGN_MARKS):
        raise CellError(
            "tables.encoding", "文件是 UTF-16 编码。", "请在 Excel 中另存为“CSV UTF-8（逗号分隔）”。"
        )
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding), "utf-8" if encoding == "utf-8-sig" else encoding
        except UnicodeDecodeError:
            continue
    raise CellError(
        "tables.encoding",
        "文件既不是 UTF-8 也不是 GB18030 编码。",
        "请在 Excel 中另存为“CSV UTF-8（逗号分隔）”。",
    )


def _records(text: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line it begins on, its cells trimmed. Broken quoting ends the file with a problem."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            record = next(reader, None)
        except csv.Error:
            problems.append(
                Problem(
                    line, "", "tables.quoting", "此行的引号不配对或单元格过长，其后的行无法读取。",
                    "请在 Excel 中重新保存此文件，再装载一次。",
                )
            )  # fmt: skip
            return
        if record is None:
            return
        yield line, [cell.strip() for cell in record]


def _plain(header: str) -> str:
    return header.translate(_HALF).replace(" ", "")


def _places(header: list[str], columns: Sequence[Column], problems: list[Problem]) -> list[int | None] | None:
    """Where each column stands in the file; None when the header cannot be used, with every reason told."""
    while header and not header[-1]:
        header = header[:-1]
    known = {_plain(column.header) for column in columns}
    given = [_plain(name) for name in header]
    found = []
    if len(given) == 1 and any(mark in given[0] for mark in "\t;；，"):
        found.append(_header_problem("tables.not_commas", "各列不是用英文逗号分隔的。", ""))
    else:
        found += [
            _header_problem("tables.unknown_column", f"第 {n} 列的表头不在模板中。", "")
            for n, name in enumerate(given, 1)
            if name not in known
        ]
        found += [
            _header_problem("tables.column_twice", f"第 {n} 列的表头重复。", "")
            for n, name in enumerate(given, 1)
            if name in given[: n - 1]
        ]
        found += [
            _header_problem("tables.no_column", f"缺少“{column.header}”列。", column.header)
            for column in columns
            if column.required and _plain(column.header) not in given
        ]
    problems.extend(found)
    if found:
        return None
    return [given.index(name) if (name := _plain(column.header)) in given else None for column in columns]


def _header_problem(code: str, sentence: str, column: str) -> Problem:
    return Problem(1, column, code, sentence, "请对照 jieli load --templates 写出的模板改正表头。")


def _read_row(
    line: int, cells: list[str], places: list[int | None], columns: Sequence[Column], table: Table
) -> None:
    found: list[Problem] = []
    values: dict[str, Any] = {}
    width = 1 + max((place for place in places if place is not None), default=-1)
    if any(cells[width:]):
        found.append(
            Problem(line, "", "tables.extra_cells", "此行比表头多出单元格。", "请检查是否多了逗号。")
        )
    for column, place in zip(columns, places, strict=True):
        text = cells[place] if place is not None and place < len(cells) else ""
        try:
            values[column.name] = _read_cell(column, text)
        except CellError as error:
            found.append(Problem(line, column.header, error.code, error.sentence, error.remedy))
    table.problems.extend(found)
    if not found:
        table.rows.append(TableRow(line, values))


def _read_cell(column: Column, text: str) -> Any:
    if text:
        return column.read(text)
    if column.required:
        raise CellError("tables.empty_cell", "此处必须填写。", "请补全后重新装载；其余行不受影响。")
    return None
