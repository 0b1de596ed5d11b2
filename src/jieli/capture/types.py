"""What a connector hands to capture: one value for each line that it read.

Every value is frozen and knows its 1-based ``line``. ``raw`` is the exact bytes of the line without its
newline (LF or CR LF) and without a byte order mark at the head of the file: these bytes are what the archive
encrypts and commits to. Everything else here is derived from ``raw`` (and, for dialogues, the mapping).

Identifiers (``message_id``, ``sender``, ``receivers``, ``room``) are the platform's own, never longer than
``MAX_ID`` characters and free of control characters. ``sender`` is "" when the source names nobody: the gate
refuses such an item as 发言人不明. Times are claimed by the source, in milliseconds since 1970 UTC, between 0
and ``MAX_JSON_INTEGER``; whether one is plausible (时间异常) is for the gate to say.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

# How text and media are derived from raw. Raise it with every change of a connector's extraction that alters
# a result: a batch stores the version, and fsck derives again with that version.
# 2: a call record claims the recording that it names; nothing else differs from 1.
EXTRACTOR_VERSION = 2

MAX_ID = 256
MAX_JSON_INTEGER = 2**53 - 1  # the canonical form knows no larger integer

CHAT, CALL = "chat", "call"


@dataclass(frozen=True, slots=True)
class MediaClaim:
    """A file that the platform says belongs to a message; nothing of it has been fetched (未取回).

    ``locator`` is what the platform wants for a download (WeCom: sdkfileid), ``digest`` lower-case hex or ""
    when the platform gave none that can be read, ``size`` bytes or None.
    """

    kind: str
    name: str
    locator: str
    algorithm: str
    digest: str
    size: int | None

    def as_json(self) -> dict[str, str | int]:
        """The claim in the canonical form's terms: strings and integers, what is unknown is absent."""
        claim: dict[str, str | int] = {"kind": self.kind, "locator": self.locator}
        if self.name:
            claim["name"] = self.name
        if self.digest:
            claim["algorithm"] = self.algorithm
            claim["digest"] = self.digest
        if self.size is not None:
            claim["size"] = self.size
        return claim


class Incoming(NamedTuple):
    """One message or call record, not yet judged by the gate. A tuple, because a million of them are made.

    ``action`` is the source's own word (send, recall, …), ``channel`` is ``CHAT`` or ``CALL``, ``room`` ""
    when one to one, ``text`` the words a person saw (may be ""), ``recalls`` the id of the message taken back
    or "".
    """

    source: str
    message_id: str
    raw: bytes
    action: str
    channel: str
    sender: str
    receivers: tuple[str, ...]
    room: str
    event_ms: int
    msgtype: str
    text: str
    media: tuple[MediaClaim, ...]
    recalls: str
    line: int


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """The platform itself says that a customer agreed, or not, to be archived.

    ``staff`` are the accounts towards which it was said; empty only for a refusal that names nobody, which
    then holds towards all. ``at_ms`` is the platform's time of the decision.
    """

    source: str
    message_id: str
    raw: bytes
    customer: str
    staff: tuple[str, ...]
    room: str
    agreed: bool
    at_ms: int
    line: int


@dataclass(frozen=True, slots=True)
class SwitchLine:
    """A member switched companies on the platform: counted, no message."""

    message_id: str
    user: str
    at_ms: int
    line: int


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that could not be read. It holds no byte of the line.

    ``column`` is the 1-based character at which reading failed (1 when the line as a whole is meant; for a
    line that is not UTF-8, the byte), ``sentence`` says in Chinese what is wrong and what to do.
    """

    line: int
    column: int
    code: str
    sentence: str


Parsed: TypeAlias = Incoming | ConsentLine | SwitchLine | Malformed
ConversationKey: TypeAlias = tuple[str, str] | tuple[str, str, str]


def conversation_key(
    incoming: Incoming, company_account: str, *, internal: bool = False
) -> ConversationKey | None:
    """The identity of the conversation: it names the account, never its holder, so it survives a handover.

    A room: ``(source, room)``. One to one: ``(source, company_account, counterparty)``. ``internal`` says
    that the counterparty is an account of the company too: the two are then put in order, so that both
    directions give the same key. None when it cannot be told: the account took no part, or it is not one to
    one.
    """
    if incoming.room:
        return (incoming.source, incoming.room)
    people = {incoming.sender, *incoming.receivers} - {""}
    others = people - {company_account}
    if company_account not in people or len(others) > 1:
        return None
    counterparty = others.pop() if others else company_account
    if internal and counterparty < company_account:
        return (incoming.source, counterparty, company_account)
    return (incoming.source, company_account, counterparty)
