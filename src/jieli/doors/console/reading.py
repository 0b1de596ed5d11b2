"""查阅: may I read this, for what, and what was said? Every search and every page is an opening: all are POST."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from jieli.access.types import Permission
from jieli.assets import listing
from jieli.assets import queries as assets
from jieli.consent.types import SubjectKind
from jieli.doors.web.door import at, me, permitted
from jieli.kernel.errors import JieliError
from jieli.kernel.times import DAY, start_of_day
from jieli.ledger.places import numbered
from jieli.matters import queries as matters
from jieli.parties import queries as parties
from jieli.reading import operations, showing
from jieli.reading.showing import FileLine
from jieli.reading.types import LeftOut, Page, Purpose, Shown, Window
from jieli.wiring import ports
from jieli.wiring.profile import profile

MEDIA = {
    "image": "图片", "voice": "语音", "video": "视频", "file": "文件", "emotion": "表情", "recording": "录音",
}  # fmt: skip
FIELDS = ("query", "purpose", "matter", "from", "to", "account", "party", "conversation")


class Mistyped(JieliError):
    """Something in the form means nothing; `field` says what."""

    code = "console.mistyped"


@dataclass(frozen=True)
class Line:
    """An item on a page: who, when, and the words around what was looked for, in three parts."""

    item: Shown
    who: str
    ours: bool
    account: str
    before: str
    hit: str
    rest: str
    media: tuple[tuple[str, FileLine], ...]


@require_safe
@permitted(Permission.READ)
def form(request: HttpRequest) -> HttpResponseBase:
    """The empty form. Nothing is read here."""
    typed = {name: request.GET.get(name, "") for name in FIELDS}
    return render(request, "console/reading.html", _form(typed))


def _form(typed: dict[str, str], error: JieliError | None = None) -> dict[str, Any]:
    return {
        "typed": typed,
        "error": error,
        "purposes": [p.value for p in Purpose],
        "matters": matters.open_matters(),
    }


@require_POST
@permitted(Permission.READ)
def search(request: HttpRequest) -> HttpResponseBase:
    """Search under an opening; what was typed stays whatever comes of it."""
    typed = {name: request.POST.get(name, "").strip() for name in FIELDS}
    try:
        ports.fill(profile(), at=at(request))
        page = operations.search(
            query=typed["query"],
            purpose=typed["purpose"],
            matter=typed["matter"],
            by=me(request),
            at=at(request),
            window=_window(typed),
            cursor=request.POST.get("cursor") or None,
        )
    except JieliError as error:
        return render(request, "console/reading.html", _form(typed, error), status=400)
    return render(request, "console/reading.html", {**_form(typed), **_page(request, page, typed["query"])})


@require_POST
@permitted(Permission.READ)
def conversation(request: HttpRequest) -> HttpResponseBase:
    """A whole conversation in its order, under an opening of its own."""
    typed = {name: request.POST.get(name, "").strip() for name in FIELDS}
    try:
        ports.fill(profile(), at=at(request))
        page = operations.open_conversation(
            conversation=_number(typed["conversation"]),
            purpose=typed["purpose"],
            matter=typed["matter"],
            by=me(request),
            at=at(request),
            cursor=request.POST.get("cursor") or None,
        )
    except JieliError as error:
        return render(request, "console/reading.html", _form(typed, error), status=400)
    return render(request, "console/conversation.html", {"typed": typed, **_page(request, page, "")})


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Mistyped("没有这段会话。", remedy="请从检索结果中打开。")
    return int(text)


def _window(typed: dict[str, str]) -> Window:
    """What narrows the search; Mistyped for a day, an account or a customer that is none."""
    begin, end = _day(typed["from"]), _day(typed["to"])
    account = party = None
    if typed["account"]:
        found = listing.by_handle(typed["account"])
        if len(found) != 1:
            raise Mistyped(f"没有标识为“{typed['account']}”的账号。", remedy="请到“账号”页查到它的标识再填。")
        account = found[0]
    if typed["party"]:
        customer = parties.customers_by_no([typed["party"]]).get(typed["party"])
        if customer is None:
            raise Mistyped(f"没有编号为“{typed['party']}”的客户。", remedy="请核对客户编号。")
        party = customer.id
    return Window(begin, end + DAY if end is not None else None, account, party)


def _day(text: str) -> int | None:
    if not text:
        return None
    try:
        return start_of_day(date.fromisoformat(text))
    except (ValueError, OverflowError):
        raise Mistyped(f"“{text}”不是日期。", remedy="请写成 2026-11-21 这样的日期。") from None


def _page(request: HttpRequest, page: Page, query: str) -> dict[str, Any]:
    return {
        "page": page,
        "lines": _lines(page.shown, query),
        "left_out": [(why.value, page.left_out[why]) for why in LeftOut if page.left_out.get(why)],
        "not_opened": sum(page.left_out.values()),
        "not_shown": sum(page.not_shown.values()),
        "mark": f"{me(request).name} 查阅 · 账本第 {numbered(page.entry)} 条",
        "read_at": at(request),
    }


def _lines(shown: Iterable[Shown], query: str) -> list[Line]:
    """Items with the names of who spoke and of the account, fetched together."""
    items = list(shown)
    spoke: dict[str, set[UUID]] = {kind.value: set() for kind in SubjectKind}
    for item in items:
        if item.speaker is not None and item.speaker_kind is not None:
            spoke[item.speaker_kind].add(item.speaker)
    names = {key: s.name for key, s in parties.staff(spoke[SubjectKind.STAFF.value]).items()}
    names |= {key: c.name for key, c in parties.customer(spoke[SubjectKind.CUSTOMER.value]).items()}
    accounts = assets.accounts_by_id({i.account for i in items if i.account is not None})
    files = showing.files_of(items)
    return [
        _line(item, names, accounts.get(item.account) if item.account else None, query, files[item.item_id])
        for item in items
    ]


def _line(item: Shown, names: dict[UUID, str], account: Any, query: str, files: tuple[FileLine, ...]) -> Line:
    before, hit, rest = item.snippet.partition(query) if query else (item.snippet, "", "")
    return Line(
        item=item,
        who=names.get(item.speaker, item.sender) if item.speaker is not None else item.sender,
        ours=item.speaker_kind == SubjectKind.STAFF.value,
        account=(account.nickname or account.handle) if account is not None else "",
        before=before,
        hit=hit,
        rest=rest,
        media=tuple((MEDIA.get(one.kind, "附件"), one) for one in files),
    )
