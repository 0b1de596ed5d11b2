"""A keyring that another process keeps: what this process may have of it, and what it must ask for (ADR 18)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from jieli.archive.keys.ring import Keyring


class Keeper(Protocol):
    """The process that holds the root key, as others reach it. Each call is one question; KeeperAway if nobody answers.

    Errors of the archive come back as they were raised there.
    """

    def digest_key(self) -> bytes:
        """The key of the digests of message ids: a service key, handed out once a process."""

    def index_keys(self, months: Sequence[int]) -> dict[int, bytes]:
        """The index keys of event months, service keys too; new ones are made."""

    def wrap(self, *, batch: int, secrets: bytes, at: int) -> None:
        """Keep the fresh secrets of a batch: pages sealed and committed in the key store when this returns."""

    def unwrap(self, items: Sequence[int], *, receipt: UUID) -> dict[int, bytes]:
        """The secrets of items that a committed opening names; the keeper asks its own connection for it."""

    def erase(self, items: Sequence[int]) -> set[int]:
        """Rewrite pages without the secrets of tombstoned items; the epochs their old copies are under."""

    def shape(self, page: int) -> bytes:
        """One byte for each secret of a page, zero where it was destroyed: what fsck needs, and no more."""

    def add_epoch(self, epoch: int) -> str:
        """Make the key of the next wrap epoch; its fingerprint."""

    def move(self, old: int) -> int:
        """Encrypt some pages and index keys of an old epoch under the current one; how many, 0 at the end."""

    def destroy_epoch(self, epoch: int) -> None:
        """Destroy the key of an epoch that is retired, due and empty."""

    def renew(self) -> int:
        """Wrap the keyring's files by the newest version of the root; how many changed."""

    def status(self) -> Mapping[str, Any]:
        """Where the root lives and the fingerprints of the keys: `place`, `fingerprints`."""


class KeptKeyring(Keyring):
    """The keyring of a process without root key: service keys are fetched when first needed and held."""

    def __init__(self, keeper: Keeper) -> None:
        self.keeper = keeper
        self.index_keys: dict[int, bytes] = {}
        self._digest: bytes | None = None

    def __repr__(self) -> str:
        return "KeptKeyring()"

    @property
    def digest(self) -> bytes:
        if self._digest is None:
            self._digest = self.keeper.digest_key()
        return self._digest

    def fetch_index_keys(self, months: Iterable[int]) -> Mapping[int, bytes]:
        """The index keys of these months among all that are known here."""
        if wanted := sorted(set(months) - self.index_keys.keys()):
            self.index_keys.update(self.keeper.index_keys(wanted))
        return self.index_keys
