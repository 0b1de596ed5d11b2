"""Papers of a dispute: how a loss is computed, what both sides settle, and what the verdict says to each side."""

from dataclasses import dataclass
from typing import ClassVar, Final

from jieli.papers.errors import PaperRefused
from jieli.papers.forms.ending import SupportedBy
from jieli.papers.forms.parts import (
    Annex,
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

#: Adjectives that are no numbers (R0.13): without listed customers a loss may not be told with them.
_ADJECTIVES: Final = ("大量", "重大", "众多", "严重", "巨大", "巨额", "无法估量", "难以估量")


@dataclass(frozen=True, slots=True)
class InputLine:
    """投入: what was spent on the customers, with its voucher."""

    what: str
    fen: int
    voucher: str


@dataclass(frozen=True, slots=True)
class LostCustomer:
    """失联: one customer, since when, what was tried to reach him, and which courses were not bought."""

    customer_no: str
    lost_since: str
    attempts: str
    not_bought: str


@dataclass(frozen=True, slots=True)
class LossLine:
    """A head of damage. It counts only when `by` says that it is admitted or proved and exhibits show it."""

    head: str
    formula: str
    fen: int | None
    by: SupportedBy | None
    exhibits: tuple[str, ...]

    @property
    def counts(self) -> bool:
        return self.fen is not None and self.fen > 0 and self.by is not None and bool(self.exhibits)


@dataclass(frozen=True, slots=True)
class ElementLine:
    """One of the elements of lost profit (R0.25): how it stands, and what is missing."""

    element: str
    stands: str
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LossStatement(FormPaper):
    """《损失计算说明》: 投入 → 名单 → 失联 → 未转化 → 金额. What is not proved is printed and not added.

    PaperRefused, `papers.adjectives`, when words stand where customers should be listed.
    """

    kind: ClassVar[str] = "损失计算说明"
    case: str
    claimant: str
    theory: tuple[str, ...]
    inputs: tuple[InputLine, ...]
    lost: tuple[LostCustomer, ...]
    elements: tuple[ElementLine, ...]
    lines: tuple[LossLine, ...]
    deductions: tuple[InputLine, ...]
    citations: tuple[Citation, ...] = ()
    claimant_sign: Signer

    def __post_init__(self) -> None:
        words = "".join((*self.theory, *(line.head + line.formula for line in self.lines)))
        if not self.lost and any(word in words for word in _ADJECTIVES):
            raise PaperRefused(
                "损失说明用了形容词，却没有列出客户。",
                remedy="请逐个列出失联客户；不能列出的，删去这些形容词。",
                code="papers.adjectives",
            )

    @property
    def supported_fen(self) -> int:
        """What may be claimed, in fen: the heads that count, less what was saved; never below nothing."""
        counted = sum(line.fen or 0 for line in self.lines if line.counts)
        return max(0, counted - sum(d.fen for d in self.deductions))

    def sections(self) -> tuple[Section, ...]:
        left_out = sum(not line.counts for line in self.lines)
        told = f"有依据的损失合计 {money(self.supported_fen)}（已扣除列明的款项）；未计入 {left_out} 项。"
        return (
            Fields("", rows(("案由", self.case), ("主张人", self.claimant))),
            Paragraphs("一、主张", self.theory),
            *self._chain(),
            Grid(
                title="四、要件",
                head=("要件", "现状", "尚缺"),
                rows=tuple((e.element, e.stands, e.missing) for e in self.elements),
                widths=(24, 34, 42),
            ),
            self._amounts(),
            Grid(
                title="六、扣除",
                head=("项目", "金额", "凭证"),
                rows=tuple((d.what, money(d.fen), d.voucher) for d in self.deductions),
                widths=(45, 25, 30),
            ),
            Paragraphs("", (told,)),
            Articles("所依条文", self.citations),
            SignOff("七、签署", "", (slot("主张人", self.claimant_sign),)),
        )

    def _chain(self) -> tuple[Section, ...]:
        return (
            Grid(
                title="二、投入",
                head=("项目", "金额", "凭证"),
                rows=tuple((i.what, money(i.fen), i.voucher) for i in self.inputs),
                widths=(45, 25, 30),
            ),
            Grid(
                title="三、失联客户",
                head=("客户编号", "失联起始", "联系尝试", "未转化课程"),
                rows=tuple((c.customer_no, c.lost_since, c.attempts, c.not_bought) for c in self.lost),
                widths=(22, 18, 32, 28),
            ),
        )

    def _amounts(self) -> Grid:
        return Grid(
            title="五、金额",
            head=("项目", "算法", "金额", "证明", "证据", "计入"),
            rows=tuple(
                (
                    line.head,
                    line.formula,
                    "未主张数额" if line.fen is None else money(line.fen),
                    "未证明" if line.by is None else line.by.value,
                    "、".join(line.exhibits) or "无",
                    "计入" if line.counts else "不计入",
                )
                for line in self.lines
            ),
            widths=(18, 26, 18, 13, 15, 10),
        )


@dataclass(frozen=True, slots=True)
class Term:
    """One term: what is to be done, by whom, until when; `fen` is None where it is no amount."""

    text: str
    obligor: str
    due: str
    fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementAgreement(FormPaper):
    """《和解协议》: each term with who owes it and by when."""

    kind: ClassVar[str] = "和解协议"
    party_a: str
    party_a_ref: str
    party_b: str
    party_b_ref: str
    background: tuple[str, ...]
    terms: tuple[Term, ...]
    otherwise: tuple[str, ...]
    copies: int
    citations: tuple[Citation, ...] = ()
    sign_a: Signer
    sign_b: Signer

    def sections(self) -> tuple[Section, ...]:
        told = rows(
            ("甲方", f"{self.party_a}（{self.party_a_ref}）"),
            ("乙方", f"{self.party_b}（{self.party_b_ref}）"),
            ("份数", f"一式 {self.copies} 份，双方各执一份"),
        )
        terms = tuple((t.text, t.obligor, t.due, "—" if t.fen is None else money(t.fen)) for t in self.terms)
        return (
            Fields("", told),
            Paragraphs("一、缘由", self.background),
            Grid(
                title="二、约定事项",
                head=("内容", "义务人", "期限", "金额"),
                rows=terms,
                widths=(48, 17, 17, 18),
            ),
            Paragraphs("三、其他", self.otherwise),
            Articles("所依条文", self.citations),
            SignOff(
                "四、签署", "双方自愿达成上列约定。", (slot("甲方", self.sign_a), slot("乙方", self.sign_b))
            ),
        )


@dataclass(frozen=True, slots=True)
class Explained:
    """One issue of the verdict as it bears on the reader: only the verdict's own words, never further ones."""

    issue: str
    verdict: str
    certainty: str
    reasons: tuple[str, ...]
    missing: tuple[str, ...]
    open_points: tuple[str, ...]
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LawExplained(FormPaper):
    """《释法说明》: one for each side, out of the same verdict (R0.33). `label` is the verdict's own 非法律意见."""

    kind: ClassVar[str] = "释法说明"
    case: str
    side: str
    addressee: str
    issues: tuple[Explained, ...]
    label: str

    def sections(self) -> tuple[Section, ...]:
        told = rows(("事项", self.case), ("致", f"{self.addressee}（{self.side}）"), ("性质", self.label))
        found: list[Section] = [Fields("", told)]
        for n, issue in enumerate(self.issues):
            found.extend(_explained(issue, first=n == 0))
        return tuple(found)


def _explained(issue: Explained, *, first: bool) -> tuple[Section, ...]:
    begin: tuple[Section, ...] = () if first else (Annex(issue.issue),)
    return (
        *begin,
        Fields(issue.issue if first else "", rows(("结论", issue.verdict), ("确定程度", issue.certainty))),
        Paragraphs("理由", issue.reasons),
        Paragraphs("尚缺", issue.missing or ("无。",)),
        Paragraphs("未决", issue.open_points or ("无。",)),
        Articles("所依条文", issue.citations),
    )
