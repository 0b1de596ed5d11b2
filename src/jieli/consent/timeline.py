"""From when a statement holds, and what follows from all of them at an instant (ADR 11). Pure.

A grant holds from max(claimed, entry's time) when the company states it, from the platform's time when the platform
does; a historical import takes the claimed time. A refusal, withdrawal or objection holds from
min(claimed, entry's time). What a refusal ended comes back only by a grant that is both said later and written
later; between two statements of one platform its own times decide.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, Self, TypeVar

from jieli.consent.facts import Order, RowName, StepFact
from jieli.consent.types import Step
from jieli.kernel.times import SECOND

T = TypeVar("T")

#: 2011-01-01 in Shanghai: nothing that a work account carried is older, an earlier time is a mistake.
EARLIEST = 1_293_811_200 * SECOND
#: After the last change nothing ends a value.
FOREVER = 1 << 62
_NEVER: tuple[int, Order] = (-1, (-1, -1))


class Track(Generic[T]):
    """A value that changes only at known instants; each stretch is worked out once, when first asked for.

    `value` is what was asked for last and holds from `since` until just before `until`: whoever finds his instant
    there need not ask `at`. `starts` are the beginnings of all stretches.
    """

    __slots__ = ("_answers", "_work_out", "since", "starts", "until", "value")

    def __init__(self, changes: Iterable[int], work_out: Callable[[int], T]) -> None:
        self.starts = sorted({EARLIEST, *(c for c in changes if c > EARLIEST)})
        self._answers: list[T | None] = [None] * len(self.starts)
        self._work_out = work_out
        self.since = self.until = 0
        self.value: T

    @classmethod
    def known(cls, starts: list[int], values: Sequence[T]) -> Self:
        """The track whose values are worked out already; `starts` in order, EARLIEST first."""
        track = cls((), lambda ms: values[bisect_right(starts, ms) - 1])
        track.starts, track._answers = starts, list(values)
        return track

    def at(self, ms: int) -> T:
        """The value at an instant not before EARLIEST."""
        if self.since <= ms < self.until:
            return self.value
        starts = self.starts
        end = bisect_right(starts, ms)
        found = self._answers[end - 1]
        if found is None:
            found = self._answers[end - 1] = self._work_out(starts[end - 1])
        self.since, self.value = starts[end - 1], found
        self.until = starts[end] if end < len(starts) else FOREVER
        return found


class Consent(NamedTuple):
    """What somebody's statements come to at an instant, for one means and scope."""

    explicit: RowName | None = None  # an explicit grant that stands, the first recorded one
    by_platform: RowName | None = None  # the same, said by the platform itself
    guardian: RowName | None = None  # the same, said by the guardian of a minor
    default: RowName | None = None  # a Default_Agree that stands
    ended: Step | None = None  # the last refusal or withdrawal, if any
    objection: bool = False


NOTHING_SAID = Consent()


SILENCE: Track[Consent] = Track((), lambda ms: NOTHING_SAID)


def holds_from(claimed: int, time: int, *, historical: bool) -> int:
    """When what the company states begins to hold."""
    return claimed if historical else max(claimed, time)


class _Sweep:
    """Statements taken in the order in which they take effect."""

    def __init__(self) -> None:
        self.standing: list[StepFact] = []
        self.last_end, self.last_end_by_company = _NEVER, _NEVER[1]
        self.last_end_written = _NEVER[1]
        self.ended: Step | None = None
        self.objected = self.answered = _NEVER[1]

    def take(self, fact: StepFact) -> None:
        match fact.step:
            case Step.AGREE:
                if self._survives(fact):
                    self.standing.append(fact)
            case Step.OBJECT:
                self.objected = max(self.objected, fact.order)
            case Step.ANSWERED:
                self.answered = max(self.answered, fact.order)
            case Step.REFUSE | Step.WITHDRAW:
                self._end(fact)

    def _end(self, fact: StepFact) -> None:
        said = (min(fact.claimed, fact.time), fact.order)
        if said > self.last_end:
            self.last_end, self.ended = said, fact.step
        self.last_end_written = max(self.last_end_written, fact.order)
        if not fact.platform:
            self.last_end_by_company = max(self.last_end_by_company, fact.order)
        self.standing = [grant for grant in self.standing if self._survives(grant)]

    def _survives(self, grant: StepFact) -> bool:
        written = self.last_end_by_company if grant.platform else self.last_end_written
        return (grant.claimed, grant.order) > self.last_end and grant.order > written

    def consent(self) -> Consent:
        """What stands now; of several grants the one written first."""
        explicit = by_platform = guardian = default = None
        standing = self.standing
        if len(standing) > 1:
            standing = sorted(standing, key=lambda s: s.order, reverse=True)
        for s in standing:
            if not s.explicit:
                default = s.row
                continue
            explicit = s.row
            by_platform = s.row if s.platform else by_platform
            guardian = s.row if s.guardian else guardian
        return Consent(explicit, by_platform, guardian, default, self.ended, self.objected > self.answered)


def consent_over_time(
    steps: Sequence[StepFact], *, historical: bool, late_withdrawal: bool
) -> Track[Consent]:
    """What the statements come to, over time.

    `late_withdrawal`: a refusal ends what it ends for all time before it too, so that a message pulled after a
    withdrawal is refused however early it was written (a policy may ask for that).
    """

    def effect(s: StepFact) -> int:
        match s.step:
            case Step.AGREE:
                return s.claimed if s.platform else holds_from(s.claimed, s.time, historical=historical)
            case Step.ANSWERED:
                return holds_from(s.claimed, s.time, historical=historical)
            case Step.REFUSE | Step.WITHDRAW if late_withdrawal:
                return EARLIEST
        return max(EARLIEST, min(s.claimed, s.time))

    taken = [(max(EARLIEST, effect(s)), s.order, n) for n, s in enumerate(steps)]
    taken.sort()
    sweep, starts, answers = _Sweep(), [EARLIEST], [NOTHING_SAID]
    for when, _, n in taken:
        sweep.take(steps[n])
        if when != starts[-1]:
            starts.append(when)
            answers.append(NOTHING_SAID)
        answers[-1] = sweep.consent()
    return Track.known(starts, answers)
