"""争议: every dispute with what its newest verdicts say; and opening one."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from jieli.access.types import Permission
from jieli.doors.console import typed
from jieli.doors.console.dispute_shown import WORDS, tone
from jieli.doors.web.door import at, me, permitted
from jieli.evidence import disputes_listing as listing
from jieli.evidence import disputes_operations as operations
from jieli.evidence.disputes_types import Issue, NewDispute, Party
from jieli.kernel.errors import JieliError
from jieli.ledger.operations import book
from jieli.ledger.places import numbered
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind

FIELDS = ("title", "cause", "claimant", "person_label", "account_label", "tribunal", "docket")
OPEN = "未结"


@require_safe
@permitted(Permission.MANAGE_DISPUTES)
def disputes(request: HttpRequest) -> HttpResponseBase:
    """The list, as its address asks for it."""
    wanted = listing.Asked(
        text=typed.words(request.GET, "q")[:100],
        open=request.GET.get("shown", "") == OPEN,
        after=typed.words(request.GET, "after")[:40],
    )
    found = listing.page(wanted)
    values = {
        "asked": wanted,
        "found": found,
        "rows": [(row, [_word(row, issue) for issue in Issue]) for row in found.rows],
        "issues": list(Issue),
    }
    return render(request, "console/disputes.html", values)


def _word(row: listing.Row, issue: Issue) -> tuple[str, str, str]:
    """An issue with its newest verdict in a word."""
    verdict = row.verdicts.get(issue)
    if verdict is None:
        return issue.value, "尚未评析", "plain"
    return issue.value, WORDS.get(verdict.code, "不足以认定"), tone(verdict)


@require_http_methods(["GET", "HEAD", "POST"])
@permitted(Permission.MANAGE_DISPUTES)
def new(request: HttpRequest) -> HttpResponseBase:
    """Open a dispute: its matter and itself, both or neither."""
    error = None
    if request.method == "POST":
        try:
            number, entry = _open(request)
        except JieliError as refused:
            error = refused
        else:
            told = f"已登记争议 {number}。已写入账本第 {numbered(entry)} 条。"
            messages.success(request, told, extra_tags="proved")
            return HttpResponseRedirect(reverse("dispute", args=[number]))
    values: dict[str, Any] = {
        "given": {name: typed.words(request.POST, name) for name in FIELDS},
        "parties": [p.value for p in Party],
        "error": error,
    }
    return render(request, "console/dispute_new.html", values, status=400 if error else 200)


def _open(request: HttpRequest) -> tuple[str, int]:
    given, by, instant = request.POST, me(request).actor, at(request)
    made = NewDispute(
        cause=typed.needed(given, "cause", "案由"),
        claimant=typed.choice(Party, given, "claimant", "哪一方提出"),
        person_label=typed.needed(given, "person_label", "对方是谁"),
        account_label=typed.needed(given, "account_label", "争的是哪个账号"),
        tribunal=typed.words(given, "tribunal"),
        docket=typed.words(given, "docket"),
    )
    title = typed.needed(given, "title", "名称")
    with book(at=instant) as b:
        matter = matters.open_matter(kind=MatterKind.DISPUTE, title=title, by=by, at=instant)
        operations.open_dispute(number=matter.number, new=made, by=by, at=instant)
    return matter.number, b.entries[-1].index or 0
