"""fsck: does what stands in the database agree with what the book committed to?

Rooms export checks, wiring gathers them, this runs them. A check yields findings and never repairs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from jieli.kernel.errors import JieliError
from seal.errors import SealError


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the book says: where, and in a sentence, what."""

    code: str
    table: str
    id: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know that is no damage: nothing differs from what the book says, and fsck stays clean."""

    code: str
    table: str
    id: str
    sentence: str


@dataclass(frozen=True)
class Check:
    """A named check; `title` is what the screen shows while it runs."""

    name: str
    title: str
    run: Callable[[], Iterator[Finding | Note]]


@dataclass(frozen=True)
class Report:
    """What a run of fsck found, and how much it looked at."""

    findings: tuple[Finding, ...]
    checks: tuple[str, ...]
    notes: tuple[Note, ...] = ()

    @property
    def clean(self) -> bool:
        return not self.findings


def _whole(check: Check) -> Iterator[Finding | Note]:
    """A check's findings; when what it reads cannot even be read, that is a finding too, and the next check runs."""
    try:
        yield from check.run()
    except (JieliError, SealError, ValueError, TypeError, LookupError) as error:
        code = getattr(error, "code", type(error).__name__)
        sentence = f"核对“{check.title}”在无法读取的内容处中断（{code}）。"
        yield Finding("fsck.interrupted", check.name, "", sentence)


def run(checks: list[Check], *, progress: Callable[[str], None] | None = None) -> Report:
    """Run every check to its end, also after findings, so that one run names all; notes stand apart."""
    findings: list[Finding] = []
    notes: list[Note] = []
    for check in checks:
        if progress:
            progress(check.title)
        for found in _whole(check):
            if isinstance(found, Note):
                notes.append(found)
            else:
                findings.append(found)
    return Report(tuple(findings), tuple(c.name for c in checks), tuple(notes))
