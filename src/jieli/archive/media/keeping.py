"""Keeping a file of an admitted item: measure it, hold it against the claim, store it, then write its row.

The file is read twice. First to know its digests, blocks and address; then to send it under that address. In between
nothing is on any disk. Crash before the store has it: nothing, or an unfinished upload. Crash before the row is
committed: an object that no row names. Both are swept (`removing`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import md5, sha256
from os import urandom
from pathlib import Path
from typing import Any, BinaryIO

from django.db import DatabaseError, IntegrityError

from jieli.archive import locks
from jieli.archive.errors import ItemDestroyed
from jieli.archive.media import ports
from jieli.archive.media.blocks import Form, form_of, split
from jieli.archive.media.errors import (
    MediaChanged,
    MediaDiffers,
    MediaEmpty,
    MediaKept,
    MediaNotClaimed,
    MediaUnreadable,
)
from jieli.archive.media.queries import media, of_items
from jieli.archive.media.sealing import SEED_BYTES, Keys, Place, encrypted, keys_of
from jieli.archive.media.types import Agreement, Measured, MediaRef, Unit
from jieli.archive.models import Media
from jieli.archive.types import OpenedItem
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from seal.media import block_leaf
from seal.tree import Frontier

_NO_ITEM = "JL004"  # what the trigger raises for an item that is gone or going


def keep(*, opened: OpenedItem, n: int, path: Path, by: str, at: int, differing: bool = False) -> MediaRef:
    """Keep the file at `path` as file n of an item that was opened for it. Memory: a block, whatever the size.

    Errors: MediaNotClaimed, MediaKept, MediaUnreadable, MediaEmpty, MediaDiffers (unless `differing`: then it is kept
    and marked 不符), MediaChanged, ItemDestroyed, those of the store.
    """
    item = opened.item.item_id
    claim = claim_of(opened, n)
    if any(kept.n == n for kept in of_items([item]).get(item, ())):
        raise MediaKept(item, n)
    place, seed = Place(ledger.origin(), item, n), urandom(SEED_BYTES)
    keys = keys_of(opened.secret, n, seed)
    with _opened(path) as file:
        form = form_of(file)
        found = measured(file, form, place, keys, seed)
        agreement = agrees(claim, found)
        if agreement is Agreement.DIFFERS and not differing:
            raise MediaDiffers(
                "文件与平台声称的摘要或大小不符。",
                remedy="请核对文件；确要留存，请加 --differing，账本将记为“不符”。",
            )
        with locks.storing(found.address):
            _store(file, form, place, keys, seed, found, at=at)
            row = _row(item, n, form, found, agreement, name=path.name, by=by, at=at)
            _write(row, by=by, at=at)
    return media(item, n)


def claim_of(opened: OpenedItem, n: int) -> Mapping[str, Any]:
    """The platform's claim number n; an item without claims (a call) has room for one file. MediaNotClaimed."""
    if n == 0 and not opened.media:
        return {}
    if not 0 <= n < len(opened.media):
        raise MediaNotClaimed(
            f"条目 {opened.item.item_id} 没有第 {n} 个附件的登记。", remedy="附件从 0 起编号；请核对编号。"
        )
    return opened.media[n]


def agrees(claim: Mapping[str, Any], found: Measured) -> Agreement:
    """Whether a file is the one that was claimed: a digest decides, a size can only speak against it."""
    size, digest = claim.get("size"), claim.get("digest")
    if digest and claim.get("algorithm") == "md5":
        same = digest == found.md5.hex() and size in (None, found.size)
        return Agreement.SAME if same else Agreement.DIFFERS
    if size is not None and size != found.size:
        return Agreement.DIFFERS
    return Agreement.NOT_GIVEN if size is None else Agreement.SAME


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError:
        raise MediaUnreadable("文件不存在，或者不能读取。", remedy="请核对文件的位置。") from None
    with file:
        yield file


def measured(file: BinaryIO, form: Form, place: Place, keys: Keys, seed: bytes) -> Measured:
    """Everything about a file, read once; MediaEmpty for one without a byte."""
    plain, claimed, cipher = sha256(), md5(usedforsecurity=False), sha256()
    leaves = Frontier()
    size = stored = 0

    def looked_at() -> Iterator[bytes]:
        nonlocal size
        for number, block in enumerate(split(file, form)):
            plain.update(block)
            claimed.update(block)
            leaves.append(block_leaf(keys.salt(number), block))
            size += len(block)
            yield block

    for chunk in encrypted(place, keys, seed, looked_at()):
        cipher.update(chunk)
        stored += len(chunk)
    if not size:
        raise MediaEmpty("文件是空的。", remedy="请核对文件是否下载完整。")
    return Measured(
        size, leaves.size, _seconds(form, size, leaves.size), leaves.root(), plain.digest(), claimed.digest(),
        cipher.digest(), stored,
    )  # fmt: skip


def _seconds(form: Form, size: int, blocks: int) -> int:
    if form.unit is not Unit.SECONDS:
        return 0
    if not form.second:
        return blocks - 1
    return -(-min(form.sound, size - form.head) // form.second)


def _store(
    file: BinaryIO, form: Form, place: Place, keys: Keys, seed: bytes, found: Measured, *, at: int
) -> None:
    reach("upload.before_store")
    ports.store().put(found.address, _same(encrypted(place, keys, seed, split(file, form)), found), at=at)
    reach("upload.after_store")


def _same(chunks: Iterator[bytes], found: Measured) -> Iterator[bytes]:
    """The same bytes as were measured, or MediaChanged at their end: then the store keeps nothing."""
    digest = sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.digest() != found.address:
        raise MediaChanged("文件在读取时被改动。", remedy="请等文件写完后再存入。")


def _row(
    item: int, n: int, form: Form, found: Measured, agreement: Agreement, *, name: str, by: str, at: int
) -> Media:
    return Media(
        id=new_id(at), item=item, n=n, format=form.format, unit=form.unit.value, size=found.size,
        blocks=found.blocks, seconds=found.seconds, stored=found.stored, address=found.address,
        agreement=agreement.value, by=by, at=at, name=_spoken(name), root=found.root, sha256=found.sha256,
    )  # fmt: skip


def _spoken(name: str) -> str:
    """The name as text that canonical JSON can hold: a file system may give bytes that are none."""
    return name.encode("utf-8", "replace").decode()


def _write(row: Media, *, by: str, at: int) -> None:
    facts = {"item": row.item, "n": row.n, "agreement": row.agreement, "unit": row.unit}
    try:
        with book(at=at) as b:
            b.entry("archive.media", by=by, facts=facts).insert(row)
            reach("upload.before_commit")
    except IntegrityError:
        # Somebody else kept a file here meanwhile; ours is an orphan, for the seed makes it another object.
        raise MediaKept(row.item, row.n) from None
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) != _NO_ITEM:
            raise
        raise ItemDestroyed([row.item]) from None
