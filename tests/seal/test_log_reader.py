"""A whole log is read and nothing of it believed: right ones pass at every size, wrong ones fail at every file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seal import checkpoint, tiles, tree
from seal.checkpoint import Checkpoint
from seal.errors import MismatchError, SealError, UnvouchedError
from seal.keys import COSIGNATURE
from seal.log_reader import read_log
from tests.seal.packages import signer

ORIGIN = "log.example/one"
LOG = signer(ORIGIN)


def served(size):
    """Every file of a log of this size, by path."""
    entries = [b"%d" % n for n in range(size)]
    levels = [[tree.leaf_hash(data) for data in entries]]
    while len(levels[-1]) >= 256:
        last = levels[-1]
        levels.append([tree.root(last[at : at + 256]) for at in range(0, len(last) // 256 * 256, 256)])
    files = {}
    for tile in tiles.tiles_of(size, entries=True):
        first, last = tile.n * 256, tile.n * 256 + tile.width
        if tile.level == "entries":
            files[tile.path()] = tiles.pack_entries(entries[first:last])
        else:
            files[tile.path()] = b"".join(levels[tile.level][first:last])
    files["checkpoint"] = checkpoint.sign(Checkpoint(ORIGIN, size, tree.root(levels[0])), LOG)
    return files


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
