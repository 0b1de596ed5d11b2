"""The second act of the small house: 何青 leaves, customers get a new keeper, and an old dispute is settled.

Every table of approvals, duties, succession, handover and disputes has rows afterwards, and most columns a value.
"""

from datetime import date, timedelta
from uuid import UUID

from fido2 import cbor
from fido2.cose import ES256

from jieli.access.types import Person, Role
from jieli.approvals import operations as approvals
from jieli.archive import queries as archived
from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.types import AssetKind, HolderKind, NewHolding
from jieli.duties import operations as duty_operations
from jieli.duties import queries as duties
from jieli.duties.types import Side
from jieli.evidence import disputes_operations as disputes
from jieli.evidence import facts_operations as facts
from jieli.evidence import settlement
from jieli.evidence.assessments.amounts import Amount, parse
from jieli.evidence.disputes_types import (
    Basis,
    Closing,
    DefenceKind,
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
from jieli.handover import bindings, cutting, devices, private, purge, recovery
from jieli.handover import operations as handover
from jieli.handover.devices import RECOVERY_KIND
from jieli.handover.things_types import (
    Decision,
    DeviceStep,
    LateAct,
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
    Confirmation,
    LineClass,
    ListKind,
    NewCommission,
    NewPromise,
    Stage,
    Statement,
)
from jieli.handover.types import (
    NewSettlement as NewPay,
)
from jieli.handover.types import (
    Party as Says,
)
from jieli.kernel.times import DAY, HOUR, local_day, start_of_day
from jieli.law.deadlines import due_on
from jieli.law.verdicts import Period, Precision, ProofState, StatedBy
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.papers import operations as papers
from jieli.papers import queries as paper_queries
from jieli.papers.signing import Channel as Way
from jieli.papers.signing import Grade, Outcome
from jieli.parties.types import Qualifier
from jieli.succession import choices, notices, proposals, transfers
from jieli.succession import operations as succession
from jieli.succession import queries as plans
from jieli.succession.calling import run_submissions
from jieli.succession.polling import poll
from jieli.succession.spoken import Channel, ChoiceWord, Reach
from jieli.succession.types import (
    RULE_APPROVAL,
    Balance,
    ConsentKind,
    Criterion,
    CriterionKind,
    Phase,
    RuleContent,
    Targets,
    TrainingContent,
    Wish,
)
from tests.conftest import NOW
from tests.fakes.authenticator import Authenticator, b64
from tests.rooms import forms, relay, w1
from tests.rooms.company import BEGIN, BY, PLATFORM, Company, reader
from tests.rooms.leaving import LEAVER, RECEIVER, leaves, scan

TODAY = local_day(NOW)
#: When customers are reminded; and the last entry: customers are with their new keepers two days after the asking.
LATER, END = NOW + HOUR, NOW + 2 * DAY


def build(house: Company) -> None:
    """All of it; everything in one instant but for the platform's answers, which end it at END."""
    judge = reader(Role.COMPLIANCE, name="裴衡")
    held = [NewHolding(key, HolderKind.STAFF, BEGIN, staff_id=house.staff[LEAVER]) for key in _things()]
    assets.load_holdings(held, by=BY, at=NOW)
    _rebound(house)
    case = leaves(house, at=NOW)
    _said(house, case)
    _things_come_back(house, case, judge)
    _private(house, case)
    _end(case)
    _planned(house, case, judge)
    _dispute(house)
    _relayed()


def _things() -> tuple[UUID, UUID]:
    """The house's one phone and its one number."""
    [device] = asset_queries.asset_ids(AssetKind.DEVICE).values()
    [number] = asset_queries.asset_ids(AssetKind.NUMBER).values()
    return device, number


def _paper(title: str) -> UUID:
    return papers.receive(
        kind="凭证", title=title, content=title.encode(), media_type="text/plain", by=BY, at=NOW
    ).id


def _rebound(house: Company) -> None:
    """The receiver's account goes from a company number to a private one, and he shows afterwards that he might."""
    account = house.accounts[RECEIVER]
    [number] = asset_queries.asset_ids(AssetKind.NUMBER)
    assets.rebind(account_id=account, number=number, changed_at=NOW, by=BY, at=NOW)
    change = assets.rebind(
        account_id=account,
        number="13911110000",
        changed_at=NOW,
        changed_by=house.staff[RECEIVER],
        by=BY,
        at=NOW,
    )
    assets.show_permission(change=change, paper=_paper("换绑说明"), by=BY, at=NOW)


def _said(house: Company, case: CaseRef) -> None:
    """What both sides state, object to and answer; what is handed over and what cannot be."""
    handover.declare_policy(paper=_paper("账号管理制度"), from_day=date(2026, 6, 1), by=BY, at=NOW)
    orders = [
        NewCommission("D-1", "明前茶", Statement(8_900), Statement(9_000, Qualifier.NEARLY, "尚未核对"))
    ]
    handover.state_commission(case=case.id, lines=orders, by=BY, at=NOW)
    pay = NewPay("工资", Says.COMPANY, Statement(600_000, text="九月"), Statement(600_000), pay_by=TODAY)
    handover.state_settlement(case=case.id, lines=[pay], by=BY, at=NOW)
    promise = NewPromise(house.customers["wm-lin"], "续订送茶具一套", date(2026, 9, 1))
    [listed] = handover.list_promises(case=case.id, promises=[promise], by=BY, at=NOW)
    handover.answer_promise(
        case=case.id, promise=listed, answer=Answer.REFUSED, text="超出授权", answered_on=TODAY, by=BY, at=NOW
    )
    objection = handover.object_to(
        case=case.id, place=ListKind.ACCOUNTS, text="该账号由本人注册", subject=house.accounts[LEAVER],
        made_on=TODAY, by=BY, at=NOW,
    )  # fmt: skip
    handover.answer_objection(
        case=case.id, objection=objection, text="注册用公司号码", answered_on=TODAY, by=BY, at=NOW
    )
    handover.hand_items(
        case=case.id, kind=ListKind.DATA, handed_on=TODAY, paper=_paper("数据移交回执"), by=BY, at=NOW
    )
    handover.record_spending(
        case=case.id, count=2, amount_fen=3_000, first=TODAY, last=TODAY, sha256="ab" * 32, note="发票两张", by=BY,
        at=NOW,
    )  # fmt: skip
    handover.cannot_hand(
        case=case.id, cls=LineClass.CUSTOMER, key="wm-lin", reason="客户不接电话", party=Says.STAFF,
        stated_on=TODAY, by=BY, at=NOW,
    )  # fmt: skip


def _things_come_back(house: Company, case: CaseRef, judge: Person) -> None:
    device, number = _things()
    proof = scan("步骤", at=NOW)
    recovery.record_recovery(
        case=case.id, account=house.accounts[LEAVER], step=RecoveryStep.NEW_KEY, passed=True, paper=proof,
        tester=house.staff[RECEIVER], tested_at=NOW, by=BY, at=NOW,
    )  # fmt: skip
    devices.record_device_step(
        case=case.id, device=device, step=DeviceStep.SIM, result=StepResult.WAIVED, reason="本机无卡槽", tester=None,
        done_at=NOW, by=BY, at=NOW,
    )  # fmt: skip
    bindings.give_list(case=case.id, number=number, paper=_paper("解绑清单"), by=BY, at=NOW)
    named = [NewBinding(ServiceKind.BANK, "某银行储蓄卡")]
    [bank] = bindings.declare_bindings(
        case=case.id, number=number, bindings=named, complete=True, by=BY, at=NOW
    )
    bindings.unbind(case=case.id, binding=bank, unbound_at=NOW, by=BY, at=NOW)
    bindings.cut_number(case=case.id, number=number, by=BY, at=NOW)
    notice = _paper("数据恢复告知")
    papers.deliver(
        paper=notice, to=case.staff_id, to_name="何青", channel=Way.IN_PERSON, address="总部", sent_at=NOW, by=BY,
        at=NOW,
    )  # fmt: skip
    asked = approvals.open_request(
        kind=RECOVERY_KIND, subject=device, digest=bytes(32), scope="工作数据", reason="恢复订单",
        excluded=[case.staff_id], expires_at=NOW + 9 * DAY, by=BY, at=NOW,
    )  # fmt: skip
    decided = approvals.decide(request=asked.id, agree=True, reason="同意", by=judge, at=NOW)
    devices.start_data_recovery(
        case=case.id, device=device, notice=notice, purpose="恢复在途订单", approval=decided.id, witnesses=["周见"],
        by=BY, at=NOW,
    )  # fmt: skip
    approvals.revoke(request=asked.id, reason="已办完", by=judge, at=NOW)


def _private(house: Company, case: CaseRef) -> None:
    talk = archived.conversations_of_account(house.accounts[LEAVER])[0]
    marked = [
        NewPrivate(PrivateKind.PHOTO, "相册", "工作手机", Decision.DELETE, count=40),
        NewPrivate(
            PrivateKind.CONVERSATION, "与一位朋友", "企业微信", Decision.DELETE, platform=PLATFORM,
            counterparty="wm-lin", conversation=talk.id,
        ),
    ]  # fmt: skip
    photos, _ = private.mark_private(case=case.id, items=marked, by=BY, at=NOW)
    private.check_private(case=case.id, by=BY, at=NOW)
    private.record_removed(
        case=case.id,
        item=photos,
        removal=Removal.RESET,
        removed_at=NOW,
        proof=scan("复位", at=NOW),
        by=BY,
        at=NOW,
    )
    for stage in (Stage.AUDITED, Stage.HANDED, Stage.KEPT):
        purge.advance(case=case.id, stage=stage, by=BY, at=NOW)
    purge.purge(case=case.id, by=BY, at=NOW)


def _end(case: CaseRef) -> None:
    """The papers with their signatures, the tries, the follow-up; access cut, and tried again afterwards."""
    paper = _signed(case)
    handover.add_paper(case=case.id, paper=paper, covers=list(ListKind), by=BY, at=NOW)
    sent = papers.deliver(
        paper=paper, to=case.staff_id, to_name="何青", channel=Way.EMS, address="某市某路 1 号", number="1000000000501",
        sent_at=NOW, by=BY, at=NOW,
    )  # fmt: skip
    papers.delivery_result(
        delivery=sent.id, outcome=Outcome.RETURNED, who="邮局", proof=scan("退回", at=NOW), outcome_at=NOW, by=BY,
        at=NOW,
    )  # fmt: skip
    handover.record_attempt(
        case=case.id, how="EMS", tried_on=TODAY, outcome="退回", delivery=sent.id, witnesses=["周见"],
        proof=_paper("退改批条"), by=BY, at=NOW,
    )  # fmt: skip
    handover.follow_up(
        case=case.id, asked=Confirmation.CERTIFICATE, confirmed=True, who="何青", visitor="岑溪", visited_on=TODAY,
        paper=_paper("回访记录"), by=BY, at=NOW,
    )  # fmt: skip
    cutting.cut_access(case=case.id, by=BY, at=NOW)
    cutting.record_attempt_after(case=case.id, act=LateAct.EXPORT, tried_at=NOW, by=BY, at=NOW)
    first, second, *_ = [d for d in duties.of_matter(case.matter) if not d.continuing]
    handover.fulfil_duty(case=case.id, duty=first.id, paper=paper, note="当面", done_on=TODAY, by=BY, at=NOW)
    duty_operations.reschedule(duty=second.id, due=due_on(TODAY + timedelta(days=9)), by=BY, at=NOW)
    duty_operations.drop(duty=second.id, reason="双方另有约定", by=BY, at=NOW)


def _signed(case: CaseRef) -> UUID:
    """The sheet, signed by passkey and in ink, and refused by the one who watches."""
    paper = papers.issue(forms.CERTIFICATE, title="何青的文书", by=BY, at=NOW).id
    phone = Authenticator("qinghe.example", "https://qinghe.example")
    answer = phone.get({"publicKey": {"challenge": b64(bytes.fromhex(paper_queries.paper(paper).sha256))}})
    evidence = {
        "credential_id": answer["id"],
        "public_key": b64(cbor.encode(dict(ES256.from_cryptography_key(phone.key.public_key())))),
        "client_data": answer["response"]["clientDataJSON"],
        "authenticator_data": answer["response"]["authenticatorData"],
        "signature": answer["response"]["signature"],
    }
    papers.sign(
        paper=paper, role="移交人", signer=case.staff_id, signer_name="何青", grade=Grade.PASSKEY, evidence=evidence,
        signed_at=NOW, by=BY, at=NOW,
    )  # fmt: skip
    papers.sign(
        paper=paper, role="接收人", signer=case.receiver, signer_name="陆川", grade=Grade.INK,
        scan=scan("签署页", at=NOW), signed_at=NOW, by=BY, at=NOW,
    )  # fmt: skip
    papers.refuse(
        paper=paper, role="监交人", refuser=case.supervisor, refuser_name="唐野", reason="未到场", witnesses=["周见"],
        proof=scan("录像", at=NOW), by=BY, at=NOW,
    )  # fmt: skip
    papers.use_seal(
        paper=paper, seal_no="合同专用章 1", order_no="YY-1", handler="岑溪", used_at=NOW, by=BY, at=NOW
    )
    return paper


def _planned(house: Company, case: CaseRef, judge: Person) -> None:
    """A rule approved, the receiver qualified, a draft with one customer given by hand."""
    who, lin = house.staff[RECEIVER], house.customers["wm-lin"]
    for content in TrainingContent:
        succession.record_training(
            staff=[who], content=content, passed_on=TODAY, valid_until=TODAY, score=95, paper=_paper("成绩单"),
            by=BY, at=NOW,
        )  # fmt: skip
    succession.record_commitment(staff=who, paper=_paper("承诺书"), signed_on=TODAY, by=BY, at=NOW)
    succession.record_needs(needs=[(lin, CriterionKind.LANGUAGE, "粤语")], by=BY, at=NOW)
    succession.record_wish(
        customers=[lin],
        wish=Wish.WELCOMES,
        stated_at=NOW,
        channel="电话",
        paper=_paper("通话小结"),
        by=BY,
        at=NOW,
    )
    succession.record_consent(
        customers=[lin], kind=ConsentKind.GUARDIAN, stated_at=NOW, paper=_paper("监护人同意"), by=BY, at=NOW
    )
    region = Criterion(CriterionKind.REGION, "杭州", Targets(units=("S1",)))
    rule = succession.propose_rule(
        name="客户接续规则", content=RuleContent(Targets(units=("S1",)), 10, (region,)), rationale="就近",
        customer_need="同城", effective_from=TODAY, paper=_paper("规则"), by=BY, at=NOW,
    )  # fmt: skip
    asked = next(r for r in approvals.queries.waiting(RULE_APPROVAL) if r.subject == rule.id)
    approvals.decide(request=asked.id, agree=True, reason="同意", by=judge, at=NOW)
    made = succession.make_plan(
        matter=case.matter, leaver=case.staff_id, customers=[lin, house.customers["wm-gu"]],
        last_minute=start_of_day(TODAY + timedelta(days=3)), notice_on=TODAY + timedelta(days=1), owner=who,
        balance=Balance("客户得知换人", "服务不断", "由客户自己来找"), by=BY, at=NOW,
    )  # fmt: skip
    line = plans.assignments(made.id)[0]
    succession.override(assignment=line.id, receiver=None, reason="等待客户答复", by=BY, at=NOW)
    succession.void_plan(plan=made.id, reason="改由另一方案", by=BY, at=NOW)


def _dispute(house: Company) -> None:
    """The worked case in small: stated, claimed, judged, decided, settled, visited and closed."""
    told = w1.DATA["matter"]
    number = matters.open_matter(kind=MatterKind.DISPUTE, title=told["title"], by=BY, at=NOW).number
    disputes.open_dispute(
        number=number,
        new=NewDispute(
            told["cause"], Party.COMPANY, told["person"], told["account"], house.staff[LEAVER],
            house.accounts[LEAVER], "人民法院", "（虚构）民初 1 号",
        ),
        by=BY, at=NOW,
    )  # fmt: skip
    put = [NewExhibit(_paper("注册凭证"), StatedBy.COMPANY, "账号由公司号码注册")]
    [exhibit] = facts.attach_exhibits(number=number, exhibits=put, by=BY, at=NOW)
    facts.quarantine(exhibit=exhibit, grounds="来源待核", by=BY, at=NOW)
    facts.readmit(exhibit=exhibit, grounds="来源已核实", by=BY, at=NOW)
    day = Period(date(2026, 6, 12), date(2026, 6, 12), Precision.DAY)
    use = NewFact(
        "account.for_work", "是", StatedBy.COMPANY, ProofState.PROVED, day, exhibits=(exhibit,), note="证1"
    )
    [first] = facts.state_facts(number=number, facts=[use], by=BY, at=NOW)
    again = NewFact("account.for_work", "否", StatedBy.STAFF, replaces=first)
    facts.state_facts(number=number, facts=[again], by=BY, at=NOW)
    losses = [NewLoss("H1", f"客户{n}", "深度课程", day, 2, (exhibit,), 9_900) for n in range(2)]
    lost, _ = facts.list_losses(number=number, losses=losses, by=BY, at=NOW)
    facts.withdraw_loss(number=number, loss=lost, reason="仍在购买", by=BY, at=NOW)
    facts.state_amount(
        number=number, what="评估损失", amount=Amount(17_000_000, Qualifier.NEARLY, "可得利益"),
        stated_by=StatedBy.THIRD, by=BY, at=NOW,
    )  # fmt: skip
    asked = [
        NewRelief(Issue.RETURN, "返还工作账号"),
        NewRelief(Issue.DAMAGES, "赔偿可得利益损失", Basis.TORT, parse("近17万元")),
    ]
    disputes.claim(number=number, reliefs=asked, by=BY, at=NOW)
    disputes.raise_defence(
        number=number, kind=DefenceKind.SHARED, raised_by=Party.STAFF, text="客户共同所有", raised_on=TODAY, by=BY,
        at=NOW,
    )  # fmt: skip
    disputes.assess(number=number, by=BY, at=NOW)
    _settled(number)


def _settled(number: str) -> None:
    outcome = NewOutcome(Issue.RETURN, "RETURN_DUE", "应当交还", "人民法院", TODAY, "一审", _paper("判决书"))
    disputes.record_outcomes(number=number, outcomes=[outcome], by=BY, at=NOW)
    term = NewTerm(TermKind.RETURN, Side.STAFF, Side.COMPANY, "交还账号", "交接签收", on=TODAY)
    agreed = NewSettlement(_paper("调解协议"), TODAY, "调解员", (term,))
    settlement.settle(number=number, settlement=agreed, by=BY, at=NOW)
    visit = NewFollowUp(TODAY, "经办人", True, True, "双方确认", _paper("回访"))
    settlement.follow_up(number=number, visit=visit, by=BY, at=NOW)
    disputes.close_dispute(
        number=number, closing=Closing.MEDIATION, closed_on=TODAY, paper=_paper("结案书"), by=BY, at=NOW
    )


def _relayed() -> None:
    """Another firm's leaver: told, asked, handed on through the platform, refused, complained, and asked again."""
    firm = relay.found_relay(customers=4)
    plan, who = firm.plan, firm.customers
    notices.fetch_contact_ways(plan, firm.platform, by=BY, at=NOW)
    notices.record_farewell(
        plan, list(who.values()), sent_by=firm.staff["li"], channel=Channel.WECOM, sent_at=NOW, by=BY, at=NOW
    )
    told = notices.enter_notices(plan, channel=Channel.SMS, by=BY, at=NOW)
    notices.enter_notices(plan, channel=Channel.MAIL, reminder=True, by=BY, at=LATER)
    contacts = [o.contact for o in told.outgoing]
    for reminder in (False, True):
        notices.record_reach(contacts=contacts, reminder=reminder, outcome=Reach.DELIVERED, by=BY, at=LATER)
    tokens = {o.customer: o.token for o in told.outgoing}
    choices.choose(
        tokens[who["wm0001"]], ChoiceWord.REFUSE, prefers_former=True, words="想继续找李老师", at=LATER
    )
    choices.record_scan(plan, who["wm0001"], staff=firm.staff["zhao"], scanned_at=LATER, by=BY, at=LATER)
    choices.complain(tokens[who["wm0002"]], "没有人提前告诉我", at=LATER)
    transfers.prepare_submissions(plan, Phase.NOTICE, by=BY, at=LATER)
    relay.add_groups(firm, "li", ["wr-relay"])
    moves = [transfers.GroupMove("wr-relay", firm.staff["wang"])]
    transfers.prepare_groups(plan, Phase.NOTICE, moves, by=BY, at=LATER)
    run_submissions(plan, firm.platform, by=BY, at=LATER)
    firm.platform.now = END
    poll(plan, firm.platform, by=BY, at=END)
    choices.choose(tokens[who["wm0000"]], ChoiceWord.ANOTHER, at=END)
    asked = proposals.propose_another(
        plan, who["wm0000"], receiver=firm.staff["zhao"], reason="客户要求", by=BY, at=END
    )
    approvals.decide(request=asked, agree=True, by=reader(Role.COMPLIANCE, name="严明", at=END), at=END)
    proposals.prepare_proposal(plan, who["wm0000"], by=BY, at=END)
