"""Files of items on a page: what there is of each, and its bytes under an opening of its own.

Opening a file commits a row that names its item and nothing else. What the browser then fetches, in as many ranges as
its player wants, belongs to that row: for a quarter of an hour, for the same person only, and only while the item may
still be opened at all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.archive import opening as archive
from jieli.archive import queries as items
from jieli.archive.media import excerpts, hearing, queries, seeking
from jieli.archive.media.types import Agreement, MediaRef, RefusedFile
from jieli.archive.types import OpenedItem
from jieli.kernel.times import MINUTE
from jieli.reading import media, operations
from jieli.reading.errors import NotOpened, OpeningEnded
from jieli.reading.media import FileDestroyed as FileDestroyed
from jieli.reading.models import Opening
from jieli.reading.standing import sift
from jieli.reading.types import OpeningKind, Purpose, Shown
from seal.policy import Policy

#: How long what an opening opened may be fetched, in ms.
GOOD_FOR = 15 * MINUTE


class State(StrEnum):
    """What there is of a file. A file that did not agree with its claim is kept only by decision, and says so."""

    STORED = "已存入"
    DIFFERS = "已存入，与平台所称不符"
    NOT_FETCHED = "未取回"
    REFUSED = "未能存入"
    DESTROYED = "已销毁"


#: As badges are drawn on every page: kept, to be looked at, not there yet, gone.
_TONES = {
    State.STORED: "proved", State.DIFFERS: "late", State.NOT_FETCHED: "due", State.REFUSED: "late",
    State.DESTROYED: "over",
}  # fmt: skip


class How(StrEnum):
    """In what form a browser gets a file: a picture or sound within a page, or the file itself to keep."""

    PICTURE = "picture"
    SOUND = "sound"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class FileLine:
    """A file of an item as a page lists it; `size` bytes and `seconds` None where nobody knows them.

    `refusal`: why the file did not come in when it was last brought or asked for.
    """

    item: int
    n: int
    kind: str
    name: str
    state: State
    size: int | None
    seconds: int | None
    ref: MediaRef | None
    refusal: RefusedFile | None = None

    @property
    def tone(self) -> str:
        """How a page draws the state."""
        return _TONES[self.state]

    @property
    def is_stored(self) -> bool:
        return self.state in (State.STORED, State.DIFFERS)

    def __repr__(self) -> str:
        return f"FileLine({self.item}.{self.n})"


@dataclass(frozen=True, slots=True)
class Begun:
    """A file that may be fetched now, under which opening and entry, and as what it can be shown."""

    opening: UUID
    entry: int
    line: FileLine
    how: How


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes on their way out: how many there are in all, and those that were asked for."""

    ref: MediaRef
    size: int
    start: int
    stop: int
    chunks: Iterator[bytes]


def files_of(shown: Iterable[Shown]) -> dict[int, tuple[FileLine, ...]]:
    """The files of items that are being shown: claimed, kept, refused, by item. Two queries for all."""
    some = list(shown)
    kept = queries.of_items(one.item_id for one in some)
    refused = queries.refused(one.item_id for one in some)
    return {one.item_id: tuple(_lines(one, kept.get(one.item_id, []), refused)) for one in some}


def _lines(
    shown: Shown, kept: list[MediaRef], refused: Mapping[tuple[int, int], RefusedFile]
) -> Iterator[FileLine]:
    by_number = {ref.n: ref for ref in kept}
    for n, claim in enumerate(shown.media):
        line, refusal = (
            _line(shown.item_id, n, dict(claim), by_number.pop(n, None)),
            refused.get((shown.item_id, n)),
        )
        yield replace(line, state=State.REFUSED, refusal=refusal) if refusal and line.ref is None else line
    for n, ref in sorted(by_number.items()):  # a call's recording may come without a claim
        yield _line(shown.item_id, n, {"kind": "recording"}, ref)


def _line(item: int, n: int, claim: dict[str, object], ref: MediaRef | None) -> FileLine:
    kind, name, size = str(claim.get("kind", "")), str(claim.get("name", "")), claim.get("size")
    if ref is None:
        return FileLine(
            item, n, kind, name, State.NOT_FETCHED, size if isinstance(size, int) else None, None, None
        )
    state = State.DIFFERS if ref.agreement is Agreement.DIFFERS else State.STORED
    state = State.DESTROYED if ref.root is None else state
    return FileLine(item, n, kind, name or ref.name or "", state, ref.size, ref.seconds or None, ref)


def begin(*, item: int, n: int, purpose: str, matter: str, by: Person, at: int) -> Begun:
    """Open one file for this person: the row is committed, its bytes may be fetched under it.

    Errors: MediaUnknown, those of `operations.open_items`, NotOpened with the reason.
    """
    check_may(by, Permission.READ, at=at)
    ref = media.there(item, n)
    page = operations.open_items(items=[item], purpose=purpose, matter=matter, by=by, at=at)
    if not page.shown:
        raise _closed(item, next(iter([*page.left_out, *page.not_shown]), "已销毁"))
    [lines] = files_of(page.shown).values()
    line = next((one for one in lines if one.n == n and one.is_stored), None)
    if line is None:
        raise _closed(item, State.DESTROYED)
    return Begun(page.opening, page.entry, line, how_of(ref))


PICTURES = {"jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif"}
SOUNDS = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg"}


def how_of(ref: MediaRef) -> How:
    """As what a file can be shown, by its own first bytes and never by its name or claim."""
    if ref.format in PICTURES:
        return How.PICTURE
    return How.SOUND if ref.format in SOUNDS or hearing.can_be_heard(ref) else How.FILE


def fetch(
    *, opening: UUID, item: int, n: int, how: How, wanted: tuple[int, int | None] | None, by: Person, at: int
) -> Bytes:
    """The bytes of a file under an opening of a moment ago; `wanted` from and up to (exclusive), None for all.

    A start beyond the end gives no chunks. Errors: OpeningEnded for an opening that is not this person's, not of this
    item, or over; NotOpened, ItemDestroyed, MediaUnknown, those of the store.
    """
    ref, opened = _again(opening, item, n, by=by, at=at)
    if how is not How.FILE and how_of(ref) is not how:
        raise _closed(item, "这种文件不能在页面上显示")
    decoded = how is How.SOUND and hearing.can_be_heard(ref)
    size = hearing.size(ref) if decoded else ref.size
    start, stop = wanted or (0, None)
    if start < 0:
        start = max(0, size + start)
    stop = size if stop is None else min(stop, size)
    if start >= stop:
        return Bytes(ref, size, start, start, iter(()))
    if decoded:
        return Bytes(ref, size, start, stop, hearing.heard(opened, ref, start, stop))
    if how is How.FILE and (start, stop) == (0, size):
        return Bytes(ref, size, start, stop, seeking.whole(opened, ref))
    return Bytes(ref, size, start, stop, seeking.stretch(opened, ref, start, stop))


def _again(opening: UUID, item: int, n: int, *, by: Person, at: int) -> tuple[MediaRef, OpenedItem]:
    check_may(by, Permission.READ, at=at)
    row = Opening.objects.filter(id=opening, by=by.actor, kind=OpeningKind.READ.value, items=[item]).first()
    if row is None or not 0 <= at - row.at <= GOOD_FOR:
        raise OpeningEnded("这次开启已经结束。", remedy="请回到会话，重新打开这个文件；每次打开都会入账。")
    ref = media.there(item, n)
    good, left = sift(list(items.items([item]).values()), purpose=Purpose(row.purpose), by=by, at=at)
    if not good:
        raise _closed(item, next(iter(left), "已销毁"))
    [opened] = archive.open_items([item], receipt=opening)
    return ref, opened


@dataclass(frozen=True, slots=True)
class Cut:
    """An excerpt in memory: its files by name, under which opening and entry."""

    files: dict[str, bytes]
    opening: UUID
    entry: int


def cut(
    *,
    item: int,
    n: int,
    start: int,
    stop: int,
    purpose: str,
    matter: str,
    by: Person,
    at: int,
    trusted: Policy | None,
    cover: Callable[[], object],
) -> Cut:
    """A stretch of a file with its proof, as `media.excerpt` writes it, for a browser to keep. Errors as there."""
    ref, opened, opening, entry = media.opened_stretch(
        item, n, start, stop, purpose=purpose, matter=matter, by=by, at=at
    )
    files = excerpts.excerpt_files(opened, ref, start=start, stop=stop, trusted=trusted, cover=cover)
    return Cut(files, opening, entry)


def _closed(item: int, why: str) -> NotOpened:
    return NotOpened(f"条目 {item} 的文件不能打开：{why}。", remedy="请核对目的与权限；开启记录已入账。")
