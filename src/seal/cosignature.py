"""C2SP tlog-cosignature, Ed25519 (type 0x04): a witness says when it saw the largest consistent tree."""

from __future__ import annotations

from seal import ed25519
from seal.encoding import MAX_SIZE
from seal.errors import MismatchError, SealError
from seal.keys import COSIGNATURE, Signer, Vkey

_LENGTH = 8 + ed25519.SIGNATURE_LENGTH


def message(text: bytes, time: int) -> bytes:
    """What is signed: a header, the time in POSIX seconds, and the checkpoint's whole note text."""
    return b"cosignature/v1\ntime %d\n%b" % (time, text)


def cosign(text: bytes, signer: Signer, *, time: int) -> bytes:
    """The payload of the signature line: time (8 bytes, big-endian) and signature."""
    if signer.kind != COSIGNATURE:
        raise SealError(
            "cosignature.key", "Cosigning needs a key of type 0x04; make one with keygen --cosigner."
        )
    if not 0 < time <= MAX_SIZE:
        raise SealError("cosignature.time", "The time of a cosignature must be after 1970.")
    return time.to_bytes(8, "big") + signer.sign(message(text, time))


def verify(text: bytes, key: Vkey, payload: bytes) -> int:
    """The time (POSIX seconds) of a right cosignature; :class:`MismatchError` for a wrong one."""
    time = int.from_bytes(payload[:8], "big")
    right = len(payload) == _LENGTH and 0 < time <= MAX_SIZE
    if not right or not ed25519.verify(key.material, payload[8:], message(text, time)):
        raise MismatchError("note.signature", "The cosignature of a known key on this note is wrong.")
    return time
