"""From an approved plan to calls: which customers, from whom, to whom, under which approval. Nothing is called here.

What is committed here is the intent (ADR 15); `calling` makes the calls, `polling` learns what came of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from jieli.approvals import queries as approvals
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, local_day, start_of_day
from jieli.ledger.operations import book
from jieli.parties import queries as parties
from jieli.succession import userids
from jieli.succession.faults import MessageTooLong, NoAccount, NotInWindow
from jieli.succession.models import Assignment, CustomerWish, Plan, Submission, SubmissionItem
from jieli.succession.outcomes import Outcome, Subject, SubmissionState
from jieli.succession.policy import in_batches, window
from jieli.succession.ports import GROUPS_PER_DAY, MAX_CHUNK, MAX_MESSAGE
from jieli.succession.spoken import ClosedWhy
from jieli.succession.standing import WITH_PLATFORM, Changes, check_approved, close_contact, move, plan_row
from jieli.succession.types import ENABLEMENT, CustomerState, Phase, Wish

_NO = {Wish.REFUSES.value: CustomerState.REFUSED, Wish.NO_CONTACT.value: CustomerState.NO_CONTACT}
_WHY = {CustomerState.REFUSED: ClosedWhy.REFUSED, CustomerState.NO_CONTACT: ClosedWhy.NO_CONTACT}


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a preparation did: calls to make, customers (or groups) in them, lines moved to the other phase, failed."""

    calls: int = 0
    customers: int = 0
    moved: int = 0
    failed: int = 0
    withheld: int = 0  # the platform's date has not come, or the customer is with another plan


@dataclass(frozen=True, slots=True)
class GroupMove:
    """A customer group and who is to own it."""

    room: str
    receiver: UUID


def success_message(leaver: str, receiver: str) -> str:
    """What the platform tells a customer of an on-the-job transfer, at most 200 characters. No reason is given."""
    said = (
        f"您好，因工作调整，您的服务顾问将由{leaver}变更为{receiver}，原有订单、权益与承诺不变。"
        "您可以拒绝本次变更，不影响您已购买的服务；如需更换顾问或投诉，请联系公司客服。"
    )
    return check_message(said)


def check_message(said: str) -> str:
    """The text, or MessageTooLong: the platform would cut it or refuse the call."""
    if len(said) > MAX_MESSAGE:
        raise MessageTooLong(f"转接提示共 {len(said)} 字，超过 200 字。", remedy="请缩短后重试。")
    return said


def prepare_submissions(
    plan: UUID, phase: Phase, *, message: str | None = None, by: str, at: int
) -> Prepared:
    """Commit the calls of a phase for every line that may go now. Safe to ask again: what is under way stays.

    NotApproved without an approval of exactly this plan, NotEnabled while 离职继承 is not enabled (R2.6, R2.15),
    NotInWindow before the last minute for 离职后. On the job after the 48-hour limit, lines move to 离职后; after
    the platform's year they fail and stand in the list of calls to make by hand (R2.2).
    """
    row = plan_row(plan)
    approval = check_approved(row, at=at).id
    approvals.check_enabled(ENABLEMENT, at=at)
    span = window(phase, last_minute=row.last_minute)
    if at < span.opens:
        raise NotInWindow("离职人员尚未到最后时点，不能办理离职继承。", remedy="请在离职生效后办理。")
    if message is not None:
        check_message(message)
    with book(at=at) as b:
        entry = b.entry("succession.prepare", by=by, facts={"plan": str(plan), "phase": phase.value})
        changes = Changes()
        lines = _open_lines(row, phase)
        if at >= span.closes:
            done = _too_late(row, phase, lines, changes)
        else:
            for line, state in _unwilling(lines).items():
                changes.lines[line.id] = move(line, state, row)
                close_contact(line, _WHY[state], changes, entry, at=at)
            done = _prepare(row, phase, lines, changes, approval, message, at)
        changes.write(entry)
    return done


def _open_lines(plan: Plan, phase: Phase) -> list[Assignment]:
    found = Assignment.objects.select_for_update(of=("self",)).filter(
        plan=plan, phase=phase.value, state=CustomerState.PLANNED.value, receiver__isnull=False
    )
    rows = list(found.order_by("id"))
    numbers = {key: ref.customer_no for key, ref in parties.customer([r.customer_id for r in rows]).items()}
    return sorted(rows, key=lambda r: numbers[r.customer_id])


def _too_late(plan: Plan, phase: Phase, lines: Sequence[Assignment], changes: Changes) -> Prepared:
    """On the job less than 48 hours before the end: inheritance follows. A year after: only the telephone is left."""
    for line in lines:
        if phase is Phase.NOTICE:
            line.phase = Phase.AFTER.value
        else:
            move(line, CustomerState.FAILED, plan)
        changes.lines[line.id] = line
    return Prepared(moved=len(lines)) if phase is Phase.NOTICE else Prepared(failed=len(lines))


def _unwilling(lines: Sequence[Assignment]) -> dict[Assignment, CustomerState]:
    """Lines whose customer's last word is a no: said elsewhere since the plan was made, honoured here."""
    customers = [line.customer_id for line in lines]
    said = CustomerWish.objects.filter(customer__in=customers).order_by("stated_at", "id")
    last = dict(said.values_list("customer_id", "wish"))
    return {line: _NO[w] for line in lines if (w := last.get(line.customer_id, "")) in _NO}


def _prepare(
    plan: Plan,
    phase: Phase,
    lines: Sequence[Assignment],
    changes: Changes,
    approval: UUID,
    message: str | None,
    at: int,
) -> Prepared:
    willing = [line for line in lines if line.id not in changes.lines]
    held = _withheld(plan, willing, at=at)
    going = [line for line in willing if line.id not in held]
    receivers = {line.receiver_id for line in going if line.receiver_id}
    ids = userids.of_staff(receivers, at=at) | userids.of_staff(
        [plan.leaver_id], at=min(at, plan.last_minute - 1)
    )
    externals = userids.of_customers([line.customer_id for line in going])
    lost = [x for x in going if x.customer_id not in externals or x.receiver_id not in ids]
    for line in lost:
        changes.lines[line.id] = move(line, CustomerState.FAILED, plan)
    going = [line for line in going if line.id not in changes.lines]
    if going and plan.leaver_id not in ids:
        raise NoAccount("离职人员没有登记企业微信账号。", remedy="请先登记其账号，或在管理后台手工办理。")
    words = _messages(plan, receivers, message) if phase is Phase.NOTICE else {}
    for receiver in sorted(receivers & ids.keys(), key=str):
        own = [line for line in going if line.receiver_id == receiver]
        for chunk in in_batches([line.id for line in own]):
            call = Submission(
                id=new_id(at), plan=plan, subject=Subject.CUSTOMERS.value, phase=phase.value,
                handover=ids[plan.leaver_id], takeover=ids[receiver], message=words.get(receiver),
                approval=approval, number=len(changes.new_calls), attempt=1, not_before=at,
                state=SubmissionState.READY.value, intended_at=at,
            )  # fmt: skip
            add_call(
                changes, call, {x.id: externals[x.customer_id] for x in own if x.id in set(chunk)}, at=at
            )
    for line in going:
        changes.lines[line.id] = move(line, CustomerState.SUBMITTED, plan)
    return Prepared(len(changes.new_calls), len(going), 0, len(lost), len(held))


def add_call(changes: Changes, call: Submission, externals: Mapping[UUID | None, str], *, at: int) -> None:
    """A call with its items, by line."""
    changes.new_calls.append(call)
    changes.new_items += [new_item(call, line, external, at=at) for line, external in externals.items()]


def new_item(call: Submission, line: UUID | None, external: str, *, at: int) -> SubmissionItem:
    """An item that runs from now on: the table refuses a second one of the same pair."""
    return SubmissionItem(
        id=new_id(at), submission=call, plan_id=call.plan_id, assignment_id=line, phase=call.phase,
        handover=call.handover, takeover=call.takeover, external=external, running=True,
    )  # fmt: skip


def _withheld(plan: Plan, lines: Sequence[Assignment], *, at: int) -> set[UUID]:
    """Lines that must wait: the platform named a date, or another plan has the customer with the platform."""
    later = SubmissionItem.objects.filter(
        plan=plan, assignment__in=[line.id for line in lines], not_before__gt=at
    ).values_list("assignment_id", flat=True)
    elsewhere = set(
        Assignment.objects.filter(
            customer__in=[line.customer_id for line in lines], state__in=WITH_PLATFORM
        ).values_list("customer_id", flat=True)
    )  # fmt: skip
    return {x for x in later if x} | {line.id for line in lines if line.customer_id in elsewhere}


def _messages(plan: Plan, receivers: set[UUID], message: str | None) -> dict[UUID, str]:
    if message is not None:
        return dict.fromkeys(receivers, message)
    names = {key: ref.name for key, ref in parties.staff({plan.leaver_id, *receivers}).items()}
    return {r: success_message(names[plan.leaver_id], names[r]) for r in receivers}


def prepare_groups(plan: UUID, phase: Phase, moves: Sequence[GroupMove], *, by: str, at: int) -> Prepared:
    """Commit the calls that give customer groups new owners: at most 100 a call and 300 a day for one owner.

    What exceeds a day's number is put on the following days. Groups done or under way are left alone.
    """
    row = plan_row(plan)
    approval = check_approved(row, at=at).id
    approvals.check_enabled(ENABLEMENT, at=at)
    span = window(phase, last_minute=row.last_minute)
    if not span.opens <= at < span.closes:
        raise NotInWindow("现在不在本阶段可以转移客户群的时间内。", remedy="请按接续方案的阶段办理。")
    ids = userids.of_staff({m.receiver for m in moves}, at=at)
    ids |= userids.of_staff([row.leaver_id], at=min(at, row.last_minute - 1))
    if missing := {row.leaver_id, *(m.receiver for m in moves)} - set(ids):
        raise NoAccount(f"有 {len(missing)} 人没有登记企业微信账号。", remedy="请先登记其账号。")
    with book(at=at) as b:
        Plan.objects.select_for_update(of=("self",)).get(id=plan)
        entry = b.entry("succession.prepare_groups", by=by, facts={"plan": str(plan), "phase": phase.value})
        changes = Changes()
        busy = _groups_busy(plan, {m.room for m in moves}, at=at)
        wanted: dict[str, list[str]] = {}
        for m in dict.fromkeys(moves):
            if m.room not in busy:
                wanted.setdefault(ids[m.receiver], []).append(m.room)
        for owner, rooms in sorted(wanted.items()):
            for day_from, chunk in _by_day(rooms, _given(owner, at=at), at=at):
                call = Submission(
                    id=new_id(at), plan=row, subject=Subject.GROUPS.value, phase=phase.value,
                    handover=ids[row.leaver_id], takeover=owner, approval=approval,
                    number=len(changes.new_calls), attempt=1,
                    not_before=day_from, state=SubmissionState.READY.value, intended_at=at,
                )  # fmt: skip
                changes.new_calls.append(call)
                changes.new_items += [new_item(call, None, room, at=at) for room in chunk]
        changes.write(entry)
    return Prepared(len(changes.new_calls), len(changes.new_items), withheld=len(busy))


def _groups_busy(plan: UUID, rooms: set[str], *, at: int) -> set[str]:
    """Rooms under way, done, or told by the platform to wait."""
    found = SubmissionItem.objects.filter(plan=plan, assignment__isnull=True, external__in=rooms).values_list(
        "external", "running", "outcome", "not_before"
    )
    return {
        room
        for room, running, outcome, day in found
        if running or outcome == Outcome.DONE.value or (day or 0) > at
    }


def _given(owner: str, *, at: int) -> dict[int, int]:
    """How many groups an owner is given on each day from today, by the start of the day (ms)."""
    today = start_of_day(local_day(at))
    found: dict[int, int] = {}
    rows = SubmissionItem.objects.filter(
        takeover=owner, submission__subject=Subject.GROUPS.value, submission__not_before__gte=today
    ).exclude(outcome=Outcome.WITHDRAWN.value)
    for moment in rows.values_list("submission__not_before", flat=True):
        day = start_of_day(local_day(moment))
        found[day] = found.get(day, 0) + 1
    return found


def _by_day(rooms: Sequence[str], given: dict[int, int], *, at: int) -> list[tuple[int, list[str]]]:
    """Chunks with the instant from which each may be called, so that no day holds more than 300."""
    found, day, left = [], start_of_day(local_day(at)), list(rooms)
    while left:
        free = GROUPS_PER_DAY - given.get(day, 0)
        today, left = left[:free] if free > 0 else [], left[max(free, 0) :]
        for i in range(0, len(today), MAX_CHUNK):
            found.append((max(at, day), today[i : i + MAX_CHUNK]))
        day += DAY
    return found
