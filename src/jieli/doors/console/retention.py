"""保存与销毁: how long each class is kept and why, how much is due, what keeps it; what is asked for, and carried out.

Who may destroy (销毁) asks for a plan here; who may approve, and is somebody else, decides it on 审批.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from jieli.access import policy
from jieli.access.types import Permission
from jieli.archive import destruction, operations, retention
from jieli.doors.console import typed
from jieli.doors.web.door import at, me, permitted
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.wiring import ports
from jieli.wiring.profile import profile


@require_safe
@permitted(Permission.SEE_LEDGER)
def page(request: HttpRequest) -> HttpResponseBase:
    """The policy in force and what follows from it today. Counts only: nothing here names a person or an item."""
    return render(request, "console/retention.html", _values(request))


def _values(request: HttpRequest, error: JieliError | None = None) -> dict[str, Any]:
    ports.ask_rooms()
    found = retention.state(at=at(request))
    allowed = policy.permissions(me(request), at=at(request))
    asked = {plan.code for plan in found.plans}
    free = [(c, c.free) for c in found.classes if c.free > 0 and c.rule.code not in asked]
    return {
        "state": found,
        "due": sum(c.free for c in found.classes),
        "held": sum(c.held + c.cases_held for c in found.classes),
        "next": min((c.next_on for c in found.classes if c.next_on is not None), default=None),
        "plans": [(p, local_day(p.before)) for p in found.plans],
        "approved": sum(p.approved for p in found.plans),
        "may_destroy": Permission.SHRED in allowed,
        "may_approve": Permission.APPROVE in allowed,
        "may_hold": Permission.HOLD in allowed,
        "free": free,
        "unfiled": found.unfiled,
        "asking": sum(number for _, number in free),
        "unfinished": destruction.progress(),
        "error": error,
        "given": {"code": typed.words(request.POST, "code"), "reason": typed.words(request.POST, "reason")},
    }


@require_POST
@permitted(Permission.SHRED)
def propose(request: HttpRequest) -> HttpResponseBase:
    """Ask that what is due of a class be destroyed. A refusal of ours keeps what was chosen and typed."""
    ports.ask_rooms()
    try:
        made = operations.propose(
            code=typed.needed(request.POST, "code", "类别"), reason=typed.needed(request.POST, "reason", "理由"),
            by=me(request).actor, at=at(request),
        )  # fmt: skip
    except JieliError as error:
        return render(request, "console/retention.html", _values(request, error), status=400)
    messages.success(request, f"已提请销毁{made.name} {made.items:,} 条，等待您以外的人审批。")
    return HttpResponseRedirect(reverse("retention"))


@require_POST
@permitted(Permission.SHRED)
def run(request: HttpRequest) -> HttpResponseBase:
    """Carry out what was approved, now and not within the hour."""
    try:
        ports.fill(profile(), at=at(request))
        done = operations.carry_out(by=me(request).actor, at=at(request))
    except JieliError as error:
        return render(request, "console/retention.html", _values(request, error), status=400)
    if done:
        messages.success(request, f"已执行 {len(done)} 个计划，销毁证明已写入账本。", extra_tags="proved")
    else:
        messages.info(request, "没有可以执行的计划：尚未批准，或其中的内容都受保全。")
    return HttpResponseRedirect(reverse("retention"))
