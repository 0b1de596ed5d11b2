"""The gate: for each message a basis, or every reason against. Nothing is archived that did not pass here.

`Gate.read` (in `snapshot`) loads what is needed; `judge` is pure over it. A message's answer depends on its people,
its place and the stretch of time it lies in, so it is worked out once for each of these.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, Self

from jieli.consent import snapshot
from jieli.consent.answers import IMPLAUSIBLE, Answer, Answers, Asked, Pair
from jieli.consent.facts import Facts
from jieli.consent.reasons import Reason
from jieli.consent.side import Side, against
from jieli.consent.sides import Bench
from jieli.consent.timeline import EARLIEST, Track
from jieli.consent.types import CALL, MEANS_OF, GateMessage, Means, SubjectKind
from jieli.kernel.times import DAY
from jieli.ledger.queries import Head

#: A gate that has grown to so many people, or to so many that spoke with each other, is not taken on: its memory is
#: bounded, however long a file is.
MOST_PEOPLE = 20_000
MOST_ANSWERS = 50_000
#: The customers of a house with no more than so many are read at once, when an import turns out to be of several
#: batches: few new people cost as much to read as many.
SMALL_HOUSE = 5_000


class Gate:
    """Judges messages against one reading of the facts.

    `at` is the moment of the import. `historical`: a basis holds from its claimed time; what needed that is marked
    `documented_later`. A gate is good for the transaction in which it was read; for a later one ask
    `still_answers`, or let it be taken on by `carry_on`. While `era` is the same object, so are its `answers`.
    """

    def __init__(self, facts: Facts, *, at: int, historical: bool = False) -> None:
        self._at, self._historical = at, historical
        self._read_at: Head | None = None
        self._platform = ""
        self._people: frozenset[str] = frozenset()
        self._rooms: frozenset[str] = frozenset()
        self._read_all = False
        self._begin(facts)

    def _begin(self, facts: Facts) -> None:
        manners = (False, True) if self._historical else (False,)
        self._judges = [_Judge(Bench(facts, historical=claimed), late=claimed) for claimed in manners]
        self._take(facts)

    def _take(self, facts: Facts) -> None:
        """Answer by these facts, which the judges know already."""
        self._facts = facts
        self._low, self._high = max(facts.since, EARLIEST), min(facts.until, self._at + DAY)
        self._answers: dict[tuple[Any, ...], Answers] = {}
        self.era = object()

    @classmethod
    def read(
        cls,
        *,
        platform: str,
        people: Iterable[str],
        rooms: Iterable[str] = (),
        since: int,
        until: int,
        at: int,
        historical: bool = False,
    ) -> Self:
        """A gate over what the house knows of these people and rooms, committed before this transaction.

        Inside a book, after `locks.read_bases()`. `people` are all senders, receivers and accounts of the messages
        to be judged, `since` and `until` their first and last event time. A person not named is nobody to the gate.
        """
        named, places = frozenset(people), frozenset(rooms)
        facts, head = snapshot.read(platform=platform, people=named, rooms=places, since=since, until=until)
        gate = cls(facts, at=at, historical=historical)
        gate._read_at, gate._platform, gate._people, gate._rooms = head, platform, named, places
        return gate

    def still_answers(self, messages: Iterable[GateMessage] | Asked) -> bool:
        """Whether this gate may judge these messages too, in a later batch of the same import.

        True when it was read for all their people, rooms and times, and nothing it rests on was written since.
        Ask inside the later batch's book, after `locks.read_bases()`: the answer stays true until it ends.
        """
        asked = _asked(messages, self._at)
        if not (asked.people <= self._people and asked.rooms <= self._rooms and self.holds(asked)):
            return False
        return self._read_at is not None and snapshot.is_current(self._read_at)

    def carry_on(
        self, messages: Iterable[GateMessage] | Asked, *, beside: Collection[str], reach: int = 0
    ) -> bool:
        """Make this gate good for a later batch of the same import; False: read a new one, this one is over.

        Inside the later batch's book, after `locks.read_bases()`, so that what it answers stays true until the book
        closes. True only if since the gate was read the book has entries of the kinds `beside` alone, none of which
        wrote to a table of bases: any other kind may have changed something it rests on. People, rooms and times it
        was not read for are then read now, for what is true of the others has not changed. `reach` as in
        `for_messages`. Where `era` is another object then, `Answers` it gave before are good no longer.
        """
        asked = _asked(messages, self._at)
        people, rooms = asked.people - self._people, asked.rooms - self._rooms
        if self._read_at is None or len(self._people) + len(people) > MOST_PEOPLE:
            return False
        now = snapshot.current_head(self._read_at, beside=beside)
        if now is None:
            return False
        facts = self._facts
        if people and not self._read_all:
            self._read_all = True
            people |= snapshot.everybody(self._platform, at_most=SMALL_HOUSE) - self._people
        if people or rooms:
            facts = snapshot.more(facts, platform=self._platform, people=people, rooms=rooms)
        if not self.holds(asked):
            since, until = _span(asked, at=self._at, reach=reach)
            facts = snapshot.at_other_times(facts, since=since, until=until)
            for judge in self._judges:
                judge.move(facts)
            self._take(facts)
        elif len(self._answers) > MOST_ANSWERS:
            self._begin(facts)
        elif facts is not self._facts:
            self._facts = facts
            for judge in self._judges:
                judge.learn(facts)
        self._people, self._rooms = self._people | people, self._rooms | rooms
        self._read_at = now
        return True

    def holds(self, asked: Asked) -> bool:
        """Whether every time that is asked about and plausible at all was read."""
        return asked.since > asked.until or (self._low <= asked.since and asked.until <= self._high)

    @classmethod
    def for_messages(
        cls,
        messages: Iterable[GateMessage] | Asked,
        *,
        platform: str,
        at: int,
        historical: bool = False,
        reach: int = 0,
    ) -> Self:
        """`read` for exactly these messages; `reach` for a gate that is to carry on.

        It then reads the span of their times once more before them and `reach` times after them.
        """
        asked = _asked(messages, at)
        since, until = _span(asked, at=at, reach=reach)
        return cls.read(
            platform=platform, people=asked.people, rooms=asked.rooms, since=since, until=until, at=at,
            historical=historical,
        )  # fmt: skip

    def answers(
        self, sender: str, receivers: tuple[str, ...], room: str, account: str | None, channel: str
    ) -> Answers:
        """What this gate says of messages of these people and this place, at every time; the words of GateMessage.

        The same object each time it is asked, as long as `era` is the same.
        """
        key = (sender, receivers, room, account, channel)
        found = self._answers.get(key)
        if found is None:
            pairs = [judge.pair(*key) for judge in self._judges]
            found = Answers(pairs, low=self._low, high=self._high, latest=self._at + DAY)
            self._answers[key] = found
        return found

    def judge(self, message: GateMessage) -> Answer:
        """A basis, or all reasons against in their fixed order. Pure; a microsecond when asked about alike ones."""
        ms = message.event_ms
        if not EARLIEST <= ms <= self._at + DAY:
            return IMPLAUSIBLE
        m = message
        return self.answers(m.sender, m.receivers, m.room, m.account, m.channel).at(ms)


def _asked(messages: Iterable[GateMessage] | Asked, at: int) -> Asked:
    return messages if isinstance(messages, Asked) else Asked.by(messages, at=at)


def _span(asked: Asked, *, at: int, reach: int) -> tuple[int, int]:
    span = max(0, asked.until - asked.since) if reach else 0
    return max(EARLIEST, min(asked.since, asked.until) - span), min(at + DAY, asked.until + reach * span)


class _Judge:
    """One manner of judging, live or by claimed times."""

    def __init__(self, bench: Bench, *, late: bool) -> None:
        self._bench, self._late = bench, late
        self._members: dict[tuple[str, frozenset[str], bool, str, Means], Track[Side]] = {}

    def learn(self, facts: Facts) -> None:
        """Know more people and rooms; of those known already the facts say the same, so all that is kept stands."""
        self._bench.facts = facts

    def move(self, facts: Facts) -> None:
        """Know the same and more people at other times."""
        self._bench.move(facts)
        self._members.clear()

    def pair(
        self, sender: str, receivers: tuple[str, ...], room: str, account: str | None, channel: str
    ) -> Pair:
        """Both sides of what these people say to each other there."""
        m = GateMessage(channel, 0, account, room, sender, receivers)
        one, two = self._in_room(m) if room else self._one_to_one(m)
        return Pair(one, two, self._late)

    # -- one to one -------------------------------------------------------------------------------

    def _one_to_one(self, m: GateMessage) -> tuple[Track[Side], Track[Side]]:
        means = MEANS_OF[m.channel]
        account = m.account or self._account_among(m.sender, *m.receivers)
        others = {m.sender, *m.receivers} - {"", account}
        other = others.pop() if len(others) == 1 else None
        return self._bench.account(account, means, at_work=True), self._counterparty(m, account, other)

    def _account_among(self, *people: str) -> str:
        """The company's own account; failing that whoever is not known as a customer, to be named as unregistered."""
        named = [p for p in people if p]
        known = [p for p in named if p in self._bench.facts.accounts]
        strangers = [p for p in named if self._bench.knows(p) is None]
        return next(iter(known + strangers), "")

    def _customer_from(self, person: str | None) -> int | None:
        """From when somebody is known as a customer; an account of the company never is."""
        if person is None or person in self._bench.facts.accounts:
            return None
        return self._bench.knows(person)

    def _counterparty(self, m: GateMessage, account: str, other: str | None) -> Track[Side]:
        means, place = MEANS_OF[m.channel], f"account:{account}"
        known = self._customer_from(other)
        unknown = _STRANGER if self._is_stranger(m.sender, account) else _NO_CUSTOMER
        if known is None or other is None:
            return Track((), lambda ms: unknown)
        if m.sender == other:
            side = self._bench.customer(other, means, place)
        elif not m.sender or m.sender != account:  # nobody is named as the speaker
            side = Track((), lambda ms: against(Reason.SPEAKER_UNKNOWN))
        elif m.channel == CALL:  # a recording holds both voices
            side = _mapped(self._bench.customer(other, means, place), lambda s: s._replace(speaker=None))
        else:
            side = self._bench.listening(other, means, place)
        return Track([*side.starts, known], lambda ms: side.at(ms) if known <= ms else unknown)

    def _is_stranger(self, person: str, account: str) -> bool:
        return not person or (person != account and person not in self._bench.facts.accounts)

    # -- groups -----------------------------------------------------------------------------------

    def _in_room(self, m: GateMessage) -> tuple[Track[Side], Track[Side]]:
        means = MEANS_OF[m.channel]
        named = frozenset({m.sender, m.account or "", *m.receivers} - {""})
        key = (m.room, named, bool(m.receivers), m.sender, means)
        members = self._members.get(key)
        if members is None:
            members = self._members[key] = self._members_of(*key)
        return members, self._speaker(m.sender, m.room, means)

    def _speaker(self, sender: str, room: str, means: Means) -> Track[Side]:
        """The speaker's own: a customer's consent; for staff all but the shift, which a colleague may lend."""
        if sender in self._bench.facts.accounts:
            own = self._bench.account(sender, means, at_work=False)
            return _mapped(
                own, lambda s: s if s.holder is None else s._replace(speaker=(SubjectKind.STAFF, s.holder))
            )
        unknown, known = against(Reason.SPEAKER_UNKNOWN), self._bench.knows(sender)
        if known is None:
            return Track((), lambda ms: unknown)
        side = self._bench.customer(sender, means, f"room:{room}")
        return Track([*side.starts, known], lambda ms: side.at(ms) if known <= ms else unknown)

    def _members_of(
        self, room: str, named: frozenset[str], listed: bool, sender: str, means: Means
    ) -> Track[Side]:
        """The company's side of a group: a member account whose holder may record and is at work.

        Who is in the group is what the message's own list says; where it has none, what our register says.
        """
        bench, group = self._bench, self._bench.facts.groups.get(room)
        registered = () if group is None or listed else group.members
        spans = [
            (m.external_id, m.begins if bench.historical else max(m.begins, m.time), m.ends)
            for m in registered
        ]
        everybody = named | {who for who, _, _ in spans}
        handles = sorted(everybody & bench.facts.accounts.keys(), key=lambda h: (h != sender, h))
        tracks = {h: bench.account(h, means, at_work=True) for h in handles}
        customers = {p: since for p in everybody if (since := self._customer_from(p)) is not None}

        def at(ms: int) -> Side:
            there = named | {
                who for who, begins, ends in spans if begins <= ms and (ends is None or ms < ends)
            }
            sides = [tracks[h].at(ms) for h in handles if h in there]
            best = min(sides, key=lambda s: len(s.reasons), default=against(Reason.ACCOUNT_UNKNOWN))
            outside = any(p in there and since <= ms for p, since in customers.items())
            if not outside or (group is not None and group.internal):
                return Side(best.reasons | {Reason.NOT_A_CUSTOMER})
            return best

        changes = [c for t in tracks.values() for c in t.starts]
        changes += [edge for _, begins, ends in spans for edge in (begins, ends or 0)]
        return Track([*changes, *customers.values()], at)


_NO_CUSTOMER = against(Reason.NOT_A_CUSTOMER)
_STRANGER = against(Reason.NOT_A_CUSTOMER, Reason.SPEAKER_UNKNOWN)


def _mapped(track: Track[Side], change: Callable[[Side], Side]) -> Track[Side]:
    return Track(track.starts, lambda ms: change(track.at(ms)))
