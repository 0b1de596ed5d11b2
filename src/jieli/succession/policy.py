"""Rules of the room, pure: scores, what stands against a receiver or a customer, and the platform's calendar."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from jieli.kernel.times import DAY, HOUR, local_day
from jieli.parties.types import CustomerRef, CustomerSource
from jieli.succession.types import (
    CandidateFacts,
    ConsentKind,
    Phase,
    PlatformMember,
    Reason,
    TrainingContent,
    Weights,
    Why,
    Window,
    Wish,
)

#: Printed beside every allocation (R2.18). Changing a number here is a new formula with a new name.
FORMULA = (
    "公式F1（全部为整数，舍去小数）：年限分＝min(在职整月数,120)×1000÷120；"
    "贡献分＝本人近365天订单金额×1000÷各可选接手人中最高金额（都为0时记0）；"
    "得分＝(年限权重×年限分＋贡献权重×贡献分)÷(年限权重＋贡献权重)。"
    "先使有人接手的客户最多，再使未满足的优先条件最少，再按得分从高到低填至上限"
    "（均衡权重大于0时，每多占上限的十分之一，多计一份均衡权重）；"
    "得分相同按工号从小到大；条件相同的客户按客户编号排队。仍并列者由固定次序的求解器决定，与提交的先后无关。"
)
FULL_TENURE_MONTHS, POINTS = 120, 1000
CONTRIBUTION_DAYS = 365

BATCH = 100  # customers a call
ON_JOB_LIMIT, ON_JOB_DAYS = 2, 90
LAST_ON_JOB_HOURS = 48
PLATFORM_YEAR_DAYS = 365


def score(candidate: CandidateFacts, weights: Weights, highest_fen: int) -> int:
    """0 to 1000 by FORMULA; `highest_fen` is the largest contribution among the selectable receivers."""
    total = weights.tenure + weights.contribution
    if not total:
        return 0
    tenure = min(candidate.tenure_months, FULL_TENURE_MONTHS) * POINTS // FULL_TENURE_MONTHS
    earned = candidate.contribution_fen * POINTS // highest_fen if highest_fen > 0 else 0
    return (weights.tenure * tenure + weights.contribution * earned) // total


def months_between(first: date, last: date) -> int:
    """Whole months from one day to another, 0 when it is not later."""
    months = (last.year - first.year) * 12 + last.month - first.month - (last.day < first.day)
    return max(0, months)


# ---- receivers (R2.12, R2.20)


def training_obstacles(valid: Mapping[TrainingContent, date], today: date) -> list[Reason]:
    """What is missing of the two trainings. `valid` is the last day of the latest of each kind."""
    found = []
    for content in TrainingContent:
        last = valid.get(content)
        if last is None:
            found.append(Reason(Why.UNTRAINED, (content.value,)))
        elif last < today:
            found.append(Reason(Why.OVERDUE, (content.value, last.isoformat())))
    return found


def platform_obstacles(member: PlatformMember) -> list[Reason]:
    """What the platform itself would refuse; what nobody asked it is no obstacle here."""
    said = {
        "未激活": member.active,
        "未实名": member.real_name,
        "没有客户联系权限": member.external_contact,
        "一年内未登录": member.logged_in,
    }
    return [Reason(Why.PLATFORM, (word,)) for word, good in said.items() if good is False]


# ---- customers


def customer_bars(
    customer: CustomerRef, *, wish: Wish | None, consents: frozenset[ConsentKind], in_flight: str | None
) -> tuple[Reason, ...]:
    """Why nobody may be given this customer, all reasons in one fixed order; none when he can be planned."""
    found = []
    if wish is Wish.NO_CONTACT:
        found.append(Reason(Why.NO_CONTACT))
    if wish is Wish.REFUSES:
        found.append(Reason(Why.REFUSED))
    if customer.source is CustomerSource.UNKNOWN:
        found.append(Reason(Why.SOURCE))
    if customer.minor and ConsentKind.GUARDIAN not in consents:
        found.append(Reason(Why.MINOR))
    if in_flight is not None:
        found.append(Reason(Why.IN_FLIGHT, (in_flight,)))
    return tuple(found)


def leaver_bars(*, last_minute: int, logged_in: bool | None, at: int) -> tuple[Reason, ...]:
    """Why the platform lets nobody inherit from this leaver (R2.2)."""
    found = []
    ends = last_minute + PLATFORM_YEAR_DAYS * DAY
    if at >= ends:
        found.append(Reason(Why.TOO_LATE, (local_day(ends).isoformat(),)))
    if logged_in is False:
        found.append(Reason(Why.NOT_LOGGED_IN))
    return tuple(found)


# ---- the calendar of a transfer


def window(phase: Phase, *, last_minute: int) -> Window:
    """When a phase may be submitted: on the job until 48 hours before the end, afterwards for a year."""
    if phase is Phase.NOTICE:
        return Window(phase, 0, last_minute - LAST_ON_JOB_HOURS * HOUR)
    return Window(phase, last_minute, last_minute + PLATFORM_YEAR_DAYS * DAY)


def phase_for(transfers: Sequence[int], *, last_minute: int, at: int) -> tuple[Phase, tuple[Reason, ...]]:
    """In which phase a customer passes, and why not during notice. `transfers`: earlier on-the-job ones, ms."""
    if at >= window(Phase.NOTICE, last_minute=last_minute).closes:
        return Phase.AFTER, ((Reason(Why.TOO_CLOSE),) if at < last_minute else ())
    today = local_day(at)
    recent = sorted(d for d in map(local_day, transfers) if (today - d).days < ON_JOB_DAYS)
    if len(recent) < ON_JOB_LIMIT:
        return Phase.NOTICE, ()
    free = date.fromordinal(recent[-ON_JOB_LIMIT].toordinal() + ON_JOB_DAYS)
    return Phase.AFTER, (Reason(Why.TWICE, (free.isoformat(),)),)


def in_batches(ids: Sequence[UUID]) -> list[tuple[UUID, ...]]:
    """At most 100 a call, in the order given."""
    return [tuple(ids[i : i + BATCH]) for i in range(0, len(ids), BATCH)]
