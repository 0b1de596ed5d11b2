"""保存与销毁: how long each class is kept and why, how much is due, what keeps it, what waits for approval."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access.types import Permission
from jieli.archive import retention
from jieli.doors.web.door import at, permitted
from jieli.kernel.times import local_day


@require_safe
@permitted(Permission.SEE_LEDGER)
def page(request: HttpRequest) -> HttpResponseBase:
    """The policy in force and what follows from it today. Counts only: nothing here names a person or an item."""
    found = retention.state(at=at(request))
    values = {
        "state": found,
        "due": sum(c.due - c.held for c in found.classes),
        "held": sum(c.held for c in found.classes),
        "next": min((c.next_on for c in found.classes if c.next_on is not None), default=None),
        "plans": [(p, local_day(p.before)) for p in found.plans],
    }
    return render(request, "console/retention.html", values)
