"""A backup and an outside copy as what they must be: the same log, one of them a prefix of the other (ADR 19)."""

from dataclasses import dataclass
from functools import cached_property

from jieli.ledger.outside import Outside
from jieli.ledger.restoring import Forked
from jieli.wiring import backup, dumping
from jieli.wiring.backup import Manifest
from seal import tree


@dataclass(frozen=True)
class Copies:
    """Both, before anything is loaded. Memory: the leaves of the backup where it reaches further than the outside."""

    manifest: Manifest
    there: Outside

    @property
    def reach(self) -> int:
        """How many entries they have together. The backup's may go beyond what was signed."""
        return max(int(self.manifest.values["size"]), self.there.head.size)

    def root(self, size: int) -> bytes:
        """The root of the first `size` entries, at most `reach`: by the outside as far as it goes."""
        return self.there.root(size) if size <= self.there.head.size else tree.root(self._first(size))

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the first `old` entries are a prefix of the first `size` ones."""
        if size == self.there.head.size:
            return self.there.consistency(old)
        return tree.consistency_path(self._first(size), old)

    def check(self) -> None:
        """One is a prefix of the other; Forked says at which size they part."""
        values, head = self.manifest.values, self.there.head
        if head.origin != values["origin"]:
            raise Forked(
                f"备份是账本 {values['origin']} 的，外部副本是账本 {head.origin} 的。",
                remedy="请给出同一账本的外部副本。",
            )
        common = min(values["size"], head.size)
        if common == values["size"]:
            ours, theirs = bytes.fromhex(values["root"]), self.there.root(common)
        else:
            ours, theirs = tree.root(self._first(common)), head.root
        if ours != theirs:
            raise Forked(
                f"备份与外部副本在前 {common} 条就已不同：其中一份被改写过，账本已经分叉，拒绝恢复。未载入任何内容。",
                remedy="请保留两份，向见证方核对哪一份是真的，再用真的那份恢复。",
            )

    @cached_property
    def _leaves(self) -> dict[int, bytes]:
        tables, log = self.manifest.main_tables, self.manifest.values["log"]
        return dict(dumping.leaves(self.manifest.directory / backup.MAIN, tables, log))

    def _first(self, size: int) -> list[bytes]:
        return [self._leaves[index] for index in range(size)]
