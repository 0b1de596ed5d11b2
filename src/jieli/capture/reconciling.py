"""Reconciling: what a source delivered, held against what was admitted, refused or could not be read. Gaps by hour.

Of a refused message nothing is looked at but its keyed digest (P2): 30 days long it is known by that; afterwards only
how many of an account were refused on its day is, so older ones are set off by number and said to be.
Memory holds one batch of lines and one number for each account and hour; which ids a source repeats is kept in a
passing table of the database, as keyed digests, and dropped at the end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import islice
from uuid import UUID

from django.db import connections

from jieli.archive import census, ports
from jieli.archive.media.queries import figures
from jieli.archive.media.types import Figures
from jieli.archive.queries import known
from jieli.archive.types import MAX_BATCH, ConversationKey
from jieli.assets import queries as assets
from jieli.capture import queries, tallies
from jieli.capture.judging import account_of
from jieli.capture.policy import REFUSAL_STAYS
from jieli.capture.report import MOST_LISTED
from jieli.capture.types import Incoming, Malformed, Parsed, SwitchLine
from jieli.kernel.times import DAY, HOUR, local_day
from jieli.ledger.operations import book

_TABLE = "reconciled_digest"
#: How long a platform keeps what can be pulled. Of others we do not know it.
KEPT_BY = {"wecom": 5 * DAY}
#: An account as the source names it, "" for none of ours; and whole hours since 1970.
Key = tuple[str, int]


class Again(StrEnum):
    """Where what is missing can still be had."""

    PLATFORM = "平台仍保留，可重新拉取"
    FILE = "重新导入原文件"
    GONE = "平台已不保留"
    ASK = "请向来源方查询"


@dataclass(frozen=True, slots=True)
class Hourly:
    """A source's own word: so many messages of an account within the hour."""

    account: str
    hour: int
    count: int
    line: int


@dataclass(frozen=True, slots=True)
class Named:
    """A file of a source and its lines, read as they are asked for."""

    file: str
    lines: Iterable[Parsed | Hourly]


@dataclass(frozen=True, slots=True)
class Unreadable:
    file: str
    line: int
    column: int
    code: str


@dataclass(frozen=True, slots=True)
class Gap:
    """An hour of an account in which the source delivered more than we can account for. `hour` is its first ms."""

    account: str
    hour: int
    delivered: int
    missing: int
    again: Again


@dataclass(slots=True)
class Reconciliation:
    """What came of it. `messages` = admitted + destroyed + refused + refused_by_tally + missing - surplus.

    `stated` are the hours for which counts give a number, be it 0: a source that says "none" has said something.
    `media`: what there is of the files of the source's items in the hours of the delivery; counts name no source.
    Only counts say `destroyed` and `surplus`: a message that was kept and destroyed is known by its digest, and
    admitted. `repeated` lines are not messages. `entry` is where the numbers stand in the ledger.
    """

    by_counts: bool
    messages: int = 0
    admitted: int = 0
    destroyed: int = 0
    refused: int = 0
    refused_by_tally: int = 0
    repeated: int = 0
    unreadable: int = 0
    statements: int = 0
    switches: int = 0
    stated: int = 0
    missing: int = 0
    surplus: int = 0
    media: Figures | None = None
    gaps: list[Gap] = field(default_factory=list)
    listed: list[Unreadable] = field(default_factory=list)
    entry: int | None = None

    @property
    def nothing_read(self) -> bool:
        """The delivery said nothing that could be read: an empty file proves nothing, and never that all is there."""
        return not (self.messages or self.statements or self.switches or self.stated)

    @property
    def complete(self) -> bool:
        """Nothing is missing, and enough could be read to say so."""
        return not (self.missing or self.nothing_read or (self.by_counts and self.unreadable))


@dataclass(slots=True)
class _Hours:
    """Messages by account and hour: delivered, and of these not yet accounted for."""

    delivered: Counter[Key] = field(default_factory=Counter)
    open: Counter[Key] = field(default_factory=Counter)
    refused: Counter[tuple[UUID | None, date]] = field(default_factory=Counter)


def reconcile_messages(
    *, source: str, platform: str, files: Iterable[Named], by: str, at: int
) -> Reconciliation:
    """Hold every message of a source against what is kept and what was refused; writes one entry with the numbers.

    `source` and `platform` as for `operations.admit`. Changes nothing else: importing the file again closes its gaps.
    """
    accounts = {handle: ref.id for handle, ref in assets.accounts(platform).items()}
    found, hours = Reconciliation(by_counts=False), _Hours()
    with _passing_table():
        for file in files:
            for batch in _slices(file.lines):
                messages = _apart(file.file, batch, found)
                _judge(messages, accounts, found, hours, at=at)
    _set_off(hours, accounts, found, at=at)
    return _closed(found, hours, source, platform, by=by, at=at)


def reconcile_counts(
    *, source: str, platform: str, files: Iterable[Named], by: str, at: int
) -> Reconciliation:
    """The same where only the numbers by hour and account are known; an hour said twice is unreadable then."""
    accounts = {handle: ref.id for handle, ref in assets.accounts(platform).items()}
    found, hours = Reconciliation(by_counts=True), _Hours()
    for file in files:
        for line in file.lines:
            _take(file.file, line, found, hours)
    found.messages = hours.delivered.total()
    if hours.delivered:
        _subtract(hours, accounts, found)
    _set_off(hours, accounts, found, at=at)
    return _closed(found, hours, source, platform, by=by, at=at)


@contextmanager
def _passing_table() -> Iterator[None]:
    _run(f"DROP TABLE IF EXISTS pg_temp.{_TABLE}")
    _run(f"CREATE TEMPORARY TABLE {_TABLE} (digest bytea PRIMARY KEY)")
    try:
        yield
    finally:
        _run(f"DROP TABLE IF EXISTS pg_temp.{_TABLE}")


def _run(statement: str) -> None:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement)


def _slices(lines: Iterable[Parsed | Hourly]) -> Iterator[list[Parsed | Hourly]]:
    rest = iter(lines)
    while batch := list(islice(rest, MAX_BATCH)):
        yield batch


def _apart(file: str, batch: Sequence[Parsed | Hourly], found: Reconciliation) -> list[Incoming]:
    """The messages among these lines; the others are counted."""
    messages = []
    for line in batch:
        if isinstance(line, Incoming):
            messages.append(line)
        elif isinstance(line, Malformed):
            _note(file, line, found)
        elif isinstance(line, SwitchLine):
            found.switches += 1
        else:
            found.statements += 1
    return messages


def _note(file: str, line: Malformed, found: Reconciliation) -> None:
    found.unreadable += 1
    if len(found.listed) < MOST_LISTED:
        found.listed.append(Unreadable(file, line.line, line.column, line.code))


def _judge(
    messages: Sequence[Incoming], accounts: dict[str, UUID], found: Reconciliation, hours: _Hours, *, at: int
) -> None:
    """What became of each message of a batch; what we cannot say stays open in its hour."""
    digests = ports.keyring().message_keys((m.source, m.message_id) for m in messages)
    fresh = _fresh(digests)
    keys: dict[ConversationKey, ConversationKey] = {}
    asked: list[tuple[Incoming, bytes, str, ConversationKey | None]] = []
    for message, digest in zip(messages, digests, strict=True):
        if digest not in fresh:
            found.repeated += 1
            continue
        fresh.discard(digest)
        handle = account_of(message, accounts)
        key = _conversation(message, handle, accounts)
        asked.append((message, digest, handle or "", keys.setdefault(key, key) if key is not None else None))
    kept = known([(key, digest) for _, digest, _, key in asked if key is not None])
    refused = tallies.refused_before([digest for _, digest, _, _ in asked], at=at)
    for message, digest, handle, key in asked:
        found.messages += 1
        hour = (handle, message.event_ms // HOUR)
        hours.delivered[hour] += 1
        if key is not None and (key, digest) in kept:
            found.admitted += 1
        elif digest in refused:
            found.refused += 1
            hours.refused[accounts.get(handle), local_day(message.event_ms)] += 1
        else:
            hours.open[hour] += 1


def _fresh(digests: Sequence[bytes]) -> set[bytes]:
    """Which of these this source had not named before; they are remembered."""
    if not digests:
        return set()
    with connections["default"].cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_TABLE} SELECT DISTINCT decode(d, 'hex') FROM unnest(string_to_array(%s, ',')) AS w(d)"  # noqa: S608
            " ON CONFLICT DO NOTHING RETURNING digest",
            [",".join(digest.hex() for digest in digests)],
        )
        return {bytes(digest) for (digest,) in cursor.fetchall()}


def _conversation(message: Incoming, handle: str | None, accounts: dict[str, UUID]) -> ConversationKey | None:
    """The conversation in which the import put such a message; None for one that it never keeps."""
    if message.room:
        return ConversationKey(message.source, room=message.room)
    people = {message.sender, *message.receivers} - {"", handle}
    if handle is None or len(people) != 1:
        return None
    return ConversationKey(message.source, account=accounts[handle], counterparty=people.pop())


def _take(file: str, line: Parsed | Hourly, found: Reconciliation, hours: _Hours) -> None:
    if isinstance(line, Malformed):
        _note(file, line, found)
    elif isinstance(line, Hourly):
        key = (line.account, line.hour)
        if key in hours.delivered:
            _note(file, Malformed(line.line, 1, "counts.repeated", ""), found)
        else:
            hours.delivered[key] = hours.open[key] = line.count
            found.stated += 1


def _subtract(hours: _Hours, accounts: dict[str, UUID], found: Reconciliation) -> None:
    """Take what is kept of each hour off what the source says; of destroyed ones nobody knows the account any more."""
    first, last = min(h for _, h in hours.delivered), max(h for _, h in hours.delivered)
    kept = census.by_hour(accounts.values(), from_ms=first * HOUR, to_ms=(last + 1) * HOUR)
    for key in sorted(hours.open):
        account = accounts.get(key[0])
        here = kept.by_account.get((account, key[1]), 0) if account is not None else 0
        found.admitted += here
        found.surplus += max(0, here - hours.open[key])
        hours.open[key] = max(0, hours.open[key] - here)
        gone = min(hours.open[key], kept.destroyed.get(key[1], 0))
        if gone:
            kept.destroyed[key[1]] -= gone
            hours.open[key] -= gone
            found.destroyed += gone


def _set_off(hours: _Hours, accounts: dict[str, UUID], found: Reconciliation, *, at: int) -> None:
    """Set what is open off against the refusals of its account and day that no digest tells any more.

    A message from the last 30 days that was refused is known by its digest, so it is never set off by number; counts
    have no digests, so there every day's are.
    """
    waiting = [
        key for key in sorted(hours.open)
        if hours.open[key] and (found.by_counts or (key[1] + 1) * HOUR + REFUSAL_STAYS <= at)
    ]  # fmt: skip
    if not waiting:
        return
    days = {local_day(hour * HOUR) for _, hour in waiting}
    left = Counter(queries.refused_by_day(from_day=min(days), to_day=max(days)))
    left.subtract(hours.refused)
    for key in waiting:
        of_day = (accounts.get(key[0]), local_day(key[1] * HOUR))
        explained = min(hours.open[key], max(0, left[of_day]))
        left[of_day] -= explained
        hours.open[key] -= explained
        found.refused_by_tally += explained


def _closed(
    found: Reconciliation, hours: _Hours, source: str, platform: str, *, by: str, at: int
) -> Reconciliation:
    """List the gaps and write the numbers down. Crash before: nobody was told; it is asked again."""
    for account, hour in sorted(hours.open, key=lambda key: (key[1], key[0])):
        if missing := hours.open[account, hour]:
            again = _again(platform, hour * HOUR, by_counts=found.by_counts, at=at)
            delivered = hours.delivered[account, hour]
            found.gaps.append(Gap(account, hour * HOUR, delivered, missing, again))
            found.missing += missing
    facts: dict[str, object] = {
        "source": source, "platform": platform, "complete": int(found.complete), "by_counts": int(found.by_counts),
        "hours_with_gaps": len(found.gaps),
    } | {name: getattr(found, name) for name in COUNTS}  # fmt: skip
    if hours.delivered:
        facts["first_hour"] = min(h for _, h in hours.delivered) * HOUR
        facts["last_hour"] = max(h for _, h in hours.delivered) * HOUR
    if hours.delivered and not found.by_counts:
        first, last = min(h for _, h in hours.delivered), max(h for _, h in hours.delivered)
        found.media = figures(source, from_ms=first * HOUR, to_ms=(last + 1) * HOUR)
        refused = {
            reason.code.removeprefix("media."): number for reason, number in found.media.refused.items()
        }
        facts |= {
            "media_kept": found.media.kept,
            "media_waiting": found.media.waiting,
            "media_refused": refused,
        }
    with book(at=at) as b:
        entry = b.entry("capture.reconciled", by=by, facts=facts)
    found.entry = entry.index
    return found


COUNTS = (
    "messages", "admitted", "destroyed", "refused", "refused_by_tally", "repeated", "unreadable", "statements",
    "switches", "stated", "missing", "surplus",
)  # fmt: skip


def _again(platform: str, begins: int, *, by_counts: bool, at: int) -> Again:
    """No platform keeps an hour that has not begun: there a clock is wrong, and only the source can say whose."""
    begun = begins <= at
    if platform in KEPT_BY and begun and at - (begins + HOUR) < KEPT_BY[platform]:
        return Again.PLATFORM
    if not by_counts:
        return Again.FILE
    return Again.GONE if platform in KEPT_BY and begun else Again.ASK
