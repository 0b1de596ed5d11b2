"""Due days beside the rows of another room, for its lists: the tables of duties stay here, the question goes out."""

from django.db.models import OuterRef, Subquery

from jieli.duties.models import Duty
from jieli.duties.types import DutyState


def open_due_day(subject: str, *, name: str) -> Subquery:
    """The earliest due day of the open duty of this name, for the row whose column `subject` holds its subject."""
    waiting = Duty.objects.filter(subject=OuterRef(subject), name=name, state=DutyState.OPEN.value)
    return Subquery(waiting.order_by("due_on").values("due_on")[:1])
