"""One gate for the batches of a run, as long as it is right: reading it anew costs more than all its answers."""

from dataclasses import dataclass, field

from jieli.capture.policy import NO_BASIS_KINDS
from jieli.consent.answers import Asked
from jieli.consent.gate import Gate

#: A gate that goes on reads more time than its batch needs, for the next batches of a file lie near: so many times
#: the batch's own span, and each time so many times more. A whole file needs a handful of readings.
FIRST_REACH, GROWTH, MOST_REACH = 4, 4, 256


@dataclass
class RunGate:
    """The gate of one run; in memory only, so an import that died begins with a new one."""

    platform: str
    historical: bool
    at: int
    _gate: Gate | None = field(default=None, init=False)
    _reach: int = field(default=0, init=False)  # none at first: an import of one batch reads what it needs

    def for_batch(self, asked: Asked) -> Gate:
        """A gate that answers for these messages as one read just now would.

        Inside the batch's book, after `locks.read_bases()`: what was committed before is seen, a withdrawal that
        comes later waits until the book has closed. Good for this book only; ask again in the next one.
        """
        gate, reach = self._gate, self._reach
        held = gate is not None and gate.holds(asked)
        if gate is None or not gate.carry_on(asked, beside=NO_BASIS_KINDS, reach=reach):
            self._gate = gate = Gate.for_messages(
                asked, platform=self.platform, at=self.at, historical=self.historical, reach=reach
            )
            held = False
        if not held:
            self._reach = min(MOST_REACH, self._reach * GROWTH or FIRST_REACH)
        return gate
