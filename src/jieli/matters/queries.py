"""Reading matters."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from jieli.ledger.plain import Answer, Asked
from jieli.matters.errors import NoSuchMatter
from jieli.matters.models import Matter, MatterPerson
from jieli.matters.types import Involved, MatterKind, MatterRef, PersonKind


def matter(number: str) -> MatterRef:
    """The matter of a number; NoSuchMatter when there is none."""
    found = refs(list(Matter.objects.filter(number=number)))
    if not found:
        raise unknown()
    return found[0]


def standing(number: str) -> Asked[tuple[UUID, bool]]:
    """The id of a matter and whether it is open, without its people: what every search asks; NoSuchMatter."""
    return Asked(
        ("SELECT id, closed_on IS NULL FROM matters_matter WHERE number = $1::text", [number]), _standing
    )


def _standing(found: Sequence[Answer]) -> tuple[UUID, bool]:
    if not found:
        raise unknown()
    key, is_open = found[0]
    return key, is_open


def matters(ids: Iterable[UUID]) -> dict[UUID, MatterRef]:
    """Matters by id, those that exist."""
    return {m.id: m for m in refs(list(Matter.objects.filter(id__in=list(ids))))}


def open_matters(*, kind: MatterKind | None = None) -> list[MatterRef]:
    """Matters not closed, oldest first."""
    found = Matter.objects.filter(closed_on__isnull=True).order_by("opened_on", "id")
    return refs(list(found if kind is None else found.filter(kind=kind.value)))


def concerning(kind: PersonKind, person: UUID) -> list[MatterRef]:
    """Every matter that names somebody, open or closed, oldest first."""
    named = MatterPerson.objects.filter(person_kind=kind.value, person=person).values("matter_id")
    return refs(list(Matter.objects.filter(id__in=named).order_by("opened_on", "id")))


def refs(rows: Sequence[Matter]) -> list[MatterRef]:
    """Rows as values, their people fetched together."""
    people: dict[UUID, list[Involved]] = {}
    named = MatterPerson.objects.filter(matter__in=[r.id for r in rows]).order_by("id")
    for p in named:
        found = Involved(PersonKind(p.person_kind), p.person, p.role)
        people.setdefault(p.matter_id, []).append(found)
    return [
        MatterRef(
            id=r.id,
            kind=MatterKind(r.kind),
            number=r.number,
            title=r.title or "",
            opened_on=r.opened_on,
            closed_on=r.closed_on,
            people=tuple(people.get(r.id, ())),
        )
        for r in rows
    ]


def unknown() -> NoSuchMatter:
    """The same answer for a number that is absent and for one that is not yours."""
    return NoSuchMatter("没有这个事项。", remedy="请核对事项编号。")
