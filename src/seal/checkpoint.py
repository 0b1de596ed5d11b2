"""C2SP tlog-checkpoint: origin, size and root of a log as the text of a signed note."""

from __future__ import annotations

from dataclasses import dataclass

from seal import note
from seal.encoding import MAX_SIZE, from_base64_hash, from_decimal, to_base64
from seal.errors import SealError
from seal.keys import ED25519, Signer
from seal.tree import EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: ``origin`` names it, ``size`` counts its leaves, ``root`` is 32 bytes."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> bytes:
        """The note text; read back as a check, so that nothing unreadable is ever signed."""
        lines = [self.origin, str(self.size), to_base64(self.root), *self.extensions]
        try:
            data = "".join(line + "\n" for line in lines).encode("utf-8")
        except UnicodeEncodeError:
            raise SealError("checkpoint.origin", "The origin holds a lone surrogate.") from None
        if parse_text(data) != self:
            raise SealError("checkpoint.lines", "A line of the checkpoint holds a newline.")
        return data


def parse_text(text: bytes) -> Checkpoint:
    """Read the text of a checkpoint strictly."""
    try:
        lines = text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise SealError("checkpoint.utf8", "A checkpoint must be UTF-8.") from None
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise SealError("checkpoint.lines", "A checkpoint has at least three lines and no empty one.")
    if any(char < " " for char in set("".join(lines))):
        raise SealError("checkpoint.lines", "A checkpoint may hold no control character.")
    size = from_decimal(lines[1], code="checkpoint.size", limit=MAX_SIZE)
    root = from_base64_hash(lines[2], code="checkpoint.root")
    return Checkpoint(lines[0], size, root, tuple(lines[3:]))


def parse(data: bytes) -> tuple[Checkpoint, note.Note]:
    """Read a checkpoint with its signatures; nothing is verified."""
    signed = note.parse(data)
    return parse_text(signed.text), signed


def sign(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The signed note of a checkpoint by the log's own key, whose name must be the origin."""
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise SealError("checkpoint.empty", "A log of size 0 must have the root of the empty tree.")
    if signer.name != checkpoint.origin or signer.kind != ED25519:
        raise SealError(
            "checkpoint.key", "A log signs with a key of type 0x01 that bears its origin as a name."
        )
    return note.sign(checkpoint.text(), [signer])
