"""Scans of papers nobody signed: small pictures that say in themselves that they are the demo's."""

import struct
import zlib
from random import Random

WIDTH, HEIGHT = 210, 297
_PAPER, _INK, _STAMP = 250, 90, 140
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def scan(words: str) -> bytes:
    """A grey page with lines, a scribble and a round stamp; `words` stand in it as text. The same each time."""
    rng = Random(words)  # noqa: S311 - a picture that must come out the same, nothing secret
    page = [bytearray([_PAPER]) * WIDTH for _ in range(HEIGHT)]
    for top in range(40, 200, 9):
        end = rng.randrange(120, 190)
        page[top][20:end] = bytes([_INK]) * (end - 20)
    for x in range(110, 170):
        page[235 + rng.randrange(-6, 7)][x] = _INK
    for y in range(HEIGHT):
        for x in range(20, 90):
            if 24**2 < (x - 52) ** 2 + (y - 240) ** 2 < 27**2:
                page[y][x] = _STAMP
    pixels = b"".join(b"\0" + bytes(row) for row in page)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    text = b"Title\0\0\0zh\0\0" + words.encode()
    parts = ((b"IHDR", head), (b"iTXt", text), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
