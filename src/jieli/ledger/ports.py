"""Who stands outside and vouches for the book. Wiring fills these; only digests and roots leave the house."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from jieli.kernel.errors import JieliError


class Unreachable(JieliError):
    """A witness or timestamp authority gave no usable answer; the checkpoint stands without it for now."""

    code = "ledger.unreachable"


class Refused(JieliError):
    """A witness says that the log it saw is not the one it is shown."""

    code = "ledger.witness_refused"


@dataclass(frozen=True, slots=True)
class Cosigned:
    """What a witness answered: signature lines, each ending in a newline."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """The witness has cosigned this size already; the proof must start there."""

    size: int


class Witness(Protocol):
    """tlog-witness. Durable: once it answered Cosigned it will never cosign an inconsistent checkpoint."""

    name: str

    def add_checkpoint(self, *, old: int, proof: list[bytes], note: str) -> Cosigned | Conflict:
        """Show a checkpoint with the proof from `old`.

        Raises Refused when the witness saw another log (422, or 409 with the very size `old`), and Unreachable
        for everything that says nothing against the log: away, not registered there yet (403, 404).
        """


class TimestampAuthority(Protocol):
    """RFC 3161 over SHA-256."""

    name: str

    def stamp(self, data: bytes) -> bytes:
        """The DER response for `data`, checked against it. Raises Unreachable."""


class DepositKind(StrEnum):
    """Where digests are deposited (存证): each has its own standing before a court."""

    TRUSTED_TIME = "联合信任时间戳"
    NOTARY = "公证"
    COURT_CHAIN = "司法链"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a depository gave: its number, the time that it states (ms), and the receipt's bytes as they came."""

    number: str
    stated_at: int
    raw: bytes


class Depository(Protocol):
    """存证: it keeps a digest and says since when. Asked again for a digest it has, it gives the same receipt."""

    name: str
    kind: DepositKind

    def deposit(self, digest: bytes) -> Receipt:
        """Deposit a SHA-256; nothing else leaves. Raises Unreachable, also while a receipt is not made out yet."""
