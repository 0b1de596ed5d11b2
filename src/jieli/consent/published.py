"""The register of notices: every version that was published, and whether it is the one in force."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count

from jieli.consent.models import Notice, Served
from jieli.consent.types import SubjectKind
from jieli.ledger import queries as ledger


@dataclass(frozen=True, slots=True)
class Published:
    """A version of a notice. `at` is the instant of its entry, ms UTC; `current` while no later version has its title.

    `served` counts the people whom it reached, each once.
    """

    id: UUID
    kind: SubjectKind
    title: str
    version: int
    at: int
    current: bool
    served: int


def notices(kind: SubjectKind | None = None) -> list[Published]:
    """Every notice written to staff, to customers, or to either, newest first. Three statements."""
    rows = Notice.objects.all() if kind is None else Notice.objects.filter(kind=kind.value)
    found = list(rows.values_list("id", "kind", "title", "version"))
    newest: dict[tuple[str, str], int] = {}
    for _, to, title, version in found:
        newest[to, title] = max(version, newest.get((to, title), version))
    reached = dict(
        Served.objects.values_list("notice").annotate(people=Count("subject", distinct=True)).order_by()
    )
    marks = ledger.first_recorded(Notice._meta.db_table, [key for key, *_ in found])
    told = [
        Published(
            key, SubjectKind(to), title, version, marks[str(key)].time, version == newest[to, title],
            reached.get(key, 0),
        )
        for key, to, title, version in found if str(key) in marks
    ]  # fmt: skip
    return sorted(told, key=lambda n: (-n.at, n.kind, n.title, -n.version))
