"""What the book checks about itself and about every row it committed to. Reads only; needs no key that signs."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from hashlib import sha256

from django.db import connections

from jieli.ledger import queries
from jieli.ledger.append import Head
from jieli.ledger.fsck import Check, Finding, Note
from jieli.ledger.models import Checkpoint, Cosignature, Part, Timestamp
from jieli.ledger.standing import when
from jieli.ledger.stored import StoredTree
from jieli.ledger.succeeding import check_succession
from jieli.ledger.tables import Row, rows
from jieli.ledger.types import HEARTBEAT, CheckpointRef
from jieli.ledger.values import sealed_row
from jieli.ledger.whole import ForeignLeaves as ForeignLeaves
from jieli.ledger.whole import check_book
from seal import canonical, checkpoint, note, timestamp
from seal.errors import SealError
from seal.keys import Vkey

CHUNK = 2_000
#: So many checkpoints are held against the log at a time; each may need a tile of its own.
CHECKPOINTS = 256


def checks(foreign: dict[str, ForeignLeaves], *, spread: Executor | None = None) -> list[Check]:
    """The ledger's own checks; `foreign` tells where a kind's other leaves are, `spread` who shares the long walk."""
    return [
        Check("ledger.book", "账本条目、内容、承诺与哈希块", lambda: check_book(foreign, spread)),
        Check("ledger.rows", "登记与账本一致", check_rows),
        Check("ledger.loose", "见证与时间戳的归属", check_loose_statements),
        Check("ledger.succession", "账本的接续", check_succession),
        Check("ledger.heartbeat", "检查点与见证是否齐全", check_heartbeat),
    ]


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
            " WHERE row_table = %s ORDER BY row_id, log DESC, entry DESC, n DESC",
            [table],
        )
        return {row: None if digest is None else bytes(digest) for row, digest in cursor.fetchall()}


def checkpoint_checks(keys: Sequence[Vkey], roots: bytes | None = None) -> list[Check]:
    """Checks of checkpoints against the log, given the public keys of the log and of its witnesses.

    `roots`: PEM certificates of the timestamp authorities; without them only what a stamp is over is checked.
    """
    return [Check("ledger.checkpoints", "检查点", lambda: check_checkpoints(keys, roots))]


def check_checkpoints(keys: Sequence[Vkey], roots: bytes | None) -> Iterator[Finding]:
    """Each checkpoint is its log's, signed by its key, and its root is the one the entries give."""
    for log in queries.logs():
        for found in _check_checkpoints(log, keys, roots):
            yield found if log == 1 else replace(found, id=f"{log}:{found.id}")


def _check_checkpoints(log: int, keys: Sequence[Vkey], roots: bytes | None) -> Iterator[Finding]:
    head, origin = queries.head(log), queries.origin(log)
    stored = queries.checkpoints(log=log)
    for at in range(0, len(stored), CHECKPOINTS):
        some = stored[at : at + CHECKPOINTS]
        tops = _tops(head, {c.size for c in some if c.size <= head.size})
        for c in some:
            yield from _check_checkpoint(c, head.size, origin, tops, keys, roots)


def _tops(head: Head, sizes: set[int]) -> dict[int, bytes]:
    """The root at each size; without the sizes whose tiles are not there, which `check_book` names."""
    try:
        return StoredTree(head.log, head.size).roots(sizes)
    except SealError:
        if len(sizes) == 1:
            return {}
        return {size: top for one in sizes for size, top in _tops(head, {one}).items()}


def _check_checkpoint(
    c: CheckpointRef,
    size: int,
    origin: str,
    tops: dict[int, bytes],
    keys: Sequence[Vkey],
    roots: bytes | None,
) -> Iterator[Finding]:
    table, where = "ledger_checkpoint", str(c.size)
    try:
        signed, lines = checkpoint.parse(c.note.encode())
        known = {v.key.name for v in note.verify(lines, keys)}
    except SealError as error:
        yield Finding("ledger.checkpoint_note", table, where, f"检查点 {c.size} 的签名不成立：{error.code}。")
        return
    yield from _check_said(c, lines, keys, roots)
    if signed.origin == origin and origin not in known:
        yield Finding("ledger.checkpoint_note", table, where, f"检查点 {c.size} 没有本账本公钥的签名。")
    elif signed.origin != origin:
        yield Finding(
            "ledger.origin", "ledger_log", origin, f"检查点 {c.size} 不是名为 {origin} 的账本签出的。"
        )
    elif (signed.size, signed.root) != (c.size, c.root):
        yield Finding("ledger.checkpoint_note", table, where, f"检查点 {c.size} 的登记与所签内容不符。")
    elif c.size > size:
        yield Finding("ledger.truncated", table, where, f"检查点有 {c.size} 条，账本只剩 {size} 条。")
    elif tops.get(c.size) != c.root:
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
    """Cosignatures and timestamps stand under a checkpoint that is there, of a log that was opened."""
    known = set(queries.logs())
    stored = set(Checkpoint.objects.values_list("log", "size"))
    for model in (Cosignature, Timestamp):
        for log, size in model._base_manager.values_list("log", "size"):
            if (log, size) not in stored or log not in known:
                yield Finding("ledger.loose", model._meta.db_table, str(size), f"没有 {size} 条的检查点。")
    for log, size in stored:
        if log not in known:
            yield Finding("ledger.loose", "ledger_checkpoint", str(size), "检查点属于未知的账本。")


def check_heartbeat() -> Iterator[Finding | Note]:
    """What the last heartbeat counted is still there: nobody took away a checkpoint or what was said of one.

    And in which hours there was no heartbeat while the log lived: a note, for a machine may be switched off.
    """
    for log in queries.logs():
        for found in _check_heartbeat(log):
            yield found if log == 1 else replace(found, id=f"{log}:{found.id}")


def _check_heartbeat(log: int) -> Iterator[Finding | Note]:
    for beat in queries.entries_of_kind(HEARTBEAT, limit=1, log=log):
        for counted in queries.facts([beat.index]).values():
            now = queries.statements(counted["upto"], log=log)
            for name, table in _STATEMENTS.items():
                if now[name] < counted[name]:
                    sentence = (
                        f"截至 {counted['upto']} 条，账本记有 {counted[name]} 份，现存 {now[name]} 份。"
                    )
                    yield Finding("ledger.statement_missing", table, str(beat.index), sentence)
    for silence in queries.pulse(log=log).silences:
        begin, end = when(silence.begin), when(silence.end)
        sentence = f"{begin} 至 {end} 没有心跳，其间写入 {silence.entries} 条。"
        yield Note("ledger.silence", "ledger_entry", str(silence.after), sentence)


_STATEMENTS = {
    "checkpoints": "ledger_checkpoint",
    "cosignatures": "ledger_cosignature",
    "timestamps": "ledger_timestamp",
}
