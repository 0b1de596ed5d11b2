"""Answering a paper: by one's own passkey (乙), by a recorded confirmation (丙), with an objection, or not at all.

What is signed is the PDF by its digest; the challenge of the passkey is that digest (ADR 14). A question is asked once.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
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
from django.views.decorators.http import require_http_methods, require_POST

from jieli.access import operations as access
from jieli.access import passkeys
from jieli.access import queries as access_queries
from jieli.access.errors import PasskeyRefused
from jieli.doors.portal.signing import one
from jieli.doors.web.door import at, by_link, me, signed_in, site
from jieli.handover import operations as handover
from jieli.handover import signatories
from jieli.handover.signatories import Asked
from jieli.handover.types import Party
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.ledger import queries as ledger
from jieli.ledger.places import numbered
from jieli.papers import operations as papers
from jieli.papers.signing import GRADE_LINES, Grade, SignatureRef
from jieli.papers.types import MediaType

SIGNING: Final = "passkey_sign"
MOST_WORDS, LARGEST_ANSWER = 2_000, 64 * 1024
Spoken = Callable[[HttpRequest, UUID, str], HttpResponse]


def _spoken(view: Spoken) -> Spoken:
    """A view that the page's script talks to: errors are objects, with what to do."""

    @wraps(view)
    def answered(request: HttpRequest, paper: UUID, role: str) -> HttpResponse:
        try:
            return view(request, paper, role)
        except JieliError as error:
            return JsonResponse(error.as_json(), status=403)

    return require_POST(answered)


def _open(request: HttpRequest, paper: UUID, role: str) -> Asked:
    """The paper, when it waits for this person in this role; else it does not exist for him."""
    found = one(request, paper)
    if role not in found.open or found.asked.paper.media_type != MediaType.PDF.value:
        raise Http404
    return found.asked


@_spoken
def begin(request: HttpRequest, paper: UUID, role: str) -> HttpResponse:
    """What to ask the signer's passkey: its challenge is the SHA-256 of the PDF."""
    found = _open(request, paper, role)
    keys = access_queries.passkey_keys(me(request).id)
    options, state = passkeys.begin_signing(
        site(request), digest=bytes.fromhex(found.paper.sha256), credentials=keys
    )
    request.session[SIGNING] = {"state": state, "paper": str(paper), "role": role}
    return JsonResponse(options)


@_spoken
def finish(request: HttpRequest, paper: UUID, role: str) -> HttpResponse:
    """Take the passkey's answer and enter the signature. Crash between the two: the key counted on, nothing signed."""
    found, who = _open(request, paper, role), me(request)
    asked = request.session.pop(SIGNING, None)
    if asked is None or (asked["paper"], asked["role"]) != (str(paper), role):
        raise PasskeyRefused("签署已过期。", remedy="请重新点“移交人确认”一栏的按钮。")
    digest = bytes.fromhex(found.paper.sha256)
    shown = access.sign_with_passkey(
        person=who.id, site=site(request), state=asked["state"], answer=_answer(request), digest=digest
    )
    signed = papers.sign(
        paper=paper, role=role, signer=who.id, signer_name=who.name, grade=Grade.PASSKEY,
        evidence=shown.evidence, signed_at=at(request), by=who.actor, at=at(request),
    )  # fmt: skip
    _told(request, signed)
    return JsonResponse({"next": reverse("my-paper", args=[paper])})


@require_POST
@signed_in
def trace(request: HttpRequest, paper: UUID, role: str) -> HttpResponseBase:
    """系统留痕确认 (丙) for who has no passkey at hand: how he was signed in is written down, and no signature is."""
    found, who = _open(request, paper, role), me(request)
    if access_queries.passkeys(who.id) and not by_link(request):
        raise Http404
    if request.POST.get("read") != "on":
        messages.error(request, "请先勾选“我已看过全文”，再确认。", extra_tags="late")
        return HttpResponseRedirect(reverse("my-paper", args=[paper]))
    how = "一次性登录链接" if by_link(request) else "登记链接或一次性密码"
    signed = papers.sign(
        paper=found.paper.id, role=role, signer=who.id, signer_name=who.name, grade=Grade.TRACE,
        evidence={"signed_in_by": how, "confirmed": "门户：勾选“我已看过全文”后点“系统留痕确认”"},
        signed_at=at(request), by=who.actor, at=at(request),
    )  # fmt: skip
    _told(request, signed)
    return HttpResponseRedirect(reverse("my-paper", args=[paper]))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def refuse(request: HttpRequest, paper: UUID, role: str) -> HttpResponseBase:
    """拒签: first what it means, then his own word. The firm's 拒签登记 before witnesses is apart from it."""
    found, who = _open(request, paper, role), me(request)
    if not found.case.open or role in signatories.refusals_stated({found.case.id}).get(paper, ()):
        raise Http404
    if request.method != "POST":
        return render(request, "portal/refuse.html", {"paper": found.paper, "role": role})
    made = signatories.state_refusal(
        asked=found,
        role=role,
        reason=_words(request),
        staff=who.staff or who.id,
        by=who.actor,
        at=at(request),
    )
    _written(request, f"已记下您拒绝签署《{found.paper.kind}》", made)
    return HttpResponseRedirect(reverse("my-paper", args=[paper]))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def object_(request: HttpRequest, paper: UUID) -> HttpResponseBase:
    """有异议: to a paper of the leaving; printed as said, never removed, and no obstacle to signing."""
    found, who = one(request, paper).asked, me(request)
    if not found.case.open:
        raise Http404
    text = _words(request) if request.method == "POST" else ""
    if not text:
        values = {"paper": found.paper, "wrong": "请写明异议。" if request.method == "POST" else ""}
        return render(request, "portal/paper_object.html", values, status=400 if values["wrong"] else 200)
    party = Party.STAFF if found.case.staff_id == who.staff else Party.COMPANY
    made = handover.object_to(
        case=found.case.id, place=f"《{found.paper.kind}》", subject=paper, party=party, text=text,
        made_on=local_day(at(request)), by=who.actor, at=at(request),
    )  # fmt: skip
    _written(request, f"已记下您对《{found.paper.kind}》的异议", made)
    return HttpResponseRedirect(reverse("my-paper", args=[paper]))


def _words(request: HttpRequest) -> str:
    return request.POST.get("words", "").replace("\x00", "").strip()[:MOST_WORDS]


def _told(request: HttpRequest, signed: SignatureRef) -> None:
    """Say that it happened and where it is written, read back from the book."""
    entry = ledger.first_recorded("papers_signature", [signed.id])[str(signed.id)].entry
    line = GRADE_LINES[signed.grade].replace("　", "，")
    messages.success(
        request,
        f"已以“{signed.role}”签署（{line}）。已写入账本第 {numbered(entry)} 条，请下载回执。",
        extra_tags="proved",
    )


def _written(request: HttpRequest, what: str, objection: UUID) -> None:
    entry = ledger.first_recorded("handover_objection", [objection])[str(objection)].entry
    messages.success(request, f"{what}。已写入账本第 {numbered(entry)} 条。", extra_tags="proved")


def _answer(request: HttpRequest) -> dict[str, Any]:
    body = request.body
    try:
        sent = json.loads(body) if len(body) <= LARGEST_ANSWER else None
    except ValueError:
        sent = None
    if not isinstance(sent, dict) or not isinstance(sent.get("answer"), dict):
        raise PasskeyRefused("浏览器的答复无法识别。", remedy="请刷新页面后重试。")
    found: dict[str, Any] = sent["answer"]
    return found
