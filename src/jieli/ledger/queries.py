"""Reading the book: entries, versions of rows, proofs, checkpoints. Nothing here writes or signs.

Entries are named by their places (`places`), which carry order over all logs; in the first log a place is the index.
What is about one log takes `log`, by default the live one, and indexes and sizes of that log.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.db import connections

from jieli.kernel.times import HOUR
from jieli.ledger import places, upcasting
from jieli.ledger.append import Head, head, live_log
from jieli.ledger.errors import NoLog, OtherLog
from jieli.ledger.models import Checkpoint, Cosignature, Entry, Log, Tile, Timestamp
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
#: Where a part stands.
_PLACE = places.SQL.format("p", "entry")
#: The worker beats once an hour; one beat may be late.
SILENCE = 2 * HOUR


def origin(log: int | None = None) -> str:
    """The name under which a log signs. Asked anew each time: a restore may open another log while we run."""
    if log is None and (newest := rows("SELECT origin FROM ledger_log ORDER BY id DESC LIMIT 1", [])):
        return str(newest[0][0])
    found = Log.objects.filter(id=live_log() if log is None else log).values_list("origin", flat=True).first()
    if found is None:
        raise NoLog(f"没有第 {log} 本账。", remedy="现有的账本见 jieli ledger status。")
    return found


def logs() -> list[int]:
    """The ids of all logs, oldest first; the last one is live, and the others are never written to again."""
    return list(Log.objects.order_by("id").values_list("id", flat=True))


def origins_of(table: str, ids: Iterable[object]) -> dict[str, str]:
    """By row id, the origin of the log in which each row was first written; unknown rows are absent.

    Where there is one log it is not looked up: then every id has its origin.
    """
    names: dict[int, str] = dict(rows("SELECT id, origin FROM ledger_log", []))
    wanted = [str(one) for one in ids]
    if len(names) == 1:
        return dict.fromkeys(wanted, *names.values())
    return {row: names[places.log_of(at.entry)] for row, at in first_recorded(table, wanted).items()}


def first_recorded(table: str, ids: Iterable[object] | None = None) -> dict[str, Recorded]:
    """When the first part of each row was written, by row id; every row of the table when `ids` is None."""
    query = (
        f"SELECT DISTINCT ON (p.row_id) p.row_id, {_PLACE}, p.n, e.time FROM ledger_part p"  # noqa: S608
        " JOIN ledger_entry e ON e.log = p.log AND e.index = p.entry"
        " WHERE p.row_table = %s {only} ORDER BY p.row_id, p.log, p.entry, p.n"
    )
    args: list[Any] = [table]
    only = ""
    if ids is not None:
        only, args = "AND p.row_id = ANY(%s)", [*args, [str(i) for i in ids]]
    with connections["default"].cursor() as cursor:
        cursor.execute(query.format(only=only), args)
        return {row: Recorded(entry, n, time) for row, entry, n, time in cursor.fetchall()}


def history(table: str, row_id: object) -> list[Version]:
    """Every version of a row, oldest first, as the parts carry it."""
    found = rows(
        f"SELECT {_PLACE}, p.n, e.time, p.body FROM ledger_part p"  # noqa: S608 - our own words
        " JOIN ledger_entry e ON e.log = p.log AND e.index = p.entry"
        " WHERE p.row_table = $1 AND p.row_id = $2 ORDER BY p.log, p.entry, p.n",
        [table, str(row_id)],
    )
    return [Version(entry, n, time, _row(body)) for entry, n, time, body in found]


def _row(body: Any) -> dict[str, Any] | None:
    if body is None:
        return None
    decoded: Any = canonical.decode(bytes(body))
    row: dict[str, Any] = decoded["row"]
    return row


def entries(wanted: Iterable[int]) -> dict[int, EntryRef]:
    """Entries by place, in its order, each with its leaf's data."""
    found: dict[int, EntryRef] = {}
    for log, indexes in places.by_log(wanted).items():
        for e in Entry.objects.filter(log=log, index__in=indexes).order_by("index"):
            found[places.place(log, e.index)] = _entry(e)
    return found


def _entry(e: Entry) -> EntryRef:
    commitment = bytes(e.commitment)
    data = entry_bytes(kind=e.kind, time=e.time, count=e.count, commitment=commitment)
    return EntryRef(places.place(e.log, e.index), e.kind, e.time, e.count, commitment, data)


def entries_of_kind(kind: str, *, limit: int = 1_000, log: int | None = None) -> list[EntryRef]:
    """The newest entries of a kind, newest first; of all logs unless one is named."""
    found = Entry.objects.filter(kind=kind, log__in=logs() if log is None else [log])
    return [_entry(e) for e in found.order_by("-log", "-index")[:limit]]


def parts(keys: Iterable[tuple[str, object]]) -> dict[tuple[str, str], list[OpenedPart]]:
    """All parts of rows given as (table, id), oldest first, shredded ones left out."""
    wanted = sorted({(table, str(row)) for table, row in keys})
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"SELECT p.row_table, p.row_id, {_PLACE}, p.n, p.salt, p.body FROM ledger_part p"  # noqa: S608
            " JOIN unnest(%s::text[], %s::text[]) AS w(t, r) ON p.row_table = w.t AND p.row_id = w.r"
            " WHERE p.body IS NOT NULL ORDER BY p.log, p.entry, p.n",
            [[t for t, _ in wanted], [r for _, r in wanted]],
        )
        found: dict[tuple[str, str], list[OpenedPart]] = {}
        for table, row, entry, n, salt, body in cursor.fetchall():
            found.setdefault((table, row), []).append(OpenedPart(entry, n, bytes(salt), bytes(body)))
    return found


def part_leaves(wanted: Iterable[int]) -> dict[int, list[bytes]]:
    """The leaves of the parts kept here, by place, in order; a batch's items stand in the archive."""
    found: dict[int, list[bytes]] = {}
    statement = (
        "SELECT entry, leaf FROM ledger_part WHERE log = $1 AND entry = ANY($2::bigint[]) ORDER BY entry, n"
    )
    for log, indexes in places.by_log(wanted).items():
        for entry, leaf in rows(statement, [log, indexes]):
            found.setdefault(places.place(log, entry), []).append(leaf)
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


def inclusion_proofs(wanted: Iterable[int], size: int) -> dict[int, list[bytes]]:
    """The path of each entry, by its place, in the tree of the first `size` entries of its log, its sibling first.

    Each tile is read and hashed once however many proofs it serves: ask for many at a time. OtherLog where they are
    not all of one log; SealError `tree.index` for an index outside, `tiles.length` where a tile is missing or cut
    short. Nothing is checked against a checkpoint here.
    """
    asked = places.by_log(wanted)
    if len(asked) > 1:
        raise OtherLog("这些条目分属两本账，不能用同一个检查点证明。", remedy="请按账本分开，各出一份。")
    return {
        places.place(log, index): path
        for log, indexes in asked.items()
        for index, path in StoredTree(log, size).inclusions(indexes)
    }


def consistency_proof(old: int, size: int, *, log: int | None = None) -> list[bytes]:
    """The proof that the first `old` entries are a prefix of the first `size`; SealError as `inclusion_proofs`."""
    return StoredTree(_or_live(log), size).consistency(old)


def _or_live(log: int | None) -> int:
    return live_log() if log is None else log


def roots(sizes: Iterable[int], *, upto: int, log: int | None = None) -> dict[int, bytes]:
    """The root of a log at each size, none above `upto`, which the log has reached."""
    return StoredTree(_or_live(log), upto).roots(sizes)


def checkpoints(*, sizes: Iterable[int] | None = None, log: int | None = None) -> list[CheckpointRef]:
    """Stored checkpoints of a log, oldest first, with cosignatures and timestamps."""
    log = _or_live(log)
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
            tuple(lines.get(c.size, ())), tuple(tokens.get(c.size, ())), log,
        )
        for c in notes
    ]  # fmt: skip


def next_vouched(above: Iterable[int], *, log: int | None = None) -> dict[int, int]:
    """For each size the next one that somebody cosigned or stamped; whether that counts is not judged here."""
    statement = (
        "SELECT w.size, least("
        "(SELECT min(size) FROM ledger_cosignature WHERE log = $1 AND size > w.size),"
        " (SELECT min(size) FROM ledger_timestamp WHERE log = $1 AND size > w.size))"
        " FROM unnest($2::bigint[]) AS w (size)"
    )
    return {size: then for size, then in rows(statement, [_or_live(log), list(above)]) if then is not None}


def facts(wanted: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The facts of entries, by place, in the present shape of their kinds (ADR 22); shredded ones are absent.

    LaterSchema where a newer program wrote them.
    """
    found: dict[int, dict[str, Any]] = {}
    for log, indexes in places.by_log(wanted).items():
        for index, kind, body in rows(
            "SELECT e.index, e.kind, p.body FROM ledger_entry e JOIN ledger_part p"
            " ON p.log = e.log AND p.entry = e.index AND p.n = 0"
            " WHERE e.log = $1 AND e.index = ANY($2::bigint[]) AND p.body IS NOT NULL",
            [log, indexes],
        ):
            said: Any = canonical.decode(body)
            found[places.place(log, index)] = upcasting.present(kind, said["facts"])
    return found


def pulse(*, until: int | None = None, longest: int = SILENCE, log: int | None = None) -> Pulse:
    """Stretches of more than `longest` ms without a heartbeat, from the first entry to the last one or to `until`."""
    log = _or_live(log)
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


def statements(upto: int, *, log: int | None = None) -> dict[str, int]:
    """How many checkpoints, cosignatures and timestamps stand for sizes up to `upto`."""
    log = _or_live(log)
    return {
        name: model._base_manager.filter(log=log, size__lte=upto).count()
        for name, model in (
            ("checkpoints", Checkpoint),
            ("cosignatures", Cosignature),
            ("timestamps", Timestamp),
        )
    }


def last_cosigned(witness: str) -> int:
    """The largest size of the live log that a witness has cosigned, as far as we know; 0 for none."""
    stored = Cosignature.objects.filter(log=live_log(), witness=witness).order_by("-size")
    return stored.values_list("size", flat=True).first() or 0


def last_checkpoint(log: int | None = None) -> CheckpointRef | None:
    """The newest checkpoint of a log, if the signer has ever signed it."""
    log = _or_live(log)
    size = Checkpoint.objects.filter(log=log).order_by("-size").values_list("size", flat=True).first()
    return checkpoints(sizes=[size], log=log)[0] if size is not None else None


def covering_checkpoint(place: int) -> CheckpointRef | None:
    """The newest checkpoint of the log that an entry is in, if it covers the entry."""
    last = last_checkpoint(places.log_of(place))
    return last if last is not None and last.size > places.index_of(place) else None
