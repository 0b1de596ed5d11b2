"""Sheets of who, from when to when: 群成员, 持有, 使用. Overlaps are told by row; the database is the last judge."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from uuid import UUID

from jieli.assets import operations, queries
from jieli.assets.policy import check_moment, check_period
from jieli.assets.spans import Span, refused
from jieli.assets.types import AssetKind, HolderKind, NewHolding, NewMember, NewUse
from jieli.connectors.files.company import MEMBER_ACCOUNT, MEMBER_CUSTOMER
from jieli.connectors.files.tables import TableRow
from jieli.kernel.errors import JieliError
from jieli.parties.queries import identities, staff_by_no
from jieli.parties.types import Outcome
from jieli.wiring.load.rows import Built, Loading, RefusedRow, Rows, find, seen, values

P = TypeVar("P", NewHolding, NewUse, NewMember)


class Overlapping(JieliError):
    """A period that shares an instant with another of the same asset or person."""

    code = "load.overlap"


def _checked(new: P, at: int) -> P:
    column = "begins"
    try:
        check_moment(new.begins_at, at=at)
        column = "ends"
        check_period(new.begins_at, new.ends_at)
    except JieliError as error:
        raise RefusedRow(column, error.code, error.sentence, error.remedy) from error
    return new


def _apart(
    rows: Rows, built: list[Built[P]], key: Callable[[P], Any], standing: Iterable[Span]
) -> list[Built[P]]:
    wanted = [Span(key(one.value), one.value.begins_at, one.value.ends_at) for one in built]
    against: dict[int, JieliError] = {}
    for n, other in refused(wanted, standing).items():
        with_what = "已登记的时段" if other is None else f"第 {built[other].line} 行"
        against[n] = Overlapping(
            f"此时段与{with_what}重叠。", remedy="请核对起止时间；结束填次一时段的起始时刻。"
        )
    return rows.refuse_some(built, against)


def _asset_finder() -> Callable[[TableRow], UUID]:
    known = {kind: queries.asset_ids(kind) for kind in AssetKind}

    def asset(row: TableRow) -> UUID:
        kind, name = row["kind"], row["asset"]
        if kind in (AssetKind.ACCOUNT, AssetKind.GROUP):
            if row["platform"] is None:
                raise RefusedRow("platform", "load.no_platform", "账号和群必须写明平台。", "请填写平台。")
            name = f"{row['platform']} {name}"
        return find(known[kind], name, "asset", str(kind))

    return asset


def load_holdings(rows: Rows, loading: Loading) -> Outcome:
    """持有.csv (P6): gaps are left as they are, they are 不明."""
    asset, staff = _asset_finder(), staff_by_no(seen(rows.table, "staff_no"))

    def make(row: TableRow) -> NewHolding:
        person = _holder(row, staff)
        return _checked(NewHolding(asset(row), row["holder"], row["begins"], row["ends"], person), loading.at)

    built = rows.build(make, key=lambda new: (new.asset_id, new.begins_at))
    known = queries.holdings_of({one.value.asset_id for one in built})
    standing = [Span(key, s.from_ms, s.to_ms) for key, spans in known.items() for s in spans]
    apart = _apart(rows, built, lambda new: new.asset_id, standing)
    return operations.load_holdings(values(apart), by=loading.by, at=loading.at)


def _holder(row: TableRow, staff: Mapping[str, Any]) -> UUID | None:
    if row["holder"] is HolderKind.STORE:
        if row["staff_no"] is not None:
            raise RefusedRow(
                "staff_no", "load.store_has_no_person", "公司库存没有责任人工号。", "请删去工号，或改为员工。"
            )
        return None
    if row["staff_no"] is None:
        raise RefusedRow("staff_no", "load.no_person", "持有类别为员工时必须填写工号。", "请补上工号。")
    found: UUID = find(staff, row["staff_no"], "staff_no", "员工").id
    return found


def load_uses(rows: Rows, loading: Loading) -> Outcome:
    """使用.csv: users beside the holder."""
    asset, staff = _asset_finder(), staff_by_no(seen(rows.table, "staff_no"))

    def make(row: TableRow) -> NewUse:
        person = find(staff, row["staff_no"], "staff_no", "员工").id
        return _checked(NewUse(asset(row), person, row["begins"], row["ends"]), loading.at)

    built = rows.build(make, key=lambda new: (new.asset_id, new.staff_id, new.begins_at))
    known = queries.users_of({one.value.asset_id for one in built})
    standing = [Span((key, s.staff_id), s.from_ms, s.to_ms) for key, spans in known.items() for s in spans]
    apart = _apart(rows, built, lambda new: (new.asset_id, new.staff_id), standing)
    return operations.load_uses(values(apart), by=loading.by, at=loading.at)


def load_members(rows: Rows, loading: Loading) -> Outcome:
    """群成员.csv: an account or a customer under the id that stands in messages, or somebody outside."""
    groups, accounts = queries.asset_ids(AssetKind.GROUP), queries.asset_ids(AssetKind.ACCOUNT)
    names = seen(rows.table, "external_id")
    customers = {
        (platform, name): found
        for platform in seen(rows.table, "platform")
        for name, found in identities(platform, names).items()
    }

    def make(row: TableRow) -> NewMember:
        platform, name = row["platform"], row["external_id"]
        group = find(groups, f"{platform} {row['room']}", "room", "群")
        account = customer = None
        if row["side"] == MEMBER_ACCOUNT:
            account = find(accounts, f"{platform} {name}", "external_id", "账号")
        if row["side"] == MEMBER_CUSTOMER:
            customer = find(customers, (platform, name), "external_id", "客户身份")
        return _checked(NewMember(group, name, row["begins"], row["ends"], account, customer), loading.at)

    built = rows.build(make, key=lambda new: (new.group_id, new.external_id, new.begins_at))
    known = queries.members_of({one.value.group_id for one in built})
    standing = [Span((key, s.external_id), s.from_ms, s.to_ms) for key, spans in known.items() for s in spans]
    apart = _apart(rows, built, lambda new: (new.group_id, new.external_id), standing)
    return operations.load_members(values(apart), by=loading.by, at=loading.at)
