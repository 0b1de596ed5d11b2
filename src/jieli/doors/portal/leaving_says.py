"""What the person who leaves can say: objections, private things, what hangs on his number, promises, amounts.

Each is his own statement in his own leaving. Nothing he says is changed by the company; what he typed stays on the
page when it cannot be taken.
"""

from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final, TypeVar
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from jieli.doors.portal.leaving import numbers, own_case
from jieli.doors.web.door import at, me, signed_in
from jieli.handover import bindings, operations, queries
from jieli.handover import private as private_room
from jieli.handover.things_types import Decision, NewBinding, NewPrivate, PrivateKind, ServiceKind
from jieli.handover.types import (
    CaseRef,
    LineClass,
    ListKind,
    NewCommission,
    NewPromise,
    NewSettlement,
    Party,
    Statement,
)
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.ledger.operations import book
from jieli.ledger.places import numbered
from jieli.parties import queries as parties
from jieli.parties.types import Qualifier

MOST_WORDS, MOST_NAME = 2_000, 200
MOST_FEN: Final = 10**13
WORD = TypeVar("WORD", bound=StrEnum)
Act = Callable[[], object]


class Mistyped(JieliError):
    """What was sent cannot be taken as it stands."""

    code = "portal.mistyped"


def _words(request: HttpRequest, name: str, label: str = "", most: int = MOST_NAME) -> str:
    """What was typed, trimmed; a field with a label must be filled."""
    found = request.POST.get(name, "").replace("\x00", "").strip()[:most]
    if label and not found:
        raise Mistyped(f"没有填写“{label}”。", remedy="请补全后重新提交。")
    return found


def _choice(kind: type[WORD], text: str, label: str) -> WORD:
    try:
        return kind(text)
    except ValueError:
        raise Mistyped(f"没有选择“{label}”。", remedy="请从所列各项中选择。") from None


def _day(text: str, label: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Mistyped(f"“{label}”不是日期。", remedy="请写成 2026-11-21 这样的日期。") from None


def _fen(text: str) -> int | None:
    """An amount in yuan as people type it (1,280.50), in fen; None for an empty field."""
    plain = text.replace(",", "").replace("，", "").removeprefix("¥").strip()
    if not plain:
        return None
    try:
        fen = Decimal(plain) * 100
    except InvalidOperation:
        fen = Decimal("NaN")
    if not fen.is_finite() or fen != fen.to_integral_value() or not 0 <= fen < MOST_FEN:
        raise Mistyped("金额看不懂。", remedy="请写成 1280.50 这样的数字，最多两位小数；说不准的写在说明里。")
    return int(fen)


def _answer(
    request: HttpRequest,
    case: CaseRef,
    template: str,
    values: dict[str, Any],
    act: Callable[[], tuple[str, Act]],
) -> HttpResponseBase:
    """Show a form; or do what was sent and say so with its entry; or show it again with what was typed."""
    error: JieliError | None = None
    if request.method == "POST":
        if not case.open:
            raise Http404
        try:
            told, done = act()
            with book(at=at(request)) as b:
                done()
            messages.success(
                request,
                f"{told}。已写入账本第 {numbered(b.entries[-1].index or 0)} 条。",
                extra_tags="proved",
            )
            return HttpResponseRedirect(values.get("back") or reverse("leaving"))
        except JieliError as refused:
            error = refused
    shown = {"case": case, "error": error, "typed": request.POST} | values
    return render(request, template, shown, status=400 if error else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def objection(request: HttpRequest) -> HttpResponseBase:
    """有异议 to one line: of a list, of the amounts, or to one of the duties."""
    case = own_case(request)
    place, label, subject = _target(request, case)

    def act() -> tuple[str, Act]:
        text = _words(request, "words", "异议内容", MOST_WORDS)
        return f"已记下您对“{label}”的异议", lambda: operations.object_to(
            case=case.id, place=place, text=text, subject=subject, made_on=local_day(at(request)),
            by=me(request).actor, at=at(request),
        )  # fmt: skip

    return _answer(request, case, "portal/leaving_object.html", {"place": place, "label": label}, act)


def _target(request: HttpRequest, case: CaseRef) -> tuple[str, str, UUID | None]:
    """What the address names in this leaving: where it stands, how it is called, its id. 404 for anything else."""
    name, key = request.GET.get("place", ""), request.GET.get("item", "")
    if name in {kind.value for kind in ListKind}:
        one = next(one for one in queries.lists(case, at=at(request)) if one.kind.value == name)
        for item in one.items:
            if item.key == key:
                place = name if item.subject else f"{name}·{item.label}"
                return place, item.label, item.subject
        raise Http404
    view = queries.view(case.number, at=at(request))
    named = [("结算", line.id, line.name) for line in view.settlement]
    named += [("提成", line.id, f"订单 {line.order_no}") for line in view.commission]
    named += [("义务", d.id, d.name) for d in (*view.company, *view.sender, *view.leaver)]
    for where, found, label in named:
        if (where, str(found)) == (name, key):
            return f"{where}·{label}", label, found
    raise Http404


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def private(request: HttpRequest) -> HttpResponseBase:
    """标记私人内容: names and places only, never content; or hold against what the metadata said."""
    case = own_case(request)
    by, instant = me(request).actor, at(request)

    def act() -> tuple[str, Act]:
        if "dispute" in request.POST:
            item = next(
                (i for i in private_room.private_items(case.id) if str(i.id) == request.POST["dispute"]), None
            )
            if item is None:
                raise Http404
            return f"已记下您对“{item.label}”的核对结果有异议", lambda: private_room.dispute_private(
                case=case.id, item=item.id, by=by, at=instant
            )
        count = _words(request, "count") or "1"
        if not count.isdecimal() or not 1 <= int(count) <= 1_000_000:
            raise Mistyped("数量看不懂。", remedy="请写整数，例如 3。")
        marked = NewPrivate(
            kind=_choice(PrivateKind, _words(request, "kind"), "种类"),
            label=_words(request, "label", "名称"),
            where=_words(request, "where", "在哪里"),
            decision=_choice(Decision, _words(request, "decision"), "怎么处置"),
            count=int(count),
        )
        return f"已标记“{marked.label}”", lambda: private_room.mark_private(
            case=case.id, items=[marked], by=by, at=instant
        )

    values = {
        "kinds": list(PrivateKind),
        "decisions": list(Decision),
        "items": private_room.private_items(case.id),
        "back": reverse("leaving-private"),
    }
    return _answer(request, case, "portal/leaving_private.html", values, act)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bound(request: HttpRequest, number: UUID) -> HttpResponseBase:
    """解绑清单: what of his own hangs on a company number, what he has unbound, and that this is all."""
    case = own_case(request)
    line, state = next((pair for pair in numbers(case) if pair[0].subject == number), (None, None))
    if line is None or state is None:
        raise Http404
    by, instant = me(request).actor, at(request)

    def declared(named: list[NewBinding], *, complete: bool) -> Act:
        return lambda: bindings.declare_bindings(
            case=case.id, number=number, bindings=named, complete=complete, by=by, at=instant
        )

    def act() -> tuple[str, Act]:
        if "unbind" in request.POST:
            key = next((b.id for b in state.bindings if str(b.id) == request.POST["unbind"]), None)
            if key is None:
                raise Http404
            return "已记下解绑", lambda: bindings.unbind(
                case=case.id, binding=key, unbound_at=instant, by=by, at=instant
            )
        if "complete" in request.POST:
            return "已记下：清单已经完整", declared([], complete=True)
        kind = _choice(ServiceKind, _words(request, "kind"), "种类")
        named = NewBinding(kind, _words(request, "name", "名称"))
        return f"已加入解绑清单：{named.name}", declared([named], complete=False)

    values = {
        "line": line,
        "state": state,
        "kinds": list(ServiceKind),
        "back": reverse("leaving-number", args=[number]),
    }
    return _answer(request, case, "portal/leaving_number.html", values, act)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def promises(request: HttpRequest) -> HttpResponseBase:
    """承诺接续单: promises to customers of this leaving; each waits for the company's written answer."""
    case = own_case(request)

    def act() -> tuple[str, Act]:
        held = {line.subject for line in queries.snapshot(case.id).of(LineClass.CUSTOMER)}
        number = _words(request, "customer", "客户编号")
        customer = parties.customers_by_no([number]).get(number)
        if customer is None or customer.id not in held:
            raise Mistyped("您的客户清单里没有这个编号。", remedy="请按客户清单填写客户编号。")
        made = NewPromise(
            customer.id,
            _words(request, "words", "承诺内容", MOST_WORDS),
            _day(_words(request, "promised_on"), "承诺日期"),
        )
        return f"已列出对{customer.name}的承诺", lambda: operations.list_promises(
            case=case.id, promises=[made], by=me(request).actor, at=at(request)
        )

    found = queries.view(case.number, at=at(request)).promises
    names = parties.customer({p.customer for p in found})
    values = {
        "promises": [(p, names[p.customer]) for p in found],
        "back": reverse("leaving-promises"),
    }
    return _answer(request, case, "portal/leaving_promises.html", values, act)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def money(request: HttpRequest) -> HttpResponseBase:
    """The person's own figures: pay that the company owes, and orders in progress with their commission."""
    case = own_case(request)
    by, instant = me(request).actor, at(request)

    def act() -> tuple[str, Act]:
        said = Statement(
            _fen(_words(request, "amount")),
            _choice(Qualifier, _words(request, "qualifier") or Qualifier.EXACT.value, "准确程度"),
            _words(request, "words", most=MOST_WORDS),
        )
        if "order" in request.POST:
            order = NewCommission(_words(request, "order", "订单号"), _words(request, "product"), staff=said)
            return f"已记下您对订单 {order.order_no} 的陈述", lambda: operations.state_commission(
                case=case.id, lines=[order], by=by, at=instant
            )
        line = NewSettlement(_words(request, "name", "项目"), Party.COMPANY, staff=said)
        return f"已记下您对“{line.name}”的陈述", lambda: operations.state_settlement(
            case=case.id, lines=[line], by=by, at=instant
        )

    view = queries.view(case.number, at=instant)
    values = {
        "pays": [line for line in view.settlement if line.owed_by is Party.COMPANY],
        "orders": view.commission,
        "qualifiers": list(Qualifier),
        "back": reverse("leaving-money"),
    }
    return _answer(request, case, "portal/leaving_money.html", values, act)
