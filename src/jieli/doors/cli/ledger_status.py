"""What `jieli ledger status` says: how far the log is signed, witnessed under the policy, stamped, and how late."""

from dataclasses import asdict
from typing import Any

from jieli.kernel.times import local
from jieli.ledger import deposits, queries, standing, succeeding
from jieli.ledger.standing import Standing, silent, span, when
from jieli.wiring import signer
from jieli.wiring.home import home_of
from jieli.wiring.profile import Profile

NOBODY = "未见证，未经中立第三方固定"
#: So many of the newest silences are named; a machine is told all.
SHOWN = 5
Rows = list[list[object]]


def status(profile: Profile, *, at: int) -> tuple[dict[str, Any], Rows]:
    """The state of the log as values for machines and as rows for people."""
    last = queries.last_checkpoint()
    size = queries.head(queries.live_log()).size
    trusted = signer.trusted_if_any(home_of(profile))
    judged = standing.standing(last, trusted) if last else None
    counted = standing.last_counted(trusted)
    waiting = {a.name: len(standing.unstamped(a.name, at=at)) for a in signer.authorities(profile)}
    faults = standing.clock_faults(last, judged.stamps if judged else (), at=at)
    pulse = queries.pulse(until=at)
    before = succeeding.earlier()
    values = {
        "origin": queries.origin(),
        "size": size,
        "checkpoint": last.size if last else None,
        "witnessed": list(judged.witnesses) if judged else [],
        "quorum_met": bool(judged and judged.witnessed),
        "counted": counted.size if counted else None,
        "stamped": [name for name, _ in last.timestamps] if last else [],
        "late": {s.authority: s.after for s in judged.stamps if s.late} if judged else {},
        "unstamped": waiting,
        "clock": faults,
        "heartbeat": pulse.last,
        "earlier": [asdict(one) for one in before],
        "silences": [asdict(silence) for silence in pulse.silences],
    }
    signed = f"{last.size} 条，{local(last.signed_at):%Y-%m-%d %H:%M:%S}" if last else "尚无"
    rows: Rows = [
        ["账本", values["origin"]],
        ["条目", size],
        ["最后检查点", signed],
        ["见证", _witnessed(judged)],
    ]
    rows[1:1] = [[f"第 {one.log} 本（已封存）", f"{one.origin}：{one.told()}"] for one in before]
    if counted and counted.witnessed:
        rows.append(["已见证到", f"{counted.size} 条"])
    rows.append(["时间戳", _stamped(judged)])
    if any(waiting.values()):
        rows.append(["待补时间戳", f"{sum(waiting.values())} 个检查点"])
    rows += [["最近存证", _deposited(d)] for d in deposits.deposits(limit=1)]
    rows.append(["最近心跳", "尚无" if pulse.last is None else when(pulse.last)])
    rows += [["静默", silent(silence)] for silence in pulse.silences[-SHOWN:]]
    if len(pulse.silences) > SHOWN:
        rows.append(["更早的静默", f"{len(pulse.silences) - SHOWN} 段"])
    rows += [["时钟", fault] for fault in faults]
    return values, rows


def _witnessed(judged: Standing | None) -> str:
    if judged is None or not judged.witnesses:
        return NOBODY
    names = "、".join(judged.witnesses)
    return names if judged.witnessed else f"未见证：{names} 已签名，但未达到信任策略要求的见证方"


def _stamped(judged: Standing | None) -> str:
    if judged is None or not judged.stamps:
        return "无"
    return "；".join(
        f"{s.authority}（{local(s.time):%Y-%m-%d %H:%M:%S}"
        + (f"，印时间晚于签署 {span(s.after)}）" if s.late else "）")
        for s in judged.stamps
    )


def _deposited(found: deposits.DepositRef) -> str:
    return f"{found.kind}：{found.depository}，{found.number}，覆盖前 {found.size} 条"
