"""C2SP tlog-proof: one file that shows, offline, that an entry stands in a log under a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from seal import note
from seal.encoding import from_base64, from_base64_hash, from_decimal, to_base64
from seal.errors import SealError

HEADER = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 63
MAX_EXTRA = 65_535
MAX_PROOF = note.MAX_NOTE + 100_000


@dataclass(frozen=True, slots=True)
class Proof:
    """``path`` has the leaf's sibling first; ``checkpoint`` is the signed note to the byte.

    ``extra`` is not authenticated by the format; a package puts the entry's bytes there: their hash is the leaf.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    def format(self) -> bytes:
        """The file's bytes."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append("extra " + to_base64(self.extra))
        lines.append(f"index {self.index}")
        lines += [to_base64(value) for value in self.path]
        return "".join(line + "\n" for line in lines).encode("ascii") + b"\n" + self.checkpoint


def parse(data: bytes, *, known: bytes | None = None) -> Proof:
    """Read a proof file strictly; neither the path nor the checkpoint's signatures are verified here.

    ``known`` is a checkpoint that was read already: the proofs of one package end in the same one.
    """
    if len(data) > MAX_PROOF:
        raise SealError("proof.size", "A proof file is longer than any proof needs to be.")
    head, blank, checkpoint = data.partition(b"\n\n")
    if not blank:
        raise SealError("proof.blank", "A proof file needs a blank line before its checkpoint.")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise SealError("proof.ascii", "The lines before the checkpoint must be ASCII.") from None
    if lines.pop(0) != HEADER:
        raise SealError("proof.header", f"A proof file begins with the line {HEADER}.")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = from_base64(lines.pop(0)[6:], code="proof.extra")
        if not 0 < len(extra) <= MAX_EXTRA:
            raise SealError("proof.extra", "The extra data is empty or longer than an entry can be.")
    if not lines or not lines[0].startswith("index "):
        raise SealError("proof.index", "A proof file names its index after the header.")
    index = from_decimal(lines.pop(0)[6:], code="proof.index")
    if len(lines) > MAX_HASHES:
        raise SealError("proof.length", "A proof holds at most 63 hashes.")
    path = tuple(from_base64_hash(line, code="proof.hash") for line in lines)
    if checkpoint != known:
        note.parse(checkpoint)
    return Proof(index, path, checkpoint, extra)
