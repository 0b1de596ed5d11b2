"""What an import answers: a receipt for each batch, and the closing account of the whole."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from jieli.capture.types import Malformed

#: So many unreadable lines are kept to be listed; all are counted.
MOST_LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """A batch that is in the ledger: whatever happens next, its lines are decided and what was kept is kept.

    `entry` is the ledger's index of the decision, `deposit` the archive's batch (None: nothing was kept).
    """

    number: int
    entry: int
    deposit: int | None
    first_line: int
    last_line: int
    admitted: int
    documented_later: int
    refused: int
    duplicates: int
    malformed: int
    switches: int
    statements: int


@dataclass(slots=True)
class ImportReport:
    """The whole import. `reasons` counts messages by each reason against them, `first_reasons` by the first one.

    `refused` counts lines; `refused_before` of these were tallied by an earlier import and are not again.
    """

    run: UUID
    source: str
    historical: bool
    receipts: list[Receipt] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    first_reasons: Counter[str] = field(default_factory=Counter)
    refused_before: int = 0
    agreements_recorded: int = 0
    agreements_known: int = 0
    agreements_implausible: int = 0
    listed: list[Malformed] = field(default_factory=list)

    def _sum(self, name: str) -> int:
        return sum(getattr(receipt, name) for receipt in self.receipts)

    @property
    def admitted(self) -> int:
        return self._sum("admitted")

    @property
    def documented_later(self) -> int:
        return self._sum("documented_later")

    @property
    def refused(self) -> int:
        return self._sum("refused")

    @property
    def duplicates(self) -> int:
        return self._sum("duplicates")

    @property
    def malformed(self) -> int:
        return self._sum("malformed")

    @property
    def switches(self) -> int:
        return self._sum("switches")

    @property
    def statements(self) -> int:
        return self._sum("statements")

    @property
    def read(self) -> int:
        """Lines that could be read, whatever became of them."""
        return self.admitted + self.refused + self.duplicates + self.switches + self.statements
