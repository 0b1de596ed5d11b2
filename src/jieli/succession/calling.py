"""Making the calls that were committed before. Outside any transaction; one answer, one entry (ADR 15).

A crash between call and answer leaves 提交中. Nobody asks again then before the platform's results have been looked
at: who is found there runs, and who is not found a while after the call was never heard and may be asked for anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from jieli.kernel import failpoints
from jieli.kernel.times import MINUTE
from jieli.ledger.operations import book
from jieli.succession import userids
from jieli.succession.answers import Answer, ask_again, record
from jieli.succession.models import Assignment, Plan, Submission, SubmissionItem
from jieli.succession.outcomes import CONFIGURATION, LIMITED, LIMITS, Outcome, Subject, SubmissionState
from jieli.succession.policy import window
from jieli.succession.polling import enter_results
from jieli.succession.ports import (
    Busy,
    Limited,
    Misconfigured,
    PlatformError,
    Refused,
    TransferPlatform,
    TransferResult,
    Unreachable,
)
from jieli.succession.standing import Changes, check_approved, end_item, locked_lines, move, plan_row
from jieli.succession.types import CustomerState, Phase

#: How long after a call without an answer its absence from the results means that it was never heard.
SETTLE = 10 * MINUTE
_OPEN = (SubmissionState.CALLING.value, SubmissionState.UNKNOWN.value)
_WRONG_WAY = 40097


@dataclass
class RunReport:
    """What a round did. `stopped` says in words why it ended early; `wait_until` (ms) when to come again."""

    calls: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    unknown: int = 0
    wait_until: int = 0
    stopped: str = ""
    stopped_code: str = ""

    def count(self, found: dict[str, int]) -> None:
        for name, n in found.items():
            self.outcomes[name] = self.outcomes.get(name, 0) + n


def run_submissions(plan: UUID, platform: TransferPlatform, *, by: str, at: int) -> RunReport:
    """Make every call of the plan that is due. Safe at any time and again, also after a crash anywhere.

    NotApproved when the approval was revoked or ran out meanwhile. A configuration error (48002, 60011, 60020) or a
    limit (45009, 45033) ends the round; the report says so and everything not called waits.
    """
    row = plan_row(plan)
    check_approved(row, at=at)
    report = RunReport()
    resigned: dict[str, bool] = {}
    leaver = userids.of_staff([row.leaver_id], at=min(at, row.last_minute - 1)).get(row.leaver_id, "")
    try:
        resolve_unknown(plan, platform, by=by, at=at)
        while not report.stopped and (claimed := _claim(row, leaver, by=by, at=at)) is not None:
            _make(claimed, platform, resigned, report, by=by, at=at)
    except PlatformError as error:
        # A look at results or members failed: no call was made for it, and none is made blindly.
        report.stopped, report.stopped_code = report.stopped or str(error), error.code
    report.unknown = SubmissionItem.objects.filter(
        plan=plan, outcome__isnull=True, submission__state__in=_OPEN
    ).count()
    return report


@dataclass(frozen=True, slots=True)
class _Claimed:
    call: Submission
    externals: Sequence[str]


def _claim(plan: Plan, leaver: str, *, by: str, at: int) -> _Claimed | None:
    """Take the next due call: committed as 提交中 before anything is sent. Another worker's are passed over."""
    due = Submission.objects.filter(plan=plan, state=SubmissionState.READY.value, not_before__lte=at)
    if not due.exists():
        return None
    with book(at=at) as b:
        entry = b.entry("succession.call", by=by, facts={"plan": str(plan.id)})
        free = due.select_for_update(of=("self",), skip_locked=True)
        for row in free.order_by("intended_at", "number", "id"):
            items = SubmissionItem.objects.filter(submission=row, outcome__isnull=True).order_by("id")
            externals = list(items.values_list("external", flat=True))
            # Only the leaver's own transfers have an end; a receiver who stays may hand on at any time.
            closes = window(Phase(row.phase), last_minute=plan.last_minute).closes
            if externals and (at < closes or row.handover != leaver):
                row.state, row.called_at = SubmissionState.CALLING.value, at
                entry.revise(row)
                return _Claimed(row, externals)
            _retire(row, plan, at=at).write(entry)
    return None


def _retire(row: Submission, plan: Plan, *, at: int) -> Changes:
    """A call that will not be made: nobody is left in it, or its time is over. Its lines may be prepared anew."""
    changes = Changes(calls={row.id: row})
    row.state = SubmissionState.WITHDRAWN.value
    for item in SubmissionItem.objects.filter(submission=row, outcome__isnull=True).select_related(
        "assignment"
    ):
        end_item(item, Outcome.WITHDRAWN, at=at)
        changes.items[item.id] = item
        line = item.assignment
        if line is not None and line.state == CustomerState.SUBMITTED.value:
            changes.lines[line.id] = move(line, CustomerState.PLANNED, plan)
    return changes


def _make(
    claimed: _Claimed,
    platform: TransferPlatform,
    resigned: dict[str, bool],
    report: RunReport,
    *,
    by: str,
    at: int,
) -> None:
    call = claimed.call
    after = call.phase == Phase.AFTER.value
    failpoints.reach("transfer.after_intent")
    if call.handover not in resigned:
        try:
            resigned[call.handover] = platform.member(call.handover).resigned
        except PlatformError:
            _give_back(call, by=by, at=at)
            raise
    if resigned[call.handover] != after:
        # The planner picks by what the member is now: the other endpoint would answer 40097 for every customer.
        report.count(record(call.id, Answer({}, whole=_WRONG_WAY, heard=False), by=by, at=at))
        return
    answer = _call(claimed, platform, report)
    report.calls += 1
    failpoints.reach("transfer.after_call")
    if answer is None:
        _mark_unknown(call, by=by, at=at)
        return
    report.count(record(call.id, answer, by=by, at=at))
    if answer.whole in LIMITS:
        report.wait_until = answer.retry_at or at + LIMITED
        _put_off(call, until=report.wait_until, by=by, at=at)
    failpoints.reach("transfer.after_answer")


def _call(claimed: _Claimed, platform: TransferPlatform, report: RunReport) -> Answer | None:
    """One request. None where nobody can say whether the platform heard it."""
    call, resigned = claimed.call, claimed.call.phase == Phase.AFTER.value
    try:
        if call.subject == Subject.GROUPS.value:
            codes = platform.transfer_groups(
                resigned=resigned,
                rooms=claimed.externals,
                new_owner=call.takeover,
                approval=str(call.approval),
            )
        else:
            codes = platform.transfer(
                resigned=resigned, handover=call.handover, takeover=call.takeover,
                customers=claimed.externals, message=call.message or "", approval=str(call.approval),
            )  # fmt: skip
    except Busy as error:
        return Answer({}, whole=error.errcode or -1)
    except Limited as error:
        report.stopped, report.stopped_code = str(error), error.code
        return Answer({}, whole=error.errcode, retry_at=error.retry_at)
    except Misconfigured as error:
        report.stopped, report.stopped_code = str(error), error.code
        return Answer({}, whole=error.errcode if error.errcode in CONFIGURATION else 48002)
    except Refused as error:
        return Answer({}, whole=error.errcode)
    except Unreachable as error:
        report.stopped, report.stopped_code = str(error), error.code
        return None
    _stop_on_configuration(codes, report)
    return Answer(codes)


def _stop_on_configuration(codes: dict[str, int], report: RunReport) -> None:
    found = sorted({code for code in codes.values() if code in CONFIGURATION})
    if found:
        report.stopped = (
            f"平台返回配置错误 {found[0]}，已停止全部转移调用。请检查应用权限、可见范围与可信地址。"
        )
        report.stopped_code = Misconfigured.code


def _give_back(call: Submission, *, by: str, at: int) -> None:
    """Nothing was sent: the call is due again."""
    with book(at=at) as b:
        row = Submission.objects.select_for_update(of=("self",)).get(id=call.id)
        row.state, row.called_at = SubmissionState.READY.value, None
        b.entry("succession.not_called", by=by, facts={"call": str(call.id)}).revise(row)


def _mark_unknown(call: Submission, *, by: str, at: int) -> None:
    with book(at=at) as b:
        row = Submission.objects.select_for_update(of=("self",)).get(id=call.id)
        row.state = SubmissionState.UNKNOWN.value
        b.entry("succession.unknown", by=by, facts={"call": str(call.id)}).revise(row)


def _put_off(call: Submission, *, until: int, by: str, at: int) -> None:
    """A limit counts for the whole company: no other call of the plan is due before it ends."""
    with book(at=at) as b:
        rows = list(
            Submission.objects.select_for_update(of=("self",))
            .filter(plan=call.plan_id, state=SubmissionState.READY.value, not_before__lt=until)
            .order_by("id")
        )
        for row in rows:
            row.not_before = until
        b.entry("succession.put_off", by=by, facts={"until": until, "calls": len(rows)}).revise(*rows)


def resolve_unknown(plan: UUID, platform: TransferPlatform, *, by: str, at: int) -> int:
    """Look at the results of every pair whose call has no answer; how many customers became certain.

    Groups have no results to look at: they stay 结果不明 until a person has looked (`settle_groups`).
    """
    open_items = SubmissionItem.objects.filter(
        plan=plan, outcome__isnull=True, submission__state__in=_OPEN, assignment__isnull=False
    )
    pairs = sorted(set(open_items.values_list("phase", "handover", "takeover")))
    settled = 0
    for phase, handover, takeover in pairs:
        found = platform.results(resigned=phase == Phase.AFTER.value, handover=handover, takeover=takeover)
        failpoints.reach("transfer.before_resolve")
        same = open_items.filter(phase=phase, handover=handover, takeover=takeover)
        settled += _resolve(list(same.values_list("id", flat=True)), found, by=by, at=at)
    return settled


def _resolve(ids: Sequence[UUID], found: Sequence[TransferResult], *, by: str, at: int) -> int:
    listed = {r.external_userid: r for r in found if r.status in (1, 2, 3, 4)}
    rows = SubmissionItem.objects.filter(id__in=ids, outcome__isnull=True)
    known = list(
        rows.values_list("id", "external", "assignment_id", "submission_id", "submission__called_at")
    )
    certain = [k for k in known if k[1] in listed or (k[4] or at) + SETTLE <= at]
    if not certain:
        return 0
    with book(at=at) as b:
        entry = b.entry("succession.resolve", by=by, facts={"items": len(certain)})
        changes = Changes()
        lines = locked_lines(k[2] for k in certain)
        calls = {
            s.id: s
            for s in Submission.objects.select_for_update(of=("self",))
            .filter(id__in={k[3] for k in certain}).order_by("id")
        }  # fmt: skip
        items = list(
            rows.filter(id__in=[k[0] for k in certain]).select_for_update(of=("self",)).order_by("id")
        )
        unheard: dict[UUID, list[SubmissionItem]] = {}
        for item in items:
            if item.external in listed:
                end_item(item, Outcome.RUNNING, at=at, running=True)
            else:
                end_item(item, Outcome.NOT_DONE, at=at)
                unheard.setdefault(item.submission_id, []).append(item)
            changes.items[item.id] = item
        seen = [i for i in items if i.external in listed]
        enter_results(seen, listed, lines, changes, entry, at=at)
        for key, same in unheard.items():
            still = [i for i in same if _wants(lines, i)]
            if still:
                ask_again(calls[key], still, changes, not_before=at, attempt=calls[key].attempt, at=at)
        done = {i.id for i in items}
        for key, row in calls.items():
            left = SubmissionItem.objects.filter(submission=key, outcome__isnull=True).exclude(id__in=done)
            row.state = (SubmissionState.UNKNOWN if left.exists() else SubmissionState.ANSWERED).value
            row.answered_at = at
            changes.calls[key] = row
        changes.write(entry)
    return len(items)


def _wants(lines: Mapping[UUID, Assignment], item: SubmissionItem) -> bool:
    """Whether the customer is still to be passed on: he may have refused while nobody knew."""
    line = lines.get(item.assignment_id) if item.assignment_id else None
    return line is not None and line.state == CustomerState.SUBMITTED.value
