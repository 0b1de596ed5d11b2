"""账号: who holds it now, since when, on what paper, and what is odd."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access import policy
from jieli.access.types import Permission, Reach
from jieli.assets import listing as register
from jieli.assets import queries as assets
from jieli.assets.types import NOBODY_KNOWN, AccountState, ControlSpan, HistoryStep, HolderKind, Right
from jieli.doors.console.export import lines
from jieli.doors.web import strips
from jieli.doors.web.door import at, me, permitted
from jieli.doors.web.tags import moment
from jieli.kernel.times import DAY, local_day, start_of_day
from jieli.ledger import queries as ledger
from jieli.parties import queries as parties

OVERDUE = "逾期"
HEADINGS = ["平台", "账号", "昵称", "类型", "状态", "持有", "姓名", "工号", "部门", "自何时", "登记主体"]


def _reach(request: HttpRequest) -> Reach:
    return policy.reach(me(request), Permission.SEE_ACCOUNTS, at=at(request))


def _asked(values: Any) -> register.Asked:
    """What a query string asks for; whatever cannot be meant is left out."""
    holders = (NOBODY_KNOWN, HolderKind.STORE.value, HolderKind.STAFF.value)
    state, holder = values.get("state", ""), values.get("holder", "")
    return register.Asked(
        text=values.get("q", "").replace("\x00", "").strip()[:100],
        state=state if state in {s.value for s in AccountState} else "",
        holder=holder if holder in holders else "",
        platform=values.get("platform", "").replace("\x00", "")[:100],
        overdue=values.get("due", "") == OVERDUE,
        after=_uuid(values.get("after", "")),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@require_safe
@permitted(Permission.SEE_ACCOUNTS)
def accounts(request: HttpRequest) -> HttpResponseBase:
    """The list, as its address asks for it."""
    reach, wanted = _reach(request), _asked(request.GET)
    values = {
        "asked": wanted,
        "counts": register.counts(reach, at=at(request)),
        "found": register.page(reach, wanted, at=at(request)),
        "states": [s.value for s in AccountState],
        "holders": [HolderKind.STAFF.value, HolderKind.STORE.value, NOBODY_KNOWN],
        "platforms": register.platforms(reach, at=at(request)),
        "today": local_day(at(request)),
    }
    return render(request, "console/accounts.html", values)


@require_safe
@permitted(Permission.SEE_ACCOUNTS)
def export(request: HttpRequest) -> HttpResponseBase:
    """The list as its address asks for it, whole, as a table for Excel."""
    rows = register.every(_reach(request), _asked(request.GET), at=at(request))
    response = StreamingHttpResponse(lines(HEADINGS, _cells(rows)), content_type="text/csv; charset=utf-8")
    name = f"accounts-{local_day(at(request)):%Y%m%d}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _cells(rows: Iterator[register.Row]) -> Iterator[list[str]]:
    for r in rows:
        yield [
            r.platform, r.handle, r.nickname, r.type, r.state, r.who, r.name, r.staff_no, r.unit,
            moment(r.since), r.entity,
        ]  # fmt: skip


@require_safe
@permitted(Permission.SEE_ACCOUNTS)
def detail(request: HttpRequest, account: UUID) -> HttpResponseBase:
    """One account: its holders to scale, on any day, with papers, rights and what the book says of it."""
    instant = at(request)
    row = register.one(_reach(request), account, at=instant)
    if row is None:
        raise Http404
    steps = assets.history(account, at=instant)
    users = assets.users_of([account])[account]
    signed = assets.acknowledgements([account])[account]
    staff: set[UUID | None] = {s.staff_id for s in steps}
    staff |= {u.staff_id for u in users} | {a.staff_id for a in signed}
    rights = {right: assets.control_at(account, right, instant) for right in Right}
    staff |= {c.staff_id for c in rights.values() if c is not None}
    people = parties.staff([key for key in staff if key is not None])
    names = {key: person.name for key, person in people.items()}
    values = {
        "row": row,
        "account": assets.accounts_by_id([account])[account],
        "steps": [
            {
                "n": n,
                "step": s,
                "who": strips.label(s, names),
                "person": people.get(s.staff_id) if s.staff_id else None,
                "days": _days(s, instant),
            }
            for n, s in enumerate(steps, 1)
        ],
        "gaps": [s for s in steps if s.holder == NOBODY_KNOWN],
        "strip": strips.holder_strip(steps, names, at=instant),
        "users": [(u, people.get(u.staff_id)) for u in users],
        "signed": [(a, people.get(a.staff_id)) for a in signed],
        "rights": [(right, c, _controller(c, names)) for right, c in rights.items()],
        "recorded": ledger.first_recorded("assets_account", [account]).get(str(account)),
        "today": local_day(instant),
        **_on_day(request, steps, names),
    }  # fmt: skip
    return render(request, "console/account.html", values)


def _controller(control: ControlSpan | None, names: dict[UUID, str]) -> str:
    if control is None:
        return NOBODY_KNOWN
    side = control.controller.value
    return names.get(control.staff_id, side) if control.staff_id is not None else side


def _days(step: HistoryStep, instant: int) -> int:
    end = min(step.to_ms, instant) if step.to_ms is not None else instant
    return max(0, (end - step.from_ms) // DAY)


def _on_day(request: HttpRequest, steps: list[HistoryStep], names: dict[UUID, str]) -> dict[str, Any]:
    """Who held it on the day that the address asks about; a day that is none keeps what was typed."""
    typed = request.GET.get("day", "").strip()
    if not typed:
        return {}
    try:
        day = date.fromisoformat(typed)
        begin = start_of_day(day)
    except (ValueError, OverflowError):
        return {"typed": typed, "day_wrong": "请写成 2026-11-21 这样的日期。"}
    end = begin + DAY
    touching = [s for s in steps if s.from_ms < end and (s.to_ms is None or begin < s.to_ms)]
    known = [s for s in touching if s.holder != NOBODY_KNOWN]
    return {
        "typed": typed,
        "on_day": day,
        "held": [strips.label(s, names) for s in known],
        "partly": len(known) < len(touching) or bool(known and known[0].from_ms > begin),
    }
