"""The gate: for each message a basis, or every reason against. Nothing is archived that did not pass here.

`Gate.read` (in `snapshot`) loads what is needed; `judge` is pure over it. A message's answer depends on its people,
its place and the stretch of time it lies in, so it is worked out once for each of these.
"""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any, Self

from jieli.consent import snapshot
from jieli.consent.errors import NotRead
from jieli.consent.facts import Facts
from jieli.consent.reasons import Reason, ordered
from jieli.consent.sides import Bench, Side, against
from jieli.consent.timeline import EARLIEST, Track
from jieli.consent.types import CALL, MEANS_OF, Basis, GateMessage, Means, SubjectKind
from jieli.kernel.times import DAY
from jieli.ledger.queries import Head

#: A gate that has grown to so many people is not taken on: its memory is bounded, however long a file is.
MOST_PEOPLE = 50_000

Answer = Basis | tuple[Reason, ...]


def _join(one: Side, two: Side, late: bool) -> Answer:
    if one.reasons or two.reasons:
        return ordered(one.reasons | two.reasons)
    if one.holder is None or one.account is None:
        raise NotRead("门禁缺少账号一侧的事实。", remedy="请报告此错误。")
    kind, speaker = two.speaker or (SubjectKind.STAFF, one.holder)
    rows = tuple(dict.fromkeys((*one.rows, *two.rows)))
    return Basis(rows, late, speaker, kind, one.account, one.holder, one.scopes & two.scopes)


class _Pair:
    """Both sides of one kind of message, and the answers already given."""

    __slots__ = ("_answers", "_late", "_one", "_one_starts", "_two", "_two_starts")

    def __init__(self, one: Track[Side], two: Track[Side], late: bool) -> None:
        self._one, self._two, self._late = one, two, late
        self._one_starts, self._two_starts = one.starts, two.starts
        self._answers: dict[tuple[int, int], Answer] = {}

    def at(self, ms: int) -> Answer:
        key = (bisect_right(self._one_starts, ms), bisect_right(self._two_starts, ms))
        answer = self._answers.get(key)
        if answer is None:
            one, two = self._one.in_stretch(key[0] - 1), self._two.in_stretch(key[1] - 1)
            answer = self._answers[key] = _join(one, two, self._late)
        return answer


class Gate:
    """Judges messages against one reading of the facts.

    `at` is the moment of the import. `historical`: a basis holds from its claimed time; what needed that is marked
    `documented_later`. A gate is good for the transaction in which it was read; for a later one ask
    `still_answers`, or let it be taken on by `carry_on`.
    """

    def __init__(self, facts: Facts, *, at: int, historical: bool = False) -> None:
        self._at, self._facts = at, facts
        self._low, self._high = max(facts.since, EARLIEST), min(facts.until, at + DAY)
        self._live = _Judge(Bench(facts, historical=False), late=False)
        self._claimed = _Judge(Bench(facts, historical=True), late=True) if historical else None
        self._read_at: Head | None = None
        self._platform = ""
        self._people: frozenset[str] = frozenset()
        self._rooms: frozenset[str] = frozenset()

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

    def still_answers(self, messages: Iterable[GateMessage]) -> bool:
        """Whether this gate may judge these messages too, in a later batch of the same import.

        True when it was read for all their people, rooms and times, and nothing it rests on was written since.
        Ask inside the later batch's book, after `locks.read_bases()`: the answer stays true until it ends.
        """
        asked = _Asked(messages, at=self._at)
        if not (asked.people <= self._people and asked.rooms <= self._rooms and self._holds(asked)):
            return False
        return self._read_at is not None and snapshot.is_current(self._read_at)

    def carry_on(self, messages: Iterable[GateMessage], *, beside: Collection[str]) -> bool:
        """Make this gate good for a later batch of the same import; False: read a new one, this one is over.

        Inside the later batch's book, after `locks.read_bases()`, so that what it answers stays true until the book
        closes. True only if since the gate was read the book has entries of the kinds `beside` alone, none of which
        wrote to a table of bases: any other kind may have changed something it rests on. People and rooms it was
        not read for are then read now, for what is true of the others has not changed.
        """
        asked = _Asked(messages, at=self._at)
        people, rooms = asked.people - self._people, asked.rooms - self._rooms
        if self._read_at is None or not self._holds(asked) or len(self._people) + len(people) > MOST_PEOPLE:
            return False
        # The head first: an entry that is committed between the two questions is looked at again next time.
        now = snapshot.head()
        if not snapshot.is_current(self._read_at, beside=beside):
            return False
        if people or rooms:
            self._facts = snapshot.more(self._facts, platform=self._platform, people=people, rooms=rooms)
            for judge in (self._live, self._claimed):
                if judge is not None:
                    judge.learn(self._facts)
            self._people, self._rooms = self._people | people, self._rooms | rooms
        self._read_at = now
        return True

    def _holds(self, asked: "_Asked") -> bool:
        """Whether every time that is plausible at all was read."""
        return asked.since > asked.until or (self._low <= asked.since and asked.until <= self._high)

    @classmethod
    def for_messages(
        cls,
        messages: Iterable[GateMessage],
        *,
        platform: str,
        at: int,
        historical: bool = False,
        reach: int = 0,
    ) -> Self:
        """`read` for exactly these messages; `reach` for a gate that is to carry on.

        It then reads the span of their times once more before them and `reach` times after them.
        """
        asked = _Asked(messages, at=at)
        span = max(0, asked.until - asked.since) if reach else 0
        return cls.read(
            platform=platform, people=asked.people, rooms=asked.rooms,
            since=max(EARLIEST, min(asked.since, asked.until) - span),
            until=min(at + DAY, asked.until + reach * span), at=at, historical=historical,
        )  # fmt: skip

    def judge(self, message: GateMessage) -> Answer:
        """A basis, or all reasons against in their fixed order. Pure; a microsecond when asked about alike ones."""
        ms = message.event_ms
        if not self._low <= ms <= self._high:
            if EARLIEST <= ms <= self._at + DAY:
                raise NotRead("这条消息的时间不在门禁已读取的范围内。", remedy="请报告此错误。")
            return (Reason.TIME_IMPLAUSIBLE,)
        answer = self._live.judge(message, ms)
        if self._claimed is not None and type(answer) is tuple:
            return self._claimed.judge(message, ms)
        return answer


class _Asked:
    """Whom, where and when a batch speaks of; `since` is after `until` when none of its times is plausible."""

    __slots__ = ("people", "rooms", "since", "until")

    def __init__(self, messages: Iterable[GateMessage], *, at: int) -> None:
        self.people: set[str] = set()
        self.rooms: set[str] = set()
        self.since, self.until = at + DAY, EARLIEST
        shapes = set()
        for m in messages:
            shapes.add((m.sender, m.account, m.room, m.receivers))
            if EARLIEST <= (ms := m.event_ms) <= at + DAY:
                self.since, self.until = min(self.since, ms), max(self.until, ms)
        for sender, account, room, receivers in shapes:
            self.people.update((sender, account or ""), receivers)
            self.rooms.add(room)
        self.people.discard("")
        self.rooms.discard("")


class _Judge:
    """One manner of judging, live or by claimed times."""

    def __init__(self, bench: Bench, *, late: bool) -> None:
        self._bench, self._late = bench, late
        self._pairs: dict[tuple[Any, ...], _Pair] = {}
        self._members: dict[tuple[str, frozenset[str], bool, str, Means], Track[Side]] = {}

    def learn(self, facts: Facts) -> None:
        """Know more people and rooms; of those known already the facts say the same, so all that is kept stands."""
        self._bench.facts = facts

    def judge(self, m: GateMessage, ms: int) -> Answer:
        key = (m.sender, m.receivers, m.room, m.account, m.channel)
        pair = self._pairs.get(key)
        if pair is None:
            one, two = self._in_room(m) if m.room else self._one_to_one(m)
            pair = self._pairs[key] = _Pair(one, two, self._late)
        return pair.at(ms)

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
        unknown = against(
            Reason.NOT_A_CUSTOMER, *([Reason.SPEAKER_UNKNOWN] if self._is_stranger(m.sender, account) else [])
        )
        if known is None or other is None:
            return Track((), lambda ms: unknown)
        if m.sender == other:
            side = self._bench.customer(other, means, place)
        elif not m.sender or m.sender != account:  # nobody is named as the speaker
            side = Track((), lambda ms: against(Reason.SPEAKER_UNKNOWN))
        elif m.channel == CALL:  # a recording holds both voices
            side = _mapped(self._bench.customer(other, means, place), lambda s: replace(s, speaker=None))
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
                own, lambda s: s if s.holder is None else replace(s, speaker=(SubjectKind.STAFF, s.holder))
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


def _mapped(track: Track[Side], change: Callable[[Side], Side]) -> Track[Side]:
    return Track(track.starts, lambda ms: change(track.at(ms)))
