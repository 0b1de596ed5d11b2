"""The checks of every open room, gathered for fsck."""

from jieli.ledger import checks as ledger_checks
from jieli.ledger.checks import ForeignLeaves
from jieli.ledger.fsck import Check
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from jieli.wiring.signer import public_keys

#: Which room keeps the further leaves of a kind of entry.
FOREIGN: dict[str, ForeignLeaves] = {}


def all_checks(profile: Profile) -> list[Check]:
    """Every check of the house, cheapest first."""
    return [*ledger_checks.checks(FOREIGN), *ledger_checks.checkpoint_checks(public_keys(home_of(profile)))]
