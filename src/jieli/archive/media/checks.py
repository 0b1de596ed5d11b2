"""What the archive checks about media. No content is opened: an object's address is the digest of its bytes."""

from collections.abc import Iterator
from hashlib import sha256

from django.db import connections

from jieli.archive.media import ports
from jieli.archive.media.errors import MediaObjectMissing, MediaStoreMissing
from jieli.archive.media.types import RemovalState
from jieli.archive.models import Media, MediaRemoval
from jieli.ledger.fsck import Check, Finding

_TABLE = "archive_media"
_CHUNK = 2_000


def checks() -> list[Check]:
    """The checks of media: rows with items, objects with rows."""
    return [
        Check("archive.media", "附件的登记", check_rows),
        Check("archive.media_objects", "附件的存储对象", check_objects),
    ]


def check_rows() -> Iterator[Finding]:
    """A file belongs to an item, and is emptied exactly when its item is."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT m.id, m.item, i.item_id IS NOT NULL, i.shredded_in FROM archive_media m"
            " LEFT JOIN archive_item i ON i.item_id = m.item"
            " WHERE i.item_id IS NULL OR (i.shredded_in IS NULL) <> (m.shredded_in IS NULL) ORDER BY 1"
        )
        for key, item, exists, emptied in cursor.fetchall():
            what = "没有随条目清空" if emptied is not None else "已被清空，但条目仍在"
            what = what if exists else "没有所属条目"
            yield Finding("archive.media_item", _TABLE, str(key), f"条目 {item} 的附件{what}。")


def check_objects() -> Iterator[Finding]:
    """Every living row has its object, whose bytes hash to their address; no removed object is still there."""
    gone = set(MediaRemoval.objects.filter(state=RemovalState.REMOVED.value).values_list("media", flat=True))
    rows = Media.objects.order_by("id").values_list("id", "item", "n", "address", "stored", "shredded_in")
    for key, item, n, address, stored, emptied in rows.iterator(_CHUNK):
        if emptied is None:
            yield from _object(str(key), f"条目 {item} 的第 {n} 个附件", bytes(address), stored)
        elif key in gone and _there(bytes(address)):
            sentence = f"条目 {item} 的第 {n} 个附件已登记删除，但对象仍在存储中。"
            yield Finding("archive.media_left", _TABLE, str(key), sentence)


def _object(key: str, what: str, address: bytes, stored: int) -> Iterator[Finding]:
    digest, size = sha256(), 0
    try:
        for chunk in ports.store().read(address):
            digest.update(chunk)
            size += len(chunk)
    except MediaObjectMissing:
        yield Finding("archive.media_missing", _TABLE, key, f"{what}：存储中没有对象 {address.hex()[:16]}…。")
    except MediaStoreMissing:
        yield Finding("archive.media_no_store", _TABLE, key, f"{what}：没有配置媒体存储，无法核对。")
    else:
        if (digest.digest(), size) != (address, stored):
            yield Finding("archive.media_changed", _TABLE, key, f"{what}：存储的对象与封存时不符。")


def _there(address: bytes) -> bool:
    try:
        return next(iter(ports.store().read(address)), None) is not None
    except (MediaObjectMissing, MediaStoreMissing):
        return False
