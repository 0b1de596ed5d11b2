"""What a gate has said, kept so that a further message of the same people costs two comparisons.

A message's answer depends on its people, its place, its channel and the stretch of time in which it lies. `Answers`
stands for the first three and remembers the last stretch; messages of a dialogue lie in the same one.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Self

from jieli.consent.errors import NotRead
from jieli.consent.facts import RowName
from jieli.consent.reasons import Reason, ordered
from jieli.consent.side import Side
from jieli.consent.timeline import EARLIEST, Track
from jieli.consent.types import Basis, GateMessage, SubjectKind
from jieli.kernel.times import DAY

Answer = Basis | tuple[Reason, ...]

#: So many stretches of a pair are remembered: a file that is not in order of time goes to and fro between a few.
_MOST_STRETCHES = 16


class Asked:
    """Whom, where and when messages speak of; `since` is after `until` when none of their times is plausible."""

    __slots__ = ("people", "rooms", "since", "until")

    def __init__(
        self, people: Iterable[str], rooms: Iterable[str], times: Collection[int], *, at: int
    ) -> None:
        self.people, self.rooms = set(people) - {""}, set(rooms) - {""}
        self.since, self.until = min(times, default=at + DAY), max(times, default=EARLIEST)
        if not EARLIEST <= self.since <= self.until <= at + DAY:
            plausible = [ms for ms in times if EARLIEST <= ms <= at + DAY]
            self.since, self.until = min(plausible, default=at + DAY), max(plausible, default=EARLIEST)

    @classmethod
    def by(cls, messages: Iterable[GateMessage], *, at: int) -> Self:
        """What these messages ask for."""
        listed = list(messages)
        people: set[str] = set()
        rooms = set()
        for sender, account, room, receivers in {(m.sender, m.account, m.room, m.receivers) for m in listed}:
            people.update((sender, account or ""), receivers)
            rooms.add(room)
        return cls(people, rooms, [m.event_ms for m in listed], at=at)


class Pair:
    """Both sides of one kind of message in one manner of judging, and the answers given last."""

    __slots__ = ("_apart", "_cited", "_late", "_one", "_told", "_two")

    def __init__(self, one: Track[Side], two: Track[Side], late: bool) -> None:
        self._one, self._two, self._late = one, two, late
        self._told: dict[int, Answer] = {}  # by the beginning of the stretch
        #: Rows of the one side and of the other that were found to have none in common.
        self._cited: frozenset[RowName] | None = None
        self._apart: tuple[RowName, ...] = ()

    def at(self, ms: int) -> tuple[Answer, int, int]:
        """The answer at an instant, and the stretch for which it stands: from, until just before."""
        one, two, told = self._one, self._two, self._told
        # Few people are spoken with, and often: their stretch is mostly the one that was asked for last.
        side = one.value if one.since <= ms < one.until else one.at(ms)
        other = two.value if two.since <= ms < two.until else two.at(ms)
        since = one.since if one.since > two.since else two.since
        answer = told.get(since)
        if answer is None:
            if len(told) >= _MOST_STRETCHES:
                told.clear()
            if side.cited is not self._cited or other.rows is not self._apart:
                apart = bool(side.cited) and side.cited.isdisjoint(other.rows)
                self._cited, self._apart = (side.cited, other.rows) if apart else (None, ())
            answer = told[since] = _join(side, other, self._late, apart=self._cited is not None)
        return answer, since, one.until if one.until < two.until else two.until


class Answers:
    """What a gate says of messages between the same people, in the same place, by the same channel.

    `answer` is what holds for every time from `since` until just before `until`; for any other ask `at`, which moves
    them. Good as long as the gate it came from.
    """

    __slots__ = ("_high", "_latest", "_low", "_pairs", "answer", "since", "until")

    def __init__(self, pairs: Sequence[Pair], *, low: int, high: int, latest: int) -> None:
        self._pairs, self._low, self._high, self._latest = pairs, low, high, latest
        self.answer: Answer = ()
        self.since = self.until = 0

    def at(self, ms: int) -> Answer:
        """A basis, or all reasons against in their order. NotRead for a time the gate has not read."""
        if self.since <= ms < self.until:
            return self.answer
        if not self._low <= ms <= self._high:
            if EARLIEST <= ms <= self._latest:
                raise NotRead("这条消息的时间不在门禁已读取的范围内。", remedy="请报告此错误。")
            return IMPLAUSIBLE
        since, until = self._low, self._high + 1
        # The claimed times are asked only where the live ones have no basis: then both stretches must hold.
        for pair in self._pairs:
            answer, begins, ends = pair.at(ms)
            if begins > since:
                since = begins
            if ends < until:
                until = ends
            if type(answer) is not tuple:
                break
        self.answer, self.since, self.until = answer, since, until
        return answer


IMPLAUSIBLE: tuple[Reason, ...] = (Reason.TIME_IMPLAUSIBLE,)


def _join(one: Side, two: Side, late: bool, *, apart: bool) -> Answer:
    """What both sides come to. `apart`: what the one cites beside its hours is not among the rows of the other."""
    if one.reasons or two.reasons:
        return ordered(one.reasons | two.reasons)
    if one.holder is None or one.account is None:
        raise NotRead("门禁缺少账号一侧的事实。", remedy="请报告此错误。")
    kind, speaker = two.speaker or (SubjectKind.STAFF, one.holder)
    rows = one.rows + two.rows
    if not apart or any(map(two.rows.__contains__, one.hours)):
        rows = tuple(dict.fromkeys(rows))
    return Basis(rows, late, speaker, kind, one.account, one.holder, one.scopes & two.scopes)
