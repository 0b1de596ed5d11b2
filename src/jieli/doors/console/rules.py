"""接续规则: every version, which one is in force, and the table in which the next one is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jieli.access import policy
from jieli.access import queries as access
from jieli.access.types import Permission
from jieli.approvals import queries as approvals
from jieli.approvals.types import RequestRef, RequestState
from jieli.doors.console import typed
from jieli.doors.web.door import at, me, permitted
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.law.queries import cite_all
from jieli.ledger import queries as ledger
from jieli.ledger.places import numbered
from jieli.parties import queries as parties
from jieli.succession import operations, pages, queries, ruletable
from jieli.succession.errors import NoSuchRule
from jieli.succession.types import (
    RULE_APPROVAL,
    CriterionKind,
    Force,
    RuleContent,
    RuleRef,
    RuleRow,
    RuleSection,
    Weights,
)

SPARE, MOST_ROWS = 3, 200
WEIGHTS = ("年限", "贡献", "均衡")
EVERYBODY, STAFF = "每人", "工号:"


@dataclass(frozen=True)
class Standing:
    """A version with what the approvals say of it: 现行, 待审批, 已驳回, 已批准未生效, 已被代替."""

    rule: RuleRef
    word: str
    tone: str
    proposer: str
    request: RequestRef | None


@dataclass(frozen=True)
class Sheet:
    """The editor: every cell as it was typed. `caps` are 工号 and number."""

    pool: str
    criteria: tuple[RuleRow, ...]
    weights: tuple[tuple[str, str], ...]
    capacity: str
    caps: tuple[tuple[str, str], ...]

    def rows(self) -> list[RuleRow]:
        """In the order in which the page numbers them, blank ones too: an error's number is the page's."""
        section = RuleSection
        return [
            RuleRow(section.POOL.value, targets=self.pool),
            *self.criteria,
            *(RuleRow(section.WEIGHT.value, kind=word, number=n) for word, n in self.weights),
            RuleRow(section.CAPACITY.value, kind=EVERYBODY, number=self.capacity),
            *(_cap(no, n) for no, n in self.caps),
        ]


def _cap(no: str, number: str) -> RuleRow:
    if not no and not number:
        return RuleRow()
    return RuleRow(RuleSection.CAPACITY.value, targets=f"{STAFF}{no}", number=number)


def _may_propose(request: HttpRequest) -> bool:
    return policy.may(me(request), Permission.MANAGE_PLAN, at=at(request))


@require_safe
@permitted(Permission.SEE_HANDOVER)
def rules(request: HttpRequest) -> HttpResponseBase:
    """All versions, newest first, and the risk while none is in force."""
    instant = at(request)
    found = _standings(queries.rules(), instant)
    values = {
        "rows": found,
        "current": next((s for s in found if s.word == "现行"), None),
        "waiting": [s for s in found if s.word == "等待审批"],
        "risks": [(f, cite_all(f.articles)) for f in queries.rule_findings(at=instant)],
        "may": _may_propose(request),
    }
    return render(request, "console/rules.html", values)


def _standings(found: Sequence[RuleRef], instant: int) -> list[Standing]:
    """Two queries for all approvals, however many versions there are."""
    current = queries.rule_in_force(at=instant)
    asked = {r.subject: r for r in approvals.histories(RULE_APPROVAL, [r.id for r in found])}
    people = [key for r in found if (key := typed.key(r.proposed_by.partition(":")[2])) is not None]
    names = access.names(people)
    return [_standing(r, current, asked.get(r.id), names, instant) for r in found]


def _standing(
    rule: RuleRef, current: RuleRef | None, asked: RequestRef | None, names: Mapping[UUID, str], instant: int
) -> Standing:
    key = typed.key(rule.proposed_by.partition(":")[2])
    proposer = names.get(key, "不明") if key is not None else "系统"
    state = asked.state if asked is not None else RequestState.WAITING
    if current is not None and current.id == rule.id:
        word, tone = "现行", "proved"
    elif state is RequestState.WAITING:
        word, tone = "等待审批", "due"
    elif state in (RequestState.REJECTED, RequestState.REVOKED):
        word, tone = state.value, "over"
    elif rule.effective_from > local_day(instant):
        word, tone = "已批准，尚未生效", "plain"
    else:
        word, tone = "已被代替", "over"
    return Standing(rule, word, tone, proposer, asked)


@require_safe
@permitted(Permission.SEE_HANDOVER)
def rule(request: HttpRequest, rule: UUID) -> HttpResponseBase:
    """One version: what it says as a table, why, and what customers need."""
    try:
        found = queries.rule(rule)
    except NoSuchRule:
        raise Http404 from None
    values = {
        "s": _standings([found], at(request))[0],
        "sheet": _sheet(found.content, spare=0),
        "formula": pages.formula(),
        "entry": ledger.first_recorded("succession_rule", [found.id])[str(found.id)],
        "may": _may_propose(request),
        "known": _known(found.content),
    }
    return render(request, "console/rule.html", values)


def _known(content: RuleContent) -> list[tuple[str, str]]:
    """工号 that the rule names, with the people's names; units keep their codes."""
    numbers = {*content.pool.staff, *(no for no, _ in content.own_capacity)}
    for criterion in content.criteria:
        numbers |= set(criterion.to.staff)
    return sorted((no, ref.name) for no, ref in parties.staff_by_no(numbers).items())


def _sheet(content: RuleContent | None, *, spare: int) -> Sheet:
    """A rule as the editor shows it, with spare rows to write in."""
    blank, nothing = (RuleRow(),) * spare, (("", ""),) * spare
    if content is None:
        first = Weights()
        weights = zip(WEIGHTS, map(str, (first.tenure, first.contribution, first.balance)), strict=True)
        return Sheet("", blank, tuple(weights), "", nothing)
    rows = ruletable.content_to_rows(content)
    weights_ = tuple((r.kind, r.number) for r in rows if r.section == RuleSection.WEIGHT.value)
    caps = [r for r in rows if r.section == RuleSection.CAPACITY.value]
    return Sheet(
        rows[0].targets,
        (*(r for r in rows if r.section == RuleSection.CRITERION.value), *blank),
        weights_,
        next(r.number for r in caps if r.kind == EVERYBODY),
        (*((r.targets.removeprefix(STAFF), r.number) for r in caps if r.kind != EVERYBODY), *nothing),
    )


def _typed(request: HttpRequest) -> Sheet:
    """The editor as it was posted; rows that were struck out are blank."""
    values = request.POST
    conditions = [
        _criterion(values, n) for n in range(_rows(values, "conditions")) if not values.get(f"drop-{n}")
    ]
    caps = [
        (typed.words(values, f"cap-no-{n}"), typed.words(values, f"cap-{n}"))
        for n in range(_rows(values, "caps"))
        if not values.get(f"drop-cap-{n}")
    ]
    weights = tuple((word, typed.words(values, f"weight-{n}")) for n, word in enumerate(WEIGHTS))
    return Sheet(
        typed.words(values, "pool"), tuple(conditions), weights, typed.words(values, "capacity"), tuple(caps)
    )


def _rows(values: Mapping[str, Any], name: str) -> int:
    count = typed.words(values, name)
    return min(int(count), MOST_ROWS) if count.isascii() and count.isdigit() and len(count) < 5 else 0


def _criterion(values: Mapping[str, Any], n: int) -> RuleRow:
    kind, value, to = (typed.words(values, f"{name}-{n}") for name in ("kind", "value", "to"))
    if not value and not to:
        return RuleRow()  # a kind that is only preselected says nothing
    return RuleRow(RuleSection.CRITERION.value, kind, value, to, typed.words(values, f"force-{n}"))


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.MANAGE_PLAN)
def propose(request: HttpRequest) -> HttpResponseBase:
    """The table: what the newest version says, to be changed; POST proposes the next one, or adds rows."""
    error: JieliError | None = None
    newest = next(iter(queries.rules()), None)
    sheet = _sheet(newest.content if newest else None, spare=SPARE)
    given = {"name": newest.name if newest else "客户接续规则", "effective_from": f"{local_day(at(request))}"}
    if request.method == "POST":
        sheet = _typed(request)
        given = {
            n: typed.words(request.POST, n) for n in ("name", "rationale", "customer_need", "effective_from")
        }
        if request.POST.get("do") == "more":
            sheet = Sheet(
                sheet.pool, (*sheet.criteria, *(RuleRow(),) * SPARE), sheet.weights, sheet.capacity,
                (*sheet.caps, *(("", ""),) * SPARE),
            )  # fmt: skip
        else:
            try:
                return _proposed(request, sheet)
            except JieliError as refused:
                error = refused
    first = len(sheet.criteria)
    values = {
        "sheet": sheet,
        "given": given,
        "newest": newest,
        "error": error,
        "kinds": [k.value for k in CriterionKind],
        "forces": [f.value for f in Force],
        "row_of_weights": first + 2,
        "row_of_capacity": first + 2 + len(WEIGHTS),
        "units": sorted(parties.units_by_code()),
        "formula": pages.formula(),
    }
    return render(request, "console/rule_new.html", values, status=400 if error else 200)


def _proposed(request: HttpRequest, sheet: Sheet) -> HttpResponseBase:
    made = operations.propose_rule_table(
        name=typed.needed(request.POST, "name", "名称"),
        rows=sheet.rows(),
        rationale=typed.needed(request.POST, "rationale", "制定理由"),
        customer_need=typed.needed(request.POST, "customer_need", "客户的需要"),
        effective_from=typed.day(request.POST, "effective_from", "生效日期"),
        by=me(request).actor,
        at=at(request),
    )
    entry = ledger.first_recorded("succession_rule", [made.id])[str(made.id)].entry
    messages.success(
        request,
        f"已提交第 {made.version} 版，等待您以外的人审批。已写入账本第 {numbered(entry)} 条。",
        extra_tags="proved",
    )
    return HttpResponseRedirect(reverse("rule", args=[made.id]))
