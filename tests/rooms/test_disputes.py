"""Disputes as they are kept: an earlier leaver's account, judged, settled, visited and closed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db.utils import IntegrityError

from jieli.duties import operations as duties
from jieli.duties.types import DutyState, Side
from jieli.evidence import disputes_operations as operations
from jieli.evidence import disputes_queries as queries
from jieli.evidence import facts_operations, facts_queries, settlement
from jieli.evidence.assessments.amounts import Amount, parse
from jieli.evidence.disputes_types import (
    Basis,
    Closing,
    DefenceKind,
    DisputeView,
    Issue,
    NewDispute,
    NewExhibit,
    NewFact,
    NewFollowUp,
    NewLoss,
    NewOutcome,
    NewRelief,
    NewSettlement,
    NewTerm,
    Party,
    TermKind,
)
from jieli.evidence.errors import (
    BadFact,
    BadLoss,
    BadSettlement,
    DisputeClosed,
    DisputeExists,
    DoubleCounting,
    NoElection,
    NoSuchDispute,
    NotConfirmed,
)
from jieli.evidence.facts import standing
from jieli.evidence.models import LostCustomer
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, local_day
from jieli.law.verdicts import Period, Precision, ProofState, StatedBy
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.matters import operations as matters_operations
from jieli.matters.errors import NoSuchMatter
from jieli.matters.types import MatterKind
from jieli.papers import operations as papers
from jieli.parties.types import Qualifier
from tests.conftest import NOW
from tests.rooms import w1

pytestmark = pytest.mark.usefixtures("db")
BY = "system:test"
TODAY = local_day(NOW)
OWN_ROWS = ("basis", "amount", "not-used", "shared", "no-intent")  # kept as reliefs and defences


@dataclass
class Case:
    number: str
    exhibits: dict[str, UUID]
    facts: dict[str, UUID]

    def view(self) -> DisputeView:
        return queries.dispute(self.number)


def paper(title: str) -> UUID:
    return papers.receive(
        kind="证据材料", title=title, content=title.encode(), media_type="text/plain", by=BY, at=NOW
    ).id


def opened() -> str:
    number = matters_operations.open_matter(
        kind=MatterKind.DISPUTE, title=w1.DATA["matter"]["title"], by=BY, at=NOW
    ).number
    new = NewDispute(
        cause=w1.DATA["matter"]["cause"],
        claimant=Party.COMPANY,
        person_label=w1.DATA["matter"]["person"],
        account_label=w1.DATA["matter"]["account"],
        tribunal="人民法院",
    )
    operations.open_dispute(number=number, new=new, by=BY, at=NOW)
    return number


def attach(number: str, rows: list[dict[str, str]]) -> dict[str, UUID]:
    """Exhibits by their numbers; each its own paper."""
    new = [NewExhibit(paper(r["title"]), StatedBy.COMPANY, r["proves"], r["number"]) for r in rows]
    ids = facts_operations.attach_exhibits(number=number, exhibits=new, by=BY, at=NOW)
    return {r["number"]: id for r, id in zip(rows, ids, strict=True)}


def state(number: str, exhibits: dict[str, UUID], part: str) -> dict[str, UUID]:
    rows = [r for r in w1.DATA[part] if r["id"] not in OWN_ROWS]
    new = [
        NewFact(
            key=r["key"], value=r["value"], stated_by=StatedBy(r["by"]), proof=ProofState(r["proof"]),
            event=w1.period(r), exhibits=tuple(exhibits[e] for e in r.get("exhibits", ())),
        )
        for r in rows
    ]  # fmt: skip
    ids = facts_operations.state_facts(number=number, facts=new, by=BY, at=NOW)
    return {r["id"]: id for r, id in zip(rows, ids, strict=True)}


@pytest.fixture
def case() -> Case:
    """W1 as it was brought: facts, exhibits, two reliefs, three defences; judged by nobody yet."""
    number = opened()
    exhibits = attach(number, w1.DATA["exhibits"])
    facts = state(number, exhibits, "facts")
    reliefs = [
        NewRelief(Issue.RETURN, "返还工作账号"),
        NewRelief(Issue.DAMAGES, "赔偿可得利益损失", Basis.TORT, parse("近17万元")),
    ]
    operations.claim(number=number, reliefs=reliefs, by=BY, at=NOW)
    for kind in (DefenceKind.NOT_USED, DefenceKind.SHARED, DefenceKind.NO_INTENT):
        operations.raise_defence(
            number=number, kind=kind, raised_by=Party.STAFF, text=kind.value, raised_on=TODAY, by=BY, at=NOW
        )
    return Case(number, exhibits, facts)


def assess(case: Case, at: int = NOW) -> DisputeView:
    operations.assess(number=case.number, by=BY, at=at)
    return case.view()


def lost(count: int, exhibit: UUID) -> list[NewLoss]:
    day = Period(date(2023, 6, 12), date(2023, 6, 12), Precision.DAY)
    return [NewLoss("H1", f"客户{n:03}", "深度课程", day, 2, (exhibit,)) for n in range(count)]


def settled(case: Case, *, signed_on: date = TODAY) -> None:
    terms = (
        NewTerm(TermKind.RECOVER, Side.STAFF, Side.COMPANY, "配合找回密码", "登录测试记录", within_days=5),
        NewTerm(TermKind.RETURN, Side.STAFF, Side.COMPANY, "交还账号", "交接签收", on=date(2026, 10, 12)),
        NewTerm(TermKind.CERTIFICATE, Side.COMPANY, Side.STAFF, "出具证明", "送达回执", within_days=10),
    )
    new = NewSettlement(paper("调解协议"), signed_on, "调解员", terms)
    settlement.settle(number=case.number, settlement=new, by=BY, at=NOW)


def visit(case: Case, *, restored: bool, received: bool) -> None:
    new = NewFollowUp(TODAY, "经办人", restored, received)
    settlement.follow_up(number=case.number, visit=new, by=BY, at=NOW)


def test_w1_is_kept_and_judged_as_the_pure_rules_judge_it(case: Case) -> None:
    view = assess(case)
    assert {i.value: a.verdict.code for i, a in view.assessments.items()} == {
        "归属": "OWN_COMPANY", "交还": "RETURN_DUE", "赔偿": "DMG_UNSUPPORTED", "责任": "LIABILITY_MAPPED",
    }  # fmt: skip
    assert [f.heading for f in view.foci] == ["焦点一 交还", "焦点二 赔偿"]
    damages = view.assessments[Issue.DAMAGES]
    assert damages.supported is not None
    assert damages.supported.fen == 0
    assert [m.text for m in damages.verdict.missing] == [
        "因果关系证据", "往期转化率", "课程单价/价格凭证(未见提交)", "客户行为记录", "计算过程",
    ]  # fmt: skip
    assert any("近17万元(约数)" in f.text for f in damages.verdict.findings)
    assert [r.verdict.code for r in view.reliefs if r.verdict] == ["RETURN_DUE", "DMG_UNSUPPORTED"]
    assert view.reliefs[1].amount is not None
    assert view.reliefs[1].amount.text() == "近17万元(约数)"
    assert view.route.years == 3


def test_before_it_is_judged_both_issues_stand_there_without_a_verdict(case: Case) -> None:
    view = case.view()
    assert [(f.heading, f.assessment) for f in view.foci] == [("焦点一 交还", None), ("焦点二 赔偿", None)]
    assert [s.parts for s in view.sheets] == [(), ()]


def test_a_claimed_month_stays_a_claimed_month(case: Case) -> None:
    [period] = [f for f in case.view().facts if f.key == "engagement.period"]
    assert (period.proof, period.stated_by) == (ProofState.CLAIMED, StatedBy.STAFF)
    assert period.event is not None
    assert period.event.text() == "2023-03至2023-05"
    assert period.recorded == NOW
    assert standing(period) == "员工自称,未举证"


def test_a_second_assessment_stands_beside_the_first(case: Case) -> None:
    first = assess(case)
    again = assess(case, NOW + DAY)
    assert again.assessed_times == 2
    one, two = queries.assessments(case.number, Issue.OWNERSHIP)
    assert one == first.assessments[Issue.OWNERSHIP]
    assert one.verdict == two.verdict
    assert two.assessed_at == NOW + DAY
    assert str(case.facts["number"]) in one.facts
    assert "ownership@" in one.rules


def test_w1b_kept_as_rows_supports_its_sum_only_with_the_cause(case: Case) -> None:
    more = [{"number": f"证{n}", "title": f"材料{n}", "proves": "损失"} for n in range(6, 10)]
    exhibits = case.exhibits | attach(case.number, more)
    state(case.number, exhibits, "w1b")
    facts_operations.list_losses(number=case.number, losses=lost(40, exhibits["证6"]), by=BY, at=NOW)
    without = assess(case).assessments[Issue.DAMAGES]
    assert [m.code for m in without.verdict.missing] == ["E1"]
    state(case.number, exhibits, "causation")
    found = assess(case).assessments[Issue.DAMAGES]
    assert found.verdict.code == "DMG_PARTIAL"
    assert found.supported is not None
    assert found.supported.text() == "10,012.80元"


def test_a_quarantined_exhibit_feeds_nothing_and_may_come_back(case: Case) -> None:
    facts_operations.quarantine(exhibit=case.exhibits["证2"], grounds="取得方式待核", by=BY, at=NOW)
    view = assess(case)
    assert view.assessments[Issue.OWNERSHIP].verdict.code == "OWN_UNDETERMINED"
    assert [e.number for e in view.exhibits if e.legality == "隔离"] == ["证2"]
    facts_operations.readmit(exhibit=case.exhibits["证2"], grounds="来源已核实", by=BY, at=NOW)
    assert assess(case).assessments[Issue.OWNERSHIP].verdict.code == "OWN_COMPANY"
    versions = ledger.history("evidence_exhibit", case.exhibits["证2"])
    assert [(v.values or {})["legality"] for v in versions] == ["合法", "隔离", "合法"]


def test_a_correction_replaces_and_both_stay_readable(case: Case) -> None:
    new = NewFact("rules.by_company", "不明", StatedBy.COMPANY, replaces=case.facts["rules"])
    [again] = facts_operations.state_facts(number=case.number, facts=[new], by=BY, at=NOW)
    view = case.view()
    assert [f.value for f in view.facts if f.key == "rules.by_company"] == ["不明"]
    assert [f.value for f in facts_queries.history(view.id, "rules.by_company")] == ["是", "不明"]
    with pytest.raises(BadFact, match="更正"):
        facts_operations.state_facts(number=case.number, facts=[new], by=BY, at=NOW)
    other = NewFact("account.for_work", "是", StatedBy.COMPANY, replaces=again)
    with pytest.raises(BadFact, match="更正"):
        facts_operations.state_facts(number=case.number, facts=[other], by=BY, at=NOW)


@pytest.mark.parametrize(
    "new",
    [
        NewFact("account.for_work", "是", StatedBy.COMPANY, ProofState.PROVED),
        NewFact("account.for_work", "是", StatedBy.COMPANY, ProofState.PROVED, exhibits=(UUID(int=1),)),
        NewFact("claim.amount", "17万", StatedBy.COMPANY),
        NewFact("defence.shared", "是", StatedBy.STAFF),
        NewFact("nobody.asks", "是", StatedBy.STAFF),
    ],
)
def test_a_statement_that_proves_nothing_or_stands_elsewhere_is_refused(case: Case, new: NewFact) -> None:
    before = case.view().facts
    with pytest.raises(BadFact):
        facts_operations.state_facts(number=case.number, facts=[new], by=BY, at=NOW)
    assert case.view().facts == before


def test_an_exhibit_is_numbered_and_must_prove_something(case: Case) -> None:
    new = NewExhibit(paper("证明"), StatedBy.STAFF, "证明内容")
    facts_operations.attach_exhibits(number=case.number, exhibits=[new, new], by=BY, at=NOW)
    assert [e.number for e in case.view().exhibits][-2:] == ["证6", "证7"]
    taken = NewExhibit(new.paper, StatedBy.STAFF, "证明内容", "证3")
    with pytest.raises(BadFact, match="编号"):
        facts_operations.attach_exhibits(number=case.number, exhibits=[taken], by=BY, at=NOW)
    blank = NewExhibit(new.paper, StatedBy.STAFF, " ")
    with pytest.raises(BadFact):
        facts_operations.attach_exhibits(number=case.number, exhibits=[blank], by=BY, at=NOW)


def test_a_customer_is_lost_once_and_may_be_withdrawn(case: Case) -> None:
    exhibit = case.exhibits["证5"]
    [first, _] = facts_operations.list_losses(number=case.number, losses=lost(2, exhibit), by=BY, at=NOW)
    again = NewLoss("H2", "客户000", "深度课程", None, 1, (exhibit,), 10_000)
    with pytest.raises(DoubleCounting):
        facts_operations.list_losses(number=case.number, losses=[again], by=BY, at=NOW)
    facts_operations.withdraw_loss(number=case.number, loss=first, reason="改列维护中断", by=BY, at=NOW)
    facts_operations.list_losses(number=case.number, losses=[again], by=BY, at=NOW)
    assert [(r.customer, r.head) for r in case.view().losses] == [("客户001", "H1"), ("客户000", "H2")]


def test_a_loss_of_words_alone_is_refused_and_one_of_rows_says_what_it_lacks(case: Case) -> None:
    wordy = NewRelief(Issue.DAMAGES, "大量客户失联，损失重大", Basis.TORT, parse("1万元"))
    operations.claim(number=case.number, reliefs=[wordy], by=BY, at=NOW)
    with pytest.raises(BadLoss):
        queries.loss_form(case.number)
    exhibit = case.exhibits["证4"]
    facts_operations.list_losses(number=case.number, losses=lost(2, exhibit), by=BY, at=NOW)
    assert [m.code for m in queries.loss_form(case.number)] == ["VOUCHERS"]
    spent = NewFact("invest.advertising", "12万元", StatedBy.COMPANY, ProofState.PROVED, exhibits=(exhibit,))
    facts_operations.state_facts(number=case.number, facts=[spent], by=BY, at=NOW)
    assert queries.loss_form(case.number) == ()


def test_the_database_itself_refuses_a_loss_twice(case: Case) -> None:
    [first] = facts_operations.list_losses(
        number=case.number, losses=lost(1, case.exhibits["证5"]), by=BY, at=NOW
    )
    twin = LostCustomer.objects.get(id=first)
    twin.id = new_id(NOW)
    twin.head, twin.ordinal = "H2", 2
    with pytest.raises((IntegrityError, psycopg.IntegrityError)), book(at=NOW) as b:
        b.entry("evidence.list_losses", by=BY).insert(twin)


def test_money_needs_one_ground(case: Case) -> None:
    bare = NewRelief(Issue.DAMAGES, "赔偿", None, parse("1万元"))
    other = NewRelief(Issue.DAMAGES, "赔偿", Basis.CONTRACT, parse("1万元"))
    for wrong in (bare, other):
        with pytest.raises(NoElection):
            operations.claim(number=case.number, reliefs=[wrong], by=BY, at=NOW)
    more = NewRelief(Issue.DAMAGES, "合理费用", Basis.TORT, parse("5000元"))
    operations.claim(number=case.number, reliefs=[more], by=BY, at=NOW)
    claimed = assess(case).assessments[Issue.DAMAGES].verdict
    assert any("近175,000.00元(约数)" in f.text for f in claimed.findings)


def test_a_stated_sum_keeps_its_qualifier_and_its_kind(case: Case) -> None:
    stated = Amount(17_000_000, Qualifier.NEARLY, "可得利益")
    facts_operations.state_amount(
        number=case.number, what="评估损失", amount=stated, stated_by=StatedBy.THIRD, by=BY, at=NOW
    )
    [found] = case.view().amounts
    assert found.amount == replace(stated, stated_by=StatedBy.THIRD)
    assert found.amount.text() == "近17万元(约数)"
    with pytest.raises(BadFact, match="损失类型"):
        facts_operations.state_amount(
            number=case.number, what="损失", amount=Amount(1), stated_by=StatedBy.STAFF, by=BY, at=NOW
        )


def test_a_settlement_lays_three_duties_each_with_its_day(case: Case) -> None:
    settled(case)
    found = case.view().settlement
    assert found is not None
    assert [(t.kind, t.obligor, t.duty.due and t.duty.due.counted) for t in found.terms] == [
        ("找回密码", "员工", date(2026, 9, 26)),
        ("交还", "员工", date(2026, 10, 12)),
        ("出具证明", "公司", date(2026, 10, 1)),
    ]
    last = found.terms[2].duty
    assert last.due is not None
    assert last.due.day == date(2026, 10, 8)  # the holiday rolls
    assert "CC-203" in last.articles
    with pytest.raises(BadSettlement):
        settled(case)
    duties.fulfil(duty=last.id, note="邮件送达", done_on=TODAY, by=BY, at=NOW)
    again = case.view().settlement
    assert again is not None
    assert [t.duty.state for t in again.terms] == [DutyState.OPEN, DutyState.OPEN, DutyState.DONE]


def test_for_labour_no_term_makes_the_certificate_later(case: Case) -> None:
    last_day = Period(date(2026, 9, 18), date(2026, 9, 18), Precision.DAY)
    new = [
        NewFact("engagement.kind", "劳动", StatedBy.STAFF, ProofState.ADMITTED, replaces=case.facts["kind"]),
        NewFact(
            "engagement.ended",
            "是",
            StatedBy.STAFF,
            ProofState.ADMITTED,
            last_day,
            replaces=case.facts["ended"],
        ),
    ]
    facts_operations.state_facts(number=case.number, facts=new, by=BY, at=NOW)
    settled(case)
    found = case.view().settlement
    assert found is not None
    duty = found.terms[2].duty
    assert duty.due is not None
    assert (duty.due.day, duty.articles, duty.overdue(date(2026, 9, 19))) == (
        date(2026, 9, 18),
        ("LCL-50",),
        True,
    )


def test_a_term_without_a_day_or_against_oneself_is_refused(case: Case) -> None:
    for wrong in (
        NewTerm(TermKind.RETURN, Side.STAFF, Side.COMPANY, "交还", "签收"),
        NewTerm(TermKind.RETURN, Side.STAFF, Side.COMPANY, "交还", "签收", 5, TODAY),
        NewTerm(TermKind.RETURN, Side.STAFF, Side.STAFF, "交还", "签收", 5),
        NewTerm(TermKind.RETURN, Side.STAFF, Side.COMPANY, "交还", " ", 5),
    ):
        new = NewSettlement(paper("调解协议"), TODAY, "调解员", (wrong,))
        with pytest.raises(BadSettlement):
            settlement.settle(number=case.number, settlement=new, by=BY, at=NOW)
    assert case.view().settlement is None


def test_after_mediation_both_confirmations_are_needed_to_close(case: Case) -> None:
    def close() -> None:
        operations.close_dispute(
            number=case.number, closing=Closing.MEDIATION, closed_on=TODAY, by=BY, at=NOW
        )

    with pytest.raises(NotConfirmed, match="协议、账号已恢复、证明已收到"):
        close()
    settled(case)
    visit(case, restored=True, received=False)
    with pytest.raises(NotConfirmed, match="缺少：证明已收到"):
        close()
    visit(case, restored=False, received=True)
    close()
    view = case.view()
    assert (view.closed_by, view.matter.open, view.confirmed) == (Closing.MEDIATION, False, (True, True))
    with pytest.raises(DisputeClosed):
        operations.assess(number=case.number, by=BY, at=NOW)
    with pytest.raises(DisputeClosed):
        facts_operations.quarantine(exhibit=case.exhibits["证1"], grounds="取得方式", by=BY, at=NOW)


def test_outcomes_stand_each_for_itself_and_mediation_is_no_judgment(case: Case) -> None:
    rows = [
        (Issue.OWNERSHIP, "OWN_COMPANY", "企业虚拟办公资产"),
        (Issue.RETURN, "RETURN_DUE", "应当交还"),
        (Issue.DAMAGES, "DMG_UNSUPPORTED", "证据不足,不予支持"),
    ]
    new = [NewOutcome(i, c, t, "人民法院", TODAY, "一审") for i, c, t in rows]
    operations.record_outcomes(number=case.number, outcomes=new, by=BY, at=NOW)
    settled(case)
    visit(case, restored=True, received=True)
    with pytest.raises(BadFact, match="审级"):
        operations.record_outcomes(number=case.number, outcomes=new[:1], by=BY, at=NOW)
    operations.close_dispute(number=case.number, closing=Closing.MEDIATION, closed_on=TODAY, by=BY, at=NOW)
    view = case.view()
    assert [o.code for o in view.outcomes] == ["OWN_COMPANY", "RETURN_DUE", "DMG_UNSUPPORTED"]
    assert view.closed_by is Closing.MEDIATION
    assert view.closed_by is not Closing.JUDGMENT


def test_a_judgment_closes_without_a_visit(case: Case) -> None:
    operations.close_dispute(
        number=case.number, closing=Closing.JUDGMENT, closed_on=TODAY, paper=paper("判决书"), by=BY, at=NOW
    )
    assert case.view().closed_by is Closing.JUDGMENT
    assert queries.open_disputes() == []


def test_sheets_for_both_sides_come_from_the_same_verdicts(case: Case) -> None:
    view = assess(case)
    said = {a.verdict.text for a in view.assessments.values()}
    said |= {f.text for a in view.assessments.values() for f in a.verdict.findings}
    said |= {m.text for a in view.assessments.values() for m in a.verdict.missing}
    assert all(set(sheet.lines()) <= said and sheet.lines() for sheet in view.sheets)


def test_a_matter_has_one_dispute_and_one_without_says_so(case: Case) -> None:
    new = NewDispute("侵权责任纠纷", Party.COMPANY, "某人", "某账号")
    with pytest.raises(DisputeExists):
        operations.open_dispute(number=case.number, new=new, by=BY, at=NOW)
    bare = matters_operations.open_matter(kind=MatterKind.DISPUTE, title="另一件", by=BY, at=NOW).number
    with pytest.raises(NoSuchDispute):
        queries.dispute(bare)
    with pytest.raises(NoSuchMatter):
        queries.dispute("M-2026-0404")
    assert [m.number for m in queries.open_disputes()] == [case.number]


def test_reading_a_dispute_asks_the_same_number_of_questions_however_long_it_is(
    case: Case, django_queries: Callable[[Callable[[], Any]], int]
) -> None:
    few = django_queries(case.view)
    facts_operations.list_losses(number=case.number, losses=lost(200, case.exhibits["证5"]), by=BY, at=NOW)
    state(case.number, case.exhibits, "facts")
    assert django_queries(case.view) == few < 30


@pytest.fixture
def django_queries() -> Callable[[Callable[[], Any]], int]:
    """How many statements a call sends."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count(call: Callable[[], Any]) -> int:
        with CaptureQueriesContext(connection) as sent:
            call()
        return len(sent)

    return count
