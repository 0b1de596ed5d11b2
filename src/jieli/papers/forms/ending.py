"""The papers that end the relation and remind of what stays: certificate, proof, reminders, follow-up, report."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from jieli.papers.errors import PaperRefused
from jieli.papers.forms.parts import (
    Articles,
    DutyLine,
    Fields,
    FormPaper,
    Grid,
    Paragraphs,
    Section,
    Signer,
    SignOff,
    duties,
    money,
    rows,
    slot,
)
from jieli.papers.types import Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingCertificate(FormPaper):
    """《解除（终止）劳动合同证明书》: the four fields of LCR-24 and nothing else.

    There is no place for a reason, a comment, or what the person has not handed over.
    """

    kind: ClassVar[str] = "解除（终止）劳动合同证明书"
    person: str
    id_tail: str
    contract_term: str
    ended_on: str
    post: str
    service: str
    seal: Signer

    def sections(self) -> tuple[Section, ...]:
        four = rows(
            ("劳动合同期限", self.contract_term),
            ("解除或者终止劳动合同的日期", self.ended_on),
            ("工作岗位", self.post),
            ("在本单位的工作年限", self.service),
        )
        who = f"兹证明 {self.person}（身份证后四位 {self.id_tail}）与本单位的劳动合同已经解除或者终止。"
        return (
            Paragraphs("", (who,)),
            Fields("", four),
            SignOff("", "", (slot("用人单位（盖章）", self.seal),)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CooperationEnd(FormPaper):
    """《合作终止证明》, for those who had no labour contract: from when to when, and as what. No comment."""

    kind: ClassVar[str] = "合作终止证明"
    person: str
    id_tail: str
    cooperation: str
    begins_on: str
    ended_on: str
    seal: Signer

    def sections(self) -> tuple[Section, ...]:
        told = rows(("合作内容", self.cooperation), ("开始日期", self.begins_on), ("终止日期", self.ended_on))
        who = f"兹证明 {self.person}（身份证后四位 {self.id_tail}）与本单位的合作已经终止。"
        return (Paragraphs("", (who,)), Fields("", told), SignOff("", "", (slot("单位（盖章）", self.seal),)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SecrecyReminder(FormPaper):
    """《保密义务提示函》: which duties stay, out of which agreement; it makes no new ones."""

    kind: ClassVar[str] = "保密义务提示函"
    addressee: str
    addressee_ref: str
    agreement: str
    signed_on: str
    duties_kept: tuple[str, ...]
    not_covered: tuple[str, ...]
    competition: str
    contact: str
    citations: tuple[Citation, ...] = ()
    seal: Signer
    received_by: Signer

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("致", f"{self.addressee}（{self.addressee_ref}）"),
            ("约定来源", f"{self.agreement}（{self.signed_on} 签署）"), ("竞业限制", self.competition),
            ("联系人", self.contact),
        )  # fmt: skip
        return (
            Fields("", told),
            Paragraphs("一、仍应遵守的", self.duties_kept),
            Paragraphs("二、不在保密范围之内的", self.not_covered),
            Articles("所依条文", self.citations),
            SignOff("三、签收", "本函只提示已有约定，不增加义务；签收只表示收到。", (
                slot("单位（盖章）", self.seal), slot("签收人", self.received_by),
            )),
        )  # fmt: skip


class SupportedBy(StrEnum):
    """How an amount may be shown to stand. What is only claimed, or disputed, is no member of this type."""

    ADMITTED = "对方认可"
    PROVED = "已证"


@dataclass(frozen=True, slots=True)
class SupportedAmount:
    """An amount that may be demanded: more than nothing, admitted or proved, with the exhibits that show it.

    Anything else cannot be built: PaperRefused, `papers.unsupported_amount`.
    """

    what: str
    fen: int
    by: SupportedBy
    exhibits: tuple[str, ...]

    def __post_init__(self) -> None:
        proved = self.fen > 0 and bool(self.exhibits) and all(self.exhibits)
        if not proved or not isinstance(self.by, SupportedBy):
            raise PaperRefused(
                "催告函只能写有依据的金额。",
                remedy="请补充证据与金额；没有依据的金额不写入函件。",
                code="papers.unsupported_amount",
            )


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """A thing to be given back: what, by which mark, how, by when."""

    what: str
    mark: str
    how: str
    due: str


#: A demand states what is owed. Words like these threaten with something else.
_THREATS: Final = (
    "报警", "刑事责任", "行业通报", "全行业", "背调", "黑名单", "不良员工", "失信名单", "通报批评", "曝光",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDemand(FormPaper):
    """《返还催告函》: what is to be given back, and only amounts that stand. With none, it asks for none.

    PaperRefused, `papers.threat`, when its free text threatens with police, references or publicity.
    """

    kind: ClassVar[str] = "返还催告函"
    addressee: str
    addressee_ref: str
    facts: tuple[str, ...]
    items: tuple[ReturnLine, ...]
    amounts: tuple[SupportedAmount, ...]
    answer_by: str
    contact: str
    citations: tuple[Citation, ...] = ()
    seal: Signer

    def __post_init__(self) -> None:
        free = "".join((*self.facts, *(i.what + i.mark + i.how + i.due for i in self.items), self.contact))
        free += "".join(a.what for a in self.amounts) + "".join(c.bearing for c in self.citations)
        if any(word in free for word in _THREATS):
            raise PaperRefused(
                "催告函里有威胁性的措辞。",
                remedy="请只写应返还的物品、期限和有依据的金额。",
                code="papers.threat",
            )

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("致", f"{self.addressee}（{self.addressee_ref}）"),
            ("请于此前答复", self.answer_by),
            ("联系人", self.contact),
        )
        asked = Grid(
            title="三、有依据的金额",
            head=("项目", "金额", "依据", "证据"),
            rows=tuple((a.what, money(a.fen), a.by.value, "、".join(a.exhibits)) for a in self.amounts),
            widths=(34, 20, 14, 32),
        )
        return (
            Fields("", told),
            Paragraphs("一、事实", self.facts),
            Grid(
                title="二、请返还",
                head=("物品或者账号", "标识", "返还方式", "期限"),
                rows=tuple((i.what, i.mark, i.how, i.due) for i in self.items),
                widths=(28, 26, 28, 18),
            ),
            *((asked,) if self.amounts else ()),
            Paragraphs(
                "您的权利", ("您对上列事实或者金额有异议的，可以书面说明并附上材料，也可以要求查看依据。",)
            ),
            Articles("所依条文", self.citations),
            SignOff("", "", (slot("单位（盖章）", self.seal),)),
        )


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt to reach somebody."""

    at: str
    means: str
    by: str
    result: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp(FormPaper):
    """《回访记录》: the two confirmations that closing needs (R0.32), or the attempts that were made instead."""

    kind: ClassVar[str] = "回访记录"
    case: str
    leaver: str
    staff_no: str
    visited_on: str
    visitor: str
    means: str
    account_restored: str
    certificate_received: str
    said: tuple[str, ...]
    attempts: tuple[AttemptLine, ...]
    visitor_sign: Signer

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("交接事项", self.case), ("受访人", f"{self.leaver}（工号 {self.staff_no}）"),
            ("回访日期", self.visited_on), ("回访人", self.visitor), ("方式", self.means),
        )  # fmt: skip
        two = rows(
            ("账号已恢复使用", self.account_restored or "未确认"),
            ("已收到离职证明", self.certificate_received or "未确认"),
        )
        return (
            Fields("", told),
            Fields("一、两项确认", two),
            Paragraphs("二、受访人所述", self.said or ("无。",)),
            Grid(
                title="三、联系经过",
                head=("时间", "方式", "联系人", "结果"),
                rows=tuple((a.at, a.means, a.by, a.result) for a in self.attempts),
                widths=(25, 20, 20, 35),
            ),
            SignOff("四、签署", "所述为回访时听到的内容。", (slot("回访人", self.visitor_sign),)),
        )


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A paper of the case: its name, its number, how it was signed, how it was delivered."""

    name: str
    number: str
    signed: str
    delivered: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport(FormPaper):
    """《结案报告》: both sides' duties, the papers, and what is still open. `notes` make it 带注记结案."""

    kind: ClassVar[str] = "结案报告"
    case: str
    leaver: str
    staff_no: str
    opened_on: str
    closed_on: str
    stage: str
    company_duties: tuple[DutyLine, ...]
    leaver_duties: tuple[DutyLine, ...]
    papers: tuple[PaperLine, ...]
    notes: tuple[str, ...] = ()
    closer_sign: Signer

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("交接事项", self.case), ("移交人", f"{self.leaver}（工号 {self.staff_no}）"),
            ("开始日期", self.opened_on), ("结案日期", self.closed_on), ("结果", self.stage),
        )  # fmt: skip
        return (
            Fields("", told),
            duties("一、公司的义务", self.company_duties),
            duties("二、移交人的义务", self.leaver_duties),
            Grid(
                title="三、文书",
                head=("文书", "编号", "签署", "送达"),
                rows=tuple((p.name, p.number, p.signed, p.delivered) for p in self.papers),
                widths=(30, 22, 24, 24),
            ),
            Paragraphs("四、注记", self.notes or ("无。",)),
            SignOff("五、签署", "", (slot("结案人", self.closer_sign),)),
        )
