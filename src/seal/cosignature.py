"""C2SP tlog-cosignature: a witness says when it saw the largest consistent tree.

Ed25519 (type 0x04) signs the whole note text; ML-DSA-44 (type 0x06) a structure of the cosigner's name, the time,
and origin, size and root of the checkpoint. Logs sign their own checkpoints by the second form too (ADR 16).
"""

from __future__ import annotations

import struct

from seal import ed25519, mldsa
from seal.encoding import MAX_SIZE
from seal.errors import MismatchError, SealError
from seal.head import parse_text
from seal.keys import COSIGNATURE, MLDSA, Signer, Vkey

_LENGTH = {COSIGNATURE: 8 + ed25519.SIGNATURE_LENGTH, MLDSA: 8 + mldsa.SIGNATURE_LENGTH}
_LABEL = b"subtree/v1\n\x00"


def message(text: bytes, time: int) -> bytes:
    """What an Ed25519 cosignature signs: a header, the time in POSIX seconds, and the whole note text."""
    return b"cosignature/v1\ntime %d\n%b" % (time, text)


def tree_message(text: bytes, time: int, name: str) -> bytes:
    """What an ML-DSA-44 cosignature by the key ``name`` signs; extension lines of the checkpoint are not in it."""
    head = parse_text(text)
    pieces = [_LABEL, _short(name), struct.pack(">Q", time), _short(head.origin)]
    return b"".join([*pieces, struct.pack(">QQ", 0, head.size), head.root])


def _short(word: str) -> bytes:
    data = word.encode("utf-8")
    if not 0 < len(data) < 256:
        raise SealError("cosignature.name", "An ML-DSA cosignature holds names of 1 to 255 bytes.")
    return bytes([len(data)]) + data


def cosign(text: bytes, signer: Signer, *, time: int) -> bytes:
    """The payload of the signature line: time (8 bytes, big-endian) and signature.

    ``time`` is POSIX seconds; 0 (no time is stated) only in the ML-DSA form.
    """
    if signer.kind not in _LENGTH:
        raise SealError(
            "cosignature.key", "Cosigning needs a key of type 0x04 or 0x06; make one with keygen --cosigner."
        )
    if not (signer.kind == COSIGNATURE) <= time <= MAX_SIZE:
        raise SealError("cosignature.time", "The time of a cosignature must be after 1970.")
    signed = message(text, time) if signer.kind == COSIGNATURE else tree_message(text, time, signer.name)
    return time.to_bytes(8, "big") + signer.sign(signed)


def verify(text: bytes, key: Vkey, payload: bytes) -> int:
    """The time (POSIX seconds, 0: none stated) of a right cosignature; :class:`MismatchError` for a wrong one."""
    time = int.from_bytes(payload[:8], "big")
    if len(payload) != _LENGTH[key.kind] or not _right(text, key, payload[8:], time):
        raise MismatchError("note.signature", "The cosignature of a known key on this note is wrong.")
    return time


def _right(text: bytes, key: Vkey, signature: bytes, time: int) -> bool:
    if key.kind == COSIGNATURE:
        timed = 0 < time <= MAX_SIZE
        return timed and ed25519.verify(key.material, signature, message(text, time))
    try:
        signed = tree_message(text, time, key.name)
    except SealError:
        return False  # a note that is no checkpoint cannot have been signed in this form
    return time <= MAX_SIZE and mldsa.verify(key.material, signature, signed)
