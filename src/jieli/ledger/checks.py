"""What the book checks about itself and about every row it committed to. Reads only; needs no key that signs."""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any

from django.db import connections

from jieli.ledger import queries
from jieli.ledger.append import ENTRY_VERSION, TILE
from jieli.ledger.fsck import Check, Finding
from jieli.ledger.models import Checkpoint, Cosignature, Entry, Part, Tile, Timestamp
from jieli.ledger.tables import Row, rows
from jieli.ledger.types import CheckpointRef
from jieli.ledger.values import sealed_row
from seal import canonical, checkpoint, note, timestamp
from seal.errors import SealError
from seal.keys import Vkey
from seal.part import entry_bytes
from seal.tiles import TileTree
from seal.tree import leaf_hash, root

#: For kinds of entry whose parts after the first ones are kept by a room (items): their leaves, by entry.
ForeignLeaves = Callable[[Sequence[int]], dict[int, list[bytes]]]
CHUNK = 2_000
#: Only an entry of such a kind may have shredded a part.
SHRED_KINDS = ("archive.shred",)


def checks(foreign: dict[str, ForeignLeaves]) -> list[Check]:
    """The ledger's own checks; `foreign` tells where a kind's other leaves are."""
    return [
        Check("ledger.entries", "账本条目", check_entries),
        Check("ledger.parts", "条目内容", check_parts),
        Check("ledger.commitments", "条目承诺", lambda: check_commitments(foreign)),
        Check("ledger.tiles", "哈希块", check_tiles),
        Check("ledger.rows", "登记与账本一致", check_rows),
        Check("ledger.loose", "见证与时间戳的归属", check_loose_statements),
        Check("ledger.heartbeat", "检查点与见证是否齐全", check_heartbeat),
    ]


def check_entries() -> Iterator[Finding]:
    """Entries are numbered without a gap, run forward in time, and hash to their leaves."""
    expected, time = 0, 0
    for e in Entry.objects.filter(log=queries.live_log()).order_by("index").iterator(CHUNK):
        where = str(e.index)
        if e.index != expected:
            yield Finding("ledger.entry_gap", "ledger_entry", where, f"条目 {expected} 缺失。")
        if e.time < time:
            yield Finding("ledger.entry_time", "ledger_entry", where, f"条目 {e.index} 的时间早于前一条。")
        if e.v != ENTRY_VERSION or _leaf(e) != bytes(e.leaf):
            yield Finding("ledger.entry_leaf", "ledger_entry", where, f"条目 {e.index} 与其叶哈希不符。")
        expected, time = e.index + 1, e.time
    for foreign in Entry.objects.exclude(log=queries.live_log()).values_list("log", "index"):
        yield Finding("ledger.entry_log", "ledger_entry", str(foreign), "条目属于未知的账本。")


def _leaf(e: Entry) -> bytes | None:
    """The hash of what an entry's columns spell; None where they spell no entry at all."""
    try:
        return leaf_hash(entry_bytes(kind=e.kind, time=e.time, count=e.count, commitment=bytes(e.commitment)))
    except SealError:
        return None


def _named_as_shredded() -> set[tuple[int, int, int]]:
    """(entry that shreds, entry, n) for each part that a shred entry names in its facts."""
    named = set()
    shreds = Entry.objects.filter(log=queries.live_log(), kind__in=SHRED_KINDS).values_list(
        "index", flat=True
    )
    for part in Part.objects.filter(log=queries.live_log(), entry__in=list(shreds), n=0, body__isnull=False):
        try:
            facts: Any = canonical.decode(bytes(part.body or b""))
        except SealError:
            continue  # check_parts names this part
        for entry, n in facts.get("facts", {}).get("parts", []):
            named.add((part.entry, entry, n))
    return named


def check_parts() -> Iterator[Finding]:
    """A part is whole and hashes to its leaf, or was shredded by an entry that names it; parts are numbered from 0."""
    named = _named_as_shredded()
    entry, expected = None, 0
    for p in Part.objects.order_by("log", "entry", "n").iterator(CHUNK):
        expected = 0 if (p.log, p.entry) != entry else expected + 1
        entry = (p.log, p.entry)
        yield from _check_part(p, expected, named)


def _check_part(p: Part, expected: int, named: set[tuple[int, int, int]]) -> Iterator[Finding]:
    where = f"{p.entry}/{p.n}"

    def found(code: str, sentence: str) -> Finding:
        return Finding(f"ledger.part_{code}", "ledger_part", where, sentence)

    if p.n != expected:
        yield found("number", f"条目 {p.entry} 的内容编号不连续。")
    if p.body is None or p.salt is None:
        if (p.shredded_in, p.entry, p.n) not in named:
            yield found("lost", f"内容 {where} 被清空，但没有销毁记录。")
        return
    if p.shredded_in is not None:
        yield found("shredded", f"内容 {where} 标为已销毁，却仍在。")
    if leaf_hash(bytes(p.salt) + bytes(p.body)) != bytes(p.leaf):
        yield found("leaf", f"内容 {where} 与其叶哈希不符。")
        return
    body: Any = canonical.decode(bytes(p.body))  # it hashes to its leaf: what the Book wrote
    if (p.row_table, p.row_id) != (body.get("table"), body.get("id")):
        yield found("row", f"内容 {where} 所指的行与正文不符。")


def check_commitments(foreign: dict[str, ForeignLeaves]) -> Iterator[Finding]:
    """Each entry commits to exactly the parts that are kept, here or in the room that keeps its items."""
    known: set[int] = set()
    chunk: list[Entry] = []
    for e in Entry.objects.filter(log=queries.live_log()).order_by("index").iterator(CHUNK):
        known.add(e.index)
        chunk.append(e)
        if len(chunk) == CHUNK:
            yield from _check_chunk(chunk, foreign)
            chunk = []
    yield from _check_chunk(chunk, foreign)
    live = queries.live_log()
    for log, entry in Part.objects.values_list("log", "entry").distinct().iterator(CHUNK):
        if log != live or entry not in known:
            yield Finding("ledger.part_orphan", "ledger_part", f"{entry}", f"内容指向不存在的条目 {entry}。")


def _check_chunk(chunk: list[Entry], foreign: dict[str, ForeignLeaves]) -> Iterator[Finding]:
    leaves = queries.part_leaves(e.index for e in chunk)
    for kind, provider in foreign.items():
        wanted = [e.index for e in chunk if e.kind == kind]
        for index, more in (provider(wanted) if wanted else {}).items():
            leaves[index] = leaves.get(index, []) + more
    for e in chunk:
        found = leaves.get(e.index, [])
        if len(found) != e.count:
            sentence = f"条目 {e.index} 应有 {e.count} 份内容，实有 {len(found)} 份。"
            yield Finding("ledger.part_count", "ledger_entry", str(e.index), sentence)
        elif root(found) != bytes(e.commitment):
            yield Finding("ledger.commitment", "ledger_entry", str(e.index), f"条目 {e.index} 与其内容不符。")


def check_tiles() -> Iterator[Finding]:
    """Stored tiles are the ones that the entries give: none missing, none changed, none too many."""
    size = queries.head(queries.live_log()).size
    hashes = [
        bytes(x)
        for x in Entry.objects.filter(log=queries.live_log()).order_by("index").values_list("leaf", flat=True)
    ]
    expected: dict[tuple[int, int, int], tuple[bytes, bytes]] = {}
    level, log = 0, queries.live_log()
    while size >= TILE:
        above = []
        for n in range(len(hashes) // TILE):
            part = hashes[n * TILE : (n + 1) * TILE]
            above.append(root(part))
            expected[log, level, n] = (b"".join(part), above[-1])
        hashes, size, level = above, len(above), level + 1
    for t in Tile.objects.iterator(CHUNK):
        key = (t.log, t.level, t.n)
        if expected.pop(key, None) != (bytes(t.data), bytes(t.root)):
            yield Finding(
                "ledger.tile", "ledger_tile", f"{t.level}/{t.n}", f"哈希块 {t.level}/{t.n} 与条目不符。"
            )
    for _, level, n in expected:
        yield Finding("ledger.tile_missing", "ledger_tile", f"{level}/{n}", f"哈希块 {level}/{n} 缺失。")


def check_rows() -> Iterator[Finding]:
    """Every row is the one that its latest part wrote, and every latest part has its row."""
    models = [m for m in rows() if m.parted]
    for model in models:
        yield from _check_table(model)
    names = {m._meta.db_table for m in models}
    for table in Part.objects.filter(row_table__isnull=False).values_list("row_table", flat=True).distinct():
        if table not in names:
            yield Finding("ledger.row_table", "ledger_part", str(table), f"内容指向未知的表 {table}。")


def _check_table(model: type[Row]) -> Iterator[Finding]:
    table = model._meta.db_table
    latest = _latest_digests(table)
    for row in model._base_manager.using(model.store).order_by("pk").iterator(CHUNK):
        key = str(row.pk)
        if key not in latest:
            yield Finding("ledger.row_unknown", table, key, "账本中没有写入这一行的条目。")
            continue
        digest = latest.pop(key)
        body = canonical.encode({"id": key, "row": sealed_row(row), "table": table})
        if digest is not None and sha256(body).digest() != digest:
            yield Finding("ledger.row_changed", table, key, "这一行与账本中最后一次写入不符。")
    for key in latest:
        yield Finding("ledger.row_missing", table, key, "账本写入过这一行，但它已不在表中。")


def _latest_digests(table: str) -> dict[str, bytes | None]:
    """SHA-256 of each row's latest part; None where that part was shredded with the row's personal columns."""
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (row_id) row_id, sha256(body) FROM ledger_part"
            " WHERE log = %s AND row_table = %s ORDER BY row_id, entry DESC, n DESC",
            [queries.live_log(), table],
        )
        return {row: None if digest is None else bytes(digest) for row, digest in cursor.fetchall()}


def checkpoint_checks(keys: Sequence[Vkey], roots: bytes | None = None) -> list[Check]:
    """Checks of checkpoints against the log, given the public keys of the log and of its witnesses.

    `roots`: PEM certificates of the timestamp authorities; without them only what a stamp is over is checked.
    """
    return [Check("ledger.checkpoints", "检查点", lambda: check_checkpoints(keys, roots))]


def check_checkpoints(keys: Sequence[Vkey], roots: bytes | None) -> Iterator[Finding]:
    """Each checkpoint is this log's, signed by its key, and its root is the one the entries give."""
    table, size, origin = "ledger_checkpoint", queries.head(queries.live_log()).size, queries.origin()
    for c in queries.checkpoints():
        where = str(c.size)
        try:
            signed, lines = checkpoint.parse(c.note.encode())
            known = {v.key.name for v in note.verify(lines, keys)}
        except SealError as error:
            sentence = f"检查点 {c.size} 的签名不成立：{error.code}。"
            yield Finding("ledger.checkpoint_note", table, where, sentence)
            continue
        yield from _check_said(c, lines, keys, roots)
        if signed.origin != origin or origin not in known:
            yield Finding(
                "ledger.origin", "ledger_log", origin, f"检查点 {c.size} 不是名为 {origin} 的账本签出的。"
            )
        elif (signed.size, signed.root) != (c.size, c.root):
            yield Finding("ledger.checkpoint_note", table, where, f"检查点 {c.size} 的登记与所签内容不符。")
        elif c.size > size:
            yield Finding("ledger.truncated", table, where, f"检查点有 {c.size} 条，账本只剩 {size} 条。")
        elif TileTree(c.size, queries.tile).root() != c.root:
            yield Finding("ledger.forked", table, where, f"账本前 {c.size} 条与检查点不符。")


def _check_said(
    c: CheckpointRef, lines: note.Note, keys: Sequence[Vkey], roots: bytes | None
) -> Iterator[Finding]:
    """Cosignatures are right and by the witness named; timestamps are over this checkpoint."""
    for witness, line in c.cosignatures:
        where = f"{c.size}/{witness}"
        try:
            [signature] = note.parse_lines(line.encode())
            known = note.verify(note.Note(lines.text, (signature,)), keys)
            right = signature.name == witness and (bool(known) or witness not in {k.name for k in keys})
        except (SealError, ValueError):
            right = False
        if not right:
            yield Finding("ledger.cosignature", "ledger_cosignature", where, f"见证签名 {where} 不成立。")
    for authority, response in c.timestamps:
        try:
            right = _imprint(response, lines.text, roots) == sha256(lines.text).digest()
        except SealError:
            right = False
        if not right:
            where = f"{c.size}/{authority}"
            yield Finding("ledger.timestamp", "ledger_timestamp", where, f"时间戳 {where} 不成立。")


def _imprint(response: bytes, text: bytes, roots: bytes | None) -> bytes:
    """What a response stamps; with roots at hand its signature and chain must hold too."""
    if roots is None:
        return timestamp.parse(response).imprint
    return timestamp.verify(response, text, roots=roots).imprint


def check_loose_statements() -> Iterator[Finding]:
    """Cosignatures and timestamps stand under a checkpoint that is there, of the live log."""
    live = queries.live_log()
    stored = set(Checkpoint.objects.values_list("log", "size"))
    for model in (Cosignature, Timestamp):
        for log, size in model._base_manager.values_list("log", "size"):
            if (log, size) not in stored or log != live:
                yield Finding("ledger.loose", model._meta.db_table, str(size), f"没有 {size} 条的检查点。")
    for log, size in stored:
        if log != live:
            yield Finding("ledger.loose", "ledger_checkpoint", str(size), "检查点属于未知的账本。")


def check_heartbeat() -> Iterator[Finding]:
    """What the last heartbeat counted is still there: nobody took away a checkpoint or what was said of one."""
    beats = queries.entries_of_kind("ledger.heartbeat", limit=1)
    for part in Part.objects.filter(log=queries.live_log(), entry__in=[b.index for b in beats], n=0):
        decoded: Any = canonical.decode(bytes(part.body or b""))
        counted = decoded["facts"]
        now = queries.statements(counted["upto"])
        for name, table in _STATEMENTS.items():
            if now[name] < counted[name]:
                sentence = f"截至 {counted['upto']} 条，账本记有 {counted[name]} 份，现存 {now[name]} 份。"
                yield Finding("ledger.statement_missing", table, str(part.entry), sentence)


_STATEMENTS = {
    "checkpoints": "ledger_checkpoint",
    "cosignatures": "ledger_cosignature",
    "timestamps": "ledger_timestamp",
}
