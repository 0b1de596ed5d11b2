"""17 to 30 October: what hangs on the number, what is private, the phone, both sides' lines, papers, signatures."""

from datetime import date
from hashlib import sha256
from uuid import UUID

from jieli.archive import queries as archive
from jieli.assets import queries as assets
from jieli.assets.types import AssetKind
from jieli.duties import queries as duties
from jieli.duties.types import DutyState, Side
from jieli.handover import bindings, devices, queries
from jieli.handover import operations as handover
from jieli.handover import private as own
from jieli.handover.recovery import record_help, record_recovery
from jieli.handover.things_types import (
    Decision,
    DeviceStep,
    HelpStep,
    NewBinding,
    NewPrivate,
    PrivateKind,
    RecoveryStep,
    Removal,
    ServiceKind,
    StepResult,
)
from jieli.handover.types import (
    Answer,
    CaseRef,
    ListKind,
    NewCommission,
    NewPromise,
    NewSettlement,
    Party,
    Statement,
)
from jieli.kernel.times import MINUTE, local_day
from jieli.papers.signing import Channel, Outcome
from jieli.papers.types import PaperRef
from jieli.parties import queries as parties
from jieli.succession import queries as plans
from jieli.succession.types import CustomerState, PlanRef
from jieli.wiring.demo.days import october
from jieli.wiring.demo.leaving import cast
from jieli.wiring.demo.leaving.cast import handle_of
from jieli.wiring.demo.leaving.opening import LAST
from jieli.wiring.demo.leaving.stage import WORK_CHAT, Stage
from jieli.wiring.demo.scans import scan
from jieli.wiring.demo.things import imei_of, number_of

_SHEET = "离职工作交接单"
_LAST_DAY = (
    _SHEET,
    "在途订单与提成确认单",
    "工资及费用结算单",
    "解除（终止）劳动合同证明书",
    "保密义务提示函",
    "承诺事项接续单",
    "设备验收单",
    "私人内容处置确认书",
)


def play(stage: Stage, case: CaseRef, plan: PlanRef) -> None:
    """Up to the evening of the last day of work."""
    stage.tell("号码解绑清单；本人标明私人内容，公司只核对元数据")
    _bindings(stage, case)
    _private(stage, case)
    stage.tell("双方各自陈述提成与结算；移交人列出对客户的承诺，公司书面答复")
    _lines(stage, case, plan)
    stage.tell("最后一天：手机十五步验收，账号恢复测试八步，先有一步未通过")
    _device(stage, case)
    _recovery(stage, case)
    stage.tell("生成并签封文书；移交人用手机通行密钥签署，接收人、监交人与各部门会签")
    _papers(stage, case)
    stage.checkpoint()


def account_of(stage: Stage, number: str) -> UUID:
    """Somebody's work chat account."""
    handle = handle_of(stage.found.world.staff, number)
    return assets.accounts(WORK_CHAT, [handle])[handle].id


def _employee_number(stage: Stage) -> UUID:
    leaver = next(e for e in stage.found.world.staff if e.no == cast.LEAVER)
    return stage.thing(AssetKind.NUMBER, number_of(leaver))


def _bindings(stage: Stage, case: CaseRef) -> None:
    """The list is given on the day after the notice, so that seven days are long over at the cut."""
    number, mine = _employee_number(stage), stage.actor(cast.LEAVER)
    stage.clock.go(october(17, "09:30"))
    bindings.give_list(case=case.id, number=number, by=stage.actor(cast.PEOPLE), at=stage.now)
    stage.clock.go(october(19, "21:00"))
    found = bindings.declare_bindings(
        case=case.id, number=number, complete=True, by=mine, at=stage.now,
        bindings=[
            NewBinding(ServiceKind.BANK, "工资卡短信提醒"),
            NewBinding(ServiceKind.TRAVEL, "铁路购票"),
            NewBinding(ServiceKind.STATE, "社保查询"),
        ],
    )  # fmt: skip
    for binding in found:
        stage.clock.on(10 * MINUTE)
        bindings.unbind(case=case.id, binding=binding, unbound_at=stage.now, by=mine, at=stage.now)
    stage.facts["bindings"] = len(found)


def _private(stage: Stage, case: CaseRef) -> None:
    """Four things marked; one of them turns out to be a conversation with a customer and stays."""
    stage.clock.go(october(26, "12:30"))
    mine = stage.actor(cast.LEAVER)
    talk = next(
        (c for c in archive.conversations_of_account(account_of(stage, cast.LEAVER)) if not c.destroyed), None
    )
    items = [
        NewPrivate(
            PrivateKind.CONTACT, "大学同学", "工作微信", Decision.DELETE, platform=WORK_CHAT,
            counterparty="wmSELFfriend",
        ),
        NewPrivate(PrivateKind.PHOTO, "旅行照片", "工作手机相册", Decision.TAKE_AND_DELETE, count=126),
        NewPrivate(PrivateKind.FILE, "本人简历与租房合同", "工作手机文件", Decision.TAKE_AND_DELETE, count=2),
    ]  # fmt: skip
    if talk is not None:
        items.append(
            NewPrivate(
                PrivateKind.CONVERSATION, "与一位家长的闲聊", "会话存档", Decision.DELETE, platform=WORK_CHAT,
                counterparty=talk.counterparty, conversation=talk.id,
            )
        )  # fmt: skip
    own.mark_private(case=case.id, items=items, by=mine, at=stage.now)
    checked = own.check_private(case=case.id, by=stage.actor(cast.PEOPLE), at=stage.now)
    stage.facts["private"] = {nature.value: n for nature, n in checked.items() if n}


def _lines(stage: Stage, case: CaseRef, plan: PlanRef) -> None:
    stage.clock.go(october(28, "15:00"))
    hr, mine = stage.actor(cast.PEOPLE), stage.actor(cast.LEAVER)
    orders = parties.orders_of([case.staff_id])[case.staff_id][-4:]
    company = [
        NewCommission(o.order_no, o.product, company=Statement(o.amount_fen * 6 // 100)) for o in orders
    ]
    handover.state_commission(case=case.id, lines=company, by=hr, at=stage.now)
    agreed = [NewCommission(o.order_no, staff=Statement(o.amount_fen * 6 // 100)) for o in orders[:-1]]
    other = Statement(orders[-1].amount_fen * 8 // 100, text="九月活动期约定百分之八")
    handover.state_commission(
        case=case.id, lines=[*agreed, NewCommission(orders[-1].order_no, staff=other)], by=mine, at=stage.now
    )
    both = [
        NewSettlement("十月工资", Party.COMPANY, Statement(862_000), Statement(862_000), LAST),
        NewSettlement("未休年假折算", Party.COMPANY, Statement(118_400), Statement(118_400), LAST),
        NewSettlement("差旅借款", Party.STAFF, Statement(50_000), Statement(50_000), LAST),
    ]
    handover.state_settlement(case=case.id, lines=both, by=hr, at=stage.now)
    handover.record_spending(
        case=case.id, count=3, amount_fen=126_000, first=date(2026, 9, 3), last=date(2026, 9, 28),
        sha256=sha256(scan("演示凭证：地推物料")).hexdigest(),
        note="地推物料报销凭证，原件在财务", by=stage.actor(cast.FINANCE), at=stage.now,
    )  # fmt: skip
    _promises(stage, case, plan)
    stage.facts["commission"] = {"lines": len(orders), "agreed": len(orders) - 1}


def _promises(stage: Stage, case: CaseRef, plan: PlanRef) -> None:
    taken = [x.customer for x in plans.assignments(plan.id) if x.state is CustomerState.TAKEN][:2]
    texts = ("续费赠两课时，十一月底前加上", "开学季私下答应再打九折")
    promises = [NewPromise(c, text, date(2026, 9, 20)) for c, text in zip(taken, texts, strict=True)]
    listed = handover.list_promises(
        case=case.id, promises=promises, by=stage.actor(cast.LEAVER), at=stage.now
    )
    said = ((Answer.CONFIRMED, "已写入订单备注"), (Answer.REFUSED, "没有活动依据，由主管向家长说明并致歉"))
    for key, (answer, text) in zip(listed, said, strict=True):
        handover.answer_promise(
            case=case.id, promise=key, answer=answer, text=text, answered_on=local_day(stage.now),
            by=stage.actor(cast.LEAD), at=stage.now,
        )  # fmt: skip
    stage.facts["promises"] = {"confirmed": 1, "refused": 1}


def _device(stage: Stage, case: CaseRef) -> None:
    leaver = next(e for e in stage.found.world.staff if e.no == cast.LEAVER)
    device, tech = stage.thing(AssetKind.DEVICE, imei_of(leaver)), stage.actor(cast.TECH)
    stage.clock.go(october(30, "14:00"))
    for step in DeviceStep:
        if step is DeviceStep.ACCEPTED:
            continue
        stage.clock.on(2 * MINUTE)
        waived = step is DeviceStep.SIM
        devices.record_device_step(
            case=case.id, device=device, step=step, result=StepResult.WAIVED if waived else StepResult.PASSED,
            paper=None if waived else stage.picture("设备照片", f"设备验收：{step.value}", by=cast.TECH),
            reason="号码另行交回，卡已先取出" if waived else "", tester=stage.staff(cast.TECH),
            done_at=stage.now, by=tech, at=stage.now,
        )  # fmt: skip
    paper = stage.picture("设备验收单", "设备验收单", by=cast.TECH)
    devices.accept_device(
        case=case.id, device=device, paper=paper, tester=stage.staff(cast.TECH), by=tech, at=stage.now
    )
    for item in own.private_items(case.id):
        if item.to_remove and item.conversation is None:
            kind = own_removal(item.kind)
            own.record_removed(
                case=case.id, item=item.id, removal=kind, removed_at=stage.now, by=tech, at=stage.now
            )


def own_removal(kind: PrivateKind) -> Removal:
    """How something outside the archive went: the contact by his own hand, the rest with the reset."""
    return Removal.BY_PERSON if kind is PrivateKind.CONTACT else Removal.RESET


def _recovery(stage: Stage, case: CaseRef) -> None:
    """Eight steps by the receiver; the last one fails, so the account stays 已交付未恢复."""
    account, by = account_of(stage, cast.LEAVER), stage.actor(cast.RECEIVER)
    stage.clock.go(october(30, "15:30"))
    record_help(
        case=case.id, account=account, step=HelpStep.SMS, result=StepResult.PASSED, helped_at=stage.now,
        by=stage.actor(cast.LEAVER), at=stage.now,
    )  # fmt: skip
    state = ""
    for step in RecoveryStep:
        stage.clock.on(3 * MINUTE)
        state = recover(stage, case, account, step, passed=step is not RecoveryStep.NEW_FACE, by=by)
    stage.facts["recovery"] = {"first": state}


def recover(stage: Stage, case: CaseRef, account: UUID, step: RecoveryStep, *, passed: bool, by: str) -> str:
    """One step of the test, with its screen picture; where the account stands."""
    return record_recovery(
        case=case.id, account=account, step=step, passed=passed,
        paper=stage.picture("恢复测试截图", f"账号恢复测试：{step.value}", by=cast.RECEIVER),
        tester=stage.staff(cast.RECEIVER), tested_at=stage.now, by=by, at=stage.now,
    ).value  # fmt: skip


def _papers(stage: Stage, case: CaseRef) -> None:
    stage.clock.go(october(30, "16:30"))
    for kind in (ListKind.DATA, ListKind.CUSTOMERS):
        handover.hand_items(
            case=case.id, kind=kind, handed_on=LAST, by=stage.actor(cast.PEOPLE), at=stage.now
        )
    by_kind = stage.issue(case.number, *_LAST_DAY, whose="一")
    _signatures(stage, by_kind)
    certificate = by_kind["解除（终止）劳动合同证明书"]
    stage.clock.on(10 * MINUTE)
    sent = stage.deliver(
        certificate.id, cast.LEAVER, Channel.IN_PERSON, by=cast.PEOPLE, address="销售中心二层"
    )
    stage.arrived(sent, Outcome.RECEIVED, who="本人", by=cast.PEOPLE)
    stage.facts["certificate"] = {"issued_on": LAST.isoformat(), "delivered": 1}
    _duties(stage, case)


def _signatures(stage: Stage, made: dict[str, PaperRef]) -> None:
    """乙 by the leaver and the receiver, 丙 by the supervisor, ink by the departments: each grade as it is."""
    sheet = made[_SHEET].id
    stage.clock.on(15 * MINUTE)
    mine = stage.sign(sheet, "移交人", cast.LEAVER)
    stage.sign(sheet, "接收人", cast.RECEIVER)
    stage.confirm(sheet, "监交人", cast.LEAD)
    for role, number in (
        ("IT", cast.TECH),
        ("财务", cast.FINANCE),
        ("人力", cast.PEOPLE),
        ("直属部门", cast.LEAD),
    ):
        stage.ink(sheet, role, number)
    for kind in ("在途订单与提成确认单", "工资及费用结算单", "承诺事项接续单", "私人内容处置确认书"):
        stage.sign(made[kind].id, "移交人", cast.LEAVER)
    stage.facts["_receipt"] = (sheet, mine.id)
    stage.facts["signatures"] = {"passkey": 6, "trace": 1, "ink": 4}


def _duties(stage: Stage, case: CaseRef) -> None:
    """What either side has done by the evening of the last day, each with its note."""
    waiting = {"清除本人私人内容", "社会保险减员", "住房公积金封存", "档案和社会保险关系转移"}
    for duty in duties.of_matter(case.matter):
        if duty.state is DutyState.OPEN and duty.name not in waiting and not duty.name.startswith("出具"):
            by = cast.LEAVER if duty.owed_by is Side.STAFF else cast.PEOPLE
            handover.fulfil_duty(
                case=case.id, duty=duty.id, note="当日办结，凭证在卷", done_on=LAST, by=stage.actor(by), at=stage.now
            )  # fmt: skip
    for line in queries.view(case.number, at=stage.now).settlement:
        paper = stage.picture("付款回单", f"{line.name}付款回单", by=cast.FINANCE)
        handover.record_payment(
            case=case.id, line=line.id, paid_on=LAST, paper=paper, by=stage.actor(cast.FINANCE), at=stage.now
        )
