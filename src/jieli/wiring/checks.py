"""The checks of every open room, gathered for fsck."""

from jieli.archive import checks as archive_checks
from jieli.ledger import checks as ledger_checks
from jieli.ledger.checks import ForeignLeaves
from jieli.ledger.fsck import Check
from jieli.papers import checks as papers_checks
from jieli.wiring import ports
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from jieli.wiring.signer import public_keys

#: Which room keeps the further leaves of a kind of entry.
FOREIGN: dict[str, ForeignLeaves] = dict(archive_checks.FOREIGN)


def room_checks() -> list[Check]:
    """The checks that need neither keys nor signatures."""
    return [*ledger_checks.checks(FOREIGN), *papers_checks.checks(), *archive_checks.checks()]


def all_checks(profile: Profile, *, at: int) -> list[Check]:
    """Every check of the house, cheapest first."""
    ports.fill(profile, at=at)
    home = home_of(profile)
    roots = home.timestamp_roots.read_bytes() if home.timestamp_roots.exists() else None
    signed = ledger_checks.checkpoint_checks(public_keys(home), roots)
    return [*room_checks(), *signed, *archive_checks.key_checks(at=at)]
