"""RFC 6962 section 2.1 Merkle trees (the same tree as RFC 9162): roots, proofs and their verification.

Node ``(level, k)`` covers leaves ``k * 2**level`` up to but without ``min((k + 1) * 2**level, size)``: the
right edge of a level may be ragged. Every proof is a list of such nodes, so that a tree in memory and a tree
in tiles give the same proofs by the same plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256

from seal.encoding import MAX_SIZE
from seal.errors import MismatchError, SealError

EMPTY_ROOT = sha256(b"").digest()
Node = tuple[int, int]


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes (not leaf data); SHA-256 of nothing for none."""
    level: Sequence[bytes] = leaves
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _next_level(level)
    return level[0]


def _next_level(level: Sequence[bytes]) -> list[bytes]:
    pairs = iter(level)
    above = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
    if len(level) & 1:
        above.append(level[-1])  # a ragged node is its only child: RFC 6962 splits at a power of two
    return above


def inclusion_plan(index: int, size: int) -> list[Node]:
    """Which nodes prove leaf ``index`` in a tree of ``size``, the leaf's sibling first."""
    if not 0 <= index < size <= MAX_SIZE:
        raise SealError("tree.index", "The index must be below the size of the tree.")
    plan = []
    level, k, width = 0, index, size
    while width > 1:
        if k ^ 1 < width:
            plan.append((level, k ^ 1))
        level, k, width = level + 1, k >> 1, (width + 1) >> 1
    return plan


def consistency_plan(old: int, size: int) -> list[Node]:
    """Which nodes prove that the first ``old`` leaves are a prefix of ``size`` leaves (RFC 6962 2.1.2)."""
    if not 0 < old <= size <= MAX_SIZE:
        raise SealError("tree.size", "The older size must be at least 1 and not above the newer one.")
    plan: list[Node] = []
    start, left, right, whole = 0, old, size, True
    # SUBPROOF(m, D[start:start + right], whole), its recursion unrolled; the plan is built outside in.
    while left != right:
        level = (right - 1).bit_length() - 1
        half = 1 << level
        if left <= half:
            plan.append((level, (start + half) >> level))
            right = half
        else:
            plan.append((level, start >> level))
            start, left, right, whole = start + half, left - half, right - half, False
    if not whole:
        level = (right - 1).bit_length()
        plan.append((level, start >> level))
    return plan[::-1]


class Tree:
    """All levels of a tree in memory, for many proofs over the same leaves (about 2 x 32 bytes a leaf).

    ``levels[level][k]`` is the node ``(level, k)``; the last level is the root alone.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.size = len(leaves)
        self.levels: list[Sequence[bytes]] = [leaves]
        while len(self.levels[-1]) > 1:
            self.levels.append(_next_level(self.levels[-1]))

    def root(self) -> bytes:
        """The root hash."""
        return self.levels[-1][0] if self.size else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """The inclusion path of leaf ``index``, its sibling first."""
        return [self.levels[level][k] for level, k in inclusion_plan(index, self.size)]

    def consistency(self, old: int) -> list[bytes]:
        """The proof that the first ``old`` leaves are a prefix of this tree."""
        return [self.levels[level][k] for level, k in consistency_plan(old, self.size)]


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """One inclusion path over leaf hashes; use :class:`Tree` for many."""
    return Tree(leaves).inclusion(index)


def consistency_path(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """One consistency proof from the first ``old`` leaves to all of them."""
    return Tree(leaves).consistency(old)


class Frontier:
    """A tree that only grows: appends leaf hashes and gives roots, keeping one hash per set bit of its size.

    ``peaks`` are the roots of its complete subtrees, the largest first; they and ``size`` restore it.
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if not 0 <= size <= MAX_SIZE or len(self.peaks) != size.bit_count():
            raise SealError("tree.frontier", "The peaks do not fit the size; rebuild them from the leaves.")
        _check_hashes(self.peaks)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        peaks, full = self.peaks, self.size
        while full & 1:
            leaf = sha256(b"\x01" + peaks.pop() + leaf).digest()
            full >>= 1
        peaks.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many leaf hashes."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """The root over all leaves so far."""
        return fold(self.peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """The root over complete subtrees of falling size, joined from the right."""
    if not peaks:
        return EMPTY_ROOT
    result = peaks[-1]
    for peak in reversed(peaks[:-1]):
        result = node_hash(peak, result)
    return result


def verify_inclusion(*, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """RFC 9162 section 2.1.3.2; :class:`MismatchError` ``tree.inclusion`` when the leaf is not there."""
    if not 0 <= index < size <= MAX_SIZE:
        raise MismatchError("tree.index", "The index is not below the size of the tree.")
    _check_hashes([leaf, root, *path])
    inner = (index ^ (size - 1)).bit_length()
    if len(path) != inner + (index >> inner).bit_count():
        raise MismatchError("tree.length", "The proof has not the length that index and size ask for.")
    node, last, result = index, size - 1, leaf
    for sibling in path:
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    if last or result != root:
        raise MismatchError("tree.inclusion", "The proof does not lead from the leaf to the root.")


class InclusionWalk:
    """Verifies many inclusion proofs of one tree, given in rising order, without hashing shared nodes again.

    A proof is accepted as soon as it arrives at a node that the one before it led to the root, with the same hash
    and the same rest of the path: from there on every step would be the same. Memory: one path.
    """

    def __init__(self, size: int, root: bytes) -> None:
        self.size = size
        self.root = root
        self._known: dict[int, tuple[int, bytes, bytes]] = {}  # level -> node, its hash, the path from there

    def verify(self, *, leaf: bytes, index: int, path: bytes) -> None:
        """As :func:`verify_inclusion`; ``path`` is its hashes joined."""
        inner = (index ^ (self.size - 1)).bit_length()
        fits = 0 <= index < self.size and len(path) == 32 * (inner + (index >> inner).bit_count())
        if not (fits and self._arrives(leaf, index, path)):
            # which fault it is: the plain reading says it
            hashes = [path[at : at + 32] for at in range(0, len(path), 32)]
            verify_inclusion(leaf=leaf, index=index, size=self.size, path=hashes, root=self.root)

    def _arrives(self, leaf: bytes, index: int, path: bytes) -> bool:
        known, trail = self._known, []
        level, node, last, result, at = 0, index, self.size - 1, leaf, 0
        while True:
            seen = known.get(level)
            if seen is not None and seen[0] == node and seen[1] == result and seen[2] == path[at:]:
                break
            if at == len(path):
                if last or result != self.root:
                    return False
                break
            trail.append((level, node, result, at))
            sibling = path[at : at + 32]
            at += 32
            if node & 1 or node == last:
                result = sha256(b"\x01" + sibling + result).digest()
                while not node & 1 and node:
                    level, node, last = level + 1, node >> 1, last >> 1
            else:
                result = sha256(b"\x01" + result + sibling).digest()
            level, node, last = level + 1, node >> 1, last >> 1
        for one, place, value, begin in trail:
            known[one] = (place, value, path[begin:])
        return True


def verify_consistency(*, old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> None:
    """RFC 9162 section 2.1.4.2; :class:`MismatchError` ``tree.consistency`` when the older is no prefix.

    Nothing is hashed for equal sizes: the roots must be the same. From size 0 nothing can be shown: refused.
    """
    if not 0 < old <= size <= MAX_SIZE:
        raise MismatchError("tree.size", "The older size must be at least 1 and not above the newer one.")
    if old == size:
        if path:
            raise MismatchError("tree.length", "Equal sizes need an empty proof.")
        if old_root != root:
            raise MismatchError("tree.consistency", "Two roots of the same size differ.")
        return
    _check_hashes([old_root, root, *path])
    if len(path) != len(consistency_plan(old, size)):
        raise MismatchError("tree.length", "The proof has not the length that the two sizes ask for.")
    rest = list(path) if old & (old - 1) else [old_root, *path]
    node, last = old - 1, size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = rest[0]
    for sibling in rest[1:]:
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last or first != old_root or second != root:
        raise MismatchError("tree.consistency", "The older tree is not a prefix of the newer one.")


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for value in hashes:
        if len(value) != 32:
            raise MismatchError("tree.hash", "A hash is not 32 bytes long.")
