"""Values that the archive takes and gives. Times are ms UTC; ids of items are batch · 65,536 + position."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

from jieli.ledger.operations import Staged

POSITIONS = 65_536
MAX_BATCH = 5_000
CHANNELS = ("chat", "call")


class HoldScope(Enum):
    """What a hold covers: one item, a conversation, a person, a channel.

    A person: what he said, what came through an account that he held then, and both halves of the one-to-one
    conversations in which he spoke. 时效 covers the same, is placed by a rule only, and gives way to the wish of a
    person concerned (ADR 20).
    """

    ITEM = "条目"
    CONVERSATION = "会话"
    PERSON = "人"
    CLASS = "类别"
    LIMITATION = "时效"


class ShredScope(Enum):
    """What a destruction names. 本人: items that a person wants gone; 类别: what a retention plan covers.

    人及登记: a person's items, and what he is in the registers (ADR 26).
    """

    ITEMS = "条目"
    CONVERSATION = "会话"
    PERSON = "人"
    OWN = "本人"
    CLASS = "类别"
    REGISTER = "人及登记"


class Step(Enum):
    """How far a destruction is. 已立意: nobody finds or opens it; 已清空: secrets and ciphertext are gone."""

    INTENDED = "已立意"
    EMPTIED = "已清空"


class EpochState(Enum):
    """使用中 encrypts; 更换中 is being left; 已退役 encrypts nothing; 已销毁: the key is gone."""

    CURRENT = "使用中"
    LEAVING = "更换中"
    RETIRED = "已退役"
    DESTROYED = "已销毁"


class ConversationKey(NamedTuple):
    """Identity of a conversation: `room`, or company `account` (asset id) and the counterparty's external id."""

    source: str
    room: str = ""
    account: UUID | None = None
    counterparty: str = ""


class NewItem(NamedTuple):
    """One message or call that the gate admitted.

    `message_key` and `recalls` (b"" when nothing is taken back) are keyed digests of the platform's message id
    (`keys.message_keys`). `raw` is the line as received, without its newline; everything else but the basis is
    derived from it. `media` are the platform's claims in canonical JSON's terms. A tuple and no dataclass,
    because a million of them are made.
    """

    source: str
    message_key: bytes
    conversation: ConversationKey
    event_ms: int
    raw: bytes
    text: str
    sender: str
    receivers: tuple[str, ...]
    media: tuple[Mapping[str, Any], ...]
    channel: str
    msgtype: str
    speaker_kind: str
    speaker: UUID
    account: UUID
    holder: UUID
    basis_rows: tuple[tuple[str, str], ...]
    documented_later: bool
    scopes: frozenset[Any]
    recalls: bytes = b""


class Extracted(NamedTuple):
    """What an extractor derives from a raw line: the fields that the item committed to beside it."""

    text: str
    sender: str
    receivers: tuple[str, ...]
    media: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class BatchRef:
    """A batch being deposited. Its entry's index is known once the outermost book has closed."""

    id: int
    count: int
    duplicates: int
    staged: Staged = field(repr=False)  # its parts hold values of rows

    @property
    def entry(self) -> int | None:
        return self.staged.index


class ItemRef(NamedTuple):
    """An item without its content; what an emptied item no longer says is None. A tuple: a package makes thousands."""

    item_id: int
    conversation: int
    source: str
    event_ms: int
    channel: str
    msgtype: str
    recalls: bytes | None
    speaker_kind: str | None
    speaker: UUID | None
    account: UUID | None
    holder: UUID | None
    basis_rows: tuple[tuple[str, str], ...]
    documented_later: bool
    scopes: frozenset[str]
    tombstoned: bool
    destroyed: bool

    @property
    def batch(self) -> int:
        return self.item_id // POSITIONS


@dataclass(frozen=True, slots=True)
class ConversationRef:
    """A conversation; `room`, `account` and `counterparty` are empty once it was destroyed."""

    id: int
    source: str
    room: str | None
    account: UUID | None
    counterparty: str | None
    destroyed: bool


@dataclass(frozen=True, slots=True)
class ItemProof:
    """Where an item's leaf stands: the path from it to the commitment of entry `entry`, and what it hashes."""

    item_id: int
    entry: int
    n: int
    count: int
    leaf: bytes
    fields_digest: bytes | None
    row: bytes | None  # canonical JSON of the sealed columns
    path: tuple[bytes, ...]


class OpenedItem(NamedTuple):
    """An item's content, checked against what was sealed. `secret` opens and proves each field (ADR 1).

    `row` is the canonical JSON of the sealed columns, as its leaf proves them; `expanded` what the secret of an item
    without media is expanded to, and `five` the bytes of its fields where it has exactly the usual five, as they were
    checked: whoever proves thousands makes neither twice.
    """

    item: ItemRef
    raw: bytes
    text: str
    sender: str
    receivers: tuple[str, ...]
    media: tuple[Mapping[str, Any], ...]
    secret: bytes
    row: bytes
    expanded: bytes = b""
    five: tuple[bytes, bytes, bytes, bytes, bytes] | None = None

    def __repr__(self) -> str:
        return f"OpenedItem({self.item.item_id})"  # content never reaches a log


@dataclass(frozen=True, slots=True)
class CandidatePage:
    """Items that may match, newest first; `following` goes on after them, None at the end."""

    items: tuple[ItemRef, ...]
    following: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class HoldRef:
    """A hold as it stands; `released_at` None while it stops every destruction."""

    id: UUID
    scope: HoldScope
    target: str
    ground: str
    matter: UUID | None
    by: str
    at: int
    released_at: int | None


@dataclass(frozen=True, slots=True)
class GroundsRef:
    """What a destruction was asked for: `target` is the conversation, the person or the class that its scope names."""

    scope: ShredScope
    target: str | None
    items: int
    reason: str


@dataclass(frozen=True, slots=True)
class CertificateRef:
    """A finished destruction. `epochs_gone_at` is known once every old wrap-epoch key has been destroyed."""

    id: UUID
    shred: UUID
    items: int
    live_gone_at: int
    backups_gone_by: int
    epochs: tuple[int, ...]
    epochs_gone_at: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """A destruction under way."""

    shred: UUID
    scope: ShredScope
    items: int
    at: int
    step: Step
