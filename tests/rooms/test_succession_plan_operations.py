"""A plan from the registers to its approval: which rule governs, who may receive, what is left and who answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connections

from jieli.access.types import GrantRef, Person, Role
from jieli.approvals import operations as approvals
from jieli.approvals.errors import Interested, NotApproved, OwnRequest
from jieli.approvals.types import REQUIRED
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, HOUR, local_day, start_of_day
from jieli.ledger import checks, fsck
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind, MatterRef
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import (
    CustomerSource,
    EngagementKind,
    NewCustomer,
    NewEngagement,
    NewEntity,
    NewOrder,
    NewStaff,
    NewUnit,
)
from jieli.succession import operations, pages, payload, queries, readiness
from jieli.succession.errors import (
    PlanExists,
    PlanFixed,
    PlanInvalid,
    ReceiverRefused,
    RegisterInvalid,
    RuleInvalid,
    TransferBlocked,
)
from jieli.succession.models import Assignment
from jieli.succession.types import (
    ENABLEMENT,
    RULE_APPROVAL,
    AssignmentRef,
    Balance,
    Code,
    ConsentKind,
    ConsentStep,
    Criterion,
    CriterionKind,
    CustomerState,
    Fix,
    Force,
    Mode,
    Phase,
    PlanRef,
    PlanState,
    PlatformFacts,
    PlatformMember,
    RuleContent,
    RuleRef,
    RuleRow,
    Targets,
    TrainingContent,
    Why,
    Wish,
)
from tests.conftest import NOW
from tests.rooms.kept_papers import keep

pytestmark = pytest.mark.usefixtures("db")
TODAY = local_day(NOW)
LONG_AGO = NOW - 60 * DAY
NOTICE_ON = TODAY - timedelta(days=10)
LAST_MINUTE = start_of_day(TODAY + timedelta(days=20)) + 18 * HOUR
PAPER = UUID(int=0xBADE)
BALANCE = Balance("客户得知换人", "课程服务不断", "只告知、由客户自己来找")


def person(name: str, *roles: Role, staff: UUID | None = None) -> Person:
    grants = tuple(
        GrantRef(new_id(LONG_AGO), role.value, None, None, LONG_AGO - DAY, None, None) for role in roles
    )
    return Person(new_id(LONG_AGO), name, name, staff, grants)


LEAD, CHIEF = person("主管", Role.SALES_LEAD), person("合规", Role.COMPLIANCE)
BY = LEAD.actor


@dataclass
class Firm:
    """The firm by code, 工号 and 客户编号."""

    entities: dict[str, UUID]
    staff: dict[str, UUID]
    customers: dict[str, UUID]

    @cached_property
    def matter(self) -> MatterRef:
        """Opened when first asked for: the book takes nothing from before what it holds already."""
        return matters.open_matter(kind=MatterKind.LEAVING, title="离职", by=BY, at=NOW)


@pytest.fixture
def firm(db: None) -> Firm:
    """E001 leaves; E002 to E004 of the same company are ready to take over, E009 of its sister too."""
    parties.register_entities(
        [NewEntity("QH", "青禾教育有限公司"), NewEntity("BH", "北禾教育有限公司")], by=BY, at=LONG_AGO
    )
    entities = party_queries.entities_by_code()
    parties.register_units(
        [NewUnit("S1", "一部", entities["QH"]), NewUnit("B1", "北部", entities["BH"])], by=BY, at=LONG_AGO
    )
    units = party_queries.units_by_code()
    joined = date(2024, 3, 1)
    rows = [NewStaff(f"E00{n}", f"员工{n}", units["S1"], "顾问", joined) for n in range(1, 6)]
    rows.append(NewStaff("E009", "员工9", units["B1"], "顾问", joined))
    parties.register_staff(rows, by=BY, at=LONG_AGO)
    staff = {no: ref.id for no, ref in party_queries.staff_by_no().items()}
    sister = NewEngagement(staff["E009"], entities["BH"], EngagementKind.LABOUR, joined)
    parties.register_engagements([sister], by=BY, at=LONG_AGO)
    parties.register_customers(
        [
            NewCustomer("C01", "客一", CustomerSource.ORDER, "济南", "健康教育"),
            NewCustomer("C02", "客二", CustomerSource.ORDER, "济南", "少儿"),
            NewCustomer("C03", "客三", CustomerSource.ADVERTISING, "青岛", "少儿"),
            NewCustomer("C04", "客四", CustomerSource.UNKNOWN, "济南"),
            NewCustomer("C05", "客五", CustomerSource.ORDER, "济南", minor=True),
            NewCustomer("C06", "客六", CustomerSource.ORDER, "烟台"),
        ],
        by=BY,
        at=LONG_AGO,
    )
    customers = {no: ref.id for no, ref in party_queries.customers_by_no().items()}
    found = Firm(entities, staff, customers)
    keep(PAPER, at=LONG_AGO)
    for no in ("E002", "E003", "E004", "E009"):
        qualify(found, no)
    return found


def qualify(firm: Firm, no: str, *, until: date = TODAY) -> None:
    for content in TrainingContent:
        operations.record_training(
            staff=[firm.staff[no]], content=content, passed_on=TODAY - timedelta(days=100), valid_until=until,
            by=BY, at=LONG_AGO,
        )  # fmt: skip
    operations.record_commitment(
        staff=firm.staff[no], paper=PAPER, signed_on=TODAY - timedelta(days=90), by=BY, at=LONG_AGO
    )


@pytest.fixture
def django_queries(db: None) -> Iterator[Callable[[], int]]:
    """How many statements went through the main store so far."""
    sent: list[str] = []

    def watch(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        sent.append(str(sql))
        return execute(sql, params, many, context)

    with connections["default"].execute_wrapper(watch):
        yield lambda: len(sent)


CONTENT = RuleContent(
    Targets(units=("S1",)),
    10,
    (
        Criterion(CriterionKind.REGION, "济南", Targets(staff=("E002", "E003"))),
        Criterion(CriterionKind.REGION, "烟台", Targets(staff=("E005",))),
        Criterion(CriterionKind.INDUSTRY, "健康教育", Targets(staff=("E003",)), Force.PREFER),
    ),
)


def propose(content: RuleContent = CONTENT, *, at: int = LONG_AGO, **more: Any) -> RuleRef:
    wanted: dict[str, Any] = {
        "name": "客户接续规则", "content": content, "rationale": "按地域就近服务", "customer_need": "家长要求同城面谈",
        "effective_from": local_day(at), "by": BY, "at": at, **more,
    }  # fmt: skip
    return operations.propose_rule(**wanted)


def agree(rule: RuleRef, *, at: int) -> RuleRef:
    asked = next(r for r in approvals.queries.waiting(RULE_APPROVAL) if r.subject == rule.id)
    approvals.decide(request=asked.id, agree=True, reason="同意", by=CHIEF, at=at)
    return rule


def rule_in_force(content: RuleContent = CONTENT) -> RuleRef:
    return agree(propose(content), at=LONG_AGO + HOUR)


def enable() -> None:
    papers = {kind: new_id(LONG_AGO) for kind in REQUIRED[ENABLEMENT]}
    keep(*papers.values(), at=LONG_AGO)
    approvals.enable(
        what=ENABLEMENT, papers=papers, note="已审查", from_day=local_day(LONG_AGO), by=CHIEF, at=LONG_AGO
    )


def plan(firm: Firm, customers: Sequence[str] = (), **more: Any) -> PlanRef:
    wanted: dict[str, Any] = {
        "matter": firm.matter.id, "leaver": firm.staff["E001"], "last_minute": LAST_MINUTE, "notice_on": NOTICE_ON,
        "customers": [firm.customers[c] for c in customers or firm.customers], "owner": firm.staff["E004"],
        "balance": BALANCE, "by": BY, "at": NOW, **more,
    }  # fmt: skip
    return operations.make_plan(**wanted)


def lines(made: PlanRef) -> dict[str, AssignmentRef]:
    return {a.customer_no: a for a in queries.assignments(made.id)}


def codes(line: AssignmentRef) -> set[Why]:
    return {r.code for r in line.reasons}


def clean() -> bool:
    return fsck.run(checks.checks({})).findings == ()


# ---- rules


@pytest.mark.req("R2.27")
def test_only_a_rule_approved_before_the_day_of_the_notice_governs(firm: Firm) -> None:
    before = start_of_day(NOTICE_ON)
    early, late = propose(), propose()
    later = propose(effective_from=NOTICE_ON + timedelta(days=1))
    assert queries.rule_before(before, at=NOW) is None
    agree(later, at=before - 1)
    assert queries.rule_before(before, at=NOW) is None
    agree(early, at=before - 1)
    agree(late, at=before)  # one millisecond too late
    assert queries.rule_before(before, at=NOW) == early
    assert queries.rule_in_force(at=NOW) == later
    assert queries.rule_in_force(at=before) == late


@pytest.mark.req("R2.8")
def test_the_dashboard_shows_the_risk_until_another_person_approved_a_rule(firm: Firm) -> None:
    rule = propose(paper=PAPER)
    assert [f.code for f in queries.rule_findings(at=NOW)] == ["RULE_ABSENT_HIGH"]
    asked = approvals.queries.waiting(RULE_APPROVAL)[0]
    with pytest.raises(OwnRequest):
        approvals.decide(request=asked.id, agree=True, reason="好", by=person_of(LEAD), at=NOW)
    agree(rule, at=NOW)
    assert queries.rule_findings(at=NOW) == []
    assert queries.rules() == [rule]
    assert clean()


def person_of(lead: Person) -> Person:
    """The applicant with the right to approve."""
    grant = GrantRef(new_id(LONG_AGO), Role.COMPLIANCE.value, None, None, LONG_AGO, None, None)
    return Person(lead.id, lead.sign_in, lead.name, None, (grant,))


@pytest.mark.req("R2.19")
def test_a_rule_says_why_and_what_customers_need(firm: Firm) -> None:
    for missing in ("rationale", "customer_need", "name"):
        with pytest.raises(RuleInvalid):
            propose(**{missing: " "})
    rows = [RuleRow("接手范围", targets="部门:S1"), RuleRow("上限", "每人", number="9")]
    made = operations.propose_rule_table(
        name="表", rows=rows, rationale="就近", customer_need="语言", effective_from=TODAY, by=BY, at=NOW
    )
    assert made.content == RuleContent(Targets(units=("S1",)), 9)


# ---- plans


def test_every_customer_gets_a_keeper_with_reasons_or_an_owner_and_a_day(firm: Firm) -> None:
    rule_in_force()
    made = plan(firm)
    found = lines(made)
    assert (made.customers, made.assigned, made.rule_version, made.state) == (6, 3, 1, PlanState.DRAFT)
    assert found["C01"].receiver == firm.staff["E003"]
    assert found["C02"].receiver == firm.staff["E002"]
    assert found["C03"].receiver in {firm.staff[no] for no in ("E002", "E003", "E004")}
    assert found["C01"].phase is Phase.NOTICE
    assert codes(found["C04"]) == {Why.SOURCE}
    assert codes(found["C05"]) == {Why.MINOR}
    assert codes(found["C06"]) == {Why.NO_MATCH}
    assert {a.state for a in found.values() if a.receiver is None} == {CustomerState.NOBODY}
    assert all(
        a.owner == firm.staff["E004"] and a.due_on == TODAY + timedelta(days=7) for a in found.values()
    )
    assert "规则写明由其接手" in pages.explained(found["C01"])
    left = {x.customer_no: x for x in pages.left(made.id, today=TODAY + timedelta(days=9))}
    assert left["C06"].remedies == ("若放宽地域“烟台”这一条件，可分给员工2、员工3、员工4",)
    assert (left["C06"].owner_name, left["C06"].days_late) == ("员工4", 2)
    assert clean()


@pytest.mark.req("R2.12", "R2.20")
def test_who_is_not_qualified_is_not_selectable_and_the_page_says_why(firm: Firm) -> None:
    rule_in_force(RuleContent(Targets(units=("S1",)), 10))
    members = {firm.staff["E002"]: PlatformMember(real_name=False)}
    made = plan(
        firm, ["C01", "C02"], at=NOW + DAY, excluded=[firm.staff["E003"]], platform=PlatformFacts(members)
    )
    assert made.assigned == 0
    against = {load.staff_no: load.against for load in pages.loads(made.id)}
    late = f"”培训已于{TODAY.isoformat()}到期"
    overdue = (f"“法律法规{late}", f"“操作规范{late}")
    missing = ("尚未通过“法律法规”培训", "尚未通过“操作规范”培训", "尚未签署隐私保护承诺书")
    assert against == {
        "E001": ("即离职人员本人", *missing), "E002": (*overdue, "平台条件不足：未实名"),
        "E003": ("已被指定不参与接手", *overdue), "E004": overdue, "E005": missing,
    }  # fmt: skip
    with pytest.raises(ReceiverRefused, match="到期"):
        operations.override(
            assignment=lines(made)["C01"].id,
            receiver=firm.staff["E004"],
            reason="熟悉客户",
            by=BY,
            at=NOW + DAY,
        )


@pytest.mark.req("R2.9")
def test_what_a_customer_said_last_decides(firm: Firm) -> None:
    rule_in_force()
    say: dict[str, Any] = {"channel": "接续告知链接", "by": BY, "at": NOW}
    both = [firm.customers["C01"], firm.customers["C02"]]
    operations.record_wish(customers=both, wish=Wish.REFUSES, stated_at=NOW - 2, **say)
    operations.record_wish(customers=both[1:], wish=Wish.NO_CONTACT, stated_at=NOW - 1, **say)
    found = lines(plan(firm, ["C01", "C02"]))
    assert (found["C01"].state, found["C02"].state) == (CustomerState.REFUSED, CustomerState.NO_CONTACT)
    with pytest.raises(ReceiverRefused, match="客户已拒绝接替"):
        operations.override(
            assignment=found["C01"].id, receiver=firm.staff["E002"], reason="再试", by=BY, at=NOW
        )
    operations.record_wish(customers=both[:1], wish=Wish.WELCOMES, stated_at=NOW, **say)
    assert lines(plan(firm, ["C01"]))["C01"].receiver == firm.staff["E003"]
    with pytest.raises(RegisterInvalid):
        operations.record_wish(customers=both, wish=Wish.REFUSES, stated_at=NOW + 1, **say)


def test_a_guardian_s_consent_makes_a_minor_assignable_until_it_is_withdrawn(firm: Firm) -> None:
    rule_in_force()
    say: dict[str, Any] = {
        "customers": [firm.customers["C05"]], "kind": ConsentKind.GUARDIAN, "paper": PAPER, "by": BY, "at": NOW,
    }  # fmt: skip
    operations.record_consent(stated_at=NOW - 9, **say)
    assert lines(plan(firm, ["C05"]))["C05"].receiver is not None
    operations.record_consent(stated_at=NOW - 8, step=ConsentStep.WITHDRAW, **say)
    assert codes(lines(plan(firm, ["C05"]))["C05"]) == {Why.MINOR}


@pytest.mark.req("R2.10")
def test_customers_of_a_sister_company_need_a_separate_consent_that_names_it(firm: Firm) -> None:
    enable()
    rule_in_force(RuleContent(Targets(units=("B1",)), 10))
    made = plan(firm, ["C01", "C02"])
    assert made.assigned == 0
    found = readiness.preflight_of(made.id, at=NOW)
    assert found.verdict.code == "TRANSFER_NEEDS_CONSENT"
    assert "PIPL-23" in found.verdict.articles
    assert len(found.verdict.open_points) == 1
    operations.record_consent(
        customers=[firm.customers["C01"]], kind=ConsentKind.ENTITY, entity=firm.entities["BH"], stated_at=NOW,
        paper=PAPER, by=BY, at=NOW,
    )  # fmt: skip
    again = plan(firm, ["C01"])
    assert lines(again)["C01"].receiver == firm.staff["E009"]
    told = readiness.preflight_of(again.id, at=NOW, noticed=[firm.customers["C01"]], joint_handler=False)
    assert told.code is Code.OK


def test_needs_and_orders_of_the_registers_count(firm: Firm) -> None:
    speaks = Criterion(CriterionKind.LANGUAGE, "粤语", Targets(staff=("E004",)))
    rule_in_force(RuleContent(Targets(units=("S1",)), 10, (speaks,)))
    yesterday = TODAY - timedelta(days=1)
    orders = [
        NewOrder("O1", firm.customers["C03"], "课", 900_00, yesterday, firm.staff["E004"]),
        NewOrder("O2", firm.customers["C06"], "课", 100_00, yesterday, firm.staff["E003"]),
        NewOrder(
            "O3", firm.customers["C06"], "课", 9_000_00, TODAY - timedelta(days=365), firm.staff["E002"]
        ),
    ]
    parties.register_orders(orders, by=BY, at=NOW)
    operations.record_commitment(staff=firm.staff["E004"], paper=PAPER, signed_on=TODAY, by=BY, at=NOW)
    need = (firm.customers["C01"], CriterionKind.LANGUAGE, "粤语")
    assert operations.record_needs(needs=[need], by=BY, at=NOW) == 1
    made = plan(firm, ["C01", "C02"])
    assert lines(made)["C01"].receiver == firm.staff["E004"]
    loads = {load.staff_no: (load.contribution_fen, load.before, load.after) for load in pages.loads(made.id)}
    assert loads["E004"] == (900_00, 1, 3)
    assert loads["E003"] == (100_00, 1, 1)
    assert loads["E002"] == (0, 1, 1)


@pytest.mark.req("R2.2")
def test_a_leaver_gone_for_four_hundred_days_leaves_a_fallback_list(firm: Firm) -> None:
    rule_in_force()
    made = plan(firm, ["C01"], last_minute=NOW - 400 * DAY)
    line = lines(made)["C01"]
    assert line.receiver is None
    assert [r.code for r in line.remedies] == [Fix.FALLBACK]
    assert "平台不可继承" in pages.explained(line)


def test_a_third_transfer_in_ninety_days_waits_for_inheritance(firm: Firm) -> None:
    rule_in_force()
    twice = {firm.customers["C01"]: (NOW - 30 * DAY, NOW - 5 * DAY)}
    found = lines(plan(firm, ["C01", "C02"], platform=PlatformFacts(transfers=twice)))
    assert (found["C01"].phase, found["C02"].phase) == (Phase.AFTER, Phase.NOTICE)
    assert "才可再次在职转移" in pages.explained(found["C01"])


def test_without_a_rule_the_plan_lists_everybody_and_is_blocked(firm: Firm) -> None:
    enable()
    made = plan(firm, ["C01", "C02"])
    assert {next(iter(codes(a))) for a in lines(made).values()} == {Why.NO_RULE}
    assert readiness.preflight_of(made.id, at=NOW).code is Code.BLOCKED
    with pytest.raises(TransferBlocked, match="高风险"):
        operations.submit_plan(plan=made.id, reason="离职", by=BY, at=NOW)


@pytest.mark.req("R2.6", "R2.15")
def test_nothing_is_submitted_before_inheritance_is_enabled(firm: Firm) -> None:
    rule_in_force()
    made = plan(firm, ["C01"])
    with pytest.raises(TransferBlocked, match="个人信息保护影响评估"):
        operations.submit_plan(plan=made.id, reason="离职", by=BY, at=NOW)


def test_what_went_bad_since_the_plan_was_made_turns_the_preflight_red(firm: Firm) -> None:
    enable()
    rule_in_force()
    made = plan(firm, ["C01", "C02"])
    assert readiness.preflight_of(made.id, at=NOW).code is Code.NOTICE
    tomorrow = readiness.preflight_of(made.id, at=NOW + DAY)
    assert [f.code for f in tomorrow.verdict.findings if f.code != "NOTICE"] == ["RECEIVERS"]
    operations.record_wish(
        customers=[firm.customers["C01"]], wish=Wish.REFUSES, stated_at=NOW, channel="电话", by=BY, at=NOW
    )
    assert "BARRED" in {f.code for f in readiness.preflight_of(made.id, at=NOW).verdict.findings}


# ---- by hand


@pytest.mark.req("R2.18")
def test_a_change_by_hand_needs_a_reason_is_kept_and_changes_the_digest(firm: Firm) -> None:
    rule_in_force()
    made = plan(firm, ["C01", "C02"])
    line = lines(made)["C01"]
    moved = pages.move(line.id, firm.staff["E004"], at=NOW)
    assert (moved.against, moved.load_after, moved.capacity) == ((), 1, 10)
    assert moved.departs_from == ("必须：地域“济南”", "优先：行业“健康教育”")
    with pytest.raises(PlanInvalid):
        operations.override(assignment=line.id, receiver=firm.staff["E004"], reason=" ", by=BY, at=NOW)
    changed = operations.override(
        assignment=line.id, receiver=firm.staff["E004"], reason="客户本人要求", by=BY, at=NOW
    )
    assert (changed.receiver, codes(changed)) == (firm.staff["E004"], {Why.BY_HAND})
    assert queries.plan(made.id).digest != made.digest
    kept = queries.overrides(made.id)[0]
    assert (kept.customer_no, kept.before, kept.after, kept.reason, kept.made_by) == (
        "C01", firm.staff["E003"], firm.staff["E004"], "客户本人要求", BY,
    )  # fmt: skip
    emptied = operations.override(assignment=line.id, receiver=None, reason="再议", by=BY, at=NOW)
    assert (emptied.receiver, emptied.phase, emptied.state) == (None, None, CustomerState.NOBODY)
    assert emptied.owner == firm.staff["E004"]
    assert clean()


def test_by_hand_nobody_gets_more_than_his_places(firm: Firm) -> None:
    rule_in_force(RuleContent(Targets(units=("S1",)), 1))
    made = plan(firm, ["C01", "C02"])
    by_receiver = {a.receiver: a for a in lines(made).values()}
    with pytest.raises(ReceiverRefused, match="上限"):
        operations.override(
            assignment=by_receiver[firm.staff["E003"]].id,
            receiver=firm.staff["E002"],
            reason="调",
            by=BY,
            at=NOW,
        )
    assert pages.move(by_receiver[firm.staff["E003"]].id, firm.staff["E002"], at=NOW).against


@pytest.mark.req("R2.2")
def test_a_plan_by_hand_starts_empty_and_is_filled_line_by_line(firm: Firm) -> None:
    rule_in_force()
    made = plan(firm, ["C01", "C04"], mode=Mode.MANUAL)
    found = lines(made)
    assert (made.assigned, codes(found["C01"]), codes(found["C04"])) == (0, {Why.MANUAL}, {Why.SOURCE})
    put = operations.override(
        assignment=found["C01"].id, receiver=firm.staff["E002"], reason="同校", by=BY, at=NOW
    )
    assert put.state is CustomerState.PLANNED
    with pytest.raises(ReceiverRefused, match="来源不明"):
        operations.override(
            assignment=found["C04"].id, receiver=firm.staff["E002"], reason="同校", by=BY, at=NOW
        )


# ---- approval


def submitted(firm: Firm, customers: Sequence[str] = ("C01", "C02")) -> PlanRef:
    made = plan(firm, customers)
    return operations.submit_plan(plan=made.id, reason="员工离职", by=BY, at=NOW)


@pytest.mark.req("R2.27")
def test_li_s_customers_pass_with_a_rule_from_before_trained_receivers_and_notices_sent(firm: Firm) -> None:
    enable()
    rule_in_force()
    asked = submitted(firm)
    told = readiness.preflight_of(asked.id, at=NOW, noticed=[a.customer for a in lines(asked).values()])
    assert told.verdict.code == "TRANSFER_OK"
    assert told.verdict.findings == ()
    assert queries.rule_findings(at=NOW) == []
    assert pages.metrics(asked.id, today=TODAY).assigned == 2


@pytest.mark.req("R2.16")
def test_a_receiver_cannot_approve_and_the_approval_is_of_exactly_this_plan(firm: Firm) -> None:
    enable()
    rule_in_force()
    asked = submitted(firm)
    assert asked.request is not None
    with pytest.raises(NotApproved):
        queries.check_plan_approved(asked.id, at=NOW)
    receiver = person("接手的合规", Role.COMPLIANCE, staff=firm.staff["E003"])
    with pytest.raises(Interested):
        approvals.decide(request=asked.request, agree=True, reason="好", by=receiver, at=NOW)
    decided = approvals.decide(request=asked.request, agree=True, reason="好", by=CHIEF, at=NOW)
    assert queries.check_plan_approved(asked.id, at=NOW).id == decided.id
    with pytest.raises(PlanFixed):
        operations.submit_plan(plan=asked.id, reason="再交", by=BY, at=NOW)
    with pytest.raises(PlanFixed):
        operations.override(assignment=lines(asked)["C01"].id, receiver=None, reason="改", by=BY, at=NOW)
    with pytest.raises(PlanExists):
        plan(firm, ["C01"])
    operations.void_plan(plan=asked.id, reason="客户名单有误", by=BY, at=NOW)
    with pytest.raises(PlanFixed):
        queries.check_plan_approved(asked.id, at=NOW)
    assert plan(firm, ["C01"]).state is PlanState.DRAFT
    assert clean()


@pytest.mark.req("R2.7")
def test_the_list_for_the_receiver_has_the_fewest_fields_and_stands_in_the_ledger(firm: Firm) -> None:
    enable()
    rule_in_force()
    asked = submitted(firm)
    wanted: dict[str, Any] = {
        "plan": asked.id, "receiver": firm.staff["E003"], "open_orders": {}, "by": BY, "at": NOW,
        "remarks": {firm.customers["C01"]: [payload.Remark("周二回访"), payload.Remark("离异", personal=True)]},
    }  # fmt: skip
    with pytest.raises(NotApproved):
        operations.export_lines(**wanted)
    assert ledger.entries_of_kind("succession.export") == []
    approvals.decide(request=asked.request or UUID(int=0), agree=True, reason="好", by=CHIEF, at=NOW)
    line = operations.export_lines(**wanted)[0]
    assert len(ledger.entries_of_kind("succession.export")) == 1
    assert line.cells() == ("C01", "客一", "济南", "健康教育", "", "", "", "周二回访")


def test_a_new_draft_takes_the_place_of_the_old_one(firm: Firm) -> None:
    rule_in_force()
    first, second = plan(firm, ["C01"]), plan(firm, ["C01", "C02"], at=NOW + 1)
    assert queries.plan(first.id).state is PlanState.VOID
    assert [p.id for p in queries.plans_of(firm.matter.id)] == [second.id, first.id]
    assert queries.living_plan(firm.matter.id) == second.id


def test_places_promised_in_another_plan_are_not_given_twice(firm: Firm) -> None:
    enable()
    rule_in_force(RuleContent(Targets(units=("S1",)), 1, (), own_capacity=(("E002", 2),)))
    submitted(firm, ("C01", "C02", "C03"))
    other = matters.open_matter(kind=MatterKind.LEAVING, title="离职", by=BY, at=NOW)
    made = plan(firm, ["C06"], matter=other.id, leaver=firm.staff["E005"])
    reserved = {load.staff_no: load.reserved for load in pages.loads(made.id)}
    assert sum(reserved.values()) == 3
    assert all(load.after <= load.capacity for load in pages.loads(made.id))


def test_two_drafts_cannot_both_be_submitted_for_the_same_places(firm: Firm) -> None:
    enable()
    rule_in_force(RuleContent(Targets(staff=("E002",)), 2))
    other = matters.open_matter(kind=MatterKind.LEAVING, title="离职", by=BY, at=NOW)
    first = plan(firm, ["C01", "C02"])
    second = plan(firm, ["C03"], matter=other.id, leaver=firm.staff["E005"])
    operations.submit_plan(plan=first.id, reason="离职", by=BY, at=NOW)
    with pytest.raises(TransferBlocked, match="接手后超过上限：E002"):
        operations.submit_plan(plan=second.id, reason="离职", by=BY, at=NOW)
    assert queries.plan(second.id).state is PlanState.DRAFT


def in_flight(line: UUID, state: CustomerState) -> None:
    row = Assignment.objects.get(id=line)
    row.state = state.value
    with book(at=NOW) as b:
        b.entry("test.state", by=BY).revise(row)


def test_a_customer_with_the_platform_stands_in_no_second_plan(firm: Firm) -> None:
    enable()
    rule_in_force()
    first = submitted(firm)
    in_flight(lines(first)["C01"].id, CustomerState.WAITING)
    other = matters.open_matter(kind=MatterKind.LEAVING, title="离职", by=BY, at=NOW)
    made = plan(firm, ["C01", "C02"], matter=other.id)
    assert firm.matter.number in pages.explained(lines(made)["C01"])
    assert lines(made)["C02"].receiver is not None
    with pytest.raises(PlanFixed):
        operations.void_plan(plan=first.id, reason="作废", by=BY, at=NOW)
    with pytest.raises(IntegrityError):
        in_flight(lines(made)["C01"].id, CustomerState.SUBMITTED)


def test_bad_orders_are_refused(firm: Firm) -> None:
    with pytest.raises(PlanInvalid):
        plan(firm, ["C01"], owner=firm.staff["E001"])
    with pytest.raises(PlanInvalid):
        plan(firm, ["C01"], due_on=TODAY - timedelta(days=1))
    with pytest.raises(PlanInvalid, match="不在客户登记中"):
        operations.make_plan(
            matter=firm.matter.id, leaver=firm.staff["E001"], customers=[new_id(NOW)], last_minute=LAST_MINUTE,
            notice_on=NOTICE_ON, owner=firm.staff["E004"], balance=BALANCE, by=BY, at=NOW,
        )  # fmt: skip


def test_the_database_itself_lets_no_customer_be_lost(firm: Firm) -> None:
    rule_in_force()
    row = Assignment.objects.get(id=lines(plan(firm, ["C04"]))["C04"].id)
    row.owner_id = None
    with pytest.raises(IntegrityError), book(at=NOW) as b:
        b.entry("test.lose", by=BY).revise(row)


# ---- pages


@pytest.mark.req("R2.3")
def test_figures_of_a_plan(firm: Firm) -> None:
    enable()
    rule_in_force()
    made = submitted(firm, ("C01", "C02", "C03", "C04"))
    found = lines(made)
    in_flight(found["C01"].id, CustomerState.TAKEN)
    in_flight(found["C02"].id, CustomerState.REFUSED)
    taken_by = found["C01"].receiver
    shown = pages.metrics(
        made.id, today=TODAY + timedelta(days=3), first_contacts={firm.customers["C01"]: 45}
    )
    assert (shown.customers, shown.assigned, shown.unassigned, shown.oldest_unassigned_days) == (4, 3, 1, 3)
    assert (shown.taken, shown.refused, shown.refusal_rate) == (1, 1, 5_000)
    assert shown.first_contact_minutes == {taken_by: 45}
    bands = pages.streams(made.id)
    assert sum(b.customers for b in bands) == 4
    assert (bands[-1].receiver, bands[-1].customers) == (None, 1)
    assert queries.states(made.id)[CustomerState.NOBODY] == 1
    assert [a.customer_no for a in queries.overdue(TODAY + timedelta(days=8))] == ["C04"]
    assert [a.customer_no for a in queries.assignments_to(found["C03"].receiver or UUID(int=0))]


@pytest.mark.req("R2.2")
def test_two_hundred_and_fifty_customers_of_one_receiver_are_three_batches(
    firm: Firm, django_queries: Callable[[], int]
) -> None:
    rule_in_force(RuleContent(Targets(staff=("E002",)), 300))
    parties.register_customers(
        [NewCustomer(f"K{n:04}", f"客{n}", CustomerSource.ORDER) for n in range(250)], by=BY, at=NOW
    )
    ids = [ref.id for no, ref in party_queries.customers_by_no().items() if no.startswith("K")]
    before = django_queries()
    made = operations.make_plan(
        matter=firm.matter.id, leaver=firm.staff["E001"], customers=ids, last_minute=LAST_MINUTE,
        notice_on=NOTICE_ON, owner=firm.staff["E004"], balance=BALANCE, by=BY, at=NOW,
    )  # fmt: skip
    assert django_queries() - before < 60
    found = queries.batches(made.id, Phase.NOTICE)
    assert [(b.number, len(b.assignments)) for b in found] == [(1, 100), (2, 100), (3, 50)]
    assert queries.batches(made.id, Phase.AFTER) == []
    assert queries.windows(made.id)[Phase.NOTICE].closes == LAST_MINUTE - 48 * HOUR


def test_three_thousand_customers_and_forty_receivers_take_a_fixed_number_of_queries(
    firm: Firm, django_queries: Callable[[], int]
) -> None:
    units = party_queries.units_by_code()
    parties.register_staff(
        [NewStaff(f"R{n:02}", f"接手{n}", units["S1"], "顾问", date(2020, 1 + n % 12, 1)) for n in range(40)],
        by=BY, at=LONG_AGO,
    )  # fmt: skip
    firm.staff.update((no, ref.id) for no, ref in party_queries.staff_by_no().items())
    receivers = [f"R{n:02}" for n in range(40)]
    for no in receivers:
        qualify(firm, no)
    cities = [f"城{n}" for n in range(60)]
    parties.register_customers(
        [NewCustomer(f"K{n:04}", f"客{n}", CustomerSource.ORDER, cities[n * 7 % 60]) for n in range(3_000)],
        by=BY, at=LONG_AGO,
    )  # fmt: skip
    rows = [
        Criterion(
            CriterionKind.REGION, city, Targets(staff=tuple(receivers[(n * k) % 40] for k in range(1, 8)))
        )
        for n, city in enumerate(cities)
    ]
    rule_in_force(RuleContent(Targets(staff=tuple(receivers)), 80, tuple(rows)))
    ids = [ref.id for no, ref in party_queries.customers_by_no().items() if no.startswith("K")]
    matter, before = firm.matter, django_queries()
    made = operations.make_plan(
        matter=matter.id, leaver=firm.staff["E001"], customers=ids, last_minute=LAST_MINUTE, notice_on=NOTICE_ON,
        owner=firm.staff["E004"], balance=BALANCE, by=BY, at=NOW,
    )  # fmt: skip
    assert django_queries() - before < 60
    assert made.customers == 3_000
    assert made.assigned > 2_500
    assert all(load.after <= load.capacity for load in pages.loads(made.id))
