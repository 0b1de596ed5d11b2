"""Days, moments and files as people give them at the command line."""

from datetime import date
from pathlib import Path
from uuid import UUID

from jieli.connectors.files import company_cells
from jieli.connectors.files.tables import CellError
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.papers import operations as papers
from jieli.papers.types import MediaType

_MEDIA = {
    ".pdf": MediaType.PDF, ".png": MediaType.PNG, ".jpg": MediaType.JPEG, ".jpeg": MediaType.JPEG,
    ".txt": MediaType.TEXT,
}  # fmt: skip


class NotThatDay(JieliError):
    """What was given for a day is none."""

    code = "cli.not_a_day"


class NoFile(JieliError):
    """The file that was named is not there, or cannot be read."""

    code = "cli.no_file"


class NoPlace(JieliError):
    """An empty path was given for a directory, or one where none is."""

    code = "cli.no_place"


def directory(text: str) -> Path:
    """A directory as it was typed; NoPlace for an empty path, which would quietly be the one that one stands in.

    A path without a name of its own (`.`, `..`) is spelled out, for others are put beside it.
    """
    if not text.strip():
        raise NoPlace("没有写明目录：给出的路径是空的。", remedy="请写出目录，如 /mnt/backup/2026-11-22。")
    path = Path(text)
    return path.resolve() if path.name in ("", "..") else path


def standing(path: Path) -> Path:
    """A directory that is there; NoPlace otherwise, before anybody calls what should be in it missing or damaged."""
    if not path.is_dir():
        raise NoPlace(f"没有 {path} 这个目录。", remedy="请核对路径。")
    return path


def day(text: str) -> date:
    """A day as people write it: 2026-09-01, 2026年9月1日."""
    try:
        return company_cells.day(text)
    except CellError as wrong:
        raise NotThatDay(f"日期{wrong.sentence}", remedy=wrong.remedy) from wrong


def day_or_today(text: str | None, at: int) -> date:
    """The same; today when nothing was given."""
    return local_day(at) if text is None else day(text)


def moment_or_now(text: str | None, at: int) -> int:
    """A moment on a wall clock in China, in ms; now when nothing was given."""
    if text is None:
        return at
    try:
        return company_cells.moment(text)
    except CellError as wrong:
        raise NotThatDay(f"时间{wrong.sentence}", remedy=wrong.remedy) from wrong


def regular(path: Path) -> Path:
    """A file of its own, not a folder and not a pipe that nobody would end; NoFile (cli.no_file)."""
    if not path.is_file():
        raise NoFile("没有这个文件，或者它不是普通文件。", remedy="请核对文件的位置。")
    return path


def content_of(path: Path) -> bytes:
    """The bytes of a file; NoFile (cli.no_file)."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise NoFile("文件不存在，或者不能读取。", remedy="请核对文件的位置。") from error


def receive(path: Path, *, kind: str, title: str = "", by: str, at: int) -> UUID:
    """Keep a file exactly as it lies on disk: a PDF, a picture or a text. Call it in the book of what it proves.

    NoFile (cli.no_file), and papers.* for what cannot be kept.
    """
    media = _MEDIA.get(path.suffix.lower(), "")
    return papers.receive(
        kind=kind, title=title or kind, content=content_of(path), media_type=media, by=by, at=at
    ).id
