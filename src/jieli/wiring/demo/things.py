"""What the firm hands out: accounts, numbers, phones, groups; who holds what, with a gap on purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from jieli.wiring.demo.clients import HERO, Client
from jieli.wiring.demo.people import Case, Employee, ordinary, with_accounts

WECOM, PHONE = "企业微信", "电话"
#: A shared service account: held until 20 August, then by nobody, handed over in the month. One in the store.
SHARED, STORED = "LX_KeFu01", "LX_BeiYong02"
SHARED_BEFORE, SHARED_AFTER, SHARED_USER = "E0021", "E0022", "E0023"
#: An account somebody uses without the firm having registered it.
UNREGISTERED = "LX_LinShi09"
EXTENSIONS = {"8001": "E0021", "8002": "E0022", "8003": "E0023", "8004": "E0024", "8005": "E0025"}
ROOMS, INTERNAL_ROOMS = ("wrDEMO01", "wrDEMO02", "wrDEMO03", "wrDEMO04"), ("wrDEMO91", "wrDEMO92")
_ROOM_NAMES = ("启蒙编程家长群", "口才表达家长群", "周末围棋家长群", "创意美术家长群")
IN_ADVANCE = "2026-08-27"

Cells = list[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Room:
    """A group with customers: the seller who owns it, a teacher, its customers, and somebody nobody knows."""

    room: str
    name: str
    owner: Employee
    teacher: Employee
    clients: tuple[Client, ...]
    stranger: str


def rooms(staff: list[Employee], clients: Sequence[Client], rng: Random) -> list[Room]:
    """The four groups with customers."""
    owners = [e for e in ordinary(staff) if e.post == "销售"]
    teachers = [e for e in staff if e.case is Case.OTHER_POST]
    known = [c for c in clients if c.external_id and c.no != HERO]
    return [
        Room(room, name, owners[n], teachers[n], tuple(rng.sample(known, 9)), f"wmDEMOguest{n}")
        for n, (room, name) in enumerate(zip(ROOMS, _ROOM_NAMES, strict=True))
    ]


def number_of(employee: Employee) -> str:
    """The work telephone of somebody: of a range that is nobody's."""
    return f"1990000{1000 + int(employee.no[1:])}"


def imei_of(employee: Employee) -> str:
    """The work phone of somebody; no maker has this type number."""
    return f"86000000{int(employee.no[1:]):07d}"


def account_rows(staff: list[Employee], entity: str) -> Cells:
    """账号.csv: accounts in work are stock until signed for; one is new and never signed."""
    rows: Cells = []
    for e in with_accounts(staff):
        new = "是" if e.case is Case.NEVER_SIGNED else "否"
        rows.append(
            (WECOM, e.handle, "企业微信", entity, f"澜序-{e.name[0]}老师", number_of(e), "", "", "公司",
             e.joined.isoformat(), "是", new)
        )  # fmt: skip
    for handle in (SHARED, STORED):
        rows.append(
            (WECOM, handle, "企业微信", entity, "澜序客服", "", "", "", "公司", "2025-03-01", "是", "否")
        )
    for extension in EXTENSIONS:
        rows.append(
            (PHONE, extension, "其他", entity, "客服座席", "", "", "", "公司", "2025-03-01", "是", "否")
        )
    return rows


def holding_rows(staff: list[Employee]) -> Cells:
    """持有.csv: each account, number and phone with whoever answers for it."""
    rows: Cells = []
    for e in with_accounts(staff):
        begins = IN_ADVANCE if e.case is Case.JOINS_LATER else e.joined.isoformat()
        rows += [
            ("账号", WECOM, e.handle, "员工", e.no, begins, ""),
            ("号码", "", number_of(e), "员工", e.no, begins, ""),
            ("设备", "", imei_of(e), "员工", e.no, begins, ""),
        ]
    rows.append(("账号", WECOM, SHARED, "员工", SHARED_BEFORE, "2026-03-01", "2026-08-20"))
    rows.append(("账号", WECOM, STORED, "公司库存", "", "2025-03-01", ""))
    rows += [("账号", PHONE, ext, "员工", holder, "2026-03-01", "") for ext, holder in EXTENSIONS.items()]
    return rows


def room_rows(found: Sequence[Room], staff: list[Employee]) -> Cells:
    """群.csv"""
    rows: Cells = [(WECOM, r.room, r.name, "客户群", r.owner.handle) for r in found]
    owner = ordinary(staff)[0].handle
    names = ("销售例会群", "客服值班群")
    pairs = zip(INTERNAL_ROOMS, names, strict=True)
    return rows + [(WECOM, room, name, "内部群", owner) for room, name in pairs]


def member_rows(found: Sequence[Room], staff: list[Employee]) -> Cells:
    """群成员.csv"""
    since = "2026-08-20 09:00"
    rows: Cells = []
    for r in found:
        rows += [(WECOM, r.room, "账号", e.handle, since, "") for e in (r.owner, r.teacher)]
        rows += [(WECOM, r.room, "客户", c.external_id, since, "") for c in r.clients]
        rows.append((WECOM, r.room, "外部", r.stranger, since, ""))
    for room in INTERNAL_ROOMS:
        rows += [(WECOM, room, "账号", e.handle, since, "") for e in with_accounts(staff)[:12]]
    return rows
