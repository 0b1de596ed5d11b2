"""How long each class is kept, what is past its time, and how that goes (ADR 20).

The defaults lie in `retention.json`: class, months, the article that asks for them and the least it allows. A policy
version changes months. Chats and calls stand in the archive; the records of other classes are asked of their rooms
(`records`), or say why no plan destroys them.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from importlib import resources
from typing import NamedTuple
from uuid import UUID

from django.db import DatabaseError, connections
from django.db.models import Min

from jieli.approvals import operations as approvals
from jieli.approvals import queries as decided
from jieli.archive import cases, destruction, paper_counts, queries, records
from jieli.archive.errors import NothingDue, RetentionTooLong, RetentionTooShort, RetentionUnknown
from jieli.archive.holds import keep_limits, limits
from jieli.archive.models import RetentionPlan, RetentionPolicy, Segment, Shred
from jieli.archive.policy import MOST_IN_A_PLAN, MOST_MONTHS, due_before, kept_until
from jieli.archive.reasons import written
from jieli.archive.types import CertificateRef, HoldScope, ShredScope
from jieli.archive.types_retention import ClassState, Kept, PlanRef, Retained, RetentionClass, RetentionState
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day, start_of_day
from jieli.law import queries as law
from jieli.ledger import locks
from jieli.ledger.operations import book
from seal import canonical

#: The kind of request that is approved before a plan is carried out.
APPROVAL = "到期销毁"
_NOT_DUE = "JL003"


@cache
def defaults() -> tuple[str, tuple[RetentionClass, ...]]:
    """The version of the data file and its classes, every article of which the law room can cite."""
    found = json.loads(
        resources.files("jieli.archive").joinpath("retention.json").read_text(encoding="utf-8")
    )
    classes = tuple(RetentionClass(**{**row, "articles": tuple(row["articles"])}) for row in found["classes"])
    law.cite_all(article for c in classes for article in c.articles)
    return str(found["version"]), classes


def policy() -> tuple[int, tuple[RetentionClass, ...]]:
    """The policy in force: its version (0: the defaults as they came) and each class with its months.

    A version that was stored before there was a bound counts as MOST_MONTHS where it has more: it cannot be unwritten.
    """
    _, classes = defaults()
    row = RetentionPolicy.objects.order_by("-version").first()
    if row is None:
        return 0, classes
    months = json.loads(row.months)
    return row.version, tuple(c.with_months(min(months.get(c.code, c.months), MOST_MONTHS)) for c in classes)


def set_policy(*, months: Mapping[str, int], reason: str, by: str, at: int) -> int:
    """Change the months of some classes from now on; the new version. Plans made before keep theirs.

    RetentionUnknown for a class that there is not, RetentionTooShort below what its article allows or below a month,
    RetentionTooLong above MOST_MONTHS; NoReason, ReasonTooLong.
    """
    reason = written(reason)
    with book(at=at) as b:
        locks.destroy_one_at_a_time()
        version, classes = policy()
        known = {c.code: c for c in classes}
        for code, wanted in months.items():
            _check_months(_class(known, code), wanted)
        merged = {code: months.get(code, c.months) for code, c in known.items()}
        row = RetentionPolicy(
            version=version + 1, defaults=defaults()[0], months=canonical.encode(merged).decode(), reason=reason,
            by=by, at=at,
        )  # fmt: skip
        b.entry("archive.retention", by=by, facts={"version": row.version}).insert(row)
    return row.version


def _class(known: Mapping[str, RetentionClass], code: str) -> RetentionClass:
    if code not in known:
        raise RetentionUnknown(f"没有“{code}”这一类记录。", remedy=f"类别有：{'、'.join(known)}。")
    return known[code]


def _check_months(one: RetentionClass, months: int) -> None:
    least = max(one.least_months, 1)
    if months < least:
        cited = "、".join(c.short() for c in law.cite_all(one.articles))
        grounds = f"（{cited}）" if one.least_months else ""
        raise RetentionTooShort(
            f"{one.name}至少保存 {least} 个月{grounds}。", remedy=f"请给出不少于 {least} 的月数。"
        )
    if months > MOST_MONTHS:
        raise RetentionTooLong(
            f"{one.name}至多保存 {MOST_MONTHS} 个月（一百年）。",
            remedy=f"请给出不超过 {MOST_MONTHS} 的月数。",
        )


def state(*, at: int) -> RetentionState:
    """Every class as it stands: its rule, how much of it is due, how much of that is held; plans not carried out."""
    version, classes = policy()
    today = local_day(at)
    first = Segment.objects.filter(replaced_by__isnull=True).aggregate(first=Min("first_ms"))["first"]
    cuts = {one.code: _cut(one, at=at) for one in classes if one.table == records.PAPERS}
    papers = paper_counts.of(cuts, MOST_IN_A_PLAN, policy=version, today=today)
    found = []
    for one in classes:
        before = due_before(today, one.months) if one.destroyed else None
        oldest = kept_until(local_day(first), one.months) if one.channel and first is not None else None
        due, held = papers.classes[one.code] if one.code in cuts else _due(one, version, at=at)
        of_cases = cases.state(one, _cut(one, at=at), MOST_IN_A_PLAN, policy=version, today=today)
        found.append(ClassState(one, law.cite_all(one.articles), before, due, held, oldest, *of_cases))
    plans = tuple(_open_plans(at=at))
    return RetentionState(version, defaults()[0], tuple(found), len(limits(at=at)), plans, papers.unfiled)


def _due(one: RetentionClass, version: int, *, at: int) -> tuple[int, int]:
    """How much of a class is past its time, and how much of that is kept; counted up to what a plan takes."""
    if one.channel:
        page = _items(one.channel, before=_cut(one, at=at), newest=2**62, after=(-(2**62), 0))
        items = [item for item, _ in page]
        return len(items), len(queries.covering(items)) if items else 0
    rows = records.due(one, _cut(one, at=at), MOST_IN_A_PLAN)
    return len(rows), len(records.held(one, rows, policy=version, today=local_day(at)))


def _cut(one: RetentionClass, *, at: int) -> int:
    return start_of_day(due_before(local_day(at), one.months))


def _items(channel: str, *, before: int, newest: int, after: tuple[int, int]) -> list[tuple[int, int]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT i.item_id, i.event_at FROM archive_item i WHERE i.channel = %s AND i.event_at < %s"
            " AND i.item_id <= %s AND (i.event_at, i.item_id) > (%s, %s) AND i.shredded_in IS NULL"
            " AND NOT EXISTS (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id)"
            " ORDER BY i.event_at, i.item_id LIMIT %s",
            [channel, before, newest, *after, MOST_IN_A_PLAN],
        )
        return [(item, event) for item, event in cursor.fetchall()]


def _free(channel: str, *, before: int, newest: int, most: int) -> list[int]:
    """The oldest items within bounds that nothing holds, however many held ones lie before them."""
    found: list[int] = []
    after = (-(2**62), 0)
    while len(found) < most:
        page = _items(channel, before=before, newest=newest, after=after)
        held = queries.covering([item for item, _ in page])
        found += [item for item, _ in page if item not in held]
        if len(page) < MOST_IN_A_PLAN:
            break
        after = (page[-1][1], page[-1][0])
    return found[:most]


class _Found(NamedTuple):
    """What of a class nothing keeps: items of the archive, records of another room, and cases."""

    items: list[int]
    records: list[UUID]
    cases: list[UUID]

    @property
    def size(self) -> int:
        return len(self.items) + len(self.records) + len(self.cases)


def _found(one: RetentionClass, *, before: int, newest: int, most: int, policy: int, at: int) -> _Found:
    if one.channel:
        return _Found(_free(one.channel, before=before, newest=newest, most=most), [], [])
    today = local_day(at)
    first = records.free(one, before, most, policy=policy, today=today)
    return _Found([], first, cases.free(one, before, most - len(first), policy=policy, today=today))


def propose(*, code: str, reason: str, by: str, at: int) -> PlanRef:
    """Ask that what is due of a class be destroyed: somebody else must agree, then the worker does it.

    Up to MOST_IN_A_PLAN of the oldest items that nothing holds. NothingDue, RetentionUnknown, NoReason, ReasonTooLong.
    """
    reason = written(reason)
    with book(at=at):
        row = _plan(code, reason=reason, by=by, at=at)
        what = f"{_name(row.code)}，{local_day(row.before):%Y-%m-%d} 之前的 {row.items} 条"
        asked = approvals.open_request(
            kind=APPROVAL, subject=row.id, digest=digest(row), scope=f"{what}，依保存期限第 {row.policy} 版",
            reason=reason, by=by, at=at,
        )  # fmt: skip
    return _ref(row, asked.id, approved=False)


def _plan(code: str, *, reason: str, by: str, at: int) -> RetentionPlan:
    """Write a plan down, in the caller's book."""
    with book(at=at) as b:
        locks.destroy_one_at_a_time()
        keep_limits(at=at)
        version, classes = policy()
        one = _class({c.code: c for c in classes if c.destroyed}, code)
        found = _found(one, before=_cut(one, at=at), newest=2**62, most=MOST_IN_A_PLAN, policy=version, at=at)
        if not found.size:
            raise NothingDue(
                f"{one.name}没有到期而未受保全的内容。",
                remedy="请在“保存与销毁”页或用 jieli retention show 查看。",
            )
        row = RetentionPlan(
            id=new_id(at), policy=version, code=code, channel=one.channel, newest=max(found.items, default=0),
            items=found.size,
            before=_cut(one, at=at), reason=reason, by=by, at=at,
        )  # fmt: skip
        b.entry("archive.retention_plan", by=by, facts={"items": row.items, "plan": str(row.id)}).insert(row)
    return row


def digest(row: RetentionPlan) -> bytes:
    """What is approved: class, bounds, number and policy version of a plan."""
    told = {
        "before": row.before, "class": row.code, "items": row.items, "newest": row.newest, "plan": str(row.id),
        "policy": row.policy,
    }  # fmt: skip
    return sha256(canonical.encode(told)).digest()


def run_class(*, code: str, reason: str, by: str, at: int) -> CertificateRef:
    """Destroy now what is due of a class and not held, on the word of whoever asks.

    NothingDue, RetentionUnknown, NoReason, ReasonTooLong.
    """
    reason = written(reason)
    with book(at=at):
        row = _plan(code, reason=reason, by=by, at=at)
        _intend(row, by=by, at=at)
    return destruction.finish(row.id, by=by, at=at)


def carry_out(*, by: str, at: int) -> list[CertificateRef]:
    """Destroy what approved plans cover and nothing holds by now; their certificates. A plan is carried out once.

    A plan of which nothing is left free stays open: what holds it may end. Crash: `finish_destructions` goes on.
    """
    done = []
    for plan in _open_plans(at=at):
        if plan.approved:
            row = RetentionPlan.objects.get(id=plan.id)  # few: one a class and month
            try:
                with book(at=at):
                    _intend(row, by=by, at=at)
            except NothingDue:
                continue
            done.append(destruction.finish(row.id, by=by, at=at))
    return done


def _intend(row: RetentionPlan, *, by: str, at: int) -> None:
    """The intent of a plan, with what is free of it at this moment; NothingDue if that is nothing, or it was done."""
    locks.destroy_one_at_a_time()
    keep_limits(at=at)
    one = _class({c.code: c for c in defaults()[1]}, row.code)
    found = _found(one, before=row.before, newest=row.newest, most=row.items, policy=row.policy, at=at)
    if not found.size or Shred.objects.filter(id=row.id).exists():
        raise NothingDue("计划之内没有可销毁的内容。", remedy="它们可能受保全，或计划已经执行。")
    reason = f"保存期限届满（{_name(row.code)}，第 {row.policy} 版）：{row.reason}"
    with _not_due_is_named():
        destruction.intend(
            id=row.id, items=found.items, scope=ShredScope.CLASS, target=row.code, reason=reason, by=by, at=at,
            records=[*records.rows(one, found.records), *cases.rows(found.cases)],
        )  # fmt: skip


@contextmanager
def _not_due_is_named() -> Iterator[None]:
    """The database's own refusal of what a plan does not cover, as our error."""
    try:
        yield
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) != _NOT_DUE:
            raise
        raise NothingDue("计划之外或尚未到期的内容不能销毁。", remedy="请重新提出计划。") from None


def _open_plans(*, at: int) -> list[PlanRef]:
    """Plans that nobody carried out yet and that wait or are approved, oldest first."""
    rows = list(RetentionPlan.objects.exclude(id__in=Shred.objects.values("id")).order_by("at", "id"))
    waiting = {asked.subject: asked.id for asked in (decided.waiting(APPROVAL, at=at) if rows else ())}
    found = []
    for row in rows:
        approval = decided.approved(APPROVAL, row.id, digest(row), at=at)  # few: one a class and month
        if approval is not None or row.id in waiting:
            request = approval.request if approval is not None else waiting[row.id]
            found.append(_ref(row, request, approved=approval is not None))
    return found


def _ref(row: RetentionPlan, request: UUID, *, approved: bool) -> PlanRef:
    return PlanRef(row.id, row.code, _name(row.code), row.before, row.items, row.policy, request, approved)


def _name(code: str) -> str:
    return next(c.name for c in defaults()[1] if c.code == code)


def concerning(person: UUID, *, at: int) -> Retained:
    """What is kept about somebody, class by class: how much, until when, under which article; and what keeps it longer.

    Of chats and calls: his own words and what came through an account that he held then.
    """
    version, classes = policy()
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT i.channel, count(*), min(i.event_at), max(i.event_at) FROM archive_basis b JOIN archive_item i"
            " ON i.basis_id = b.id AND i.item_id BETWEEN b.batch_id * 65536 AND b.batch_id * 65536 + 65535"
            " WHERE (b.speaker = %s OR b.holder = %s) AND NOT EXISTS"
            " (SELECT FROM archive_tombstone t WHERE t.item_id = i.item_id) GROUP BY i.channel",
            [person, person],
        )
        counted = {channel: (count, first, last) for channel, count, first, last in cursor.fetchall()}
    lines = []
    for one in classes:
        count, first, last = counted.get(one.channel, (0, None, None))
        lines.append(
            Kept(
                one, law.cite_all(one.articles), count,
                kept_until(local_day(first), one.months) if first is not None else None,
                kept_until(local_day(last), one.months) if last is not None else None,
            )
        )  # fmt: skip
    limit = limits(at=at).get(str(person))
    standing = [
        hold.ground
        for hold in queries.holds()
        if hold.released_at is None and hold.scope is HoldScope.PERSON and hold.target == str(person)
    ]
    return Retained(version, tuple(lines), limit, tuple(standing))
