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


class Refusal(StrEnum):
    """Why a file of an item did not come in. The last three are what a platform answers to whoever fetches there."""

    DIFFERS = "与平台所称不符"
    EMPTY = "没有内容"
    CHANGED = "读取时被改动"
    TOO_LARGE = "过大"
    NOT_FOUND = "平台没有"
    EXPIRED = "平台已过期"

    @property
    def code(self) -> str:
        """The stable code; of the first three that of the error which said so."""
        return f"media.{self.name.lower()}"


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """The last time a file of an item did not come in; `times`: how often that was so."""

    item: int
    n: int
    reason: Refusal
    by: str
    at: int
    times: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Files of a source's items in a stretch of time: kept, refused by reason, and items for which nothing came."""

    kept: int
    refused: dict[Refusal, int]
    waiting: int


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
