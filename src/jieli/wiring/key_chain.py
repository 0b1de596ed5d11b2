"""What copies of a log prove of its keys: the entries `ledger.log_keys` below a checkpoint that a present key signed.

A restore learns from them who signed before (ADR 29). Nothing is believed because a copy says it: an entry counts only
below a size that one of the keys signed which a person vouches for, and only as the root there commits to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jieli.ledger import log_keys
from jieli.ledger.log_keys import Change
from jieli.ledger.outside import Outside
from jieli.wiring import backup, dumping
from jieli.wiring.backup import Manifest
from jieli.wiring.dumping import BackupDamaged
from seal import checkpoint, note, tree
from seal.errors import SealError
from seal.keys import COSIGNATURE, Vkey
from seal.part import Entry, commitment, part_leaf


@dataclass(frozen=True, slots=True)
class Chain:
    """The changes of a log's keys, oldest first, all there are up to size `upto`; beyond it nothing is known."""

    upto: int = 0
    changes: tuple[Change, ...] = ()

    def signing(self, size: int) -> tuple[str, ...]:
        """Who signed a checkpoint of this size, as vkeys; nobody where that is not proved."""
        return (log_keys.signing(size, self.changes) or ()) if size <= self.upto else ()

    def retired_at(self, size: int) -> dict[str, int]:
        """Who signs nothing of this size any more, and by which entry."""
        return {vkey: one.index for one in self.changes if one.index < size for vkey in one.retired}

    def named(self) -> tuple[str, ...]:
        """Every key that signed at some time, each once."""
        return tuple(dict.fromkeys(vkey for one in self.changes for vkey in (*one.old, *one.new)))


def of_outside(there: Outside, present: Sequence[Vkey]) -> Chain:
    """What an outside copy proves; nothing where none of the present keys signed it.

    It was read to its end when it was opened: its entries are those of its root, and what is open of them is theirs.
    An entry that was not kept open ends what is known.
    """
    if not signed_by(there.signed, there.head.origin, present):
        return Chain()
    places = there.places(log_keys.KIND)
    opened = there.opened(0, there.head.size, kind=log_keys.KIND) if places else []
    bodies = {one.index: one.parts[0][1] for one in opened if one.parts}
    return _chain(there.head.size, places, bodies)


def of_backup(manifest: Manifest, present: Sequence[Vkey]) -> Chain:
    """What a backup proves before it is loaded; nothing where none of the present keys signed its last checkpoint.

    BackupDamaged where an entry about keys, or its part, is not what the signed root commits to.
    """
    values, tables, folder = manifest.values, manifest.main_tables, manifest.directory / backup.MAIN
    try:
        head, signed = checkpoint.parse(values["checkpoint"].encode())
        believed = head.origin == values["origin"] and signed_by(signed, head.origin, present)
    except SealError:
        return Chain()
    entries = _entries(manifest, head.size) if believed else {}
    if not entries:
        return Chain()
    leaves = dict(dumping.leaves(folder, tables, values["log"]))
    try:
        root = tree.root([leaves[index] for index in range(head.size)])
    except KeyError:
        root = b""
    if root != head.root:
        raise BackupDamaged(
            f"备份中账本的前 {head.size} 条与它自己的检查点不符。", remedy="请换用另一份备份。"
        )
    bodies = _bodies(manifest, entries)
    if wrong := [index for index, entry in entries.items() if entry.leaf() != leaves[index]]:
        raise _damaged(wrong[0])
    return _chain(head.size, sorted(entries), bodies)


def signed_by(signed: note.Note, origin: str, keys: Sequence[Vkey]) -> bool:
    """Whether one of these keys signed a note as the log of this origin. SealError where a line of theirs is wrong."""
    found = note.verify(signed, [key for key in keys if key.name == origin and key.kind != COSIGNATURE])
    return bool(found)


def _chain(size: int, places: Sequence[int], bodies: Mapping[int, bytes]) -> Chain:
    changes: list[Change] = []
    for index in places:
        change = log_keys.read(index, 0, bodies[index]) if index in bodies else None
        if change is None:
            return Chain(index, tuple(changes))
        changes.append(change)
    return Chain(size, tuple(changes))


def _entries(manifest: Manifest, size: int) -> dict[int, Entry]:
    """The entries about keys below a size, as the backup has them."""
    names = ("log", "index", "kind", "time", "count", "commitment")
    return {
        int(index): Entry(kind, int(time), int(count), dumping.binary(root))
        for log, index, kind, time, count, root in _rows(manifest, "ledger_entry", names)
        if kind == log_keys.KIND and int(log) == manifest.values["log"] and int(index) < size
    }


def _bodies(manifest: Manifest, entries: Mapping[int, Entry]) -> dict[int, bytes]:
    """The facts of these entries, each held against its commitment; without those that were emptied."""
    names = ("log", "entry", "n", "leaf", "salt", "body")
    parts: dict[int, dict[int, list[str]]] = {}
    for log, entry, n, *rest in _rows(manifest, "ledger_part", names):
        if int(entry) in entries and int(log) == manifest.values["log"]:
            parts.setdefault(int(entry), {})[int(n)] = rest
    found = {}
    for index, some in parts.items():
        leaves = [dumping.binary(some[n][0]) for n in sorted(some)]
        leaf, salt, body = some.get(0, ["", dumping.NULL, dumping.NULL])
        if len(leaves) != entries[index].count or commitment(leaves) != entries[index].commitment:
            raise _damaged(index)
        if dumping.NULL in (salt, body):
            continue
        if part_leaf(dumping.binary(salt), dumping.binary(body)) != dumping.binary(leaf):
            raise _damaged(index)
        found[index] = dumping.binary(body)
    return found


def _rows(manifest: Manifest, table: str, names: Sequence[str]) -> "dumping.Lines":
    return dumping.lines(manifest.directory / backup.MAIN, manifest.main_tables, table, names)


def _damaged(index: int) -> BackupDamaged:
    return BackupDamaged(
        f"备份中第 {index} 条关于账本公钥的记录，与受信公钥签过的根不符。",
        remedy="请保留这份备份备查，换用另一份。",
    )
