"""Who stands at the door, when, and what he may open. Absent and not yours are the same 404."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.contrib.auth import get_user, login
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import patch_cache_control

from jieli.access import backend, policy, queries
from jieli.access.passkeys import Site
from jieli.access.types import Permission, Person
from jieli.doors.clock import now
from jieli.wiring.profile import profile

View = Callable[..., HttpResponseBase]
#: Marks a session that was begun by a link sent to its person: good for his own pages, and for nothing else.
BY_LINK = "by_link"
#: How long such a session lasts, in seconds: a telephone may lie about.
LINK_SESSION = 2 * 3_600


def at(request: HttpRequest) -> int:
    """The instant of this request: read once, the same for everything the request does."""
    if not hasattr(request, "jieli_at"):
        request.jieli_at = now(profile())  # type: ignore[attr-defined]
    found: int = request.jieli_at  # type: ignore[attr-defined]
    return found


def person(request: HttpRequest) -> Person | None:
    """The person of the session, with his grants; None for a stranger. Looked up once a request."""
    if not hasattr(request, "jieli_person"):
        user = get_user(request)
        found = queries.person(user.pk) if user.is_authenticated else None
        request.jieli_person = found  # type: ignore[attr-defined]
    known: Person | None = request.jieli_person  # type: ignore[attr-defined]
    return known


def me(request: HttpRequest) -> Person:
    """The person of a request behind `signed_in` or `permitted`."""
    found = person(request)
    if found is None:
        raise Http404
    return found


def let_in(request: HttpRequest, user_id: Any) -> None:
    """Begin a session for a person who proved who he is. The session's key changes, so a planted one is worthless."""
    request.session.pop(BY_LINK, None)
    login(request, queries.user(user_id), backend=backend.PATH)
    vars(request).pop("jieli_person", None)


def let_in_by_link(request: HttpRequest, user_id: Any) -> None:
    """Begin a session that opens its person's own pages and no other, and ends soon."""
    let_in(request, user_id)
    request.session[BY_LINK] = True
    request.session.set_expiry(LINK_SESSION)


def by_link(request: HttpRequest) -> bool:
    """Whether this session was begun by a link."""
    return BY_LINK in request.session


def signed_in(view: View) -> View:
    """Only for a person; a stranger is sent to sign in and comes back."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if person(request) is None:
            return HttpResponseRedirect(f"{reverse('sign-in')}?next={quote(request.get_full_path())}")
        return private(view(request, *args, **kwargs))

    return guarded


def permitted(permission: Permission) -> Callable[[View], View]:
    """Only for a person whose grants permit this somewhere; to everybody else the page does not exist."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not policy.may(me(request), permission, at=at(request)):
                raise Http404
            return view(request, *args, **kwargs)

        return signed_in(guarded)

    return decorate


def private(response: HttpResponseBase) -> HttpResponseBase:
    """Pages about persons are kept by no cache, not even the browser's."""
    patch_cache_control(response, private=True, no_store=True)
    return response


def site(request: HttpRequest) -> Site:
    """Where the browser stands; the host was checked against ALLOWED_HOSTS."""
    host = request.get_host()
    return Site(host.rsplit(":", 1)[0] if ":" in host else host, f"{request.scheme}://{host}")


def place(request: HttpRequest) -> str:
    """From where a request comes, as far as the socket tells."""
    return str(request.META.get("REMOTE_ADDR", ""))


def safe_next(request: HttpRequest, wanted: str) -> str:
    """A path of this house to go to after signing in; anything else becomes the front page."""
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if local and wanted.isprintable() else reverse("home")
