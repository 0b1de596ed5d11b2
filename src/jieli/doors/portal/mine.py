"""我的: what is recorded about me and what not, who looked, what I was told and said; taking it back, objecting."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jieli.archive import retention
from jieli.consent import operations, queries
from jieli.consent.types import Means, Scope, Step, SubjectKind
from jieli.doors.portal import words
from jieli.doors.web.door import at, me, signed_in
from jieli.ledger.places import numbered
from jieli.parties import queries as parties
from jieli.reading import queries as reading

MOST_OPENINGS = 100


def _staff(request: HttpRequest) -> UUID:
    """The staff record of the person here; nobody can ask for another's."""
    staff = me(request).staff
    if staff is None:
        raise Http404
    return staff


@require_safe
@signed_in
def page(request: HttpRequest) -> HttpResponseBase:
    """A person's own page. It answers for himself alone and takes no parameter."""
    who = me(request)
    record = parties.staff([who.staff]).get(who.staff) if who.staff is not None else None
    if record is None:
        return render(request, "portal/nobody.html", {})
    instant = at(request)
    mine = queries.person(record.id, at=instant)
    openings = reading.openings_concerning(record.id, limit=MOST_OPENINGS)
    values = {
        "record": record,
        "left": record.left_on,
        "on": [
            (state, words.MEANS[state.means], [s for s in Scope if s in state.scopes])
            for state in mine.means
            if state.recorded
        ],
        "off": [(state, words.MEANS[state.means]) for state in mine.means if not state.recorded],
        "never": [
            (means, words.MEANS[means]) for means in Means if means not in {s.means for s in mine.means}
        ],
        "granted": [(m, s, words.SCOPES[s]) for m in Means for s in Scope if (m, s) in mine.in_force],
        "open_objections": _open_objections(mine.statements),
        "statements": mine.statements[::-1],
        "notices": mine.notices[::-1],
        "missing": mine.missing_documents,
        "openings": openings,
        "most": MOST_OPENINGS,
    }
    return render(request, "portal/mine.html", values)


@require_safe
@signed_in
def kept(request: HttpRequest) -> HttpResponseBase:
    """保存多久: which of my records are kept until when, under which article, and what keeps them longer."""
    found = retention.concerning(_staff(request), at=at(request))
    values = {
        "kept": found,
        "count": sum(k.items for k in found.classes),
        "last": max((k.last_until for k in found.classes if k.last_until is not None), default=None),
    }
    return render(request, "portal/kept.html", values)


def _open_objections(said: tuple[queries.Statement, ...]) -> list[queries.Statement]:
    """Objections that nobody has answered since, oldest first."""
    waiting: dict[tuple[Means, Scope], queries.Statement] = {}
    for statement in said:
        place = (statement.means, statement.scope)
        if statement.step is Step.OBJECT:
            waiting[place] = statement
        elif statement.step is Step.ANSWERED:
            waiting.pop(place, None)
    return list(waiting.values())


def _asked(values: Any) -> tuple[Means, list[Scope]]:
    """The means and scopes that a form names; 404 for words that are none, as for everything absent."""
    try:
        return Means(values.get("means", "")), [Scope(s) for s in values.getlist("scope")]
    except ValueError:
        raise Http404 from None


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def withdraw(request: HttpRequest) -> HttpResponseBase:
    """Take consent back: first what will happen, then that it happened, with the receipt. Nobody is asked."""
    staff, instant = _staff(request), at(request)
    means, scopes = _asked(request.POST if request.method == "POST" else request.GET)
    if not scopes:
        raise Http404
    if request.method != "POST":
        shown = [(s, words.SCOPES[s], words.WITHDRAWN[s]) for s in scopes]
        return render(request, "portal/withdraw.html", {"means": means, "scopes": shown})
    done = operations.withdraw(
        subject_kind=SubjectKind.STAFF, subject=staff, means=means, scopes=scopes, claimed_at=instant,
        by=me(request).actor, at=instant,
    )  # fmt: skip
    _receipt(request, staff, done, f"已撤回“{means}”的{'、'.join(scopes)}")
    return HttpResponseRedirect(reverse("mine"))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def object_(request: HttpRequest) -> HttpResponseBase:
    """Object: until the company has answered, nothing is recorded or used in these scopes."""
    staff, instant = _staff(request), at(request)
    wrong = ""
    chosen: tuple[Means, list[Scope]] = (Means.CHAT, [])
    if request.method == "POST":
        chosen = _asked(request.POST)
        if chosen[1]:
            done = operations.object_(
                subject_kind=SubjectKind.STAFF, subject=staff, means=chosen[0], scopes=chosen[1],
                claimed_at=instant, by=me(request).actor, at=instant,
            )  # fmt: skip
            _receipt(request, staff, done, f"已对“{chosen[0]}”的{'、'.join(chosen[1])}提出异议")
            return HttpResponseRedirect(reverse("mine"))
        wrong = "请至少选一项。"
    values = {
        "means": [(m, words.MEANS[m], m is chosen[0]) for m in Means],
        "scopes": [(s, words.SCOPES[s]) for s in Scope],
        "wrong": wrong,
    }
    return render(request, "portal/object.html", values, status=400 if wrong else 200)


def _receipt(request: HttpRequest, staff: UUID, done: list[UUID], what: str) -> None:
    """Say that it happened and where it is written. The entry is read back: it is what stands, not what we meant."""
    entry = next(s.entry for s in queries.statements(staff) if s.id in done)
    messages.success(
        request, f"{what}。已写入账本第 {numbered(entry)} 条，请留存这个编号。", extra_tags="proved"
    )
