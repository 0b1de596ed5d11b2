"""What people type and upload, read strictly: a day, a choice, a scan, a sheet. Errors never repeat a cell."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from jieli.doors.console.reading import Mistyped
from jieli.papers import operations as papers

MOST_BYTES, MOST_SHEET = 20 * 1024 * 1024, 8 * 1024 * 1024
MOST_ROWS, MOST_WORDS = 20_000, 4_000
#: How the first bytes of what may be kept begin.
BEGINNINGS = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
E = TypeVar("E", bound=StrEnum)


def words(values: Mapping[str, Any], name: str) -> str:
    """What was typed in a field, trimmed; a NUL is nobody's word and PostgreSQL keeps none."""
    return str(values.get(name, "")).replace("\x00", "").strip()[:MOST_WORDS]


def needed(values: Mapping[str, Any], name: str, label: str) -> str:
    """A field that must be filled."""
    found = words(values, name)
    if not found:
        raise Mistyped(f"没有填写“{label}”。", remedy="请补全后重新提交。")
    return found


def day(values: Mapping[str, Any], name: str, label: str) -> date:
    """A day as 2026-11-21."""
    text = needed(values, name, label)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Mistyped(f"“{label}”不是日期。", remedy="请写成 2026-11-21 这样的日期。") from None


def choice(kind: type[E], values: Mapping[str, Any], name: str, label: str) -> E:
    """One word of an enum."""
    try:
        return kind(words(values, name))
    except ValueError:
        raise Mistyped(f"没有选择“{label}”。", remedy="请从所列各项中选择。") from None


def key(text: str) -> UUID | None:
    """An id of ours; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


def scan(request: HttpRequest, name: str, *, kind: str, title: str, by: str, at: int) -> UUID | None:
    """Keep an uploaded PDF or picture exactly as it came; None when none was chosen. Call it in the act's own book.

    Its type is what its bytes say, not what its name or the browser claims.
    """
    file = request.FILES.get(name)
    if not isinstance(file, UploadedFile):
        return None
    if not file.size or file.size > MOST_BYTES:
        raise Mistyped("文件是空的，或者超过 20 MB。", remedy="请上传扫描件（PDF）或照片。")
    content = file.read()
    media = next((media for begin, media in BEGINNINGS if content.startswith(begin)), None)
    if media is None:
        raise Mistyped("只能上传 PDF、PNG 或 JPEG。", remedy="请把文件打印成 PDF，或拍成照片。")
    return papers.receive(kind=kind, title=title, content=content, media_type=media, by=by, at=at).id


def proof(request: HttpRequest, name: str, label: str, *, kind: str, title: str, by: str, at: int) -> UUID:
    """Like `scan`, of a proof without which nothing is entered."""
    found = scan(request, name, kind=kind, title=title, by=by, at=at)
    if found is None:
        raise Mistyped(f"没有上传“{label}”。", remedy="请上传 PDF 或照片。")
    return found


def sheet(request: HttpRequest, name: str, label: str, needs: Sequence[str]) -> list[dict[str, str]]:
    """The rows of an uploaded CSV by its headings, in memory; every row is there, so the first one is row 2.

    UTF-8, or GB18030 as Excel saves it. A file that is not chosen is an empty sheet; a missing heading is told.
    """
    file = request.FILES.get(name)
    if not isinstance(file, UploadedFile):
        return []
    if not file.size or file.size > MOST_SHEET:
        raise Mistyped(f"“{label}”是空的，或者超过 8 MB。", remedy="请核对文件。")
    try:
        rows = list(csv.reader(io.StringIO(_decoded(file.read(), label), newline=""), strict=True))
    except csv.Error:
        raise Mistyped(f"“{label}”的引号不成对，无法读取。", remedy="请在表格软件里重新另存。") from None
    headings = [cell.strip() for cell in rows[0]] if rows else []
    if lacking := [need for need in needs if need not in headings]:
        told = "、".join(f"“{need}”" for need in lacking)
        raise Mistyped(f"“{label}”的第一行缺少{told}一列。", remedy="请按范例的表头填写。")
    if len(rows) > MOST_ROWS:
        raise Mistyped(f"“{label}”超过 {MOST_ROWS:,} 行。", remedy="请按部门拆成几份。")
    return [dict(zip(headings, [*cells, *[""] * len(headings)], strict=False)) for cells in rows[1:]]


def _decoded(data: bytes, label: str) -> str:
    if not data.startswith((b"PK", b"\xff\xfe", b"\xfe\xff", b"\xd0\xcf")):
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise Mistyped(
        f"“{label}”不是可读的表格文本。", remedy="请在表格软件里另存为“逗号分隔”格式（CSV），再上传。"
    )
