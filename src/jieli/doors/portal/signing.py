"""待我签: papers that wait for this person, one paper with its pages, his own receipts. Nobody else's paper exists."""

import tempfile
from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access import policy
from jieli.access import queries as access
from jieli.access.types import Permission, Person, Role
from jieli.doors.portal import pictures
from jieli.doors.web.door import at, by_link, me, signed_in
from jieli.evidence.errors import NotCovered
from jieli.evidence.receipts import make_receipt
from jieli.handover import listing, signatories
from jieli.handover.signatories import Asked
from jieli.handover.types import CaseRef
from jieli.ledger import queries as ledger
from jieli.papers import queries as papers
from jieli.papers.signing import GRADE_LINES
from jieli.papers.types import MediaType, Origin
from jieli.parties import queries as parties
from jieli.wiring.outside import outside
from jieli.wiring.profile import profile

MOST_SIGNED = 50
#: Whose role signs for a section; the other sections are known by the name of their unit.
_SECTION_ROLES = {"IT": Role.IT, "人力": Role.PEOPLE, "直属部门": Role.SALES_LEAD}
_SECTION_UNITS = ("行政", "财务")


@dataclass(frozen=True)
class Mine:
    """A paper on his list: whose leaving, the roles that wait, the refusals he stated and what he signed."""

    asked: Asked
    leaver: str
    newer: bool
    said_no: frozenset[str]
    entries: dict[UUID, int]

    @property
    def open(self) -> tuple[str, ...]:
        """The roles in which he may sign now, also after a word of refusal; none where a newer print stands."""
        return () if self.newer else self.asked.open

    @property
    def waits(self) -> tuple[str, ...]:
        """The roles that wait for a word of his."""
        return tuple(role for role in self.open if role not in self.said_no)


def sections(who: Person, *, at: int) -> dict[str, frozenset[str]]:
    """The 会签 sections for which somebody signs, by number of the leaving within his reach. Deny by default."""
    unit = ""
    if who.staff is not None:
        record = parties.staff([who.staff]).get(who.staff)
        unit = record.unit_name if record else ""
    found: dict[str, set[str]] = {}
    for section in signatories.SECTIONS:
        role = _SECTION_ROLES.get(section)
        if role is None and (section not in _SECTION_UNITS or section not in unit):
            continue
        grants = tuple(g for g in who.grants if role is None or g.role == role.value)
        reach = policy.reach(replace(who, grants=grants), Permission.SEE_HANDOVER, at=at)
        for number in listing.numbers(reach) if reach else ():
            found.setdefault(number, set()).add(section)
    return {number: frozenset(names) for number, names in found.items()}


def asked(who: Person, *, at: int, paper: UUID | None = None) -> list[Asked]:
    """Every paper that this person may see here, or the one."""
    own, staff = sections(who, at=at), who.staff or who.id
    cases = signatories.cases_of(staff, list(own))
    return signatories.asked(cases, staff, own, signer=who.id, paper=paper)


def one(request: HttpRequest, paper: UUID) -> Mine:
    """The paper as this person meets it; what is absent and what is not his are the same 404."""
    for found in listed(asked(me(request), at=at(request), paper=paper)):
        if found.asked.paper.id == paper:
            return found
    raise Http404


@require_safe
@signed_in
def waiting(request: HttpRequest) -> HttpResponseBase:
    """待我签: what waits first, then what he signed, with receipts."""
    found = listed(asked(me(request), at=at(request)))
    values = {
        "waiting": [m for m in found if m.waits],
        "signed": [m for m in found if m.asked.signed][:MOST_SIGNED],
        "refused": [m for m in found if not m.waits and not m.asked.signed and m.said_no],
        "by_link": by_link(request),
    }
    return render(request, "portal/waiting.html", values)


def listed(found: Collection[Asked]) -> list[Mine]:
    """Papers as lists show them; a constant number of queries."""
    people = parties.staff({a.case.staff_id for a in found})
    said = signatories.refusals_stated({a.case.id for a in found})
    signed = [s.id for a in found for s in a.signed]
    entries = {UUID(k): r.entry for k, r in ledger.first_recorded("papers_signature", signed).items()}
    newest: dict[tuple[UUID, str, str], UUID] = {}
    for a in sorted(found, key=lambda a: (a.paper.issued_at, a.paper.id)):
        if a.paper.number:
            newest[a.case.id, a.paper.kind, a.paper.number] = a.paper.id
    return [
        Mine(
            a, people[a.case.staff_id].name,
            newest.get((a.case.id, a.paper.kind, a.paper.number), a.paper.id) != a.paper.id,
            said.get(a.paper.id, frozenset()) & frozenset(a.roles),
            {s.id: entries[s.id] for s in a.signed if s.id in entries},
        )
        for a in found
    ]  # fmt: skip


@require_safe
@signed_in
def paper(request: HttpRequest, paper: UUID) -> HttpResponseBase:
    """One paper: what it is, its pages, and what may be done."""
    who, mine = me(request), one(request, paper)
    found = mine.asked
    by_role = [(role, signatories.LOOKS_AT.get(role, ""), role in mine.said_no) for role in mine.open]
    shown = _drawn(found)
    values: dict[str, Any] = {
        "mine": mine,
        "paper": found.paper,
        "case": found.case,
        "own": found.case.staff_id == who.staff,
        "pages": range(1, min(shown, pictures.MOST_PAGES) + 1),
        "total": shown,
        "waits": by_role,
        "signed": [(s, GRADE_LINES[s.grade], mine.entries.get(s.id)) for s in found.signed],
        "others": [s for s in papers.signatures([paper]).get(paper, ()) if s not in found.signed],
        "can_sign": found.paper.media_type == MediaType.PDF.value,
        "passkey": bool(access.passkeys(who.id)) and not by_link(request),
    }
    return render(request, "portal/paper.html", values)


def _drawn(found: Asked) -> int:
    """How many pages can be shown as pictures: of papers that we made; what others sent is not drawn in here."""
    ours = found.paper.origin is Origin.ISSUED and found.paper.media_type == MediaType.PDF.value
    return _pages(found.paper.id) if ours else 0


@lru_cache(maxsize=1_024)
def _pages(paper: UUID) -> int:
    """A paper never changes; neither does the number of its pages."""
    return pictures.pages(papers.content(paper))


@require_safe
@signed_in
def page_picture(request: HttpRequest, paper: UUID, page: int) -> HttpResponseBase:
    """A page of a paper as a picture, drawn from the bytes that are signed."""
    found = one(request, paper).asked
    if not 1 <= page <= min(_drawn(found), pictures.MOST_PAGES):
        raise Http404
    return HttpResponse(pictures.picture(papers.content(paper), page - 1), content_type="image/png")


@require_safe
@signed_in
def file(request: HttpRequest, paper: UUID) -> HttpResponseBase:
    """The paper itself, byte for byte as its digest says."""
    found = one(request, paper).asked
    response = HttpResponse(papers.content(paper), content_type=found.paper.media_type)
    response["Content-Disposition"] = _attached(found.case, found.paper.kind, found.paper.media_type)
    return response


def _attached(case: CaseRef, kind: str, media: str) -> str:
    ending = {MediaType.PDF.value: "pdf", MediaType.PNG.value: "png", MediaType.JPEG.value: "jpg"}.get(
        media, "txt"
    )
    return f"attachment; filename*=UTF-8''{quote(f'{kind}-{case.number}.{ending}')}"


@require_safe
@signed_in
def receipt(request: HttpRequest, paper: UUID, signature: UUID) -> HttpResponseBase:
    """The receipt of his own signature, for 核验.html. Nobody signs checkpoints just now: he is told when to come."""
    found = one(request, paper).asked
    if signature not in {s.id for s in found.signed}:
        raise Http404
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "receipt.zip"
        try:
            make_receipt(
                paper=paper, signature=signature, by=me(request), at=at(request), path=path,
                outside=outside(profile()),
            )  # fmt: skip
        except NotCovered:
            return render(request, "portal/receipt_later.html", {"paper": found.paper}, status=503)
        data = path.read_bytes()
    response = HttpResponse(data, content_type="application/zip")
    name = quote(f"签署回执-{found.paper.kind}-{found.case.number}.zip")
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return response
