"""A folder of files on its way in: which item claims which file, and what was refused.

Each item that waits is opened for it, a page at a time; nothing is shown to anybody.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from pathlib import Path
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.archive import opening as archive
from jieli.archive.errors import ItemDestroyed
from jieli.archive.media import keeping, matching, queries, refusing
from jieli.archive.media.errors import MediaEmpty
from jieli.archive.media.types import MediaRef, Refusal
from jieli.archive.types import OpenedItem
from jieli.kernel.errors import JieliError
from jieli.reading.media import open_for_files
from jieli.reading.operations import open_matter
from jieli.reading.policy import MOST_AN_OPENING

_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of a folder: the kept, the files that no item claims, and those that could not be kept, by code.

    `ambiguous`: recordings that may be of several calls, or of one that others may be of too, with all those calls.
    """

    kept: tuple[MediaRef, ...]
    unmatched: tuple[Path, ...]
    failed: tuple[tuple[Path, str], ...]
    openings: int
    ambiguous: tuple[tuple[Path, tuple[int, ...]], ...] = ()


@dataclass
class _Keeping:
    """Files on their way in: what became of each so far. Refusals are written down a batch at a time."""

    by: str
    at: int
    kept: list[MediaRef] = field(default_factory=list)
    failed: list[tuple[Path, str]] = field(default_factory=list)
    _refused: list[refusing.Refused] = field(default_factory=list)

    def keep(self, opened: OpenedItem, n: int, path: Path) -> None:
        try:
            self.kept.append(keeping.keep(opened=opened, n=n, path=path, by=self.by, at=self.at))
        except JieliError as error:
            self.failed.append((path, error.code))
            if (reason := refusing.reason_of(error)) is not None:
                self._refused.append((opened.item.item_id, n, reason))

    def differs(self, item: int, n: int, path: Path) -> None:
        """A file that is not what the item claims, found out by its name and digest alone."""
        self.failed.append((path, Refusal.DIFFERS.code))
        self._refused.append((item, n, Refusal.DIFFERS))

    def write_down(self) -> None:
        refusing.refuse(self._refused, by=self.by, at=self.at)
        self._refused = []


def bring(
    *,
    folder: Path,
    matter: str,
    by: Person,
    at: int,
    tolerance_s: int = matching.TOLERANCE_S,
    refused_only: bool = False,
) -> Brought:
    """Keep each file of a folder that exactly one waiting item claims, by its MD5 or else by its name.

    Calls whose record claims nothing get the recording that fits them alone (`archive.media.matching`).
    A file that cannot be kept keeps no other from it, and is written down as refused. `refused_only`: try again those
    that were refused before, and open no other item. Crash: what is kept is kept; run it again for the rest.
    Errors: Forbidden, MatterNotOpen, MediaEmpty for a folder without files.
    """
    check_may(by, Permission.MANAGE_KEYS, at=at)
    thread = open_matter(matter)
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if not files:
        raise MediaEmpty("目录不存在，或者其中没有文件。", remedy="请核对目录的位置。")
    waiting = _by_claim(files)
    done, openings = _Keeping(by.actor, at), 0
    others = list[tuple[int, int, Path]]()
    recordings, fitting = [matching.recording_of(path) for path in files], list[tuple[Path, OpenedItem]]()
    for items in _pages(queries.refused_items if refused_only else queries.waiting_items):
        receipt = open_for_files(items, thread, by, at=at)
        openings += 1
        there = {(ref.item, ref.n) for refs in queries.of_items(items).values() for ref in refs}
        found = _still_there(items, receipt)
        for opened in found:
            for n, path in _claimed(opened, waiting, there):
                done.keep(opened, n, path)
            others += _others(opened, waiting, there)
        done.write_down()
        fitting += matching.candidates(found, recordings, tolerance_s)
        if not any(waiting.values()):
            break
    left = {path for paths in waiting.values() for path in paths}
    calls = {opened.item.item_id: opened for _, opened in fitting}
    which = matching.matched((path, opened.item.item_id) for path, opened in fitting if path in left)
    for path, item in which.pairs:
        done.keep(calls[item], 0, path)
    left -= {path for path, _ in (*which.pairs, *which.ambiguous)}
    for item, n, path in others:
        if path in left:
            done.differs(item, n, path)
    done.write_down()
    left -= {path for path, _ in done.failed}
    return Brought(tuple(done.kept), tuple(sorted(left)), tuple(done.failed), openings, which.ambiguous)


Claims = dict[tuple[str, str], list[Path]]


def _by_claim(files: Sequence[Path]) -> Claims:
    """The files under what a platform might have said of them: their MD5, and their name."""
    found: Claims = {}
    for path in files:
        digest = md5(usedforsecurity=False)
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        for key in (("md5", digest.hexdigest()), ("name", path.name), ("name", path.stem)):
            found.setdefault(key, []).append(path)
    return found


def _claimed(opened: OpenedItem, waiting: Claims, there: set[tuple[int, int]]) -> Iterator[tuple[int, Path]]:
    """Number and file of each open claim that fits exactly one file; that file is no longer waiting."""
    for n, claim in enumerate(opened.media):
        if (opened.item.item_id, n) in there:
            continue
        keys = [("md5", str(claim.get("digest", ""))), ("name", str(claim.get("name", "")))]
        keys.append(("name", str(claim.get("locator", ""))))
        if claim.get("digest"):
            keys = keys[:1]  # a digest decides: another file of the same name is another file
        path = next((waiting[key][0] for key in keys if len(set(waiting.get(key, ()))) == 1), None)
        if path is not None:
            _no_longer(waiting, path)
            there.add((opened.item.item_id, n))
            yield n, path


def _others(
    opened: OpenedItem, waiting: Claims, there: set[tuple[int, int]]
) -> Iterator[tuple[int, int, Path]]:
    """Files named as a claim's own place at the platform that have not its digest: unless another claims them, not what
    was claimed here."""
    item = opened.item.item_id
    for n, claim in enumerate(opened.media):
        found = set(waiting.get(("name", str(claim.get("locator", ""))), ()))
        if claim.get("digest") and (item, n) not in there and len(found) == 1:
            yield item, n, found.pop()


def _no_longer(waiting: Claims, path: Path) -> None:
    for paths in waiting.values():
        paths[:] = [other for other in paths if other != path]


def _pages(wanted: Callable[..., list[int]]) -> Iterator[list[int]]:
    after = 0
    while items := wanted(after=after, limit=MOST_AN_OPENING):
        yield items
        after = items[-1]


def _still_there(items: Sequence[int], receipt: UUID) -> list[OpenedItem]:
    wanted = list(items)
    while wanted:
        try:
            return archive.open_items(wanted, receipt=receipt)
        except ItemDestroyed as destroyed:
            wanted = [item for item in wanted if item not in set(destroyed.items)]
    return []
