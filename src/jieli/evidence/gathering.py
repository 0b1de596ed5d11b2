"""Collects what a package holds: items with their proofs, the parts they rest on, checkpoints, who vouched.

Reads only. Everything is fetched in bulk: a package of ten thousand items asks as many questions as one of ten, and
one tree is built for each entry, whatever it is that proves by it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any

from jieli.archive import queries as archive
from jieli.archive import rows as archive_rows
from jieli.archive.leaves import joined_leaves
from jieli.archive.types import POSITIONS, OpenedItem
from jieli.evidence.errors import NotCovered, TwoLogs
from jieli.evidence.types import Vouching
from jieli.ledger import places, standing
from jieli.ledger import queries as ledger
from jieli.ledger.types import CheckpointRef, EntryRef, OpenedPart
from seal import canonical, policy
from seal.item import expand, field_salt
from seal.package import OpenedLine

#: Columns by which a row leads to another one that a reader needs to see with it.
_LEADS = {"notice": "consent_notice", "notice_id": "consent_notice"}
Rows = Sequence[tuple[str, object]]
#: The fields of nearly every item, in their order.
FIVE = ("raw", "text", "sender", "receivers", "time")


@dataclass
class Gathered:
    """The machine side of a package, in the order in which it is written; entries are numbered as in its log."""

    items: list[OpenedItem]
    policy: policy.Policy
    since: frozenset[str]
    places: dict[int, tuple[int, int]] = field(
        default_factory=dict
    )  # item → entry, n; a destroyed one is absent
    parts: list[tuple[OpenedPart, dict[str, Any]]] = field(default_factory=list)
    served: list[bytes] = field(default_factory=list)
    leaves: dict[int, bytes] = field(default_factory=dict)  # entry → all its leaves joined
    entries: dict[int, EntryRef] = field(default_factory=dict)
    checkpoints: list[CheckpointRef] = field(default_factory=list)
    witnessed_at: frozenset[int] = frozenset()  # sizes of the checkpoints that witnesses stand for
    log: int | None = None  # which one; None until something of it was found
    elsewhere: int = 0  # parts that stand in another log, which no checkpoint of this one covers
    beside: bool = False  # whether a package for another log is made together with this one
    others: dict[int, set[tuple[str, str]]] = field(default_factory=dict)  # log → rows of such parts

    @property
    def not_proved(self) -> tuple[str, ...]:
        """What a reader is told of the parts that are left out, for they stand in another log."""
        if not self.elsewhere:
            return ()
        where = "见同时生成的另一份" if self.beside else "须另出一份"
        return (f"另一本账所记的 {self.elsewhere} 项登记：本包只含账本 {self.origin} 的条目，其余{where}",)

    @property
    def origin(self) -> str:
        """The name of the log that proves it."""
        return ledger.origin(self.log)

    @property
    def log_key(self) -> str:
        """The public key by which a reader checks it: of the keys of its log the one that the policy names first."""
        origin = self.origin
        return next((key for key in self.policy.logs if key.name == origin), self.policy.logs[0]).format()

    @property
    def newest(self) -> CheckpointRef:
        return self.checkpoints[-1]

    @property
    def vouched(self) -> list[CheckpointRef]:
        """The checkpoints that somebody outside the company stands for, oldest first."""
        return [c for c in self.checkpoints if c.timestamps or c.size in self.witnessed_at]

    @property
    def vouching(self) -> Vouching:
        """Who stands for the newest checkpoint, the one that is judged; and who for an older one, if nobody does."""
        stood_for = [c for c in self.checkpoints if c.size in self.witnessed_at]
        if self.newest.size in self.witnessed_at:
            return Vouching(_names(self.newest), counts=True)
        counts = standing.standing(self.newest, self.policy).counts
        if not stood_for:
            return Vouching((), counts=counts)
        return Vouching((), counts=counts, earlier=stood_for[-1].size, earlier_by=_names(stood_for[-1]))

    @property
    def stamped(self) -> tuple[str, ...]:
        """The authorities that stamped one of the checkpoints."""
        return tuple(sorted({name for c in self.checkpoints for name, _ in c.timestamps}))


def _names(found: CheckpointRef) -> tuple[str, ...]:
    return tuple(sorted({name for name, _ in found.cosignatures}))


def gather(
    items: Sequence[OpenedItem],
    *,
    more: Iterable[tuple[str, object]],
    trusted: bytes,
    since: Collection[str] = (),
    log: int | None = None,
) -> Gathered:
    """Everything that proves `items`, and the parts of the rows in `more` (holdings, the opening), under a checkpoint.

    `trusted` is the installation's policy: it decides who vouches. Of the rows of the tables in `since`, too, the
    earliest vouched-for checkpoint is taken. Without items `log` says which log is meant. A checkpoint that covers all
    of it must stand already: the signer is asked before, never from here.
    """
    found = collect(items, more=more, trusted=trusted, since=since, log=log)
    cover(found)
    return found


def collect(
    items: Sequence[OpenedItem],
    *,
    more: Iterable[tuple[str, object]],
    trusted: bytes,
    since: Collection[str] = (),
    log: int | None = None,
) -> Gathered:
    """As `gather`, under no checkpoint yet: `add_rows` chooses it."""
    found = Gathered(list(items), policy.parse(trusted), frozenset(since), log=log)
    refs = [i.item for i in items]
    ids = [ref.item_id for ref in refs]
    bases, destroyed = archive.bases_of(ids)
    if destroyed:
        refs = [ref for ref in refs if ref.item_id not in destroyed]
        ids = [ref.item_id for ref in refs]
    entries = _in_one_log(found, archive.batch_entries({item // POSITIONS for item in ids}))
    # items of one basis share the very same tuple of rows: each is looked at once
    named = {id(i.item.basis_rows): i.item.basis_rows for i in items}
    footing = {row for rows in named.values() for row in rows}
    known = [("archive_basis", basis) for basis in bases]
    talks = {ref.conversation for ref in refs}
    known += [("archive_conversation", talk) for talk in sorted(talks)]
    _open_parts(found, [*sorted(footing), *known, *more])
    firsts = _read_leaves(found, {part.entry for part, _ in found.parts} | set(entries.values()))
    begins = {batch: (entry, firsts[entry] - batch * POSITIONS) for batch, entry in entries.items()}
    for item in ids:
        entry, begin = begins[item // POSITIONS]
        found.places[item] = entry, begin + item
    return found


def _in_one_log(found: Gathered, batches: Mapping[int, int]) -> dict[int, int]:
    """The index of each batch's entry in the one log that they are all in."""
    logs = places.by_log(batches.values())
    if len(logs) > 1:
        raise TwoLogs(
            "所选条目分属两本账，没有一个检查点能证明全部。", remedy="请用同一条命令，每本账各出一份。"
        )
    found.log = next(iter(logs), found.log)
    return {batch: places.index_of(place) for batch, place in batches.items()}


def add_rows(found: Gathered, rows: Rows) -> None:
    """Add the parts of further rows to what was gathered, under a checkpoint that covers them too."""
    _open_parts(found, rows)
    _read_leaves(found, {part.entry for part, _ in found.parts} - found.leaves.keys())
    cover(found)


def cover(found: Gathered) -> None:
    """Choose the checkpoints anew; NotCovered where none covers everything."""
    wanted = found.leaves.keys()
    fixed = {entry for entry, _ in found.places.values()}
    fixed |= {part.entry for part, body in found.parts if body["table"] in found.since}
    found.checkpoints = covering(max(wanted, default=0), fixed, found.policy, log=found.log)
    found.witnessed_at = frozenset(c.size for c in found.checkpoints if standing.witnessed(c, found.policy))
    more = ledger.entries(_places(found, wanted - found.entries.keys()))
    found.entries |= {places.index_of(place): entry for place, entry in more.items()}


def _places(found: Gathered, indexes: Iterable[int]) -> list[int]:
    return [places.place(found.log or 1, index) for index in indexes]


def _open_parts(found: Gathered, rows: Rows) -> None:
    """Open every version of the rows, of the notices they rest on, and take the texts those served."""
    opened: dict[tuple[str, str], list[OpenedPart]] = {}
    bodies: dict[tuple[int, int], Any] = {}
    wanted = [(table, str(row)) for table, row in rows]
    while wanted:
        some = ledger.parts(wanted)
        bodies |= {(p.entry, p.n): canonical.decode(p.body) for parts in some.values() for p in parts}
        opened |= some
        led = {lead for parts in some.values() for p in parts for lead in _leads(bodies[p.entry, p.n])}
        wanted = sorted(led - set(opened))
    here = {(part.entry, part.n) for part, _ in found.parts}
    versions = [p for versions in opened.values() for p in versions]
    if found.log is None and versions:
        found.log = places.log_of(max(part.entry for part in versions))
    for part in versions:
        body = bodies[part.entry, part.n]
        if places.log_of(part.entry) != found.log:
            found.elsewhere += 1
            rows_there = found.others.setdefault(places.log_of(part.entry), set())
            rows_there.add((body["table"], str(body["id"])))
            continue
        place = places.index_of(part.entry), part.n
        if place not in here:
            here.add(place)
            found.parts.append((part if found.log == 1 else replace(part, entry=place[0]), body))
            if body["table"] == "consent_notice":
                found.served.append(body["row"]["text"].encode())
    found.parts.sort(key=lambda pair: (pair[0].entry, pair[0].n))


def _leads(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(_LEADS[name], str(value)) for name, value in body["row"].items() if name in _LEADS]


def _read_leaves(found: Gathered, entries: Collection[int]) -> dict[int, int]:
    """The leaves of entries, those of items after those of parts; where in each the items begin."""
    kept = ledger.part_leaves(_places(found, entries))
    items = joined_leaves(kept)
    found.leaves |= {
        places.index_of(place): b"".join([*leaves, items.get(place, b"")]) for place, leaves in kept.items()
    }
    return {places.index_of(place): len(leaves) for place, leaves in kept.items()}


def covering(
    last: int, fixed: Iterable[int], trusted: policy.Policy, *, log: int | None = None
) -> list[CheckpointRef]:
    """The earliest vouched-for checkpoint over each entry of `fixed`, and the newest that counts over everything.

    The earliest one says since when it cannot have been changed; consistency leads from it to the newest. Where none
    that counts covers everything yet (a witness is away), the newest one is taken, and the papers say what it lacks.
    """
    newest = ledger.last_checkpoint(log)
    if newest is None or newest.size <= last:
        raise NotCovered(
            "签名进程尚未为本次开启签检查点，证据包暂时无法生成。", remedy="请确认签名进程在运行，稍后重试。"
        )
    # nearly always the newest counts itself, and none has to be looked for
    counts = standing.standing(newest, trusted).counts
    counted = None if counts else standing.last_counted(trusted, log=log)
    if counted is not None and last < counted.size < newest.size:
        [newest] = ledger.checkpoints(sizes=[counted.size], log=log)
    chosen = {newest.size: newest} | _earliest(set(fixed), newest, trusted)
    return [chosen[size] for size in sorted(chosen)]


def _earliest(above: set[int], newest: CheckpointRef, trusted: policy.Policy) -> dict[int, CheckpointRef]:
    """For each place the first checkpoint above it that somebody outside stands for, by size, none above `newest`."""
    chosen: dict[int, CheckpointRef] = {}
    for _ in range(standing.LOOKED_AT):
        vouched = ledger.next_vouched(above, log=newest.log).values()
        sizes = {size for size in vouched if size <= newest.size}
        some = ledger.checkpoints(sizes=sizes - chosen.keys(), log=newest.log) if sizes else []
        found = {c.size: c for c in some}
        good = {s: c for s, c in found.items() if c.timestamps or standing.witnessed(c, trusted)}
        chosen |= good
        above = found.keys() - good.keys()  # too few witnesses, or not ours: what comes after it
        if not above:
            break
    return chosen


def lines(found: Gathered) -> dict[int, list[OpenedLine]]:
    """The items' lines by entry, in order; every field opened. One destroyed since it was opened is left out."""
    placed: dict[int, list[OpenedLine]] = defaultdict(list)
    known = found.places.get
    for item in found.items:
        place = known(item.item.item_id)
        if place is not None:
            placed[place[0]].append(opened_line(place[1], item))
    for some in placed.values():
        some.sort(key=itemgetter(0))
    return placed


def opened_line(n: int, item: OpenedItem) -> OpenedLine:
    """An item with every field opened, as ADR 1 derives the salts from its secret."""
    if item.five is not None:  # nearly every item, as it was checked; a test holds it to the rest
        return n, item.row, FIVE, item.expanded[32:], item.five
    fields = archive_rows.fields_of(
        raw=item.raw,
        text=item.text,
        sender=item.sender,
        receivers=archive_rows.receivers_known(item.receivers),
        event_ms=item.item.event_ms,
        media=item.media,
    )
    expanded = expand(item.secret, len(item.media))
    names = tuple(name for name, _ in fields)
    salts = b"".join([field_salt(expanded, name) for name in names])
    return n, item.row, names, salts, [data for _, data in fields]
