"""Reading the assets room. Everything returned is a value; no query per row; spans are half open, ms UTC."""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from jieli.assets import sign_duty
from jieli.assets.models import (
    Account,
    Acknowledgement,
    Asset,
    Control,
    Device,
    Group,
    GroupMember,
    Holding,
    Number,
)
from jieli.assets.spans import of_range, steps
from jieli.assets.types import (
    AccountRef,
    AccountState,
    AccountType,
    AcknowledgementRef,
    AssetKind,
    AssetRef,
    Controller,
    ControlSpan,
    DeviceRef,
    GroupKind,
    GroupRef,
    HistoryStep,
    HolderKind,
    HoldingSpan,
    MemberSpan,
    Right,
    Side,
    UseSpan,
)
from jieli.kernel.times import from_ms
from jieli.ledger.plain import Answer, Asked, array, rows
from jieli.ledger.queries import first_recorded

#: Only in these states can a duty to sign be open.
_TO_BE_SIGNED = frozenset({AccountState.UNSIGNED_STOCK.value, AccountState.LEAVING.value})


def assets(ids: Collection[UUID]) -> dict[UUID, AssetRef]:
    """Kind and label of these assets; an unknown id is absent."""
    rows = Asset.objects.filter(id__in=ids).values_list("id", "kind", "label")
    return {key: AssetRef(key, AssetKind(kind), label) for key, kind, label in rows}


def asset_ids(kind: AssetKind) -> dict[str, UUID]:
    """Every asset of a kind by its label: platform and handle (or room) with a space between, number, IMEI."""
    return dict(Asset.objects.filter(kind=kind.value).values_list("label", "id"))


def accounts(platform: str, handles: Collection[str] | None = None) -> dict[str, AccountRef]:
    """The accounts of a platform by handle: all, or those asked for."""
    rows = Account.objects.filter(platform=platform)
    if handles is not None:
        rows = rows.filter(handle__in=handles)
    return {ref.handle: ref for ref in _accounts(rows)}


#: Past the ORM: every import asks this.
_STATES = """
SELECT handle, asset_id, state FROM assets_account WHERE platform = $1 AND ($2 OR handle = ANY($3::text[]))
"""


def states(platform: str, handles: Collection[str] | None = None) -> dict[str, tuple[UUID, AccountState]]:
    """Id and state of the accounts of a platform by handle, all or those asked for. One query."""
    found = rows(_STATES, [platform, handles is None, list(handles or ())])
    return {handle: (key, AccountState(state)) for handle, key, state in found}


def accounts_by_id(ids: Collection[UUID]) -> dict[UUID, AccountRef]:
    """These accounts by id; an unknown id is absent."""
    return {ref.id: ref for ref in _accounts(Account.objects.filter(asset_id__in=ids))}


def devices(ids: Collection[UUID]) -> dict[UUID, DeviceRef]:
    """These devices by id; whatever is no device is absent."""
    rows = Device.objects.filter(asset_id__in=ids).values_list("asset_id", "imei", "model", "serial")
    return {row[0]: DeviceRef(*row) for row in rows}


def awaiting_signature() -> list[AccountRef]:
    """Accounts in work without the holder's signature (存量待补签), the most urgent first."""
    rows = Account.objects.filter(state=AccountState.UNSIGNED_STOCK.value)
    return sorted(_accounts(rows), key=lambda ref: (ref.sign_by or date.max, ref.platform, ref.handle))


def on_personal_numbers() -> list[AccountRef]:
    """Accounts bound to a number that the carrier keeps in a person's name, or that is not registered (R0.9, R0.10)."""
    company = Number.objects.filter(carrier_holder=Side.COMPANY.value).values("number")
    rows = Account.objects.exclude(number__isnull=True).exclude(number__in=company)
    return sorted(_accounts(rows), key=lambda ref: (ref.platform, ref.handle))


def _accounts(rows: Iterable[Account]) -> list[AccountRef]:
    found = list(rows)
    signed = acknowledgements([row.pk for row in found])
    sign_by = sign_duty.days([row.pk for row in found if row.state in _TO_BE_SIGNED])
    refs = []
    for row in found:
        newest = signed[row.pk][-1] if signed[row.pk] else None
        refs.append(
            AccountRef(
                row.pk, row.platform, row.handle, AccountType(row.type), AccountState(row.state), row.entity_id,
                row.nickname, row.number, sign_by.get(row.pk), newest.id if newest else None,
                newest.staff_id if newest else None, newest.signed_at if newest else None,
            )
        )  # fmt: skip
    return refs


def acknowledgements(account_ids: Collection[UUID]) -> dict[UUID, list[AcknowledgementRef]]:
    """Every signature for these accounts, by the time it was signed. When we learnt of one, the ledger says."""
    found: dict[UUID, list[AcknowledgementRef]] = {key: [] for key in account_ids}
    rows = Acknowledgement.objects.filter(account_id__in=account_ids).order_by("signed_at", "id")
    for ref in (
        AcknowledgementRef(*row)
        for row in rows.values_list("id", "account_id", "staff_id", "paper", "signed_at")
    ):
        found[ref.account_id].append(ref)
    return found


def holdings_of(asset_ids: Collection[UUID]) -> dict[UUID, list[HoldingSpan]]:
    """The holdings of each asset, oldest first. Gaps are not filled: use `history` to show them."""
    found: dict[UUID, list[HoldingSpan]] = {key: [] for key in asset_ids}
    for asset, span in _spans(asset_ids):
        found[asset].append(span)
    return found


def _spans(asset_ids: Collection[UUID], **narrowed: Any) -> Iterable[tuple[UUID, HoldingSpan]]:
    rows = Holding.objects.filter(asset_id__in=asset_ids, **narrowed).order_by("during")
    for asset, row in _rows(rows, "asset_id", "id", "staff_id", "holder_kind", "paper"):
        key, staff, kind, paper, begin, end = row
        yield asset, HoldingSpan(key, staff, HolderKind(kind), begin, end, paper)


def _rows(rows: Any, *names: str) -> Iterable[tuple[Any, tuple[Any, ...]]]:
    """The first column, and the others with the two ends of `during` put after them."""
    for first, *others, during in rows.values_list(*names, "during"):
        yield first, (*others, *of_range(during))


def holder_at(asset_id: UUID, ms: int) -> HoldingSpan | None:
    """Who was responsible at an instant; None is 不明."""
    return holders_at([asset_id], ms)[asset_id]


def holders_at(asset_ids: Collection[UUID], ms: int) -> dict[UUID, HoldingSpan | None]:
    """Who was responsible for each asset at an instant; None is 不明. One query, which the index answers."""
    found: dict[UUID, HoldingSpan | None] = dict.fromkeys(asset_ids)
    found.update((asset, span) for asset, span in _spans(asset_ids, during__contains=from_ms(ms)))
    return found


def held_by(staff_id: UUID, ms: int) -> list[AssetRef]:
    """Everything somebody was responsible for at an instant: what a hand-over form lists."""
    rows = Holding.objects.filter(staff_id=staff_id, during__contains=from_ms(ms))
    refs = assets(list(rows.values_list("asset_id", flat=True)))
    return sorted(refs.values(), key=lambda ref: (ref.kind, ref.label))


def history(asset_id: UUID, *, at: int) -> list[HistoryStep]:
    """The asset's holders up to `at`, every gap shown as 不明 (P6)."""
    return steps(holdings_of([asset_id])[asset_id], until=at)


#: Every search asks this; ends in ms, as `spans.of_range` gives them.
_USES = """
SELECT asset_id, id, staff_id, (extract(epoch FROM lower(during)) * 1000)::bigint,
 (extract(epoch FROM upper(during)) * 1000)::bigint
FROM assets_use WHERE asset_id = ANY($1::uuid[]) ORDER BY during
"""


def users_of(asset_ids: Collection[UUID]) -> dict[UUID, list[UseSpan]]:
    """Who used each asset beside its holder, oldest first."""
    return used_by(asset_ids).answer()


def used_by(asset_ids: Collection[UUID]) -> Asked[dict[UUID, list[UseSpan]]]:
    """`users_of`, to be asked along with something else."""

    def spans(rows: Iterable[Answer]) -> dict[UUID, list[UseSpan]]:
        found: dict[UUID, list[UseSpan]] = {key: [] for key in asset_ids}
        for asset, *span in rows:
            found[asset].append(UseSpan(*span))
        return found

    return Asked((_USES, [array(asset_ids)]), spans)


def groups(platform: str, rooms: Collection[str] | None = None) -> dict[str, GroupRef]:
    """The groups of a platform by room, all or those asked for, with everybody who was ever in them. Two queries."""
    found = Group.objects.filter(platform=platform)
    rows = list(found if rooms is None else found.filter(room__in=rooms))
    members = members_of([row.pk for row in rows])
    return {
        row.room: GroupRef(
            row.pk, row.platform, row.room, row.name, GroupKind(row.kind), row.owner_account_id,
            tuple(members[row.pk]),
        )
        for row in rows
    }  # fmt: skip


def members_of(group_ids: Collection[UUID]) -> dict[UUID, list[MemberSpan]]:
    """Everybody who was ever in each group, by the id in its messages, oldest first."""
    found: dict[UUID, list[MemberSpan]] = {key: [] for key in group_ids}
    inside = GroupMember.objects.filter(group_id__in=found).order_by("external_id", "during")
    for group, row in _rows(inside, "group_id", "id", "external_id", "account_id", "customer_id"):
        found[group].append(MemberSpan(*row))
    return found


def control_at(asset_id: UUID, right: Right, ms: int) -> ControlSpan | None:
    """Who held a right over an asset at an instant (R0.38); the span's id leads to its entries. None is 不明."""
    rows = Control.objects.filter(asset_id=asset_id, right=right.value, during__contains=from_ms(ms))
    for key, (found, controller, staff, begin, end) in _rows(rows, "id", "right", "controller", "staff_id"):
        return ControlSpan(key, Right(found), Controller(controller), staff, begin, end)
    return None


def control_entry(span: ControlSpan) -> int:
    """The ledger's entry that gave this right (R0.38): the event that a dispute asks for."""
    return first_recorded("assets_control", [span.id])[str(span.id)].entry
