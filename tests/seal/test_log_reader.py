"""A whole log is read and nothing of it believed: right ones pass at every size, wrong ones fail at every file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seal import tiles, tree
from seal.errors import MismatchError, SealError, UnvouchedError
from seal.keys import COSIGNATURE
from seal.log_reader import read_log
from tests.seal.as_bytes import LOG, ORIGIN, served
from tests.seal.packages import signer


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 257, 511, 512, 600, 65_536, 66_000])
def test_a_right_log_of_any_size_is_read_to_its_end(size):
    files = served(size)
    whole = read_log(files.get, [LOG.vkey])
    assert (whole.head.size, whole.entries, [v.key for v in whole.signed]) == (size, size, [LOG.vkey])
    hashes = {path: data for path, data in files.items() if "entries" not in path}
    assert read_log(hashes.get, [LOG.vkey], entries=False).head == whole.head


def test_every_file_is_needed_and_no_bit_of_it_may_differ():
    files = served(600)
    for path in files:
        with pytest.raises(MismatchError):
            read_log({k: v for k, v in files.items() if k != path}.get, [LOG.vkey])
    for path, data in files.items():
        for changed in (data[:-1], data + b"\0", bytes([data[0] ^ 1]) + data[1:], b""):
            with pytest.raises(SealError):
                read_log({**files, path: changed}.get, [LOG.vkey])


def test_a_tile_above_that_agrees_with_the_root_alone_does_not_pass():
    """Two full tiles changed together with the one above them: the signed root still decides."""
    files = served(512)
    other = [tree.leaf_hash(b"x%d" % n) for n in range(256)]
    files["tile/0/000"] = b"".join(other)
    files["tile/1/000.p/2"] = tree.root(other) + files["tile/1/000.p/2"][32:]
    with pytest.raises(MismatchError) as caught:
        read_log(files.get, [LOG.vkey], entries=False)
    assert caught.value.code == "log.root"


def test_entries_that_are_not_those_of_their_tile_do_not_pass():
    """A bundle that reads well and tells another story than the hashes that the root commits to."""
    files = served(300)
    for path in ("tile/entries/000", "tile/entries/001.p/44"):
        entries = tiles.unpack_entries(files[path])
        for other in (
            [*entries[:-1], b"another"],
            entries[:-1],
            [*entries, b"more"],
            [*entries[1:], entries[0]],
        ):
            with pytest.raises(MismatchError) as caught:
                read_log({**files, path: tiles.pack_entries(other)}.get, [LOG.vkey])
            assert caught.value.code in ("log.entries", "log.bundle")
        assert read_log({**files, path: b""}.get, [LOG.vkey], entries=False).entries == 0


def test_only_a_key_of_the_log_that_the_reader_names_vouches_for_it():
    files = served(3)
    witness = signer(ORIGIN, kind=COSIGNATURE)
    for keys in ([], [signer("log.example/two").vkey], [signer(ORIGIN, seed="another").vkey], [witness.vkey]):
        with pytest.raises(UnvouchedError):
            read_log(files.get, keys)


THREE_HUNDRED = served(300)


@given(st.sampled_from(sorted(THREE_HUNDRED)), st.binary(max_size=9_000))
def test_whatever_a_site_answers_only_our_error_comes_out(path, data):
    with pytest.raises(SealError):
        read_log({**THREE_HUNDRED, path: b"x" + data}.get, [LOG.vkey])
