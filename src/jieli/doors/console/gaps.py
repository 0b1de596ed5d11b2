"""上线差距: what is missing before we may record, person by person, and how far each unit has come."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access import policy
from jieli.access.types import Permission, Reach
from jieli.assets import listing as register
from jieli.consent import queries
from jieli.consent.queries import Coverage, Gap
from jieli.doors.console.export import lines
from jieli.doors.web.door import at, me, permitted
from jieli.kernel.times import local_day
from jieli.parties.membership import staff_within

PAGE = 50
HEADINGS = ["工号", "姓名", "部门", "还缺什么"]


def _reach(request: HttpRequest) -> Reach:
    return policy.reach(me(request), Permission.SEE_GAPS, at=at(request))


def _found(request: HttpRequest, reach: Reach, platform: str) -> list[Gap]:
    """Gaps in reach that the address asks for, by unit and 工号."""
    found = queries.gaps(at=at(request), platform=platform)
    if not reach.everything:
        inside = staff_within([g.staff for g in found], entities=reach.entities, units=reach.units)
        found = [g for g in found if g.staff in inside]
    text, unit, lack = (request.GET.get(name, "").strip() for name in ("q", "unit", "lack"))
    return [
        g
        for g in found
        if (not text or text in g.name or text in g.staff_no)
        and (not unit or g.unit == unit)
        and (not lack or lack in g.missing)
    ]


def _platform(request: HttpRequest, known: list[str]) -> str:
    wanted = request.GET.get("platform", "")
    return wanted if wanted in known else (known[0] if known else "")


@require_safe
@permitted(Permission.SEE_GAPS)
def gaps(request: HttpRequest) -> HttpResponseBase:
    """The table, as its address asks for it. Counts by unit are for those who may see the whole house."""
    reach = _reach(request)
    platforms = register.platforms_with_holders(at=at(request))
    platform = _platform(request, platforms)
    found = _found(request, reach, platform) if platform else []
    cover = queries.coverage(at=at(request), platform=platform) if platform and reach.everything else []
    after = request.GET.get("after", "")
    rest = [g for g in found if (g.unit, g.staff_no) > _place(after)] if after else found
    values = {
        "platforms": platforms,
        "platform": platform,
        "asked": {name: request.GET.get(name, "").strip() for name in ("q", "unit", "lack")},
        "narrowed": any(request.GET.get(name, "").strip() for name in ("q", "unit", "lack")),
        "matching": len(found),
        "rows": rest[:PAGE],
        "after": after,
        "following": f"{rest[PAGE - 1].unit}\t{rest[PAGE - 1].staff_no}" if len(rest) > PAGE else None,
        "cover": [_bars(c) for c in cover],
        "people": sum(c.staff for c in cover),
        "complete": sum(c.complete for c in cover),
        "units": [c.unit for c in cover],
        "lacks": _lacks(found),
    }
    return render(request, "console/gaps.html", values)


def _place(after: str) -> tuple[str, str]:
    unit, _, staff_no = after.partition("\t")
    return unit, staff_no


def _bars(c: Coverage) -> dict[str, Any]:
    parts = (
        ("告知", c.notified),
        ("同意", c.agreed),
        ("文件", c.documents),
        ("签收", c.signed),
        ("齐全", c.complete),
    )
    return {
        "unit": c.unit,
        "staff": c.staff,
        "parts": [
            {"word": word, "have": have, "width": f"{have * 100 / c.staff:.2f}%"} for word, have in parts
        ],
    }


def _lacks(found: Iterable[Gap]) -> list[tuple[str, int]]:
    """How often each thing is missing, the most frequent first."""
    counted: dict[str, int] = {}
    for gap in found:
        for word in gap.missing:
            counted[word] = counted.get(word, 0) + 1
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


@require_safe
@permitted(Permission.SEE_GAPS)
def export(request: HttpRequest) -> HttpResponseBase:
    """The table as its address asks for it, whole, for Excel."""
    platform = _platform(request, register.platforms_with_holders(at=at(request)))
    found = _found(request, _reach(request), platform) if platform else []
    response = StreamingHttpResponse(lines(HEADINGS, _cells(found)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="gaps-{local_day(at(request)):%Y%m%d}.csv"'
    return response


def _cells(found: Iterable[Gap]) -> Iterator[list[str]]:
    for gap in found:
        yield [gap.staff_no, gap.name, gap.unit, "、".join(gap.missing)]
