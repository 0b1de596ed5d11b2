"""Files of items, in and out: the opening is committed first, for claims and secrets lie behind it either way.

In: a machine opens the items as 附件入档 and shows nothing to anybody; out: a person opens one as 取证, and the staff
whom it concerns see it on their own page.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.archive import opening as archive
from jieli.archive.errors import ItemDestroyed
from jieli.archive.media import excerpts, keeping, matching, playable, queries
from jieli.archive.media import opening as media
from jieli.archive.media.errors import MediaEmpty, MediaKept
from jieli.archive.media.types import MediaRef
from jieli.archive.types import OpenedItem
from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book
from jieli.reading.errors import NotOpened
from jieli.reading.models import Opening
from jieli.reading.operations import open_for_package, open_matter
from jieli.reading.policy import MOST_AN_OPENING
from jieli.reading.types import OpeningKind, SystemPurpose

ROLE = "系统管理"
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was written out: what it is, under which opening and entry, and its playable copy if one was made."""

    ref: MediaRef
    opening: UUID
    entry: int
    copy: Path | None = None
    blocks: int = 0


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


def add(
    *, path: Path, item: int, n: int, matter: str, by: Person, at: int, differing: bool = False
) -> MediaRef:
    """Keep a file of an item. Errors: Forbidden, MatterNotOpen, ItemUnknown, those of `keeping.keep`."""
    check_may(by, Permission.MANAGE_KEYS, at=at)
    if any(kept.n == n for kept in queries.of_items([item]).get(item, ())):
        raise MediaKept(item, n)
    receipt = _commit([item], open_matter(matter), by, at=at)
    [opened] = archive.open_items([item], receipt=receipt)
    return keeping.keep(opened=opened, n=n, path=path, by=by.actor, at=at, differing=differing)


def bring(
    *, folder: Path, matter: str, by: Person, at: int, tolerance_s: int = matching.TOLERANCE_S
) -> Brought:
    """Keep each file of a folder that exactly one waiting item claims, by its MD5 or else by its name.

    Calls whose record claims nothing get the recording that fits them alone (`archive.media.matching`).
    A file that cannot be kept keeps no other from it. Crash: what is kept is kept; run it again for the rest.
    Errors: Forbidden, MatterNotOpen, MediaEmpty for a folder without files.
    """
    check_may(by, Permission.MANAGE_KEYS, at=at)
    thread = open_matter(matter)
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    if not files:
        raise MediaEmpty("目录不存在，或者其中没有文件。", remedy="请核对目录的位置。")
    waiting = _by_claim(files)
    kept, failed, openings = list[MediaRef](), list[tuple[Path, str]](), 0
    recordings, fitting = [matching.recording_of(path) for path in files], list[tuple[Path, OpenedItem]]()

    def keep(opened: OpenedItem, n: int, path: Path) -> None:
        try:
            kept.append(keeping.keep(opened=opened, n=n, path=path, by=by.actor, at=at))
        except JieliError as error:
            failed.append((path, error.code))

    for items in _waiting():
        receipt = _commit(items, thread, by, at=at)
        openings += 1
        there = {(ref.item, ref.n) for refs in queries.of_items(items).values() for ref in refs}
        found = _still_there(items, receipt)
        for opened in found:
            for n, path in _claimed(opened, waiting, there):
                keep(opened, n, path)
        fitting += matching.candidates(found, recordings, tolerance_s)
        if not any(waiting.values()):
            break
    left = {path for paths in waiting.values() for path in paths}
    calls = {opened.item.item_id: opened for _, opened in fitting}
    which = matching.matched((path, opened.item.item_id) for path, opened in fitting if path in left)
    for path, item in which.pairs:
        keep(calls[item], 0, path)
    left -= {path for path, _ in (*which.pairs, *which.ambiguous)}
    return Brought(tuple(kept), tuple(sorted(left)), tuple(failed), openings, which.ambiguous)


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
            for paths in waiting.values():
                paths[:] = [other for other in paths if other != path]
            yield n, path


def _waiting() -> Iterator[list[int]]:
    after = 0
    while items := queries.waiting_items(after=after, limit=MOST_AN_OPENING):
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


def _commit(items: Sequence[int], matter: UUID, by: Person, *, at: int) -> UUID:
    """The opening of a machine: it names the items and concerns nobody's own page, for nobody is shown anything."""
    row = Opening(
        id=new_id(at), kind=OpeningKind.MEDIA.value, by=by.actor, role=ROLE, unit="",
        purpose=SystemPurpose.MEDIA.value, matter=matter, items=list(items), left_out={}, at=at,
    )  # fmt: skip
    with book(at=at) as b:
        facts = {
            "opening": str(row.id), "kind": row.kind, "purpose": row.purpose, "matter": str(matter),
            "items": len(items),
        }  # fmt: skip
        b.entry("reading.open", by=by.actor, facts=facts).insert(row)
    reach("reading.after_opening")
    return row.id


def take(
    *, item: int, n: int, purpose: str, matter: str, by: Person, at: int, out: Path, copy: bool = False
) -> Taken:
    """Write a file out as it came, whole and checked, and with `copy` a playable copy beside it.

    Errors: those of `reading.operations.open_items`, NotOpened with the reason, MediaUnknown, MediaAltered,
    NotPlayable (the file itself stands then).
    """
    ref, opened, opening, entry = opened_file(item, n, purpose, matter, by=by, at=at)
    media.take(opened, ref, out)
    return Taken(ref, opening, entry, playable.copy_of(out) if copy else None)


def excerpt(
    *,
    item: int,
    n: int,
    start: int,
    stop: int,
    purpose: str,
    matter: str,
    by: Person,
    at: int,
    out: Path,
    cover: Callable[[], object],
) -> Taken:
    """Write a folder with a stretch of a file and its proof; `start` and `stop` in seconds of sound, or in bytes.

    Errors: as `take`, BadExcerpt, MediaNotCovered.
    """
    check_may(by, Permission.READ, at=at)
    excerpts.blocks_between(queries.media(item, n), start, stop)  # nothing is opened for what is no stretch
    ref, opened, opening, entry = opened_file(item, n, purpose, matter, by=by, at=at)
    blocks = excerpts.write_excerpt(opened, ref, out, start=start, stop=stop, cover=cover)
    return Taken(ref, opening, entry, None, blocks)


def opened_file(
    item: int, n: int, purpose: str, matter: str, *, by: Person, at: int
) -> tuple[MediaRef, OpenedItem, UUID, int]:
    check_may(by, Permission.READ, at=at)
    ref = queries.media(item, n)
    page, items = open_for_package(items=[item], purpose=purpose, matter=matter, by=by, at=at)
    if not items:
        why = next(iter([*page.left_out, *page.not_shown]), "已销毁")
        raise NotOpened(f"条目 {item} 不能开启：{why}。", remedy="请核对目的与权限；开启记录已入账。")
    return ref, items[0], page.opening, page.entry
