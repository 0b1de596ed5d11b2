"""Rows of registers and of threads that are no leaving and no dispute (ADR 33), full of the name of `rows_of_cases`."""

from datetime import date
from uuid import UUID

from jieli.approvals.models import Enablement, Revocation
from jieli.assets.models import Account, AccountChange, Asset, Group, GroupMember, Holding, Number
from jieli.assets.spans import to_range
from jieli.kernel.ids import new_id
from jieli.kernel.times import start_of_day
from jieli.ledger.tables import Row
from jieli.parties.models import LegalEntity
from tests.rooms.rows_of_cases import LEFT, LONG_AGO, NAME

#: While somebody held it: from the first day of the year until he left.
HELD = (start_of_day(date(2022, 1, 1)), LONG_AGO)


def _id() -> UUID:
    return new_id(LONG_AGO)


def holding(asset: UUID, who: UUID | None, *, since: int = HELD[0], until: int | None = HELD[1]) -> Row:
    """Somebody held an asset for a while, or the store does (`who` is None)."""
    kind = "公司库存" if who is None else "员工"
    return Holding(id=_id(), asset_id=asset, holder_kind=kind, staff_id=who, during=to_range(since, until))


def account(who: UUID, *, state: str = "停用") -> list[Row]:
    """An account that somebody held and that was rebound in his time."""
    asset = Asset(id=_id(), kind="账号", label=f"企业微信 {NAME}1")
    row = Account(
        asset=asset, platform="企业微信", handle=f"{NAME}1", type="企业微信", entity=LegalEntity.objects.all()[0],
        nickname=f"{NAME}小卞", number=f"139{NAME}", mailbox=f"{NAME}@qh", real_name=NAME, state=state,
    )  # fmt: skip
    change = AccountChange(
        id=_id(),
        account=row,
        what="昵称",
        before=f"{NAME}旧",
        after=f"{NAME}小卞",
        changed_at=LONG_AGO,
        changed_by_id=who,
    )
    return [asset, row, change, holding(asset.id, who)]


def number(who: UUID, *, rests_until: int | None = LONG_AGO) -> list[Row]:
    """A number that was cut after somebody had it."""
    asset = Asset(id=_id(), kind="号码", label=f"{NAME}的号")
    row = Number(
        asset=asset, number=f"{NAME}2", carrier_holder="公司", iccid=f"{NAME}3", rests_until=rests_until
    )
    return [asset, row, holding(asset.id, who)]


def group(customer: UUID, *, until: int | None = HELD[1]) -> list[Row]:
    """A group that a customer was in, and somebody whom nobody knows."""
    asset = Asset(id=_id(), kind="群", label=f"企业微信 room-9 {NAME}")
    row = Group(asset=asset, platform="企业微信", room="room-9", name=f"{NAME}家的群", kind="客户群")
    during = to_range(HELD[0], until)
    return [
        asset, row,
        GroupMember(id=_id(), group=row, external_id=f"{NAME}4", customer_id=customer, during=during),
        GroupMember(id=_id(), group=row, external_id=f"{NAME}5", during=to_range(*HELD)),
    ]  # fmt: skip


def enablement() -> list[Row]:
    """Something was allowed for a while, and taken back."""
    row = Enablement(
        id=_id(),
        what="离职继承",
        papers=[],
        note=f"{NAME}提的",
        from_day=LEFT,
        enabled_by="person:a",
        enabled_at=LONG_AGO,
    )
    return [
        row,
        Revocation(id=_id(), enablement=row, reason=f"{NAME}不干了", by="person:b", revoked_at=LONG_AGO),
    ]
