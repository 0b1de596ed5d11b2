"""A stretch of a file without the rest of it: the same bytes, each block checked, and only what is needed read."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from jieli.archive import opening
from jieli.archive.media import hearing, sealing, seeking
from jieli.archive.media import ports as media_ports
from jieli.archive.media.errors import MediaAltered
from jieli.archive.media.types import MediaRef
from jieli.archive.types import OpenedItem
from jieli.connectors.storage import name_of
from jieli.connectors.storage.directory import Directory
from seal.media import Piece
from tests.rooms.sounds import amr, wav
from tests.rooms.test_archive_samples import OPENING, keep, ring
from tests.rooms.test_media import claim_of, claiming, kept, parted, put, store, written

__all__ = ["ring", "store"]
FILES = {
    "bytes": Random(1).randbytes(200_001),
    "wav": wav(5),
    "wav with a tail": wav(2.5, tail=b"LIST" + Random(2).randbytes(150_000)),
    "amr": amr(50 * 7 + 3),
    "wide amr": amr(50 * 3, wide=True),
    "even amr": amr(50 * 9 + 7, kinds=(7,)),
    "even amr to the second": amr(50 * 4, kinds=(2,)),
    "uneven amr": amr(50 * 9 + 7, kinds=(7,) * 60 + (8,) * 45 + (1,) * 20),
}


def opened(ref: MediaRef) -> OpenedItem:
    [found] = opening.open_items([ref.item], receipt=OPENING)
    return found


def another(folder: Path, data: bytes) -> MediaRef:
    [item] = keep([claiming(len(data), claim_of(data))])
    return put(written(folder, data), item)


@pytest.mark.parametrize("name", sorted(FILES))
def test_any_stretch_is_the_file_s_own(store: Directory, tmp_path: Path, name: str) -> None:
    data, random = FILES[name], Random(3)
    _, ref = kept(tmp_path, data)
    item = opened(ref)
    places = [(0, len(data)), (0, 1), (len(data) - 1, len(data)), (43, 45), (len(data) // 2, len(data))]
    places += [tuple(sorted(random.sample(range(len(data)), 2))) for _ in range(20)]
    for start, stop in places:
        assert b"".join(seeking.stretch(item, ref, start, stop)) == data[start:stop]
    assert b"".join(seeking.whole(item, ref)) == data


def test_what_lies_before_a_stretch_is_not_read_and_what_lies_in_it_is_checked(
    store: Directory, tmp_path: Path
) -> None:
    data = FILES["bytes"]
    _, ref = kept(tmp_path, data)
    item, path = opened(ref), tmp_path / "media" / name_of(ref.address)
    path.chmod(0o600)
    raw = bytearray(path.read_bytes())
    raw[100] ^= 1  # in the first block
    path.write_bytes(raw)
    assert b"".join(seeking.stretch(item, ref, 70_000, 80_000)) == data[70_000:80_000]
    for broken in (lambda: seeking.stretch(item, ref, 10, 20), lambda: seeking.whole(item, ref)):
        with pytest.raises(MediaAltered):
            list(broken())
    read: list[int] = []

    class Counting(Directory):
        def read(self, address: bytes, start: int = 0) -> Iterator[bytes]:
            for chunk in super().read(address, start):
                read.append(start)
                yield chunk

    media_ports.use(Counting(tmp_path / "media"))
    list(seeking.stretch(item, ref, 199_000, 199_001))
    assert read[0] == 0 and read[1] > 3 * 65_536


@pytest.fixture
def opened_blocks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the blocks that are opened, in their order."""
    found: list[int] = []

    def counted(*args: Any, **named: Any) -> Iterator[Piece]:
        for piece in sealing.decrypted_from(*args, **named):
            found.append(piece.n)
            yield piece

    monkeypatch.setattr(seeking, "decrypted_from", counted)
    return found


@pytest.fixture
def reads(store: Directory, tmp_path: Path) -> list[int]:
    """From where the store is read, each time."""
    found: list[int] = []

    class Counting(Directory):
        def read(self, address: bytes, start: int = 0) -> Iterator[bytes]:
            found.append(start)
            return super().read(address, start)

    media_ports.use(Counting(tmp_path / "media"))
    return found


@pytest.mark.parametrize("name", sorted(name for name in FILES if "amr" in name))
def test_a_range_of_amr_opens_its_own_blocks_and_no_other(
    reads: list[int], opened_blocks: list[int], tmp_path: Path, name: str
) -> None:
    data = FILES[name]
    _, ref = kept(tmp_path, data)
    item, parts = opened(ref), parted(data)
    begins = [sum(map(len, parts[:n])) for n in range(len(parts) + 1)]
    for first, last in [
        (0, 0),
        (1, 1),
        (2, 3),
        (ref.blocks - 2, ref.blocks - 1),
        (ref.blocks - 1, ref.blocks - 1),
    ]:
        opened_blocks.clear()
        start, stop = begins[first], begins[last + 1]
        assert b"".join(seeking.stretch(item, ref, start, stop)) == data[start:stop]
        assert opened_blocks == list(range(first, last + 1))
        inside = begins[last + 1] - 1
        opened_blocks.clear()
        assert b"".join(seeking.stretch(item, ref, inside, inside + 1)) == data[inside : inside + 1]
        assert opened_blocks == [last]
    rate = 16_000 if "wide" in name else 8_000
    for second in range(ref.seconds):
        opened_blocks.clear()
        start = hearing.HEAD + second * rate * 2
        assert len(b"".join(hearing.heard(item, ref, start, start + 10))) == 10
        assert opened_blocks == list(range(max(1, second), second + 2))  # a decoder hears the second before
    opened_blocks.clear()
    assert len(b"".join(hearing.heard(item, ref, 0, hearing.HEAD))) == hearing.HEAD
    assert opened_blocks == []


def test_the_lengths_of_an_uneven_recording_are_gone_through_once(
    reads: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone_through: list[int] = []

    def counted(*args: Any, **named: Any) -> Iterator[int]:
        gone_through.append(named["blocks"])
        yield from sealing.lengths(*args, **named)

    monkeypatch.setattr(seeking, "lengths", counted)
    for name, times in (("even amr", 0), ("uneven amr", 1)):
        gone_through.clear()
        ref = another(tmp_path / name, FILES[name])
        item = opened(ref)
        for second in (8, 3, 8, 5):
            reads.clear()
            assert b"".join(seeking.seconds(item, ref, second, second + 1)) == parted(FILES[name])[second + 1]
            assert max(reads) > second * 1_000  # the block itself is read from where it stands
        assert gone_through == [ref.blocks] * times


def test_an_uneven_recording_whose_lengths_were_changed_is_refused(store: Directory, tmp_path: Path) -> None:
    _, ref = kept(tmp_path, FILES["uneven amr"])
    item, path = opened(ref), tmp_path / "media" / name_of(ref.address)
    path.chmod(0o600)
    raw = bytearray(path.read_bytes())
    raw[sealing.HEAD] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(MediaAltered):
        list(seeking.seconds(item, ref, 6, 7))


def test_two_blocks_cannot_change_places(store: Directory, tmp_path: Path) -> None:
    _, ref = kept(tmp_path, FILES["bytes"])
    item, path = opened(ref), tmp_path / "media" / name_of(ref.address)
    path.chmod(0o600)
    raw, size = path.read_bytes(), 4 + 65_536 + 16
    head = len(raw) - 3 * size - (4 + 200_001 - 3 * 65_536 + 16)
    first, second = raw[head : head + size], raw[head + size : head + 2 * size]
    path.write_bytes(raw[:head] + second + first + raw[head + 2 * size :])
    with pytest.raises(MediaAltered):
        list(seeking.stretch(item, ref, 70_000, 70_001))


@pytest.mark.parametrize(("name", "rate"), [("amr", 8_000), ("wide amr", 16_000)])
def test_amr_is_heard_by_the_second_and_a_late_start_sounds_like_the_whole(
    store: Directory, tmp_path: Path, name: str, rate: int
) -> None:
    _, ref = kept(tmp_path, FILES[name])
    item = opened(ref)
    whole = b"".join(hearing.heard(item, ref, 0, hearing.size(ref)))
    assert len(whole) == hearing.size(ref) == 44 + ref.seconds * rate * 2
    assert whole[:4] == b"RIFF" and int.from_bytes(whole[40:44], "little") == ref.seconds * rate * 2
    late = b"".join(hearing.heard(item, ref, 44 + 2 * rate * 2, hearing.size(ref)))
    assert len(late) == (ref.seconds - 2) * rate * 2
    assert any(late) and any(whole[44:])
