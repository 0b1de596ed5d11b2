"""账本: is what was written sealed, time-stamped, witnessed, and how far?"""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access.types import Permission
from jieli.doors.web.door import at, permitted
from jieli.doors.web.tags import moment
from jieli.kernel.times import HOUR
from jieli.ledger import queries, standing, succeeding
from jieli.ledger.errors import NoLog
from jieli.ledger.standing import Standing
from jieli.ledger.types import CheckpointRef
from jieli.wiring.home import home_of
from jieli.wiring.profile import profile
from jieli.wiring.signer import trusted_if_any

#: Without a heartbeat or any other entry for this long, somebody should look.
SILENCE = 2 * HOUR
#: So many of the newest silences are named.
SHOWN = 5


@require_safe
@permitted(Permission.SEE_LEDGER)
def state(request: HttpRequest) -> HttpResponseBase:
    """The book as it stands."""
    try:
        head = queries.head(queries.live_log())
    except NoLog as error:
        return render(request, "console/ledger_none.html", {"error": error})
    last = queries.last_checkpoint()
    trusted = trusted_if_any(home_of(profile()))
    judged = standing.standing(last, trusted) if last else None
    silences = queries.pulse(until=at(request)).silences
    sealed = last.size if last else 0
    behind = at(request) - head.time if head.size else 0
    values = {
        "origin": queries.origin(),
        "head": head,
        "earlier_logs": succeeding.earlier(),
        "last": last,
        "waiting": head.size - sealed,
        "witnesses": list(judged.witnesses) if judged and judged.witnessed else [],
        "authorities": [name for name, _ in last.timestamps] if last else [],
        "root": last.root.hex() if last else "",
        "proof": _proof(last, judged),
        "quiet_for": standing.span(behind) if behind > SILENCE else "",
        "uncounted": _uncounted(judged, standing.last_counted(trusted)),
        "silences": [standing.silent(silence) for silence in reversed(silences[-SHOWN:])],
        "earlier": max(len(silences) - SHOWN, 0),
    }
    return render(request, "console/ledger.html", values)


def _proof(last: CheckpointRef | None, judged: Standing | None) -> list[dict[str, object]]:
    """The three stages, each with what was done by whom, or what is missing. The policy says who witnesses."""
    names = "、".join(judged.witnesses) if judged else ""
    witnessed = judged is not None and judged.witnessed
    authorities = "、".join(name for name, _ in last.timestamps) if last else ""
    return [
        {
            "word": "已封存" if last else "未封存",
            "done": last is not None,
            "detail": f"前 {last.size:,} 条，{moment(last.signed_at)}"
            if last
            else "签名进程还没有签过检查点",
        },
        {
            "word": "已盖时间戳" if authorities else "无时间戳",
            "done": bool(authorities),
            "detail": f"由 {authorities} 盖章" if authorities else "时间只由本公司自己说明",
        },
        {
            "word": "已见证" if witnessed else "未见证",
            "done": witnessed,
            "detail": _vouching(names, witnessed=witnessed),
        },
    ]


def _vouching(names: str, *, witnessed: bool) -> str:
    if not names:
        return "未经中立第三方固定"
    return f"由 {names} 签名" if witnessed else f"{names} 已签名，但未达到信任策略要求的见证方"


def _uncounted(judged: Standing | None, counted: Standing | None) -> str:
    """Why the last checkpoint does not count, and up to where one does; empty if it counts or there is none."""
    if judged is None or judged.counts:
        return ""
    upto = f"算数的检查点到前 {counted.size:,} 条为止。" if counted else "还没有一个算数的检查点。"
    return f"最后的检查点（前 {judged.size:,} 条）未达到信任策略要求的见证方，还不算数；{upto}"
