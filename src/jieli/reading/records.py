"""Which openings are past their time and still say what was looked for (ADR 20); the archive's plan asks."""

from uuid import UUID

from django.db.models import Q

from jieli.reading.models import Opening


def due_openings(before: int, most: int) -> list[tuple[UUID, int]]:
    """The oldest openings from before an instant (ms UTC) that still name words, account or party; with their instant.

    Emptied, an opening says who opened how many items when, for what purpose and matter; not what he looked for.
    """
    said = Q(query__isnull=False) | Q(account__isnull=False) | Q(party__isnull=False)
    found = Opening.objects.filter(said, at__lt=before).order_by("at", "id").values_list("id", "at")
    return list(found[:most])
