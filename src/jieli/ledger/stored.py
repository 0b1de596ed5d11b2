"""The tree as it is stored: hashes of many tiles in one query, and every node, proof and root that they give.

Nothing here loads the log. A proof costs the tiles on its path; a thousand proofs cost each of their tiles once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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
    widths = {key: _width(size, key) for key in keys}
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


def _width(size: int, key: TileKey) -> int:
    """How many hashes a tile has in a log of `size` entries."""
    level, n = key
    return min(TILE, (size >> (HEIGHT * level)) - n * TILE)


@dataclass(frozen=True, slots=True)
class Stands:
    """The live log as one statement saw it: its size, what was signed last, and what both roots are folded from.

    `edge`: the tiles at the right edge of both sizes, empty where nothing is to be signed. As stored: whoever uses
    them compares a root.
    """

    log: int
    origin: str
    size: int
    signed: int | None
    signed_root: bytes | None
    edge: Mapping[TileKey, bytes]

    def tree(self) -> "StoredTree":
        """The tree at this size. A tile that is missing in the edge, or cut short, is asked for by itself."""
        return StoredTree(self.log, self.size, known=self.edge)


#: A root is folded from the tiles that the edge of its size cuts through, one a level at most. Of the present size
#: those are partial: leaves, or roots of the tiles below, never more than 256 (which the planner should know). Of the
#: size signed last they may be full by now, and are read as they are stored.
_STANDS = f"""
WITH stands AS (
  SELECT l.id AS log, l.origin, coalesce(e.index + 1, 0) AS size, c.size AS signed, c.root
  FROM ledger_log l
  LEFT JOIN LATERAL (SELECT index FROM ledger_entry WHERE log = l.id ORDER BY index DESC LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT size, root FROM ledger_checkpoint WHERE log = l.id ORDER BY size DESC LIMIT 1) c ON true
  ORDER BY l.id DESC LIMIT 1
), moved AS (SELECT log, size, signed FROM stands WHERE signed < size)
SELECT s.*, t.level, t.n, t.data FROM stands s LEFT JOIN (
  SELECT 0 AS level, m.size / {TILE} AS n, (
    SELECT string_agg(e.leaf, ''::bytea ORDER BY e.index) FROM (
      SELECT index, leaf FROM ledger_entry
      WHERE log = m.log AND index >= m.size / {TILE} * {TILE} AND index < m.size ORDER BY index LIMIT {TILE}) e
  ) AS data FROM moved m WHERE m.size % {TILE} > 0
  UNION ALL
  SELECT g.level, (m.size >> {HEIGHT} * g.level) / {TILE}, (
    SELECT string_agg(t.root, ''::bytea ORDER BY t.n) FROM (
      SELECT n, root FROM ledger_tile
      WHERE log = m.log AND level = g.level - 1 AND n >= (m.size >> {HEIGHT} * g.level) / {TILE} * {TILE}
        AND n < m.size >> {HEIGHT} * g.level ORDER BY n LIMIT {TILE}) t
  ) FROM moved m, generate_series(1, 7) AS g (level) WHERE (m.size >> {HEIGHT} * g.level) % {TILE} > 0
  UNION ALL
  SELECT g.level, (m.signed >> {HEIGHT} * g.level) / {TILE}, (
    SELECT data FROM ledger_tile
    WHERE log = m.log AND level = g.level AND n = (m.signed >> {HEIGHT} * g.level) / {TILE}
  ) FROM moved m, generate_series(0, 7) AS g (level)
  WHERE (m.signed >> {HEIGHT} * g.level) % {TILE} > 0
    AND (m.signed >> {HEIGHT} * g.level) / {TILE} < (m.size >> {HEIGHT} * g.level) / {TILE}
) t ON true
"""  # noqa: S608 - our own numbers


def stands() -> Stands | None:
    """What stands and what was signed last, with the edge of the tree, in one question; None where there is no log."""
    found = prepared(_STANDS, [])
    if not found:
        return None
    log, origin, size, signed, root = found[0][:5]
    edge = {(level, n): data for *_, level, n, data in found if data is not None}
    return Stands(log, origin, size, signed, root, edge)


class StoredTree:
    """The first `upto` entries of a log, whose tiles are read as they are asked for and each once.

    Nodes, roots and proofs are had for every size up to `upto`. The tiles are not trusted: whoever uses a result
    compares a root with a checkpoint.
    """

    def __init__(self, log: int, upto: int, *, known: Mapping[TileKey, bytes] | None = None) -> None:
        self.log, self.upto = log, upto
        self._levels: dict[TileKey, list[list[bytes]]] = {
            key: _inner(data)
            for key, data in (known or {}).items()
            if len(data)
            == HASH * _width(upto, key)  # of another length: read again, and refused if it is so there
        }

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
