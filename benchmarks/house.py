"""A throwaway house: a private PostgreSQL that is durable, and a company in which every message may be recorded."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from benchmarks.sentences import CUSTOMERS, STAFF, customer_id, staff_handle
from jieli.access import operations as access_operations
from jieli.access import queries as access
from jieli.access.types import Person, Role
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.types import AccountType, HolderKind, NewAccount, NewHolding, Signature
from jieli.consent import operations as consent
from jieli.consent.types import (
    DefaultShift,
    DocumentKind,
    Means,
    NewConsent,
    NewDocument,
    NewNotice,
    Rules,
    Scope,
    SubjectKind,
)
from jieli.kernel.times import SHANGHAI, to_ms
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.papers import operations as papers
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import NewCustomer, NewEntity, NewIdentity, NewStaff, NewUnit
from jieli.wiring import keys, ports, postgres, start
from jieli.wiring.postgres.identity import existing
from jieli.wiring.profile import Profile, read_profile

BY = "system:benchmark"
PLATFORM = "wecom"
ORIGIN = "bench.jieli.example/log"
SCOPES = (Scope.CAPTURE, Scope.QUALITY, Scope.EVIDENCE)
SCAN = b"\x89PNG\r\n\x1a\n a signed page, invented"


def sh(text: str) -> int:
    """Milliseconds of a wall clock in Shanghai."""
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


FOUNDED, NOW = sh("2026-06-01 08:00"), sh("2026-09-21 09:00")


@dataclass(frozen=True)
class House:
    """An installation with databases of its own on a server that others share."""

    profile: Profile
    server: postgres.Server
    main: str
    keys: str

    def main_dsn(self) -> str:
        """The main store as superuser: for baselines and for sizes, never for the house's own work."""
        return self.server.dsn(self.main)


@contextmanager
def server(home: Path) -> Iterator[postgres.Server]:
    """A private PostgreSQL with fsync on, removed with all its data at the end."""
    try:
        yield postgres.ensure(home, durable=True)
    finally:
        postgres.stop(home)
        if (layout := existing(home)) is not None:
            # `postgres.discard` refuses a durable server, and rightly: this one was made here and holds nothing real.
            for path in (layout.socket_dir, layout.base, layout.secrets):
                shutil.rmtree(path, ignore_errors=True)


def open_house(cluster: postgres.Server, n: int) -> House:
    """Fresh databases, keys and a log; this process is connected to them from now on."""
    main, secrets = f"bench_{n}", f"bench_{n}_keys"
    profile = read_profile({"JIELI_HOME": str(cluster.home / f"house-{n}")})
    start.connect(start.addresses_on(cluster, main=main, keys=secrets))
    start.migrate()
    keys.init(profile, origin=ORIGIN, witness_lines=[], at=FOUNDED)
    ports.fill(profile, at=FOUNDED)
    return House(profile, cluster, main, secrets)


def found_company(*, at: int = FOUNDED, staff: int = STAFF, customers: int = CUSTOMERS) -> None:
    """Everything that the gate asks for: people, accounts, papers, notices, consents, hours. All of it invented."""
    parties.register_entities([NewEntity("QH", "青禾教育科技有限公司")], by=BY, at=at)
    unit = NewUnit("S1", "课程顾问部", party_queries.entities_by_code()["QH"])
    parties.register_units([unit], by=BY, at=at)
    where = party_queries.units_by_code()["S1"]
    handles = [staff_handle(n) for n in range(staff)]
    clients = [customer_id(n) for n in range(customers)]
    people = [NewStaff(h, f"顾问{h[-3:]}", where, "客服", date(2026, 1, 5)) for h in handles]
    parties.register_staff(people, by=BY, at=at)
    parties.register_customers([NewCustomer(c, f"客户{c[-5:]}") for c in clients], by=BY, at=at)
    known = {no: ref.id for no, ref in party_queries.customers_by_no().items()}
    parties.register_identities([NewIdentity(known[c], PLATFORM, c) for c in clients], by=BY, at=at)
    _accounts(handles, at)
    _statements(handles, list(known.values()), at)
    consent.load_calendar(2026, by=BY, at=at)
    consent.set_policy(Rules(default_shifts={"客服": DefaultShift(540, 1_080)}), starts_at=at, by=BY, at=at)


def _accounts(handles: list[str], at: int) -> None:
    entity = party_queries.entities_by_code()["QH"]
    people = {no: ref.id for no, ref in party_queries.staff_by_no().items()}
    opened = [NewAccount(PLATFORM, h, AccountType.WORK_CHAT, entity, new=True) for h in handles]
    assets.register_accounts(opened, by=BY, at=at)
    accounts = {h: ref.id for h, ref in asset_queries.accounts(PLATFORM).items()}
    held = [NewHolding(accounts[h], HolderKind.STAFF, at, staff_id=people[h]) for h in handles]
    assets.load_holdings(held, by=BY, at=at)
    signed = papers.receive(
        kind="工作账号确认书", title="工作账号确认书", content=SCAN, media_type="image/png", by=BY, at=at
    ).id
    assets.acknowledge_many([Signature(accounts[h], people[h], signed, at) for h in handles], by=BY, at=at)


def _statements(handles: list[str], customers: list[UUID], at: int) -> None:
    staff = [ref.id for no, ref in party_queries.staff_by_no().items() if no in set(handles)]
    for kind, people in ((SubjectKind.STAFF, staff), (SubjectKind.CUSTOMER, customers)):
        told = consent.publish_notice(_notice(kind), by=BY, at=at)
        consent.serve(
            notice=told, subject_kind=kind, subjects=people, claimed_at=at, how="当面", by=BY, at=at
        )
        agreed = [
            NewConsent(kind, who, Means.CHAT, scope, at, told, explicit=True)
            for who in people
            for scope in SCOPES
        ]
        consent.give(agreed, by=BY, at=at)
    signed = [NewDocument(who, paper, date(2026, 6, 1)) for who in staff for paper in DocumentKind]
    consent.load_documents(signed, by=BY, at=at)


def _notice(kind: SubjectKind) -> NewNotice:
    texts = (
        "title", "text", "purpose", "hours", "use", "retention", "categories", "contact", "rights", "summary",
    )  # fmt: skip
    words = {name: f"{kind}告知书的{name}" for name in texts}
    return NewNotice(kind=kind, means=(Means.CHAT, Means.CALL), scopes=tuple(Scope), **words)


def reader(sign_in: str = "bench.reader", *, at: int = NOW) -> tuple[Person, str]:
    """A person who may import and read, and the number of the matter he reads for."""
    person = access_operations.admit_person(sign_in=sign_in, name="严法", by=BY, at=at)
    for role in (Role.COMPLIANCE, Role.LEGAL):
        access_operations.grant_role(person=person, role=role, begins_at=at, by=BY, at=at)
    found = access.person(person)
    if found is None:
        raise RuntimeError("a person just admitted is not there")
    return found, matters.open_matter(kind=MatterKind.REQUEST, title="客户投诉核查", by=BY, at=at).number
