"""保全: what is kept on purpose, by whom and why, since when; whoever may hold releases here what has served its turn.

The holds that the rule of 时效 places are counted and not listed: nobody can release them by hand for long.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jieli.access.types import Permission
from jieli.archive import operations
from jieli.archive import queries as archive
from jieli.doors.console import typed
from jieli.doors.web.door import at, me, permitted
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.wiring import holds


@require_safe
@permitted(Permission.HOLD)
def page(request: HttpRequest) -> HttpResponseBase:
    """The holds in force that people placed, oldest first."""
    return render(request, "console/holds.html", _values())


def _values(error: JieliError | None = None) -> dict[str, Any]:
    placed, by_rule = holds.by_people(archive.holds())
    return {
        "shown": [(one, local_day(one.hold.at)) for one in holds.tell(placed)],
        "by_rule": by_rule,
        "error": error,
    }


@require_POST
@permitted(Permission.HOLD)
def release(request: HttpRequest, hold: UUID) -> HttpResponseBase:
    """End a hold, with a reason. Nothing is destroyed by it."""
    try:
        reason = typed.needed(request.POST, "reason", "解除的理由")
        operations.release(hold=hold, reason=reason, by=me(request).actor, at=at(request))
    except JieliError as error:
        return render(request, "console/holds.html", _values(error), status=400)
    messages.success(request, "已解除这项保全；没有因此销毁任何东西。", extra_tags="proved")
    return HttpResponseRedirect(reverse("holds"))
