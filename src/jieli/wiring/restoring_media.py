"""Media in a restore: the objects go back into the store, and those of items destroyed since go out of it again.

An object that is missing or damaged stops nothing: the messages are worth having without it. It is a finding of the
check that ends the restore, and of every one after it.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from jieli.archive.media import ports, queries, removing
from jieli.connectors.storage import name_of
from jieli.ledger.fsck import Finding
from jieli.wiring import backup_media
from jieli.wiring.backup import Manifest

#: What fsck says of objects alone; a restore goes on and tells it at its end.
OF_OBJECTS = frozenset({"archive.media_missing", "archive.media_changed", "archive.media_no_store"})
_CHUNK = 1024 * 1024


def put_back(manifest: Manifest, *, at: int) -> int:
    """Put every object of a backup that the store does not have yet into it; how many.

    Each is held against its digest before, and one that is another is left out. Crash (at the store's own `upload`
    places): run it again.
    """
    listed = list(backup_media.listed(manifest.directory, manifest.media))
    if not listed or manifest.media["where"] != backup_media.FILES:
        return 0
    store = ports.store()
    # A restore that goes on after a crash may have destroyed some of them already.
    there = {one.address for one in store.objects()} | queries.emptied(one.address for one in listed)
    done = 0
    for one in listed:
        path = manifest.directory / backup_media.FOLDER / name_of(one.address)
        if one.address in there or not path.is_file() or _digest(path) != one.address:
            continue
        store.put(one.address, _chunks(path), at=at)
        done += 1
    return done


def remove_destroyed(*, by: str, at: int) -> None:
    """Remove what the repeated destructions left: the key is gone already, and now the ciphertext goes."""
    removing.remove_now(by=by, at=at)


def of_rows(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that speak of more than a missing or damaged object."""
    return [one for one in findings if one.code not in OF_OBJECTS]


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _digest(path: Path) -> bytes:
    digest = sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.digest()
