"""Sheets of things handed out: 设备, 号码, 账号, 群."""

from jieli.assets import operations, queries
from jieli.assets.types import AssetKind, NewAccount, NewDevice, NewGroup, NewNumber
from jieli.connectors.files.tables import TableRow
from jieli.parties.queries import entities_by_code
from jieli.parties.types import Outcome
from jieli.wiring.load.rows import Loading, Rows, find, values


def load_devices(rows: Rows, loading: Loading) -> Outcome:
    """设备.csv"""
    built = rows.build(
        lambda row: NewDevice(row["imei"], row["model"], row["serial"]),
        key=lambda new: new.imei,
    )
    return operations.register_devices(values(built), by=loading.by, at=loading.at)


def load_numbers(rows: Rows, loading: Loading) -> Outcome:
    """号码.csv (R0.9)"""
    built = rows.build(
        lambda row: NewNumber(row["number"], row["carrier_holder"], row["payer"], row["iccid"]),
        key=lambda new: new.number,
    )
    return operations.register_numbers(values(built), by=loading.by, at=loading.at)


def load_accounts(rows: Rows, loading: Loading) -> Outcome:
    """账号.csv: without a signature nothing is refused; what was in work becomes 存量待补签 (R0.48)."""
    entities = entities_by_code()

    def make(row: TableRow) -> NewAccount:
        return NewAccount(
            platform=row["platform"],
            handle=row["handle"],
            type=row["type"],
            entity_id=find(entities, row["entity"], "entity", "法人"),
            new=bool(row["new"]),
            nickname=row["nickname"],
            number=row["number"],
            mailbox=row["mailbox"],
            real_name=row["real_name"],
            registered_by=row["registered_by"],
            registered_on=row["registered_on"],
            dedicated=row["dedicated"],
        )

    built = rows.build(make, key=lambda new: (new.platform, new.handle))
    return operations.register_accounts(
        values(built), by=loading.by, at=loading.at, sign_within_days=loading.sign_within_days
    )


def load_groups(rows: Rows, loading: Loading) -> Outcome:
    """群.csv (R1.6)"""
    accounts = queries.asset_ids(AssetKind.ACCOUNT)

    def make(row: TableRow) -> NewGroup:
        owner = row["owner"] and find(accounts, f"{row['platform']} {row['owner']}", "owner", "账号")
        return NewGroup(row["platform"], row["room"], row["kind"], row["name"], owner)

    built = rows.build(make, key=lambda new: (new.platform, new.room))
    return operations.register_groups(values(built), by=loading.by, at=loading.at)
