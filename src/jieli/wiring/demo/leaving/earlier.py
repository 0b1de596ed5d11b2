"""An old quarrel: who owns the account, must it come back, is there a loss. Judged, settled, visited, closed."""

from datetime import date
from uuid import UUID

from jieli.duties import operations as duties
from jieli.duties.types import Side
from jieli.evidence import disputes_operations as disputes
from jieli.evidence import disputes_queries as found
from jieli.evidence import facts_operations as stating
from jieli.evidence import settlement
from jieli.evidence.assessments.amounts import parse
from jieli.evidence.disputes_types import (
    Basis,
    Closing,
    DefenceKind,
    Issue,
    NewDispute,
    NewExhibit,
    NewFact,
    NewFollowUp,
    NewRelief,
    NewSettlement,
    NewTerm,
    Party,
    TermKind,
)
from jieli.evidence.matter_package import make_matter_packages
from jieli.kernel.times import HOUR, local_day
from jieli.law.verdicts import StatedBy
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.wiring.demo.leaving import cast
from jieli.wiring.demo.leaving import earlier_facts as data
from jieli.wiring.demo.leaving.days import november
from jieli.wiring.demo.leaving.stage import Stage
from jieli.wiring.outside import outside

PACKAGE = "evidence.zip"

_DEFENCES = (DefenceKind.NOT_USED, DefenceKind.SHARED, DefenceKind.NO_INTENT)


def play(stage: Stage) -> str:
    """25 to 30 November; the matter's number."""
    stage.tell("一桩旧争议：前任顾问的账号该不该还、损失有没有凭据；评估、调解、回访、结案")
    stage.clock.go(november(25, "09:30"))
    number = _brought(stage)
    stage.clock.on(HOUR)
    disputes.assess(number=number, by=stage.actor(cast.LEGAL), at=stage.now)
    _told(stage, number)
    _settled(stage, number)
    stage.checkpoint()
    _package(stage, number)
    return number


def _brought(stage: Stage) -> str:
    by, at = stage.actor(cast.LEGAL), stage.now
    number = matters.open_matter(kind=MatterKind.DISPUTE, title=data.TITLE, by=by, at=at).number
    new = NewDispute(data.CAUSE, Party.COMPANY, data.PERSON, data.ACCOUNT, tribunal=data.TRIBUNAL)
    disputes.open_dispute(number=number, new=new, by=by, at=at)
    kept = [
        NewExhibit(stage.picture("证据材料", title, by=cast.LEGAL), StatedBy.COMPANY, proves, no)
        for no, title, proves in data.EXHIBITS
    ]
    ids = stating.attach_exhibits(number=number, exhibits=kept, by=by, at=at)
    by_number = dict(zip((no for no, _, _ in data.EXHIBITS), ids, strict=True))
    facts = [
        NewFact(key, value, who, proof, event, tuple(by_number[e] for e in exhibits))
        for key, value, who, proof, exhibits, event in data.FACTS
    ]
    stating.state_facts(number=number, facts=facts, by=by, at=at)
    reliefs = [
        NewRelief(Issue.RETURN, "返还工作账号"),
        NewRelief(Issue.DAMAGES, "赔偿可得利益损失", Basis.TORT, parse(data.AMOUNT)),
    ]
    disputes.claim(number=number, reliefs=reliefs, by=by, at=at)
    for kind, text in zip(_DEFENCES, data.DEFENCES, strict=True):
        disputes.raise_defence(
            number=number, kind=kind, raised_by=Party.STAFF, text=text, raised_on=local_day(at), by=by, at=at
        )
    return number


def _told(stage: Stage, number: str) -> None:
    view = found.dispute(number)
    damages = view.assessments[Issue.DAMAGES]
    stage.facts["dispute"] = {
        "number": number,
        "verdicts": {issue.value: a.verdict.code for issue, a in view.assessments.items()},
        "certainty": {issue.value: a.verdict.certainty.value for issue, a in view.assessments.items()},
        "claimed": view.reliefs[1].amount.text() if view.reliefs[1].amount else "",
        "supported": damages.supported.text() if damages.supported else "",
        "missing": [m.text for m in damages.verdict.missing],
        "defences": len(view.defences),
    }


def _settled(stage: Stage, number: str) -> None:
    """Terms with days; kept, visited, and only then closed by 调解."""
    by = stage.actor(cast.LEGAL)
    stage.clock.go(november(26, "15:00"))
    signed = local_day(stage.now)
    terms = (
        NewTerm(TermKind.RECOVER, Side.STAFF, Side.COMPANY, "配合找回密码", "登录测试记录", within_days=2),
        NewTerm(TermKind.RETURN, Side.STAFF, Side.COMPANY, "交还账号", "交接签收", on=date(2026, 11, 30)),
        NewTerm(
            TermKind.CERTIFICATE, Side.COMPANY, Side.STAFF, "出具合作终止证明", "送达回执", within_days=3
        ),
    )
    paper = stage.picture("调解协议", "调解协议", by=cast.LEGAL)
    settlement.settle(
        number=number, settlement=NewSettlement(paper, signed, data.MEDIATOR, terms), by=by, at=stage.now
    )
    stage.clock.go(november(30, "10:00"))
    view = found.dispute(number)
    kept = view.settlement.terms if view.settlement else ()
    for term in kept:
        proof = stage.picture("履行凭证", f"{term.proof}", by=cast.LEGAL)
        duties.fulfil(duty=term.duty.id, paper=proof, done_on=local_day(stage.now), by=by, at=stage.now)
    visit = NewFollowUp(local_day(stage.now), stage.name(cast.LEGAL), True, True, "双方电话确认")
    settlement.follow_up(number=number, visit=visit, by=by, at=stage.now)
    closed = _close(stage, number, paper)
    stage.facts["dispute"] |= {
        "terms": [[t.kind.value, t.duty.due.day.isoformat() if t.duty.due else ""] for t in kept],
        "closed_by": closed,
    }


def _package(stage: Stage, number: str) -> None:
    """The volume a court would be handed: no verdict in it, and what proves each exhibit."""
    stage.tell("生成争议卷宗的证据包")
    stage.clock.on(HOUR)
    [made] = make_matter_packages(
        number=number, by=stage.person(cast.LEGAL), at=stage.now, path=stage.folder / PACKAGE,
        outside=outside(stage.profile),
    )  # fmt: skip
    stage.facts["dispute"]["package"] = {
        "file": PACKAGE, "bytes": made.size, "sha256": made.sha256, "exhibits": made.exhibits, "omitted": made.omitted,
    }  # fmt: skip


def _close(stage: Stage, number: str, paper: UUID) -> str:
    disputes.close_dispute(
        number=number, closing=Closing.MEDIATION, closed_on=local_day(stage.now), paper=paper,
        by=stage.actor(cast.LEGAL), at=stage.now,
    )  # fmt: skip
    view = found.dispute(number)
    return view.closed_by.value if view.closed_by else ""
