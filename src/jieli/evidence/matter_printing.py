"""The papers that open the volume of a dispute: list of evidence, extraction note, verification note, and, only
when asked for, the verdicts (advocacy is not evidence).
"""

from dataclasses import dataclass
from typing import ClassVar

from jieli.evidence.assessments.trace import steps
from jieli.evidence.disputes_types import AssessmentRef, DisputeView
from jieli.evidence.facts import key
from jieli.evidence.gathering import Gathered
from jieli.evidence.printing import BEARINGS, FOREIGN, UNFIXED, cited, fixing, stamps, vouchers
from jieli.evidence.types import NOT_PROVED, Outside
from jieli.kernel.times import local
from jieli.law.verdicts import NOT_LEGAL_ADVICE
from jieli.ledger.places import index_of, log_of, numbered
from jieli.papers.forms.parts import Articles, Fields, FormPaper, Paragraphs, Section, rows
from jieli.papers.types import (
    Citation,
    Digest,
    EvidenceList,
    Exhibit,
    ExtractionNote,
    Form,
    Head,
    Labelled,
    PaperRef,
    Step,
    VerificationNote,
)

#: What no volume of a dispute can prove; printed in every one.
NOT_PROVED_OF_PAPERS = (
    "书证、图片与扫描件所写的是否属实：本包只证明这些字节自存入账本起未变。",
    "材料存入账本之前是否被改动：存入与外部固定的时间见证据目录。",
    "各方陈述是否属实：由谁陈述、如何证明，如登记所示。",
    "登记的姓名、账号与现实中的人和账号是否一致。",
)


@dataclass(frozen=True, slots=True)
class Filed:
    """A paper of the volume: what it is called there, what it is to prove, where it stands, since when it is kept."""

    name: str
    source: str
    purpose: str
    place: str  # 文件 05, or served/<digest>
    pages: str
    paper: PaperRef
    content: bytes
    entry: int
    recorded: int


@dataclass(frozen=True, slots=True)
class Printed:
    """A paper of ours in the volume: its place, what it is called, what it is for."""

    name: str
    purpose: str
    place: str


@dataclass(frozen=True, slots=True)
class Volume:
    """What the papers of one volume share."""

    head: Head
    view: DisputeView
    extractor: str
    extractor_post: str
    filed: tuple[Filed, ...]
    printed: tuple[Printed, ...]
    omitted: tuple[tuple[str, int, str], ...]  # what, how many, why
    conversations: bool

    @property
    def case(self) -> str:
        return f"{self.view.matter.number} {self.view.matter.title}"

    @property
    def not_proved(self) -> tuple[str, ...]:
        return NOT_PROVED_OF_PAPERS + (NOT_PROVED if self.conversations else ())

    def left_out(self) -> tuple[str, ...]:
        return tuple(f"{what} {count} 项：{why}" for what, count, why in self.omitted)


def evidence_list(volume: Volume, found: Gathered) -> EvidenceList:
    """证据目录: exhibits first, then what explains them; each with the time since when it is fixed."""
    exhibits = [
        Exhibit(
            f.name, f"{f.source}；{since(f, found)}", f.purpose, f"{f.place}，{f.pages}", _form(f.paper), 1
        )
        for f in volume.filed
    ]
    exhibits += [Exhibit(p.name, "接力系统", p.purpose, p.place, Form.ELECTRONIC, 1) for p in volume.printed]
    return EvidenceList(
        head=volume.head,
        case=volume.case,
        submitter=volume.head.unit,
        fixing=fixing(found),
        exhibits=tuple(exhibits),
        notes=volume.left_out() or ("没有略去的内容。",),
    )


def since(filed: Filed, found: Gathered) -> str:
    """Since when a paper is kept, and since when somebody outside the company vouches for it."""
    here = log_of(filed.entry) == found.log
    vouched = [c for c in found.vouched if here and c.size > index_of(filed.entry)]
    fixed = f"{local(vouched[0].signed_at):%Y-%m-%d %H:%M} 外部固定" if vouched else UNFIXED.rstrip("。")
    return f"{local(filed.recorded):%Y-%m-%d %H:%M} 存入（账本第 {numbered(filed.entry)} 条），{fixed}"


def _form(paper: PaperRef) -> Form:
    """What is kept is an electronic file; a scan or photograph of a sheet is a copy of it."""
    return Form.COPY if paper.media_type.startswith("image/") else Form.ELECTRONIC


def extraction_note(volume: Volume, found: Gathered, outside: Outside) -> ExtractionNote:
    """电子数据来源及提取过程说明, along EVID-93 and EVID-94."""
    head, newest = volume.head, found.newest
    kept = [
        Step(f.recorded, f.source, f"存入{f.name}", f"摘要 sha256:{f.paper.sha256}") for f in volume.filed
    ]
    made = (
        Step(
            newest.signed_at,
            "签名进程",
            "为账本签检查点",
            f"账本 {newest.size} 条，根哈希 {newest.root.hex()}",
        ),
        Step(head.at, "接力系统", "生成证据包", "成包之前，各文书与略去清单的摘要已写入账本"),
    )
    return ExtractionNote(
        head=head,
        case=volume.case,
        extractor=volume.extractor,
        extractor_post=volume.extractor_post,
        extracted_at=head.at,
        system="接力 Jieli",
        system_version=outside.system_version,
        carrier="当事人提交并存入接力系统的文书、扫描件与图片，以及系统内的登记",
        carrier_place=f"{outside.unit}的接力系统数据库；纸质原件由提交人保管",
        formed_in="争议办理中由提交人存入，存入时即计算摘要并写入账本",
        environment=(Labelled("数据库", "PostgreSQL"), Labelled("封存", "RFC 6962 哈希树，SHA-256")),
        steps=(*sorted(kept, key=lambda s: s.at), *made),
        digests=(
            Digest("账本根哈希", "sha256", newest.root.hex(), 32),
            *(Digest(f.name, "sha256", f.paper.sha256, f.paper.size) for f in volume.filed),
        ),
        fixing=fixing(found),
        omissions=volume.left_out(),
        demonstration=(
            "在任一未联网的电脑上打开核验页，拖入证据包，显示核验结果。",
            "由提交人当庭出示原件，与证据包中的同一份文件比对。",
        ),
        citations=tuple(cited(article, bearing) for article, bearing in BEARINGS),
    )


def verification_note(volume: Volume, found: Gathered, outside: Outside) -> VerificationNote:
    """核验说明: two pages for somebody who trusts neither side."""
    key_ = found.log_key
    counts = (
        Labelled("证据与文书", str(len(volume.filed))),
        Labelled("消息", str(len(found.items))),
        Labelled("依据与登记", str(len(found.parts))),
        Labelled("账本条目", str(len(found.entries))),
        Labelled("略去", str(sum(n for _, n, _ in volume.omitted))),
    )
    return VerificationNote(
        head=volume.head,
        origin=key_.partition("+")[0],
        log_key=key_,
        size=found.newest.size,
        root=found.newest.root.hex(),
        counts=counts,
        proves=(
            "每份证据自存入账本起一个字节未改。",
            "每项陈述由谁提出、如何证明、何时登记，自登记起未改；更正是另一条登记。",
            "账本此后没有被改写：较早的检查点都是最新检查点的前缀。",
        ),
        not_proved=volume.not_proved,
        page_sha256=outside.page_sha256,
        witnesses=tuple(vouchers(found)),
        timestamps=tuple(stamps(found)),
        foreign=FOREIGN,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictPaper(FormPaper):
    """《争点评析》: every issue in its order as numbered steps with the exact articles. Never part of the evidence."""

    kind: ClassVar[str] = "争点评析"
    case: str
    issues: tuple[tuple[str, tuple[str, ...], tuple[str, ...], tuple[Citation, ...]], ...]

    def sections(self) -> tuple[Section, ...]:
        found: list[Section] = [Fields("", rows(("事项", self.case), ("性质", NOT_LEGAL_ADVICE)))]
        for title, trace, missing, articles in self.issues:
            found += [
                Paragraphs(title, trace),
                Paragraphs("尚缺", missing or ("无。",)),
                Articles("所依条文", articles),
            ]
        return tuple(found)


def verdicts(view: DisputeView, head: Head) -> VerdictPaper:
    """The newest verdict of every issue, in the order of the issues, both foci under their headings."""
    titles = {f.issue: f.heading for f in view.foci}
    names = {f.id: key(f.key).label for f in view.facts}
    return VerdictPaper(
        head=head,
        case=f"{view.matter.number} {view.matter.title}",
        issues=tuple(
            (titles.get(issue, issue.value), steps(ref.verdict, names), _missing(ref), _articles(ref))
            for issue, ref in view.assessments.items()
        ),
    )


def _missing(ref: AssessmentRef) -> tuple[str, ...]:
    return tuple(f"{m.text}（{m.who or '双方'}）" for m in ref.verdict.missing)


def _articles(ref: AssessmentRef) -> tuple[Citation, ...]:
    return tuple(cited(article) for article in ref.verdict.articles)
