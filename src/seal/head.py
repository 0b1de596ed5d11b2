"""The text of a checkpoint (C2SP tlog-checkpoint): origin, size and root of a log, without its signatures."""

from __future__ import annotations

from dataclasses import dataclass

from seal.encoding import MAX_SIZE, from_base64_hash, from_decimal, to_base64
from seal.errors import SealError


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
