"""The checks of every open room, gathered for fsck."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from jieli.archive import checks as archive_checks
from jieli.archive.media import checks as media_checks
from jieli.kernel.errors import JieliError
from jieli.ledger import checks as ledger_checks
from jieli.ledger import log_keys, queries
from jieli.ledger.checks import ForeignLeaves
from jieli.ledger.fsck import Check, Finding, Report, run
from jieli.papers import checks as papers_checks
from jieli.wiring import keyring_check, ports
from jieli.wiring.custody import custody
from jieli.wiring.home import Home, home_of
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
    """Every check of the house, cheapest first; where the keyring is of no use it is named, and the others run."""
    unread = ports.fill_to_look(profile, at=at)
    home = home_of(profile)
    keyed = [Check("archive.keyring", "密钥环", lambda: _keyring(home, unread, at))]
    keyed += archive_checks.key_checks(at=at) if unread is None else []
    roots = home.timestamp_roots.read_bytes() if home.timestamp_roots.exists() else None
    signed = ledger_checks.checkpoint_checks(public_keys(home), roots)
    return [*room_checks(spread=spread), *signed, *log_keys.checks(), *keyed]


def _keyring(home: Home, unread: JieliError | None, at: int) -> Iterator[Finding]:
    """Each key that is missing, from another house or for all to read; and that pages could not be looked at."""
    found = list(keyring_check.wrong(home, custody(), at=at))
    if unread is not None and not found:
        found = [("", unread)]
    for name, error in found:
        yield Finding(error.code, "archive_keyring", name, error.sentence + error.remedy)
    if unread is not None:
        sentence = "密钥环不能使用，密钥页没有核对：改正之后请再运行一次。"
        yield Finding("archive.pages_unread", "archive_key_page", "", sentence)


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
