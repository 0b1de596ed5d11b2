"""What the commands of `jieli dispute` share: who acts, files on disk, sheets of rows, days."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from jieli.access.types import Permission, Person
from jieli.connectors.files.tables import Column, read_table
from jieli.doors.cli.acting import permitted
from jieli.doors.cli.frame import Command
from jieli.doors.cli.given import NoFile
from jieli.doors.cli.named import text_cell
from jieli.evidence.errors import BadFactFile
from jieli.evidence.stated_rows import Cells, Entered

Number = Annotated[str, typer.Argument(help="事项编号，如 M-2026-0001。")]
OnFile = Annotated[Path | None, typer.Option("--facts", help="事实表（CSV 或 JSON），不属于任何争议。")]


def manages(run: Command, sign_in: str) -> Person:
    """Who acts; Forbidden without the permission to manage disputes."""
    return permitted(run, sign_in, Permission.MANAGE_DISPUTES)


def rows(path: Path, headers: Sequence[str]) -> tuple[list[tuple[int, Cells]], list[dict[str, Any]]]:
    """The rows of a CSV or JSON file with their lines, and what could not be read at all.

    JSON is a list of objects with the same names as the headers; a row's line is then its place in the list.
    """
    if not path.is_file():
        raise NoFile("文件不存在。", remedy="请核对路径。")
    if path.suffix.lower() == ".json":
        return _objects(path, headers), []
    table = read_table(path, [Column(name, name, text_cell) for name in headers])
    told = [{"line": p.line, "code": p.code, "error": p.sentence, "remedy": p.remedy} for p in table.problems]
    return [(row.line, row.cells) for row in table.rows], told


def _objects(path: Path, headers: Sequence[str]) -> list[tuple[int, Cells]]:
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _unreadable(headers) from error
    good = isinstance(listed, list) and all(isinstance(row, dict) for row in listed)
    if not good or any(set(row) - set(headers) or not _texts(row) for row in listed):
        raise _unreadable(headers)
    return list(enumerate(listed, 1))


def _texts(row: dict[str, Any]) -> bool:
    return all(value is None or isinstance(value, str) for value in row.values())


def _unreadable(headers: Sequence[str]) -> BadFactFile:
    return BadFactFile(
        "文件无法读取。",
        remedy=f"应是一个 JSON 数组（UTF-8），各项的值都是文字，只有这些名称：{'、'.join(headers)}。",
    )


def answered(done: Entered, unread: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer of a sheet: how many rows were entered, and each that was not with its line and remedy."""
    bad = [{"line": b.line, "code": b.code, "error": b.sentence, "remedy": b.remedy} for b in done.bad]
    return {"entered": len(done.ids), "errors": [*unread, *bad]}
