"""What is kept of the book outside the house for a restore: the exported log, and beside it the opened parts (ADR 19).

The companion folder of an export has one line for each entry of the kinds asked for: its parts opened (salt and
body), or closed (leaf) where they name somebody. A line once written stays, also when the database has lost the part;
but a part that a destruction emptied is closed in its line too, once no backup is so old that a restore reads it here.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jieli.kernel.errors import JieliError
from jieli.kernel.failpoints import reach
from jieli.ledger import queries
from jieli.ledger.exporting import files_in, reader
from jieli.ledger.plain import rows
from jieli.ledger.types import TILE
from seal import canonical, checkpoint, log_reader, note, tiles
from seal.errors import SealError
from seal.keys import COSIGNATURE, Vkey
from seal.part import Entry, commitment, parse_entry, part_leaf
from seal.tiles import Tile, TileTree

FORMAT = "jieli.outside.v1"
OPENED = "opened.jsonl"
#: So many entries are read from the database at a time; one destruction may have thousands of parts.
ENTRIES = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows of an entry are kept open: of `tables`, and where `column` is given only with one of `words` in it."""

    tables: frozenset[str]
    column: str = ""
    words: frozenset[str] = frozenset()

    def takes(self, table: str, row: Mapping[str, Any]) -> bool:
        """Whether a row is kept open."""
        return table in self.tables and (not self.column or row.get(self.column) in self.words)


#: By kind of entry.
Kept = Mapping[str, Wanted]


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row as an entry wrote it: its sealed columns by column name, in canonical form."""

    table: str
    id: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """An entry of the lost tail as far as it was kept open; checked against its commitment.

    `parts`: salt and body of every part, where all of them were kept open.
    """

    index: int
    kind: str
    facts: dict[str, Any]
    rows: tuple[WrittenRow, ...]
    parts: tuple[tuple[bytes, bytes], ...] = ()


class OutsideDamaged(JieliError):
    """What was kept outside does not verify."""

    code = "restore.outside_damaged"


def companion(directory: Path) -> Path:
    """The folder beside an export: never within it, for an export is there to be shown to anybody."""
    return directory.with_name(directory.name + ".restore")


def keep_open(directory: Path, kept: Kept, *, upto: int, backups_ms: int, log: int | None = None) -> int:
    """Write what is new, up to entry `upto`, into the companion of an export; how many entries stand there.

    `log`: the live one unless another is named. Emptied parts of entries that are `backups_ms` older than the newest
    one here are closed: every backup that is still kept has them itself, as they are in the database.
    By rename: a crash leaves the file as it was. Nobody but the owner may read it.
    """
    folder, log = companion(directory), queries.live_log() if log is None else log
    origin = queries.origin(log)
    with files_in(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        lines = _closed(log, _lines(folder / OPENED, origin), upto, backups_ms)
        last = json.loads(lines[-1])["entry"] if lines else -1
        lines += [canonical.encode(one).decode() for one in _opened(log, kept, last + 1, upto)]
        fresh = folder / (OPENED + ".writing")
        fresh.touch(mode=0o600)
        head = canonical.encode({"format": FORMAT, "origin": origin}).decode()
        fresh.write_text("".join(line + "\n" for line in [head, *lines]))
        reach("outside.before_rename")
        fresh.replace(folder / OPENED)
    return len(lines)


def _lines(path: Path, origin: str) -> list[str]:
    if not path.is_file():
        return []
    head, *lines = path.read_text().splitlines() or [""]
    try:
        said: Any = canonical.decode(head.encode())
    except SealError:
        said = None
    if said != {"format": FORMAT, "origin": origin}:
        raise OutsideDamaged(
            f"{path.name} 不是账本 {origin} 的外部副本。", remedy="请换一个目录导出，并保留原目录备查。"
        )
    return lines


_EMPTIED = """
SELECT p.entry, p.n FROM ledger_part p JOIN ledger_entry e ON e.log = p.log AND e.index = p.entry
WHERE p.log = $1 AND p.entry = ANY($2::bigint[]) AND p.shredded_in IS NOT NULL
    AND e.time < (SELECT l.time FROM ledger_entry l WHERE l.log = $1 AND l.index = $3) - $4::bigint
"""


def _closed(log: int, lines: list[str], upto: int, backups_ms: int) -> list[str]:
    """The lines with the parts closed that were emptied; each still verifies, for a leaf says what its part did."""
    read = {one["entry"]: one for one in map(json.loads, lines)}
    emptied = rows(_EMPTIED, [log, list(read), upto - 1, backups_ms])
    for entry, n in emptied:
        part = read[entry]["parts"][n]
        if "salt" in part:
            leaf = part_leaf(bytes.fromhex(part["salt"]), part["body"].encode())
            read[entry]["parts"][n] = {"leaf": leaf.hex()}
    return [canonical.encode(one).decode() for one in read.values()] if emptied else lines


_INDEXES = "SELECT index FROM ledger_entry WHERE log = $1 AND kind = ANY($2) AND index >= $3 AND index < $4 ORDER BY 1"
_PARTS = """
SELECT e.index, e.kind, p.leaf, p.salt, p.body, p.row_table FROM ledger_entry e
JOIN ledger_part p ON p.log = e.log AND p.entry = e.index
WHERE e.log = $1 AND e.index = ANY($2::bigint[]) ORDER BY p.entry, p.n
"""


def _opened(log: int, kept: Kept, start: int, stop: int) -> Iterator[dict[str, Any]]:
    indexes = [index for (index,) in rows(_INDEXES, [log, sorted(kept), start, stop])]
    for at in range(0, len(indexes), ENTRIES):
        found: dict[int, dict[str, Any]] = {}
        taken: set[int] = set()
        for index, kind, leaf, salt, body, table in rows(_PARTS, [log, indexes[at : at + ENTRIES]]):
            one = found.setdefault(index, {"entry": index, "kind": kind, "parts": []})
            if body is not None and _wanted(kept[kind], table, body):
                one["parts"].append({"body": bytes(body).decode(), "salt": salt.hex()})
                taken |= {index} if table is not None or not kept[kind].tables else set()
            else:
                one["parts"].append({"leaf": leaf.hex()})
        yield from (one for index, one in found.items() if index in taken)


def _wanted(wanted: Wanted, table: str | None, body: bytes) -> bool:
    if table is None:
        return True  # the facts: by whom, and how many
    said: Any = canonical.decode(body) if table in wanted.tables else None
    return said is not None and wanted.takes(table, said["row"])


@dataclass
class Outside:
    """An exported log and its companion as they are read for a restore; every byte was checked by who opened it."""

    directory: Path
    head: checkpoint.Checkpoint
    signed: note.Note
    keys: Sequence[Vkey]
    _tree: dict[int, TileTree] = field(default_factory=dict)

    @property
    def log_note(self) -> str:
        """The checkpoint with the lines of the log's own keys alone, as it is stored."""
        lines = [s for s in self.signed.signatures if s.name == self.head.origin]
        return note.Note(self.signed.text, tuple(lines)).format().decode()

    def cosignatures(self) -> list[tuple[str, str]]:
        """Name and line of each witness known by `keys` whose line stands under the checkpoint."""
        known = {(k.name, k.id) for k in self.keys if k.kind == COSIGNATURE or k.name != self.head.origin}
        return [(s.name, s.line()) for s in self.signed.signatures if (s.name, s.id) in known]

    def root(self, size: int) -> bytes:
        """The root at a size that the log had."""
        return TileTree(size, self._fetch).root()

    def consistency(self, old: int) -> list[bytes]:
        """The proof that its first `old` entries are a prefix of it."""
        return TileTree(self.head.size, self._fetch).consistency(old)

    def _fetch(self, level: int, n: int, width: int) -> bytes:
        there = min(TILE, (self.head.size >> (tiles.HEIGHT * level)) - n * TILE)
        data = reader(self.directory)(Tile(level, n, there).path())
        return (data or b"")[: 32 * width]

    def entries(self, start: int, stop: int) -> Iterator[list[Entry]]:
        """The entries from `start` to `stop`, a bundle at a time."""
        for n in range(start // TILE, -(-stop // TILE)):
            found = tiles.unpack_entries(self._bundle(n))
            yield [parse_entry(e) for e in found[max(0, start - n * TILE) : stop - n * TILE]]

    def opened(self, start: int, stop: int, *, kind: str = "") -> list[OpenedEntry]:
        """What was kept open of the entries from `start` to `stop`, of one kind or of all.

        OutsideDamaged where one does not verify.
        """
        path = companion(self.directory) / OPENED
        lines = [json.loads(line) for line in _lines(path, self.head.origin)]
        wanted = {
            one["entry"]: one for one in lines if start <= one["entry"] < stop and kind in ("", one["kind"])
        }
        found = []
        for n in sorted({index // TILE for index in wanted}):
            first = max(start, n * TILE)
            for bundle in self.entries(first, min(stop, (n + 1) * TILE)):
                here = enumerate(bundle, first)
                found += [_checked(wanted[index], entry) for index, entry in here if index in wanted]
        return found

    def places(self, kind: str) -> list[int]:
        """Where entries of a kind stand."""
        found = []
        for n in range(-(-self.head.size // TILE)):
            if kind.encode() in self._bundle(n):  # most bundles have none, and are not read entry by entry
                [bundle] = self.entries(n * TILE, min(self.head.size, (n + 1) * TILE))
                found += [index for index, entry in enumerate(bundle, n * TILE) if entry.kind == kind]
        return found

    def _bundle(self, n: int) -> bytes:
        there = min(TILE, self.head.size - n * TILE)
        return reader(self.directory)(Tile("entries", n, there).path()) or b""


def _checked(line: dict[str, Any], entry: Entry) -> OpenedEntry:
    parts = line["parts"]
    leaves = [
        part_leaf(bytes.fromhex(p["salt"]), p["body"].encode()) if "salt" in p else bytes.fromhex(p["leaf"])
        for p in parts
    ]
    if len(leaves) != entry.count or commitment(leaves) != entry.commitment or line["kind"] != entry.kind:
        raise OutsideDamaged(
            f"外部副本中第 {line['entry']} 条的内容与账本的承诺不符。",
            remedy="请换用另一份未被改动的外部副本。",
        )
    bodies: list[Any] = [canonical.decode(p["body"].encode()) for p in parts if "salt" in p]
    written = [WrittenRow(b["table"], str(b["id"]), b["row"]) for b in bodies if "table" in b]
    facts: dict[str, Any] = next((b["facts"] for b in bodies if "facts" in b), {})
    whole = tuple((bytes.fromhex(p["salt"]), p["body"].encode()) for p in parts if "salt" in p)
    return OpenedEntry(
        line["entry"], entry.kind, facts, tuple(written), whole if len(whole) == len(parts) else ()
    )


def open_outside(directory: Path, keys: Sequence[Vkey]) -> Outside:
    """Read an exported log to its end, believing none of it; OutsideDamaged says what does not hold."""
    try:
        log_reader.read_log(reader(directory), keys)
        head, signed = checkpoint.parse(reader(directory)("checkpoint") or b"")
    except SealError as error:
        raise OutsideDamaged(
            f"外部副本核验不通过（{error.code}）。",
            remedy="请换用另一份外部副本，或核对信任策略中的账本公钥。",
        ) from error
    return Outside(directory, head, signed, keys)


def kinds(entries: Iterable[Entry]) -> dict[str, int]:
    """How many entries there are of each kind."""
    found: dict[str, int] = {}
    for entry in entries:
        found[entry.kind] = found.get(entry.kind, 0) + 1
    return found
