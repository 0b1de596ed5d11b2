"""What the archive needs of the rooms above it and of the machine, filled once a process."""

from jieli.archive import ports as archive
from jieli.archive.keys.ring import load
from jieli.archive.keys.store import open_store
from jieli.reading.queries import opening_names
from jieli.wiring.extraction import extract
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile


def fill(profile: Profile, *, at: int) -> None:
    """Load the keyring and fill the archive's ports; KeyringMissing before `jieli keys init`. Idempotent.

    A process that never calls this can neither deposit nor open anything.
    """
    ring = load(home_of(profile).root)
    open_store(ring, at=at)
    archive.use(keyring=ring, extract=extract, confirm_opening=opening_names)
