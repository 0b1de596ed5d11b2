"""存证: the digest of a checkpoint is deposited elsewhere, and the receipt goes into the log (ADR 21).

Crash between the depository's answer and COMMIT: the same digest is deposited again and gives the same receipt.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY
from jieli.ledger import queries
from jieli.ledger.exporting import files_in
from jieli.ledger.models import Deposit
from jieli.ledger.operations import book
from jieli.ledger.patience import Patience
from jieli.ledger.ports import DepositKind, Depository, Receipt, Unreachable
from jieli.ledger.types import CheckpointRef
from seal import note

#: At most one deposit a day and depository: the entry it makes must be no reason for the next, and they cost money.
EVERY = DAY


@dataclass(frozen=True, slots=True)
class DepositRef:
    """A deposit as it is kept."""

    size: int
    depository: str
    kind: DepositKind
    digest: bytes
    number: str
    stated_at: int
    receipt: bytes
    received_at: int
    log: int


def deposits(*, limit: int = 100) -> list[DepositRef]:
    """The newest deposits, newest first; those of the live log before those of logs that it succeeds."""
    stored = Deposit.objects.order_by("-log", "-size", "depository")[:limit]
    return [
        DepositRef(
            d.size, d.depository, DepositKind(d.kind), bytes(d.digest), d.number, d.stated_at,
            bytes(d.receipt), d.received_at, d.log,
        )
        for d in stored
    ]  # fmt: skip


def write_receipts(directory: Path, found: Sequence[DepositRef]) -> None:
    """Each receipt as it came, named by the size and the depository that it is of (and its log, after the first);
    earlier files are replaced."""
    with files_in(directory):
        directory.mkdir(parents=True, exist_ok=True)
        for one in found:
            of = f"{one.size}" if one.log == 1 else f"{one.log}-{one.size}"
            name = f"{of}.{one.depository.replace(':', '_').replace('/', '_')}.receipt"
            (directory / name).write_bytes(one.receipt)


def deposit_when_due(
    depositories: Sequence[Depository], *, by: str, at: int, patience: Patience | None = None
) -> tuple[str, ...]:
    """Deposit the newest checkpoint where a day has passed since the last; who gave no receipt is named.

    No transaction is open while anybody is asked.
    """
    last = queries.last_checkpoint()
    if last is None or last.size == 0:
        return ()
    waits = Patience() if patience is None else patience
    digest = sha256(note.parse(last.note.encode()).text).digest()
    lost = []
    for depository in depositories:
        if not _due(depository.name, last.size, at):
            continue
        if not waits.may_ask(depository.name, at=at):
            lost.append(depository.name)
            continue
        try:
            receipt = depository.deposit(digest)
        except Unreachable:
            waits.failed(depository.name, at=at)
            lost.append(depository.name)
            continue
        waits.answered(depository.name)
        reach("deposit.before_entry")
        _keep(depository, last, digest, receipt, by=by, at=at)
    return tuple(lost)


def _due(depository: str, size: int, at: int) -> bool:
    done = Deposit.objects.filter(log=queries.live_log(), depository=depository).order_by("-size")
    newest = done.values_list("size", "received_at").first()
    return newest is None or (newest[0] < size and abs(at - newest[1]) >= EVERY)


def _keep(
    depository: Depository, shown: CheckpointRef, digest: bytes, receipt: Receipt, *, by: str, at: int
) -> None:
    with book(at=at) as b:
        entry = b.entry(
            "ledger.deposit", by=by, facts={"depository": depository.name, "size": shown.size}
        )  # fmt: skip
        entry.insert(
            Deposit(
                id=new_id(at), log=queries.live_log(), size=shown.size, depository=depository.name,
                kind=depository.kind, digest=digest, number=receipt.number, stated_at=receipt.stated_at,
                receipt=receipt.raw, received_at=at,
            )
        )  # fmt: skip
