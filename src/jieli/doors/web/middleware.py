"""What every answer carries, and how errors become pages."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render

from jieli.access.errors import Forbidden, LinkUnusable, SignInFailed, TooManyAttempts
from jieli.kernel.errors import JieliError

Next = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger("jieli.web")

#: Nothing from elsewhere, nothing inline: what a page does stands in files of this house.
POLICY = "; ".join(
    [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'",
        "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    ]
)  # fmt: skip
STATUS: dict[type[JieliError], int] = {
    Forbidden: 404,
    LinkUnusable: 404,
    SignInFailed: 403,
    TooManyAttempts: 429,
}
LOOPBACK = {"127.0.0.1", "[::1]"}


def headers(following: Next) -> Next:
    """Adds the security headers that Django has no setting for."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = following(request)
        response.setdefault("Content-Security-Policy", POLICY)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response

    return answer


def loopback_name(following: Next) -> Next:
    """Passkeys are bound to a name, and an address is none: on this machine the house is called localhost."""

    def answer(request: HttpRequest) -> HttpResponse:
        host, colon, port = request.get_host().rpartition(":")
        if not colon:
            host, port = request.get_host(), ""
        if host in LOOPBACK and request.method in ("GET", "HEAD"):
            return HttpResponseRedirect(f"{request.scheme}://localhost{colon}{port}{request.get_full_path()}")
        return following(request)

    return answer


class Errors:
    """Turns our errors into a page or an object: what, how to mend, and the code. Others stay faults (500)."""

    def __init__(self, following: Next) -> None:
        self.following = following

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.following(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Only JieliError is answered here; its words never hold content."""
        if not isinstance(error, JieliError):
            return None
        status = next((s for kind, s in STATUS.items() if isinstance(error, kind)), 400)
        log.info("%s %s", status, error.code)
        if request.accepts("text/html"):
            return render(request, "web/error.html", {"error": error, "status": status}, status=status)
        return JsonResponse(error.as_json(), status=status)
