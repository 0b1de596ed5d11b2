"""The log for strangers: checkpoint and tiles are open, entry bundles ask for a signed-in person (ADR 21)."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from jieli.doors.web.door import signed_in
from jieli.ledger import serving
from jieli.ledger.serving import Resource

#: A year: what stands at a tile's address never changes. The checkpoint moves once a second at most.
FOR_EVER, A_MOMENT = "public, max-age=31536000, immutable", "public, max-age=1"


@require_safe
def checkpoint(request: HttpRequest, log: str) -> HttpResponseBase:
    """The newest checkpoint: size, root, signatures."""
    return _found(serving.checkpoint(int(log)))


@require_safe
def tile(request: HttpRequest, log: str, path: str) -> HttpResponseBase:
    """A tile of hashes; nothing personal can be read from it."""
    return _found(serving.tile(int(log), f"tile/{path}"))


@require_safe
@signed_in
def entries(request: HttpRequest, log: str, path: str) -> HttpResponseBase:
    """A bundle of entries: kinds, times, counts and commitments."""
    return _found(serving.bundle(int(log), f"tile/entries/{path}"))


def _found(resource: Resource | None) -> HttpResponse:
    if resource is None:
        raise Http404
    answer = HttpResponse(resource.data, content_type=resource.media.value)
    answer["Cache-Control"] = FOR_EVER if resource.fixed else A_MOMENT
    return answer
