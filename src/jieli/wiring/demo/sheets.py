"""The firm as a directory of sheets for `jieli load`, with the scans its papers name."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from random import Random

from jieli.connectors.files import company as formats
from jieli.connectors.files.company import PROMISE, Sheet
from jieli.wiring.demo import hours, things
from jieli.wiring.demo.clients import Client
from jieli.wiring.demo.people import ENTITY, ENTITY_CODE, ENTITY_USCC, SENDER, UNITS, Case, Employee
from jieli.wiring.demo.scans import scan
from jieli.wiring.demo.talk import COURSES

Rows = Sequence[tuple[str, ...]]
Cells = list[tuple[str, ...]]
_FOUR = ("劳动合同条款", "员工手册", "设备领取协议", "同意书")
_ACCOUNTLESS = frozenset({Case.NO_ACCOUNT})
SIGNED_ON = "2026-08-27"


def write_company(
    directory: Path,
    staff: list[Employee],
    clients: Sequence[Client],
    rooms: Sequence[things.Room],
    rng: Random,
) -> None:
    """Write every sheet and scan of the day on which the firm begins. What stands there is overwritten."""
    directory.mkdir(parents=True, exist_ok=True)
    sheets: tuple[tuple[Sheet, Rows], ...] = (
        (formats.ENTITIES, [(ENTITY_CODE, ENTITY, ENTITY_USCC)]),
        (formats.UNITS, [(code, name, ENTITY_CODE, parent) for code, (name, parent) in UNITS.items()]),
        (formats.STAFF, [_staff(e) for e in staff]),
        (formats.ENGAGEMENT, [_engagement(e) for e in staff]),
        (formats.CUSTOMERS, [_customer(c) for c in clients]),
        (formats.IDENTITIES, list(_identities(clients))),
        (formats.ORDERS, _orders(clients, rng)),
        (formats.DEVICES, [(things.imei_of(e), "演示手机一型", f"DEMO-{e.no}") for e in staff if e.handle]),
        (formats.NUMBERS, [(things.number_of(e), "公司", "公司", "") for e in staff if e.handle]),
        (formats.ACCOUNTS, things.account_rows(staff, ENTITY_CODE)),
        (formats.GROUPS, things.room_rows(rooms, staff)),
        (formats.MEMBERS, things.member_rows(rooms, staff)),
        (formats.HOLDINGS, things.holding_rows(staff)),
        (formats.USES, [("账号", things.WECOM, things.SHARED, things.SHARED_USER, "2026-08-01", "")]),
        (formats.PAPERS, _papers(directory, staff)),
        (formats.SHIFTS, hours.shift_rows(staff)),
        (formats.LEAVE, hours.LEAVE),
    )
    for sheet, rows in sheets:
        write_sheet(directory / sheet.file, sheet, rows)


def write_supplement(directory: Path, staff: list[Employee]) -> None:
    """What is sent in once more in the month: a promise signed late, changed shifts, leave that ended early."""
    directory.mkdir(parents=True, exist_ok=True)
    late = next(e for e in staff if e.case is Case.SIGNS_LATE)
    write_sheet(
        directory / formats.PAPERS.file,
        formats.PAPERS,
        [_promise(directory, late.no, late.handle, "2026-09-16")],
    )
    write_sheet(directory / formats.SHIFTS.file, formats.SHIFTS, hours.late_shift_rows())
    write_sheet(directory / formats.LEAVE.file, formats.LEAVE, hours.LEAVE_ENDED)


def write_sheet(path: Path, sheet: Sheet, rows: Rows) -> None:
    """One sheet as a spreadsheet program saves it; ValueError for a row of another width."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.header for column in sheet.columns])
    for row in rows:
        if len(row) != len(sheet.columns):
            raise ValueError(f"a row of {sheet.file} has {len(row)} cells")
        writer.writerow(row)
    path.write_bytes(text.getvalue().encode("utf-8-sig"))


def _staff(e: Employee) -> tuple[str, ...]:
    return (e.no, e.name, e.unit, e.post, "", e.joined.isoformat(), e.left.isoformat() if e.left else "")


def _engagement(e: Employee) -> tuple[str, ...]:
    sender = SENDER if e.engagement == "派遣" else ""
    return (e.no, ENTITY_CODE, e.engagement, e.joined.isoformat(), "", sender)


def _customer(c: Client) -> tuple[str, ...]:
    industry, minor, health = "个人", "是" if c.minor else "否", "是" if c.health else "否"
    return (c.no, c.name, c.source, c.region, industry, minor, health, c.phone)


def _identities(clients: Sequence[Client]) -> Cells:
    chat: Cells = [(c.no, things.WECOM, c.external_id) for c in clients if c.external_id]
    return chat + [(c.no, things.PHONE, c.phone) for c in clients if c.phone]


def _orders(clients: Sequence[Client], rng: Random) -> Cells:
    buyers = [c for c in clients if c.source == "购课订单"]
    rows: Cells = []
    for n, c in enumerate(buyers, 1):
        hours_bought = rng.choice((24, 36, 48, 72))
        ordered = f"2026-0{rng.randrange(3, 9)}-{rng.randrange(1, 28):02d}"
        product = f"{rng.choice(COURSES)} {hours_bought} 课时"
        rows.append((f"D2026{n:05d}", c.no, product, f"{hours_bought * 140}.00", ordered, c.seller))
    return rows


def _papers(directory: Path, staff: list[Employee]) -> Cells:
    rows: Cells = []
    for e in staff:
        lacks = "设备领取协议" if e.case is Case.PAPER_MISSING else ""
        signed = min(e.joined.isoformat(), SIGNED_ON)
        for kind in _FOUR:
            if kind != lacks:
                picture = _scan(directory, f"{e.no}-{kind}") if kind == "同意书" else ""
                rows.append((kind, e.no, signed, f"{kind}（签收）", picture, "", ""))
    unsigned = (Case.SIGNS_LATE, Case.NEVER_SIGNED, *_ACCOUNTLESS)
    rows += [_promise(directory, e.no, e.handle, SIGNED_ON) for e in staff if e.case not in unsigned]
    for extension, holder in things.EXTENSIONS.items():
        rows.append(_promise(directory, holder, extension, SIGNED_ON, platform=things.PHONE))
    return rows


def _promise(
    directory: Path, staff_no: str, handle: str, signed: str, *, platform: str = things.WECOM
) -> tuple[str, ...]:
    picture = _scan(directory, f"{staff_no}-{PROMISE}-{handle}")
    return (PROMISE, staff_no, signed, PROMISE, picture, platform, handle)


def _scan(directory: Path, name: str) -> str:
    folder = directory / "扫描件"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.png").write_bytes(scan(f"演示扫描件，并非真实签署：{name}"))
    return f"扫描件/{name}.png"
