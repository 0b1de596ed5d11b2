"""The checks of every open room, gathered for fsck."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from jieli.archive import checks as archive_checks
from jieli.archive.media import checks as media_checks
from jieli.ledger import checks as ledger_checks
from jieli.ledger import log_keys, queries
from jieli.ledger.checks import ForeignLeaves
from jieli.ledger.fsck import Check, Report, run
from jieli.papers import checks as papers_checks
from jieli.wiring import ports
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile
from jieli.wiring.signer import public_keys

#: Which room keeps the further leaves of a kind of entry.
FOREIGN: dict[str, ForeignLeaves] = dict(archive_checks.FOREIGN)
#: From so many entries on the walk along the log is worth processes of its own, one a core; a start costs a second.
LARGE = 200_000


def room_checks(*, spread: Executor | None = None) -> list[Check]:
    """The checks that need neither keys nor signatures; `spread` shares the long walk."""
    return [
        *ledger_checks.checks(FOREIGN, spread=spread),
        *papers_checks.checks(),
        *archive_checks.checks(),
        *media_checks.checks(),
    ]


def all_checks(profile: Profile, *, at: int, spread: Executor | None = None) -> list[Check]:
    """Every check of the house, cheapest first."""
    ports.fill(profile, at=at)
    home = home_of(profile)
    roots = home.timestamp_roots.read_bytes() if home.timestamp_roots.exists() else None
    signed = ledger_checks.checkpoint_checks(public_keys(home), roots)
    return [*room_checks(spread=spread), *signed, *log_keys.checks(), *archive_checks.key_checks(at=at)]


def audit(profile: Profile, *, at: int, progress: Callable[[str], None] | None = None) -> Report:
    """Run every check of the house; a long log is walked on all cores."""
    with _workers() as spread:
        return run(all_checks(profile, at=at, spread=spread), progress=progress)


@contextmanager
def _workers() -> Iterator[Executor | None]:
    if queries.head(queries.live_log()).size < LARGE:
        yield None
        return
    # Spawned, for a forked child would share our connection.
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as spread:
        yield spread
