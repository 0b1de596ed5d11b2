"""Pages of a paper as pictures, drawn from the very bytes that are signed: WeChat and many phones show no PDF."""

import struct
import zlib

import numpy as np
import pypdfium2  # type: ignore[import-untyped]

#: Dots per point: 1.6 gives an A4 page 952 dots of width, sharp on a phone and about 100 kB.
SCALE = 1.6
#: More pages than this are read in the PDF itself.
MOST_PAGES = 40


def pages(pdf: bytes) -> int:
    """How many pages a PDF has."""
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


def picture(pdf: bytes, page: int) -> bytes | None:
    """A page (0 is the first) as PNG, in shades of grey; None when there is no such page."""
    with pypdfium2.PdfDocument(pdf) as document:
        if not 0 <= page < len(document):
            return None
        drawn = document[page].render(scale=SCALE, grayscale=True, may_draw_forms=False).to_numpy()
        return _png(np.ascontiguousarray(drawn.reshape(drawn.shape[0], drawn.shape[1])))


def _png(grey: "np.ndarray[tuple[int, int], np.dtype[np.uint8]]") -> bytes:
    height, width = grey.shape
    lines = np.zeros((height, width + 1), dtype=np.uint8)  # each line begins with its filter: none
    lines[:, 1:] = grey
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
