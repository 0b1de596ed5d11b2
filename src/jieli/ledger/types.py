"""Values that the ledger hands to other rooms."""

from dataclasses import dataclass
from typing import Any

#: A tile holds so many hashes of so many bytes; what the entries of this version spell as their `v`.
TILE, HASH, ENTRY_VERSION = 256, 32, 1
#: Logs are numbered in two bytes; an address or a forged place may name one beyond.
LAST_LOG = 32_767
#: The kind of the hourly entry that makes silence visible.
HEARTBEAT = "ledger.heartbeat"


@dataclass(frozen=True, slots=True)
class Recorded:
    """Where and when the book learnt of something: the order that decides. `entry` is a place over all logs."""

    entry: int
    n: int
    time: int


@dataclass(frozen=True, slots=True)
class Version:
    """A row as one entry wrote it; `values` is None once shredded."""

    entry: int
    n: int
    time: int
    values: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class EntryRef:
    """An entry as it stands, with the bytes that are its leaf's data; `index` is its place over all logs."""

    index: int
    kind: str
    time: int
    count: int
    commitment: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class OpenedPart:
    """A part that can be shown: its salt and body, and the path from its leaf to the entry's commitment."""

    entry: int
    n: int
    salt: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class CheckpointRef:
    """A signed head with what others said of it."""

    size: int
    root: bytes
    note: str
    signed_at: int
    cosignatures: tuple[tuple[str, str], ...]  # witness name, signature line
    timestamps: tuple[tuple[str, bytes], ...]  # authority name, RFC 3161 response
    log: int | None = None  # None where the one who signed it just now speaks of the live log

    @property
    def cosigned_note(self) -> str:
        """The note with the log's lines first, then the witnesses'."""
        return self.note + "".join(line for _, line in self.cosignatures)


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch in which the log lived and no heartbeat was written: times in ms, and what else was written."""

    begin: int
    end: int
    after: int  # the entry at its beginning
    entries: int  # entries of other kinds within


@dataclass(frozen=True, slots=True)
class Pulse:
    """Whether the house was awake: the last heartbeat, if there ever was one, and the stretches without."""

    last: int | None
    silences: tuple[Silence, ...]
