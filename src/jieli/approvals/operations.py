"""Asking, deciding, taking back; decisions made elsewhere; enabling what rests on papers (R2.15, R2.16)."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.approvals import locks, queries
from jieli.approvals.errors import (
    BadRequest,
    Decided,
    Expired,
    Interested,
    NotRevocable,
    OwnRequest,
    PapersMissing,
    ReceiptUsed,
)
from jieli.approvals.models import Decision, Enablement, Request, Revocation
from jieli.approvals.types import DecisionRef, EnablementRef, RequestRef
from jieli.kernel.ids import new_id
from jieli.kernel.times import local_day
from jieli.ledger.operations import book


def open_request(
    *,
    kind: str,
    subject: UUID,
    digest: bytes,
    scope: str,
    reason: str,
    excluded: Sequence[UUID] = (),
    expires_at: int | None = None,
    by: str,
    at: int,
) -> RequestRef:
    """Ask that exactly this be approved: `digest` is the SHA-256 of what is to be decided (32 bytes).

    `excluded` are persons or their staff records, those to whom the thing would be given (R2.16). `expires_at`
    (ms, exclusive) ends the approval too. BadRequest (approvals.bad_request) for missing words or an empty time.
    """
    _check_request(kind, digest, scope, reason)
    if expires_at is not None and expires_at <= at:
        raise BadRequest("审批的截止时刻不晚于现在。", remedy="请核对有效期。")
    row = Request(
        id=new_id(at), kind=kind, subject=subject, digest=digest, scope=scope.strip(), reason=reason.strip(),
        applicant=by, excluded=list(dict.fromkeys(excluded)), opened_at=at, expires_at=expires_at,
    )  # fmt: skip
    with book(at=at) as b:
        b.entry("approvals.request", by=by, facts={"kind": kind, "request": str(row.id)}).insert(row)
    return queries.request(row.id)


def decide(*, request: UUID, agree: bool, reason: str = "", by: Person, at: int) -> DecisionRef:
    """Decide a request, once. A rejection needs a reason.

    Forbidden without Permission.APPROVE, OwnRequest (approvals.own_request), Interested (approvals.interested),
    Decided (approvals.decided) when somebody was faster or it was withdrawn, Expired (approvals.expired).
    """
    check_may(by, Permission.APPROVE, at=at)
    if not agree and not reason.strip():
        raise BadRequest("驳回没有写明理由。", remedy="请写明驳回理由。")
    with book(at=at) as b:
        asked = _locked(request)
        _check_approver(asked, by)
        if _over(asked):
            raise Decided("这项申请已经有人办理，或已撤回。", remedy="请刷新页面查看结果。")
        if asked.expires_at is not None and asked.expires_at <= at:
            raise Expired("这项申请已过有效期。", remedy="请申请人重新提交。")
        row = _decision(asked, approver=by.actor, agree=agree, reason=reason, day=local_day(at), at=at)
        facts = {"kind": asked.kind, "request": str(asked.id), "agree": int(agree)}
        b.entry("approvals.decide", by=by.actor, facts=facts).insert(row)
    return _ref(row)


def revoke(*, request: UUID, reason: str, by: Person, at: int) -> None:
    """Take back an approval, or a request that still waits. By anybody who may approve, or by the applicant.

    Revoking only ever forbids, so an excluded person may do it too. NotRevocable (approvals.not_revocable) when it
    was rejected or revoked already; BadRequest without a reason.
    """
    _check_reason(reason)
    with book(at=at) as b:
        asked = _locked(request)
        if asked.applicant != by.actor:
            check_may(by, Permission.APPROVE, at=at)
        decision = Decision.objects.filter(request=asked).first()
        if Revocation.objects.filter(request=asked).exists() or (decision is not None and not decision.agree):
            raise NotRevocable("这项申请已被驳回或已经撤销。", remedy="请刷新页面查看结果。")
        row = Revocation(id=new_id(at), request=asked, reason=reason.strip(), by=by.actor, revoked_at=at)
        b.entry("approvals.revoke", by=by.actor, facts={"kind": asked.kind, "request": str(asked.id)}).insert(
            row
        )


def record_outside(
    *,
    kind: str,
    subject: UUID,
    digest: bytes,
    system: str,
    number: str,
    applicant: str,
    approver: str,
    decided_on: date,
    paper: UUID,
    scope: str = "",
    expires_at: int | None = None,
    by: str,
    at: int,
) -> DecisionRef:
    """Enter an approval given in another system (外部审批回执): its 单号, and the paper that shows it.

    It counts from now on, not from the day it claims. OwnRequest when applicant and approver are one, BadRequest
    for what is missing or a day after today, ReceiptUsed (approvals.receipt_used) when the same document already
    approved a version of this subject: a changed plan needs another decision.
    """
    system, number, applicant, approver = (w.strip() for w in (system, number, applicant, approver))
    _check_request(kind, digest, scope or "外部审批", number)
    if not (system and number and applicant and approver):
        raise BadRequest("外部审批回执缺少系统、单号、申请人或审批人。", remedy="请按回执补全。")
    if decided_on > local_day(at):
        raise BadRequest("外部审批日期晚于今天。", remedy="请核对审批日期。")
    if applicant == approver:
        raise _own()
    if expires_at is not None and expires_at <= at:
        raise BadRequest("审批的截止时刻不晚于现在。", remedy="请核对有效期。")
    asked = Request(
        id=new_id(at), kind=kind, subject=subject, digest=digest, scope=scope.strip() or "外部审批",
        reason=f"{system} {number}", applicant=applicant, excluded=[], opened_at=at, expires_at=expires_at,
        system=system, number=number,
    )  # fmt: skip
    row = _decision(asked, approver=approver, agree=True, reason="", day=decided_on, at=at, paper=paper)
    with book(at=at) as b:
        locks.alone_with(f"{system}\n{number}")
        if Request.objects.filter(system=system, number=number, kind=kind, subject=subject).exists():
            raise ReceiptUsed(
                "这张外部审批单已用于同一事项的审批。", remedy="内容变更后请重新审批，并录入新的单号。"
            )
        facts = {"kind": kind, "request": str(asked.id)}
        b.entry("approvals.record_outside", by=by, facts=facts).insert(asked, row)
    return _ref(row)


def enable(
    *,
    what: str,
    papers: Mapping[str, UUID],
    note: str,
    from_day: date,
    until: date | None = None,
    by: Person,
    at: int,
) -> EnablementRef:
    """Allow something from a day on, `until` the last day (R2.15): resting on papers by their kind.

    Forbidden without Permission.APPROVE; PapersMissing (approvals.papers_missing) names what is missing; BadRequest
    for no paper at all, or days that do not follow each other. It holds from its entry at the earliest.
    """
    check_may(by, Permission.APPROVE, at=at)
    if missing := queries.missing_papers(what, papers):
        named = "、".join(f"《{kind}》" for kind in missing)
        raise PapersMissing(f"“{what}”还缺{named}，不能启用。", remedy="请先备齐文件，再启用。")
    if not what.strip() or not papers or (until is not None and until < from_day):
        raise BadRequest("启用没有写明事项、依据文件，或起止日期不对。", remedy="请核对后重新启用。")
    row = Enablement(
        id=new_id(at), what=what, papers=[{"kind": kind, "paper": str(paper)} for kind, paper in papers.items()],
        note=note.strip(), from_day=from_day, until=until, enabled_by=by.actor, enabled_at=at,
    )  # fmt: skip
    with book(at=at) as b:
        b.entry("approvals.enable", by=by.actor, facts={"what": what, "enablement": str(row.id)}).insert(row)
    return next(e for e in queries.enablements(what) if e.id == row.id)


def disable(*, enablement: UUID, reason: str, by: Person, at: int) -> None:
    """End an enablement now and for good. Forbidden without Permission.APPROVE, NotRevocable when it is over."""
    check_may(by, Permission.APPROVE, at=at)
    _check_reason(reason)
    with book(at=at) as b:
        locks.alone_with(enablement)
        found = Enablement.objects.filter(id=enablement).first()
        if found is None or Revocation.objects.filter(enablement=found).exists():
            raise NotRevocable("没有这项启用，或已经撤销。", remedy="请刷新页面查看结果。")
        row = Revocation(id=new_id(at), enablement=found, reason=reason.strip(), by=by.actor, revoked_at=at)
        b.entry("approvals.disable", by=by.actor, facts={"enablement": str(found.id)}).insert(row)


def _check_request(kind: str, digest: bytes, scope: str, reason: str) -> None:
    if len(digest) != 32:
        raise BadRequest("审批对象的摘要不是32字节。", remedy="请用 SHA-256 计算摘要。")
    if not (kind.strip() and scope.strip() and reason.strip()):
        raise BadRequest("申请没有写明种类、范围或理由。", remedy="请补全后重新提交。")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise BadRequest("没有写明撤销理由。", remedy="请写明理由。")


def _check_approver(asked: Request, by: Person) -> None:
    """Not the applicant; and nobody, as person or by his staff record, to whom the thing would be given."""
    if asked.applicant == by.actor:
        raise _own()
    if {by.id, by.staff} & set(asked.excluded):
        raise Interested("您与这项申请有利害关系，不能审批。", remedy="请由其他有审批权限的人办理。")


def _own() -> OwnRequest:
    return OwnRequest("申请人不能审批自己的申请。", remedy="请由另一位有审批权限的人办理。")


def _locked(request: UUID) -> Request:
    """The request, until the transaction ends: of two who decide at once the second sees what the first wrote."""
    locks.alone_with(request)
    found = Request.objects.filter(id=request).first()
    if found is None:
        raise queries.unknown()
    return found


def _over(asked: Request) -> bool:
    return (
        Decision.objects.filter(request=asked).exists() or Revocation.objects.filter(request=asked).exists()
    )


def _decision(
    asked: Request, *, approver: str, agree: bool, reason: str, day: date, at: int, paper: UUID | None = None
) -> Decision:
    return Decision(
        id=new_id(at), request=asked, applicant=asked.applicant, approver=approver, agree=agree,
        reason=reason.strip(), decided_at=at, decided_on=day, paper=paper,
    )  # fmt: skip


def _ref(row: Decision) -> DecisionRef:
    return DecisionRef(row.id, row.request_id, row.agree, row.reason, row.approver, row.decided_at)
