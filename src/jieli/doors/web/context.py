"""What every template may ask for: who is here, where he can go. One look-up a request."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from jieli.access import policy
from jieli.access.types import Permission, Person
from jieli.doors.web.door import at, person
from jieli.handover import queries as handover
from jieli.wiring.profile import profile


@dataclass(frozen=True)
class Place:
    """A page in the navigation; `name` is its URL's name, `permission` what it asks for."""

    name: str
    title: str
    permission: Permission | None = None


PLACES = (
    Place("overview", "总览", Permission.SEE_HANDOVER),
    Place("cases", "离职交接", Permission.SEE_HANDOVER),
    Place("approvals", "审批", Permission.APPROVE),
    Place("rules", "接续规则", Permission.MANAGE_PLAN),
    Place("disputes", "争议", Permission.MANAGE_DISPUTES),
    Place("accounts", "账号", Permission.SEE_ACCOUNTS),
    Place("gaps", "上线差距", Permission.SEE_GAPS),
    Place("reading", "查阅", Permission.READ),
    Place("ledger", "账本", Permission.SEE_LEDGER),
    Place("retention", "保存与销毁", Permission.SEE_LEDGER),
    Place("leaving", "我的离职"),
    Place("mine", "我的"),
    Place("my-papers", "待我签"),
)


def house(request: HttpRequest) -> dict[str, Any]:
    """`who`, `places` (title, address, whether here) and `demo`."""
    who = person(request) if hasattr(request, "session") else None
    return {"who": who, "places": _places(request) if who else [], "demo": profile().demo}


def _places(request: HttpRequest) -> list[dict[str, Any]]:
    who = person(request)
    allowed = policy.permissions(who, at=at(request)) if who else frozenset()
    found = []
    for place in PLACES:
        if place.name == "leaving" and not _leaves(who):
            continue
        if place.permission is None or place.permission in allowed:
            try:
                address = reverse(place.name)
            except NoReverseMatch:
                continue  # a page whose room is not open yet
            here = request.path == address or (address != "/" and request.path.startswith(address))
            found.append({"title": place.title, "address": address, "here": here})
    # Of places that contain one another (我的, 我的离职) the innermost is where one is.
    inmost = max((str(p["address"]) for p in found if p["here"]), key=len, default="")
    return [p | {"here": p["address"] == inmost} for p in found]


def _leaves(who: Person | None) -> bool:
    """Whether there is a leaving of his own to show: open, or over."""
    return who is not None and who.staff is not None and handover.case_of(who.staff) is not None
