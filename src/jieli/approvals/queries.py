"""Reading approvals: what stands in force, what waits, what was ever decided. Whoever acts asks `check_approved`."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from jieli.approvals.errors import NoSuchRequest, NotApproved, NotEnabled
from jieli.approvals.models import Decision, Enablement, Request
from jieli.approvals.types import (
    REQUIRED,
    ApprovalRef,
    Decided,
    EnablementRef,
    RequestRef,
    RequestState,
)
from jieli.kernel.times import local_day


def approved(kind: str, subject: UUID, digest: bytes, *, at: int) -> ApprovalRef | None:
    """The latest approval of exactly this that is in force at an instant: agreed, not revoked, not over.

    Another digest of the same subject is another thing: a changed plan is approved anew.
    """
    found = Decision.objects.filter(_in_force(at), request__kind=kind, request__subject=subject)
    row = (
        found.filter(request__digest=digest).select_related("request").order_by("-decided_at", "-id").first()
    )
    return _approval(row) if row is not None else None


def check_approved(kind: str, subject: UUID, digest: bytes, *, at: int) -> ApprovalRef:
    """`approved`, or NotApproved (approvals.not_approved)."""
    found = approved(kind, subject, digest, at=at)
    if found is None:
        raise NotApproved(f"“{kind}”没有有效的审批。", remedy="请提交审批，由申请人以外的人同意后再办理。")
    return found


def approval(approval_id: UUID, *, at: int) -> ApprovalRef | None:
    """The approval of an id, if it is in force at an instant."""
    row = Decision.objects.filter(_in_force(at), id=approval_id).select_related("request").first()
    return _approval(row) if row is not None else None


def request(request_id: UUID) -> RequestRef:
    """One request as it stands; NoSuchRequest (approvals.unknown)."""
    found = _refs(Request.objects.filter(id=request_id))
    if not found:
        raise unknown()
    return found[0]


def requests(ids: Collection[UUID]) -> dict[UUID, RequestRef]:
    """Requests by id, those that exist."""
    return {ref.id: ref for ref in _refs(Request.objects.filter(id__in=ids))}


def waiting(kind: str | None = None, *, at: int | None = None) -> list[RequestRef]:
    """Requests that nobody decided and nobody withdrew, oldest first; with `at`, those not over by then."""
    found = Request.objects.filter(decision__isnull=True, revocation__isnull=True)
    if kind is not None:
        found = found.filter(kind=kind)
    if at is not None:
        found = found.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at))
    return _refs(found)


def history(kind: str, subject: UUID) -> list[RequestRef]:
    """Every request about a subject, of any digest, oldest first."""
    return _refs(Request.objects.filter(kind=kind, subject=subject))


def histories(kind: str, subjects: Collection[UUID]) -> list[RequestRef]:
    """Every request about these subjects, oldest first: a list's look at `history`, in one query."""
    return _refs(Request.objects.filter(kind=kind, subject__in=subjects))


def enabled(what: str, *, at: int) -> EnablementRef | None:
    """The latest enablement in force at an instant that rests on every paper required."""
    day = local_day(at)
    found = Enablement.objects.filter(
        Q(revocation__isnull=True) | Q(revocation__revoked_at__gt=at),
        Q(until__isnull=True) | Q(until__gte=day),
        what=what,
        from_day__lte=day,
        enabled_at__lte=at,
    )
    refs = (_enablement(row) for row in found.order_by("-enabled_at", "-id"))
    return next((ref for ref in refs if not missing_papers(what, ref.papers)), None)


def check_enabled(what: str, *, at: int) -> EnablementRef:
    """`enabled`, or NotEnabled (approvals.not_enabled), which names the papers that the latest attempt lacks."""
    found = enabled(what, at=at)
    if found is not None:
        return found
    needed = "、".join(f"《{kind}》" for kind in REQUIRED.get(what, ()))
    remedy = f"启用前须备齐{needed}，由有审批权限的人启用。" if needed else "请由有审批权限的人启用。"
    raise NotEnabled(f"“{what}”尚未启用，或启用已经到期、撤销。", remedy=remedy)


def enablements(what: str) -> list[EnablementRef]:
    """Every enablement there ever was, oldest first."""
    return [_enablement(r) for r in Enablement.objects.filter(what=what).order_by("enabled_at", "id")]


def missing_papers(what: str, papers: Collection[str]) -> tuple[str, ...]:
    """The kinds of paper that `what` needs and that are not among these."""
    return tuple(kind for kind in REQUIRED.get(what, ()) if kind not in papers)


def unknown() -> NoSuchRequest:
    """The same answer for an id that is absent and for one that is not yours."""
    return NoSuchRequest("没有这项申请。", remedy="请刷新页面后重试。")


def _in_force(at: int) -> Q:
    return (
        Q(agree=True, decided_at__lte=at)
        & (Q(request__expires_at__isnull=True) | Q(request__expires_at__gt=at))
        & (Q(request__revocation__isnull=True) | Q(request__revocation__revoked_at__gt=at))
    )


def _approval(row: Decision) -> ApprovalRef:
    asked = row.request
    return ApprovalRef(
        id=row.id,
        kind=asked.kind,
        subject=asked.subject,
        approver=row.approver,
        decided_at=row.decided_at,
        expires_at=asked.expires_at,
        request=asked.id,
        applicant=row.applicant,
        scope=asked.scope,
        outside=f"{asked.system} {asked.number}" if asked.system else "",
    )


def _refs(found: QuerySet[Request]) -> list[RequestRef]:
    return [_ref(row) for row in found.select_related("decision", "revocation").order_by("opened_at", "id")]


def _ref(row: Request) -> RequestRef:
    decision, revocation = getattr(row, "decision", None), getattr(row, "revocation", None)
    state = RequestState.WAITING
    if revocation is not None:
        state = RequestState.REVOKED
    elif decision is not None:
        state = RequestState.APPROVED if decision.agree else RequestState.REJECTED
    return RequestRef(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        digest=bytes(row.digest),
        scope=row.scope,
        reason=row.reason,
        applicant=row.applicant,
        excluded=tuple(row.excluded),
        opened_at=row.opened_at,
        expires_at=row.expires_at,
        system=row.system or "",
        number=row.number or "",
        state=state,
        decision=None if decision is None else _decided(decision),
        revoked_at=None if revocation is None else revocation.revoked_at,
        revoked_by="" if revocation is None else revocation.by,
        revoked_reason="" if revocation is None else revocation.reason,
    )


def _decided(row: Decision) -> Decided:
    return Decided(row.id, row.agree, row.reason, row.approver, row.decided_at, row.decided_on, row.paper)


def _enablement(row: Enablement) -> EnablementRef:
    return EnablementRef(
        id=row.id,
        what=row.what,
        papers={found["kind"]: UUID(found["paper"]) for found in row.papers},
        note=row.note,
        from_day=row.from_day,
        until=row.until,
        enabled_by=row.enabled_by,
        enabled_at=row.enabled_at,
    )
