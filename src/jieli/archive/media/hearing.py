"""AMR as a browser can play it: 16-bit WAV, decoded while it is sent, on no disk. What came stays as it came.

The copy's length follows from the row: so many whole seconds, the last one filled up with silence. A decoder builds on
what it heard before, so it begins a second before the wanted one, where there is one.
"""

import struct
from collections.abc import Iterator
from typing import Any

from jieli.archive.media.blocks import AMR_NB, AMR_WB
from jieli.archive.media.errors import NotPlayable
from jieli.archive.media.seeking import seconds
from jieli.archive.media.types import MediaRef
from jieli.archive.types import OpenedItem

HEAD = 44
#: Codec, bytes of speech by frame type, samples a second.
_HEARD = {"amr": ("amrnb", AMR_NB, 8_000), "amr-wb": ("amrwb", AMR_WB, 16_000)}
_FRAME_MS, _BYTES = 20, 2


def can_be_heard(ref: MediaRef) -> bool:
    """Whether this is a recording for which a copy is decoded here."""
    return ref.format in _HEARD and ref.seconds > 0


def size(ref: MediaRef) -> int:
    """The bytes of the copy."""
    return HEAD + ref.seconds * _HEARD[ref.format][2] * _BYTES


def heard(opened: OpenedItem, ref: MediaRef, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` up to `stop` (exclusive) of the copy. Memory: a second of sound.

    NotPlayable without the extra `audio`; those of `seeking`.
    """
    name, sizes, rate = _HEARD[ref.format]
    decoder = _decoder(name, rate)
    if start < HEAD:
        yield _head(ref, rate)[start:stop]
    second = rate * _BYTES
    first = max(0, start - HEAD) // second
    before = max(0, first - 1)
    last = min(-(-max(0, stop - HEAD) // second), ref.seconds)
    for number, data in enumerate(seconds(opened, ref, before, last) if first < last else (), before):
        sound = _decoded(decoder, data, sizes, rate)
        if number >= first:
            at = HEAD + number * second
            yield sound[max(0, start - at) : stop - at]


def _head(ref: MediaRef, rate: int) -> bytes:
    sound = size(ref) - HEAD
    form = struct.pack("<IHHIIHH", 16, 1, 1, rate, rate * _BYTES, _BYTES, 8 * _BYTES)
    return (
        struct.pack("<4sI4s4s", b"RIFF", HEAD - 8 + sound, b"WAVE", b"fmt ")
        + form
        + struct.pack("<4sI", b"data", sound)
    )


def _decoder(name: str, rate: int) -> Any:
    try:
        import av  # the extra `audio`
    except ImportError:
        raise NotPlayable(
            "没有安装音频组件，不能播放这种录音。",
            remedy='请下载原件，或运行 pip install "jieli[audio]" 后重试。',
        ) from None
    decoder = av.CodecContext.create(name, "r")
    decoder.sample_rate, decoder.layout = rate, "mono"  # type: ignore[attr-defined]
    return decoder


def _decoded(decoder: Any, block: bytes, sizes: dict[int, int], rate: int) -> bytes:
    """A second of speech as 16-bit sound; a frame that cannot be decoded is silence, as a telephone would have it."""
    import av
    import numpy

    silent = numpy.zeros(rate * _FRAME_MS // 1000, dtype="<i2")
    found, at = [], 0
    while at < len(block):
        length = 1 + sizes[block[at] >> 3 & 0b1111]
        try:
            frames = decoder.decode(av.Packet(block[at : at + length]))
        except av.FFmpegError:
            frames = []
        sound = [numpy.clip(f.to_ndarray()[0] * 32_767, -32_768, 32_767).astype("<i2") for f in frames]
        found += sound or [silent]
        at += length
    return b"".join(one.tobytes() for one in found).ljust(rate * _BYTES, b"\0")
