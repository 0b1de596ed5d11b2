"""An installation whose first log is closed and succeeded by another, as a restore leaves it."""

from pathlib import Path

from jieli.ledger import outside, queries, restoring, succeeding
from jieli.ledger.operations import book
from jieli.ledger.succeeding import Lost
from jieli.wiring import backup, new_log, signer
from jieli.wiring.home import home_of
from tests.doors.cli import Jieli

SECOND = "second.jieli.example/log"


def succeeded(jieli: Jieli, folder: Path, *, lost: int = 3) -> int:
    """Close the log, somebody having seen `lost` entries more of it, and open the second one; the first one's size."""
    signer.ask(jieli.profile)
    backup.export(jieli.profile, folder)
    home, base = home_of(jieli.profile), restoring.base()
    there = outside.open_outside(folder, signer.public_keys(home))
    keys = new_log.signers(home, SECOND, like=1)
    with book(at=jieli.at) as b:
        succeeding.succeed(
            b, there, base, Lost(base.size + lost, "w"), signers=keys, by="system:test", at=jieli.at
        )
    new_log.take_over(home, SECOND, before=1)
    assert queries.logs() == [1, 2]
    return base.size
