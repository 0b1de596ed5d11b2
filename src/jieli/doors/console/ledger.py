"""账本: is what was written sealed, time-stamped, witnessed, and how far?"""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from jieli.access.types import Permission
from jieli.doors.web.door import at, permitted
from jieli.doors.web.tags import moment
from jieli.kernel.times import DAY, HOUR, MINUTE
from jieli.ledger import queries
from jieli.ledger.errors import NoLog
from jieli.ledger.types import CheckpointRef

#: Without a heartbeat or any other entry for this long, somebody should look.
SILENCE = 2 * HOUR


@require_safe
@permitted(Permission.SEE_LEDGER)
def state(request: HttpRequest) -> HttpResponseBase:
    """The book as it stands."""
    try:
        head = queries.head(queries.live_log())
    except NoLog as error:
        return render(request, "console/ledger_none.html", {"error": error})
    last = queries.last_checkpoint()
    sealed = last.size if last else 0
    behind = at(request) - head.time if head.size else 0
    values = {
        "origin": queries.origin(),
        "head": head,
        "last": last,
        "waiting": head.size - sealed,
        "witnesses": [name for name, _ in last.cosignatures] if last else [],
        "authorities": [name for name, _ in last.timestamps] if last else [],
        "root": last.root.hex() if last else "",
        "proof": _proof(last),
        "quiet_for": _span(behind) if behind > SILENCE else "",
    }
    return render(request, "console/ledger.html", values)


def _proof(last: CheckpointRef | None) -> list[dict[str, object]]:
    """The three stages, each with what was done by whom, or what is missing."""
    witnesses = "、".join(name for name, _ in last.cosignatures) if last else ""
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
            "word": "已见证" if witnesses else "未见证",
            "done": bool(witnesses),
            "detail": f"由 {witnesses} 签名" if witnesses else "未经中立第三方固定",
        },
    ]


def _span(ms: int) -> str:
    """A stretch of time in whole units, the largest that fits."""
    for unit, word in ((DAY, "天"), (HOUR, "小时"), (MINUTE, "分钟")):
        if ms >= unit:
            return f"{ms // unit} {word}"
    return "不到 1 分钟"
