"""What every command shares: the house made ready, one answer, errors as a sentence with its remedy."""

import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from django.db.utils import DatabaseError, InterfaceError, OperationalError
from rich.table import Table

from jieli.doors.cli import in_words
from jieli.doors.cli.screen import Screen
from jieli.doors.clock import now
from jieli.kernel.errors import JieliError
from jieli.wiring import start
from jieli.wiring.postgres import PostgresError
from jieli.wiring.profile import Profile, profile
from seal.chinese import sentence
from seal.errors import SealError

#: Eager: an option that is refused while the line is read is refused in the form that was asked for.
AsJson = Annotated[bool, typer.Option("--json", is_eager=True, help="只输出一个 JSON 对象。")]
out, err = Screen(), Screen(stderr=True)


@dataclass
class Command:
    """A running command: its profile, its instant, and how it answers."""

    profile: Profile
    as_json: bool

    def at(self) -> int:
        """The instant of this call."""
        return now(self.profile)

    def answer(
        self,
        values: Mapping[str, Any],
        *,
        say: Callable[[], None] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """The command's one answer: an object for machines; for people what `say` prints, else the values in words.

        `names` are this command's own words for keys, before the house's.
        """
        if self.as_json:
            out.print_json(json.dumps(values, ensure_ascii=False, default=str))
        elif say is not None:
            say()
        else:
            for line in in_words.lines(values, names):
                out.print(line, markup=False, soft_wrap=True)


class CannotWrite(JieliError):
    """A file cannot be put where it was asked for."""

    code = "cli.cannot_write"


class FileThere(JieliError):
    """A file of that name is there already."""

    code = "cli.file_there"


class DiskRefused(JieliError):
    """The machine refused to write a file: full, over quota, read-only, broken."""

    code = "cli.disk_refused"


class DatabaseFull(JieliError):
    """PostgreSQL has no room left."""

    code = "cli.database_full"


class DatabaseAway(JieliError):
    """The connection to PostgreSQL broke off in the middle of a command."""

    code = "cli.database_away"


def writable(path: Path) -> Path:
    """The path, before anything is done for its sake; CannotWrite where no file can stand."""
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise CannotWrite("不能写到这个位置。", remedy="请给出一个已有的、可写的目录中的文件名。")
    return path


def unused(path: Path) -> Path:
    """As `writable`, for a paper that must not take the place of another; FileThere where something has the name."""
    if writable(path).exists():
        raise FileThere(f"{path} 已经存在，从不覆盖。", remedy="请用 --out 另选文件名，或先移走旧文件。")
    return path


@contextmanager
def command(*, as_json: bool, house: bool = True) -> Iterator[Command]:
    """Run a command: errors become one sentence with the remedy and the exit status 1, never a traceback."""
    with told(as_json=as_json):
        running = Command(profile(), as_json)
        if house:
            start.ready(running.profile)
        yield running


@contextmanager
def told(*, as_json: bool) -> Iterator[None]:
    """The same of errors alone; for what is refused while the line is read, before there is a command to run."""
    try:
        yield
    except (JieliError, PostgresError, SealError) as error:
        _tell(error, as_json)
        raise typer.Exit(1) from error
    except (OSError, DatabaseError) as error:
        if (refused := _refused(error)) is None:
            raise
        _tell(refused, as_json)
        raise typer.Exit(1) from error


#: What a machine refuses and a person can mend.
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})
_FULL = "53100"


def _refused(error: OSError | DatabaseError) -> JieliError | None:
    """A full disk, or a database that went away, as a sentence; None for what is a fault of ours."""
    if isinstance(error, OSError):
        if error.errno not in _DISK:
            return None
        return DiskRefused(
            f"文件没有写成（{errno.errorcode[error.errno]}）。",
            remedy="请检查磁盘空间与介质后再次运行；没有写完的不算数。",
        )
    if getattr(error.__cause__, "sqlstate", None) == _FULL:
        return DatabaseFull("数据库的磁盘已满。", remedy="请腾出空间后再次运行；已经告知的都已保存。")
    if isinstance(error, OperationalError | InterfaceError):
        return DatabaseAway("数据库中断了连接。", remedy="请检查数据库进程后再次运行；已经告知的都已保存。")
    return None


def _tell(error: JieliError | PostgresError | SealError, as_json: bool) -> None:
    if isinstance(error, JieliError):
        found = error.as_json()
    else:
        said = error.message if isinstance(error, SealError) else str(error)
        found = {"code": error.code, "error": said, "remedy": ""}
    if as_json:
        out.print_json(json.dumps(found, ensure_ascii=False))
    else:
        first = sentence(error.code) if isinstance(error, SealError) else ""  # Chinese before seal's English
        words = f"{first}{found['error']}{found['remedy']}［{found['code']}］"
        err.print(words, markup=False, style="red", soft_wrap=True)


def table(title: str, columns: list[str], rows: list[list[object]]) -> Callable[[], None]:
    """A printer of a table, to be given to `answer`."""
    if not rows:
        return partial(out.print, title, markup=False)
    drawn = Table(title=title, title_justify="left")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(str(cell) for cell in row))
    return partial(out.print, drawn)
