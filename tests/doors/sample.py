"""A small company made up for the screens: two entities, a dozen people, accounts with every kind of history."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from jieli.access import operations as access
from jieli.access.types import Role
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.models import Account, Asset, Holding
from jieli.assets.types import (
    AccountType,
    AssetKind,
    Controller,
    HandOver,
    HolderKind,
    NewAccount,
    NewHolding,
    NewUse,
    Right,
    Signature,
)
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, HOUR, from_ms
from jieli.ledger.bulk import copy_rows
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import NewEntity, NewStaff, NewUnit
from tests.conftest import NOW
from tests.rooms.kept_papers import keep

BY = "system:test"
FOUNDED = NOW - 900 * DAY
PLATFORM = "wecom"
ENTITIES = (
    NewEntity("BJ", "远帆教育科技（北京）有限公司", "91110105MA00000001"),
    NewEntity("SH", "远帆教育科技（上海）有限公司"),
)
UNITS = (
    ("BJ-S1", "华北销售一部", "BJ"),
    ("BJ-S2", "华北销售二部", "BJ"),
    ("BJ-HR", "人事行政部", "BJ"),
    ("SH-S1", "华东销售部", "SH"),
)
PEOPLE = (
    ("1001", "李敏", "BJ-S1"), ("1002", "周航", "BJ-S1"), ("1003", "欧阳思远", "BJ-S1"), ("1004", "赵一诺", "BJ-S2"),
    ("1005", "陈嘉树", "BJ-S2"), ("1006", "古丽娜尔·阿不都热合曼", "BJ-S2"), ("1007", "孙亦凡", "SH-S1"),
    ("1008", "吴桐", "SH-S1"), ("1009", "郑晓禾", "BJ-HR"), ("1010", "何苗", "SH-S1"),
)  # fmt: skip


@dataclass
class Sample:
    """Ids by the names that tests use: staff by 工号, accounts by handle."""

    staff: dict[str, UUID] = field(default_factory=dict)
    accounts: dict[str, UUID] = field(default_factory=dict)
    entities: dict[str, UUID] = field(default_factory=dict)
    units: dict[str, UUID] = field(default_factory=dict)


def company(at: int = FOUNDED) -> Sample:
    """Entities, units and staff, without any account."""
    parties.register_entities(ENTITIES, by=BY, at=at)
    entities = party_queries.entities_by_code()
    parties.register_units([NewUnit(c, n, entities[e]) for c, n, e in UNITS], by=BY, at=at)
    units = party_queries.units_by_code()
    people = [NewStaff(no, name, units[unit], "销售", date(2024, 4, 1)) for no, name, unit in PEOPLE]
    parties.register_staff(people, by=BY, at=at)
    staff = {no: ref.id for no, ref in party_queries.staff_by_no().items()}
    return Sample(staff, {}, entities, units)


def full(at: int = FOUNDED) -> Sample:
    """The company with accounts: in use, unsigned, in the store, leaving, and with a gap in its history."""
    sample = company(at)
    bj, sh = sample.entities["BJ"], sample.entities["SH"]
    stock = [
        NewAccount(
            PLATFORM,
            f"YuanFan{n:02d}",
            AccountType.WORK_CHAT,
            bj if n < 8 else sh,
            nickname=f"远帆课程顾问{n:02d}",
        )
        for n in range(1, 13)
    ]
    others = [
        NewAccount("taobao", "yuanfan-shop", AccountType.SHOP, bj, new=True, nickname="远帆教育旗舰店"),
        NewAccount(
            "douyin", "yuanfan_live_20240401_shanghai_pudong_lujiazui_0000000001", AccountType.LIVE_ROOM, sh
        ),
    ]
    assets.register_accounts([*stock, *others], by=BY, at=at)
    sample.accounts = {
        **{h: r.id for h, r in asset_queries.accounts(PLATFORM).items()},
        **{h: r.id for p in ("taobao", "douyin") for h, r in asset_queries.accounts(p).items()},
    }
    _hold(sample, at)
    _sign(sample)
    return sample


def _hold(sample: Sample, at: int) -> None:
    numbers = sorted(sample.staff)
    holdings = [
        NewHolding(
            sample.accounts[f"YuanFan{n:02d}"],
            HolderKind.STAFF,
            at + 5 * DAY,
            staff_id=sample.staff[numbers[n % 10]],
        )
        for n in range(2, 11)
    ]
    first = sample.accounts["YuanFan01"]
    holdings += [
        NewHolding(first, HolderKind.STAFF, at + 3 * DAY, at + 400 * DAY, sample.staff["1002"], new_id(at)),
        NewHolding(first, HolderKind.STORE, at + 400 * DAY, at + 430 * DAY, None, new_id(at)),
        NewHolding(first, HolderKind.STAFF, at + 520 * DAY, at + 700 * DAY, sample.staff["1004"]),
        NewHolding(first, HolderKind.STAFF, at + 700 * DAY, None, sample.staff["1001"], new_id(at)),
        NewHolding(sample.accounts["YuanFan11"], HolderKind.STORE, at + 10 * DAY),
        NewHolding(sample.accounts["yuanfan-shop"], HolderKind.STAFF, at + 30 * DAY, staff_id=sample.staff["1006"]),
    ]  # fmt: skip
    keep(*[one.paper for one in holdings if one.paper is not None], at=NOW - 90 * DAY)
    assets.load_holdings(holdings, by=BY, at=NOW - 90 * DAY)
    assets.load_uses(
        [NewUse(sample.accounts["yuanfan-shop"], sample.staff["1008"], at + 60 * DAY)],
        by=BY,
        at=NOW - 90 * DAY,
    )


def _sign(sample: Sample) -> None:
    signed = [("YuanFan01", "1001"), *[(f"YuanFan{n:02d}", f"10{n + 1:02d}") for n in range(2, 7)]]
    at = NOW - 30 * DAY
    papers = [new_id(at) for _ in signed]
    keep(*papers, at=at)
    assets.acknowledge_many(
        [
            Signature(sample.accounts[h], sample.staff[s], paper, at - HOUR)
            for (h, s), paper in zip(signed, papers, strict=True)
        ],
        by=BY,
        at=at,
    )
    for right, controller in ((Right.LOGIN, Controller.STAFF), (Right.ADMIN, Controller.COMPANY)):
        staff = sample.staff["1001"] if controller is Controller.STAFF else None
        assets.set_control(
            asset_id=sample.accounts["YuanFan01"], right=right, controller=controller, staff_id=staff,
            begins_at=NOW - 200 * DAY, by=BY, at=at,
        )  # fmt: skip


def many(sample: Sample, number: int) -> None:
    """Many more accounts, each with its holder, in bulk."""
    rows = [
        NewAccount(
            PLATFORM, f"bulk{n:06d}", AccountType.WORK_CHAT, sample.entities["BJ"], nickname=f"批量账号{n}"
        )
        for n in range(number)
    ]
    assets.register_accounts(rows, by=BY, at=NOW - 25 * DAY)
    ids = dict(Asset.objects.filter(label__startswith=f"{PLATFORM} bulk").values_list("label", "id"))
    holder = sample.staff["1002"]
    assets.load_holdings(
        [NewHolding(key, HolderKind.STAFF, NOW - 50 * DAY, staff_id=holder) for key in ids.values()],
        by=BY, at=NOW - 25 * DAY,
    )  # fmt: skip


def hand_back(sample: Sample, handle: str) -> None:
    """An account goes into the store."""
    order = HandOver(sample.accounts[handle], None, NOW - DAY)
    assets.hand_over_many([order], by=BY, at=NOW - DAY)


def person(
    sign_in: str, *roles: Role, name: str = "郑晓禾", staff: UUID | None = None, **where: UUID
) -> UUID:
    """A person with roles, everywhere unless `entity` or `unit` is given."""
    found = access.admit_person(sign_in=sign_in, name=name, staff=staff, by=BY, at=NOW)
    for role in roles:
        access.grant_role(person=found, role=role, begins_at=NOW - HOUR, by=BY, at=NOW, **where)
    return found


def many_more(sample: Sample, number: int) -> None:
    """Like `many`, straight into the tables by COPY: for counting queries, not for the book."""
    ids = [new_id(NOW - 60 * DAY) for _ in range(number)]
    copy_rows([Asset(id=key, kind=AssetKind.ACCOUNT.value, label=f"x {n}") for n, key in enumerate(ids)])
    copy_rows(
        [
            Account(
                asset_id=key, platform="x", handle=f"{n:06d}", type=AccountType.CHAT.value, state="登记",
                entity_id=sample.entities["BJ"], nickname=f"批量 {n}",
            )
            for n, key in enumerate(ids)
        ]
    )  # fmt: skip
    holder, during = sample.staff["1002"], DateTimeTZRange(from_ms(NOW - 50 * DAY), None)
    copy_rows(
        [
            Holding(id=new_id(NOW), asset_id=key, holder_kind="员工", staff_id=holder, during=during)
            for key in ids
        ]
    )


def more_holders(sample: Sample, number: int) -> None:
    """As many more people, each with an account of his own."""
    unit = sample.units["BJ-S1"]
    people = [NewStaff(f"9{n:05d}", f"员工{n}", unit, "销售", date(2024, 4, 1)) for n in range(number)]
    parties.register_staff(people, by=BY, at=NOW)
    staff = party_queries.staff_by_no([p.staff_no for p in people])
    rows = [NewAccount(PLATFORM, p.staff_no, AccountType.WORK_CHAT, sample.entities["BJ"]) for p in people]
    assets.register_accounts(rows, by=BY, at=NOW)
    accounts = asset_queries.accounts(PLATFORM)
    assets.load_holdings(
        [NewHolding(accounts[no].id, HolderKind.STAFF, NOW - DAY, staff_id=ref.id) for no, ref in staff.items()],
        by=BY, at=NOW,
    )  # fmt: skip
