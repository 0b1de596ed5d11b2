"""Signing in: passkey, the first administrator's password, and links that let somebody register his passkey."""

import json
from collections.abc import Callable
from typing import Any

from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jieli.access import attempts, operations, passkeys, queries
from jieli.access.errors import PasskeyRefused, SignInFailed, TooManyAttempts, sign_in_failed
from jieli.access.types import LinkPurpose
from jieli.doors.web.door import (
    at,
    let_in,
    let_in_by_link,
    me,
    person,
    place,
    private,
    safe_next,
    signed_in,
    site,
)
from jieli.kernel.errors import JieliError

SIGN_IN, REGISTER = "passkey_sign_in", "passkey_register"
LABEL_LENGTH = 40
LARGEST_ANSWER = 64 * 1024


@require_safe
def page(request: HttpRequest) -> HttpResponseBase:
    """The sign-in page. Who is in already goes on."""
    if person(request) is not None:
        return HttpResponseRedirect(safe_next(request, request.GET.get("next", "")))
    return private(_page(request))


def _page(request: HttpRequest, error: JieliError | None = None, status: int = 200) -> HttpResponse:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    values = {
        "next": wanted,
        "error": error,
        "first_password": queries.first_password_open(),
        "sign_in": request.POST.get("sign_in", ""),
    }
    return render(request, "web/sign_in.html", values, status=status)


@require_POST
def password(request: HttpRequest) -> HttpResponseBase:
    """The first administrator's door; afterwards straight on to registering a passkey."""
    name = request.POST.get("sign_in", "").strip()
    try:
        attempts.check_attempt(place=place(request), name=name, at=at(request))
        found = operations.present_password(sign_in=name, password=request.POST.get("password", "").strip())
    except (SignInFailed, TooManyAttempts) as error:
        return private(_page(request, error, 429 if isinstance(error, TooManyAttempts) else 403))
    attempts.forget_attempts(name=name)
    let_in(request, found)
    return HttpResponseRedirect(reverse("passkeys"))


def spoken(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A view that the page's script talks to: errors are objects, with what to do."""

    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return view(request)
        except JieliError as error:
            status = 429 if isinstance(error, TooManyAttempts) else 403
            return JsonResponse(error.as_json(), status=status)

    return require_POST(answered)


@spoken
def begin(request: HttpRequest) -> HttpResponse:
    """What to ask the authenticator at sign-in."""
    options, state = passkeys.begin_sign_in(site(request))
    request.session[SIGN_IN] = state
    return JsonResponse(options)


@spoken
def finish(request: HttpRequest) -> HttpResponse:
    """Take the authenticator's answer and let its owner in. A question is asked once: its state goes first."""
    attempts.check_attempt(place=place(request), at=at(request))
    state, sent = request.session.pop(SIGN_IN, None), _answer(request)
    if state is None:
        raise sign_in_failed()
    shown = operations.present_passkey(site=site(request), state=state, answer=sent["answer"])
    let_in(request, shown.person)
    return JsonResponse({"next": safe_next(request, str(sent.get("next", "")))})


@require_safe
@signed_in
def mine(request: HttpRequest) -> HttpResponseBase:
    """A person's own passkeys."""
    return render(request, "web/passkeys.html", {"passkeys": queries.passkeys(me(request).id)})


@spoken
def begin_registration(request: HttpRequest) -> HttpResponse:
    """What to ask the authenticator for a new passkey."""
    who = me(request)
    options, state = passkeys.begin_registration(
        site(request), person=who.id, name=who.name, known=queries.passkey_data(who.id)
    )
    request.session[REGISTER] = state
    return JsonResponse(options)


@spoken
def finish_registration(request: HttpRequest) -> HttpResponse:
    """Keep the new passkey. Sessions opened by the first password end with it; this one begins anew."""
    who = me(request)
    state, sent = request.session.pop(REGISTER, None), _answer(request)
    if state is None:
        raise PasskeyRefused("登记已过期。", remedy="请重新点“登记通行密钥”。")
    new = passkeys.finish_registration(site(request), state, sent["answer"])
    label = str(sent.get("label", ""))[:LABEL_LENGTH]
    operations.register_passkey(person=who.id, passkey=new, label=label, by=who.actor, at=at(request))
    let_in(request, who.id)
    return JsonResponse({"next": reverse("passkeys")})


@require_POST
@signed_in
def end(request: HttpRequest, passkey: Any) -> HttpResponseBase:
    """Take a passkey out of use. Every session ends with it but this one, which begins anew."""
    who = me(request)
    operations.end_passkey(person=who.id, passkey=passkey, by=who.actor, at=at(request))
    let_in(request, who.id)
    return HttpResponseRedirect(reverse("passkeys"))


def link(request: HttpRequest, token: str) -> HttpResponseBase:
    """A signed link. Looking at it changes nothing and shows nothing personal; using it is a POST."""
    attempts.check_attempt(place=place(request), at=at(request))
    found = queries.usable_link(token, at=at(request))
    if found is None:
        raise Http404
    if request.method != "POST":
        return private(render(request, "web/link.html", {"purpose": found.purpose}))
    if found.purpose is LinkPurpose.SIGN_IN:
        let_in_by_link(request, operations.sign_in_by_link(token=token, at=at(request)).person)
        return HttpResponseRedirect(reverse("mine"))
    used = operations.use_link(token=token, by=f"person:{found.person}", at=at(request))
    let_in(request, used.person)
    return HttpResponseRedirect(reverse("passkeys"))


def _answer(request: HttpRequest) -> dict[str, Any]:
    body = request.body
    try:
        sent = json.loads(body) if len(body) <= LARGEST_ANSWER else None
    except ValueError:
        sent = None
    if not isinstance(sent, dict) or not isinstance(sent.get("answer"), dict):
        raise PasskeyRefused("浏览器的答复无法识别。", remedy="请刷新页面后重试。")
    return sent
