"""Lines of items read quickly are read as the full reading reads them, whatever stands in them."""

import pytest

from seal.canonical import encode
from seal.errors import SealError
from seal.item import fields_digest, item_leaf, row_digest
from seal.tree import Tree
from seal.verify.lean import LeanReader
from seal.verify.lines import read_item
from tests.seal.packages import digest

FIELDS = {
    "raw": b'{"a":"\xe6\x98\xa5"}',
    "receivers": b'["b"]',
    "sender": b"c",
    "text": b"d",
    "time": b"17832",
}


def line(n: int, count: int, *, entry: int = 7) -> bytes:
    """An item as packages have it, the n-th of so many leaves; one of its fields is closed."""
    fields = {name: {"bytes": data.hex(), "salt": digest(name).hex()} for name, data in FIELDS.items()}
    row = {"basis_id": 1, "cipher_sha256": digest(f"cipher {n}").hex(), "item_id": n, "source": "wecom"}
    path = [one.hex() for one in Tree([digest(f"leaf {k}") for k in range(count)]).inclusion(n)]
    shown = {**fields, "media.0": {"digest": digest("media").hex()}}
    return encode({"entry": entry, "fields": shown, "n": n, "path": path, "row": row})


def plainly(data: bytes) -> object:
    """What the full reading says of a line: the item, or the code of the error."""
    try:
        found = read_item(data)
    except SealError as error:
        return error.code
    leaf = item_leaf(fields_digest(found.fields), row_digest(found.row))
    return found.entry, found.n, b"".join(found.path), leaf


def quickly(reader: LeanReader, data: bytes) -> object:
    try:
        return reader.read(data)
    except SealError as error:
        return error.code


@pytest.mark.parametrize("count", [2, 3, 8, 9, 16, 17, 31, 32, 33, 100])
def test_neighbours_are_read_as_each_is_alone(count: int) -> None:
    reader = LeanReader()
    lines = [line(n, count) for n in range(1, count)]
    assert [reader.read(one) for one in lines] == [plainly(one) for one in lines]


def test_paths_of_every_length_are_read_as_each_is_alone() -> None:
    reader = LeanReader()
    lines = [line(2, count) for count in (3, 100, 9, 5, 17, 33, 4, 65, 17, 129, 3)]
    assert [reader.read(one) for one in lines] == [plainly(one) for one in lines]


@pytest.mark.parametrize("put", [b'"', b",", b"]", b"A", b"0", b"g", b"\xff", b"", b"00", b'","'])
def test_a_line_that_is_changed_anywhere_is_read_as_the_full_reading_reads_it(put: bytes) -> None:
    whole, before = line(38, 64), line(39, 64)
    reader = LeanReader()
    assert [reader.read(one) for one in (before, whole)] == [plainly(before), plainly(whole)]
    for at in range(0, len(whole), 1 if len(put) == 1 else 7):
        bent = whole[:at] + put + whole[at + 1 :]
        assert quickly(reader, bent) == plainly(bent), at


def test_a_path_of_more_hashes_than_a_tree_is_high_is_refused() -> None:
    reader = LeanReader()
    whole = line(38, 64)
    hash_ = b'"' + digest("more").hex().encode() + b'",'
    reader.read(whole)
    for more in (58, 59, 70):
        longer = whole.replace(b'"path":[', b'"path":[' + more * hash_)
        assert quickly(reader, longer) == plainly(longer)
    assert plainly(longer) == "item.shape"
