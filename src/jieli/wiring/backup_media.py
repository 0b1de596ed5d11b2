"""Media in a backup: the objects that living rows name, as they lie in the store, and a list with their digests.

An object never changes and is named by its digest, so a directory's are linked, not copied, where the backup stands on
the same file system. A bucket keeps what it has: the list says what must be there, and whether it was; `fetch` brings
the objects along all the same.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jieli.archive.media import queries
from jieli.archive.media.errors import MediaObjectMissing
from jieli.archive.media.ports import MediaStore
from jieli.connectors.storage import name_of
from jieli.connectors.storage.directory import Directory
from jieli.wiring import dumping
from jieli.wiring.dumping import BackupDamaged

FOLDER, LIST = "media", "media.list"
FILES, BUCKET = "files", "bucket"


@dataclass(frozen=True, slots=True)
class Object:
    """An object as the list names it: the SHA-256 of its bytes, and how many there are."""

    address: bytes
    size: int


def named(main: Any) -> list[Object]:
    """The objects that living rows name, in the snapshot of this connection."""
    rows = main.execute(
        "SELECT address, stored FROM archive_media WHERE shredded_in IS NULL ORDER BY address"
    ).fetchall()
    return [Object(bytes(address), size) for address, size in rows]


def keep(objects: list[Object], part: Path, store: MediaStore, *, fetch: bool = False) -> dict[str, Any]:
    """Put the objects into a backup under way, and the list beside them; what its manifest says of them.

    What is not in the store is named as missing and stops nothing, unless its item was destroyed meanwhile: then it
    belongs to no list. Crash: the backup has no name yet.
    """
    whole = isinstance(store, Directory) or fetch
    there = {} if whole else {one.address: one.size for one in store.objects()}
    lost = set[bytes]()
    for one in objects:
        if whole:
            found = _brought(one, part / FOLDER / name_of(one.address), store)
        else:
            found = there.get(one.address) == one.size
        if not found:
            lost.add(one.address)
    gone = queries.emptied(lost)
    kept = [one for one in objects if one.address not in gone]
    path = part / LIST
    path.touch(mode=0o600)
    path.write_text("".join(f"{one.address.hex()} {one.size}\n" for one in kept), encoding="ascii")
    return {
        "where": FILES if whole else BUCKET, "place": store.place(), "objects": len(kept),
        "bytes": sum(one.size for one in kept), "list": dumping.digest(path),
        "missing": sorted(address.hex() for address in lost - gone),
    }  # fmt: skip


def _brought(one: Object, target: Path, store: MediaStore) -> bool:
    """Whether the object came along whole: by a link its length is looked at, over a wire its digest."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if isinstance(store, Directory) and store.link(one.address, target):
            return target.stat().st_size == one.size
        digest = sha256()
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
            for chunk in store.read(one.address):
                digest.update(chunk)
                file.write(chunk)
    except MediaObjectMissing:
        target.unlink(missing_ok=True)
        return False
    return digest.digest() == one.address


def listed(directory: Path, values: dict[str, Any]) -> Iterator[Object]:
    """What a backup's list names; nothing for one that was made before media were in it. BackupDamaged."""
    if not values:
        return
    path = directory / LIST
    if dumping.digest(path) != values["list"]:
        raise BackupDamaged(f"备份中的 {LIST} 与清单不符。", remedy="请换用另一份备份。")
    with path.open(encoding="ascii") as file:
        for line in file:
            address, _, size = line.rstrip("\n").partition(" ")
            yield Object(bytes.fromhex(address), int(size))
