"""C2SP tlog-tiles: paths of tiles and entry bundles, and proofs computed from tiles without the whole tree.

A tile of level L holds 256 hashes of nodes of tree level 8 L; the last one may be partial (width 1 to 255).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from seal.encoding import MAX_SIZE, from_decimal
from seal.errors import SealError
from seal.tree import Node, consistency_plan, fold, inclusion_plan, root

WIDTH = 256
HEIGHT = 8
MAX_ENTRY = 65_535
Fetch = Callable[[int, int, int], bytes]


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: ``level`` 0 to 63 or ``"entries"``, number ``n``, ``width`` 1 to 256 (256 is a full one)."""

    level: int | Literal["entries"]
    n: int
    width: int = WIDTH

    def path(self) -> str:
        """``tile/<L>/<N>[.p/<W>]``, N in groups of three digits, all but the last with ``x``."""
        digits = str(self.n)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        number = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
        return f"tile/{self.level}/{number}" + ("" if self.width == WIDTH else f".p/{self.width}")


def parse_path(path: str) -> Tile:
    """The tile that a path names; only the one spelling that :meth:`Tile.path` gives is accepted."""
    wrong = SealError("tiles.path", "Not a tile path; ask for tile/<L>/<N> or tile/<L>/<N>.p/<W>.")
    parts = path.split("/")
    if len(path) > 200 or len(parts) < 3 or parts[0] != "tile":
        raise wrong
    try:
        level = parts[1] if parts[1] == "entries" else from_decimal(parts[1], code="tiles.path", limit=63)
        width = WIDTH
        if parts[-2].endswith(".p"):
            width = from_decimal(parts[-1], code="tiles.path", limit=WIDTH - 1)
            parts = [*parts[:-2], parts[-2][:-2]]
        digits = "".join(part.removeprefix("x") for part in parts[2:]).lstrip("0") or "0"
        tile = Tile(
            "entries" if level == "entries" else int(level), from_decimal(digits, code="tiles.path"), width
        )
    except (SealError, IndexError):
        raise wrong from None
    if tile.width == 0 or tile.path() != path:
        raise wrong
    return tile


def tiles_of(size: int, *, entries: bool = False) -> Iterator[Tile]:
    """Every tile that a log of ``size`` serves, level by level; with ``entries`` its bundles first."""
    if not 0 <= size <= MAX_SIZE:
        raise SealError("tiles.size", "The size of the log is out of range.")
    levels: list[int | Literal["entries"]] = ["entries"] if entries else []
    for level in [*levels, *range(64)]:
        hashes = size if level == "entries" else size >> (HEIGHT * level)
        if not hashes:
            return
        for n in range(hashes // WIDTH):
            yield Tile(level, n)
        if hashes % WIDTH:
            yield Tile(level, hashes // WIDTH, hashes % WIDTH)


def pack_entries(entries: Iterable[bytes]) -> bytes:
    """An entry bundle: each entry after its length in two bytes, big-endian."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY:
            raise SealError("tiles.entry", "An entry is longer than 65,535 bytes; put its digest in the log.")
        parts.append(len(entry).to_bytes(2, "big") + entry)
    return b"".join(parts)


def unpack_entries(bundle: bytes) -> list[bytes]:
    """The entries of a bundle: 1 to 256 of them, nothing left over."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        if at + 2 > len(bundle) or end > len(bundle) or len(entries) == WIDTH:
            raise SealError("tiles.bundle", "An entry bundle is cut short or holds more than 256 entries.")
        entries.append(bundle[at + 2 : end])
        at = end
    if not entries:
        raise SealError("tiles.bundle", "An entry bundle is empty.")
    return entries


class TileTree:
    """A tree of ``size`` leaves read through ``fetch(level, n, width)``, which gives ``32 * width`` bytes.

    Each tile is fetched once; a tile of the wrong length is refused. The tiles themselves are not trusted:
    whoever uses the result compares the root with a checkpoint.
    """

    def __init__(self, size: int, fetch: Fetch) -> None:
        if not 0 <= size <= MAX_SIZE:
            raise SealError("tiles.size", "The size of the log is out of range.")
        self.size = size
        self._fetch = fetch
        self._known: dict[tuple[int, int], bytes] = {}

    def root(self) -> bytes:
        """The root of the tree."""
        return fold(self._peaks(0))

    def inclusion(self, index: int) -> list[bytes]:
        """The inclusion path of leaf ``index``."""
        return [self._node(node) for node in inclusion_plan(index, self.size)]

    def consistency(self, old: int) -> list[bytes]:
        """The proof that the first ``old`` leaves are a prefix."""
        return [self._node(node) for node in consistency_plan(old, self.size)]

    def _node(self, node: Node) -> bytes:
        level, k = node
        if (k + 1) << level <= self.size:
            return self._complete(level, k)
        return fold(self._peaks(k << level))

    def _peaks(self, start: int) -> list[bytes]:
        """Complete subtrees from leaf ``start`` (aligned above all that follows) to the end."""
        peaks = []
        while start < self.size:
            level = (self.size - start).bit_length() - 1
            peaks.append(self._complete(level, start >> level))
            start += 1 << level
        return peaks

    def _complete(self, level: int, k: int) -> bytes:
        tile_level, inside = divmod(level, HEIGHT)
        first = k << inside
        n, offset = divmod(first, WIDTH)
        tile = self._tile(tile_level, n)
        return root([tile[32 * at : 32 * at + 32] for at in range(offset, offset + (1 << inside))])

    def _tile(self, level: int, n: int) -> bytes:
        known = self._known.get((level, n))
        if known is None:
            width = min(WIDTH, (self.size >> (HEIGHT * level)) - n * WIDTH)
            known = self._fetch(level, n, width)
            if len(known) != 32 * width:
                raise SealError("tiles.length", "A tile has not the length of its width; rebuild the tiles.")
            self._known[(level, n)] = known
        return known
