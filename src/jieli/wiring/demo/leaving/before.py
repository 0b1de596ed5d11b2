"""Before anybody gives notice: roles, policy, the rule of succession, its enablement, trainings, promises."""

from datetime import date

from jieli.access import operations as access
from jieli.access.types import Role
from jieli.approvals import operations as approvals
from jieli.approvals import queries as asked
from jieli.approvals.types import REQUIRED
from jieli.handover import operations as handover
from jieli.kernel.times import MINUTE
from jieli.parties import queries as parties
from jieli.succession import notices
from jieli.succession.operations.registers import record_commitment, record_training
from jieli.succession.operations.rules import propose_rule
from jieli.succession.types import (
    ENABLEMENT,
    RULE_APPROVAL,
    Criterion,
    CriterionKind,
    RuleContent,
    Targets,
    TrainingContent,
    Weights,
)
from jieli.wiring.demo.days import october
from jieli.wiring.demo.grounds import BY
from jieli.wiring.demo.leaving import cast
from jieli.wiring.demo.leaving.stage import Stage
from jieli.wiring.demo.people import ENTITY_CODE, ENTITY_USCC
from jieli.wiring.load import load_company

_TODAY = date(2026, 10, 9)
_ROLES = (
    (cast.PEOPLE, Role.PEOPLE), (cast.LEAD, Role.SALES_LEAD), (cast.LEGAL, Role.LEGAL), (cast.TECH, Role.IT),
    (cast.LEAVER, Role.STAFF),
)  # fmt: skip


def play(stage: Stage) -> None:
    """Everything that has to stand in the ledger before the notice: afterwards it would count for nothing."""
    stage.tell("第二幕：有人要走。先有制度：授予角色，公布账号管理制度与客户联系渠道")
    stage.clock.go(october(9, "14:00"))
    _roles(stage)
    paper = stage.picture("账号管理制度", "账号管理制度（二〇二六年版）", by=cast.PEOPLE)
    handover.declare_policy(paper=paper, from_day=_TODAY, by=stage.actor(cast.PEOPLE), at=stage.now)
    notices.set_service_contact(
        entity=parties.entities_by_code()[ENTITY_CODE], uscc=ENTITY_USCC, phone="400-000-0000",
        mail="kefu@lanxu.example", desk="合规部", by=stage.actor(cast.COMPLIANCE), at=stage.now,
    )  # fmt: skip
    stage.tell("销售主管提出接续规则，合规审批；离职继承凭四份文书启用；接手人受训、承诺")
    stage.clock.go(october(9, "15:00"))
    _receivers(stage)
    _rule(stage)
    _enable(stage)
    stage.tell("补登十月新客户 60 名与各群责任人")
    stage.clock.go(october(10, "10:00"))
    directory = stage.folder / "十月补充"
    cast.write_october(directory, cast.newcomers(), stage.found.world.rooms)
    loaded = load_company(directory, by=BY, at=stage.now)
    if loaded.total("refused"):
        raise LookupError(f"{loaded.total('refused')} rows of the supplement were refused")
    stage.checkpoint()


def _roles(stage: Stage) -> None:
    for number, role in _ROLES:
        access.grant_role(
            person=stage.found.persons[number], role=role, begins_at=stage.now, by=BY, at=stage.now
        )


def _receivers(stage: Stage) -> None:
    trained = [stage.staff(number) for number in cast.TAKERS]
    for content in TrainingContent:
        sheet = stage.picture("培训考核表", f"客户信息保护培训考核表（{content}）", by=cast.COMPLIANCE)
        record_training(
            staff=trained, content=content, passed_on=date(2026, 9, 28), valid_until=date(2027, 9, 27),
            paper=sheet, by=stage.actor(cast.COMPLIANCE), at=stage.now,
        )  # fmt: skip
    for number in cast.TAKERS:
        paper = stage.picture("客户信息保密承诺书", f"{stage.name(number)}客户信息保密承诺书", by=number)
        record_commitment(
            staff=stage.staff(number), paper=paper, signed_on=_TODAY, by=stage.actor(number), at=stage.now
        )


def _rule(stage: Stage) -> None:
    """The lead proposes, compliance decides: the same person could not."""
    region = CriterionKind.REGION
    content = RuleContent(
        pool=Targets(units=("LX-XS1", "LX-XS2")),
        capacity=48,
        criteria=(
            Criterion(region, "长清区", Targets(staff=(cast.TAKERS[2],))),
            Criterion(region, "章丘区", Targets(staff=(cast.TAKERS[2],))),
            Criterion(region, "槐荫区", Targets(staff=(cast.TAKERS[0], cast.TAKERS[3]))),
        ),
        weights=Weights(tenure=40, contribution=60, balance=100),
        own_capacity=((cast.TAKERS[2], 26),),
    )
    rule = propose_rule(
        name="客户接续规则", content=content, rationale="就近上门、同等条件按年限与业绩，负荷均衡",
        customer_need="家长要找得到人，课程与承诺不断档", effective_from=date(2026, 10, 10),
        by=stage.actor(cast.LEAD), at=stage.now,
    )  # fmt: skip
    request = asked.history(RULE_APPROVAL, rule.id)[-1].id
    stage.clock.on(30 * MINUTE)
    approvals.decide(
        request=request, agree=True, reason="标准客观，不含对客户的评分", by=stage.person(cast.COMPLIANCE),
        at=stage.now,
    )  # fmt: skip
    stage.facts["rule"] = {"version": rule.version, "approved_before_notice": 1}


def _enable(stage: Stage) -> None:
    papers = {kind: stage.picture(kind, f"离职继承：{kind}", by=cast.PEOPLE) for kind in REQUIRED[ENABLEMENT]}
    approvals.enable(
        what=ENABLEMENT, papers=papers, note="逐年复核", from_day=_TODAY, until=date(2027, 10, 8),
        by=stage.person(cast.COMPLIANCE), at=stage.now,
    )  # fmt: skip
