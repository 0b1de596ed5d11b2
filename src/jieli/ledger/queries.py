"""Reading the book: entries, versions of rows, proofs, checkpoints. Nothing here writes or signs."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.db import connections

from jieli.kernel.times import HOUR
from jieli.ledger import upcasting
from jieli.ledger.append import Head, head, live_log
from jieli.ledger.models import Checkpoint, Cosignature, Entry, Log, Part, Tile, Timestamp
from jieli.ledger.plain import rows
from jieli.ledger.stored import StoredTree
from jieli.ledger.types import (
    HEARTBEAT,
    TILE,
    CheckpointRef,
    EntryRef,
    OpenedPart,
    Pulse,
    Recorded,
    Silence,
    Version,
)
from seal import canonical
from seal.part import entry_bytes

__all__ = ["Head", "head", "live_log"]
#: The worker beats once an hour; one beat may be late.
SILENCE = 2 * HOUR


def origin(log: int | None = None) -> str:
    """The name under which a log signs. Asked anew each time: a restore may open another log while we run."""
    if log is None and (newest := rows("SELECT origin FROM ledger_log ORDER BY id DESC LIMIT 1", [])):
        return str(newest[0][0])
    return Log.objects.values_list("origin", flat=True).get(id=live_log() if log is None else log)


def first_recorded(table: str, ids: Iterable[object] | None = None) -> dict[str, Recorded]:
    """When the first part of each row was written, by row id; every row of the table when `ids` is None."""
    query = (
        "SELECT DISTINCT ON (p.row_id) p.row_id, p.entry, p.n, e.time FROM ledger_part p"
        " JOIN ledger_entry e ON e.log = p.log AND e.index = p.entry"
        " WHERE p.log = %s AND p.row_table = %s {only} ORDER BY p.row_id, p.entry, p.n"
    )
    args: list[Any] = [live_log(), table]
    only = ""
    if ids is not None:
        only, args = "AND p.row_id = ANY(%s)", [*args, [str(i) for i in ids]]
    with connections["default"].cursor() as cursor:
        cursor.execute(query.format(only=only), args)
        return {row: Recorded(entry, n, time) for row, entry, n, time in cursor.fetchall()}


def history(table: str, row_id: object) -> list[Version]:
    """Every version of a row, oldest first, as the parts carry it."""
    found = Part.objects.filter(log=live_log(), row_table=table, row_id=str(row_id))
    parts = list(found.order_by("entry", "n").values_list("entry", "n", "body"))
    times = dict(
        Entry.objects.filter(log=live_log(), index__in={p[0] for p in parts}).values_list("index", "time")
    )
    return [Version(entry, n, times[entry], _row(body)) for entry, n, body in parts]


def _row(body: Any) -> dict[str, Any] | None:
    if body is None:
        return None
    decoded: Any = canonical.decode(bytes(body))
    row: dict[str, Any] = decoded["row"]
    return row


def entries(indexes: Iterable[int]) -> dict[int, EntryRef]:
    """Entries by index, in its order, each with its leaf's data."""
    found = Entry.objects.filter(log=live_log(), index__in=list(indexes)).order_by("index")
    return {e.index: _entry(e) for e in found}


def _entry(e: Entry) -> EntryRef:
    commitment = bytes(e.commitment)
    data = entry_bytes(kind=e.kind, time=e.time, count=e.count, commitment=commitment)
    return EntryRef(e.index, e.kind, e.time, e.count, commitment, data)


def entries_of_kind(kind: str, *, limit: int = 1_000) -> list[EntryRef]:
    """The newest entries of a kind, newest first."""
    found = Entry.objects.filter(log=live_log(), kind=kind).order_by("-index")[:limit]
    return [_entry(e) for e in found]


def parts(keys: Iterable[tuple[str, object]]) -> dict[tuple[str, str], list[OpenedPart]]:
    """All parts of rows given as (table, id), oldest first, shredded ones left out."""
    wanted = sorted({(table, str(row)) for table, row in keys})
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT p.row_table, p.row_id, p.entry, p.n, p.salt, p.body FROM ledger_part p"
            " JOIN unnest(%s::text[], %s::text[]) AS w(t, r) ON p.row_table = w.t AND p.row_id = w.r"
            " WHERE p.log = %s AND p.body IS NOT NULL ORDER BY p.entry, p.n",
            [[t for t, _ in wanted], [r for _, r in wanted], live_log()],
        )
        found: dict[tuple[str, str], list[OpenedPart]] = {}
        for table, row, entry, n, salt, body in cursor.fetchall():
            found.setdefault((table, row), []).append(OpenedPart(entry, n, bytes(salt), bytes(body)))
    return found


def part_leaves(indexes: Iterable[int]) -> dict[int, list[bytes]]:
    """The leaves of the parts kept here, by entry, in order; a batch's items stand in the archive."""
    found: dict[int, list[bytes]] = {}
    statement = (
        "SELECT entry, leaf FROM ledger_part WHERE log = $1 AND entry = ANY($2::bigint[]) ORDER BY entry, n"
    )
    for entry, leaf in rows(statement, [live_log(), list(indexes)]):
        found.setdefault(entry, []).append(leaf)
    return found


def tile(level: int, n: int, width: int, *, log: int | None = None) -> bytes:
    """The first `width` hashes of a tile as C2SP tlog-tiles prints them; partial ones are computed."""
    log = live_log() if log is None else log
    if width == TILE:
        return bytes(Tile.objects.values_list("data", flat=True).get(log=log, level=level, n=n))
    start = n * TILE
    if level == 0:
        span = Entry.objects.filter(log=log, index__gte=start, index__lt=start + width).order_by("index")
        return b"".join(bytes(leaf) for leaf in span.values_list("leaf", flat=True))
    below = Tile.objects.filter(log=log, level=level - 1, n__gte=start, n__lt=start + width).order_by("n")
    return b"".join(bytes(root) for root in below.values_list("root", flat=True))


def inclusion_proofs(indexes: Iterable[int], size: int) -> dict[int, list[bytes]]:
    """The path of each entry (0 ≤ index < size) in the tree of the first `size` entries, its sibling first.

    Each tile is read and hashed once however many proofs it serves: ask for many at a time. SealError `tree.index`
    for an index outside, `tiles.length` where a tile is missing or cut short. Nothing is checked against a
    checkpoint here.
    """
    wanted = list(indexes)
    return dict(StoredTree(live_log(), size).inclusions(wanted)) if wanted else {}


def consistency_proof(old: int, size: int) -> list[bytes]:
    """The proof that the first `old` entries are a prefix of the first `size`; SealError as `inclusion_proofs`."""
    return StoredTree(live_log(), size).consistency(old)


def roots(sizes: Iterable[int], *, upto: int) -> dict[int, bytes]:
    """The root of the log at each size, none above `upto`, which the log has reached."""
    return StoredTree(live_log(), upto).roots(sizes)


def checkpoints(*, sizes: Iterable[int] | None = None) -> list[CheckpointRef]:
    """Stored checkpoints, oldest first, with cosignatures and timestamps."""
    log = live_log()
    stored = Checkpoint.objects.filter(log=log).order_by("size")
    if sizes is not None:
        stored = stored.filter(size__in=list(sizes))
    notes = list(stored)
    wanted = [c.size for c in notes]
    lines: dict[int, list[tuple[str, str]]] = {}
    tokens: dict[int, list[tuple[str, bytes]]] = {}
    said = Cosignature.objects.filter(log=log, size__in=wanted).order_by("witness")
    for size, witness, line in said.values_list("size", "witness", "line"):
        lines.setdefault(size, []).append((witness, line))
    stamped = Timestamp.objects.filter(log=log, size__in=wanted).order_by("authority")
    for size, authority, response in stamped.values_list("size", "authority", "response"):
        tokens.setdefault(size, []).append((authority, bytes(response)))
    return [
        CheckpointRef(
            c.size, bytes(c.root), c.note, c.signed_at,
            tuple(lines.get(c.size, ())), tuple(tokens.get(c.size, ())),
        )
        for c in notes
    ]  # fmt: skip


def next_vouched(above: Iterable[int]) -> dict[int, int]:
    """For each size the next one that somebody cosigned or stamped; whether that counts is not judged here."""
    statement = (
        "SELECT w.size, least("
        "(SELECT min(size) FROM ledger_cosignature WHERE log = $1 AND size > w.size),"
        " (SELECT min(size) FROM ledger_timestamp WHERE log = $1 AND size > w.size))"
        " FROM unnest($2::bigint[]) AS w (size)"
    )
    return {size: then for size, then in rows(statement, [live_log(), list(above)]) if then is not None}


def facts(indexes: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The facts of entries in the present shape of their kinds (ADR 22); shredded ones are absent.

    LaterSchema where a newer program wrote them.
    """
    found = rows(
        "SELECT e.index, e.kind, p.body FROM ledger_entry e JOIN ledger_part p"
        " ON p.log = e.log AND p.entry = e.index AND p.n = 0"
        " WHERE e.log = $1 AND e.index = ANY($2::bigint[]) AND p.body IS NOT NULL",
        [live_log(), list(indexes)],
    )
    decoded: list[tuple[int, str, Any]] = [
        (index, kind, canonical.decode(body)) for index, kind, body in found
    ]
    return {index: upcasting.present(kind, said["facts"]) for index, kind, said in decoded}


def pulse(*, until: int | None = None, longest: int = SILENCE) -> Pulse:
    """Stretches of more than `longest` ms without a heartbeat, from the first entry to the last one or to `until`."""
    log = live_log()
    ends = rows(
        "(SELECT index, time FROM ledger_entry WHERE log = $1 ORDER BY index LIMIT 1) UNION"
        " (SELECT index, time FROM ledger_entry WHERE log = $1 ORDER BY index DESC LIMIT 1) ORDER BY 1",
        [log],
    )
    if not ends:
        return Pulse(None, ())
    beats = rows(
        "SELECT index, time FROM ledger_entry WHERE log = $1 AND kind = $2 ORDER BY index", [log, HEARTBEAT]
    )
    last_index, last_time = ends[-1]
    marks = sorted({ends[0], *beats, (last_index + 1, max(last_time, until or 0))})
    silences = tuple(
        Silence(begin, end, after, then - after - 1)
        for (after, begin), (then, end) in pairwise(marks)
        if end - begin > longest
    )
    return Pulse(beats[-1][1] if beats else None, silences)


def statements(upto: int) -> dict[str, int]:
    """How many checkpoints, cosignatures and timestamps stand for sizes up to `upto`."""
    return {
        name: model._base_manager.filter(log=live_log(), size__lte=upto).count()
        for name, model in (
            ("checkpoints", Checkpoint),
            ("cosignatures", Cosignature),
            ("timestamps", Timestamp),
        )
    }


def last_cosigned(witness: str) -> int:
    """The largest size that a witness has cosigned, as far as we know; 0 for none."""
    stored = Cosignature.objects.filter(log=live_log(), witness=witness).order_by("-size")
    return stored.values_list("size", flat=True).first() or 0


def last_checkpoint() -> CheckpointRef | None:
    """The newest checkpoint, if the signer has ever signed."""
    size = Checkpoint.objects.filter(log=live_log()).order_by("-size").values_list("size", flat=True).first()
    return checkpoints(sizes=[size])[0] if size is not None else None
