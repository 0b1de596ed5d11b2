"""The register of destructions: every one that was ever intended, how far it is, and its certificate with two dates."""

from dataclasses import dataclass
from uuid import UUID

from jieli.archive import destruction, queries
from jieli.archive.models import Shred
from jieli.archive.types import CertificateRef, ShredScope, Step


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A destruction. `step` while it is under way, else `certificate`; `at` is its intent's instant, ms UTC.

    `items` counts messages: what a plan takes of other records stands on the certificate.
    """

    shred: UUID
    scope: ShredScope
    target: str
    items: int
    at: int
    step: Step | None
    certificate: CertificateRef | None


def since(at: int = 0) -> list[Destroyed]:
    """Every destruction intended at an instant (ms UTC) or later, newest first. Four statements, however many.

    `target` names a class alone: other targets are people and conversations, which whoever asks has by their ids.
    """
    steps = {one.shred: one.step for one in destruction.progress()}
    rows = list(Shred.objects.filter(at__gte=at).order_by("-at", "-id"))
    done = queries.certificates([row.id for row in rows])
    return [
        Destroyed(
            row.id, ShredScope(row.scope), (row.target or "") if row.scope == ShredScope.CLASS.value else "",
            row.items, row.at, None if row.id in done else steps.get(row.id, Step.INTENDED), done.get(row.id),
        )
        for row in rows
    ]  # fmt: skip
