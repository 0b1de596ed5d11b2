"""The copy of the book that is kept outside the house: signed to its end first, and what it lacks said (ADR 19)."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jieli.ledger import queries
from jieli.ledger.exporting import Exported
from jieli.ledger.plain import rows
from jieli.wiring import backup, signer, stale_copies
from jieli.wiring.profile import Profile

#: What a person must hear of by name when it is not in the copy, for a restore would undo it: by kinds of entries.
UNDONE: Mapping[str, tuple[str, ...]] = {
    "destructions": ("archive.shred",),
    "holds": ("archive.hold",),
    "releases": ("archive.release",),
    "statements": ("consent.withdraw", "consent.object"),
    "revocations": ("access.end_grants", "access.end_passkey"),
}
_KINDS = "SELECT kind, count(*) FROM ledger_entry WHERE log = $1 AND index >= $2 GROUP BY kind"


@dataclass(frozen=True, slots=True)
class Copied:
    """An export, and how many entries stand in the book behind it: all of them, and by what a restore would undo.

    `covered`: everything that stood in the book when the copy was asked for is in it, or nothing can be added to the
    log any more. `why` says in the signer's words what kept it from signing, empty otherwise.
    """

    exported: Exported
    unsigned: int
    undone: Mapping[str, int]
    covered: bool
    why: str = ""


def export(profile: Profile, directory: Path, *, for_restore: bool = False, log: int | None = None) -> Copied:
    """Export a log as files; for a restore the signer is first asked to sign all that stands in the live one.

    A signer that does not answer stops nothing: what is signed is copied, and what is not is counted.
    Errors: those of the ledger's export.
    """
    live = queries.live_log()
    this = live if log is None else log
    why, stood = "", 0
    if for_restore and this == live:
        why, stood = _signed_to_its_end(profile, live)
    done = backup.export(profile, directory, for_restore=for_restore, log=log)
    if for_restore:
        stale_copies.remember(profile, directory, log=this, size=done.size)
    found: dict[str, int] = dict(rows(_KINDS, [this, done.size]))
    undone = {name: sum(found.get(kind, 0) for kind in kinds) for name, kinds in UNDONE.items()}
    covered = done.size >= stood
    return Copied(done, sum(found.values()), undone, covered, "" if covered else why)


def _signed_to_its_end(profile: Profile, log: int) -> tuple[str, int]:
    """Why the signer did not sign, if it did not; and how many entries stood in the log before it was asked."""
    stood, last = queries.head(log).size, queries.last_checkpoint(log)
    if last is not None and last.size >= stood:
        return "", stood
    answer: Mapping[str, Any] = signer.ask(profile)
    return str(answer.get("why", "")), stood
