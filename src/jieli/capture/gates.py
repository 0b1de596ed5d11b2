"""One gate for the batches of a run, as long as it is right: reading it anew costs more than all its answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jieli.capture.policy import NO_BASIS_KINDS
from jieli.consent.gate import Gate
from jieli.consent.types import GateMessage
from jieli.kernel.times import DAY

#: So much time beyond a batch's own is read with it on both sides: the next batches of a file lie near.
MARGIN = 7 * DAY


@dataclass
class RunGate:
    """The gate of one run; in memory only, so an import that died begins with a new one."""

    platform: str
    historical: bool
    at: int
    _gate: Gate | None = field(default=None, init=False)

    def for_batch(self, messages: Sequence[GateMessage]) -> Gate:
        """A gate that answers for these messages as one read just now would.

        Inside the batch's book, after `locks.read_bases()`: what was committed before is seen, a withdrawal that
        comes later waits until the book has closed. Good for this book only; ask again in the next one.
        """
        gate = self._gate
        if gate is None or not gate.carry_on(messages, beside=NO_BASIS_KINDS):
            gate = self._gate = Gate.for_messages(
                messages, platform=self.platform, at=self.at, historical=self.historical, margin=MARGIN
            )
        return gate
