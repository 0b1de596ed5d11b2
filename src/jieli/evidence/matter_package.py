"""The volume of a dispute as a package (ADR 10, kind `matter`): what a court reads first, then what proves it.

As with a conversation: openings first where conversations go in, then `evidence.sealed` with the digests of our own
papers and of the omissions, then the file, renamed into place when whole. Exhibits are sealed by their own register
rows. Crash after sealing: the register knows a package that nobody received; make it again.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from uuid import UUID

from jieli.access.policy import check_may
from jieli.access.types import Permission, Person
from jieli.archive import queries as archive
from jieli.archive.types import ConversationRef, OpenedItem
from jieli.capture.collecting import rarely
from jieli.evidence import disputes_queries, loss_statement, matter_printing, matter_volume, operations
from jieli.evidence.covering import under_signer
from jieli.evidence.disputes_types import DisputeView
from jieli.evidence.errors import NotAssessed, PackageExists
from jieli.evidence.gathering import Gathered, add_rows, gather
from jieli.evidence.matter_printing import Filed, Printed, Volume
from jieli.evidence.matter_volume import Omitted
from jieli.evidence.models import PackageRecord
from jieli.evidence.printing import Case
from jieli.evidence.types import Outside
from jieli.evidence.writing import write
from jieli.kernel.failpoints import reach
from jieli.kernel.ids import new_id
from jieli.ledger import queries as ledger
from jieli.ledger.operations import book
from jieli.papers.errors import PaperRefused
from jieli.papers.rendering import render
from jieli.papers.types import Head, MediaType, Template
from jieli.reading import operations as reading
from jieli.reading.types import Page
from seal.package import About, Package

PURPOSE: Final = "争议举证"
#: Exhibits say since when somebody outside the company vouches for them.
_FIXED: Final = ("papers_paper",)
_UNSAFE = re.compile(r"[^\w.（）()一-鿿-]+")


@dataclass(frozen=True, slots=True)
class MatterPackageMade:
    """A finished volume: where it is, its digest, what it holds and leaves out, and who vouches for it."""

    id: UUID
    path: Path
    sha256: str
    size: int
    exhibits: int
    items: int
    parts: int
    omitted: int
    checkpoint: int
    witnessed: tuple[str, ...]
    stamped: tuple[str, ...]
    sealed_in: int


@dataclass(frozen=True, slots=True)
class _Talk:
    """One opened conversation; `items` may be empty, then only its omissions are told."""

    about: ConversationRef
    page: Page
    items: tuple[OpenedItem, ...]
    case: Case


@rarely()  # as for the package of a conversation
def make_matter_package(
    *,
    number: str,
    by: Person,
    at: int,
    path: Path,
    outside: Outside,
    conversations: Sequence[int] = (),
    with_verdicts: bool = False,
) -> MatterPackageMade:
    """Everything of a dispute that is evidence, with its proofs, as one file that a stranger verifies.

    Verdicts stay out unless asked for. Errors: Forbidden, NoSuchDispute, PackageExists, NotCovered, NotAssessed
    (verdicts asked for before any was given), those of reading.operations.open_for_package.
    """
    if path.exists():
        raise PackageExists("同名文件已存在，证据包从不覆盖。", remedy="请另选文件名，或先移走旧文件。")
    check_may(by, Permission.MANAGE_DISPUTES, at=at)
    view = disputes_queries.dispute(number)
    if with_verdicts and not view.assessments:
        raise NotAssessed("本争议尚未评析，没有可附的结论。", remedy="请先评析，或不附评析。")
    talks = [_open(c, number, by=by, at=at, outside=outside) for c in conversations]
    rows, omitted = matter_volume.rows_of(view, with_verdicts=with_verdicts)
    omitted += [(t.case.conversation, n, why) for t in talks for n, why in t.case.omitted]
    head = Head(number=f"{view.matter.number}-卷", unit=outside.unit, at=at, clock=outside.clock)
    ours = _own_papers(view, head, omitted, with_verdicts=with_verdicts)
    filed = matter_volume.file(
        matter_volume.attached(view), 4 + len(ours) + len([t for t in talks if t.items])
    )
    rows += matter_volume.proofs_of_papers(filed)
    items = [i for t in talks for i in t.items]
    rows += [row for t in talks for row in operations.grounds(t.items, t.page)]
    volume = _volume(view, head, ours, talks, filed, omitted, by)
    found = _covered(items, rows, outside)
    pdfs = _pdfs(volume, ours, talks, found, outside)
    with Package(_about(volume, outside, found, at=at), policy=outside.policy) as package:
        _put(package, pdfs, volume)
        sealed = [content for _, content in pdfs] + ([package.omissions()] if omitted else [])
        record, entry = _seal(sealed, volume, talks, len(items), by=by, at=at)
        reach("package.after_seal")
        with under_signer(outside):
            add_rows(found, [("evidence_package", record)])
        operations.add_proofs(package, found)
        write(package, path)
    return _made(path, found, volume, record, entry)


def _open(conversation: int, number: str, *, by: Person, at: int, outside: Outside) -> _Talk:
    """Open what may be opened of a conversation; its row stands before anything else happens."""
    kept = archive.ids_of_conversation(conversation)
    page, items = reading.open_for_package(items=kept, purpose=PURPOSE, matter=number, by=by, at=at)
    about = archive.conversations([conversation])[conversation]
    case = operations.talk_case(about, page, by=by, at=at, matter=number, outside=outside)
    return _Talk(about, page, items, case)


def _own_papers(
    view: DisputeView, head: Head, omitted: list[Omitted], *, with_verdicts: bool
) -> list[tuple[str, Template]]:
    """The computed loss and, if asked for, the verdicts. A loss told in adjectives is left out, and that is said."""
    found: list[tuple[str, Template]] = []
    if loss_statement.wanted(view):
        try:
            found.append(("说明损失如何计算", loss_statement.statement(view, _part(head, "损失"))))
        except PaperRefused as refused:
            omitted.append(("损失计算说明", 1, refused.sentence))
    if with_verdicts:
        found.append(("附评析，不是证据", matter_printing.verdicts(view, _part(head, "评析"))))
    return found


def _part(head: Head, name: str) -> Head:
    return replace(head, number=f"{head.number}-{name}")


def _volume(
    view: DisputeView,
    head: Head,
    ours: Sequence[tuple[str, Template]],
    talks: Sequence[_Talk],
    filed: Sequence[Filed],
    omitted: Sequence[Omitted],
    by: Person,
) -> Volume:
    shown = [t for t in talks if t.items]
    printed = [
        Printed("电子数据来源及提取过程说明", "说明电子数据的来源与提取过程", "文件 02"),
        Printed("核验说明", "说明如何独立核验以上内容未被改动", "文件 03"),
    ]
    printed += [Printed(data.kind, why, f"文件 {n:02d}") for n, (why, data) in enumerate(ours, 4)]
    first = 4 + len(ours)
    printed += [
        Printed(t.case.conversation, f"证明双方往来：{len(t.items)} 条消息", f"文件 {n:02d}")
        for n, t in enumerate(shown, first)
    ]
    return Volume(
        head=head,
        view=view,
        extractor=by.name,
        extractor_post="、".join(sorted({g.role for g in by.grants})) or "未登记职务",
        filed=tuple(filed),
        printed=tuple(printed),
        omitted=tuple(omitted),
        conversations=bool(talks),
    )


def _covered(items: Sequence[OpenedItem], rows: Sequence[tuple[str, object]], outside: Outside) -> Gathered:
    """Have the signer cover everything committed so far, and gather under its checkpoint."""
    with under_signer(outside):
        return gather(items, more=rows, trusted=outside.policy, since=_FIXED)


def _pdfs(
    volume: Volume,
    ours: Sequence[tuple[str, Template]],
    talks: Sequence[_Talk],
    found: Gathered,
    outside: Outside,
) -> list[tuple[str, bytes]]:
    """Our own papers, numbered in the order in which a court reads them."""
    papers: list[tuple[str, Template]] = [
        ("证据目录", matter_printing.evidence_list(volume, found)),
        ("电子数据来源及提取过程说明", matter_printing.extraction_note(volume, found, outside)),
        ("核验说明", matter_printing.verification_note(volume, found, outside)),
        *((data.kind, data) for _, data in ours),
    ]
    for talk in talks:
        if talk.items:
            printed, _ = operations.talk(talk.case, replace(found, items=list(talk.items)), talk.about)
            papers.append((f"会话记录{talk.about.id}", printed))
    return [(f"{n:02d}-{name}.pdf", render(paper)) for n, (name, paper) in enumerate(papers, 1)]


def _put(package: Package, pdfs: Sequence[tuple[str, bytes]], volume: Volume) -> None:
    for name, content in pdfs:
        package.add_pdf(name, content)
    for filed in volume.filed:
        if filed.paper.media_type == MediaType.PDF.value:
            title = _UNSAFE.sub("_", filed.name)[:40].strip("._ ")
            package.add_pdf(f"{filed.place.removeprefix('文件 ')}-{title}.pdf", filed.content)
        else:
            package.add_served(filed.content)
    for what, count, why in volume.omitted:
        package.add_omission(what=what, count=count, reason=why)


def _about(volume: Volume, outside: Outside, found: Gathered, *, at: int) -> About:
    return About(
        kind="matter",
        origin=ledger.origin(found.log),
        made=at,
        clock=outside.clock.value,
        matter=volume.view.matter.number,
        purpose=PURPOSE,
        not_proved=(*volume.not_proved, *found.not_proved),
    )


def _seal(
    contents: Sequence[bytes], volume: Volume, talks: Sequence[_Talk], items: int, *, by: Person, at: int
) -> tuple[UUID, int]:
    """Enter the digests of our papers and of the omissions; the record's id and the entry's index."""
    row = PackageRecord(
        id=new_id(at),
        kind="matter",
        subject=str(volume.view.id),
        matter=volume.view.matter.id,
        opening=talks[0].page.opening if talks else None,
        digests=[f"sha256:{sha256(content).hexdigest()}" for content in contents],
        items=items,
        omitted=sum(n for _, n, _ in volume.omitted),
    )
    with book(at=at) as b:
        entry = b.entry("evidence.sealed", by=by.actor, facts={"package": str(row.id)})
        entry.insert(row)
    return row.id, entry.index or 0


def _made(path: Path, found: Gathered, volume: Volume, record: UUID, entry: int) -> MatterPackageMade:
    return MatterPackageMade(
        id=record,
        path=path,
        sha256=operations.digest_of(path),
        size=path.stat().st_size,
        exhibits=len(volume.filed),
        items=len(found.items),
        parts=len(found.parts),
        omitted=sum(n for _, n, _ in volume.omitted),
        checkpoint=found.newest.size,
        witnessed=found.witnessed,
        stamped=found.stamped,
        sealed_in=entry,
    )
