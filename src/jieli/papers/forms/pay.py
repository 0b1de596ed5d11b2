"""What the company owes in money when somebody leaves. No line of these papers can hold a punishment.

A deduction is either one the law tells the employer to withhold (WAGE-15) or it is not on the paper; nothing is
made dependent on accounts being returned.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from jieli.papers.forms.parts import (
    Articles,
    Fields,
    FormPaper,
    Grid,
    Paragraphs,
    Section,
    Signer,
    SignOff,
    money,
    rows,
    slot,
)
from jieli.papers.types import Citation

MISSING: Final = "缺"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order in flight. `commission_fen` is None while nobody can say it; it then prints 待核 with the reason."""

    order_no: str
    customer: str
    product: str
    fen: int
    stage: str
    commission_fen: int | None
    rule: str
    pay_on: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrdersAndCommission(FormPaper):
    """《在途订单与提成确认单》: which orders still run, who goes on with them, what commission is due and when."""

    kind: ClassVar[str] = "在途订单与提成确认单"
    leaver: str
    staff_no: str
    unit_name: str
    last_day: str
    receiver: str
    rules: tuple[str, ...]
    orders: tuple[OrderLine, ...]
    objections: str = ""
    leaver_sign: Signer
    receiver_sign: Signer
    company_sign: Signer

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("移交人", f"{self.leaver}（工号 {self.staff_no}）"), ("部门", self.unit_name),
            ("最后工作日", self.last_day), ("在途订单接收人", self.receiver or "待定"),
        )  # fmt: skip
        lines = tuple(
            (o.order_no, o.customer, o.product, money(o.fen), o.stage, _known(o.commission_fen), o.rule,
             o.pay_on, o.note)
            for o in self.orders
        )  # fmt: skip
        known = [o.commission_fen for o in self.orders if o.commission_fen is not None]
        open_count = len(self.orders) - len(known)
        total = f"已核定提成合计 {money(sum(known))}（{len(known)} 笔）；待核 {open_count} 笔。"
        return (
            Fields("", told),
            Paragraphs("一、计提规则", self.rules),
            Grid(
                title="二、在途订单与提成",
                head=("订单号", "客户", "产品", "金额", "阶段", "提成", "计提依据", "发放日", "备注"),
                rows=lines,
                widths=(22, 19, 19, 28, 18, 27, 18, 28, 21),
            ),
            Paragraphs("", (total, "提成按规则计算并按期发放，不以交回账号、设备或者签署其他文书为条件。")),
            Fields("三、异议", rows(("移交人意见", self.objections or "（移交人可在此填写）"))),
            SignOff("四、签署", "三方核对上列订单与金额后签署。", (
                slot("移交人", self.leaver_sign),
                slot("接收人", self.receiver_sign),
                slot("公司经办人", self.company_sign),
            )),
        )  # fmt: skip


class PayKind(StrEnum):
    """What a line of money may be. There is no kind for fines, deposits or damages."""

    DUE = "应付"
    REIMBURSE = "报销"
    LOAN = "借款核销"
    WITHHELD = "依法代扣代缴"


@dataclass(frozen=True, slots=True)
class PayLine:
    """One line; `fen` is None while the amount is not yet known. `basis` says how it was computed."""

    item: str
    kind: PayKind
    fen: int | None
    basis: str
    owner: str
    due: str
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class TaskLine:
    """Something to be done that is no amount: who does it, by when, what shows that it was done."""

    item: str
    owner: str
    due: str
    state: str
    receipt: str = ""


#: Lines that HR expects. One that is not given is printed as missing.
PAY_ITEMS: Final = ("工资一次结清", "提成", "未休年假折算", "报销与借款", "个人所得税")
TASK_ITEMS: Final = (
    "社保减员", "公积金封存", "退工登记", "档案转移", "竞业限制启动或解除", "宿舍、门禁、发票、U 盾",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PaySettlement(FormPaper):
    """《工资及费用结算单》: the lines of `PAY_ITEMS` and `TASK_ITEMS`, and whatever more a firm has."""

    kind: ClassVar[str] = "工资及费用结算单"
    leaver: str
    staff_no: str
    unit_name: str
    last_day: str
    pays: tuple[PayLine, ...]
    tasks: tuple[TaskLine, ...]
    objections: str = ""
    citations: tuple[Citation, ...] = ()
    leaver_sign: Signer
    finance_sign: Signer
    hr_sign: Signer

    def missing(self) -> tuple[str, ...]:
        """Lines that are expected and were not given."""
        given = {p.item for p in self.pays} | {t.item for t in self.tasks}
        return tuple(item for item in (*PAY_ITEMS, *TASK_ITEMS) if item not in given)

    def sections(self) -> tuple[Section, ...]:
        gaps = self.missing()
        told = rows(
            ("员工", f"{self.leaver}（工号 {self.staff_no}）"),
            ("部门", self.unit_name),
            ("最后工作日", self.last_day),
        )
        gap = f"缺：{'、'.join(gaps)}。" if gaps else ""
        said = "本人核对上列金额。有异议的在异议栏写明，签署不表示放弃其他权利。"
        return (
            Fields("", told),
            Grid(
                title="一、款项",
                head=("项目", "性质", "金额", "计算依据", "责任人", "到期", "回执"),
                rows=tuple(
                    (p.item, p.kind.value, _known(p.fen), p.basis, p.owner, p.due, p.receipt) for p in self.pays
                ),
                widths=(15, 12, 14, 22, 10, 14, 13),
                gap=gap,
            ),
            Paragraphs("", (self._total(),)),
            Grid(
                title="二、手续",
                head=("项目", "责任人", "到期", "状态", "回执"),
                rows=tuple((t.item, t.owner, t.due, t.state, t.receipt) for t in self.tasks),
                widths=(28, 16, 18, 14, 24),
            ),
            Fields("三、异议", rows(("员工意见", self.objections or "（员工可在此填写）"))),
            Articles("所依条文", self.citations),
            SignOff("四、签署", said, (
                slot("员工", self.leaver_sign), slot("财务", self.finance_sign), slot("人力", self.hr_sign),
            )),
        )  # fmt: skip

    def _total(self) -> str:
        """Amounts of different kinds are not netted: the law withholds, it does not set off."""
        sums = {
            kind: sum(p.fen for p in self.pays if p.kind is kind and p.fen is not None)
            for kind in PayKind
            if any(p.kind is kind for p in self.pays)
        }
        unknown = sum(p.fen is None for p in self.pays)
        told = "；".join(f"{kind.value}合计 {money(fen)}" for kind, fen in sums.items())
        return f"{told or '无已核定款项'}；待核 {unknown} 项。"


def _known(fen: int | None) -> str:
    return "待核" if fen is None else money(fen)
