"""From a parsed message to a verdict: its account and conversation, kept before, a basis or all reasons against."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from jieli.archive import ports
from jieli.archive.queries import known
from jieli.archive.types import ConversationKey, NewItem
from jieli.capture.gates import RunGate
from jieli.capture.policy import NO_COUNTERPARTY
from jieli.capture.types import Incoming
from jieli.consent.types import Basis, GateMessage

Accounts = Mapping[str, UUID]  # handle → asset, of one platform
_Place = tuple[
    str | None, UUID | None, ConversationKey | None
]  # a message's account by both names, conversation


@dataclass(slots=True)
class Verdict:
    """What is to become of a message: exactly one of `basis`, `reasons`, `duplicate` says something.

    `account` is the company account on whose tally a refusal is counted, if one took part that is registered;
    `handle` is its name on the platform.
    """

    message: Incoming
    digest: bytes
    conversation: ConversationKey | None
    account: UUID | None
    handle: str | None
    basis: Basis | None = None
    reasons: tuple[str, ...] = ()
    duplicate: bool = False


def verdicts(messages: Sequence[Incoming], *, accounts: Accounts, gates: RunGate) -> list[Verdict]:
    """A verdict for each message, in their order. Inside a book that holds the gate's read lock.

    A message that is kept already is a duplicate however the gate would judge it now.
    """
    found = _placed(messages, accounts)
    kept = known([(v.conversation, v.digest) for v in found if v.conversation is not None])
    if kept:
        for v in found:
            v.duplicate = v.conversation is not None and (v.conversation, v.digest) in kept
    fresh = [v for v in found if not v.duplicate]
    if not fresh:
        return found
    asked = [_question(v) for v in fresh]
    gate = gates.for_batch(asked)
    # Equal conversations are one object here, and its identity costs a tenth of its hash.
    admitted: set[tuple[int, bytes]] = set()
    for v, question in zip(fresh, asked, strict=True):
        answer = gate.judge(question)
        nobody = () if v.conversation is not None or v.account is None else (NO_COUNTERPARTY,)
        if not isinstance(answer, Basis):
            v.reasons = (*map(str, answer), *nobody)
        elif v.conversation is None:
            v.reasons = (NO_COUNTERPARTY,)
        elif (one := (id(v.conversation), v.digest)) in admitted:
            v.duplicate = True
        else:
            admitted.add(one)
            v.basis = answer
    return found


def account_of(message: Incoming, accounts: Accounts) -> str | None:
    """The handle of the company account from whose side a message comes: its sender's, else a receiver's, if any."""
    if message.sender in accounts:
        return message.sender
    return next((receiver for receiver in message.receivers if receiver in accounts), None)


def counterparty(message: Incoming, handle: str) -> str | None:
    """The one other side of a message that is not in a room; None when it is not one to one."""
    people = {message.sender, *message.receivers} - {"", handle}
    return people.pop() if len(people) == 1 else None


def _placed(messages: Iterable[Incoming], accounts: Accounts) -> list[Verdict]:
    """Each message with its digest, its account and its conversation; equal conversations are one object."""
    listed = list(messages)
    digests = ports.keyring().message_keys((m.source, m.message_id) for m in listed)
    places: dict[tuple[str, str, tuple[str, ...], str], _Place] = {}
    same: dict[ConversationKey | None, ConversationKey | None] = {}
    found = []
    for m, digest in zip(listed, digests, strict=True):
        shape = (m.source, m.sender, m.receivers, m.room)
        place = places.get(shape)
        if place is None:
            handle, account, key = _place(m, accounts)
            place = places[shape] = (handle, account, same.setdefault(key, key))
        found.append(Verdict(m, digest, place[2], place[1], place[0]))
    return found


def _place(message: Incoming, accounts: Accounts) -> _Place:
    handle = account_of(message, accounts)
    account = None if handle is None else accounts[handle]
    if message.room:
        return handle, account, ConversationKey(message.source, room=message.room)
    if handle is None or account is None:
        return None, None, None
    other = counterparty(message, handle)
    if other is None:
        return handle, account, None
    return handle, account, ConversationKey(message.source, account=account, counterparty=other)


def _question(v: Verdict) -> GateMessage:
    m = v.message
    # By position: one is made for every message.
    return GateMessage(m.channel, m.event_ms, None if m.room else v.handle, m.room, m.sender, m.receivers)


def items(found: Iterable[Verdict]) -> Iterator[NewItem]:
    """The admitted messages as the archive takes them."""
    ring = ports.keyring()
    for v in found:
        m, basis = v.message, v.basis
        if basis is None or v.conversation is None:
            continue
        yield NewItem(
            source=m.source,
            message_key=v.digest,
            conversation=v.conversation,
            event_ms=m.event_ms,
            raw=m.raw,
            text=m.text,
            sender=m.sender,
            receivers=m.receivers,
            media=tuple(claim.as_json() for claim in m.media) if m.media else (),
            channel=m.channel,
            msgtype=m.msgtype,
            speaker_kind=basis.speaker_kind.value,
            speaker=basis.speaker,
            account=basis.account,
            holder=basis.holder,
            basis_rows=basis.rows,
            documented_later=basis.documented_later,
            scopes=basis.scopes,
            recalls=ring.message_keys([(m.source, m.recalls)])[0] if m.recalls else b"",
        )
