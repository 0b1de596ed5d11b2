"""What runs as a child beside the commands: founding a company, a browser's request, its signing in."""

import json
import sys

from benchmarks import house
from jieli.access import operations as access_operations
from jieli.access import queries as access
from jieli.access.types import Role
from jieli.doors.clock import now
from jieli.wiring import ports, start
from jieli.wiring.profile import profile

STAFF, CUSTOMERS = 8, 24
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


def web_search(person: str, matter: str, query: str) -> None:
    """One signed-in person's search, through every middleware and the page itself: prints its status and length."""
    from uuid import UUID

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
