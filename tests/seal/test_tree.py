"""Trees, proofs and tiles against third-party vectors and a naive reading of RFC 6962.

Of the 518 vectors, the 98 of inclusion and the 98 of consistency are judged here, all of them. The other 322 are of
subtree proofs, which nothing in this house makes or reads; they come in with the first thing that does.
"""

import base64
import json
from collections import Counter
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seal import tiles, tree
from seal.errors import MismatchError, SealError
from tests.shared_data import shared

LEAVES = [tree.leaf_hash(b"%d" % n) for n in range(70_000)]


def naive_root(leaves):
    """RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha256(b"\x01" + naive_root(leaves[:half]) + naive_root(leaves[half:])).digest()


def naive_path(m, leaves):
    if len(leaves) == 1:
        return []
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    if m < half:
        return [*naive_path(m, leaves[:half]), naive_root(leaves[half:])]
    return [*naive_path(m - half, leaves[half:]), naive_root(leaves[:half])]


def naive_subproof(m, leaves, whole):
    if m == len(leaves):
        return [] if whole else [naive_root(leaves)]
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    if m <= half:
        return [*naive_subproof(m, leaves[:half], whole), naive_root(leaves[half:])]
    return [*naive_subproof(m - half, leaves[half:], False), naive_root(leaves[:half])]


def fetch_from(leaves):
    """Tiles computed from leaf hashes, and a list of what was fetched."""
    levels = [list(leaves)]
    while len(levels[-1]) >= 256:
        below = levels[-1]
        levels.append([naive_root(below[at : at + 256]) for at in range(0, len(below) // 256 * 256, 256)])
    asked = []

    def fetch(level, n, width):
        asked.append((level, n, width))
        return b"".join(levels[level][n * 256 : n * 256 + width])

    return fetch, asked


def verdict(check):
    try:
        check()
    except SealError:
        return True
    return False


def hashes(vector):
    return [base64.b64decode(text) for text in vector["proof"] or []]


def test_all_third_party_inclusion_vectors_are_judged_as_they_say():
    files = sorted(shared("merkle_vectors/inclusion").rglob("*.json"))
    vectors = [json.loads(file.read_text()) for file in files]
    judged = [
        verdict(
            lambda v=v: tree.verify_inclusion(
                leaf=base64.b64decode(v["leafHash"] or ""),
                index=v["leafIdx"],
                size=v["treeSize"],
                path=hashes(v),
                root=base64.b64decode(v["root"] or ""),
            )
        )
        for v in vectors
    ]
    assert judged == [v["wantErr"] for v in vectors]
    assert len(vectors) == 98


def test_all_third_party_consistency_vectors_are_judged_as_they_say():
    files = sorted(shared("merkle_vectors/consistency").rglob("*.json"))
    vectors = [json.loads(file.read_text()) for file in files]
    judged = [
        verdict(
            lambda v=v: tree.verify_consistency(
                old=v["size1"],
                size=v["size2"],
                old_root=base64.b64decode(v["root1"] or ""),
                root=base64.b64decode(v["root2"] or ""),
                path=hashes(v),
            )
        )
        for v in vectors
    ]
    assert judged == [v["wantErr"] for v in vectors]
    assert len(vectors) == 98


@given(st.integers(1, 300), st.data())
def test_inclusion_paths_equal_the_naive_recursion_and_verify(size, data):
    index = data.draw(st.integers(0, size - 1))
    path = tree.inclusion_path(LEAVES[:size], index)
    root = tree.root(LEAVES[:size])
    assert (path, root) == (naive_path(index, LEAVES[:size]), naive_root(LEAVES[:size]))
    tree.verify_inclusion(leaf=LEAVES[index], index=index, size=size, path=path, root=root)


@given(st.integers(1, 300), st.data())
def test_consistency_paths_equal_the_naive_recursion_and_verify(size, data):
    old = data.draw(st.integers(1, size))
    path = tree.consistency_path(LEAVES[:size], old)
    assert path == naive_subproof(old, LEAVES[:size], True)
    tree.verify_consistency(
        old=old, size=size, old_root=tree.root(LEAVES[:old]), root=tree.root(LEAVES[:size]), path=path
    )


@given(st.integers(2, 200), st.data())
def test_no_inclusion_proof_survives_a_changed_hash_another_index_or_another_leaf(size, data):
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
    root = tree.root(LEAVES[:size])
    path = tree.inclusion_path(LEAVES[:size], index)
    at = data.draw(st.integers(0, len(path) - 1))
    bent = [*path[:at], bytes([path[at][0] ^ 1]) + path[at][1:], *path[at + 1 :]]
    for leaf, where, proof in [
        (LEAVES[index], index, bent),
        (LEAVES[index], other, path),
        (LEAVES[other], index, path),
        (LEAVES[index], index, path[:-1]),
        (LEAVES[index], index, [*path, path[0]]),
    ]:
        with pytest.raises(MismatchError):
            tree.verify_inclusion(leaf=leaf, index=where, size=size, path=proof, root=root)


@given(st.integers(2, 200), st.data())
def test_no_consistency_proof_survives_a_rewritten_leaf(size, data):
    old = data.draw(st.integers(1, size - 1))
    changed = data.draw(st.integers(0, old - 1))
    forged = list(LEAVES[:size])
    forged[changed] = tree.leaf_hash(b"forged")
    with pytest.raises(MismatchError):
        tree.verify_consistency(
            old=old,
            size=size,
            old_root=tree.root(LEAVES[:old]),
            root=tree.root(forged),
            path=tree.consistency_path(forged, old),
        )


def test_a_frontier_gives_every_root_and_is_restored_from_its_peaks():
    frontier = tree.Frontier()
    assert frontier.root() == tree.EMPTY_ROOT
    for size in range(1, 130):
        frontier = tree.Frontier(frontier.size, frontier.peaks)
        frontier.append(LEAVES[size - 1])
        assert frontier.root() == naive_root(LEAVES[:size])


def test_a_frontier_whose_peaks_do_not_fit_its_size_is_refused():
    with pytest.raises(SealError):
        tree.Frontier(3, [LEAVES[0]])


@pytest.mark.parametrize(
    "check",
    [
        lambda: tree.verify_consistency(old=0, size=1, old_root=tree.EMPTY_ROOT, root=LEAVES[0], path=[]),
        lambda: tree.verify_consistency(old=2, size=1, old_root=LEAVES[0], root=LEAVES[0], path=[]),
        lambda: tree.verify_inclusion(leaf=LEAVES[0], index=1, size=1, path=[], root=LEAVES[0]),
        lambda: tree.verify_inclusion(leaf=LEAVES[0], index=-1, size=1, path=[], root=LEAVES[0]),
        lambda: tree.verify_inclusion(leaf=b"", index=0, size=1, path=[], root=b""),
        lambda: tree.verify_inclusion(leaf=LEAVES[0], index=0, size=2**70, path=[], root=LEAVES[0]),
        lambda: tree.inclusion_plan(3, 3),
        lambda: tree.consistency_plan(0, 3),
    ],
)
def test_sizes_indexes_and_hashes_out_of_range_are_refused(check):
    with pytest.raises(SealError):
        check()


def test_a_log_of_70000_entries_has_the_tiles_that_the_specification_lists():
    found = list(tiles.tiles_of(70_000, entries=True))
    full = Counter(tile.level for tile in found if tile.width == 256)
    partial = {tile.level: (tile.n, tile.width) for tile in found if tile.width < 256}
    assert full == {"entries": 273, 0: 273, 1: 1}
    assert partial == {"entries": (273, 112), 0: (273, 112), 1: (1, 17), 2: (0, 1)}
    assert tiles.Tile(0, 273, 112).path() == "tile/0/273.p/112"


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 513, 65_535, 65_536, 65_793, 70_000])
def test_tiles_give_the_same_roots_and_proofs_as_the_tree_in_memory(size):
    whole = tree.Tree(LEAVES[:size])
    fetch, asked = fetch_from(LEAVES[:size])
    served = set(tiles.tiles_of(size))
    for index in {0, 1 % size, size // 3, size - 1}:
        read = tiles.TileTree(size, fetch)
        assert read.root() == whole.root()
        assert read.inclusion(index) == whole.inclusion(index)
        assert read.consistency(index + 1) == whole.consistency(index + 1)
    assert {tiles.Tile(*tile) for tile in asked} <= served


def test_one_proof_of_a_large_log_reads_few_tiles():
    fetch, asked = fetch_from(LEAVES)
    tiles.TileTree(70_000, fetch).inclusion(4711)
    assert len(asked) <= 6


def test_a_tile_of_the_wrong_length_is_refused():
    with pytest.raises(SealError) as error:
        tiles.TileTree(3, lambda _level, _n, _width: b"\x00" * 64).root()
    assert error.value.code == "tiles.length"


@given(st.integers(0, 2**63 - 1), st.integers(0, 63) | st.just("entries"), st.integers(1, 256))
def test_tile_paths_go_both_ways(n, level, width):
    tile = tiles.Tile(level, n, width)
    assert tiles.parse_path(tile.path()) == tile


def test_the_tile_path_of_the_specification():
    assert tiles.Tile(0, 1234067).path() == "tile/0/x001/x234/067"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile",
        "tile/0",
        "tile/0/1",
        "tile/0/0001",
        "tile/00/001",
        "tile/64/001",
        "tile/-1/001",
        "tile/0/x001",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/001.p",
        "tile/0/001/",
        "/tile/0/001",
        "tile/0/001.p/1/1",
        "tile/entries/٠٠١",
        "tile/0/" + "x999/" * 40 + "999",
    ],
)
def test_paths_with_another_spelling_are_refused(path):
    with pytest.raises(SealError) as error:
        tiles.parse_path(path)
    assert error.value.code == "tiles.path"


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_entry_bundles_go_both_ways(entries):
    assert tiles.unpack_entries(tiles.pack_entries(entries)) == entries


@pytest.mark.parametrize("bundle", [b"", b"\x00", b"\x00\x02a", b"\x00\x00" * 257])
def test_malformed_entry_bundles_are_refused(bundle):
    with pytest.raises(SealError):
        tiles.unpack_entries(bundle)


def test_an_entry_above_65535_bytes_does_not_go_into_a_bundle():
    with pytest.raises(SealError):
        tiles.pack_entries([b"x" * 65_536])


@settings(max_examples=25)
@given(st.integers(1, 2000))
def test_the_bulk_root_equals_the_streamed_one(size):
    frontier = tree.Frontier()
    frontier.extend(LEAVES[:size])
    assert frontier.root() == tree.root(LEAVES[:size])
