"""What the commands of `jieli dispute` share: who acts, files on disk, sheets of rows, days."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from jieli.access.types import Permission, Person
from jieli.connectors.files.tables import Column, read_table
from jieli.doors.cli.acting import permitted
from jieli.doors.cli.frame import Command
from jieli.doors.cli.named import BadFile, day, text_cell
from jieli.evidence.errors import BadFactFile
from jieli.evidence.stated_rows import Cells, Entered
from jieli.kernel.times import local_day
from jieli.papers import operations as papers
from jieli.papers.policy import LIMIT
from jieli.wiring.load.papers import MEDIA

#: What may be handed in as an exhibit: scans and PDFs, and plain text such as an exported log.
_KEPT = {**MEDIA, ".txt": "text/plain"}
Number = Annotated[str, typer.Argument(help="事项编号，如 M-2026-0001。")]
OnFile = Annotated[Path | None, typer.Option("--facts", help="事实表（CSV 或 JSON），不属于任何争议。")]


def manages(run: Command, sign_in: str) -> Person:
    """Who acts; Forbidden without the permission to manage disputes."""
    return permitted(run, sign_in, Permission.MANAGE_DISPUTES)


def on(text: str | None, run: Command) -> date:
    """A day as written, today where none is given."""
    return local_day(run.at()) if text is None else day(text)


def kept(path: Path, *, kind: str, title: str, by: Person, at: int) -> UUID:
    """Keep a file of this machine as a paper, byte for byte; BadFile (cli.bad_file). Call it in the act's book."""
    media = _KEPT.get(path.suffix.lower())
    if not path.is_file() or media is None or path.stat().st_size > LIMIT:
        raise BadFile(
            "文件不存在、过大，或不是 PDF、JPG、PNG、TXT。", remedy="请给出文件的路径，并核对大小与格式。"
        )
    made = papers.receive(
        kind=kind, title=title or path.stem, content=path.read_bytes(), media_type=media, by=by.actor, at=at
    )
    return made.id


def rows(path: Path, headers: Sequence[str]) -> tuple[list[tuple[int, Cells]], list[dict[str, Any]]]:
    """The rows of a CSV or JSON file with their lines, and what could not be read at all.

    JSON is a list of objects with the same names as the headers; a row's line is then its place in the list.
    """
    if not path.is_file():
        raise BadFile("文件不存在。", remedy="请核对路径。")
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
