"""Where media lie, filled by wiring: a directory or a bucket. Objects are named by the SHA-256 of their bytes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from jieli.archive.media.errors import MediaStoreMissing
from jieli.archive.media.types import StoredObject


class MediaStore(Protocol):
    """A place for ciphertext. Every call may raise MediaStoreAway; none is made inside a transaction."""

    def put(self, address: bytes, chunks: Iterable[bytes], *, at: int) -> None:
        """Store an object; durable when this returns. Crash in between: nothing stands at the address.

        If `chunks` raises, nothing stands there either, and the error goes on.
        """

    def read(self, address: bytes, start: int = 0) -> Iterator[bytes]:
        """The object's bytes from `start` on, some at a time; MediaObjectMissing."""

    def objects(self) -> Iterator[StoredObject]:
        """Every finished object, in the order of addresses."""

    def remove(self, address: bytes, *, at: int) -> int | None:
        """Remove an object; None when it is gone, or the ms until which a lock keeps it. Idempotent."""

    def end_unfinished(self, *, before: int) -> int:
        """Remove what uploads left that stopped before `before`; how many."""

    def place(self) -> str:
        """Where it is, in words for people; no secret in it."""

    def lock(self) -> str:
        """How the store itself protects objects from removal; empty where it does not."""


@dataclass
class _Port:
    store: MediaStore | None = None


_port = _Port()


def use(store: MediaStore | None) -> None:
    """Fill the port."""
    _port.store = store


def store() -> MediaStore:
    """The store of this process; MediaStoreMissing."""
    if _port.store is None:
        raise MediaStoreMissing(
            "本进程没有配置媒体存储。", remedy="请设置 JIELI_MEDIA；见 docs/how-to/media.md。"
        )
    return _port.store


def configured() -> bool:
    """Whether this process has a store."""
    return _port.store is not None
