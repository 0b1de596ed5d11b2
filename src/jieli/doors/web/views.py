"""Where somebody comes in: the front page, health, and signing out."""

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jieli.doors.web import context
from jieli.doors.web.door import signed_in


@require_safe
@signed_in
def home(request: HttpRequest) -> HttpResponseBase:
    """To the first page that a person may open; his own page is always one of them."""
    places = context.house(request)["places"]
    return HttpResponseRedirect(places[0]["address"] if places else reverse("passkeys"))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return HttpResponseRedirect(reverse("sign-in"))
