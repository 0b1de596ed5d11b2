"""Values of media. Sizes in bytes, times in ms UTC."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Unit(StrEnum):
    """What one block of a file is: 64 KiB, or a second of sound after a first block that is the file's head."""

    BYTES = "字节"
    SECONDS = "秒"


class Agreement(StrEnum):
    """Whether a file is the one that the platform claimed, as far as it gave a digest or a size."""

    SAME = "同"
    DIFFERS = "不符"
    NOT_GIVEN = "平台未给"


class RemovalState(StrEnum):
    """What became of the object of a destroyed item."""

    REMOVED = "已删除"
    LOCKED = "对象锁定"


@dataclass(frozen=True, slots=True)
class Measured:
    """All that is known of a file after it was read once."""

    size: int
    blocks: int
    seconds: int
    root: bytes
    sha256: bytes
    md5: bytes
    address: bytes
    stored: int

    def __repr__(self) -> str:
        return f"Measured({self.size} bytes)"  # digests of content never reach a log


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A kept file. `name`, `root` and `sha256` are None once its item was destroyed. `seconds`: whole ones of sound."""

    id: UUID
    item: int
    n: int
    format: str
    unit: Unit
    size: int
    blocks: int
    seconds: int
    stored: int
    address: bytes
    agreement: Agreement
    at: int
    name: str | None
    root: bytes | None
    sha256: bytes | None

    def __repr__(self) -> str:
        return f"MediaRef({self.item}.{self.n})"


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A finished object as a store lists it."""

    address: bytes
    size: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where media lie and how much. `lock`: the store's object lock in words, empty where it offers none."""

    place: str
    lock: str
    files: int
    size: int
    destroyed: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep of the store did: orphans removed, left because they are locked, unfinished uploads ended."""

    orphans: int
    locked: int
    unfinished: int


@dataclass(frozen=True, slots=True)
class Removed:
    """What a round over destroyed items did: objects removed, and those that an object lock keeps for now."""

    removed: int
    locked: int
