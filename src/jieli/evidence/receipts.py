"""A signer's receipt (ADR 14): a package of kind `receipt` with what he signed and the proof that it stands written.

Making one reads only, so it can be made again at any time. The paper's register row seals the PDF, and the signature's
row names the same digest; both lead to one checkpoint. Crash here: no file, or a finished one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from jieli.access.types import Person
from jieli.evidence.covering import under_signer
from jieli.evidence.errors import NotCovered, NothingToProve, PackageExists
from jieli.evidence.gathering import Gathered, gather
from jieli.evidence.operations import add_proofs
from jieli.evidence.types import Outside
from jieli.evidence.writing import write
from jieli.ledger import queries as ledger
from jieli.papers import queries as papers
from jieli.papers.signing import Grade, SignatureRef
from jieli.papers.types import MediaType, PaperRef
from seal.package import About, Package

PURPOSE: Final = "签署回执"
#: What no receipt can prove; printed in every one.
NOT_PROVED: Final = (
    "签署人的姓名与现实中的人是否一致：登记的身份由公司维护。",
    "文书所写的事实是否属实：回执只证明这些字节被签署，此后未变。",
)
TRACE_IS_WEAK: Final = "丙级为系统留痕确认，不称可靠的电子签名：只说明本人以何种方式登录后确认。"


@dataclass(frozen=True, slots=True)
class ReceiptMade:
    """A finished receipt: where it is, its size in bytes, the entry of the signature, the checkpoint over it."""

    path: Path
    size: int
    entry: int
    checkpoint: int


def make_receipt(
    *, paper: UUID, signature: UUID, by: Person, at: int, path: Path, outside: Outside
) -> ReceiptMade:
    """Write the receipt of a person's own signature to `path`, which must not exist.

    NothingToProve (evidence.nothing) for a signature that is not his, for a paper that is no PDF; NotCovered while
    the signer has not covered it; PackageExists.
    """
    if path.exists():
        raise PackageExists("同名文件已存在，回执从不覆盖。", remedy="请另选文件名。")
    signed = _own(paper, signature, by)
    about = papers.paper(paper)
    if about.media_type != MediaType.PDF.value:
        raise NothingToProve("只有 PDF 文书有回执。", remedy="请向经办人索取签署页的照片。")
    found = _gathered([("papers_paper", paper), ("papers_signature", signature)], outside)
    with Package(_about(about, signed, outside, found, at=at), policy=outside.policy) as package:
        package.add_pdf(f"01-{about.kind}.pdf", papers.content(paper))
        add_proofs(package, found)
        write(package, path)
    entry = ledger.first_recorded("papers_signature", [signature])[str(signature)].entry
    return ReceiptMade(path, path.stat().st_size, entry, found.newest.size)


def _own(paper: UUID, signature: UUID, by: Person) -> SignatureRef:
    """His signature; a stranger's is as absent as one that never was."""
    mine = {by.id, by.staff} - {None}
    for found in papers.signatures([paper]).get(paper, ()):
        if found.id == signature and found.signer in mine:
            return found
    raise NothingToProve("没有您本人的这次签署。", remedy="请从“待我签”中打开已签署的文书。")


def _gathered(rows: Sequence[tuple[str, Any]], outside: Outside) -> Gathered:
    """The rows under a checkpoint that covers them; the signer is asked only when none stands yet."""
    entries = [r.entry for table, key in rows for r in ledger.first_recorded(table, [key]).values()]
    if not _covers(max(entries)):
        with under_signer(outside):
            if not _covers(max(entries)):
                raise NotCovered("账本的签名进程还没有应答，回执暂时不能生成。", remedy="请稍后再取。")
    return gather([], more=rows, trusted=outside.policy)


def _covers(entry: int) -> bool:
    return ledger.covering_checkpoint(entry) is not None


def _about(paper: PaperRef, signed: SignatureRef, outside: Outside, found: Gathered, *, at: int) -> About:
    weak = (TRACE_IS_WEAK,) if signed.grade is Grade.TRACE else ()
    return About(
        kind="receipt",
        origin=ledger.origin(found.log),
        made=at,
        clock=outside.clock.value,
        matter=f"{paper.kind} {paper.number}".strip(),
        purpose=f"{PURPOSE}：{signed.signer_name}（{signed.role}，{signed.grade}）",
        not_proved=(*NOT_PROVED, *weak, *found.not_proved),
    )
