"""One gate for the batches of a run, as long as it is right: reading it anew costs more than all its answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jieli.capture.policy import NO_BASIS_KINDS
from jieli.consent.gate import Gate
from jieli.consent.types import GateMessage

#: A gate that follows another one reads more time than its batch needs, for the next batches of a file lie near: so
#: many times the batch's own span, and each time so many times more. A whole file needs a handful of gates.
FIRST_REACH, GROWTH, MOST_REACH = 4, 4, 256


@dataclass
class RunGate:
    """The gate of one run; in memory only, so an import that died begins with a new one."""

    platform: str
    historical: bool
    at: int
    _gate: Gate | None = field(default=None, init=False)
    _reach: int = field(default=0, init=False)  # none at first: an import of one batch reads what it needs

    def for_batch(self, messages: Sequence[GateMessage]) -> Gate:
        """A gate that answers for these messages as one read just now would.

        Inside the batch's book, after `locks.read_bases()`: what was committed before is seen, a withdrawal that
        comes later waits until the book has closed. Good for this book only; ask again in the next one.
        """
        if self._gate is None or not self._gate.carry_on(messages, beside=NO_BASIS_KINDS):
            self._gate = Gate.for_messages(
                messages, platform=self.platform, at=self.at, historical=self.historical, reach=self._reach
            )
            self._reach = min(MOST_REACH, self._reach * GROWTH or FIRST_REACH)
        return self._gate
