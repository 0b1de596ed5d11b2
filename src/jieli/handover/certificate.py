"""The data of the certificate: exactly the four fields of LCR-24, no reason, no comment (practice: less is safer)."""

from datetime import date, timedelta

from jieli.handover.errors import NotOurCertificate
from jieli.handover.types import CaseRef, CertificateData
from jieli.parties import queries as parties
from jieli.parties.types import EngagementKind, EngagementRef

LABOUR_TITLE, SERVICE_TITLE = "解除（终止）劳动合同证明书", "合作终止证明"
#: What stands where the register knows no last day of the contract.
OPEN_ENDED = "无固定期限或未登记届满日"


def certificate(case: CaseRef) -> CertificateData:
    """The certificate of a leaving: due at termination, whatever else is missing; it has no field for a condition.

    For a dispatched worker `issuer` is the sender, whose duty it is.
    """
    person = parties.staff([case.staff_id])[case.staff_id]
    engaged = _of(case, parties.engagements([case.staff_id])[case.staff_id])
    dispatched = case.engagement_kind is EngagementKind.DISPATCH
    labour = dispatched or case.engagement_kind is EngagementKind.LABOUR
    return CertificateData(
        title=LABOUR_TITLE if labour else SERVICE_TITLE,
        issuer=(case.sender or "派遣单位") if dispatched else engaged.entity_name,
        name=person.name,
        term=_term(engaged),
        ended_on=case.last_day,
        post=person.post,
        service=service(person.joined_on, case.last_day),
        articles=("LCL-50", "LCR-24") if labour else ("CC-558", "CC-509"),
    )


def _of(case: CaseRef, engagements: list[EngagementRef]) -> EngagementRef:
    of_kind = [e for e in engagements if e.kind is case.engagement_kind and e.begins_on <= case.last_day]
    if not of_kind:
        raise NotOurCertificate("用工登记中没有与本次离职相符的一段。", remedy="请先更正用工登记。")
    return of_kind[-1]


def _term(engaged: EngagementRef) -> str:
    ends = engaged.ends_on.isoformat() if engaged.ends_on else OPEN_ENDED
    return f"{engaged.begins_on.isoformat()}至{ends}"


def service(joined_on: date, last_day: date) -> str:
    """Years and months worked, the last day included, unfinished months left out: 2年9个月, 不满1个月."""
    # The last day is worked too: 1 March to 31 May are three months, so the day after it is what counts.
    end = last_day + timedelta(days=1)
    months = (end.year - joined_on.year) * 12 + end.month - joined_on.month - (end.day < joined_on.day)
    years, rest = divmod(max(months, 0), 12)
    told = (f"{years}年" if years else "") + (f"{rest}个月" if rest else "")
    return told or "不满1个月"
