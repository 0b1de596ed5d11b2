"""What a gate has said, kept so that a further message of the same people costs two comparisons.

A message's answer depends on its people, its place, its channel and the stretch of time in which it lies. `Answers`
stands for the first three and remembers the last stretch; messages of a dialogue lie in the same one.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from typing import Self

from jieli.consent.errors import NotRead
from jieli.consent.reasons import Reason, ordered
from jieli.consent.sides import Side
from jieli.consent.timeline import EARLIEST, Track
from jieli.consent.types import Basis, GateMessage, SubjectKind
from jieli.kernel.times import DAY

Answer = Basis | tuple[Reason, ...]

#: After the last change nothing ends an answer.
_FOREVER = 1 << 62
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

    __slots__ = ("_late", "_one", "_one_starts", "_told", "_two", "_two_starts")

    def __init__(self, one: Track[Side], two: Track[Side], late: bool) -> None:
        self._one, self._two, self._late = one, two, late
        self._one_starts, self._two_starts = one.starts, two.starts
        self._told: dict[tuple[int, int], Answer] = {}

    def at(self, ms: int) -> tuple[Answer, int, int]:
        """The answer at an instant, and the stretch for which it stands: from, until just before."""
        ones, twos = self._one_starts, self._two_starts
        i, j = bisect_right(ones, ms), bisect_right(twos, ms)
        answer = self._told.get((i, j))
        if answer is None:
            if len(self._told) >= _MOST_STRETCHES:
                self._told.clear()
            one, two = self._one.in_stretch(i - 1), self._two.in_stretch(j - 1)
            answer = self._told[i, j] = _join(one, two, self._late)
        ends = (ones[i] if i < len(ones) else _FOREVER, twos[j] if j < len(twos) else _FOREVER)
        return answer, max(ones[i - 1], twos[j - 1]), min(ends)


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
            since, until = max(since, begins), min(until, ends)
            if type(answer) is not tuple:
                break
        self.answer, self.since, self.until = answer, since, until
        return answer


IMPLAUSIBLE: tuple[Reason, ...] = (Reason.TIME_IMPLAUSIBLE,)


def _join(one: Side, two: Side, late: bool) -> Answer:
    if one.reasons or two.reasons:
        return ordered(one.reasons | two.reasons)
    if one.holder is None or one.account is None:
        raise NotRead("门禁缺少账号一侧的事实。", remedy="请报告此错误。")
    kind, speaker = two.speaker or (SubjectKind.STAFF, one.holder)
    rows = one.rows + two.rows
    if not (one.cited and one.cited.isdisjoint(two.rows)):
        rows = tuple(dict.fromkeys(rows))
    return Basis(rows, late, speaker, kind, one.account, one.holder, one.scopes & two.scopes)
