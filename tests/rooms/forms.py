"""One small filled example of every form, of an invented firm; `EVERY` by the paper's name."""

from jieli.papers.forms.customers import AdvisorChange, ChoiceReceipt, PromiseLine, Promises
from jieli.papers.forms.dispute import (
    ElementLine,
    Explained,
    InputLine,
    LawExplained,
    LossLine,
    LossStatement,
    LostCustomer,
    SettlementAgreement,
    Term,
)
from jieli.papers.forms.ending import (
    AttemptLine,
    CaseReport,
    CooperationEnd,
    FollowUp,
    LeavingCertificate,
    PaperLine,
    ReturnDemand,
    ReturnLine,
    SecrecyReminder,
    SupportedAmount,
    SupportedBy,
)
from jieli.papers.forms.leaving import (
    AccountLine,
    Cosign,
    CustomerLine,
    DataInventory,
    DataLine,
    HandoverNotice,
    HandoverSheet,
    RefusalNote,
    ThingLine,
    Witness,
)
from jieli.papers.forms.parts import DutyLine, FormPaper, Signer
from jieli.papers.forms.pay import OrderLine, OrdersAndCommission, PayKind, PayLine, PaySettlement, TaskLine
from jieli.papers.forms.things import (
    DEVICE_STEPS,
    RECOVERY_STEPS,
    DeviceAcceptance,
    KeptLine,
    PrivateContent,
    PrivateLine,
    PurgedLine,
    PurgeProof,
    RecoveryRecord,
    StepLine,
)
from jieli.papers.signing import Grade
from jieli.papers.types import Citation, Clock, Head
from tests.conftest import NOW

HEX = "3b1f0c5a9e77d2408c6ab51fe0d94c7723aa18b6f5e09d3c4471b8e260fd9a15"
HEAD = Head(number="JL-2026-0193", unit="青禾学堂（杭州）教育科技有限公司", at=NOW, clock=Clock.REAL)
CITED = (Citation("虚构的交接规则", "第三条", "2020-01-01 施行", ("离职时办理交接。",), "本人已收到通知。"),)

LEAVER = Signer("周敏", Grade.PASSKEY)
RECEIVER = Signer("沈知远", Grade.INK)
SUPERVISOR = Signer("高岚", Grade.CA)
HR = Signer("罗晓", Grade.TRACE)

DUTIES = (
    DutyLine("出具离职证明", "2026-09-30", "待办"),
    DutyLine("工资一次结清", "2026-09-30", "已履行", "已转账"),
)
ACCOUNTS = (
    AccountLine("企业微信", "zhoumin01", "13800000193", "青禾学堂", "2", "已恢复"),
    AccountLine("抖音", "qinghe-zm", "13800000193", "周敏", "不明", "待交", "实名待解除"),
)
DATA = DataInventory(
    customers=DataLine(500, "名", "2023-03-01", "2026-09-20", HEX),
    trades=DataLine(480, "笔", "2023-03-05", "2026-09-18", HEX[::-1]),
    talks=DataLine(1280, "段", "2023-03-05", "2026-09-20", HEX),
    inputs=DataLine(12, "份", "2023-03-01", "2026-08-31", HEX[::-1]),
)
THINGS = (ThingLine("工作手机", "860000000000193", "89860000000000000193", "充电器", "已交回"),)
CUSTOMERS = (CustomerLine("C-20391", "何女士", "广告", "退费 1 笔", "沈知远", "待接续"),)

HANDOVER = HandoverSheet(
    head=HEAD, case="M-2026-0007", leaver="周敏", staff_no="Q0193", id_tail="193X", unit_name="成人英语部",
    post="课程顾问", joined_on="2023-03-01", service="3 年 6 个月", last_day="2026-09-30", state="待交", copies=3,
    accounts=ACCOUNTS, data=DATA, things=THINGS, customers=CUSTOMERS, objections="抖音账号由本人注册，请核对。",
    leaver_sign=LEAVER, receiver_sign=RECEIVER, supervisor_sign=SUPERVISOR,
    cosigns=(
        Cosign("直属部门", "工作与资料", RECEIVER), Cosign("IT", "账号与设备", HR),
        Cosign("行政", "物品", Signer("")), Cosign("财务", "报销与借款", SUPERVISOR), Cosign("人力", "证明与档案", HR),
    ),
)  # fmt: skip

CERTIFICATE = LeavingCertificate(
    head=HEAD, person="周敏", id_tail="193X", contract_term="2023-03-01 至 2027-02-28", ended_on="2026-09-30",
    post="课程顾问", service="3 年 7 个月", seal=Signer(""),
)  # fmt: skip

REFUSAL = RefusalNote(
    head=HEAD, paper_name="离职工作交接单", paper_number="JL-2026-0190", refuser="周敏", refuser_ref="工号 Q0193",
    role="移交人", refused_at="2026-09-28 15:20", place="三楼会议室", told="四份清单与异议栏", reason="对提成有异议",
    delivered=("EMS 1000000000193，2026-09-28 寄出，2026-09-30 退回",), proof="录像一段",
    handler=Signer("罗晓", Grade.INK), witnesses=(Witness("祁芸", "工会代表"), Witness("宋怀", "行政部")),
)  # fmt: skip

DEMAND = ReturnDemand(
    head=HEAD, addressee="周敏", addressee_ref="工号 Q0193", facts=("工作手机于 2025-02-11 领用，尚未交回。",),
    items=(ReturnLine("工作手机", "860000000000193", "当面或者 EMS", "2026-10-15"),),
    amounts=(SupportedAmount("已报销未核销的借款", 120_000, SupportedBy.ADMITTED, ("借款单 7",)),),
    answer_by="2026-10-15", contact="人力部 罗晓", citations=CITED, seal=Signer(""),
)  # fmt: skip

LOSS = LossStatement(
    head=HEAD, case="返还工作账号", claimant="青禾学堂", theory=("账号停用期间，列明的客户没有续课。",),
    inputs=(InputLine("投放", 300_000, "发票 12"),),
    lost=(LostCustomer("C-20391", "2026-06-02", "电话 3 次", "进阶课"),),
    elements=(ElementLine("因果关系", "争议", "停用与流失的对应"), ElementLine("具体数据", "已证", "")),
    lines=(
        LossLine("未续课", "1 名 × 2,980.00", 298_000, SupportedBy.PROVED, ("证据 4",)),
        LossLine("品牌影响", "", None, None, ()),
    ),
    deductions=(InputLine("节省的课时成本", 98_000, "课表"),), citations=CITED, claimant_sign=Signer(""),
)  # fmt: skip

EXAMPLES: tuple[FormPaper, ...] = (
    HandoverNotice(
        head=HEAD, leaver="周敏", staff_no="Q0193", unit_name="成人英语部", post="课程顾问", last_day="2026-09-30",
        receiver="沈知远", supervisor="高岚", place="三楼会议室",
        leaver_duties=(DutyLine("交回工作手机", "2026-09-30", "待办"),),
        company_duties=DUTIES, contact="人力部 罗晓", rights=("要求更正清单", "取得一份副本"), citations=CITED,
        received_by=LEAVER,
    ),
    HANDOVER,
    OrdersAndCommission(
        head=HEAD, leaver="周敏", staff_no="Q0193", unit_name="成人英语部", last_day="2026-09-30", receiver="沈知远",
        rules=("《2026 年提成办法》第三条",),
        orders=(
            OrderLine("D-88121", "何女士", "年度课", 1_298_000, "已付款", 38_940, "3%", "2026-10-15"),
            OrderLine("D-88135", "梁先生", "口语课", 298_000, "待付款", None, "3%", "付款后次月", "待客户付款"),
        ),
        leaver_sign=LEAVER, receiver_sign=RECEIVER, company_sign=HR,
    ),
    PaySettlement(
        head=HEAD, leaver="周敏", staff_no="Q0193", unit_name="成人英语部", last_day="2026-09-30",
        pays=(
            PayLine("工资一次结清", PayKind.DUE, 860_000, "9 月工资", "罗晓", "2026-09-30", "银行回单"),
            PayLine("提成", PayKind.DUE, None, "待订单付款", "罗晓", "2026-10-15"),
            PayLine("未休年假折算", PayKind.DUE, 158_000, "2 天", "罗晓", "2026-09-30"),
            PayLine("报销与借款", PayKind.REIMBURSE, 26_000, "差旅", "罗晓", "2026-09-30"),
            PayLine("个人所得税", PayKind.WITHHELD, 12_300, "按月申报", "罗晓", "2026-10-15"),
        ),
        tasks=(TaskLine("社保减员", "罗晓", "2026-09-25", "待办"), TaskLine("档案转移", "罗晓", "2026-10-15", "待办")),
        citations=CITED, leaver_sign=LEAVER, finance_sign=RECEIVER, hr_sign=HR,
    ),
    PrivateContent(
        head=HEAD, leaver="周敏", staff_no="Q0193", carrier="工作手机 860000000000193",
        lines=(PrivateLine("家人会话", "微信", 3, "本人带走", "仅核对元数据", "不在客户与订单之中"),),
        leaver_sign=LEAVER, checker_sign=HR,
    ),
    DeviceAcceptance(
        head=HEAD, device="工作手机", serial="860000000000193", iccid="89860000000000000193", holder="周敏",
        staff_no="Q0193", accessories="充电器", condition="屏幕有划痕",
        steps=tuple(StepLine(s, True, "2026-09-29 16:00", "宋怀", f"照片 {n}") for n, s in enumerate(DEVICE_STEPS, 1)),
        leaver_sign=LEAVER, receiver_sign=RECEIVER,
    ),
    RecoveryRecord(
        head=HEAD, platform="企业微信", handle="zhoumin01", phone="13800000193", leaver="周敏", receiver="沈知远",
        steps=tuple(StepLine(s, True, "2026-09-29 17:00", "沈知远", "截图") for s in RECOVERY_STEPS[:6]),
        leaver_sign=LEAVER, receiver_sign=RECEIVER,
    ),
    PurgeProof(
        head=HEAD, concerns="周敏", staff_no="Q0193", carrier="工作手机", before=("审计", "交接", "按目的留存"),
        purged=(PurgedLine("私人照片", "相册", "312 张", "恢复出厂", "2026-09-29 18:00", "宋怀"),),
        kept=(KeptLine("考勤与提成记录", "劳动争议时效届满之前", "2027-09-30"),),
        executor_sign=RECEIVER, checker_sign=HR,
    ),
    REFUSAL,
    CERTIFICATE,
    CooperationEnd(
        head=HEAD, person="丁小禾", id_tail="0417", cooperation="兼职外教", begins_on="2025-01-06",
        ended_on="2026-09-30", seal=Signer(""),
    ),
    SecrecyReminder(
        head=HEAD, addressee="周敏", addressee_ref="工号 Q0193", agreement="保密协议", signed_on="2023-03-01",
        duties_kept=("不向他人提供客户名单",), not_covered=("一般的行业知识与技能", "依法举报、作证"),
        competition="未约定", contact="人力部 罗晓", citations=CITED, seal=Signer(""), received_by=LEAVER,
    ),
    DEMAND,
    FollowUp(
        head=HEAD, case="M-2026-0007", leaver="周敏", staff_no="Q0193", visited_on="2026-10-20", visitor="罗晓",
        means="电话", account_restored="2026-10-20 确认", certificate_received="", said=("证明还没有收到。",),
        attempts=(AttemptLine("2026-10-18 10:00", "短信", "罗晓", "无人应答"),), visitor_sign=HR,
    ),
    CaseReport(
        head=HEAD, case="M-2026-0007", leaver="周敏", staff_no="Q0193", opened_on="2026-09-01",
        closed_on="2026-11-02", stage="带注记结案", company_duties=DUTIES,
        leaver_duties=(DutyLine("交回工作手机", "2026-09-30", "已履行"),),
        papers=(PaperLine("离职工作交接单", "JL-2026-0190", "拒签登记", "EMS 退回"),),
        notes=("本人未签署交接单，三次联系未果。",), closer_sign=HR,
    ),
    AdvisorChange(
        head=HEAD, customer="何女士", company="青禾学堂（杭州）教育科技有限公司", uscc="91330100MA00000193",
        telephone="400-000-0193", old_advisor="周敏", new_advisor="沈知远", from_day="2026-10-01",
        what_passes=("已购课程与余课", "已确认的承诺"), choices=("接受接续", "拒绝接替", "换一位顾问", "不再联系我"),
        link="https://qinghe.example/x/7Kd2", contact_way="页面上的“联系我”二维码", citations=CITED,
    ),
    ChoiceReceipt(
        head=HEAD, customer="何女士", customer_no="C-20391", choice="换一位顾问", chosen_at="2026-10-02 09:12",
        link="7Kd2", effect=("公司另行安排顾问，不再由沈知远联系。",), contact_way="联系我二维码",
    ),
    Promises(
        head=HEAD, leaver="周敏", staff_no="Q0193", receiver="沈知远",
        lines=(PromiseLine("何女士", "赠课 2 节", "2026-08-12", None, "确认", "", "2026-12-31", "会话 17"),
               PromiseLine("梁先生", "退费", "2026-08-20", 50_000, "不确认", "无授权", "", "会话 21")),
        leaver_sign=LEAVER, receiver_sign=RECEIVER, company_sign=SUPERVISOR,
    ),
    LOSS,
    SettlementAgreement(
        head=HEAD, party_a="青禾学堂（杭州）教育科技有限公司", party_a_ref="91330100MA00000193", party_b="周敏",
        party_b_ref="身份证后四位 193X", background=("双方就账号与提成有争议。",),
        terms=(Term("返还抖音账号", "周敏", "2026-11-10"), Term("支付提成", "青禾学堂", "2026-11-15", 38_940)),
        otherwise=("任何一方不履行的，另一方可以依法主张。",), copies=2, citations=CITED,
        sign_a=Signer(""), sign_b=LEAVER,
    ),
    LawExplained(
        head=HEAD, case="返还工作账号", side="劳动者", addressee="周敏", label="非法律意见",
        issues=(
            Explained("焦点一　交还", "应当交还账号", "应当", ("账号由公司注册。",), (), (), CITED),
            Explained(
                "焦点二　赔偿", "损失未得到支持", "更可能", ("缺少因果关系的证据。",), ("流失与停用的对应",),
                ("本地裁判口径",),
            ),
        ),
    ),
)  # fmt: skip

EVERY: dict[str, FormPaper] = {form.kind: form for form in EXAMPLES}
