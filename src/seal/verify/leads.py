"""Items and parts, read line by line: their form for step 3, and whether they lead to their entries for step 4.

Each line is read once. A malformed line ends step 3; the first line that does not lead to its entry is kept and told
by step 4, because a package whose form is wrong has not yet claimed anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from seal import part as parts
from seal.canonical import Value, encode
from seal.errors import MismatchError
from seal.tree import InclusionWalk
from seal.verify.contents import MAX_LINE, Contents
from seal.verify.lean import LeanReader
from seal.verify.lines import read_part, rising


@dataclass(slots=True)
class Leads:
    """What the lines show: counts, the digests that opened parts name (digest -> entry), the first wrong lead."""

    items: int = 0
    parts: int = 0
    digests: dict[str, int] = field(default_factory=dict)
    error: MismatchError | None = None


def read_leads(contents: Contents) -> Leads:
    """Read every line; :class:`SealError` for the first malformed one."""
    leads = Leads()
    last, walk = (-1, -1), _Walk(contents)
    for line in contents.container.lines("parts.jsonl", limit=MAX_LINE):
        part = read_part(line)
        last = rising(last, (part.entry, part.n))
        leaf = parts.part_leaf(part.salt, encode(part.body))
        leads.error = leads.error or walk.wrong(part.entry, part.n, b"".join(part.path), leaf)
        _collect(part.body, part.entry, leads.digests)
        leads.parts += 1
    last, walk, reader = (-1, -1), _Walk(contents), LeanReader()
    for line in contents.container.lines("items.jsonl", limit=MAX_LINE):
        item = reader.read(line)
        last = rising(last, (item.entry, item.n))
        leads.error = leads.error or walk.wrong(item.entry, item.n, item.path, item.leaf)
        leads.items += 1
    return leads


class _Walk:
    """Follows lines in rising order of entry and n; one tree is open at a time."""

    def __init__(self, contents: Contents) -> None:
        self._entries = contents.entries
        self._at = -1
        self._tree: InclusionWalk | None = None

    def wrong(self, index: int, n: int, path: bytes, leaf: bytes) -> MismatchError | None:
        """Why the line does not lead to its entry; None if it does."""
        if index != self._at:
            entry = self._entries.get(index)
            self._at, self._tree = (
                index,
                None if entry is None else InclusionWalk(entry.count, entry.commitment),
            )
        if self._tree is None:
            return MismatchError(
                "package.entry", "An item or part names an entry that the package does not prove."
            )
        try:
            self._tree.verify(leaf=leaf, index=n, path=path)
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
