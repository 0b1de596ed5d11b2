"""总览: what is late, lost and unanswered, who must act, and the judge's three checks (R0.6)."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access import policy
from jieli.access.types import Permission
from jieli.doors.web.door import at, me, permitted
from jieli.handover import listing, queries
from jieli.handover.shown import Late

MOST_NAMES = 12


@require_safe
@permitted(Permission.SEE_HANDOVER)
def overview(request: HttpRequest) -> HttpResponseBase:
    """All leavings at a glance; somebody who sees a part of the firm sees that part and no names beside it."""
    instant = at(request)
    reach = policy.reach(me(request), Permission.SEE_HANDOVER, at=instant)
    found, mine = queries.overview(at=instant), listing.numbers(reach)
    late, lost, silent = (_mine(rows, mine) for rows in (found.late, found.lost, found.unanswered))
    checks = [
        {"check": check, "names": check.missing[:MOST_NAMES], "more": max(0, len(check.missing) - MOST_NAMES)}
        for check in found.checks
    ]
    values = {
        "late": late,
        "worst": max((row.days for row in late), default=0),
        "lost": lost,
        "silent": silent,
        "checks": checks if reach.everything else [],
        "met": found.met,
        "counts": listing.counts(reach, at=instant),
        "may_open": policy.may(me(request), Permission.MANAGE_HANDOVER, at=instant),
    }
    return render(request, "console/overview.html", values)


def _mine(rows: Iterable[Late], mine: frozenset[str]) -> list[Late]:
    return [row for row in rows if row.number in mine]
