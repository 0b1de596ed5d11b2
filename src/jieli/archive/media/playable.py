"""A playable copy of a recording: browsers and most players know WAV, few know AMR. What came stays as it came."""

from pathlib import Path

from jieli.archive.media.errors import NotPlayable

SUFFIX = ".wav"


def copy_of(source: Path) -> Path:
    """Write `source` decoded to 16-bit WAV beside it, named `source` with `.wav`; its path. Memory: a frame.

    NotPlayable without the extra `audio`, for a file without sound, and where a copy is there already. Crash in
    between leaves `.partial.wav`.
    """
    try:
        import av  # the extra `audio`: only who makes copies needs FFmpeg's libraries
    except ImportError:
        raise NotPlayable(
            "没有安装音频组件，不能生成可播放的副本。", remedy='请运行 pip install "jieli[audio]" 后重试。'
        ) from None
    out = source.with_name(source.name + SUFFIX)
    partial = source.with_name(source.name + ".partial" + SUFFIX)
    if out.exists():
        raise NotPlayable("可播放的副本已存在，从不覆盖。", remedy="请另选文件名。")
    try:
        with av.open(str(source)) as sound, av.open(str(partial), "w", format="wav") as copy:
            if not sound.streams.audio:
                raise _silent()
            heard = sound.streams.audio[0]
            made = copy.add_stream("pcm_s16le", rate=heard.rate)
            made.layout = heard.layout
            to_integers = av.AudioResampler(format="s16", layout=heard.layout, rate=heard.rate)
            for frame in sound.decode(heard):
                for even in to_integers.resample(frame):
                    copy.mux(made.encode(even))
            for even in to_integers.resample(None):
                copy.mux(made.encode(even))
            copy.mux(made.encode(None))
        partial.rename(out)
    except av.FFmpegError:
        raise _silent() from None
    finally:
        partial.unlink(missing_ok=True)
    return out


def _silent() -> NotPlayable:
    return NotPlayable("这个文件不是可以解码的录音。", remedy="请用专门的播放器打开原件。")
