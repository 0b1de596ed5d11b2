"""Papers for a customer: who serves him from now on, what he chose, and which promises go on."""

from dataclasses import dataclass
from typing import ClassVar

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisorChange(FormPaper):
    """《服务顾问变更告知》: says who is proposed, and that the customer may refuse before anything is chosen."""

    kind: ClassVar[str] = "服务顾问变更告知"
    customer: str
    company: str
    uscc: str
    telephone: str
    old_advisor: str
    new_advisor: str
    from_day: str
    what_passes: tuple[str, ...]
    choices: tuple[str, ...]
    link: str
    contact_way: str
    citations: tuple[Citation, ...] = ()

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("致", self.customer), ("公司", self.company), ("统一社会信用代码", self.uscc),
            ("客服电话", self.telephone), ("原服务顾问", self.old_advisor), ("拟接续顾问", self.new_advisor),
            ("自", self.from_day),
        )  # fmt: skip
        how = (
            f"选择页面：{self.link}",
            f"日后仍可联系我们：{self.contact_way}",
            "不作选择不影响您已购买的服务。",
        )
        return (
            Fields("", told),
            Paragraphs("一、会转给接续顾问的", self.what_passes),
            Paragraphs("二、您可以", self.choices),
            Paragraphs("三、怎样选择", how),
            Articles("所依条文", self.citations),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceReceipt(FormPaper):
    """《客户选择回执》: what the customer chose, when, by which link, and what follows from it."""

    kind: ClassVar[str] = "客户选择回执"
    customer: str
    customer_no: str
    choice: str
    chosen_at: str
    link: str
    effect: tuple[str, ...]
    contact_way: str

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("客户", f"{self.customer}（{self.customer_no}）"), ("选择", self.choice), ("时间", self.chosen_at),
            ("链接编号", self.link), ("日后联系", self.contact_way),
        )  # fmt: skip
        return (Fields("", told), Paragraphs("由此发生的", self.effect))


@dataclass(frozen=True, slots=True)
class PromiseLine:
    """A promise to a customer as the leaver listed it, and the company's answer to it in writing.

    `answer` is 确认, 不确认 or 待答复; `fen` is None where the promise is no amount.
    """

    customer: str
    promise: str
    made_on: str
    fen: int | None
    answer: str
    reason: str
    due: str
    exhibit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises(FormPaper):
    """《承诺事项接续单》: what was promised, what the company goes on with, and why not where it does not."""

    kind: ClassVar[str] = "承诺事项接续单"
    leaver: str
    staff_no: str
    receiver: str
    lines: tuple[PromiseLine, ...]
    leaver_sign: Signer
    receiver_sign: Signer
    company_sign: Signer

    def sections(self) -> tuple[Section, ...]:
        told = rows(("移交人", f"{self.leaver}（工号 {self.staff_no}）"), ("接收人", self.receiver or "待定"))
        lines = tuple(
            (p.customer, p.promise, p.made_on, "—" if p.fen is None else money(p.fen), p.answer, p.reason, p.due,
             p.exhibit)
            for p in self.lines
        )  # fmt: skip
        return (
            Fields("", told),
            Grid(
                title="一、承诺",
                head=("客户", "承诺内容", "作出日期", "金额", "公司答复", "理由", "履行期限", "依据"),
                rows=lines,
                widths=(10, 18, 14, 13, 9, 12, 14, 10),
            ),
            Paragraphs("", ("公司确认的承诺由接收人继续履行；不确认的，公司向客户书面说明。",)),
            SignOff("二、签署", "移交人如实列出；公司逐项答复。", (
                slot("移交人", self.leaver_sign), slot("接收人", self.receiver_sign),
                slot("公司（答复）", self.company_sign),
            )),
        )  # fmt: skip
