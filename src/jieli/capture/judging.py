"""From parsed messages to verdicts: account and conversation, kept before, a basis or all reasons against.

A message of people who spoke before costs a look-up of their place and two comparisons of its time; so what is
shared (places, conversations, grounds, reasons) is one object each, and those behind know it by its identity.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from jieli.archive import ports
from jieli.archive.queries import known
from jieli.archive.types import ConversationKey, NewItem
from jieli.capture.gates import RunGate
from jieli.capture.policy import NO_COUNTERPARTY
from jieli.capture.types import Incoming
from jieli.consent.answers import Answer, Answers, Asked
from jieli.consent.gate import Gate
from jieli.consent.types import Basis

Accounts = Mapping[str, UUID]  # handle → asset, of one platform
#: A run forgets its places when there are so many: memory does not grow with the file.
MOST_PLACES = 20_000

_EVENT = itemgetter(Incoming._fields.index("event_ms"))
_Shape = tuple[str, str, tuple[str, ...], str, str]  # source, sender, receivers, room, channel
_Ground = tuple[object, ...]  # the last fields of NewItem, from `speaker_kind` on; nothing is taken back


class Refused(NamedTuple):
    """A message that may not be kept. `account` is the registered one on whose tally it counts, if any."""

    digest: bytes
    account: UUID | None
    event_ms: int
    reasons: tuple[str, ...]


@dataclass(slots=True)
class Judged:
    """What is to become of the messages of a batch; each is in one of the three."""

    items: list[NewItem] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    duplicates: int = 0


#: Before a gate is asked nothing may be kept.
_UNASKED, _UNASKED_ERA = Answers((), low=1, high=0, latest=0), object()


class _Place:
    """Between whom and where messages are; what the gate said of them last, in the words of those behind."""

    __slots__ = (
        "account",
        "answer",
        "answers",
        "conversation",
        "era",
        "ground",
        "handle",
        "reasons",
        "shape",
    )

    def __init__(
        self, shape: _Shape, handle: str | None, account: UUID | None, conversation: ConversationKey | None
    ) -> None:
        self.shape, self.handle, self.account, self.conversation = shape, handle, account, conversation
        self.answers, self.era = _UNASKED, _UNASKED_ERA
        self.answer: Answer | None = None
        self.ground: _Ground | None = None
        self.reasons: tuple[str, ...] = ()

    def ask(self, gate: Gate) -> None:
        """Be good for a batch that this gate judges."""
        if self.era is gate.era:
            return
        self.era = gate.era
        _, sender, receivers, room, channel = self.shape
        self.answers = gate.answers(sender, receivers, room, None if room else self.handle, channel)

    def take(self, answer: Answer) -> None:
        """Spell an answer out: a ground, or all reasons against."""
        self.answer, self.ground = answer, None
        if not isinstance(answer, Basis):
            nobody = () if self.conversation is not None or self.account is None else (NO_COUNTERPARTY,)
            self.reasons = (*map(str, answer), *nobody)
        elif self.conversation is None:
            self.reasons = (NO_COUNTERPARTY,)
        else:
            self.ground = (
                answer.speaker_kind.value, answer.speaker, answer.account, answer.holder, answer.rows,
                answer.documented_later, answer.scopes, b"",
            )  # fmt: skip


class Judging:
    """Judges the batches of one run."""

    def __init__(self, *, accounts: Accounts, gates: RunGate) -> None:
        self._accounts, self._gates = accounts, gates
        self._places: dict[_Shape, _Place] = {}
        self._conversations: dict[ConversationKey, ConversationKey] = {}
        #: Whether every message is looked for among those that are kept. Until one turns up there (AlreadyKept) only
        #: the refused ones are: the deposit finds the others by its own constraint, at no cost.
        self.expects_duplicates = False

    def judge(self, messages: Sequence[Incoming]) -> Judged:
        """What is to become of each message, in their order. Inside a book that holds the gate's read lock.

        A message that is kept already is a duplicate however the gate would judge it now; so is one that is
        admitted twice in a batch. Unless duplicates are expected an admitted one may still be kept: `deposit` then
        raises AlreadyKept, and the batch is judged once more.
        """
        found = Judged()
        digests, places = _digests(messages), self._placed(messages)
        different = dict.fromkeys(places)
        kept = known(
            ((p.conversation, d) for p, d in zip(places, digests, strict=True) if p.conversation is not None),
            destroyed_only=not self.expects_duplicates,
            among=[p.conversation for p in different if p.conversation is not None],
        )
        if kept:
            fresh = [
                n
                for n, (p, digest) in enumerate(zip(places, digests, strict=True))
                if p.conversation is None or (p.conversation, digest) not in kept
            ]
            found.duplicates = len(messages) - len(fresh)
            messages = [messages[n] for n in fresh]
            digests, places = [digests[n] for n in fresh], [places[n] for n in fresh]
            different = dict.fromkeys(places)
        if messages:
            self._ask(messages, different)
            where = _sort(messages, digests, places, found)
            if found.refused and not self.expects_duplicates:
                _drop_kept(found, where)
        return found

    def _placed(self, messages: Sequence[Incoming]) -> list[_Place]:
        """The place of each message; equal conversations are one object."""
        if len(self._places) > MOST_PLACES:
            self._places.clear()
            self._conversations.clear()
        known_places, places = self._places, []
        for source, _, _, _, channel, sender, receivers, room, _, _, _, _, _, _ in messages:
            shape = (source, sender, receivers, room, channel)
            place = known_places.get(shape)
            if place is None:
                place = known_places[shape] = self._place(shape)
            places.append(place)
        return places

    def _place(self, shape: _Shape) -> _Place:
        source, sender, receivers, room, _ = shape
        handle = _account_of(sender, receivers, self._accounts)
        account = None if handle is None else self._accounts[handle]
        key = None
        if room:
            key = ConversationKey(source, room=room)
        elif handle is not None and (other := _counterparty(sender, receivers, handle)) is not None:
            key = ConversationKey(source, account=account, counterparty=other)
        if key is not None:
            key = self._conversations.setdefault(key, key)
        return _Place(shape, handle, account, key)

    def _ask(self, messages: Sequence[Incoming], different: Iterable[_Place]) -> None:
        """Make every place good for this batch; each is named once."""
        people: set[str] = set()
        for place in different:
            people.add(place.shape[1])
            people.update(place.shape[2])
            if place.handle is not None:
                people.add(place.handle)
        rooms = {place.shape[3] for place in different}
        gate = self._gates.for_batch(Asked(people, rooms, list(map(_EVENT, messages)), at=self._gates.at))
        for place in different:
            place.ask(gate)


def _digests(messages: Iterable[Incoming]) -> list[bytes]:
    return ports.keyring().message_keys((m.source, m.message_id) for m in messages)


def _sort(
    messages: Iterable[Incoming], digests: Sequence[bytes], places: Iterable[_Place], found: Judged
) -> list[ConversationKey | None]:
    """Put each message where it belongs; the gate is asked only where a place's last answer does not hold.

    Returns the conversations of the refused ones.
    """
    keep, refuse = found.items.append, found.refused.append
    where: list[ConversationKey | None] = []
    # A repetition has the digest of another one: where all differ, none has to be looked for.
    once: set[tuple[int, bytes]] | None = None if len(set(digests)) == len(digests) else set()
    for message, digest, place in zip(messages, digests, places, strict=True):
        source, _, raw, _, channel, sender, receivers, _, ms, msgtype, text, media, recalls, _ = message
        answers, conversation = place.answers, place.conversation
        answer = answers.answer if answers.since <= ms < answers.until else answers.at(ms)
        if answer is not place.answer:
            place.take(answer)
        ground = place.ground
        if ground is None or conversation is None:
            refuse(Refused(digest, place.account, ms, place.reasons))
            where.append(conversation)
            continue
        if once is not None:
            if (id(conversation), digest) in once:
                found.duplicates += 1
                continue
            once.add((id(conversation), digest))
        claims = tuple(claim.as_json() for claim in media) if media else ()
        if recalls:
            ground = (*ground[:-1], *ports.keyring().message_keys([(source, recalls)]))
        values = source, digest, conversation, ms, raw, text, sender, receivers, claims, channel, msgtype
        # What NewItem(…) does, without its call: a million are made.
        keep(tuple.__new__(NewItem, values + ground))
    return where


def _drop_kept(found: Judged, where: Sequence[ConversationKey | None]) -> None:
    """Count those of the refused as duplicates that are kept."""
    pairs = list(zip(where, found.refused, strict=True))
    kept = known([(key, refused.digest) for key, refused in pairs if key is not None])
    if kept:
        fresh = [refused for key, refused in pairs if key is None or (key, refused.digest) not in kept]
        found.duplicates += len(found.refused) - len(fresh)
        found.refused = fresh


def account_of(message: Incoming, accounts: Accounts) -> str | None:
    """The handle of the company account from whose side a message comes: its sender's, else a receiver's, if any."""
    return _account_of(message.sender, message.receivers, accounts)


def _account_of(sender: str, receivers: Sequence[str], accounts: Accounts) -> str | None:
    if sender in accounts:
        return sender
    return next((receiver for receiver in receivers if receiver in accounts), None)


def _counterparty(sender: str, receivers: Sequence[str], handle: str) -> str | None:
    """The one other side of a message that is not in a room; None when it is not one to one."""
    people = {sender, *receivers} - {"", handle}
    return people.pop() if len(people) == 1 else None
