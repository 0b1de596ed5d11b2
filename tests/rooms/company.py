"""An invented tea company for the tests of capture and reading: people, accounts, customers, and what they signed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from jieli.access import operations as access_operations
from jieli.access import queries as access
from jieli.access.types import Person, Role
from jieli.archive import keys, ports
from jieli.archive.keys.store import open_store
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.types import AccountType, HolderKind, NewAccount, NewHolding, Signature
from jieli.capture.operations import admit
from jieli.capture.report import ImportReport
from jieli.connectors.wecom import lines as wecom
from jieli.consent import operations as consent
from jieli.consent.types import (
    DefaultShift,
    DocumentKind,
    Means,
    NewConsent,
    NewDocument,
    NewNotice,
    NewShift,
    Rules,
    Scope,
    StatedBy,
    SubjectKind,
)
from jieli.kernel.times import SHANGHAI, to_ms
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import NewCustomer, NewEntity, NewIdentity, NewStaff, NewUnit
from jieli.reading.queries import opening_names
from jieli.wiring.extraction import extract
from tests.conftest import NOW
from tests.rooms.kept_papers import keep

PLATFORM = "wecom"
BY = "system:test"
PAPER = UUID(int=0xBADE)


def sh(text: str) -> int:
    """Milliseconds of a wall clock in Shanghai."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


BEGIN = sh("2026-06-01 08:00")  # when the company wrote everything down
FIRST_DAY, LAST_DAY = date(2026, 6, 1), date(2026, 9, 25)


@dataclass(frozen=True)
class Employee:
    """A staff member with one account; every default is what lets him be recorded."""

    handle: str
    name: str
    post: str = "销售"
    joined: date = date(2026, 1, 5)
    left: date | None = None
    papers: tuple[DocumentKind, ...] = tuple(DocumentKind)
    told: bool = True
    scopes: tuple[Scope, ...] = (Scope.CAPTURE, Scope.QUALITY, Scope.EVIDENCE)
    explicit: bool = True
    new_account: bool = True
    signs: bool = True
    holds: HolderKind | None = HolderKind.STAFF
    rest: tuple[int, ...] = (5, 6)
    hours: tuple[int, int] = (9, 18)
    rostered: bool = True


@dataclass(frozen=True)
class Client:
    """A customer under one id of the platform."""

    external: str
    name: str
    told: bool = True
    scopes: tuple[Scope, ...] = (Scope.CAPTURE, Scope.QUALITY, Scope.EVIDENCE)
    minor: bool = False
    guardian: bool = False


@dataclass
class Company:
    """What is known of the company by handle and by platform id."""

    staff: dict[str, UUID] = field(default_factory=dict)
    accounts: dict[str, UUID] = field(default_factory=dict)
    customers: dict[str, UUID] = field(default_factory=dict)
    home: Path = Path()


PAIR = (Employee("HeQing", "何青"), Employee("LuChuan", "陆川", post="客服"))
CLIENTS = (Client("wm-lin", "林晚"), Client("wm-gu", "顾客甲"), Client("wm-no", "未同意者", scopes=()))


def found_company(
    employees: Sequence[Employee] = PAIR, clients: Sequence[Client] = CLIENTS, *, at: int = BEGIN
) -> Company:
    """Write the company down at `at`, through the rooms' own operations."""
    parties.register_entities([NewEntity("QH", "青禾茶业有限公司")], by=BY, at=at)
    entity = party_queries.entities_by_code()["QH"]
    parties.register_units([NewUnit("S1", "门店一部", entity)], by=BY, at=at)
    unit = party_queries.units_by_code()["S1"]
    parties.register_staff(
        [NewStaff(e.handle, e.name, unit, e.post, e.joined, None, e.left) for e in employees], by=BY, at=at
    )
    parties.register_customers(
        [NewCustomer(c.external, c.name, minor=c.minor) for c in clients], by=BY, at=at
    )
    house = Company(
        staff={no: ref.id for no, ref in party_queries.staff_by_no().items()},
        customers={no: ref.id for no, ref in party_queries.customers_by_no().items()},
    )
    identities = [NewIdentity(house.customers[c.external], PLATFORM, c.external) for c in clients]
    parties.register_identities(identities, by=BY, at=at)
    _accounts(house, employees, entity, at)
    _statements(house, employees, clients, at)
    consent.load_calendar(2026, by=BY, at=at)
    consent.set_policy(Rules(default_shifts={"客服": DefaultShift(540, 1080)}), starts_at=at, by=BY, at=at)
    consent.load_shifts([s for e in employees for s in _shifts(house, e)], by=BY, at=at)
    return house


def _accounts(house: Company, employees: Sequence[Employee], entity: UUID, at: int) -> None:
    kinds = [
        NewAccount(PLATFORM, e.handle, AccountType.WORK_CHAT, entity, new=e.new_account) for e in employees
    ]
    assets.register_accounts(kinds, by=BY, at=at)
    house.accounts = {h: ref.id for h, ref in asset_queries.accounts(PLATFORM).items()}
    holdings = [
        NewHolding(
            house.accounts[e.handle],
            e.holds,
            at,
            staff_id={HolderKind.STAFF: house.staff[e.handle]}.get(e.holds),
        )
        for e in employees
        if e.holds is not None
    ]
    assets.load_holdings(holdings, by=BY, at=at)
    keep(PAPER, at=at)
    signed = [
        Signature(house.accounts[e.handle], house.staff[e.handle], PAPER, at) for e in employees if e.signs
    ]
    assets.acknowledge_many(signed, by=BY, at=at)


def notice(kind: SubjectKind, means: Iterable[Means] = (Means.CHAT, Means.CALL)) -> NewNotice:
    words = {
        name: f"{kind}告知书的{name}"
        for name in (
            "title", "text", "purpose", "hours", "use", "retention", "categories", "contact", "rights", "summary",
        )
    }  # fmt: skip
    return NewNotice(kind=kind, means=tuple(means), scopes=tuple(Scope), **words)


def _statements(house: Company, employees: Sequence[Employee], clients: Sequence[Client], at: int) -> None:
    agreed: list[NewConsent] = []
    for kind, people in (
        (
            SubjectKind.STAFF,
            [(house.staff[e.handle], e.told, e.scopes, e.explicit, False) for e in employees],
        ),
        (
            SubjectKind.CUSTOMER,
            [(house.customers[c.external], c.told, c.scopes, True, c.guardian) for c in clients],
        ),
    ):
        told = consent.publish_notice(notice(kind), by=BY, at=at)
        consent.serve(
            notice=told, subject_kind=kind, subjects=[p[0] for p in people if p[1]], claimed_at=at, how="当面",
            by=BY, at=at,
        )  # fmt: skip
        agreed += [
            NewConsent(kind, who, means, scope, at, told, explicit=explicit, guardian=guardian)
            for who, was_told, scopes, explicit, guardian in people
            for scope in scopes
            for means in (Means.CHAT, Means.CALL)
            if was_told
        ]
    consent.give(agreed, by=BY, at=at)
    papers = [NewDocument(house.staff[e.handle], kind, FIRST_DAY) for e in employees for kind in e.papers]
    consent.load_documents(papers, by=BY, at=at)


def _shifts(house: Company, e: Employee) -> Iterator[NewShift]:
    days = [FIRST_DAY + timedelta(days=n) for n in range((LAST_DAY - FIRST_DAY).days + 1)]
    for day in days:
        if e.rostered and e.post != "客服" and day.weekday() not in e.rest:
            midnight = to_ms(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI))
            begins, ends = (midnight + hour * 3_600_000 for hour in e.hours)
            yield NewShift(house.staff[e.handle], begins, ends)


def open_vault(home: Path) -> None:
    """Open the archive as wiring opens it; the keyring is made when there is none."""
    ring = keys.load(home) if (home / "keys").exists() else keys.init(home)
    ports.use(keyring=ring, extract=extract, confirm_opening=opening_names)
    open_store(ring, at=NOW)


@pytest.fixture
def vault(db: None, tmp_path: Path) -> Iterator[Path]:
    """An open archive; its home."""
    open_vault(tmp_path / "home")
    yield tmp_path / "home"
    ports.use(confirm_opening=lambda receipt, items: False)


@pytest.fixture
def company(vault: Path) -> Company:
    """The company of two, written down long before NOW."""
    house = found_company()
    house.home = vault
    return house


def chat(
    n: int | str,
    text: str,
    *,
    sender: str = "wm-lin",
    to: str | Sequence[str] = "HeQing",
    when: int | str = "2026-09-18 10:00",
    room: str = "",
    **body: Any,
) -> bytes:
    """A line of the WeCom archive."""
    line = {
        "msgid": f"msg-{n}", "action": "send", "from": sender, "tolist": [to] if isinstance(to, str) else list(to),
        "roomid": room, "msgtime": sh(when) if isinstance(when, str) else when, "msgtype": "text",
        "text": {"content": text},
    }  # fmt: skip
    return orjson.dumps(line | body)


def bring(lines: Iterable[bytes], *, at: int = NOW, **options: Any) -> ImportReport:
    """Import lines of the WeCom archive."""
    chosen: dict[str, Any] = {"source": wecom.SOURCE, "platform": PLATFORM, "place": "sample.jsonl", "by": BY}
    return admit(lines=wecom.parse(lines), at=at, **(chosen | options))


def reader(*roles: Role, name: str = "严法", staff: UUID | None = None, at: int = NOW) -> Person:
    """A person with these roles."""
    person = access_operations.admit_person(sign_in=name, name=name, staff=staff, by=BY, at=at)
    for role in roles:
        access_operations.grant_role(person=person, role=role, begins_at=at, by=BY, at=at)
    found = access.person(person)
    assert found is not None
    return found


def thread(title: str = "客户投诉核查", *, at: int = NOW) -> str:
    """The number of an open matter."""
    return matters.open_matter(kind=MatterKind.REQUEST, title=title, by=BY, at=at).number


def says(house: Company, who: str, said: str, *, when: int, scope: Scope = Scope.CAPTURE) -> None:
    """`withdraw` or `object_` of a staff member or customer, for chats and calls."""
    kind, subject = (
        (SubjectKind.STAFF, house.staff[who])
        if who in house.staff
        else (SubjectKind.CUSTOMER, house.customers[who])
    )
    for means in (Means.CHAT, Means.CALL):
        getattr(consent, said)(
            subject_kind=kind, subject=subject, means=means, scopes=[scope], claimed_at=when,
            stated_by=StatedBy.SELF, by=BY, at=when,
        )  # fmt: skip
