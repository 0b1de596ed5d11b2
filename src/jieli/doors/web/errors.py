"""Error pages: what, why, how to mend. A fault of ours says no more than that, and where to look."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def absent(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The same page for what does not exist and for what is not yours."""
    return render(request, "web/absent.html", status=404)


def malformed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request nobody's browser makes by itself."""
    return render(request, "web/malformed.html", status=400)


def fault(request: HttpRequest) -> HttpResponse:
    """A fault of ours. The page rests on nothing that may be broken: no session, no database."""
    return render(None, "web/fault.html", status=500)


def expired_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is over or missing: nothing happened, and it can be sent again."""
    return render(request, "web/expired.html", status=403)
