"""A session begun by a link travels by SMS or mail: it opens its person's own pages and nothing else, ever.

`access` refuses such a link to whoever holds a role; here nothing is asked of roles, so that one given meanwhile
opens nothing either. Nor can a passkey be registered in it: whoever read the message would keep the door.
"""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from jieli.doors.web.door import by_link

Next = Callable[[HttpRequest], HttpResponse]
TOLD = "您是用一次性链接登录的，只能查看与您本人有关的页面。登记通行密钥请向信息技术人员索取登记链接。"


def own_pages_only(following: Next) -> Next:
    """Middleware: everything but the portal, other links, and signing in or out is absent for such a session."""

    def answer(request: HttpRequest) -> HttpResponse:
        if not by_link(request) or _own(request.path):
            return following(request)
        if request.method in ("GET", "HEAD") and request.path in (reverse("home"), reverse("passkeys")):
            if request.path == reverse("passkeys"):
                messages.info(request, TOLD, extra_tags="due")
            return HttpResponseRedirect(reverse("mine"))
        return render(request, "web/absent.html", status=404)

    return answer


def _own(path: str) -> bool:
    """The portal, a customer's card, signing out, and everything by which somebody signs in anew."""
    return path.startswith((reverse("mine"), "/c/", "/link/", reverse("sign-in"))) or path == reverse(
        "sign-out"
    )
