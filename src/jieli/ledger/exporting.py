"""The signed log as plain files, which anybody's program reads: checkpoint, tiles, entry bundles (ADR 21).

Crash at any place: the checkpoint that stands in the directory has all its files, for tiles and bundles come
first, it comes last and by rename, and what is no longer needed goes after that. The next run goes on from there:
a whole tile never changes, so one that stands is not written again. Every run reads all of it back.
"""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import queries
from jieli.ledger.models import Entry
from jieli.ledger.models import Tile as StoredTile
from jieli.ledger.types import TILE, CheckpointRef
from seal import checkpoint, log_reader, tiles
from seal.errors import SealError
from seal.keys import Vkey
from seal.part import entry_bytes
from seal.tiles import Tile, TileTree

#: Tiles read from the database at once: 64 × 256 entries are some megabytes.
AT_ONCE = 64
_PARTIAL = ".writing"


class NothingSigned(JieliError):
    """There is no checkpoint yet, so nothing that anybody could verify."""

    code = "ledger.nothing_signed"


class OtherLogThere(JieliError):
    """The directory holds a log of which ours is no continuation."""

    code = "ledger.export_forked"


class NotOurDirectory(JieliError):
    """The directory holds other things and no checkpoint of a log: an export would mix its files among them."""

    code = "ledger.export_not_empty"


class ExportDamaged(JieliError):
    """What stands in the directory does not verify."""

    code = "ledger.export_damaged"


class CannotWriteThere(JieliError):
    """A directory cannot be written: the disk is full, the stick was pulled out, or the rights are missing."""

    code = "ledger.cannot_write"


class ExportRuns(JieliError):
    """Another export into the same directory is running."""

    code = "ledger.export_runs"


@contextmanager
def files_in(directory: Path) -> Iterator[None]:
    """What the machine refuses while files of a directory are read or written becomes one sentence."""
    try:
        yield
    except OSError as error:
        raise CannotWriteThere(
            f"目录 {directory} 无法读写（{errno.errorcode.get(error.errno or 0, '?')}）。",
            remedy="请检查磁盘空间、权限与介质后再次运行；已写好的部分仍然有效。",
        ) from error


@contextmanager
def alone(directory: Path) -> Iterator[None]:
    """One export a directory at a time; the kernel lets go of it however the process ends."""
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise ExportRuns("另一个导出正在写这个目录。", remedy="请等它结束后再运行。") from error
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Exported:
    """How far the files reach, and how many were written and taken away by this run."""

    origin: str
    size: int
    written: int
    removed: int


def export(directory: Path, keys: Sequence[Vkey], *, log: int | None = None) -> Exported:
    """Write a log, by default the live one, up to its last signed checkpoint; verify what stands there with `keys`.

    Raises NothingSigned, NotOurDirectory (other files lie there, and no checkpoint), OtherLogThere (another origin, a
    longer log, or another history: nothing is touched),
    ExportDamaged (a file that stood there before is not what it was: remove the directory and export anew),
    ExportRuns, CannotWriteThere.
    """
    with files_in(directory), alone(directory):
        return _export(directory, keys, queries.live_log() if log is None else log)


def _export(directory: Path, keys: Sequence[Vkey], log: int) -> Exported:
    origin, last = queries.origin(log), queries.last_checkpoint(log)
    if last is None:
        raise NothingSigned(
            "账本还没有已签的检查点，没有可导出的内容。", remedy="请先运行 jieli ledger sign。"
        )
    _check_same_log(directory, last, log)
    wanted = list(tiles.tiles_of(last.size, entries=True))
    missing = [t for t in wanted if not (directory / t.path()).is_file()]
    for tile, data in _contents(missing, log):
        _write(directory / tile.path(), data)
    reach("export.before_checkpoint")
    # Once, for all files: the checkpoint must never outlive a power failure that its tiles did not.
    os.sync()
    _write(directory / "checkpoint", last.cosigned_note.encode())
    reach("export.after_checkpoint")
    removed = _remove_old(directory, {t.path() for t in wanted})
    _verify(directory, keys)
    return Exported(origin, last.size, len(missing), removed)


def _check_same_log(directory: Path, last: CheckpointRef, log: int) -> None:
    path = directory / "checkpoint"
    if not path.is_file():
        _check_nothing_else(directory)
        return
    try:
        there, _ = checkpoint.parse(path.read_bytes())
    except SealError as error:
        raise ExportDamaged(
            "目录中的检查点无法读取。", remedy="请删除该目录后重新导出，或换一个目录。"
        ) from error
    same = there.origin == queries.origin(log) and there.size <= last.size
    if not same or TileTree(there.size, partial(queries.tile, log=log)).root() != there.root:
        raise OtherLogThere(
            f"目录中已有名为 {there.origin}、{there.size} 条的账本，与本账本不是同一段历史，拒绝覆盖。",
            remedy="请换一个目录，并运行 jieli fsck 查明哪一份被改动。",
        )


def _check_nothing_else(directory: Path) -> None:
    """Without a checkpoint nothing may lie there but what an export that died before its first one has left."""
    left = {"tile", f"checkpoint{_PARTIAL}"}
    foreign = [path for path in directory.iterdir() if path.name not in left]
    found = (path for path in (directory / "tile").rglob("*") if path.is_file())
    strange = (path for path in found if not _ours(path.relative_to(directory).as_posix()))
    if foreign or next(strange, None) is not None:
        raise NotOurDirectory(
            f"目录 {directory} 里有别的文件，也没有本账本的检查点，没有写入。",
            remedy="请给出一个新的或空的目录；续写已有的导出，请给出当初的那个目录。",
        )


def _contents(missing: Sequence[Tile], log: int) -> Iterator[tuple[Tile, bytes]]:
    """What belongs into each missing file; whole tiles are read many at a time."""
    for level in dict.fromkeys(t.level for t in missing):
        of_level = [t for t in missing if t.level == level]
        for at in range(0, len(of_level), AT_ONCE):
            some = of_level[at : at + AT_ONCE]
            yield from _bundles(log, some) if level == "entries" else _hash_tiles(log, int(level), some)


def _bundles(log: int, some: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
    spans = {t.n: t for t in some}
    first, last = min(spans) * TILE, max(t.n * TILE + t.width for t in some)
    rows = Entry.objects.filter(log=log, index__gte=first, index__lt=last).order_by("index")
    packed: dict[int, list[bytes]] = {n: [] for n in spans}
    for index, kind, time, count, commitment in rows.values_list(
        "index", "kind", "time", "count", "commitment"
    ):
        if (n := index // TILE) in packed:
            data = entry_bytes(kind=kind, time=time, count=count, commitment=bytes(commitment))
            packed[n].append(data)
    return ((tile, tiles.pack_entries(packed[n])) for n, tile in spans.items())


def _hash_tiles(log: int, level: int, some: Sequence[Tile]) -> Iterator[tuple[Tile, bytes]]:
    full = [t.n for t in some if t.width == TILE]
    stored = StoredTile.objects.filter(log=log, level=level, n__in=full)
    data = dict(stored.values_list("n", "data"))
    for tile in some:
        whole = tile.width == TILE and tile.n in data
        yield tile, bytes(data[tile.n]) if whole else queries.tile(level, tile.n, tile.width, log=log)


def _write(path: Path, data: bytes) -> None:
    """By rename: a file with its own name is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + _PARTIAL)
    partial.write_bytes(data)
    partial.replace(path)


def _remove_old(directory: Path, wanted: set[str]) -> int:
    """Take away partial tiles of earlier sizes, and halves that a crash left; nothing else is touched."""
    removed = 0
    folder = directory / "tile"
    for path in [*folder.rglob("*.p/*"), *folder.rglob(f"*{_PARTIAL}")]:
        name = path.relative_to(directory).as_posix()
        if name not in wanted and path.is_file() and _ours(name):
            path.unlink()
            removed += 1
    for emptied in folder.rglob("*.p"):
        if emptied.is_dir() and not any(emptied.iterdir()):
            emptied.rmdir()
    return removed


def _ours(name: str) -> bool:
    try:
        tiles.parse_path(name.removesuffix(_PARTIAL))
    except SealError:
        return False
    return True


def reader(directory: Path) -> Callable[[str], bytes | None]:
    """Read an exported directory as `seal.log_reader` asks for it."""

    def read(path: str) -> bytes | None:
        try:
            return (directory / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    return read


def _verify(directory: Path, keys: Sequence[Vkey]) -> None:
    try:
        log_reader.read_log(reader(directory), keys)
    except SealError as error:
        raise ExportDamaged(
            f"导出的文件核验不通过（{error.code}）：{error.message}",
            remedy="请删除该目录后重新导出；仍不通过时请运行 jieli fsck。",
        ) from error
