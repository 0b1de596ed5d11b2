"""Files of items, in and out: the opening is committed first, for claims and secrets lie behind it either way.

In: a machine opens the items as 附件入档 and shows nothing to anybody; out: a person opens one as 取证, and the staff
whom it concerns see it on their own page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.archive import opening as archive
from jieli.archive import queries as archived
from jieli.archive.media import excerpts, keeping, playable, queries, refusing
from jieli.archive.media import opening as media
from jieli.archive.media.errors import MediaKept
from jieli.archive.media.types import MediaRef, Refusal
from jieli.archive.types import CertificateRef, OpenedItem
from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book
from jieli.ledger.standing import Standing
from jieli.reading.errors import NotOpened
from jieli.reading.models import Opening
from jieli.reading.operations import open_for_package, open_matter
from jieli.reading.types import OpeningKind, SystemPurpose
from seal.policy import Policy

ROLE = "系统管理"


class FileDestroyed(NotOpened):
    """The file went with its item. `since`: when that was intended, ms UTC; the certificate once all of it is done."""

    def __init__(self, item: int, n: int, since: int, certificate: CertificateRef | None) -> None:
        super().__init__(
            f"条目 {item} 的第 {n + 1} 个附件已销毁，谁也打不开。", remedy="销毁证明由系统管理员出具。"
        )
        self.item, self.n, self.since, self.certificate = item, n, since, certificate


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was written out: what it is, under which opening and entry, and its playable copy if one was made."""

    ref: MediaRef
    opening: UUID
    entry: int
    copy: Path | None = None
    blocks: int = 0
    standing: Standing | None = None  # of the checkpoint that proves an excerpt


def add(
    *, path: Path, item: int, n: int, matter: str, by: Person, at: int, differing: bool = False
) -> MediaRef:
    """Keep a file of an item; one that is refused is written down as such.

    Errors: Forbidden, MatterNotOpen, ItemUnknown, those of `keeping.keep`.
    """
    opened = _place(item, n, matter, by, at=at)
    try:
        return keeping.keep(opened=opened, n=n, path=path, by=by.actor, at=at, differing=differing)
    except JieliError as error:
        if (reason := refusing.reason_of(error)) is not None:
            refusing.refuse([(item, n, reason)], by=by.actor, at=at)
        raise


def not_to_be_had(*, item: int, n: int, reason: Refusal, matter: str, by: Person, at: int) -> None:
    """Write down what the platform answered to whoever asked it for a file of an item.

    Errors: Forbidden, MatterNotOpen, ItemUnknown, MediaKept, MediaNotClaimed.
    """
    keeping.claim_of(_place(item, n, matter, by, at=at), n)
    refusing.refuse([(item, n, reason)], by=by.actor, at=at)


def _place(item: int, n: int, matter: str, by: Person, *, at: int) -> OpenedItem:
    """The item, opened for a file that has not come yet."""
    check_may(by, Permission.MANAGE_KEYS, at=at)
    if any(kept.n == n for kept in queries.of_items([item]).get(item, ())):
        raise MediaKept(item, n)
    receipt = open_for_files([item], open_matter(matter), by, at=at)
    [opened] = archive.open_items([item], receipt=receipt)
    return opened


def open_for_files(items: Sequence[int], matter: UUID, by: Person, *, at: int) -> UUID:
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
    trusted: Policy | None,
    cover: Callable[[], object],
) -> Taken:
    """Write a folder with a stretch of a file and its proof; `start` and `stop` in seconds of sound, or in bytes.

    Under `trusted` it is judged which checkpoint proves it, and whether that one counts. Errors: as `take`,
    BadExcerpt, MediaNotCovered.
    """
    excerpts.check_place(out)
    ref, opened, opening, entry = opened_stretch(
        item, n, start, stop, purpose=purpose, matter=matter, by=by, at=at
    )
    shown = excerpts.write_excerpt(opened, ref, out, start=start, stop=stop, trusted=trusted, cover=cover)
    return Taken(ref, opening, entry, None, shown.blocks, shown.standing)


def there(item: int, n: int) -> MediaRef:
    """The file; FileDestroyed says when and by which certificate it went, MediaUnknown that there never was one."""
    gone = archived.destroyed_by(item)
    if gone is not None and any(ref.n == n for ref in queries.of_items([item]).get(item, ())):
        raise FileDestroyed(item, n, *gone)
    return queries.media(item, n)


def opened_stretch(
    item: int, n: int, start: int, stop: int, *, purpose: str, matter: str, by: Person, at: int
) -> tuple[MediaRef, OpenedItem, UUID, int]:
    """As `opened_file`; nothing is opened for what is no stretch of the file (BadExcerpt)."""
    check_may(by, Permission.READ, at=at)
    excerpts.blocks_between(there(item, n), start, stop)
    return opened_file(item, n, purpose, matter, by=by, at=at)


def opened_file(
    item: int, n: int, purpose: str, matter: str, *, by: Person, at: int
) -> tuple[MediaRef, OpenedItem, UUID, int]:
    check_may(by, Permission.READ, at=at)
    ref = there(item, n)
    page, items = open_for_package(items=[item], purpose=purpose, matter=matter, by=by, at=at)
    if not items:
        why = next(iter([*page.left_out, *page.not_shown]), "已销毁")
        raise NotOpened(f"条目 {item} 不能开启：{why}。", remedy="请核对目的与权限；开启记录已入账。")
    return ref, items[0], page.opening, page.entry
