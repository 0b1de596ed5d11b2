"""Items and parts, read line by line: their form for step 3, and whether they lead to their entries for step 4.

Each line is read once. A malformed line ends step 3; the first line that does not lead to its entry is kept and told
by step 4, because a package whose form is wrong has not yet claimed anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from seal import part as parts
from seal.canonical import Value, encode
from seal.errors import MismatchError
from seal.tree import verify_inclusion
from seal.verify.contents import MAX_LINE, Contents
from seal.verify.lean import LeanReader
from seal.verify.lines import read_part, rising
from seal.verify.register import Register, register_of

#: n, leaf hash, path (hashes joined).
Leaf = tuple[int, bytes, bytes]
_AT_ONCE = 8192  # lines of one entry: what is held is bounded, whatever an entry says of its size


@dataclass(slots=True)
class Leads:
    """What the lines show: counts, the digests that opened parts name (digest -> entry), registers of packages, the
    digest of parts.jsonl without its last line, the first wrong lead."""

    items: int = 0
    parts: int = 0
    digests: dict[str, int] = field(default_factory=dict)
    registers: list[Register] = field(default_factory=list)
    before: str = ""
    error: MismatchError | None = None


def read_leads(contents: Contents) -> Leads:
    """Read every line; :class:`SealError` for the first malformed one."""
    leads = Leads()
    last, walk = (-1, -1), _Walk(contents)
    before, held = sha256(), b""
    for line in contents.container.lines("parts.jsonl", limit=MAX_LINE):
        before.update(held)
        held = line + b"\n"
        part = read_part(line)
        last = rising(last, (part.entry, part.n))
        leaf = parts.part_leaf(part.salt, encode(part.body))
        walk.add(part.entry, part.n, leaf, b"".join(part.path))
        _collect(part.body, part.entry, leads.digests)
        leads.parts += 1
        if isinstance(part.body, dict):
            register = register_of(part.body, part.entry, leads.parts)
            leads.registers += [] if register is None else [register]
    walk.end()
    leads.before = before.hexdigest()
    last, reader = (-1, -1), LeanReader()
    for line in contents.container.lines("items.jsonl", limit=MAX_LINE):
        entry, n, path, leaf = reader.read(line)
        last = rising(last, (entry, n))
        walk.add(entry, n, leaf, path)
        leads.items += 1
    walk.end()
    leads.error = walk.error
    return leads


class _Walk:
    """Follows lines in rising order of entry and n, some thousands of one entry at a time."""

    def __init__(self, contents: Contents) -> None:
        self.error: MismatchError | None = None  # of the first line that does not lead to its entry
        self._entries = contents.entries
        self._at = -1
        self._lines: list[Leaf] = []

    def add(self, index: int, n: int, leaf: bytes, path: bytes) -> None:
        """One more line."""
        if index != self._at or len(self._lines) == _AT_ONCE:
            self.end()
            self._at = index
        self._lines.append((n, leaf, path))

    def end(self) -> None:
        """Judge the lines that were added and not judged yet."""
        lines, self._lines = self._lines, []
        if not lines or self.error is not None:
            return
        entry = self._entries.get(self._at)
        if entry is None:
            self.error = MismatchError(
                "package.entry", "An item or part names an entry that the package does not prove."
            )
        elif not _lead(entry.count, entry.commitment, lines):
            self.error = _first_wrong(entry, lines)


def _lead(size: int, root: bytes, leaves: Sequence[Leaf]) -> bool:
    """Whether all of these leaves of one tree, in rising order, lead to its root by their paths.

    Level by level, and two that meet in a node go on as one: each must be the other's sibling and both must have the
    same rest of the path, so that from there on every step would be the same.
    """
    if leaves[-1][0] >= size:
        return False
    while size > 1:
        above: list[Leaf] = []
        at, count = 0, len(leaves)
        while at < count:
            k, value, path = leaves[at]
            at += 1
            rest = path[32:]
            if k & 1:
                parent = sha256(b"\x01" + path[:32] + value).digest()
            elif k + 1 == size:  # a ragged node is its only child
                parent, rest = value, path
            elif at < count and leaves[at][0] == k + 1:
                _, other, path_of_other = leaves[at]
                if path_of_other != value + rest or path != other + rest:
                    return False
                at += 1
                parent = sha256(b"\x01" + value + other).digest()
            else:
                parent = sha256(b"\x01" + value + path[:32]).digest()
            above.append((k >> 1, parent, rest))
        leaves, size = above, (size + 1) >> 1
    return leaves == [(0, root, b"")]


def _first_wrong(entry: parts.Entry, lines: Sequence[Leaf]) -> MismatchError | None:
    """The plain reading says which line it is and which fault."""
    for n, leaf, path in lines:
        hashes = [path[at : at + 32] for at in range(0, len(path), 32)]
        try:
            verify_inclusion(leaf=leaf, index=n, size=entry.count, path=hashes, root=entry.commitment)
        except MismatchError as error:
            return error
    return None


def _collect(value: Value, entry: int, digests: dict[str, int]) -> None:
    """Every string that is a SHA-256, bare or after ``sha256:``."""
    if isinstance(value, str):
        digest = value.removeprefix("sha256:")
        if len(digest) == 64:
            digests.setdefault(digest, entry)
    elif isinstance(value, list):
        for one in value:
            _collect(one, entry, digests)
    elif isinstance(value, dict):
        for one in value.values():
            _collect(one, entry, digests)
