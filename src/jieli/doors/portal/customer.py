"""顾问变更 (a customer, on a phone): who, why, one button for each choice, and silence afterwards (R2.9, R2.21).

Looking changes nothing. A link that is wrong, over or not his says nothing, whichever it is. The page asks for the
choice and for nothing else; a complaint stands small below it.
"""

from typing import Any, Final

import segno
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from jieli.access import attempts
from jieli.access.errors import TooManyAttempts
from jieli.doors.web.door import at, place, private
from jieli.handover import queries as handover
from jieli.handover.types import PromiseLine
from jieli.kernel.errors import JieliError
from jieli.succession import choices
from jieli.succession.faults import LinkExpired, NoSuchLink
from jieli.succession.spoken import ChoiceWord, CustomerCard

MOST_WORDS: Final = 1_000
_W = ChoiceWord
#: What each choice does, said before it is made.
BEFORE: Final = {
    _W.ACCEPT: "由页面上的接续人员继续为您服务。之后您仍可以回到本页改变选择。",
    _W.REFUSE: "我们不再安排任何人接替，也不再就这件事联系您。今后如需服务，由您自己扫码或来电。",
    _W.ANOTHER: "我们另请一位顾问，只再询问您一次。在您同意之前，没有人接替。",
    _W.NO_CONTACT: "我们不再主动联系您。您已购买的服务和权益不受影响。",
}
#: What was done, said afterwards.
AFTER: Final = {
    _W.ACCEPT: "已按您的选择办理，不再就这件事打扰您。",
    _W.REFUSE: "已停止安排接替，不再就这件事联系您。",
    _W.ANOTHER: "已转给负责人，会另请一位顾问。除此之外不再打扰您。",
    _W.NO_CONTACT: "已登记，不再主动联系您。",
}


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponseBase:
    """The card behind a link; a POST is a choice or a complaint. Nobody signs in, and nothing is remembered here."""
    response = private(_answer(request, token))
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _answer(request: HttpRequest, token: str) -> HttpResponse:
    try:
        # A key of its own: customers behind one line must not use up what staff have for signing in.
        attempts.check_attempt(place=f"card {place(request)}", at=at(request))
        return _posted(request, token) if request.method == "POST" else _shown(request, token)
    except TooManyAttempts:
        return render(request, "portal/customer_absent.html", {"busy": True}, status=429)
    except (NoSuchLink, LinkExpired):
        return render(request, "portal/customer_absent.html", {}, status=404)


def _shown(request: HttpRequest, token: str, error: JieliError | None = None) -> HttpResponse:
    card = choices.card(token, at=at(request))
    asked = _word(request.GET.get("choice", ""), card)
    values = {
        "card": card,
        "promises": _promises(token, card, at(request)),
        "buttons": [(word, BEFORE[word]) for word in card.choices if word is not card.chosen],
        "asked": asked,
        "before": BEFORE[asked] if asked else "",
        "after": AFTER[card.chosen] if card.chosen else "",
        "way": _way(card),
        "error": error,
        "address": request.path,
    }
    return render(request, "portal/customer.html", values, status=400 if error else 200)


def _posted(request: HttpRequest, token: str) -> HttpResponse:
    words = request.POST.get("words", "").replace("\x00", "").strip()[:MOST_WORDS]
    if "words" in request.POST:
        return _complained(request, token, words)
    card = choices.card(token, at=at(request))
    wanted = _word(request.POST.get("choice", ""), card, chosen=True)
    if wanted is None:
        return _shown(request, token, _nothing_chosen())
    try:
        receipt = choices.choose(token, wanted, at=at(request))
    except (NoSuchLink, LinkExpired):
        raise
    except JieliError as error:
        return _shown(request, token, error)
    after = choices.card(token, at=at(request))
    values: dict[str, Any] = {"card": after, "chosen": wanted, "after": AFTER[wanted], "entry": receipt.entry}
    return render(request, "portal/customer_done.html", values | {"at": receipt.at, "way": _way(after)})


def _complained(request: HttpRequest, token: str, words: str) -> HttpResponse:
    card = choices.card(token, at=at(request))
    if not words:
        return _shown(request, token, _nothing_said())
    attempts.check_attempt(place=f"complaint {place(request)}", name=f"complaint {token}", at=at(request))
    made = choices.complain(token, words, at=at(request))
    values = {"card": card, "matter": made.matter, "entry": made.entry, "at": made.at}
    return render(request, "portal/customer_done.html", values)


def _word(text: str, card: CustomerCard, *, chosen: bool = False) -> ChoiceWord | None:
    """A choice that stands on the card; the same once more is the same word, and answers with its receipt."""
    offered = set(card.choices) | ({card.chosen} if chosen and card.chosen else set())
    return next((word for word in offered if word.value == text), None)


def _promises(token: str, card: CustomerCard, at: int) -> list[PromiseLine]:
    """Promises to this customer that the company answered in writing; an unanswered one is nobody's word yet."""
    customer = choices.whose(token, at=at)
    return [p for p in handover.promises_to({customer})[customer] if p.answer is not None]


def _way(card: CustomerCard) -> str:
    """The 联系我 code as an image for the page, drawn here: no other house learns that he looked."""
    if not card.contact_way.startswith("https://"):
        return ""
    return str(
        segno.make(card.contact_way, error="m").svg_data_uri(scale=6, border=3, dark="#000", light="#fff")
    )


class _Said(JieliError):
    """What a customer sent means nothing."""

    code = "portal.nothing_said"


def _nothing_chosen() -> JieliError:
    return _Said("没有收到您的选择。", remedy="请点其中一个按钮；也可以不作选择，直接关闭本页。")


def _nothing_said() -> JieliError:
    return _Said("投诉没有写内容。", remedy="请写明后再提交，或拨打页面上的电话。")
