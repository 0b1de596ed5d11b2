"""Writing notices, consents, withdrawals and objections. Bulk loads of papers, hours, calendar and policy: `loading`.

A no is always written down. A yes needs a notice that reached the person before and covers exactly what the yes is
about: one statement for one means and one scope, never a bundle (R3.27, R3.32).
"""

from collections.abc import Collection, Sequence
from dataclasses import fields
from hashlib import sha256
from uuid import UUID

from django.db.models import Max

from jieli.consent.errors import ClaimedInFuture, NoNotice, NoSuchObjection, NoticeIncomplete
from jieli.consent.loading import load_calendar, load_documents, load_leave, load_shifts, set_policy
from jieli.consent.models import ConsentStep, Notice, Served
from jieli.consent.platforms import record_platform_consents
from jieli.consent.steps import new_step
from jieli.consent.types import (
    Means,
    NewConsent,
    NewNotice,
    Scope,
    StatedBy,
    Step,
    SubjectKind,
)
from jieli.kernel.ids import new_id
from jieli.ledger import locks
from jieli.ledger.operations import book

__all__ = [
    "answer_objection",
    "give",
    "load_calendar",
    "load_documents",
    "load_leave",
    "load_shifts",
    "object_",
    "publish_notice",
    "record_platform_consents",
    "serve",
    "set_policy",
    "withdraw",
]

_NOTICE_WORDS = {
    "title": "标题", "text": "全文", "purpose": "目的", "hours": "启用时段", "use": "数据用途", "retention": "存储期限",
    "categories": "信息种类", "contact": "处理者名称和联系方式", "rights": "行使权利的方式", "summary": "白话摘要",
    "means": "方式", "scopes": "使用范围",
}  # fmt: skip


def publish_notice(notice: NewNotice, *, by: str, at: int) -> UUID:
    """Publish a notice; the next version where the title is known. NoticeIncomplete names what is missing (R3.11)."""
    if missing := [word for name, word in _NOTICE_WORDS.items() if not _filled(getattr(notice, name))]:
        raise NoticeIncomplete(f"告知书缺少：{'、'.join(missing)}。", remedy="请补齐后再发布。")
    with book(at=at) as b:
        locks.change_bases()
        same = Notice.objects.filter(kind=notice.kind.value, title=notice.title)
        version = (same.aggregate(last=Max("version"))["last"] or 0) + 1
        row = Notice(
            id=new_id(at), kind=notice.kind.value, version=version, sha256=sha256(notice.text.encode()).digest(),
            means=[m.value for m in Means if m in notice.means],
            scopes=[s.value for s in Scope if s in notice.scopes],
            **{f.name: getattr(notice, f.name) for f in fields(notice) if f.name not in ("kind", "means", "scopes")},
        )  # fmt: skip
        entry = b.entry("consent.publish_notice", by=by, facts={"notice": str(row.id), "version": version})
        entry.insert(row)
    return row.id


def _filled(value: object) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)


def serve(
    *,
    notice: UUID,
    subject_kind: SubjectKind,
    subjects: Collection[UUID],
    claimed_at: int,
    how: str,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> list[UUID]:
    """Write down that a notice reached these people, by which way.

    NoNotice (consent.no_notice) for one that is unknown or written to others; ClaimedInFuture.
    """
    _not_in_future(claimed_at, at)
    if not subjects:
        return []
    with book(at=at) as b:
        kind = Notice.objects.values_list("kind", flat=True).filter(id=notice).first()
        if kind is None:
            raise NoNotice("没有这份告知书。", remedy="请先发布告知书，或核对其编号。")
        if kind != subject_kind.value:
            raise NoNotice(f"这份告知书是写给{kind}的。", remedy=f"请选用写给{subject_kind.value}的告知书。")
        rows = [
            Served(
                id=new_id(at), notice_id=notice, subject_kind=subject_kind.value, subject=subject,
                claimed_at=claimed_at, how=how, paper=paper,
            )
            for subject in subjects
        ]  # fmt: skip
        b.entry("consent.serve", by=by, facts={"notice": str(notice), "people": len(rows)}).insert(*rows)
    return [row.id for row in rows]


def _not_in_future(claimed_at: int, at: int) -> None:
    if claimed_at > at:
        raise ClaimedInFuture("所称时间晚于现在。", remedy="请核对时间后重新填写。")


def give(consents: Sequence[NewConsent], *, by: str, at: int) -> list[UUID]:
    """Write down what people agreed to or refused, each for one means and one scope.

    A yes needs its notice served before (NoNotice, consent.no_notice); a no needs nothing. All or none are written.
    """
    if not consents:
        return []
    for c in consents:
        _not_in_future(c.claimed_at, at)
        if c.step not in (Step.AGREE, Step.REFUSE):
            raise ValueError("give writes agreement and refusal only")
        if c.stated_by is StatedBy.PLATFORM:
            raise ValueError("what a platform says comes in by record_platform_consents")
    with book(at=at) as b:
        locks.change_bases()
        _check_notices([c for c in consents if c.step is Step.AGREE])
        rows = [
            new_step(
                at, c.subject_kind, c.subject, c.means, c.scope, c.step, c.claimed_at, c.stated_by,
                explicit=c.explicit, guardian=c.guardian, notice_id=c.notice, paper=c.paper,
            )
            for c in consents
        ]  # fmt: skip
        b.entry("consent.give", by=by, facts={"statements": len(rows)}).insert(*rows)
    return [row.id for row in rows]


def _check_notices(consents: Sequence[NewConsent]) -> None:
    notices: dict[UUID | None, Notice] = {
        n.pk: n for n in Notice.objects.filter(pk__in={c.notice for c in consents})
    }
    told: dict[tuple[UUID, UUID | None], int] = {}
    rows = Served.objects.filter(notice__in=notices.values(), subject__in={c.subject for c in consents})
    for subject, key, claimed in rows.values_list("subject", "notice_id", "claimed_at"):
        told[subject, key] = min(claimed, told.get((subject, key), claimed))
    for c in consents:
        notice = notices.get(c.notice)
        if notice is None or c.means.value not in notice.means or c.scope.value not in notice.scopes:
            raise NoNotice(
                f"告知书没有写明“{c.means.value}·{c.scope.value}”，不能据此取得同意。",
                remedy="请先送达写明该方式和该用途的告知书。",
            )
        if told.get((c.subject, c.notice), c.claimed_at + 1) > c.claimed_at:
            raise NoNotice("在表示同意之前，告知书没有送达本人。", remedy="请先送达告知书，再请本人表示。")


def withdraw(
    *,
    subject_kind: SubjectKind,
    subject: UUID,
    means: Means,
    scopes: Collection[Scope],
    claimed_at: int,
    stated_by: StatedBy = StatedBy.SELF,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> list[UUID]:
    """Take consent back for these scopes, from min(claimed, entry's time). Nothing is asked, nothing can stop it.

    Waits until imports that have read the old state are done; the next one sees it.
    """
    return _say(
        "consent.withdraw",
        Step.WITHDRAW,
        subject_kind,
        subject,
        means,
        scopes,
        claimed_at,
        stated_by,
        paper,
        by,
        at,
    )


def object_(
    *,
    subject_kind: SubjectKind,
    subject: UUID,
    means: Means,
    scopes: Collection[Scope],
    claimed_at: int,
    stated_by: StatedBy = StatedBy.SELF,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> list[UUID]:
    """Object (R3.13): until it is answered nothing is recorded or used in these scopes."""
    return _say(
        "consent.object",
        Step.OBJECT,
        subject_kind,
        subject,
        means,
        scopes,
        claimed_at,
        stated_by,
        paper,
        by,
        at,
    )


def answer_objection(
    *,
    subject_kind: SubjectKind,
    subject: UUID,
    means: Means,
    scope: Scope,
    reply: str,
    claimed_at: int,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> UUID:
    """Answer every objection of this person to this means and scope, with reasons (NoSuchObjection)."""
    _not_in_future(claimed_at, at)
    if not reply.strip():
        raise NoSuchObjection("答复没有写明理由。", remedy="请写明处理结果和理由。")
    with book(at=at) as b:
        locks.change_bases()
        said = ConsentStep.objects.filter(
            subject=subject, means=means.value, scope=scope.value, step=Step.OBJECT.value
        )
        if not said.exists():
            raise NoSuchObjection("这个人对该项没有提出过异议。", remedy="请核对是谁、对哪一项。")
        row = new_step(
            at, subject_kind, subject, means, scope, Step.ANSWERED, claimed_at, StatedBy.COMPANY, reply=reply,
            paper=paper,
        )  # fmt: skip
        b.entry("consent.answer_objection", by=by, facts={"step": str(row.id)}).insert(row)
    return row.id


def _say(
    entry: str,
    step: Step,
    subject_kind: SubjectKind,
    subject: UUID,
    means: Means,
    scopes: Collection[Scope],
    claimed_at: int,
    stated_by: StatedBy,
    paper: UUID | None,
    by: str,
    at: int,
) -> list[UUID]:
    if stated_by is StatedBy.PLATFORM:
        raise ValueError("what a platform says comes in by record_platform_consents")
    rows = [
        new_step(at, subject_kind, subject, means, scope, step, claimed_at, stated_by, paper=paper)
        for scope in Scope
        if scope in scopes
    ]
    if not rows:
        raise ValueError("no scope named")
    with book(at=at) as b:
        b.entry(entry, by=by, facts={"statements": len(rows)}).insert(*rows)
    return [row.id for row in rows]
