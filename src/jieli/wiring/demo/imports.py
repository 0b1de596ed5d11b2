"""The month comes in: each pull through the gate, with a checkpoint behind it."""

from collections import Counter
from dataclasses import dataclass, field

from jieli.capture import operations as capture
from jieli.capture.report import ImportReport
from jieli.capture.types import ConsentLine
from jieli.connectors.files import calls
from jieli.connectors.wecom import lines as wecom
from jieli.wiring.demo.events import PLATFORM
from jieli.wiring.demo.grounds import BY, Grounds
from jieli.wiring.demo.month import Pull

PHONE_PLATFORM, LAYOUT = "phone", "asterisk"


@dataclass
class Taken:
    """What became of every line so far. `reasons` counts messages by each reason against them."""

    lines: int = 0
    admitted: int = 0
    refused: int = 0
    statements: int = 0
    switches: int = 0
    malformed: int = 0
    duplicates: int = 0
    calls_admitted: int = 0
    calls_refused: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, report: ImportReport) -> None:
        """Count one import of messages."""
        self.lines += report.read + report.malformed
        self.admitted += report.admitted
        self.refused += report.refused
        self.statements += report.statements
        self.switches += report.switches
        self.malformed += report.malformed
        self.duplicates += report.duplicates
        self.reasons.update(report.reasons)

    def add_calls(self, report: ImportReport) -> None:
        """Count the import of calls."""
        self.calls_admitted += report.admitted
        self.calls_refused += report.refused
        self.reasons.update(report.reasons)


def take(grounds: Grounds, pull: Pull) -> ImportReport:
    """Import one pull of WeCom lines; what the platform says of consent is recorded first."""
    parsed = list(wecom.parse(pull.lines))
    return capture.admit(
        source=wecom.SOURCE, platform=PLATFORM, place=pull.name, lines=parsed,
        statements=[line for line in parsed if isinstance(line, ConsentLine)], by=BY, at=grounds.clock.now,
    )  # fmt: skip


def take_calls(grounds: Grounds) -> ImportReport:
    """Import the calls of the month."""
    parsed = calls.parse(grounds.world.calls.splitlines(), LAYOUT)
    return capture.admit(
        source=calls.SOURCE,
        platform=PHONE_PLATFORM,
        place="话单.csv",
        lines=parsed,
        by=BY,
        at=grounds.clock.now,
    )
