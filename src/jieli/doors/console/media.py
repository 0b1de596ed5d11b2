"""附件: one file of an item, under an opening of its own: seen, heard, kept, or cut with its proof.

Opening and cutting are POST: they write to the ledger. What the page then loads is fetched under that opening, by
range, as it came out of the store, and served so that no browser takes it for a page of this house.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from jieli.access.types import Permission
from jieli.archive.media.types import MediaRef, Unit
from jieli.doors.console.reading import Mistyped
from jieli.doors.places import clock_of, place_of
from jieli.doors.web.door import at, me, permitted
from jieli.doors.web.middleware import POLICY
from jieli.kernel.errors import JieliError
from jieli.ledger.places import numbered
from jieli.reading import showing
from jieli.reading.showing import Begun, Bytes, How
from jieli.wiring import ports, signer
from jieli.wiring.home import home_of
from jieli.wiring.profile import profile

#: The page that plays what this house serves; every other page of it loads no sound.
PLAYING = f"{POLICY}; media-src 'self'"
#: A file is nobody's page: were it opened as one, nothing in it would run, and nothing would be loaded.
CLOSED = "default-src 'none'; sandbox"
FIELDS = ("item", "n", "purpose", "matter", "from", "to")
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
_NAME_LENGTH = 120
_MOST_ITEM, _MOST_N = 2**63, 2**15


@require_POST
@permitted(Permission.READ)
def file(request: HttpRequest) -> HttpResponseBase:
    """Open one file: the row is committed first, then the page says what it is and lets it be fetched.

    Of a destroyed one nothing is opened: the page says when it went and by which certificate.
    """
    typed = {name: request.POST.get(name, "").strip() for name in FIELDS}
    ports.fill(profile(), at=at(request))
    try:
        begun = showing.begin(
            item=_number(typed["item"]), n=_number(typed["n"]), purpose=typed["purpose"], matter=typed["matter"],
            by=me(request), at=at(request),
        )  # fmt: skip
    except showing.FileDestroyed as gone:
        return render(request, "console/media_gone.html", {"gone": gone}, status=410)
    response = render(request, "console/media.html", {"typed": typed, **_page(request, begun)})
    response["Content-Security-Policy"] = PLAYING
    return response


def _page(request: HttpRequest, begun: Begun) -> dict[str, Any]:
    ref = begun.line.ref
    by_seconds = ref is not None and ref.unit is Unit.SECONDS
    return {
        "begun": begun,
        "line": begun.line,
        "how": begun.how.value,
        "by_seconds": by_seconds,
        "last": clock_of(ref.seconds) if ref is not None and by_seconds else begun.line.size,
        "decoded": ref is not None and ref.format.startswith("amr"),
        "mark": f"{me(request).name} 查阅 · 账本第 {numbered(begun.entry)} 条",
    }


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise Mistyped("没有这个文件。", remedy="请从会话中打开。")
    return int(text)


@require_GET
@permitted(Permission.READ)
def content(request: HttpRequest, opening: UUID, item: int, n: int, how: str) -> HttpResponseBase:
    """The bytes of a file under an opening of a moment ago, all or a range of them."""
    if how not in list(How) or not (item < _MOST_ITEM and n < _MOST_N):
        raise Http404
    ports.fill(profile(), at=at(request))
    wanted = _range(request.headers.get("Range", ""))
    found = showing.fetch(
        opening=opening, item=item, n=n, how=How(how), wanted=wanted, by=me(request), at=at(request)
    )
    if found.start >= found.stop:
        response: HttpResponseBase = HttpResponse(status=416)
        response["Content-Range"] = f"bytes */{found.size}"
        return _guarded(response)
    response = StreamingHttpResponse(_begun(found.chunks), status=206 if wanted else 200)
    if wanted:
        response["Content-Range"] = f"bytes {found.start}-{found.stop - 1}/{found.size}"
    response["Content-Length"] = str(found.stop - found.start)
    response["Accept-Ranges"] = "bytes"
    response["Content-Type"] = _type(found, How(how))
    response["Content-Disposition"] = (
        content_disposition_header(how == How.FILE, _file_name(found.ref)) or "inline"
    )
    return _guarded(response)


def _begun(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks, the first of them read: what is missing or altered there is an error, and no torn answer."""
    return chain([next(chunks, b"")], chunks)


def _guarded(response: HttpResponseBase) -> HttpResponseBase:
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = CLOSED
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _type(found: Bytes, how: How) -> str:
    if how is How.PICTURE:
        return showing.PICTURES[found.ref.format]
    return (
        showing.SOUNDS.get(found.ref.format, "audio/wav") if how is How.SOUND else "application/octet-stream"
    )


def _file_name(ref: MediaRef) -> str:
    """The name under which a browser keeps it: no control or direction signs, no folders, not too long."""
    name = "".join(c if c not in "/\\" else "_" for c in ref.name or "" if c.isprintable()).strip(". ")
    stem, dot, ending = name.rpartition(".")
    if dot and len(ending) <= 10:
        return f"{stem[:_NAME_LENGTH]}.{ending}"
    return name[:_NAME_LENGTH] or f"{ref.item}.{ref.n}"


def _range(header: str) -> tuple[int, int | None] | None:
    """From and up to (exclusive) of a single range; a suffix begins below zero; None for anything else: all of it."""
    found = _RANGE.fullmatch(header)
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return (-int(found[2]), None)
    stop = int(found[2]) + 1 if found[2] else None
    return None if stop is not None and stop <= int(found[1]) else (int(found[1]), stop)


@require_POST
@permitted(Permission.READ)
def excerpt(request: HttpRequest) -> HttpResponseBase:
    """A stretch with its proof as a zip; what was typed stays where it is no stretch."""
    typed = {name: request.POST.get(name, "").strip() for name in FIELDS}
    try:
        start, stop = place_of(typed["from"]), place_of(typed["to"])
        if start is None or stop is None:
            raise Mistyped("起止的写法不对。", remedy="录音请写 分:秒（如 0:12），其他文件请写字节数。")
        ports.fill(profile(), at=at(request))
        found = showing.cut(
            item=_number(typed["item"]), n=_number(typed["n"]), start=start, stop=stop, purpose=typed["purpose"],
            matter=typed["matter"], by=me(request), at=at(request),
            trusted=signer.trusted_if_any(home_of(profile())), cover=lambda: signer.ask(profile()),
        )  # fmt: skip
    except JieliError as error:
        return render(request, "console/media_excerpt.html", {"typed": typed, "error": error}, status=400)
    response = HttpResponse(_zipped(found.files), content_type="application/zip")
    name = f"摘录-{typed['item']}-{start}-{stop}.zip"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return _guarded(response)


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return out.getvalue()
