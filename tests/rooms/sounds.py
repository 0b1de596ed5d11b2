"""Recordings made up for tests: frames whose bits mean nothing, in files whose form is exactly right."""

import math
import struct
from random import Random

NB = {0: 12, 1: 13, 2: 15, 3: 17, 4: 19, 5: 20, 6: 26, 7: 31, 8: 5, 15: 0}
WB = {0: 17, 1: 23, 2: 32, 3: 36, 4: 40, 5: 46, 6: 50, 7: 58, 8: 60, 9: 5, 14: 0, 15: 0}


def frame(kind: int, speech: bytes) -> bytes:
    return bytes([kind << 3 | 0b100]) + speech


def amr(frames: int, *, wide: bool = False, seed: int = 1, kinds: tuple[int, ...] = ()) -> bytes:
    """An AMR file of so many frames, 50 a second, of these frame types by turns."""
    sizes, magic = (WB, b"#!AMR-WB\n") if wide else (NB, b"#!AMR\n")
    random, turns = Random(seed), kinds or tuple(sizes)
    made = (
        frame(turns[n % len(turns)], random.randbytes(sizes[turns[n % len(turns)]])) for n in range(frames)
    )
    return magic + b"".join(made)


def wav(seconds: float, *, rate: int = 8_000, tail: bytes = b"") -> bytes:
    """A mono 16-bit WAV with a tone, a chunk before the sound, and `tail` after it."""
    sound = b"".join(struct.pack("<h", int(9_000 * math.sin(n / 9))) for n in range(int(seconds * rate)))
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * 2, 2, 16)
    chunks = head + b"LIST" + struct.pack("<I", 4) + b"INFO" + b"data" + struct.pack("<I", len(sound))
    return (
        b"RIFF"
        + struct.pack("<I", 4 + len(chunks) + len(sound) + len(tail))
        + b"WAVE"
        + chunks
        + sound
        + tail
    )
