"""What runs as a child beside the commands: founding a company, a browser's request, its signing in."""

import json
import sys
from datetime import date
from functools import partial
from uuid import UUID

from benchmarks import house
from jieli.access import operations as access_operations
from jieli.access import queries as access
from jieli.access.types import Role
from jieli.consent import operations as consent
from jieli.consent.types import DocumentKind, NewDocument
from jieli.doors.clock import now
from jieli.papers import operations as papers
from jieli.papers.signing import Grade
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import NewStaff
from jieli.wiring import ports, start
from jieli.wiring.profile import profile

STAFF, CUSTOMERS = 8, 24
#: So many contracts are over at each call of `file_papers`, each with the scan of its ink.
CONTRACTS, LEFT = 3, date(2022, 3, 1)
READER, SECOND = "faults.reader", "faults.second"


def found() -> None:
    """Write everything down at the demo's clock, in the installation that JIELI_HOME names."""
    start.ready(profile())
    at = now(profile())
    ports.fill(profile(), at=at)
    house.found_company(at=at, staff=STAFF, customers=CUSTOMERS)
    person, matter = house.reader(READER, at=at)
    access_operations.grant_role(person=person.id, role=Role.SYSTEM, begins_at=at, by=house.BY, at=at)
    house.reader(SECOND, at=at)
    json.dump({"matter": matter, "person": str(person.id)}, sys.stdout)


def file_papers(mark: str) -> None:
    """Contracts of somebody who left long ago, each signed in ink, and two that are still needed.

    Prints the ids of those whose time is over with their scans, and of those that stay.
    """
    start.ready(profile())
    at = now(profile())
    ports.fill(profile(), at=at)
    unit = party_queries.units_by_code()["S1"]
    here, gone = f"P{mark}", f"L{mark}"
    people = [
        NewStaff(here, f"在职{mark}", unit, "客服", date(2019, 1, 2)),
        NewStaff(gone, f"离职{mark}", unit, "客服", date(2019, 1, 2), left_on=LEFT),
    ]
    parties.register_staff(people, by=house.BY, at=at)
    known = party_queries.staff_by_no([here, gone])
    due, kept = [], []
    for n in range(CONTRACTS):
        due += _contract(known[gone].id, f"{mark}-{n}", signed=True, at=at)
    for who in (known[gone].id, known[here].id):
        # One was filed under nothing yet, the other is of somebody who still works here.
        kept += _contract(who, f"{mark}-{who}", signed=False, filed=who == known[here].id, at=at)
    json.dump({"due": due, "kept": kept}, sys.stdout)


def _contract(who: UUID, mark: str, *, signed: bool, filed: bool = True, at: int) -> list[str]:
    """One contract, and the scan of its signature if it was signed; their ids."""
    picture = b"\x89PNG\r\n\x1a\n" + mark.encode()
    received = partial(papers.receive, media_type="image/png", by=house.BY, at=at)
    made = [received(kind="劳动合同", title=f"劳动合同 {mark}", content=picture).id]
    if signed:
        scan = received(kind="照片", title=f"签署页 {mark}", content=picture + b"2").id
        papers.sign(
            paper=made[0], role="员工", signer=who, signer_name="某人", grade=Grade.INK, scan=scan, signed_at=at,
            by=house.BY, at=at,
        )  # fmt: skip
        made.append(scan)
    if filed:
        document = NewDocument(who, DocumentKind.CONTRACT_CLAUSE, LEFT, made[0], mark)
        consent.load_documents([document], by=house.BY, at=at)
    return [str(key) for key in made]


def web_search(person: str, matter: str, query: str) -> None:
    """One signed-in person's search, through every middleware and the page itself: prints its status and length."""
    from django.test import Client

    from jieli.access import backend

    start.ready(profile())
    client = Client(SERVER_NAME="localhost")
    client.force_login(access.user(UUID(person)), backend=backend.PATH)
    typed = {"query": query, "purpose": "合规审计", "matter": matter}
    answer = client.post("/reading/search", typed)
    json.dump({"status": answer.status_code, "bytes": len(answer.content)}, sys.stdout)


def web_session(person: str) -> None:
    """Sign a person in as a browser would be: prints the value of the session's cookie."""
    from uuid import UUID

    from django.conf import settings
    from django.test import Client

    from jieli.access import backend

    start.ready(profile())
    client = Client(SERVER_NAME="localhost")
    client.force_login(access.user(UUID(person)), backend=backend.PATH)
    json.dump({"session": client.cookies[settings.SESSION_COOKIE_NAME].value}, sys.stdout)
