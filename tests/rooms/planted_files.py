"""A file kept with an item, and everything of it that may lie somewhere: for the tests that look by brute force."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from jieli.archive import opening
from jieli.archive.keys import HeldKeyring
from jieli.archive.keys.store import read_secrets
from jieli.archive.media import keeping
from jieli.archive.media.errors import MediaAltered
from jieli.archive.media.sealing import HEAD, Keys, Place, decrypted, keys_of, seed_of
from jieli.archive.models import Media
from jieli.connectors.storage.directory import Directory
from jieli.ledger import queries as ledger
from jieli.wiring import backup_media
from jieli.wiring.backup_media import Object
from tests.conftest import NOW
from tests.rooms.test_archive_samples import OPENING


@dataclass(frozen=True)
class PlantedFile:
    """A file of an item: its bytes, the object's bytes, where that lies, and the keys it is under."""

    place: Place
    address: bytes
    blocks: int
    plain: bytes
    sealed: bytes
    keys: Keys

    def needles(self) -> list[bytes]:
        """What is of this file alone: its bytes, the ciphertext of its first block, its keys."""
        found = [self.plain, self.sealed[HEAD : HEAD + 64], self.keys.content, self.keys.salts]
        return [spelled for piece in found for spelled in (piece, piece.hex().encode())]

    def opened_with(self, secrets: Iterable[bytes]) -> bool:
        """Whether the object's bytes open under any of these secrets."""
        for secret in secrets:
            with suppress(MediaAltered):
                pieces = decrypted(self.place, secret, [self.sealed], blocks=self.blocks)
                return b"".join(piece.data for piece in pieces) == self.plain
        return False


def plant(
    ring: HeldKeyring, store: Directory, item: int, data: bytes, *, name: str, folder: Path
) -> PlantedFile:
    """Keep a file with an item; where it was taken from it lies no more."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(data)
    [opened] = opening.open_items([item], receipt=OPENING)
    ref = keeping.keep(opened=opened, n=0, path=path, by="system:media", at=NOW)
    path.unlink()
    place, sealed = Place(ledger.origin(), item, 0), b"".join(store.read(ref.address))
    secret = read_secrets(ring, [item])[item] or b""
    keys = keys_of(secret, 0, seed_of(place, [sealed]))
    return PlantedFile(place, ref.address, ref.blocks, data, sealed, keys)


def back_up_media(store: Directory, to: Path) -> None:
    """The objects of living rows into a backup, as `jieli backup` brings them."""
    to.mkdir(exist_ok=True)
    rows = Media.objects.filter(shredded_in__isnull=True).values_list("address", "stored")
    backup_media.keep([Object(bytes(address), stored) for address, stored in rows], to, store)
