"""C2SP tlog-checkpoint: origin, size and root of a log as the text of a signed note."""

from __future__ import annotations

from seal import note
from seal.cosignature import cosign
from seal.errors import SealError
from seal.head import Checkpoint, parse_text
from seal.keys import COSIGNATURE, ED25519, MLDSA, Signer
from seal.tree import EMPTY_ROOT

__all__ = ["Checkpoint", "parse", "parse_text", "sign", "signature"]


def parse(data: bytes) -> tuple[Checkpoint, note.Note]:
    """Read a checkpoint with its signatures; nothing is verified."""
    signed = note.parse(data)
    return parse_text(signed.text), signed


def sign(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The signed note of a checkpoint by the log's own Ed25519 key, whose name must be the origin."""
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise SealError("checkpoint.empty", "A log of size 0 must have the root of the empty tree.")
    if signer.name != checkpoint.origin or signer.kind != ED25519:
        raise SealError(
            "checkpoint.key", "A log signs with a key of type 0x01 that bears its origin as a name."
        )
    return note.sign(checkpoint.text(), [signer])


def signature(checkpoint: Checkpoint, signer: Signer, *, time: int = 0) -> note.Signature:
    """A further line by another key of the log (ML-DSA-44, SM2 or Ed25519), to be added with :func:`note.add`.

    ``time`` (POSIX seconds) stands in a line of ML-DSA-44 only; 0 states no time.
    """
    if signer.name != checkpoint.origin or signer.kind == COSIGNATURE:
        raise SealError("checkpoint.key", "A log signs with log keys that bear its origin as a name.")
    text = checkpoint.text()
    payload = cosign(text, signer, time=time) if signer.kind == MLDSA else signer.sign(text)
    return note.Signature(signer.name, signer.vkey.id, payload)
