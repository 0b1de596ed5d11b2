"""Holds: what must be kept, placed by whoever has a reason, asked by the database itself before it destroys."""

import re
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from jieli.archive import queries
from jieli.archive.errors import HoldByRule, HoldTargetUnknown, HoldUnknown, TooLate
from jieli.archive.models import Hold, HoldRelease
from jieli.archive.policy import Limit, limit_of, limited
from jieli.archive.reasons import written
from jieli.archive.types import CHANNELS, HoldRef, HoldScope
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger import locks
from jieli.ledger.operations import book
from jieli.matters import queries as matters
from jieli.matters.types import MatterKind
from jieli.parties import queries as parties

#: Who places the holds of 时效.
RULE = "rule:limitation"
#: As what a matter must name somebody, for its being open to keep his records.
PARTIES = frozenset({"当事人", "移交人", "投诉人"})
#: A number of so many digits is beyond every id.
_DIGITS = 19
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def hold(
    *, scope: HoldScope, target: str, ground: str, by: str, at: int, matter: UUID | None = None
) -> HoldRef:
    """Keep what `target` names (item id, conversation id, person's id, or channel) until released.

    From the moment this commits no tombstone can be written for what it covers, and a destruction that has
    begun goes no further. TooLate for an item whose destruction is certified; NoReason, ReasonTooLong.
    """
    ground = written(ground)
    row = Hold(id=new_id(at), scope=scope.value, target=target, ground=ground, matter=matter, by=by, at=at)
    with book(at=at) as b:
        locks.destroy_one_at_a_time()
        _check_target(scope, target)
        b.entry("archive.hold", by=by, facts={"hold": str(row.id), "scope": scope.value}).insert(row)
    return HoldRef(row.id, scope, target, ground, matter, by, at, None)


def _check_target(scope: HoldScope, target: str) -> None:
    match scope:
        case HoldScope.ITEM:
            found = queries.items([int(target)] if _number(target) else [])
            if not found:
                raise HoldTargetUnknown("没有这个条目。", remedy="请核对条目编号。")
            if found[int(target)].destroyed:
                raise TooLate("该条目已经销毁，无法保全。", remedy="可出示销毁证明。")
        case HoldScope.CONVERSATION:
            if not (_number(target) and queries.conversations([int(target)])):
                raise HoldTargetUnknown("没有这个会话。", remedy="请核对会话编号。")
        case HoldScope.PERSON:
            # Persons stand in rooms that this one need not know; their ids are compared as the database prints them.
            if not _UUID.fullmatch(target):
                raise HoldTargetUnknown("人员编号的写法不对。", remedy="请使用小写带连字符的编号。")
        case HoldScope.CLASS:
            if target not in CHANNELS:
                raise HoldTargetUnknown(
                    f"没有“{target}”这一类别。", remedy="类别为 chat（聊天）或 call（通话）。"
                )
        case HoldScope.LIMITATION:
            raise HoldByRule("时效保全由规则放置。", remedy="要保全一个人的记录，请用“人”。")


def _number(target: str) -> bool:
    """Whether a target may be an id; a longer number is none, and the database would not read it."""
    return target.isdecimal() and len(target) < _DIGITS


def release(*, hold: UUID, reason: str, by: str, at: int) -> None:
    """End a hold. Nothing is destroyed by it. HoldUnknown for none in force; NoReason, ReasonTooLong."""
    reason = written(reason)
    with book(at=at) as b:
        locks.destroy_one_at_a_time()
        if not Hold.objects.filter(id=hold).exists() or HoldRelease.objects.filter(hold_id=hold).exists():
            raise HoldUnknown("没有这项保全，或它已经解除。", remedy="请刷新后再试。")
        row = HoldRelease(id=new_id(at), hold_id=hold, reason=reason, by=by, at=at)
        b.entry("archive.release", by=by, facts={"hold": str(hold)}).insert(row)


def limits(*, at: int) -> dict[str, Limit]:
    """Whose records outlive their class, and why (ADR 20): by the id of a register row, as holds spell it."""
    today = local_day(at)
    left = {str(ref.id): ref.left_on for ref in parties.staff_by_no().values()}
    numbers: dict[str, list[str]] = {}
    for matter in matters.open_matters():
        if matter.kind in (MatterKind.LEAVING, MatterKind.DISPUTE):
            for person in matter.people:
                if person.role in PARTIES:
                    numbers.setdefault(str(person.person), []).append(matter.number)
    return _limits(left, numbers, today)


def _limits(
    left: Mapping[str, date | None], numbers: Mapping[str, list[str]], today: date
) -> dict[str, Limit]:
    found = {}
    for person in sorted({*left, *numbers}):
        limit = limit_of(left.get(person), numbers.get(person, ()))
        if limit is not None and limited(limit, today):
            found[person] = limit
    return found


def keep_limits(*, at: int) -> int:
    """Bring the holds of 时效 up to date: placed for whom the rule now covers, released for others; how many changed.

    Part of every intent's transaction, before it looks for holds; and of the worker's day.
    """
    if not any(_drift(at=at)):
        return 0
    with book(at=at) as b:
        locks.destroy_one_at_a_time()
        new, over = _drift(at=at)  # again: another may have done it while this one waited
        entry = b.entry("archive.limits", by=RULE, facts={"placed": len(new), "released": len(over)})
        why = "时效已过或事由有变"
        entry.insert(*new)
        entry.insert(*(HoldRelease(id=new_id(at), hold=r, reason=why, by=RULE, at=at) for r in over))
    return len(new) + len(over)


def _drift(*, at: int) -> tuple[list[Hold], list[Hold]]:
    """The holds of 时效 that are missing, and those that stand without a reason any more."""
    wanted = limits(at=at)
    released = HoldRelease.objects.values("hold_id")
    standing = Hold.objects.filter(scope=HoldScope.LIMITATION.value, by=RULE).exclude(id__in=released)
    there = {row.target: row for row in standing}
    kept = {
        person for person, row in there.items() if person in wanted and wanted[person].ground == row.ground
    }
    new = [
        Hold(
            id=new_id(at), scope=HoldScope.LIMITATION.value, target=person, ground=limit.ground, matter=None, by=RULE,
            at=at,
        )
        for person, limit in wanted.items()
        if person not in kept
    ]  # fmt: skip
    return new, [row for person, row in there.items() if person not in kept]
