"""Whose door it is, asked from the staff record."""

from uuid import UUID

from jieli.access.models import User


def persons_of_staff(staff: UUID) -> list[UUID]:
    """The login identity of somebody on the staff; none where he never had one."""
    return list(User.objects.filter(staff=staff).values_list("id", flat=True))
