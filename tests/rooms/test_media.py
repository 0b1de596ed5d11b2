"""Media: kept in blocks under the item's secret, proved by the second, gone with the item; and swept after crashes."""

import io
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest
from django.db import DatabaseError, connections
from hypothesis import given
from hypothesis import strategies as st

from jieli.archive import keys, locks, opening, operations, ports
from jieli.archive.errors import ItemDestroyed
from jieli.archive.keys.store import open_store
from jieli.archive.media import checks, excerpts, keeping, playable, queries, removing
from jieli.archive.media import opening as media_opening
from jieli.archive.media import ports as media_ports
from jieli.archive.media.blocks import BLOCK, form_of, split
from jieli.archive.media.errors import (
    BadExcerpt,
    MediaAltered,
    MediaChanged,
    MediaDiffers,
    MediaEmpty,
    MediaKept,
    MediaNotClaimed,
    MediaNotCovered,
    MediaStoreAway,
    MediaStoreMissing,
    MediaUnknown,
    NotPlayable,
)
from jieli.archive.media.types import Agreement, MediaRef, Removed, Unit
from jieli.archive.models import Media, MediaRemoval
from jieli.archive.types import NewItem
from jieli.connectors.storage import name_of
from jieli.connectors.storage.directory import Directory
from jieli.kernel.times import DAY, HOUR
from jieli.ledger import checkpoints, fsck
from jieli.ledger import checks as ledger_checks
from jieli.wiring.media import read_media
from jieli.wiring.profile import BadProfile
from seal import keys as seal_keys
from seal import policy
from seal.errors import SealError
from seal.media import verify_excerpt
from seal.part import part_leaf
from tests.conftest import NOW, ORIGIN
from tests.rooms.child_process import Tell, run_in_child
from tests.rooms.sounds import amr, wav
from tests.rooms.test_archive_samples import OPENING, codes, keep, ring, sample

__all__ = ["ring"]
Sql = Callable[..., list[tuple[Any, ...]]]
WHO = {"by": "system:media", "at": NOW}
CANARY = "明前龙井的价目表-canary".encode()


@pytest.fixture
def store(ring: keys.Keyring, tmp_path: Path) -> Iterator[Directory]:
    made = Directory(tmp_path / "media")
    media_ports.use(made)
    yield made
    media_ports.use(None)


def claiming(n: int, *claims: dict[str, Any]) -> NewItem:
    """Message n with these claims of files."""
    item = sample(n)
    line = orjson.loads(item.raw) | {"media": claims}
    return item._replace(raw=orjson.dumps(line), media=claims, msgtype="file")


def claim_of(data: bytes, **more: Any) -> dict[str, Any]:
    known = {
        "algorithm": "md5",
        "digest": md5(data, usedforsecurity=False).hexdigest(),
        "kind": "file",
        "locator": "f",
        "size": len(data),
    }
    return known | more


def written(folder: Path, data: bytes, name: str = "录音 1.amr") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)
    return folder / name


def put(path: Path, item: int, n: int = 0, **more: Any) -> MediaRef:
    [opened] = opening.open_items([item], receipt=OPENING)
    return keeping.keep(opened=opened, n=n, path=path, **{**WHO, **more})


def kept(tmp_path: Path, data: bytes, *claims: dict[str, Any]) -> tuple[int, MediaRef]:
    [item] = keep([claiming(1, *(claims or (claim_of(data),)))])
    return item, put(written(tmp_path / "in", data), item)


def taken(ref: MediaRef, out: Path) -> bytes:
    [opened] = opening.open_items([ref.item], receipt=OPENING)
    media_opening.take(opened, ref, out)
    return out.read_bytes()


def found() -> set[str]:
    return codes() | {finding.code for finding in fsck.run(checks.checks()).findings}


def parted(data: bytes) -> list[bytes]:
    file = io.BytesIO(data)
    return list(split(file, form_of(file)))


# ── blocks ──


@pytest.mark.parametrize("wide", [False, True])
def test_amr_is_parted_into_its_head_and_seconds_of_fifty_frames(wide: bool) -> None:
    data = amr(125, wide=wide)
    blocks = parted(data)
    assert form_of(io.BytesIO(data)).unit is Unit.SECONDS
    assert blocks[0] in (b"#!AMR\n", b"#!AMR-WB\n")
    assert blocks[1:] == [
        amr(125, wide=wide)[len(blocks[0]) :][start:stop]
        for start, stop in [(0, len(blocks[1])), (len(blocks[1]), len(blocks[1] + blocks[2]))]
    ] + [blocks[3]]
    assert len(blocks) == 4
    assert blocks[0] + blocks[1] == amr(50, wide=wide)


@pytest.mark.parametrize("kind", [9, 10, 11, 12, 13, 14])
def test_a_reserved_frame_type_makes_amr_bytes(kind: int) -> None:
    assert form_of(io.BytesIO(amr(60) + bytes([kind << 3 | 4]))).unit is Unit.BYTES


@pytest.mark.parametrize("end", [b"\x04", b"\x84" + bytes(12), b"\x05" + bytes(12), b"\x06" + bytes(12)])
def test_a_frame_cut_short_or_with_padding_set_makes_amr_bytes(end: bytes) -> None:
    form = form_of(io.BytesIO(amr(60) + end))
    assert (form.unit, form.format) == (Unit.BYTES, "amr")


def test_wav_is_parted_by_its_byte_rate_and_what_follows_the_sound_by_bytes() -> None:
    blocks = parted(wav(2.5, tail=b"LIST" + bytes(70_000)))
    assert [len(block) for block in blocks] == [56, 16_000, 16_000, 8_000, BLOCK, 70_004 - BLOCK]


@pytest.mark.parametrize(
    "data",
    [b"RIFF\0\0\0\0WAVE", wav(1)[:30], wav(1).replace(b"data", b"date"), b"\x89PNG\r\n\x1a\n" + bytes(100)],
)
def test_what_is_no_whole_sound_is_bytes(data: bytes) -> None:
    assert form_of(io.BytesIO(data)).unit is Unit.BYTES


@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=300).map(lambda tail: b"#!AMR\n" + tail),
        st.tuples(st.integers(0, 120), st.binary(max_size=3)).map(lambda p: amr(p[0]) + p[1]),
        st.tuples(st.integers(0, 90), st.binary(max_size=40)).map(lambda p: wav(0.01)[: p[0]] + p[1]),
    )
)
def test_the_blocks_of_any_file_are_its_bytes_and_none_is_empty(data: bytes) -> None:
    blocks = parted(data)
    assert b"".join(blocks) == data
    assert all(blocks) or data == b""


# ── keeping and taking ──


def test_a_file_comes_out_as_it_went_in_and_nothing_of_it_lies_in_the_store(
    store: Directory, tmp_path: Path
) -> None:
    data = CANARY * 9_000
    item, ref = kept(tmp_path, data)
    assert (ref.size, ref.blocks, ref.unit) == (len(data), -(-len(data) // BLOCK), Unit.BYTES)
    assert (ref.agreement, ref.sha256, ref.name) == (Agreement.SAME, sha256(data).digest(), "录音 1.amr")
    stored = b"".join(store.read(ref.address))
    assert sha256(stored).digest() == ref.address
    assert CANARY not in stored
    assert taken(ref, tmp_path / "out.bin") == data
    assert (tmp_path / "out.bin").stat().st_mode & 0o777 == 0o600
    assert found() == set()
    with pytest.raises(MediaKept):
        put(written(tmp_path / "in", b"another"), item)


def test_a_row_says_whether_the_file_is_the_one_that_was_claimed(store: Directory, tmp_path: Path) -> None:
    data = b"one file"
    path = written(tmp_path / "in", data)
    claims = (
        claim_of(data), {"kind": "file", "locator": "x", "size": 8}, {"kind": "file", "locator": "x"},
        claim_of(b"another"), claim_of(data, size=9), {"kind": "file", "locator": "x", "size": 9},
    )  # fmt: skip
    [item] = keep([claiming(1, *claims)])
    said = [put(path, item, n, differing=n > 2).agreement for n in range(6)]
    assert said == [Agreement.SAME, Agreement.SAME, Agreement.NOT_GIVEN, *[Agreement.DIFFERS] * 3]


def test_a_file_that_differs_or_was_not_claimed_or_is_empty_is_refused(
    store: Directory, tmp_path: Path
) -> None:
    [item, bare] = keep([claiming(1, claim_of(b"right")), claiming(2)])
    wrong = written(tmp_path / "in", b"wrong")
    with pytest.raises(MediaDiffers):
        put(wrong, item)
    for other, n in ((item, 1), (item, -1), (bare, 1)):
        with pytest.raises(MediaNotClaimed):
            put(wrong, other, n)
    for path in (written(tmp_path / "in", b"", "empty"), tmp_path / "absent"):
        with pytest.raises(MediaEmpty):
            put(path, bare)
    assert list(store.objects()) == []
    assert put(wrong, bare).agreement is Agreement.NOT_GIVEN
    with pytest.raises(MediaUnknown):
        queries.media(item, 0)


def test_a_file_that_changes_while_it_is_read_is_refused_and_nothing_is_stored(
    store: Directory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "in", amr(200))
    [item] = keep([claiming(1)])
    measured = keeping.measured

    def then_changed(*args: Any) -> Any:
        done = measured(*args)
        path.write_bytes(amr(200, seed=2))
        return done

    monkeypatch.setattr(keeping, "measured", then_changed)
    with pytest.raises(MediaChanged):
        put(path, item)
    assert (list(store.objects()), Media.objects.count()) == ([], 0)
    assert list((tmp_path / "media" / "uploads").iterdir()) == []


def test_memory_stays_the_same_however_large_the_file(store: Directory, tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        for n in range(48):
            file.write(bytes([n]) * (1 << 20))
    [item] = keep([claiming(1)])
    [opened] = opening.open_items([item], receipt=OPENING)
    tracemalloc.start()
    ref = keeping.keep(opened=opened, n=0, path=path, **WHO)
    media_opening.take(opened, ref, tmp_path / "out")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "out").stat().st_size == 48 << 20
    assert peak < 6 << 20


def test_two_uploads_of_one_place_never_share_a_key(store: Directory, tmp_path: Path) -> None:
    """The nonce is the block's number: only the seed keeps a second attempt from reusing both."""
    [item] = keep([claiming(1)])
    path = written(tmp_path / "in", bytes(1_000))
    first = put(path, item)
    with connections["owner"].cursor() as cursor:
        cursor.execute("DELETE FROM archive_media")
    second = put(path, item)
    one, two = (b"".join(store.read(ref.address)) for ref in (first, second))
    assert one[:15] == two[:15] == b"jieli.media.v1\n"
    assert one[15:47] != two[15:47]
    assert one[51:] != two[51:]


# ── tampering ──


@pytest.mark.parametrize("at", [0, 20, 48, 60, 40_000, -1])
def test_any_changed_byte_of_an_object_is_found_on_reading_and_by_fsck(
    store: Directory, tmp_path: Path, at: int
) -> None:
    _, ref = kept(tmp_path, os.urandom(100_000))
    path = tmp_path / "media" / name_of(ref.address)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(data)
    with pytest.raises(MediaAltered):
        taken(ref, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith("out")) == []
    assert found() == {"archive.media_changed"}


@pytest.mark.parametrize("more", [b"", b"\0", b"one more"])
def test_an_object_cut_short_or_with_more_is_found(store: Directory, tmp_path: Path, more: bytes) -> None:
    _, ref = kept(tmp_path, amr(300))
    path = tmp_path / "media" / name_of(ref.address)
    data = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(data + more if more else data[:-1])
    with pytest.raises(MediaAltered):
        taken(ref, tmp_path / "out")
    assert found() == {"archive.media_changed"}


def test_a_missing_object_and_a_missing_store_are_named(store: Directory, tmp_path: Path) -> None:
    _, ref = kept(tmp_path, amr(60))
    (tmp_path / "media" / name_of(ref.address)).unlink()
    assert found() == {"archive.media_missing"}
    media_ports.use(None)
    assert found() == {"archive.media_no_store"}
    with pytest.raises(MediaStoreMissing):
        queries.standing()


def test_a_changed_row_is_found(store: Directory, tmp_path: Path, owner_sql: Sql) -> None:
    kept(tmp_path, amr(60))
    owner_sql("UPDATE archive_media SET agreement = '平台未给'")
    assert found() == {"ledger.row_changed"}
    owner_sql("UPDATE archive_media SET agreement = '同', item = 77")
    assert found() == {"ledger.row_changed", "archive.media_item"}


# ── destroying and sweeping ──


def test_destroying_an_item_destroys_its_media_and_then_its_object(store: Directory, tmp_path: Path) -> None:
    data = CANARY * 100
    item, ref = kept(tmp_path, data)
    operations.shred_items(items=[item], reason="本人请求删除", by="person:desk", at=NOW + 1)
    [row] = Media.objects.all()
    assert (row.name, row.root, row.sha256) == (None, None, None)
    assert found() == set()
    with connections["read"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_part WHERE row_table = 'archive_media' AND body IS NULL")
        assert cursor.fetchone() == (1,)
    with pytest.raises(MediaUnknown):
        queries.media(item, 0)
    assert queries.standing().waiting == 1
    store.remove(ref.address, at=NOW + 2)  # as a crash between removing and writing it down leaves it
    assert removing.remove_destroyed(by="system:worker", at=NOW + 2) == Removed(1, 0)
    assert removing.remove_destroyed(by="system:worker", at=NOW + 3) == Removed(0, 0)
    assert list(store.objects()) == []
    assert (queries.standing().destroyed, queries.standing().waiting) == (1, 0)
    assert found() == set()
    store.put(ref.address, [b"restored from somewhere"], at=NOW)
    assert found() == {"archive.media_left"}


def test_no_file_comes_to_an_item_that_is_going_or_was_never_admitted(
    store: Directory, tmp_path: Path
) -> None:
    [item] = keep([claiming(1)])
    [opened] = opening.open_items([item], receipt=OPENING)
    operations.shred_items(items=[item], reason="本人请求删除", by="person:desk", at=NOW + 1)
    with pytest.raises(ItemDestroyed):
        keeping.keep(opened=opened, n=0, path=written(tmp_path / "in", amr(60)), **WHO)
    assert Media.objects.count() == 0
    with connections["default"].cursor() as cursor, pytest.raises(DatabaseError, match="media_no_item"):
        cursor.execute(
            "INSERT INTO archive_media (id, item, n, format, unit, size, blocks, seconds, stored, address, agreement,"
            " \"by\", at, name, root, sha256) VALUES (gen_random_uuid(), 99, 0, '', '字节', 1, 1, 0, 1, 'a', '同',"
            " '', 0, '', 'b', 'c')"
        )


class Locked(Directory):
    """A directory that keeps its objects until a day, as a bucket with Object Lock does."""

    def remove(self, address: bytes, *, at: int) -> int | None:
        return NOW + 90 * DAY if at < NOW + 90 * DAY else super().remove(address, at=at)


def test_what_an_object_lock_keeps_is_written_down_and_removed_when_it_ends(
    store: Directory, tmp_path: Path
) -> None:
    media_ports.use(Locked(tmp_path / "media"))
    item, _ = kept(tmp_path, amr(60))
    done = operations.shred_items(items=[item], reason="本人请求删除", by="person:desk", at=NOW + 1)
    assert removing.remove_destroyed(by="system:worker", at=NOW + 2) == Removed(0, 1)
    assert removing.remove_destroyed(by="system:worker", at=NOW + 3) == Removed(0, 0)
    assert queries.locked_objects(done.shred) == [NOW + 90 * DAY]
    assert queries.standing().waiting == 1
    assert removing.remove_destroyed(by="system:worker", at=NOW + 91 * DAY) == Removed(1, 0)
    assert queries.locked_objects(done.shred) == []
    assert [row.state for row in MediaRemoval.objects.order_by("at")] == ["对象锁定", "已删除"]
    assert found() == set()


class Away(Directory):
    def remove(self, address: bytes, *, at: int) -> int | None:
        raise MediaStoreAway("媒体存储不可用。")


def test_a_destruction_is_complete_while_the_store_is_away(store: Directory, tmp_path: Path) -> None:
    item, _ = kept(tmp_path, amr(60))
    operations.shred_items(items=[item], reason="本人请求删除", by="person:desk", at=NOW + 1)
    media_ports.use(Away(tmp_path / "media"))
    assert removing.remove_now(by="person:desk", at=NOW + 2) == Removed(0, 0)
    media_ports.use(store)
    assert removing.remove_now(by="person:desk", at=NOW + 3) == Removed(1, 0)


def test_two_processes_may_remove_the_same_objects(store: Directory, tmp_path: Path) -> None:
    item, _ = kept(tmp_path, amr(60))
    operations.shred_items(items=[item], reason="本人请求删除", by="person:desk", at=NOW + 1)

    class Other(Directory):
        """While this one removes, another process does the same and writes it down first."""

        def remove(self, address: bytes, *, at: int) -> int | None:
            media_ports.use(store)
            assert removing.remove_destroyed(by="system:other", at=NOW + 2) == Removed(1, 0)
            return super().remove(address, at=at)

    media_ports.use(Other(tmp_path / "media"))
    assert removing.remove_destroyed(by="system:worker", at=NOW + 2) == Removed(1, 0)
    assert [row.state for row in MediaRemoval.objects.all()] == ["已删除"]
    assert found() == set()


def upload(tell: Tell, home: str, root: str, path: str, item: str) -> None:
    """Keep a file in a process that a fail point may kill."""
    from tests.rooms.test_archive_samples import extract

    made = keys.load(Path(home))
    ports.use(keyring=made, extract=extract, confirm_opening=lambda receipt, items: True)
    open_store(made, at=NOW)
    media_ports.use(Directory(Path(root)))
    tell(put(Path(path), int(item)).n)


@pytest.mark.parametrize(
    ("point", "objects", "unfinished"),
    [
        ("upload.before_store", 0, 0), ("upload.in_store:2", 0, 1), ("upload.before_rename", 0, 1),
        ("upload.after_store", 1, 0), ("upload.before_commit", 1, 0),
    ],
)  # fmt: skip
def test_a_crash_leaves_nothing_or_an_orphan_which_is_swept_an_hour_later(
    store: Directory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    objects: int,
    unfinished: int,
) -> None:
    data = CANARY * 5_000
    [item] = keep([claiming(1)])
    path = written(tmp_path / "in", data)
    monkeypatch.setenv("JIELI_FAIL_AT", point)
    words = (tmp_path / "home", tmp_path / "media", path, str(item))
    assert run_in_child(upload, *words) == (-signal.SIGKILL, [])
    monkeypatch.delenv("JIELI_FAIL_AT")
    assert (len(list(store.objects())), Media.objects.count()) == (objects, 0)
    files = [file for file in (tmp_path / "media").rglob("*") if file.is_file()]
    assert len(files) == objects + unfinished
    assert all(CANARY not in file.read_bytes() for file in files)
    ref = put(path, item)
    late = int(max(file.stat().st_mtime for file in (tmp_path / "media").rglob("*")) * 1_000)
    assert removing.sweep(by="system:worker", at=late + HOUR // 2).orphans == 0
    swept = removing.sweep(by="system:worker", at=late + DAY + HOUR)
    assert (swept.orphans, swept.unfinished) == (objects, unfinished)
    assert [one.address for one in store.objects()] == [ref.address]
    assert found() == set()


def test_the_sweep_leaves_what_somebody_is_storing(
    store: Directory, tmp_path: Path, other_connection: Callable[..., psycopg.Connection[Any]]
) -> None:
    address = sha256(b"x").digest()
    store.put(address, [b"x"], at=NOW)
    late = int(next(store.objects()).changed_at) + 2 * HOUR
    other = other_connection()
    key = int.from_bytes(address[:8], "big", signed=True)
    other.execute("SELECT pg_advisory_lock(%s)", [key])
    assert removing.sweep(by="system:worker", at=late).orphans == 0
    other.execute("SELECT pg_advisory_unlock(%s)", [key])
    with locks.storing(address):
        assert other.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() == (False,)
    assert removing.sweep(by="system:worker", at=late).orphans == 1


# ── excerpts and playable copies ──


@pytest.fixture
def signer(store: Directory) -> seal_keys.Signer:
    made = seal_keys.generate(ORIGIN)
    checkpoints.first_checkpoint(made, at=NOW)
    return made


def trusted(signer: seal_keys.Signer) -> policy.Policy:
    return policy.parse(f"log {signer.vkey.format()}\nquorum none\n".encode())


def cut(ref: MediaRef, out: Path, start: int, stop: int, signer: seal_keys.Signer) -> int:
    [opened] = opening.open_items([ref.item], receipt=OPENING)
    cover = lambda: checkpoints.sign_head(signer, at=NOW)  # noqa: E731
    shown = excerpts.write_excerpt(
        opened, ref, out, start=start, stop=stop, trusted=trusted(signer), cover=cover
    )
    assert shown.standing.counts
    return shown.blocks


@pytest.mark.parametrize(("seconds", "start", "stop"), [(40, 12, 30), (3, 0, 1), (1, 0, 9), (65, 63, 65)])
def test_an_excerpt_plays_and_proves_against_the_whole_with_nothing_of_ours(
    signer: seal_keys.Signer, tmp_path: Path, seconds: int, start: int, stop: int
) -> None:
    data = amr(50 * seconds, kinds=(7,))
    item, ref = kept(tmp_path, data)
    assert cut(ref, tmp_path / "out", start, stop, signer) == 1 + min(stop, seconds) - start
    cutting = (tmp_path / "out" / "excerpt.amr").read_bytes()
    assert cutting == data[:6] + data[6 + start * 1_600 : 6 + stop * 1_600]
    proved = verify_excerpt(tmp_path / "out", trusted=trusted(signer))
    assert (proved.item, proved.media, proved.size, proved.sha256) == (
        item, 0, len(data), sha256(data).hexdigest()
    )  # fmt: skip
    readme = (tmp_path / "out" / "README.txt").read_text("utf-8")
    code = readme.split("-----BEGIN PYTHON-----\n")[1].split("-----END")[0]
    python = [sys.executable, "-I", "-S", "-X", "utf8", "-c", code]
    done = subprocess.run(python, cwd=tmp_path / "out", capture_output=True, timeout=300)
    assert done.stdout.startswith(f"OK {ORIGIN} ".encode()), done.stderr
    (tmp_path / "out" / "excerpt.amr").write_bytes(cutting[:-1] + bytes([cutting[-1] ^ 1]))
    assert subprocess.run(python, cwd=tmp_path / "out", capture_output=True, timeout=300).returncode == 1
    with pytest.raises(SealError, match=r"excerpt\.root"):
        verify_excerpt(tmp_path / "out", trusted=trusted(signer))


def test_an_excerpt_of_bytes_is_rounded_to_whole_blocks(signer: seal_keys.Signer, tmp_path: Path) -> None:
    data = os.urandom(5 * BLOCK + 7)
    _, ref = kept(tmp_path, data)
    assert cut(ref, tmp_path / "out", BLOCK + 1, 2 * BLOCK + 1, signer) == 2
    assert (tmp_path / "out" / "excerpt.bin").read_bytes() == data[BLOCK : 3 * BLOCK]
    assert verify_excerpt(tmp_path / "out", trusted=trusted(signer)).of == 6
    for start in (len(data), len(data) + 1):
        with pytest.raises(BadExcerpt, match=f"全长 {len(data)} 字节"):
            cut(ref, tmp_path / "beyond", start, start + 1, signer)
    assert cut(ref, tmp_path / "last", len(data) - 1, len(data) + 9, signer) == 1


def test_what_is_no_stretch_or_not_covered_or_there_already_is_refused(
    signer: seal_keys.Signer, tmp_path: Path
) -> None:
    _, ref = kept(tmp_path, amr(150))
    for start, stop in ((3, 4), (2, 2), (2, 1), (-1, 2)):
        with pytest.raises(BadExcerpt):
            cut(ref, tmp_path / "out", start, stop, signer)
    [opened] = opening.open_items([ref.item], receipt=OPENING)
    with pytest.raises(MediaNotCovered):
        excerpts.write_excerpt(
            opened, ref, tmp_path / "out", start=0, stop=1, trusted=None, cover=lambda: None
        )
    assert cut(ref, tmp_path / "out", 0, 1, signer) == 2
    for out in (tmp_path / "out", tmp_path / "nowhere" / "out"):
        with pytest.raises(BadExcerpt):
            cut(ref, out, 0, 1, signer)
        with pytest.raises(BadExcerpt):
            taken(ref, out)


def test_silence_is_not_seen_in_the_siblings_of_a_proof(signer: seal_keys.Signer, tmp_path: Path) -> None:
    """Two equal seconds have different leaves, and neither is the digest of what anybody could guess."""
    _, ref = kept(tmp_path, amr(200, kinds=(15,)))
    [opened] = opening.open_items([ref.item], receipt=OPENING)
    pieces = list(media_opening.pieces(opened, ref))
    assert len({piece.data for piece in pieces[1:]}) == 1
    leaves = {part_leaf(piece.salt, piece.data) for piece in pieces}
    assert len(leaves) == 5
    assert part_leaf(bytes(16), pieces[1].data) not in leaves


def test_a_playable_copy_lies_beside_what_came(tmp_path: Path) -> None:
    path = written(tmp_path / "in", amr(150, kinds=(7,)), "call.amr")
    copy = playable.copy_of(path)
    data = copy.read_bytes()
    assert copy.name == "call.amr.wav"
    assert (data[:4], data[8:12], int.from_bytes(data[24:28], "little")) == (b"RIFF", b"WAVE", 8_000)
    assert len(data) == pytest.approx(3 * 16_000, abs=1_000)
    assert path.read_bytes() == amr(150, kinds=(7,))
    with pytest.raises(NotPlayable, match="已存在"):
        playable.copy_of(path)


def test_what_cannot_be_played_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotPlayable, match="不是可以解码的录音"):
        playable.copy_of(written(tmp_path / "in", b"words", "a.txt"))
    assert sorted(p.name for p in (tmp_path / "in").iterdir()) == ["a.txt"]
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(NotPlayable, match="没有安装音频组件"):
        playable.copy_of(written(tmp_path / "in", amr(50), "b.amr"))


# ── settings ──


def test_the_place_of_media_is_read_off_the_environment(tmp_path: Path) -> None:
    assert read_media({}, tmp_path).place() == f"目录 {tmp_path / 'media'}"
    assert read_media({"JIELI_MEDIA": "/srv/media"}, tmp_path).place() == "目录 /srv/media"
    bucket = {"JIELI_MEDIA": "s3://kept/a/b/", "JIELI_MEDIA_ENDPOINT": "http://127.0.0.1:9"}
    assert read_media(bucket, tmp_path).place() == "s3://kept/a/b（http://127.0.0.1:9）"
    for wrong in (
        {"JIELI_MEDIA": "s3://X"},
        {"JIELI_MEDIA": "s3://kept", "JIELI_MEDIA_ENDPOINT": "kept.example"},
    ):
        with pytest.raises(BadProfile):
            read_media(wrong, tmp_path)


def test_the_ledger_checks_know_the_tables(store: Directory, tmp_path: Path) -> None:
    kept(tmp_path, wav(1.5))
    every = [*ledger_checks.checks({}), *checks.checks()]
    assert "ledger.row_table" not in {finding.code for finding in fsck.run(every).findings}
