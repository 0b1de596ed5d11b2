"""The tree as it is stored: hashes of many tiles in one query, and every node, proof and root that they give.

Nothing here loads the log. A proof costs the tiles on its path; a thousand proofs cost each of their tiles once.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import islice

from jieli.ledger.plain import prepared
from jieli.ledger.types import HASH, TILE
from seal.errors import SealError
from seal.tree import Node, consistency_plan, fold, inclusion_plan

HEIGHT = 8
#: So many tiles of leaves are in memory at a time (each about 50 KB with its inner nodes).
TILES_AT_ONCE = 512
TileKey = tuple[int, int]


#: Full tiles as they are stored, then the hashes of the partial ones: leaves, or roots of the full tiles below.
_TILES = """
SELECT true, t.level, t.n, t.data FROM ledger_tile t
JOIN unnest($2::smallint[], $3::bigint[]) AS w (level, n) ON t.level = w.level AND t.n = w.n WHERE t.log = $1
UNION ALL
SELECT false, 0::smallint, index, leaf FROM ledger_entry WHERE log = $1 AND index >= $4 AND index < $5
UNION ALL
SELECT false, (t.level + 1)::smallint, t.n, t.root FROM ledger_tile t
JOIN unnest($6::smallint[], $7::bigint[], $8::bigint[]) AS w (below, start, stop)
ON t.level = w.below AND t.n >= w.start AND t.n < w.stop WHERE t.log = $1
"""


def tiles(log: int, size: int, wanted: Iterable[TileKey]) -> dict[TileKey, bytes]:
    """The hashes of tiles (level, n) of a log of `size` entries, in one query; SealError where one is cut short."""
    keys = set(wanted)
    widths = {(level, n): min(TILE, (size >> (HEIGHT * level)) - n * TILE) for level, n in keys}
    full = [key for key, width in widths.items() if width == TILE]
    ragged = {level: n for (level, n), width in widths.items() if width < TILE}  # at most one a level
    leaves = (ragged[0] * TILE, size) if 0 in ragged else (0, 0)
    above = sorted((level, n) for level, n in ragged.items() if level)
    params = [
        log, [level for level, _ in full], [n for _, n in full], *leaves, [level - 1 for level, _ in above],
        [n * TILE for _, n in above], [size >> (HEIGHT * level) for level, _ in above],
    ]  # fmt: skip
    found: dict[TileKey, bytes] = {}
    parts: dict[int, list[tuple[int, bytes]]] = {level: [] for level in ragged}
    for whole, level, n, data in prepared(_TILES, params):
        if whole:
            found[level, n] = data
        else:
            parts[level].append((n, data))
    for level, hashes in parts.items():
        found[level, ragged[level]] = b"".join(data for _, data in sorted(hashes))
    for key, width in widths.items():
        if len(found.get(key, b"")) != HASH * width:
            raise SealError("tiles.length", "A tile has not the length of its width; rebuild the tiles.")
    return found


class StoredTree:
    """The first `upto` entries of a log, whose tiles are read as they are asked for and each once.

    Nodes, roots and proofs are had for every size up to `upto`. The tiles are not trusted: whoever uses a result
    compares a root with a checkpoint.
    """

    def __init__(self, log: int, upto: int) -> None:
        self.log, self.upto = log, upto
        self._levels: dict[TileKey, list[list[bytes]]] = {}

    def roots(self, sizes: Iterable[int]) -> dict[int, bytes]:
        """The root at each size."""
        peaks = {size: _peaks(0, size) for size in set(sizes)}
        self._read(node for nodes in peaks.values() for node in nodes)
        return {size: fold([self._hash(node) for node in nodes]) for size, nodes in peaks.items()}

    def root(self, size: int | None = None) -> bytes:
        """The root at one size, by default at the end."""
        wanted = self.upto if size is None else size
        return self.roots([wanted])[wanted]

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """The proof that the first `old` entries are a prefix of the first `size`."""
        plan = consistency_plan(old, self.upto if size is None else size)
        return self._path(plan, size)

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """The path of one entry."""
        return self._path(inclusion_plan(index, self.upto if size is None else size), size)

    def inclusions(
        self, indexes: Iterable[int], size: int | None = None
    ) -> Iterator[tuple[int, list[bytes]]]:
        """Each index with its path in the tree of `size`, in rising order; memory holds `TILES_AT_ONCE` tiles."""
        width = self.upto if size is None else size
        ordered = iter(sorted(set(indexes)))
        while some := list(islice(ordered, TILES_AT_ONCE)):
            yield from zip(some, self._paths([inclusion_plan(i, width) for i in some], width), strict=True)
            last = some[-1] // TILE
            for key in [key for key in self._levels if key[0] == 0 and key[1] < last]:
                del self._levels[key]

    def _path(self, plan: list[Node], size: int | None) -> list[bytes]:
        return self._paths([plan], self.upto if size is None else size)[0]

    def _paths(self, plans: list[list[Node]], size: int) -> list[list[bytes]]:
        """The hashes of planned nodes; a ragged node, which many plans share, is folded once."""
        ragged = {
            node: _peaks(node[1] << node[0], size)
            for plan in plans for node in plan if (node[1] + 1) << node[0] > size
        }  # fmt: skip
        whole = {node for plan in plans for node in plan} - ragged.keys()
        self._read(whole.union(*ragged.values()))
        folded = {node: fold([self._hash(peak) for peak in peaks]) for node, peaks in ragged.items()}
        return [[folded.get(node) or self._hash(node) for node in plan] for plan in plans]

    def _read(self, nodes: Iterable[Node]) -> None:
        missing = {_tile(node)[0] for node in nodes} - self._levels.keys()
        if missing:
            for key, data in tiles(self.log, self.upto, missing).items():
                self._levels[key] = _inner(data)

    def _hash(self, node: Node) -> bytes:
        key, inside, at = _tile(node)
        return self._levels[key][inside][at]


def _inner(data: bytes) -> list[list[bytes]]:
    """The hashes of a tile and above them every node whose leaves are all there."""
    level = [data[at : at + HASH] for at in range(0, len(data), HASH)]
    levels = [level]
    while len(level) > 1:
        pairs = iter(level)
        level = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
        levels.append(level)
    return levels


def _tile(node: Node) -> tuple[TileKey, int, int]:
    """Where a node whose leaves are all there is found: the tile, the level within it, the place in that level."""
    level, k = node
    tile_level, inside = divmod(level, HEIGHT)
    n, at = divmod(k, TILE >> inside)
    return (tile_level, n), inside, at


def _peaks(start: int, size: int) -> list[Node]:
    """The complete nodes from leaf `start` (aligned above all that follows) to `size`, the largest first."""
    peaks = []
    while start < size:
        level = (size - start).bit_length() - 1
        peaks.append((level, start >> level))
        start += 1 << level
    return peaks
