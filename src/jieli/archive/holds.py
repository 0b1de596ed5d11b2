"""Holds: what must be kept, placed by whoever has a reason, asked by the database itself before it destroys."""

import re
from uuid import UUID

from jieli.archive import queries
from jieli.archive.errors import HoldUnknown, TooLate
from jieli.archive.models import Hold, HoldRelease
from jieli.archive.types import CHANNELS, HoldRef, HoldScope
from jieli.kernel.ids import new_id
from jieli.ledger import locks
from jieli.ledger.operations import book

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def hold(
    *, scope: HoldScope, target: str, ground: str, by: str, at: int, matter: UUID | None = None
) -> HoldRef:
    """Keep what `target` names (item id, conversation id, person's id, or channel) until released.

    From the moment this commits no tombstone can be written for what it covers, and a destruction that has
    begun goes no further. TooLate for an item whose destruction is certified.
    """
    row = Hold(id=new_id(at), scope=scope.value, target=target, ground=ground, matter=matter, by=by, at=at)
    with book(at=at) as b:
        locks.destroy_one_at_a_time()
        _check_target(scope, target)
        b.entry("archive.hold", by=by, facts={"hold": str(row.id), "scope": scope.value}).insert(row)
    return HoldRef(row.id, scope, target, ground, matter, by, at, None)


def _check_target(scope: HoldScope, target: str) -> None:
    match scope:
        case HoldScope.ITEM:
            found = queries.items([int(target)] if target.isdecimal() else [])
            if not found:
                raise HoldUnknown("没有这个条目。", remedy="请核对条目编号。")
            if found[int(target)].destroyed:
                raise TooLate("该条目已经销毁，无法保全。", remedy="可出示销毁证明。")
        case HoldScope.CONVERSATION:
            if not (target.isdecimal() and queries.conversations([int(target)])):
                raise HoldUnknown("没有这个会话。", remedy="请核对会话编号。")
        case HoldScope.PERSON:
            # Persons stand in rooms that this one need not know; their ids are compared as the database prints them.
            if not _UUID.fullmatch(target):
                raise HoldUnknown("人员编号的写法不对。", remedy="请使用小写带连字符的编号。")
        case HoldScope.CLASS:
            if target not in CHANNELS:
                raise HoldUnknown(f"没有“{target}”这一类别。", remedy="类别为 chat（聊天）或 call（通话）。")


def release(*, hold: UUID, reason: str, by: str, at: int) -> None:
    """End a hold. Nothing is destroyed by it. HoldUnknown for none in force."""
    with book(at=at) as b:
        locks.destroy_one_at_a_time()
        if not Hold.objects.filter(id=hold).exists() or HoldRelease.objects.filter(hold_id=hold).exists():
            raise HoldUnknown("没有这项保全，或它已经解除。", remedy="请刷新后再试。")
        row = HoldRelease(id=new_id(at), hold_id=hold, reason=reason, by=by, at=at)
        b.entry("archive.release", by=by, facts={"hold": str(hold)}).insert(row)
