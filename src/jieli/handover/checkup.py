"""今晚离职体检: what would happen if somebody left tonight. A pure function of three sheets of cells; nothing is kept.

Columns (a dagger marks those that must be there):
- 员工: 工号†, 姓名†, 部门, 岗位, 用工类型, 接收人
- 账号: 工号†, 平台†, 账号标识†, 类别 (账号, 号码, 设备), 绑定号码, 实名人 (公司, 本人 or a name), 已签承诺 (是, 否),
  找回方式, 私人绑定 (what of his own hangs on the number: 家宽, 银行卡)
- 客户: 工号†, 客户编号†, 姓名, 来源, 在途订单 (a count), 所在平台
Other columns are left alone. A row with a fault is reported with its number (the head is row 1) and left out; what
is reported never repeats a cell.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

FIRST_STEPS = 5
PRIVATE_PLATFORMS: Final = frozenset({"微信", "个人微信", "wechat"})
SHEETS: Final[Mapping[str, tuple[str, ...]]] = {
    "员工": ("工号", "姓名"),
    "账号": ("工号", "平台", "账号标识"),
    "客户": ("工号", "客户编号"),
}
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was left out: sheet, row number as a spreadsheet counts, the column, and what is wrong."""

    sheet: str
    row: int
    column: str
    problem: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do first: what, how many it concerns, and why it cannot wait."""

    code: str
    title: str
    count: int
    why: str


@dataclass(frozen=True, slots=True)
class Person:
    """What stands and falls with one person. `first` is what to do, the most urgent first."""

    staff_no: str
    name: str
    accounts: int
    numbers: int
    devices: int
    customers: int
    orders: int
    in_own_name: int
    private_bound: int
    unsigned: int
    without_recovery: int
    unknown_source: int
    on_private_chat: int
    receiver: str
    sentence: str
    first: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Checkup:
    """Everybody who holds something, whoever would leave the largest hole first; and the rows left out."""

    people: tuple[Person, ...]
    bad: tuple[BadRow, ...]


@dataclass(slots=True)
class _Good:
    staff: dict[str, Row]
    accounts: dict[str, list[Row]]
    customers: dict[str, list[Row]]


def examine(staff: Sequence[Row], accounts: Sequence[Row], customers: Sequence[Row]) -> Checkup:
    """Judge three sheets. Bad rows are reported, good ones kept; the same sheets give the same answer."""
    bad: list[BadRow] = []
    people: dict[str, Row] = {}
    for n, row in _whole("员工", staff, bad):
        if row["工号"] in people:
            bad.append(BadRow("员工", n, "工号", "工号重复，只取第一行"))
            continue
        people[row["工号"]] = row
    good = _Good(
        people,
        _owned("账号", accounts, people, ("平台", "账号标识"), bad),
        _owned("客户", customers, people, ("工号", "客户编号"), bad),
    )
    found = [_person(row, good) for row in people.values()]
    ranked = sorted(found, key=lambda p: (-p.customers, -p.orders, -p.accounts, p.staff_no))
    return Checkup(tuple(ranked), tuple(sorted(bad, key=lambda b: (b.sheet, b.row))))


def _whole(sheet: str, rows: Iterable[Row], bad: list[BadRow]) -> list[tuple[int, Row]]:
    """The rows that have every needed cell, trimmed, with their numbers. Empty rows are passed over in silence."""
    kept: list[tuple[int, Row]] = []
    for n, raw in enumerate(rows, 2):
        row = {str(k).strip(): str(v or "").strip() for k, v in raw.items()}
        if not any(row.values()):
            continue
        lacking = next((column for column in SHEETS[sheet] if not row.get(column)), None)
        if lacking is not None:
            bad.append(BadRow(sheet, n, lacking, "必填的单元格是空的，或者没有这一列"))
            continue
        kept.append((n, row))
    return kept


def _owned(
    sheet: str, rows: Iterable[Row], people: Mapping[str, Row], key: Sequence[str], bad: list[BadRow]
) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    seen: set[tuple[str, ...]] = set()
    for n, row in _whole(sheet, rows, bad):
        same = tuple(row[column] for column in key)
        if row["工号"] not in people:
            bad.append(BadRow(sheet, n, "工号", "员工表里没有这个工号"))
        elif same in seen:
            bad.append(BadRow(sheet, n, key[-1], "重复的一行，只取第一行"))
        elif sheet == "客户" and _count(row.get("在途订单", "")) is None:
            bad.append(BadRow(sheet, n, "在途订单", "不是一个整数"))
        else:
            seen.add(same)
            found[row["工号"]].append(row)
    return found


def _count(cell: str) -> int | None:
    if not cell:
        return 0
    return int(cell) if cell.isascii() and cell.isdigit() and len(cell) < 7 else None


#: What may have to be done first, by what would be lost for good; `_counts` says whom each concerns.
_STEPS: Final = (
    (
        "in_own_name",
        "把实名在本人名下的号码和账号过户到公司",
        "离职后改实名须本人到场；本人不在，号码和绑定它的账号都可能收不回来。",
    ),
    (
        "private_bound",
        "请本人列出并解绑号码上的私人业务",
        "银行卡、家宽等绑着号码；停号前至少留七天，公司不能替本人解绑。",
    ),
    (
        "on_private_chat",
        "把个人微信里的客户请到企业微信",
        "个人微信不能要求交出；离职后只能请本人列清单，客户也可能不再答复。",
    ),
    ("unsigned", "补签“工作账号不是个人财产”承诺", "没有签字，归属要靠别的证据；在职时补签最容易。"),
    (
        "without_recovery",
        "给没有找回方式的账号绑定公司号码或邮箱",
        "本人不配合时，没有找回方式的账号无法恢复。",
    ),
    ("orders", "逐笔确认在途订单与提成", "离职后最常争的是提成；双方现在写下各自的数字。"),
    ("no_receiver", "指定接收人", "没有接收人，客户当晚就没有人答复。"),
    ("unknown_source", "查明来源不明的客户", "来源不明的客户不能转给别人，也不能拨打。"),
    (
        "no_engagement",
        "登记用工类型",
        "劳动、劳务、派遣的证明和期限各不相同，不登记就不知道公司欠什么。",
    ),
    (
        "company",
        "备好公司一方：证明当日出具，工资一次结清",
        "证明不得等待交接；先做到自己该做的，后面才有话说。",
    ),
)


def _person(row: Row, good: _Good) -> Person:
    things, clients = good.accounts[row["工号"]], good.customers[row["工号"]]
    n = _counts(row, things, clients)
    steps = tuple(Step(code, title, n[code], why) for code, title, why in _STEPS if n[code])[:FIRST_STEPS]
    return Person(
        staff_no=row["工号"],
        name=row["姓名"],
        accounts=n["accounts"],
        numbers=n["numbers"],
        devices=n["devices"],
        customers=n["customers"],
        orders=n["orders"],
        in_own_name=n["in_own_name"],
        private_bound=n["private_bound"],
        unsigned=n["unsigned"],
        without_recovery=n["without_recovery"],
        unknown_source=n["unknown_source"],
        on_private_chat=n["on_private_chat"],
        receiver=row.get("接收人", ""),
        sentence=_sentence(row["姓名"], n, len(steps)),
        first=steps,
    )


def _counts(row: Row, things: Sequence[Row], clients: Sequence[Row]) -> dict[str, int]:
    own = {row["姓名"], "本人", "个人"}
    accounts = [r for r in things if r.get("类别", "") not in ("号码", "设备")]
    kinds = [r.get("类别", "") for r in things]
    return {
        "accounts": len(accounts),
        "numbers": kinds.count("号码"),
        "devices": kinds.count("设备"),
        "customers": len(clients),
        "orders": sum(_count(c.get("在途订单", "")) or 0 for c in clients),
        "in_own_name": sum(r.get("实名人", "") in own for r in things),
        "private_bound": sum(r.get("私人绑定", "") not in ("", "无", "否") for r in things),
        "unsigned": sum(r.get("已签承诺") != "是" for r in accounts),
        "without_recovery": sum(not r.get("绑定号码") and not r.get("找回方式") for r in accounts),
        "unknown_source": sum(c.get("来源", "") in ("", "不明") for c in clients),
        "on_private_chat": sum(c.get("所在平台", "") in PRIVATE_PLATFORMS for c in clients),
        "no_receiver": 0 if row.get("接收人") else len(clients) + len(accounts),
        "no_engagement": 0 if row.get("用工类型") else 1,
        "company": 1,
    }


def _sentence(name: str, n: Mapping[str, int], steps: int) -> str:
    parts = [f"{n['customers']:,} 名客户", f"{n['orders']} 笔在途"]
    if n["in_own_name"]:
        parts.append(f"{n['in_own_name']} 个号码或账号实名在本人名下")
    if n["private_bound"]:
        parts.append(f"{n['private_bound']} 个号码绑着本人的私人业务")
    return f"若{name}今晚离职：{'、'.join(parts)}；先做这 {steps} 件。"
