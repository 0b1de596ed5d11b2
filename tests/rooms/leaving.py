"""A ready leaving in the tea company: 何青 goes, 陆川 receives, 唐野 watches."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.types import AssetKind, HolderKind, NewDevice, NewHolding, NewNumber, Side
from jieli.duties import queries as duties
from jieli.duties.types import DutyRef, DutyState
from jieli.duties.types import Side as Owes
from jieli.handover import operations as handover
from jieli.handover.types import CaseRef, LeavingReason, ListKind, OpenCase, Role
from jieli.kernel.times import local_day, start_of_day
from jieli.papers import operations as papers
from jieli.papers.signing import Grade
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import EngagementKind, NewEngagement, NewOrder
from tests.rooms.company import BY, Client, Company, Employee, found_company

LEAVER, RECEIVER, SUPERVISOR = "HeQing", "LuChuan", "TangYe"
PEOPLE = (
    Employee(LEAVER, "何青"),
    Employee(RECEIVER, "陆川", post="客服"),
    Employee(SUPERVISOR, "唐野", post="主管"),
)
NOTICE, LAST = date(2026, 9, 1), date(2026, 9, 18)
IMEI, NUMBER = "860000000000501", "13900000501"
CLIENTS = (Client("wm-lin", "林晚"), Client("wm-gu", "顾客甲"))
SCAN = b"\x89PNG\r\n\x1a\n a photograph of a signed page"


def noon(day: date) -> int:
    return start_of_day(day) + 12 * 3_600_000


def firm(kind: EngagementKind = EngagementKind.LABOUR, clients: Sequence[Client] = CLIENTS) -> Company:
    """The tea company with three people, a phone, a number and two orders of the leaver."""
    house = found_company(PEOPLE, clients)
    entity = party_queries.entities_by_code()["QH"]
    at = start_of_day(date(2026, 6, 2))
    sender = {EngagementKind.DISPATCH: "远帆劳务派遣有限公司"}.get(kind)
    engaged = NewEngagement(house.staff[LEAVER], entity, kind, date(2026, 1, 5), sender=sender)
    parties.register_engagements([engaged], by=BY, at=at)
    orders = [
        NewOrder("D-1", house.customers["wm-lin"], "茶礼盒", 128_000, date(2026, 8, 3), house.staff[LEAVER]),
        NewOrder("D-2", house.customers["wm-lin"], "茶会员", 36_000, date(2026, 9, 2), house.staff[LEAVER]),
    ]
    parties.register_orders(orders, by=BY, at=at)
    assets.register_devices([NewDevice(IMEI, "工作手机一型")], by=BY, at=at)
    assets.register_numbers([NewNumber(NUMBER, Side.COMPANY)], by=BY, at=at)
    held = [
        NewHolding(things(kind_)[label], HolderKind.STAFF, at, staff_id=house.staff[LEAVER])
        for kind_, label in ((AssetKind.DEVICE, IMEI), (AssetKind.NUMBER, NUMBER))
    ]
    assets.load_holdings(held, by=BY, at=at)
    return house


def things(kind: AssetKind) -> dict[str, UUID]:
    return asset_queries.asset_ids(kind)


def order_of(house: Company, **rest: Any) -> OpenCase:
    known: dict[str, Any] = {
        "staff_id": house.staff[LEAVER], "reason": LeavingReason.RESIGN, "last_day": LAST, "notice_on": NOTICE,
        "receiver": house.staff[RECEIVER], "supervisor": house.staff[SUPERVISOR],
    }  # fmt: skip
    return OpenCase(**(known | rest))


def leaves(house: Company, *, at: int = noon(date(2026, 9, 2)), **rest: Any) -> CaseRef:
    return handover.open_case(order_of(house, **rest), by=BY, at=at)


def scan(title: str = "照片", *, at: int) -> UUID:
    return papers.receive(
        kind="照片", title=title, content=SCAN + title.encode(), media_type="image/png", by=BY, at=at
    ).id


def give_back(house: Company, case: CaseRef, *, at: int) -> None:
    """The things go to the receiver, the customers and contents are handed over, the account is tested."""
    ids = [house.accounts[LEAVER], things(AssetKind.DEVICE)[IMEI], things(AssetKind.NUMBER)[NUMBER]]
    for asset in ids:
        assets.hand_over(asset_id=asset, to_staff=house.staff[RECEIVER], begins_at=at, by=BY, at=at)
    for kind in (ListKind.DATA, ListKind.CUSTOMERS):
        handover.hand_items(case=case.id, kind=kind, handed_on=local_day(at), by=BY, at=at)


def sheet(case: CaseRef, *, lists: Iterable[ListKind] = ListKind, at: int) -> UUID:
    """The printed sheet with these lists, in the case."""
    paper = papers.receive(
        kind="离职工作交接单",
        title="何青交接单",
        content=b"%PDF-1.7 sheet",
        media_type="application/pdf",
        by=BY,
        at=at,
    ).id
    handover.add_paper(case=case.id, paper=paper, covers=list(lists), by=BY, at=at)
    return paper


def signed(paper: UUID, *roles: Role, at: int) -> None:
    names = {Role.LEAVER: "何青", Role.RECEIVER: "陆川", Role.SUPERVISOR: "唐野"}
    for role in roles or tuple(Role):
        papers.sign(
            paper=paper, role=role.value, signer=None, signer_name=names[role], grade=Grade.INK,
            scan=scan(role.value, at=at), signed_at=at, by=BY, at=at,
        )  # fmt: skip


def duty(case: CaseRef, side: Owes, name: str) -> DutyRef:
    return next(d for d in duties.of_matter(case.matter) if (d.owed_by, d.name) == (side, name))


def fulfil(case: CaseRef, *sides: Owes, but: Iterable[str] = (), at: int) -> None:
    """Every open duty of these sides is done, those named apart."""
    for d in duties.of_matter(case.matter):
        if d.owed_by in sides and d.state is DutyState.OPEN and d.name not in set(but):
            handover.fulfil_duty(
                case=case.id, duty=d.id, note="测试凭证", done_on=local_day(at), by=BY, at=at
            )
