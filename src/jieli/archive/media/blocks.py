"""Parting a file into blocks (ADR 17): a second of sound where the sound can be read strictly, 64 KiB otherwise.

Sources of the frame sizes: RFC 4867 (AMR storage format, sections 5.1 and 5.3), RIFF WAVE as Microsoft's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from jieli.archive.media.types import Unit
from seal.media import MAX_BLOCK

BLOCK = 64 * 1024
#: Frames a second, both codecs.
FRAMES = 50
#: Bytes of speech after the frame's first one, by frame type; a type that is not here is reserved.
AMR_NB = {0: 12, 1: 13, 2: 15, 3: 17, 4: 19, 5: 20, 6: 26, 7: 31, 8: 5, 15: 0}
AMR_WB = {0: 17, 1: 23, 2: 32, 3: 36, 4: 40, 5: 46, 6: 50, 7: 58, 8: 60, 9: 5, 14: 0, 15: 0}
_AMR = (("amr", b"#!AMR\n", AMR_NB), ("amr-wb", b"#!AMR-WB\n", AMR_WB))
_PADDING = 0b1000_0011  # bits of a frame's first byte that must be zero


class _NotStrict(Exception):
    """The sound is not what its head promises; its file is parted by bytes."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a file is parted: `head` bytes, then `second` bytes a second for `sound` bytes (WAV), or AMR's frames."""

    format: str
    unit: Unit
    head: int = 0
    second: int = 0
    sound: int = 0


def form_of(file: BinaryIO) -> Form:
    """The form of a file, read from its beginning; AMR is read to its end to see that every frame is one."""
    file.seek(0)
    begin = file.read(BLOCK)
    for name, magic, sizes in _AMR:
        if begin.startswith(magic):
            file.seek(len(magic))
            try:
                frames = sum(1 for _ in _frames(file, sizes))
            except _NotStrict:
                break
            if frames:
                return Form(name, Unit.SECONDS, len(magic))
    return _wav(begin) or Form(_named(begin), Unit.BYTES)


def split(file: BinaryIO, form: Form) -> Iterator[bytes]:
    """The blocks of a file, none of them empty, in memory one at a time. Their bytes end to end are the file's."""
    file.seek(0)
    if form.unit is Unit.BYTES:
        yield from _pieces(file, None, BLOCK)
        return
    yield file.read(form.head)
    sizes = {name: found for name, _, found in _AMR}.get(form.format)
    if sizes is None:
        yield from _pieces(file, form.sound, form.second)
        yield from _pieces(file, None, BLOCK)
        return
    second: list[bytes] = []
    try:
        for frame in _frames(file, sizes):
            second.append(frame)
            if len(second) == FRAMES:
                yield b"".join(second)
                second = []
    except _NotStrict:
        return  # it was strict when it was looked at: whoever compares digests finds it changed
    if second:
        yield b"".join(second)


def _pieces(file: BinaryIO, limit: int | None, size: int) -> Iterator[bytes]:
    left = limit
    while block := file.read(size if left is None else min(size, left)):
        yield block
        left = None if left is None else left - len(block)


def _frames(file: BinaryIO, sizes: dict[int, int]) -> Iterator[bytes]:
    while first := file.read(1):
        size = sizes.get(first[0] >> 3 & 0b1111)
        if first[0] & _PADDING or size is None:
            raise _NotStrict
        speech = file.read(size)
        if len(speech) != size:
            raise _NotStrict
        yield first + speech


def _wav(begin: bytes) -> Form | None:
    """The form of a WAV whose head lies in the first 64 KiB; None for anything else."""
    if begin[:4] != b"RIFF" or begin[8:12] != b"WAVE":
        return None
    at, rate, align = 12, 0, 0
    while at + 8 <= len(begin):
        name, size = begin[at : at + 4], int.from_bytes(begin[at + 4 : at + 8], "little")
        if name == b"fmt " and size >= 14:
            rate = int.from_bytes(begin[at + 16 : at + 20], "little")
            align = int.from_bytes(begin[at + 20 : at + 22], "little")
        if name == b"data":
            second = rate - rate % align if align else 0
            return Form("wav", Unit.SECONDS, at + 8, second, size) if 0 < second <= MAX_BLOCK else None
        at += 8 + size + size % 2
    return None


_MAGIC = (
    (b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF8", "gif"), (b"%PDF-", "pdf"),
    (b"ID3", "mp3"), (b"\xff\xfb", "mp3"), (b"OggS", "ogg"), (b"#!AMR", "amr"), (b"PK\x03\x04", "zip"),
    (b"\x02#!SILK_V3", "silk"), (b"#!SILK_V3", "silk"),
)  # fmt: skip


def _named(begin: bytes) -> str:
    """A short name of a format that its first bytes give away; empty for any other."""
    if begin[4:8] == b"ftyp":
        return "mp4"
    if begin[:4] == b"RIFF" and begin[8:12] == b"WAVE":
        return "wav"
    return next((name for magic, name in _MAGIC if begin.startswith(magic)), "")
