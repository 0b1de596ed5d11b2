"""Which staff members belong to which part of the house."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q

from jieli.parties.models import Staff


def staff_within(
    staff: Collection[UUID], *, entities: Collection[UUID], units: Collection[UUID]
) -> set[UUID]:
    """Which of these staff members work in one of the units, or in a unit of one of the entities. One query."""
    inside = Q(unit_id__in=units) | Q(unit__entity_id__in=entities)
    return set(Staff.objects.filter(inside, id__in=staff).values_list("id", flat=True))
