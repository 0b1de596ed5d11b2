"""The container: one spelling, finished or absent, and no other program's zip passes for it."""

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seal import container
from seal.container import Container, check_names, order_key
from seal.container_writer import ContainerWriter
from seal.errors import SealError

FILES = {
    "01-目录.pdf": b"one",
    "02-过程.pdf": b"two",
    "10-会话.pdf": b"",
    "SHA256SUMS": b"sums",
    "items.jsonl": b"x" * 3_000_000,
    "proofs/1.tlog-proof": b"p",
}


def write(path, files):
    with ContainerWriter(path) as writer:
        for name, data in files.items():
            writer.add(name, [data[:10], data[10:]])
    return path


def code_of(data):
    with pytest.raises(SealError) as error:
        Container(io.BytesIO(data))
    return error.value.code


@pytest.fixture
def small(tmp_path):
    return write(tmp_path / "small.zip", {"a": b"hello", "b": b"world"}).read_bytes()


def test_what_is_written_is_read_and_any_zip_program_reads_it_too(tmp_path):
    path = write(tmp_path / "p.zip", FILES)
    with Container.open(path) as opened:
        assert {name: opened.read(name, limit=4_000_000) for name in opened.members} == FILES
    with zipfile.ZipFile(path) as foreign:
        assert {name: foreign.read(name) for name in foreign.namelist()} == FILES
        assert {info.date_time for info in foreign.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert foreign.testzip() is None


def test_the_same_files_give_the_same_bytes(tmp_path):
    assert write(tmp_path / "a", FILES).read_bytes() == write(tmp_path / "b", FILES).read_bytes()


def test_an_empty_container_is_22_bytes(tmp_path):
    assert len(write(tmp_path / "p", {}).read_bytes()) == 22


def test_the_order_is_pdfs_by_number_then_bytewise():
    names = ["z", "9-x.pdf", "SHA256SUMS", "100-a.pdf", "02-b.pdf", "02-a.pdf", "01-é.pdf", "é", "a/b"]
    wanted = ["01-é.pdf", "02-a.pdf", "02-b.pdf", "100-a.pdf", "9-x.pdf", "SHA256SUMS", "a/b", "z", "é"]
    assert sorted(names, key=order_key) == wanted


def test_a_failure_leaves_neither_a_package_nor_a_partial_file(tmp_path):
    with pytest.raises(ZeroDivisionError), ContainerWriter(tmp_path / "p") as writer:
        writer.add("a", (bytes(1 // n) for n in (1, 0)))
    assert list(tmp_path.iterdir()) == []


def test_a_crash_leaves_only_the_partial_file_and_the_next_writer_overwrites_it(tmp_path):
    writer = ContainerWriter(tmp_path / "p")
    writer.add("a", [b"never finished" * 1000])
    assert [path.name for path in tmp_path.iterdir()] == ["p.partial"]
    write(tmp_path / "p", {"b": b"x"})
    assert [path.name for path in tmp_path.iterdir()] == ["p"]
    writer._file.close()


def test_a_package_is_readable_by_its_owner_only(tmp_path):
    assert write(tmp_path / "p", FILES).stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_overwritten(tmp_path):
    write(tmp_path / "p", {"a": b"1"})
    with pytest.raises(SealError) as error:
        ContainerWriter(tmp_path / "p")
    assert error.value.code == "container.exists"


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["b", "a"], "container.order"),
        (["a", "a"], "container.order"),
        (["a", "01-x.pdf"], "container.order"),
        (["A", "a"], "container.name"),
        ([""], "container.name"),
        (["/a"], "container.name"),
        (["a/"], "container.name"),
        (["../a"], "container.name"),
        (["a/./b"], "container.name"),
        (["a\\b"], "container.name"),
        (["c:a"], "container.name"),
        (["a\n"], "container.name"),
        (["\ud800"], "container.name"),
        (["x" * 256], "container.name"),
        ([f"{n:05}" for n in range(65_535)], "container.count"),
    ],
)
def test_names_that_could_be_read_in_two_ways_are_refused(names, code):
    with pytest.raises(SealError) as error:
        check_names(names)
    assert error.value.code == code


def test_a_foreign_zip_is_refused_even_when_stored(tmp_path):
    with zipfile.ZipFile(tmp_path / "z", "w") as foreign:
        foreign.writestr(zipfile.ZipInfo("a"), b"hello")
    assert code_of((tmp_path / "z").read_bytes()) == "container.form"


@pytest.mark.parametrize(
    ("bend", "code"),
    [
        (lambda d: d[:-1], "container.form"),
        (lambda d: d + b"\0", "container.form"),
        (lambda d: b"\0" + d, "container.form"),
        (lambda d: d[:20], "container.size"),
        (lambda d: b"", "container.size"),
        (lambda d: d[:-2] + b"\1\0", "container.form"),
        (lambda d: d.replace(b"hello", b"hallo"), "container.crc"),
        (lambda d: d.replace(b"PK\x03\x04", b"PK\x03\x05", 1), "container.form"),
        (lambda d: d[:-10] + struct.pack("<I", 2**32 - 1) + d[-6:], "container.form"),
    ],
)
def test_a_bent_container_is_refused_by_its_own_code(small, bend, code):
    assert code_of(bend(small)) == code


def test_a_gap_between_two_files_is_refused(small):
    at = small.index(b"PK\x01\x02")
    bent = small[:at] + b"gap" + small[at:-6] + struct.pack("<I", at + 3) + small[-2:]
    assert code_of(bent) == "container.form"


def test_every_flipped_bit_of_a_small_container_is_refused(small):
    for at in range(len(small) * 8):
        bent = bytearray(small)
        bent[at // 8] ^= 1 << at % 8
        assert code_of(bytes(bent)).startswith("container.")


@given(st.binary(max_size=400))
def test_any_bytes_are_a_container_or_refused(data):
    assert code_of(data).startswith("container.")


def test_limits_and_missing_files_are_named(tmp_path):
    path = write(tmp_path / "p", {"a": b"line one\nline two\nrest"})
    with Container.open(path) as opened:
        with pytest.raises(SealError) as large:
            opened.read("a", limit=5)
        with pytest.raises(SealError) as line:
            list(opened.lines("a", limit=5))
        with pytest.raises(SealError) as unended:
            list(opened.lines("a", limit=50))
    with pytest.raises(SealError) as absent:
        Container.open(tmp_path / "absent")
    codes = [error.value.code for error in (large, line, unended, absent)]
    assert codes == ["container.large", "container.line", "container.line", "container.open"]


def test_a_container_may_not_reach_4_gib(tmp_path, monkeypatch):
    monkeypatch.setattr("seal.container_writer.MAX_CONTAINER", 1000)
    with pytest.raises(SealError) as error:
        write(tmp_path / "p", {"a": b"x" * 1000})
    assert error.value.code == "container.large"
    assert container.MAX_CONTAINER == 2**32 - 1
