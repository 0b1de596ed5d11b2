"""Who stands outside and vouches for the book. Wiring fills these; only digests and roots leave the house."""

from dataclasses import dataclass
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
        """Show a checkpoint with the proof from `old`. Raises Unreachable, or Refused for 403, 404 and 422."""


class TimestampAuthority(Protocol):
    """RFC 3161 over SHA-256."""

    name: str

    def stamp(self, data: bytes) -> bytes:
        """The DER response for `data`, checked against it. Raises Unreachable."""
