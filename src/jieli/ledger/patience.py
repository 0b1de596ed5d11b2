"""How long to wait before somebody who did not answer is asked again. Lives in the signer process alone.

Crash: the waits are forgotten, and everybody is asked once more at once. What is still to be asked for stands in
the tables, not here.
"""

from dataclasses import dataclass, field

from jieli.kernel.times import MINUTE, SECOND

FIRST, LONGEST = 5 * SECOND, 10 * MINUTE


@dataclass
class Patience:
    """The wait doubles with each failure in a row, from 5 seconds to 10 minutes; an answer ends it."""

    _waits: dict[str, tuple[int, int]] = field(default_factory=dict)  # who → (asked at, wait), ms

    def may_ask(self, who: str, *, at: int) -> bool:
        """Whether the wait is over. A clock that was set back ends it, and one that stands still (the demo's) begins
        none, or nobody would ever be asked again."""
        asked, wait = self._waits.get(who, (at, 0))
        return not asked < at < asked + wait

    def failed(self, who: str, *, at: int) -> None:
        """No answer: wait, and twice as long as the last time."""
        _, wait = self._waits.get(who, (at, 0))
        self._waits[who] = (at, min(max(2 * wait, FIRST), LONGEST))

    def answered(self, who: str) -> None:
        """An answer: the next question may be asked at once."""
        self._waits.pop(who, None)
