"""The papers of a leaving, filled from what the case knows; what nobody said prints as the form prints a gap.

`form` is pure over the view; `issue_papers` sets and seals outside any transaction, then keeps papers and links in
one book. Crash between: nothing was entered, and the papers are made again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from jieli.assets import queries as assets
from jieli.assets.types import AccountRef
from jieli.handover.certificate import certificate, service
from jieli.handover.closing import add_paper, issue_certificate
from jieli.handover.errors import NotOurCertificate
from jieli.handover.hostage import check_text
from jieli.handover.printed_lines import (
    account_lines,
    attempt_lines,
    commission_lines,
    customer_lines,
    data_inventory,
    duty_lines,
    objections,
    paper_lines,
    pay_lines,
    promise_lines,
    return_lines,
    task_lines,
    thing_lines,
    unable,
)
from jieli.handover.printing_things import MANY, forms_of
from jieli.handover.shown import CaseView
from jieli.handover.signers import Signers, signers
from jieli.handover.types import Confirmation, ListKind
from jieli.handover.views import view
from jieli.kernel.errors import JieliError
from jieli.kernel.times import local_day
from jieli.law.queries import cite_all
from jieli.ledger.operations import book
from jieli.papers import operations as papers
from jieli.papers.forms.customers import Promises
from jieli.papers.forms.ending import (
    CaseReport,
    CooperationEnd,
    FollowUp,
    LeavingCertificate,
    ReturnDemand,
    SecrecyReminder,
)
from jieli.papers.forms.leaving import HandoverNotice, HandoverSheet
from jieli.papers.forms.parts import FormPaper, Signer
from jieli.papers.forms.pay import OrdersAndCommission, PaySettlement
from jieli.papers.types import Citation, Clock, Head, PaperRef
from jieli.parties import queries as parties
from jieli.parties.types import CustomerRef, EngagementKind, OrderRef

_FILL: Final = "（待填）"
_RIGHTS: Final = (
    "您可以对清单、金额和本通知提出异议，公司书面答复。",
    "私人内容由您本人标明；公司只核对元数据，不打开内容。",
    "离职证明在解除或者终止时出具，不以交接为条件。",
)
_CERTIFICATES: Final = (LeavingCertificate.kind, CooperationEnd.kind)


class NoSuchPaper(JieliError):
    """A kind of paper that a leaving does not have."""

    code = "handover.no_such_paper"


@dataclass(frozen=True, slots=True)
class Particulars:
    """What a paper needs and no register holds; what is left empty prints as 待填 for the pen."""

    id_tail: str = ""
    place: str = ""
    contact: str = ""
    copies: int = 3
    rules: tuple[str, ...] = ()
    agreement: str = ""
    agreement_on: str = ""
    competition: str = ""
    answer_by: str = ""
    print_layout: bool = False
    clock: Clock = Clock.REAL


@dataclass(frozen=True, slots=True)
class _Made:
    """What every form of one case is filled from."""

    view: CaseView
    with_: Particulars
    head: Head
    accounts: Mapping[UUID, AccountRef]
    customers: Mapping[UUID, CustomerRef]
    orders: Mapping[str, OrderRef]
    signers: Signers

    @property
    def leaver(self) -> str:
        return self.view.staff.name

    @property
    def receiver(self) -> str:
        return self.view.receiver.name if self.view.receiver else ""

    @property
    def supervisor(self) -> str:
        return self.view.supervisor.name if self.view.supervisor else ""

    @property
    def title(self) -> str:
        return f"{self.view.case.number} {self.leaver}离职交接"

    def citations(self, *articles: str) -> tuple[Citation, ...]:
        """The articles with their exact text; the duties' own when none are named."""
        wanted = articles or tuple(a for d in (*self.view.company, *self.view.leaver) for a in d.articles)
        return tuple(
            Citation(c.law, c.article, c.version, c.text, "本项义务所依")
            for c in cite_all(dict.fromkeys(wanted))
        )


def form(found: CaseView, kind: str, *, at: int, with_: Particulars = Particulars()) -> FormPaper:
    """One paper of a leaving by its exact name; NoSuchPaper (handover.no_such_paper), handover.not_our_certificate.

    Every free text on it is checked for hostages (W11).
    """
    if kind not in _FORMS:
        raise NoSuchPaper("离职交接没有这种文书。", remedy=f"可生成：{'、'.join(kinds())}。")
    ids = [i.subject for one in found.lists for i in one.items if i.subject]
    head = _head(found, kind, 0, at=at, with_=with_)
    orders = {o.order_no: o for o in parties.orders_of([found.case.staff_id])[found.case.staff_id]}
    named = {p.customer for p in found.promises} | {o.customer for o in orders.values()}
    customers = parties.customer(named | set(ids))
    made = _Made(
        found, with_, head, assets.accounts_by_id(ids), customers, orders,
        signers(found, print_layout=with_.print_layout),
    )  # fmt: skip
    check_text(with_.place, with_.contact, with_.agreement, with_.competition, *with_.rules)
    return _FORMS[kind](made)


def forms(
    found: CaseView, kinds: Sequence[str], *, at: int, with_: Particulars = Particulars()
) -> list[FormPaper]:
    """Papers by their names, in that order: one of each, but one for each account, device and refusal."""
    made: list[FormPaper] = []
    for kind in kinds:
        if kind in MANY:
            layout = with_.print_layout
            made += forms_of(
                found, [kind], lambda k, n: _head(found, k, n, at=at, with_=with_), print_layout=layout
            )
        else:
            made.append(form(found, kind, at=at, with_=with_))
    return made


def _head(found: CaseView, kind: str, n: int, *, at: int, with_: Particulars) -> Head:
    number = f"{found.case.number}-{[*_FORMS, *MANY].index(kind) + 1:02d}"
    return Head(number=f"{number}-{n + 1}" if n else number, unit=found.entity, at=at, clock=with_.clock)


def kinds() -> tuple[str, ...]:
    """The papers of a leaving that can be issued from the case."""
    return (*_FORMS, *MANY)


def issue_papers(
    *,
    number: str,
    kinds: Sequence[str],
    with_: Particulars = Particulars(),
    by: str,
    at: int,
) -> list[PaperRef]:
    """Issue these papers of a leaving and join them to the case; the certificate's duty is done with it.

    The sheet carries all four lists. Errors as `form`.
    """
    found = view(number, at=at)
    made = forms(found, kinds, at=at, with_=with_)
    if not made:
        raise NoSuchPaper("这些文书现在没有可写的内容。", remedy="请先登记设备、账号、私人内容或拒签。")
    rendered = [papers.prepare(data) for data in made]  # outside the book: it sets type and uses a key
    issued = []
    with book(at=at):
        for data, content in zip(made, rendered, strict=True):
            title = f"{found.staff.name}{data.kind}"
            paper = papers.issue(data, title=title, by=by, at=at, rendered=content)
            issued.append(paper)
            if data.kind in _CERTIFICATES:
                issue_certificate(case=found.case.id, paper=paper.id, issued_on=local_day(at), by=by, at=at)
            else:
                covers = list(ListKind) if isinstance(data, HandoverSheet) else []
                add_paper(case=found.case.id, paper=paper.id, covers=covers, by=by, at=at)
    return issued


def _notice(m: _Made) -> FormPaper:
    staff = m.view.staff
    return HandoverNotice(
        head=m.head,
        print_layout=m.with_.print_layout,
        leaver=staff.name,
        staff_no=staff.staff_no,
        unit_name=staff.unit_name,
        post=staff.post,
        last_day=m.view.case.last_day.isoformat(),
        receiver=m.receiver,
        supervisor=m.supervisor,
        place=m.with_.place or _FILL,
        leaver_duties=duty_lines(m.view.leaver),
        company_duties=duty_lines((*m.view.company, *m.view.sender)),
        contact=m.with_.contact or _FILL,
        rights=_RIGHTS,
        citations=m.citations(),
        received_by=m.signers.leaver,
    )


def _sheet(m: _Made) -> FormPaper:
    staff, lists = m.view.staff, {one.kind: one for one in m.view.lists}
    return HandoverSheet(
        head=m.head,
        print_layout=m.with_.print_layout,
        case=m.title,
        leaver=staff.name,
        staff_no=staff.staff_no,
        id_tail=m.with_.id_tail or _FILL,
        unit_name=staff.unit_name,
        post=staff.post,
        joined_on=staff.joined_on.isoformat(),
        service=service(staff.joined_on, m.view.case.last_day),
        last_day=m.view.case.last_day.isoformat(),
        state=m.view.status,
        copies=m.with_.copies,
        accounts=account_lines(lists[ListKind.ACCOUNTS], m.accounts),
        data=data_inventory(lists[ListKind.DATA].data),
        things=thing_lines(lists[ListKind.DEVICES]),
        customers=customer_lines(lists[ListKind.CUSTOMERS], m.customers, m.receiver),
        objections=objections(m.view.objections),
        cannot=unable(m.view.lists),
        leaver_sign=m.signers.leaver,
        receiver_sign=m.signers.receiver,
        supervisor_sign=m.signers.supervisor,
    )


def _orders(m: _Made) -> FormPaper:
    staff = m.view.staff
    return OrdersAndCommission(
        head=m.head,
        print_layout=m.with_.print_layout,
        leaver=staff.name,
        staff_no=staff.staff_no,
        unit_name=staff.unit_name,
        last_day=m.view.case.last_day.isoformat(),
        receiver=m.receiver,
        rules=m.with_.rules or ("按双方约定与公司现行规则计提；双方数字不同的，两方陈述并列。",),
        orders=commission_lines(m.view, m.orders, m.customers),
        objections=objections(m.view.objections),
        leaver_sign=m.signers.leaver,
        receiver_sign=m.signers.receiver,
        company_sign=Signer(""),
    )


def _pay(m: _Made) -> FormPaper:
    staff = m.view.staff
    return PaySettlement(
        head=m.head,
        print_layout=m.with_.print_layout,
        leaver=staff.name,
        staff_no=staff.staff_no,
        unit_name=staff.unit_name,
        last_day=m.view.case.last_day.isoformat(),
        pays=pay_lines(m.view.settlement),
        tasks=task_lines((*m.view.company, *m.view.sender)),
        objections=objections(m.view.objections),
        citations=m.citations("WAGE-15", "WAGE-16") if _labour(m) else m.citations("CC-509"),
        leaver_sign=m.signers.leaver,
        finance_sign=Signer(""),
        hr_sign=Signer(""),
    )


def _labour(m: _Made) -> bool:
    return m.view.case.engagement_kind in (EngagementKind.LABOUR, EngagementKind.DISPATCH)


def _certificate(m: _Made) -> FormPaper:
    data = certificate(m.view.case)
    if m.view.case.engagement_kind is not EngagementKind.LABOUR:
        raise NotOurCertificate(
            "劳动合同证明书只由用人单位出具。", remedy="派遣人员由派遣单位出具；劳务请生成《合作终止证明》。"
        )
    return LeavingCertificate(
        head=m.head,
        print_layout=m.with_.print_layout,
        person=data.name,
        id_tail=m.with_.id_tail or _FILL,
        contract_term=data.term,
        ended_on=data.ended_on.isoformat(),
        post=data.post,
        service=data.service,
        seal=Signer(data.issuer),
    )


def _cooperation(m: _Made) -> FormPaper:
    data = certificate(m.view.case)
    if _labour(m):
        raise NotOurCertificate("劳动关系和派遣须用解除（终止）劳动合同证明书。", remedy="请改用相应的证明。")
    return CooperationEnd(
        head=m.head,
        print_layout=m.with_.print_layout,
        person=data.name,
        id_tail=m.with_.id_tail or _FILL,
        cooperation=data.post,
        begins_on=data.term[:10],
        ended_on=data.ended_on.isoformat(),
        seal=Signer(data.issuer),
    )


def _secrecy(m: _Made) -> FormPaper:
    kept = tuple(d.text for d in m.view.leaver if d.continuing)
    return SecrecyReminder(
        head=m.head,
        print_layout=m.with_.print_layout,
        addressee=m.leaver,
        addressee_ref=f"工号 {m.view.staff.staff_no}",
        agreement=m.with_.agreement or _FILL,
        signed_on=m.with_.agreement_on or _FILL,
        duties_kept=kept,
        not_covered=("依法投诉、举报、作证和主张本人权利。", "本人的一般知识、经验和技能。"),
        competition=m.with_.competition or "未约定或另行书面告知",
        contact=m.with_.contact or _FILL,
        citations=m.citations(*(a for d in m.view.leaver if d.continuing for a in d.articles)),
        seal=Signer(m.view.entity),
        received_by=m.signers.leaver,
    )


def _demand(m: _Made) -> FormPaper:
    case = m.view.case
    late = f"至今逾期 {m.view.days_late} 天。" if m.view.days_late else "尚未逾期。"
    return ReturnDemand(
        head=m.head,
        print_layout=m.with_.print_layout,
        addressee=m.leaver,
        addressee_ref=f"工号 {m.view.staff.staff_no}",
        facts=(f"您的最后工作日为 {case.last_day.isoformat()}，下列物品和账号尚未交回，{late}",),
        items=return_lines(m.view),
        amounts=(),
        answer_by=m.with_.answer_by or _FILL,
        contact=m.with_.contact or _FILL,
        citations=m.citations("CC-558", "CC-509"),
        seal=Signer(m.view.entity),
    )


def _promises(m: _Made) -> FormPaper:
    return Promises(
        head=m.head,
        print_layout=m.with_.print_layout,
        leaver=m.leaver,
        staff_no=m.view.staff.staff_no,
        receiver=m.receiver,
        lines=promise_lines(m.view.promises, m.customers),
        leaver_sign=m.signers.leaver,
        receiver_sign=m.signers.receiver,
        company_sign=Signer(""),
    )


def _follow_up(m: _Made) -> FormPaper:
    newest = {f.asked: f for f in m.view.follow_ups}
    said = {q: f"{'是' if f.confirmed else '否'}（{f.who}，{f.visited_on}）" for q, f in newest.items()}
    last = m.view.follow_ups[-1] if m.view.follow_ups else None
    return FollowUp(
        head=m.head,
        print_layout=m.with_.print_layout,
        case=m.title,
        leaver=m.leaver,
        staff_no=m.view.staff.staff_no,
        visited_on=last.visited_on.isoformat() if last else _FILL,
        visitor=last.visitor if last else _FILL,
        means=_FILL,
        account_restored=said.get(Confirmation.ACCOUNT, ""),
        certificate_received=said.get(Confirmation.CERTIFICATE, ""),
        said=(),
        attempts=attempt_lines(m.view.attempts),
        visitor_sign=Signer(last.visitor if last else ""),
    )


def _report(m: _Made) -> FormPaper:
    case = m.view.case
    notes = (case.note,) if case.note else ()
    return CaseReport(
        head=m.head,
        print_layout=m.with_.print_layout,
        case=m.title,
        leaver=m.leaver,
        staff_no=m.view.staff.staff_no,
        opened_on=local_day(case.opened_at).isoformat(),
        closed_on=case.closed_on.isoformat() if case.closed_on else "未结案",
        stage=m.view.status,
        company_duties=duty_lines((*m.view.company, *m.view.sender)),
        leaver_duties=duty_lines((*m.view.leaver, *m.view.third)),
        papers=paper_lines(m.view.papers),
        notes=notes,
        closer_sign=Signer(""),
    )


#: Every paper that the case itself can fill, by its exact name; the order numbers them.
_FORMS: Final[Mapping[str, Callable[[_Made], FormPaper]]] = {
    HandoverNotice.kind: _notice,
    HandoverSheet.kind: _sheet,
    OrdersAndCommission.kind: _orders,
    PaySettlement.kind: _pay,
    LeavingCertificate.kind: _certificate,
    CooperationEnd.kind: _cooperation,
    SecrecyReminder.kind: _secrecy,
    ReturnDemand.kind: _demand,
    Promises.kind: _promises,
    FollowUp.kind: _follow_up,
    CaseReport.kind: _report,
}
