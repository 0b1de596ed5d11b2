"""Reading matters."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

from django.db.models.functions import Length

from jieli.kernel.times import local_day, start_of_day
from jieli.ledger.lost import lost_ranges
from jieli.ledger.plain import Answer, Asked, rows
from jieli.ledger.queries import logs
from jieli.matters.errors import NoSuchMatter
from jieli.matters.models import Matter, MatterPerson
from jieli.matters.types import Involved, MatterKind, MatterRef, PersonKind

#: The kind of entry that gives a number.
OPEN = "matters.open"


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


def numbered(year: int, n: int) -> str:
    """The number of the n-th matter of a year."""
    return f"M-{year:04d}-{n:04d}"


def last_given(year: int) -> int:
    """The last number of a year, of a matter that stands here or that a restore lost; 0 before the first.

    Each entry that opened a matter gave one number. Those of a lost tail came back without their rows, so there the
    entries are counted; of what is lost even outside nobody can know whether it opened any.
    """
    prefix = numbered(year, 0)[:-4]
    taken = Matter.objects.filter(number__startswith=prefix)
    last = taken.order_by(Length("number").desc(), "-number").values_list("number", flat=True).first()
    stands = int(last.removeprefix(prefix)) if last else 0
    return max(stands, _opened_in(year)) if any(lost_ranges(log) for log in logs()) else stands


def _opened_in(year: int) -> int:
    until = start_of_day(date(year + 1, 1, 1))
    query = "SELECT count(*) FROM ledger_entry WHERE log = ANY($1::int[]) AND kind = $2 AND time >= $3 AND time < $4"
    [(found,)] = rows(query, [logs(), OPEN, start_of_day(date(year, 1, 1)), until])
    return int(found)


def lost_numbers(*, log: int, start: int) -> list[str]:
    """The numbers that the entries of a log from `start` on had given, before any other is given after them.

    For the one moment in which a restore has put these entries back and nobody has opened a matter yet.
    """
    query = "SELECT time FROM ledger_entry WHERE log = $1 AND kind = $2 AND index >= $3"
    years = Counter(local_day(time).year for (time,) in rows(query, [log, OPEN, start]))
    return [
        numbered(year, n)
        for year, count in sorted(years.items())
        for n in range(last_given(year) - count + 1, last_given(year) + 1)
    ]


def unknown() -> NoSuchMatter:
    """The same answer for a number that is absent and for one that is not yours."""
    return NoSuchMatter("没有这个事项。", remedy="请核对事项编号。")
