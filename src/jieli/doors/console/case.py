"""离职交接（案卷）: what is done, what is missing on each side, the next step; its papers and its lists."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access import policy
from jieli.access.types import Permission
from jieli.assets import queries as assets
from jieli.assets.types import AccountRef
from jieli.doors.console.export import lines
from jieli.doors.web.door import at, me, permitted
from jieli.duties.types import DutyRef, DutyState
from jieli.handover import bindings, cutting, devices, listing, private, queries, recovery
from jieli.handover.shown import CaseView
from jieli.handover.things_types import NumberState, Progress, RecoveryState, Step, StepRef
from jieli.handover.types import CaseRef, HandList, LineClass, ListKind, Missing, Role, SnapshotLine, Stage
from jieli.kernel.times import local_day
from jieli.law.queries import cite_all
from jieli.law.types import Citation
from jieli.papers import queries as papers
from jieli.papers.signing import DeliveryRef, SealUseRef
from jieli.parties import queries as parties
from jieli.parties.types import CustomerRef

MOST_ITEMS = 30
STAGES = (Stage.OPEN, Stage.AUDITED, Stage.HANDED, Stage.KEPT, Stage.PURGED, Stage.CLOSED)
#: Who acts on a leaving: whoever runs it, and for the things themselves also whoever keeps them.
PEOPLE, THINGS = Permission.MANAGE_HANDOVER, Permission.MANAGE_ACCOUNTS
LIST_HEADINGS = ["清单", "类别", "标识", "名称", "状态", "逾期天数", "无法交接原因", "异议"]


@dataclass(frozen=True)
class Owed:
    """A duty with the exact text of its articles."""

    duty: DutyRef
    late: int
    tone: str
    articles: tuple[Citation, ...]


@dataclass(frozen=True)
class Tried:
    """A step of a card, and how its newest try ended."""

    step: Step
    last: StepRef | None


@dataclass(frozen=True)
class Thing:
    """An account or device with its card; `state` is only an account's."""

    line: SnapshotLine
    steps: tuple[Tried, ...]
    complete: bool
    state: RecoveryState | None = None
    personal: bool = False
    outbound: bool = False

    @property
    def settled(self) -> int:
        return sum(s.last is not None and s.last.settled for s in self.steps)


def found(request: HttpRequest, number: str, permission: Permission = Permission.SEE_HANDOVER) -> CaseRef:
    """The case of a number within the reach of a permission; else 404, as for one that does not exist."""
    reach = policy.reach(me(request), permission, at=at(request))
    case = listing.one(reach, number)
    if case is None:
        raise Http404
    return case


def acts(request: HttpRequest, number: str, *permissions: Permission) -> bool:
    """Whether the person may act on this case by one of these permissions."""
    return any(
        listing.one(policy.reach(me(request), p, at=at(request)), number) is not None for p in permissions
    )


@require_safe
@permitted(Permission.SEE_HANDOVER)
def page(request: HttpRequest, number: str) -> HttpResponseBase:
    """The whole leaving."""
    case = found(request, number)
    instant = at(request)
    view = queries.view(number, at=instant)
    held = queries.snapshot(case.id)
    values = {
        "view": view,
        "case": case,
        "open": case.open,
        "may": case.open and acts(request, number, PEOPLE),
        "may_things": case.open and acts(request, number, PEOPLE, THINGS),
        "stages": _stages(case.stage),
        "lacks": _lacks(view, view.completion.company),
        "leaver_lacks": _lacks(view, view.completion.staff),
        "columns": [
            (f"公司欠{view.staff.name}的", _owed(view.company, instant)),
            (f"{view.staff.name}欠公司的", _owed(view.leaver, instant)),
        ],
        "beside": _owed((*view.sender, *view.third), instant),
        "past": [t for t in view.timeline if t.done],
        "ahead": [t for t in view.timeline if not t.done],
        "route": (view.route, cite_all(view.route.articles)),
        "lists": [_list(one) for one in view.lists],
        "accounts": _accounts(case.id, held.of(LineClass.ACCOUNT)),
        "devices": _devices(case.id, held.of(LineClass.DEVICE)),
        "numbers": _numbers(case.id, held.of(LineClass.NUMBER)),
        "private": private.private_items(case.id),
        "papers": _papers(view),
        "promised": _promised(view),
        "cut": cutting.cut(case.id),
        "late_acts": cutting.attempts_after(case.id),
        "today": local_day(instant),
        "instant": instant,
    }
    return render(request, "console/case.html", values)


def _stages(now: Stage) -> list[tuple[str, str]]:
    """Each stage with whether it is behind, here or ahead; a noted closing passed only those it can show."""
    if now is Stage.CLOSED_NOTED:
        return [(Stage.OPEN.value, "done"), (now.value, "here")]
    here = STAGES.index(now)
    return [
        (stage.value, "done" if n < here else "here" if n == here else "ahead")
        for n, stage in enumerate(STAGES)
    ]


def _lacks(view: CaseView, missing: Sequence[Missing]) -> list[tuple[str, str, str]]:
    """What one side still owes in few lines: text, who, and the place on the page. Duties stand there one by one."""
    made = [(m.text, m.who, "#things") for m in missing if m.code not in ("signature", "duty")]
    for role in Role:
        lists = [one.kind.value for one in view.lists if one.papers and role in one.unsigned]
        if lists and any(m.code == "signature" and m.who == role.value for m in missing):
            made.append((f"{role}还没有签：{'、'.join(lists)}", role.value, "#papers"))
    owed = [m for m in missing if m.code == "duty"]
    return [*made, *([(f"{len(owed)} 项义务还没有履行", owed[0].who, "#owed")] if owed else [])]


def _owed(duties: Sequence[DutyRef], instant: int) -> list[Owed]:
    today = local_day(instant)
    texts = {c.id: c for c in cite_all(dict.fromkeys(a for d in duties for a in d.articles))}
    order = {DutyState.OPEN: 0, DutyState.CONTINUING: 1, DutyState.DONE: 2, DutyState.DROPPED: 3}
    made = [
        Owed(d, d.days_late(today), _tone(d, d.days_late(today)), tuple(texts[a] for a in d.articles))
        for d in duties
    ]
    return sorted(made, key=lambda o: order[o.duty.state])


def _tone(duty: DutyRef, late: int) -> str:
    if duty.state is DutyState.OPEN:
        return "late" if late else "due"
    return "done" if duty.state is DutyState.DONE else "plain"


def _list(one: HandList) -> dict[str, Any]:
    """A list with what is not handed over first: that is what somebody looks for."""
    items = sorted(one.items, key=lambda i: (-i.days_late, i.state.value.startswith("已"), i.label))
    back = sum(i.state.value.startswith("已") for i in items)
    return {
        "list": one, "items": items[:MOST_ITEMS], "more": max(0, len(items) - MOST_ITEMS), "back": back,
        "late": any(i.days_late for i in items),
        "objected": sum(bool(i.objections) for i in items),
    }  # fmt: skip


def _accounts(case: UUID, held: Sequence[SnapshotLine]) -> list[Thing]:
    ids = [line.subject for line in held if line.subject]
    known: dict[UUID, AccountRef] = assets.accounts_by_id(ids)
    tested, listed = recovery.progress(case, ids), recovery.by_list(case, ids)
    states = recovery.states(case, ids)
    made = []
    for line in held:
        if line.subject is None:
            continue
        personal = line.subject in known and known[line.subject].type.personal
        card = (listed if personal else tested)[line.subject]
        # Both steps that keep customers from being deceived are on the card: no query of its own for each account.
        open_ = not {s.name for s in card.missing} & {"NEW_FACE", "FIRST_MESSAGE"}
        made.append(
            Thing(line, _steps(card), card.complete, states[line.subject], personal, open_ and not personal)
        )
    return made


def _devices(case: UUID, held: Sequence[SnapshotLine]) -> list[Thing]:
    cards = devices.progress(case, [line.subject for line in held if line.subject])
    return [
        Thing(line, _steps(cards[line.subject]), cards[line.subject].complete)
        for line in held
        if line.subject
    ]


def _steps(card: Progress) -> tuple[Tried, ...]:
    """Every step of the card in its order: those settled, those that failed, those not tried."""
    last = {s.step: s for s in card.done}
    first = next(iter([*last, *card.missing]), None)
    order: list[Step] = [] if first is None else list(type(first))
    return tuple(Tried(step, last.get(step)) for step in order)


def _numbers(case: UUID, held: Sequence[SnapshotLine]) -> list[tuple[SnapshotLine, NumberState]]:
    states = bindings.states(case, [line.subject for line in held if line.subject])
    return [(line, states[line.subject]) for line in held if line.subject]


def _papers(view: CaseView) -> list[dict[str, Any]]:
    """Papers with what happened to each; deliveries with their ids, so that a result can be entered."""
    ids = [p.paper.id for p in view.papers]
    sent: dict[UUID, list[DeliveryRef]] = papers.deliveries(ids)
    sealed: dict[UUID, list[SealUseRef]] = papers.seal_uses(ids)
    return [
        {"kept": p, "sent": sent.get(p.paper.id, []), "sealed": sealed.get(p.paper.id, [])}
        for p in view.papers
    ]


def _promised(view: CaseView) -> list[tuple[Any, CustomerRef | None]]:
    clients = parties.customer([p.customer for p in view.promises])
    return [(p, clients.get(p.customer)) for p in view.promises]


def in_case(case: CaseRef, paper: UUID) -> bool:
    """Whether a paper belongs to a leaving: its own, and the proofs that stand in it."""
    return paper in _papers_of(queries.view(case.number, at=case.opened_at))


def _papers_of(view: CaseView) -> set[UUID]:
    own = {p.paper.id for p in view.papers}
    told: Iterable[UUID | None] = (
        *(d.paper for d in (*view.company, *view.leaver, *view.sender, *view.third)),
        *(s.paper for s in view.settlement),
        *(a.proof for a in view.attempts),
        *(f.paper for f in view.follow_ups),
    )
    scans = (s.scan for some in papers.signatures(own).values() for s in some)
    proofs = (r.proof for some in papers.refusals(own).values() for r in some)
    results = (r.proof for some in papers.deliveries(own).values() for d in some for r in d.results)
    return own | {p for p in (*told, *scans, *proofs, *results) if p is not None}


@require_safe
@permitted(Permission.SEE_HANDOVER)
def paper(request: HttpRequest, number: str, paper: UUID) -> HttpResponseBase:
    """A paper of the leaving, byte for byte as the register keeps it."""
    case = found(request, number)
    if not in_case(case, paper):
        raise Http404
    kept = papers.paper(paper)
    response = HttpResponse(papers.content(paper), content_type=kept.media_type)
    ending = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}.get(kept.media_type, "txt")
    how = "inline" if request.GET.get("view") else "attachment"
    response["Content-Disposition"] = f'{how}; filename="{kept.number or kept.sha256[:12]}.{ending}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@permitted(Permission.SEE_HANDOVER)
def lists(request: HttpRequest, number: str) -> HttpResponseBase:
    """The four lists whole, as a table for Excel."""
    case = found(request, number)
    rows = [
        [one.kind.value, _class(one, item.key), item.key, item.label, item.state.value, str(item.days_late),
         item.reason, "；".join(item.objections)]
        for one in queries.lists(case, at=at(request))
        for item in one.items
    ]  # fmt: skip
    response = StreamingHttpResponse(lines(LIST_HEADINGS, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{number}-lists.csv"'
    return response


def _class(one: HandList, key: str) -> str:
    return "" if one.kind is not ListKind.DATA else key
