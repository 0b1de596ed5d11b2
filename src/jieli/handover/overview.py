"""All leavings at a glance: what is late, who is lost, who has not answered, and the judge's three checks (R0.6)."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from jieli.assets import queries as assets
from jieli.duties import queries as duties
from jieli.duties.types import DutyRef, Side
from jieli.handover.completion import completions
from jieli.handover.lists import days_late, lists_of
from jieli.handover.models import Case, CasePaper, Policy
from jieli.handover.reading import refs
from jieli.handover.shown import Check, Late, Overview
from jieli.handover.types import (
    CaseRef,
    Completion,
    HandList,
    LeavingReason,
    Stage,
)
from jieli.kernel.times import DAY, local_day
from jieli.papers import queries as papers
from jieli.papers.signing import Outcome
from jieli.parties import queries as parties
from jieli.parties.types import StaffRef

POLICY, WRITTEN, ACKNOWLEDGED = "账号管理制度已施行", "离职均有书面交接", "持有账号均已签承诺"
#: Days after which a paper that was delivered and not answered asks for somebody.
ANSWER_WITHIN = 3
_LOST = (Outcome.RETURNED, Outcome.NO_ANSWER)


def overview(*, at: int) -> Overview:
    """Late, lost and unanswered leavings, each with the person who must act, and the three checks (R0.6).

    A constant number of queries, however many leavings are open.
    """
    cases = refs(
        Case.objects.select_related("matter").filter(closed_on__isnull=True).order_by("last_day", "id")
    )
    people = parties.staff({i for c in cases for i in (c.staff_id, c.receiver, c.supervisor) if i})
    lists = lists_of(cases, at=at)
    owed = duties.of_matters([c.matter for c in cases])
    done = completions(cases, at=at, lists=lists, owed=owed)
    late = [one for c in cases if (one := _late(c, done[c.id], owed[c.matter], people, at))]
    lost, unanswered = _by_delivery(cases, done, people, at)
    return Overview(
        tuple(sorted(late, key=lambda one: -one.days)),
        tuple(lost),
        tuple(unanswered),
        _checks(cases, lists, at=at),
        len(cases),
    )


def _late(
    case: CaseRef, done: Completion, owed: Sequence[DutyRef], people: Mapping[UUID, StaffRef], at: int
) -> Late | None:
    """Anything after its day: an item not returned, or an open duty of any side. The oldest is named."""
    today = local_day(at)
    overdue = sorted((d for d in owed if d.overdue(today)), key=lambda d: -d.days_late(today))
    exit_late = days_late(case.last_day, at=at)
    if overdue and not (exit_late > overdue[0].days_late(today) and done.staff):
        worst = overdue[0]
        who = _who(case, worst.owed_by, people)
        return _line(case, people, worst.days_late(today), f"{worst.owed_by}逾期：{worst.name}", who)
    if exit_late and not done.done:
        first = (*done.company, *done.staff)[0]
        return _line(case, people, exit_late, first.text, _named(case, first.who, people))
    return None


def _who(case: CaseRef, side: Side, people: Mapping[UUID, StaffRef]) -> str:
    if side is Side.STAFF:
        return _name(people, case.staff_id)
    if side is Side.SENDER:
        return case.sender or side.value
    return "人力" if side is Side.COMPANY else side.value


def _named(case: CaseRef, role: str, people: Mapping[UUID, StaffRef]) -> str:
    """The person behind a role, where the case names one."""
    whose = {"移交人": case.staff_id, "接收人": case.receiver, "监交人": case.supervisor}
    who = whose.get(role)
    return role if who is None else f"{role}{_name(people, who)}"


def _name(people: Mapping[UUID, StaffRef], who: UUID) -> str:
    return people[who].name if who in people else "不明"


def _line(case: CaseRef, people: Mapping[UUID, StaffRef], days: int, what: str, who: str) -> Late:
    return Late(case.number, _name(people, case.staff_id), case.last_day, days, what, who)


def _by_delivery(
    cases: Sequence[CaseRef], done: Mapping[UUID, Completion], people: Mapping[UUID, StaffRef], at: int
) -> tuple[list[Late], list[Late]]:
    """Lost: gone without a word, or everything sent came back. Unanswered: delivered, and not signed for days."""
    carried: dict[UUID, list[UUID]] = {}
    for key, paper in CasePaper.objects.filter(case_id__in=[c.id for c in cases]).values_list(
        "case_id", "paper"
    ):
        carried.setdefault(key, []).append(paper)
    everything = [p for some in carried.values() for p in some]
    sent, signed = papers.deliveries(everything), papers.signatures(everything)
    lost, unanswered = [], []
    for case in cases:
        mine = [d for p in carried.get(case.id, ()) for d in sent.get(p, ())]
        came_back = bool(mine) and all(d.outcome in _LOST for d in mine)
        silent = [
            d.sent_at for d in mine
            if d.paper not in signed and d.outcome not in _LOST and d.sent_at + ANSWER_WITHIN * DAY <= at
        ]  # fmt: skip
        if case.reason is LeavingReason.MISSING or came_back:
            lost.append(_line(case, people, days_late(case.last_day, at=at), "联系不上移交人", "人力"))
        elif silent and done[case.id].staff:
            days = (at - min(silent)) // DAY
            unanswered.append(_line(case, people, days, "文书已送达，未签署也未拒签", "人力"))
    return lost, unanswered


def _checks(
    cases: Sequence[CaseRef], lists: Mapping[UUID, tuple[HandList, ...]], *, at: int
) -> tuple[Check, ...]:
    today = local_day(at)
    policy = Policy.objects.filter(from_day__lte=today).exists()
    unwritten = _unwritten(cases, lists, today)
    unsigned = tuple(f"{a.platform} {a.handle}" for a in assets.awaiting_signature())
    return (
        Check(POLICY, policy),
        Check(WRITTEN, not unwritten, unwritten),
        Check(ACKNOWLEDGED, not unsigned, unsigned),
    )


def _unwritten(
    cases: Sequence[CaseRef], lists: Mapping[UUID, tuple[HandList, ...]], today: date
) -> tuple[str, ...]:
    """Names of those who left without a hand-over signed by all three, or closed with a note instead."""
    written = {c.staff_id for c in cases if all(not one.unsigned for one in lists[c.id])}
    ended = Case.objects.filter(stage__in=[Stage.CLOSED.value, Stage.CLOSED_NOTED.value])
    written |= set(ended.values_list("staff_id", flat=True))
    gone = {c.staff_id for c in cases if c.last_day < today}
    everybody = parties.staff_by_no().values()
    names = [s for s in everybody if s.id in gone or (s.left_on is not None and s.left_on < today)]
    return tuple(s.name for s in sorted(names, key=lambda s: s.staff_no) if s.id not in written)
